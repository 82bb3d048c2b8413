"""Comments of a starter study, in the language of the analyst."""

from __future__ import annotations

from dataclasses import dataclass

from cx_value.base.terms import named_code


@dataclass(frozen=True, slots=True)
class Remarks:
    """Says what ``terms_starter.yml`` says of a code.

    >>> Remarks("en")("scale")[:8], Remarks("zh").reason("platform: wjx")
    ('# Lowest', '由 wjx 写入')
    """

    lang: str = "en"

    def __call__(self, code: str, **facts: object) -> str:
        return named_code(code, "starter", self.lang).format(**facts)

    def by(self, code: str) -> str:
        """Return by what a block or its scale was guessed."""
        return named_code(code, "starter_by", self.lang)

    def reason(self, code: str) -> str:
        """Return why a column is not used; ``platform: name`` for what a platform wrote."""
        kind, _, platform = code.partition(": ")
        return named_code(kind, "starter_reason", self.lang).format(platform=platform)
