"""What the experts' judgements make of the indicators, one expert and all together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.evaluate.weights import groups, pairwise
from cx_value.evaluate.weights.matrices import CriteriaSet, ExpertMatrix, read_matrices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cx_value.evaluate.hierarchy import Hierarchy


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPriorities:
    """The priorities of one set of criteria.

    ``eigenvector`` from the judgements joined (AIJ) of the experts used, ``geometric`` its row
    geometric means, ``priorities`` the experts' own eigenvectors joined (AIP, geometric mean),
    ``everybody`` the eigenvector of all experts' judgements; ``draws`` (draws, criteria) of the
    eigenvector over resampled experts, None with a single one; ``ratio`` its consistency ratio.
    """

    criteria: CriteriaSet
    node: str
    eigenvector: np.ndarray
    geometric: np.ndarray
    priorities: np.ndarray
    everybody: np.ndarray
    draws: np.ndarray | None
    ratio: float
    concordance: groups.Concordance | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpertWeights(Result):
    """Weights of the indicators by the experts.

    Attributes
    ----------
    weights : Series
        Construct → weight; sums to 1.
    draws : ndarray (draws, constructs) or None
        Weights over resampled experts; None where all sets rest on a single expert.
    matrices : DataFrame
        One row an expert and set: ``criteria expert n given conflicts lambda_max consistency_index
        consistency_ratio consistent distance outlying used row column value new ratio_after``.
    priorities : DataFrame
        ``criteria indicator weight geometric aip everybody``.
    sets : tuple of GroupPriorities
    unplaced : tuple of dict
        What could not be used: ``{"criteria": …, "expert": …, "reason": code}``.
    equal : tuple of str
        Dimensions whose members no expert compared; they weigh the same.
    """

    template: ClassVar[str] = "weights.experts"
    weights: pd.Series
    draws: np.ndarray | None
    matrices: pd.DataFrame
    priorities: pd.DataFrame
    sets: tuple[GroupPriorities, ...]
    unplaced: tuple[Mapping[str, str], ...]
    equal: tuple[str, ...]
    rule: Cutoff
    random_index: str

    def table(self) -> pd.DataFrame:
        """Return one row an expert and set of criteria."""
        return self.matrices.copy()

    def facts(self) -> dict[str, Any]:
        """Return who judged, how consistently, what to change, and how far they agree."""
        m = self.matrices
        bad = m[m["consistent"] == "no"]
        columns = ["expert", "consistency_ratio", "row", "column", "value", "new", "ratio_after"]
        ordered = self.weights.sort_values(ascending=False)
        agreed = [s.concordance for s in self.sets if s.concordance]
        return {
            "experts": int(m["expert"].nunique()), "used": int(m[m["used"]]["expert"].nunique()),
            "matrices": len(m), "cutoff": self.rule.threshold, "source": self.rule.source,
            "random_index": self.random_index,
            "inconsistent": bad[columns].to_dict("records"),
            "kept_inconsistent": bool(bad["used"].any()),
            "incomplete": m[m["given"] < m["n"] * (m["n"] - 1) // 2]["expert"].tolist(),
            "contradicting": m[m["conflicts"] > 0][["expert", "conflicts"]].to_dict("records"),
            "outlying": m[m["outlying"]]["expert"].drop_duplicates().tolist(),
            "first": {"indicator": ordered.index[0], "weight": float(ordered.iloc[0])},
            "last": {"indicator": ordered.index[-1], "weight": float(ordered.iloc[-1])},
            "concordance": [
                {"w": c.w, "chi_squared": c.chi_squared, "df": c.df, "p": c.p, "experts": c.raters,
                 "indicators": c.objects, "agree": bool(c.p < 0.05)} for c in agreed
            ],
            "equal": list(self.equal), "unplaced": [dict(entry) for entry in self.unplaced],
        }  # fmt: skip


def weigh_by_experts(
    judgements: pd.DataFrame,
    hierarchy: Hierarchy,
    *,
    random_index: str = "saaty",
    cutoffs: Mapping[str, float] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> ExpertWeights:
    """Return the experts' weights of the constructs of a hierarchy.

    Experts whose consistency ratio is above the rule are left out of the group, unless nobody else
    remains; their judgements are in the table, with the one to change.

    Parameters
    ----------
    judgements : DataFrame
        ``expert criteria row column judgement``.
    draws, seed
        Experts drawn with replacement, for the intervals.

    Raises
    ------
    DataError
        If no set of criteria can be placed in the hierarchy.
    """
    rule = cutoffs_with({k: v for k, v in (cutoffs or {}).items() if k == "consistency_ratio"})[
        "consistency_ratio"
    ]
    sets, unplaced = read_matrices(judgements, hierarchy)
    random = np.random.default_rng([seed, 7])
    frames, found = [], []
    for criteria in sets:
        table = _examine(criteria, random_index, rule)
        frames.append(table)
        found.append(_join(criteria, table["used"].to_numpy(), random_index, draws, random))
    if not found:
        raise DataError(
            f"none of {judgements['criteria'].nunique()} sets of judgements can be used · allowed: "
            "criteria that are all members of a dimension, or all constructs below it · do: see "
            "the file of the experts' judgements"
        )
    weights, drawn, equal = _spread(hierarchy, found, draws)
    matrices = pd.concat(frames, ignore_index=True)
    used = matrices.loc[matrices["used"], "expert"].nunique()
    return ExpertWeights(
        n_used=int(used), n_dropped=int(matrices["expert"].nunique() - used),
        method="analytic hierarchy process, principal eigenvector of the joined judgements",
        weights=pd.Series(weights, index=list(hierarchy.leaves)), draws=drawn, matrices=matrices,
        priorities=_priority_frame(found), sets=tuple(found), unplaced=tuple(unplaced),
        equal=equal, rule=rule, random_index=random_index,
    )  # fmt: skip


def _examine(criteria: CriteriaSet, random_index: str, rule: Cutoff) -> pd.DataFrame:
    """Return the table of one set's experts, and who of them is used."""
    frame = pd.DataFrame([_judge(criteria, m, random_index, rule) for m in criteria.matrices])
    own = np.array([pairwise.principal_eigenvector(m.full)[0] for m in criteria.matrices])
    distance = groups.distance_from_others(own) if len(own) > 1 else np.full(len(own), np.nan)
    used = frame["consistent"] != "no"
    return frame.assign(
        distance=distance, outlying=groups.outlying(distance),
        used=used if used.any() else True,
    )  # fmt: skip


def _judge(
    criteria: CriteriaSet, matrix: ExpertMatrix, random_index: str, rule: Cutoff
) -> dict[str, Any]:
    n = len(criteria.names)
    _, largest = pairwise.principal_eigenvector(matrix.full)
    ratio = float(pairwise.consistency_ratio(largest, n, random_index))
    passes = rule.passes(ratio)
    change = pairwise.judgement_to_change(matrix.full, random_index) if passes is False else None
    named = {key: np.nan for key in ("value", "new", "ratio_after")} | {"row": "", "column": ""}
    if change:
        named = {
            "row": criteria.names[change["row"]], "column": criteria.names[change["column"]],
            "value": change["value"], "new": change["new"], "ratio_after": change["ratio"],
        }  # fmt: skip
    return {
        "criteria": criteria.name, "expert": matrix.expert, "n": n, "given": matrix.given,
        "conflicts": matrix.conflicts, "lambda_max": float(largest),
        "consistency_index": float(pairwise.consistency_index(largest, n)),
        "consistency_ratio": ratio,
        "consistent": {True: "yes", False: "no", None: "undefined"}[passes], **named,
    }  # fmt: skip


def _join(
    criteria: CriteriaSet, used: np.ndarray, random_index: str, draws: int,
    random: np.random.Generator,
) -> GroupPriorities:  # fmt: skip
    every = np.array([m.full for m in criteria.matrices])
    kept = every[used]
    joined = groups.aggregate_judgements(kept)
    w, largest = pairwise.principal_eigenvector(joined)
    own = np.array([pairwise.principal_eigenvector(m)[0] for m in kept])
    n = len(criteria.names)
    return GroupPriorities(
        criteria=criteria, node=criteria.node, eigenvector=w,
        geometric=pairwise.geometric_mean_priorities(joined),
        priorities=groups.aggregate_priorities(own),
        everybody=pairwise.principal_eigenvector(groups.aggregate_judgements(every))[0],
        draws=_resampled(kept, draws, random) if len(kept) > 1 else None,
        ratio=float(pairwise.consistency_ratio(largest, n, random_index)),
        concordance=groups.kendall_w(own.round(12)) if len(kept) > 1 and n > 2 else None,
    )  # fmt: skip


def _resampled(matrices: np.ndarray, draws: int, random: np.random.Generator) -> np.ndarray:
    """Return the joined priorities of experts drawn with replacement, (draws, n)."""
    m = len(matrices)
    times = random.multinomial(m, np.full(m, 1 / m), size=draws)
    joined = np.exp(np.einsum("bm,mij->bij", times / m, np.log(matrices)))
    return pairwise.principal_eigenvector(joined)[0]


def _spread(
    hierarchy: Hierarchy, found: list[GroupPriorities], draws: int
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Return the constructs' weights, their draws, and the dimensions nobody compared."""
    placed = {group.node: group for group in found}
    leaves = list(hierarchy.leaves)
    weights, drawn = np.zeros(len(leaves)), np.zeros((draws, len(leaves)))
    equal: list[str] = []

    def go(node: str, share: float, shares: np.ndarray) -> None:
        if node in hierarchy.items:
            weights[leaves.index(node)] = share
            drawn[:, leaves.index(node)] = shares
            return
        group = placed.get(node)
        members = group.criteria.names if group else hierarchy.children[node]
        own = group.eigenvector if group else np.full(len(members), 1 / len(members))
        if group is None and len(members) > 1:
            equal.append(node)
        several = group.draws if group is not None and group.draws is not None else own[None]
        for i, member in enumerate(members):
            go(member, share * own[i], shares * several[:, i])

    go(hierarchy.root, 1.0, np.ones(draws))
    random = any(group.draws is not None for group in found)
    return weights, drawn if random else None, tuple(equal)


def _priority_frame(found: list[GroupPriorities]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "criteria": group.criteria.name, "indicator": name,
                "weight": group.eigenvector[i], "geometric": group.geometric[i],
                "aip": group.priorities[i], "everybody": group.everybody[i],
            }
            for group in found
            for i, name in enumerate(group.criteria.names)
        ]
    )  # fmt: skip
