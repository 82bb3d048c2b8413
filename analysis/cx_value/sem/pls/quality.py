"""How good the measurement and the structure of a PLS model are, from correlations alone.

Every function takes arrays with the sample as the leading axis (see ``pls_algorithm``).
"""

from __future__ import annotations

import numpy as np

from cx_value.sem.pls.algorithm import regress
from cx_value.sem.pls.model import PathModel


def standardised_alpha(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """Cronbach's α of standardised items (D, J); 1 for single items. Cronbach (1951), eq. 29."""
    alpha = np.ones((len(correlations), len(model.constructs)))
    for j in range(len(model.constructs)):
        block = model.block(j)
        if (k := len(block)) > 1:
            total = correlations[:, block[:, None], block].sum(axis=(1, 2))
            alpha[:, j] = k / (k - 1) * (1.0 - k / total)
    return alpha


def average_variance_extracted(loadings: np.ndarray, model: PathModel) -> np.ndarray:
    """AVE (D, J), the mean squared loading: Fornell & Larcker (1981), eq. 11."""
    mask = model.mask
    return (loadings**2) @ mask / mask.sum(axis=0)


def composite_reliability(loadings: np.ndarray, model: PathModel) -> np.ndarray:
    """ρ_C (D, J), (Σλ)² / ((Σλ)² + Σ(1 - λ²)): Fornell & Larcker (1981), eq. 10."""
    mask = model.mask
    common = (loadings @ mask) ** 2
    return common / (common + (1.0 - loadings**2) @ mask)


def heterotrait_monotrait_ratio(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """HTMT (D, J, J): mean absolute correlation across two constructs over that within them.

    Henseler, Ringle & Sarstedt (2015), Journal of the Academy of Marketing Science 43, 115–135,
    eq. 6, on absolute correlations; a single item's monotrait mean is 1.
    """
    mask, sizes = model.mask, model.mask.sum(axis=0)
    absolute = np.abs(correlations)
    sums = mask.T @ absolute @ mask
    means = sums / np.outer(sizes, sizes)
    within = np.einsum("djj->dj", sums) - sizes
    pairs = np.maximum(sizes * (sizes - 1), 1)
    monotrait = np.where(sizes > 1, within / pairs, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = means / np.sqrt(monotrait[:, :, None] * monotrait[:, None, :])
    diagonal = np.arange(len(sizes))
    ratio[:, diagonal, diagonal] = 1.0
    return ratio


def variance_inflation(correlations: np.ndarray) -> np.ndarray:
    """VIF of each variable given the others: the diagonal of the inverse correlation matrix.

    Infinite for a variable that the others determine.
    """
    if np.linalg.matrix_rank(correlations, tol=1e-10, hermitian=True) == len(correlations):
        return np.diag(np.linalg.inv(correlations)).copy()
    left = np.empty(len(correlations))
    for j in range(len(left)):
        rest = np.delete(np.arange(len(left)), j)
        beta = np.linalg.lstsq(correlations[np.ix_(rest, rest)], correlations[rest, j], rcond=1e-10)
        left[j] = 1.0 - beta[0] @ correlations[rest, j]
    return np.where(left > 1e-9, 1.0 / np.maximum(left, 1e-9), np.inf)


def item_variance_inflation(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """VIF (p,) of each item given the others of its construct; ``correlations`` is (p, p)."""
    result = np.ones(len(model.items))
    for j in range(len(model.constructs)):
        block = model.block(j)
        if len(block) > 1:
            result[block] = variance_inflation(correlations[np.ix_(block, block)])
    return result


def cohen_f_squared(correlations: np.ndarray, model: PathModel) -> dict[tuple[int, int], float]:
    """f² of each path: what R² loses without the source, over what stays unexplained.

    Cohen (1988), eq. 9.2.1, with construct scores held as estimated. ``correlations`` is (J, J).
    """
    batch = correlations[None]
    return {
        (source, target): _f_squared(batch, source, target, model.sources(target))
        for source, target in model.arrows
    }


def _f_squared(batch: np.ndarray, source: int, target: int, sources: np.ndarray) -> float:
    full = _r_squared(batch, target, sources)
    return (full - _r_squared(batch, target, sources[sources != source])) / (1.0 - full)


def _r_squared(batch: np.ndarray, target: int, sources: np.ndarray) -> float:
    if not len(sources):
        return 0.0
    return float((regress(batch, target, sources) * batch[:, sources, target]).sum())


def adjusted_r_squared(r_squared: float, n_rows: int, n_sources: int) -> float:
    """R² less what that many sources explain by chance: Ezekiel (1930)."""
    return 1.0 - (1.0 - r_squared) * (n_rows - 1) / (n_rows - n_sources - 1)
