"""Latent scores: how they are drawn, and what their moments are in the whole population."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.simulate.truth import (
    CONSTRUCTS,
    DIMENSIONS,
    EXOGENOUS,
    INDUSTRIES,
    LATER,
    OUTCOMES,
    OWN_BRAND,
    RIVAL_BRANDS,
    WAVES,
    Truth,
)

_N = len(CONSTRUCTS)


def exogenous_correlations(truth: Truth) -> np.ndarray:
    """Return the correlations of the exogenous constructs, shape (11, 11)."""
    k, n = len(DIMENSIONS), len(EXOGENOUS)
    matrix = np.full((n, n), truth.other_correlation)
    matrix[: k + 1, : k + 1] = truth.price_correlation
    matrix[:k, :k] = truth.dimension_correlation
    np.fill_diagonal(matrix, 1.0)
    return matrix


def path_matrix(truth: Truth, industry: str) -> np.ndarray:
    """Return B of eta = B eta + zeta, rows the targets, shape (15, 15)."""
    matrix = np.zeros((_N, _N))
    for target in OUTCOMES:
        for source, path in truth.paths(target, industry).items():
            matrix[CONSTRUCTS.index(target), CONSTRUCTS.index(source)] = path
    return matrix


def disturbance_covariance(truth: Truth, industry: str) -> np.ndarray:
    """Return the covariance of zeta that gives every construct variance 1.

    Raises
    ------
    ModelError
        If paths explain more than all of a construct.
    """
    paths, psi = path_matrix(truth, industry), np.zeros((_N, _N))
    free = [CONSTRUCTS.index(name) for name in EXOGENOUS]
    psi[np.ix_(free, free)] = exogenous_correlations(truth)
    for target in OUTCOMES:
        i = CONSTRUCTS.index(target)
        explained = (paths[i] @ _covariance(paths, psi) @ paths[i]).item()
        if explained >= 1:
            raise ModelError(
                f"The paths to {target} explain {explained:.2f} of its variance in {industry} · "
                "allowed: below 1 · do: make them smaller"
            )
        psi[i, i] = 1.0 - explained
    return psi


def latent_covariance(truth: Truth, industry: str) -> np.ndarray:
    """Return the covariance of all constructs within a brand, industry and wave."""
    return _covariance(path_matrix(truth, industry), disturbance_covariance(truth, industry))


def _covariance(paths: np.ndarray, psi: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(np.eye(_N) - paths)
    return inverse @ psi @ inverse.T


def mean_shift(truth: Truth, brand: str, industry: str, wave: int) -> np.ndarray:
    """Return the shift of the exogenous means, 0 for the own brand on average, shape (15,)."""
    shift = dict.fromkeys(CONSTRUCTS, 0.0)
    for name, value in truth.brand_shift[brand].items():
        shift[name] += value
    for name, value in truth.industry_shift[industry].items():
        shift[name] += value
    for other in INDUSTRIES:
        for name, value in truth.industry_shift[other].items():
            shift[name] -= truth.industry_shares[other] * value
    if brand == OWN_BRAND:
        shift["RES"] += truth.programme_effect * ((wave >= 3) - 0.5)
    return np.array([shift[name] for name in CONSTRUCTS])


def latent_mean(truth: Truth, brand: str, industry: str, wave: int) -> np.ndarray:
    """Return the means of all constructs in a brand, industry and wave, shape (15,)."""
    inverse = np.linalg.inv(np.eye(_N) - path_matrix(truth, industry))
    return inverse @ mean_shift(truth, brand, industry, wave)


def draw_people(
    truth: Truth, n: int, own: bool, random: np.random.Generator, later: np.random.Generator
) -> pd.DataFrame:
    """Draw ``brand industry wave`` and the fifteen latent scores of n people."""
    brands = (OWN_BRAND,) if own else RIVAL_BRANDS
    shares = [truth.industry_shares[i] for i in INDUSTRIES]
    people = pd.DataFrame(
        {
            "brand": random.choice(brands, size=n),
            "industry": random.choice(INDUSTRIES, size=n, p=shares),
            "wave": random.choice(WAVES, size=n),
        }
    )
    first = random.standard_normal((n, _N - len(LATER)))
    normal = np.hstack([first, later.standard_normal((n, len(LATER)))])
    scores = np.empty((n, _N))
    for industry in INDUSTRIES:
        rows = (people["industry"] == industry).to_numpy()
        scores[rows] = normal[rows] @ np.linalg.cholesky(latent_covariance(truth, industry)).T
    for cell, index in people.groupby(["brand", "industry", "wave"]).indices.items():
        scores[index] += latent_mean(truth, *cell)
    return people.join(pd.DataFrame(scores, columns=list(CONSTRUCTS)))


def cells(truth: Truth, own_share: float) -> list[tuple[float, str, str, int]]:
    """Return ``(share, brand, industry, wave)`` of a population with this share of own brand."""
    brands = {OWN_BRAND: own_share} | dict.fromkeys(RIVAL_BRANDS, (1 - own_share) / 3)
    return [
        (share * truth.industry_shares[industry] / len(WAVES), brand, industry, wave)
        for (brand, share), industry, wave in product(brands.items(), INDUSTRIES, WAVES)
        if share > 0
    ]


def pooled_moments(truth: Truth, own_share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of the constructs over brands, industries and waves."""
    within = {industry: latent_covariance(truth, industry) for industry in INDUSTRIES}
    mean, second = np.zeros(_N), np.zeros((_N, _N))
    for share, brand, industry, wave in cells(truth, own_share):
        centre = latent_mean(truth, brand, industry, wave)
        mean += share * centre
        second += share * (within[industry] + np.outer(centre, centre))
    return mean, second - np.outer(mean, mean)


def pooled_paths(truth: Truth, own_share: float) -> dict[str, dict[str, float]]:
    """Return the standardised paths that one model for everybody would find in the population."""
    _, covariance = pooled_moments(truth, own_share)
    spread = np.sqrt(np.diag(covariance))
    found = {}
    for target in OUTCOMES:
        sources = list(truth.paths(target, INDUSTRIES[0]))
        i, j = CONSTRUCTS.index(target), [CONSTRUCTS.index(source) for source in sources]
        slopes = np.linalg.solve(covariance[np.ix_(j, j)], covariance[j, i])
        found[target] = dict(zip(sources, (slopes * spread[j] / spread[i]).tolist(), strict=True))
    return found


def pooled_effects(truth: Truth, own_share: float) -> dict[str, dict[str, float]]:
    """Return standardised total effects by target and source, from the pooled paths."""
    matrix = np.zeros((_N, _N))
    for target, by in pooled_paths(truth, own_share).items():
        for source, path in by.items():
            matrix[CONSTRUCTS.index(target), CONSTRUCTS.index(source)] = path
    total = np.linalg.inv(np.eye(_N) - matrix) - np.eye(_N)
    return {
        target: {
            source: float(total[CONSTRUCTS.index(target), CONSTRUCTS.index(source)])
            for source in CONSTRUCTS
            if total[CONSTRUCTS.index(target), CONSTRUCTS.index(source)]
        }
        for target in OUTCOMES
    }
