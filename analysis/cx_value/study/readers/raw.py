"""What every reader returns, and how a file that cannot be read is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import Fault, FaultsError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from cx_value.study.numbers import Mark

EMPTY = ("the file is empty", "a header line and answers below it", "export the data again")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A data file as it came, before a study says what its columns mean.

    Attributes
    ----------
    frame : DataFrame
        One row per data row; the index is the row number, the first row below the header being 1.
        Cells are text (CSV), or what the program stored (Excel, SPSS, Stata, SAS, Parquet).
    column_labels : dict
        Column → its label in the file; columns without one are absent.
    value_labels : dict
        Column → {number: label}.
    user_missing : dict
        Column → list of (low, high): numbers, or words, that mean no answer by the file itself.
    format : str
        What the file was read as, e.g. ``"CSV (GB18030, ;)"``.
    platform : str
        The survey platform whose export this is, or ``""``.
    told : tuple of (code, words)
        What a reader decided that the analyst should know: ``encoding`` guessed, ``header`` of
        several rows, ``twice`` for names used again, ``platform``, ``no answer`` labels.
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
    platform: str = ""
    told: tuple[tuple[str, str], ...] = ()
    sha256: str = ""
    decimal: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file without types of its own is laid out, as far as the study declares it."""

    header_rows: int | str = "auto"
    skip_rows: int = 0
    platform: str = "auto"


def fault(file: Path, problem: str, allowed: str, remedy: str) -> Fault:
    """Return what is wrong with a file, what is allowed and what to do."""
    return Fault(file.name, problem, allowed, remedy)


def refusal(file: Path, problem: str, allowed: str, remedy: str) -> FaultsError:
    """Return the error that refuses a file."""
    return FaultsError([fault(file, problem, allowed, remedy)])


def filled_cells(frame: pd.DataFrame) -> np.ndarray:
    """Return which cells hold anything but spaces, asking every distinct cell once."""
    import numpy as np

    columns = [_filled(frame.iloc[:, k]) for k in range(frame.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros((len(frame), 0), dtype=bool)


def _filled(cells: pd.Series) -> np.ndarray:
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    return np.array([str(cell).strip() not in ("", "nan") for cell in distinct], dtype=bool)[codes]


def number_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Number the rows from 1, the first row below the header."""
    frame.index = range(1, len(frame) + 1)
    frame.index.name = "row"
    return frame
