"""Whether the logs a study names, of purchases and of service cases, are there to be read."""

from __future__ import annotations

import codecs
import gzip
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cx_value.base.errors import FaultsError
from cx_value.study.answers import convert, describe_refusal, number_reader, refusals
from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.readers.encodings import reads_as_chinese
from cx_value.study.readers.header import TITLES_AMONG, title_rows
from cx_value.study.readers.raw import EMPTY, refusal
from cx_value.study.readers.workbook import open_workbook, read_rows
from cx_value.study.tables import is_file

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cx_value.study.outside import Funnel
    from cx_value.study.sources import Contracts, ServiceLog, Transactions
    from cx_value.study.spec import Study

#: Entries of a log that are not names of columns.
_NO_COLUMNS = {
    "file", "where", "credit_notes", "encoding", "date_format", "decimal", "time_zone", "returns",
    "zero_amounts", "duplicates", "unit", "end", "calibration_end",
    "currency", "licence", "citation", "target_minutes", "period", "until", "labels",
}  # fmt: skip
#: Bytes of a header line, and megabytes of a log looked at to tell its letters.
LONGEST_LINE, LOOKED_AT = 1_000_000, 4_000
_DELIMITERS = ",;\t|"
_READABLE = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet", ".xlsx")


def examine_logs(study: Study) -> list[Finding]:
    """Return what is wrong with the logs and with what the study wants of them."""
    found = _examine_roles(study)
    for name in ("transactions", "service_log", "contracts"):
        log = getattr(study, name)
        if log is not None:
            found += examine_log(study, name, log)
    return found


def examine_log(
    study: Study, name: str, log: Transactions | ServiceLog | Contracts | Funnel
) -> list[Finding]:
    """Return what is wrong with the file of a log and the names of its columns."""
    path = study.folder / log.file
    if not is_file(path) or not path.name.lower().endswith(_READABLE):
        return [
            Finding(
                study.where(name, "file"),
                f"{str(log.file)[:200]} is no file"
                if not is_file(path)
                else f"{log.file} is of no known kind",
                f"an existing file: {', '.join(_READABLE)}",
                "correct the name; it is relative to the study file",
                kind="missing file",
            )
        ]
    encoding = getattr(log, "encoding", "auto")
    try:
        columns = header_of(path, encoding)
    except FaultsError as error:
        where = study.where(name, "file")
        return [Finding(where, f.problem, f.allowed, f.remedy, kind="unreadable data")
                for f in error.faults]  # fmt: skip
    no_columns = _NO_COLUMNS if name != "contracts" else _NO_COLUMNS - {"end"}
    wanted = {key: value for key, value in log if key not in no_columns and value is not None}
    if wanted.get("price"):
        wanted.pop("amount", None)
    wanted |= {f"where.{column}": column for column in getattr(log, "where", {})}
    return [
        Finding(
            study.where(name, *key.split(".", 1)),
            f"{log.file} has no column {column!r}",
            f"its {len(columns)} columns: {list_some(columns, 12)}",
            f"{suggest(column, columns)}name the column that holds the {key.replace('_', ' ')}",
            kind="missing column",
        )
        for key, column in wanted.items()
        if column not in columns
    ]


def header_of(path: Path, encoding: str = "auto") -> list[str]:
    """Return the names of a log's columns without reading its rows.

    Raises
    ------
    FaultsError
        For a file that is empty, damaged, locked or of letters that cannot be told.
    """
    return [str(name).strip() for name in head_of(path, 0, encoding).columns]


def head_of(path: Path, rows: int, encoding: str = "auto") -> pd.DataFrame:
    """Return the first rows of a log as they are; errors as for :func:`header_of`."""
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            return _parquet_head(path, rows)
        if path.suffix.lower() == ".xlsx":
            return _sheet_head(path, rows)
        _, encoding, delimiter = _first_line(path, encoding)
        return pd.read_csv(
            path, sep=delimiter, encoding=encoding, nrows=rows, dtype=str, keep_default_na=False,
            on_bad_lines="skip", encoding_errors="replace",
        )  # fmt: skip
    except FaultsError:
        raise
    except Exception as error:  # each library has its own errors for damaged files
        raise refusal(
            path,
            f"the file cannot be read ({str(error)[:120]})",
            f"an undamaged table with a header: {', '.join(_READABLE)}",
            "export it again",
        ) from error


def _parquet_head(path: Path, rows: int) -> pd.DataFrame:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=max(rows, 1)), None)
        if batch is None:
            return arrow.Table.from_batches([], schema=file.schema_arrow).to_pandas()
        return batch.to_pandas().head(rows)


def _sheet_head(path: Path, rows: int) -> pd.DataFrame:
    import pandas as pd

    book = open_workbook(path, path.read_bytes())
    try:
        cells = read_rows(path, book.worksheets[0], most=rows + 1 + TITLES_AMONG)
    finally:
        book.close()
    if not cells:
        raise refusal(path, *EMPTY)
    header, *body = cells[title_rows(cells) :]
    body = body[:rows]
    return pd.DataFrame([row[: len(header)] for row in body], columns=header, dtype=object)


def _first_line(path: Path, declared: str = "auto") -> tuple[str, str, str]:
    """Return the header line of a text file, the encoding of the whole file, its delimiter."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rb") as file:
        line = file.readline(LONGEST_LINE)
        file.seek(0)
        blocks = iter(lambda: file.read(1 << 20), b"")
        encoding = _encoding(path, blocks) if declared == "auto" else declared
    text = line.decode(encoding, errors="replace")
    if not text.strip():
        raise refusal(path, *EMPTY)
    return text, encoding, max(_DELIMITERS, key=text.count)


def _encoding(path: Path, blocks: Iterator[bytes]) -> str:
    """Return utf-8 or, where the bytes are none and Chinese, gb18030; ASCII may stand before."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for block in itertools.islice(blocks, LOOKED_AT):
        if block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            around = block[max(error.start - 1, 0) :]
            if reads_as_chinese(around.decode("gb18030", errors="ignore")):
                return "gb18030"
            raise refusal(
                path,
                "the file is neither UTF-8 nor Chinese text (GB18030)",
                "text in UTF-8 or GB18030",
                "save the file as UTF-8",
            ) from error
    return "utf-8-sig"


def read_log(path: Path) -> pd.DataFrame:
    """Return a log as it is, one row a line; lines of a CSV with too many fields are left out."""
    import pandas as pd

    kind = path.suffix.lower()
    if kind == ".parquet":
        return pd.read_parquet(path)
    if kind == ".xlsx":
        return pd.read_excel(path)
    _, encoding, delimiter = _first_line(path)
    return pd.read_csv(path, sep=delimiter, encoding=encoding, on_bad_lines="skip")


def read_cells(path: Path, encoding: str = "auto") -> pd.DataFrame:
    """Return a log with the cells of a text file as they are written, numbers of customers too."""
    import pandas as pd

    if path.suffix.lower() in (".parquet", ".xlsx"):
        return read_log(path)
    _, encoding, delimiter = _first_line(path, encoding)
    frame = pd.read_csv(
        path, sep=delimiter, encoding=encoding, on_bad_lines="skip", dtype=str,
        keep_default_na=False,
    )  # fmt: skip
    return frame.rename(columns=str.strip)


def read_service_log(study: Study) -> pd.DataFrame:
    """Return the service log of a study, its minutes read by the one rule for numbers.

    Raises
    ------
    FaultsError
        Naming minutes that are no numbers, or whose marks the column does not settle.
    """
    log = study.service_log
    return _with_numbers(study, "service_log", "minutes", log.minutes, log.decimal)


def read_contracts(study: Study) -> pd.DataFrame:
    """Return the contracts of a study, their fees read by the one rule for numbers.

    Raises
    ------
    FaultsError
        Naming fees that are no numbers, or whose marks the column does not settle.
    """
    return _with_numbers(study, "contracts", "fee", study.contracts.fee, "auto")


def _with_numbers(
    study: Study, section: str, key: str, name: str | None, decimal: str
) -> pd.DataFrame:
    """Return a log of the study with one column read as numbers."""
    frame, refused = numbers_in(study, section, key, name, decimal)
    if refused:
        raise FaultsError(refused)
    return frame


def numbers_in(
    study: Study, section: str, key: str, name: str | None, decimal: str = "auto"
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return a log with one column read as numbers, and its cells that are none.

    Numbers of a text file are read as they are written: ``1.200`` may be a thousand and more.
    """
    path = study.folder / getattr(study, section).file
    frame = read_log(path)
    if name is None or name not in frame:
        return frame, []
    cells = read_cells(path).get(name, frame[name])
    if cells.dtype.kind in "fiu":
        return frame, []
    cells = cells.fillna("")
    delimiter = "" if path.suffix.lower() in (".parquet", ".xlsx") else _first_line(path)[2]
    read = number_reader(cells, decimal=decimal, file_decimal={",": ".", ";": ","}.get(delimiter))
    column = convert(cells, read)
    where = study.where(section, key)
    refused = [describe_refusal(where, f"column {name}: ", reason, found)
               for reason, found in refusals(column)]  # fmt: skip
    return frame.assign(**{name: column.numbers}), refused


def _examine_roles(study: Study) -> list[Finding]:
    """Name a construct, item or column that the value part asks for and the study does not have."""
    constructs = [c.name for c in study.constructs]
    answers = [*study.item_names, *(entry.name for entry in study.profile)]
    roles = (
        (("value", "satisfaction"), study.value.satisfaction, constructs, "a construct"),
        (("value", "loyalty"), study.value.loyalty, constructs, "a construct"),
        (("metrics", "satisfaction"), study.metrics.satisfaction,
         [*study.item_names, *constructs], "an item or a construct"),
        (("metrics", "recommendation"), study.metrics.recommendation, answers,
         "an item or a profile column"),
        (("metrics", "effort"), study.metrics.effort, answers, "an item or a profile column"),
    )  # fmt: skip
    return [
        Finding(
            study.where(*place),
            f"{name!r} is not {kind} of this study",
            list_some(known, 12) or "none: the study declares no answers",
            f"{suggest(name, known)}use one of these names, or delete the line",
            kind="unknown name",
        )
        for place, name, known, kind in roles
        if name is not None and name not in known
    ]
