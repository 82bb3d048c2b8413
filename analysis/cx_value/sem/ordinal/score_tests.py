"""Score tests of what is held equal across groups in a model of ordinal items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.sem.design.matrices import place_of
from cx_value.sem.design.parameters import Parameter
from cx_value.sem.ordinal.inspect import _enlarged_solution, score_parts
from cx_value.sem.ordinal.model import OrdinalDesign, build_ordinal_design
from cx_value.sem.reading.modification import _enlarged

if TYPE_CHECKING:
    from cx_value.sem.ordinal.fit import OrdinalFit

COLUMNS = ["lhs", "op", "rhs", "group", "mi", "p", "epc"]


def score_tests(fit: OrdinalFit) -> pd.DataFrame:
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

    held, usual, cuts = _held(fit), _shared(fit.prepared.model.parameters), _shared_cuts(fit)
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


def _shared(parameters: tuple[Parameter, ...]) -> list[Parameter]:
    """Return free parameters of later groups that are those of the first."""
    first = {p.index for p in parameters if p.group == 0 and p.index >= 0}
    return [p for p in parameters if p.group > 0 and p.index in first and not p.label]


def _shared_cuts(fit: OrdinalFit) -> list[Parameter]:
    return _shared(fit.prepared.ordinal.thresholds)


def _held(fit: OrdinalFit) -> list[Parameter]:
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
    fit: OrdinalFit, held: list[Parameter], usual: list[Parameter], cuts: list[Parameter]
) -> tuple[OrdinalDesign, np.ndarray, np.ndarray]:
    """Return the design with a departure for each equality, the solution, and their places."""
    prepared = fit.prepared
    enlarged = replace(prepared.ordinal, model=_enlarged(prepared.model, held))
    design = build_ordinal_design(enlarged, prepared.design.units[: len(prepared.model.observed)])
    theta, first = _enlarged_solution(fit, design, len(held))
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
