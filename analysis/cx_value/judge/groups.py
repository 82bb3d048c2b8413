"""The groups a study names: is the instrument the same in them, and do the paths differ?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import (
    Text,
    format_number,
    format_p,
    in_language,
    inside_sentence,
    join_words,
)

if TYPE_CHECKING:
    from cx_value.judge.estimation import Estimation
    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.groups.invariance import Invariance
    from cx_value.sem.groups.moderation import PathComparison
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

GROUP = "group"


def large_groups(survey: Survey, column: str, fewest: int) -> tuple[pd.DataFrame, list[str]]:
    """Return the answers of groups with more than ``fewest`` respondents, and the others' names.

    The frame has the items and a column ``group``; respondents without a group are left out. A
    group with no more respondents than its model has parameters says nothing about them.
    """
    labels = survey.profile[column].astype(object)
    counts = labels.value_counts()
    kept = labels.isin(counts.index[counts > fewest])
    small = [str(name) for name in counts.index[(counts > 0) & (counts <= fewest)]]
    return survey.items[kept].assign(**{GROUP: labels[kept].astype(str)}), sorted(small)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupsNotCompared(Result):
    """Why the groups a study names are not compared."""

    why: Text

    def table(self) -> pd.DataFrame:
        """Return no row, for nothing was compared."""
        return pd.DataFrame(columns=["model"])

    def sentence(self, lang: str = "en") -> str:
        """Say why the groups are not compared."""
        return in_language(self.why, lang)


def judge_invariance(
    study: Study, survey: Survey, how: Estimation
) -> Invariance | GroupsNotCompared | None:
    """Judge measurement invariance across the groups a study names.

    Parameters
    ----------
    study : Study
    survey : Survey
    how : Estimation

    Returns
    -------
    Invariance, GroupsNotCompared or None
        Without a judgement where fewer than two groups are large enough or the model cannot be
        fitted to them; None where the study names no group.
    """
    from cx_value.sem import check_invariance

    if not study.group:
        return None
    syntax = study.measurement_syntax()
    fewest = int(how.fit(syntax, survey.items).indices["npar"])
    items, small = large_groups(survey, study.group, fewest)
    if items[GROUP].nunique() < 2:
        why = Text(_FEW["en"].format(n=fewest), zh=_FEW["zh"].format(n=fewest))
        return _not_compared(how, len(items), why)
    options = how.options(syntax, items)
    try:
        found = check_invariance(
            syntax,
            items,
            group=GROUP,
            cutoffs=cutoffs_with(study.cutoffs),
            search=study.options.invariance_search,
            partial=study.options.partial_invariance,
            **options,
        )
    except AnalysisError as error:
        why = Text(_FAILED["en"].format(error=error), zh=_FAILED["zh"].format(error=error))
        return _not_compared(how, len(items), why)
    return replace(found, notes=(*found.notes, *_left_out(small, fewest)))


_FEW = {
    "en": "The groups are not compared: fewer than two of them have more respondents than the "
    "model has parameters ({n}).",
    "zh": "未作组间比较：人数多于模型参数个数（{n}）的组不足两个。",
}
_FAILED = {
    "en": "The groups could not be compared: {error}",
    "zh": "未能作组间比较：{error}",
}


def _not_compared(how: Estimation, n: int, why: Text) -> GroupsNotCompared:
    return GroupsNotCompared(
        n_used=n, method=how.method, confidence=how.confidence, why=why
    )  # fmt: skip


def _left_out(small: list[str], fewest: int) -> tuple[Text, ...]:
    if not small:
        return ()
    return (
        Text(
            f"Left out as too small (no more than {fewest} respondents, one a parameter): "
            f"{join_words(small)}.",
            zh=f"因人数过少（不超过 {fewest} 人，即每个参数不足一人）而未纳入："
            f"{join_words(small, lang='zh')}。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupPaths(Result):
    """Paths held equal across groups against free, each with its verdict.

    Attributes
    ----------
    found : PathComparison
    labels : mapping of variable to Text
    group_label : Text
    """

    found: PathComparison
    labels: Mapping[str, Text]
    group_label: Text

    def table(self) -> pd.DataFrame:
        """Return one row a path, then one for all together.

        Columns ``path label d_chisq d_df p p_holm differs``; ``p_holm`` is adjusted over the paths
        and decides, for all together ``p`` does.
        """
        frame = self.found.table()
        rows = frame.drop(columns=["lhs", "rhs"]).to_dict("records")
        labels = [self._arrow(row) for row in frame.itertuples()]
        return tidy_frame(
            [{**row, "label": label} for row, label in zip(rows, labels, strict=True)]
        )

    def estimates(self) -> pd.DataFrame:
        """Return each path in each group: ``source target group est se p std_all std_low …``."""
        frame = self.found.estimates.rename(
            columns={"rhs": "source", "lhs": "target", "std_ci_low": "std_low",
                     "std_ci_high": "std_high"}
        )  # fmt: skip
        return tidy_frame(
            [{**row, "group_label": self._group(row["group"])} for row in frame.to_dict("records")]
        )

    def sentence(self, lang: str = "en") -> str:
        """State the joint test and name the paths that differ, with their estimates by group."""
        caution = "" if self.found.fits["free"].admissible else _IMPROPER[lang]
        return self._verdict(lang) + caution

    def _verdict(self, lang: str) -> str:
        frame = self.found.table()
        together = frame[frame.path == "all"].iloc[0]
        single = frame[frame.path != "all"]
        text = _TOGETHER[lang].format(
            group=inside_sentence(self.group_label, lang), df=int(together.d_df),
            chisq=format_number(together.d_chisq), p=format_p(together.p, lang=lang, relation=True),
            verdict=_VERDICT[lang][bool(together.differs)],
        )  # fmt: skip
        if len(single) == 1:
            return text + self._estimates_of(single.iloc[0], lang)
        different = single[single.differs]
        if different.empty:
            return text + _NONE[lang].format(n=len(single))
        named = [self._named(row, lang) for row in different.itertuples()]
        return text + _SOME[lang].format(
            k=len(different),
            n=len(single),
            named=join_words(named, lang=lang),
            differ="differs" if len(different) == 1 else "differ",
        )

    def _arrow(self, row) -> Text:
        if row.path == "all":
            return Text("All paths together", zh="全部路径一并检验")
        return Text(self._path(row, "en"), zh=self._path(row, "zh"))

    def _path(self, row, lang: str) -> str:
        ends = (in_language(self.labels.get(name, name), lang) for name in (row.rhs, row.lhs))
        return " → ".join(ends)

    def _group(self, name: str) -> Text:
        return self.labels.get(f"{GROUP}:{name}", Text(name))

    def _named(self, row, lang: str) -> str:
        p = format_p(row.p_holm, lang=lang, relation=True)
        return _PATH[lang].format(path=self._path(row, lang), by=self._by_group(row, lang), p=p)

    def _estimates_of(self, row, lang: str) -> str:
        return _ONE[lang].format(path=self._path(row, lang), by=self._by_group(row, lang))

    def _by_group(self, row, lang: str) -> str:
        rows = self.found.estimates
        rows = rows[(rows.lhs == row.lhs) & (rows.rhs == row.rhs)]
        parts = [
            f"{in_language(self._group(r.group), lang)} "
            + format_number(r.std_all, 2, bounded=True, lang=lang)
            for r in rows.itertuples()
        ]
        return ("，" if lang == "zh" else ", ").join(parts)


_TOGETHER = {
    "en": "Held equal across the groups of {group}, the paths together {verdict}, Δχ²({df}) = "
    "{chisq}, p {p}.",
    "zh": "将全部路径在各{group}组间设为相等后，拟合{verdict}（Δχ²({df}) = {chisq}，p {p}）。",
}
_VERDICT = {
    "en": {True: "fit worse", False: "do not fit worse"},
    "zh": {True: "显著变差", False: "未显著变差"},
}
_IMPROPER = {
    "en": " The solution is not admissible in every group (see below), so that no difference, and "
    "no lack of one, is a finding here.",
    "zh": "解并非在每一组都合理（见下文），因此此处有无差异均不作为结论。",
}
_NONE = {
    "en": " None of the {n} paths differs by itself after Holm's adjustment.",
    "zh": "经 Holm 校正，{n} 条路径均无显著的组间差异。",
}
_SOME = {
    "en": " By itself, after Holm's adjustment, {k} of {n} paths {differ}: {named}.",
    "zh": "经 Holm 校正，{n} 条路径中有 {k} 条存在组间差异：{named}。",
}
_PATH = {"en": "{path} (β: {by}; p {p})", "zh": "{path}（β：{by}；p {p}）"}
_ONE = {"en": " {path}, β: {by}.", "zh": "{path} 的 β：{by}。"}


def compare_group_paths(
    study: Study,
    choice: ModelChoice,
    survey: Survey,
    how: Estimation,
    labels: Mapping[str, Text],
) -> GroupPaths | None:
    """Test whether the paths of the model reported differ between the groups a study names.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
    survey : Survey
    how : Estimation
    labels : mapping of variable to Text

    Returns
    -------
    GroupPaths or None
        None where the study names no group, no admissible model is reported, fewer than two groups
        are large enough, or the model cannot be fitted to them.
    """
    from cx_value.sem.groups.moderation import compare_paths

    if not study.group or choice.reported is None:
        return None
    fewest = int(choice.fit.indices["npar"])
    items, small = large_groups(survey, study.group, fewest)
    if items[GROUP].nunique() < 2:
        return None
    syntax = study.structural_syntax(choice.shown)
    try:
        found = compare_paths(
            syntax, items, group=GROUP, require_invariance=False,
            partial=[w for w in study.options.partial_invariance if "=~" in w],
            cutoffs=cutoffs_with(study.cutoffs), **how.options(syntax, items),
        )  # fmt: skip
    except AnalysisError:
        return None
    return GroupPaths(
        n_used=found.n_used, n_dropped=found.n_dropped, confidence=found.confidence,
        method=found.method, notes=(*found.notes, *_left_out(small, fewest)), found=found,
        labels={**labels, **_group_names(survey, study.group)},
        group_label=next(p.label for p in study.profile if p.name == study.group),
    )  # fmt: skip


def _group_names(survey: Survey, column: str) -> dict[str, Text]:
    """Return ``group:<name>`` → what the group is called in both languages."""
    words = survey.profile_labels.get(column, ())
    return {f"{GROUP}:{word}": word for word in words}
