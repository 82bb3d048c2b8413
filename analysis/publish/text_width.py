"""How much room a text takes, counted without setting it: for tables in Markdown and Word."""

from __future__ import annotations

import re
import unicodedata

# From how many columns on a table is set in small type, and in tiny type.
SMALL_FROM, TINY_FROM = 8, 11

_BREAK = re.compile(r"\s+|(?<=[^\x00-\u2fff])|(?=[^\x00-\u2fff])")


def half_widths(text: str) -> int:
    """Return the length of a text in half Chinese characters, about one Latin letter each.

    Examples
    --------
    >>> half_widths("满意 SAT1")
    9
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def longest_word(text: str) -> int:
    """Return the half widths of the longest stretch that cannot be broken over two lines.

    Examples
    --------
    >>> longest_word("顾客满意 satisfaction")
    12
    """
    return max((half_widths(word) for word in _BREAK.split(text)), default=0)
