"""Sources named in a sentence become citations, so that the reference list holds every one.

A computed sentence names its sources as a notebook prints them, "Kline (2016)" or "(Kline, 2016)";
in the report the same words must lead to the bibliography.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from cx_value.base.places import BIBLIOGRAPHY

_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,]+),(?P<fields>.*)$", re.M)
_AUTHOR = re.compile(r"author=\{(?P<authors>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_YEAR = re.compile(r"year=\{(?P<year>\d{4})\}")
_ACCENTS = {r"{\"o}": "ö", r"{\"u}": "ü", r"{\"a}": "ä", r"{\'e}": "é", r"{\"e}": "ë"}


def source_keys(bibliography: str) -> dict[tuple[str, str], str]:
    """Return (authors as a sentence names them, year) → key of every entry of a BibTeX file.

    A key that ends in a year with a letter (``mcneish2023a``) is found by that, too.

    >>> source_keys("@book{kline2016, author={Kline, Rex B.}, year={2016}}")
    {('Kline', '2016'): 'kline2016'}
    """
    found = {}
    for entry in _ENTRY.finditer(bibliography):
        authors, year = _AUTHOR.search(entry["fields"]), _YEAR.search(entry["fields"])
        if authors and year:
            lettered = re.search(rf"{year['year']}[a-z]$", entry["key"])
            names = _named(authors["authors"])
            found.setdefault((names, year["year"]), entry["key"])
            if lettered:
                found[names, lettered[0]] = entry["key"]
    return found


@cache
def bibliography() -> dict[tuple[str, str], str]:
    """Return :func:`source_keys` of the report's bibliography."""
    return source_keys(BIBLIOGRAPHY.read_text(encoding="utf-8"))


def author_of(key: str) -> str:
    """Return who wrote an entry, as a Chinese text names them; an unknown key as it is.

    >>> author_of("hair2019"), author_of("hu1999")
    ('Hair 等', 'Hu & Bentler')
    """
    found = {entry: authors for (authors, _), entry in bibliography().items()}
    return found.get(key, key).replace(" et al.", " 等")


def _named(authors: str) -> str:
    """Return authors as APA names them in a text: one, two joined by &, or the first et al."""
    for code, letter in _ACCENTS.items():
        authors = authors.replace(code, letter)
    names = [part.split(",")[0].strip("{} ") for part in authors.split(" and ")]
    if len(names) == 2 and names[1] != "others":
        return " & ".join(names)
    return names[0] if len(names) == 1 else f"{names[0]} et al."


def cite_sources(text: str, keys: Mapping[tuple[str, str], str], lang: str) -> str:
    """Return a sentence with every source it names turned into a citation.

    >>> keys = {("Kline", "2016"): "kline2016", ("Hu & Bentler", "1999"): "hu1999"}
    >>> cite_sources("at least 200 (Kline, 2016); by Hu & Bentler (1999)", keys, "en")
    'at least 200 [@kline2016]; by @hu1999'
    >>> cite_sources("analysis (Kline, 2016; 9 draws), rest (new; Hu & Bentler, 1999)", keys, "en")
    'analysis [@kline2016{}, 9 draws], rest [new, @hu1999]'
    >>> cite_sources("至少 200（Kline，2016）；按 Hu & Bentler (1999) 的标准", keys, "zh")
    '至少 200[@kline2016]；按 Hu & Bentler[@hu1999] 的标准'
    >>> cite_sources("（四次方；Hu 与 Bentler, 1999）", keys, "zh")
    '（四次方；Hu 与 Bentler[@hu1999]）'
    """
    for (authors, year), key in keys.items():
        if year in text:
            text = _cite(text, _written(authors), year, key, lang)
    return text


def _written(authors: str) -> str:
    """Return a pattern of the ways in which a sentence writes authors."""
    joints = (" & ", " and ", " 与 ", " 和 ", "与", "和")
    forms = {authors.replace(" & ", joint) for joint in joints}
    forms |= {authors.replace(" et al.", end) for end in (" 等", "等", " 等人", "等人")}
    longest = sorted(forms, key=len, reverse=True)
    # Not the second of two authors, nor the end of a longer name.
    return r"(?<![A-Za-zÀ-ÿ-])(?<!& )(?<!and )(?:" + "|".join(map(re.escape, longest)) + r")\s?"


def _cite(text: str, written: str, year: str, key: str, lang: str) -> str:
    inside = rf"{written}(?:[,，]\s?{year}|[(（]{year}[)）])"
    gap = r"\s?" if lang == "zh" else ""
    text = re.sub(rf"{gap}[(（]{inside}[)）]", f"[@{key}]", text)
    if lang == "en":
        return _cite_english(text, written, year, key)
    named = rf"(?P<who>{written})(?:[(（]{year}[)）]|[,，]\s?{year}(?![\da-z]))"
    return re.sub(named, lambda m: f"{_in_chinese(m['who'])}[@{key}]", text)


def _in_chinese(authors: str) -> str:
    return authors.rstrip().replace(" et al.", " 等")


def _cite_english(text: str, written: str, year: str, key: str) -> str:
    """Turn "Kline (2016)" into a citation, and "Kline, 2016" at either end of parentheses."""
    text = re.sub(rf"{written}\({year}\)", f"@{key}", text)
    text = re.sub(rf"({written}['’]s) \({year}\)", rf"\1 [-@{key}]", text)
    named, rest = rf"{written}, ?{year}", r"([^()\[\]@]+)"
    # The empty braces keep pandoc from reading a number that follows as a page.
    text = re.sub(rf"\({named}[;,] {rest}\)", rf"[@{key}{{}}, \1]", text)
    text = re.sub(rf"\({rest}[;,] {named}\)", rf"[\1, @{key}]", text)
    return re.sub(rf"{named}(?![\da-z])", f"@{key}", text)
