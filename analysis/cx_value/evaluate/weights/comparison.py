"""All weights of the indicators side by side: intervals, ranks, agreement between methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.evaluate.weights.objective import (
    OBJECTIVE,
    combine_weights,
    first_component_share,
    first_component_signs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from cx_value.evaluate.resamples import Moments, Resamples
    from cx_value.evaluate.weights.experts import ExpertWeights
    from cx_value.evaluate.weights.model import ModelWeights
    from cx_value.study.indicators import Evaluation

#: Order in which methods are printed and drawn.
METHODS = (
    "experts", "combined", "effects", "pls", "loadings", "critic", "entropy", "variation",
    "components", "equal",
)  # fmt: skip
#: Skewness beyond which entropy is said to reward it.
SKEWED = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndicatorWeights(Result):
    """The weights of a set of indicators by every method.

    Attributes
    ----------
    indicators : tuple of str
    methods : dict of str to ndarray (1 + draws, indicators)
        Row 0 is the estimate; each row sums to 1; NaN where a refit failed.
    headline : str
        The method whose weights make the headline index.
    scaling : str
        ``"theoretical"`` or ``"observed"``.
    cautions : tuple of dict
        Where a method misleads with these data: ``{"code": …, …}``.
    left_out : tuple of dict
        Methods that these data do not allow: ``{"method": …, "reason": …}``.
    rule : dict
        How experts and data are combined: ``{"combine", "objective", "share"}``.
    """

    template: ClassVar[str] = "weights.comparison"
    indicators: tuple[str, ...]
    methods: Mapping[str, np.ndarray]
    headline: str
    scaling: str
    cautions: tuple[Mapping[str, Any], ...] = ()
    left_out: tuple[Mapping[str, Any], ...] = ()
    rule: Mapping[str, Any]

    @property
    def weights(self) -> np.ndarray:
        """The headline weights, (1 + draws, indicators)."""
        return self.methods[self.headline]

    def table(self) -> pd.DataFrame:
        """Return one row a method and indicator.

        Columns ``method indicator weight se low high rank rank_low rank_high same_rank``:
        percentile interval of the weight and of its rank, and the share of resamples in which the
        rank is that of the estimate. NaN where nothing was resampled.
        """
        frames = [self._rows(method, found) for method, found in self.methods.items()]
        return pd.concat(frames, ignore_index=True)

    def _rows(self, method: str, found: np.ndarray) -> pd.DataFrame:
        ranks = rank_weights(found)
        low, high = interval(found[1:], self.confidence)
        rank_low, rank_high = interval(ranks[1:], self.confidence, whole=True)
        drawn = found[1:][np.isfinite(found[1:]).all(axis=1)]
        varies = len(drawn) > 1 and np.ptp(drawn, axis=0).max() > 1e-12
        missing = np.full(len(self.indicators), np.nan)
        same = (ranks[1:] == ranks[0])[np.isfinite(found[1:]).all(axis=1)]
        return pd.DataFrame(
            {
                "method": method, "indicator": self.indicators, "weight": found[0],
                "se": drawn.std(axis=0, ddof=1) if varies else missing,
                "low": low if varies else missing, "high": high if varies else missing,
                "rank": ranks[0].astype(int),
                "rank_low": rank_low if varies else missing,
                "rank_high": rank_high if varies else missing,
                "same_rank": same.mean(axis=0) if varies else missing,
            }
        )  # fmt: skip

    def wide(self) -> pd.DataFrame:
        """Return one row an indicator, one column a method, heaviest by the headline first."""
        frame = pd.DataFrame({m: w[0] for m, w in self.methods.items()}, index=self.indicators)
        frame = frame.sort_values(self.headline, ascending=False, kind="stable")
        return frame.rename_axis("indicator").reset_index()

    def own_rows(self) -> pd.DataFrame:
        """Return the headline method's rows, heaviest first."""
        table = self.table()
        own = table[table["method"] == self.headline].sort_values("rank")
        return own.reset_index(drop=True)

    def beside_headline(self, by_method: pd.DataFrame, node: str) -> pd.DataFrame:
        """Return one row a method: rank correlation with the headline, and the index it makes.

        Columns ``method rho low high index index_low index_high difference``; ``by_method`` from
        the index, ``node`` whose index.
        """
        overall = by_method[by_method["node"] == node].set_index("method")
        rows = []
        for method, found in self.methods.items():
            rho = rank_correlation(self.weights, found)
            low, high = interval(rho[1:, None], self.confidence)
            index = overall.loc[method]
            rows.append(
                {"method": method, "rho": rho[0], "low": low[0], "high": high[0],
                 "index": index["index"], "index_low": index["low"], "index_high": index["high"],
                 "difference": index["difference"]}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def agreement(self) -> pd.DataFrame:
        """Return Spearman's rank correlation between methods, with its bootstrap interval.

        Columns ``first second rho low high``; equal weights have no ranks and are left out.
        """
        names = [m for m in self.methods if m != "equal"]
        rows = []
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                rho = rank_correlation(self.methods[first], self.methods[second])
                low, high = interval(rho[1:, None], self.confidence)
                rows.append((first, second, rho[0], low[0], high[0]))
        return pd.DataFrame(rows, columns=["first", "second", "rho", "low", "high"])

    def facts(self) -> dict[str, Any]:
        """Return the headline weights, where methods agree least, and what misleads."""
        table = self.table()
        own = table[table["method"] == self.headline].sort_values("rank")
        pairs = self.agreement().dropna(subset="rho")
        records = pairs.to_dict("records") if len(self.indicators) > 2 else []
        spread = table.groupby("indicator")["weight"].agg(np.ptp)
        return {
            "indicators": len(self.indicators), "methods": list(self.methods),
            "headline": self.headline, "scaling": self.scaling, **self.rule,
            "first": own.iloc[0][["indicator", "weight", "low", "high", "same_rank"]].to_dict(),
            "last": own.iloc[-1][["indicator", "weight", "low", "high", "same_rank"]].to_dict(),
            "draws": len(self.weights) - 1, "level": self.confidence,
            "least_agreeing": min(records, key=lambda r: r["rho"]) if records else None,
            "most_agreeing": max(records, key=lambda r: r["rho"]) if records else None,
            "median_rho": float(pairs["rho"].median()) if records else None,
            "widest": {
                "indicator": spread.idxmax(),
                "lowest": float(table[table["indicator"] == spread.idxmax()]["weight"].min()),
                "highest": float(table[table["indicator"] == spread.idxmax()]["weight"].max()),
            },
            "cautions": [dict(c) for c in self.cautions],
            "left_out": [dict(c) for c in self.left_out],
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw every indicator's weight by each method."""
        from cx_value.evaluate.pictures import draw_weights

        return draw_weights(self.wide(), labels or {}, lang, ax)


def compare_weights(
    indicators: tuple[str, ...],
    moments: Moments,
    axis: Resamples,
    evaluation: Evaluation,
    *,
    values: np.ndarray,
    experts: ExpertWeights | None = None,
    models: Mapping[str, ModelWeights] | None = None,
    left_out: tuple[Mapping[str, Any], ...] = (),
    confidence: float = 0.95,
) -> IndicatorWeights:
    """Return the weights of indicators by every method declared.

    Parameters
    ----------
    moments : Moments
        Of the indicators' scores from 0 to 1, aligned.
    values : ndarray (n, indicators)
        The scores themselves, for what misleads a method.
    experts : ExpertWeights, optional
    models : mapping
        ``effects``, ``pls``, ``loadings`` → weights, where the model gives them.
    """
    found: dict[str, np.ndarray] = {}
    for method in evaluation.methods:
        if method in OBJECTIVE:
            found[method] = OBJECTIVE[method](moments)
        elif method in (models or {}):
            found[method] = models[method].weights
    if experts is not None:
        own = experts.weights.loc[list(indicators)].to_numpy()
        drawn = experts.draws if experts.draws is not None else np.tile(own, (axis.draws, 1))
        found["experts"] = np.vstack([own[None], drawn[: axis.draws]])
        data = found.get(evaluation.objective)
        if data is None and evaluation.objective in OBJECTIVE:
            data = OBJECTIVE[evaluation.objective](moments)
        if data is not None:
            found["combined"] = combine_weights(
                found["experts"], data, rule=evaluation.combine, share=evaluation.expert_share
            )
    headline = _headline(evaluation, found)
    found.setdefault("equal", OBJECTIVE["equal"](moments))
    return IndicatorWeights(
        n_used=axis.n, method="weights of indicators", confidence=confidence,
        indicators=indicators, methods={m: found[m] for m in METHODS if m in found},
        headline=headline, scaling=evaluation.scaling,
        cautions=tuple(_cautions(indicators, found, moments, values, models or {})),
        left_out=left_out,
        rule={"combine": evaluation.combine, "objective": evaluation.objective,
              "share": evaluation.expert_share},
    )  # fmt: skip


def _headline(evaluation: Evaluation, found: Mapping[str, np.ndarray]) -> str:
    """Return the method of the headline index; one that could not be had gives way to equal."""
    wanted = "combined" if evaluation.index == "auto" else evaluation.index
    return wanted if wanted in found else "equal"


def _cautions(
    indicators: tuple[str, ...],
    found: Mapping[str, np.ndarray],
    moments: Moments,
    values: np.ndarray,
    models: Mapping[str, ModelWeights],
) -> list[dict[str, Any]]:
    """Return where a method misleads with these data."""
    told: list[dict[str, Any]] = []
    constant = [n for n, sd in zip(indicators, moments.sd[0], strict=True) if sd <= 1e-12]
    if constant:
        told.append({"code": "constant", "indicators": constant})
    if "entropy" in found and len(indicators) > 2:
        top = int(np.argmax(found["entropy"][0]))
        lowest = int(np.argmin(moments.mean[0]))
        if top == lowest:
            told.append({"code": "entropy_low_mean", "indicator": indicators[top],
                         "weight": float(found["entropy"][0][top])})  # fmt: skip
        skew = _skewness(values)
        skewed = [n for n, s in zip(indicators, skew, strict=True) if abs(s) > SKEWED]
        if skewed:
            told.append({"code": "entropy_skewed", "indicators": skewed})
    if "components" in found and not first_component_signs(moments):
        told.append({"code": "components_signs", "share": first_component_share(moments)})
    for method, own in models.items():
        for name, share in zip(own.negative, own.negative_share, strict=True):
            told.append({"code": "negative", "method": method, "indicator": name, "share": share})
    return told


def _skewness(values: np.ndarray) -> np.ndarray:
    z = values - np.nanmean(values, axis=0)
    spread = np.nanmean(z**2, axis=0)
    return np.nanmean(z**3, axis=0) / np.where(spread > 0, spread, 1.0) ** 1.5


def rank_weights(weights: np.ndarray) -> np.ndarray:
    """Return ranks by row, 1 the heaviest; ties by order, NaN rows last.

    >>> rank_weights(np.array([[0.2, 0.5, 0.3]])).tolist()
    [[3, 1, 2]]
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, weights.shape[1] + 1)[None], axis=1)
    return ranks


def rank_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation row by row; NaN where a row is NaN or all ranks tie."""
    from scipy.stats import rankdata

    a, b = (rankdata(x, axis=1) - (x.shape[1] + 1) / 2 for x in (first, second))
    below = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (a * b).sum(axis=1) / below
    failed = np.isnan(first).any(axis=1) | np.isnan(second).any(axis=1)
    return np.where(failed, np.nan, rho)


def interval(
    draws: np.ndarray, level: float, *, whole: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval of each column, failed draws left out; NaN without draws."""
    kept = draws[np.isfinite(draws).all(axis=1)]
    if len(kept) < 2:
        nothing = np.full(draws.shape[1], np.nan)
        return nothing, nothing
    method = "inverted_cdf" if whole else "linear"
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2], axis=0, method=method)
    return low, high
