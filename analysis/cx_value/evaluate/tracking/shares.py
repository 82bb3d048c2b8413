"""Shares of satisfied customers, promoters and detractors over waves, within control limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.comparison import metric_values
from cx_value.evaluate.tracking.charts import share_limits, smoothed
from cx_value.study.customers import own_customers

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveShares(Result):
    """p chart and EWMA of the core metrics' shares; see :meth:`table`.

    Columns of the table: ``share wave n mean lower upper outside ewma ewma_lower ewma_upper
    drifted``. ``outside`` tells whether the wave left the limits of the p chart, ``drifted``
    whether the EWMA left its own.
    """

    frame: pd.DataFrame

    template = "tracking.shares"

    def facts(self) -> dict[str, Any]:
        """Return the shares followed, and what left the limits of either chart."""
        frame, pick = self.frame, ["share", "wave", "mean"]
        return {
            "followed": list(dict.fromkeys(frame.share)),
            "outside": frame[frame.outside][pick].to_dict("records"),
            "drifted": frame[frame.drifted][["share", "wave", "ewma"]].to_dict("records"),
        }  # fmt: skip


def follow_shares(study: Study, survey: Survey | None) -> WaveShares | None:
    """Follow CSAT, promoters and detractors of the own brand; None without waves or metrics.

    Notes
    -----
    p chart with three standard errors at each wave's effective sample size (Kish, 1965), and EWMA
    of the shares with λ = .2 (Montgomery, 2013).
    """
    if survey is None or survey.wave is None:
        return None
    own = own_customers(study, survey)
    weights = pd.Series(1.0, own.items.index) if own.weights is None else own.weights
    parts = []
    for metric, values in metric_values(study, own):
        for name, happened in _shares(metric, values.dropna()):
            parts.append(_chart(name, happened, own.wave, weights, study.evaluation.minimum_group))
    parts = [part for part in parts if len(part) > 1]
    if not parts:
        return None
    return WaveShares(
        n_used=own.n, method=Phrase("tracking.shares_method"),
        confidence=study.options.confidence, frame=pd.concat(parts, ignore_index=True),
    )  # fmt: skip


def _shares(metric: str, values: pd.Series) -> list[tuple[str, pd.Series]]:
    if metric == "nps":
        return [("promoters", values > 0), ("detractors", values < 0)]
    return [("csat", values > 0)] if metric == "csat" else []


def _chart(name: str, happened, wave, weights, minimum: int) -> pd.DataFrame:
    """Return one row a wave that is large enough; fewer than two are no chart."""
    rows = []
    for at, index in happened.groupby(wave.reindex(happened.index)).groups.items():
        if len(index) < minimum:
            continue
        w = weights[index].to_numpy(float)
        rows.append({"share": name, "wave": str(at), "n": len(index),
                     "mean": float(np.average(happened[index], weights=w)),
                     "effective": w.sum() ** 2 / (w**2).sum()})  # fmt: skip
    if len(rows) < 2:
        return pd.DataFrame()
    frame = pd.DataFrame(rows)
    _, lower, upper = share_limits(frame["mean"] * frame.effective, frame.effective)
    z, low, high = smoothed(frame["mean"].to_numpy())
    mean = frame["mean"]
    return frame.drop(columns="effective").assign(
        lower=lower, upper=upper, outside=(mean < lower) | (mean > upper),
        ewma=z, ewma_lower=low, ewma_upper=high, drifted=(z < low) | (z > high),
    )  # fmt: skip
