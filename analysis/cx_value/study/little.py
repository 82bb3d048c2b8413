"""Moments of incomplete answers by EM, and whether answers are missing completely at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import ConvergenceError, DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase

EM_TOLERANCE, EM_STEPS = 1e-10, 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Maximum-likelihood mean and covariance matrix from incomplete data.

    ``mean`` has one entry per variable, ``cov`` divides by n; ``n`` counts rows with any answer.
    """

    mean: np.ndarray
    cov: np.ndarray
    n: int
    n_patterns: int
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pattern:
    """The rows that answered the same variables: what EM needs of them."""

    seen: np.ndarray
    n: float
    mean: np.ndarray
    cov: np.ndarray


def em_moments(data: np.ndarray | pd.DataFrame, weights: np.ndarray | None = None) -> Moments:
    r"""Estimate mean and covariance matrix by the EM algorithm under normality.

    The saturated moments of full-information maximum likelihood. Works on the moments of each
    missing-data pattern, so that the cost of a step does not grow with the rows.

    Parameters
    ----------
    data : n × p
        NaN where there is no answer; rows without any are left out.
    weights : n, optional
        Positive case weights; they count as rows do (pseudo maximum likelihood).

    Raises
    ------
    DataError
        If a variable has no answer or does not vary, or two variables are never answered together.
    ConvergenceError
        If the estimates still move after 20,000 steps.

    Notes
    -----
    Dempster, Laird & Rubin (1977); Little & Rubin (2002), section 11.2. Agrees with lavaan's
    saturated moments to 1e-7 relative (tests/study/test_sample.py).

    Examples
    --------
    >>> m = em_moments(np.array([[1.0, 2], [2, 4], [3, 5], [4, np.nan]]))
    >>> m.mean.round(2)
    array([2.5 , 4.42])
    """
    values = np.asarray(data, dtype=float)
    there = ~np.isnan(values).all(axis=1)
    values = values[there]
    _refuse_unusable(values)
    scale = np.nanstd(values, axis=0)
    patterns = _split_by_pattern(values / scale, None if weights is None else weights[there])
    mean, cov = np.nanmean(values / scale, axis=0), np.eye(values.shape[1])
    for step in range(1, EM_STEPS + 1):
        new_mean, new_cov = _em_step(patterns, mean, cov)
        change = max(np.abs(new_mean - mean).max(), np.abs(new_cov - cov).max())
        mean, cov = new_mean, new_cov
        if change < EM_TOLERANCE:
            return Moments(mean=mean * scale, cov=cov * np.outer(scale, scale), n=len(values),
                           n_patterns=len(patterns), steps=step)  # fmt: skip
    raise ConvergenceError(
        f"the moments of {values.shape[1]} variables with missing answers still move by "
        f"{change:.1e} after {EM_STEPS} steps · allowed: enough rows in which each pair of "
        "variables is answered · do: leave out the variables with most missing answers"
    )


def _refuse_unusable(values: np.ndarray) -> None:
    answered = ~np.isnan(values)
    together = answered.T.astype(float) @ answered.astype(float)
    if not len(values) or (np.diag(together) < 2).any():
        raise DataError(
            "a variable has fewer than two answers · allowed: two or more for every variable · "
            "do: leave it out"
        )
    if (np.nanstd(values, axis=0) == 0).any():
        raise DataError(
            "a variable has the same answer everywhere · allowed: answers that differ · "
            "do: leave it out"
        )
    if (together < 2).any():
        raise DataError(
            "two variables are answered together by fewer than two respondents · allowed: every "
            "pair answered together · do: leave one of them out"
        )


def _split_by_pattern(values: np.ndarray, weights: np.ndarray | None = None) -> list[_Pattern]:
    """Group rows by which variables they answered; a pattern of few rows has a singular cov."""
    seen, which = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    weights = np.ones(len(values), dtype=int) if weights is None else weights
    patterns = []
    for k, mask in enumerate(seen):
        rows = which.ravel() == k
        part, share = values[rows][:, mask], weights[rows] / weights[rows].sum()
        mean = share @ part
        centred = part - mean
        cov = (centred.T * share) @ centred
        patterns.append(_Pattern(mask, weights[rows].sum(), mean, cov))
    return patterns


def _em_step(
    patterns: list[_Pattern], mean: np.ndarray, cov: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take one expectation and one maximisation."""
    precision = _precision(cov)
    expected = [_complete(pattern, mean, cov, precision) for pattern in patterns]
    counts = np.array([pattern.n for pattern in patterns], dtype=float)
    means = np.stack([m for m, _ in expected])
    new_mean = counts @ means / counts.sum()
    gaps = means - new_mean
    within = np.tensordot(counts, np.stack([c for _, c in expected]), axes=1)
    return new_mean, (within + (gaps.T * counts) @ gaps) / counts.sum()


def _precision(cov: np.ndarray) -> np.ndarray | None:
    """Return the inverse of a covariance matrix; None where it is (nearly) singular."""
    try:
        lower = np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:
        return None
    ends = np.diag(lower)
    if ends.min() < 1e-5 * ends.max():
        return None
    half = np.linalg.inv(lower)
    return half.T @ half


def _complete(
    pattern: _Pattern, mean: np.ndarray, cov: np.ndarray, precision: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Fill a pattern's moments up with their expectation given what was answered.

    Slopes of what is missing on what was answered come from the precision matrix, which one step
    inverts once for all patterns; from least squares where there is none.
    """
    o, m = pattern.seen, ~pattern.seen
    if not m.any():
        return pattern.mean, pattern.cov
    if precision is None:
        slopes = np.linalg.lstsq(cov[np.ix_(o, o)], cov[np.ix_(o, m)], rcond=None)[0].T
        residual = cov[np.ix_(m, m)] - slopes @ cov[np.ix_(o, m)]
    else:
        residual = np.linalg.inv(precision[np.ix_(m, m)])
        slopes = -residual @ precision[np.ix_(m, o)]
    full_mean, full_cov = np.empty_like(mean), np.empty_like(cov)
    full_mean[o] = pattern.mean
    full_mean[m] = mean[m] + slopes @ (pattern.mean - mean[o])
    full_cov[np.ix_(o, o)] = pattern.cov
    full_cov[np.ix_(m, o)] = slopes @ pattern.cov
    full_cov[np.ix_(o, m)] = full_cov[np.ix_(m, o)].T
    full_cov[np.ix_(m, m)] = slopes @ pattern.cov @ slopes.T + residual
    return full_mean, full_cov


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class McarTest(Result):
    """Little's test that answers are missing completely at random.

    ``statistic`` is χ²-distributed with ``df`` if they are; both are NaN and 0 where no answer is
    missing, for then there is nothing to test.

    Attributes
    ----------
    pattern_items : str
        Items unanswered in the missing-data pattern that adds most to the statistic.
    pattern_n : int
        Respondents with that pattern.
    pattern_share : float
        Its share of the statistic, 0 to 1.
    p_without : float
        p of the test without those respondents.
    minimum_cell : int
        A pattern of fewer respondents is told as such: neither their number nor their items.
    """

    template = "missing.little"

    statistic: float
    df: int
    p: float
    n_patterns: int
    significance: Cutoff = CUTOFFS["significance"]
    pattern_items: str = ""
    pattern_n: int = 0
    pattern_share: float = np.nan
    p_without: float = np.nan
    minimum_cell: int = 1

    @property
    def decided_by_one_pattern(self) -> bool:
        """Whether the verdict changes without the respondents of a single pattern."""
        if np.isnan(self.p) or np.isnan(self.p_without):
            return False
        return self.significance.passes(self.p) != self.significance.passes(self.p_without)

    def table(self) -> pd.DataFrame:
        few = 0 < self.pattern_n < self.minimum_cell
        row = {"statistic": self.statistic, "df": self.df, "p": self.p,
               "n_patterns": self.n_patterns, "n_used": self.n_used,
               "pattern_items": "" if few else self.pattern_items,
               "pattern_n": np.nan if few else self.pattern_n,
               "pattern_share": self.pattern_share, "p_without": self.p_without}  # fmt: skip
        return pd.DataFrame([row])

    def facts(self) -> dict[str, Any]:
        """Return the test, whether it rejects, and what one pattern does to it."""
        return {
            **self.table().to_dict("records")[0],
            "rejected": bool(self.significance.passes(self.p)),
            "one_pattern": self.decided_by_one_pattern, "minimum": self.minimum_cell,
            "few": 0 < self.pattern_n < self.minimum_cell,
        }  # fmt: skip


def little_mcar_test(
    items: pd.DataFrame,
    *,
    significance: Cutoff = CUTOFFS["significance"],
    minimum_cell: int = 1,
) -> McarTest:
    r"""Test whether answers are missing completely at random (Little's test).

    Parameters
    ----------
    items : DataFrame, n × items
        NaN = no answer; rows without any answer are left out and counted in ``n_dropped``.
    minimum_cell : int
        Smallest number of respondents that is told of a pattern.

    Returns
    -------
    McarTest
        ``statistic``, ``df``, ``p``; a small p speaks against "completely at random".

    Notes
    -----
    :math:`d^2 = \sum_j n_j (\bar y_j - \hat\mu_j)' \hat\Sigma_j^{-1} (\bar y_j - \hat\mu_j)`, the
    sum over missing-data patterns j, with the maximum-likelihood moments of the items that pattern
    j answered; df = Σ p_j − p (Little, 1988, eq. 5). Large samples make small departures
    significant, and the test is silent on data missing not at random. Agrees with the published
    values of Enders's employee data (14.63, df 5) and of ``naniar`` on ``airquality`` (35.1,
    df 14), and with Little's formula on lavaan's moments to 1e-8.

    Examples
    --------
    >>> little_mcar_test(pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 1, 3]})).df
    0
    """
    values = items.to_numpy(dtype=float)
    kept = values[~np.isnan(values).all(axis=1)]
    common = {"n_used": len(kept), "n_dropped": len(values) - len(kept),
              "method": Phrase("missing.little_method"), "significance": significance,
              "minimum_cell": minimum_cell}  # fmt: skip
    if not len(kept) or (np.isnan(kept) == np.isnan(kept[0])).all():
        return McarTest(statistic=np.nan, df=0, p=np.nan, n_patterns=min(len(kept), 1), **common)
    statistic, df, p, parts = _little(kept)
    top = max(range(len(parts)), key=lambda k: parts[k][1])
    pattern = parts[top][0]
    names = [str(c) for c, seen in zip(items.columns, pattern.seen, strict=True) if not seen]
    return McarTest(
        statistic=statistic, df=df, p=p, n_patterns=len(parts), pattern_items=" ".join(names),
        pattern_n=pattern.n, pattern_share=parts[top][1] / statistic,
        p_without=_p_without(kept, pattern), **common,
    )  # fmt: skip


def _little(values: np.ndarray) -> tuple[float, int, float, list[tuple[_Pattern, float]]]:
    """Return d², its degrees of freedom, p, and what each pattern adds."""
    from scipy.stats import chi2

    moments = em_moments(values)
    parts = [(pattern, _squared_gap(pattern, moments)) for pattern in _split_by_pattern(values)]
    statistic = float(sum(part for _, part in parts))
    df = sum(int(pattern.seen.sum()) for pattern, _ in parts) - values.shape[1]
    return statistic, df, float(chi2.sf(statistic, df)), parts


def _p_without(values: np.ndarray, pattern: _Pattern) -> float:
    """Return p without the rows of one pattern; NaN where nothing is left to test."""
    rest = values[((~np.isnan(values)) != pattern.seen).any(axis=1)]
    if not len(rest) or (np.isnan(rest) == np.isnan(rest[0])).all():
        return np.nan
    try:
        return _little(rest)[2]
    except (ConvergenceError, DataError):
        return np.nan


def _squared_gap(pattern: _Pattern, moments: Moments) -> float:
    gap = pattern.mean - moments.mean[pattern.seen]
    within = moments.cov[np.ix_(pattern.seen, pattern.seen)]
    return pattern.n * float(gap @ np.linalg.solve(within, gap))
