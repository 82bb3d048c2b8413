"""How good the measurement and the structure of a PLS model are, from correlations alone.

Every function takes arrays with the sample as the leading axis (see ``pls_algorithm``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cx_value.base import formulas
from cx_value.sem.pls.algorithm import regress
from cx_value.sem.pls.model import PathModel


def standardised_alpha(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """Cronbach's α of standardised items (D, J); 1 for single items."""
    return _by_block(model, lambda b: formulas.cronbach_alpha(correlations[:, b[:, None], b]))


def average_variance_extracted(loadings: np.ndarray, model: PathModel) -> np.ndarray:
    """AVE (D, J) of loadings (D, p); 1 for single items."""
    return _by_block(model, lambda b: formulas.average_variance_extracted(loadings[:, b]))


def composite_reliability(loadings: np.ndarray, model: PathModel) -> np.ndarray:
    """ρ_C (D, J) of loadings (D, p); 1 for single items."""
    return _by_block(model, lambda b: formulas.composite_reliability(loadings[:, b]))


def heterotrait_monotrait_ratio(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """HTMT (D, J, J); see :func:`cx_value.base.formulas.heterotrait_monotrait`."""
    return formulas.heterotrait_monotrait(correlations, _blocks(model), kind="htmt_plus")


def item_variance_inflation(correlations: np.ndarray, model: PathModel) -> np.ndarray:
    """VIF (p,) of each item given the others of its construct; ``correlations`` is (p, p)."""
    result = np.ones(len(model.items))
    for block in _blocks(model):
        result[block] = formulas.variance_inflation(correlations[np.ix_(block, block)])
    return result


def _blocks(model: PathModel) -> list[np.ndarray]:
    return [model.block(j) for j in range(len(model.constructs))]


def _by_block(model: PathModel, formula: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return a formula of every construct's items (D, J); 1 where there is a single item."""
    columns = [formula(block) if len(block) > 1 else None for block in _blocks(model)]
    n = next((len(column) for column in columns if column is not None), 1)
    return np.column_stack([np.ones(n) if column is None else column for column in columns])


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
