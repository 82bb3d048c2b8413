"""Data with ordinal items made into the moments that least squares fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.sem.engine.moments import Sample, augmented
from cx_value.sem.ordinal.search import Moments
from cx_value.sem.polychoric.covariance import ordinal_moments


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMoments:
    """Moments of every group in the data's units.

    ``names`` are the variables; ``observed`` (groups, q) and ``gamma`` (groups, q, q) hold
    thresholds or means (absent without a mean structure), variances of continuous variables, and
    covariances column by column; ``covariance`` (groups, p, p) and ``mean`` (groups, p) those of
    the responses beneath.
    """

    names: tuple[str, ...]
    ordered: tuple[str, ...]
    observed: np.ndarray
    gamma: np.ndarray
    location: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    counts: np.ndarray

    @property
    def is_ordinal(self) -> np.ndarray:
        return np.array([name in self.ordered for name in self.names])

    @property
    def pairs(self) -> np.ndarray:
        return np.column_stack(np.triu_indices(len(self.names), 1))


def count_levels(
    columns: np.ndarray, names: Sequence[str], ordered: Sequence[str], samples: Sequence[Sample]
) -> dict[str, int]:
    """Return the number of categories of each ordinal item, the same in every group.

    Raises
    ------
    DataError
        A category that one group does not use.
    """
    levels = {}
    for name in ordered:
        j = list(names).index(name)
        met = [np.unique(s.rows[~np.isnan(s.rows[:, j]), j]) for s in samples]
        every = np.unique(np.concatenate(met))
        for sample, own in zip(samples, met, strict=True):
            if absent := sorted(set(every) - set(own)):
                raise DataError(
                    f"Nobody in group {sample.label} chose {absent[0]:g} on {name} · allowed: the "
                    "same categories in every group · do: merge that category with its neighbour"
                )
        levels[name] = len(every)
    return levels


def gather(
    samples: Sequence[Sample], names: Sequence[str], ordered: Sequence[str], means: bool
) -> SampleMoments:
    """Compute every group's moments and their asymptotic covariance."""
    groups = [
        _ordinal(sample, names, ordered) if ordered else _continuous(sample, names, means)
        for sample in samples
    ]
    values, gamma, covariance, mean, location = (
        np.array(part) for part in zip(*groups, strict=True)
    )
    return SampleMoments(
        names=tuple(names),
        ordered=tuple(ordered),
        observed=values,
        gamma=gamma,
        location=location[0],
        covariance=covariance,
        mean=mean,
        counts=np.array([sample.n for sample in samples]),
    )


def _ordinal(sample: Sample, names: Sequence[str], ordered: Sequence[str]) -> tuple:
    frame = pd.DataFrame(sample.rows, columns=list(names))
    found = ordinal_moments(frame, ordered, weights=sample.weights)
    return found.moments, found.gamma, found.covariance, found.margins.means, found.threshold_of


def _continuous(sample: Sample, names: Sequence[str], means: bool) -> tuple:
    """Moments of continuous variables with their distribution-free covariance (Browne, 1984).

    Covariances have divisor n - 1, as lavaan's outside maximum likelihood.
    """
    n, p = sample.rows.shape
    weight = np.ones(n) if sample.weights is None else sample.weights * n / sample.weights.sum()
    mean = weight @ sample.rows / n
    centred = sample.rows - mean
    covariance = (centred * weight[:, None]).T @ centred / n
    a, b = _continuous_order(p)
    influence = centred[:, a] * centred[:, b] - covariance[a, b]
    covariance *= n / (n - 1)
    values = covariance[a, b]
    if means:
        influence = np.column_stack([centred, influence])
        values = np.concatenate([mean, values])
    weighted = influence * weight[:, None]
    location = np.arange(p) if means else np.empty(0, dtype=int)
    return values, weighted.T @ weighted / n, covariance, mean, location


def _continuous_order(p: int) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.triu_indices(p, 1)
    diagonal = np.arange(p)
    return np.concatenate([diagonal, a]), np.concatenate([diagonal, b])


def pooled_spread(sample: SampleMoments) -> np.ndarray:
    """Return 1 for ordinal items, the pooled standard deviation of continuous variables."""
    share = sample.counts / sample.counts.sum()
    variance = np.einsum("g,gjj->j", share, sample.covariance)
    return np.where(sample.is_ordinal, 1.0, np.sqrt(variance))


def in_fit_units(
    sample: SampleMoments,
    spread: np.ndarray,
    *,
    diagonal: bool,
    predictors: Sequence[str] = (),
) -> Moments:
    """Rescale the moments; ``diagonal`` weighs by their precision (DWLS), else equally (ULS)."""
    ordinal = sample.is_ordinal
    continuous = np.flatnonzero(~ordinal)
    a, b = sample.pairs.T
    unit = np.concatenate([spread[sample.location], spread[continuous] ** 2, spread[a] * spread[b]])
    gamma = sample.gamma / np.outer(unit, unit)
    precision = 1.0 / _sampling_variances(sample, np.einsum("gqq->gq", gamma))
    given = np.isin(sample.names, predictors)
    last = precision.shape[1] - len(sample.pairs)
    # Unweighted residuals are those in the data's units.
    weight = precision if diagonal else np.broadcast_to(unit**2, precision.shape)
    return Moments(
        observed=sample.observed / unit,
        weight=weight,
        gamma=gamma,
        share=sample.counts / sample.counts.sum(),
        location=sample.location,
        is_threshold=ordinal[sample.location],
        continuous=continuous,
        pairs=sample.pairs,
        absent=last + np.flatnonzero(~given[sample.pairs].all(axis=1)),
        n=int(sample.counts.sum()),
    )


def _sampling_variances(sample: SampleMoments, variances: np.ndarray) -> np.ndarray:
    """Refuse moments of no or endless sampling variance, which cannot be weighed.

    A variance may have none (a 0/1 predictor, half and half): it is known exactly.
    """
    first, last = len(sample.location), variances.shape[1] - len(sample.pairs)
    steady = variances.copy()
    steady[:, first:last] = np.maximum(steady[:, first:last], 1e-6)
    bad = ~np.isfinite(steady) | (steady < 1e-10) | (steady > 1e10)
    if bad.any():
        at = int(bad.any(axis=0).argmax())
        a, b = sample.pairs[at - last] if at >= last else (sample.location[min(at, first - 1)],) * 2
        pair = " and ".join(dict.fromkeys((sample.names[a], sample.names[b])))
        raise DataError(
            f"The sampling variance of the moments of {pair} cannot be estimated from "
            f"{int(sample.counts.min())} rows · allowed: answers that vary together in more than "
            "a few cells · do: merge rare categories, drop the item, or gather more rows"
        )
    return steady


def target_moments(sample: SampleMoments, spread: np.ndarray, means: bool) -> np.ndarray:
    """Return (groups, p, p) covariances, or raw moments with a constant, in the fit's units."""
    covariance = sample.covariance / np.outer(spread, spread)
    if not means:
        return covariance
    centre = np.where(sample.is_ordinal, 0.0, sample.mean) / spread
    return np.array([augmented(m, c) for m, c in zip(centre, covariance, strict=True)])
