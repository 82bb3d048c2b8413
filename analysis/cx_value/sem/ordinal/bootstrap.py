"""Bootstrap of a model fitted by least squares: polychoric correlations anew in every draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cx_value.base.errors import AnalysisError, ConvergenceError
from cx_value.base.words import Phrase
from cx_value.sem.engine.moments import Sample
from cx_value.sem.ordinal.sample import gather, in_fit_units
from cx_value.sem.ordinal.search import Minimum, least_squares
from cx_value.sem.ordinal.table import table_readers
from cx_value.sem.reading.result import ModelFit
from cx_value.sem.resampling.bootstrap import Bootstrap, column_name, failed_refits
from cx_value.sem.resampling.moments import draw_rows, given_rows, order_of


def bootstrap_ordinal(
    fit: ModelFit, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
) -> Bootstrap:
    """Refit a model in samples drawn with replacement (within groups).

    A draw in which an item loses a category, or whose search finds no optimum, counts as failed.
    Agrees with lavaan refit by refit to 1e-6.

    Raises
    ------
    DataError
        ``rows`` does not fit the data, or neither ``seed`` nor ``rows`` is given.
    ConvergenceError
        Fewer than half the refits succeed.
    """
    drawn = draw_rows(fit.prepared, n, seed) if rows is None else given_rows(fit.prepared, rows)
    found = [_refit(fit, one) for one in drawn.rows()]
    converged = np.array([m is not None for m in found])
    if converged.mean() < 0.5:
        raise ConvergenceError(
            f"{int((~converged).sum())} of {len(found)} refits failed · allowed: at most half · "
            "do: merge rare categories, which resamples lose, or use a simpler model"
        )
    raw, std = _solutions(fit, found)
    names = [column_name(row) for row in fit.frame.itertuples()]
    theta = np.full((len(found), len(fit.solution.theta)), np.nan)
    theta[converged] = [m.theta for m in found if m is not None]
    return Bootstrap(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=Phrase("estimators.named", {"method": "bootstrap"}),
        confidence=fit.confidence,
        notes=failed_refits(int((~converged).sum()), len(found)),
        parameters=pd.DataFrame(raw, columns=names),
        standardised=pd.DataFrame(std, columns=names),
        theta=theta,
        converged=converged,
        value=np.array([np.nan if m is None else m.value for m in found]),
        iterations=np.array([0 if m is None else m.iterations for m in found]),
        draws=drawn,
        fit=fit,
    )


def _refit(fit: ModelFit, rows: np.ndarray) -> Minimum | None:
    """Fit one draw from the full solution, given positions among the rows used."""
    prepared = fit.prepared
    samples = []
    for sample, own in zip(prepared.samples, order_of(prepared.samples), strict=True):
        place = np.full(prepared.n, -1)
        place[own] = np.arange(len(own))
        taken = place[rows]
        samples.append(_drawn_sample(sample, taken[taken >= 0]))
    try:
        moments = gather(
            samples,
            prepared.model.observed,
            prepared.ordinal.ordered,
            prepared.model.meanstructure,
        )
        if moments.observed.shape != prepared.sample.observed.shape:
            return None
        diagonal = prepared.request.estimator in ("wlsmv", "dwls")
        spread = prepared.design.units[: len(prepared.model.observed)]
        target = in_fit_units(
            moments, spread, diagonal=diagonal, predictors=prepared.ordinal.predictors
        )
        minimum = least_squares(prepared.design, target, fit.solution.theta)
    except (AnalysisError, np.linalg.LinAlgError, ValueError):
        return None
    return minimum if minimum.converged else None


def _drawn_sample(sample: Sample, taken: np.ndarray) -> Sample:
    weights = None if sample.weights is None else sample.weights[taken]
    return replace(sample, rows=sample.rows[taken], index=sample.index[taken], weights=weights)


def _solutions(fit: ModelFit, found: list[Minimum | None]) -> tuple[np.ndarray, np.ndarray]:
    """Raw and standardised values of every table row; NaN where a refit failed."""
    readers, order = table_readers(fit.prepared)
    out = []
    for read in readers:
        values = np.full((len(found), len(order)), np.nan)
        for row, minimum in enumerate(found):
            if minimum is not None:
                values[row] = read(minimum.theta)[order]
        out.append(values)
    return out[0], out[1]


def jackknife_ordinal(fit: ModelFit) -> dict[str, np.ndarray]:
    """Solutions with each row left out in turn, for the acceleration of BCa."""
    every = np.arange(fit.n_used)
    found = [_refit(fit, np.delete(every, i)) for i in every]
    raw, std = _solutions(fit, [m for m in found if m is not None])
    return {"est": raw, "std_all": std}
