r"""Steps on the scale of the latent covariances.

Where two predictors of a path are nearly collinear, the residual variance d of the one given the
other passes through zero and the path c / d through infinity. Seen as a function of paths, F then
has valleys that lead away to infinity on either side of a pole; seen as a function of the latent
covariance matrix V it is smooth. A step is therefore made in V, and paths and residual variances
are read off V by regression, equation by equation. To first order it is the same step, so Newton's
rate is kept; scoring becomes scoring in V, for its direction does not depend on coordinates
(Amari 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cx_value.sem.design.matrices import Design, Implied

_LAMBDA, BETA, PSI = 0, 1, 2


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


def structural_equations(design: Design) -> tuple[Equation, ...]:
    """Return the rows of B in causal order; none where steps in V would gain or hold nothing.

    Needed: no circle, residuals of endogenous states that do not covary, every path and residual
    variance a parameter of its own; and one equation with two latent predictors, for else there
    is no pole.
    """
    path, spread = _pattern(design, BETA), _pattern(design, PSI)
    path[np.unique(design.exogenous[:, 1])] = False
    endogenous = path.any(axis=1)
    order = _causal_order(path)
    covary = spread & ~np.eye(len(path), dtype=bool)
    # The constant of a mean structure is no predictor that others could be collinear with.
    n_predictors = path[:, : len(path) - design.model.meanstructure].sum(axis=1)
    if order is None or covary[endogenous].any() or n_predictors.max(initial=0) < 2:
        return ()
    own = _own_parameter(design)
    equations, known = [], list(np.flatnonzero(~endogenous))
    for row in order:
        equation = _equation(design, row, own, np.array(known))
        if equation is None:
            return ()
        equations.append(equation)
        known.append(row)
    return tuple(equations)


def advance(
    design: Design, theta: np.ndarray, move: np.ndarray, implied: Implied, sample: np.ndarray
) -> np.ndarray:
    """Return ``theta (R, k)`` after a step ``move``, made in V where that is possible."""
    moved = theta + move
    equations = design.equations
    if not equations:
        return moved
    filled = design.fill(moved, sample)
    covariance = _after(implied, filled)
    goal = covariance.copy()
    for equation in equations:
        slopes, crossed = _regression(equation, goal, covariance, filled[BETA])
        moved[:, equation.paths.T] = slopes.transpose(0, 2, 1)
        row, known = equation.row, equation.known
        covariance[..., row, known] = covariance[..., known, row] = crossed
        weights = filled[BETA][..., row, :].copy()
        weights[..., equation.sources] = slopes
        explained = (weights[..., known] * crossed).sum(axis=-1)
        if equation.variance is None:
            covariance[..., row, row] = explained + filled[PSI][..., row, row]
        else:
            moved[:, equation.variance] = goal[..., row, row] - explained
    return moved


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve many systems; where one is exactly singular, all with a trace of a ridge."""
    try:
        return np.linalg.solve(matrix, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        scale = np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)).max(axis=-1)
        ridge = (1e-9 * (scale + 1e-9))[..., None, None] * np.eye(matrix.shape[-1])
        return np.linalg.solve(matrix + ridge, right[..., None])[..., 0]


def _after(implied: Implied, filled: list[np.ndarray]) -> np.ndarray:
    """V after a step, to first order: dV = E dB V + (E dB V)' + E dΨ E'."""
    total, latent = implied.total, implied.latent
    half = total @ (filled[BETA] - implied.blocks[BETA]) @ latent
    change = total @ (filled[PSI] - implied.blocks[PSI]) @ np.swapaxes(total, -1, -2)
    return latent + half + np.swapaxes(half, -1, -2) + change


def _regression(
    equation: Equation, goal: np.ndarray, covariance: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Free slopes of one state, and its covariances with the states before it."""
    row, known, sources = equation.row, equation.known, equation.sources
    fixed = beta[..., row, :].copy()
    fixed[..., sources] = 0.0
    held = (covariance[..., known] @ fixed[..., known, None])[..., 0]
    slopes = np.zeros((*beta.shape[:-2], len(sources)))
    if len(sources):
        within = covariance[..., sources[:, None], sources]
        slopes = solve(within, goal[..., row, sources] - held[..., sources])
        held = held + (covariance[..., sources] @ slopes[..., None])[..., 0]
    return slopes, held[..., known]


def _pattern(design: Design, kind: int) -> np.ndarray:
    """Mark the entries of B or Ψ that are free or fixed at something else than zero."""
    marked = (design.base[kind] != 0).any(axis=0)
    rows = design.slots[design.slots[:, 0] == kind]
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


def _own_parameter(design: Design) -> np.ndarray:
    """Parameter of every slot (groups, T) that is its only one, unscaled; -1 elsewhere."""
    used = (design.mapping != 0).sum(axis=(0, 1)) == 1
    own = (design.mapping == 1.0) & used
    return np.where(own.any(axis=2), own.argmax(axis=2), -1)


def _equation(design: Design, row: int, own: np.ndarray, known: np.ndarray) -> Equation | None:
    kind, i, j = design.slots.T
    at = np.flatnonzero((kind == BETA) & (i == row))
    spread = np.flatnonzero((kind == PSI) & (i == row) & (j == row))
    if (own[:, at] < 0).any() or (own[:, spread] < 0).any():
        return None
    variance = own[:, spread[0]] if len(spread) else None
    return Equation(row, j[at], own[:, at], variance, known)
