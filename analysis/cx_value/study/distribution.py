"""How the items were answered: moments, floor and ceiling, categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result
from cx_value.base.wording import (
    Text,
    format_number,
    format_percent,
    in_language,
    join_words,
)
from cx_value.study.answered import Survey
from cx_value.study.moments import kurtosis, skew, weighted_mean_sd
from cx_value.study.normality import MultivariateNormality, mardia_test
from cx_value.study.phrases import cite, count_noun
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

    def sentence(self, lang: str = "en") -> str:
        table = self.table()
        skewed = self._over("skew") + [
            i for i in self._over("kurtosis") if i not in self._over("skew")
        ]
        piled = {end: self._over(end) for end in ("floor", "ceiling")}
        shape, limit = cite(self.rules["skew"].said, lang), self.rules["floor_ceiling"]
        bounds = f"{self.rules['skew'].threshold:g}", f"{self.rules['kurtosis'].threshold:g}"
        share, source = format_percent(limit.threshold), cite(limit.said, lang)
        if lang == "zh":
            which = (
                f"{len(skewed)} 个题项（{'、'.join(skewed)}）超出" if skewed else "各题项均未超出"
            )
            floor, ceiling = (_names(piled[end], lang) for end in ("floor", "ceiling"))
            least = f"最低分占比高于 {share}，{source[1:-1]}"
            return (
                f"题项均值{_ranges(table, lang)}；"
                f"{which}偏度 ±{bounds[0]}、超额峰度 ±{bounds[1]} 的界限{shape}。"
                f"地板效应（{least}）：{floor}；天花板效应：{ceiling}。"
            )
        which = (
            f"{join_words(skewed)} {'goes' if len(skewed) == 1 else 'go'}"
            if skewed
            else "no item goes"
        )
        return (
            f"Item means ranged {_ranges(table, lang)}; "
            f"{which} beyond a skew of ±{bounds[0]} or an excess kurtosis of ±{bounds[1]} {shape}. "
            f"Floor effects (more than {share} at the lowest answer; {source[1:-1]}): "
            f"{_names(piled['floor'], lang)}; ceiling effects: {_names(piled['ceiling'], lang)}."
        )

    def _over(self, name: str) -> list[str]:
        rule = self.rules["floor_ceiling" if name in ("floor", "ceiling") else name]
        table = self.table()
        return [
            i
            for i, v in zip(table["item"], table[name], strict=True)
            if rule.passes(abs(v)) is False
        ]


def _ranges(table: pd.DataFrame, lang: str) -> str:
    """Say between which means the items lie, one scale of answers at a time."""
    told = []
    by_scale = table[table["mean"].notna()].groupby(["scale_minimum", "scale_maximum"], sort=False)
    for (least, most), rows in by_scale:
        low, high = rows.loc[rows["mean"].idxmin()], rows.loc[rows["mean"].idxmax()]
        told.append(_RANGES[lang, by_scale.ngroups > 1, len(rows) == 1].format(
            low=format_number(low["mean"]), low_item=low["item"], scale=f"{least:.12g}–{most:.12g}",
            high=format_number(high["mean"]), high_item=high["item"],
        ))  # fmt: skip
    return join_words(told) if lang == "en" else "，".join(told)


_RANGES = {
    ("en", False, False): "from {low} ({low_item}) to {high} ({high_item})",
    ("en", True, False): "from {low} ({low_item}) to {high} ({high_item}) on the scale {scale}",
    ("en", False, True): "from {low} to {low} ({low_item})",
    ("en", True, True): "at {low} on the scale {scale} ({low_item} alone)",
    ("zh", False, False): "介于{low}（{low_item}）与{high}（{high_item}）之间",
    ("zh", True, False): "在 {scale} 量表上介于{low}（{low_item}）与{high}（{high_item}）之间",
    ("zh", False, True): "为{low}（{low_item}）",
    ("zh", True, True): "在 {scale} 量表上为{low}（仅 {low_item}）",
}


def _names(items: list[str], lang: str) -> str:
    if not items:
        return "无" if lang == "zh" else "none"
    if lang == "zh":
        return f"{'、'.join(items)}（{len(items)} 个题项）"
    return f"{join_words(items)} ({count_noun(len(items), 'item')})"


def describe_items(study: Study, survey: Survey) -> ItemStatistics:
    """Describe how every item was answered.

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
            **item_moments(survey.items[item.name], item.scale.minimum, item.scale.maximum),
            **_weighted_moments(survey.items[item.name], survey.weights),
            "scale_minimum": item.scale.minimum,
            "scale_maximum": item.scale.maximum,
        }
        for construct in study.constructs
        for item in construct.items
    ]
    return ItemStatistics(
        n_used=survey.n,
        method="item statistics (skew and kurtosis of type 3)",
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


def _weighted_moments(answers: pd.Series, weights: pd.Series | None) -> dict[str, float]:
    if weights is None:
        return {"mean_weighted": np.nan, "sd_weighted": np.nan}
    mean, sd = weighted_mean_sd(answers.to_numpy(float), weights.to_numpy(float))
    return {"mean_weighted": mean, "sd_weighted": sd}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerDistribution(Result):
    """How often each point of the scale was chosen, item by item."""

    counts: pd.DataFrame
    labels: dict[str, Text]

    def table(self) -> pd.DataFrame:
        """Return one row per item and answer: ``item construct answer n share``."""
        return self.counts

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw diverging bars, centred on the middle of each item's scale."""
        from cx_value.study.pictures import draw_answers

        return draw_answers(self, ax, lang)

    def sentence(self, lang: str = "en") -> str:
        table = self.table()
        middle = table.groupby("item")["answer"].transform(lambda a: (a.min() + a.max()) / 2)
        above = table[table["answer"] > middle].groupby("item", sort=False)["share"].sum()
        best, worst = above.idxmax(), above.idxmin()
        numbers = [format_percent(above[item], 1) for item in (best, worst)]
        best, worst = (_quoted(self.labels[item], item, lang) for item in (best, worst))
        if lang == "zh":
            return (
                f"高于量表中点的作答以{best}最多，占 {numbers[0]}；以{worst}最少，占 {numbers[1]}。"
            )
        return (
            f"Answers above the middle of the scale were most frequent for {best}, {numbers[0]}, "
            f"and least frequent for {worst}, {numbers[1]}."
        )


def _quoted(label: str, item: str, lang: str) -> str:
    """Name an item by its label and its code, or by its code where it has no label."""
    words = in_language(label, lang)
    if words == item:
        return item
    return f"“{words}”（{item}）" if lang == "zh" else f"“{words}” ({item})"


def distribute_answers(study: Study, survey: Survey) -> AnswerDistribution:
    """Count the answers to every item by point of its scale.

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
    return AnswerDistribution(
        n_used=survey.n,
        method="answer distribution",
        counts=pd.concat(parts, ignore_index=True),
        labels={item: survey.labels[item] for item in study.item_names},
    )


def _points(lowest: float, highest: float) -> np.ndarray:
    if highest - lowest <= 20:
        return np.arange(lowest, highest + 0.5)
    width = (highest - lowest) / 10
    return lowest + width * (np.arange(10) + 0.5)
