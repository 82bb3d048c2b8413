"""Parquet files."""

from __future__ import annotations

from pathlib import Path

from cx_value.study.readers.raw import RawTable, number_rows, refusal


def read_parquet(file: Path) -> RawTable:
    """Read a Parquet file; its types are kept as cells."""
    import pandas as pd

    try:
        frame = pd.read_parquet(file).reset_index(drop=True)
    except Exception as error:  # pyarrow raises several kinds for a damaged file
        raise refusal(
            file,
            f"the file cannot be read ({str(error)[:120]})",
            "an undamaged .parquet file",
            "export it again, or save it as .csv (UTF-8)",
        ) from error
    if frame.empty:
        raise refusal(
            file, "the file has no answers", "one row per respondent", "export the data again"
        )
    frame.columns = [str(name) for name in frame.columns]
    frame = frame.astype(object)
    return RawTable(frame=number_rows(frame.where(frame.notna(), "")), format="Parquet")
