"""Small turns of phrase that the sentences of this package share."""

from __future__ import annotations

import re

from cx_value.base.wording import in_language


def cite(said: str, lang: str = "en") -> str:
    """Put a source that is said as ``Name (year)`` in parentheses, as APA 7 has it.

    >>> cite("Schafer (1999)"), cite("Schafer (1999)", "zh"), cite("set in the study file")
    ('(Schafer, 1999)', '（Schafer，1999）', '(set in the study file)')
    """
    text = in_language(said, lang)
    if lang == "zh":
        text = text.replace(" et al.", " 等")
    source = re.fullmatch(r"(.+?) \((\d{4}[a-z]?)\)", text)
    if lang == "zh":
        return f"（{source[1]}，{source[2]}）" if source else f"（{text}）"
    return f"({source[1]}, {source[2]})" if source else f"({text})"


def count_noun(count: int, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun.

    >>> count_noun(1, "item"), count_noun(3, "item")
    ('1 item', '3 items')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
