"""What a study file declares, thing by thing, and which of it a set of pages does not print."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

#: Printed as something else: answers' names on a scale, grades nobody earned, sources (keys).
NOT_AS_SUCH = re.compile(r"\.scale\.labels\.|^evaluation\.grades\.|\.source$|^keywords|^subtitle")
#: Drawn in a figure only.
DRAWN = re.compile(r"^segments\.needs")


def declared_phrases(thing, lang: str, place: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield every phrase of a declaration with its place, in one language."""
    if hasattr(thing, "in_language"):
        yield ".".join(place), thing.in_language(lang)
    elif isinstance(thing, BaseModel):
        for name in type(thing).model_fields:
            yield from declared_phrases(getattr(thing, name), lang, (*place, name))
    elif isinstance(thing, dict):
        for name, value in thing.items():
            yield from declared_phrases(value, lang, (*place, str(name)))
    elif isinstance(thing, (list, tuple)):
        for k, value in enumerate(thing):
            yield from declared_phrases(value, lang, (*place, getattr(value, "name", str(k))))


def letters(text: str) -> str:
    """Return the letters and digits of a text alone: marks and blanks are typography."""
    return re.sub(r"[\W_]+", "", html.unescape(text)).casefold()


def unprinted(study, pages: list[Path], lang: str) -> list[str]:
    """Return the places of what is declared and stands on none of the pages."""
    words = ""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.S)
        words += letters(re.sub(r"<[^>]+>", "", text))
    return [
        place for place, text in declared_phrases(study, lang)
        if text and not NOT_AS_SUCH.search(place) and not DRAWN.search(place)
        and letters(text) not in words
    ]  # fmt: skip
