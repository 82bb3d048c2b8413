"""The rows of B as equations: which parameters are whose paths, in causal order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BETA, PSI = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """One row of B: its predictors with free paths, and which parameters (groups, ·) those are.

    ``variance`` (groups,) is the parameter of the residual variance, None where it is not free;
    ``known`` are the states whose covariances are settled before.
    """

    row: int
    sources: np.ndarray
    paths: np.ndarray
    variance: np.ndarray | None
    known: np.ndarray


def structural_equations(
    base: Sequence[np.ndarray],
    slots: np.ndarray,
    mapping: np.ndarray,
    exogenous: np.ndarray,
    *,
    means: bool,
) -> tuple[Equation, ...]:
    """Return the rows of B in causal order; none where steps in V would gain or hold nothing.

    Needed: no circle, residuals of endogenous states that do not covary, every path and residual
    variance a parameter of its own; and one equation with two latent predictors, for else there
    is no pole.
    """
    path, spread = _pattern(base, slots, BETA), _pattern(base, slots, PSI)
    path[np.unique(exogenous[:, 1])] = False
    endogenous = path.any(axis=1)
    order = _causal_order(path)
    covary = spread & ~np.eye(len(path), dtype=bool)
    # The constant of a mean structure is no predictor that others could be collinear with.
    n_predictors = path[:, : len(path) - means].sum(axis=1)
    if order is None or covary[endogenous].any() or n_predictors.max(initial=0) < 2:
        return ()
    own = _own_parameter(mapping)
    equations, known = [], list(np.flatnonzero(~endogenous))
    for row in order:
        equation = _equation(slots, row, own, np.array(known))
        if equation is None:
            return ()
        equations.append(equation)
        known.append(row)
    return tuple(equations)


def _pattern(base: Sequence[np.ndarray], slots: np.ndarray, kind: int) -> np.ndarray:
    """Mark the entries of B or Ψ that are free or fixed at something else than zero."""
    marked = (base[kind] != 0).any(axis=0)
    rows = slots[slots[:, 0] == kind]
    marked[rows[:, 1], rows[:, 2]] = True
    return marked | marked.T if kind == PSI else marked


def _causal_order(path: np.ndarray) -> list[int] | None:
    """Endogenous states, every one after its predictors; None where they go in a circle."""
    known, left, order = ~path.any(axis=1), set(np.flatnonzero(path.any(axis=1)).tolist()), []
    while left:
        ready = [row for row in sorted(left) if known[path[row]].all()]
        if not ready:
            return None
        order += ready
        known[ready] = True
        left -= set(ready)
    return order


def _own_parameter(mapping: np.ndarray) -> np.ndarray:
    """Parameter of every slot (groups, T) that is its only one, unscaled; -1 elsewhere."""
    used = (mapping != 0).sum(axis=(0, 1)) == 1
    own = (mapping == 1.0) & used
    return np.where(own.any(axis=2), own.argmax(axis=2), -1)


def _equation(slots: np.ndarray, row: int, own: np.ndarray, known: np.ndarray) -> Equation | None:
    kind, i, j = slots.T
    at = np.flatnonzero((kind == BETA) & (i == row))
    spread = np.flatnonzero((kind == PSI) & (i == row) & (j == row))
    if (own[:, at] < 0).any() or (own[:, spread] < 0).any():
        return None
    variance = own[:, spread[0]] if len(spread) else None
    return Equation(row, j[at], own[:, at], variance, known)
