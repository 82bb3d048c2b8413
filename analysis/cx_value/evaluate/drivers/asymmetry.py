"""Does a lever cost more when it is bad than it gains when it is good? Penalty–reward contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.formulas import reaches
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.evaluate.drivers.relative import explained_variance, standardised_slopes
from cx_value.evaluate.drivers.resampled import Moments, percentile_interval, resample_moments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Low and high are the ends of the sample beyond these quantiles.
LOW, HIGH = 0.25, 0.75
FEWEST = 10
COLUMNS = (
    "lever", "n_low", "n_high", "low_to", "high_from", "penalty", "penalty_low", "penalty_high",
    "reward", "reward_low", "reward_high", "asymmetry", "asymmetry_low", "asymmetry_high", "kind",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PenaltyReward(Result):
    """What a low and a high score of every lever go with, against the scores in between.

    Attributes
    ----------
    frame : DataFrame
        One row a lever. ``penalty`` and ``reward`` are points of the outcome that go with a low and
        with a high score of the lever, others held; ``asymmetry`` is reward + penalty (below zero:
        bad weighs more). ``kind``: ``basic`` (the interval of the asymmetry lies below zero),
        ``excitement`` (above), ``performance`` (it holds zero, and penalty or reward is clear),
        ``none``.
    outcome : str
    r_squared : float
    left_out : tuple of str
        Levers with too few respondents at one end.
    """

    template = "asymmetry.penalty_reward"

    frame: pd.DataFrame
    outcome: str
    r_squared: float
    left_out: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return the levers of each kind."""
        kinds = ("basic", "performance", "excitement", "none")
        return {
            "outcome": self.outcome, "r_squared": self.r_squared, "n": self.n_used,
            "low": LOW, "high": 1 - HIGH, "levers": len(self.frame),
            "kinds": {k: list(self.frame[self.frame.kind == k].lever) for k in kinds},
            "left_out": list(self.left_out), "source": "matzler2002",
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, str] | None = None
    ) -> Axes:
        """Draw penalty and reward of every lever, with intervals."""
        from cx_value.evaluate.drivers.pictures import draw_penalty_reward

        return draw_penalty_reward(self.frame, labels or {}, ax, lang)


def penalty_reward(
    scores: pd.DataFrame,
    levers: Sequence[str],
    outcome: str,
    *,
    ends: tuple[float, float] | None = None,
    fewest: int = FEWEST,
    weights: np.ndarray | None = None,
    draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> PenaltyReward:
    r"""Regress the outcome on dummies for low and high scores of every lever.

    .. math:: y = b_0 + \sum_j (p_j\, low_j + r_j\, high_j) + e

    Parameters
    ----------
    scores : DataFrame
    levers, outcome : str
        Columns; rows with a gap are left out.
    ends : (float, float), optional
        Highest score that is low and lowest that is high; by default the lower and upper quarter
        of each lever.
    fewest : int
        Respondents that either end must have.
    weights, draws, seed, confidence
        As in :func:`cx_value.evaluate.drivers.importance.driver_importance`.

    Raises
    ------
    DataError
        If no lever has enough respondents at either end.

    References
    ----------
    Brandt (1987); Matzler & Sauerwein (2002), International Journal of Service Industry Management
    13, 314–332.
    """
    complete = scores[[*levers, outcome]].to_numpy(dtype=float)
    whole = np.isfinite(complete).all(axis=1)
    complete = complete[whole]
    cuts = {lever: ends or _ends_of(complete[:, j])
            for j, lever in enumerate(levers)}  # fmt: skip
    low = {v: reaches(-complete[:, j], -cuts[v][0]) for j, v in enumerate(levers)}
    high = {v: reaches(complete[:, j], cuts[v][1]) for j, v in enumerate(levers)}
    kept = [v for v in levers if min(low[v].sum(), high[v].sum()) >= fewest
            and (~low[v] & ~high[v]).any() and cuts[v][0] < cuts[v][1]]  # fmt: skip
    if not kept:
        raise DataError(
            f"no lever has {fewest} respondents with a low and {fewest} with a high score · "
            "allowed: answers that spread · do: ask more respondents, or on a longer scale"
        )
    dummies = [part for v in kept for part in (low[v], high[v])]
    values = np.column_stack([*dummies, complete[:, -1]]).astype(float)
    weight = None if weights is None else np.asarray(weights, dtype=float)[whole]
    pair = resample_moments(values, weight, draws=draws, seed=seed)
    slopes = tuple(_raw_slopes(moments) for moments in pair)
    counts = {v: (int(low[v].sum()), int(high[v].sum()), *cuts[v]) for v in kept}
    return PenaltyReward(
        n_used=len(values), n_dropped=len(scores) - len(values), confidence=confidence,
        method=Phrase("asymmetry.method", {"draws": draws}), outcome=outcome,
        frame=tidy_frame(_rows(kept, counts, slopes, confidence), COLUMNS),
        r_squared=float(explained_variance(pair[0].correlations)),
        left_out=tuple(v for v in levers if v not in kept),
    )  # fmt: skip


def _ends_of(scores: np.ndarray) -> tuple[float, float]:
    """Return the quartiles, moved outwards where few answers leave nothing between them."""
    low, high = np.quantile(scores, [LOW, HIGH])
    below, above = scores[scores < low], scores[scores > high]
    if ((scores > low) & (scores < high)).any():
        return float(low), float(high)
    if low < high and len(above):
        return float(low), float(above.min())
    if low < high and len(below):
        return float(below.max()), float(high)
    return float(max(below, default=low)), float(min(above, default=high))


def _raw_slopes(moments: Moments) -> np.ndarray:
    """Return unstandardised slopes of the last column on the others."""
    spread = moments.spread
    return standardised_slopes(moments.correlations) * spread[..., -1:] / spread[..., :-1]


def _rows(
    levers: Sequence[str], counts: Mapping[str, tuple], slopes: tuple[np.ndarray, np.ndarray],
    confidence: float,
) -> list[tuple]:  # fmt: skip
    rows = []
    for j, lever in enumerate(levers):
        figures = []
        for pick in (lambda s, j=j: s[..., 2 * j], lambda s, j=j: s[..., 2 * j + 1],
                     lambda s, j=j: s[..., 2 * j] + s[..., 2 * j + 1]):  # fmt: skip
            low, high = percentile_interval(pick(slopes[1]), confidence)
            figures += [float(pick(slopes[0])), float(low), float(high)]
        rows.append((lever, *counts[lever], *figures, _kind(figures)))
    return rows


def _kind(figures: Sequence[float]) -> str:
    penalty, reward, asymmetry = figures[1:3], figures[4:6], figures[7:9]
    if not (_clear(penalty) or _clear(reward)):
        return "none"
    if asymmetry[1] < 0:
        return "basic"
    return "excitement" if asymmetry[0] > 0 else "performance"


def _clear(interval: Sequence[float]) -> bool:
    return interval[0] > 0 or interval[1] < 0
