"""Finds Markdown tables too wide for their page before anything is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cx_value.publish.rendering.sources import SourceLine
from cx_value.tables.text_width import SMALL_FROM, TINY_FROM, longest_word

_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$")
_CELL_BOUNDARY = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"\]\([^)]*\)|\{[^}]*\}|[*_\[\]\\^~]")
_DIV_OPEN = re.compile(r"^\s*:{3,}\s*\{?([^}]*)\}?\s*$")
_PAGE_WIDTH = {"upright": 454.0, "landscape": 700.0}  # points between the margins of A4


def overfull_tables(prose: Sequence[SourceLine]) -> Iterator[str]:
    """Yield a fault for every pipe table that cannot fit between the margins of its page.

    A table fits as long as the longest unbreakable words of its columns, set in the small
    type that tables of many columns are set in, stand side by side.

    Parameters
    ----------
    prose
        Lines of the report outside code blocks.
    """
    page_of = _pages(prose)
    for i, line in enumerate(prose):
        if i == 0 or not _RULE.match(line.text) or "|" not in prose[i - 1].text:
            continue
        rows = [_cells(row.text) for row in _table_rows(prose, i)]
        need, room = _least_width(rows), _PAGE_WIDTH[page_of[i]]
        if need > room:
            remedy = "put it into ::: {.landscape}" if room < 500 else "split it in two"
            yield (
                f"{line.place}: a table of {len(rows[0])} columns needs {need:.0f} pt · "
                f"allowed: {room:.0f} pt on this page · do: {remedy}, or shorten its words."
            )


def _pages(prose: Sequence[SourceLine]) -> list[str]:
    """Tell for each line whether it stands on an upright or a landscape page."""
    open_divs: list[bool] = []
    pages = []
    for line in prose:
        found = _DIV_OPEN.match(line.text)
        if found and found.group(1).strip(": "):
            open_divs.append("landscape" in found.group(1))
        elif found and open_divs:
            open_divs.pop()
        pages.append("landscape" if any(open_divs) else "upright")
    return pages


def _table_rows(prose: Sequence[SourceLine], rule: int) -> Iterator[SourceLine]:
    yield prose[rule - 1]
    for line in prose[rule + 1 :]:
        if "|" not in line.text:
            return
        yield line


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_MARKUP.sub("", cell).strip() for cell in _CELL_BOUNDARY.split(inner)]


def _least_width(rows: list[list[str]]) -> float:
    """Points that the longest words of all columns need side by side."""
    columns = len(rows[0])
    # a letter is about half as wide as the type is high; padding as in the Typst template
    size = 7.6 if columns >= TINY_FROM else 8.4 if columns >= SMALL_FROM else 9.5
    padding = 6.0 if columns >= SMALL_FROM else 9.0
    longest = [max(longest_word(row[i]) for row in rows if i < len(row)) for i in range(columns)]
    return sum(0.5 * size * length + padding for length in longest)
