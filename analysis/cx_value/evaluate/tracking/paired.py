"""The change of a mean or a share between two waves: of the same respondents, or of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """After less before, its interval and p value, and a second p value that supposes less.

    ``p_rank`` is Wilcoxon's signed-rank p of a paired mean; NaN elsewhere.
    """

    before: float
    after: float
    n_before: int
    n_after: int
    low: float
    high: float
    p: float
    p_rank: float = float("nan")

    @property
    def size(self) -> float:
        return self.after - self.before


def paired_means(
    before: np.ndarray, after: np.ndarray, weights: np.ndarray, *, confidence: float = 0.95
) -> Difference:
    r"""Return the mean change of respondents who answered both times.

    Parameters
    ----------
    before, after : ndarray (n,)
        One entry a respondent, without NaN.
    weights : ndarray (n,)
        Case weights; equal ones give the paired t test.

    Notes
    -----
    :math:`\bar d \pm t_{n-1} s`, :math:`s^2 = \frac{n}{n-1}\sum w_i^2(d_i-\bar d)^2/(\sum w_i)^2`,
    which with equal weights is the t test of the differences; n is Kish's effective size.
    Wilcoxon's test takes the normal approximation with correction for ties and continuity, no
    weights. Agrees with R's ``t.test`` and ``wilcox.test`` (``tests/reference/tracking.R``).

    Examples
    --------
    >>> found = paired_means(np.array([1.0, 2, 3, 4]), np.array([2.0, 2, 5, 6]), np.ones(4))
    >>> round(found.size, 2), round(found.p, 4)
    (1.25, 0.0796)
    """
    from scipy import stats

    change, total = after - before, weights.sum()
    n = total**2 / (weights**2).sum()
    mean = np.average(change, weights=weights)
    error = np.sqrt(n / (n - 1) * (weights**2 * (change - mean) ** 2).sum()) / total
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * error
    moved = change[change != 0]
    rank = stats.wilcoxon(moved, correction=True, method="asymptotic").pvalue if len(moved) else 1.0
    return Difference(
        before=float(np.average(before, weights=weights)),
        after=float(np.average(after, weights=weights)), n_before=len(before), n_after=len(after),
        low=float(mean - half), high=float(mean + half), p_rank=float(rank),
        p=float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error > 0 else 1.0,
    )  # fmt: skip


def paired_shares(before: np.ndarray, after: np.ndarray, *, confidence: float = 0.95) -> Difference:
    r"""Return the change of a share among respondents who answered both times, unweighted.

    Notes
    -----
    p is McNemar's (1947) in its exact form: of the respondents who changed, half would be expected
    either way. The interval is Agresti and Min's (2005): Wald's, half a respondent added to each of
    the four cells.

    Examples
    --------
    >>> found = paired_shares(np.r_[np.ones(60), np.zeros(40)], np.r_[np.ones(45), np.zeros(55)])
    >>> round(found.size, 2), round(found.low, 3), round(found.high, 3), found.p < 0.001
    (-0.15, -0.218, -0.076, True)
    """
    from scipy import stats

    was, now, n = before.astype(bool), after.astype(bool), len(before)
    up, down = int((now & ~was).sum()), int((was & ~now).sum())
    gained, lost, cells = up + 0.5, down + 0.5, n + 2
    centre = (gained - lost) / cells
    error = np.sqrt((gained + lost) / cells - centre**2) / np.sqrt(cells)
    half = stats.norm.ppf((1 + confidence) / 2) * error
    return Difference(
        before=float(was.mean()), after=float(now.mean()), n_before=n, n_after=n,
        low=float(centre - half), high=float(centre + half),
        p=float(stats.binomtest(up, up + down, 0.5).pvalue) if up + down else 1.0,
    )  # fmt: skip


def unpaired_means(
    before: np.ndarray, after: np.ndarray, w_before: np.ndarray, w_after: np.ndarray, *,
    confidence: float = 0.95,
) -> Difference:  # fmt: skip
    r"""Return the difference of the means of two groups of respondents.

    Notes
    -----
    Welch's (1947) t test, each group's n its effective size (Kish, 1965); with equal weights that
    of R's ``t.test``.
    """
    from scipy import stats

    means, variances, sizes = [], [], []
    for values, w in ((before, w_before), (after, w_after)):
        n, mean = w.sum() ** 2 / (w**2).sum(), np.average(values, weights=w)
        means.append(float(mean))
        variances.append(np.average((values - mean) ** 2, weights=w) / (n - 1))
        sizes.append(n)
    total = sum(variances)
    squares = sum(v**2 / (n - 1) for v, n in zip(variances, sizes, strict=True))
    error, df = np.sqrt(total), total**2 / squares if squares > 0 else np.inf
    half, size = stats.t.ppf((1 + confidence) / 2, df) * error, means[1] - means[0]
    return Difference(
        before=means[0], after=means[1], n_before=len(before), n_after=len(after),
        low=float(size - half), high=float(size + half),
        p=float(2 * stats.t.sf(abs(size) / error, df)) if error > 0 else 1.0,
    )  # fmt: skip
