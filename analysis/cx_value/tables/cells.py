"""What a printed table is declared as, and how one cell of it is written.

A column says where its numbers come from and what kind they are; how a kind is rounded, aligned and
escaped stands here once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.markdown import escape_text
from cx_value.base.sources import named_source
from cx_value.base.terms import named_code
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    format_probability,
    in_language,
    join_words,
    stars,
)
from cx_value.base.words import Phrase, Phrasebook

DASH = "–"
ARROW = " → "
_KEY = re.compile(r"[a-z][a-z-]*\d{4}[a-z]?")
#: Units (or metrics) that are shares, and the decimals of those that are not.
_SHARES = {"share", "csat"}
_DECIMALS = {"nps_points": 1, "nps": 1, "points": 2, "effort": 2, "minutes": 1, "ratio": 2}
_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One printed column.

    Attributes
    ----------
    source : tuple of str
        Column(s) of the frame: one, or ``(low, high)`` for an interval, ``(estimate, p)`` for
        ``starred``; of ``measured`` and ``measured_interval`` the last is the unit, or the metric.
    header : Text
        Heading; markdown (``*p*``) is kept.
    kind : str
        One of :data:`KINDS`.
    decimals : int
    width : float
        Share of the table's width, relative to the other columns.
    optional : bool
        Leave the column out where the frame lacks it or has nothing in it.
    words : str
        Of kind ``said`` the macro that says the row; otherwise the
        group of ``report/words/<lang>/terms*.yml`` that names the codes in the cells (kinds
        ``text``, ``label``, ``chain`` and ``verdict``); a code that the group lacks is looked up
        among the study's labels, and printed as it is where it has none.
    bold : str or None
        Name of a rule: numbers whose size keeps it are printed bold.

    Notes
    -----
    A source ``F#`` stands for every column F1, F2 … of the frame; ``#`` in the heading becomes the
    number.
    """

    source: tuple[str, ...]
    header: Text
    kind: str
    decimals: int = 2
    width: float = 1.0
    optional: bool = False
    words: str = ""
    bold: str | None = None

    @property
    def alignment(self) -> str:
        """``left``, ``right`` or ``center``."""
        return KINDS[self.kind][1]


def is_missing(value: Any) -> bool:
    """Return whether a cell holds nothing: None, NaN, NA or an empty string.

    >>> is_missing(float("nan")), is_missing(""), is_missing(0)
    (True, True, False)
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    # Only NaN differs from itself.
    return bool(value != value) or value == ""


def _number(value: Any) -> float:
    return math.nan if is_missing(value) else float(value)


def _named(value: Any, column: Column, lang: str, labels: Mapping[str, str]) -> str:
    """Return what a code is called: by its group of words, else by the study."""
    code = str(value)
    return named_code(code, column.words, lang) or in_language(labels.get(code, code), lang)


def _text(values, column, lang, labels) -> str:
    return in_language(values[0], lang)


def _label(values, column, lang, labels) -> str:
    return _named(values[0], column, lang, labels)


def _codes(values, column, lang, labels) -> str:
    """Write several codes, parted by blanks, as their names."""
    return join_words([_named(c, column, lang, labels) for c in str(values[0]).split()], lang=lang)


def _chain(values, column, lang, labels) -> str:
    return ARROW.join(_named(code, column, lang, labels) for code in str(values[0]).split(ARROW))


def _route(values, column, lang, labels) -> str:
    """Write source, what lies between, target as one chain."""
    codes = [str(value) for value in values if not is_missing(value)]
    return _chain([ARROW.join(codes)], column, lang, labels)


def _arrow(values, column, lang, labels) -> str:
    """Write a parameter: lhs, op, rhs → what acts on what."""
    one, operator, two = (str(value) for value in values)
    names = [_named(code, column, lang, labels) for code in (one, two)]
    if operator == "~":
        return f"{names[1]} → {names[0]}"
    return f"{names[0]} {'↔' if operator == '~~' else '→'} {names[1]}"


def _rule(values, column, lang, labels) -> str:
    direction, threshold = values
    size = abs(_number(threshold))
    decimals = max(len(f"{size:g}".partition(".")[2]), 2 if size < 1 else 0)
    number = format_number(_number(threshold), decimals, bounded=size < 1, lang=lang)
    return f"{_SIGNS.get(str(direction), '')} {number}"


def _named_value(values, column, lang, labels) -> str:
    """Write a value as the name of its row asks: p, a share, or a plain number."""
    value, name = _number(values[0]), str(values[1])
    if name.endswith("_p"):
        return format_p(value, lang=lang)
    if name.startswith("harman") or name.endswith(("_variance", "_share")):
        return format_percent(value, 1)
    return format_number(value, column.decimals, lang=lang)


def _plain(values, column, lang, labels) -> str:
    return f"{_number(values[0]):g}"


def write_source(source: str, lang: str) -> str:
    """Return citations for keys of the bibliography, other words as they stand.

    In Chinese the citation is a number, so the authors are named before it.

    >>> write_source("hair2019; kock2015", "en"), write_source("own items", "en")
    ('[@hair2019; @kock2015]', 'own items')
    >>> write_source("hair2019; kock2015", "zh")
    'Hair 等[@hair2019]；Kock[@kock2015]'
    """
    parts = [part.strip() for part in re.split("[;,]", str(source))]
    if all(_KEY.fullmatch(part) for part in parts):
        if lang == "zh":
            return "；".join(f"{named_source(part, 'zh', year=False)}[@{part}]" for part in parts)
        return "[" + "; ".join(f"@{part}" for part in parts) + "]"
    return escape_text(source)


def _code(values, column, lang, labels) -> str:
    return str(values[0])


def _count(values, column, lang, labels) -> str:
    return f"{round(_number(values[0])):,}".replace("-", "−")


def _coefficient(values, column, lang, labels) -> str:
    return format_number(_number(values[0]), column.decimals, bounded=True, lang=lang)


def _plain_number(values, column, lang, labels) -> str:
    return format_number(_number(values[0]), column.decimals, lang=lang)


def _p(values, column, lang, labels) -> str:
    return format_p(_number(values[0]), lang=lang)


def _percent(values, column, lang, labels) -> str:
    return format_percent(_number(values[0]), column.decimals)


def _chance(values, column, lang, labels) -> str:
    value = _number(values[0])
    return DASH if math.isnan(value) else format_probability(value, column.decimals)


def _interval(values, column, lang, labels, *, bounded=False) -> str:
    low, high = map(_number, values)
    if math.isnan(low) and math.isnan(high):
        return DASH
    return format_interval(low, high, column.decimals, bounded=bounded, lang=lang)


def _bounded_interval(values, column, lang, labels) -> str:
    return _interval(values, column, lang, labels, bounded=True)


def _measured(values, column, lang, labels) -> str:
    """Write a value as its unit asks (the second source): a share as a percentage."""
    return _by_unit(_number(values[0]), str(values[-1]), column, lang)


def _measured_interval(values, column, lang, labels) -> str:
    low, high = (_by_unit(_number(end), str(values[-1]), column, lang) for end in values[:2])
    return DASH if low == high == DASH else f"[{low}, {high}]"


def _percent_interval(values, column, lang, labels) -> str:
    return _measured_interval([*values, "share"], column, lang, labels)


def _by_unit(value: float, unit: str, column: Column, lang: str) -> str:
    if math.isnan(value):
        return DASH
    if unit in _SHARES:
        return format_percent(value, 1)
    return format_number(value, _DECIMALS.get(unit, column.decimals), lang=lang)


def _starred(values, column, lang, labels) -> str:
    estimate, p_value = map(_number, values)
    number = format_number(estimate, column.decimals, bounded=True, lang=lang)
    return number if math.isnan(estimate) else number + stars(p_value)


def _starred_number(values, column, lang, labels) -> str:
    estimate, p_value = map(_number, values)
    number = format_number(estimate, column.decimals, lang=lang)
    return number if math.isnan(estimate) else number + stars(p_value)


def _verdict(values, column, lang, labels) -> str:
    key = str(values[0]).lower()
    # Read back from CSV, a column of booleans with gaps comes as 1.0 and 0.0.
    key = {"1.0": "true", "0.0": "false", "1": "true", "0": "false"}.get(key, key)
    known = named_code(key, column.words, lang) or named_code(key, "verdict", lang)
    return known or in_language(values[0], lang)


#: Kind → (how a cell is written, how the column is aligned).
KINDS: dict[str, tuple[Callable[..., str], str]] = {
    "text": (_text, "left"),
    "label": (_label, "left"),
    "code": (_code, "left"),
    "codes": (_codes, "left"),
    "chain": (_chain, "left"),
    "route": (_route, "left"),
    "parameter": (_arrow, "left"),
    "rule": (_rule, "left"),
    "named_value": (_named_value, "right"),
    "plain": (_plain, "right"),
    "source": (_code, "left"),
    "said": (_code, "left"),
    "count": (_count, "right"),
    "coef": (_coefficient, "right"),
    "number": (_plain_number, "right"),
    "p": (_p, "right"),
    "percent": (_percent, "right"),
    "chance": (_chance, "right"),
    "interval": (_interval, "center"),
    "coef_interval": (_bounded_interval, "center"),
    "measured": (_measured, "right"),
    "measured_interval": (_measured_interval, "center"),
    "percent_interval": (_percent_interval, "center"),
    "starred": (_starred, "right"),
    "starred_number": (_starred_number, "right"),
    "verdict": (_verdict, "center"),
}


def write_cell(
    row: Mapping[str, Any],
    column: Column,
    lang: str,
    labels: Mapping[str, str],
    cutoffs: Mapping[str, Cutoff] = CUTOFFS,
) -> str:
    r"""Return one printed cell, escaped; a missing value is an en dash.

    Examples
    --------
    >>> from cx_value.base.wording import Text
    >>> p = Column(source=("p",), header=Text("*p*"), kind="p")
    >>> print(write_cell({"p": 1e-12}, p, "en", {}), write_cell({"p": None}, p, "en", {}))
    \< .001 –
    """
    values = [_translated(row, name, lang) for name in column.source]
    if is_missing(values[0]) and "interval" not in column.kind:
        return DASH
    known = named_code(str(values[0]), column.words, lang)
    if column.kind == "source":
        return escape_text(known) if known else write_source(values[0], lang)
    if column.kind == "text" and known:
        return known  # a term of the words, which may stress a letter, and not of the data
    if column.kind == "said":
        return _said(row, column, lang, labels)
    cell = escape_text(KINDS[column.kind][0](values, column, lang, labels))
    keeps = column.bold and cutoffs[column.bold].passes(abs(_number(values[0])))
    return f"**{cell}**" if keeps else cell


def _said(row: Mapping[str, Any], column: Column, lang: str, labels: Mapping[str, str]) -> str:
    """Say a row by the macro that ``words`` names; it is told the columns of the source."""
    facts = {name: None if is_missing(row.get(name)) else row[name] for name in column.source}
    return Phrasebook(lang, names=labels, citing="keys").say(Phrase(column.words, facts))


def _translated(row: Mapping[str, Any], name: str, lang: str) -> Any:
    """Return a cell, in Chinese from ``<name>_zh`` where the frame stores both as text.

    Numbers have no translation: ``comments_zh`` counts the Chinese comments.
    """
    translated = row.get(f"{name}_zh") if lang == "zh" else None
    return translated if isinstance(translated, str) and translated else row.get(name)
