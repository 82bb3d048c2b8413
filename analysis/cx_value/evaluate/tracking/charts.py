"""Control limits: shares, means, and exponentially weighted averages."""

from __future__ import annotations

import numpy as np

#: Distance of the limits from the centre in standard errors (Shewhart).
SIGMAS = 3.0
#: Mean moving range of two over σ of a normal variable.
D2 = 1.128


def share_limits(
    count: np.ndarray, n: np.ndarray, *, sigmas: float = SIGMAS
) -> tuple[float, np.ndarray, np.ndarray]:
    r"""Return centre, lower and upper limits of a p chart with varying n.

    :math:`\bar p \pm k\sqrt{\bar p(1-\bar p)/n_i}`, held within 0 and 1
    (Montgomery, 2013, eq. 7.8).

    >>> centre, low, high = share_limits(np.array([12, 15]), np.array([100, 80]))
    >>> round(centre, 4), low.round(3).tolist(), high.round(3).tolist()
    (0.15, [0.043, 0.03], [0.257, 0.27])
    """
    count, n = np.asarray(count, float), np.asarray(n, float)
    centre = count.sum() / n.sum()
    half = sigmas * np.sqrt(centre * (1 - centre) / n)
    return float(centre), np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def mean_limits(
    mean: np.ndarray, sd: np.ndarray, n: np.ndarray, *, sigmas: float = SIGMAS
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return centre, lower and upper limits of an x̄ chart with varying n.

    The centre is the mean of all answers, σ the standard deviation within waves, pooled: a change
    between waves must not widen its own limits (Montgomery, 2013, sec. 6.3).
    """
    mean, sd, n = (np.asarray(v, float) for v in (mean, sd, n))
    centre = (n * mean).sum() / n.sum()
    within = np.sqrt(((n - 1) * sd**2).sum() / (n - 1).sum())
    half = sigmas * within / np.sqrt(n)
    return float(centre), centre - half, centre + half


def moving_range_sigma(values: np.ndarray) -> float:
    """Return σ of single values from their mean moving range (Montgomery, 2013, sec. 6.4).

    >>> values = [71.2, 70.8, 72.1, 71.5, 70.9, 71.8, 72.4, 71.1, 73.6, 71.9]
    >>> round(moving_range_sigma(np.array(values)), 6)
    0.975177
    """
    return float(np.abs(np.diff(values)).mean() / D2)


def smoothed(
    values: np.ndarray, *, weight: float = 0.2, sigmas: float = SIGMAS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return the EWMA of single values with its lower and upper limits.

    :math:`z_i = λx_i + (1-λ)z_{i-1}`, :math:`z_0` the mean; limits
    :math:`\bar x \pm kσ\sqrt{λ/(2-λ)(1-(1-λ)^{2i})}` (Montgomery, 2013, eqs. 9.22, 9.25, 9.26).

    >>> values = np.array([71.2, 70.8, 72.1, 71.5, 70.9, 71.8, 72.4, 71.1, 73.6, 71.9])
    >>> z, low, high = smoothed(values)
    >>> z[:2].round(4).tolist(), low[0].round(5), high[9].round(5)
    ([71.624, 71.4592], np.float64(71.14489), np.float64(72.69954))
    """
    values = np.asarray(values, float)
    z, last = np.empty(len(values)), values.mean()
    for i, value in enumerate(values):
        last = weight * value + (1 - weight) * last
        z[i] = last
    grown = 1 - (1 - weight) ** (2 * np.arange(1, len(values) + 1))
    half = sigmas * moving_range_sigma(values) * np.sqrt(weight / (2 - weight) * grown)
    return z, values.mean() - half, values.mean() + half
