"""Guessing what the columns of a data file are: items in blocks, profile, weight, respondent."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

import pandas as pd

from cx_value.study.answers import (
    Column,
    clean,
    convert,
    number_reader,
    read_seconds,
    strip_seconds,
)
from cx_value.study.grouping import group_items
from cx_value.study.multiple import holds_several
from cx_value.study.names import describes_people, role_of, stem_of
from cx_value.study.privacy import identifies_people, is_free_text
from cx_value.study.readers.no_answer import means_no_answer
from cx_value.study.readers.platforms import PLATFORMS
from cx_value.study.tables import RawTable

Range = tuple[float, float]
_SCALES: tuple[Range, ...] = (
    (1, 5), (1, 7), (0, 1), (1, 4), (1, 6), (0, 4), (0, 5), (1, 9), (1, 10), (0, 10), (0, 6),
    (-2, 2), (-3, 3), (1, 11), (0, 100),
)  # fmt: skip
_CODES = (-999, -998, -99, -98, -97, -9, -8, -7, 9, 88, 97, 98, 99, 888, 998, 999)
_VERBAL_TEXT = """
strongly disagree|disagree|neutral|agree|strongly agree
strongly disagree|disagree|neither agree nor disagree|agree|strongly agree
strongly disagree|somewhat disagree|neither agree nor disagree|somewhat agree|strongly agree
very dissatisfied|dissatisfied|neutral|satisfied|very satisfied
very dissatisfied|dissatisfied|neither satisfied nor dissatisfied|satisfied|very satisfied
very unlikely|unlikely|neutral|likely|very likely
very poor|poor|fair|good|very good
poor|fair|good|very good|excellent
never|rarely|sometimes|often|always
非常不同意|不同意|一般|同意|非常同意
非常不同意|不同意|中立|同意|非常同意
非常不同意|比较不同意|一般|比较同意|非常同意
很不同意|不同意|一般|同意|很同意
完全不同意|不同意|不确定|同意|完全同意
完全不同意|不同意|一般|同意|完全同意
非常不满意|不满意|一般|满意|非常满意
非常不满意|比较不满意|一般|比较满意|非常满意
很不满意|不满意|一般|满意|很满意
非常不符合|不符合|一般|符合|非常符合
完全不符合|比较不符合|一般|比较符合|完全符合
非常差|差|一般|好|非常好
很差|较差|一般|较好|很好
从不|很少|有时|经常|总是
"""
#: Verbal scales from least to most favourable; the number is the position, from 1.
_VERBAL = (
    *(tuple(line.split("|")) for line in _VERBAL_TEXT.strip().split("\n")),
    ("strongly disagree", "disagree", "somewhat disagree", "neither agree nor disagree",
     "somewhat agree", "agree", "strongly agree"),
    ("extremely dissatisfied", "somewhat dissatisfied", "neither satisfied nor dissatisfied",
     "somewhat satisfied", "extremely satisfied"),
)  # fmt: skip
_OWN_WORDS = re.compile(
    r"建议|意见|请注明|请说明|填空题"
    r"|comments?\b|suggestions?\b|feedback|open.?ended|please specify",
    re.IGNORECASE,
)
FEW = 11  # a rating item has no more points than this; more is an amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Items that belong together by name, and the scale they seem to be answered on."""

    stem: str
    columns: tuple[str, ...]
    scale: Range
    labels: dict[float, str] = field(default_factory=dict)
    by: str = ""
    sure: bool = False
    observed: bool = False  # the scale is the range of the answers seen
    reverse: tuple[str, ...] = ()
    label: str = ""  # what the analyst calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the columns of a file seem to be. Every column is in exactly one place."""

    blocks: tuple[Block, ...]
    singles: tuple[Block, ...]
    profile: tuple[str, ...]
    roles: dict[str, str]
    unused: tuple[str, ...]
    missing_codes: tuple[float | str, ...]
    several: tuple[str, ...] = ()  # columns with several answers in a cell
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)  # stem → a column an answer
    why_unused: dict[str, str] = field(default_factory=dict)


def guess_columns(raw: RawTable, without: frozenset[str] = frozenset()) -> Guess:
    """Guess the part every column plays, from its answers, its labels and its name.

    ``without`` names columns that shall be no items.
    """
    read = {name: _Read(raw, name) for name in raw.frame.columns}
    roles = _roles(raw, read)
    private = {n: why for n in read if n not in roles.values() if (why := _private(raw, read[n]))}
    free = [name for name in read if name not in roles.values() and name not in private]
    rating = [name for name in free if read[name].is_rating and not describes_people(name)
              and name not in without]  # fmt: skip
    usual = _usual_scale([_scale([name], read) for name in rating])
    alike = {name: _scale_or_usual(name, read, usual) for name in rating}
    answers = {name: column.given for name, column in read.items()}
    groups = group_items(rating, answers, alike)
    usual = _usual_scale([_scale(list(g.names), read) for g in groups for _ in g.names])
    blocks = tuple(
        replace(
            _block(group.stem, list(group.names), read, usual),
            by=group.by, sure=group.sure, reverse=group.reverse,
        )
        for group in groups
    )  # fmt: skip
    taken = {name for block in blocks for name in block.columns}
    singles = tuple(
        block for name in rating if name not in taken
        if (block := _block(name, [name], read, usual)).scale in {b.scale for b in blocks}
    )  # fmt: skip
    taken |= {name for block in singles for name in block.columns}
    several = tuple(n for n in free if n not in taken and read[n].is_several)
    ticked = _ticked([n for n in free if n not in {*taken, *several}], read)
    taken |= {*several, *(name for names in ticked.values() for name in names)}
    profile = tuple(n for n in free if n not in taken and read[n].can_describe)
    unused = tuple(n for n in read if n not in {*taken, *profile, *roles.values()})
    codes = {code for name in (*taken, *profile) for code in read[name].codes}
    return Guess(
        blocks=blocks,
        singles=singles,
        profile=profile,
        roles=roles,
        unused=unused,
        missing_codes=tuple(sorted(codes, key=lambda c: (isinstance(c, str), c))),
        several=several,
        ticked=ticked,
        why_unused=private,
    )


def _private(raw: RawTable, column: _Read) -> str | None:
    """Return why a column is neither an item nor a characteristic of respondents, or None."""
    if column.is_rating:
        return None
    platform = next((p for p in PLATFORMS if p.name == raw.platform), None)
    if platform and any(re.fullmatch(tell, column.name) for tell in platform.tells):
        return f"written by {platform.name}"
    if _OWN_WORDS.search(column.name) and not column.is_number:
        return "free text"
    if column.is_several:
        return None
    if holds := identifies_people(column.name, column.words):
        return holds
    return "free text" if not column.is_number and column.is_free else None


def _scale_or_usual(name: str, read: dict[str, _Read], usual: Range | None) -> Range:
    """Return an item's scale; one whose ends nobody chose counts as on the usual scale."""
    own, given = _scale([name], read), read[name].given
    fits = usual and usual[0] <= given.min() and usual[1] - 2 <= given.max() <= usual[1]
    return usual if fits and not read[name].labels else own


class _Read:
    """One column, read as numbers as far as it can be."""

    def __init__(self, raw: RawTable, name: str):
        self.name = name
        cells = raw.frame[name]
        self.cleaned = cells.map(clean)
        self.words = [w for w in self.cleaned.unique() if w]
        self.verbal = _verbal_scale(self.words) or _letters(raw, name, self.words)
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

    def _is_missing(self, number: float) -> bool:
        return any(low <= number <= high for low, high in self.missing)

    def _number(self, text: str) -> float:
        if text.casefold() in self.verbal:
            return self.verbal[text.casefold()]
        return self._plain(text)

    def _text_codes(self) -> set[str]:
        return {w for w in self.words if means_no_answer(w) and w not in self.skips}

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
        words = [word for word in self.cleaned if word and not means_no_answer(word)]
        return not self.is_number and holds_several(words)

    @property
    def is_ticked(self) -> bool:
        """Whether one answer was ticked here or not: a single word, or 1 and 0."""
        words = {w for w in self.words if not means_no_answer(w)}
        return len(words) == 1 if words != {"0"} and "0" not in words else words == {"0", "1"}

    @property
    def is_free(self) -> bool:
        return is_free_text(self.cleaned)

    @property
    def can_describe(self) -> bool:
        if self.is_number and self.given.nunique() > FEW:
            return describes_people(self.name)
        left = {w for w in self.words if w not in self.skips and not means_no_answer(w)}
        values = self.given.nunique() if self.is_number else len(left)
        return 2 <= values <= 20 and values < 0.5 * self.n


def _ticked(names: list[str], read: dict[str, _Read]) -> dict[str, tuple[str, ...]]:
    """Return questions with a column for each answer: neighbours of one stem, ticked or not."""
    stems: dict[str, list[str]] = {}
    for name in names:
        if read[name].is_ticked and (stem := stem_of(name)):
            stems.setdefault(stem, []).append(name)
    return {stem: tuple(members) for stem, members in stems.items() if len(members) > 1}


def _letters(raw: RawTable, name: str, words: list[str]) -> dict[str, float]:
    """Return the numbers of codes such as A1 … A5, as the file itself knows them."""
    known = {label.casefold(): number for number, label in raw.value_labels.get(name, {}).items()}
    coded = words and all(w.casefold() in known or means_no_answer(w) for w in words)
    return known if coded else {}


def _verbal_scale(words: list[str]) -> dict[str, float]:
    folded = {word.casefold() for word in words if not means_no_answer(word)}
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
        unique = column.cleaned.is_unique
        numeric = column.is_number and bool((column.column.numbers.fillna(-1) >= 0).all())
        if role == "duration":
            numeric = _is_duration(raw, name)
        fits = {"id": unique, "wave": len(column.words) <= 20}.get(role, numeric)
        if fits:
            roles[role] = name
    return roles


def _is_duration(raw: RawTable, name: str) -> bool:
    """Return whether a column holds durations: seconds, 123秒, 1:15."""
    cells = raw.frame[name]
    number = number_reader(cells, file_decimal=raw.decimal, strip=strip_seconds)
    column = convert(cells, lambda text: read_seconds(text, number))
    given = column.numbers.dropna()
    return column.refused.empty and len(given) > 0 and bool((given >= 0).all())


def _scale(names: list[str], read: dict[str, _Read]) -> Range:
    """Return the labels' range where there are labels, else the nearest usual scale."""
    labelled = [code for n in names for code in read[n].labels]
    given = [v for n in names for v in (read[n].given.min(), read[n].given.max())]
    labelled += [number for n in names for number in read[n].verbal.values()]
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
    return Block(
        stem=stem,
        columns=tuple(names),
        scale=scale,
        labels=dict(sorted(labels.items())),
        observed=not labels,
    )
