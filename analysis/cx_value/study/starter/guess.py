"""Guessing what the columns of a data file are: items in blocks, profile, weight, respondent."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

import pandas as pd

from cx_value.study.answers import convert, number_reader, read_seconds, strip_seconds
from cx_value.study.privacy import identifies_people
from cx_value.study.readers.platforms import PLATFORMS
from cx_value.study.starter.blocks import group_items
from cx_value.study.starter.column import ColumnRead, read_columns
from cx_value.study.starter.edges import edge_codes
from cx_value.study.starter.names import (
    asks_for_attention,
    is_running,
    question_of,
    role_of,
    stem_of,
)
from cx_value.study.tables import RawTable

Range = tuple[float, float]
_SCALES: tuple[Range, ...] = (
    (1, 5), (1, 7), (0, 1), (1, 4), (1, 6), (0, 4), (0, 5), (1, 9), (1, 10), (0, 10), (0, 6),
    (-2, 2), (-3, 3), (1, 11), (0, 100),
)  # fmt: skip
_OWN_WORDS = re.compile(
    r"建议|意见|请注明|请说明|填空题"
    r"|comments?\b|suggestions?\b|feedback|open.?ended|please specify",
    re.IGNORECASE,
)

#: Share of the items on the usual scale that have a wider one, for it to be theirs too.
SOME = 0.05


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
    wider: bool = False  # the scale is wider than the answers seen
    reverse: tuple[str, ...] = ()
    label: str = ""  # what the analyst calls it
    codes: tuple[float | str, ...] = ()  # its missing codes, where some stand beside its scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the columns of a file seem to be. Every column is in exactly one place."""

    blocks: tuple[Block, ...]
    singles: tuple[Block, ...]
    profile: tuple[str, ...]
    roles: dict[str, str]
    unused: tuple[str, ...]
    missing_codes: tuple[float | str, ...]
    several: dict[str, str] = field(default_factory=dict)  # column → mark between its answers
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)  # stem → a column an answer
    recommendation: str = ""  # column of the Net Promoter Score
    why_unused: dict[str, str] = field(default_factory=dict)
    own_codes: dict[str, tuple[float | str, ...]] = field(default_factory=dict)  # 9 is an answer


def guess_columns(raw: RawTable, without: frozenset[str] = frozenset()) -> Guess:
    """Guess the part every column plays, from its answers, its labels and its name.

    ``without`` names columns that shall be no items.
    """
    read = read_columns(raw)
    roles = _roles(raw, read)
    private = {n: why for n in read if n not in roles.values() if (why := _private(raw, read[n]))}
    free = [name for name in read if name not in roles.values() and name not in private]
    rating = _rating_columns(free, read, without)
    blocks, singles = _blocks(rating, read)
    taken = {name for block in (*blocks, *singles) for name in block.columns}
    several = {n: read[n].mark or "" for n in free if n not in taken and read[n].is_several}
    ticked = _ticked([n for n in free if n not in {*taken, *several}], read)
    taken |= {*several, *(name for names in ticked.values() for name in names)}
    profile = tuple(n for n in free if n not in taken and read[n].can_describe)
    recommends = [n for n in profile if _recommends(read[n])]
    unused = tuple(n for n in read if n not in {*taken, *profile, *roles.values()})
    codes = {code for name in (*taken, *profile) for code in read[name].codes}
    codes -= {code for name in taken for code in read[name].beside}
    return Guess(
        blocks=blocks,
        singles=singles,
        profile=profile,
        roles=roles,
        unused=unused,
        missing_codes=_sorted(codes),
        several=several,
        ticked=ticked,
        recommendation=recommends[0] if len(recommends) == 1 else "",
        why_unused=private,
        own_codes={n: _sorted(read[n].codes) for n in profile if codes & {*read[n].given}},
    )


def _rating_columns(
    free: list[str], read: dict[str, ColumnRead], without: frozenset[str]
) -> list[str]:
    """Return the columns that look like items, codes beside their scales set apart."""
    parts = _questions([name for name in free if read[name].is_rating])
    rating = [
        name for name in free
        if read[name].is_rating and name not in without and not _recommends(read[name])
        and (name in parts or not read[name].describes_people)
    ]  # fmt: skip
    bare = [name for name in rating if not read[name].labels and not read[name].verbal]
    for name, codes in edge_codes({name: read[name].given for name in bare}).items():
        read[name].set_beside(codes)
    return rating


def _blocks(
    rating: list[str], read: dict[str, ColumnRead]
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Return items in groups, and single ones that share a group's scale."""
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
    return blocks, singles


def _recommends(column: ColumnRead) -> bool:
    """Return whether a column is the question of the Net Promoter Score, and no numbered item."""
    stem = stem_of(column.name)
    return column.asks_to_recommend and (stem is None or is_running(stem))


def _private(raw: RawTable, column: ColumnRead) -> str | None:
    """Return why a column is neither an item nor a characteristic of respondents, or None."""
    platform = next((p for p in PLATFORMS if p.name == raw.platform), None)
    if platform and any(re.fullmatch(form, column.name) for form in platform.derived):
        return f"platform: {platform.name}"
    if asks_for_attention(column.name, column.label):
        return "attention"
    if column.is_rating:
        return None
    if platform and any(re.fullmatch(tell, column.name) for tell in platform.tells):
        return f"platform: {platform.name}"
    if _OWN_WORDS.search(f"{column.name} {column.label}") and not column.is_number:
        return "free text"
    if column.is_several:
        return None
    if holds := identifies_people(column.name, column.words):
        return holds
    return "free text" if not column.is_number and column.is_free else None


def _scale_or_usual(name: str, read: dict[str, ColumnRead], usual: Range | None) -> Range:
    """Return an item's scale; one whose ends nobody chose counts as on the usual scale."""
    own, given = _scale([name], read), read[name].given
    fits = usual and usual[0] <= given.min() and usual[1] - 2 <= given.max() <= usual[1]
    labelled = read[name].labels and not read[name].is_coded
    return usual if fits and not labelled else own


def _ticked(names: list[str], read: dict[str, ColumnRead]) -> dict[str, tuple[str, ...]]:
    """Return questions with a column for each answer: neighbours of one stem, ticked or not."""
    stems: dict[str, list[str]] = {}
    for name in names:
        if read[name].is_ticked and (stem := stem_of(name)):
            stems.setdefault(stem, []).append(name)
    return {stem: tuple(members) for stem, members in stems.items() if len(members) > 1}


def _roles(raw: RawTable, read: dict[str, ColumnRead]) -> dict[str, str]:
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


def _scale(names: list[str], read: dict[str, ColumnRead]) -> Range:
    """Return the labels' range where there are labels, else the nearest usual scale."""
    labelled = [code for n in names for code in read[n].labels]
    given = [v for n in names for v in (read[n].given.min(), read[n].given.max())]
    labelled += [number for n in names for number in read[n].verbal.values()]
    labelled += [end for n in names if (s := read[n].scale) for end in (s.low, s.high)]
    if labelled and min(labelled) <= min(given) and max(given) <= max(labelled):
        return min(labelled), max(labelled)
    fitting = [s for s in _SCALES if s[0] <= min(given) and max(given) <= s[1]]
    nearest = min(fitting, key=lambda s: (s[1] - s[0], s[0] != 1), default=None)
    if nearest == (1, 9) and _thins_out(pd.concat([read[n].given for n in names])):
        return 1, 10  # ten points are usual, nine are not
    return nearest or (min(given), max(given))


def _thins_out(given: pd.Series) -> bool:
    """Return whether fewer chose 9 than 8, as where the scale goes on; at its end they pile up."""
    return bool((given == 9).sum() < (given == 8).sum())


def _usual_scale(scales: list[Range]) -> Range | None:
    """Return the most frequent scale, or a wider one of some items of which it lacks an end."""
    if not scales:
        return None
    counts = Counter(scales)
    most, held = counts.most_common(1)[0]
    wider = (s for s, count in counts.items() if _nearly(most, s) and count >= SOME * held)
    return max(wider, default=most, key=lambda s: s[1] - s[0])


def _nearly(own: Range, usual: Range) -> bool:
    """Return whether a range of answers is a scale but for a point at an end or at both.

    >>> _nearly((1, 10), (0, 10)), _nearly((2, 5), (1, 5)), _nearly((1, 5), (1, 7))
    (True, True, False)
    """
    return 0 <= own[0] - usual[0] <= 1 and 0 <= usual[1] - own[1] <= 1


def _block(stem: str, names: list[str], read: dict[str, ColumnRead], usual: Range | None) -> Block:
    scale = _scale(names, read)
    labels = {k: v for n in names for k, v in read[n].labels.items() if scale[0] <= k <= scale[1]}
    for name in names:
        labels |= read[name].point_labels
    if usual and not labels and _nearly(scale, usual):
        scale = usual  # nobody chose the end point: more likely than a scale of its own
    return Block(
        stem=stem,
        columns=tuple(names),
        scale=scale,
        labels=dict(sorted(labels.items())),
        observed=not labels,
        wider=not labels and not {*scale} <= {v for n in names for v in read[n].given},
        codes=_sorted({c for n in names for c in (*read[n].codes, *read[n].beside)})
        if any(read[n].beside for n in names) else (),
    )  # fmt: skip


def _sorted(codes: set[float | str]) -> tuple[float | str, ...]:
    return tuple(sorted(codes, key=lambda c: (isinstance(c, str), c)))


def _questions(names: list[str]) -> set[str]:
    """Return the columns that are parts of one question with others: a matrix asks of no person."""
    heads = Counter(head for name in names if (head := question_of(name)))
    return {name for name in names if heads[question_of(name) or ""] > 1}
