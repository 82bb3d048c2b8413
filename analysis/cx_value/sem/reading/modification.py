r"""What would improve if one more parameter were free: modification indices and score tests.

For a parameter held at its value, :math:`MI = n\,g^2 / (I_{aa} - I_{ab} I_{bb}^{-1} I_{ba})` with g
its slope of the discrepancy and I the information of one observation, and the expected change of
the parameter is g over the same denominator (Sörbom 1989). All candidates are evaluated at once in
one enlarged set of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cx_value.sem.design.enlarged import (
    absent_parameters,
    carried_solution,
    enlarged_model,
    released_design,
    shared_parameters,
)
from cx_value.sem.design.matrices import PSI, THETA, Design, build_design
from cx_value.sem.engine.likelihood import Target, evaluate, expected_information, gradient
from cx_value.sem.reading.result import ModelFit
from cx_value.sem.reading.solution import places, raw_values, standardised_values

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

    candidates = [c for c in absent_parameters(fit.prepared.model) if c.op in kinds]
    if not candidates:
        return pd.DataFrame(columns=["lhs", "op", "rhs", "group", "mi", "p", "epc", "epc_std"])
    enlarged = enlarged_model(fit.prepared.model, candidates)
    design = build_design(enlarged, _spread(fit.prepared.design))
    theta = carried_solution(fit.prepared.design, fit.solution.theta, design, len(candidates))
    added = np.arange(len(theta) - len(candidates), len(theta))
    statistic, change = _score(design, theta, fit, added)
    epc, epc_std = expected_changes(design, theta, fit, change)
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

    model, design = fit.prepared.model, fit.prepared.design
    shared = shared_parameters(model.parameters)
    columns = ["lhs", "op", "rhs", "group", "mi", "p", "epc"]
    if not shared:
        return pd.DataFrame(columns=columns)
    released = released_design(design, shared)
    theta = np.concatenate([fit.solution.theta, np.zeros(len(shared))])
    added = np.arange(len(fit.solution.theta), len(theta))
    statistic, change = _score(released, theta, fit, added)
    scale = np.array([design.scale[p.index] for p in shared])
    rows = [(p.lhs, p.op, p.rhs, fit.group_labels[p.group]) for p in shared]
    frame = pd.DataFrame(rows, columns=columns[:4])
    frame["mi"], frame["p"], frame["epc"] = statistic, chi2.sf(statistic, 1), change * scale
    return frame.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


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


def expected_changes(
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


def _spread(design: Design) -> np.ndarray:
    return design.units[: len(design.model.observed)]
