"""The touchpoints along the journey: how good, how many use them, where it hurts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.formulas import reaches
from cx_value.base.results import Result
from cx_value.evaluate.weights.comparison import interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from cx_value.evaluate.setting import EvaluationSetting

#: Points of 100 below which a contact counts as poor: the lower half of the scale.
POOR = 50.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Journey(Result):
    """The touchpoints in their order.

    The table has one row a touchpoint, in the order of the journey.

    Attributes
    ----------
    frame : DataFrame
        ``touchpoint stage users share score low high poor poor_of_all against against_low
        against_high slope slope_low slope_high pain``: mean rating of those who used it (0 to
        100); share of poor ratings among users and among all; distance from the mean of all
        ratings; points of satisfaction that go with ten points of the rating among users.
        ``pain`` is ``"yes"`` where the rating lies clearly below that mean.
    small, missing : tuple of str
        Touchpoints with too few users, and without a column in the data.
    """

    template: ClassVar[str] = "gaps.journey"
    frame: pd.DataFrame
    small: tuple[Mapping[str, Any], ...]
    missing: tuple[str, ...]
    outcome: str
    minimum: int

    def facts(self) -> dict[str, Any]:
        """Return the best and the worst contact, the pain points, and what counts most."""
        f = self.frame
        keep = ["touchpoint", "score", "low", "high"]
        best, worst = f.loc[f["score"].idxmax()], f.loc[f["score"].idxmin()]
        widest = f.loc[f["poor_of_all"].idxmax()]
        facts = {
            "touchpoints": len(f), "best": best[keep].to_dict(), "worst": worst[keep].to_dict(),
            "pain": f[f["pain"] == "yes"]["touchpoint"].tolist(), "poor_below": POOR, "top": 100,
            "widest": widest[["touchpoint", "poor_of_all", "poor", "share"]].to_dict(),
            "outcome": self.outcome, "small": [dict(entry) for entry in self.small],
            "missing": list(self.missing), "minimum": self.minimum, "strongest": None,
        }  # fmt: skip
        if f["slope"].notna().any():
            strongest = f.loc[f["slope"].idxmax()]
            facts["strongest"] = strongest[
                ["touchpoint", "slope", "slope_low", "slope_high"]
            ].to_dict()
        return facts

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw the ratings along the journey, wide where many go, marked where it hurts."""
        from cx_value.evaluate.pictures import draw_journey

        return draw_journey(self.frame, labels or {}, lang, ax)


def map_journey(setting: EvaluationSetting) -> Journey | None:
    """Return the journey of the own brand's customers; None without a touchpoint to speak of."""
    study, ratings = setting.study, setting.survey.ratings
    minimum = study.evaluation.minimum_group
    points, small, missing = {}, [], []
    for touchpoint in study.touchpoints:
        name, scale = touchpoint.name, touchpoint.scale
        if ratings is None or name not in ratings:
            missing.append(name)
            continue
        score = 100 * (ratings[name] - scale.minimum) / (scale.maximum - scale.minimum)
        users = int(score.notna().sum())
        if users < minimum:
            small.append({"touchpoint": name, "n": users})
        else:
            points[name] = score.to_numpy()
    if not points:
        return None
    return Journey(
        n_used=setting.survey.n, method="mean rating of users, 0 to 100",
        confidence=setting.confidence, frame=_journey_frame(setting, points), small=tuple(small),
        missing=tuple(missing), outcome=study.value.satisfaction or "", minimum=minimum,
    )  # fmt: skip


def _journey_frame(setting: EvaluationSetting, points: Mapping[str, np.ndarray]) -> pd.DataFrame:
    values = np.column_stack(list(points.values()))
    seen = np.isfinite(values)
    held = np.where(seen, values, 0.0)
    columns = np.hstack([held, seen, ~reaches(held, POOR) & seen, np.ones((len(held), 1))]).astype(
        float
    )
    sums = setting.axis.products(columns)
    total, users, poor = (sums[:, k * len(points) : (k + 1) * len(points)] for k in range(3))
    everybody = sums[:, -1:]
    score = total / users
    against = score - total.sum(axis=1, keepdims=True) / users.sum(axis=1, keepdims=True)
    slopes = _slopes(setting, held, seen)
    level = setting.confidence
    low, high = interval(score[1:], level)
    against_low, against_high = interval(against[1:], level)
    slope_low, slope_high = interval(slopes[1:], level)
    stages = {t.name: t.stage for t in setting.study.touchpoints}
    frame = {
        "touchpoint": list(points), "users": seen.sum(axis=0),
        "share": users[0] / everybody[0], "score": score[0], "low": low, "high": high,
        "poor": poor[0] / users[0], "poor_of_all": poor[0] / everybody[0],
        "against": against[0], "against_low": against_low, "against_high": against_high,
        "slope": slopes[0], "slope_low": slope_low, "slope_high": slope_high,
        "pain": np.where(against_high < 0, "yes", "no"),
    }  # fmt: skip
    out = pd.DataFrame(frame)
    out.insert(1, "stage", pd.Series([stages[name] for name in points], dtype=object))
    return out


def _slopes(setting: EvaluationSetting, held: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return points of satisfaction per ten points of each rating, users only, (1 + draws, k)."""
    outcome = setting.study.value.satisfaction
    k = held.shape[1]
    if outcome is None or outcome not in setting.scores.constructs:
        return np.full((setting.axis.size, k), np.nan)
    y = setting.scores.constructs[outcome].to_numpy()
    both = seen & np.isfinite(y)[:, None]
    x = np.where(both, held - POOR, 0.0)
    z = np.where(both, (np.nan_to_num(y) - POOR)[:, None], 0.0)
    sums = setting.axis.products(np.hstack([x, z, x * z, x * x, both.astype(float)]))
    sx, sz, sxz, sxx, n = np.split(sums, 5, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 10 * (sxz / n - sx * sz / n**2) / (sxx / n - (sx / n) ** 2)
