"""Moments of one item: skew, kurtosis, and mean and spread under weights."""

from __future__ import annotations

import numpy as np


def skew(values: np.ndarray) -> float:
    """Return the sample skew m₃ / s³ with s from n − 1 (type 3; Joanes & Gill, 1998).

    >>> round(skew(np.array([1.0, 2, 2, 3, 7])), 4)
    0.8373
    """
    x = _given(values)
    return float((x**3).mean() / x.std(ddof=1) ** 3) if _varies(x) else np.nan


def kurtosis(values: np.ndarray) -> float:
    """Return the excess kurtosis m₄ / s⁴ − 3 with s from n − 1 (type 3; Joanes & Gill, 1998).

    >>> round(kurtosis(np.array([1.0, 2, 2, 3, 7])), 4)
    -1.1884
    """
    x = _given(values)
    return float((x**4).mean() / x.std(ddof=1) ** 4 - 3) if _varies(x) else np.nan


def _given(values: np.ndarray) -> np.ndarray:
    x = np.asarray(values, dtype=float)
    x = x[~np.isnan(x)]
    return x - x.mean() if len(x) else x


def _varies(x: np.ndarray) -> bool:
    return len(x) > 1 and bool(x.std() > 0)


def weighted_mean_sd(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation under sampling weights; NaN answers are left out.

    >>> weighted_mean_sd(np.array([1.0, 2, 3]), np.array([1.0, 1, 1]))
    (2.0, 1.0)
    """
    there = ~np.isnan(values)
    x, w = values[there], weights[there]
    if len(x) < 2 or w.sum() <= 0:
        return np.nan, np.nan
    mean = np.average(x, weights=w)
    variance = np.sum(w * (x - mean) ** 2) / (w.sum() * (1 - 1 / len(x)))
    return float(mean), float(np.sqrt(variance))
