"""How the variance explained by correlated predictors is shared among them.

Both measures need the correlations alone, so that a stack of resampled correlation matrices is
handled in one array product.
"""

from __future__ import annotations

from math import comb

import numpy as np

from cx_value.base.errors import DataError

MOST_SHAPLEY = 15
_SINGULAR = 1e-10


def standardised_slopes(correlations: np.ndarray) -> np.ndarray:
    """Return the standardised regression slopes of the last variable on the others.

    Parameters
    ----------
    correlations : ndarray (..., p + 1, p + 1)
        The outcome comes last. Collinear predictors give NaN.
    """
    predictors, validity = correlations[..., :-1, :-1], correlations[..., :-1, -1]
    values, vectors = _roots(predictors)
    inverse = vectors / values[..., None, :] @ np.swapaxes(vectors, -1, -2)
    return (inverse @ validity[..., None])[..., 0]


def explained_variance(correlations: np.ndarray) -> np.ndarray:
    """Return R² of the last variable on the others, by correlations ``(..., p + 1, p + 1)``."""
    return (standardised_slopes(correlations) * correlations[..., :-1, -1]).sum(axis=-1)


def johnson_weights(correlations: np.ndarray) -> np.ndarray:
    r"""Return relative weights: each predictor's part of R², by its orthogonal counterparts.

    With :math:`R_{xx} = V D V'` and :math:`\Lambda = V D^{1/2} V'`, the slopes on the orthogonal
    variables nearest to the predictors are :math:`\beta = \Lambda^{-1} r_{xy}`, and

    .. math:: \epsilon_j = \sum_k \lambda_{jk}^2 \beta_k^2,

    which is Genizi's (1993) decomposition too.

    Parameters
    ----------
    correlations : ndarray (..., p + 1, p + 1)
        The outcome comes last. Collinear predictors give NaN.

    Returns
    -------
    ndarray (..., p)
        Never negative; the sum is R².

    References
    ----------
    Johnson (2000), Multivariate Behavioral Research 35, 1–19, eq. 8. Agrees with R's relaimpo
    2.2-7 (``genizi``) to 1e-9 (tests/evaluate/test_drivers_relative.py).

    Examples
    --------
    >>> r = np.array([[1, 0.5, 0.6], [0.5, 1, 0.6], [0.6, 0.6, 1]])
    >>> johnson_weights(r).round(3).tolist()
    [0.24, 0.24]
    """
    predictors, validity = correlations[..., :-1, :-1], correlations[..., :-1, -1]
    values, vectors = _roots(predictors)
    turned = np.swapaxes(vectors, -1, -2)
    root = np.sqrt(values)
    loadings = vectors * root[..., None, :] @ turned
    slopes = (vectors / root[..., None, :] @ turned @ validity[..., None])[..., 0]
    return (loadings**2 @ (slopes**2)[..., None])[..., 0]


def shapley_shares(correlations: np.ndarray) -> np.ndarray:
    r"""Return Shapley shares of R² (LMG): each predictor's gain in R², averaged over all orders.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|!\,(p-|S|-1)!}{p!}
              \left[R^2(S \cup j) - R^2(S)\right]

    Parameters
    ----------
    correlations : ndarray (..., p + 1, p + 1)
        The outcome comes last; p at most 15, for all subsets are visited.

    Returns
    -------
    ndarray (..., p)
        Never negative; the sum is R².

    Raises
    ------
    DataError
        If there are more predictors than can be visited.

    References
    ----------
    Lindeman, Merenda & Gold (1980); Grömping (2006), Journal of Statistical Software 17(1), eq. 4.
    Agrees with R's relaimpo 2.2-7 (``lmg``) and pingouin 0.7 to 1e-8.

    Examples
    --------
    >>> r = np.array([[1, 0.5, 0.6], [0.5, 1, 0.6], [0.6, 0.6, 1]])
    >>> shapley_shares(r).round(3).tolist()
    [0.24, 0.24]
    """
    p = correlations.shape[-1] - 1
    if p > MOST_SHAPLEY:
        raise DataError(
            f"{p} predictors make {2**p:,} subsets · allowed: {MOST_SHAPLEY} predictors or fewer "
            "· do: use relative weights, which need no subsets"
        )
    explained = 1 - _residual_variances(correlations)
    shares = []
    for j in range(p):
        inside, outside = np.take(explained, 1, axis=j), np.take(explained, 0, axis=j)
        weight = _order_weights(p).reshape((2,) * (p - 1) + (1,) * (explained.ndim - p))
        shares.append((weight * (inside - outside)).sum(axis=tuple(range(p - 1))))
    return np.stack(shares, axis=-1)


def _residual_variances(correlations: np.ndarray) -> np.ndarray:
    """Return the outcome's variance left by every subset, ``(2,) * p + (...)``: 1 is inside.

    One predictor after the other is left out (its row falls away) or taken in (its row is swept
    out of the rest), for all subsets of those before it at once.
    """
    left = correlations
    for level in range(correlations.shape[-1] - 1):
        pivot, row = left[..., :1, :1], left[..., :1, 1:]
        rest = left[..., 1:, 1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            swept = rest - np.swapaxes(row, -1, -2) * row / pivot
        swept = np.where(pivot > _SINGULAR, swept, np.nan)
        left = np.stack([rest, swept], axis=level)
    return left[..., 0, 0]


def _order_weights(p: int) -> np.ndarray:
    """Return the weight of every subset of p − 1 others: 1 / (p · ways to choose its size)."""
    sizes = sum(np.indices((2,) * (p - 1))) if p > 1 else np.zeros(())
    table = np.array([1 / (p * comb(p - 1, size)) for size in range(p)])
    return table[np.asarray(sizes, dtype=int)]


def _roots(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues (NaN where the matrix is singular) and eigenvectors of a stack."""
    whole = np.isfinite(matrix).all(axis=(-2, -1), keepdims=True)
    values, vectors = np.linalg.eigh(np.where(whole, matrix, np.eye(matrix.shape[-1])))
    regular = (values[..., :1] > _SINGULAR) & whole[..., 0]
    return np.where(regular, values, np.nan), vectors
