"""Reading a data file as it is: CSV, Excel, SPSS and Stata, with the labels it carries."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import Fault, FaultsError
from cx_value.study.findings import list_some, suggest

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from cx_value.study.numbers import Mark

_TEXT = (".csv", ".tsv", ".txt", ".tab")
_EXCEL = (".xlsx", ".xlsm")
_READABLE = (*_TEXT, *_EXCEL, ".sav", ".zsav", ".dta")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A data file as it came, before a study says what its columns mean.

    Attributes
    ----------
    frame : DataFrame
        One row per data row; the index is the row number, the first row below the header being 1.
        Cells are text (CSV), or what the program stored (Excel, SPSS, Stata).
    column_labels : dict
        Column → its label in the file; columns without one are absent.
    value_labels : dict
        Column → {number: label}.
    user_missing : dict
        Column → list of (low, high): numbers the file itself declares as missing.
    format : str
        What the file was read as, e.g. ``"CSV (GB18030, ;)"``.
    short_rows : tuple of int
        Rows of a CSV with fewer cells than the header.
    sha256 : str
        Of the file's bytes.
    decimal : str or None
        The decimal mark that goes with the file's delimiter (``.`` with commas, ``,`` with
        semicolons), or None where the file tells nothing of it.
    """

    frame: pd.DataFrame
    column_labels: dict[str, str] = field(default_factory=dict)
    value_labels: dict[str, dict[float, str]] = field(default_factory=dict)
    user_missing: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)
    short_rows: tuple[int, ...] = ()
    format: str
    sha256: str
    decimal: Mark | None = None


def read_table(path: str | Path, *, encoding: str = "auto", sheet: str | int = 0) -> RawTable:
    """Read a data file without interpreting it.

    Parameters
    ----------
    path
        ``.csv`` (also ``.tsv .txt``; delimiter ``, ; tab |`` found by itself), ``.xlsx``,
        ``.sav`` or ``.dta``.
    encoding
        ``"auto"`` tries UTF-8 (with or without a byte-order mark), then GB18030.
    sheet
        Sheet of a workbook, by name or by number from 0.

    Raises
    ------
    FaultsError
        When the file is missing, empty, of another kind, or cannot be read; with what to do.
    """
    file = Path(path)
    if not file.is_file():
        raise FaultsError([_missing_file(file)])
    kind = file.suffix.lower()
    if kind not in _READABLE:
        raise FaultsError([_unknown_kind(file)])
    content = file.read_bytes()
    if not content.strip():
        raise _refusal(file, *_EMPTY)
    if kind in _TEXT:
        table = _read_text(file, content, encoding)
    elif kind in _EXCEL:
        table = _read_excel(file, content, sheet)
    else:
        table = _read_labelled(file, encoding)
    return RawTable(**table, sha256=hashlib.sha256(content).hexdigest())


_EMPTY = ("the file is empty", "a header line and answers below it", "export the data again")


def _fault(file: Path, problem: str, allowed: str, remedy: str) -> Fault:
    return Fault(file.name, problem, allowed, remedy)


def _refusal(*words: Any) -> FaultsError:
    return FaultsError([_fault(*words)])


def _missing_file(file: Path) -> Fault:
    near = sorted(p.name for p in file.parent.glob("*") if p.suffix.lower() in _READABLE)
    return _fault(
        file,
        f"there is no file {file}",
        "a data file; its path is relative to the study file",
        f"{suggest(file.name, near)}"
        + (f"found beside it: {list_some(near)}" if near else "put the data there"),
    )


def _unknown_kind(file: Path) -> Fault:
    return _fault(
        file,
        f"files of the kind {file.suffix or 'without an ending'!r} cannot be read",
        " ".join(_READABLE),
        "save it as .xlsx or .csv (UTF-8)" if file.suffix != ".xls" else "save it as .xlsx",
    )


def decode(file: Path, content: bytes, encoding: str = "auto") -> tuple[str, str]:
    """Return the text of a file and the name of the encoding that fitted.

    UTF-8 is tried first: bytes of Chinese GB18030 text are practically never valid UTF-8, while
    nearly any bytes are valid GB18030.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16"), "UTF-16"
    tries = {"auto": ("utf-8-sig", "gb18030"), "utf-8": ("utf-8-sig",)}.get(encoding, (encoding,))
    for name in tries:
        try:
            return content.decode(name), name.removesuffix("-sig").upper()
        except UnicodeDecodeError:
            continue
    fault = _fault(
        file,
        f"the bytes of the file are not {' or '.join(t.removesuffix('-sig') for t in tries)} text",
        "data.encoding: auto, utf-8 or gb18030",
        "set data.encoding: auto, or save the file as UTF-8",
    )
    raise FaultsError([fault])


def find_delimiter(text: str) -> str:
    """Return the delimiter that cuts the header line into most pieces, outside quotes."""
    header = text.lstrip("\n").split("\n", 1)[0]
    bare = "".join(header.split('"')[::2])
    return max(",;\t|", key=bare.count)


def _read_text(file: Path, content: bytes, encoding: str) -> dict[str, Any]:
    import pandas as pd

    text, name = decode(file, content, encoding)
    # One kind of line end for both readers below, also where a cell holds an old Mac's.
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    if not text.strip("\ufeff \n\t"):
        raise _refusal(file, *_EMPTY)
    delimiter = find_delimiter(text)
    try:
        short = _short_rows(text, delimiter)
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=str, keep_default_na=False,
            na_filter=False, skip_blank_lines=False, low_memory=False,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise FaultsError([_ragged(file, str(error))]) from error
    frame = _promote_header(file, frame.astype(object))
    shown = {"\t": "tab"}.get(delimiter, delimiter)
    mark = {",": ".", ";": ","}.get(delimiter)
    words = f"CSV ({name}, {shown})"
    return {"frame": frame, "format": words, "short_rows": short, "decimal": mark}


def _short_rows(text: str, delimiter: str) -> tuple[int, ...]:
    """Number the rows with fewer cells than the header: pandas fills them up silently."""
    counts = [len(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    return tuple(k for k, count in enumerate(counts) if 1 < count < counts[0])


def _ragged(file: Path, message: str) -> Fault:
    import re

    counts = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if not counts:
        return _fault(file, f"the file is not a table: {message.strip()}",
                      "as many cells in every line as in the header",
                      "look for a quotation mark that is not closed")  # fmt: skip
    wanted, line, seen = counts.groups()
    return _fault(
        file,
        f"line {line} has {seen} cells, the header has {wanted}",
        "as many cells in every line as in the header",
        f"put quotation marks around a text that holds the delimiter, in line {line} or above it",
    )


def _read_excel(file: Path, content: bytes, sheet: str | int) -> dict[str, Any]:
    import pandas as pd

    try:
        book = pd.ExcelFile(io.BytesIO(content), engine="openpyxl")
    except Exception as error:  # openpyxl raises many kinds for a damaged or locked file
        raise _refusal(
            file,
            f"the workbook cannot be opened ({error})",
            "an .xlsx workbook without a password",
            "open it in a spreadsheet and save it again as .xlsx",
        ) from error
    names = [str(name) for name in book.sheet_names]
    known = sheet in names if isinstance(sheet, str) else -1 < sheet < len(names)
    if not known:
        raise _refusal(
            file,
            f"the workbook has no sheet {sheet!r}",
            ", ".join(names),
            f"{suggest(str(sheet), names)}set data.sheet",
        )
    frame = book.parse(sheet, header=None, dtype=object, keep_default_na=False, na_values=[""])
    frame = frame.astype(object).where(frame.notna(), "")
    if frame.empty:
        raise _refusal(
            file,
            f"sheet {sheet!r} is empty",
            ", ".join(names),
            "set data.sheet to the sheet with the answers",
        )
    name = sheet if isinstance(sheet, str) else names[sheet]
    return {"frame": _promote_header(file, frame), "format": f"Excel (sheet {name})"}


def _promote_header(file: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Make the first row the names, drop empty trailing rows and nameless empty columns."""
    header = [" ".join(str(cell).split()) for cell in frame.iloc[0]]
    body = frame.iloc[1:].reset_index(drop=True)
    filled = filled_cells(body)
    rows = int(filled.any(axis=1).nonzero()[0][-1]) + 1 if filled.any() else 0
    keep = [k for k, name in enumerate(header) if name or filled[:, k].any()]
    names = [header[k] or f"column {k + 1}" for k in keep]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refusal(
            file,
            f"column name used more than once: {list_some(twice)}",
            "each column name once",
            "rename the columns in the header",
        )
    if rows == 0:
        raise _refusal(
            file,
            "the file has a header but no answers",
            "one row per respondent",
            "export the data again",
        )
    body = body.iloc[:rows, keep]
    body.columns = names
    return _number_rows(body)


def filled_cells(frame: pd.DataFrame) -> np.ndarray:
    """Return which cells hold anything but spaces, asking every distinct cell once."""
    import numpy as np

    columns = [_filled(frame[name]) for name in frame]
    return np.stack(columns, axis=1) if columns else np.zeros((len(frame), 0), dtype=bool)


def _filled(cells: pd.Series) -> np.ndarray:
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    return np.array([str(cell).strip() not in ("", "nan") for cell in distinct])[codes]


def _number_rows(frame: pd.DataFrame) -> pd.DataFrame:
    frame.index = range(1, len(frame) + 1)
    frame.index.name = "row"
    return frame


def _read_labelled(file: Path, encoding: str) -> dict[str, Any]:
    import pyreadstat

    spss = file.suffix.lower() != ".dta"
    reader = pyreadstat.read_sav if spss else pyreadstat.read_dta
    name = "GB18030" if encoding == "gb18030" else None
    try:
        frame, meta = reader(str(file), user_missing=True, encoding=name)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        raise _refusal(
            file,
            f"the file cannot be read ({error})",
            "an undamaged .sav or .dta file",
            "export it again, or set data.encoding: gb18030",
        ) from error
    if frame.empty:
        raise _refusal(
            file, "the file has no answers", "one row per respondent", "export the data again"
        )
    frame = frame.astype(object)
    return {
        "frame": _number_rows(frame.where(frame.notna(), "")),
        "column_labels": {k: v for k, v in meta.column_names_to_labels.items() if v},
        "value_labels": _value_labels(meta.variable_value_labels),
        "user_missing": _user_missing(meta),
        "format": "SPSS" if spss else "Stata",
    }


def _value_labels(labels: dict[str, dict]) -> dict[str, dict[float, str]]:
    return {
        column: {float(k): str(v) for k, v in values.items() if isinstance(k, (int, float))}
        for column, values in labels.items()
    }


def _user_missing(meta: Any) -> dict[str, list[tuple[Any, Any]]]:
    ranges = {
        column: [(part["lo"], part["hi"]) for part in parts]
        for column, parts in (meta.missing_ranges or {}).items()
    }
    for column, letters in (meta.missing_user_values or {}).items():
        ranges.setdefault(column, []).extend((letter, letter) for letter in letters)
    return ranges
