"""Where the model and the data disagree, variable by variable."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.sem.design.matrices import Design
from cx_value.sem.engine.likelihood import evaluate
from cx_value.sem.engine.moments import central_moments
from cx_value.sem.engine.saturated import moment_slope, residual_variance, saturated_fit
from cx_value.sem.reading.inference import normal_theory_vcov
from cx_value.sem.reading.result import ModelFit

KINDS = ("raw", "correlation", "normalised", "standardised")


def residual_matrix(
    fit: ModelFit, kind: str = "correlation", group: str | None = None
) -> pd.DataFrame:
    """Return sample minus implied covariances ``(p, p)``, with a column ``mean`` where modelled.

    Parameters
    ----------
    fit : ModelFit
    kind : {"raw", "correlation", "normalised", "standardised"}
        In the data's units; divided by both sample standard deviations (Bentler 1995); divided by
        the standard error of the sample covariance; divided by the standard error of the residual
        itself (Jöreskog and Sörbom 1993; Hausman 1978), 0 where the model fits it by construction.
    group : str, optional
        The group's label; the first where none is named.

    Notes
    -----
    Sampling errors are free of distribution where the estimator is robust, and allow for what is
    missing under FIML. Agrees with lavaan's ``residuals()`` to 1e-6, except standardised ones of
    MLR, which are here those of MLM (lavaan takes another projection), and of FIML.
    """
    if kind not in KINDS:
        raise ModelError(f"kind is '{kind}' · allowed: {', '.join(KINDS)} · do: choose one of them")
    prepared, g = fit.prepared, fit.group_position(group)
    p = len(prepared.model.observed)
    point = evaluate(prepared.design, fit.solution.theta[None], prepared.target)
    sample = prepared.target.sample[0, g]
    away = _moment_vector(sample, p) - _moment_vector(point.implied.sigma[0, g], p)
    central = central_moments(sample, p)
    units = prepared.design.units[:p]
    if kind in ("raw", "correlation"):
        spread = units if kind == "raw" else 1 / np.sqrt(np.diag(central))
        i, j = np.tril_indices(p)
        scale = np.concatenate([spread, spread[i] * spread[j]])
    elif prepared.target.seen is not None:
        scale = _inverse_errors(_missing_variance(fit, g, projected=kind == "standardised"))
    elif kind == "normalised":
        scale = _inverse_errors(np.diag(_sampling_covariance(fit, g)) / prepared.samples[g].size)
    else:
        scale = _inverse_errors(_residual_variance(fit, point, g, p))
    return _frame(away * scale, list(prepared.model.observed), prepared.model.meanstructure)


def _moment_vector(moments: np.ndarray, p: int) -> np.ndarray:
    """Return means (0 where there are none) and the lower triangle of covariances."""
    mean = moments[..., :p, p] if moments.shape[-1] > p else np.zeros((*moments.shape[:-2], p))
    i, j = np.tril_indices(p)
    return np.concatenate([mean, central_moments(moments, p)[..., i, j]], axis=-1)


def _moment_covariance(covariance: np.ndarray) -> np.ndarray:
    """n times the normal-theory covariances of means and covariances (Anderson 2003, sec. 3.4)."""
    p = len(covariance)
    i, j = np.tril_indices(p)
    one, two = covariance[np.ix_(i, i)], covariance[np.ix_(j, j)]
    pairs = one * two + covariance[np.ix_(i, j)] * covariance[np.ix_(j, i)]
    out = np.zeros((p + len(i), p + len(i)))
    out[:p, :p], out[p:, p:] = covariance, pairs
    return out


def _sampling_covariance(fit: ModelFit, g: int) -> np.ndarray:
    """n times the covariances of a group's sample moments.

    By normal theory, or free of distribution (Browne 1984) where the fit is robust.
    """
    prepared, p = fit.prepared, len(fit.prepared.model.observed)
    if prepared.request.estimator == "ml":
        return _moment_covariance(central_moments(prepared.target.sample[0, g], p))
    sample = prepared.samples[g]
    z = (sample.rows - sample.mean()) / prepared.design.units[:p]
    i, j = np.tril_indices(p)
    products = np.column_stack([z, z[:, i] * z[:, j]])
    share = np.full(len(z), 1 / len(z)) if sample.weights is None else sample.weights / sample.size
    centred = products - share @ products
    return (centred * share[:, None]).T @ centred


def _residual_variance(fit: ModelFit, point, g: int, p: int) -> np.ndarray:
    """Variance of each residual: what estimation projects out of the sampling error.

    With Q = I − Δ V Δ' A, the covariance matrix of the residuals is QΓQ'/n, over all groups that
    share parameters; Γ from the sample, A from the model, V its inverse information over n.
    """
    prepared, bread = fit.prepared, normal_theory_vcov(fit.prepared, point)
    slopes = [_implied_slope(prepared.design, fit, h, p) for h in range(len(prepared.samples))]
    total = 0.0
    for h, sample in enumerate(prepared.samples):
        implied = central_moments(point.implied.sigma[0, h], p)
        weight = sample.size * np.linalg.inv(_moment_covariance(implied))
        projection = -slopes[g] @ bread @ slopes[h].T @ weight
        if g == h:
            projection += np.eye(len(projection))
        spread = _sampling_covariance(fit, h)
        total = total + np.einsum("ij,jk,ik->i", projection, spread / sample.size, projection)
    return total


def _missing_variance(fit: ModelFit, g: int, *, projected: bool) -> np.ndarray:
    """Variance of the saturated moments of data with gaps, or of what the model leaves of them."""
    prepared, p = fit.prepared, len(fit.prepared.model.observed)
    if prepared.model.exogenous:
        raise ModelError(
            "Standard errors of residuals with missing answers and fixed predictors · allowed: "
            "kind 'raw' or 'correlation' · do: choose one, or drop the incomplete rows"
        )
    full = saturated_fit(prepared)
    if projected:
        variance = residual_variance(full, moment_slope(prepared, fit.solution.theta))
    else:
        variance = np.concatenate([np.diag(part.gamma) for part in full.parts])
    own = variance.reshape(len(prepared.samples), -1)[g] / prepared.n
    return np.roll(own, p)  # means first


def _inverse_errors(variance: np.ndarray) -> np.ndarray:
    """Return 1 over the standard error, 0 where there is no error to divide by."""
    nothing = variance < 1e-13
    return np.where(nothing, 0.0, 1 / np.sqrt(np.where(nothing, 1.0, variance)))


def _implied_slope(design: Design, fit: ModelFit, g: int, p: int) -> np.ndarray:
    step = 1e-30
    theta = fit.solution.theta
    shifted = theta + 1j * step * np.eye(len(theta))
    sample = fit.prepared.target.sample.astype(complex)
    sigma = design.implied(shifted, sample).sigma[:, g]
    return np.imag(_moment_vector(sigma, p)).T / step


def _frame(values: np.ndarray, names: list[str], means: bool) -> pd.DataFrame:
    p = len(names)
    matrix = np.empty((p, p))
    i, j = np.tril_indices(p)
    matrix[i, j] = matrix[j, i] = values[p:]
    frame = pd.DataFrame(matrix, index=names, columns=names)
    if means:
        frame["mean"] = values[:p]
    return frame
