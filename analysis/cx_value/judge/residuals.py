"""Where a model leaves most unexplained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, format_number, format_percent, in_language

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LargestResiduals(Result):
    """Residual correlations of all pairs of items, the largest first."""

    frame: pd.DataFrame
    cutoff: Cutoff

    def table(self) -> pd.DataFrame:
        """Return ``item_1 item_2 observed implied residual beyond``, the largest in size first.

        ``beyond`` says whether the residual passes the study's limit.
        """
        return self.frame.copy()

    def sentence(self, lang: str = "en") -> str:
        """Name the largest residual and count those beyond the limit."""
        first, pairs = self.frame.iloc[0], len(self.frame)
        beyond = int(self.frame.beyond.sum())
        return _SENTENCE[lang].format(
            one=first.item_1, two=first.item_2, pairs=pairs, beyond=beyond,
            r=format_number(first.residual, 2, bounded=True, lang=lang),
            share=format_percent(beyond / pairs, 1),
            limit=format_number(self.cutoff.threshold, 2, bounded=True, lang=lang),
            said=in_language(self.cutoff.said, lang),
        )  # fmt: skip


_SENTENCE = {
    "en": "The largest residual correlation is {r}, between {one} and {two}; of {pairs} pairs of "
    "items, {beyond} ({share}) have a residual correlation beyond ±{limit} ({said}).",
    "zh": "最大的残差相关为 {r}（{one} 与 {two}）；{pairs} 对题项中有 {beyond} 对（{share}）"
    "的残差相关超出 ±{limit}（{said}）。",
}


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
        method=Text("residual correlations", zh="残差相关"), confidence=fit.confidence,
    )  # fmt: skip


def _correlation(covariance: np.ndarray) -> np.ndarray:
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.outer(spread, spread)
