r"""Missing answers: which pattern each row has, and the saturated moments by EM.

Full-information maximum likelihood sums the normal log-likelihood over patterns of observed
variables (Finkbeiner 1979; Arbuckle 1996). Rows of one pattern enter through their moments alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.sem.engine.likelihood import Target
from cx_value.sem.engine.moments import Sample, augmented

EM_TOLERANCE = 1e-11
EM_STEPS = 1500


@dataclass(frozen=True, slots=True)
class Patterns:
    """The missing patterns of one group: which variables are seen, and which rows."""

    seen: np.ndarray
    rows: tuple[np.ndarray, ...]


def find_patterns(sample: Sample) -> Patterns:
    """Return the patterns of a group, in a fixed order.

    >>> rows = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, np.nan]])
    >>> found = find_patterns(Sample("", rows, np.arange(3)))
    >>> found.seen.tolist(), [r.tolist() for r in found.rows]
    ([[True, False], [True, True]], [[0, 2], [1]])
    """
    seen, which = np.unique(~np.isnan(sample.rows), axis=0, return_inverse=True)
    which = which.ravel()
    return Patterns(seen, tuple(np.flatnonzero(which == i) for i in range(len(seen))))


def pattern_target(
    samples: tuple[Sample, ...], patterns: tuple[Patterns, ...], units: np.ndarray
) -> Target:
    """Return moments by pattern in fit units, and the saturated moments by EM.

    Shorter lists of patterns are filled with weightless ones, so that groups stay an array axis.
    """
    n_patterns = max(len(found.rows) for found in patterns)
    size = len(units)
    moments = np.broadcast_to(np.eye(size), (len(samples), n_patterns, size, size)).copy()
    weights = np.zeros((len(samples), n_patterns))
    seen = np.ones((len(samples), n_patterns, size))
    total = sum(sample.n for sample in samples)
    for g, (sample, found) in enumerate(zip(samples, patterns, strict=True)):
        for i, rows in enumerate(found.rows):
            share = None if sample.weights is None else sample.weights[rows]
            moments[g, i] = _raw_moments(sample.rows[rows], units, share)
            weights[g, i] = (len(rows) if share is None else share.sum()) / total
            seen[g, i, :-1] = found.seen[i]
    saturated = [em_moments(m, w, s) for m, w, s in zip(moments, weights, seen, strict=True)]
    return Target(moments[None], weights[None], np.array(saturated)[None], seen)


def em_moments(moments: np.ndarray, weights: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the raw moments ``(p+1, p+1)`` that maximise the saturated likelihood of one group.

    EM of Dempster, Laird and Rubin (1977) on pattern moments: the missing part of each pattern's
    moments is filled by regression on the seen part, plus the residual covariance.

    Raises
    ------
    ConvergenceError
        If the moments do not settle: some pair of variables is hardly ever seen together.
    """
    share = weights / weights.sum()
    current = _start(moments, share, seen)
    for _ in range(EM_STEPS):
        once = _em_step(current, moments, share, seen)
        twice = _em_step(once, moments, share, seen)
        nearer = _accelerated(current, once, twice)
        updated = _em_step(nearer, moments, share, seen)
        if np.abs(updated - nearer).max() < EM_TOLERANCE:
            return updated
        current = updated
    raise ConvergenceError(
        f"The saturated moments did not settle in {3 * EM_STEPS} EM steps · allowed: variables "
        "seen together in enough rows · do: drop the item with the most missing answers, or "
        "collect more"
    )


def check_coverage(sample: Sample, names: tuple[str, ...], where: str = "") -> None:
    """Refuse pairs of variables never answered by the same person."""
    seen = (~np.isnan(sample.rows)).astype(float)
    together = seen.T @ seen
    i, j = np.nonzero(np.triu(together < 2))
    if len(i):
        told = ", ".join(f"{names[a]}–{names[b]}" for a, b in list(zip(i, j, strict=True))[:4])
        raise DataError(
            f"No two rows{where} answer both of {told} · allowed: pairs seen together · do: drop "
            "one of them"
        )


def _raw_moments(rows: np.ndarray, units: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    share = np.full(len(rows), 1 / len(rows)) if weights is None else weights / weights.sum()
    z = np.column_stack([np.nan_to_num(rows) / units[:-1], np.ones(len(rows))])
    return (z * share[:, None]).T @ z


def _start(moments: np.ndarray, share: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Available means and variances, no covariances."""
    held = share @ seen
    mean = (share[:, None] * moments[:, :, -1] * seen).sum(axis=0) / held
    square = (share[:, None] * np.diagonal(moments, axis1=1, axis2=2) * seen).sum(axis=0) / held
    variance = np.maximum(square - mean**2, 1e-6)
    return augmented(mean[:-1], np.diag(variance[:-1]))


def _em_step(current: np.ndarray, moments: np.ndarray, share: np.ndarray, seen: np.ndarray):
    """Fill every pattern's moments T by regression and average them.

    With P the inverse of the seen part of Σ, zero elsewhere, ΣP holds the regressions of all
    variables on the seen ones and Σ − ΣPΣ what they leave: Σ + Σ (Σ_patterns w (PTP − P)) Σ.
    """
    held = seen[:, :, None] * seen[:, None, :]
    inverse = np.linalg.inv(np.where(held > 0, current, np.eye(len(current)))) * held
    middle = np.tensordot(share, inverse @ moments @ inverse - inverse, axes=1)
    updated = current + current @ middle @ current
    return 0.5 * (updated + updated.T)


def _accelerated(start: np.ndarray, once: np.ndarray, twice: np.ndarray) -> np.ndarray:
    """One SQUAREM extrapolation (Varadhan and Roland 2008), kept only if still a covariance."""
    first, second = once - start, (twice - once) - (once - start)
    length = np.sqrt((second**2).sum())
    if length < 1e-14:
        return twice
    step = -min(-1.0, -np.sqrt((first**2).sum()) / length)
    trial = start + 2 * step * first + step**2 * second
    central = trial[:-1, :-1] - np.outer(trial[:-1, -1], trial[:-1, -1])
    return trial if np.linalg.eigvalsh(central)[0] > 1e-8 else twice
