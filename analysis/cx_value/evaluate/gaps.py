"""What was expected against what was delivered: SERVQUAL gaps by item and dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.formulas import cronbach_alpha
from cx_value.base.results import Result
from cx_value.evaluate.index import weighted_mean_of_items
from cx_value.evaluate.weights.comparison import interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from cx_value.evaluate.setting import EvaluationSetting
    from cx_value.evaluate.weights.comparison import IndicatorWeights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GapAnalysis(Result):
    """Perception minus expectation; below zero where less was delivered than expected.

    Attributes
    ----------
    items : DataFrame
        ``construct item n expected perceived gap low high t df p p_holm d d_low d_high verdict``,
        on the item's own scale; p by paired t tests, Holm over items; ``d`` the mean difference
        in standard deviations of the differences.
    dimensions : DataFrame
        ``node items expected perceived gap low high verdict reliability``, in points of 100, with
        bootstrap intervals; ``reliability`` that of the difference score.
    servqual : DataFrame
        ``score gap low high``: the mean of the dimensions' gaps, weighted and unweighted.
    zone : DataFrame
        Where desired and adequate levels were asked: ``item adequate desired perceived position
        within below above``.
    missing : tuple of str
        Expectation columns that the data lack.
    """

    template: ClassVar[str] = "gaps.gaps"
    items: pd.DataFrame
    dimensions: pd.DataFrame
    servqual: pd.DataFrame
    zone: pd.DataFrame
    missing: tuple[str, ...]
    disconfirmation: Mapping[str, Any] | None

    def table(self) -> pd.DataFrame:
        """Return one row a dimension."""
        return self.dimensions.copy()

    def facts(self) -> dict[str, Any]:
        """Return the largest gaps, how many items fall short, and what the gaps are worth."""
        d = self.dimensions.sort_values("gap")
        short = self.items[self.items["verdict"] == "short"]
        ahead = self.items[self.items["verdict"] == "ahead"]
        keep = ["node", "gap", "low", "high"]
        scores = self.servqual.set_index("score")
        weak = d[d["reliability"] < 0.7]
        return {
            "asked": len(self.items), "short": len(short), "ahead": len(ahead), "n": self.n_used,
            "top": 100,
            "largest": d.iloc[0][keep].to_dict(), "smallest": d.iloc[-1][keep].to_dict(),
            "dimensions": len(d), "level": self.confidence,
            "weighted": scores.loc["weighted"].to_dict(),
            "unweighted": scores.loc["unweighted"].to_dict(),
            "missing": list(self.missing), "reliability_from": 0.7,
            "unreliable": weak[["node", "reliability"]].to_dict("records"),
            "zone": self.zone.to_dict("records") if len(self.zone) else [],
            "disconfirmation": dict(self.disconfirmation) if self.disconfirmation else None,
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw expectation and perception as the ends of a dumbbell."""
        from cx_value.evaluate.pictures import draw_dumbbells

        return draw_dumbbells(self.dimensions, labels or {}, lang, ax)


def analyse_gaps(setting: EvaluationSetting, weights: IndicatorWeights) -> GapAnalysis | None:
    """Return the gaps of the own brand; None where no expectation can be read.

    Parameters
    ----------
    weights : IndicatorWeights
        Their shares weigh the dimensions' gaps.
    """
    pairs, missing = _pairs(setting)
    if not pairs:
        return None
    items = _item_frame(setting, pairs)
    nodes = _dimension_draws(setting, pairs)
    return GapAnalysis(
        n_used=setting.survey.n, method="perception minus expectation, paired",
        confidence=setting.confidence, items=items,
        dimensions=_dimension_frame(setting, pairs, nodes),
        servqual=_servqual(setting, nodes, weights), zone=_zone(setting), missing=missing,
        disconfirmation=disconfirmation(setting, pairs),
    )  # fmt: skip


def _pairs(setting: EvaluationSetting) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return item → column of its expectation, and the columns that are missing or empty."""
    ratings = setting.survey.ratings
    pairs, missing = {}, []
    for entry in setting.study.expectations:
        usable = ratings is not None and entry.expected in ratings
        if usable and ratings[entry.expected].notna().sum() > 2:
            pairs[entry.name] = entry.expected
        else:
            missing.append(entry.expected)
    return pairs, tuple(missing)


def paired_gap(
    perceived: np.ndarray, expected: np.ndarray, weights: np.ndarray, confidence: float
) -> dict[str, float]:
    r"""Return the paired t test of a gap, with case weights where there are any.

    With equal weights this is the paired t test; else the weighted mean of differences with its
    linearised standard error, :math:`\sum w^2 (d - \bar d)^2 / (\sum w)^2 \cdot n / (n - 1)`.
    ``d`` is Cohen's d_z, with the large-sample interval
    :math:`d \pm z \sqrt{1/n + d^2 / 2n}`.

    Examples
    --------
    >>> gap = paired_gap(np.array([3.0, 4, 5, 3]), np.array([5.0, 5, 5, 6]), np.ones(4), 0.95)
    >>> round(gap["gap"], 2), round(gap["t"], 3)
    (-1.5, -2.324)
    """
    from scipy.stats import norm
    from scipy.stats import t as student

    both = np.isfinite(perceived) & np.isfinite(expected) & (weights > 0)
    d, w = (perceived - expected)[both], weights[both]
    n, total = len(d), w.sum()
    mean = float(w @ d / total)
    se = float(np.sqrt((w**2 @ (d - mean) ** 2) / total**2 * n / (n - 1)))
    spread = float(np.sqrt(w @ (d - mean) ** 2 / total * n / (n - 1)))
    reach = student.ppf(0.5 + confidence / 2, n - 1) * se
    t = mean / se if se > 0 else np.nan
    size = mean / spread if spread > 0 else np.nan
    error = norm.ppf(0.5 + confidence / 2) * np.sqrt(1 / n + size**2 / (2 * n))
    return {
        "n": n, "expected": float(w @ expected[both] / total),
        "perceived": float(w @ perceived[both] / total), "gap": mean, "low": mean - reach,
        "high": mean + reach, "t": t, "df": n - 1, "p": float(2 * student.sf(abs(t), n - 1)),
        "d": size, "d_low": size - error, "d_high": size + error,
    }  # fmt: skip


def _item_frame(setting: EvaluationSetting, pairs: Mapping[str, str]) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    owner = {i: c for c, own in setting.hierarchy.items.items() for i in own}
    weights = setting.axis.weights
    rows = []
    for item, column in pairs.items():
        perceived = setting.survey.items[item].to_numpy()
        expected = setting.survey.ratings[column].to_numpy()
        found = paired_gap(perceived, expected, weights, setting.confidence)
        rows.append({"construct": owner[item], "item": item, **found})
    frame = pd.DataFrame(rows)
    known = frame["p"].notna()
    frame["p_holm"] = np.nan
    if known.any():
        frame.loc[known, "p_holm"] = multipletests(frame.loc[known, "p"], method="holm")[1]
    frame["verdict"] = _verdict(frame["p_holm"] < 1 - setting.confidence, frame["gap"])
    return frame


def _verdict(clear: pd.Series, gap: pd.Series) -> np.ndarray:
    return np.where(clear & (gap < 0), "short", np.where(clear & (gap > 0), "ahead", "unclear"))


def _dimension_draws(
    setting: EvaluationSetting, pairs: Mapping[str, str]
) -> dict[str, tuple[np.ndarray, np.ndarray, list[str]]]:
    """Return construct → expected and perceived points (1 + draws,), and its items with pairs.

    Respondents who gave both answers of an item count for that item.
    """
    perceived, expected = paired_points(setting, pairs)
    columns = list(pairs)
    p = weighted_mean_of_items(setting.axis, perceived.to_numpy())
    e = weighted_mean_of_items(setting.axis, expected.to_numpy())
    out = {}
    for construct, own in setting.hierarchy.items.items():
        at = [columns.index(item) for item in own if item in pairs]
        if at:
            named = [columns[k] for k in at]
            out[construct] = (e[:, at].mean(axis=1), p[:, at].mean(axis=1), named)
    return out


def paired_points(
    setting: EvaluationSetting, pairs: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return perceived and expected points (0 to 100), both NaN where either is missing."""
    scales = {item.name: item.scale for item in setting.study.items}
    owner = {i: c for c, own in setting.hierarchy.items.items() for i in own}
    perceived = setting.scores.items[list(pairs)]
    expected = pd.DataFrame(index=perceived.index)
    for item, column in pairs.items():
        low, high = scales[item].minimum, scales[item].maximum
        points = 100 * (setting.survey.ratings[column] - low) / (high - low)
        expected[item] = 100 - points if owner[item] in setting.hierarchy.turned else points
    both = perceived.notna() & expected.notna()
    return perceived.where(both), expected.where(both)


def _dimension_frame(
    setting: EvaluationSetting,
    pairs: Mapping[str, str],
    nodes: Mapping[str, tuple[np.ndarray, np.ndarray, list[str]]],
) -> pd.DataFrame:
    rows = []
    for node, (e, p, items) in nodes.items():
        low, high = interval((p - e)[1:, None], setting.confidence)
        clear = low[0] > 0 or high[0] < 0
        gap = p[0] - e[0]
        rows.append(
            {"node": node, "items": len(items), "expected": e[0], "perceived": p[0], "gap": gap,
             "low": low[0], "high": high[0],
             "verdict": "unclear" if not clear else "short" if gap < 0 else "ahead",
             "reliability": difference_reliability(setting, items, pairs)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def difference_reliability(
    setting: EvaluationSetting, items: list[str], pairs: Mapping[str, str]
) -> float:
    r"""Return the reliability of a difference score; NaN for a single item.

    :math:`(r_{PP} + r_{EE} - 2 r_{PE}) / (2 - 2 r_{PE})`, α for the reliabilities (Peter,
    Churchill & Brown 1993).
    """
    if len(items) < 2:
        return float("nan")
    perceived, expected = paired_points(setting, {item: pairs[item] for item in items})
    r_pp, r_ee = (float(cronbach_alpha(x.cov().to_numpy())) for x in (perceived, expected))
    r_pe = float(perceived.mean(axis=1).corr(expected.mean(axis=1)))
    return (r_pp + r_ee - 2 * r_pe) / (2 - 2 * r_pe) if r_pe < 1 else float("nan")


def _servqual(
    setting: EvaluationSetting,
    nodes: Mapping[str, tuple[np.ndarray, np.ndarray, list[str]]],
    weights: IndicatorWeights,
) -> pd.DataFrame:
    """Return the SERVQUAL score: the dimensions' gaps, weighted by importance, and plain."""
    gaps = np.column_stack([p - e for e, p, _ in nodes.values()])
    at = [weights.indicators.index(n) if n in weights.indicators else -1 for n in nodes]
    own = np.column_stack([weights.weights[:, k] if k >= 0 else np.zeros(len(gaps)) for k in at])
    total = own.sum(axis=1, keepdims=True)
    own = np.where(total > 0, own / np.where(total > 0, total, 1), 1 / gaps.shape[1])
    rows = []
    for name, found in (("weighted", (own * gaps).sum(axis=1)), ("unweighted", gaps.mean(axis=1))):
        low, high = interval(found[1:, None], setting.confidence)
        rows.append({"score": name, "gap": found[0], "low": low[0], "high": high[0]})
    return pd.DataFrame(rows)


def _zone(setting: EvaluationSetting) -> pd.DataFrame:
    """Return the zone of tolerance of items with a desired and an adequate level."""
    ratings, weights = setting.survey.ratings, setting.axis.weights
    rows = []
    for entry in setting.study.expectations:
        named = (entry.adequate, entry.desired)
        if ratings is None or not all(name and name in ratings for name in named):
            continue
        held = np.column_stack(
            [ratings[entry.adequate], ratings[entry.desired], setting.survey.items[entry.name]]
        )
        kept = np.isfinite(held).all(axis=1)
        adequate, desired, perceived = held[kept].T
        w = weights[kept] / weights[kept].sum()
        low, high, mean = w @ adequate, w @ desired, w @ perceived
        rows.append(
            {"item": entry.name, "n": int(kept.sum()), "adequate": low, "desired": high,
             "perceived": mean,
             "position": (mean - low) / (high - low) if high > low else np.nan,
             "below": float(w @ (perceived < adequate)),
             "within": float(w @ ((perceived >= adequate) & (perceived <= desired))),
             "above": float(w @ (perceived > desired))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def disconfirmation(setting: EvaluationSetting, pairs: Mapping[str, str]) -> dict[str, Any] | None:
    r"""Return whether satisfaction follows the gap, or perception and expectation in their own way.

    Satisfaction (0 to 100) on mean perception and mean expectation; the gap alone would do if
    :math:`b_P = -b_E` (Edwards 1994). None where the study names no satisfaction.
    """
    outcome = setting.study.value.satisfaction
    if outcome is None or outcome not in setting.hierarchy.items:
        return None
    perceived, expected = paired_points(setting, pairs)
    y = setting.scores.constructs[outcome].to_numpy()
    held = np.column_stack([perceived.mean(axis=1), expected.mean(axis=1), y])
    kept = np.isfinite(held).all(axis=1)
    x = np.where(kept[:, None], held, 0.0)
    i, j = np.triu_indices(3)
    centred = np.where(kept[:, None], x - x[kept].mean(axis=0), 0.0)
    products = np.hstack([kept[:, None].astype(float), centred, centred[:, i] * centred[:, j]])
    sums = setting.axis.products(products)
    total, first = sums[:, :1], sums[:, 1:4] / sums[:, :1]
    second = sums[:, 4:] / total - first[:, i] * first[:, j]
    covariance = np.empty((len(sums), 3, 3))
    covariance[:, i, j] = covariance[:, j, i] = second
    slopes = np.linalg.solve(covariance[:, :2, :2], covariance[:, :2, 2:])[..., 0]
    explained = (slopes * covariance[:, :2, 2]).sum(axis=1) / covariance[:, 2, 2]
    found = np.column_stack([slopes, slopes.sum(axis=1), explained])
    low, high = interval(found[1:], setting.confidence)
    names = ("perceived", "expected", "sum", "r_squared")
    out: dict[str, Any] = {"outcome": outcome, "n": int(kept.sum())}
    for k, name in enumerate(names):
        out |= {name: found[0, k], f"{name}_low": low[k], f"{name}_high": high[k]}
    out["gap_is_enough"] = bool(low[2] <= 0 <= high[2])
    out["expectation_acts"] = bool(low[1] > 0 or high[1] < 0)
    return out
