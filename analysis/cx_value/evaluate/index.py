"""The index of every construct, dimension and the whole: 0 to 100, interval, grade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.formulas import reaches
from cx_value.base.results import Result
from cx_value.evaluate.weights.comparison import interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from cx_value.evaluate.hierarchy import Hierarchy
    from cx_value.evaluate.resamples import Resamples
    from cx_value.evaluate.scores import Scores
    from cx_value.evaluate.setting import EvaluationSetting
    from cx_value.evaluate.weights.comparison import IndicatorWeights
    from cx_value.study.indicators import Grade


#: Probability from which a grade is called certain.
SURE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExperienceIndex(Result):
    """The index of every node of the indicator system.

    Attributes
    ----------
    draws : dict of str to ndarray (1 + draws,)
        Node → index, the estimate first.
    levels : dict of str to str
        Node → ``overall``, ``dimension``, ``construct`` or ``outcome``.
    grades : tuple of Grade
    weights : dict of str to float
        Node → its share in the overall index; outcomes have none.
    by_method : DataFrame
        ``method node index low high difference``: what each weight method makes of the dimensions
        and the whole, and how far it is from the headline.
    headline : str
    grades_source : str
    reservations : dict of str to list of dict
        Node → codes of what it rests on that is weak.
    """

    template: ClassVar[str] = "index.index"
    draws: Mapping[str, np.ndarray]
    levels: Mapping[str, str]
    counts: Mapping[str, int]
    grades: tuple[Grade, ...]
    weights: Mapping[str, float]
    by_method: pd.DataFrame
    headline: str
    grades_source: str | None = None
    reservations: Mapping[str, Sequence[Mapping[str, Any]]]

    def table(self) -> pd.DataFrame:
        """Return one row a node.

        Columns ``node level n weight index se low high grade probability second
        second_probability reservations`` and ``p_<grade>``: the share of resamples in each grade.
        """
        rows = [self._row(node, found) for node, found in self.draws.items()]
        return pd.DataFrame(rows)

    def summary(self) -> pd.DataFrame:
        """Return the rows of the whole, the dimensions and the outcomes; all without dimensions."""
        table = self.table()
        if not table["level"].eq("dimension").any():
            return table
        return table[table["level"] != "construct"].reset_index(drop=True)

    def _row(self, node: str, found: np.ndarray) -> dict[str, Any]:
        low, high = interval(found[1:, None], self.confidence)
        return {
            "node": node, "level": self.levels[node], "n": self.counts[node],
            "weight": self.weights.get(node, np.nan), "index": found[0],
            "se": np.nanstd(found[1:], ddof=1) if len(found) > 2 else np.nan,
            "low": low[0], "high": high[0], **grade_of(found, self.grades),
            "reservations": " ".join(
                dict.fromkeys(entry["code"] for entry in self.reservations.get(node, ()))
            ),
        }  # fmt: skip

    def beside(self, other: ExperienceIndex) -> pd.DataFrame:
        """Return ``node index other other_low other_high difference diff_low diff_high``.

        ``other`` is the same index made with other weights of the items; the difference is taken
        resample by resample.
        """
        rows = []
        for node, found in self.draws.items():
            theirs = other.draws[node]
            low, high = interval(theirs[1:, None], self.confidence)
            apart = theirs - found
            diff_low, diff_high = interval(apart[1:, None], self.confidence)
            rows.append(
                {"node": node, "index": found[0], "other": theirs[0], "other_low": low[0],
                 "other_high": high[0], "difference": apart[0], "diff_low": diff_low[0],
                 "diff_high": diff_high[0]}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def facts(self) -> dict[str, Any]:
        """Return the whole with its grade, the best and the worst part, and what methods change."""
        table = self.table()
        whole = table[table["level"] == "overall"].iloc[0]
        constructs = table[table["level"] == "construct"].sort_values("index")
        overall = self.by_method[self.by_method["node"] == whole["node"]]
        keep = ["node", "index", "low", "high", "grade", "probability"]
        return {
            "whole": whole[[*keep, "second", "second_probability"]].to_dict(),
            "n": self.n_used, "top": 100, "draws": len(self.draws[whole["node"]]) - 1,
            "level": self.confidence, "headline": self.headline,
            "best": constructs.iloc[-1][keep].to_dict(),
            "worst": constructs.iloc[0][keep].to_dict(),
            "constructs": len(constructs),
            "outcomes": [
                {**row, "reservations": [dict(c) for c in self.reservations.get(row["node"], ())]}
                for row in table[table["level"] == "outcome"][keep].to_dict("records")
            ],
            "sure_from": SURE,
            "unsure": table[table["probability"] < SURE]["node"].tolist(),
            "lowest": overall.loc[overall["index"].idxmin(), ["method", "index"]].to_dict(),
            "highest": overall.loc[overall["index"].idxmax(), ["method", "index"]].to_dict(),
            "grades": [{"grade": g.name, "from": g.minimum} for g in self.grades],
            "grades_source": self.grades_source or "",
            "reservations": [dict(c) for c in self.reservations.get(whole["node"], ())],
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw every node's index with its interval over the grades."""
        from cx_value.evaluate.pictures import draw_indices

        return draw_indices(self.table(), self.grades, labels or {}, lang, ax)


def grade_of(found: np.ndarray, grades: Sequence[Grade]) -> dict[str, Any]:
    """Return the grade of an index, the probability of every grade, and the second likeliest.

    ``found`` (1 + draws,); the probability is the share of resamples in a grade.
    """
    cuts = np.array([grade.minimum for grade in grades])
    which = np.argmax(reaches(found[:, None], cuts[None, :]), axis=1)
    kept = np.isfinite(found[1:])
    share = np.bincount(which[1:][kept], minlength=len(grades)) / max(int(kept.sum()), 1)
    order = np.argsort(-share, kind="stable")
    second = next((int(i) for i in order if i != which[0]), 0)
    names = [grade.name for grade in grades]
    return {
        "grade": names[which[0]], "probability": share[which[0]],
        "second": names[second] if share[second] > 0 else "",
        "second_probability": share[second] if share[second] > 0 else np.nan,
        **{f"p_{name}": value for name, value in zip(names, share, strict=True)},
    }  # fmt: skip


def weighted_mean_of_items(
    axis: Resamples, points: np.ndarray, select: np.ndarray | None = None
) -> np.ndarray:
    """Return each item's (weighted) mean in every resample, (1 + draws, items); NaN if unasked."""
    seen = np.isfinite(points)
    held = np.where(seen, points, 0.0)
    sums = axis.products(np.hstack([held, seen.astype(float)]), select)
    total, count = np.split(sums, 2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def construct_indices(
    means: np.ndarray, items: Sequence[str], hierarchy: Hierarchy,
    item_weights: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    r"""Return every construct's index from its items' mean points.

    :math:`I = \sum_i w_i \bar{p}_i`, :math:`\sum_i w_i = 1`, with
    :math:`\bar{p}_i = 100 (\bar{x}_i - min) / (max - min)` (Fornell et al. 1996, eq. 5). Items
    weigh the same unless ``item_weights`` (construct → (1 + draws, k)) says otherwise.

    Examples
    --------
    >>> from cx_value.evaluate.hierarchy import Hierarchy
    >>> tree = Hierarchy(children={"ALL": ("S",)}, items={"S": ("a", "b", "c")}, root="ALL")
    >>> points = (np.array([[7.9, 7.1, 6.6]]) - 1) / 9 * 100
    >>> weights = {"S": np.array([[0.4, 0.3, 0.3]])}
    >>> construct_indices(points, ["a", "b", "c"], tree, weights)["S"].round(4).tolist()
    [69.6667]
    """
    at = {item: i for i, item in enumerate(items)}
    out = {}
    for construct, own in hierarchy.items.items():
        columns = means[:, [at[item] for item in own]]
        weights = (item_weights or {}).get(construct)
        if weights is None:
            out[construct] = columns.mean(axis=1)
        else:
            out[construct] = (columns * weights).sum(axis=1)
    return out


def node_indices(
    constructs: Mapping[str, np.ndarray], weights: np.ndarray, hierarchy: Hierarchy
) -> dict[str, np.ndarray]:
    """Return the index of every dimension and of the whole, (1 + draws,) each.

    ``weights`` (1 + draws, leaves): a dimension's index is the mean of its constructs', weighted by
    their shares of the dimension's weight.
    """
    leaves = np.column_stack([constructs[leaf] for leaf in hierarchy.leaves])
    composition = hierarchy.composition()
    total = weights @ composition.T
    with np.errstate(invalid="ignore", divide="ignore"):
        found = ((weights * leaves) @ composition.T) / total
        plain = (leaves @ composition.T) / composition.sum(axis=1)
    found = np.where(total > 0, found, np.where(np.isnan(total), np.nan, plain))
    return dict(zip([*hierarchy.dimensions, hierarchy.root], found.T, strict=True))


def index_experience(
    scores: Scores,
    axis: Resamples,
    weights: IndicatorWeights,
    grades: tuple[Grade, ...],
    *,
    item_weights: Mapping[str, np.ndarray] | None = None,
    grades_source: str | None = None,
    reservations: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    select: np.ndarray | None = None,
    confidence: float = 0.95,
) -> ExperienceIndex:
    """Return the index of every construct, dimension and the whole.

    Parameters
    ----------
    select : ndarray (n,) of bool, optional
        Whose index it is (the own brand's customers); weights stay those of all.
    item_weights : mapping
        Construct → weights of its items; items weigh the same where it is silent.
    """
    hierarchy, names = scores.hierarchy, list(scores.items.columns)
    chosen = np.ones(axis.n, dtype=bool) if select is None else np.asarray(select)
    means = weighted_mean_of_items(axis, scores.items.to_numpy(), chosen)
    constructs = construct_indices(means, names, hierarchy, item_weights)
    nodes = node_indices(constructs, weights.weights, hierarchy)
    draws = {node: {**constructs, **nodes}[node] for node in _order(hierarchy)}
    return ExperienceIndex(
        n_used=int(chosen.sum()), method="weighted mean of mean item points, 0 to 100",
        confidence=confidence, draws=draws,
        levels={node: hierarchy.level(node) for node in draws},
        counts=_counts(scores, chosen), grades=grades,
        weights=_shares(weights.weights[0], hierarchy),
        by_method=_by_method(constructs, weights, hierarchy, confidence),
        headline=weights.headline, grades_source=grades_source, reservations=reservations or {},
    )  # fmt: skip


def index_study(
    setting: EvaluationSetting,
    weights: IndicatorWeights,
    *,
    item_weights: Mapping[str, np.ndarray] | None = None,
) -> ExperienceIndex:
    """Return the index of the own brand's customers, graded as the study says.

    Scales below the conventional reliability leave their reservation on whatever rests on them.
    """
    from cx_value.evaluate.setting import scale_reservations

    evaluation = setting.study.evaluation
    return index_experience(
        setting.scores, setting.axis, weights, evaluation.grades, item_weights=item_weights,
        grades_source=evaluation.grades_source, reservations=scale_reservations(setting),
        confidence=setting.confidence,
    )  # fmt: skip


def _order(hierarchy: Hierarchy) -> list[str]:
    """Return the whole, each dimension with its constructs below it, then the outcomes."""

    def below(node: str) -> list[str]:
        return [node, *(x for child in hierarchy.children.get(node, ()) for x in below(child))]

    return [*below(hierarchy.root), *hierarchy.others]


def _counts(scores: Scores, chosen: np.ndarray) -> dict[str, int]:
    seen = scores.constructs.notna().to_numpy()[chosen]
    own = dict(zip(scores.constructs.columns, seen.sum(axis=0).tolist(), strict=True))
    parts = [*scores.hierarchy.dimensions, scores.hierarchy.root]
    return own | dict.fromkeys(parts, int(chosen.sum()))


def _shares(weights: np.ndarray, hierarchy: Hierarchy) -> dict[str, float]:
    own = dict(zip(hierarchy.leaves, weights.tolist(), strict=True))
    total = hierarchy.composition() @ weights
    return own | dict(zip([*hierarchy.dimensions, hierarchy.root], total.tolist(), strict=True))


def _by_method(
    constructs: Mapping[str, np.ndarray], weights: IndicatorWeights, hierarchy: Hierarchy,
    confidence: float,
) -> pd.DataFrame:  # fmt: skip
    headline = node_indices(constructs, weights.weights, hierarchy)
    rows = []
    for method, own in weights.methods.items():
        for node, found in node_indices(constructs, own, hierarchy).items():
            low, high = interval(found[1:, None], confidence)
            rows.append((method, node, found[0], low[0], high[0], found[0] - headline[node][0]))
    return pd.DataFrame(rows, columns=["method", "node", "index", "low", "high", "difference"])
