"""Who counts as satisfied, or as loyal: one definition for every metric and claim of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.formulas import reaches
from cx_value.study.numbered import numbers_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Item, Study

#: Where no limit is declared: from here on (share of the scale) an answer counts as satisfied.
SATISFIED_SHARE = 0.6
#: From here on (share of the scale) a customer counts as loyal.
LOYAL_SHARE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Scores on their own scale, and the limit from which they count.

    Attributes
    ----------
    measure : str
        The item, or the construct whose answered items are averaged.
    items : int
        How many items enter the score.
    scores : Series
        One number a respondent on the scale of the (first) item; NaN = no answer.
    lowest, highest, limit : float
        Ends of that scale, and the lowest score that counts.
    """

    measure: str
    items: int
    scores: pd.Series
    lowest: float
    highest: float
    limit: float

    @property
    def reached(self) -> pd.Series:
        """Who reaches the limit (float: 1, 0, NaN where there is no score)."""
        return reaches(self.scores, self.limit).astype(float).where(self.scores.notna())

    def facts(self) -> dict[str, Any]:
        """Return ``measure k limit lowest highest``, ``k`` the number of items."""
        return {"measure": self.measure, "k": self.items, "limit": self.limit,
                "lowest": self.lowest, "highest": self.highest}  # fmt: skip


def satisfied(study: Study, survey: Survey) -> Standing | None:
    """Return who is satisfied by the study's one definition; None where it declares no measure.

    The measure is ``metrics.satisfaction`` (an item, or a construct for the mean of its answered
    items), else the construct ``value.satisfaction``; the limit ``metrics.satisfied_from`` on the
    item's own scale, else three fifths of the way up.
    """
    measure = study.metrics.satisfaction or study.value.satisfaction
    if measure is None:
        return None
    return _standing(study, survey, measure, study.metrics.satisfied_from, SATISFIED_SHARE)


def loyal(study: Study, survey: Survey) -> Standing | None:
    """Return who is loyal: four fifths of the way up the scale of ``value.loyalty``."""
    if study.value.loyalty is None:
        return None
    return _standing(study, survey, study.value.loyalty, None, LOYAL_SHARE)


def own_respondents(study: Study, survey: Survey) -> pd.Series:
    """Return who was asked about the study's own brand: all, where it declares no brands."""
    import pandas as pd

    brands = getattr(study, "brands", None)
    if brands is None:
        return pd.Series(True, index=survey.items.index)
    own = str(brands.own)
    entry = next((entry for entry in study.profile if entry.name == brands.column), None)
    labels = dict(entry)["values"] if entry else {}
    names = {own, str(labels.get(own, own))}
    return survey.profile[brands.column].astype(str).isin(names)


def _standing(
    study: Study, survey: Survey, measure: str, limit: float | None, share: float
) -> Standing:
    items = measured_by(study, measure)
    low, high = items[0].scale.minimum, items[0].scale.maximum
    scores = low + (high - low) * index_of(survey.items, items) / 100
    if all((i.scale.minimum, i.scale.maximum) == (low, high) for i in items):
        scores = survey.items[[i.name for i in items]].mean(axis=1)
    return Standing(
        measure=measure, items=len(items), scores=scores, lowest=low, highest=high,
        limit=low + share * (high - low) if limit is None else limit,
    )  # fmt: skip


def answers_to(study: Study, survey: Survey, name: str) -> pd.Series:
    """Return one number a respondent: an item, a construct's mean answer, an amount, a column."""
    items = [item.name for item in measured_by(study, name) if item.name in survey.items]
    if items:
        return survey.items[items].mean(axis=1)
    return numbers_of(survey, name)


def measured_by(study: Study, measure: str) -> list[Item]:
    """Return the items of a construct, or the one item of that name."""
    constructs = {c.name: list(c.items) for c in study.constructs}
    return constructs.get(measure) or [i for i in study.items if i.name == measure]


def index_of(answers: pd.DataFrame, items: list[Item]) -> pd.Series:
    """Return the mean of the answered items, each from 0 (lowest answer) to 100."""
    parts = [
        100 * (answers[i.name] - i.scale.minimum) / (i.scale.maximum - i.scale.minimum)
        for i in items
    ]
    return sum(part.fillna(0) for part in parts) / sum(part.notna() for part in parts)
