"""Opening a transaction log, whatever file it comes in, as one DuckDB relation.

The relation ``raw`` has the columns ``customer``, ``date`` and ``amount``, perhaps ``cost`` or
``margin`` and ``currency``, and a ``fingerprint`` of the whole line by which identical lines are
found (beside customer and amount, if it leaves these out). Nothing is judged here.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError
from cx_value.value.log.quotes import opener, without_stray_quotes

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

SUFFIXES = (".csv", ".txt", ".tsv", ".gz", ".parquet", ".xlsx")
_CHUNK = 1 << 22


def connect(memory_limit: str, folder: str) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that goes to disk in ``folder`` beyond ``memory_limit``."""
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "temp_directory": folder,
            "preserve_insertion_order": "false",
        }
    )
    connection.execute("SET TimeZone = 'UTC'")  # never the machine's
    return connection


def open_log(
    connection: duckdb.DuckDBPyConnection, source: object, columns: dict[str, str], folder: str
) -> str | None:
    """Create the view ``raw`` over a file or a frame; return "." where commas part its cells.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    source : path or pandas.DataFrame
    columns : dict
        Name in the source of each column wanted.
    folder : str
        Where a file in another encoding may be written anew.

    Raises
    ------
    DataError
        If the file is missing, of another kind, unreadable or lacks a column.
    """
    if not isinstance(source, (str, Path)):
        _open_frame(connection, source, columns)
        return None
    path = Path(source)
    if not path.is_file():
        raise DataError(
            f"No transaction log at {path} · allowed: {allowed_sources()} · do: mend the path"
        )
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        _open_relation(connection, f"read_parquet({_quote(str(path))})", columns)
    elif suffix == ".xlsx":
        _open_frame(connection, _read_workbook(path), columns)
    elif suffix in SUFFIXES:
        return _open_csv(connection, path, columns, folder)
    else:
        raise DataError(
            f"Transaction log {path.name} is of the kind {suffix or 'without suffix'!r} · "
            f"allowed: {allowed_sources()} · do: save it as one of these"
        )
    return None


def count_unreadable(connection: duckdb.DuckDBPyConnection) -> int:
    """Count the lines of a CSV file that have the wrong number of fields or broken quotes."""
    told = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name IN ('reject_errors', 'set_aside')"
    ).fetchall()
    count = 0
    if ("reject_errors",) in told:
        count += connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]
    if ("set_aside",) in told:
        count += connection.execute("SELECT lines FROM set_aside").fetchone()[0]
    return count


def unreadable(error: Exception) -> DataError:
    """Return DuckDB's complaint in our words."""
    return DataError(
        f"The transaction log cannot be read: {str(error).splitlines()[0]} · allowed: one line a "
        "transaction under a header · do: mend the file or export it anew"
    )


def allowed_sources() -> str:
    """Name what a log may be."""
    return "a pandas DataFrame or a file " + " ".join(SUFFIXES)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def require_columns(present: list[str], columns: dict[str, str]) -> None:
    """Refuse a log that lacks one of the columns, or names one twice."""
    missing = [f"{role}={name!r}" for role, name in columns.items() if name not in present]
    if missing:
        raise DataError(
            f"The transaction log has no column for {', '.join(missing)} · "
            f"allowed: one of {present} · do: name the columns as the log has them"
        )
    doubled = [name for name in columns.values() if present.count(name) > 1]
    if doubled:
        raise DataError(
            f"The transaction log has two columns named {doubled[0]!r} · allowed: names that "
            "occur once · do: rename one of them"
        )


def _open_relation(connection, relation: str, columns: dict[str, str]) -> None:
    """Create ``raw`` over a DuckDB table function."""
    import duckdb

    try:
        present = [row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
    except duckdb.Error as error:
        raise DataError(
            f"The transaction log cannot be read: {str(error).splitlines()[0]} · allowed: "
            f"{allowed_sources()} · do: write the file anew"
        ) from error
    require_columns(present, columns)
    chosen = ", ".join(f"{_identifier(name)} AS {role}" for role, name in columns.items())
    connection.execute(
        f"CREATE TEMP VIEW raw AS SELECT {chosen}, {_rest_hash(present, columns)} AS fingerprint "
        f"FROM {relation} AS source"
    )


def _rest_hash(present: list[str], columns: dict[str, str]) -> str:
    """SQL for a fingerprint of all but customer and amount, which are compared as they are."""
    rest = [name for name in present if name not in (columns["customer"], columns.get("amount"))]
    if len(set(present)) < len(present):
        return "hash(source)"
    return f"hash({', '.join(map(_identifier, rest))})" if rest else "0::UBIGINT"


# --- CSV ----------------------------------------------------------------------------------------


def _open_csv(connection, path: Path, columns: dict[str, str], folder: str) -> str | None:
    """Read every field as text, so that no guess of a type can lose a row."""
    path = _in_utf8(path, folder)
    header, delimiter = _read_header(path)
    require_columns(header, columns)
    path, set_aside = without_stray_quotes(path, delimiter, len(header), folder)
    connection.execute(f"CREATE TEMP TABLE set_aside AS SELECT {set_aside} AS lines")
    if len(set(header)) < len(header) or "" in header:
        header = [f"{name or 'column'}_{i}" if header.count(name) > 1 or not name else name
                  for i, name in enumerate(header)]  # fmt: skip
    types = ", ".join(f"{_quote(name)}: 'VARCHAR'" for name in header)
    _open_relation(
        connection,
        f"read_csv({_quote(str(path))}, auto_detect=false, header=true, delim={_quote(delimiter)}, "
        f"quote='\"', escape='\"', columns={{{types}}}, store_rejects=true, rejects_limit=0)",
        columns,
    )
    return "." if delimiter == "," else None


def _in_utf8(path: Path, folder: str) -> Path:
    """Return the path, or that of a UTF-8 copy of a file in UTF-16 or GB 18030 (spreadsheets)."""
    encoding = _encoding_of(path)
    if encoding is None:
        return path
    with (
        opener(path)(path, "rt", encoding=encoding, errors="replace", newline="") as file,
        tempfile.NamedTemporaryFile(
            "w", dir=folder, suffix=".csv", delete=False, encoding="utf-8", newline=""
        ) as copy,
    ):
        while chunk := file.read(_CHUNK):
            copy.write(chunk)
    return Path(copy.name)


def _encoding_of(path: Path) -> str | None:
    """Return None for UTF-8, else the encoding; refuse letters that are no Chinese either."""
    import codecs

    from cx_value.study.readers.encodings import reads_as_chinese

    decoder = codecs.getincrementaldecoder("utf-8")()
    with opener(path)(path, "rb") as file:
        chunk = file.read(_CHUNK)
        if chunk[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(_CHUNK)
            decoder.decode(b"", final=True)
            return None
        except UnicodeDecodeError as error:
            around = chunk[max(error.start - 1, 0) :]
    if reads_as_chinese(around.decode("gb18030", errors="ignore")):
        return "gb18030"
    raise DataError(
        f"Transaction log {path.name} is neither UTF-8 nor Chinese text (GB18030) · allowed: text "
        "in UTF-8, UTF-16 or GB18030 · do: save the file as UTF-8"
    )


def _read_header(path: Path) -> tuple[list[str], str]:
    """Return the column names and the delimiter, told by the first line alone."""
    with opener(path)(path, "rt", encoding="utf-8-sig", newline="") as file:
        line = file.readline().rstrip("\r\n")
    if not line.strip():
        raise DataError(
            f"Transaction log {path.name} is empty · allowed: a header line and one line a "
            "transaction · do: export the log anew"
        )
    delimiter = max(",;\t|", key=line.count)
    return next(csv.reader([line], delimiter=delimiter)), delimiter


# --- frames and workbooks -----------------------------------------------------------------------


def _read_workbook(path: Path) -> pd.DataFrame:
    import pandas as pd

    from cx_value.study.readers.header import TITLES_AMONG, title_rows

    try:
        top = pd.read_excel(path, dtype=object, header=None, nrows=TITLES_AMONG)
        titles = title_rows(top.where(top.notna(), "").to_numpy().tolist())
        return pd.read_excel(path, dtype=object, skiprows=titles)
    except (ValueError, KeyError, OSError) as error:
        raise DataError(
            f"Workbook {path.name} cannot be read: {error} · allowed: an .xlsx file whose first "
            "sheet is the log · do: save it anew"
        ) from error


def _open_frame(connection, frame: pd.DataFrame, columns: dict[str, str]) -> None:
    register_plain(connection, plain_frame(frame, columns))


def register_plain(connection, plain: pd.DataFrame) -> None:
    """Create the view ``raw`` over a frame made by :func:`plain_frame`."""
    connection.register("log_frame", plain)
    connection.execute("CREATE TEMP VIEW raw AS SELECT * FROM log_frame")


def register_table(connection, table: pa.Table, columns: dict[str, str]) -> None:
    """Create the view ``raw`` over an Arrow table: some row groups of a Parquet file."""
    connection.register("log_table", table)
    _open_relation(connection, "log_table", columns)


def plain_frame(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Return clean columns by role; text that DuckDB could not scan is made plain first."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"The transaction log is a {type(frame).__name__} · allowed: {allowed_sources()} · "
            "do: give one of these"
        )
    require_columns([str(name) for name in frame.columns], columns)
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    return pd.DataFrame(
        {role: _plain_column(frame[name], role) for role, name in columns.items()}
    ).assign(fingerprint=_fingerprint(frame))


def _plain_column(column: pd.Series, role: str) -> pd.Series:
    """Keep numbers and dates as they are; turn anything else into text, missing into NULL."""
    import pandas as pd

    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.DatetimeTZDtype) and role == "date":
        return column.dt.tz_convert("UTC")
    if pd.api.types.is_datetime64_any_dtype(column) and role == "date":
        return column
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return _as_text(column)
    if role == "customer" and pd.api.types.is_float_dtype(column):
        whole = column.dropna()
        if np.isfinite(whole).all() and (whole == np.round(whole)).all():
            return column.astype("Int64")
        return _as_text(column)
    return _as_text(column) if role in ("date", "currency") else column


def _as_text(column: pd.Series) -> pd.Series:
    import pandas as pd

    def plain(value: object) -> str | None:
        missing = pd.isna(value) if np.isscalar(value) or value is None else False
        if missing or value is pd.NaT or value is pd.NA:
            return None
        return str(value).encode("utf-8", "replace").decode("utf-8")

    return pd.Series([plain(value) for value in column], dtype="str", index=column.index)


def _fingerprint(frame: pd.DataFrame) -> np.ndarray:
    import pandas as pd

    def hashable(column: pd.Series) -> pd.Series:
        kinds = pd.api.types
        if kinds.is_numeric_dtype(column) or kinds.is_datetime64_any_dtype(column):
            return column
        return column if column.dtype == "str" else _as_text(column).fillna("\0")

    columns = frame.reset_index(drop=True).items()
    known = {i: hashable(column) for i, (_, column) in enumerate(columns)}
    return pd.util.hash_pandas_object(pd.DataFrame(known), index=False).to_numpy()
