"""Modification indices and score tests of a model fitted by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cx_value.sem.design.enlarged import (
    absent_parameters,
    carried_solution,
    enlarged_model,
    shared_parameters,
)
from cx_value.sem.design.matrices import place_of
from cx_value.sem.design.parameters import Parameter
from cx_value.sem.ordinal.model import OrdinalDesign, build_ordinal_design
from cx_value.sem.ordinal.search import Moments, implied_moments, moment_jacobian
from cx_value.sem.reading.modification import KINDS, expected_changes
from cx_value.sem.reading.result import ModelFit

COLUMNS = ["lhs", "op", "rhs", "group", "mi", "p", "epc"]


def score_tests(fit: ModelFit) -> pd.DataFrame:
    """Return what freeing each equality across groups would do, largest first.

    Loadings and the like, thresholds, and, where thresholds are equal, the intercepts (theta:
    residual variances) of ordinal items that are held at their value in the first group.

    Returns
    -------
    DataFrame
        ``lhs op rhs group mi p epc``: one row for each equality and each group but the first.

    Notes
    -----
    Agrees with lavaan's ``lavTestScore()`` (ordinary score tests) to 1e-6.
    """
    from scipy.stats import chi2

    held, usual, cuts = (
        _held(fit),
        shared_parameters(fit.prepared.model.parameters),
        _shared_cuts(fit),
    )
    tested = [*held, *usual, *cuts]
    if not tested:
        return pd.DataFrame(columns=COLUMNS)
    design, theta, added = _released(fit, held, usual, cuts)
    gradient, regression, left = score_parts(design, theta, fit.prepared.moments, added)
    # The gradient of what is free is not quite zero: see score_parts on (n - 1) / n.
    slope = gradient[added] - regression @ np.delete(gradient, added)
    statistic, change = fit.prepared.moments.n * slope**2 / left, slope / left
    scale = np.ones(len(tested))
    scale[len(held) : len(held) + len(usual)] = [design.scale[p.index] for p in usual]
    frame = pd.DataFrame(
        [(p.lhs, p.op, p.rhs, fit.group_labels[p.group]) for p in tested], columns=COLUMNS[:4]
    ).assign(mi=statistic, p=chi2.sf(statistic, 1), epc=change * scale)
    frame = frame[np.isfinite(frame.mi)]
    return frame.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def _shared_cuts(fit: ModelFit) -> list[Parameter]:
    return shared_parameters(fit.prepared.ordinal.thresholds)


def _held(fit: ModelFit) -> list[Parameter]:
    """Return intercepts and residual variances of ordinal items held at the first group's value."""
    ordinal = fit.prepared.ordinal
    if not _shared_cuts(fit):
        return []
    theta = ordinal.parameterization == "theta"

    def is_held(p: Parameter) -> bool:
        own = p.op == "~1" or (theta and p.op == "~~" and p.lhs == p.rhs)
        return p.group > 0 and p.index < 0 and own and p.lhs in ordinal.ordered

    return [p for p in ordinal.model.parameters if is_held(p)]


def _released(
    fit: ModelFit, held: list[Parameter], usual: list[Parameter], cuts: list[Parameter]
) -> tuple[OrdinalDesign, np.ndarray, np.ndarray]:
    """Return the design with a departure for each equality, the solution, and their places."""
    prepared = fit.prepared
    enlarged = replace(prepared.ordinal, model=enlarged_model(prepared.model, held))
    design = build_ordinal_design(enlarged, prepared.design.units[: len(prepared.model.observed)])
    theta, first = enlarged_solution(fit, design, len(held))
    theta[first] = [p.value for p in held]
    extra = np.arange(len(theta), len(theta) + len(usual) + len(cuts))
    theta = np.concatenate([theta, np.zeros(len(extra))])
    rows = {p.key: i for i, p in enumerate(p for p in enlarged.thresholds if p.group == 0)}
    at = [rows[p.key] for p in cuts]
    return _departing(design, usual, cuts, at), theta, np.concatenate([first, extra])


def _departing(
    design: OrdinalDesign, usual: list[Parameter], cuts: list[Parameter], at: list[int]
) -> OrdinalDesign:
    """Return the design with one more column for each departure; ``at`` are rows of thresholds."""
    slots = {tuple(slot): t for t, slot in enumerate(design.slots)}
    own = design.mapping[:, :, : design.n_usual] @ np.linalg.pinv(design.combine)
    count = len(usual) + len(cuts)
    mapping, thresholds, scales = (
        np.pad(m, ((0, 0), (0, 0), (0, count)))
        for m in (design.mapping, design.threshold_map, design.scale_map)
    )
    first = design.mapping.shape[2]
    for column, p in enumerate(usual, start=first):
        t = slots[place_of(p, design.observed, design.state)]
        mapping[p.group, t, column] = own[p.group, t, p.index]
    for column, (p, row) in enumerate(zip(cuts, at, strict=True), start=first + len(usual)):
        thresholds[p.group, row, column] = 1.0
    return replace(design, mapping=mapping, threshold_map=thresholds, scale_map=scales)


# Modification indices ---------------------------------------------------------------------------


def modification_indices(
    fit: ModelFit, *, kinds: Sequence[str] = KINDS, minimum: float = 0.0
) -> pd.DataFrame:
    """Return what freeing each absent loading, covariance or path would do, largest first.

    ``lhs op rhs group mi p epc epc_std`` as for maximum likelihood, with the information of least
    squares (Sörbom, 1989). Agrees with lavaan's ``modificationIndices()`` to 1e-5.
    """
    from scipy.stats import chi2

    prepared = fit.prepared
    candidates = [c for c in absent_parameters(prepared.model) if c.op in kinds]
    columns = ["lhs", "op", "rhs", "group", "mi", "p", "epc", "epc_std"]
    if not candidates:
        return pd.DataFrame(columns=columns)
    enlarged = enlarged_model(prepared.model, candidates)
    spread = prepared.design.units[: len(prepared.model.observed)]
    design = build_ordinal_design(replace(prepared.ordinal, model=enlarged), spread)
    theta, added = enlarged_solution(fit, design, len(candidates))
    statistic, change = _score(design, theta, prepared.moments, added)
    epc, epc_std = expected_changes(design, theta, fit, change)
    frame = pd.DataFrame(
        [(c.lhs, c.op, c.rhs, fit.group_labels[c.group]) for c in candidates], columns=columns[:4]
    ).assign(mi=statistic, p=chi2.sf(statistic, 1), epc=epc, epc_std=epc_std)
    frame = frame[np.isfinite(frame["mi"]) & (frame["mi"] >= minimum)]
    return frame.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def enlarged_solution(
    fit: ModelFit, design: OrdinalDesign, n_added: int
) -> tuple[np.ndarray, np.ndarray]:
    """The solution among the enlarged parameters, and where the added ones stand."""
    old, theta = fit.prepared.design, fit.solution.theta
    usual = carried_solution(old, theta[: old.n_usual], design, n_added)
    theta = np.concatenate([usual, theta[old.n_usual :]])
    return theta, np.arange(design.n_usual - n_added, design.n_usual)


def _score(
    design: OrdinalDesign, theta: np.ndarray, moments: Moments, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the statistic and expected change of each added parameter on its own."""
    gradient, _, left = score_parts(design, theta, moments, added)
    return moments.n * gradient[added] ** 2 / left, gradient[added] / left


def score_parts(
    design: OrdinalDesign, theta: np.ndarray, moments: Moments, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradient, each added one's regression on the others, and what these leave of it.

    (k,), (added, kept) and (added,), the last as information of one observation.
    """
    slope = moment_jacobian(design, theta, moments)
    weight = moments.weight * moments.share[:, None]
    away = moments.observed - implied_moments(design, theta, moments)
    # lavaan multiplies the discrepancy, not the information, by (n - 1) / n in every group.
    less = 1.0 - 1.0 / (moments.n * moments.share[:, None])
    gradient = np.einsum("gqk,gq->k", slope, weight * less * away)
    information = np.einsum("gqk,gq,gql->kl", slope, weight, slope, optimize=True)
    kept = np.setdiff1d(np.arange(len(theta)), added)
    across = information[np.ix_(added, kept)]
    within = np.linalg.pinv(information[np.ix_(kept, kept)], hermitian=True)
    own = np.diag(information)[added]
    left = own - np.einsum("ij,jk,ik->i", across, within, across)
    left = np.where(left > 1e-9 * np.abs(own), left, np.nan)
    return gradient, across @ within, left
