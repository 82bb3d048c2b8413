"""Item moments for PLS: of the sample, and of thousands of resamples without forming their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.wording import join_words
from cx_value.sem.engine.moments import read_columns
from cx_value.sem.engine.rows import read_weights

MISSING = ("listwise", "mean", "pairwise")
_CELLS = 20_000_000  # draws × rows whose counts are held at once
_ROWS = 20_000  # rows whose products are held at once


@dataclass(frozen=True, slots=True, eq=False)
class ItemData:
    """Items' answers: ``raw`` (n, p) with NaN, ``values`` (n, p) with means put in, and moments.

    ``weights`` (n,) of the rows, None where all count alike; ``pairs`` the fewest and the most rows
    a correlation rests on, None unless it rests on those that answer both items.
    """

    raw: np.ndarray
    values: np.ndarray
    means: np.ndarray
    deviations: np.ndarray
    correlations: np.ndarray
    index: pd.Index
    n_dropped: int
    n_replaced: int
    weights: np.ndarray | None = None
    pairs: tuple[int, int] | None = None

    @property
    def n_rows(self) -> int:
        return len(self.values)

    @property
    def whole(self) -> np.ndarray:
        """Values ``(·, p)`` for what needs whole rows: no mean stands for a missing answer.

        Where means were asked for they stay.
        """
        return self.values if self.pairs is None else self.raw[~np.isnan(self.raw).any(axis=1)]

    @property
    def whole_weights(self) -> np.ndarray | None:
        """Weights of the rows of :attr:`whole`."""
        if self.weights is None or self.pairs is None:
            return self.weights
        return self.weights[~np.isnan(self.raw).any(axis=1)]

    @property
    def standardised(self) -> np.ndarray:
        return (self.values - self.means) / self.deviations


def read_items(
    data: pd.DataFrame,
    items: tuple[str, ...],
    missing: str,
    weights: str | np.ndarray | None = None,
) -> ItemData:
    """Take the items from a frame, drop or fill incomplete rows, and compute moments.

    Raises
    ------
    DataError
        Absent or text columns, infinities, too few rows, a constant or empty item.
    """
    if missing not in MISSING:
        raise DataError(
            f"missing={missing!r} is unknown · allowed: {', '.join(MISSING)} · do: choose one."
        )
    full = read_columns(data, items)
    gaps = np.isnan(full)
    kept = ~gaps.any(axis=1) if missing == "listwise" else ~gaps.all(axis=1)
    case = read_weights(data, weights)
    kept &= case > 0 if case is not None else True
    raw, case = full[kept], None if case is None else case[kept]
    _check_rows(raw, items, len(full))
    means = _column_means(raw, case)
    values = np.where(np.isnan(raw), means, raw)
    deviations = _column_deviations(values, means, case)
    if (flat := deviations <= 1e-12 * np.maximum(np.abs(means), 1.0)).any():
        raise DataError(
            f"{join_words([i for i, f in zip(items, flat, strict=True) if f])} is constant in "
            f"{len(raw)} rows · allowed: items that vary · do: drop the item."
        )
    seen = ~np.isnan(raw)
    pairs = None
    if missing == "pairwise":
        rows = np.ones((1, len(raw))) if case is None else case[None]
        correlations = _pairwise_correlations(raw, rows)[0]
        _check_definite(correlations)
        together = seen.T.astype(int) @ seen
        pairs = (int(together.min()), int(together.max()))
    else:
        z = (values - means) / deviations
        correlations = z.T @ z / (len(z) - 1) if case is None else _weighted_products(z, case)
    return ItemData(
        raw=raw,
        values=values,
        means=means,
        deviations=deviations,
        correlations=correlations,
        index=data.index[kept],
        n_dropped=int((~kept).sum()),
        n_replaced=0 if pairs else int(np.isnan(raw).sum()),
        weights=case,
        pairs=pairs,
    )


def _column_means(raw: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    if weights is None:
        return np.nanmean(raw, axis=0)
    seen = ~np.isnan(raw)
    return weights @ np.where(seen, raw, 0.0) / (weights @ seen)


def _column_deviations(
    values: np.ndarray, means: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    if weights is None:
        return values.std(axis=0, ddof=1)
    share = weights / weights.sum()
    return np.sqrt(share @ (values - means) ** 2 * len(values) / (len(values) - 1))


def _weighted_products(z: np.ndarray, weights: np.ndarray) -> np.ndarray:
    n = len(z)
    return (z * (weights / weights.sum())[:, None]).T @ z * n / (n - 1)


def _check_definite(correlations: np.ndarray) -> None:
    smallest = float(np.linalg.eigvalsh(correlations)[0]) if np.isfinite(correlations).all() else -1
    if smallest <= 1e-10:
        raise DataError(
            f"Correlations by pairs are not positive definite (smallest eigenvalue {smallest:.2g}) "
            "· allowed: enough rows that answer both items of every pair · do: pass "
            "missing='listwise' or 'mean', or drop the emptiest items"
        )


def _check_rows(raw: np.ndarray, items: tuple[str, ...], n_all: int) -> None:
    empty = np.isnan(raw).all(axis=0) if len(raw) else np.ones(len(items), dtype=bool)
    if len(raw) and empty.any():
        name = items[int(empty.argmax())]
        raise DataError(
            f"{name} has no answers in the rows used · allowed: at least two values · do: drop the "
            "item."
        )
    if len(raw) < 3:
        raise DataError(
            f"{len(raw)} of {n_all} rows are usable · allowed: at least three · do: pass "
            "missing='mean', or drop the item that is empty most often."
        )


# Resamples --------------------------------------------------------------------------------------


def draw_rows(n_rows: int, n_draws: int, seed: int) -> np.ndarray:
    """Return row numbers drawn with replacement: (draws, rows)."""
    return np.random.default_rng(seed).integers(0, n_rows, (n_draws, n_rows), dtype=np.int32)


def resampled_correlations(
    raw: np.ndarray,
    rows: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    pairwise: bool = False,
) -> np.ndarray:
    """Correlations of each resample: (draws, p, p).

    Means are put in for gaps within it, or each correlation rests on the rows with both answers.
    A resample in which an item does not vary gives NaN.
    """
    of = _pairwise_correlations if pairwise else _correlations_of
    weigh = 1.0 if weights is None else weights
    parts = [of(raw, counts * weigh) for counts in _counts(rows, len(raw))]
    return np.concatenate(parts)


def _pairwise_correlations(raw: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Correlations over the rows that answer both items, rows counted (draws, n): (draws, p, p)."""
    n_items = raw.shape[1]
    seen = (~np.isnan(raw)).astype(float)
    x = np.where(seen > 0, raw - np.nanmean(raw, axis=0), 0.0)
    shape = (len(counts), n_items, n_items)
    both, one, square, product = (
        _products(counts, left, right).reshape(shape)
        for left, right in ((seen, seen), (x, seen), (x**2, seen), (x, x))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = one / both
        variance = square / both - mean**2
        other = variance.transpose(0, 2, 1)
        covariance = product / both - mean * mean.transpose(0, 2, 1)
        found = covariance / np.sqrt(variance * other)
    flat = ~(np.minimum(variance, other) > 1e-12)
    return np.where(flat, np.nan, found)


def _counts(rows: np.ndarray, n_rows: int) -> Iterator[np.ndarray]:
    at_once = max(1, _CELLS // max(n_rows, 1))
    for start in range(0, len(rows), at_once):
        block = rows[start : start + at_once]
        shifted = block + (np.arange(len(block)) * n_rows)[:, None]
        flat = np.bincount(shifted.ravel(), minlength=len(block) * n_rows)
        yield flat.reshape(len(block), n_rows).astype(float)


def _correlations_of(raw: np.ndarray, counts: np.ndarray) -> np.ndarray:
    n_items = raw.shape[1]
    seen = (~np.isnan(raw)).astype(float)
    x = np.where(seen > 0, raw - np.nanmean(raw, axis=0), 0.0)
    weight, total = counts @ seen, counts @ x
    with np.errstate(invalid="ignore", divide="ignore"):
        means = total / weight
    shape = (len(counts), n_items, n_items)
    covariance = _products(counts, x, x).reshape(shape)
    if seen.all():
        covariance -= means[:, :, None] * total[:, None, :]
    else:
        # Centred at the resample's own mean over the rows that answer both items.
        cross = _products(counts, seen, x).reshape(shape)
        both = _products(counts, seen, seen).reshape(shape)
        covariance -= means[:, :, None] * cross + (means[:, :, None] * cross).transpose(0, 2, 1)
        covariance += means[:, :, None] * means[:, None, :] * both
    scale = np.einsum("djj->dj", covariance)
    scale = np.where(scale > 1e-12, scale, np.nan)
    return covariance / np.sqrt(scale[:, :, None] * scale[:, None, :])


def _products(counts: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Σ count · left_i · right_j for every draw: one matrix product per block of rows."""
    total = np.zeros((len(counts), left.shape[1] * right.shape[1]))
    for start in range(0, len(left), _ROWS):
        rows = slice(start, start + _ROWS)
        outer = left[rows, :, None] * right[rows, None, :]
        total += counts[:, rows] @ outer.reshape(len(outer), -1)
    return total
