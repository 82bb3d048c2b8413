"""Weights that give the sample the population's declared margins: raking, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import ConvergenceError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Study

#: A margin is met when no share is further from it than this.
TOLERANCE = 1e-10
ROUNDS = 1000
COLUMNS = ("column", "value", "n", "population", "before", "after")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raking(Result):
    """What post-stratification did, or why it was not done.

    Attributes
    ----------
    frame : DataFrame
        One row a margin: ``column value n population before after``, as shares.
    weights : Series or None
        The raked weights; None where ``refused``.
    design_effect : float
        Kish's n Σw² / (Σw)² of the raked weights.
    refused : dict or None
        ``code`` (``no_answers no_share open_shares not_converged``), ``column`` and ``values``.
    """

    template = "raking.margins"

    frame: pd.DataFrame
    weights: pd.Series | None = None
    design_effect: float = float("nan")
    refused: dict[str, Any] | None = None

    def facts(self) -> dict[str, Any]:
        """Return the margins met, the largest correction and the effective sample size."""
        if self.refused:
            return {"refused": self.refused}
        moved = self.frame.assign(by=(self.frame.population - self.frame.before).abs())
        largest = moved.loc[moved.by.idxmax()]
        return {
            "refused": {}, "columns": list(dict.fromkeys(self.frame.column)), "n": self.n_used,
            "design_effect": self.design_effect, "effective": self.n_used / self.design_effect,
            "largest": {"column": largest.column, "value": largest.value,
                        "before": largest.before, "population": largest.population},
            "source": "deming1940",
        }  # fmt: skip


def rake_weights(
    weights: np.ndarray, groups: list[np.ndarray], shares: list[np.ndarray]
) -> np.ndarray:
    """Return weights whose margins are those of the population.

    Parameters
    ----------
    weights : ndarray (n,)
        Base weights; their sum is kept.
    groups : list of ndarray (n,) of int
        For each margin, the respondent's category; −1 where it is unknown: that margin leaves the
        respondent's weight as it is.
    shares : list of ndarray
        For each margin, the population's shares, summing to 1.

    Raises
    ------
    ConvergenceError
        If the margins cannot be met together.

    References
    ----------
    Deming & Stephan (1940). Agrees with ``rake`` of R's survey 4.1 to 1e-8.

    Examples
    --------
    >>> rake_weights(np.ones(4), [np.array([0, 0, 0, 1])], [np.array([0.5, 0.5])]).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    found, total = weights.astype(float), weights.sum()
    for _ in range(ROUNDS):
        worst = 0.0
        for group, share in zip(groups, shares, strict=True):
            known = group >= 0
            held = np.bincount(group[known], found[known], minlength=len(share))
            factor = share * found[known].sum() / held
            worst = max(worst, float(np.abs(factor - 1).max()))
            found = np.where(known, found * factor[np.where(known, group, 0)], found)
        if worst < TOLERANCE:
            return found * total / found.sum()
    raise ConvergenceError(
        f"the margins are not met after {ROUNDS} rounds · allowed: margins that can hold together "
        "· do: drop a margin, or merge small categories"
    )


def design_effect(weights: np.ndarray) -> float:
    """Return Kish's design effect of unequal weights, n Σw² / (Σw)².

    >>> design_effect(np.array([1.0, 1.0, 2.0]))
    1.125
    """
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)


def poststratify(study: Study, survey: Survey) -> tuple[Survey, Raking | None]:
    """Return the survey with raked weights, and what was done; unchanged where margins do not fit.

    Parameters
    ----------
    study : Study
        ``margins`` holds the population's shares by profile column and value.
    survey : Survey
        The answers analysed; its weights are the base.
    """
    if not study.margins:
        return survey, None
    base = _base_weights(survey)
    groups, shares, rows = [], [], []
    for column, declared in study.margins.items():
        names = {_label(study, column, value): value for value in declared}
        found = survey.profile[column].astype(object)
        refused = _misfit(column, names, found, declared)
        if refused:
            return survey, _refusal(survey, refused)
        order = list(names)
        group = found.map({name: k for k, name in enumerate(order)}).fillna(-1).astype(int)
        share = np.array([declared[names[name]] for name in order], dtype=float)
        groups.append(group.to_numpy())
        shares.append(share / share.sum())
        rows += [(column, name, shares[-1][k]) for k, name in enumerate(order)]
    try:
        weights = rake_weights(base, groups, shares)
    except ConvergenceError:
        return survey, _refusal(survey, {"code": "not_converged", "column": "", "values": []})
    result = _raking(survey, rows, base, weights, groups)
    return replace(survey, weights=result.weights), result


def _base_weights(survey: Survey) -> np.ndarray:
    if survey.weights is None:
        return np.ones(survey.n)
    return survey.weights.fillna(0).to_numpy(dtype=float)


def _label(study: Study, column: str, value: str) -> str:
    named = dict(next(p for p in study.profile if p.name == column).values)
    return str(named.get(str(value), value))


def _misfit(column: str, names: Mapping[str, str], found, declared) -> dict[str, Any] | None:
    """Say why a margin does not fit the data: nobody in a category, or nobody's category."""
    present = set(found.dropna())
    absent = [name for name in names if name not in present]
    if absent:
        return {"code": "no_answers", "column": column, "values": absent}
    unknown = sorted(str(name) for name in present - set(names))
    if unknown:
        return {"code": "no_share", "column": column, "values": unknown}
    total = sum(declared.values())
    if abs(total - 1) > 0.005 and abs(total - 100) > 0.5:
        return {"code": "open_shares", "column": column, "values": []}
    return None


def _refusal(survey: Survey, refused: dict[str, Any]) -> Raking:
    return Raking(n_used=survey.n, method=Phrase("raking.method"), refused=refused,
                  frame=tidy_frame([], COLUMNS))  # fmt: skip


def _raking(survey, rows, base, weights, groups) -> Raking:
    import pandas as pd

    columns = list(dict.fromkeys(row[0] for row in rows))
    position = dict(zip(columns, groups, strict=True))
    table, at = [], dict.fromkeys(columns, 0)
    for column, name, share in rows:
        inside = position[column] == at[column]
        known = position[column] >= 0
        at[column] += 1
        table.append((column, name, int(inside.sum()), float(share),
                      float(base[inside].sum() / base[known].sum()),
                      float(weights[inside].sum() / weights[known].sum())))  # fmt: skip
    return Raking(
        n_used=survey.n, method=Phrase("raking.method"), frame=tidy_frame(table, COLUMNS),
        weights=pd.Series(weights, index=survey.items.index), design_effect=design_effect(weights),
    )  # fmt: skip
