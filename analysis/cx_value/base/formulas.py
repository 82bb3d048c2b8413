"""The textbook formulas of measurement, each under its textbook name, on arrays alone.

Matrices may carry leading axes (bootstrap draws, groups): ``(…, p, p)`` in, ``(…)`` out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def cronbach_alpha(covariance: np.ndarray) -> np.ndarray:
    """α = k/(k − 1) · (1 − Σσᵢ² / σ²_total) (Cronbach, 1951, Psychometrika 16, eq. 2).

    On a correlation matrix it is the standardised α, on polychoric correlations the ordinal one
    (Zumbo, Gadermann & Zeisser, 2007).

    >>> round(float(cronbach_alpha(np.array([[1.0, 0.5], [0.5, 1.0]]))), 4)
    0.6667
    """
    k = covariance.shape[-1]
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    return k / (k - 1) * (1 - trace / covariance.sum(axis=(-2, -1)))


def feldt_interval(alpha: float, n: int, k: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of α: 1 − (1 − α)·F with n − 1 and (n − 1)(k − 1) df.

    Feldt (1965), Psychometrika 30; Feldt, Woodruff & Salih (1987), Appl. Psych. Meas. 11. ``n``
    is the number of rows that α was computed from.

    >>> [round(float(v), 3) for v in feldt_interval(0.8016949, 9, 11)]
    [0.533, 0.947]
    """
    from scipy.stats import f

    df = n - 1, (n - 1) * (k - 1)
    tail = (1 - confidence) / 2
    return 1 - (1 - alpha) * f.isf(tail, *df), 1 - (1 - alpha) * f.ppf(tail, *df)


def mcdonald_omega(loadings: np.ndarray, residual_variances: np.ndarray) -> np.ndarray:
    """ω = (Σλ)² / ((Σλ)² + Σθ), latent variance 1 (McDonald, 1999, Test Theory, ch. 6).

    >>> round(float(mcdonald_omega(np.array([0.7, 0.7]), np.array([0.51, 0.51]))), 4)
    0.6577
    """
    true = loadings.sum(axis=-1) ** 2
    return true / (true + residual_variances.sum(axis=-1))


def composite_reliability(loadings: np.ndarray) -> np.ndarray:
    """ρc = (Σλ)² / ((Σλ)² + Σ(1 − λ²)), standardised λ (Fornell & Larcker, 1981, eq. 10).

    >>> round(float(composite_reliability(np.array([0.8, 0.7, 0.6]))), 4)
    0.7449
    """
    return mcdonald_omega(loadings, 1 - loadings**2)


def average_variance_extracted(
    loadings: np.ndarray, residual_variances: np.ndarray | None = None
) -> np.ndarray:
    """AVE = Σλ² / (Σλ² + Σθ) (Fornell & Larcker, 1981, eq. 11).

    Standardised loadings alone give the mean of λ²; raw loadings with their residual variances
    give the version in which an item counts by its variance.

    >>> round(float(average_variance_extracted(np.array([0.8, 0.7, 0.6]))), 4)
    0.4967
    """
    square = loadings**2
    residuals = 1 - square if residual_variances is None else residual_variances
    return square.sum(axis=-1) / (square.sum(axis=-1) + residuals.sum(axis=-1))


def spearman_brown(correlation: float, share: float = 0.5) -> float:
    """Reliability of the whole test from the correlation of two parts.

    ``share`` of the items in one part. Equal halves: 2r/(1 + r) (Spearman, 1910; Brown, 1910);
    unequal ones: Horst (1951), Psychometrika 16.

    >>> round(spearman_brown(0.6), 4)
    0.75
    """
    r, f = correlation, 4 * share * (1 - share)
    if abs(r) >= 1:
        return float(r)
    return float(r * (np.sqrt(r**2 + f * (1 - r**2)) - r) / (f / 2 * (1 - r**2)))


def item_rest_correlations(covariance: np.ndarray) -> np.ndarray:
    """Correlation of each item with the sum of the others, ``(…, k)``."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    with_total = covariance.sum(axis=-1)
    total = covariance.sum(axis=(-2, -1))[..., None]
    return (with_total - variance) / np.sqrt(variance * (total - 2 * with_total + variance))


def mean_inter_item(correlation: np.ndarray) -> float:
    """Mean of the correlations below the diagonal."""
    return float(correlation[np.tril_indices(len(correlation), -1)].mean())


def heterotrait_monotrait(
    correlation: np.ndarray, blocks: Sequence[np.ndarray], *, kind: str = "htmt"
) -> np.ndarray:
    """HTMT of every pair of constructs, ``(…, c, c)`` with 1 on the diagonal.

    ``htmt``: mean correlation between the items of two constructs over the geometric mean of the
    mean correlations within each (Henseler, Ringle & Sarstedt, 2015, J. Acad. Mark. Sci. 43), with
    its sign; NaN where a mean within is not positive. ``htmt_plus``: the same of absolute
    correlations (Ringle et al., 2023, Data Brief 48). ``htmt2``: geometric means of absolute
    correlations, which does not suppose equal loadings (Roemer, Schuberth & Henseler, 2021, Ind.
    Manag. Data Syst. 121). Within a single item the mean is 1.
    """
    values = correlation if kind == "htmt" else np.abs(correlation)
    mean = _mean_log if kind == "htmt2" else _mean
    within = [mean(values[..., b[:, None], b][..., ~np.eye(len(b), dtype=bool)]) for b in blocks]
    within = [np.where(v > 0, v, np.nan) for v in within]
    ratio = np.ones((*correlation.shape[:-2], len(blocks), len(blocks)))
    for i, j in zip(*np.tril_indices(len(blocks), -1), strict=True):
        between = values[..., blocks[i][:, None], blocks[j]]
        between = mean(between.reshape(*between.shape[:-2], -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio[..., i, j] = ratio[..., j, i] = between / np.sqrt(within[i] * within[j])
    return ratio


def _mean(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=-1) if values.shape[-1] else np.ones(values.shape[:-1])


def _mean_log(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.exp(_mean(np.log(values))) if values.shape[-1] else _mean(values)


def variance_inflation(correlation: np.ndarray) -> np.ndarray:
    """VIF of each variable given all others: the diagonal of R⁻¹, ``(…, p)``.

    Infinite for a variable that the others determine.

    >>> variance_inflation(np.array([[1.0, 0.6], [0.6, 1.0]])).round(4).tolist()
    [1.5625, 1.5625]
    >>> variance_inflation(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).tolist()
    [inf, inf, 1.0]
    """
    p = correlation.shape[-1]
    ranks = np.linalg.matrix_rank(correlation, tol=1e-10, hermitian=True)
    if np.all(ranks == p):
        return np.diagonal(np.linalg.inv(correlation), axis1=-2, axis2=-1).copy()
    matrices = correlation.reshape(-1, p, p)
    left = [[_unexplained(matrix, j) for j in range(p)] for matrix in matrices]
    left = np.reshape(left, correlation.shape[:-1])
    return np.where(left > 1e-9, 1.0 / np.maximum(left, 1e-9), np.inf)


def _unexplained(correlation: np.ndarray, j: int) -> float:
    """Share of one variable's variance that the others leave, singular or not."""
    rest = np.delete(np.arange(len(correlation)), j)
    slopes = np.linalg.lstsq(correlation[np.ix_(rest, rest)], correlation[rest, j], rcond=1e-10)[0]
    return float(1.0 - slopes @ correlation[rest, j])


def reaches(values, limit):
    """Whether scores reach a limit; a score equal to it but for rounding does.

    A mean or an index of whole answers is a quotient that binary numbers hold only nearly, so that
    ``100 * (6 - 1) / 6`` and ``100 * ((6 - 1) / 6)`` differ in the last digit. The tolerance is a
    billionth of the limit's size, far below the smallest step between two scores.

    >>> import numpy as np
    >>> reaches(np.array([100 * (6 - 1) / 6, 83.0]), 100 * ((6 - 1) / 6)).tolist()
    [True, False]
    """
    return values >= limit - 1e-9 * np.maximum(1.0, np.abs(limit))
