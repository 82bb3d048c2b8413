"""How long customers stay, without a model: the Kaplan–Meier curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.worth.contracts import read_durations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.value.worth.contracts import ContractModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalCurve(Result):
    """The share of customers still there over time.

    Attributes
    ----------
    steps : pandas.DataFrame
        One row a time at which somebody left or observation ended.
    median, median_low, median_high : float
        Time by which half have left; NaN where the curve does not come down that far.
    """

    template: ClassVar[str] = "contracts.survival"

    steps: pd.DataFrame
    median: float
    median_low: float
    median_high: float

    def table(self) -> pd.DataFrame:
        """Return ``time at_risk churned survival std_error ci_low ci_high``."""
        return self.steps

    def facts(self) -> dict[str, Any]:
        """Return the median lifetime with its interval, and the end of the curve."""
        last = self.steps.iloc[-1]
        return {
            "n": self.n_used, "median": self.median, "low": self.median_low,
            "high": self.median_high, "time": last["time"], "survival": last["survival"],
        }  # fmt: skip

    def plot(
        self,
        ax: Axes | None = None,
        *,
        models: Sequence[ContractModel] = (),
        lang: str = "en",
    ) -> Axes:
        """Draw the curve with its band, and what fitted models say beside it."""
        from cx_value.value.pictures import plot_survival

        curves = {model.model: model.survival for model in models}
        return plot_survival(self.table(), ax, curves=curves, lang=lang)


def estimate_survival(
    frame: pd.DataFrame,
    *,
    duration: str = "duration",
    churned: str = "churned",
    confidence: float = 0.95,
) -> SurvivalCurve:
    """Estimate the survival curve by Kaplan and Meier's product.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a customer: time under observation, and whether it ended by leaving (1) or is
        still running (0).

    Returns
    -------
    SurvivalCurve
        Greenwood's standard errors; intervals on the log(-log) scale, so they stay within 0 and 1
        (NaN where the curve is 1 or 0).

    Notes
    -----
    S(t) = Π (1 - d_i/n_i). Kaplan, E. L., & Meier, P. (1958), JASA 53, 457–481; Kalbfleisch, J. D.,
    & Prentice, R. L. (2002), eq. 1.10–1.13. Equal to R's ``survfit(conf.type = "log-log")``.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"duration": [1, 2, 2, 3], "churned": [1, 1, 0, 1]})
    >>> estimate_survival(seen).table().survival.tolist()
    [0.75, 0.5, 0.0]
    """
    time, left = read_durations(frame, duration, churned)
    moments, place = np.unique(time, return_inverse=True)
    ended = np.bincount(place, weights=left)
    at_risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(place))[:-1]])
    steps = _product_limit(moments, at_risk, ended, confidence)
    return SurvivalCurve(
        n_used=len(time),
        method=Phrase("contracts.survival_method"),
        confidence=confidence,
        steps=steps,
        median=_first_below(moments, steps["survival"].to_numpy()),
        median_low=_first_below(moments, steps["ci_low"].to_numpy()),
        median_high=_first_below(moments, steps["ci_high"].to_numpy()),
    )


def _product_limit(moments, at_risk, ended, confidence: float) -> pd.DataFrame:
    """Return the curve with Greenwood's errors and its log(-log) band."""
    import pandas as pd

    survival = np.cumprod(1 - ended / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(ended / (at_risk * (at_risk - ended)))
        shift = norm.ppf(0.5 + confidence / 2) * np.sqrt(greenwood) / np.log(survival)
        low, high = survival ** np.exp(-shift), survival ** np.exp(shift)
        error = np.where(survival > 0, survival * np.sqrt(greenwood), np.nan)
    inside = (survival > 0) & (survival < 1)
    return pd.DataFrame(
        {
            "time": moments,
            "at_risk": at_risk,
            "churned": ended.astype(int),
            "survival": survival,
            "std_error": error,
            "ci_low": np.where(inside, np.minimum(low, high), np.nan),
            "ci_high": np.where(inside, np.maximum(low, high), np.nan),
        }
    )


def _first_below(time: np.ndarray, curve: np.ndarray) -> float:
    """Return when a curve first falls to a half; the middle of a stretch at exactly a half."""
    below = np.flatnonzero(np.nan_to_num(curve, nan=1.0) <= 0.5 + 1e-12)
    if len(below) == 0:
        return float("nan")
    first = below[0]
    if abs(curve[first] - 0.5) < 1e-12 and first + 1 < len(time):
        lower = np.flatnonzero(curve < 0.5 - 1e-12)
        return float((time[first] + time[lower[0]]) / 2) if len(lower) else float(time[first])
    return float(time[first])
