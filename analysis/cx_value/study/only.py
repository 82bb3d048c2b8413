"""The rows of a data file that a study is about: ``data.only``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cx_value.study.findings import list_some, suggest
from cx_value.study.readers.raw import RawTable, refusal


def plain_cell(cell: Any) -> str:
    """Return a cell as the words it is told by: ``3.0`` is 3, nothing is nothing.

    >>> plain_cell(3.0), plain_cell(" B2 "), plain_cell(float("nan"))
    ('3', 'B2', '')
    """
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def keep_only(raw: RawTable, only: Mapping[str, Sequence[str]], file: Path) -> RawTable:
    """Return the rows whose columns hold one of the values named.

    Raises
    ------
    FaultsError
        If a column is not there, or no row is left.
    """
    frame = raw.frame
    for column, values in only.items():
        if column not in frame:
            names = [str(name) for name in frame.columns]
            raise refusal(
                file, f"data.only names {column!r}, which is no column of the file",
                list_some(names, 12), f"{suggest(column, names)}correct the name",
            )  # fmt: skip
        cells = frame[column].map(plain_cell)
        kept = cells.isin([str(value) for value in values])
        if not kept.any():
            known = list_some(sorted(set(cells) - {""}), 12)
            raise refusal(
                file, f"no row has {column} = {list_some(list(values))}, which data.only asks for",
                f"values that occur: {known}", "name one of these",
            )  # fmt: skip
        frame = frame[kept]
    short = tuple(row for row in raw.short_rows if row in frame.index)
    return replace(raw, frame=frame, short_rows=short)
