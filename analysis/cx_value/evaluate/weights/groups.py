"""Several experts: their judgements or priorities joined, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.base.errors import DataError


def aggregate_judgements(matrices: np.ndarray) -> np.ndarray:
    """Return the geometric mean of judgements, which keeps reciprocity (Aczél & Saaty 1983).

    ``matrices`` (experts, n, n); a judgement that only some gave is the mean of theirs, one that
    nobody gave stays NaN.
    """
    given = np.isfinite(matrices)
    logs = np.where(given, np.log(np.where(given, matrices, 1.0)), 0.0).sum(axis=0)
    count = given.sum(axis=0)
    return np.where(count > 0, np.exp(logs / np.maximum(count, 1)), np.nan)


def aggregate_priorities(priorities: np.ndarray, *, mean: str = "geometric") -> np.ndarray:
    """Return the experts' priorities (experts, n) as one vector that sums to 1.

    Forman & Peniwati (1998); ``mean`` is geometric or arithmetic.

    Examples
    --------
    >>> aggregate_priorities(np.array([[0.8, 0.2], [0.2, 0.8]])).tolist()
    [0.5, 0.5]
    """
    if mean == "arithmetic":
        return priorities.mean(axis=0) / priorities.mean(axis=0).sum()
    w = np.exp(np.log(priorities).mean(axis=0))
    return w / w.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance:
    """Kendall's W of several rankings: ``w chi_squared df p``, and how many rank how many."""

    w: float
    chi_squared: float
    df: int
    p: float
    raters: int
    objects: int


def kendall_w(scores: np.ndarray) -> Concordance:
    r"""Return Kendall's coefficient of concordance, corrected for ties, with its test.

    Parameters
    ----------
    scores : ndarray (raters, objects)
        Ranks, or anything that orders the objects.

    Notes
    -----
    :math:`W = 12 S / (m^2 (n^3 - n) - m \sum T)`, S the sum of squared deviations of rank sums,
    T the sum of :math:`t^3 - t` over a rater's ties; :math:`\chi^2 = m (n - 1) W` on n − 1 degrees
    of freedom (Kendall & Babington Smith 1939; Siegel & Castellan 1988).

    Raises
    ------
    DataError
        With fewer than two raters or objects.

    Examples
    --------
    >>> found = kendall_w(np.array([[1, 2, 3], [1, 3, 2]]))
    >>> round(found.w, 3), found.df
    (0.75, 2)
    """
    from scipy.stats import chi2, rankdata

    m, n = scores.shape
    if m < 2 or n < 2:
        raise DataError(
            f"{m} raters of {n} objects · allowed: two or more of each · do: leave out the "
            "agreement, or ask more experts"
        )
    ranks = np.array([rankdata(row) for row in scores])
    sums = ranks.sum(axis=0)
    ties = sum(
        (counts**3 - counts).sum()
        for counts in (np.unique(row, return_counts=True)[1] for row in ranks)
    )
    below = m**2 * (n**3 - n) - m * ties
    w = float(12 * ((sums - sums.mean()) ** 2).sum() / below) if below > 0 else float("nan")
    chi = m * (n - 1) * w
    return Concordance(
        w=w, chi_squared=chi, df=n - 1, p=float(chi2.sf(chi, n - 1)), raters=m, objects=n
    )


def distance_from_others(priorities: np.ndarray) -> np.ndarray:
    """Return each expert's Aitchison distance from the geometric mean of the others."""
    logs = np.log(priorities)
    logs = logs - logs.mean(axis=1, keepdims=True)
    others = (logs.sum(axis=0) - logs) / max(len(logs) - 1, 1)
    return np.sqrt(((logs - others) ** 2).sum(axis=1))


def outlying(distances: np.ndarray, *, beyond: float = 3.0) -> np.ndarray:
    """Tell which distances lie more than ``beyond`` scaled median deviations above the median.

    Leys et al. (2013). With fewer than four experts nobody is called outlying.
    """
    if len(distances) < 4:
        return np.zeros(len(distances), dtype=bool)
    middle = np.median(distances)
    spread = 1.4826 * np.median(np.abs(distances - middle))
    return distances > middle + beyond * max(spread, 1e-9)
