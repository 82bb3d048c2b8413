"""The verdict of a chapter in one sentence, for the summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.base.cutoffs import Cutoff
    from cx_value.measure.discriminant import HeterotraitMonotrait
    from cx_value.measure.reliability import ReliabilityOfScales

MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Headline(Result):
    """How many cases keep a rule, and which do not.

    The table has one row a case with its ``passes``.

    Attributes
    ----------
    frame : DataFrame
        One row a case with its ``passes``.
    rule : Cutoff
    failing : list of dict
        The cases to be named, worst first.
    """

    frame: pd.DataFrame
    rule: Cutoff
    failing: list[dict[str, Any]] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return ``cases passing cutoff source failing``."""
        return {
            "cases": len(self.frame), "passing": int(self.frame.passes.sum()),
            "cutoff": self.rule.threshold, "source": self.rule.source, "failing": self.failing,
        }  # fmt: skip


class ReliabilityHeadline(Headline):
    """How many scales reach the conventional α."""

    template = "reliability.headline"


class DiscriminantHeadline(Headline):
    """How many pairs of constructs can be told apart by HTMT."""

    template = "discriminant.headline"


def reliability_headline(found: ReliabilityOfScales) -> Headline:
    """Count the scales that reach the conventional α, and list those that do not."""
    frame = found.table()[["construct", "alpha"]]
    rule = found.cutoffs["alpha"]
    frame["passes"] = [bool(rule.passes(alpha)) for alpha in frame.alpha]
    failing = frame[~frame.passes][["construct", "alpha"]].to_dict("records")
    return _headline(ReliabilityHeadline, found, frame, rule, failing)


def discriminant_headline(found: HeterotraitMonotrait) -> Headline:
    """Count the pairs of constructs that HTMT tells apart, and list the closest of the others."""
    frame = found.table()
    rule = found.cutoffs["htmt"]
    frame["passes"] = [bool(rule.passes(value)) for value in frame.htmt]
    close = frame[~frame.passes].sort_values("htmt", ascending=False).head(MOST_NAMED)
    failing = close[["construct_1", "construct_2", "htmt"]].to_dict("records")
    return _headline(DiscriminantHeadline, found, frame, rule, failing)


def _headline(kind, found: Result, frame: pd.DataFrame, rule: Cutoff, failing) -> Headline:
    return kind(
        n_used=found.n_used, n_dropped=found.n_dropped, confidence=found.confidence,
        method=found.method, frame=frame, rule=rule, failing=failing,
    )  # fmt: skip
