"""Ratings asked beside the constructs: what was expected of an item, and the touchpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cx_value.study.answers import convert, item_reader, judge_item
from cx_value.study.findings import Finding, list_some, suggest
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
            findings.append(_missing(study, raw, column, place))
            continue
        coded = convert(raw.frame[column], item_reader(study, raw, item, column))
        faults = judge_item(study.where(*place), item, coded)
        findings += [replace(fault, severity="warning") for fault in faults]
        low, high = item.scale.minimum, item.scale.maximum
        answers = coded.numbers.where(coded.numbers.between(low, high))
        columns[item.name] = low + high - answers if item.reverse else answers
    return pd.DataFrame(columns, index=raw.frame.index, dtype=float), findings


def _missing(study: Study, raw: RawTable, column: str, place: Place) -> Finding:
    known = list(raw.frame.columns)
    return Finding(
        study.where(*place),
        f"the data file has no column {column!r}; the report does without it",
        f"its {len(known)} columns: {list_some(known, 12)}",
        f"{suggest(column, known)}correct the name, or delete the entry",
        severity="warning",
        kind="missing column",
    )
