r"""A model of ordinal items: thresholds and scales of latent responses beside the usual matrices.

An item y with K categories is a normal response y* cut at K - 1 thresholds. Its variance is a
matter of choice: *delta* sets the scale :math:`\Delta = 1/\mathrm{sd}(y^*)` to 1 and lets the
residual variance follow, *theta* sets the residual variance to 1 and lets the scale follow (Muthén
& Asparouhov, 2002, Mplus Web Notes 4). Across groups with equal thresholds the scales (or residual
variances) and the latent means of all but the first group are free; ``partial="x1~1"`` frees the
intercept of a response there as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.sem.design.matrices import PSI, THETA, Design, build_design
from cx_value.sem.design.parameters import Model, Options, Parameter, build_model
from cx_value.study.language.syntax import Syntax

PARAMETERIZATIONS = ("delta", "theta")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalModel:
    """The usual parameters, the thresholds of every group, and the scales of every group.

    ``predictors`` are continuous variables that nothing explains: their moments are fitted with
    the others, and the independence model lets them correlate.
    """

    model: Model
    thresholds: tuple[Parameter, ...]
    scales: tuple[Parameter, ...]
    ordered: tuple[str, ...]
    predictors: tuple[str, ...]
    parameterization: str


def build_ordinal_model(
    syntax: Syntax, options: Options, n_levels: Mapping[str, int], parameterization: str
) -> OrdinalModel:
    """Complete a model whose ``n_levels`` items are ordinal.

    Raises
    ------
    ModelError
        A residual variance or intercept that is not a parameter here, an ordinal predictor without
        a cause, a threshold beyond the item's categories.
    """
    equal = tuple(word.replace(".", "_") for word in options.equal)
    about_thresholds = {_squeezed(w) for w in options.partial if "|" in w}
    rest = tuple(w for w in options.partial if "|" not in w)
    means = options.meanstructure or bool(n_levels)
    model = build_model(syntax, replace(options, equal=equal, partial=rest, meanstructure=means))
    _check_model(syntax, model, n_levels, parameterization, equal)
    moved, spread = (_freed_items(rest, n_levels, equal, op) for op in ("~1", "~~"))
    rules = _Rules(n_levels, parameterization, equal, model, moved, spread)
    predictors = model.exogenous
    model = replace(model, parameters=_renumbered(rules, model), exogenous=())
    ordered = tuple(name for name in model.observed if name in n_levels)
    free_scales = parameterization == "delta" and "thresholds" in equal
    return OrdinalModel(
        model=model,
        thresholds=_thresholds(syntax, model, n_levels, "thresholds" in equal, about_thresholds),
        scales=_scales(ordered, model.n_groups, free_scales),
        ordered=ordered,
        predictors=predictors,
        parameterization=parameterization,
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What becomes of a usual parameter when items are ordinal."""

    n_levels: Mapping[str, int]
    parameterization: str
    equal: tuple[str, ...]
    model: Model
    moved: frozenset[str]
    spread: frozenset[str]

    def apply(self, p: Parameter) -> tuple[Parameter, bool]:
        """Return the parameter, and whether it is newly free."""
        if p.exogenous:  # moments of continuous predictors are fitted with the others
            return replace(p, exogenous=False, value=np.nan), True
        if p.op == "~1" and p.lhs in self.n_levels:
            if p.group and p.lhs in self.moved:
                return replace(p, index=-1, value=np.nan), True
            return replace(p, index=-1, value=0.0), False
        if p.op == "~~" and p.lhs == p.rhs and p.lhs in self.n_levels:
            return self._residual(p)
        is_mean = p.op == "~1" and p.lhs in self.model.latents
        if is_mean and p.group and p.index < 0 and self._frees("means"):
            return replace(p, value=np.nan), True
        return p, False

    def _residual(self, p: Parameter) -> tuple[Parameter, bool]:
        if self.parameterization == "delta":
            return replace(p, index=-1, value=0.0), False
        if p.group and (self._frees("residuals") or p.lhs in self.spread):
            return replace(p, index=-1, value=np.nan), True
        return replace(p, index=-1, value=1.0 if p.index >= 0 else p.value), False

    def _frees(self, word: str) -> bool:
        return "thresholds" in self.equal and word not in self.equal


def _freed_items(
    partial: tuple[str, ...], n_levels: Mapping[str, int], equal: tuple[str, ...], op: str
) -> frozenset[str]:
    """Return the ordinal items whose intercept or residual variance ``partial`` frees.

    Thresholds set location and scale of a response; only where these are equal across groups do
    its intercept and variance say anything (Wu & Estabrook, 2016).
    """
    words = {_squeezed(word) for word in partial}
    freed = frozenset(n for n in n_levels if f"{n}{op}{n if op == '~~' else ''}" in words)
    if freed and "thresholds" not in equal:
        raise ModelError(
            f"partial frees '{op}' of {', '.join(sorted(freed))}, an ordinal item whose thresholds "
            "are free · allowed: with equal='thresholds' · do: add it, or drop the word"
        )
    return freed


def _renumbered(rules: _Rules, model: Model) -> tuple[Parameter, ...]:
    numbers: dict = {}
    parameters = []
    for row, old in enumerate(model.parameters):
        new, is_freed = rules.apply(old)
        if is_freed or new.index >= 0:
            identity = ("freed", row) if is_freed else new.index
            new = replace(new, index=numbers.setdefault(identity, len(numbers)))
        parameters.append(new)
    return tuple(parameters)


def _check_model(
    syntax: Syntax,
    model: Model,
    n_levels: Mapping[str, int],
    parameterization: str,
    equal: tuple[str, ...],
) -> None:
    if parameterization not in PARAMETERIZATIONS:
        raise ModelError(
            f"parameterization is '{parameterization}' · allowed: delta, theta · do: choose one"
        )
    if causes := [name for name in model.exogenous if name in n_levels]:
        raise ModelError(
            f"{causes[0]} is ordinal and predicts without being explained · allowed: continuous or "
            "0/1 predictors, latent variables · do: leave it out of ordered=, or make it the "
            "indicator of a latent variable"
        )
    if n_levels and parameterization == "delta" and "residuals" in equal:
        raise ModelError(
            "equal='residuals' with parameterization='delta' · allowed: 'theta', where residual "
            "variances are parameters · do: pass parameterization='theta'"
        )
    for term in syntax.terms:
        own = term.op == "~1" or (term.op == "~~" and term.lhs == term.rhs)
        if own and term.lhs in n_levels:
            raise ModelError(
                f"'{term.lhs} {term.op} {term.rhs}' of an ordinal item · allowed: thresholds "
                f"('{term.lhs} | t1'); intercept and residual variance follow from the scale · do: "
                "drop the line"
            )


def _thresholds(
    syntax: Syntax,
    model: Model,
    n_levels: Mapping[str, int],
    are_equal: bool,
    partial: set[str],
) -> tuple[Parameter, ...]:
    written = {(t.lhs, t.rhs): t for t in syntax.terms if t.op == "|"}
    names = [(v, f"t{k}") for v in model.observed for k in range(1, n_levels.get(v, 0))]
    known = {_squeezed(f"{name}|{step}") for name, step in names}
    wrong = [f"{a} | {b}" for a, b in written if (a, b) not in names] + sorted(partial - known)
    if wrong:
        raise ModelError(
            f"'{wrong[0]}' is no threshold of the data · allowed: for example "
            f"{', '.join(f'{a} | {b}' for a, b in names[:3]) or 'none'} · do: correct it, or name "
            "the item in ordered="
        )
    numbers: dict = {}
    return tuple(
        _threshold(name, step, group, written.get((name, step)), numbers, are_equal, partial)
        for group in range(model.n_groups)
        for name, step in names
    )


def _threshold(
    name: str, step: str, group: int, term, numbers: dict, are_equal: bool, partial: set[str]
) -> Parameter:
    pick = lambda given: given[min(group, len(given) - 1)] if given else None  # noqa: E731
    value = pick(term.values) if term else None
    label = (pick(term.labels) if term else None) or ""
    p = Parameter(name, "|", step, group, label=label)
    if value is not None and not np.isnan(value):
        return replace(p, value=float(value))
    shared = are_equal and _squeezed(f"{name}|{step}") not in partial
    identity = label or ((name, step) if shared else (name, step, group))
    return replace(p, index=numbers.setdefault(identity, len(numbers)))


def _scales(ordered: tuple[str, ...], n_groups: int, are_free: bool) -> tuple[Parameter, ...]:
    count = len(ordered)
    return tuple(
        Parameter(name, "~*~", name, group, index=(group - 1) * count + i)
        if are_free and group
        else Parameter(name, "~*~", name, group, value=1.0)
        for group in range(n_groups)
        for i, name in enumerate(ordered)
    )


def _squeezed(word: str) -> str:
    return "".join(word.split())


# Matrices -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrdinalDesign(Design):
    """The matrices with thresholds and scales: ``theta`` is (usual, thresholds, free scales).

    Attributes
    ----------
    n_usual : int
        Length of the usual part of ``theta``.
    ordinal : ndarray (m,)
        Positions of the ordinal items among the observed.
    threshold_map, threshold_base : ndarray (groups, L, k), (groups, L)
        Linear map to the thresholds, item by item.
    scale_map, scale_base : ndarray (groups, m, k), (groups, m)
        The same to the scales of delta.
    residuals : ndarray (m, 3)
        Matrix, row and column of the residual variance of each ordinal item.
    """

    n_usual: int
    ordinal: np.ndarray
    threshold_map: np.ndarray
    threshold_base: np.ndarray
    scale_map: np.ndarray
    scale_base: np.ndarray
    residuals: np.ndarray
    parameterization: str

    def fill(self, theta: np.ndarray, sample: np.ndarray | None = None) -> list[np.ndarray]:
        """Return Λ, B, Ψ, Θ; in delta the residual variances that give each response its scale."""
        lam, beta, psi, noise = super().fill(theta, sample)
        if self.parameterization == "theta" or not len(self.ordinal):
            return [lam, beta, psi, noise]
        reach = lam @ np.linalg.inv(np.eye(beta.shape[-1]) - beta)
        sigma = reach @ psi @ np.swapaxes(reach, -1, -2) + noise
        mean = sigma[..., self.ordinal, -1]
        missing = self.delta(theta) ** -2 - sigma[..., self.ordinal, self.ordinal] + mean**2
        inner = self.residuals[:, 0] == PSI
        response = np.zeros((*missing.shape, missing.shape[-1]), dtype=sigma.dtype)
        response[..., ~inner, ~inner] = 1.0
        columns = self.residuals[inner, 1]
        response[..., inner] = reach[..., self.ordinal[:, None], columns] ** 2
        added = np.linalg.solve(response, missing[..., None])[..., 0]
        for matrix, chosen in ((psi, inner), (noise, ~inner)):
            at = self.residuals[chosen, 1]
            matrix[..., at, at] += added[..., chosen]
        return [lam, beta, psi, noise]

    def delta(self, theta: np.ndarray) -> np.ndarray:
        """Return the scales of delta (..., groups, m)."""
        return self.scale_base + np.einsum("gmk,...k->...gm", self.scale_map, theta)

    def thresholds(self, theta: np.ndarray) -> np.ndarray:
        """Return the thresholds (..., groups, L)."""
        return self.threshold_base + np.einsum("glk,...k->...gl", self.threshold_map, theta)


def build_ordinal_design(ordinal: OrdinalModel, spread: np.ndarray) -> OrdinalDesign:
    """Lay an ordinal model out in matrices; ``spread`` is 1 for ordinal items."""
    base = build_design(ordinal.model, spread)
    n_usual = base.n_parameters
    n_thresholds = 1 + max((p.index for p in ordinal.thresholds), default=-1)
    n_scales = 1 + max((p.index for p in ordinal.scales), default=-1)
    sizes = (n_usual, n_thresholds, n_scales)
    groups = ordinal.model.n_groups
    threshold_map, threshold_base = _linear(ordinal.thresholds, groups, n_usual, sum(sizes))
    scale_map, scale_base = _linear(ordinal.scales, groups, n_usual + n_thresholds, sum(sizes))
    inherited = {f.name: getattr(base, f.name) for f in fields(Design)}
    wide = ((0, 0), (0, 0), (0, n_thresholds + n_scales))
    inherited["mapping"] = np.pad(base.mapping, wide)
    return OrdinalDesign(
        **inherited,
        n_usual=n_usual,
        ordinal=np.array([base.observed.index(n) for n in ordinal.ordered], dtype=int),
        threshold_map=threshold_map,
        threshold_base=threshold_base,
        scale_map=scale_map,
        scale_base=scale_base,
        residuals=_residual_places(base, ordinal.ordered),
        parameterization=ordinal.parameterization,
    )


def usual_design(design: OrdinalDesign) -> Design:
    """Return the design without thresholds and scales."""
    inherited = {f.name: getattr(design, f.name) for f in fields(Design)}
    inherited["mapping"] = design.mapping[:, :, : design.n_usual]
    return Design(**inherited)


def _linear(
    parameters: tuple[Parameter, ...], groups: int, first: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    each = len(parameters) // groups
    mapping, base = np.zeros((groups, each, size)), np.zeros((groups, each))
    for row, p in enumerate(parameters):
        place = p.group, row % max(each, 1)
        if p.index >= 0:
            mapping[(*place, first + p.index)] = 1.0
        else:
            base[place] = p.value
    return mapping, base


def _residual_places(design: Design, ordered: tuple[str, ...]) -> np.ndarray:
    places = []
    for name in ordered:
        inside = name in design.state
        at = (design.state if inside else design.observed).index(name)
        places.append((PSI if inside else THETA, at, at))
    return np.array(places, dtype=int).reshape(-1, 3)
