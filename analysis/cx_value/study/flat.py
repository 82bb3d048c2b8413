"""Items that everybody answered alike: they measure nothing and are set aside, with a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.study.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.base.wording import Text
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatItems(Result):
    """Items without variance, and the constructs that are left without an item."""

    template = "sample.flat"

    frame: pd.DataFrame
    constructs: tuple[str, ...]
    labels: Mapping[str, Text]

    def table(self) -> pd.DataFrame:
        """Return one row an item: ``item answer``."""
        return self.frame.copy()

    def facts(self) -> dict[str, Any]:
        """Return the items, the one answer to each, and the constructs that are gone."""
        said = {name: {"en": str(label), "zh": label.zh} for name, label in self.labels.items()}
        items = [{"item": said[r.item], "answer": r.answer} for r in self.frame.itertuples()]
        gone = [said[name] for name in self.constructs]
        return {"items": items, "constructs": gone, "n": self.n_used}


def judge_flat(study: Study, items: pd.DataFrame) -> list[Finding]:
    """Refuse answers of which every item has one and the same from everybody."""
    if items.shape[1] == 0 or not (items.min() == items.max()).all():
        return []
    return [
        Finding(
            study.where("constructs"),
            "every item has one and the same answer from everybody",
            "answers that differ",
            "check the columns of the items: nothing can be measured by these",
            kind="constant items",
        )
    ]


def set_flat_items_aside(study: Study, survey: Survey) -> tuple[Study, Survey, FlatItems | None]:
    """Take items without variance out of a study, and what is nothing without them.

    A construct without an item left is gone, with the paths, hypotheses, levers and dimensions
    that name it; all else stays as declared.

    Raises
    ------
    DataError
        If no item varies.
    """
    given = {name: survey.items[name].dropna() for name in study.item_names}
    flat = {name: float(v.iloc[0]) for name, v in given.items() if len(v) and v.nunique() < 2}
    if not flat:
        return study, survey, None
    if len(flat) == len(given):
        raise DataError(
            "every answer to every item is the same · allowed: answers that differ · do: check the "
            "columns of the items"
        )
    constructs = tuple(
        c.model_copy(update={"items": tuple(i for i in c.items if i.name not in flat)})
        for c in study.constructs
    )
    gone = {c.name for c in constructs if not c.items}
    told = FlatItems(
        n_used=survey.n, method=Phrase("sample.flat_method"), constructs=tuple(sorted(gone)),
        labels={e.name: e.label for e in (*study.constructs, *study.items)},
        frame=tidy_frame([{"item": k, "answer": v} for k, v in flat.items()]),
    )  # fmt: skip
    kept = {"constructs": tuple(c for c in constructs if c.items)}
    changes = kept | _without(study, gone, gone | set(flat))
    rest = replace(survey, items=survey.items.drop(columns=list(flat)))
    return study.model_copy(update=changes), rest, told


def _without(study: Study, gone: Collection[str], names: Collection[str]) -> dict[str, Any]:
    """Return the entries of a study without constructs that are gone and names that mean them."""
    dimensions = [d.model_copy(update={"of": tuple(m for m in d.of if m not in gone)})
                  for d in study.dimensions]  # fmt: skip
    empty = {d.name for d in dimensions if not d.of}
    dimensions = [d.model_copy(update={"of": tuple(m for m in d.of if m not in empty)})
                  for d in dimensions if d.of]  # fmt: skip
    lost = {*gone, *empty}
    models = [m.model_copy(update={"paths": tuple(p for p in m.paths
                                                  if not {p.source, p.target} & lost)})
              for m in study.models]  # fmt: skip
    drivers = study.drivers
    return {
        "dimensions": tuple(dimensions),
        "models": tuple(m for m in models if m.paths or m.syntax),
        "hypotheses": tuple(h for h in study.hypotheses
                            if not {h.source, *h.through, h.target} & lost),
        "moderations": tuple(m for m in study.moderations
                             if not {m.source, m.target, m.by} & lost),
        "expectations": tuple(e for e in study.expectations if e.name not in names),
        "drivers": drivers.model_copy(update={
            "levers": tuple(n for n in drivers.levers if n not in names),
            "outcomes": tuple(n for n in drivers.outcomes if n not in names),
            "importance": {k: v for k, v in drivers.importance.items() if k not in names},
        }),
        "value": study.value.model_copy(update=_empty(study.value, ("satisfaction", "loyalty"),
                                                      names)),
        "metrics": study.metrics.model_copy(
            update=_empty(study.metrics, ("satisfaction", "recommendation", "effort"), names)),
    }  # fmt: skip


def _empty(entry: Any, keys: tuple[str, ...], names: Collection[str]) -> Mapping[str, None]:
    return {key: None for key in keys if getattr(entry, key) in names}
