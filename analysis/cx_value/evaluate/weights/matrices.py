"""From rows of judgements to matrices, and where in the indicator system they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError
from cx_value.evaluate.weights.pairwise import complete_matrix

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.evaluate.hierarchy import Hierarchy

#: Two judgements of a pair that multiply to within this of 1 are reciprocal (1/3 is .333 in files).
RECIPROCAL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpertMatrix:
    """One expert's judgements: as given (NaN where not), completed, and what was wrong.

    ``given`` pairs were judged; ``conflicts`` pairs were judged twice, at odds, and count as not
    given.
    """

    expert: str
    matrix: np.ndarray
    full: np.ndarray
    given: int
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CriteriaSet:
    """The experts' matrices over one set of criteria, and the node whose weights they give."""

    name: str
    names: tuple[str, ...]
    node: str
    matrices: tuple[ExpertMatrix, ...]


def read_matrices(
    judgements: pd.DataFrame, hierarchy: Hierarchy
) -> tuple[list[CriteriaSet], list[dict[str, str]]]:
    """Return the sets of criteria that can be placed, and what cannot be used and why.

    Reasons are codes: ``no_place`` (criteria that are neither all members of a dimension nor all
    constructs below it), ``not_connected`` (too few judgements of an expert).
    """
    sets, unused = [], []
    for name, rows in judgements.groupby("criteria", sort=False):
        names = tuple(dict.fromkeys([*rows["row"], *rows["column"]]))
        node = _place(names, hierarchy)
        if node is None:
            unused.append({"criteria": str(name), "expert": "", "reason": "no_place"})
            continue
        matrices = []
        for expert, own in rows.groupby("expert", sort=False):
            try:
                matrices.append(_matrix(str(expert), own, names))
            except DataError:
                unused.append(
                    {"criteria": str(name), "expert": str(expert), "reason": "not_connected"}
                )
        if matrices:
            sets.append(
                CriteriaSet(name=str(name), names=names, node=node, matrices=tuple(matrices))
            )
    return sets, unused


def _place(names: tuple[str, ...], hierarchy: Hierarchy) -> str | None:
    """Return the dimension whose members, or whose constructs, are just these names."""
    for node in [*hierarchy.dimensions, hierarchy.root]:
        if set(names) in (set(hierarchy.children[node]), set(hierarchy.leaves_of(node))):
            return node
    return None


def _matrix(expert: str, rows: pd.DataFrame, names: tuple[str, ...]) -> ExpertMatrix:
    logs: dict[tuple[int, int], list[float]] = {}
    for row, column, judgement in rows[["row", "column", "judgement"]].itertuples(index=False):
        i, j = names.index(row), names.index(column)
        value = np.log(judgement) if i < j else -np.log(judgement)
        logs.setdefault((min(i, j), max(i, j)), []).append(value)
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    conflicts = 0
    for (i, j), values in logs.items():
        if max(values) - min(values) > RECIPROCAL:
            conflicts += 1
            continue
        matrix[i, j] = np.exp(np.mean(values))
        matrix[j, i] = 1 / matrix[i, j]
    given = int(np.isfinite(matrix[np.triu_indices(len(names), 1)]).sum())
    full = complete_matrix(matrix)
    return ExpertMatrix(expert=expert, matrix=matrix, full=full, given=given, conflicts=conflicts)
