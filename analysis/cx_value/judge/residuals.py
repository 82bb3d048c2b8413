"""Where a model leaves most unexplained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LargestResiduals(Result):
    """Residual correlations of all pairs of items, the largest first.

    Columns of the table: ``item_1 item_2 observed implied residual beyond``, the largest in size
    first. ``beyond`` says whether the residual passes the study's limit.
    """

    template = "residuals.largest"

    frame: pd.DataFrame
    cutoff: Cutoff

    def facts(self) -> dict[str, Any]:
        """Return the largest residual and how many pass the limit."""
        first, beyond = self.frame.iloc[0], int(self.frame.beyond.sum())
        return {
            "one": first.item_1, "two": first.item_2, "residual": first.residual,
            "pairs": len(self.frame), "beyond": beyond, "share": beyond / len(self.frame),
            "rule": self.cutoff.facts(),
        }  # fmt: skip


def largest_residuals(
    fit: ModelFit, *, cutoffs: Mapping[str, float] | None = None
) -> LargestResiduals:
    """Rank the residual correlations of a single-group model.

    Parameters
    ----------
    fit : ModelFit
    cutoffs : mapping of str to float, optional

    Returns
    -------
    LargestResiduals
    """
    rule = cutoffs_with(cutoffs)["residual_correlation"]
    implied = fit.implied_covariance()
    names = list(implied.columns)
    lower = np.tril_indices(len(names), -1)
    # The engine knows what the sample's correlations are with weights, gaps or ordered items.
    residual = fit.residuals("correlation").loc[names, names].to_numpy()[lower]
    expected = _correlation(implied.to_numpy())[lower]
    frame = tidy_frame(
        {
            "item_1": names[j], "item_2": names[i], "observed": m + e, "implied": m,
            "residual": e, "beyond": not rule.passes(abs(e)),
        }
        for i, j, e, m in zip(*lower, residual, expected, strict=True)
    )  # fmt: skip
    order = frame.residual.abs().sort_values(ascending=False, kind="stable").index
    return LargestResiduals(
        n_used=fit.n_used, n_dropped=fit.n_dropped, cutoff=rule,
        frame=frame.loc[order].reset_index(drop=True),
        method=Phrase("residuals.method"), confidence=fit.confidence,
    )  # fmt: skip


def _correlation(covariance: np.ndarray) -> np.ndarray:
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.outer(spread, spread)
