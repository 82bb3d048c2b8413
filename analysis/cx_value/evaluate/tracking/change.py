"""Where a measure changed over waves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Step:
    """The most likely single step: the first wave after it, its size, and whether it is chance."""

    wave: object
    size: float
    low: float
    high: float
    p: float


def find_step(
    values: np.ndarray,
    waves: np.ndarray,
    weights: np.ndarray,
    *,
    draws: int = 999,
    seed: int = 0,
    confidence: float = 0.95,
) -> Step | None:
    """Find the wave from which on a measure differs most from what it was before.

    Parameters
    ----------
    values, waves, weights : ndarray (n,)
        One entry a respondent; waves sort in time.
    draws : int
        Permutations of the respondents over the waves.

    Returns
    -------
    Step or None
        None with fewer than two waves.

    Notes
    -----
    The statistic is the largest |t| over the splits; its p is the share of permutations that reach
    it, so that looking at every split is paid for. The interval is that of the difference at the
    split chosen, and too narrow for having been chosen.
    """
    from scipy.stats import norm

    known = ~np.isnan(values)
    values, waves, weights = values[known], waves[known], weights[known]
    levels = np.unique(waves)
    if len(levels) < 2:
        return None
    after = np.column_stack([waves >= level for level in levels[1:]]).astype(float)
    size, error = _differences(values, after, weights)
    observed = np.abs(size / error)
    best = int(np.nanargmax(observed))
    random, reached = np.random.default_rng(seed), 0
    for _ in range(draws):
        order = random.permutation(len(values))
        moved, spread = _differences(values[order], after, weights[order])
        reached += np.nanmax(np.abs(moved / spread)) >= observed[best]
    half = norm.ppf((1 + confidence) / 2) * error[best]
    return Step(
        wave=levels[best + 1], size=float(size[best]), low=float(size[best] - half),
        high=float(size[best] + half), p=(reached + 1) / (draws + 1),
    )  # fmt: skip


def _differences(values, after, weights) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean after less before at every split, with standard errors."""
    means, variances = [], []
    for side in (after, 1 - after):
        w = side * weights[:, None]
        total = w.sum(axis=0)
        mean = (w * values[:, None]).sum(axis=0) / total
        squares = (w**2 * (values[:, None] - mean) ** 2).sum(axis=0)
        means.append(mean)
        variances.append(squares / total**2)
    return means[0] - means[1], np.sqrt(variances[0] + variances[1])
