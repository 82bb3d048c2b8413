"""Files of statistics programs, which bring labels and missing codes: SPSS, Stata, SAS."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

from cx_value.study.readers.platforms import platform_of
from cx_value.study.readers.raw import RawTable, number_rows, refusal

#: Ending → the program, and the reader of pyreadstat.
PROGRAMS = {
    ".sav": ("SPSS", "read_sav"),
    ".zsav": ("SPSS", "read_sav"),
    ".por": ("SPSS", "read_por"),
    ".dta": ("Stata", "read_dta"),
    ".sas7bdat": ("SAS", "read_sas7bdat"),
    ".xpt": ("SAS", "read_xport"),
}


def read_labelled(file: Path, encoding: str) -> RawTable:
    """Read a file of a statistics program, with its labels and user-defined missing codes."""
    import pyreadstat

    program, reader = PROGRAMS[file.suffix.lower()]
    options: dict[str, Any] = {} if program == "SAS" or reader == "read_por" else {
        "user_missing": True}  # fmt: skip
    if encoding != "auto":
        options["encoding"] = codecs.lookup(encoding).name.upper()
    try:
        frame, meta = getattr(pyreadstat, reader)(str(file), **options)
    except Exception as error:  # readstat raises several kinds for a damaged file
        raise refusal(
            file,
            f"the file cannot be read ({str(error)[:120]})",
            "an undamaged file of SPSS (.sav .zsav .por), Stata (.dta) or SAS (.sas7bdat .xpt)",
            "export it again, or set data.encoding: gb18030",
        ) from error
    if frame.empty:
        raise refusal(
            file, "the file has no answers", "one row per respondent", "export the data again"
        )
    frame = frame.astype(object)
    platform = platform_of(frame.columns)
    return RawTable(
        frame=number_rows(frame.where(frame.notna(), "")),
        column_labels={k: v for k, v in meta.column_names_to_labels.items() if v},
        value_labels=_value_labels(meta.variable_value_labels),
        user_missing=_user_missing(meta),
        format=program,
        platform=platform.name if platform else "",
    )


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
