"""Whether the logs a study names, of purchases and of service cases, are there to be read."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

from cx_value.study.findings import Finding, list_some, suggest

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cx_value.study.spec import ServiceLog, Study, Transactions

#: Entries of a log that are not names of columns.
_NO_COLUMNS = {
    "file", "date_format", "decimal", "returns", "zero_amounts", "duplicates", "unit", "end",
    "calibration_end", "currency", "licence", "citation", "target_minutes",
}  # fmt: skip
_DELIMITERS = ",;\t|"
_READABLE = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet", ".xlsx")


def examine_logs(study: Study) -> list[Finding]:
    """Return what is wrong with the logs and with what the study wants of them."""
    found = _examine_roles(study)
    for name in ("transactions", "service_log"):
        log = getattr(study, name)
        if log is not None:
            found += _examine_log(study, name, log)
    return found


def _examine_log(study: Study, name: str, log: Transactions | ServiceLog) -> list[Finding]:
    path = study.folder / log.file
    if not path.is_file() or not path.name.lower().endswith(_READABLE):
        return [
            Finding(
                study.where(name, "file"),
                f"{log.file} is no file"
                if not path.is_file()
                else f"{log.file} is of no known kind",
                f"an existing file: {', '.join(_READABLE)}",
                "correct the name; it is relative to the study file",
                kind="missing file",
            )
        ]
    columns = header_of(path)
    wanted = {key: value for key, value in log if key not in _NO_COLUMNS and value is not None}
    return [
        Finding(
            study.where(name, key),
            f"{log.file} has no column {column!r}",
            f"its {len(columns)} columns: {list_some(columns, 12)}",
            f"{suggest(column, columns)}name the column that holds the {key.replace('_', ' ')}",
            kind="missing column",
        )
        for key, column in wanted.items()
        if column not in columns
    ]


def header_of(path: Path) -> list[str]:
    """Return the names of a log's columns without reading its rows."""
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as parquet

        return list(parquet.read_schema(path).names)
    if path.suffix.lower() == ".xlsx":
        import pandas as pd

        return [str(name) for name in pd.read_excel(path, nrows=0).columns]
    return _csv_header(path)


def _csv_header(path: Path) -> list[str]:
    line, _, delimiter = _first_line(path)
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]


def _first_line(path: Path) -> tuple[str, str, str]:
    """Return the header line of a text file, its encoding and its delimiter."""
    with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rb") as file:
        line = file.readline()
    encoding = "utf-8-sig"
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        encoding = "gb18030"
        text = line.decode(encoding, errors="replace")
    return text, encoding, max(_DELIMITERS, key=text.count)


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
