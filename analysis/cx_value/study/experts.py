"""The experts' pairwise judgements: read as they were given, each fault told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.study.answers import clean
from cx_value.study.findings import Finding, list_rows, list_some, suggest
from cx_value.study.logs import header_of, read_log

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Study

#: Columns of the frame that :func:`read_experts` returns.
#: Two judgements of a pair whose product is further from 1 contradict each other.
AT_ODDS = 0.05
COLUMNS = ("expert", "criteria", "row", "column", "judgement")


def examine_experts(study: Study) -> list[Finding]:
    """Return what is wrong with the file of judgements; errors only where it cannot be read."""
    if study.experts is None:
        return []
    path = study.folder / study.experts.file
    if not path.is_file():
        return [
            Finding(
                study.where("experts", "file"),
                f"{study.experts.file} is no file",
                "an existing file: .csv, .parquet, .xlsx",
                "correct the name; it is relative to the study file",
                kind="missing file",
            )
        ]
    missing = _missing_columns(study, header_of(path))
    return missing or _examine_judgements(study)


def read_experts(study: Study) -> pd.DataFrame:
    """Return ``expert criteria row column judgement``, one row a judgement that can be used.

    Judgements that are no positive number, or name no construct or dimension of the study, are left
    out; :func:`examine_experts` tells them.
    """
    frame = _as_given(study)
    return frame[_usable(study, frame)].astype({"judgement": float}).reset_index(drop=True)


def _as_given(study: Study) -> pd.DataFrame:
    import pandas as pd

    declared = study.experts
    raw = read_log(study.folder / declared.file)
    frame = pd.DataFrame(index=raw.index)
    for key in COLUMNS:
        name = getattr(declared, key)
        frame[key] = raw.get(name, "")
    for key in COLUMNS[:-1]:
        frame[key] = frame[key].astype(str).str.strip()
    frame["judgement"] = _ratios(frame["judgement"])
    return frame


def _ratios(cells: pd.Series) -> pd.Series:
    """Read judgements by the one rule for numbers, fractions too: ``1/3``, ``1:3``, ``0,333``.

    No judgement reaches a thousand: a mark before three digits is one of decimals.

    >>> import pandas as pd
    >>> _ratios(pd.Series(["1/4", 3, "1：5", "0,333", "none"])).tolist()
    [0.25, 3.0, 0.2, 0.333, nan]
    """
    import pandas as pd

    from cx_value.study.answers import convert, number_reader

    parts = (
        cells.map(clean).str.replace("[／∶:：]", "/", regex=True).str.split("/", n=1, expand=True)
    )
    above, below = parts[0], parts[1] if 1 in parts else pd.Series(None, cells.index, dtype=object)
    whole = pd.concat([above, below.dropna()], ignore_index=True)
    read = number_reader(whole, below_thousand=True)
    divisor = convert(below.fillna("1"), read).numbers
    return convert(above, read).numbers / divisor.where(divisor != 0)


def _known(study: Study) -> list[str]:
    return [c.name for c in study.constructs] + [d.name for d in study.dimensions]


def _usable(study: Study, frame: pd.DataFrame) -> pd.Series:
    known = _known(study)
    named = frame["row"].isin(known) & frame["column"].isin(known)
    return named & (frame["row"] != frame["column"]) & (frame["judgement"] > 0)


def _contradictions(frame: pd.DataFrame) -> list[str]:
    """Return pairs that an expert judged in both directions, at odds."""
    keys = ["criteria", "expert", "row", "column"]
    back = frame.rename(columns={"row": "column", "column": "row"})
    both = frame.merge(back, on=keys, suffixes=("", "_back"))
    both = both[
        (both.row < both.column) & ((both.judgement * both.judgement_back - 1).abs() > AT_ODDS)
    ]
    return [f"{r.row} and {r.column} (expert {r.expert})" for r in both.itertuples()]


def _missing_columns(study: Study, columns: list[str]) -> list[Finding]:
    declared = study.experts
    wanted = {key: getattr(declared, key) for key in COLUMNS}
    if "criteria" not in declared.model_fields_set:
        del wanted["criteria"]
    return [
        Finding(
            study.where("experts", key),
            f"{declared.file} has no column {column!r}",
            f"its {len(columns)} columns: {list_some(columns, 12)}",
            f"{suggest(column, columns)}name the column that holds the {key}",
            kind="missing column",
        )
        for key, column in wanted.items()
        if column is not None and column not in columns
    ]


def _examine_judgements(study: Study) -> list[Finding]:
    frame = _as_given(study)
    known = _known(study)
    strangers = sorted({n for n in [*frame["row"], *frame["column"]] if n not in known})
    bad = [int(row) + 1 for row in frame.index[~(frame["judgement"] > 0)]]
    beyond = (frame["judgement"] > 9 + 1e-9) | frame["judgement"].between(0, 1 / 9 - 1e-4)
    wide = [int(row) + 1 for row in frame.index[beyond & (frame["judgement"] > 0)]]
    odd = _contradictions(frame)
    told = [
        (odd, f"pairs judged both ways with numbers that are no reciprocals: {list_some(odd)}; "
         "they count as not given", "each pair once, or A against B as 1 over B against A",
         "ask the expert again"),
        (strangers, f"judgements of {list_some(strangers)}, which the study does not declare; they "
         "are left out", "constructs and dimensions of the study", "correct the names"),
        (bad, f"no judgement in {list_rows(bad)}; left out",
         "positive numbers, or fractions as 1/3", "correct the cells"),
        (wide, f"judgements beyond 1/9 to 9 in {list_rows(wide)}",
         "Saaty's scale, 1/9 to 9", "check that they are meant"),
    ]  # fmt: skip
    where = study.where("experts", "file")
    return [
        Finding(where, problem, allowed, remedy, severity="warning", kind="bad judgement")
        for found, problem, allowed, remedy in told
        if found
    ]
