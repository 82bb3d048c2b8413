"""The PLS algorithm on correlation matrices, for many samples at once.

Scores are never formed: with items' correlations ``R`` and outer weights ``W``, the construct
scores correlate as ``W' R W``. The leading axis of every array is the sample (one for an ordinary
fit, thousands for a bootstrap, one per fold for cross-validation).

Wold (1982); Lohmöller (1989), chapter 2; Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005),
Computational Statistics & Data Analysis 48, 159–205, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.pls.model import PathModel

TOLERANCE = 1e-10
MAX_ITERATIONS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class PlsBatch:
    """Estimates of D samples: every array has D rows.

    ``weights`` (D, p) and ``loadings`` (D, p) of each item on its own construct;
    ``item_scores`` (D, p, J) correlations of items with scores; ``score_correlations`` and
    ``correlations`` (D, J, J) of scores and, corrected for attenuation, of constructs;
    ``paths`` (D, J, J) [source, target]; ``r_squared`` and ``rho_a`` (D, J), NaN where undefined.
    """

    weights: np.ndarray
    loadings: np.ndarray
    item_scores: np.ndarray
    score_correlations: np.ndarray
    correlations: np.ndarray
    paths: np.ndarray
    r_squared: np.ndarray
    rho_a: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray

    @property
    def total_effects(self) -> np.ndarray:
        """B + B² + … (D, J, J): the sum ends because the paths never lead back."""
        total, power = self.paths.copy(), self.paths
        with np.errstate(invalid="ignore", over="ignore"):  # failed samples hold NaN
            for _ in range(self.paths.shape[1] - 2):
                power = power @ self.paths
                total = total + power
        return total


def solve_each(matrices: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Solve D linear systems; a singular one gives NaN instead of stopping the others."""
    try:
        return np.linalg.solve(matrices, sides[..., None])[..., 0]
    except np.linalg.LinAlgError:
        solution = np.full(sides.shape, np.nan)
        for row, (matrix, side) in enumerate(zip(matrices, sides, strict=True)):
            if np.isfinite(matrix).all() and np.linalg.matrix_rank(matrix) == len(matrix):
                solution[row] = np.linalg.solve(matrix, side)
        return solution


def regress(correlations: np.ndarray, target: int, sources: np.ndarray) -> np.ndarray:
    """Standardised coefficients of ``target`` on ``sources``: (D, number of sources)."""
    if len(sources) == 1:
        return correlations[:, sources, target]
    among = correlations[:, sources[:, None], sources]
    return solve_each(among, correlations[:, sources, target])


def fit_batch(
    correlations: np.ndarray,
    model: PathModel,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> PlsBatch:
    """Run the algorithm on D correlation matrices (D, p, p); NaN matrices count as failed."""
    weights, converged, iterations = _iterate(correlations, model, start, tolerance, max_iterations)
    return _estimate(correlations, weights, model, converged, iterations)


def _iterate(
    correlations: np.ndarray,
    model: PathModel,
    start: np.ndarray | None,
    tolerance: float,
    max_iterations: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mask = model.mask
    n_draws, n_items = correlations.shape[:2]
    first = np.ones(n_items) if start is None else start
    weights = np.broadcast_to(first[:, None] * mask, (n_draws, *mask.shape)).copy()
    inverses = _block_inverses(correlations, model)
    weights = _standardise(weights, correlations @ weights)[0]
    converged, iterations = np.zeros(n_draws, dtype=bool), np.zeros(n_draws, dtype=int)
    active = np.flatnonzero(np.isfinite(weights).all(axis=(1, 2)))
    r, w, inv = correlations[active], weights[active], {k: v[active] for k, v in inverses.items()}
    for iteration in range(1, max_iterations + 1):
        if not len(active):
            break
        new = _step(r, w, inv, model, mask)
        change = np.abs(new - w).max(axis=(1, 2))
        weights[active], iterations[active] = new, iteration
        done = (change < tolerance) | ~np.isfinite(change)
        converged[active[done & np.isfinite(change)]] = True
        w = new
        if done.any():
            keep = ~done
            active, r, w = active[keep], r[keep], w[keep]
            inv = {k: v[keep] for k, v in inv.items()}
    return weights, converged, iterations


def _step(
    r: np.ndarray, w: np.ndarray, inverses: dict, model: PathModel, mask: np.ndarray
) -> np.ndarray:
    """One round: inner proxies, then outer weights by mode A or B, then unit variance."""
    item_scores = r @ w
    inner = inner_weights(w.transpose(0, 2, 1) @ item_scores, model)
    covariance = (item_scores @ inner) * mask
    for construct, inverse in inverses.items():
        block = model.block(construct)
        covariance[:, block, construct] = np.einsum(
            "dij,dj->di", inverse, covariance[:, block, construct]
        )
    return _standardise(covariance, r @ covariance)[0]


def _standardise(weights: np.ndarray, item_scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt((weights * item_scores).sum(axis=1))[:, None, :]
        return weights / deviation, item_scores / deviation


def _block_inverses(correlations: np.ndarray, model: PathModel) -> dict[int, np.ndarray]:
    inverses = {}
    for construct in np.flatnonzero(model.is_mode_b):
        block = model.block(construct)
        among = correlations[:, block[:, None], block]
        inverse = np.full(among.shape, np.nan)
        good = np.isfinite(among).all(axis=(1, 2))
        good[good] = np.linalg.matrix_rank(among[good], hermitian=True) == len(block)
        inverse[good] = np.linalg.inv(among[good])
        inverses[int(construct)] = inverse
    return inverses


def inner_weights(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """Weights (D, J, J) by which each construct (column) listens to its neighbours (rows).

    ``centroid``: sign of the correlation; ``factor``: the correlation; ``path``: regression
    coefficients of its sources, correlations with its targets. Tenenhaus et al. (2005), 2.2.2.
    """
    arrows = model.adjacency
    if model.scheme == "centroid":
        return np.sign(correlations) * (arrows | arrows.T)
    if model.scheme == "factor":
        return correlations * (arrows | arrows.T)
    inner = correlations * arrows.T
    for target in model.endogenous:
        sources = model.sources(target)
        inner[:, sources, target] = regress(correlations, target, sources)
    return inner


# From weights to estimates ---------------------------------------------------------------------


def _estimate(
    correlations: np.ndarray,
    weights: np.ndarray,
    model: PathModel,
    converged: np.ndarray,
    iterations: np.ndarray,
) -> PlsBatch:
    item_scores = correlations @ weights
    score_correlations = weights.transpose(0, 2, 1) @ item_scores
    own = np.arange(len(model.owner))
    own_weights, loadings = weights[:, own, model.owner], item_scores[:, own, model.owner]
    rho = dijkstra_henseler_rho(correlations, own_weights, model)
    corrected = _disattenuate(score_correlations, rho, model)
    paths, r_squared = _structural(corrected, model)
    return PlsBatch(
        weights=own_weights,
        loadings=_consistent_loadings(own_weights, loadings, rho, model),
        item_scores=item_scores,
        score_correlations=score_correlations,
        correlations=corrected,
        paths=paths,
        r_squared=r_squared,
        rho_a=rho,
        converged=converged & np.isfinite(paths).all(axis=(1, 2)),
        iterations=iterations,
    )


def dijkstra_henseler_rho(
    correlations: np.ndarray, weights: np.ndarray, model: PathModel
) -> np.ndarray:
    """Reliability ρ_A of each construct's scores (D, J); 1 for single items and mode B.

    ``(w'w)² · w'(S - diag S)w / w'(ww' - diag ww')w``: Dijkstra & Henseler (2015),
    MIS Quarterly 39, 297–316, equation 3.
    """
    rho = np.ones((len(weights), len(model.constructs)))
    for j in range(len(model.constructs)):
        block = model.block(j)
        if len(block) == 1 or model.is_mode_b[j]:
            continue
        w, s = weights[:, block], correlations[:, block[:, None], block]
        with np.errstate(all="ignore"):  # failed samples hold NaN
            square = (w * w).sum(axis=1)
            observed = np.einsum("di,dij,dj->d", w, s, w) - square
            rho[:, j] = square**2 * observed / (square**2 - (w**4).sum(axis=1))
    return rho


def _disattenuate(correlations: np.ndarray, rho: np.ndarray, model: PathModel) -> np.ndarray:
    if not model.is_corrected.any():
        return correlations
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(np.where(model.is_corrected, rho, 1.0))
        corrected = correlations / (root[:, :, None] * root[:, None, :])
    diagonal = np.arange(len(model.constructs))
    corrected[:, diagonal, diagonal] = 1.0
    return corrected


def _consistent_loadings(
    weights: np.ndarray, loadings: np.ndarray, rho: np.ndarray, model: PathModel
) -> np.ndarray:
    """For PLSc: loadings proportional to the weights, Dijkstra & Henseler (2015), equation 5."""
    consistent = loadings.copy()
    for j in np.flatnonzero(model.is_corrected):
        block = model.block(j)
        w = weights[:, block]
        with np.errstate(invalid="ignore"):
            scale = np.sqrt(rho[:, j]) / (w * w).sum(axis=1)
        consistent[:, block] = w * scale[:, None]
    return consistent


def _structural(correlations: np.ndarray, model: PathModel) -> tuple[np.ndarray, np.ndarray]:
    paths = np.zeros(correlations.shape)
    r_squared = np.full(correlations.shape[:2], np.nan)
    for target in model.endogenous:
        sources = model.sources(target)
        beta = regress(correlations, target, sources)
        paths[:, sources, target] = beta
        r_squared[:, target] = (beta * correlations[:, sources, target]).sum(axis=1)
    return paths, r_squared
