"""Each respondent's position on the latent variables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.sem.design.matrices import LAMBDA, THETA, Implied
from cx_value.sem.reading.result import ModelFit

METHODS = ("regression", "bartlett")


def factor_scores(fit: ModelFit, method: str = "regression") -> pd.DataFrame:
    """Return factor scores ``(rows used, latent variables)``, indexed by row of the data.

    Parameters
    ----------
    fit : ModelFit
    method : {"regression", "bartlett"}
        The conditional mean given the answers (Thurstone 1935; smallest error, shrunken), or
        weighted least squares (Bartlett 1937; unbiased). Without means scores are centred at 0.
        Missing answers are left out of a row's score.

    Raises
    ------
    ModelError
        If the method is unknown, or Bartlett's cannot give a latent variable without indicators of
        its own a score.

    Notes
    -----
    Agrees with lavaan's ``lavPredict()`` to 1e-6.
    """
    if method not in METHODS:
        raise ModelError(f"method is '{method}' · allowed: {', '.join(METHODS)} · do: choose one")
    prepared = fit.prepared
    implied = prepared.design.implied(fit.solution.theta, prepared.target.sample[0])
    parts = [_group_scores(fit, implied, g, method) for g in range(len(prepared.samples))]
    return pd.concat(parts).sort_index()


def _group_scores(fit: ModelFit, implied: Implied, g: int, method: str) -> pd.DataFrame:
    prepared, design = fit.prepared, fit.prepared.design
    sample, latents = prepared.samples[g], list(prepared.model.latents)
    p = len(prepared.model.observed)
    rows = sample.rows / design.units[:p]
    sigma, latent = implied.sigma[g], implied.latent[g]
    across = latent @ implied.loadings[g].T
    at = [design.state.index(name) for name in latents]
    mean, center = sample.mean() / design.units[:p], np.zeros(len(at))
    if prepared.model.meanstructure:
        mean, center = sigma[:p, p], latent[at, -1]
        sigma = sigma - np.outer(sigma[:, p], sigma[:, p])
        across = across - np.outer(latent[:, -1], implied.sigma[g][:, p])
    away = rows - mean
    scores = np.full((sample.n, len(at)), np.nan)
    seen = ~np.isnan(away)
    for pattern in np.unique(seen, axis=0):
        members = (seen == pattern).all(axis=1)
        columns = np.flatnonzero(pattern)
        if method == "regression":
            weights = across[np.ix_(at, columns)] @ np.linalg.inv(sigma[np.ix_(columns, columns)])
            scores[members] = away[np.ix_(members, columns)] @ weights.T + center
        else:
            weights = _bartlett(fit, implied, g, at, columns)
            scores[members] = away[np.ix_(members, columns)] @ weights.T + center
    units = design.state_units[at]
    return pd.DataFrame(scores * units, index=sample.index, columns=latents)


def _bartlett(
    fit: ModelFit, implied: Implied, g: int, at: list[int], columns: np.ndarray
) -> np.ndarray:
    """Return weights (Λ'Θ⁻¹Λ)⁻¹Λ'Θ⁻¹ on the columns seen."""
    design = fit.prepared.design
    items = [c for c in columns if design.observed[c] not in design.state]
    loadings = implied.blocks[LAMBDA][g][np.ix_(items, at)]
    noise = implied.blocks[THETA][g][np.ix_(items, items)]
    empty = [design.state[a] for a, column in zip(at, loadings.T, strict=True) if not column.any()]
    if empty:
        raise ModelError(
            f"Bartlett scores for {', '.join(empty)}, which has no answered indicator of its own · "
            "allowed: latent variables measured by items · do: use method='regression'"
        )
    weighted = np.linalg.solve(noise, loadings)
    weights = np.zeros((len(at), len(columns)))
    place = [int(np.flatnonzero(columns == c)[0]) for c in items]
    weights[:, place] = np.linalg.solve(loadings.T @ weighted, weighted.T)
    return weights
