"""The groups a study names: is the instrument the same in them, and do the paths differ?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.latents import structural_syntax

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
    """Why the groups a study names are not compared: too few are large enough, or no fit."""

    template = "groups.not_compared"

    parameters: int
    reason: str = ""

    def table(self) -> pd.DataFrame:
        """Return no row, for nothing was compared."""
        return pd.DataFrame(columns=["model"])

    def facts(self) -> dict[str, Any]:
        """Return ``parameters`` of the model, and the ``reason`` of a failed fit."""
        return {"parameters": self.parameters, "reason": self.reason}


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
        return _not_compared(how, len(items), fewest)
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
        return _not_compared(how, len(items), fewest, str(error))
    return replace(found, notes=(*found.notes, *_left_out(small, fewest)))


def _not_compared(how: Estimation, n: int, fewest: int, reason: str = "") -> GroupsNotCompared:
    return GroupsNotCompared(
        n_used=n, method=how.method, confidence=how.confidence, parameters=fewest,
        reason=reason.split(" · ")[0],
    )  # fmt: skip


def _left_out(small: list[str], fewest: int) -> tuple[Phrase, ...]:
    facts = {"groups": small, "fewest": fewest}
    return (Phrase("groups.left_out", facts),) if small else ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupPaths(Result):
    """Paths held equal across groups against free, each with its verdict."""

    template = "groups.judged_paths"

    found: PathComparison

    def table(self) -> pd.DataFrame:
        """Return one row a path, then one for all together.

        Columns ``path route d_chisq d_df p p_holm differs``; ``p_holm`` is adjusted over the paths
        and decides, for all together ``p`` does.
        """
        frame = self.found.table()
        routes = [
            "all" if row.path == "all" else f"{row.rhs} → {row.lhs}" for row in frame.itertuples()
        ]
        return frame.drop(columns=["lhs", "rhs"]).assign(route=routes)

    def estimates(self) -> pd.DataFrame:
        """Return each path in each group: ``source target group est se p std_all std_low …``."""
        return self.found.estimates.rename(
            columns={"rhs": "source", "lhs": "target", "std_ci_low": "std_low",
                     "std_ci_high": "std_high"}
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Return the facts of the comparison, and whether the free solution is admissible."""
        return {**self.found.facts(), "admissible": self.found.fits["free"].admissible}


def compare_group_paths(
    study: Study, choice: ModelChoice, survey: Survey, how: Estimation
) -> GroupPaths | None:
    """Test whether the paths of the model reported differ between the groups a study names.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
    survey : Survey
    how : Estimation

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
    syntax = structural_syntax(study, choice.shown)
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
    )  # fmt: skip
