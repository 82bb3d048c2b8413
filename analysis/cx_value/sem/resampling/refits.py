"""Refitting a model to the moments of many replicates.

Every search starts at the full-sample solution; those that fail are tried again from starting
points of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.sem.design.matrices import Design
from cx_value.sem.engine.likelihood import Target
from cx_value.sem.engine.optimise import Optimum, minimise
from cx_value.sem.engine.starts import starting_points
from cx_value.sem.reading.solution import places, raw_values, standardised_values
from cx_value.sem.resampling.moments import Draws, resampled_targets

if TYPE_CHECKING:
    from cx_value.sem.engine.fit import Prepared

STEPS = 40
RETRIES = 2
RETRY_STEPS = 100
READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """Solutions of all replicates, in fit units (``theta``), raw and standardised.

    ``raw`` and ``standardised`` (R, rows of the table) are NaN where a replicate failed.
    """

    theta: np.ndarray
    value: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray
    raw: np.ndarray
    standardised: np.ndarray


def refit_all(prepared: Prepared, theta: np.ndarray, draws: Draws) -> Refits:
    """Refit the model in every replicate, starting at the solution ``theta``."""
    found = [refit(prepared.design, theta, t) for t in resampled_targets(prepared, draws)]
    names = ("theta", "value", "converged", "iterations", "raw", "standardised")
    return Refits(*(np.concatenate([getattr(piece, name) for piece in found]) for name in names))


def refit(design: Design, theta: np.ndarray, target: Target) -> Refits:
    """Refit the model to every replicate of a target."""
    optimum = _retried(
        design, target, minimise(design, target, theta, max_iterations=STEPS, near=True)
    )
    read = [
        _solutions(design, optimum, target, slice(at, at + READ_AT_ONCE))
        for at in range(0, len(optimum.theta), READ_AT_ONCE)
    ]
    raw, std = (np.concatenate(pieces) for pieces in zip(*read, strict=True))
    return Refits(
        optimum.theta, optimum.value, optimum.converged, optimum.iterations, raw, std
    )  # fmt: skip


def _retried(design: Design, target: Target, first: Optimum) -> Optimum:
    """Search again from other starting points where a replicate failed."""
    failed = np.flatnonzero(~first.converged)
    if not len(failed):
        return first
    starts = np.concatenate([starting_points(design, target.sample[r], RETRIES) for r in failed])
    again = minimise(
        design,
        target.take(np.repeat(failed, RETRIES)),
        starts,
        max_iterations=RETRY_STEPS,
        near=True,
    )
    reached = np.where(np.isfinite(again.value), again.value, np.inf).reshape(-1, RETRIES)
    value = np.where(again.converged.reshape(-1, RETRIES), reached, np.inf)
    before = np.where(np.isfinite(first.value[failed]), first.value[failed], np.inf)
    # An optimum above a point some search has seen is not the optimum.
    seen = np.minimum(reached.min(axis=1), before)
    best = value.min(axis=1)
    found = np.isfinite(best) & (best <= seen + 1e-9)
    pick = np.arange(len(failed)) * RETRIES + value.argmin(axis=1)
    for name in ("theta", "value", "converged", "iterations"):
        getattr(first, name)[failed[found]] = getattr(again, name)[pick[found]]
    return first


def _solutions(
    design: Design, optimum: Optimum, target: Target, part: slice
) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(all="ignore"):
        implied = design.implied(optimum.theta[part], target.sample[part])
        at = places(design)
        raw, std = raw_values(design, implied, at), standardised_values(design, implied, at)
    failed = ~optimum.converged[part]
    raw[failed] = std[failed] = np.nan
    return raw, std
