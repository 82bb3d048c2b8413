"""One column of a data file, read as far as it tells what it is: numbers, codes, words, ticks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

import pandas as pd

from cx_value.study.answers import Column, clean, convert, number_reader
from cx_value.study.multiple import MARKS, mark_of
from cx_value.study.privacy import is_free_text
from cx_value.study.readers.no_answer import means_no_answer
from cx_value.study.starter.names import asks_to_recommend, describes_people
from cx_value.study.starter.verbal import VerbalScale, verbal_scale
from cx_value.study.tables import RawTable

_CODES = (-999, -998, -99, -98, -97, -9, -8, -7, 9, 88, 97, 98, 99, 888, 998, 999)
FEW = 11  # a rating item has no more points than this; more is an amount
#: Words by which an answer with a column of its own was ticked, or not.
_TICKED = frozenset({"1", "yes", "y", "true", "selected", "checked", "是", "选中", "已选"})
_UNTICKED = frozenset(
    {"0", "no", "n", "false", "not selected", "unchecked", "否", "未选中", "未选"}
)


def read_columns(raw: RawTable) -> dict[str, ColumnRead]:
    """Read every column of a table; those of one scale in words share it."""
    words = {name: _words(raw, name) for name in raw.frame.columns}
    scales = shared_scales(words)
    return {name: ColumnRead(raw, name, scales.get(name)) for name in raw.frame.columns}


def _words(raw: RawTable, name: str) -> list[str]:
    return [w for w in dict.fromkeys(raw.frame[name].map(clean)) if w]


def shared_scales(words: dict[str, list[str]]) -> dict[str, VerbalScale]:
    """Return the scale in words of each column that has one.

    Columns whose words overlap and are one scale together share it: a point that nobody chose
    here was chosen there.

    >>> found = shared_scales({"a": ["agree", "neutral", "disagree"],
    ...                        "b": ["agree", "strongly agree", "strongly disagree"]})
    >>> found["a"].points["agree"], found["b"].high
    (4.0, 5)
    """
    families: list[set[str]] = []
    told = {name: _told(cells) for name, cells in words.items()}
    for own in sorted((o for o in told.values() if len(o) > 2), key=len, reverse=True):
        near = next((f for f in families if f & own and verbal_scale(f | own)), None)
        if near is not None:
            near |= own
        elif verbal_scale(own):
            families.append(set(own))
    scales = [scale for family in families if (scale := verbal_scale(family))]
    found = {}
    for name, own in told.items():
        folded = {word.casefold() for word in own}
        fitting = [s for s in scales if len(folded) > 1 and folded <= set(s.points)]
        if fitting:
            found[name] = fitting[0]
    return found


def _told(words: Iterable[str]) -> set[str]:
    kept = {word for word in words if not means_no_answer(word)}
    texts = [word for word in kept if not word.lstrip("+-").isdigit()]
    return kept if texts and len(kept) <= FEW + 1 else set()


class ColumnRead:
    """One column, read as numbers as far as it can be."""

    def __init__(self, raw: RawTable, name: str, scale: VerbalScale | None = None):
        self.name = name
        self.label = raw.column_labels.get(name, "")
        cells = raw.frame[name]
        self.cleaned = cells.map(clean)
        self.words = [w for w in self.cleaned.unique() if w]
        self.scale = scale
        self.verbal = scale.points if scale else _letters(raw, name, self.words)
        self._plain = number_reader(cells, file_decimal=raw.decimal, percent_unit=1.0)
        self.column: Column = convert(cells, self._number)
        given = self.column.numbers.dropna()
        declared = raw.user_missing.get(name, [])
        self.skips = {r[0] for r in declared if isinstance(r[0], str)}
        self.missing = [r for r in declared if not isinstance(r[0], str)]
        given = given[~given.map(self._is_missing).astype(bool)]
        self.codes = {*self._text_codes(), *_find_codes(given)}
        self.given = given[~given.isin([c for c in self.codes if not isinstance(c, str)])]
        self.labels = {
            number: label
            for number, label in raw.value_labels.get(name, {}).items()
            if number not in self.codes and not self._is_missing(number)
        }
        self.n = len(cells)
        self.beside: tuple[float, ...] = ()

    def set_beside(self, codes: tuple[float, ...]) -> None:
        """Take codes that stand beside the scale off the answers."""
        self.beside = codes
        self.given = self.given[~self.given.isin(codes)]

    def _is_missing(self, number: float) -> bool:
        return any(low <= number <= high for low, high in self.missing)

    def _number(self, text: str) -> float:
        if text.casefold() in self.verbal:
            return self.verbal[text.casefold()]
        return self._plain(text)

    def _text_codes(self) -> set[str]:
        return {w for w in self.words if means_no_answer(w) and w not in self.skips}

    @property
    def is_coded(self) -> bool:
        """Whether its labels are codes such as A1 … A5, of which the file shows those given."""
        return bool(self.verbal) and self.scale is None

    @property
    def is_number(self) -> bool:
        """Whether nearly all cells are numbers; the check names single text cells later."""
        texts = self.column.refused.map(clean)
        wrong = (~texts.isin(self._text_codes() | self.skips)).sum()
        return len(self.given) > 0 and wrong <= 0.05 * self.n

    @property
    def is_rating(self) -> bool:
        whole = self.is_number and bool((self.given == self.given.round()).all())
        return whole and 3 <= self.given.nunique() <= FEW and self.given.max() <= 100

    @property
    def is_several(self) -> bool:
        """Whether cells hold several answers at a time (a┋b)."""
        return self.mark is not None

    @cached_property
    def mark(self) -> str | None:
        """The mark between several answers of a cell, or None."""
        if self.verbal or not any(m in w for w in self.words for m in (*MARKS, ",")):
            return None
        words = [word for word in self.cleaned if word and not means_no_answer(word)]
        found = mark_of(words)
        coded = found == "," and all(re.fullmatch(r"\d{1,2}(,\d{1,2})*", word) for word in words)
        return found if coded or not self.is_number else None

    @property
    def is_ticked(self) -> bool:
        """Whether one answer was ticked here or not: a single word, 1 and 0, or Yes and No."""
        words = {w.casefold() for w in self.words if not means_no_answer(w)} - self.skips
        if words & _UNTICKED:
            return len(words) == 2 and bool(words & _TICKED)
        return len(words) == 1

    @property
    def describes_people(self) -> bool:
        """Whether name or question say that it describes respondents."""
        return describes_people(self.name, self.label)

    @property
    def asks_to_recommend(self) -> bool:
        """Whether it is the question of the Net Promoter Score, answered from 0 to 10."""
        ten = bool(self.is_number and self.given.between(0, 10).all() and self.given.max() > 7)
        return ten and asks_to_recommend(self.name, self.label)

    @property
    def point_labels(self) -> dict[float, str]:
        """Numbers of the points in words, as they are written; codes such as A1 as they are."""
        written = self.scale.written if self.scale else {w.casefold(): w for w in self.words}
        return {number: written.get(word, word) for word, number in self.verbal.items()
                if not word.lstrip("-").isdigit()}  # fmt: skip

    @property
    def is_free(self) -> bool:
        return is_free_text(self.cleaned)

    @property
    def can_describe(self) -> bool:
        if self.is_number and self.given.nunique() > FEW:
            return describes_people(self.name, self.label) or self.asks_to_recommend
        left = {w for w in self.words if w not in self.skips and not means_no_answer(w)}
        values = self.given.nunique() if self.is_number else len(left)
        return 2 <= values <= 20 and values < 0.5 * self.n


def _letters(raw: RawTable, name: str, words: list[str]) -> dict[str, float]:
    """Return the numbers of codes such as A1 … A5, as the file itself knows them."""
    known = {label.casefold(): number for number, label in raw.value_labels.get(name, {}).items()}
    coded = words and all(w.casefold() in known or means_no_answer(w) for w in words)
    return known if coded else {}


def _find_codes(given: pd.Series) -> set[float]:
    """Find numbers that cannot be answers: far outside what the other answers span.

    A negative code needs answers that are never negative otherwise; a positive one must leave a
    gap of two points or more above the highest answer (9 beside a scale that ends at 7).
    """
    codes: set[float] = set()
    seen = set(given.unique())
    for code in sorted(_CODES, key=abs, reverse=True):
        others = {v for v in seen - codes - {code} if not (v >= 88 and v in _CODES)}
        if code not in seen or not others:
            continue
        below = code < -3 and min(others - set(_CODES), default=-1) >= 0
        above = code > 0 and max(others) <= min(code - 2, 20) and len(others) > 1
        if below or above:
            codes.add(float(code))
    return codes
