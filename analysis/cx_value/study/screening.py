"""Careless responding: questionnaires filled in without reading, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.answered import FlowStep, Survey
from cx_value.study.careless import careless_indices
from cx_value.study.spec import Screening, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A run shorter than this is common in honest answers whatever the length of the questionnaire.
SHORTEST_RUN = 6


#: Sign of careless responding → whose index it is. The thresholds are the study's own.
RULES = {
    "long_string": "curran2016",
    "irv": "dunn2018",
    "mahalanobis": "meade2012",
    "duration": "huang2012",
}
DIRECTIONS = {"long_string": ">=", "irv": "<=", "mahalanobis": "<", "duration": "<"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CarelessScreening(Result):
    """Which respondents look careless, by which rules, and what became of them.

    Attributes
    ----------
    indices : DataFrame, n × indices
        By data row: ``long_string`` (longest run of one answer), ``long_string_share``, ``irv``
        (standard deviation within the person, in scale points), ``mahalanobis`` (squared
        distance), ``mahalanobis_df``, ``mahalanobis_p``, ``seconds_per_item``, ``missing_share``.
        NaN where an index cannot be computed. No answer is in it.
    flags : DataFrame, n × rules, bool
        Which rules a respondent tripped. Only rules that could be applied are columns.
    incomplete, careless : Series, bool
        Too many items unanswered; at least ``settings.flags_needed`` rules tripped.
    n_identical : int
        Rows that are the same as another in every column; told, never set aside for it.
    settings : Screening
        The study's ``screening`` section.
    """

    template = "screening.careless"

    indices: pd.DataFrame
    flags: pd.DataFrame
    incomplete: pd.Series
    careless: pd.Series
    n_identical: int = 0
    settings: Screening

    @property
    def set_aside(self) -> pd.Series:
        """Respondents who leave the analysis: incomplete ones, and careless ones where dropped."""
        drop = self.settings.action == "drop"
        return self.incomplete | (self.careless & drop)

    @property
    def kept(self) -> pd.Index:
        """Row numbers that stay in the analysis (``survey.rows(screening.kept)``)."""
        return self.indices.index[~self.set_aside]

    @property
    def attentive(self) -> pd.Index:
        """Row numbers neither incomplete nor careless, for the analysis without them."""
        return self.indices.index[~(self.incomplete | self.careless)]

    def table(self) -> pd.DataFrame:
        """Return the log: one row per respondent who tripped a rule, its reasons, its fate."""
        flags = self.flags.assign(incomplete=self.incomplete)
        flags = flags[flags.any(axis=1)]
        tripped = [
            " ".join(name for name, flag in zip(flags.columns, row, strict=True) if flag)
            for row in flags.to_numpy()
        ]
        return pd.DataFrame(
            {
                "row": flags.index,
                "n_flags": flags.drop(columns="incomplete").sum(axis=1).to_numpy(),
                "careless": self.careless[flags.index].to_numpy(),
                "set_aside": self.set_aside[flags.index].to_numpy(),
                "reasons": tripped,
            }
        )

    def summary(self) -> pd.DataFrame:
        """Return one row per rule: ``rule direction threshold applied flagged source``.

        ``flagged`` is NA for a rule that was not applied; units of the thresholds: share of the
        items, scale points, p, seconds per item.
        """
        s = self.settings
        limits = {"long_string": s.long_string_share, "irv": s.irv_minimum,
                  "mahalanobis": s.mahalanobis_p, "duration": s.seconds_per_item}  # fmt: skip
        rows = [
            {
                "rule": rule,
                "direction": DIRECTIONS[rule],
                "threshold": limits[rule],
                "applied": rule in self.flags,
                "flagged": self.flags[rule].sum() if rule in self.flags else None,
                "source": source,
            }
            for rule, source in RULES.items()
        ]
        return pd.DataFrame(rows).astype({"flagged": "Int64"})

    def flow(self) -> tuple[FlowStep, ...]:
        """Return the steps that follow on ``survey.flow``."""
        complete = self.n_used - int(self.incomplete.sum())
        steps = [
            FlowStep(
                name="complete_enough", count=complete, removed=int(self.incomplete.sum()),
                reason="too_incomplete",
            )
        ]  # fmt: skip
        if self.settings.action == "drop":
            left = len(self.kept)
            steps.append(
                FlowStep(name="attentive", count=left, removed=complete - left, reason="careless")
            )
        return (*steps, FlowStep(name="analysed", count=len(self.kept)))

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw Mahalanobis distance against the spread within a respondent, by what was found."""
        from cx_value.study.pictures import draw_screening

        tripped = self.flags.any(axis=1)
        found = tripped.map({True: "one", False: "kept"}).where(~self.careless, "careless")
        return draw_screening(self.indices.assign(found=found), ax, lang)

    def facts(self) -> dict[str, Any]:
        """Return how many were screened, what each rule flagged, and what became of them."""
        summary = self.summary()
        careless = int(self.careless.sum())
        return {
            "screened": self.n_used, "needed": self.settings.flags_needed,
            "rules": summary[summary["applied"]][["rule", "flagged", "source"]],
            "careless": careless, "careless_share": careless / max(self.n_used, 1),
            "dropped": self.settings.action == "drop", "incomplete": int(self.incomplete.sum()),
            "missing_share": self.settings.missing_share, "identical": self.n_identical,
        }  # fmt: skip


def screen_careless(study: Study, survey: Survey) -> CarelessScreening:
    """Screen questionnaires for signs of careless responding.

    A respondent is careless who trips at least ``study.screening.flags_needed`` rules. One with
    more than ``missing_share`` of the items unanswered is set aside whatever the action.

    Parameters
    ----------
    study, survey
        From :func:`read_study` and :func:`read_survey`. Runs are counted on the answers as given,
        in the order of the questionnaire, before reverse-keyed items are recoded.

    Returns
    -------
    CarelessScreening
        ``table()`` is the log, by data row, with reasons; ``kept`` the rows that stay.

    Notes
    -----
    Rules: longest run of one answer (Curran, 2016), at least six; within-person standard
    deviation (Dunn et al., 2018); squared Mahalanobis distance with its χ² p value (Meade & Craig,
    2012), on the answered items where some are missing; seconds per item asked (Huang et al.,
    2012). The indices are theirs; the thresholds are the study's.
    Distances agree with R's ``mahalanobis`` to 1e-9, with missing answers to 1e-7.

    Examples
    --------
    >>> from cx_value.study import read_study, read_survey
    >>> study = read_study("data/ecsi-mobile")
    >>> log = screen_careless(study, read_survey(study)).table()
    >>> log.loc[log["careless"], ["row", "reasons"]].values.tolist()
    [[137, 'long_string irv']]
    """
    settings, items = study.screening, survey.items
    given = _as_given(study, items)
    notes: list[Phrase] = []
    indices = careless_indices(given, survey.durations, notes)
    flags = _flag(indices, settings, len(items.columns))
    incomplete = indices["missing_share"] > settings.missing_share
    return CarelessScreening(
        n_used=len(items),
        method=Phrase("screening.method"),
        notes=tuple(notes),
        indices=indices,
        flags=flags,
        incomplete=incomplete,
        careless=flags.sum(axis=1) >= settings.flags_needed,
        n_identical=len(set(survey.identical_rows) & set(items.index)),
        settings=settings,
    )


def _as_given(study: Study, items: pd.DataFrame) -> pd.DataFrame:
    turned = {
        item.name: item.scale.minimum + item.scale.maximum - items[item.name]
        for item in study.items
        if item.reverse and item.name in items
    }
    return items.assign(**turned)


def _flag(indices: pd.DataFrame, settings: Screening, n_items: int) -> pd.DataFrame:
    run_needed = max(settings.long_string_share * n_items, SHORTEST_RUN)
    flags = {
        "long_string": indices["long_string"] >= run_needed,
        "irv": indices["irv"] <= settings.irv_minimum + 1e-9,  # rounding of equal fractions
        "mahalanobis": indices["mahalanobis_p"] < settings.mahalanobis_p,
        "duration": indices["seconds_per_item"] < settings.seconds_per_item,
    }
    source = {"mahalanobis": "mahalanobis", "duration": "seconds_per_item"}
    possible = {name: indices[column].notna().any() for name, column in source.items()}
    # No run can be as long as that in a questionnaire of fewer items.
    possible["long_string"] = n_items >= run_needed
    applied = {name: flag for name, flag in flags.items() if possible.get(name, True)}
    return pd.DataFrame(applied, index=indices.index)
