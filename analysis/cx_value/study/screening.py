"""Careless responding: answer sheets that do not look like answers, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, format_percent
from cx_value.study.answered import FlowStep, Survey
from cx_value.study.careless import careless_indices
from cx_value.study.phrases import cite, count_noun
from cx_value.study.spec import Screening, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A run shorter than this is common in honest answers whatever the length of the questionnaire.
SHORTEST_RUN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sign of careless responding: its name, what it says of a sheet, and whose rule it is."""

    name: str
    reason: Text
    source: str
    said: str


RULES = (
    Rule(
        name="long_string",
        reason=Text("same answer many times in a row", zh="连续作答相同"),
        source="curran2016",
        said="Curran (2016)",
    ),
    Rule(
        name="irv",
        reason=Text("answers hardly differ", zh="作答几乎无差异"),
        source="dunn2018",
        said="Dunn et al. (2018)",
    ),
    Rule(
        name="mahalanobis",
        reason=Text("unlike all other answer sheets", zh="与其他问卷差异极大"),
        source="meade2012",
        said="Meade & Craig (2012)",
    ),
    Rule(
        name="duration",
        reason=Text("answered too fast", zh="作答过快"),
        source="huang2012",
        said="Huang et al. (2012)",
    ),
)
_TOO_INCOMPLETE = Text("too many items unanswered", zh="缺答题项过多")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CarelessScreening(Result):
    """Which answer sheets look careless, by which rules, and what became of them.

    Attributes
    ----------
    indices : DataFrame, n × indices
        By data row: ``long_string`` (longest run of one answer), ``long_string_share``, ``irv``
        (standard deviation within the person, in scale points), ``mahalanobis`` (squared
        distance), ``mahalanobis_df``, ``mahalanobis_p``, ``seconds_per_item``, ``missing_share``.
        NaN where an index cannot be computed. No answer is in it.
    flags : DataFrame, n × rules, bool
        Which rules a sheet tripped. Only rules that could be applied are columns.
    incomplete, careless : Series, bool
        Too many items unanswered; at least ``settings.flags_needed`` rules tripped.
    n_identical : int
        Sheets that are the same as another in every column; told, never set aside for it.
    settings : Screening
        The study's ``screening`` section.
    """

    indices: pd.DataFrame
    flags: pd.DataFrame
    incomplete: pd.Series
    careless: pd.Series
    n_identical: int = 0
    settings: Screening

    @property
    def set_aside(self) -> pd.Series:
        """Sheets that leave the analysis: incomplete ones, and careless ones where dropped."""
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
        """Return the log: one row per sheet that tripped a rule, its reasons, its fate."""
        flags = self.flags.assign(incomplete=self.incomplete)
        flags = flags[flags.any(axis=1)]
        reason = {rule.name: rule.reason for rule in RULES} | {"incomplete": _TOO_INCOMPLETE}
        tripped = [
            [reason[name] for name, flag in zip(flags.columns, row, strict=True) if flag]
            for row in flags.to_numpy()
        ]
        return pd.DataFrame(
            {
                "row": flags.index,
                "n_flags": flags.drop(columns="incomplete").sum(axis=1).to_numpy(),
                "careless": self.careless[flags.index].to_numpy(),
                "set_aside": self.set_aside[flags.index].to_numpy(),
                "reasons": ["; ".join(reasons) for reasons in tripped],
                "reasons_zh": ["；".join(r.zh for r in reasons) for reasons in tripped],
            }
        )

    def summary(self) -> pd.DataFrame:
        """Return one row per rule: ``rule label label_zh threshold threshold_text applied flagged
        source``.

        ``threshold_text`` carries the unit, in both languages; ``flagged`` is NA for a rule that
        was not applied.
        """
        s = self.settings
        limits = {"long_string": s.long_string_share, "irv": s.irv_minimum,
                  "mahalanobis": s.mahalanobis_p, "duration": s.seconds_per_item}  # fmt: skip
        rows = [
            {
                "rule": rule.name,
                "label": str(rule.reason),
                "label_zh": rule.reason.zh,
                "threshold": limits[rule.name],
                "threshold_text": _threshold_words(rule.name, limits[rule.name]),
                "applied": rule.name in self.flags,
                "flagged": self.flags[rule.name].sum() if rule.name in self.flags else None,
                "source": rule.source,
            }
            for rule in RULES
        ]
        return tidy_frame(rows).astype({"flagged": "Int64"})

    def flow(self) -> tuple[FlowStep, ...]:
        """Return the steps that follow on ``survey.flow``."""
        complete = self.n_used - int(self.incomplete.sum())
        limit = format_percent(self.settings.missing_share)
        steps = [
            FlowStep(
                name="complete_enough",
                label=Text("Enough items answered", zh="作答题项足够"),
                count=complete,
                removed=int(self.incomplete.sum()),
                reason=Text(f"more than {limit} of the items unanswered", zh=f"缺答超过 {limit}"),
            )
        ]
        if self.settings.action == "drop":
            steps.append(
                FlowStep(
                    name="attentive",
                    label=Text("Not careless", zh="认真作答"),
                    count=len(self.kept),
                    removed=complete - len(self.kept),
                    reason=Text("careless answer sheet", zh="无效作答"),
                )
            )
        analysed = FlowStep(
            name="analysed", label=Text("Analysed", zh="纳入分析"), count=len(self.kept)
        )
        return (*steps, analysed)

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw Mahalanobis distance against the spread within a person, flagged sheets marked."""
        from cx_value.study.pictures import draw_screening

        return draw_screening(self, ax, lang)

    def sentence(self, lang: str = "en") -> str:
        table, summary = self.table(), self.summary()
        applied = summary[summary["applied"]]
        n_careless = int(table["careless"].sum())
        n_incomplete = int(self.incomplete.sum())
        share = format_percent(n_careless / self.n_used, 1)
        said = {rule.name: rule.said for rule in RULES}
        words = [_rule_words(r, said[r.rule], lang) for r in applied.itertuples()]
        needed = self.settings.flags_needed
        fate = _FATE[self.settings.action]
        if lang == "zh":
            return (
                f"对 {self.n_used} 份问卷按 {len(applied)} 项规则筛查无效作答：{'；'.join(words)}。"
                + (
                    f"触发至少 {needed} 项规则的问卷 {n_careless} 份（{share}），{fate.zh}"
                    if n_careless
                    else f"没有问卷触发至少 {needed} 项规则"
                )
                + (f"；另有 {n_incomplete} 份因缺答过多剔除。" if n_incomplete else "。")
                + (f"{self.n_identical} 份问卷的各列与他人完全相同。" if self.n_identical else "")
            )
        was, were = ("was" if k == 1 else "were" for k in (n_careless, n_incomplete))
        return (
            f"{count_noun(self.n_used, 'answer sheet')} were screened by "
            f"{count_noun(len(applied), 'rule')}: {'; '.join(words)}. "
            + (
                f"{n_careless} ({share}) tripped {needed} or more rules and {was} {fate}"
                if n_careless
                else f"No sheet tripped {needed} or more rules"
            )
            + (f"; {n_incomplete} {were} set aside as too incomplete." if n_incomplete else ".")
            + (
                f" {count_noun(self.n_identical, 'sheet')} "
                f"{'is' if self.n_identical == 1 else 'are'} the same as another in every column."
                if self.n_identical
                else ""
            )
        )


_FATE = {
    "drop": Text("dropped", zh="予以剔除"),
    "flag": Text("flagged but kept", zh="予以标记并保留"),
}


def _rule_words(row, said: str, lang: str) -> str:
    if lang == "zh":
        return f"{row.label_zh}{cite(said, lang)}{row.flagged} 份"
    return f"{row.label} {cite(said)}, {count_noun(row.flagged, 'sheet')}"


def _threshold_words(rule: str, limit: float) -> Text:
    """Say a rule's threshold with its unit."""
    if rule == "long_string":
        share = format_percent(limit)
        return Text(f"{share} of the items, {SHORTEST_RUN} at least",
                    zh=f"题项数的 {share}，至少 {SHORTEST_RUN} 题")  # fmt: skip
    if rule == "irv":
        return Text(f"SD of {limit:g} scale points or less", zh=f"标准差不超过 {limit:g} 个量表点")
    if rule == "mahalanobis":
        said = f"{limit:g}"
        return Text(f"p < {said.removeprefix('0')}", zh=f"p < {said}")
    noun = "second" if limit == 1 else "seconds"
    return Text(f"less than {limit:g} {noun} an item", zh=f"每题少于 {limit:g} 秒")


def screen_careless(study: Study, survey: Survey) -> CarelessScreening:
    """Screen answer sheets for signs of careless responding.

    A sheet is careless when it trips at least ``study.screening.flags_needed`` rules. A sheet with
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
    2012), on the answered items where some are missing; seconds per item (Huang et al., 2012).
    Distances agree with R's ``mahalanobis`` to 1e-9, with missing answers to 1e-7.

    Examples
    --------
    >>> from cx_value.study import read_study, read_survey
    >>> study = read_study("data/ecsi-mobile")
    >>> log = screen_careless(study, read_survey(study)).table()
    >>> log.loc[log["careless"], ["row", "reasons"]].values.tolist()
    [[137, 'same answer many times in a row; answers hardly differ']]
    """
    settings, items = study.screening, survey.items
    given = _as_given(study, items)
    notes: list[Text] = []
    indices = careless_indices(given, survey.durations, notes)
    flags = _flag(indices, settings, len(items.columns))
    incomplete = indices["missing_share"] > settings.missing_share
    return CarelessScreening(
        n_used=len(items),
        method="careless responding",
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
