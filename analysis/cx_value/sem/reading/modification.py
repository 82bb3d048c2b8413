r"""What would improve if one more parameter were free: modification indices and score tests.

For a parameter held at its value, :math:`MI = n\,g^2 / (I_{aa} - I_{ab} I_{bb}^{-1} I_{ba})` with g
its slope of the discrepancy and I the information of one observation, and the expected change of
the parameter is g over the same denominator (Sörbom 1989). All candidates are evaluated at once in
one enlarged set of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.sem.design.matrices import PSI, THETA, Design, build_design
from cx_value.sem.design.parameters import Model, Parameter
from cx_value.sem.engine.likelihood import Target, evaluate, expected_information, gradient
from cx_value.sem.reading.solution import places, raw_values, standardised_values

if TYPE_CHECKING:
    from cx_value.sem.reading.result import ModelFit

KINDS = ("=~", "~~", "~")


def modification_indices(
    fit: ModelFit, *, kinds: Sequence[str] = KINDS, minimum: float = 0.0
) -> pd.DataFrame:
    """Return what freeing each absent parameter would do, largest first.

    Parameters
    ----------
    fit : ModelFit
    kinds : sequence of {"=~", "~~", "~"}
        Cross-loadings, (residual) covariances, and paths between variables that take part in paths.
    minimum : float
        Leave out indices below this.

    Returns
    -------
    DataFrame
        ``lhs op rhs group mi p epc epc_std``: expected drop of χ² (1 df), its p value, and the
        change expected in the parameter, unstandardised and completely standardised.

    Notes
    -----
    Agrees with lavaan's ``modificationIndices()`` to 1e-6.
    """
    from scipy.stats import chi2

    candidates = [c for c in _candidates(fit.prepared.model) if c.op in kinds]
    if not candidates:
        return pd.DataFrame(columns=["lhs", "op", "rhs", "group", "mi", "p", "epc", "epc_std"])
    enlarged = _enlarged(fit.prepared.model, candidates)
    design = build_design(enlarged, _spread(fit.prepared.design))
    theta, added = _start(fit, design, len(candidates))
    statistic, change = _score(design, theta, fit, added)
    epc, epc_std = _changes(design, theta, fit, change)
    labels = [fit.group_labels[c.group] for c in candidates]
    frame = pd.DataFrame([(c.lhs, c.op, c.rhs) for c in candidates], columns=["lhs", "op", "rhs"])
    frame["group"], frame["mi"] = labels, statistic
    frame["p"] = chi2.sf(statistic, 1)
    frame["epc"], frame["epc_std"] = epc, epc_std
    frame = frame[np.isfinite(frame.mi) & (frame.mi >= minimum)]
    return frame.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def score_tests(fit: ModelFit) -> pd.DataFrame:
    """Return what freeing each parameter that is held equal across groups would do.

    Returns
    -------
    DataFrame
        ``lhs op rhs group mi p epc``: one row for each equal parameter and each group but the
        first, largest first.
    """
    from scipy.stats import chi2

    if hasattr(fit, "sandwich"):
        from cx_value.sem.ordinal.score_tests import score_tests as least_squares_tests

        return least_squares_tests(fit)
    model, design = fit.prepared.model, fit.prepared.design
    shared = [p for p in model.parameters if p.index >= 0 and p.group > 0 and not p.label]
    first = {p.index for p in model.parameters if p.group == 0}
    shared = [p for p in shared if p.index in first]
    columns = ["lhs", "op", "rhs", "group", "mi", "p", "epc"]
    if not shared:
        return pd.DataFrame(columns=columns)
    released = _released(design, shared)
    theta = np.concatenate([fit.solution.theta, np.zeros(len(shared))])
    added = np.arange(len(fit.solution.theta), len(theta))
    statistic, change = _score(released, theta, fit, added)
    scale = np.array([design.scale[p.index] for p in shared])
    rows = [(p.lhs, p.op, p.rhs, fit.group_labels[p.group]) for p in shared]
    frame = pd.DataFrame(rows, columns=columns[:4])
    frame["mi"], frame["p"], frame["epc"] = statistic, chi2.sf(statistic, 1), change * scale
    return frame.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def _candidates(model: Model) -> list[Parameter]:
    """Return absent parameters that could be freed one at a time."""
    pairs = [(f, "=~", x) for f in model.latents for x in _indicators(model)]
    own = [name for name in model.observed if name not in model.exogenous]
    for names in (own, list(model.latents)):
        pairs += [(a, "~~", b) for i, a in enumerate(names) for b in names[i + 1 :]]
    active = list(dict.fromkeys(
        n for p in model.parameters if p.op == "~" for n in (p.lhs, p.rhs)
    ))  # fmt: skip
    pairs += [(a, "~", b) for a in active for b in active if a != b and a not in model.exogenous]
    candidates = []
    for g in range(model.n_groups):
        rows = [p for p in model.parameters if p.group == g]
        taken = {p.key for p in rows} | {(p.rhs, p.op, p.lhs) for p in rows if p.op == "~~"}
        # A fixed covariance of zero is absent all the same.
        open_ = {
            p.key
            for p in rows
            if p.op == "~~" and p.index < 0 and p.value == 0.0 and p.lhs != p.rhs
        }
        for key in pairs:
            if key in taken and key not in open_:
                continue
            candidates.append(Parameter(*key, g, 0))
    return candidates


def _indicators(model: Model) -> list[str]:
    """Return observed indicators."""
    names = (p.rhs for p in model.parameters if p.op == "=~" and p.rhs in model.observed)
    return list(dict.fromkeys(names))


def _enlarged(model: Model, candidates: list[Parameter]) -> Model:
    """Return the model with the candidates as free parameters of their own, numbered last."""
    first = model.n_free
    added = [replace(c, index=first + i) for i, c in enumerate(candidates)]
    keys = {(c.key, c.group) for c in candidates}
    kept = [p for p in model.parameters if (p.key, p.group) not in keys]
    return replace(model, parameters=(*kept, *added), definitions=())


def _start(fit: ModelFit, design: Design, n_added: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the solution in the enlarged design, and where the added parameters are."""
    old = fit.prepared.design
    numbered = old.offset + old.combine @ fit.solution.theta
    numbered = np.concatenate([numbered * old.scale, np.zeros(n_added)]) / design.scale
    reduced = np.linalg.lstsq(design.combine, numbered - design.offset, rcond=None)[0]
    k = design.n_parameters
    return reduced, np.arange(k - n_added, k)


def _score(
    design: Design, theta: np.ndarray, fit: ModelFit, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the statistic and the expected change of each added parameter on its own."""
    target: Target = fit.prepared.target
    point = evaluate(design, theta[None], target)
    slope = gradient(design, point, target)[0]
    information = expected_information(design, point, target)[0]
    kept = np.setdiff1d(np.arange(len(theta)), added)
    across = information[np.ix_(added, kept)]
    within = np.linalg.pinv(information[np.ix_(kept, kept)])
    left = np.diag(information)[added] - np.einsum("ij,jk,ik->i", across, within, across)
    left = np.where(left > 1e-9 * np.abs(np.diag(information)[added]), left, np.nan)
    return fit.prepared.n * slope[added] ** 2 / left, -slope[added] / left


def _changes(
    design: Design, theta: np.ndarray, fit: ModelFit, change: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return expected changes in the data's units and completely standardised."""
    sample = fit.prepared.target.sample[0]
    at = places(design)
    implied = design.implied(theta, sample)
    m = len(change)
    rows = slice(len(at.kind) - m, len(at.kind))
    # Both are linear in the entry itself, so the factor is read off a unit in its place.
    bumped = replace(implied, blocks=tuple(np.ones_like(b) for b in implied.blocks))
    raw = raw_values(design, bumped, at)[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        standard = _standard_factor(design, implied, at)[rows]
    return change * raw, change * standard


def _standard_factor(design: Design, implied, at) -> np.ndarray:
    """Return std_all per unit of each entry, residual variances left as the model has them."""
    units = []
    for kind, block in enumerate(implied.blocks):
        own = np.eye(block.shape[-1]) if kind in (PSI, THETA) else 0.0
        units.append(block * own + (1 - own) * np.ones_like(block))
    return standardised_values(design, replace(implied, blocks=tuple(units)), at)


def _released(design: Design, shared: list[Parameter]) -> Design:
    """Return the design with a free departure added to each shared parameter in its group."""
    from cx_value.sem.design.matrices import place_of

    slots = {tuple(slot): t for t, slot in enumerate(design.slots)}
    extra = np.zeros((*design.mapping.shape[:2], len(shared)))
    numbered = design.mapping @ np.linalg.pinv(design.combine)
    for column, p in enumerate(shared):
        t = slots[place_of(p, design.observed, design.state)]
        extra[p.group, t, column] = numbered[p.group, t, p.index]
    return replace(design, mapping=np.concatenate([design.mapping, extra], axis=2))


def _spread(design: Design) -> np.ndarray:
    return design.units[: len(design.model.observed)]
