"""Guessing what the columns of a data file are: items in blocks, profile, weight, respondent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from cx_value.study.answers import Column, clean, convert, number_reader
from cx_value.study.names import describes_people, role_of, stem_of
from cx_value.study.tables import RawTable

Range = tuple[float, float]
_SCALES: tuple[Range, ...] = (
    (1, 5), (1, 7), (0, 1), (1, 4), (1, 6), (0, 4), (0, 5), (1, 9), (1, 10), (0, 10), (0, 6),
    (-2, 2), (-3, 3), (1, 11), (0, 100),
)  # fmt: skip
_CODES = (-999, -998, -99, -98, -97, -9, -8, -7, 9, 88, 97, 98, 99, 888, 998, 999)
_NO_ANSWER = frozenset(
    [
        "don't know",
        "dont know",
        "dk",
        "refused",
        "no answer",
        "not applicable",
        "不知道",
        "不清楚",
        "拒答",
        "拒绝回答",
        "不适用",
        "未回答",
    ]
)
# Verbal scales from least to most favourable; the number is the position, from 1.
_VERBAL = (
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("strongly disagree", "disagree", "neither agree nor disagree", "agree", "strongly agree"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("非常不同意", "不同意", "一般", "同意", "非常同意"),
    ("非常不同意", "比较不同意", "一般", "比较同意", "非常同意"),
    ("完全不同意", "不同意", "不确定", "同意", "完全同意"),
    ("非常不满意", "不满意", "一般", "满意", "非常满意"),
    ("很不满意", "不满意", "一般", "满意", "很满意"),
)
FEW = 11  # a rating item has no more points than this; more is an amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Items that belong together by name, and the scale they seem to be answered on."""

    stem: str
    columns: tuple[str, ...]
    scale: Range
    labels: dict[float, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the columns of a file seem to be. Every column is in exactly one place."""

    blocks: tuple[Block, ...]
    singles: tuple[Block, ...]
    profile: tuple[str, ...]
    roles: dict[str, str]
    unused: tuple[str, ...]
    missing_codes: tuple[float | str, ...]


def guess_columns(raw: RawTable) -> Guess:
    """Guess the part every column plays, from its name, its values and its labels."""
    read = {name: _Read(raw, name) for name in raw.frame.columns}
    roles = _roles(raw, read)
    free = [name for name in read if name not in roles.values()]
    rating = [name for name in free if read[name].is_rating and not describes_people(name)]
    groups = _group_by_stem(rating) or _group_by_run(rating, read)
    usual = _usual_scale([_scale(names, read) for names in groups.values()])
    blocks = tuple(_block(stem, names, read, usual) for stem, names in groups.items())
    taken = {name for block in blocks for name in block.columns}
    singles = tuple(
        block for name in rating if name not in taken
        if (block := _block(name, [name], read, usual)).scale in {b.scale for b in blocks}
    )  # fmt: skip
    taken |= {name for block in singles for name in block.columns}
    profile = tuple(n for n in free if n not in taken and read[n].can_describe)
    unused = tuple(n for n in free if n not in taken and n not in profile)
    codes = {code for name in (*taken, *profile) for code in read[name].codes}
    return Guess(
        blocks=blocks,
        singles=singles,
        profile=profile,
        roles=roles,
        unused=unused,
        missing_codes=tuple(sorted(codes, key=lambda c: (isinstance(c, str), c))),
    )


class _Read:
    """One column, read as numbers as far as it can be."""

    def __init__(self, raw: RawTable, name: str):
        self.name = name
        cells = raw.frame[name]
        self.words = [w for w in cells.map(clean).unique() if w]
        self.verbal = _verbal_scale(self.words)
        self._plain = number_reader(cells, file_decimal=raw.decimal, percent_unit=1.0)
        self.column: Column = convert(cells, self._number)
        given = self.column.numbers.dropna()
        self.missing = [r for r in raw.user_missing.get(name, []) if not isinstance(r[0], str)]
        given = given[~given.map(self._is_missing).astype(bool)]
        self.codes = {*self._text_codes(), *_find_codes(given)}
        self.given = given[~given.isin([c for c in self.codes if not isinstance(c, str)])]
        self.labels = {
            number: label
            for number, label in raw.value_labels.get(name, {}).items()
            if number not in self.codes and not self._is_missing(number)
        }
        self.n = len(cells)

    def _is_missing(self, number: float) -> bool:
        return any(low <= number <= high for low, high in self.missing)

    def _number(self, text: str) -> float:
        if text.casefold() in self.verbal:
            return self.verbal[text.casefold()]
        return self._plain(text)

    def _text_codes(self) -> set[str]:
        return {w for w in self.words if w.casefold() in _NO_ANSWER}

    @property
    def is_number(self) -> bool:
        """Whether nearly all cells are numbers; the check names single text cells later."""
        texts = self.column.refused.map(clean)
        wrong = (~texts.isin(self._text_codes())).sum()
        return len(self.given) > 0 and wrong <= 0.05 * self.n

    @property
    def is_rating(self) -> bool:
        whole = self.is_number and bool((self.given == self.given.round()).all())
        return whole and 3 <= self.given.nunique() <= FEW and self.given.max() <= 100

    @property
    def can_describe(self) -> bool:
        if self.is_number and self.given.nunique() > FEW:
            return describes_people(self.name)
        values = self.given.nunique() if self.is_number else len(self.words)
        return 2 <= values <= 20 and values < 0.5 * self.n


def _verbal_scale(words: list[str]) -> dict[str, float]:
    folded = {word.casefold() for word in words} - _NO_ANSWER
    for scale in _VERBAL:
        if len(folded) > 1 and folded <= set(scale):
            return {word: float(k) for k, word in enumerate(scale, start=1)}
    return {}


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


def _roles(raw: RawTable, read: dict[str, _Read]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for name, column in read.items():
        role = role_of(name)
        if role is None or role in roles:
            continue
        unique = raw.frame[name].map(clean).is_unique
        numeric = column.is_number and bool((column.column.numbers.fillna(-1) >= 0).all())
        fits = {"id": unique, "wave": len(column.words) <= 20}.get(role, numeric)
        if fits:
            roles[role] = name
    return roles


def _group_by_stem(names: list[str]) -> dict[str, list[str]]:
    stems: dict[str, list[str]] = {}
    for name in names:
        if stem := stem_of(name):
            stems.setdefault(stem, []).append(name)
    return {stem: members for stem, members in stems.items() if len(members) > 1}


def _group_by_run(names: list[str], read: dict[str, _Read]) -> dict[str, list[str]]:
    """Where names carry no numbers, take neighbouring columns on one scale as a block."""
    order = list(read)
    runs: list[list[str]] = []
    for name in names:
        last = runs[-1] if runs else []
        near = bool(last) and order.index(name) - order.index(last[-1]) == 1
        if near and _scale([name], read) == _scale(last, read):
            last.append(name)
        else:
            runs.append([name])
    return {f"F{k}": run for k, run in enumerate([r for r in runs if len(r) > 1], start=1)}


def _scale(names: list[str], read: dict[str, _Read]) -> Range:
    """Return the labels' range where there are labels, else the nearest usual scale."""
    labelled = [code for n in names for code in read[n].labels]
    given = [v for n in names for v in (read[n].given.min(), read[n].given.max())]
    if any(read[n].verbal for n in names):
        labelled += [1.0, 5.0]
    if labelled and min(labelled) <= min(given) and max(given) <= max(labelled):
        return min(labelled), max(labelled)
    fitting = [s for s in _SCALES if s[0] <= min(given) and max(given) <= s[1]]
    return (
        min(fitting, key=lambda s: (s[1] - s[0], s[0] != 1))
        if fitting
        else (min(given), max(given))
    )


def _usual_scale(scales: list[Range]) -> Range | None:
    return Counter(scales).most_common(1)[0][0] if scales else None


def _block(stem: str, names: list[str], read: dict[str, _Read], usual: Range | None) -> Block:
    scale = _scale(names, read)
    labels = {k: v for n in names for k, v in read[n].labels.items() if scale[0] <= k <= scale[1]}
    for name in names:
        labels |= {number: word for word, number in read[name].verbal.items()}
    near = usual and usual[0] <= scale[0] and scale[1] < usual[1] <= scale[1] + 1
    if near and not labels:  # nobody chose the end point: more likely than a scale of its own
        scale = usual
    return Block(stem=stem, columns=tuple(names), scale=scale, labels=dict(sorted(labels.items())))
