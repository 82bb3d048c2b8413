"""Rubin's rules: one answer from many completed data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """Pooled estimates; every array is (p,).

    Attributes
    ----------
    estimate, std_error, df, ci_low, ci_high, p : ndarray
    within, between : ndarray
        Mean variance inside the completed data sets, and variance between them.
    missing_information : ndarray
        Fraction of missing information, 0 to 1.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    p: np.ndarray
    within: np.ndarray
    between: np.ndarray
    missing_information: np.ndarray


def pool_estimates(
    estimates: np.ndarray, variances: np.ndarray, complete_df: float, confidence: float = 0.95
) -> Pooled:
    r"""Pool estimates of m completed data sets.

    Parameters
    ----------
    estimates, variances : ndarray (m, p)
        Estimates and squared standard errors.
    complete_df : float
        Degrees of freedom there would be without missing data.
    confidence : float

    Notes
    -----
    Total variance :math:`T = \bar U + (1 + 1/m) B` (Rubin 1987, eq. 3.1.5); degrees of freedom by
    Barnard and Rubin (1999, eq. 3–5); fraction of missing information
    :math:`(r + 2/(\nu + 3))/(r + 1)` with :math:`r = (1 + 1/m) B/\bar U` (Rubin 1987, eq. 3.1.10).

    Examples
    --------
    >>> found = pool_estimates(np.array([[1.0], [2.0], [3.0]]), np.ones((3, 1)), 100)
    >>> [round(float(v[0]), 3) for v in (found.estimate, found.std_error, found.df)]
    [2.0, 1.528, 5.346]
    """
    m = len(estimates)
    middle, within = estimates.mean(axis=0), variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1)
    extra = (1 + 1 / m) * between
    total = within + extra
    with np.errstate(divide="ignore", invalid="ignore"):
        share = extra / total
        large = (m - 1) / share**2
        observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
        df = np.where(share > 0, 1 / (1 / large + 1 / observed), observed)
        ratio = extra / within
        fmi = (ratio + 2 / (df + 3)) / (ratio + 1)
        p = 2 * student.sf(np.abs(middle) / np.sqrt(total), df)
    reach = student.ppf(0.5 + confidence / 2, df) * np.sqrt(total)
    return Pooled(
        estimate=middle, std_error=np.sqrt(total), df=df, ci_low=middle - reach,
        ci_high=middle + reach, p=p, within=within, between=between, missing_information=fmi,
    )  # fmt: skip
