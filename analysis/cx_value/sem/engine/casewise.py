"""Scores of the log-likelihood, case by case, and their cross-products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cx_value.base.errors import DataError
from cx_value.sem.engine.fit import Prepared
from cx_value.sem.engine.likelihood import Point

CHUNK = 20_000
BLOCK = 2_000  # rows in one cross-product of scores
Scores = Iterator[tuple[np.ndarray, np.ndarray | None]]


def score_products(prepared: Prepared, point: Point, scores) -> np.ndarray:
    """Return the mean cross-product ``(k, k)`` of scores that come by slot."""
    if prepared.request.clustered:
        return _products_of_units(prepared, point, scores)
    slots = len(prepared.design.slots)
    total = np.zeros((len(prepared.samples), slots, slots))
    for g, products in enumerate(total):
        for weighted in _blocks(scores(prepared, point, g)):
            products += weighted.T @ weighted
    return prepared.design.reduce_square(total) / prepared.n


def _products_of_units(prepared: Prepared, point: Point, scores) -> np.ndarray:
    """Return the cross-product of the sampling units' totals over n, about their stratum's mean.

    Σ_h m_h/(m_h − 1) Σ_j (t_hj − t̄_h)(t_hj − t̄_h)' with m_h units in stratum h: the linearised
    variance of a stratified sample of clusters (Binder 1983; Muthén and Satorra 1995).
    """
    samples = prepared.samples
    units = np.concatenate([sample.units for sample in samples])
    known, first, place = np.unique(units[:, 0], return_index=True, return_inverse=True)
    totals = np.zeros((len(known), prepared.design.n_parameters))
    start = 0
    for g, sample in enumerate(samples):
        rows = np.concatenate([rows for _, chunks in _pattern_rows(prepared, g) for rows in (
            [np.arange(sample.n)[chunk] if isinstance(chunk, slice) else chunk for chunk in chunks]
        )])  # fmt: skip
        values = np.concatenate([
            in_parameters(prepared, part if weights is None else part * weights[:, None], g)
            for part, weights in scores(prepared, point, g)
        ])  # fmt: skip
        np.add.at(totals, place.ravel()[start + rows], values)
        start += sample.n
    strata = units[first, 1]
    total = np.zeros((totals.shape[1],) * 2)
    for stratum in np.unique(strata):
        own = totals[strata == stratum]
        if len(own) < 2:
            raise DataError(
                f"{_lonely(strata)} of {len(np.unique(strata))} strata hold a single sampling unit "
                "· allowed: two clusters or more in each stratum · do: join strata, or name finer "
                "clusters"
            )
        away = own - own.mean(axis=0)
        total += len(own) / (len(own) - 1) * away.T @ away
    return total / prepared.n


def _lonely(strata: np.ndarray) -> int:
    return int((np.unique(strata, return_counts=True)[1] < 2).sum())


def _blocks(scores: Scores) -> Iterator[np.ndarray]:
    """Yield weighted scores in blocks: a product of many rows costs less than many of few."""
    held, n = [], 0
    for values, weights in scores:
        held.append(values if weights is None else values * weights[:, None])
        n += len(values)
        if n >= BLOCK:
            yield np.concatenate(held) if len(held) > 1 else held[0]
            held, n = [], 0
    if held:
        yield np.concatenate(held)


def casewise_scores(prepared: Prepared, point: Point, g: int) -> Scores:
    """Yield scores ``(rows, k)`` of the log-likelihood in group g, and their weights, in chunks."""
    for slots, weights in slot_scores(prepared, point, g):
        yield in_parameters(prepared, slots, g), weights


def slot_scores(prepared: Prepared, point: Point, g: int) -> Scores:
    """Yield the same as derivatives by slot ``(rows, T)``, before they are added to parameters."""
    design = prepared.design
    u, v, s = design.index
    basis = point.implied.basis[0, g]
    sample, centre = prepared.samples[g], _centre(prepared, g)
    for pattern, chunks in _pattern_rows(prepared, g):
        product = point.inverse[0, g, pattern] @ basis
        constant = (basis.T @ product)[u, v]
        for chosen in chunks:
            reach = _with_constant(prepared, sample.rows[chosen], centre) @ product
            slots = reach[:, u]
            slots *= reach[:, v]
            slots -= constant
            slots *= s
            yield slots, case_weights(prepared, g, chosen)


def _pattern_rows(prepared: Prepared, g: int) -> Iterator[tuple[int, list]]:
    """Yield each missing pattern of a group with its rows in chunks; one for complete data."""
    if prepared.target.seen is None:
        yield 0, row_chunks(prepared.samples[g].n)
        return
    for pattern, rows in enumerate(prepared.patterns[g].rows):
        yield pattern, [rows[chunk] for chunk in row_chunks(len(rows))]


def _centre(prepared: Prepared, g: int) -> np.ndarray | float:
    return 0.0 if prepared.model.meanstructure else prepared.samples[g].mean()


def _with_constant(prepared: Prepared, rows: np.ndarray, centre: np.ndarray | float) -> np.ndarray:
    """Return rows in fit units with a constant (or centred), missing answers as 0."""
    units = prepared.design.units[: rows.shape[1]]
    if not prepared.model.meanstructure:
        return (rows - centre) / units
    out = np.ones((len(rows), rows.shape[1] + 1))
    np.divide(np.where(np.isnan(rows), 0.0, rows), units, out=out[:, :-1])
    return out


def row_chunks(n: int) -> list[slice]:
    return [slice(at, min(at + CHUNK, n)) for at in range(0, n, CHUNK)]


def case_weights(prepared: Prepared, g: int, chosen: np.ndarray | slice) -> np.ndarray | None:
    weights = prepared.samples[g].weights
    return None if weights is None else weights[chosen]


def in_parameters(prepared: Prepared, slots: np.ndarray, g: int) -> np.ndarray:
    """Return scores by slot ``(rows, T)`` as scores of the parameters ``(rows, k)``."""
    design = prepared.design
    return slots if design.is_identity else slots @ design.mapping[g]
