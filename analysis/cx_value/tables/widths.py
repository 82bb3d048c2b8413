"""Widths of printed columns: as declared, but never narrower than a word or number in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cx_value.base.sources import named_source
from cx_value.tables.text_width import DENSE_FROM, SMALL_FROM, TINY_FROM, ems, unbreakable

_ROOM = 450.0  # points between the margins of an upright A4 page
_CITATION = re.compile(r"\[?@([a-z][a-z-]*\d{4}[a-z]?)\]?")
_MARKUP = re.compile(r"\*\*?(?! )|\\(.)")
_WORD = re.compile(r"[^\W\d_]{2}")


def fitted_widths(
    widths: Sequence[float], heads: Sequence[str], body: Sequence[Sequence[str]], lang: str
) -> list[float]:
    """Return widths in points, from declared ones in any unit.

    Parameters
    ----------
    widths : sequence of float
        One a column.
    heads : sequence of str
    body : sequence of rows
        Markdown cells.
    lang : {"en", "zh"}

    Examples
    --------
    >>> fitted_widths([3, 1], ["Item", "*n*"], [["a", "5"]], "en")
    [337.5, 112.5]
    >>> [round(w) for w in fitted_widths([20, 1], ["Item", "Construct"], [["a", "CUSCO"]], "en")]
    [395, 55]
    """
    columns = len(heads)
    size, padding = _type(columns)
    cells = [[_printed(cell, lang) for cell in column] for column in zip(heads, *body, strict=True)]
    whole, broken = (
        [padding + size * max(map(measure, column)) for column in cells]
        for measure in (_whole_numbers, unbreakable)
    )
    return at_least(widths, whole if sum(whole) <= _ROOM else broken, _ROOM)


def at_least(widths: Sequence[float], least: Sequence[float], room: float) -> list[float]:
    """Return widths that sum to ``room``, none below its least; what is added others give.

    >>> at_least([8, 1, 1], [10, 30, 10], 100)
    [60.0, 30.0, 10.0]
    >>> at_least([1, 1], [150, 50], 100)
    [75.0, 25.0]
    """
    if sum(least) >= room:
        return [room * low / sum(least) for low in least]
    scaled = [room * width / sum(widths) for width in widths]
    wanting = sum(max(0.0, low - width) for width, low in zip(scaled, least, strict=True))
    spare = [max(0.0, width - low) for width, low in zip(scaled, least, strict=True)]
    return [
        max(width, low) - (wanting * rest / sum(spare) if wanting else 0.0)
        for width, low, rest in zip(scaled, least, spare, strict=True)
    ]


def _type(columns: int) -> tuple[float, float]:
    """Size of the type and padding, in points: the larger of what paper and Word take."""
    if columns >= TINY_FROM:
        return 7.2, 4.5 if columns >= DENSE_FROM else 9.0
    return (8.4, 9.0) if columns >= SMALL_FROM else (9.5, 11.0)


def _printed(cell: str, lang: str) -> str:
    """Return a cell as it is read, near enough to measure it."""

    def named(match: re.Match) -> str:
        return "[99]" if lang == "zh" else f"({named_source(match[1], year=False)}, 9999)"

    return _MARKUP.sub(r"\1", _CITATION.sub(named, cell))


def _whole_numbers(text: str) -> float:
    """Return how wide a cell must be; numbers and intervals are not broken at their blanks."""
    return unbreakable(text) if _WORD.search(text) else ems(text)
