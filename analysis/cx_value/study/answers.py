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
from cx_value.study.phrases import count_noun
from cx_value.study.spec import Item, Study
from cx_value.study.tables import RawTable

BLANK = frozenset({"", ".", "-", "na", "n/a", "#n/a", "#null!", "nan", "null", "none", "(跳过)"})
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_COMMA = re.compile(r"[-+]?\d+,\d+")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:s|sec|秒)")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")


class Refused(Exception):
    """A cell that is neither a number nor a known label."""


class Coded(Exception):
    """A cell that holds a code for "no answer"."""


def clean(cell: Any) -> str:
    """Return a cell as plain text: full-width forms narrowed, spaces trimmed, 3.0 written 3.

    >>> clean(3.0), clean("  ５ "), clean(float("nan"))
    ('3', '5', '')
    """
    if isinstance(cell, Real) and not isinstance(cell, bool):
        number = float(cell)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    return " ".join(unicodedata.normalize("NFKC", str(cell)).split())


def read_number(text: str) -> float:
    """Read a number as people type it; raise :class:`Refused` for anything else.

    >>> read_number("3,5"), read_number("-99")
    (3.5, -99.0)
    """
    if _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise Refused(text)
    return float(text)


def read_seconds(text: str) -> float:
    """Read a duration in seconds: ``75``, ``75 s``, ``75秒``, ``1:15`` or ``0:01:15``.

    >>> read_seconds("1:15"), read_seconds("75秒")
    (75.0, 75.0)
    """
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return 3600 * hours + 60 * minutes + seconds
    if match := _SECONDS.fullmatch(text):
        return float(match[1])
    return read_number(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column turned into numbers; NaN where there is none."""

    numbers: pd.Series
    n_blank: int
    n_coded: int
    refused: pd.Series  # the cells that could not be read, by row number


def convert(cells: pd.Series, read: Callable[[str], float]) -> Column:
    """Turn cells into numbers; every distinct cell is read once, so a million rows cost little."""
    codes, raw = pd.factorize(cells, use_na_sentinel=False)
    distinct = [clean(cell) for cell in raw]
    values = np.full(len(distinct), np.nan)
    state = np.zeros(len(distinct), dtype=int)  # 0 number, 1 blank, 2 coded missing, 3 refused
    for k, text in enumerate(distinct):
        try:
            if text.casefold() in BLANK:
                state[k] = 1
            else:
                values[k] = read(text)
        except Coded:
            state[k] = 2
        except Refused:
            state[k] = 3
    states = state[codes]
    return Column(
        numbers=pd.Series(values[codes], index=cells.index, name=cells.name),
        n_blank=int((states == 1).sum()),
        n_coded=int((states == 2).sum()),
        refused=cells[states == 3],
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
            elif _NUMBER.fullmatch(text) and low <= float(text) <= high:
                raise Coded

    return check


def item_reader(study: Study, raw: RawTable, item: Item, column: str) -> Callable[[str], float]:
    """Return the function that reads the cells of an item's column.

    A label of the scale is read as its number. A missing code that lies on the item's own scale
    is an answer (the study check has warned of it), unless the data file itself declares it.
    """
    labels = _numbers_by_label(item, raw.value_labels.get(column, {}))
    codes = [code for code in study.data.missing_codes if not _on_scale(code, item)]
    check = missing_reader(codes, raw.user_missing.get(column, []))

    def read(text: str) -> float:
        check(text)
        known = labels.get(text.casefold())
        return read_number(text) if known is None else known

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
                f"({count_noun(len(given), 'answer')})",
                "answers that differ",
                "leave the item out: without variance it measures nothing",
                kind="constant item",
            )
        )
    return faults + _between_points(where, item, given)


def _text(where: str, column: Column) -> list[Finding]:
    if column.refused.empty:
        return []
    rows, cells = column.refused.index, column.refused.map(clean).unique()
    return [
        Finding(
            where,
            f"text where a number is needed in {list_rows(rows)}: "
            + list_some([repr(str(cell)) for cell in cells], 5),
            "numbers, labels of the scale, empty cells and the missing codes",
            "correct the cells, or declare them under data.missing_codes or scale.labels",
            kind="text in a number column",
        )
    ]


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
