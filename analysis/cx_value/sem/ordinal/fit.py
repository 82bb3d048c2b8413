"""Ordinal items by weighted least squares: WLSMV and its kin.

Rating scales are read as cut normal responses; the model is fitted to thresholds and polychoric
correlations with a diagonal weight, and standard errors and tests are corrected with the full
asymptotic covariance (Muthén, du Toit & Spisic, 1997). ``fit_model(..., estimator="wlsmv",
ordered=...)`` comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, ModelError
from cx_value.sem.engine.fit import Request, Solution
from cx_value.sem.engine.indices import srmr
from cx_value.sem.engine.likelihood import Point
from cx_value.sem.engine.starts import starting_points
from cx_value.sem.ordinal.bootstrap import bootstrap_ordinal, jackknife_ordinal
from cx_value.sem.ordinal.difference import difference_test
from cx_value.sem.ordinal.findings import findings_of, method_of
from cx_value.sem.ordinal.indices import (
    Adjusted,
    adjusted_indices,
    corrected_continuous,
    corrected_ordinal,
    robust_indices,
)
from cx_value.sem.ordinal.model import usual_design
from cx_value.sem.ordinal.prepare import OrdinalPrepared, prepare_ordinal, prepare_ordinal_again
from cx_value.sem.ordinal.residuals import residual_matrix
from cx_value.sem.ordinal.score_tests import modification_indices, score_tests
from cx_value.sem.ordinal.scores import factor_scores
from cx_value.sem.ordinal.search import (
    Minimum,
    Sandwich,
    implied_moments,
    least_squares,
    response_scales,
    sandwich,
)
from cx_value.sem.ordinal.table import parameter_frame, table_readers
from cx_value.sem.reading.inference import explained_variance
from cx_value.sem.reading.result import ModelFit
from cx_value.sem.reading.solution import central_sigma
from cx_value.sem.resampling.bootstrap import Bootstrap

N_STARTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """How a fit by least squares answers; see :class:`cx_value.sem.reading.result.Engine`.

    Attributes
    ----------
    sandwich : Sandwich
        Jacobian, bread and traces, for nested tests and residuals.
    """

    sandwich: Sandwich
    compared = ("_scaled", "")
    correction_source = "asparouhov2010"

    def readers(self, fit: ModelFit) -> tuple[Callable, Callable]:
        found, order = table_readers(fit.prepared)
        raw, standard = (lambda theta, r=read: r(theta)[..., order] for read in found)
        return raw, standard

    def residuals(self, fit: ModelFit, kind: str, group: str | None) -> pd.DataFrame:
        return residual_matrix(fit, kind, group)

    def scores(self, fit: ModelFit, method: str) -> pd.DataFrame:
        return factor_scores(fit, method)

    def modification_indices(self, fit: ModelFit, **options) -> pd.DataFrame:
        return modification_indices(fit, **options)

    def score_tests(self, fit: ModelFit) -> pd.DataFrame:
        return score_tests(fit)

    def difference_test(
        self, small: ModelFit, large: ModelFit, method: str
    ) -> tuple[float, float, float]:
        found = difference_test(small, large)
        return found["chisq"], float(found["df"]), found["pvalue"]

    def resample(
        self, fit: ModelFit, n: int, seed: int | None, rows: np.ndarray | None
    ) -> Bootstrap:
        return bootstrap_ordinal(fit, n, seed=seed, rows=rows)

    def jackknife(self, fit: ModelFit) -> dict[str, np.ndarray]:
        return jackknife_ordinal(fit)

    def refit(self, fit: ModelFit, request: Request) -> ModelFit:
        return _fitted(prepare_ordinal_again(fit.prepared, request), fit.confidence)


def fit_ordinal(
    request: Request,
    data: pd.DataFrame,
    *,
    ordered: Iterable[str] | bool = (),
    parameterization: str = "delta",
    weights: str | np.ndarray | None = None,
    confidence: float = 0.95,
) -> ModelFit:
    """Fit by diagonally weighted (or unweighted) least squares.

    Parameters
    ----------
    request : Request
        Syntax and options; ``estimator`` one of ``wlsmv dwls ulsmv uls``, ``missing`` listwise or
        pairwise. ``dwls`` equals ``wlsmv``, ``uls`` equals ``ulsmv``: with a weight that is not
        optimal only the corrected standard errors and tests hold, so these are always given.
    ordered : iterable of str or bool
        Ordinal variables; True for all observed ones, nothing for continuous variables.
    parameterization : {"delta", "theta"}
    weights : str or array of n, optional
        Case weights: a column, or one number a row of ``data``.

    Returns
    -------
    ModelFit
        ``indices`` holds the plain statistic, the scaled-shifted one (``chisq_scaled``), the
        mean-adjusted and the mean-and-variance-adjusted one, with CFI, TLI and RMSEA plain, scaled
        and robust. Residual variances of delta (scales of theta) follow from the others and have
        ``se`` 0, as in lavaan.

    Raises
    ------
    ModelError, DataError, ConvergenceError

    Notes
    -----
    A continuous predictor is fitted jointly with the responses, as with lavaan's
    ``conditional.x = FALSE, fixed.x = FALSE``; lavaan's own default conditions upon it.
    Agrees with lavaan 0.6-14 at its optimum: estimates and standard errors 1e-6, χ², CFI, TLI
    and RMSEA 1e-6.
    """
    prepared = prepare_ordinal(request, data, ordered, parameterization, weights)
    return _fitted(prepared, confidence)


def _fitted(prepared: OrdinalPrepared, confidence: float) -> ModelFit:
    solution = _search(prepared)
    found = sandwich(prepared.design, solution.theta, prepared.moments)
    _check_identified(prepared, found)
    frame, std_se = parameter_frame(prepared, solution, found, confidence)
    point = _point(prepared, solution)
    indices = _indices(prepared, solution, found, point)
    notes = findings_of(prepared, solution, frame, std_se, point, found, indices)
    return ModelFit(
        n_used=prepared.n,
        n_dropped=prepared.n_all - prepared.n,
        method=method_of(prepared.request.estimator, prepared),
        confidence=confidence,
        notes=tuple(finding.message for finding in notes),
        frame=frame,
        indices=indices,
        diagnostics=tuple(notes),
        r_squared=explained_variance(prepared, point),
        vcov=found.vcov,
        std_se=std_se,
        prepared=prepared,
        solution=solution,
        engine=LeastSquares(found),
    )


def _search(prepared: OrdinalPrepared) -> Solution:
    """Search from two starting points, from more where these disagree, and keep the lowest."""
    design, moments = prepared.design, prepared.moments
    starts = _starts(prepared)
    found = [least_squares(design, moments, start) for start in starts[:2]]
    agree = all(m.converged for m in found) and abs(found[0].value - found[1].value) < 1e-9
    if not agree:
        found += [least_squares(design, moments, start) for start in starts[2:]]
    reached = [m for m in found if m.converged]
    if not reached:
        raise ConvergenceError(
            f"No search out of {len(found)} reached an optimum for {design.n_parameters} "
            f"parameters (up to {max(m.iterations for m in found)} iterations) · allowed: a "
            "converged fit · do: drop paths between constructs that correlate near 1, merge rare "
            "categories, or use a simpler model"
        )
    best: Minimum = min(reached, key=lambda m: m.value)
    others = {round(m.value - best.value, 6) for m in reached}
    return Solution(
        theta=best.theta,
        value=best.value,
        iterations=best.iterations,
        other_optima=len(others) - 1,
    )


def _starts(prepared: OrdinalPrepared) -> np.ndarray:
    design, moments = prepared.design, prepared.moments
    usual = starting_points(usual_design(design), prepared.target.sample[0], N_STARTS)
    at = np.flatnonzero(moments.is_threshold)
    rest = np.zeros(design.n_parameters)
    if len(at):
        count = design.threshold_map.sum(axis=(0, 1))
        total = np.einsum("glk,gl->k", design.threshold_map, moments.observed[:, at])
        rest = np.where(count > 0, total / np.maximum(count, 1), design.scale_map.any(axis=(0, 1)))
    return np.column_stack(
        [usual, np.broadcast_to(rest[design.n_usual :], (len(usual), len(rest) - design.n_usual))]
    )


def _check_identified(prepared: OrdinalPrepared, found: Sandwich) -> None:
    if found.weakest > 1e-10:
        return
    design, n = prepared.design, prepared.design.n_usual
    free = design.model.free()
    share = np.abs(design.combine @ found.flat[:n])
    names = [free[i].name for i in np.argsort(-share) if share[i] > 0.05][:8]
    raise ModelError(
        f"The model is not identified: {', '.join(names) or 'thresholds or scales'} can change "
        "together without changing what the model implies · allowed: parameters the moments "
        "determine · do: fix a loading or a variance to give each latent variable its scale, drop "
        "a path, or hold loadings and thresholds equal across groups together"
    )


def _point(prepared: OrdinalPrepared, solution: Solution) -> Point:
    implied = prepared.design.implied(solution.theta[None])
    nothing = np.zeros((1, 1))
    return Point(implied, nothing, np.array([solution.value]), np.array([True]))


# Fit ----------------------------------------------------------------------------------------------


def _indices(
    prepared: OrdinalPrepared, solution: Solution, found: Sandwich, point: Point
) -> dict[str, float]:
    moments, n = prepared.moments, prepared.moments.n_effective
    groups, npar = len(prepared.samples), prepared.design.n_parameters
    df = moments.observed.size - npar
    _check_traces(found, df, prepared)
    each = moments.n * moments.share - 1
    weight = moments.weight * each[:, None]
    residual = moments.observed - implied_moments(prepared.design, solution.theta, moments)
    test = Adjusted(
        chisq=float((weight * residual**2).sum()),
        df=df,
        trace=found.trace,
        trace_square=found.trace_square,
    )
    baseline = Adjusted(
        chisq=float((weight * moments.observed**2)[:, moments.absent].sum()),
        df=groups * len(moments.absent),
        trace=found.baseline_trace,
        trace_square=found.baseline_trace_square,
    )
    indices = {"npar": npar, "ntotal": prepared.n}
    indices["fmin"] = test.chisq / (2 * prepared.n)
    indices |= adjusted_indices(test, baseline, n, groups)
    if prepared.ordinal.ordered:
        matrices = _correlations(prepared, solution)
        pair = corrected_ordinal(*matrices, moments, found, df)
        mixed = len(prepared.ordinal.ordered) < len(prepared.model.observed)
        if mixed or not _thresholds_saturated(prepared):
            pair = None
    else:
        pair = corrected_continuous(test, baseline)
    if pair is not None:
        indices |= robust_indices(*pair, n, groups)
    indices["srmr"] = _srmr(prepared, solution, point)
    return {name: v if isinstance(v, int) else float(v) for name, v in indices.items()}


def _thresholds_saturated(prepared: OrdinalPrepared) -> bool:
    """Tell whether every threshold is its own; robust indices see misfit of correlations only."""
    cuts = prepared.ordinal.thresholds
    return len({p.index for p in cuts if p.index >= 0}) == len(cuts)


def _check_traces(found: Sandwich, df: int, prepared: OrdinalPrepared) -> None:
    traces = found.trace, found.trace_square, found.baseline_trace_square
    if df and not (np.isfinite(traces).all() and min(traces) > 0):
        raise ConvergenceError(
            f"The test of fit cannot be corrected: {prepared.n} rows do not determine the "
            f"covariance of {prepared.moments.observed.shape[1]} moments · allowed: positive "
            "traces · do: gather more rows, merge rare categories, or use fewer items"
        )


def _correlations(prepared: OrdinalPrepared, solution: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Sample and implied correlation matrices of the responses."""
    moments = prepared.moments
    implied = implied_moments(prepared.design, solution.theta, moments)
    p, tail = len(prepared.model.observed), moments.n_first
    a, b = moments.pairs.T
    out = np.broadcast_to(np.eye(p), (2, len(implied), p, p)).copy()
    for matrix, values in zip(out, (moments.observed, implied), strict=True):
        matrix[:, a, b] = matrix[:, b, a] = values[:, tail:]
    return out[0], out[1]


def _srmr(prepared: OrdinalPrepared, solution: Solution, point: Point) -> float:
    """SRMR without means or thresholds for ordinal items, with means for continuous ones."""
    moments, p = prepared.moments, len(prepared.model.observed)
    sample = prepared.target.sample[0]
    sigma = central_sigma(prepared.design, point.implied)[0][:, :p, :p]
    if not prepared.ordinal.ordered:
        means = prepared.model.meanstructure
        pairs = [
            (s[:p, p], m[:p, p]) if means else None
            for s, m in zip(sample, point.implied.sigma[0], strict=True)
        ]
        central = [s[:p, :p] - (np.outer(s[:p, p], s[:p, p]) if means else 0.0) for s in sample]
        each = [srmr(s, m, c) for s, m, c in zip(central, sigma, pairs, strict=True)]
        return float(np.array(each) @ moments.share)
    scale = response_scales(prepared.design, solution.theta, sigma)
    implied = sigma * scale[:, :, None] * scale[:, None, :]
    each = [
        srmr(s[:p, :p] - np.outer(s[:p, p], s[:p, p]), m)
        for s, m in zip(sample, implied, strict=True)
    ]
    return float(np.array(each) @ moments.share)
