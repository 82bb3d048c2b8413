"""Correlations and means of resampled respondents, made from draw counts: no resampled data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_COUNTED = 5_000_000  # draw counts held at once


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Means and correlations of one sample, or of a stack of resamples.

    Attributes
    ----------
    means : ndarray (..., q)
        Of the answers given, whoever left others out.
    correlations : ndarray (..., q, q)
        Of the rows without a gap.
    noise : ndarray (..., q)
        Correlations with a variable drawn at random, new in every resample.
    spread : ndarray (..., q)
        Standard deviations (divisor n) of the rows without a gap.
    """

    means: np.ndarray
    correlations: np.ndarray
    noise: np.ndarray
    spread: np.ndarray

    def pick(self, columns: list[int]) -> np.ndarray:
        """Return the correlations of some columns, in their order."""
        return self.correlations[..., columns, :][..., columns]

    def with_noise(self, columns: list[int]) -> np.ndarray:
        """Return the correlations of some columns, the random variable ahead of the last one."""
        inner = self.pick(columns)
        size = len(columns) + 1
        out = np.ones((*inner.shape[:-2], size, size))
        places = [*range(size - 2), size - 1]
        out[..., np.ix_(places, places)[0], np.ix_(places, places)[1]] = inner
        out[..., size - 2, places] = out[..., places, size - 2] = self.noise[..., columns]
        return out


def resample_moments(
    values: np.ndarray, weights: np.ndarray | None = None, *, draws: int, seed: int
) -> tuple[Moments, Moments]:
    """Return the moments of a sample and those of ``draws`` resamples of its rows.

    Parameters
    ----------
    values : ndarray (n, q)
        NaN where an answer is missing: such a row counts in the means of its other columns only.
    weights : ndarray (n,), optional
        Sampling weights; a weight of 2 is as good as a row that stands there twice.

    Returns
    -------
    observed, resampled : Moments
        The second with a leading axis of ``draws``.
    """
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    # Rows and noise have a stream each, so that the same seed draws the same rows of any columns.
    rows, noise = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    columns = _Columns.of(values)
    observed = columns.moments(weight[None, :], noise)
    parts = [columns.moments(count * weight, noise)
             for count in _counts(len(values), draws, rows)]  # fmt: skip
    stacked = [np.concatenate([getattr(part, name) for part in parts])
               for name in ("means", "correlations", "noise", "spread")]  # fmt: skip
    first = Moments(observed.means[0], observed.correlations[0], observed.noise[0],
                    observed.spread[0])  # fmt: skip
    return first, Moments(*stacked)


def percentile_interval(draws: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval along the first axis; resamples that failed are left out."""
    tail = (1 - confidence) / 2
    if not np.isfinite(draws).any():
        empty = np.full(draws.shape[1:], np.nan)
        return empty, empty
    low, high = np.nanquantile(draws, [tail, 1 - tail], axis=0)
    return low, high


def _counts(n: int, draws: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield how often every row is in every resample, some resamples at a time."""
    size = max(1, _COUNTED // max(n, 1))
    for start in range(0, draws, size):
        part = min(size, draws - start)
        rows = random.integers(0, n, (part, n)) + n * np.arange(part)[:, None]
        yield np.bincount(rows.ravel(), minlength=part * n).reshape(part, n)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What the moments are sums of: answers given, and products over rows without a gap."""

    centre: np.ndarray
    given: np.ndarray
    answers: np.ndarray
    whole: np.ndarray
    complete: np.ndarray
    products: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> _Columns:
        given = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            centre = np.where(given, values, 0).sum(axis=0) / np.maximum(given.sum(axis=0), 1)
        answers = np.where(given, values - centre, 0.0)
        whole = given.all(axis=1)
        complete = answers[whole]
        rows, columns = np.triu_indices(values.shape[1])
        return cls(centre, given.astype(float), answers, whole, complete,
                   complete[:, rows] * complete[:, columns])  # fmt: skip

    def moments(self, counts: np.ndarray, random: np.random.Generator) -> Moments:
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self.centre + counts @ self.answers / (counts @ self.given)
            inside = counts[:, self.whole]
            total = inside.sum(axis=1, keepdims=True)
            first = inside @ self.complete / total
            covariance = _square(inside @ self.products / total, first)
            spread = np.sqrt(np.einsum("...ii->...i", covariance))
            correlations = covariance / (spread[:, :, None] * spread[:, None, :])
            noise = self._noise(inside / total, first, spread, random)
        return Moments(means, correlations, noise, spread)

    def _noise(self, share, first, spread, random: np.random.Generator) -> np.ndarray:
        drawn = random.standard_normal(share.shape)
        weighted = share * drawn
        mean = weighted.sum(axis=1, keepdims=True)
        deviation = np.sqrt((weighted * drawn).sum(axis=1, keepdims=True) - mean**2)
        return (weighted @ self.complete - mean * first) / (deviation * spread)


def _square(products: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return covariance matrices from mean products of pairs and means."""
    q = means.shape[1]
    rows, columns = np.triu_indices(q)
    out = np.empty((len(means), q, q))
    out[:, rows, columns] = out[:, columns, rows] = products
    return out - means[:, :, None] * means[:, None, :]
