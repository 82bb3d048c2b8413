"""What a picture shows, told in words for those who do not see it: from the result it draws."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from cx_value.base.documents import read_yaml
from cx_value.base.places import REPORT
from cx_value.base.words import Phrase, Phrasebook

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.notebook.store import Store

#: So many values are told one by one; of more, the lowest and the highest.
_FEW = 4
_MARKS = re.compile(r"\\([!-/:-@\[-`{-~])")


@cache
def _declared() -> dict[str, dict[str, Any]]:
    return read_yaml((REPORT / "pictures.yml").read_text(encoding="utf-8"))


def told(figure: str, store: Store, book: Phrasebook) -> str:
    """Return the words for a figure, as plain text; none where nothing is declared or stored.

    Parameters
    ----------
    figure : str
        Name of a stored figure, an entry of ``report/pictures.yml``.
    store : Store
    book : Phrasebook
    """
    entry = _entry(figure)
    if entry is None or not store.has(entry.get("say") or entry["of"]):
        return ""
    if "say" in entry:
        found = store.read(entry["say"]).phrase(entry.get("macro", ""))
        return _plain(replace(book, citing="names").say(found))
    rows = store.read(entry["of"]).rows(**entry.get("where", {}))
    phrase = _phrase(rows, entry, book)
    return _plain(book.say(phrase)) if phrase else ""


def _entry(figure: str) -> dict[str, Any] | None:
    """Return a figure's declaration; of a family (``moderation_M1``) with the rows of its name."""
    declared = _declared()
    family, _, row = figure.partition("_")
    if figure not in declared and f"{family}_" in declared:
        return {**declared[f"{family}_"], "where": {"name": row}}
    return declared.get(figure)


def _plain(said: str) -> str:
    """Return words without the marks of Markdown, fit for an attribute."""
    return _MARKS.sub(r"\1", re.sub(r"(?<!\\)\*+", "", said)).replace('"', "'")


def _phrase(rows: pd.DataFrame, entry: dict[str, Any], book: Phrasebook) -> Phrase | None:
    if not {*entry["name"], entry.get("value", entry["name"][0])} <= {*rows.columns}:
        return None
    if entry.get("list"):
        return Phrase("pictures.listed", {"rows": _names(rows, entry, book)}) if len(rows) else None
    known = rows[rows[entry["value"]].notna()]
    if known.empty:
        return None
    pairs = zip(_names(known, entry, book), known[entry["value"]], strict=True)
    values = [{"names": names, "value": float(value)} for names, value in pairs]
    low, high = (pick(values, key=lambda one: one["value"]) for pick in (min, max))
    return Phrase(
        "pictures.ranged",
        {"what": entry["what"], "as": entry["as"], "n": len(values),
         "few": values if len(values) <= _FEW else [], "low": low, "high": high},
    )  # fmt: skip


def _names(rows: pd.DataFrame, entry: dict[str, Any], book: Phrasebook) -> list[list[str]]:
    group = entry.get("words")
    cells = rows[entry["name"]].astype(str).to_numpy().tolist()
    return [[book.term(cell, group) if group else cell for cell in row] for row in cells]
