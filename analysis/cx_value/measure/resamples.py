"""Samples drawn from the answers, and intervals from their statistics."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cx_value.sem.resampling.intervals import normal_quantile

_CELLS_AT_ONCE = 4_000_000
# A percentile interval of fewer draws would be their range.
FEWEST_DRAWS = 20


def resampled_rows(n: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yield row numbers of bootstrap samples, ``(some, n)`` at a time, ``draws`` in all.

    The stream does not depend on how it is cut, so memory stays bounded at any ``n``.
    """
    random = np.random.default_rng(seed)
    step = max(1, _CELLS_AT_ONCE // n)
    for start in range(0, draws, step):
        yield random.integers(0, n, size=(min(step, draws - start), n))


def _counts(rows: np.ndarray, n: int, weights: np.ndarray | None) -> np.ndarray:
    counts = np.stack([np.bincount(row, minlength=n) for row in rows]).astype(float)
    return counts if weights is None else counts * weights


def pairwise_correlations(
    values: np.ndarray, rows: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return correlation matrices, each correlation from the rows that answer both items.

    Parameters
    ----------
    values : ndarray (n, p)
    rows : ndarray (draws, n), optional
        Row numbers of resamples (default: one, of every row once).
    weights : ndarray (n,), optional

    Returns
    -------
    ndarray (draws, p, p)
        NaN where fewer than two rows answer both, or an item does not vary among them.

    >>> x = np.array([[1.0, 2], [2, 1], [4, 5], [3, np.nan]])
    >>> round(float(pairwise_correlations(x)[0, 1, 0]), 4)
    0.8386
    """
    n, p = values.shape
    rows = np.arange(n)[None] if rows is None else rows
    counts = _counts(rows, n, weights)
    centred = values - np.nanmean(values, axis=0)
    i, j = np.tril_indices(p, -1)
    both = (~np.isnan(centred[:, i] * centred[:, j])).astype(float)
    x, y = (np.where(both > 0, centred[:, k], 0.0) for k in (i, j))
    size, sx, sy = counts @ both, counts @ x, counts @ y
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (size * (counts @ x**2) - sx**2) * (size * (counts @ y**2) - sy**2)
        lower = (size * (counts @ (x * y)) - sx * sy) / np.sqrt(spread)
    matrices = np.ones((len(rows), p, p))
    matrices[:, i, j] = matrices[:, j, i] = lower
    return matrices


def percentile_interval(
    draws: np.ndarray, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval of bootstrap draws along the first axis.

    Order statistics are interpolated on the normal scale, as R's ``boot`` does (Davison &
    Hinkley, 1997, eq. 5.8), so that few draws do not shorten the interval. NaN where fewer than
    half of the draws are numbers.

    >>> low, high = percentile_interval(np.arange(1.0, 1000.0))
    >>> round(float(low), 6), round(float(high), 6)
    (25.0, 975.0)
    """
    draws = np.asarray(draws, dtype=float)
    columns = draws.reshape(len(draws), -1).T
    ends = np.array([_ends_of(column, confidence) for column in columns])
    low, high = ends.T.reshape(2, *draws.shape[1:])
    return low, high


def _ends_of(column: np.ndarray, confidence: float) -> np.ndarray:
    kept = np.sort(column[np.isfinite(column)])
    if len(kept) < max(FEWEST_DRAWS, len(column) / 2):
        return np.full(2, np.nan)
    ordered = np.broadcast_to(kept[:, None], (len(kept), 2))
    return normal_quantile(ordered, np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))
