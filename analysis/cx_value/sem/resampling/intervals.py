"""Confidence limits from bootstrap draws."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import ConvergenceError, DataError

KINDS = ("percentile", "bc", "bca", "normal")
RULES = ("normal", "linear")


def bootstrap_interval(
    draws: np.ndarray,
    estimate: np.ndarray,
    kind: str = "percentile",
    *,
    rule: str = "normal",
    level: float = 0.95,
    jackknife: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper limits of quantities drawn ``(draws, m)``.

    Parameters
    ----------
    draws : ndarray (draws, m)
        Converged draws.
    estimate : ndarray (m,)
        The same quantities in the full sample.
    kind : {"percentile", "bc", "bca", "normal"}
        Efron and Tibshirani (1993), ch. 13 and 14; ``bc`` is ``bca`` without acceleration.
    rule : {"normal", "linear"}
        Interpolation between two draws: Davison and Hinkley (1997, eq. 5.8), or linear.
    jackknife : ndarray (n, m), optional
        Leave-one-out values, for ``bca``.

    Examples
    --------
    >>> draws = np.arange(1.0, 1000.0)[:, None]
    >>> low, high = bootstrap_interval(draws, np.array([500.0]))
    >>> low.round(6).tolist(), high.round(6).tolist()
    ([25.0], [975.0])
    """
    if kind not in KINDS or rule not in RULES:
        raise DataError(
            f"kind is '{kind}', rule is '{rule}' · allowed: {', '.join(KINDS)}; {', '.join(RULES)} "
            "· do: choose one of each"
        )
    if len(draws) < 2:
        raise ConvergenceError(
            f"{len(draws)} draw(s) to read limits from · allowed: two or more that converged "
            "· do: mend the model first (see the warnings of the fit), or draw more often"
        )
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if kind == "normal":
        bias = draws.mean(axis=0) - estimate
        reach = norm.ppf(tails[1]) * draws.std(axis=0, ddof=1)
        return estimate - bias - reach, estimate - bias + reach
    m = draws.shape[1]
    shares = np.broadcast_to(tails[:, None], (2, m))
    if kind != "percentile":
        shift = bias_correction(draws, estimate)
        speed = acceleration(jackknife) if kind == "bca" else np.zeros(m)
        at = shift + norm.ppf(tails)[:, None]
        shares = norm.cdf(shift + at / (1 - speed * at))
    ordered = np.sort(draws, axis=0)
    read = normal_quantile if rule == "normal" else linear_quantile
    limits = np.array([read(ordered, share) for share in shares])
    constant = ordered[0] == ordered[-1]
    limits[:, constant] = ordered[0, constant]
    return limits[0], limits[1]


def bias_correction(draws: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Return z₀: how far the median of the draws lies from the estimate (Efron 1987, eq. 4.1)."""
    below = (draws < estimate).mean(axis=0)
    edge = 0.5 / len(draws)
    return norm.ppf(np.clip(below, edge, 1 - edge))


def acceleration(jackknife: np.ndarray) -> np.ndarray:
    """Return a: a sixth of the skewness of the jackknife (Efron and Tibshirani 1993, eq. 14.15)."""
    away = jackknife.mean(axis=0) - jackknife
    spread = (away**2).sum(axis=0) ** 1.5
    return np.where(spread > 0, (away**3).sum(axis=0) / np.where(spread > 0, 6 * spread, 1), 0.0)


def normal_quantile(ordered: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Quantiles of sorted draws, interpolated on the normal scale (Davison and Hinkley 1997)."""
    n = len(ordered)
    rank = (n + 1) * share
    k = np.clip(np.floor(rank + 1e-9).astype(int), 0, n)
    lower, upper = np.clip(k - 1, 0, n - 1), np.clip(k, 0, n - 1)
    columns = np.arange(ordered.shape[1])
    inside = (k > 0) & (k < n)
    safe = np.where(inside, k, 1)
    z, low, high = (norm.ppf(v) for v in (share, safe / (n + 1), (safe + 1) / (n + 1)))
    weight = np.where(inside, (z - low) / (high - low), 0.0)
    return ordered[lower, columns] + weight * (ordered[upper, columns] - ordered[lower, columns])


def linear_quantile(ordered: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Quantiles of sorted draws, interpolated linearly (Hyndman and Fan's type 7)."""
    position = share * (len(ordered) - 1)
    k = np.minimum(np.floor(position).astype(int), len(ordered) - 1)
    above = np.minimum(k + 1, len(ordered) - 1)
    columns = np.arange(ordered.shape[1])
    weight = position - k
    return ordered[k, columns] * (1 - weight) + ordered[above, columns] * weight
