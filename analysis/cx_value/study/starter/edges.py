"""Codes for no answer that stand right beside a scale: 0 below 1 to 7, 6 above 1 to 5.

Nothing in their number tells them from a point. Their answers do: whoever gives the lowest point
gives low answers elsewhere, whoever gives a code for no answer does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Scales beside which a code is looked for.
BESIDE = ((1, 4), (1, 5), (1, 7), (1, 10), (0, 10))
#: Scales nobody would declare, so that few answers at their edge are codes.
UNUSUAL = {(0, 7), (0, 9), (1, 8)}
#: Answers needed at the edge, their largest share, the difference in standard deviations, its z.
ENOUGH, MOST, APART, SURE = 10, 0.25, 0.35, 3.0
#: Items that a person's other answers are taken from.
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Edge:
    """Codes beyond one end of a scale."""

    codes: tuple[float, ...]
    low: float
    high: float


def edge_codes(answers: Mapping[str, pd.Series]) -> dict[str, tuple[float, ...]]:
    """Return, for each rating item that has any, the codes beside its scale.

    Parameters
    ----------
    answers
        Rating item → its answers as numbers.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(300, 1))
    >>> items = np.clip(np.round(4 + 1.3 * trait + draw.normal(size=(300, 4))), 1, 7)
    >>> items[draw.random((300, 4)) < 0.05] = 0
    >>> sorted(edge_codes(pd.DataFrame(items, columns=list("abcd"))).items())
    [('a', (0.0,)), ('b', (0.0,)), ('c', (0.0,)), ('d', (0.0,))]
    """
    spans = {name: (given.min(), given.max()) for name, given in answers.items()}
    if not spans:
        return {}
    for edge in _candidates(_highest([high for _, high in spans.values()])):
        ends = min(edge.low, *edge.codes), max(edge.high, *edge.codes)
        names = [n for n, (low, high) in spans.items() if ends[0] <= low and high <= ends[1]]
        if len(names) >= 0.5 * len(spans) and _is_beside(answers, names, edge):
            held = {n: tuple(c for c in edge.codes if (answers[n] == c).any()) for n in names}
            return {name: codes for name, codes in held.items() if codes}
    return {}


def _highest(ends: list[float]) -> float:
    """Return the highest answer of at least a tenth of the items; one odd column tells nothing."""
    return max(end for end in set(ends) if ends.count(end) >= 0.1 * len(ends))


def _candidates(highest: float) -> list[Edge]:
    """Return what may stand beside a scale when this is the highest answer, widest first."""
    below = [Edge((0.0,), low, high) for low, high in BESIDE if low == 1 and high == highest]
    above = [
        Edge(tuple(float(high + k) for k in range(1, many + 1)), low, high)
        for low, high in BESIDE for many in (2, 1) if high + many == highest
    ]  # fmt: skip
    return below + above


def _is_beside(answers: Mapping[str, pd.Series], names: list[str], edge: Edge) -> bool:
    frame = pd.DataFrame({name: answers[name] for name in names})
    at = frame.isin(edge.codes)
    count, share = int(at.to_numpy().sum()), at.to_numpy().sum() / frame.notna().to_numpy().sum()
    if count == 0 or share > MOST:
        return False
    span = (min(edge.low, *edge.codes), max(edge.high, *edge.codes))
    if len(names) < 3:
        return span in UNUSUAL and share < 0.1
    rest = _elsewhere(frame.mask(at))
    end = edge.low if edge.codes[0] < edge.low else edge.high
    near = (frame - end).abs() <= 1
    beside, inside = rest.to_numpy()[at.to_numpy()], rest.to_numpy()[near.to_numpy() & ~at]
    beside, inside = beside[~np.isnan(beside)], inside[~np.isnan(inside)]
    if min(len(beside), len(inside)) < ENOUGH:
        return span in UNUSUAL and share < 0.1
    apart = beside.mean() - inside.mean()
    apart = apart if end == edge.low else -apart
    spread = np.sqrt(beside.var(ddof=1) / len(beside) + inside.var(ddof=1) / len(inside))
    return bool(apart > max(APART, SURE * spread))


def _elsewhere(items: pd.DataFrame) -> pd.DataFrame:
    """Return, for each cell, what the person answers to the items nearest to this one.

    In standard deviations, turned so that high goes with high.
    """
    correlations = items.corr(min_periods=10).fillna(0)
    spread = items.std().replace(0, np.nan)
    scores = (items - items.mean()) / spread
    found = {}
    for name in items:
        others = correlations[name].drop(name)
        nearest = others.abs().nlargest(NEAREST).index
        found[name] = (scores[nearest] * np.sign(others[nearest])).mean(axis=1)
    return pd.DataFrame(found)
