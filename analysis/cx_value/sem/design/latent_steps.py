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

import numpy as np

from cx_value.sem.design.equations import Equation
from cx_value.sem.design.matrices import BETA, PSI, Design, Implied


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
