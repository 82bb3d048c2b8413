"""Tiers of lifetime value, with how sure membership is, predicted loss, and value at risk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    from cx_value.value.worth.draws import Future

TIERS = ("tier_high", "tier_middle", "tier_low")
#: From this probability on membership of a tier counts as sure.
SURE_FROM = 0.80


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueTiers(Result):
    """Customers by lifetime value: tiers, how sure they are, who will be lost, what is at risk.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`table`.
    customers : DataFrame
        By customer: ``value tier membership churn at_risk``; never printed.
    draws : dict of str to ndarray (draws, watched)
        ``value gone risk`` of the customers watched, for segments of respondents.
    watched : Index
    years : float
        Time ahead of the predicted loss.
    loss_known : bool
        Whether the purchase model knows of loss at all.
    reservations : tuple of dict
        What the numbers are told with, as of the lifetime value.
    """

    template = "segments.tiers"

    rows: pd.DataFrame
    customers: pd.DataFrame
    draws: dict[str, np.ndarray]
    watched: pd.Index
    years: float
    loss_known: bool
    reservations: tuple[dict, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row a tier and one for all (``tier_all``).

        ``tier customers share mean value value_low value_high value_share membership sure churn
        churn_low churn_high at_risk at_risk_low at_risk_high``: ``membership`` is the mean
        probability that a customer of the tier belongs there, ``sure`` the share of those with .80
        or more, ``churn`` the share that is no customer any more in ``years``, those already lost
        among them, ``at_risk`` the probability that who is a customer leaves by then times the
        customer's value, added up.
        """
        return self.rows.copy()

    def facts(self) -> dict[str, Any]:
        """Return the high tier, how sure it is, and loss and value at risk in all."""
        rows = self.rows.set_index("tier")
        return {
            "customers": self.n_used, "years": self.years, "loss_known": self.loss_known,
            "high": rows.loc["tier_high"].to_dict(), "all": rows.loc["tier_all"].to_dict(),
            "sure_from": SURE_FROM, "reservations": list(self.reservations),
        }  # fmt: skip


def tier_of(values: np.ndarray, high: float, middle: float) -> np.ndarray:
    """Return the tier of every value by rank: 0 high, 1 middle, 2 low; a value of 0 is low.

    >>> tier_of(np.array([9.0, 5.0, 4.0, 1.0, 0.0]), 0.2, 0.4).tolist()
    [0, 1, 1, 2, 2]
    """
    n = len(values)
    tops = [max(1, round(n * high)), max(1, round(n * (high + middle)))]
    cuts = [np.partition(values, n - min(top, n))[n - min(top, n)] for top in tops]
    tier = np.where(values >= cuts[0], 0, np.where(values >= cuts[1], 1, 2))
    return np.where(values > 0, tier, 2)


def judge_worth(
    value: pd.Series,
    futures: Iterable[Future],
    *,
    high: float,
    middle: float,
    time: float,
    years: float,
    loss_known: bool = True,
    watch: pd.Index | None = None,
    confidence: float = 0.95,
    reservations: Iterable[dict] = (),
) -> ValueTiers:
    """Part customers into tiers of value and say who may be lost and what is at risk.

    Parameters
    ----------
    value : Series
        Expected lifetime value by customer.
    futures : iterable of Future
        Draws of the same customers (:func:`cx_value.value.worth.draws.draw_futures`); one at a
        time is held.
    high, middle : float
        Shares of customers in the two upper tiers.
    time, years : float
        How far ahead loss is predicted, in the purchase model's unit and in years.
    loss_known : bool
        False where the purchase model has no drop-out; churn and value at risk are then NaN.
    watch : Index, optional
        Customers whose draws are kept.

    Returns
    -------
    ValueTiers

    Notes
    -----
    A customer's tier is that of the expected value; its probability is the share of draws, of the
    customer's own rate, drop-out and spend under parameters drawn too, in which the customer ranks
    there. Intervals are percentiles over the draws.
    """
    tier = tier_of(value.to_numpy(), high, middle)
    watched = value.index[:0] if watch is None else value.index.intersection(watch)
    places = value.index.get_indexer(watched)
    total, kept = _Totals.of(tier), {"value": [], "gone": [], "risk": []}
    for future in futures:
        lost = future.lost_within(time)
        parts = {"value": future.value, "gone": 1 - future.alive * (1 - lost),
                 "risk": future.value * lost}  # fmt: skip
        total.add(parts, tier == tier_of(future.value, high, middle))
        for name, drawn in parts.items():
            kept[name].append(drawn[places])
    customers = total.customers(value, tier)
    if not loss_known:
        customers[["churn", "at_risk"]] = np.nan
    return ValueTiers(
        n_used=len(value), method=Phrase("segments.tiers_method"), confidence=confidence,
        rows=_rows(customers, total, confidence, loss_known), customers=customers,
        draws={name: np.array(drawn) for name, drawn in kept.items()}, watched=watched,
        years=years, loss_known=loss_known, reservations=tuple(reservations),
    )  # fmt: skip


@dataclass(slots=True)
class _Totals:
    """What the draws add up to: per customer over draws, and per draw over each tier and all."""

    tier: np.ndarray
    n: int
    same: np.ndarray
    gone: np.ndarray
    risk: np.ndarray
    sums: list[np.ndarray]

    @classmethod
    def of(cls, tier: np.ndarray) -> _Totals:
        """Begin with nothing drawn."""
        empty = [np.zeros(len(tier)) for _ in range(3)]
        return cls(tier, 0, *empty, [])

    def add(self, parts: dict[str, np.ndarray], same: np.ndarray) -> None:
        """Take in one draw: ``value gone risk`` of every customer, and whose tier it keeps."""
        self.n += 1
        self.same += same
        self.gone += parts["gone"]
        self.risk += parts["risk"]
        by_tier = np.array([np.bincount(self.tier, p, minlength=3) for p in parts.values()])
        self.sums.append(np.column_stack([by_tier, by_tier.sum(axis=1)]))

    def customers(self, value: pd.Series, tier: np.ndarray) -> pd.DataFrame:
        """Return one row a customer."""
        return pd.DataFrame(
            {"value": value, "tier": np.array(TIERS)[tier], "membership": self.same / self.n,
             "churn": self.gone / self.n, "at_risk": self.risk / self.n},
            index=value.index,
        )  # fmt: skip


def _rows(customers: pd.DataFrame, total: _Totals, confidence: float, loss: bool) -> pd.DataFrame:
    sums = np.array(total.sums)  # draws × (value, gone, risk) × (tiers, all)
    tail, sizes = (1 - confidence) / 2, np.bincount(total.tier, minlength=3)
    base = np.maximum(np.append(sizes, sizes.sum()), 1)
    drawn = {"value": sums[:, 0], "churn": sums[:, 1] / base, "at_risk": sums[:, 2]}
    rows, whole = [], float(customers.value.sum())
    for k, name in enumerate((*TIERS, "tier_all")):
        own = customers if name == "tier_all" else customers[customers.tier == name]
        row = {"tier": name, "customers": len(own), "share": len(own) / len(customers),
               "mean": own.value.mean(), "value_share": own.value.sum() / whole if whole else 0.0,
               "membership": own.membership.mean(),
               "sure": (own.membership >= SURE_FROM).mean()}  # fmt: skip
        for measure, values in drawn.items():
            known = values[:, k] if loss or measure == "value" else np.full(len(values), np.nan)
            row[measure] = own.value.sum() if measure == "value" else np.mean(known)
            row[f"{measure}_low"], row[f"{measure}_high"] = np.quantile(known, [tail, 1 - tail])
        rows.append(row)
    return pd.DataFrame(rows)
