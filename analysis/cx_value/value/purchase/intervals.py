"""Intervals of a share and of a median."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, norm


def wilson_interval(successes, n, confidence: float = 0.95):
    """Return Wilson's interval of a share.

    Parameters
    ----------
    successes, n : array-like
        Counts; arrays are matched.

    Returns
    -------
    low, high : ndarray

    Notes
    -----
    Wilson, E. B. (1927), JASA 22, 209–212. Equal to R's ``prop.test(correct = FALSE)``.

    Examples
    --------
    >>> [round(float(v), 4) for v in wilson_interval(8, 10)]
    [0.4902, 0.9433]
    """
    successes, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    z = norm.ppf(0.5 + confidence / 2)
    share = successes / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At 0 and n the bound is exact; subtraction leaves a hair.
    return (
        np.where(successes == 0, 0.0, middle - half),
        np.where(successes == n, 1.0, middle + half),
    )


def median_ranks(n: int, confidence: float) -> tuple[int, int]:
    """Return the ranks (from 1) of the order statistics that bound the median; 0 or n + 1 if none.

    >>> median_ranks(10, 0.95)
    (2, 9)
    """
    low = int(binom.ppf((1 - confidence) / 2, n, 0.5))
    return low, n + 1 - low
