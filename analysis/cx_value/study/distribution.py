"""How the items were answered: moments, floor and ceiling, categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.answered import Survey
from cx_value.study.moments import kurtosis, skew, weighted_mean_sd
from cx_value.study.normality import MultivariateNormality, mardia_test
from cx_value.study.privacy import suppress_small_cells
from cx_value.study.spec import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes


__all__ = [
    "AnswerDistribution",
    "ItemStatistics",
    "MultivariateNormality",
    "describe_items",
    "distribute_answers",
    "item_moments",
    "mardia_test",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemStatistics(Result):
    """Mean, spread, shape, floor and ceiling of every item."""

    template = "distribution.items"

    statistics: pd.DataFrame
    rules: Mapping[str, Cutoff]
    weighted: bool = False

    def table(self) -> pd.DataFrame:
        """Return one row per item.

        ``skew`` and ``kurtosis`` (excess) are of type 3, as in ``psych::describe``; ``floor`` and
        ``ceiling`` are the shares of lowest and highest possible answers, ``scale_minimum`` and
        ``scale_maximum``; ``mean_weighted`` and ``sd_weighted`` are NaN without weights.
        """
        return self.statistics

    def facts(self) -> dict[str, Any]:
        """Return the span of the means by scale, and the items beyond a rule."""
        skewed = self._over("skew")
        return {
            "spans": mean_spans(self.table()), "skew_rule": self.rules["skew"].facts(),
            "skewed": skewed + [i for i in self._over("kurtosis") if i not in skewed],
            "kurtosis_rule": self.rules["kurtosis"].facts(), "floor": self._over("floor"),
            "ceiling": self._over("ceiling"), "end_rule": self.rules["floor_ceiling"].facts(),
        }  # fmt: skip

    def _over(self, name: str) -> list[str]:
        rule = self.rules["floor_ceiling" if name in ("floor", "ceiling") else name]
        table = self.table()
        return [
            i
            for i, v in zip(table["item"], table[name], strict=True)
            if rule.passes(abs(v)) is False
        ]


def mean_spans(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return between which means the items lie, one scale of answers at a time."""
    by_scale = table[table["mean"].notna()].groupby(["scale_minimum", "scale_maximum"], sort=False)
    spans = []
    for (least, most), rows in by_scale:
        low, high = rows.loc[rows["mean"].idxmin()], rows.loc[rows["mean"].idxmax()]
        spans.append(
            {
                "minimum": least, "maximum": most, "items": len(rows), "low": low["mean"],
                "low_item": low["item"], "high": high["mean"], "high_item": high["item"],
            }
        )  # fmt: skip
    return spans


def describe_items(study: Study, survey: Survey, *, minimum_cell: int = 1) -> ItemStatistics:
    """Describe how every item was answered.

    What fewer than ``minimum_cell`` respondents answered is not told: the lowest and the highest
    answer, floor and ceiling are NaN there.

    Floor and ceiling are the shares of answers at the end points of the *scale*, not of the lowest
    and highest answer that happened to be given. Reverse-keyed items are recoded already.

    Notes
    -----
    Mean, SD, skew and kurtosis agree with ``psych::describe`` (type 3) to 1e-12; weighted SD
    divides by Σw (1 − 1/n), which equals n − 1 for equal weights.

    Examples
    --------
    >>> from cx_value.study import read_study, read_survey
    >>> study = read_study("data/ecsi-mobile")
    >>> describe_items(study, read_survey(study)).table()["mean"].iloc[:2].tolist()
    [7.64, 7.78]
    """
    rows = [
        {
            "item": item.name,
            "construct": construct.name,
            **_withheld(
                item_moments(survey.items[item.name], item.scale.minimum, item.scale.maximum),
                survey.items[item.name],
                minimum_cell,
            ),
            **_weighted_moments(survey.items[item.name], survey.weights),
            "scale_minimum": item.scale.minimum,
            "scale_maximum": item.scale.maximum,
        }
        for construct in study.constructs
        for item in construct.items
    ]
    return ItemStatistics(
        n_used=survey.n,
        method=Phrase("distribution.items_method"),
        statistics=pd.DataFrame(rows),
        rules=cutoffs_with(study.cutoffs),
        weighted=survey.weights is not None,
    )


def item_moments(answers: pd.Series, lowest: float, highest: float) -> dict[str, float]:
    """Return the statistics of one item; ``lowest`` and ``highest`` are the ends of its scale."""
    given = answers.dropna().to_numpy(dtype=float)
    n, some = len(given), len(given) > 0
    return {
        "n": n,
        "missing": len(answers) - n,
        "missing_share": (len(answers) - n) / len(answers) if len(answers) else np.nan,
        "mean": given.mean() if some else np.nan,
        "sd": given.std(ddof=1) if n > 1 else np.nan,
        "skew": skew(given),
        "kurtosis": kurtosis(given),
        "minimum": given.min() if some else np.nan,
        "maximum": given.max() if some else np.nan,
        "floor": (given == lowest).mean() if some else np.nan,
        "ceiling": (given == highest).mean() if some else np.nan,
    }


def _withheld(moments: dict[str, float], answers: pd.Series, minimum_cell: int) -> dict[str, float]:
    """Return the statistics of an item without those that stand on a handful of respondents."""
    given = answers.dropna()
    for end in ("minimum", "maximum"):
        if 0 < (given == moments[end]).sum() < minimum_cell:
            moments[end] = np.nan
    for end in ("floor", "ceiling"):
        if 0 < round(moments[end] * len(given)) < minimum_cell:
            moments[end] = np.nan
    return moments


def _weighted_moments(answers: pd.Series, weights: pd.Series | None) -> dict[str, float]:
    if weights is None:
        return {"mean_weighted": np.nan, "sd_weighted": np.nan}
    mean, sd = weighted_mean_sd(answers.to_numpy(float), weights.to_numpy(float))
    return {"mean_weighted": mean, "sd_weighted": sd}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerDistribution(Result):
    """How often each point of the scale was chosen, item by item.

    ``labels`` names the items in the picture.
    """

    template = "distribution.answers"

    counts: pd.DataFrame
    hidden: np.ndarray
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return one row per item and answer: ``item construct answer n share``.

        Counts by which somebody could be recognised are NaN; zero is told.
        """
        return self.counts.mask(self.hidden[:, None] & self.counts.columns.isin(["n", "share"]))

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw diverging bars, centred on the middle of each item's scale."""
        from cx_value.study.pictures import draw_answers

        return draw_answers(self._drawn(), self.labels, ax, lang)

    def _drawn(self) -> pd.DataFrame:
        """Return the shares with what is withheld of an item spread evenly over its places."""
        item = self.counts["item"]
        even = self.counts["share"].where(self.hidden).groupby(item).transform("mean")
        return self.counts.assign(share=self.counts["share"].where(~self.hidden, even))

    def facts(self) -> dict[str, Any]:
        """Return the items answered above the middle of their scale most and least often."""
        table = self.counts
        middle = table.groupby("item")["answer"].transform(lambda a: (a.min() + a.max()) / 2)
        above = table[table["answer"] > middle].groupby("item", sort=False)["share"].sum()
        best, worst = above.idxmax(), above.idxmin()
        return {"best": best, "best_share": above[best],
                "worst": worst, "worst_share": above[worst]}  # fmt: skip


def distribute_answers(
    study: Study, survey: Survey, *, minimum_cell: int = 1
) -> AnswerDistribution:
    """Count the answers to every item by point of its scale.

    Counts below ``minimum_cell`` are withheld (:func:`suppress_small_cells`).

    Points nobody chose are listed with 0. Answers between the points count for the nearest. A
    scale of more than 21 points is cut into ten classes of equal width, named by their middle.
    """
    parts = []
    for construct in study.constructs:
        for item in construct.items:
            points = _points(item.scale.minimum, item.scale.maximum)
            given = survey.items[item.name].dropna().to_numpy(float)
            nearest = np.abs(given[:, None] - points).argmin(axis=1)
            counts = np.bincount(nearest, minlength=len(points))
            share = counts / max(len(given), 1)
            parts.append(
                pd.DataFrame(
                    {
                        "item": item.name,
                        "construct": construct.name,
                        "answer": points,
                        "n": counts,
                        "share": share,
                    }
                )
            )
    hidden = [suppress_small_cells(part["n"].to_numpy(), minimum_cell) for part in parts]
    return AnswerDistribution(
        n_used=survey.n,
        method=Phrase("distribution.answers_method"),
        counts=pd.concat(parts, ignore_index=True),
        hidden=np.array([why != "" for part in hidden for why in part]),
        labels={item: survey.labels[item] for item in study.item_names},
    )


def _points(lowest: float, highest: float) -> np.ndarray:
    if highest - lowest <= 20:
        return np.arange(lowest, highest + 0.5)
    width = (highest - lowest) / 10
    return lowest + width * (np.arange(10) + 0.5)
