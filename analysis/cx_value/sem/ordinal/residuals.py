"""Where a model fitted by least squares and the correlations of the responses disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.sem.ordinal.search import implied_moments
from cx_value.sem.reading.result import ModelFit

RESIDUALS = ("raw", "correlation", "normalised", "standardised")


def residual_matrix(fit: ModelFit, kind: str, group: str | None) -> pd.DataFrame:
    """Return sample less implied (co)variances of the responses, (p, p).

    ``raw`` and ``correlation`` are the same for ordinal items; ``normalised`` divides by the
    standard error of the sample's correlation, ``standardised`` by that of the residual (Maydeu-
    Olivares, 2017). Agrees with lavaan's ``lavResiduals()``.
    """
    if kind not in RESIDUALS:
        raise ModelError(
            f"kind is '{kind}' · allowed: {', '.join(RESIDUALS)} · do: choose one of them"
        )
    prepared, g = fit.prepared, fit.group_position(group)
    moments = prepared.moments
    away = moments.observed - implied_moments(prepared.design, fit.solution.theta, moments)
    away = away[g]
    p = len(prepared.model.observed)
    units = prepared.design.units[:p]
    if kind in ("normalised", "standardised"):
        error = np.sqrt(np.maximum(_residual_variance(fit, kind, g), 0.0) / moments.n)
        away = np.divide(away, error, out=np.zeros_like(away), where=error > 1e-8)
        units = np.ones(p)
    elif kind == "correlation":
        units = units / np.sqrt(np.diag(prepared.sample.covariance[g]))
    matrix = np.zeros((p, p))
    a, b = moments.pairs.T
    matrix[a, b] = matrix[b, a] = away[moments.n_first :]
    own = moments.continuous
    matrix[own, own] = away[moments.n_first - len(own) : moments.n_first]
    names = list(prepared.model.observed)
    return pd.DataFrame(matrix * np.outer(units, units), index=names, columns=names)


def _residual_variance(fit: ModelFit, kind: str, g: int) -> np.ndarray:
    """Diagonal of Γ, or of (I - ΔEΔ'W) Γ (I - ΔEΔ'W)', for the moments of one group."""
    moments, found = fit.prepared.moments, fit.engine.sandwich
    own = moments.gamma[g] / moments.share[g]
    if kind == "normalised":
        return np.diag(own)
    variance = np.diag(own).copy()
    weight = moments.weight * moments.share[:, None]
    for h, slope in enumerate(found.slope):
        pull = found.slope[g] @ found.bread @ (slope.T * weight[h])
        spread = moments.gamma[h] / moments.share[h]
        variance += np.einsum("ij,jk,ik->i", pull, spread, pull)
        if h == g:
            variance -= 2.0 * np.einsum("ij,ji->i", pull, spread)
    return variance
