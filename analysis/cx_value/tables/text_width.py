"""How much room a text takes, counted without setting it: for tables in Markdown and Word."""

from __future__ import annotations

import re
import unicodedata

# From how many columns on a table is set in small type, and in tiny type.
# From how many on columns stand closer as well.
SMALL_FROM, TINY_FROM, DENSE_FROM = 8, 11, 14

# Widths of letters in ems, as serif type for print has them; all others take 0.52.
_EMS = {
    0.3: "ijltfI.,:;'|!()[]/ \u00a0‘’-", 0.8: "mwMW%&@—", 0.7: "ABCDEFGHKLNOPQRSTUVXYZω√",
}  # fmt: skip
_WIDTH = {letter: width for width, letters in _EMS.items() for letter in letters}
_SHORT = 4  # Chinese characters in a row that are not parted
# Lines break at blanks, after strokes and between Chinese characters.
_PIECE = re.compile(r"[^\s⺀-￯–-]+[–-]*|[–-]+|[⺀-￯]+")

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


def ems(text: str) -> float:
    """Return the width of a text in ems, bold type allowed for.

    Examples
    --------
    >>> ems("满意"), round(ems("CUSCO"), 2), round(ems("0.65"), 2)
    (2.1, 3.68, 1.95)
    """
    wide = (1.0 if unicodedata.east_asian_width(c) in "WF" else _WIDTH.get(c, 0.52) for c in text)
    return 1.05 * sum(wide)


def unbreakable(text: str) -> float:
    """Return the width in ems of the widest stretch of a text that should stay in one line.

    Chinese may be broken anywhere, but a word of up to four characters reads badly in pieces.

    Examples
    --------
    >>> [round(unbreakable(text), 2) for text in ("题项数", "异质单质比与区间", "a CUSCO b")]
    [3.15, 4.2, 3.68]
    """
    return max((_piece(piece) for piece in _PIECE.findall(text)), default=0.0)


def _piece(piece: str) -> float:
    return ems(piece if piece[0] < "⺀" else piece[:_SHORT])
