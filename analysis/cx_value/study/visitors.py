"""The visitors of a funnel, read by the one rule for numbers, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.errors import FaultsError
from cx_value.study.answers import clean
from cx_value.study.findings import Finding, list_rows
from cx_value.study.logs import examine_log, numbers_in

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Study


def read_visitors(study: Study) -> pd.Series:
    """Return the number of visitors by step, in the order of the file.

    Raises
    ------
    FaultsError
        Naming cells that are no whole number, or a step with more visitors than the one before.
    """
    frame, refused = numbers_in(study, "funnel", "visitors", study.funnel.visitors)
    if refused:
        raise FaultsError(refused)
    frame = frame[frame[study.funnel.visitors].notna()]
    counts = frame.set_index(frame[study.funnel.step].map(clean))[study.funnel.visitors]
    if faults := _faults_of(study, counts):
        raise FaultsError(faults)
    return counts.astype(float)


def examine_funnel(study: Study) -> list[Finding]:
    """Return what is wrong with the funnel: its file, its columns, its numbers."""
    if study.funnel is None:
        return []
    if found := examine_log(study, "funnel", study.funnel):
        return found
    try:
        read_visitors(study)
    except FaultsError as error:
        return list(error.faults)
    return []


def _faults_of(study: Study, counts: pd.Series) -> list[Finding]:
    where = study.where("funnel", "visitors")
    parts = [k for k, n in enumerate(counts, 1) if n < 0 or n % 1]
    if parts:
        return [Finding(
            where, f"numbers of visitors that are not whole, in {list_rows(parts)}: "
            f"{', '.join(f'{counts.iloc[k - 1]:g}' for k in parts[:5])}", "whole numbers from 0",
            "write them without marks of thousands, such as 1200", kind="number not settled",
        )]  # fmt: skip
    if len(counts) < 2 or (counts.diff().dropna() > 0).any() or counts.iloc[0] <= 0:
        return [Finding(
            where, "the funnel's steps do not narrow",
            "two or more steps in their order, none with more visitors than the one before",
            "correct the file", kind="wrong order",
        )]  # fmt: skip
    return []
