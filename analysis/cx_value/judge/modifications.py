"""Which parameter, if it were free, would improve a model most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit

KINDS = {"=~": "cross_loading", "~~": "residual_covariance", "~": "path"}
SOURCE = "maccallum1992"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modifications(Result):
    """Modification indices of a model, the largest first.

    Columns of the table: ``kind first second mi p p_holm epc epc_std significant``, the largest
    first. ``first`` and ``second`` are construct and item of a cross-loading, the two variables
    of a covariance, cause and effect of a path; ``epc_std`` is the change expected in the
    standardised parameter.
    """

    template = "modifications.modifications"

    frame: pd.DataFrame
    rule: Cutoff

    def facts(self) -> dict[str, Any]:
        """Return how many parameters are tested, how many would help, and the largest index."""
        largest = None if self.frame.empty else self.frame.iloc[0].to_dict()
        return {
            "tested": len(self.frame), "significant": int(self.frame.significant.sum()),
            "largest": largest, "alpha": self.rule.threshold, "source": SOURCE,
        }  # fmt: skip


def rank_modifications(fit: ModelFit) -> Modifications:
    """Rank what freeing each absent loading, covariance or path would do to a model.

    ``p_holm`` allows for the number of parameters tried (Holm, 1979).
    """
    from statsmodels.stats.multitest import multipletests

    found = fit.modification_indices()
    rule = CUTOFFS["significance"]
    turned = found.op == "~"
    frame = found.assign(
        kind=found.op.map(KINDS), first=found.lhs.where(~turned, found.rhs),
        second=found.rhs.where(~turned, found.lhs),
    )  # fmt: skip
    frame["p_holm"] = multipletests(frame.p, method="holm")[1] if len(frame) else frame.p
    frame["significant"] = frame.p_holm < rule.threshold
    columns = ["kind", "first", "second", "mi", "p", "p_holm", "epc", "epc_std", "significant"]
    return Modifications(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=fit.confidence,
        frame=frame[columns], rule=rule,
        method=Phrase("estimators.named", {"method": "modification_indices"}),
    )  # fmt: skip
