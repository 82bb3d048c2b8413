"""Returns taken off the purchases they undo."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cx_value.value.log.customer_days import Days

# Share of a day's spend below which nothing is left of it: sums of cents do not cancel exactly.
_NOTHING = 1e-9


def net_returns(days: Days, returns: Days, cut: int | None) -> tuple[Days, Counter]:
    """Take each return off the customer's latest purchase up to that day, then off those before.

    A purchase of which nothing is left is no purchase. A return of the holdout (after ``cut``) is
    taken off purchases of the holdout only, for the calibration must not know of it. Costs fall
    with the share of the spend that is given back.

    Parameters
    ----------
    days : Days
        Purchases by customer day, in order.
    returns : Days
        Returns, amounts below 0, in order; several a day stay several.
    cut : int or None

    Returns
    -------
    Days
        Those of which something is left.
    Counter
        ``return_netted return_unmatched purchase_returned`` in rows (days), and
        ``amount_netted amount_unmatched`` in money.
    """
    left, counts = days.spend.copy(), Counter()
    touched = np.flatnonzero(np.isin(days.customer, returns.customer))
    left[touched], matched = _match(left[touched], _events(days, returns, touched), cut)
    asked = -returns.spend
    used = np.zeros(len(asked), dtype=bool)
    used[matched > 0] = True
    counts["return_netted"] = int(used.sum())
    counts["return_unmatched"] = int((~used).sum())
    counts["amount_netted"] = -float(matched.sum())
    counts["amount_unmatched"] = -float((asked - matched).sum())
    gone = (days.spend > 0) & (left <= _NOTHING * days.spend)
    counts["purchase_returned"] = int(gone.sum())
    cost = days.cost
    if cost is not None:
        share = np.divide(left, days.spend, out=np.ones_like(left), where=days.spend > 0)
        cost = cost * share
    return replace(days, spend=left, cost=cost).where(~gone), counts


def _events(days: Days, returns: Days, touched: np.ndarray):
    """Order purchases and returns in time, a day's purchases first.

    Returns customers, days, positions (among the touched purchases, or among the returns) and the
    amounts of returns (0 for a purchase), as lists: they are walked through one by one.
    """
    customer = np.concatenate([days.customer[touched], returns.customer])
    day = np.concatenate([days.day[touched], returns.day])
    place = np.concatenate([np.arange(len(touched)), np.arange(len(returns.day))])
    amount = np.concatenate([np.zeros(len(touched)), -returns.spend])
    order = np.lexsort((amount > 0, day, customer))
    return tuple(values[order].tolist() for values in (customer, day, place, amount))


def _match(spend: np.ndarray, events, cut: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Walk through the events with a stack of open purchases.

    Returns what is left of each purchase, and how much of each return found one.
    """
    left = spend.tolist()
    matched = np.zeros(len(events[0]) - len(left))
    period, open_purchases = None, []
    for customer, day, place, amount in zip(*events, strict=True):
        now = customer, cut is not None and day > cut
        if period != now:
            period, open_purchases = now, []
        if amount == 0:
            if left[place] > 0:
                open_purchases.append(place)
            continue
        rest = amount
        while open_purchases and rest > _NOTHING * amount:
            top = open_purchases[-1]
            taken = min(rest, left[top])
            left[top] -= taken
            rest -= taken
            if left[top] <= 0:
                open_purchases.pop()
        matched[place] = amount - rest
    return np.array(left), matched
