"""Which rows each replicate holds, and the moments that follow.

A replicate's moments are weighted sums over the rows, so the covariance matrices of all replicates
come from products of draw counts with row products; no resampled data are made. Rows are taken
block by block, so memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cx_value.base.errors import DataError
from cx_value.sem.engine.likelihood import Target, complete_target
from cx_value.sem.engine.moments import Sample, augmented

if TYPE_CHECKING:
    from cx_value.sem.engine.fit import Prepared

PART = 100  # replicates whose counts are held at once
BLOCK = 16_384  # rows whose counts are held at once
COUNTED = 20_000_000  # counts held at once where rows are listed
STORED_ROWS = 10_000  # data sets up to this many rows keep the rows drawn
LISTED = 50_000_000  # numbers that a list of the rows drawn may hold


class Draws(Protocol):
    """How often each row of group g is in each replicate, by blocks of rows."""

    n: int

    def parts(self) -> list[slice]:
        """Return the parts in which replicates are counted."""

    def most(self, g: int) -> float:
        """Return how many rows of group g a block of a replicate may hold at most."""

    def counts(self, g: int, block: slice, part: slice) -> np.ndarray:
        """Return counts (replicates of ``part``, rows of ``block``)."""

    def rows(self) -> np.ndarray:
        """Return the rows drawn (replicates, n_used), as positions among the rows used."""


@dataclass(frozen=True, slots=True, eq=False)
class ListedRows:
    """Rows that were given, or drawn from few enough to be kept."""

    listed: np.ndarray
    order: tuple[np.ndarray, ...]

    @property
    def n(self) -> int:
        return len(self.listed)

    def parts(self) -> list[slice]:
        return _cut(self.n, int(np.clip(COUNTED / self.listed.shape[1], 1, PART)))

    def most(self, g: int) -> float:
        return float(self.listed.shape[1])

    def counts(self, g: int, block: slice, part: slice) -> np.ndarray:
        rows = self.listed[part]
        size = self.listed.shape[1]
        shifted = rows + size * np.arange(len(rows))[:, None]
        times = np.bincount(shifted.ravel(), minlength=size * len(rows))
        return times.reshape(len(rows), size)[:, self.order[g][block]]

    def rows(self) -> np.ndarray:
        return self.listed


@dataclass(frozen=True, slots=True, eq=False)
class SeededRows:
    """Rows of large data, drawn again from the seed whenever they are asked for.

    How many draws fall into each block is multinomial; within a block each row is as likely as any
    other. Together that is n draws with replacement, each replicate's rows in the order of blocks.
    """

    n: int
    seed: int
    order: tuple[np.ndarray, ...]
    totals: tuple[np.ndarray, ...]

    def parts(self) -> list[slice]:
        return _cut(self.n, PART)

    def most(self, g: int) -> float:
        return float(self.totals[g].max())

    def counts(self, g: int, block: slice, part: slice) -> np.ndarray:
        size = block.stop - block.start
        out = np.empty((part.stop - part.start, size), dtype=np.float32)
        for times, drawn in zip(out, self._drawn(g, block, part), strict=True):
            times[:] = np.bincount(drawn, minlength=size)
        return out

    def _drawn(self, g: int, block: slice, part: slice) -> Iterator[np.ndarray]:
        at = block.start // BLOCK
        random = np.random.default_rng([self.seed, g, at, part.start // PART])
        for total in self.totals[g][part, at]:
            yield random.integers(0, block.stop - block.start, total)

    def rows(self) -> np.ndarray:
        size = sum(len(order) for order in self.order)
        if self.n * size > LISTED:
            raise DataError(
                f"{self.n} draws of {size} rows are too many to list · allowed: "
                f"{LISTED // self.n} rows at {self.n} draws · do: use the draws of the parameters, "
                "or pass rows=… of your own"
            )
        out = np.empty((self.n, size), dtype=np.int32)
        for g, order in enumerate(self.order):
            for part in self.parts():
                found = [list(self._drawn(g, block, part)) for block in blocks(len(order))]
                starts = [block.start for block in blocks(len(order))]
                for i, pieces in enumerate(zip(*found, strict=True), part.start):
                    own = np.concatenate([x + s for x, s in zip(pieces, starts, strict=True)])
                    out[i, order] = order[own]
        return out


@dataclass(frozen=True, slots=True, eq=False)
class EachRowOut:
    """The jackknife: replicate i lacks row i."""

    order: tuple[np.ndarray, ...]

    @property
    def n(self) -> int:
        return sum(len(order) for order in self.order)

    def parts(self) -> list[slice]:
        return _cut(self.n, PART)

    def most(self, g: int) -> float:
        return float(BLOCK)

    def counts(self, g: int, block: slice, part: slice) -> np.ndarray:
        positions = self.order[g][block]
        return np.arange(self.n)[part, None] != positions

    def rows(self) -> np.ndarray:
        every = np.arange(self.n)
        return np.array([np.delete(every, i) for i in every])


def draw_rows(prepared: Prepared, n: int, seed: int | None) -> ListedRows | SeededRows:
    """Draw ``n`` samples with replacement, within groups."""
    if seed is None:
        raise DataError(
            "No seed for the bootstrap · allowed: an integer · do: pass seed=… so that the draws "
            "can be repeated"
        )
    if n < 2:
        raise DataError(f"{n} bootstrap draws · allowed: at least 2 · do: ask for 1000 or more")
    order = order_of(prepared.samples)
    if prepared.n > STORED_ROWS:
        totals = tuple(_block_totals(len(own), n, [seed, g]) for g, own in enumerate(order))
        return SeededRows(n, seed, order, totals)
    random = np.random.default_rng(seed)
    rows = np.empty((n, prepared.n), dtype=np.int32)
    for positions in order:
        rows[:, positions] = random.choice(positions, size=(n, len(positions)))
    return ListedRows(rows, order)


def given_rows(prepared: Prepared, rows: np.ndarray) -> ListedRows:
    """Take the rows the caller drew, or refuse them."""
    rows = np.asarray(rows)
    fits = rows.ndim == 2 and rows.shape[1] == prepared.n and rows.dtype.kind in "iu"
    if not fits or rows.min() < 0 or rows.max() >= prepared.n:
        raise DataError(
            f"rows has shape {rows.shape} and type {rows.dtype} · allowed: whole numbers from 0 to "
            f"{prepared.n - 1}, draws × {prepared.n} · do: draw positions of the rows used"
        )
    return ListedRows(rows, order_of(prepared.samples))


def order_of(samples: tuple[Sample, ...]) -> tuple[np.ndarray, ...]:
    """Return each group's positions among all used rows, in the order of the data."""
    used = np.sort(np.concatenate([sample.index for sample in samples]))
    return tuple(np.searchsorted(used, sample.index) for sample in samples)


def blocks(n: int) -> list[slice]:
    """Cut a group's rows into blocks."""
    return _cut(n, BLOCK)


def _cut(n: int, size: int) -> list[slice]:
    return [slice(at, min(at + size, n)) for at in range(0, n, size)]


def resampled_targets(prepared: Prepared, draws: Draws) -> Iterator[Target]:
    """Yield the moments of all replicates, in pieces of bounded size."""
    if prepared.target.seen is None:
        yield _complete_moments(prepared, draws)
    else:
        yield from (_pattern_moments(prepared, draws, part) for part in draws.parts())


def _block_totals(n_rows: int, n: int, seed: list[int]) -> np.ndarray:
    """How many of ``n_rows`` draws fall into each block, ``(n, blocks)``."""
    sizes = np.array([block.stop - block.start for block in blocks(n_rows)])
    return np.random.default_rng(seed).multinomial(n_rows, sizes / n_rows, size=n)


def _complete_moments(prepared: Prepared, draws: Draws) -> Target:
    means, moments, totals = prepared.model.meanstructure, [], []
    for g, sample in enumerate(prepared.samples):
        mean, covariance, total = _group_moments(prepared, draws, g, sample)
        moments.append(augmented(mean, covariance) if means else covariance)
        totals.append(total)
    weights = np.stack(totals, axis=1)
    return complete_target(np.stack(moments, axis=1), weights / weights.sum(axis=1, keepdims=True))


def _group_moments(prepared: Prepared, draws: Draws, g: int, sample: Sample) -> tuple:
    """Mean ``(R, p)`` and covariance ``(R, p, p)`` in fit units, and rows drawn ``(R,)``."""
    p, units = sample.rows.shape[1], prepared.design.units
    i, j = np.tril_indices(p)
    centre, kind = _centre_and_precision(sample, draws.most(g))
    sums = np.zeros((draws.n, 1 + p + len(i)))
    for block in blocks(sample.n):
        products = _row_products(sample, block, centre, kind)
        for part in draws.parts():
            sums[part] += draws.counts(g, block, part).astype(kind, copy=False) @ products.T
    total = sums[:, 0]
    first, second = np.split(sums[:, 1:] / total[:, None], [p], axis=1)
    covariance = np.empty((draws.n, p, p))
    covariance[:, i, j] = covariance[:, j, i] = second - first[:, i] * first[:, j]
    units = units[:p]
    return (first + centre) / units, covariance / np.outer(units, units), total


def _row_products(sample: Sample, block: slice, centre: np.ndarray, kind: type) -> np.ndarray:
    """Return 1, the deviations and their products of every row, ``(1 + p + p(p + 1)/2, rows)``."""
    z = np.ascontiguousarray((sample.rows[block] - centre).T, dtype=kind)
    p = len(z)
    i, j = np.tril_indices(p)
    out = np.empty((1 + p + len(i), z.shape[1]), dtype=kind)
    out[0], out[1 : p + 1] = 1.0, z
    np.multiply(z[i], z[j], out=out[p + 1 :])
    if sample.weights is not None:
        out *= sample.weights[block]
    return out


def _centre_and_precision(sample: Sample, most: float) -> tuple[np.ndarray, type]:
    """Return where the deviations are taken from, and the number format of their sums.

    Answers on a rating scale are whole numbers, and sums of whole numbers below 2²⁴ are exact in
    single precision, which is twice as fast.
    """
    centre = sample.rows.mean(axis=0)
    if sample.weights is None and all(np.array_equal(x, np.rint(x)) for x in sample.rows.T):
        middle = np.rint(centre)
        largest = max(np.abs(x - m).max() for x, m in zip(sample.rows.T, middle, strict=True))
        if max(largest, 1.0) ** 2 * most < 2**24:
            return middle, np.float32
    return centre, np.float64


def _pattern_moments(prepared: Prepared, draws: Draws, part: slice) -> Target:
    """Return moments by missing pattern; fixed predictors (always seen) from the rows drawn."""
    target, n = prepared.target, part.stop - part.start
    moments = np.zeros((n, *target.moments.shape[1:]))
    weights = np.zeros((n, *target.weights.shape[1:]))
    inner = np.zeros((n, *target.sample.shape[1:]))
    for g, sample in enumerate(prepared.samples):
        for block in blocks(sample.n):
            times = draws.counts(g, block, part).astype(float)
            if sample.weights is not None:
                times *= sample.weights[block]
            z = np.nan_to_num(sample.rows[block]) / prepared.design.units[:-1]
            z = np.column_stack([z, np.ones(len(z))])
            products = (z[:, :, None] * z[:, None, :]).reshape(len(z), -1)
            inner[:, g] += (times @ products).reshape(inner[:, g].shape)
            for i, rows in enumerate(prepared.patterns[g].rows):
                own = rows[slice(*np.searchsorted(rows, (block.start, block.stop)))] - block.start
                moments[:, g, i] += (times[:, own] @ products[own]).reshape(inner[:, g].shape)
                weights[:, g, i] += times[:, own].sum(axis=1)
    drawn = weights[..., None, None] > 0
    # A pattern that was not drawn weighs nothing, but its moments must be possible ones.
    moments = np.where(
        drawn, moments / np.where(drawn, weights[..., None, None], 1), target.moments
    )
    sample = _with_fixed(prepared, inner / inner[..., -1:, -1:])
    return Target(moments, weights / weights.sum(axis=(1, 2), keepdims=True), sample, target.seen)


def _with_fixed(prepared: Prepared, inner: np.ndarray) -> np.ndarray:
    """Return the saturated moments with those of fixed predictors as drawn."""
    sample = np.broadcast_to(prepared.target.sample, inner.shape).copy()
    fixed = [prepared.model.observed.index(name) for name in prepared.model.exogenous]
    if fixed:
        at = np.array([*fixed, -1])
        sample[..., at[:, None], at] = inner[..., at[:, None], at]
    return sample
