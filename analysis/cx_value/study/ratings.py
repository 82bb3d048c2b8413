"""Ratings asked beside the constructs: what was expected of an item, and the touchpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cx_value.study.answers import (
    convert,
    item_reader,
    judge_item,
    missing_reader,
    number_reader,
)
from cx_value.study.entries import Scale
from cx_value.study.findings import Finding, list_rows, list_some, suggest
from cx_value.study.spec import Item, Study

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.tables import RawTable

Place = tuple[str, ...]


def rating_items(study: Study) -> Iterator[tuple[Item, str, Place]]:
    """Yield every rating as an item, with its column and its place in the study file.

    A level that was expected, desired or adequate bears the name of its column, and the scale and
    keying of the item it was asked for.
    """
    items = {item.name: item for item in study.items}
    for pair in study.expectations:
        for level in ("expected", "desired", "adequate"):
            column = getattr(pair, level)
            if column and pair.name in items:
                item = items[pair.name].model_copy(update={"name": column, "column": column})
                yield item, column, ("expectations", pair.name)
    for point in study.touchpoints:
        item = Item(name=point.name, label=point.label, column=point.column, scale=point.scale)
        yield item, point.column or point.name, ("touchpoints", point.name)
    for need in study.segments.needs:
        item = Item(name=need.name, label=need.label, column=need.column, scale=need.scale)
        yield item, need.column or need.name, ("segments", "needs", need.name)
    yield from _lever_items(study)


def _lever_items(study: Study) -> Iterator[tuple[Item, str, Place]]:
    """Yield stated importance, under ``importance.LEVER``, and Kano answers, by their columns."""
    scale = study.drivers.importance_scale or Scale()
    for lever, column in study.drivers.importance.items():
        item = Item(name=f"importance.{lever}", label=column, column=column, scale=scale)
        yield item, column, ("drivers", "importance", lever)
    for pair in study.kano:
        scale = Scale(min=min(pair.answers), max=max(pair.answers))
        for column in (pair.functional, pair.dysfunctional):
            item = Item(name=column, label=pair.label, column=column, scale=scale)
            yield item, column, ("kano", pair.name)


def _amounts(study: Study) -> Iterator[tuple[str, Place]]:
    """Yield the columns that hold numbers of no scale: prices, and answers to offers."""
    asked = study.price_sensitivity
    for column in asked.columns if asked else ():
        if column:
            yield column, ("price_sensitivity",)


def code_ratings(study: Study, raw: RawTable) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the ratings, respondents × ratings, high is favourable, and what was found.

    A rating that is not there or cannot be read is left out with a warning: the rest of the study
    stands without it.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    findings: list[Finding] = []
    for item, column, place in rating_items(study):
        if column not in raw.frame:
            findings.append(missing_column(study, raw, column, place))
            continue
        coded = convert(raw.frame[column], item_reader(study, raw, item, column))
        faults = judge_item(study.where(*place), item, coded)
        findings += [replace(fault, severity="warning") for fault in faults]
        low, high = item.scale.minimum, item.scale.maximum
        answers = coded.numbers.where(coded.numbers.between(low, high))
        columns[item.name] = low + high - answers if item.reverse else answers
    for column, place in _amounts(study):
        if column not in raw.frame:
            findings.append(missing_column(study, raw, column, place))
        else:
            columns[column] = _read_amounts(study, raw, column, place, findings)
    return pd.DataFrame(columns, index=raw.frame.index, dtype=float), findings


def _read_amounts(
    study: Study, raw: RawTable, column: str, place: Place, findings: list[Finding]
) -> pd.Series:
    """Return the numbers of a column; what is no number is left out with a warning."""
    check = missing_reader(study.data.missing_codes, raw.user_missing.get(column, []))
    number = number_reader(raw.frame[column], decimal=study.data.decimal, file_decimal=raw.decimal)

    def read(text: str) -> float:
        check(text)
        return number(text)

    coded = convert(raw.frame[column], read)
    if len(coded.refused):
        shown = f"{column} holds {len(coded.refused)} answers that are no number"
        findings.append(Finding(
            study.where(*place), f"{shown}; the report does without them",
            "a number, or empty", f"correct rows {list_rows(list(coded.refused.index))}",
            severity="warning", kind="text in a number",
        ))  # fmt: skip
    return coded.numbers


def missing_column(study: Study, raw: RawTable, column: str, place: Place) -> Finding:
    """Say that a column is not there and that the report does without it."""
    known = list(raw.frame.columns)
    return Finding(
        study.where(*place),
        f"the data file has no column {column!r}; the report does without it",
        f"its {len(known)} columns: {list_some(known, 12)}",
        f"{suggest(column, known)}correct the name, or delete the entry",
        severity="warning",
        kind="missing column",
    )
