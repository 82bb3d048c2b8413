r"""The model as matrices, for many parameter vectors at once.

LISREL's all-y form: :math:`\Sigma = \Lambda E \Psi E' \Lambda' + \Theta` with
:math:`E = (I - B)^{-1}` (Jöreskog 1970; Bollen 1989, eq. 8.10). A mean structure adds one observed
variable, the constant 1: intercepts are loadings and regressions on it, and the raw-moment matrix
takes the place of the covariance matrix, so one set of formulas serves both.

Every free entry changes :math:`\Sigma` by :math:`s(uv' + vu')` with u and v among the columns of
:math:`G = [I, \Lambda E, \Lambda E \Psi E']`. Gradient, information and Hessian are therefore
look-ups in a few products with G; no Kronecker product is formed. Leading axes are free: replicates
and groups ride on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cx_value.sem.design.constraints import linear_reduction
from cx_value.sem.design.curvature import Curvature, Pairs, curvature_terms, slot_pairs
from cx_value.sem.design.equations import Equation, structural_equations
from cx_value.sem.design.parameters import Model, Parameter
from cx_value.sem.design.pattern_products import Triangle, lower_triangle

ONE = "1"
LAMBDA, BETA, PSI, THETA = range(4)


@dataclass(frozen=True, slots=True)
class Implied:
    """Model matrices of parameter vectors; leading axes (replicates, groups)."""

    loadings: np.ndarray
    total: np.ndarray
    latent: np.ndarray
    sigma: np.ndarray
    basis: np.ndarray
    blocks: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Design:
    """Where each free parameter sits, in units of the observed variables' standard deviations.

    Attributes
    ----------
    observed, state : tuple of str
        Names along the axes of Σ and of η; the last is the constant when there are means.
    base : tuple of four arrays (groups, rows, columns)
        Λ, B, Ψ, Θ with fixed values in place.
    slots : ndarray (T, 3)
        Matrix, row and column of every entry that is free in some group.
    mapping : ndarray (groups, T, k)
        Linear map from free parameters to slot values.
    scale : ndarray (m,)
        Numbered parameter in the data's units = the same here × scale.
    combine, offset : ndarray (m, k), (m,)
        Numbered parameters from free ones under ``==`` constraints (the identity without them).
    exogenous : ndarray (m, 5)
        Rows (matrix, row, column, S row, S column) of sample moments kept as they are.
    units, state_units : ndarray
        What one unit of an observed or latent variable here is in the data's units.
    """

    model: Model
    observed: tuple[str, ...]
    state: tuple[str, ...]
    base: tuple[np.ndarray, ...]
    slots: np.ndarray
    mapping: np.ndarray
    scale: np.ndarray
    combine: np.ndarray
    offset: np.ndarray
    exogenous: np.ndarray
    units: np.ndarray
    state_units: np.ndarray

    @property
    def n_parameters(self) -> int:
        return self.mapping.shape[2]

    @cached_property
    def index(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns u and v of G, and s, for every slot."""
        p, q = len(self.observed), len(self.state)
        kind, i, j = self.slots.T
        u = np.where((kind == LAMBDA) | (kind == THETA), i, p + i)
        v = np.select([kind == THETA, kind == PSI], [j, p + j], default=p + q + j)
        s = np.where(((kind == PSI) | (kind == THETA)) & (i == j), 0.5, 1.0)
        return u, v, s

    @cached_property
    def pairs(self) -> Pairs:
        """Look-up tables of every pair of slots."""
        width = len(self.observed) + 2 * len(self.state)
        return slot_pairs(*self.index, width, self.curvature.order)

    @cached_property
    def curvature(self) -> Curvature:
        """Look-up tables of second derivatives."""
        return curvature_terms(self.slots, self.index, len(self.observed), len(self.state))

    @cached_property
    def triangle(self) -> Triangle:
        """Look-up tables of the entries of Σ, for many patterns of missing answers."""
        return lower_triangle(len(self.observed))

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """Structural equations in causal order, for steps in the latent covariances."""
        return structural_equations(
            self.base, self.slots, self.mapping, self.exogenous, means=self.model.meanstructure
        )

    @cached_property
    def is_identity(self) -> bool:
        """Whether slots and parameters are the same thing, so that no mapping is needed."""
        _, slots, k = self.mapping.shape
        return slots == k and all(np.array_equal(m, np.eye(k)) for m in self.mapping)

    @cached_property
    def own_parameters(self) -> tuple[tuple[np.ndarray, np.ndarray | None], ...]:
        """Of each group the parameters that it has, and their map to slots ``(T, ·)``.

        The map is None where the two are the same thing in the same order. Groups share few
        parameters, or none: most of ``mapping`` is zeros, and large products with it are spared.
        """
        found = []
        for matrix in self.mapping:
            columns = np.flatnonzero(matrix.any(axis=0))
            own = matrix[:, columns]
            same = own.shape[0] == own.shape[1] and np.array_equal(own, np.eye(len(own)))
            found.append((columns, None if same else own))
        return tuple(found)

    @cached_property
    def has_paths(self) -> bool:
        return bool(np.any(self.base[BETA])) or bool(np.any(self.slots[:, 0] == BETA))

    def fill(self, theta: np.ndarray, sample: np.ndarray | None = None) -> list[np.ndarray]:
        """Return Λ, B, Ψ, Θ for parameters ``(..., k)``; ``sample`` supplies fixed predictors."""
        groups, slots, k = self.mapping.shape
        values = (theta @ self.mapping.reshape(-1, k).T).reshape(*theta.shape[:-1], groups, slots)
        filled = []
        for kind, base in enumerate(self.base):
            where = np.flatnonzero(self.slots[:, 0] == kind)
            matrix = np.broadcast_to(base, (*values.shape[:-1], *base.shape[1:])).astype(
                values.dtype
            )
            i, j = self.slots[where, 1], self.slots[where, 2]
            matrix[..., i, j] += values[..., where]
            if kind in (PSI, THETA):
                off = i != j
                matrix[..., j[off], i[off]] += values[..., where[off]]
            filled.append(matrix)
        if sample is not None and len(self.exogenous):
            _put_exogenous(filled, self.exogenous, sample, self.model.meanstructure)
        return filled

    def implied(self, theta: np.ndarray, sample: np.ndarray | None = None) -> Implied:
        """Return Σ and the basis G for parameters ``(..., k)``; arrays gain a group axis."""
        lam, beta, psi, noise = self.fill(theta, sample)
        if self.has_paths:
            total = np.linalg.inv(np.eye(beta.shape[-1]) - beta)
            reach = lam @ total
            latent = total @ psi @ transpose(total)
        else:
            total = np.broadcast_to(np.eye(beta.shape[-1], dtype=beta.dtype), beta.shape)
            reach, latent = lam, psi
        spread = lam @ latent
        sigma = spread @ transpose(lam) + noise
        identity = np.broadcast_to(np.eye(sigma.shape[-1], dtype=sigma.dtype), sigma.shape)
        basis = np.concatenate([identity, reach, spread], axis=-1)
        return Implied(lam, total, latent, sigma, basis, (lam, beta, psi, noise))

    def reduce(self, slot_values: np.ndarray) -> np.ndarray:
        """Sum slot quantities ``(..., groups, T)`` into parameters ``(..., k)``."""
        if self.is_identity:
            return slot_values.sum(axis=-2)
        flat = slot_values.reshape(*slot_values.shape[:-2], -1)
        return flat @ self.mapping.reshape(-1, self.mapping.shape[2])

    def reduce_square(self, slot_values: np.ndarray) -> np.ndarray:
        """Sum slot matrices ``(..., groups, T, T)`` into ``(..., k, k)``."""
        one = slot_values.shape[-3] == 1
        if self.is_identity:
            return slot_values[..., 0, :, :] if one else slot_values.sum(axis=-3)
        out = np.zeros((*slot_values.shape[:-3], self.n_parameters, self.n_parameters))
        for g, (columns, own) in enumerate(self.own_parameters):
            values = slot_values[..., g, :, :]
            values = values if own is None else own.T @ values @ own
            out[..., columns[:, None], columns] += values
        return out


def build_design(model: Model, spread: np.ndarray) -> Design:
    """Lay a model out in matrices.

    Parameters
    ----------
    model : Model
        All parameters.
    spread : ndarray (p,)
        Standard deviations of ``model.observed``; the fit runs on variables divided by them.
    """
    means = model.meanstructure
    state = _state_variables(model)
    observed = (*model.observed, ONE) if means else model.observed
    units = np.append(spread, 1.0) if means else np.asarray(spread, dtype=float)
    state_units = _state_units(model, state, dict(zip(observed, units, strict=True)))
    places = [place_of(p, observed, state) for p in model.parameters]
    ratios = np.array([unit_ratio(place, units, state_units) for place in places])
    slots, mapping, scale = _free_slots(model, places, ratios)
    rows = zip(model.parameters, places, ratios, strict=True)
    base = _fixed_entries(list(rows), model, observed, state)
    combine, offset = linear_reduction(model, scale)
    for kind, i, j, shift in _shifts(slots, mapping @ offset):
        base[kind][:, i, j] += shift
        if kind in (PSI, THETA) and i != j:
            base[kind][:, j, i] += shift
    exogenous = [
        (*place, observed.index(p.lhs), observed.index(p.rhs) if p.rhs else len(observed) - 1)
        for p, place in zip(model.parameters, places, strict=True)
        if p.exogenous and p.group == 0
    ]
    return Design(
        model=model, observed=observed, state=state, base=base, slots=slots,
        mapping=mapping @ combine, scale=scale, combine=combine, offset=offset,
        exogenous=np.array(exogenous, dtype=int).reshape(-1, 5), units=units,
        state_units=state_units,
    )  # fmt: skip


def _state_variables(model: Model) -> tuple[str, ...]:
    """Latent variables, then observed ones that take part in paths, then the constant."""
    active = list(model.latents)
    for p in model.parameters:
        if p.op == "~":
            active += [n for n in (p.lhs, p.rhs) if n not in active]
    # A residual covariance has to lie in one matrix, so it draws its partner into the state.
    grown = True
    while grown:
        pairs = [{p.lhs, p.rhs} for p in model.parameters if p.op == "~~" and p.lhs != p.rhs]
        new = [n for pair in pairs if pair & set(active) for n in pair if n not in active]
        active += list(dict.fromkeys(new))
        grown = bool(new)
    return (*active, ONE) if model.meanstructure else tuple(active)


def place_of(p: Parameter, observed: tuple, state: tuple) -> tuple[int, int, int]:
    """Return matrix, row and column of a parameter."""
    if p.op == "~":
        return BETA, state.index(p.lhs), state.index(p.rhs)
    if p.op == "~~":
        kind, names = (PSI, state) if p.lhs in state else (THETA, observed)
        i, j = sorted((names.index(p.lhs), names.index(p.rhs)))
        return kind, i, j
    target, source = (p.rhs, p.lhs) if p.op == "=~" else (p.lhs, ONE)
    if target in state:
        return BETA, state.index(target), state.index(source)
    return LAMBDA, observed.index(target), state.index(source)


def _state_units(model: Model, state: tuple, spread: dict[str, float]) -> np.ndarray:
    """Give every latent variable the unit its fixed marker or fixed variance implies."""
    units = {name: spread[name] for name in state if name in spread}
    variances = {p.lhs: p.value for p in model.parameters if p.op == "~~" and p.lhs == p.rhs}
    markers = [p for p in model.parameters if p.op == "=~"]
    markers.sort(key=lambda p: not p.value)
    fixed = [p for p in markers if p.index < 0 and p.value]
    for name in state:
        if name not in units and variances.get(name, 0) > 0:
            units[name] = float(np.sqrt(variances[name]))
    for _ in state:
        for p in fixed + markers:
            source = units.get(p.rhs, spread.get(p.rhs))
            if p.lhs not in units and source is not None:
                units[p.lhs] = source / abs(p.value) if p in fixed else source
    return np.array([units.get(name, 1.0) for name in state])


def unit_ratio(place: tuple, units: np.ndarray, state_units: np.ndarray) -> float:
    """Return an entry in the data's units divided by the same entry in the fit's units."""
    kind, i, j = place
    return {
        LAMBDA: lambda: units[i] / state_units[j],
        BETA: lambda: state_units[i] / state_units[j],
        PSI: lambda: state_units[i] * state_units[j],
        THETA: lambda: units[i] * units[j],
    }[kind]()


def _free_slots(model: Model, places: list, ratios: np.ndarray) -> tuple:
    """Return the slots, the map from parameters to them, and the parameters' scale."""
    free = [(p, pl, r) for p, pl, r in zip(model.parameters, places, ratios, strict=True)]
    free = [(p, place, ratio) for p, place, ratio in free if p.index >= 0]
    position = {slot: t for t, slot in enumerate(dict.fromkeys(place for _, place, _ in free))}
    scale = np.ones(model.n_free)
    for p, _, ratio in reversed(free):
        scale[p.index] = ratio
    mapping = np.zeros((model.n_groups, len(position), model.n_free))
    for p, place, ratio in free:
        mapping[p.group, position[place], p.index] = scale[p.index] / ratio
    return np.array(list(position), dtype=int).reshape(-1, 3), mapping, scale


def _fixed_entries(rows: list, model: Model, observed: tuple, state: tuple) -> tuple:
    p, q, groups = len(observed), len(state), model.n_groups
    base = [np.zeros((groups, *shape)) for shape in ((p, q), (q, q), (q, q), (p, p))]
    for i, name in enumerate(observed):
        if name in state:
            base[LAMBDA][:, i, state.index(name)] = 1.0
    if model.meanstructure:
        base[PSI][:, -1, -1] = 1.0
    for parameter, (kind, i, j), ratio in rows:
        if parameter.index < 0 and not parameter.exogenous:
            base[kind][parameter.group, i, j] = parameter.value / ratio
            if kind in (PSI, THETA):
                base[kind][parameter.group, j, i] = parameter.value / ratio
    return tuple(base)


def _shifts(slots: np.ndarray, values: np.ndarray) -> list[tuple]:
    """Return the constant part constraints add to each slot, one value a group."""
    return [(*slot, shift) for slot, shift in zip(slots, values.T, strict=True) if shift.any()]


def _put_exogenous(filled: list, places: np.ndarray, sample: np.ndarray, means: bool) -> None:
    """Put the sample's moments of fixed predictors into Ψ, and their means into B."""
    for kind, i, j, a, b in places:
        value = sample[..., a, b]
        if kind == PSI and means:
            value = value - sample[..., a, -1] * sample[..., b, -1]
        filled[kind][..., i, j] = value
        if kind == PSI:
            filled[kind][..., j, i] = value


def transpose(matrix: np.ndarray) -> np.ndarray:
    return np.swapaxes(matrix, -1, -2)
