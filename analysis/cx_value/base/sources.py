"""Whose rule it is: names and years of the bibliography, for texts without a reference list."""

from __future__ import annotations

import re
from functools import cache

from cx_value.base.places import BIBLIOGRAPHY

_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,\s]+),(?P<fields>.*?)(?=^@|\Z)", re.M | re.S)
_AUTHOR = re.compile(
    r"\b(?:author|editor)\s*=\s*\{(?P<authors>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_YEAR = re.compile(r"\byear\s*=\s*\{(?P<year>\d{4})\}")
_ACCENTS = {r"{\"o}": "ö", r"{\"u}": "ü", r"{\"a}": "ä", r"{\'e}": "é", r"{\"e}": "ë"}


@cache
def bibliography_names() -> dict[str, tuple[str, str]]:
    """Return key → (authors as APA names them in a text, year) of every entry.

    >>> bibliography_names()["hu1999"]
    ('Hu & Bentler', '1999')
    """
    found = {}
    for entry in _ENTRY.finditer(BIBLIOGRAPHY.read_text(encoding="utf-8")):
        authors, year = _AUTHOR.search(entry["fields"]), _YEAR.search(entry["fields"])
        if authors and year:
            found[entry["key"]] = (named_authors(authors["authors"]), year["year"])
    return found


def named_authors(authors: str) -> str:
    """Return authors as APA names them in a text: one, two joined by &, or the first et al.

    >>> named_authors("Hu, Li-tze and Bentler, Peter M."), named_authors("{SPSSAU}")
    ('Hu & Bentler', 'SPSSAU')
    """
    for code, letter in _ACCENTS.items():
        authors = authors.replace(code, letter)
    names = [part.split(",")[0].strip("{} ") for part in authors.split(" and ")]
    if len(names) == 2 and names[1] != "others":
        return " & ".join(names)
    return names[0] if len(names) == 1 else f"{names[0]} et al."


def named_source(
    key: str, lang: str = "en", *, parenthesised: bool = False, year: bool = True
) -> str:
    """Return a source as a notebook names it; an unknown key as it is.

    >>> named_source("hu1999"), named_source("hu1999", parenthesised=True)
    ('Hu & Bentler (1999)', '(Hu & Bentler, 1999)')
    >>> named_source("hair2019", "zh"), named_source("hair2019", "zh", year=False)
    ('Hair 等（2019）', 'Hair 等')
    """
    if key not in bibliography_names():
        return key
    authors, when = bibliography_names()[key]
    if lang == "zh":
        authors = authors.replace(" et al.", " 等")
        if not year:
            return authors
        return f"（{authors}，{when}）" if parenthesised else f"{authors}（{when}）"
    if not year:
        return authors
    return f"({authors}, {when})" if parenthesised else f"{authors} ({when})"
