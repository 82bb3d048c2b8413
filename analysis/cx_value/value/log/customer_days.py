"""From lines sorted by customer and day to customers: the arithmetic of the summary.

The same functions work on DuckDB's sorted stream and on a partition of a cluster, so both give the
same numbers. Within a day lines are put in order of amount before they are added up: sums do not
hang on the order of the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.value.log.cohorts import add_members, count_members
from cx_value.value.log.days import Days, Lines
from cx_value.value.log.returns import net_returns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRules:
    """How lines become purchases.

    Attributes
    ----------
    cut : int or None
        Last day of the calibration period, counted from ``DAY_ZERO``; later days are the holdout.
    duplicates : {"keep", "drop"}
    returns : {"net", "drop"}
    keep_days : bool
        Whether the customer days are held; cohorts are counted all the same.
    """

    cut: int | None
    duplicates: str
    returns: str
    keep_days: bool = True


@dataclass(frozen=True, slots=True)
class Sums:
    """What the lines add up to.

    Attributes
    ----------
    customers : pandas.DataFrame
        One row a customer, in order, days as whole numbers.
    days : pandas.DataFrame
        ``customer day spend``, one row a customer day that counts as a purchase, in order.
    tally : Counter
        What the account of the log needs.
    members : pandas.DataFrame
        Who bought when, by cohort: :func:`cx_value.value.log.cohorts.count_members`.
    """

    customers: pd.DataFrame
    days: pd.DataFrame
    tally: Counter
    members: pd.DataFrame


def summarise_stream(batches: Iterable[pa.RecordBatch], rules: DayRules) -> Sums:
    """Summarise sorted batches of lines; a customer may go on into the next batch."""
    parts, days, members, tally = [], [], add_members([]), Counter()
    for lines, begins in _whole_customers(batches):
        part, part_days, own, counts = summarise_lines(lines, begins, rules)
        parts.append(part)
        days += [part_days] if rules.keep_days else []
        members = add_members([members, own])
        tally.update(counts)
    return Sums(_joined(parts), _joined(days), tally, members)


def _whole_customers(
    batches: Iterable[pa.RecordBatch],
) -> Iterator[tuple[pa.Table, np.ndarray]]:
    """Yield tables that hold all lines of each of their customers, and where those begin."""
    import pyarrow as pa

    rest = None
    for batch in batches:
        lines = pa.Table.from_batches([batch])
        if rest is not None:
            lines = pa.concat_tables([rest, lines]).combine_chunks()
        begins = customers_begin(lines)
        last = len(begins) - 1 - int(np.argmax(begins[::-1])) if len(begins) else 0
        if last > 0:
            yield lines.slice(0, last), begins[:last]
        rest = lines.slice(last)
    if rest is not None and len(rest):
        yield rest, customers_begin(rest)


def _joined(parts: list[dict]) -> pd.DataFrame:
    """Join column by column and let go of what is joined, for there may be many customers."""
    import pandas as pd

    if not parts:
        return pd.DataFrame({"customer": [], "bought": [], "day": [], "spend": []})
    columns = {name: _join(name, [part.pop(name) for part in parts]) for name in list(parts[0])}
    return pd.DataFrame(columns, copy=False)


def _join(name: str, pieces: list):
    import pyarrow as pa

    if name == "customer":
        return pa.chunked_array(pieces).to_pandas()
    return np.concatenate(pieces)


def summarise_frame(lines: pd.DataFrame, rules: DayRules) -> Sums:
    """Summarise lines in any order, as far as every customer is there with all of them."""
    import pyarrow as pa

    if len(lines) == 0:
        return Sums(_joined([]), _joined([]), Counter(), add_members([]))
    ordered = lines.sort_values(["customer", "day"], kind="stable")
    table = pa.Table.from_pandas(ordered, preserve_index=False)
    part, days, members, tally = summarise_lines(table, customers_begin(table), rules)
    return Sums(_joined([part]), _joined([days] if rules.keep_days else []), tally, members)


# --- one table of whole customers ---------------------------------------------------------------


def summarise_lines(
    lines: pa.Table, begins: np.ndarray, rules: DayRules
) -> tuple[dict, dict, pd.DataFrame, Counter]:
    """Summarise the lines of whole customers, sorted by customer and day.

    Parameters
    ----------
    lines : pyarrow.Table
        ``customer day amount fingerprint`` and perhaps ``cost``, day as a whole number.
    begins : ndarray of bool
        Where another customer begins.

    Returns
    -------
    dict
        Arrays of one entry a customer: ``customer bought first last spend first_spend squares``
        (sum of squared gaps in days²), perhaps ``cost bought_holdout spend_holdout``.
    dict
        Arrays of one entry a customer day: ``customer day spend``; nothing unless they are kept.
    DataFrame
        Who bought when, by cohort.
    Counter
    """
    day, amount = _numbers(lines, "day"), _numbers(lines, "amount")
    cost = _numbers(lines, "cost") if "cost" in lines.column_names else None
    new_day = begins.copy()
    new_day[1:] |= day[1:] != day[:-1]
    owner = np.cumsum(begins, dtype=np.int32) - 1
    keep, amount, cost, doubled = _in_order(lines, new_day, amount, cost)
    counts = Counter(
        duplicate=doubled, cost_missing=int(np.isnan(cost).sum()) if cost is not None else 0
    )
    if rules.duplicates == "drop" and doubled:
        new_day, owner, day, amount = (v[keep] for v in (new_day, owner, day, amount))
        cost = None if cost is None else cost[keep]
    days, bought, returns = _collapse(owner, day, amount, cost, new_day)
    counts["same_day_merged"] = len(bought.day) - len(days.day)
    if len(returns.day):
        days, counts_of_returns = net_returns(days, bought, returns, rules.cut)
        counts.update(counts_of_returns)
    who = lines.column("customer").take(np.flatnonzero(begins)).combine_chunks()
    named = days.named(who) if rules.keep_days else {}
    return _customers(days, who, rules.cut), named, count_members(days.customer, days.day), counts


def customers_begin(lines: pa.Table) -> np.ndarray:
    """Return where another customer begins."""
    import pyarrow as pa
    import pyarrow.compute as pc

    customer = lines.column("customer").combine_chunks()
    begins = np.ones(len(customer), dtype=bool)
    if len(customer) < 2:
        return begins
    if pa.types.is_integer(customer.type):
        numbers = customer.to_numpy()
        np.not_equal(numbers[1:], numbers[:-1], out=begins[1:])
    else:
        differ = pc.not_equal(customer.slice(1), customer.slice(0, len(customer) - 1))
        begins[1:] = differ.to_numpy(zero_copy_only=False)
    return begins


def _numbers(lines: pa.Table, name: str) -> np.ndarray:
    values = lines.column(name).combine_chunks()
    return values.to_numpy(zero_copy_only=False)


def _in_order(lines: pa.Table, new_day: np.ndarray, amount: np.ndarray, cost: np.ndarray | None):
    """Put the lines of each day in order of amount, and find identical ones.

    Only days with several lines are touched. Returns which lines are the first of their kind,
    amounts and costs in order, and how many lines repeat another.
    """
    more = np.flatnonzero(~new_day)
    keep = np.ones(len(new_day), dtype=bool)
    if len(more) == 0:
        return keep, amount, cost, 0
    place = np.union1d(more - 1, more)
    group = np.cumsum(new_day[place])
    print_of = _numbers(lines, "fingerprint")[place]
    order = np.lexsort((print_of, amount[place], group))
    print_of, ordered = print_of[order], amount[place][order]
    amount = amount.copy()
    amount[place] = ordered
    if cost is not None:
        cost = cost.copy()
        cost[place] = cost[place][order]
    keep[place[1:]] = (
        (print_of[1:] != print_of[:-1]) | (ordered[1:] != ordered[:-1]) | (group[1:] != group[:-1])
    )
    # The mark of a new day stays on the first line of the day, whichever that is now.
    return keep, amount, cost, int((~keep).sum())


def _collapse(owner, day, amount, cost, new_day) -> tuple[Days, Lines, Lines]:
    """Add up the lines of each customer day; returns (negative amounts) are kept apart."""
    returned = amount < 0
    nowhere = np.full(int(returned.sum()), -1)
    returns = Lines(owner[returned], day[returned], amount[returned], nowhere)
    if len(nowhere):
        owner, day, amount = owner[~returned], day[~returned], amount[~returned]
        cost = None if cost is None else cost[~returned]
        new_day = np.ones(len(day), dtype=bool)
        new_day[1:] = (day[1:] != day[:-1]) | (owner[1:] != owner[:-1])
    place = np.cumsum(new_day, dtype=np.int64) - 1
    bought = Lines(owner, day, amount, place)
    more = np.flatnonzero(~new_day)
    if len(more):
        amount = _with_more(amount, new_day, place[more], more)
        cost = None if cost is None else _with_more(cost, new_day, place[more], more)
        owner, day = owner[new_day], day[new_day]
    return Days(owner, day, amount, cost), bought, returns


def _with_more(values, new_day: np.ndarray, place: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Add the further lines of a day to its first; most days have but one."""
    total = values[new_day]
    np.add.at(total, place, values[more])
    return total


# --- customers ----------------------------------------------------------------------------------


def _customers(days: Days, who: pa.Array, cut: int | None) -> dict:
    """Add up each customer's days."""
    import pyarrow as pa

    if len(days.day) == 0:
        starts = np.empty(0, dtype=np.int64)
    else:
        starts = np.append(0, np.flatnonzero(days.customer[1:] != days.customer[:-1]) + 1)
    total = np.diff(np.append(starts, len(days.day)))
    inside = None if cut is None else days.day <= cut
    bought = total if cut is None else _sums(inside.astype(np.int64), starts)
    last = np.maximum(starts + bought - 1, starts)
    gaps = np.empty(len(days.day))
    np.subtract(days.day[1:], days.day[:-1], out=gaps[1:])
    gaps[starts] = 0.0
    gaps *= gaps
    found = {
        "customer": who.take(pa.array(days.customer[starts])),
        "bought": bought,
        "first": days.day[starts],
        "last": days.day[last],
        "spend": _sums(_inside(days.spend, inside), starts),
        "first_spend": days.spend[starts],
        "squares": _sums(_inside(gaps, inside), starts),
    }
    if days.cost is not None:
        found["cost"] = _sums(_inside(days.cost, inside), starts)
    if cut is not None:
        found["bought_holdout"] = total - bought
        found["spend_holdout"] = _sums(np.where(inside, 0.0, days.spend), starts)
    return found


def _inside(values: np.ndarray, inside: np.ndarray | None) -> np.ndarray:
    return values if inside is None else np.where(inside, values, 0)


def _sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    return np.add.reduceat(values, starts) if len(starts) else np.empty(0, dtype=values.dtype)
