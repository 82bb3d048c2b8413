"""Standard errors, tests and intervals of a fitted model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cx_value.sem.design.matrices import PSI, THETA, Implied
from cx_value.sem.engine.fit import Prepared, Solution
from cx_value.sem.engine.likelihood import Point, expected_information, hessian
from cx_value.sem.reading import diagnostics
from cx_value.sem.reading.result import COLUMNS, ModelFit
from cx_value.sem.reading.slopes import table_slopes
from cx_value.sem.reading.solution import (
    Places,
    central_latent,
    central_sigma,
    complex_step,
    places,
    raw_values,
    standardised_values,
)


def normal_theory_vcov(prepared: Prepared, point: Point) -> np.ndarray:
    """Return the inverse information over n: expected for complete data, observed otherwise.

    With missing answers only the observed information is right unless they are lost completely at
    random (Kenward and Molenberghs 1998).
    """
    compute = expected_information if prepared.target.seen is None else hessian
    information = compute(prepared.design, point, prepared.target)[0]
    return np.linalg.pinv(information, hermitian=True) / prepared.n


def parameter_frame(
    prepared: Prepared,
    vcov: np.ndarray,
    point: Point,
    at: Places,
    confidence: float,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table of parameters and the standard errors of the standardised solution."""
    from scipy.stats import norm

    design = prepared.design
    implied = _first(point.implied)
    estimate, standardised = (f(design, implied, at) for f in (raw_values, standardised_values))
    se, std_se = (delta_errors(slope, vcov) for slope in table_slopes(design, implied, at))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, estimate / se, np.nan)
    reach = norm.ppf(0.5 + confidence / 2) * se
    frame = pd.DataFrame(_names(prepared), columns=["lhs", "op", "rhs", "group", "label"])
    numbers = (estimate, se, z, 2 * norm.sf(np.abs(z)), estimate - reach, estimate + reach,
               standardised)  # fmt: skip
    for name, column in zip(COLUMNS[5:], numbers, strict=True):
        frame[name] = column
    return frame, std_se


def delta_errors(slope: np.ndarray, vcov: np.ndarray) -> np.ndarray:
    """Delta-method standard errors (Sobel 1982) of what changes by ``slope (rows, k)``."""
    variance = ((slope @ vcov) * slope).sum(axis=1)
    variance[np.abs(slope).max(axis=1, initial=0) < 1e-12] = 0.0
    return np.sqrt(np.maximum(variance, 0.0))


def table_readers(prepared: Prepared) -> tuple[Callable, Callable]:
    """Return functions of ``theta (..., k)`` giving ``est`` and ``std_all`` of every table row."""
    design, at = prepared.design, places(prepared.design)
    sample = prepared.target.sample[0]

    def reader(values_of: Callable) -> Callable:
        return lambda theta: values_of(
            design, design.implied(theta, sample.astype(theta.dtype)), at
        )

    return reader(raw_values), reader(standardised_values)


def function_errors(fit: ModelFit, read: Callable) -> np.ndarray:
    """Delta-method standard errors of ``read(theta)``, a function of the free parameters.

    Parameters
    ----------
    fit : ModelFit
        Of any estimator; ``fit.readers()`` are such functions.
    read : callable
        Takes ``theta (..., k)``, real or complex, and returns ``(..., m)``.
    """
    return delta_errors(complex_step(read, fit.solution.theta), fit.vcov)


def _names(prepared: Prepared) -> list[tuple[str, str, str, str, str]]:
    labels = [sample.label for sample in prepared.samples]
    rows = [(p.lhs, p.op, p.rhs, labels[p.group], p.label) for p in prepared.model.parameters]
    rows += [(d.name, ":=", d.text.strip(), "", d.name) for d in prepared.model.definitions]
    return rows


def explained_variance(prepared: Prepared, point: Point) -> dict[str, float]:
    """Return R² of every indicator and outcome (1 − residual variance / variance)."""
    design, implied = prepared.design, point.implied
    noise, residual = implied.blocks[THETA][0], implied.blocks[PSI][0]
    sigma, latent = central_sigma(design, implied)[0], central_latent(design, implied)[0]
    r_squared = {}
    for g, sample in enumerate(prepared.samples):
        suffix = f" [{sample.label}]" if sample.label else ""
        for p in prepared.model.parameters:
            name = {"=~": p.rhs, "~": p.lhs}.get(p.op)
            if name is None or p.group != g:
                continue
            if name in design.state:
                i = design.state.index(name)
                r_squared[name + suffix] = float(1 - residual[g, i, i] / latent[g, i, i])
            else:
                i = design.observed.index(name)
                r_squared[name + suffix] = float(1 - noise[g, i, i] / sigma[g, i, i])
    return r_squared


def _first(implied: Implied) -> Implied:
    arrays = (implied.loadings, implied.total, implied.latent, implied.sigma, implied.basis)
    return Implied(*(a[0] for a in arrays), tuple(b[0] for b in implied.blocks))


def solution_findings(
    prepared: Prepared, solution: Solution, frame: pd.DataFrame, std_se: np.ndarray, weakest: float
) -> list[diagnostics.Finding]:
    """Return what is doubtful about the solution and its table."""
    found = diagnostics.weak_identification(weakest)
    found += diagnostics.other_optima(solution.other_optima)
    found += diagnostics.few_rows(prepared.n, prepared.design.n_parameters)
    found += diagnostics.negative_variances(frame)
    found += diagnostics.standardised_above_one(frame)
    return found + diagnostics.errors_beyond_peers(frame, std_se)


def group_findings(prepared: Prepared, point: Point) -> list[diagnostics.Finding]:
    """Return what is doubtful about the latent and residual matrices of each group."""
    design, found = prepared.design, []
    names = list(prepared.model.latents)
    at = [design.state.index(name) for name in names]
    latent = central_latent(design, point.implied)[0]
    for g, sample in enumerate(prepared.samples):
        block = latent[g][np.ix_(at, at)]
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt(np.diag(block))
            correlation = pd.DataFrame(block / np.outer(spread, spread), index=names, columns=names)
        found += diagnostics.latent_correlations_too_high(correlation, sample.label)
        found += diagnostics.residuals_not_positive(point.implied.blocks[THETA][0, g], sample.label)
    return found
