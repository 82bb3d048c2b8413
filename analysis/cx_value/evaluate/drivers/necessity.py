"""Is a lever a must for a high outcome? Necessary-condition ceilings.

Dul (2016), Organizational Research Methods 19, 10–52.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

#: Effect sizes from which a condition is worth a word (Dul 2016: 0.1 is the least medium effect).
LEAST_EFFECT = 0.10
LEAST_P = 0.05
COLUMNS = (
    "lever", "n", "scope", "zone_ce", "effect_ce", "peers", "zone_cr", "effect_cr", "slope",
    "intercept", "accuracy", "p", "necessary", "needed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NecessaryConditions(Result):
    """The ceiling of every lever on the outcome.

    Attributes
    ----------
    frame : DataFrame
        One row a lever. ``effect_ce`` and ``effect_cr`` are the empty zone above the ceiling over
        the scope, for the step function (CE-FDH) and the regression line (CR-FDH); ``p`` is the
        share of random pairings with an empty zone (CE-FDH) as large; ``necessary`` where the
        effect reaches 0.10 with p below .05; ``needed`` the lever's score without which nobody
        reached ``level``.
    outcome : str
    level : float
        Level of the outcome that ``needed`` speaks of, in its own units.
    """

    template = "necessity.ceilings"

    frame: pd.DataFrame
    outcome: str
    level: float

    def facts(self) -> dict[str, Any]:
        """Return the conditions that say something, and what they demand."""
        kept = self.frame[self.frame.necessary]
        return {
            "outcome": self.outcome, "level": self.level, "levers": len(self.frame),
            "least_effect": LEAST_EFFECT, "source": "dul2016",
            "necessary": [
                {"lever": r.lever, "effect": r.effect_ce, "p": r.p, "needed": r.needed}
                for r in kept.itertuples()
            ],
        }  # fmt: skip


def necessary_conditions(
    scores: pd.DataFrame, levers: Sequence[str], outcome: str, *, level: float = 0.8,
    permutations: int = 1000, seed: int = 0,
) -> NecessaryConditions:  # fmt: skip
    """Compute the ceilings of every lever on an outcome.

    Parameters
    ----------
    scores : DataFrame
    levers, outcome : str
    level : float
        The level asked about, as a share of the outcome's range.
    permutations, seed : int
        Of the test that a random pairing leaves as large a zone empty (Dul, van der Laan & Kuik
        2020).

    Raises
    ------
    DataError
        If a lever or the outcome does not vary.
    """
    rows = []
    for lever in levers:
        pairs = scores[[lever, outcome]].dropna().to_numpy(dtype=float)
        rows.append((lever, len(pairs), *_ceiling(pairs, level, permutations, seed)))
    frame = tidy_frame(rows, COLUMNS).sort_values("effect_ce", ascending=False, ignore_index=True)
    y = scores[outcome].dropna()
    return NecessaryConditions(
        n_used=int(frame.n.max()), frame=frame, outcome=outcome,
        method=Phrase("necessity.method", {"permutations": permutations}),
        level=float(y.min() + level * (y.max() - y.min())),
    )  # fmt: skip


def _ceiling(pairs: np.ndarray, level: float, permutations: int, seed: int) -> tuple:
    x, y = pairs.T
    if len(pairs) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise DataError(
            "a lever or the outcome does not vary · allowed: scores that vary · do: leave it out"
        )
    scope = float(np.ptp(x) * np.ptp(y))
    zone = ceiling_envelope_zone(x, y)
    peers = upper_left_corners(x, y)
    line = ceiling_regression(peers, x, y)
    p = _permutation_p(x, y, zone, permutations, seed)
    wanted = y.min() + level * np.ptp(y)
    needed = float(x[y >= wanted].min())
    necessary = bool(zone / scope >= LEAST_EFFECT and p < LEAST_P)
    return (scope, zone, zone / scope, len(peers), line["zone"], line["zone"] / scope,
            line["slope"], line["intercept"], line["accuracy"], p, necessary, needed)  # fmt: skip


def ceiling_envelope_zone(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the empty area above the step function of the highest y so far (CE-FDH).

    ``y`` (..., n) may hold many pairings of one ``x`` (n,).

    >>> float(ceiling_envelope_zone(np.array([0.0, 1, 2]), np.array([0.0, 1, 3])))
    5.0
    """
    order = np.argsort(x, kind="stable")
    ordered = np.take(y, order, axis=-1)
    highest = np.maximum.accumulate(ordered, axis=-1)
    widths = np.diff(x[order])
    top = ordered.max(axis=-1, keepdims=True)
    return ((top - highest[..., :-1]) * widths).sum(axis=-1)


def upper_left_corners(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the points where the step function rises: the peers that carry the ceiling."""
    order = np.lexsort((-y, x))
    corners, highest = [], -np.inf
    for here in order:
        if y[here] > highest:
            highest = y[here]
            corners.append((x[here], y[here]))
    return np.array(corners)


def ceiling_regression(peers: np.ndarray, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the line through the peers (CR-FDH), its empty zone within the scope, and accuracy."""
    if len(peers) < 2:
        return dict.fromkeys(("slope", "intercept", "zone", "accuracy"), float("nan"))
    slope, intercept = np.polyfit(peers[:, 0], peers[:, 1], 1)
    grid = np.unique(np.concatenate([[x.min(), x.max()], _crossings(slope, intercept, x, y)]))
    gap = y.max() - np.clip(intercept + slope * grid, y.min(), y.max())
    zone = float(np.trapezoid(gap, grid)) if slope > 0 else 0.0
    accuracy = float((y <= intercept + slope * x + 1e-9 * np.ptp(y)).mean())
    return {"slope": float(slope), "intercept": float(intercept), "zone": zone,
            "accuracy": accuracy}  # fmt: skip


def _crossings(slope: float, intercept: float, x: np.ndarray, y: np.ndarray) -> list[float]:
    """Return where the line leaves the scope, so that the zone is cut there."""
    if slope == 0:
        return []
    ends = [(edge - intercept) / slope for edge in (y.min(), y.max())]
    return [end for end in ends if x.min() < end < x.max()]


def _permutation_p(
    x: np.ndarray, y: np.ndarray, zone: float, permutations: int, seed: int
) -> float:
    random = np.random.default_rng(seed)
    shuffled = random.permuted(np.broadcast_to(y, (permutations, len(y))), axis=1)
    found = ceiling_envelope_zone(x, shuffled)
    return float((1 + (found >= zone - 1e-12).sum()) / (permutations + 1))
