"""What a reader must know before trusting a model of ordinal items."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cx_value.base.words import Phrase
from cx_value.sem.engine.fit import Solution
from cx_value.sem.engine.likelihood import Point
from cx_value.sem.ordinal.prepare import OrdinalPrepared
from cx_value.sem.ordinal.search import Sandwich
from cx_value.sem.reading import diagnostics
from cx_value.sem.reading.diagnostics import Finding
from cx_value.sem.reading.inference import group_findings, solution_findings

FEWEST = 5  # answers of a category whose threshold is known well enough


def method_of(estimator: str, prepared: OrdinalPrepared) -> Phrase:
    """Name the estimator and what it stands on."""
    ordinal = prepared.ordinal
    facts = {
        "diagonal": estimator in ("wlsmv", "dwls"), "ordered": bool(ordinal.ordered),
        "parameterization": ordinal.parameterization,
    }  # fmt: skip
    return Phrase("estimators.least_squares", facts)


def findings_of(
    prepared: OrdinalPrepared,
    solution: Solution,
    frame: pd.DataFrame,
    std_se: np.ndarray,
    point: Point,
    found: Sandwich,
    indices: Mapping[str, float],
) -> list[Finding]:
    out = diagnostics.rows_lost(prepared.lost, prepared.n_all, "pairwise")
    out += solution_findings(prepared, solution, frame, std_se, found.weakest)
    out += _rare_categories(prepared)
    out += _robust_undefined(prepared, indices)
    return out + group_findings(prepared, point)


def _rare_categories(prepared: OrdinalPrepared) -> list[Finding]:
    """Find categories with fewer than five answers: their thresholds are hardly known."""
    rare = []
    for sample in prepared.samples:
        for name in prepared.ordinal.ordered:
            j = prepared.model.observed.index(name)
            values = sample.rows[:, j]
            counts = np.unique(values[~np.isnan(values)], return_counts=True)[1]
            if counts.min() < FEWEST:
                rare.append(name)
    if not rare:
        return []
    names = list(dict.fromkeys(rare))
    return [Finding("rare_categories", {"fewest": FEWEST, "item_names": names}, tuple(names))]


def _robust_undefined(prepared: OrdinalPrepared, indices: Mapping[str, float]) -> list[Finding]:
    """Tell why robust CFI and RMSEA are not there."""
    if not np.isnan(indices.get("cfi_robust", 0.0)):
        return []
    smallest = float(np.linalg.eigvalsh(prepared.sample.covariance)[:, 0].min())
    matrix = "sample" if smallest <= 1e-8 else "implied"
    return [Finding("robust_undefined", {"matrix": matrix})]
