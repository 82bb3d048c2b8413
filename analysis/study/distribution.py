"""How the items were answered: moments, floor and ceiling, multivariate normality, categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cutoffs import Cutoff, cutoffs_with
from analysis.errors import DataError
from analysis.results import Result
from analysis.study.moments import kurtosis, skew, weighted_mean_sd
from analysis.study.phrases import cite, count_noun
from analysis.study.spec import Study
from analysis.study.survey import Survey
from analysis.wording import (
    Text,
    format_number,
    format_p,
    format_percent,
    in_language,
    join_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemStatistics(Result):
    """Mean, spread, shape, floor and ceiling of every item."""

    statistics: pd.DataFrame
    rules: Mapping[str, Cutoff]
    weighted: bool = False

    def table(self) -> pd.DataFrame:
        """Return one row per item.

        ``skew`` and ``kurtosis`` (excess) are of type 3, as in ``psych::describe``; ``floor`` and
        ``ceiling`` are the shares of lowest and highest possible answers; ``mean_weighted`` and
        ``sd_weighted`` are NaN without weights.
        """
        return self.statistics

    def sentence(self, lang: str = "en") -> str:
        table = self.table()
        low, high = table.loc[table["mean"].idxmin()], table.loc[table["mean"].idxmax()]
        ends = [(row["item"], format_number(row["mean"])) for row in (low, high)]
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
            span = "与".join(f"{mean}（{item}）" for item, mean in ends)
            least = f"最低分占比高于 {share}，{source[1:-1]}"
            return (
                f"题项均值介于{span}之间；"
                f"{which}偏度 ±{bounds[0]}、超额峰度 ±{bounds[1]} 的界限{shape}。"
                f"地板效应（{least}）：{floor}；天花板效应：{ceiling}。"
            )
        which = (
            f"{join_words(skewed)} {'goes' if len(skewed) == 1 else 'go'}"
            if skewed
            else "no item goes"
        )
        return (
            f"Item means ranged from {ends[0][1]} ({ends[0][0]}) to {ends[1][1]} ({ends[1][0]}); "
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
    >>> from analysis.study import read_study, read_survey
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
class MultivariateNormality(Result):
    """Mardia's tests. ``skew_p`` belongs to ``skew_chisq``, ``kurtosis_p`` to ``kurtosis_z``."""

    b1p: float
    skew_chisq: float
    skew_df: int
    skew_p: float
    skew_chisq_small: float
    skew_p_small: float
    b2p: float
    kurtosis_z: float
    kurtosis_p: float
    significance: Cutoff

    def table(self) -> pd.DataFrame:
        """Return one row per test: coefficient, statistic, df, p."""
        return pd.DataFrame(
            {
                "test": ["skew", "skew_small_sample", "kurtosis"],
                "coefficient": [self.b1p, self.b1p, self.b2p],
                "statistic": [self.skew_chisq, self.skew_chisq_small, self.kurtosis_z],
                "df": [self.skew_df, self.skew_df, np.nan],
                "p": [self.skew_p, self.skew_p_small, self.kurtosis_p],
            }
        )

    def sentence(self, lang: str = "en") -> str:
        table = self.table().set_index("test")
        s, k = table.loc["skew"], table.loc["kurtosis"]
        against = any(self.significance.passes(row["p"]) for row in (s, k))
        first = f"χ²({s['df']:.0f}) = {format_number(s['statistic'])}, p " + format_p(
            s["p"], lang=lang, relation=True
        )
        second = f"z = {format_number(k['statistic'])}, p " + format_p(
            k["p"], lang=lang, relation=True
        )
        b1, b2 = format_number(s["coefficient"]), format_number(k["coefficient"])
        if lang == "zh":
            verdict = (
                "数据偏离多元正态分布，需使用稳健标准误或自助法"
                if against
                else "未见偏离多元正态分布"
            )
            return (
                f"Mardia（1970）多元偏度 b₁ = {b1}（{first}），多元峰度 b₂ = {b2}（{second}），"
                f"n = {self.n_used}；{verdict}。"
            )
        verdict = (
            "the answers are not multivariate normal: robust or bootstrap inference is called for"
            if against
            else "multivariate normality is not rejected"
        )
        return (
            f"Mardia's (1970) multivariate skew was b₁ = {b1}, {first}, and kurtosis b₂ = {b2}, "
            f"{second} (n = {self.n_used}); {verdict}."
        )


def mardia_test(
    items: pd.DataFrame, *, significance: Cutoff | None = None
) -> MultivariateNormality:
    r"""Test multivariate normality by skew and kurtosis, on complete rows.

    Raises
    ------
    DataError
        If there are not more complete rows than items, or items repeat one another.

    Notes
    -----
    :math:`b_{1p} = n^{-2} \sum_{ij} d_{ij}^3`, :math:`b_{2p} = n^{-1} \sum_i d_{ii}^2` with
    :math:`d_{ij} = (x_i - \bar x)' S^{-1} (x_j - \bar x)` (Mardia, 1970); the small-sample skew is
    Mardia's (1974). S divides by n − 1, as in ``psych::mardia`` and semTools, with which the
    results agree to 1e-9; with Mardia's own n, b1p is (n / (n − 1))³ and b2p (n / (n − 1))² times
    as large.

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1.0, 2, 3, 4, 7], "b": [2.0, 1, 4, 3, 3]})
    >>> round(mardia_test(data).b2p, 3)
    3.343
    """
    values = items.dropna().to_numpy(dtype=float)
    n, p = values.shape
    centred = values - values.mean(axis=0) if n else values
    cov = centred.T @ centred / max(n - 1, 1)
    if n <= p or np.linalg.cond(cov) > 1e12:
        raise DataError(
            f"{n} complete rows of {p} items have a singular covariance matrix · allowed: more "
            "rows than items, no item that repeats others · do: leave out redundant items"
        )
    whitened = np.linalg.solve(np.linalg.cholesky(cov), centred.T).T
    b1p = _sum_of_cubes(whitened) / n**2
    b2p = float((np.einsum("ij,ij->i", whitened, whitened) ** 2).mean())
    from scipy.stats import chi2, norm

    df = p * (p + 1) * (p + 2) // 6
    k = (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
    z = (b2p - p * (p + 2)) * np.sqrt(n / (8 * p * (p + 2)))
    return MultivariateNormality(
        n_used=n,
        n_dropped=len(items) - n,
        method="Mardia's multivariate skew and kurtosis",
        b1p=b1p,
        skew_chisq=n * b1p / 6,
        skew_df=df,
        skew_p=float(chi2.sf(n * b1p / 6, df)),
        skew_chisq_small=n * b1p * k / 6,
        skew_p_small=float(chi2.sf(n * b1p * k / 6, df)),
        b2p=b2p,
        kurtosis_z=float(z),
        kurtosis_p=float(2 * norm.sf(abs(z))),
        significance=significance or cutoffs_with()["significance"],
    )


def _sum_of_cubes(whitened: np.ndarray) -> float:
    """Sum the cubes of all inner products as the squared norm of the third-moment tensor.

    The tensor has p³ entries whatever n is, where the inner products would be n².
    """
    p = whitened.shape[1]
    total = 0.0
    for j in range(p):
        slab = (whitened * whitened[:, [j]]).T @ whitened
        total += float(np.sum(slab**2))
    return total


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
        from analysis.study.pictures import draw_answers

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
