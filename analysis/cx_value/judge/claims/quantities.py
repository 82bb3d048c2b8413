"""What each claim speaks of, as a quantity that survey and purchases can give.

Ratios have intervals on the log scale with variances that hold under weights (Taylor
linearisation); the share of the best customers has that of Lorenz curves (Beach & Davidson 1983).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from cx_value.base.formulas import reaches
from cx_value.judge.claims.evidence import Estimate, Evidence, Untestable
from cx_value.judge.claims.retention import profit_per_retention
from cx_value.study.identifiers import alike

if TYPE_CHECKING:
    import pandas as pd


#: Promoters: 9 or 10 of 0 to 10 (Reichheld 2003).
PROMOTER_FROM = 9.0
FEWEST = 20
#: Score → whether its limit is reached, which is known of those alone who answered its items.
_STANDING = {"satisfaction": "satisfied", "loyalty": "loyal"}


def estimate_quantity(quantity: str, change: float, evidence: Evidence) -> Estimate:
    """Estimate a claim's quantity.

    Raises
    ------
    Untestable
        If the evidence lacks a piece that the quantity needs.

    Examples
    --------
    >>> estimate_quantity("acquisition_cost_ratio", 1, Evidence(acquisition_cost=60,
    ...                   retention_cost=20)).value
    3.0
    """
    if quantity not in QUANTITIES:
        raise Untestable(quantity)
    return QUANTITIES[quantity](change, evidence)


# --- what satisfaction does ---------------------------------------------------------------------


def _value_per_percent(change: float, evidence: Evidence) -> Estimate:
    """Return percent of value for ``change`` percent of the mean satisfaction index."""
    scores = _scores(evidence, "satisfaction")
    mean = np.average(scores["satisfaction"], weights=scores["weight"])
    return _value_per_point(change * mean / 100, evidence)


def _value_per_point(change: float, evidence: Evidence) -> Estimate:
    """Return percent of value for ``change`` points of the index, from the link."""
    link = evidence.link
    if link is None:
        raise Untestable("link")
    points = change / 100 * (evidence.scale[1] - evidence.scale[0])
    value, low, high = (
        100 * float(np.expm1(points * end)) for end in (link.value, link.low, link.high)
    )
    return Estimate(value=value, low=low, high=high, n=link.n)


def _repurchase_per_point(change: float, evidence: Evidence) -> Estimate:
    """Return percent more repeat purchases for ``change`` points (Poisson slope, robust error)."""
    rows = _matched(evidence, "satisfaction")
    slope, error = poisson_slope(
        rows["frequency"].to_numpy(float), rows["satisfaction"].to_numpy(float),
        rows["age"].to_numpy(float), rows["weight"].to_numpy(float),
    )  # fmt: skip
    ends = slope + evidence.reach * error * np.array([0.0, -1.0, 1.0])
    value, low, high = (100 * float(np.expm1(change * end)) for end in ends)
    return Estimate(value=value, low=low, high=high, n=len(rows))


def poisson_slope(count, x, exposure, weight) -> tuple[float, float]:
    """Return the log-linear slope of a rate on x and its standard error.

    Poisson pseudo maximum likelihood (Gourieroux, Monfort & Trognon 1984), sandwich error, so that
    counts may vary more than Poisson. Equal to R's ``glm(family = poisson)`` with the HC0 sandwich.
    """
    design = np.column_stack([np.ones_like(x), x - np.average(x, weights=weight)])
    beta = np.array([np.log((weight @ count) / (weight @ exposure)), 0.0])
    for _ in range(100):
        rate = exposure * np.exp(design @ beta)
        hessian = design.T @ (design * (weight * rate)[:, None])
        step = np.linalg.solve(hessian, design.T @ (weight * (count - rate)))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-12:
            break
    score = design * (weight * (count - rate))[:, None]
    inverse = np.linalg.inv(hessian)
    covariance = inverse @ score.T @ score @ inverse
    return float(beta[1]), float(np.sqrt(covariance[1, 1]))


# --- groups of customers compared ---------------------------------------------------------------


def _share_ratio(cause: str, outcome: str) -> Callable[[float, Evidence], Estimate]:
    """Return the estimator of a ratio of shares: those with the cause over those without."""

    def estimate(change: float, evidence: Evidence) -> Estimate:
        rows = _scores(evidence, cause, outcome)
        happened = _reached(rows, outcome, evidence).to_numpy(float)
        inside = _reached(rows, cause, evidence).to_numpy()
        return _ratio(happened, np.ones(len(rows)), inside, rows["weight"].to_numpy(), evidence)

    return estimate


def _repurchase_ratio(change: float, evidence: Evidence) -> Estimate:
    """Return repeat purchases per time, satisfied customers over the others."""
    rows = _matched(evidence, "satisfaction")
    inside = _reached(rows, "satisfaction", evidence).to_numpy()
    counts, ages = rows["frequency"].to_numpy(float), rows["age"].to_numpy(float)
    return _ratio(counts, ages, inside, rows["weight"].to_numpy(), evidence)


def _loyal_profit(change: float, evidence: Evidence) -> Estimate:
    """Return profit per time, loyal customers over the others."""
    rows = _matched(evidence, "loyalty")
    _require_money(rows["spend"])
    inside = _reached(rows, "loyalty", evidence).to_numpy()
    profit = rows["spend"] - rows["cost"] if "cost" in rows else rows["spend"]
    known = profit.notna().to_numpy()
    numbers = (profit, rows["age"], rows["weight"])
    profit, ages, weight = (column.to_numpy(float)[known] for column in numbers)
    return _ratio(profit, ages, inside[known], weight, evidence)


def _ratio(total, exposure, inside, weight, evidence: Evidence) -> Estimate:
    """Return the ratio of two weighted rates with its interval on the log scale."""
    rates, variance = [], 0.0
    for rows in (inside, ~inside):
        if rows.sum() < FEWEST:
            raise Untestable("few")
        w = weight[rows]
        base = w @ exposure[rows]
        rate = w @ total[rows] / base
        if not rate > 0:
            raise Untestable("no_event")
        residual = w * (total[rows] - rate * exposure[rows]) / base
        variance += residual @ residual / rate**2
        rates.append(rate)
    ratio, half = rates[0] / rates[1], evidence.reach * np.sqrt(variance)
    low, high = ratio * np.exp(-half), ratio * np.exp(half)
    return Estimate(value=float(ratio), low=float(low), high=float(high), n=len(inside))


def _reached(rows: pd.DataFrame, what: str, evidence: Evidence) -> pd.Series:
    """Say who counts as satisfied, loyal, a promoter, one who complained."""
    known = _STANDING.get(what)
    if known in rows:
        return rows[known].astype(bool)
    limits = {
        "satisfaction": evidence.satisfied_from,
        "loyalty": evidence.loyal_from,
        "recommendation": PROMOTER_FROM,
        "complained": 0.5,
    }
    return reaches(rows[what], limits[what])


def _scores(evidence: Evidence, *columns: str) -> pd.DataFrame:
    """Return complete rows of some scores with their weight."""
    if evidence.scores is None:
        raise Untestable(columns[0])
    for column in columns:
        if column not in evidence.scores:
            raise Untestable(column)
    told = [_STANDING.get(column, column) for column in columns]
    wanted = {*columns, *(column for column in told if column in evidence.scores)}
    rows = evidence.scores.dropna(subset=sorted(wanted))
    rows = rows.assign(weight=rows.get("weight", 1.0)).dropna(subset=["weight"])
    if len(rows) < FEWEST:
        raise Untestable("few")
    return rows


def _matched(evidence: Evidence, *columns: str) -> pd.DataFrame:
    """Return scores and purchases of the customers who have both."""
    rows = _scores(evidence, *columns)
    if evidence.customers is None:
        raise Untestable("customers")
    if "customer" not in rows:
        raise Untestable("match")
    asked, bought, _ = alike(rows["customer"], evidence.customers["customer"])
    log = evidence.customers.assign(customer=bought)
    rows = rows.assign(customer=asked).merge(log, on="customer")
    rows = rows[rows["age"] > 0]
    if len(rows) < FEWEST:
        raise Untestable("match")
    return rows


# --- customers alone ----------------------------------------------------------------------------


def _top_share(change: float, evidence: Evidence) -> Estimate:
    """Return the percent of revenue that the best ``change`` percent of customers bring."""
    if evidence.customers is None:
        raise Untestable("customers")
    spend = evidence.customers["spend"].dropna().to_numpy(float)
    _require_money(spend)
    share, error = top_share(spend, change / 100)
    half = evidence.reach * error / (share * (1 - share))
    low, high = expit(logit(share) - half), expit(logit(share) + half)
    return Estimate(value=100 * share, low=100 * low, high=100 * high, n=len(spend))


def _require_money(spend) -> None:
    """Refuse a claim on money of a log that tells no amounts."""
    if not np.isfinite(np.asarray(spend, dtype=float)).any():
        raise Untestable("amounts")


def top_share(amounts: np.ndarray, best: float) -> tuple[float, float]:
    """Return the share of the sum that the best share of cases holds, with its standard error.

    One less the Lorenz ordinate at 1 - best. Beach, C. M., & Davidson, R. (1983), Review of
    Economic Studies 50(4), 723–735.

    >>> round(top_share(np.array([1.0, 1, 1, 1, 6]), 0.2)[0], 2)
    0.6
    """
    n, mean = len(amounts), amounts.mean()
    sorted_amounts = np.sort(amounts)[::-1]
    whole = int(np.floor(best * n))
    edge = sorted_amounts[min(whole, n - 1)]
    share = (sorted_amounts[:whole].sum() + (best * n - whole) * edge) / amounts.sum()
    influence = (np.maximum(amounts - edge, 0) + best * edge - share * amounts) / mean
    return float(share), float(influence.std(ddof=1) / np.sqrt(n))


def _acquisition_cost(change: float, evidence: Evidence) -> Estimate:
    """Return the cost of winning over that of keeping: accounts, without sampling error."""
    won, kept = evidence.acquisition_cost, evidence.retention_cost
    if not won or not kept:
        raise Untestable("costs")
    return Estimate(value=won / kept, low=won / kept, high=won / kept, n=0)


QUANTITIES: Mapping[str, Callable[[float, Evidence], Estimate]] = {
    "value_per_satisfaction_percent": _value_per_percent,
    "profit_per_satisfaction_point": _value_per_point,
    "loyal_profit_ratio": _loyal_profit,
    "profit_per_retention_point": profit_per_retention,
    "acquisition_cost_ratio": _acquisition_cost,
    "satisfied_loyal_ratio": _share_ratio("satisfaction", "loyalty"),
    "satisfied_promoter_ratio": _share_ratio("satisfaction", "recommendation"),
    "satisfied_complaint_ratio": _share_ratio("satisfaction", "complained"),
    "satisfied_repurchase_ratio": _repurchase_ratio,
    "repurchase_per_satisfaction_point": _repurchase_per_point,
    "top_share": _top_share,
}
