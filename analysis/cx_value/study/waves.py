"""Waves that stand side by side in a file, set below one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from cx_value.study.tables import RawTable, filled_cells


def stack_waves(
    raw: RawTable, columns: Iterable[str], waves: Mapping[str, str], wave: str
) -> RawTable:
    """Return the table with one row a respondent and wave.

    Parameters
    ----------
    raw
        One row a respondent.
    columns
        Columns the study names.
    waves
        Wave → how its columns are called: ``{column}_24`` is SAT1_24 for SAT1.
    wave
        Name of the new column that holds the wave.

    Returns
    -------
    RawTable
        Row k of wave w (from 0) bears the number k + w × rows. A row without any answer of its
        wave is left out: that respondent took no part.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["a", "b"], "S_1": ["4", "5"], "S_2": ["3", ""]}, index=[1, 2])
    >>> raw = RawTable(frame=frame, format="CSV")
    >>> waves = {"1": "{column}_1", "2": "{column}_2"}
    >>> stack_waves(raw, ["id", "S"], waves, "wave").frame.reset_index()
       row id  S wave
    0    1  a  4    1
    1    2  b  5    1
    2    3  a  3    2
    """
    columns = list(dict.fromkeys(columns))
    rows, parts = len(raw.frame), []
    labels, values, missing = (dict(m) for m in (raw.column_labels, raw.value_labels,
                                                 raw.user_missing))  # fmt: skip
    for number, (name, pattern) in enumerate(waves.items()):
        own = {pattern.replace("{column}", c): c for c in columns
               if c not in raw.frame and pattern.replace("{column}", c) in raw.frame}  # fmt: skip
        for written, column in own.items():
            for known in (labels, values, missing):
                if written in known:
                    known.setdefault(column, known[written])
        part = raw.frame[[c for c in raw.frame if c in own or c in columns]].rename(columns=own)
        answered = filled_cells(part[list(own.values())]).any(axis=1)
        part = part.assign(**{wave: name})
        parts.append(part.set_axis(part.index + number * rows)[answered])
    frame = pd.concat(parts)
    frame.index.name = "row"
    return replace(
        raw, frame=frame.astype(object).fillna(""), column_labels=labels, value_labels=values,
        user_missing=missing,
    )  # fmt: skip


def asked_in_every(items: pd.DataFrame, wave: pd.Series) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the items answered in every wave, and the names of the others.

    >>> import pandas as pd
    >>> items = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, None]})
    >>> asked_in_every(items, pd.Series(["1", "1", "2"]))[1]
    ('b',)
    """
    asked = items.notna().groupby(wave.to_numpy()).any().all()
    return items.loc[:, asked], tuple(asked.index[~asked])
