"""Words from the study file or the results store, as prose that prints as it stands.

Labels may hold what markdown takes for its own, ``A_b * <c> $5``, and sentences are stored as a
notebook prints them; both are escaped before the sources they name become citations.
"""

from __future__ import annotations

import re

from cx_value.base.markdown import escape_prose
from cx_value.publish.chapters.citations import bibliography, cite_sources

# Words that join what follows or stands before them in a computed sentence, never part of a label.
_JOINT = "介于|与|和|为|及|至|的|等"
_BEFORE = re.compile(rf"(?<=[A-Za-z0-9%])({_JOINT})")
_AFTER = re.compile(rf"({_JOINT})(?=[A-Za-z0-9])")


def write_prose(text: str, lang: str) -> str:
    r"""Return a sentence as markdown: escaped, its sources cited.

    >>> print(write_prose("CUSA ~ IMAG, [.65, .77] (Kline, 2016)", "en"))
    CUSA \~ IMAG, \[.65, .77\] [@kline2016]
    >>> print(write_prose("介于4.99与5（CFI ≥ 0.95, TLI ≥ 0.95，[0.1, 0.2]）", "zh"))
    介于 4.99 与 5（CFI ≥ 0.95，TLI ≥ 0.95，\[0.1, 0.2\]）
    """
    if lang == "zh":
        text = _spaced(_with_chinese_commas(text))
    return cite_sources(escape_prose(text), bibliography(), lang)


def _with_chinese_commas(text: str) -> str:
    """Write ， for the comma in Chinese parentheses; an interval [0.1, 0.2] keeps its own."""

    def mended(inside: re.Match) -> str:
        parts = re.split(r"(\[[^\[\]]*\])", inside.group())
        return "".join(p if p.startswith("[") else p.replace(", ", "，") for p in parts)

    return re.sub(r"（[^（）]*）", mended, text)


def _spaced(text: str) -> str:
    """Part a number or Latin word from the joining word beside it, as Chinese reports do."""
    parted = _BEFORE.sub(r" \1", text)
    return _AFTER.sub(r"\1 ", parted)
