"""What segments are like: their scores, what they are worth, where they stand, who may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cx_value.base.results import Result

if TYPE_CHECKING:
    from cx_value.evaluate.segments.worth import ValueTiers

#: Rows of all respondents, and of all customers of the log.
ALL, EVERYBODY = "segment_all", "tier_all"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentProfile(Result):
    """One row a segment, and one row a segment and score.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`table`.
    scores : DataFrame
        ``segment measure n mean low high difference clear``: 0 to 100, the difference from all.
    satisfaction, loyalty : str or None
        What they are measured by.
    years : float or None
        Time ahead of the predicted loss; None without purchases.
    """

    template = "segments.profile"

    rows: pd.DataFrame
    scores: pd.DataFrame
    satisfaction: str | None
    loyalty: str | None
    years: float | None

    def table(self) -> pd.DataFrame:
        """Return one row a segment, then all respondents; one row a tier, then all customers.

        ``segment kind n share highest lowest satisfaction loyalty customers value value_low
        value_high high_share stage stage_share churn churn_low churn_high at_risk``: ``kind`` is
        ``class`` or ``tier``; ``highest lowest`` the scores furthest above and below all (by
        their intervals), value and value at risk are per customer.
        """
        return self.rows.copy()

    def facts(self) -> dict[str, Any]:
        """Return the segments that differ most in what they are worth and who may be lost."""
        rows = self.rows[(self.rows.kind == "class") & (self.rows.segment != ALL)]
        known = rows.dropna(subset=["value"])
        lost = rows.dropna(subset=["churn"])
        return {
            "n": self.n_used, "segments": len(rows), "years": self.years,
            "best": _told(known, "value"), "riskiest": _told(lost, "churn"),
            "described": [
                {"segment": r.segment, "share": r.share, "highest": r.highest, "lowest": r.lowest}
                for r in rows.itertuples()
            ],
        }  # fmt: skip


def _told(rows: pd.DataFrame, measure: str) -> dict[str, Any] | None:
    """Return the segment with the largest value, where its interval lies above all others'."""
    if len(rows) < 2:
        return None
    top = rows.loc[rows[measure].idxmax()]
    others = rows[rows.segment != top.segment]
    return {
        "segment": top.segment, "value": top[measure], "low": top[f"{measure}_low"],
        "high": top[f"{measure}_high"],
        "clear": bool(top[f"{measure}_low"] > others[f"{measure}_high"].max()),
    }  # fmt: skip


def score_segments(
    scores: pd.DataFrame, segment: pd.Series, weights: pd.Series | None, *, confidence: float
) -> pd.DataFrame:
    """Return the mean of every score in every segment and in all, with interval and difference.

    Parameters
    ----------
    scores : DataFrame (n, measures)
    segment : Series
        By row of ``scores``.
    weights : Series, optional

    Returns
    -------
    DataFrame
        ``segment measure n mean low high difference clear``; ``clear`` where the interval of the
        segment's mean excludes the mean of the other respondents.

    Examples
    --------
    >>> scores = pd.DataFrame({"A": [10.0, 12.0, 50.0, 52.0]})
    >>> found = score_segments(scores, pd.Series(["x", "x", "y", "y"]), None, confidence=0.95)
    >>> found[found.segment == "y"]["mean"].tolist()
    [51.0]
    """
    segment = segment.dropna()
    scores = scores.loc[segment.index]
    weight = pd.Series(1.0, scores.index) if weights is None else weights.loc[scores.index]
    reach, rows = norm.ppf(0.5 + confidence / 2), []
    for measure in scores:
        known = scores[measure].dropna()
        overall, _ = _mean(known, weight)
        for name in (*sorted(segment.unique()), ALL):
            own = known if name == ALL else known[segment.loc[known.index] == name]
            mean, error = _mean(own, weight)
            rest, _ = _mean(known.drop(own.index), weight)
            low, high = mean - reach * error, mean + reach * error
            rows.append({"segment": name, "measure": measure, "n": len(own), "mean": mean,
                         "low": low, "high": high, "difference": mean - overall,
                         "clear": bool(low > rest or high < rest)})  # fmt: skip
    return pd.DataFrame(rows)


def _mean(values: pd.Series, weight: pd.Series) -> tuple[float, float]:
    """Return the weighted mean and its standard error (effective sample size of Kish)."""
    own = weight.loc[values.index].to_numpy(dtype=float)
    if len(values) < 2 or own.sum() <= 0:
        return float("nan"), float("nan")
    effective = own.sum() ** 2 / (own**2).sum()
    mean = float(np.average(values, weights=own))
    variance = np.average((values - mean) ** 2, weights=own)
    return mean, float(np.sqrt(variance / max(effective - 1, 1)))


def value_segments(
    tiers: ValueTiers,
    segment: pd.Series,
    stages: pd.Series | None,
    weights: pd.Series | None = None,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Return what the customers of each segment are worth, and who may be lost.

    Parameters
    ----------
    tiers : ValueTiers
        With the draws of these customers.
    segment : Series
        By customer, of those watched.
    stages : Series, optional
        Stage of the lifecycle by customer.
    weights : Series, optional
        By customer.

    Returns
    -------
    DataFrame
        ``segment customers value value_low value_high high_share stage stage_share churn
        churn_low churn_high at_risk``, means per customer.

    Notes
    -----
    Every draw weights the customers anew (Bayesian bootstrap; Rubin 1981), so that the interval
    carries the error of the model, the luck of the customers, and who was asked.
    """
    watched = tiers.watched
    segment = segment[segment.index.isin(watched)]
    random = np.random.default_rng([seed, 9])
    shaken = random.exponential(size=tiers.draws["value"].shape)
    if weights is not None:
        shaken = shaken * weights.reindex(watched).fillna(0).to_numpy()
    rows = []
    for name in (*sorted(segment.unique()), ALL):
        own = segment.index if name == ALL else segment.index[segment == name]
        row = _worth(tiers, own, watched.get_indexer(own), shaken, weights)
        rows.append({"segment": name, **row, **_stage(stages, own, weights)})
    return pd.DataFrame(rows)


def _worth(tiers: ValueTiers, own: pd.Index, place, shaken, weights) -> dict[str, float]:
    tail = (1 - tiers.confidence) / 2
    known, drawn = tiers.customers.loc[own], {k: v[:, place] for k, v in tiers.draws.items()}
    w = np.ones(len(own)) if weights is None else weights.reindex(own).fillna(0).to_numpy()
    one = shaken[:, place]
    value = (one * drawn["value"]).sum(axis=1) / one.sum(axis=1)
    low, high = np.quantile(value, [tail, 1 - tail])
    row = {"customers": len(own), "value": np.average(known.value, weights=w),
           "value_low": low, "value_high": high,
           "high_share": np.average(known.tier == "tier_high", weights=w)}  # fmt: skip
    if not tiers.loss_known:
        return {**row, **dict.fromkeys(("churn", "churn_low", "churn_high", "at_risk"), np.nan)}
    churn = (one * drawn["gone"]).sum(axis=1) / one.sum(axis=1)
    churn_low, churn_high = np.quantile(churn, [tail, 1 - tail])
    return {
        **row, "churn": np.average(known.churn, weights=w), "churn_low": churn_low,
        "churn_high": churn_high, "at_risk": np.average(known.at_risk, weights=w),
    }  # fmt: skip


def _stage(stages: pd.Series | None, own: pd.Index, weights: pd.Series | None) -> dict[str, Any]:
    """Return the most frequent stage and its share."""
    if stages is None:
        return {"stage": None, "stage_share": np.nan}
    weight = pd.Series(1.0, own) if weights is None else weights.reindex(own).fillna(0)
    shares = weight.groupby(stages.reindex(own).astype(str)).sum() / weight.sum()
    return {"stage": str(shares.idxmax()), "stage_share": float(shares.max())}


def value_tiers(tiers: ValueTiers, stages: pd.Series | None) -> pd.DataFrame:
    """Return the same columns for the tiers, of all customers of the log."""
    frame = tiers.rows[tiers.rows.tier != "tier_all"]
    rows = []
    for row in frame.itertuples():
        own = tiers.customers.index[tiers.customers.tier == row.tier]
        known = {name: getattr(row, name) for name in ("churn", "churn_low", "churn_high")}
        rows.append({
            "segment": row.tier, "customers": row.customers, "value": row.mean,
            "value_low": row.value_low / row.customers if row.customers else np.nan,
            "value_high": row.value_high / row.customers if row.customers else np.nan,
            "high_share": float(row.tier == "tier_high"), **_stage(stages, own, None), **known,
            "at_risk": row.at_risk / row.customers if row.customers else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)


def describe(scores: pd.DataFrame, segment: str, basis: tuple[str, ...]) -> tuple[str, str]:
    """Return the score of the basis clearly furthest above all, and that furthest below."""
    own = scores[(scores.segment == segment) & scores.measure.isin(basis) & scores.clear]
    high, low = own[own.difference > 0], own[own.difference < 0]
    highest = high.loc[high.difference.idxmax(), "measure"] if len(high) else ""
    return highest, (low.loc[low.difference.idxmin(), "measure"] if len(low) else "")


def cross_segments(columns: Mapping[str, pd.Series], *, minimum: int) -> pd.DataFrame:
    """Count the cells of segment × tier × loyalty × stage; small cells are pooled by segment.

    Returns
    -------
    DataFrame
        The columns given and ``n``; a pooled row has ``rest`` in all but the first column, and is
        left out where it is below the minimum itself.

    Examples
    --------
    >>> parts = {"segment": pd.Series(["a", "a", "b"]), "tier": pd.Series(["x", "x", "y"])}
    >>> cross_segments(parts, minimum=2).to_numpy().tolist()
    [['a', 'x', 2]]
    """
    frame = pd.DataFrame({name: column.astype(str) for name, column in columns.items()}).dropna()
    names = list(frame)
    counted = frame.groupby(names).size().rename("n").reset_index()
    large = counted[counted.n >= minimum]
    rest = counted[counted.n < minimum].groupby(names[0], as_index=False).n.sum()
    rest = rest[rest.n >= minimum].assign(**dict.fromkeys(names[1:], "rest"))
    return pd.concat([large, rest], ignore_index=True)[[*names, "n"]]
