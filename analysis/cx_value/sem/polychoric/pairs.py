"""Two-step correlations of pairs: all contingency tables solved together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from cx_value.base.errors import DataError
from cx_value.sem.polychoric.binormal import bivariate_normal_cdf, bivariate_normal_density
from cx_value.sem.polychoric.margins import Margins

BOUND = 0.999  # correlations are sought within ±BOUND
_CHUNK = 20_000  # rows per block of indicators
_BATCH = 600  # pairs solved together
_TINY = 1e-100
_STEEP = 1e30  # a curvature that comes from a cell of no probability


@dataclass(frozen=True, slots=True, eq=False)
class PairTables:
    """Contingency tables of ordinal pairs; short items are padded with thresholds at infinity."""

    first: np.ndarray
    second: np.ndarray
    first_thresholds: np.ndarray
    second_thresholds: np.ndarray
    counts: np.ndarray

    def take(self, rows: np.ndarray) -> PairTables:
        return PairTables(*(getattr(self, name)[rows] for name in self.__slots__))


def tabulate_pairs(margins: Margins) -> PairTables:
    """Cross-tabulate every ordinal pair over the rows that answer both items."""
    items = np.flatnonzero(margins.is_ordinal)
    width = max((len(margins.levels[j]) for j in items), default=1)
    joint = _joint_counts(margins.codes[:, items], margins.weights, width)
    cuts = np.full((len(items), width - 1), np.inf)
    for row, j in enumerate(items):
        cuts[row, : len(margins.thresholds[j])] = margins.thresholds[j]
    second, first = np.tril_indices(len(items), -1)
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    counts = joint[first, :, second, :]
    _refuse_disjoint(margins, items[first], items[second], counts.sum(axis=(1, 2)))
    return PairTables(items[first], items[second], cuts[first], cuts[second], counts)


def _joint_counts(codes: np.ndarray, weights: np.ndarray, width: int) -> np.ndarray:
    """All tables at once, (p, width, p, width): the cross-product of the items' indicators."""
    n_items = codes.shape[1]
    joint = np.zeros((n_items * width, n_items * width))
    for start in range(0, len(codes), _CHUNK):
        block = codes[start : start + _CHUNK]
        indicators = (block[:, :, None] == np.arange(width)).reshape(len(block), -1).astype(float)
        joint += indicators.T @ (indicators * weights[start : start + _CHUNK, None])
    return joint.reshape(n_items, width, n_items, width)


def _refuse_disjoint(
    margins: Margins, first: np.ndarray, second: np.ndarray, total: np.ndarray
) -> None:
    for a, b in zip(first[total <= 0], second[total <= 0], strict=True):
        raise DataError(
            f"{margins.names[a]} and {margins.names[b]} are never answered by the same respondent "
            "· allowed: at least a few common rows · do: drop one of the two."
        )


def _fill_two_by_two(counts: np.ndarray, tables: PairTables) -> np.ndarray:
    """Move half a case into the one empty cell of a 2 × 2 table, margins kept.

    Without it the correlation would be ±1 by one missing combination (Brown & Benedetti, 1977).
    """
    is_two = np.isinf(tables.first_thresholds[:, 1:]).all(1)
    is_two &= np.isinf(tables.second_thresholds[:, 1:]).all(1)
    corner = counts[:, :2, :2]
    single = is_two & ((corner == 0).sum(axis=(1, 2)) == 1)
    diagonal = (corner[:, 0, 0] == 0) | (corner[:, 1, 1] == 0)
    move = np.where(single, np.where(diagonal, 0.5, -0.5), 0.0)
    filled = counts.copy()
    filled[:, :2, :2] += move[:, None, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return filled


def rectangles(tables: PairTables, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cell probabilities and their derivatives by rho, each (pairs, K, K)."""
    x, y = tables.first_thresholds[:, :, None], tables.second_thresholds[:, None, :]
    r = rho[:, None, None]
    shape = (len(rho), x.shape[1] + 2, y.shape[2] + 2)
    corners, slopes = np.zeros(shape), np.zeros(shape)
    corners[:, 1:-1, 1:-1] = bivariate_normal_cdf(x, y, r)
    corners[:, 1:-1, -1] = ndtr(x[:, :, 0])
    corners[:, -1, 1:-1] = ndtr(y[:, 0, :])
    corners[:, -1, -1] = 1.0
    slopes[:, 1:-1, 1:-1] = bivariate_normal_density(x, y, r)
    return _cells(corners), _cells(slopes)


def _cells(corners: np.ndarray) -> np.ndarray:
    return np.diff(np.diff(corners, axis=1), axis=2)


def _bends(tables: PairTables, rho: np.ndarray) -> np.ndarray:
    """Second derivatives of the cell probabilities by rho."""
    x, y = tables.first_thresholds[:, :, None], tables.second_thresholds[:, None, :]
    r = rho[:, None, None]
    rest = 1.0 - r * r
    density = bivariate_normal_density(x, y, r)
    x, y = (np.where(np.isfinite(limit), limit, 0.0) for limit in (x, y))
    inner = density * (r / rest + ((1 + r * r) * x * y - r * (x * x + y * y)) / rest**2)
    return _cells(np.pad(inner, ((0, 0), (1, 1), (1, 1))))


def _table_score(tables: PairTables, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    probability, slope = rectangles(tables, rho)
    used = tables.counts > 0
    per_cell = np.where(used, tables.counts / np.where(used, np.maximum(probability, _TINY), 1), 0)
    ratio = np.where(used, slope / np.where(used, np.maximum(probability, _TINY), 1), 0)
    score = (per_cell * slope).sum(axis=(1, 2))
    return score, (tables.counts * ratio**2 - per_cell * _bends(tables, rho)).sum(axis=(1, 2))


# Solving ----------------------------------------------------------------------------------------

Score = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def solve_scores(score: Score, start: np.ndarray, *, tolerance: float = 1e-12) -> np.ndarray:
    """Find the maxima of many one-dimensional likelihoods at once within ±BOUND.

    Newton steps kept inside a bracket that the sign of the score narrows; where the curvature or
    the step is of no use, the bracket is halved. ``score(x, rows)`` returns the first derivative
    and minus the second of the likelihoods ``rows``.
    """
    x = np.clip(start, -0.9, 0.9)
    low, high = np.full(x.shape, -BOUND), np.full(x.shape, BOUND)
    rows = np.arange(len(x))
    for _ in range(100):
        gradient, curvature = score(x[rows], rows)
        low[rows] = np.where(gradient > 0, x[rows], low[rows])
        high[rows] = np.where(gradient < 0, x[rows], high[rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x[rows] + gradient / curvature
        halved = (low[rows] + high[rows]) / 2.0
        usable = (curvature > 0) & (curvature < _STEEP) & (new > low[rows]) & (new < high[rows])
        # Close to the root rounding decides the sign of the score, so its size is asked first.
        there = (np.abs(gradient) <= tolerance * curvature) & (curvature < _STEEP)
        new = np.where(there, x[rows], np.where(usable, new, halved))
        moved = np.abs(new - x[rows])
        x[rows] = new
        rows = rows[moved > tolerance]
        if not len(rows):
            break
    return x


def _pearson_of_table(counts: np.ndarray) -> np.ndarray:
    values = np.arange(counts.shape[1], dtype=float)
    total = counts.sum(axis=(1, 2))
    x, y = counts.sum(axis=2) @ values / total, counts.sum(axis=1) @ values / total
    x_square = counts.sum(axis=2) @ values**2 / total - x * x
    y_square = counts.sum(axis=1) @ values**2 / total - y * y
    cross = np.einsum("pij,i,j->p", counts, values, values) / total - x * y
    return cross / np.sqrt(np.maximum(x_square * y_square, _TINY))


def correlate_ordinal(tables: PairTables) -> np.ndarray:
    """Return the polychoric correlation of every table."""
    tables = PairTables(
        tables.first,
        tables.second,
        tables.first_thresholds,
        tables.second_thresholds,
        _fill_two_by_two(tables.counts, tables),
    )
    rho = np.empty(len(tables.first))
    for start in range(0, len(rho), _BATCH):
        part = tables.take(np.arange(start, min(start + _BATCH, len(rho))))
        rho[start : start + _BATCH] = solve_scores(
            lambda x, rows, part=part: _table_score(part.take(rows), x),
            _pearson_of_table(part.counts),
        )
    return rho


def polyserial_terms(
    scores: np.ndarray, lower: np.ndarray, upper: np.ndarray, rho: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return P(category | score), its two derivatives by rho, and the two cut densities' ratio."""
    root = np.sqrt(1.0 - rho * rho)
    terms = []
    for cut in (upper, lower):
        finite = np.isfinite(cut)
        tau = np.where(finite, cut, 0.0)
        u = (tau - rho * scores) / root
        first = (rho * tau - scores) / root**3
        second = (tau * root**2 + 3.0 * rho * (rho * tau - scores)) / root**5
        density = np.where(finite, np.exp(-u * u / 2.0) / np.sqrt(2.0 * np.pi), 0.0)
        below = np.where(finite, ndtr(u), np.where(cut > 0, 1.0, 0.0))
        terms.append((below, density * first, density * (second - u * first**2), density))
    high, low = terms
    probability = np.maximum(high[0] - low[0], np.finfo(float).eps)
    return probability, high[1] - low[1], high[2] - low[2], np.array([high[3], low[3]])


def _polyserial(margins: Margins, continuous: int, ordinal: int) -> float:
    rows = margins.observed[:, continuous] & margins.observed[:, ordinal]
    _refuse_disjoint(margins, *(np.array([v]) for v in (continuous, ordinal, rows.sum())))
    edges = np.concatenate([[-np.inf], margins.thresholds[ordinal], [np.inf]])
    codes, z = margins.codes[rows, ordinal], margins.scores[rows, continuous]
    weights = margins.weights[rows]

    def score(rho: np.ndarray, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p, slope, bend, _density = polyserial_terms(z, edges[codes], edges[codes + 1], rho[0])
        curvature = weights @ ((slope / p) ** 2 - bend / p)
        return np.array([weights @ (slope / p)]), np.array([curvature])

    return float(solve_scores(score, np.array([np.corrcoef(z, codes)[0, 1]]))[0])


def _pearson(margins: Margins, first: int, second: int) -> float:
    """Correlation given each margin's mean and variance: the root of a cubic in rho."""
    rows = margins.observed[:, first] & margins.observed[:, second]
    _refuse_disjoint(margins, *(np.array([v]) for v in (first, second, rows.sum())))
    x, y = margins.scores[rows, first], margins.scores[rows, second]
    weights = margins.weights[rows] / margins.weights[rows].sum()
    xy, squares = weights @ (x * y), weights @ (x * x + y * y)

    def score(rho: np.ndarray, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = rho * (1 - rho**2) + (1 + rho**2) * xy - rho * squares
        return value, squares - 1 + 3 * rho**2 - 2 * rho * xy

    return float(solve_scores(score, np.array([xy]))[0])


def correlate(margins: Margins, tables: PairTables | None = None) -> np.ndarray:
    """Return the (p, p) matrix of polychoric, polyserial and Pearson correlations."""
    tables = tabulate_pairs(margins) if tables is None else tables
    matrix = np.eye(len(margins.names))
    matrix[tables.first, tables.second] = correlate_ordinal(tables)
    for first, second in zip(*np.triu_indices(len(matrix), 1), strict=True):
        kinds = margins.is_ordinal[first], margins.is_ordinal[second]
        if kinds == (True, True):
            continue
        if kinds == (False, False):
            matrix[first, second] = _pearson(margins, first, second)
        else:
            pair = (second, first) if kinds[0] else (first, second)
            matrix[first, second] = _polyserial(margins, *pair)
    upper = np.triu(matrix, 1)
    return upper + upper.T + np.eye(len(matrix))
