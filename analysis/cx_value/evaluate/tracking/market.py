"""One's own metrics over the waves beside the market's over the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.comparison import metric_values
from cx_value.evaluate.tracking.moved import SHARES
from cx_value.evaluate.tracking.paired import unpaired_means
from cx_value.study.customers import own_customers

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Benchmark, Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketTrend(Result):
    """How metrics changed from the first wave to the last, and how the market's did.

    Columns of the table: ``metric source from to market_before market_after market_change change
    low high beyond beyond_low beyond_high verdict``; ``beyond`` is the own change less the
    market's, whose figures are taken as known; ``verdict`` is ``ahead behind`` or ``alike`` by the
    interval. Shares are in per cent.
    """

    frame: pd.DataFrame
    waves: tuple[str, str]

    template = "tracking.market"

    def facts(self) -> dict[str, Any]:
        """Return every metric with both changes."""
        pick = ["metric", "market_change", "change", "beyond", "beyond_low", "beyond_high",
                "verdict"]  # fmt: skip
        return {"first": self.waves[0], "last": self.waves[1],
                "metrics": self.frame[pick].to_dict("records")}  # fmt: skip


def compare_market(study: Study, survey: Survey | None) -> MarketTrend | None:
    """Hold the change of the own metrics against the market's, where ``benchmarks`` give one.

    Returns
    -------
    MarketTrend or None
        None with fewer than two waves, or where no source gives a metric at two dates.

    Notes
    -----
    The own change is that between the first and the last wave with Welch's interval; the market's
    that between the first and the last dated figure of one source. Whether the dates fit the waves
    is for the analyst to see: both are printed.
    """
    series = market_series(study)
    if not series or survey is None or survey.wave is None:
        return None
    own = own_customers(study, survey)
    counts = own.wave.value_counts()
    waves = sorted(counts.index[counts >= study.evaluation.minimum_group])
    if len(waves) < 2:
        return None
    sides = [own.rows(own.items.index[own.wave == w]) for w in (waves[0], waves[-1])]
    values = [dict(metric_values(study, side)) for side in sides]
    rows = [
        _row(figures, values, sides, study.options.confidence)
        for figures in series if figures[0].metric in values[0]
    ]  # fmt: skip
    if not rows:
        return None
    return MarketTrend(
        n_used=sides[1].n, method=Phrase("tracking.market_method"),
        confidence=study.options.confidence, frame=pd.DataFrame(rows),
        waves=(str(waves[0]), str(waves[-1])),
    )  # fmt: skip


def market_series(study: Study) -> list[list[Benchmark]]:
    """Return the figures of every metric and source that are dated at two times or more."""
    found: dict[tuple[str, str], list[Benchmark]] = {}
    for figure in study.benchmarks:
        if figure.date is not None:
            found.setdefault((figure.metric, str(figure.source or "")), []).append(figure)
    ordered = [sorted(figures, key=lambda f: f.date) for figures in found.values()]
    return [figures for figures in ordered if figures[0].date < figures[-1].date]


def _row(figures: list[Benchmark], values, sides, confidence: float) -> dict[str, Any]:
    first, last = figures[0], figures[-1]
    metric, unit = first.metric, 100 if first.metric in SHARES else 1
    known = [v[metric].dropna() for v in values]
    weights = [np.ones(len(v)) if s.weights is None else s.weights[v.index].to_numpy(float)
               for s, v in zip(sides, known, strict=True)]  # fmt: skip
    found = unpaired_means(*(v.to_numpy(float) for v in known), *weights, confidence=confidence)
    market = unit * (last.value - first.value)
    change, low, high = (unit * v for v in (found.size, found.low, found.high))
    verdict = "ahead" if low > market else "behind" if high < market else "alike"
    return {
        "metric": metric, "source": str(first.source or ""), "from": str(first.date),
        "to": str(last.date), "market_before": unit * first.value,
        "market_after": unit * last.value, "market_change": market,
        "change": change, "low": low, "high": high,
        "beyond": change - market, "beyond_low": low - market, "beyond_high": high - market,
        "verdict": verdict,
    }  # fmt: skip
