"""Item moments for PLS: of the sample, and of thousands of resamples without forming their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.wording import join_words
from cx_value.sem.engine.moments import read_columns

MISSING = ("listwise", "mean")
_CELLS = 20_000_000  # draws × rows whose counts are held at once
_ROWS = 20_000  # rows whose products are held at once


@dataclass(frozen=True, slots=True, eq=False)
class ItemData:
    """Items' answers: ``raw`` (n, p) with NaN, ``values`` (n, p) with means put in, and moments."""

    raw: np.ndarray
    values: np.ndarray
    means: np.ndarray
    deviations: np.ndarray
    correlations: np.ndarray
    index: pd.Index
    n_dropped: int
    n_replaced: int

    @property
    def n_rows(self) -> int:
        return len(self.values)

    @property
    def standardised(self) -> np.ndarray:
        return (self.values - self.means) / self.deviations


def read_items(data: pd.DataFrame, items: tuple[str, ...], missing: str) -> ItemData:
    """Take the items from a frame, drop or fill incomplete rows, and compute moments.

    Raises
    ------
    DataError
        Absent or text columns, infinities, too few rows, a constant or empty item.
    """
    if missing not in MISSING:
        raise DataError(
            f"missing={missing!r} is unknown · allowed: listwise, mean · do: choose one of them."
        )
    full = read_columns(data, items)
    gaps = np.isnan(full)
    kept = ~gaps.any(axis=1) if missing == "listwise" else ~gaps.all(axis=1)
    raw = full[kept]
    _check_rows(raw, items, len(full))
    means = np.nanmean(raw, axis=0)
    values = np.where(np.isnan(raw), means, raw)
    deviations = values.std(axis=0, ddof=1)
    if (flat := deviations <= 1e-12 * np.maximum(np.abs(means), 1.0)).any():
        raise DataError(
            f"{join_words([i for i, f in zip(items, flat, strict=True) if f])} is constant in "
            f"{len(raw)} rows · allowed: items that vary · do: drop the item."
        )
    z = (values - means) / deviations
    return ItemData(
        raw=raw,
        values=values,
        means=means,
        deviations=deviations,
        correlations=z.T @ z / (len(z) - 1),
        index=data.index[kept],
        n_dropped=int((~kept).sum()),
        n_replaced=int(np.isnan(raw).sum()),
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


def resampled_correlations(raw: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Correlations of each resample, means put in for gaps within it: (draws, p, p).

    A resample in which an item does not vary gives NaN.
    """
    parts = [_correlations_of(raw, counts) for counts in _counts(rows, len(raw))]
    return np.concatenate(parts)


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
