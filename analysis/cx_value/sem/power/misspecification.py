"""Populations in which a factor model is wrong by a known amount.

One factor: residual correlations of .30 between pairs of items (McNeish and Wolf 2023b). Several
factors: cross-loadings as large as the item's own loading (McNeish and Wolf 2023a, after Hu and
Bentler 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError

if TYPE_CHECKING:
    from cx_value.sem.reading.result import ModelFit

RESIDUAL_CORRELATION = 0.30
# Keeps the item's explained variance below 1.
ROOM = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """A population: its number (0 is the fitted model), facts of what it adds to the one before,
    correlations."""

    number: int
    added: dict[str, Any]
    covariance: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossLoading:
    """An item that also loads on a second factor."""

    item: str
    own: str
    factor: str
    size: float


def standardised_population(
    fit: ModelFit,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return standardised loadings, factor correlations and residual correlations of a fit.

    Raises
    ------
    ModelError
        If the model has paths or latent indicators, or its solution is no population.
    """
    table = fit.frame
    factors, items = list(fit.prepared.model.latents), list(fit.prepared.model.observed)
    measured = table[table.op == "=~"]
    if (
        "~" in set(table.op)
        or not set(measured.rhs) <= set(items)
        or set(items) - set(measured.rhs)
    ):
        raise ModelError(
            "Dynamic cutoffs are for factor models, and this one has paths, factors of factors or "
            "variables without a factor · allowed: '=~' with items and '~~' · do: judge the "
            "measurement model"
        )
    written = fit.prepared.request.syntax
    if "~1" in "".join(written.split()):
        raise ModelError(
            "The model restricts means ('~1') · allowed: a covariance structure · do: leave the "
            "means out"
        )
    loadings = pd.DataFrame(0.0, index=items, columns=factors)
    noise = pd.DataFrame(np.eye(len(items)), index=items, columns=items)
    for row in measured.itertuples():
        loadings.loc[row.rhs, row.lhs] = row.std_all
    for row in table[
        (table.op == "~~") & table.lhs.isin(items) & (table.lhs != table.rhs)
    ].itertuples():
        noise.loc[row.lhs, row.rhs] = noise.loc[row.rhs, row.lhs] = row.std_all
    latent = fit.latent_correlations()
    explained = np.diag(loadings @ latent @ loadings.T)
    parts = (np.linalg.eigvalsh(latent)[0], np.linalg.eigvalsh(noise)[0], 1 - explained.max())
    if min(parts) <= 0:
        raise ModelError(
            "The solution is not admissible (a negative residual variance, or factor or residual "
            "correlations that cannot be) · allowed: a solution that can be a population · do: "
            "mend the model first; see fit.warnings"
        )
    return loadings, latent, noise


def misspecified_populations(
    loadings: pd.DataFrame, latent: pd.DataFrame, noise: pd.DataFrame
) -> tuple[Level, ...]:
    """Return the fitted model's population (level 0) and those with more and more wrong in them.

    Parameters
    ----------
    loadings : DataFrame (items, factors)
        Standardised.
    latent, noise : DataFrame
        Correlations of factors, and of residuals.

    Raises
    ------
    ModelError
        If too few items are free to take a misspecification.
    """
    right = Level(number=0, added={"kind": "none"}, covariance=_population(loadings, latent, noise))
    build = _one_factor if loadings.shape[1] == 1 else _several_factors
    return (right, *build(loadings, latent, noise))


def residual_pairs(loadings: pd.DataFrame, noise: pd.DataFrame) -> list[tuple[str, str]]:
    """Return pairs of items whose residuals are to correlate, weakest loadings first."""
    free = _free_items(loadings, noise)
    if len(free) < 4:
        raise ModelError(
            f"{len(free)} items without a residual covariance · allowed: at least 4 on one factor "
            "· do: judge fit by χ² and residuals"
        )
    order = sorted(free, key=lambda item: abs(loadings.loc[item].iloc[0]))
    # Of four items two pairs would leave nothing to tell a factor from.
    count = 1 if len(order) == 4 else len(order) // 2
    return [(order[2 * k], order[2 * k + 1]) for k in range(count)]


def cross_loadings(
    loadings: pd.DataFrame, latent: pd.DataFrame, noise: pd.DataFrame
) -> list[CrossLoading]:
    """Return the weakest item of each factor with the factor it is to load on too.

    One fewer than there are factors; the second factor is the one with the largest coefficient H
    (Hancock and Mueller 2001) whose pair has not been used.
    """
    free = _free_items(loadings, noise)
    own = {item: loadings.loc[item].abs().idxmax() for item in free}
    sizes = (loadings != 0).sum()
    weakest = {}
    for item in sorted(free, key=lambda name: abs(loadings.loc[name, own[name]])):
        weakest.setdefault(own[item], item)
    # Factors of three or more items come first: those of two are weakly identified.
    order = sorted(
        weakest, key=lambda f: (sizes[f] < 3, abs(loadings.loc[weakest[f], f]))
    )[: loadings.shape[1] - 1]  # fmt: skip
    if len(order) < loadings.shape[1] - 1:
        raise ModelError(
            f"{len(order)} of {loadings.shape[1]} factors have an item with one loading and no "
            f"residual covariance · allowed: at least {loadings.shape[1] - 1} · do: judge fit by "
            "χ² and residuals"
        )
    quality = loadings.apply(coefficient_h)
    used, targets = set(), {}
    for factor in sorted(order, key=lambda f: abs(loadings.loc[weakest[f], f])):
        open_ = [f for f in loadings if f != factor and frozenset((f, factor)) not in used]
        targets[factor] = max(open_, key=lambda f: quality[f])
        used.add(frozenset((factor, targets[factor])))
    return [
        CrossLoading(item=weakest[f], own=f, factor=targets[f],
                     size=_allowed(loadings.loc[weakest[f], f], latent.loc[f, targets[f]]))
        for f in order
    ]  # fmt: skip


def coefficient_h(loadings: pd.Series) -> float:
    """Reliability of an optimally weighted composite (Hancock and Mueller 2001).

    >>> round(coefficient_h(pd.Series([0.8, 0.7, 0.0])), 3)
    0.733
    """
    square = loadings.to_numpy() ** 2
    return float(1 / (1 + 1 / (square / (1 - square)).sum()))


def _allowed(loading: float, correlation: float) -> float:
    """Return the cross-loading: the item's own, or less where its variance would pass 1."""
    size = abs(loading)
    along = size * correlation
    most = ROOM * (np.sqrt(along**2 + 1 - size**2) - along)
    return float(np.sign(loading) * min(size, most))


def _one_factor(loadings: pd.DataFrame, latent: pd.DataFrame, noise: pd.DataFrame) -> list[Level]:
    pairs = residual_pairs(loadings, noise)
    most = len(pairs)
    counts = range(1, most + 1) if most < 3 else (most // 3, 2 * most // 3, most)
    levels, before = [], 0
    for number, count in enumerate(counts, start=1):
        wrong = noise.copy()
        for one, other in pairs[:count]:
            wrong.loc[one, other] = wrong.loc[other, one] = RESIDUAL_CORRELATION
        added = {"kind": "residuals", "size": RESIDUAL_CORRELATION, "pairs": pairs[before:count],
                 "further": before > 0}  # fmt: skip
        before = count
        levels.append(
            Level(number=number, added=added, covariance=_population(loadings, latent, wrong))
        )
    return levels


def _several_factors(
    loadings: pd.DataFrame, latent: pd.DataFrame, noise: pd.DataFrame
) -> list[Level]:
    wrong, levels = loadings.copy(), []
    for number, cross in enumerate(cross_loadings(loadings, latent, noise), start=1):
        wrong.loc[cross.item, cross.factor] = cross.size
        added = {"kind": "loadings", "pairs": [(cross.factor, cross.item)], "further": number > 1}
        levels.append(
            Level(number=number, added=added, covariance=_population(wrong, latent, noise))
        )
    return levels


def _free_items(loadings: pd.DataFrame, noise: pd.DataFrame) -> list[str]:
    """Return items with one loading and no residual covariance."""
    alone = (noise.to_numpy() != 0).sum(axis=1) == 1
    single = (loadings.to_numpy() != 0).sum(axis=1) == 1
    return [item for item, free in zip(loadings.index, alone & single, strict=True) if free]


def _population(loadings: pd.DataFrame, latent: pd.DataFrame, noise: pd.DataFrame) -> np.ndarray:
    """Return the correlation matrix: residual variances make up what is left to 1."""
    common = loadings.to_numpy() @ latent.to_numpy() @ loadings.to_numpy().T
    left = np.sqrt(1 - np.diag(common))
    matrix = common + noise.to_numpy() * np.outer(left, left)
    np.fill_diagonal(matrix, 1.0)
    return matrix
