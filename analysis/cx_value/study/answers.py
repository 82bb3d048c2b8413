"""From the cells of a column to answers: numbers, labels, or a reason why not."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from cx_value.study.findings import Finding, list_rows, list_some
from cx_value.study.numbers import Mark, Refused, decide_format
from cx_value.study.phrases import count_noun
from cx_value.study.spec import Item, Study
from cx_value.study.tables import RawTable

BLANK = frozenset({"", ".", "-", "na", "n/a", "#n/a", "#null!", "nan", "null", "none", "(跳过)"})
_SECONDS = re.compile(r"(.*[\d.,])\s*(?:s|secs?|seconds?|秒钟?)", re.IGNORECASE)
_PARTS = re.compile(
    r"(?:(\d+)\s*(?:h|hours?|小时|时))?\s*(?:(\d+)\s*(?:m|mins?|minutes?|分钟?))"
    r"\s*(?:(\d+)\s*(?:s|secs?|seconds?|秒钟?))?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")


class Coded(Exception):
    """A cell that holds a code for "no answer"."""


def clean(cell: Any) -> str:
    """Return a cell as plain text: full-width forms narrowed, spaces trimmed, 3.0 written 3.

    >>> clean(3.0), clean("  ５ "), clean(float("nan"))
    ('3', '5', '')
    """
    if isinstance(cell, Real) and not isinstance(cell, bool):
        try:
            number = float(cell)
        except OverflowError:
            return "a number too large"
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    return " ".join(unicodedata.normalize("NFKC", str(cell)).split())


def number_reader(
    cells: pd.Series,
    *,
    decimal: str = "auto",
    file_decimal: Mark | None = None,
    below_thousand: bool = False,
    percent_unit: float = 0.01,
    strip: Callable[[str], str] = str,
) -> Callable[[str], float]:
    """Return the function that reads the numbers of a column, as all its cells are written.

    What the file stores as a number is that number; texts are read by
    :func:`cx_value.study.numbers.decide_format`, whose words apply. ``strip`` takes off a unit.

    >>> number_reader(pd.Series(["1,752", "898", 2.5]))("1,752")
    1752.0
    """
    distinct = pd.unique(cells)
    stored = {clean(cell): float(cell) for cell in distinct if _is_number(cell)}
    texts = [strip(clean(c)) for c in distinct if not _is_number(c) or float(c).is_integer()]
    form = decide_format(
        texts,
        decimal=None if decimal == "auto" else decimal,
        file_decimal=file_decimal,
        below_thousand=below_thousand,
        percent_unit=percent_unit,
    )

    def read(text: str) -> float:
        number = stored.get(text)
        return form.read(strip(text)) if number is None else number

    return read


def _is_number(cell: Any) -> bool:
    """Return whether a file stored a cell as a number that a computer can hold."""
    if not isinstance(cell, Real) or isinstance(cell, bool):
        return False
    try:
        return math.isfinite(cell)
    except OverflowError:
        return False


def read_seconds(text: str, read: Callable[[str], float] = float) -> float:
    """Read a duration in seconds: ``75``, ``1分15秒``, ``1:15`` or ``0:01:15``.

    >>> read_seconds("1:15"), read_seconds("1分15秒"), read_seconds("75")
    (75.0, 75.0, 75.0)
    """
    if match := _CLOCK.fullmatch(text) or _PARTS.fullmatch(text):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return 3600 * hours + 60 * minutes + seconds
    return read(text)


def strip_seconds(text: str) -> str:
    """Take the unit off a number of seconds.

    >>> strip_seconds("1,752 秒")
    '1,752'
    """
    match = _SECONDS.fullmatch(text)
    return match[1] if match else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column turned into numbers; NaN where there is none."""

    numbers: pd.Series
    n_blank: int
    n_coded: int
    refused: pd.Series  # the cells that could not be read, by row number
    reasons: pd.Series  # why, by row number: see cx_value.study.numbers.Refused


def convert(cells: pd.Series, read: Callable[[str], float]) -> Column:
    """Turn cells into numbers; every distinct cell is read once, so a million rows cost little."""
    codes, raw = pd.factorize(cells, use_na_sentinel=False)
    distinct = [clean(cell) for cell in raw]
    values = np.full(len(distinct), np.nan)
    state = np.zeros(len(distinct), dtype=int)  # 0 number, 1 blank, 2 coded missing, 3 refused
    reasons = np.full(len(distinct), "", dtype=object)
    for k, text in enumerate(distinct):
        try:
            if text.casefold() in BLANK:
                state[k] = 1
            else:
                values[k] = read(text)
        except Coded:
            state[k] = 2
        except Refused as refusal:
            state[k], reasons[k] = 3, refusal.reason
    states = state[codes]
    return Column(
        numbers=pd.Series(values[codes], index=cells.index, name=cells.name),
        n_blank=int((states == 1).sum()),
        n_coded=int((states == 2).sum()),
        refused=cells[states == 3],
        reasons=pd.Series(reasons[codes], index=cells.index, dtype=object)[states == 3],
    )


def missing_reader(codes: Iterable[float | str], ranges: Iterable[tuple]) -> Callable[[str], None]:
    """Return a function that raises :class:`Coded` on a cell that means "no answer".

    ``codes`` come from the study file, ``ranges`` (low, high) from the data file itself.
    """
    words = {clean(code).casefold() for code in codes}

    def check(text: str) -> None:
        if text.casefold() in words:
            raise Coded
        for low, high in ranges:
            if isinstance(low, str):
                if text == clean(low):
                    raise Coded
            elif low <= _as_stored(text) <= high:
                raise Coded

    return check


def _as_stored(text: str) -> float:
    """Return the number a program stored in a cell, NaN for any other text."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def item_reader(study: Study, raw: RawTable, item: Item, column: str) -> Callable[[str], float]:
    """Return the function that reads the cells of an item's column.

    A label of the scale is read as its number. A missing code that lies on the item's own scale
    is an answer (the study check has warned of it), unless the data file itself declares it.
    """
    labels = _numbers_by_label(item, raw.value_labels.get(column, {}))
    codes = item.missing_codes
    if codes is None:
        codes = [code for code in study.data.missing_codes if not _on_scale(code, item)]
    check = missing_reader(codes, raw.user_missing.get(column, []))
    number = number_reader(
        raw.frame[column],
        decimal=study.data.decimal,
        file_decimal=raw.decimal,
        below_thousand=max(abs(item.scale.minimum), item.scale.maximum) < 1000,
        percent_unit=1.0 if item.scale.maximum > 1 else 0.01,
    )

    def read(text: str) -> float:
        check(text)
        known = labels.get(text.casefold())
        return number(text) if known is None else known

    return read


def _on_scale(code: float | str, item: Item) -> bool:
    return not isinstance(code, str) and item.scale.minimum <= code <= item.scale.maximum


def _numbers_by_label(item: Item, value_labels: Mapping[float, str]) -> dict[str, float]:
    labels = {clean(label).casefold(): number for number, label in value_labels.items()}
    for number, label in item.scale.labels.items():
        labels |= {clean(label).casefold(): number, clean(label.zh).casefold(): number}
    return labels


def judge_item(where: str, item: Item, column: Column) -> list[Finding]:
    """Return what is wrong with the answers to one item."""
    faults = [*_text(where, column), *_out_of_range(where, item, column)]
    given = column.numbers.dropna()
    if given.empty and column.refused.empty:
        faults.append(
            Finding(
                where,
                f"item {item.name} has no answer at all ({len(column.numbers)} rows)",
                "answers",
                "leave the item out of its construct, or correct its column or the missing codes",
                kind="all missing",
            )
        )
    elif given.min() == given.max() and not faults:
        faults.append(
            Finding(
                where,
                f"every answer to item {item.name} is {given.iloc[0]:g} "
                f"({count_noun(len(given), 'answer')}); the report does without it",
                "answers that differ",
                "leave the item out: without variance it measures nothing",
                severity="warning",
                kind="constant item",
            )
        )
    return faults + _between_points(where, item, given)


def _text(where: str, column: Column) -> list[Finding]:
    if column.refused.empty:
        return []
    return [describe_refusal(where, "", reason, cells) for reason, cells in refusals(column)]


def refusals(column: Column) -> list[tuple[str, pd.Series]]:
    """Return the cells of a column that are no numbers, by the reason why."""
    return [(str(reason), cells) for reason, cells in column.refused.groupby(column.reasons)]


def describe_refusal(where: str, subject: str, reason: str, cells: pd.Series) -> Finding:
    """Say why cells are no numbers, what is allowed and what to do."""
    problem, allowed, remedy = REFUSALS[reason]
    shown = list_some([repr(str(cell)) for cell in cells.map(clean).unique()], 5)
    return Finding(
        where,
        f"{subject}{problem} in {list_rows(cells.index)}: {shown}",
        allowed,
        remedy,
        kind="text in a number column" if reason == "text" else "number not settled",
    )


#: Why a cell is refused → what is wrong, what is allowed, what to do.
REFUSALS = {
    "text": (
        "text where a number is needed",
        "numbers, labels of the scale, empty cells and the missing codes",
        "correct the cells, or declare them under data.missing_codes or scale.labels",
    ),
    "open": (
        "a mark before three digits that may be of thousands or of decimals",
        "numbers such as 1752, 1.75 or 1,752.00, or a declared decimal mark",
        "declare the decimal mark, decimal: '.' or decimal: ',', beside the name of the file",
    ),
    "currency": (
        "amounts of several currencies",
        "one currency in a column",
        "convert them to one currency, or keep the rows of one",
    ),
    "percent": (
        "percentages among plain numbers",
        "a percent sign behind every number, or behind none",
        "write all in the same way",
    ),
    "large": (
        "numbers too large to compute with",
        "numbers below 1e300",
        "correct the cells, or declare them under data.missing_codes",
    ),
}


def _out_of_range(where: str, item: Item, column: Column) -> list[Finding]:
    low, high = item.scale.minimum, item.scale.maximum
    outside = column.numbers[(column.numbers < low) | (column.numbers > high)]
    if outside.empty:
        return []
    seen = sorted(outside.unique())
    return [
        Finding(
            where,
            f"{count_noun(len(outside), 'answer')} off the scale in {list_rows(outside.index)}: "
            + list_some([f"{value:g}" for value in seen], 5),
            f"{low:g} to {high:g}",
            "correct the answers or the scale, or declare the value under data.missing_codes",
            kind="answer off the scale",
        )
    ]


def _between_points(where: str, item: Item, given: pd.Series) -> list[Finding]:
    odd = given[given != given.round()]
    if odd.empty or not float(item.scale.minimum).is_integer():
        return []
    return [
        Finding(
            where,
            f"{count_noun(len(odd), 'answer')} between the points of the scale in "
            + list_rows(odd.index),
            "whole numbers on a rating scale",
            "nothing, if the item is continuous or already averaged",
            severity="warning",
            kind="answer between points",
        )
    ]
