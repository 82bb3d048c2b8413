"""Which attributes matter and are badly served: points lost, and the opportunity score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.evaluate.drivers.relative import johnson_weights
from cx_value.evaluate.drivers.resampled import percentile_interval, resample_moments

if TYPE_CHECKING:
    import pandas as pd

#: Answers in the upper part of the scale count as important (satisfied): two boxes of five.
TOP_BOX = 75.0
#: From this score on an attribute is called an opportunity (Ulwick 2002).
OPPORTUNITY = 10.0
COLUMNS = (
    "item", "n", "weight", "score", "score_low", "score_high", "contribution", "lost", "lost_low",
    "lost_high", "importance", "satisfaction", "opportunity", "underserved",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemScores(Result):
    """Items weighted by what they matter.

    Attributes
    ----------
    frame : DataFrame
        One row an item, the most points lost first. ``weight`` is the item's share of the variance
        explained in the outcome, ``contribution`` weight × score, ``lost`` weight × (100 − score):
        what the item keeps the weighted score from 100. Where importance was asked: ``importance``
        and ``satisfaction`` on a scale to 10 (ten times the share of answers at or above three
        quarters of the scale), ``opportunity`` = importance + max(importance − satisfaction, 0),
        ``underserved`` from 10 on.
    outcome : str
    total : float
        The weighted score of all items, 0 to 100.
    """

    template = "opportunity.items"

    frame: pd.DataFrame
    outcome: str
    total: float

    def facts(self) -> dict[str, Any]:
        """Return the weighted score, and the items that lose most of it."""
        asked = self.frame[self.frame.opportunity.notna()]
        underserved = asked[asked.underserved].sort_values("opportunity", ascending=False)
        return {
            "outcome": self.outcome, "n_items": len(self.frame), "total": self.total, "top": 100,
            "most_lost": [
                {"item": r.item, "lost": r.lost, "score": r.score}
                for r in self.frame.head(3).itertuples()
            ],
            "asked": len(asked), "opportunity_from": OPPORTUNITY, "source": "ulwick2002",
            "underserved": [{"item": r.item, "opportunity": r.opportunity}
                            for r in underserved.head(5).itertuples()],
        }  # fmt: skip


def item_scores(
    scores: pd.DataFrame, items: Sequence[str], outcome: str, *,
    stated: pd.DataFrame | None = None, weights: np.ndarray | None = None, draws: int = 1000,
    seed: int = 0, confidence: float = 0.95,
) -> ItemScores:  # fmt: skip
    """Weight items by their share of the variance explained in an outcome.

    Parameters
    ----------
    scores : DataFrame
        Items 0 to 100, and the outcome.
    items, outcome : str
        Columns.
    stated : DataFrame, optional
        Stated importance of (some) items, 0 to 100.
    weights, draws, seed, confidence
        As in :func:`cx_value.evaluate.drivers.importance.driver_importance`.

    References
    ----------
    Ulwick (2002), Harvard Business Review 80(1), 91–97.
    """
    values = scores[[*items, outcome]].to_numpy(dtype=float)
    pair = resample_moments(values, weights, draws=draws, seed=seed)
    share = [_shares(m.correlations) for m in pair]
    score = [m.means[..., :-1] for m in pair]
    lost = [s * (100 - m) for s, m in zip(share, score, strict=True)]
    ends = [percentile_interval(part[1], confidence) for part in (score, lost)]
    rows = [
        (item, int(np.isfinite(values[:, j]).sum()), share[0][j], score[0][j], ends[0][0][j],
         ends[0][1][j], share[0][j] * score[0][j], lost[0][j], ends[1][0][j], ends[1][1][j],
         *_opportunity(scores, item, stated))
        for j, item in enumerate(items)
    ]  # fmt: skip
    frame = tidy_frame(rows, COLUMNS).sort_values("lost", ascending=False, ignore_index=True)
    n = int(np.isfinite(values).all(axis=1).sum())
    return ItemScores(
        n_used=n, n_dropped=len(values) - n, confidence=confidence, frame=frame, outcome=outcome,
        method=Phrase("opportunity.method", {"draws": draws}),
        total=float(frame.contribution.sum()),
    )  # fmt: skip


def opportunity_score(importance: float, satisfaction: float) -> float:
    """Return importance + max(importance − satisfaction, 0), both from 0 to 10.

    >>> opportunity_score(9.0, 4.0), opportunity_score(5.0, 8.0)
    (14.0, 5.0)
    """
    return importance + max(importance - satisfaction, 0.0)


def _shares(correlations: np.ndarray) -> np.ndarray:
    weights = johnson_weights(correlations)
    return weights / weights.sum(axis=-1, keepdims=True)


def _opportunity(scores: pd.DataFrame, item: str, stated: pd.DataFrame | None) -> tuple:
    if stated is None or item not in stated:
        return (np.nan, np.nan, np.nan, False)
    importance, satisfaction = (
        10 * float((part.dropna() >= TOP_BOX).mean()) for part in (stated[item], scores[item])
    )
    score = opportunity_score(importance, satisfaction)
    return (importance, satisfaction, score, score >= OPPORTUNITY)
