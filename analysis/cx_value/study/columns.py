"""Columns named by position, range or pattern, written out as the names in the data file."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from cx_value.base.errors import FaultsError
from cx_value.study.readers.raw import Layout

_RANGE = re.compile(r"(.*?)(\d+)\s*\.\.\s*(.*?)(\d+)(\D*)")
_MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
#: Keys of ``data`` that name a column.
ROLES = ("id", "weight", "cluster", "strata", "wave", "duration")


def expand_range(word: str) -> list[str]:
    """Return the names of a range, or the word itself where it is none.

    >>> expand_range("SAT1..SAT3"), expand_range("Q5_01..12")[-1], expand_range("SAT1")
    (['SAT1', 'SAT2', 'SAT3'], 'Q5_12', ['SAT1'])
    """
    match = _RANGE.fullmatch(word)
    if match is None or match[3] not in ("", match[1]) or int(match[2]) > int(match[4]):
        return [word]
    stem, first, _, last, end = match.groups()
    wide = len(first) if first.startswith("0") else 0
    return [f"{stem}{k:0{wide}d}{end}" for k in range(int(first), int(last) + 1)]


class Header:
    """The names of the data file's columns, read when first asked for."""

    def __init__(self, folder: Path, data: Any):
        self._folder, self._data = folder, data if isinstance(data, dict) else {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the file; none where the file cannot be read (told elsewhere)."""
        get = self._data.get
        path = self._folder / str(get("file"))
        try:
            stamp = path.stat().st_mtime_ns
            return _names(path, stamp, str(get("encoding", "auto")), get("sheet", 0),
                          get("header_rows", "auto"), get("skip_rows", 0),
                          get("platform", "auto"))  # fmt: skip
        except (FaultsError, OSError, ValueError, TypeError, LookupError):
            return ()

    def at(self, position: int) -> str | int:
        """Return the name at a position, 1 being the first; the position where there is none."""
        names = self.names
        return names[position - 1] if 0 < position <= len(names) else position

    def like(self, pattern: str) -> list[str]:
        """Return the names that a pattern with * and ? fits."""
        return [name for name in self.names if fnmatch.fnmatchcase(name, pattern)]


@lru_cache(maxsize=4)
def _names(path: Path, stamp: int, encoding: str, sheet: Any, *layout: Any) -> tuple[str, ...]:
    from cx_value.study.tables import read_table

    header_rows, skip_rows, platform = layout
    laid = Layout(header_rows=header_rows, skip_rows=skip_rows, platform=platform)
    raw = read_table(path, encoding=encoding, sheet=sheet, layout=laid)
    return tuple(str(name) for name in raw.frame.columns)


def write_out_items(construct: str, items: Any, header: Header) -> Any:
    """Write items given as names, ranges, patterns or positions as ``{name: {column: …}}``.

    ``SAT1..SAT4`` and ``"Q5_*"`` name columns, a number is a position (``5..8`` four of them). An
    item bears its column's name where that can stand in a model, else the construct's and a number.
    """
    listed = items if isinstance(items, list) else [items]
    if not all(isinstance(item, (str, int)) for item in listed):
        return items
    found: dict[str, Any] = {}
    for column in _columns(listed, header):
        named = isinstance(column, str) and _MODEL_NAME.fullmatch(column)
        given = column in listed and not re.search(r"[*?]", str(column))
        if named or given or isinstance(column, int):
            found[str(column)] = None
        else:
            found[f"{construct}_{len(found) + 1}"] = {"column": column, "label": column}
    return found


def _columns(listed: list[str | int], header: Header) -> list[str | int]:
    found: list[str | int] = []
    for item in listed:
        for word in expand_range(item) if isinstance(item, str) else [item]:
            position = isinstance(word, int) or (word != item and word.isdigit())
            if position:
                found.append(header.at(int(word)))
            elif re.search(r"[*?]", word):
                found += header.like(word) or [word]
            else:
                found.append(word)
    return found


def write_out_positions(study: dict[str, Any], header: Header) -> None:
    """Replace ``column: 12`` and ``data.id: 1`` by the name of that column."""
    entries = [*study.get("profile", []), *study.get("touchpoints", []),
               *study.get("multiple", [])]  # fmt: skip
    entries += [item for c in study.get("constructs", []) if isinstance(c.get("items"), list)
                for item in c["items"]]  # fmt: skip
    for entry in entries:
        _at(entry, "column", header)
    data = study.get("data")
    for role in ROLES if isinstance(data, dict) else ():
        _at(data, role, header)


def _at(entry: Any, key: str, header: Header) -> None:
    if isinstance(entry, dict) and type(entry.get(key)) is int:
        entry[key] = header.at(entry[key])


def pairs_by_pattern(
    pattern: str, constructs: list[dict], header: Header, level: str = "expected"
) -> dict[str, dict[str, str]]:
    """Return item → column of its expectation, for items whose column the pattern finds.

    ``"E_{item}"`` is E_SAT1 for SAT1.
    """
    items = [item for c in constructs for item in c.get("items") or [] if isinstance(item, dict)]
    named = {item["name"]: pattern.replace("{item}", str(item.get("column") or item["name"]))
             for item in items}  # fmt: skip
    known = set(header.names)
    return {name: {level: column} for name, column in named.items()
            if not known or column in known}  # fmt: skip
