"""Profile columns that are counted as numbers: likelihood to recommend, effort, outcomes.

The profile shows categories: a point with a label is printed by it, and rare words are gathered.
What is counted needs the numbers themselves, whatever the points are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from cx_value.study.answers import clean, convert, missing_reader, number_reader
from cx_value.study.findings import Finding, list_rows, list_some

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.answered import Survey
    from cx_value.study.spec import Profile, Study
    from cx_value.study.tables import RawTable

Place = tuple[str, ...]
#: Lowest and highest likelihood to recommend (Reichheld 2003).
LIKELIHOOD = (0, 10)

#: ``0 - not at all likely``, ``10 = certainly``, ``9 (likely)``, ``9分``: a point and its words.
_POINT = re.compile(
    r"([-+−]?[0-9０-９]+)\s*(?:[-–—:：=.、(（]\s*[^\W\d_].*|[^\W\d_%]{1,8})", re.DOTALL
)


def strip_words(text: str) -> str:
    """Return the number of a point that is written with its words; other texts as they are.

    >>> [strip_words(text) for text in ("10 - extremely likely", "9分", "7.5", "3%")]
    ['10', '9', '7.5', '3%']
    """
    found = _POINT.fullmatch(text.strip())
    return found[1] if found else text


def counted_columns(study: Study) -> list[tuple[Profile, Place]]:
    """Return the profile columns that the study counts as numbers, and who asks for them."""
    asked = [(study.metrics.recommendation, ("metrics", "recommendation")),
             (study.metrics.effort, ("metrics", "effort"))]  # fmt: skip
    asked += [(name, ("drivers", "outcomes")) for name in study.drivers.outcomes]
    known = {entry.name: entry for entry in study.profile}
    taken = {item.name for item in study.items} | {c.name for c in study.constructs}
    found = {name: place for name, place in reversed(asked) if name in known and name not in taken}
    return [(known[name], place) for name, place in found.items()]


def code_counted(study: Study, raw: RawTable) -> tuple[dict[str, pd.Series], list[Finding]]:
    """Return ``number.NAME`` → numbers of each such column, and what could not be read."""
    columns, findings = {}, []
    for entry, place in counted_columns(study):
        name = str(entry.column or entry.name)
        if name not in raw.frame:
            continue
        coded = convert(raw.frame[name], _reader(study, raw, entry, name))
        columns[f"number.{entry.name}"] = coded.numbers
        findings += _off_the_scale(study, entry, place, coded.numbers)
        if len(coded.refused):
            none = coded.numbers.notna().sum() == 0
            findings.append(Finding(
                study.where(*place),
                f"{name} holds {len(coded.refused)} answers that are no number, such as "
                f"{list_some(list(dict.fromkeys(map(clean, coded.refused))), 3)}"
                + ("" if none else "; the report does without them"),
                "a number, with or without its words (9, 9 - likely), or empty",
                f"correct rows {list_rows(list(coded.refused.index))}, or declare the words under "
                f"profile.{entry.name}.values (9: likely) or missing_codes",
                severity="error" if none else "warning", kind="text in a number",
            ))  # fmt: skip
    return columns, findings


def _off_the_scale(study: Study, entry: Profile, place: Place, numbers: pd.Series) -> list[Finding]:
    """Return the answers on recommendation that lie outside 0 to 10: no score is made of them."""
    odd = numbers[(numbers < LIKELIHOOD[0]) | (numbers > LIKELIHOOD[1])]
    if place != ("metrics", "recommendation") or odd.empty:
        return []
    return [Finding(
        study.where(*place),
        f"{len(odd)} answers of {entry.name} off the scale in {list_rows(list(odd.index))}: "
        + list_some([f"{value:g}" for value in sorted(odd.unique())], 5),
        "0 to 10", f"correct them, or declare them under profile.{entry.name}.missing_codes",
        kind="answer off the scale",
    )]  # fmt: skip


def check_recommendation(study: Study) -> list[Finding]:
    """Refuse an item on another scale than 0 to 10 (or 1 to 10) for the Net Promoter Score."""
    item = next((i for i in study.items if i.name == study.metrics.recommendation), None)
    if item is None or (item.scale.maximum == LIKELIHOOD[1] and item.scale.minimum in (0, 1)):
        return []
    return [Finding(
        study.where("metrics", "recommendation"),
        f"{item.name} is asked from {item.scale.minimum:g} to {item.scale.maximum:g}",
        "an item from 0 to 10, of which 9 and 10 are promoters",
        "name the question asked from 0 to 10, or leave recommendation out", kind="off the scale",
    )]  # fmt: skip


def _reader(study: Study, raw: RawTable, entry: Profile, name: str) -> Callable[[str], float]:
    codes = study.data.missing_codes if entry.missing_codes is None else entry.missing_codes
    check = missing_reader(codes, raw.user_missing.get(name, []))
    labels = _labels(entry, raw, name)
    number = number_reader(raw.frame[name], decimal=study.data.decimal, file_decimal=raw.decimal,
                           strip=strip_words)  # fmt: skip

    def read(text: str) -> float:
        check(text)
        known = labels.get(text.casefold())
        return number(text) if known is None else known

    return read


def _labels(entry: Profile, raw: RawTable, name: str) -> dict[str, float]:
    """Return word → number, of the file's own labels and of the study's."""
    found = {
        clean(word).casefold(): point for point, word in raw.value_labels.get(name, {}).items()
    }
    for code, label in entry.values.items():  # noqa: PD011
        try:
            point = float(clean(code))
        except ValueError:
            continue
        found |= {clean(word).casefold(): point for word in (str(label), label.zh)}
    return found


def numbers_of(survey: Survey, name: str) -> pd.Series:
    """Return a column beside the items as numbers, NaN where there is none.

    Raises
    ------
    KeyError
        If the survey has no such column.
    """
    import pandas as pd

    if survey.ratings is not None and f"number.{name}" in survey.ratings:
        return survey.ratings[f"number.{name}"]
    if name in survey.quantities:
        return survey.quantities[name]
    return pd.to_numeric(survey.profile[name].astype(object), errors="coerce")
