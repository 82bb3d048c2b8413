"""One axis for everything drawn: row 0 is the sample, the other rows are bootstrap resamples.

Every statistic of the evaluation is computed for all rows of this axis at once, from products of
draw counts with respondents' answers, so weights, indices and grades of one resample belong
together. The rows drawn are those of :func:`cx_value.sem.resampling.moments.draw_rows`: where the
structural model uses every respondent, its refits are on the same axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cx_value.base.errors import DataError

_COUNTED = 20_000_000  # counts held at once
_LISTED = 10_000  # respondents up to which the rows are drawn in one go, as the model's are


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resamples:
    """How often each respondent is in each resample, times the case weight.

    Attributes
    ----------
    n, draws : int
    seed : int or tuple of int
    weights : ndarray (n,)
        Case weights with mean 1.
    """

    n: int
    draws: int
    seed: int | tuple[int, ...]
    weights: np.ndarray

    @property
    def size(self) -> int:
        """Length of the axis: the sample and its resamples."""
        return self.draws + 1

    def rows(self) -> np.ndarray:
        """Return the rows drawn, (draws, n), of data small enough to list them."""
        if self.n > _LISTED:
            raise DataError(
                f"{self.draws} draws of {self.n} rows are too many to list · allowed: {_LISTED} "
                "respondents · do: work with products()"
            )
        return _listed_rows(self.n, self.draws, self.seed)

    def products(self, columns: np.ndarray, select: np.ndarray | None = None) -> np.ndarray:
        """Return the weighted sums of ``columns`` (n, m) in every resample, (1 + draws, m).

        ``select`` (n,) of bool takes some respondents only.
        """
        chosen = np.ones(self.n, dtype=bool) if select is None else np.asarray(select)
        held = np.ascontiguousarray(columns[chosen], dtype=float)
        weights = self.weights[chosen]
        out = np.empty((self.size, held.shape[1]))
        out[0] = weights @ held
        done = 1
        for counts in self._counts():
            out[done : done + len(counts)] = (counts[:, chosen] * weights) @ held
            done += len(counts)
        return out

    def _counts(self) -> Iterator[np.ndarray]:
        if self.n <= _LISTED:
            yield _listed_counts(self.n, self.draws, self.seed)
            return
        part = max(1, min(self.draws, _COUNTED // self.n))
        for first in range(0, self.draws, part):
            size = min(part, self.draws - first)
            random = np.random.default_rng([*np.ravel(self.seed), first])
            yield _count(random.integers(0, self.n, (size, self.n), dtype=np.int32), self.n)


@lru_cache(maxsize=8)
def _listed_counts(n: int, draws: int, seed: int | tuple[int, ...]) -> np.ndarray:
    """Return counts (draws, n), kept because every statistic of a study asks for the same."""
    return _count(_listed_rows(n, draws, seed), n).astype(float)


def _listed_rows(n: int, draws: int, seed: int | tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.arange(n), size=(draws, n))


def _count(rows: np.ndarray, n: int) -> np.ndarray:
    shifted = rows + n * np.arange(len(rows))[:, None]
    return np.bincount(shifted.ravel(), minlength=n * len(rows)).reshape(len(rows), n)


def draw_resamples(
    n: int, draws: int, *, seed: int | tuple[int, ...], weights: np.ndarray | None = None
) -> Resamples:
    """Return the axis of ``n`` respondents.

    Raises
    ------
    DataError
        If there are no respondents, or a weight is negative or missing, or all are zero.

    Examples
    --------
    >>> axis = draw_resamples(4, 2, seed=1)
    >>> axis.products(np.ones((4, 1))).ravel().tolist()
    [4.0, 4.0, 4.0]
    """
    if n < 1:
        raise DataError("no respondents to draw from · allowed: one or more · do: check the data")
    held = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    if not (np.isfinite(held).all() and (held >= 0).all() and held.sum() > 0):
        raise DataError(
            "case weights that are missing, negative or all 0 · allowed: 0 or more, some above · "
            "do: mend the column of data.weight"
        )
    return Resamples(n=n, draws=draws, seed=seed, weights=held / held.mean())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Means, deviations, correlations and entropies of k indicators in every resample.

    ``mean sd entropy`` (1 + draws, k), ``correlation`` (1 + draws, k, k); pairs of respondents who
    answered both. A constant indicator has sd 0 and correlations of 0 with the others.
    """

    mean: np.ndarray
    sd: np.ndarray
    correlation: np.ndarray
    entropy: np.ndarray

    def of(self, columns: list[int]) -> Moments:
        """Return the moments of some indicators."""
        return Moments(
            mean=self.mean[:, columns], sd=self.sd[:, columns], entropy=self.entropy[:, columns],
            correlation=self.correlation[:, columns][:, :, columns],
        )  # fmt: skip


def moments_of(axis: Resamples, values: np.ndarray) -> Moments:
    """Return the moments of ``values`` (n, k), NaN where not answered.

    Raises
    ------
    DataError
        If an indicator is below 0 (entropy needs shares), or nobody answered it.
    """
    seen = np.isfinite(values)
    if not seen.any(axis=0).all() or np.nanmin(values) < 0:
        raise DataError(
            "an indicator that nobody answered, or below 0 · allowed: scaled answers from 0 · do: "
            "leave it out"
        )
    held = np.where(seen, values, 0.0)
    centre = held.sum(axis=0) / seen.sum(axis=0)
    sums = axis.products(np.hstack([held, _p_log_p(held), seen.astype(float)]))
    first, logs, count = np.split(sums, 3, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = first / count
        entropy = np.where(first > 0, (np.log(first) - logs / first) / np.log(count), 1.0)
    sd, correlation = _correlations(axis, np.where(seen, values - centre, 0.0), seen)
    return Moments(mean=mean, sd=sd, correlation=correlation, entropy=entropy)


def _p_log_p(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values * np.log(np.where(values > 0, values, 1.0)), 0.0)


def _correlations(
    axis: Resamples, z: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return sd (R, k) and correlations (R, k, k) of centred values, pairwise where some miss."""
    k = z.shape[1]
    i, j = np.triu_indices(k)
    both = (seen[:, i] & seen[:, j]).astype(float)
    parts = [z[:, i] * z[:, j]]
    if not seen.all():
        parts += [z[:, i] * both, z[:, j] * both, z[:, i] ** 2 * both, z[:, j] ** 2 * both, both]
    else:
        parts += [z]
    sums = axis.products(np.hstack(parts))
    if seen.all():
        total = axis.products(np.ones((len(z), 1)))
        product, mean = sums[:, : len(i)] / total, sums[:, len(i) :] / total
        covariance = _square(product - mean[:, i] * mean[:, j], i, j, k)
        variances = np.diagonal(covariance, axis1=1, axis2=2)
        first = second = np.sqrt(np.maximum(variances, 0.0))
        scale = first[:, :, None] * second[:, None, :]
    else:
        product, mi, mj, qi, qj, count = np.split(sums, 6, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            cov = product / count - mi * mj / count**2
            spread = (qi / count - (mi / count) ** 2) * (qj / count - (mj / count) ** 2)
        covariance = _square(np.nan_to_num(cov), i, j, k)
        scale = _square(np.sqrt(np.maximum(np.nan_to_num(spread), 0.0)), i, j, k)
        variances = np.diagonal(covariance, axis1=1, axis2=2)
    sd = np.sqrt(np.maximum(variances, 0.0))
    varies = scale > 1e-12
    correlation = np.where(varies, covariance / np.where(varies, scale, 1.0), 0.0)
    diagonal = np.arange(k)
    correlation[:, diagonal, diagonal] = 1.0
    return sd, correlation


def _square(upper: np.ndarray, i: np.ndarray, j: np.ndarray, k: int) -> np.ndarray:
    out = np.empty((len(upper), k, k))
    out[:, i, j] = out[:, j, i] = upper
    return out
