"""Table declarations: ``report/tables/*.yml``, read once and checked.

A declaration says which columns of a saved frame are printed, under which heads, and how. The form
is told in CONTRIBUTING.md, "Tables".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cx_value.base.documents import read_yaml
from cx_value.base.errors import ReportError
from cx_value.base.places import REPORT
from cx_value.base.wording import Text
from cx_value.base.words import LANGUAGES
from cx_value.tables.cells import KINDS, Column
from cx_value.tables.rows import RowChoice

FOLDER = REPORT / "tables"
SHARED = "shared"
#: Head of a column of intervals, unless it has its own.
LEVEL = Text("{level} CI", zh="{level} 置信区间")
_COLUMN_KEYS = ("show", "as", "head", "width", "decimals", "optional", "words", "bold")
_TABLE_KEYS = ("columns", "note", "group", "rows")
_AFTER_CHINESE_MARK = re.compile(r"(?<=[，。；：、）]) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """How one result is printed.

    Attributes
    ----------
    columns : tuple of Column
    note : Text or None
        Printed under the table. ``{ave}`` (any name in :data:`cx_value.base.cutoffs.CUTOFFS`)
        becomes the rule and its source, e.g. "≥ .50 [@fornell1981]"; ``{level}`` the level of the
        intervals.
    group : str or None
        Source column printed only where it changes from one row to the next.
    rows : RowChoice or None
        Which rows are printed.
    undeclared : bool
        Whether the table was made up from the frame's columns.
    """

    columns: tuple[Column, ...]
    note: Text | None = None
    group: str | None = None
    rows: RowChoice | None = None
    undeclared: bool = False


@cache
def declared_tables(folder: Path = FOLDER) -> dict[str, TableSpec]:
    """Return name → declaration of every table; the name is that of the saved result.

    Raises
    ------
    ReportError
        If a declaration is no declaration, naming file, table, key and what is allowed.
    """
    shared = {
        name: _column(entry, {}, f"{SHARED}.yml, {name}")
        for name, entry in _read(folder / f"{SHARED}.yml").items()
    }
    found: dict[str, TableSpec] = {}
    for path in sorted(folder.glob("*.yml")):
        if path.stem == SHARED:
            continue
        for name, entry in _read(path).items():
            place = f"{path.name}, {name}"
            if name in found:
                raise _fault(place, "this table is declared twice", "one declaration a name")
            found[name] = _table(entry, shared, place)
    return found


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        return read_yaml(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise _fault(path.name, f"this is no YAML: {error}", "name: {columns: [...]}") from error


def _table(entry: Any, shared: Mapping[str, Column], place: str) -> TableSpec:
    _check_keys(entry, _TABLE_KEYS, place)
    listed = entry.get("columns")
    if not isinstance(listed, list) or not listed:
        raise _fault(place, "it names no columns", "columns: a list")
    columns = tuple(_column(one, shared, f"{place}, column {k}") for k, one in enumerate(listed, 1))
    group = entry.get("group")
    sources = [name for column in columns for name in column.source]
    if group is not None and group not in sources:
        raise _fault(place, f"group {group!r} is no column it shows", ", ".join(sources))
    rows = entry.get("rows")
    return TableSpec(
        columns=columns, group=group, note=_text(entry.get("note"), f"{place}, note"),
        rows=None if rows is None else RowChoice.read(rows, place),
    )  # fmt: skip


def _column(entry: Any, shared: Mapping[str, Column], place: str) -> Column:
    if isinstance(entry, str):
        if entry not in shared:
            raise _fault(place, f"no shared column {entry!r}", _nearest(entry, shared))
        return shared[entry]
    _check_keys(entry, _COLUMN_KEYS, place)
    kind = entry.get("as", "text")
    if kind not in KINDS:
        raise _fault(place, f"as: {kind!r} is no kind of cell", _nearest(kind, KINDS))
    if not isinstance(entry.get("show"), str) or not entry["show"].split():
        raise _fault(place, "it shows nothing", "show: one or more columns of the result")
    head = _text(entry.get("head"), f"{place}, head")
    if head is None:
        if "interval" not in kind:
            raise _fault(place, "it has no head", 'head: "*p*", or head: {en: …, zh: …}')
        head = LEVEL
    options = {key: entry[key] for key in _COLUMN_KEYS[3:] if key in entry}
    return Column(source=tuple(entry["show"].split()), header=head, kind=kind, **options)


def _text(entry: Any, place: str) -> Text | None:
    """Return a phrase: one for both languages, or one each."""
    if entry is None or isinstance(entry, str):
        return None if entry is None else Text(entry)
    if not isinstance(entry, Mapping) or set(entry) != set(LANGUAGES):
        raise _fault(place, f"{entry!r} is no phrase", "one text, or {en: …, zh: …}")
    return Text(entry["en"], zh=_AFTER_CHINESE_MARK.sub("", entry["zh"]))


def _check_keys(entry: Any, allowed: Iterable[str], place: str) -> None:
    if not isinstance(entry, Mapping):
        raise _fault(place, f"{entry!r} is no declaration", ", ".join(allowed))
    for key in entry:
        if key not in allowed:
            raise _fault(place, f"unknown key {key!r}", _nearest(str(key), allowed))


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), list(known), n=3)
    return "nearest: " + ", ".join(near) if near else ", ".join(known)


def _fault(place: str, wrong: str, allowed: str) -> ReportError:
    return ReportError(f"report/tables/{place}: {wrong} · allowed: {allowed} · do: mend the entry")
