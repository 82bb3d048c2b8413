"""Returns taken off the purchases they undo."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from cx_value.value.log.days import Days, Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

# Share of an amount below which nothing is left of it: sums of cents do not cancel exactly.
_NOTHING = 1e-9
_CENT = 0.01


def net_returns(days: Days, bought: Lines, returns: Lines, cut: int | None) -> tuple[Days, Counter]:
    """Take each return off the purchase it equals, and what equals none off the latest.

    A return is taken off the customer's latest purchase up to that day whose amount it equals to
    the cent and that no other return has claimed. Where there is none, it is taken off the latest
    purchase of which something is left, then off the one before that (last in, first out). A day of
    which nothing is left is no purchase, unless an order of amount 0 was made on it.
    A return of the holdout (after ``cut``) is taken off
    purchases of the holdout only, for the calibration must not know of it. Costs fall with the
    share of the day's spend that is given back.

    Parameters
    ----------
    days : Days
        Purchases by customer day, in order.
    bought : Lines
        The lines of those days, in order.
    returns : Lines
        Lines with amounts below 0, in order; several a day stay several.
    cut : int or None
        Last day of the calibration.

    Returns
    -------
    Days
        Those of which something is left.
    Counter
        ``return_netted return_unmatched return_equal purchase_returned`` in rows (days), and
        ``amount_netted amount_unmatched`` in money.
    """
    asked = -returns.amount
    equal = _equal_purchases(bought, returns, cut)
    paired = equal >= 0
    left = days.spend.copy()
    np.subtract.at(left, bought.place[equal[paired]], asked[paired])
    left[left <= _NOTHING * days.spend] = 0.0
    matched = np.where(paired, asked, 0.0)
    rest = returns.where(~paired)
    touched = np.flatnonzero(np.isin(days.customer, rest.customer))
    left[touched], matched[~paired] = _last_in_first_out(days, left, touched, rest, cut)
    gone = (days.spend > 0) & (left <= _NOTHING * days.spend)
    gone[bought.place[bought.amount == 0]] = False
    counts = Counter(
        return_netted=int((matched > 0).sum()),
        return_unmatched=int((matched <= 0).sum()),
        return_equal=int(paired.sum()),
        purchase_returned=int(gone.sum()),
        amount_netted=-float(matched.sum()),
        amount_unmatched=-float((asked - matched).sum()),
    )
    share = np.divide(left, days.spend, out=np.ones_like(left), where=days.spend > 0)
    return days.with_spend(left, share).where(~gone), counts


def _in_time(cut: int | None, *sets: tuple) -> Iterator[tuple]:
    """Yield ``(customer, holdout), place, amount`` in time, a day's purchases first.

    Each set is ``customer day amount place``; amounts of returns are below 0.
    """
    customer, day, amount, place = (np.concatenate(v) for v in zip(*sets, strict=True))
    order = np.lexsort((amount < 0, day, customer))
    late = np.zeros(len(day), dtype=bool) if cut is None else day > cut
    columns = (values[order].tolist() for values in (customer, late, place, amount))
    for who, holdout, where, money in zip(*columns, strict=True):
        yield (who, holdout), where, money


def _equal_purchases(bought: Lines, returns: Lines, cut: int | None) -> np.ndarray:
    """Return the line of the latest purchase that each return equals to the cent, -1 for none."""
    found = np.full(len(returns.day), -1)
    mine = np.flatnonzero(np.isin(bought.customer, returns.customer) & (bought.amount > 0))
    lines = bought.customer[mine], bought.day[mine], bought.amount[mine], mine
    back = returns.customer, returns.day, returns.amount, np.arange(len(returns.day))
    period, waiting = None, defaultdict(list)
    for now, place, money in _in_time(cut, lines, back):
        if now != period:
            period, waiting = now, defaultdict(list)
        cents = round(abs(money) / _CENT)
        if money > 0:
            waiting[cents].append(place)
        elif waiting[cents]:
            found[place] = waiting[cents].pop()
    return found


def _last_in_first_out(days: Days, left, touched, returns: Lines, cut: int | None):
    """Take returns off the purchases that are left, the latest first.

    Returns what is then left of the touched days, and how much of each return found a purchase.
    """
    remains = left[touched].tolist()
    matched = np.zeros(len(returns.day))
    open_days = days.customer[touched], days.day[touched], left[touched], np.arange(len(touched))
    back = returns.customer, returns.day, returns.amount, np.arange(len(returns.day))
    period, waiting = None, []
    for now, place, money in _in_time(cut, open_days, back):
        if now != period:
            period, waiting = now, []
        if money >= 0:
            waiting.append(place)
            continue
        asked = rest = -money
        while waiting and rest > _NOTHING * asked:
            taken = min(rest, remains[waiting[-1]])
            remains[waiting[-1]] -= taken
            rest -= taken
            if remains[waiting[-1]] <= 0:
                waiting.pop()
        matched[place] = asked - rest
    return np.array(remains), matched
