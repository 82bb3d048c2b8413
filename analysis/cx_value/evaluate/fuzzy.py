"""Fuzzy comprehensive evaluation: how far each indicator belongs to each grade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.formulas import reaches
from cx_value.base.results import Result
from cx_value.evaluate.weights.comparison import interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cx_value.evaluate.index import ExperienceIndex
    from cx_value.evaluate.setting import EvaluationSetting
    from cx_value.study.indicators import Grade


def min_max(weights: np.ndarray, membership: np.ndarray) -> np.ndarray:
    r"""Return :math:`b_j = \max_i \min(a_i, r_{ij})`, M(∧, ∨): the main factor decides.

    ``weights`` (…, k), ``membership`` (…, k, grades); so for all four operators (Zadeh 1973).
    """
    return np.minimum(weights[..., None], membership).max(axis=-2)


def product_max(weights: np.ndarray, membership: np.ndarray) -> np.ndarray:
    r"""Return :math:`b_j = \max_i a_i r_{ij}`, M(·, ∨)."""
    return (weights[..., None] * membership).max(axis=-2)


def min_sum(weights: np.ndarray, membership: np.ndarray) -> np.ndarray:
    r"""Return :math:`b_j = \min(1, \sum_i \min(a_i, r_{ij}))`, M(∧, ⊕)."""
    return np.minimum(np.minimum(weights[..., None], membership).sum(axis=-2), 1.0)


def weighted_average(weights: np.ndarray, membership: np.ndarray) -> np.ndarray:
    r"""Return :math:`b_j = \min(1, \sum_i a_i r_{ij})`, M(·, ⊕).

    Examples
    --------
    >>> r = np.array([[0.2, 0.5, 0.2, 0.1], [0.7, 0.2, 0.1, 0], [0, 0.4, 0.5, 0.1],
    ...               [0.2, 0.3, 0.5, 0]])
    >>> weighted_average(np.array([0.1, 0.2, 0.3, 0.4]), r).round(2).tolist()
    [0.24, 0.33, 0.39, 0.04]
    """
    return np.minimum((weights[..., None] * membership).sum(axis=-2), 1.0)


OPERATORS: MappingProxyType[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "weighted_average": weighted_average, "min_max": min_max, "product_max": product_max,
        "min_sum": min_sum,
    }
)  # fmt: skip


def grade_membership(points: np.ndarray, grades: Sequence[Grade], kind: str) -> np.ndarray:
    r"""Return how far each answer belongs to each grade, (…, grades); rows sum to 1.

    Parameters
    ----------
    points : ndarray
        Answers from 0 to 100; NaN gives NaN.
    kind : {"frequencies", "triangular", "trapezoidal", "gaussian"}
        ``frequencies`` counts an answer in the grade it falls into. The others put the middle of
        every grade's band at full membership: ``triangular`` falls linearly to the middle of the
        next, ``trapezoidal`` stays full over the inner half of the band, ``gaussian`` is
        :math:`e^{-(x - c)^2 / 2 s^2}` with :math:`s` half the distance to the nearest middle,
        divided by the sum over grades.

    Examples
    --------
    >>> from cx_value.study.indicators import GRADES
    >>> grade_membership(np.array([85.0]), GRADES, "frequencies").tolist()
    [[1.0, 0.0, 0.0, 0.0]]
    >>> grade_membership(np.array([82.5]), GRADES, "triangular").tolist()
    [[0.5, 0.5, 0.0, 0.0]]
    """
    cuts = np.array([grade.minimum for grade in grades], dtype=float)
    x = np.asarray(points, dtype=float)[..., None]
    if kind == "frequencies":
        which = np.argmax(reaches(x, cuts), axis=-1)
        held = (which[..., None] == np.arange(len(cuts))).astype(float)
    else:
        held = _SHAPES[kind](x, grade_centres(grades), np.append(100.0, cuts))
    return np.where(np.isfinite(x), held, np.nan)


def grade_centres(grades: Sequence[Grade]) -> np.ndarray:
    """Return the middle of every grade's band, the scores of defuzzification."""
    ends = np.array([100.0, *(grade.minimum for grade in grades)])
    return (ends[:-1] + ends[1:]) / 2


def _triangular(x: np.ndarray, centres: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return _between(x, centres, centres)


def _trapezoidal(x: np.ndarray, centres: np.ndarray, ends: np.ndarray) -> np.ndarray:
    quarter = (ends[:-1] - ends[1:]) / 4
    return _between(x, centres + quarter, centres - quarter)


def _between(x: np.ndarray, tops: np.ndarray, bottoms: np.ndarray) -> np.ndarray:
    """Return full membership from bottom to top, falling linearly to the next grade's plateau."""
    out = np.zeros((*x.shape[:-1], len(tops)))
    value = x[..., 0]
    last = len(tops) - 1
    for g in range(len(tops)):
        rise = np.ones_like(value)
        if g < last:
            rise = np.clip((value - tops[g + 1]) / (bottoms[g] - tops[g + 1]), 0, 1)
        fall = np.ones_like(value)
        if g > 0:
            fall = np.clip((bottoms[g - 1] - value) / (bottoms[g - 1] - tops[g]), 0, 1)
        out[..., g] = np.minimum(rise, fall)
    return out


def _gaussian(x: np.ndarray, centres: np.ndarray, ends: np.ndarray) -> np.ndarray:
    apart = np.abs(np.diff(centres))
    nearest = np.minimum(np.append(np.inf, apart), np.append(apart, np.inf))
    held = np.exp(-((x - centres) ** 2) / (2 * (nearest / 2) ** 2))
    return held / held.sum(axis=-1, keepdims=True)


_SHAPES = MappingProxyType(
    {"triangular": _triangular, "trapezoidal": _trapezoidal, "gaussian": _gaussian}
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FuzzyEvaluation(Result):
    """Membership of every dimension and the whole in every grade, by four operators.

    Attributes
    ----------
    memberships : dict of (operator, node) to ndarray (1 + draws, grades)
        Normalised to sum 1.
    operator : str
        The operator that the verdict is read from.
    kind : str
        The membership function.
    indices, index_grades : dict
        The index beside which it is read, and its grade.
    empty : tuple of str
        Grades into which no answer of the scale falls, where answers are counted.
    """

    template: ClassVar[str] = "index.fuzzy"
    memberships: Mapping[tuple[str, str], np.ndarray]
    operator: str
    kind: str
    grades: tuple[Grade, ...]
    levels: Mapping[str, str]
    indices: Mapping[str, float]
    index_grades: Mapping[str, str]
    empty: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row an operator and node.

        Columns ``operator node level grade membership second second_membership closeness score low
        high index index_grade agrees probability`` and ``m_<grade>``. ``closeness`` is the second
        membership divided by the first; ``probability`` the share of resamples with the same
        best grade; ``score`` the defuzzified score, the grades' middles weighted by membership.
        """
        return pd.DataFrame([self._row(*key) for key in self.memberships])

    def _row(self, operator: str, node: str) -> dict[str, Any]:
        found = self.memberships[operator, node]
        names = [grade.name for grade in self.grades]
        order = np.argsort(-found[0], kind="stable")
        first, second = int(order[0]), int(order[1])
        scores = found @ grade_centres(self.grades)
        low, high = interval(scores[1:, None], self.confidence)
        tie = found[0][first] - found[0][second] < 1e-9
        return {
            "operator": operator, "node": node, "level": self.levels[node],
            "grade": names[first], "membership": found[0][first], "second": names[second],
            "second_membership": found[0][second],
            "closeness": found[0][second] / found[0][first], "tie": "yes" if tie else "no",
            "probability": float((found[1:].argmax(axis=1) == first).mean()) if len(found) > 1
            else np.nan,
            "score": scores[0], "low": low[0], "high": high[0], "index": self.indices[node],
            "index_grade": self.index_grades[node],
            "agrees": "yes" if names[first] == self.index_grades[node] else "no",
            **{f"m_{name}": value for name, value in zip(names, found[0], strict=True)},
        }  # fmt: skip

    def verdicts(self) -> pd.DataFrame:
        """Return the rows of the operator that the verdict is read from."""
        table = self.table()
        return table[table["operator"] == self.operator].reset_index(drop=True)

    def operators(self) -> pd.DataFrame:
        """Return the rows of the whole, one an operator."""
        table = self.table()
        return table[table["level"] == "overall"].reset_index(drop=True)

    def facts(self) -> dict[str, Any]:
        """Return the grade of the whole, how close the second is, and whether operators agree."""
        whole = self.verdicts()
        whole = whole[whole["level"] == "overall"].iloc[0]
        by_operator = self.operators()
        parting = self.verdicts()
        parting = parting[(parting["agrees"] == "no") & (parting["level"] != "overall")]
        keep = ["node", "grade", "membership", "second", "second_membership", "closeness",
                "probability", "score", "low", "high", "index", "index_grade"]  # fmt: skip
        return {
            **whole[keep].to_dict(), "tie": whole["tie"] == "yes",
            "close": bool(whole["closeness"] > CLOSE), "close_from": CLOSE,
            "agrees": whole["agrees"] == "yes", "operator": self.operator, "kind": self.kind,
            "operators": by_operator[["operator", "grade", "tie"]].to_dict("records"),
            "empty": list(self.empty), "operators_agree": len(set(by_operator["grade"])) == 1,
            "parting": parting["node"].tolist(), "level_of_confidence": self.confidence,
        }  # fmt: skip


#: Second membership over the first from which two grades are called close.
CLOSE = 0.8


def evaluate_fuzzily(
    setting: EvaluationSetting,
    index: ExperienceIndex,
    weights: np.ndarray,
    *,
    item_weights: Mapping[str, np.ndarray] | None = None,
) -> FuzzyEvaluation:
    """Return the fuzzy evaluation of the own brand: items → constructs → dimensions → whole.

    Parameters
    ----------
    index : ExperienceIndex
        Beside which it is read.
    weights : ndarray (1 + draws, leaves)
    item_weights : mapping
        Construct → weights of its items; items weigh the same where it is silent.
    """
    evaluation, tree = setting.study.evaluation, setting.hierarchy
    relation = _relations(setting)
    found = {}
    for name, operate in OPERATORS.items():
        leaves = {
            leaf: _normalised(operate(_item_weights(leaf, tree, item_weights, len(weights)), own))
            for leaf, own in relation.items()
        }
        found |= {(name, node): held for node, held in _upwards(tree, leaves, weights, operate)}
    table = index.table().set_index("node")
    return FuzzyEvaluation(
        n_used=index.n_used, method="fuzzy comprehensive evaluation", confidence=index.confidence,
        memberships=found, operator=evaluation.fuzzy.operator, kind=evaluation.fuzzy.membership,
        grades=evaluation.grades, levels=index.levels,
        indices=table["index"].to_dict(), index_grades=table["grade"].to_dict(),
        empty=_empty_grades(setting),
    )  # fmt: skip


def _empty_grades(setting: EvaluationSetting) -> tuple[str, ...]:
    """Return the grades that lie between two answers of every item's scale."""
    evaluation = setting.study.evaluation
    if evaluation.fuzzy.membership != "frequencies":
        return ()
    seen = set()
    for item in setting.study.items:
        points = np.linspace(0, 100, item.scale.points)
        held = grade_membership(points, evaluation.grades, "frequencies")
        seen |= set(held.argmax(axis=-1).tolist())
    return tuple(g.name for i, g in enumerate(evaluation.grades) if i not in seen)


def _relations(setting: EvaluationSetting) -> dict[str, np.ndarray]:
    """Return construct → (1 + draws, items, grades): mean membership of the answers given."""
    evaluation, tree = setting.study.evaluation, setting.hierarchy
    out = {}
    for leaf in tree.leaves:
        points = setting.scores.items[list(tree.items[leaf])].to_numpy()
        held = grade_membership(points, evaluation.grades, evaluation.fuzzy.membership)
        seen = np.isfinite(points)
        flat = np.nan_to_num(held).reshape(len(held), -1)
        sums = setting.axis.products(np.hstack([flat, seen.astype(float)]))
        count = sums[:, flat.shape[1] :]
        total = sums[:, : flat.shape[1]].reshape(len(sums), *held.shape[1:])
        out[leaf] = total / np.where(count > 0, count, np.nan)[..., None]
    return out


def _item_weights(leaf: str, tree, item_weights, size: int) -> np.ndarray:
    k = len(tree.items[leaf])
    own = (item_weights or {}).get(leaf)
    return np.full((size, k), 1.0 / k) if own is None else own


def _upwards(tree, leaves: Mapping[str, np.ndarray], weights: np.ndarray, operate):
    """Yield node → membership from the bottom up, each level weighted within its dimension."""
    at = {leaf: i for i, leaf in enumerate(tree.leaves)}
    done: dict[str, np.ndarray] = dict(leaves)

    def share(node: str) -> np.ndarray:
        return weights[:, [at[leaf] for leaf in tree.leaves_of(node)]].sum(axis=1)

    def go(node: str) -> np.ndarray:
        if node not in done:
            members = tree.children[node]
            own = np.stack([share(member) for member in members], axis=1)
            own = own / own.sum(axis=1, keepdims=True)
            below = np.stack([go(member) for member in members], axis=1)
            done[node] = _normalised(operate(own, below))
        return done[node]

    go(tree.root)
    for node in [tree.root, *tree.dimensions, *tree.leaves]:
        yield node, done[node]


def _normalised(held: np.ndarray) -> np.ndarray:
    return held / held.sum(axis=-1, keepdims=True)
