"""How every measure stood in each wave, and whether it left its limits or took a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.tracking.change import find_step
from cx_value.evaluate.tracking.charts import mean_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: With fewer waves limits rest on too little to be more than provisional.
ENOUGH_WAVES = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waves(Result):
    """Measures over waves.

    Columns of the table: ``measure wave n mean sd low high centre lower upper outside``. ``low
    high`` is the interval of the mean; ``lower upper`` are the limits within which a wave falls
    with 99.7 % where nothing changed; ``outside`` says whether it left them.

    Attributes
    ----------
    frame : DataFrame
        One row a measure and wave; see :meth:`table`.
    steps : DataFrame
        One row a measure: ``measure from_wave size low high p p_adjusted clear``.
    small : tuple of str
        Waves with too few respondents, left out.
    """

    frame: pd.DataFrame
    steps: pd.DataFrame
    small: tuple[str, ...] = ()

    template = "tracking.waves"

    def facts(self) -> dict[str, Any]:
        """Return waves, what left its limits, and what took a step."""
        out = self.frame[self.frame.outside]
        stepped = self.steps[self.steps.clear]
        return {
            "waves": int(self.frame.wave.nunique()), "measures": len(self.steps),
            "outside": out[["measure", "wave", "mean"]].to_dict("records"),
            "steps": stepped[["measure", "from_wave", "size", "low", "high"]].to_dict("records"),
            "provisional": bool(self.frame.wave.nunique() < ENOUGH_WAVES),
            "enough": ENOUGH_WAVES, "small": list(self.small),
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw the overall measure and whatever stepped, over the waves with its limits."""
        from cx_value.evaluate.tracking.pictures import draw_waves

        stepped = list(self.steps[self.steps.clear].measure)
        shown = list(dict.fromkeys([self.steps.measure.iloc[0], *stepped]))[:4]
        return draw_waves(self.frame, shown, labels or {}, lang, ax)


def track_waves(
    scores: pd.DataFrame,
    waves: pd.Series,
    *,
    weights: pd.Series | None = None,
    minimum: int = 30,
    draws: int = 999,
    seed: int = 0,
    confidence: float = 0.95,
) -> Waves | None:
    """Follow measures over waves of different respondents.

    Parameters
    ----------
    scores : DataFrame (n, measures)
        0 to 100, the overall measure first; NaN where not answered.
    waves : Series
        Sorts in time.
    weights : Series, optional
        Case weights.
    minimum : int
        Fewer respondents are no wave.

    Returns
    -------
    Waves or None
        None where fewer than two waves are large enough.

    Notes
    -----
    Limits: three standard errors about the mean of all waves, σ within waves (x̄ chart). Steps:
    :func:`find_step`, p adjusted over the measures by Holm (1979).
    """
    counts = waves.value_counts()
    small = tuple(sorted(str(wave) for wave in counts.index[counts < minimum]))
    kept = waves.notna() & ~waves.isin(counts.index[counts < minimum])
    if waves[kept].nunique() < 2:
        return None
    scores, waves = scores[kept], waves[kept]
    weights = pd.Series(1.0, scores.index) if weights is None else weights[kept].astype(float)
    parts = [_one_measure(scores[name], waves, weights, confidence) for name in scores]
    frame = pd.concat(parts, ignore_index=True)
    return Waves(
        n_used=len(scores), n_dropped=int((~kept).sum()), method=Phrase("tracking.method"),
        confidence=confidence, frame=frame, small=small,
        steps=_steps(scores, waves, weights, draws, seed, confidence),
    )  # fmt: skip


def _one_measure(score, waves, weights, confidence: float) -> pd.DataFrame:
    from scipy.stats import norm

    rows = []
    for wave, index in score.dropna().groupby(waves).groups.items():
        y, w = score[index].to_numpy(), weights[index].to_numpy()
        mean = np.average(y, weights=w)
        effective = w.sum() ** 2 / (w**2).sum()
        sd = np.sqrt(np.average((y - mean) ** 2, weights=w) * effective / (effective - 1))
        rows.append({"measure": score.name, "wave": wave, "n": len(y), "effective": effective,
                     "mean": mean, "sd": sd})  # fmt: skip
    frame = pd.DataFrame(rows).sort_values("wave", ignore_index=True)
    half = norm.ppf((1 + confidence) / 2) * frame.sd / np.sqrt(frame.effective)
    centre, lower, upper = mean_limits(frame["mean"], frame.sd, frame.effective)
    outside = (frame["mean"] < lower) | (frame["mean"] > upper)
    return frame.drop(columns="effective").assign(
        low=frame["mean"] - half, high=frame["mean"] + half, centre=centre, lower=lower,
        upper=upper, outside=outside,
    )  # fmt: skip


def _steps(scores, waves, weights, draws: int, seed: int, confidence: float) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    rows = []
    for name in scores:
        step = find_step(
            scores[name].to_numpy(), waves.to_numpy(), weights.to_numpy(),
            draws=draws, seed=seed, confidence=confidence,
        )  # fmt: skip
        rows.append({"measure": name, "from_wave": step.wave, "size": step.size, "low": step.low,
                     "high": step.high, "p": step.p})  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["p_adjusted"] = multipletests(frame.p, method="holm")[1]
    return frame.assign(clear=frame.p_adjusted < 1 - confidence)
