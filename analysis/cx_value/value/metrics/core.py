"""The core metrics of customer experience, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from cx_value.base.errors import DataError
from cx_value.base.formulas import reaches
from cx_value.base.results import Result
from cx_value.base.terms import named_code
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.purchase.intervals import median_ranks, wilson_interval

if TYPE_CHECKING:
    import pandas as pd


#: Metrics, named in the terms (group ``metric_name``).
METRICS = ("csat", "csat_mean", "nps", "effort", "repeat_purchase_rate", "churn_rate",
           "retention_rate", "complaint_rate", "conversion_rate", "engagement",
           "first_contact_rate", "service_within_target", "service_time_median",
           "growth_potential")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric(Result):
    """One or a few figures of one metric, with intervals."""

    template: ClassVar[str] = "metrics.figures"

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``metric group estimate std_error ci_low ci_high n``."""
        return self.rows

    def facts(self) -> dict[str, Any]:
        """Return ``rows``: ``metric group estimate low high n``, one a figure."""
        return {
            "rows": [
                {"metric": row.metric, "group": str(row.group), "estimate": row.estimate,
                 "low": row.ci_low, "high": row.ci_high, "n": row.n}
                for row in self.rows.itertuples()
            ]
        }  # fmt: skip


def as_metric(rows: list[dict], method: str, confidence: float, **more) -> Metric:
    """Bind rows of figures to a result; ``more`` may carry n_used, n_dropped and notes.

    ``method`` is a code of the terms (group ``metric_method``).
    """
    import pandas as pd

    columns = ["metric", "group", "estimate", "std_error", "ci_low", "ci_high", "n"]
    table = pd.DataFrame(rows, columns=columns)
    n = more.pop("n_used", int(table["n"].sum()) if len(table) else 0)
    told = Phrase("metrics.method", {"method": method})
    return Metric(n_used=n, method=told, confidence=confidence, rows=table, **more)


def _name(metric: str) -> str:
    return named_code(metric, "metric_name", "en")


# --- rows ----------------------------------------------------------------------------------


def share_row(metric: str, successes: float, n: float, confidence: float, group="") -> dict:
    """Return a share with its standard error and Wilson's interval as one row."""
    if not n > 0:
        raise DataError(
            f"{_name(metric)} has no case to count · allowed: at least one · do: check the filter"
        )
    low, high = wilson_interval(successes, n, confidence)
    share = successes / n
    return {
        "metric": metric, "group": group, "estimate": share,
        "std_error": float(np.sqrt(share * (1 - share) / n)),
        "ci_low": float(low), "ci_high": float(high), "n": int(n),
    }  # fmt: skip


def mean_row(
    metric: str, values: np.ndarray, weights: np.ndarray, confidence: float, factor=1.0, group=""
) -> dict:
    """Return a weighted mean with its standard error and Student's interval as one row."""
    n, mean = len(values), factor * float(np.average(values, weights=weights))
    error = factor * weighted_mean_error(values, weights)
    half = student.ppf(0.5 + confidence / 2, max(n - 1, 1)) * error
    return {
        "metric": metric, "group": group, "estimate": mean, "std_error": error,
        "ci_low": mean - half, "ci_high": mean + half, "n": n,
    }  # fmt: skip


def weighted_mean_error(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the standard error of a weighted mean by Taylor linearisation.

    √(n/(n − 1) · Σ w²(y − ȳ)²) / Σ w (Särndal, Swensson & Wretman 1992, Model Assisted Survey
    Sampling, 5.7, with replacement); s/√n where all weights are equal.

    >>> round(weighted_mean_error(np.array([1.0, 2, 3]), np.ones(3)), 6)
    0.57735
    """
    n = len(values)
    if n < 2:
        return float("nan")
    residual = weights * (values - np.average(values, weights=weights))
    return float(np.sqrt(n / (n - 1) * residual @ residual) / weights.sum())


def weighted_share_row(
    metric: str, happened: np.ndarray, weights: np.ndarray, confidence: float, group=""
) -> dict:
    """Return a weighted share with Wilson's interval, the number of cases over the design effect.

    Korn, E. L., & Graubard, B. I. (1998), Survey Methodology 24, 193–201; with equal weights it is
    Wilson's interval itself.
    """
    n = len(happened)
    share = float(np.average(happened, weights=weights))
    effective = n
    if np.ptp(weights) > 0 and 0 < share < 1:
        error = weighted_mean_error(happened, weights)
        effective = min(n, share * (1 - share) / error**2)
    row = share_row(metric, share * effective, effective, confidence, group)
    return row | {"n": n}


def _numbers(
    values: Sequence[float], what: str, weights: Sequence[float] | None = None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the finite numbers, their weights and how many were missing or without weight."""
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float)
    weight = np.ones(len(numbers)) if weights is None else np.asarray(weights, dtype=float)
    known = np.isfinite(numbers) & np.isfinite(weight) & (weight > 0)
    if not known.any():
        raise DataError(f"{what} has no number · allowed: at least one answer · do: check the data")
    return numbers[known], weight[known], int((~known).sum())


# --- what customers say -------------------------------------------------------------------------


def customer_satisfaction(
    answers: Sequence[float],
    *,
    satisfied_from: float,
    weights: Sequence[float] | None = None,
    confidence: float = 0.95,
) -> Metric:
    """Share of satisfied customers (CSAT), and mean satisfaction.

    Parameters
    ----------
    answers : sequence of float
        Answers on one scale; missing ones are dropped and counted.
    satisfied_from : float
        Lowest answer that counts as satisfied: 4 of 5, 8 of 10.
    weights : sequence of float, optional
        Sampling weights; answers without a positive weight are dropped and counted.

    Notes
    -----
    Wilson's interval for the share (:func:`weighted_share_row`), Student's for the mean.

    Examples
    --------
    >>> customer_satisfaction([5, 4, 3, 5, 2], satisfied_from=4).table().estimate.tolist()
    [0.6, 3.8]
    """
    known, weight, missing = _numbers(answers, "Satisfaction", weights)
    happy = reaches(known, satisfied_from).astype(float)
    rows = [
        weighted_share_row("csat", happy, weight, confidence),
        mean_row("csat_mean", known, weight, confidence),
    ]
    return as_metric(rows, "csat", confidence, n_used=len(known), n_dropped=missing)


def net_promoter_score(
    answers: Sequence[float], *, weights: Sequence[float] | None = None, confidence: float = 0.95
) -> Metric:
    """Net Promoter Score: promoters (9, 10) less detractors (0 to 6), in points.

    Parameters
    ----------
    answers : sequence of float
        Likelihood to recommend, 0 to 10; missing ones are dropped and counted.
    weights : sequence of float, optional
        Sampling weights; answers without a positive weight are dropped and counted.

    Raises
    ------
    DataError
        If an answer lies outside 0 to 10.

    Notes
    -----
    Reichheld (2003), Harvard Business Review 81(12). The variance of a difference of two shares of
    one sample is (p + d - (p - d)²)/(n - 1), which is that of the mean of +1, 0, -1.

    Examples
    --------
    >>> net_promoter_score([10, 9, 8, 3]).table().estimate.item()
    25.0
    """
    known, weight, missing = _numbers(answers, "Recommendation", weights)
    outside = int(((known < 0) | (known > 10)).sum())
    if outside:
        raise DataError(
            f"{outside} answers on recommendation lie outside 0 to 10 · allowed: 0 to 10 · do: "
            "recode the item, or report its mean; NPS is not defined on another scale"
        )
    score = (known >= 9).astype(float) - (known <= 6)
    rows = [mean_row("nps", score, weight, confidence, factor=100.0)]
    return as_metric(rows, "nps", confidence, n_used=len(known), n_dropped=missing)


def customer_effort(
    answers: Sequence[float], *, weights: Sequence[float] | None = None, confidence: float = 0.95
) -> Metric:
    """Mean answer to how easy, or how hard, it was to get things done, on the scale asked.

    Parameters
    ----------
    answers : sequence of float
        Answers on one scale; missing ones are dropped and counted.
    weights : sequence of float, optional
        Sampling weights; answers without a positive weight are dropped and counted.

    Notes
    -----
    Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8); Student's interval.

    Examples
    --------
    >>> customer_effort([5, 6, 7]).table().estimate.item()
    6.0
    """
    known, weight, missing = _numbers(answers, "Effort", weights)
    rows = [mean_row("effort", known, weight, confidence)]
    return as_metric(rows, "effort", confidence, n_used=len(known), n_dropped=missing)


# --- what customers do --------------------------------------------------------------------------


def repeat_purchase_rate(
    summary: TransactionSummary | pd.DataFrame, *, confidence: float = 0.95
) -> Metric:
    """Share of customers who bought again within the observation.

    Examples
    --------
    >>> import pandas as pd
    >>> repeat_purchase_rate(pd.DataFrame({"frequency": [0, 2, 1, 0]})).table().estimate.item()
    0.5
    """
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    again = int((frame["frequency"] > 0).sum())
    rows = [share_row("repeat_purchase_rate", again, len(frame), confidence)]
    return as_metric(rows, "repeat_purchase_rate", confidence)


def purchase_engagement(
    summary: TransactionSummary | pd.DataFrame, *, confidence: float = 0.95
) -> Metric:
    """Repeat purchases per customer and time unit: all of them over all time observed.

    Notes
    -----
    A ratio of means; its standard error is that of a ratio estimate (Cochran 1977, eq. 2.39), so
    customers may differ as they like.
    """
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    row = _ratio_row(
        "engagement",
        frame["frequency"].to_numpy(dtype=float),
        frame["age"].to_numpy(dtype=float),
        confidence,
    )
    return as_metric([row], "engagement", confidence)


def growth_potential(
    expected: Sequence[float], past: Sequence[float], *, confidence: float = 0.95
) -> Metric:
    """Expected purchases ahead over purchases in a past period of the same length.

    Parameters
    ----------
    expected, past : sequence of float
        One number a customer, in the same order. Above 1 the base is growing by itself.
    """
    ahead, before = np.asarray(expected, dtype=float), np.asarray(past, dtype=float)
    if ahead.shape != before.shape or not np.isfinite([*ahead, *before]).all():
        raise DataError(
            f"{ahead.size} expected and {before.size} past values, or some missing · allowed: two "
            "numbers a customer · do: take both from the same customers"
        )
    row = _ratio_row("growth_potential", ahead, before, confidence)
    return as_metric([row], "growth_potential", confidence)


def _ratio_row(metric: str, top: np.ndarray, bottom: np.ndarray, confidence: float) -> dict:
    if not bottom.sum() > 0:
        raise DataError(
            f"{_name(metric)} has a total of 0 below the line · allowed: above 0 · do: observe for "
            "longer"
        )
    n, ratio = len(top), top.sum() / bottom.sum()
    residual = top - ratio * bottom
    error = np.sqrt(residual @ residual / (n * max(n - 1, 1))) / bottom.mean()
    half = norm.ppf(0.5 + confidence / 2) * error
    return {
        "metric": metric, "group": "", "estimate": ratio, "std_error": error,
        "ci_low": ratio - half, "ci_high": ratio + half, "n": n,
    }  # fmt: skip


def service_efficiency(
    times: Sequence[float], *, target: float, confidence: float = 0.95
) -> Metric:
    """Share of service cases resolved within the target, and the median time.

    Parameters
    ----------
    times : sequence of float
        Time to resolve each case; missing ones (unresolved) are counted as beyond the target and
        beyond every other time.
    target : float

    Notes
    -----
    The median's interval is that of order statistics (Conover 1999, Practical Nonparametric
    Statistics, 3.2): it holds for any distribution, at no less than the level asked for.
    """
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(times), errors="coerce").to_numpy(dtype=float)
    if len(numbers) == 0 or (numbers < 0).any():
        raise DataError(
            f"{int((numbers < 0).sum())} of {len(numbers)} service times are negative, or there "
            "are none · allowed: 0 or more · do: check how they were computed"
        )
    ordered, n = np.sort(np.where(np.isnan(numbers), np.inf, numbers)), len(numbers)
    low, high = median_ranks(n, confidence)
    ends = [ordered[low - 1] if low > 0 else 0.0, ordered[high - 1] if high <= n else np.inf]
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    median = {
        "metric": "service_time_median", "group": "", "estimate": middle, "std_error": np.nan,
        "ci_low": ends[0], "ci_high": ends[1], "n": n,
    }  # fmt: skip
    within = share_row("service_within_target", int((ordered <= target).sum()), n, confidence)
    unresolved = int(np.isinf(ordered).sum())
    notes = ()
    if unresolved:
        notes = (Phrase("metrics.unresolved", {"cases": unresolved}),)
    return as_metric([within, median], "service", confidence, n_used=n, notes=notes)
