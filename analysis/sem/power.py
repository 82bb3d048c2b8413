"""Power of a test of fit, and the sample it takes (MacCallum, Browne and Sugawara 1996)."""

from __future__ import annotations

import math

from analysis.errors import DataError


def rmsea_power(
    df: int, n: float, *, rmsea_null: float = 0.05, rmsea_true: float = 0.08, alpha: float = 0.05
) -> float:
    """Return the chance that the test of close fit rejects when the true RMSEA is ``rmsea_true``.

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    n : float
        Respondents.
    rmsea_null, rmsea_true : float
        .05 against .08 is the test of close fit; .05 against .01 that of not-close fit.
    alpha : float
        Level of the test.

    Notes
    -----
    Noncentrality (n − 1) · df · ε² (eq. 8). Agrees with the published Table 2.

    Examples
    --------
    >>> round(rmsea_power(100, 200), 3), round(rmsea_power(5, 100), 3)
    (0.955, 0.127)
    """
    from scipy.stats import chi2, ncx2

    _check(df, n, rmsea_null, rmsea_true, alpha)
    null, true = ((n - 1) * df * r**2 for r in (rmsea_null, rmsea_true))

    def quantile(share: float) -> float:
        return ncx2.ppf(share, df, null) if null > 0 else chi2.ppf(share, df)

    if rmsea_true > rmsea_null:
        return float(ncx2.sf(quantile(1 - alpha), df, true))
    below = chi2.cdf if true == 0 else lambda x, d: ncx2.cdf(x, d, true)
    return float(below(quantile(alpha), df))


def rmsea_sample_size(
    df: int,
    power: float = 0.80,
    *,
    rmsea_null: float = 0.05,
    rmsea_true: float = 0.08,
    alpha: float = 0.05,
) -> int:
    """Return the smallest number of respondents that reaches a power.

    Agrees with the published Table 4.

    Examples
    --------
    >>> rmsea_sample_size(100), rmsea_sample_size(10)
    (132, 782)
    """
    _check(df, 2, rmsea_null, rmsea_true, alpha)
    if not alpha < power < 1:
        raise DataError(
            f"power is {power} · allowed: between alpha ({alpha}) and 1 · do: ask for .80"
        )

    def enough(n: int) -> bool:
        return (
            rmsea_power(df, n, rmsea_null=rmsea_null, rmsea_true=rmsea_true, alpha=alpha) >= power
        )

    high = 4
    while not enough(high):
        high *= 2
        if high > 10**9:
            return math.inf
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check(df: int, n: float, null: float, true: float, alpha: float) -> None:
    if df < 1 or n < 2 or null < 0 or true < 0 or null == true or not 0 < alpha < 1:
        raise DataError(
            f"df = {df}, n = {n}, rmsea_null = {null}, rmsea_true = {true}, alpha = {alpha} · "
            "allowed: df ≥ 1, n ≥ 2, two different RMSEA ≥ 0, alpha between 0 and 1 · do: correct "
            "the value"
        )
