"""Reading a data file as it is: one door, a reader for each kind of file behind it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from cx_value.base.errors import FaultsError
from cx_value.study.findings import list_some, suggest
from cx_value.study.readers import delimited, labelled, parquet, workbook
from cx_value.study.readers.delimited import find_delimiter
from cx_value.study.readers.no_answer import mark_no_answers
from cx_value.study.readers.raw import EMPTY, Layout, RawTable, filled_cells, refusal

__all__ = ["Layout", "RawTable", "filled_cells", "find_delimiter", "read_table"]

_READABLE = (*delimited.ENDINGS, *workbook.ENDINGS, *labelled.PROGRAMS, ".parquet")


def read_table(
    path: str | Path,
    *,
    encoding: str = "auto",
    sheet: str | int = 0,
    layout: Layout = Layout(),  # noqa: B008
) -> RawTable:
    """Read a data file without interpreting it.

    Parameters
    ----------
    path
        ``.csv`` (also ``.tsv .txt``; delimiter ``, ; tab |`` found by itself), ``.xlsx``, SPSS
        ``.sav .zsav .por``, Stata ``.dta``, SAS ``.sas7bdat .xpt`` or ``.parquet``.
    encoding
        Any encoding Python knows. ``"auto"`` tries UTF-8 (with or without a byte-order mark),
        then GB18030 where that makes Chinese.
    sheet
        Sheet of a workbook, by name or by number from 0.
    layout
        Rows above the header, rows of the header, and the survey platform, where a text file or
        workbook is not to be looked at for them.

    Raises
    ------
    FaultsError
        When the file is missing, empty, of another kind, or cannot be read; with what to do.
    """
    file = Path(path)
    if not is_file(file):
        raise _missing_file(file)
    kind = file.suffix.lower()
    if kind not in _READABLE:
        raise _unknown_kind(file)
    content = file.read_bytes()
    if not content.strip():
        raise refusal(file, *EMPTY)
    if kind in delimited.ENDINGS:
        table = delimited.read_delimited(file, content, encoding, layout)
    elif kind in workbook.ENDINGS:
        table = workbook.read_workbook(file, content, sheet, layout)
    elif kind == ".parquet":
        table = parquet.read_parquet(file)
    else:
        table = labelled.read_labelled(file, encoding)
    return mark_no_answers(replace(table, sha256=hashlib.sha256(content).hexdigest()))


def is_file(path: Path) -> bool:
    """Return whether a path is a file; a name no system can hold is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _missing_file(file: Path) -> FaultsError:
    near = sorted(p.name for p in file.parent.glob("*") if p.suffix.lower() in _READABLE)
    return refusal(
        file,
        f"there is no file {str(file)[:200]}",
        "a data file; its path is relative to the study file",
        f"{suggest(file.name, near)}"
        + (f"found beside it: {list_some(near)}" if near else "put the data there"),
    )


def _unknown_kind(file: Path) -> FaultsError:
    return refusal(
        file,
        f"files of the kind {file.suffix or 'without an ending'!r} cannot be read",
        " ".join(_READABLE),
        "save it as .xlsx or .csv (UTF-8)" if file.suffix != ".xls" else "save it as .xlsx",
    )
