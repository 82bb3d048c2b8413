"""The groups a study names, by the school of composites: may PLS scores be compared across them?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.judge.groups import GROUP, large_groups

if TYPE_CHECKING:
    from cx_value.judge.structure import ModelChoice
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: Steps of the procedure and the column of p that decides each.
STEPS = {"c": "c_p", "mean": "mean_p", "variance": "variance_p"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompositesAcrossGroups(Result):
    """MICOM for every pair of groups.

    The table holds the steps of every pair of groups, and what follows.

    Columns ``group_1 group_2 construct c c_quantile c_p mean mean_low mean_high mean_p variance …
    invariance``; p adjusted over a construct's pairs (Holm, 1979); ``invariance`` is
    ``none`` (weights differ), ``partial`` (scores may be compared) or ``full`` (groups may be
    pooled).

    Attributes
    ----------
    frame : DataFrame
        One row a pair of groups and construct.
    draws : int
        Permutations.
    small : tuple of str
        Groups with too few respondents.
    """

    frame: pd.DataFrame
    draws: int
    small: tuple[str, ...] = ()

    template = "micom.judged"

    def facts(self) -> dict[str, Any]:
        """Return what may be compared, and the rows that fail."""
        frame, pick = self.frame, ["construct", "group_1", "group_2"]
        unlike = frame[frame.invariance == "none"][pick].to_dict("records")
        apart = frame[(frame.invariance != "none") & (frame.mean_p < 1 - self.confidence)]
        return {
            "pairs": len(frame[["group_1", "group_2"]].drop_duplicates()),
            "constructs": int(frame.construct.nunique()),
            "rows": len(frame), "full": int((frame.invariance == "full").sum()),
            "partial": int((frame.invariance == "partial").sum()), "unlike": unlike,
            "means": apart[[*pick, "mean"]].to_dict("records"), "small": list(self.small),
            "draws": self.draws, "source": "henseler2016",
        }  # fmt: skip


def judge_composites(
    study: Study, choice: ModelChoice, survey: Survey, *, draws: int = 999
) -> CompositesAcrossGroups | None:
    """Test composites by MICOM between every two groups that the study's ``group`` tells apart.

    Returns
    -------
    CompositesAcrossGroups or None
        None where the study names no group, the reported model is not given by paths, fewer than
        two groups have enough respondents, or PLS has no solution in them.
    """
    from statsmodels.stats.multitest import multipletests

    if not study.group or not choice.shown.paths:
        return None
    paths = [(path.source, path.target) for path in choice.shown.paths]
    ends = {end for path in paths for end in path}
    blocks = {c.name: c.item_names for c in study.constructs if c.name in ends}
    fewest = max(study.evaluation.minimum_group, sum(map(len, blocks.values())))
    items, small = large_groups(survey, study.group, fewest)
    found = [_pair(study, blocks, paths, items, pair, draws)
             for pair in combinations(sorted(items[GROUP].unique()), 2)]  # fmt: skip
    found = [one for one in found if one is not None]
    if not found:
        return None
    frame = pd.concat([one[0] for one in found], ignore_index=True)
    for column in STEPS.values():
        by = frame.groupby("construct")[column]
        frame[column] = by.transform(lambda p: multipletests(p, method="holm")[1])
    alpha = 1 - study.options.confidence
    clear = {step: frame[column] < alpha for step, column in STEPS.items()}
    same = ~(clear["mean"] | clear["variance"])
    return CompositesAcrossGroups(
        n_used=len(items), n_dropped=survey.n - len(items), method=Phrase("micom.method"),
        confidence=study.options.confidence, small=tuple(small), draws=min(one[1] for one in found),
        frame=frame.assign(
            invariance=np.where(clear["c"], "none", np.where(same, "full", "partial"))
        ),
    )  # fmt: skip


def _pair(study: Study, blocks, paths, items, pair, draws: int) -> tuple[pd.DataFrame, int] | None:
    from cx_value.sem.pls.micom import check_composites

    both = items[items[GROUP].isin(pair)]
    try:
        found = check_composites(
            blocks, paths, both, both[GROUP], draws=draws, seed=study.options.seed,
            confidence=study.options.confidence,
        )  # fmt: skip
    except AnalysisError:
        return None
    frame = found.table()
    frame.insert(0, "group_1", pair[0])
    frame.insert(1, "group_2", pair[1])
    return frame, found.draws
