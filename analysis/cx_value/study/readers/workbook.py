"""Excel workbooks, read row by row, with a limit on what a small file may unfold to."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from cx_value.base.errors import FaultsError
from cx_value.study.findings import suggest
from cx_value.study.readers.header import with_header
from cx_value.study.readers.raw import Layout, RawTable, refusal

ENDINGS = (".xlsx", ".xlsm")
#: Bytes of a workbook unpacked, beyond which it is refused; and beyond which it may not unfold
#: to more than ``MOST_FOLD`` times its size.
MOST_BYTES, SOME_BYTES, MOST_FOLD = 1_000_000_000, 40_000_000, 150
#: Empty rows or columns between cells, beyond which a cell is no part of the table.
FAR = 5_000
_ALLOWED = "an undamaged .xlsx workbook without a password"


def read_workbook(file: Path, content: bytes, sheet: str | int, layout: Layout) -> RawTable:
    """Read one sheet of a workbook."""
    import pandas as pd

    book = open_workbook(file, content)
    try:
        names = [str(name) for name in book.sheetnames]
        rows = read_rows(file, book[_named(file, names, sheet)])
    finally:
        book.close()
    name = sheet if isinstance(sheet, str) else names[sheet]
    if not rows:
        raise refusal(
            file,
            f"sheet {sheet!r} is empty",
            ", ".join(names),
            "set data.sheet to the sheet with the answers",
        )
    grid = pd.DataFrame(rows, dtype=object)
    grid = grid.where(grid.notna(), "")
    return with_header(file, grid, layout, format=f"Excel (sheet {name})")


def open_workbook(file: Path, content: bytes) -> Any:
    """Open a workbook for reading row by row, once its size is known to be sane.

    Raises
    ------
    FaultsError
        For damaged, locked and bloated workbooks.
    """
    import openpyxl

    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise _unopened(file, "it is locked by a password, or an old .xls")
    try:
        _refuse_bloated(file, content)
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except FaultsError:
        raise
    except Exception as error:  # openpyxl raises many kinds for a damaged file
        raise _unopened(file, str(error)[:120]) from error


def _unopened(file: Path, why: str) -> FaultsError:
    return refusal(
        file,
        f"the workbook cannot be opened ({why})",
        _ALLOWED,
        "open it in a spreadsheet and save it again as .xlsx",
    )


def _refuse_bloated(file: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    fold = unpacked / max(len(content), 1)
    if unpacked > MOST_BYTES or (unpacked > SOME_BYTES and fold > MOST_FOLD):
        raise refusal(
            file,
            f"the workbook of {len(content):,} bytes unfolds to {unpacked:,}",
            f"at most {MOST_BYTES:,} bytes, and not {MOST_FOLD} times the size of the file",
            "save the sheet with the answers alone, as .csv (UTF-8)",
        )


def _named(file: Path, names: list[str], sheet: str | int) -> str:
    known = sheet in names if isinstance(sheet, str) else -1 < sheet < len(names)
    if not known:
        raise refusal(
            file,
            f"the workbook has no sheet {sheet!r}",
            ", ".join(names),
            f"{suggest(str(sheet), names)}set data.sheet",
        )
    return sheet if isinstance(sheet, str) else names[sheet]


def read_rows(file: Path, sheet: Any, most: int | None = None) -> list[list[Any]]:
    """Return the rows of a sheet down to its last filled cell, ``most`` of them if given."""
    if not hasattr(sheet, "reset_dimensions"):  # a sheet that holds a chart alone
        return []
    sheet.reset_dimensions()
    rows: list[list[Any]] = []
    empty = width = 0
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            last = max((k for k, cell in enumerate(row, start=1) if cell not in (None, "")),
                       default=0)  # fmt: skip
            if last == 0:
                empty += 1
                continue
            if empty > FAR or last > max(width, 1) + FAR:
                raise _far(file, number, last)
            rows += [[] for _ in range(empty)] + [list(row[:last])]
            empty, width = 0, max(width, last)
            if most is not None and len(rows) >= most:
                break
    except FaultsError:
        raise
    except Exception as error:  # damaged XML inside the sheet
        raise _unopened(file, str(error)[:120]) from error
    return rows


def _far(file: Path, row: int, column: int) -> FaultsError:
    return refusal(
        file,
        f"a cell stands far from the table, in row {row}, column {column}",
        f"fewer than {FAR:,} empty rows or columns between cells",
        "delete that cell, or copy the table into a new sheet",
    )
