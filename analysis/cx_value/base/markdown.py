"""Text that stands in markdown as it is, whatever signs it holds."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|$@~^#])")
# What would begin a list or a division at the head of a line: "- ", "3. ", "(i) ", ": ", ":::".
_OPENING = re.compile(r"^(\(?\w{1,9})([.)])(?=\s)|^()([-+]|:+)(?=\s|\Z)")
# What no page can print (XML forbids it in a Word file), and what turns the words around it.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
# An entity, or points and strokes that typographers join.
_JOINED = re.compile(r"&(?=#?\w+;)|-(?=-)|(?<=-)-|\.(?=\.)|(?<=\.)\.")


def without_controls(text: str) -> str:
    r"""Return text without control characters and without signs that reverse its direction.

    >>> without_controls("a\x07b\u202ec")
    'abc'
    """
    return _CONTROLS.sub("", text)


def escape_text(text: str) -> str:
    r"""Return text that pandoc prints as it stands, on one line.

    >>> print(escape_text("5 * 3 | a_b <c> $x$ @me"))
    5 \* 3 \| a\_b \<c\> \$x\$ \@me
    """
    return _SPECIAL.sub(r"\\\1", " ".join(without_controls(str(text)).split()))


def escape_prose(text: str) -> str:
    r"""Return text that pandoc prints as it stands, at the head of a line too.

    >>> print(escape_prose("3. R&amp;D -- see [1]"))
    3\. R\&amp;D \-\- see \[1\]
    """
    escaped = _JOINED.sub(lambda found: "\\" + found.group(), escape_text(text))
    return _OPENING.sub(lambda m: f"{m[1] or ''}\\{m[2] or m[4]}", escaped)
