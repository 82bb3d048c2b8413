"""How thresholds and polychoric correlations vary from sample to sample.

The asymptotic covariance of the two-step estimator, needed as the weight of WLSMV: Muthén (1984),
Psychometrika 49, 115–132, with every expectation taken as the mean of products of casewise scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from cx_value.sem.polychoric.margins import Margins, read_margins
from cx_value.sem.polychoric.pairs import (
    PairTables,
    correlate,
    polyserial_terms,
    rectangles,
    tabulate_pairs,
)

_CHUNK = 20_000  # rows whose scores are held at once
_UNLIKELY = np.sqrt(np.finfo(float).eps)  # an observed cell below this says nothing of a slope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalMoments:
    """Sample moments of a data set with ordinal items, and their asymptotic covariance.

    Attributes
    ----------
    names : tuple of str
        Variables in the order of the frame.
    is_ordinal : array of bool
    labels : tuple of str
        One per moment: thresholds ``x|t1`` (or the mean ``x~1``) variable by variable, then the
        variances ``x~~x`` of continuous variables, then ``x~~y`` below the diagonal by column.
    moments : array of q
    covariance : array (p, p)
        Unit variances for ordinal items, ML variances for the others.
    gamma : array (q, q)
        ``n_rows`` times the asymptotic covariance of ``moments``.
    threshold_of : array
        Variable of each threshold or mean.
    levels : tuple of arrays
        Category values of each ordinal item.
    n_rows : int
    margins : Margins
    """

    names: tuple[str, ...]
    is_ordinal: np.ndarray
    labels: tuple[str, ...]
    moments: np.ndarray
    covariance: np.ndarray
    gamma: np.ndarray
    threshold_of: np.ndarray
    levels: tuple[np.ndarray, ...]
    n_rows: int
    margins: Margins


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where each variable's thresholds (or mean) and variance stand among the moments."""

    location: tuple[slice, ...]
    variance: np.ndarray  # -1 for ordinal items
    n_first: int  # thresholds, means and variances
    pairs: np.ndarray  # (p (p - 1) / 2, 2), first < second

    @property
    def size(self) -> int:
        return self.n_first + len(self.pairs)


def ordinal_moments(
    frame: pd.DataFrame,
    ordered: Iterable[str] | None = None,
    *,
    weights: np.ndarray | None = None,
) -> OrdinalMoments:
    """Estimate thresholds, means, variances and correlations with their covariance.

    Parameters
    ----------
    frame : DataFrame
        Variables in columns, NaN where missing (each moment uses the rows that inform it).
    ordered : iterable of str, optional
        Ordinal columns; all when left out.
    weights : array of n, optional
        Case weights.

    Returns
    -------
    OrdinalMoments
        ``gamma`` agrees with lavaan's ``lavInspect(fit, "gamma")`` to 1e-6 of its largest entry.

    >>> scale = pd.DataFrame({"a": [1, 1, 2, 2, 1, 2], "b": [1, 1, 2, 2, 2, 1]})
    >>> ordinal_moments(scale).labels
    ('a|t1', 'b|t1', 'a~~b')
    """
    margins = read_margins(frame, ordered, weights)
    tables = tabulate_pairs(margins)
    correlation = correlate(margins, tables)
    layout = _lay_out(margins)
    deviation = np.sqrt(margins.variances)
    covariance = correlation * np.outer(deviation, deviation)
    gamma = _sandwich(margins, tables, correlation, layout)
    return OrdinalMoments(
        names=margins.names,
        is_ordinal=margins.is_ordinal,
        labels=_labels(margins, layout),
        moments=_stack(margins, covariance, layout),
        covariance=covariance,
        gamma=gamma,
        threshold_of=np.repeat(
            np.arange(len(margins.names)), [s.stop - s.start for s in layout.location]
        ),
        levels=margins.levels,
        n_rows=len(frame),
        margins=margins,
    )


def _lay_out(margins: Margins) -> _Layout:
    sizes = [max(len(cuts), 1) for cuts in margins.thresholds]
    ends = np.cumsum(sizes)
    slices = tuple(slice(end - size, end) for size, end in zip(sizes, ends, strict=True))
    variance = np.full(len(sizes), -1)
    continuous = np.flatnonzero(~margins.is_ordinal)
    variance[continuous] = ends[-1] + np.arange(len(continuous))
    pairs = np.column_stack(np.triu_indices(len(sizes), 1))
    return _Layout(slices, variance, int(ends[-1]) + len(continuous), pairs)


def _labels(margins: Margins, layout: _Layout) -> tuple[str, ...]:
    first = [
        label
        for name, cuts in zip(margins.names, margins.thresholds, strict=True)
        for label in ([f"{name}|t{k + 1}" for k in range(len(cuts))] or [f"{name}~1"])
    ]
    names = np.array(margins.names, dtype=object)
    variances = [f"{name}~~{name}" for name in names[~margins.is_ordinal]]
    return tuple(first + variances + [f"{names[a]}~~{names[b]}" for a, b in layout.pairs])


def _stack(margins: Margins, covariance: np.ndarray, layout: _Layout) -> np.ndarray:
    first = [
        cuts if len(cuts) else [mean]
        for cuts, mean in zip(margins.thresholds, margins.means, strict=True)
    ]
    variances = margins.variances[~margins.is_ordinal]
    return np.concatenate([*first, variances, covariance[layout.pairs[:, 0], layout.pairs[:, 1]]])


# Sandwich --------------------------------------------------------------------------------------


def _sandwich(
    margins: Margins, tables: PairTables, correlation: np.ndarray, layout: _Layout
) -> np.ndarray:
    """``n B⁻¹ (Σ w² s s') B⁻ᵀ``; B is block-triangular: margins first, correlations given them."""
    size, n_rows = layout.size, len(margins.weights)
    meat, squares = np.zeros((size, size)), np.zeros((size, size))
    lower = np.zeros((len(layout.pairs), layout.n_first))
    cells = _cell_slopes(tables, correlation[tables.first, tables.second])
    place = {pair: k for k, pair in enumerate(map(tuple, layout.pairs.tolist()))}
    _ordinal_cross(tables, cells, correlation, layout, place, lower)
    even = bool((margins.weights == margins.weights[0]).all())
    for start in range(0, n_rows, _CHUNK):
        block = margins.rows(slice(start, start + _CHUNK))
        scores = _scores(block, tables, cells.ratio, correlation, layout, place, lower)
        weighted = scores * block.weights[:, None]
        meat += weighted.T @ weighted
        if not even:
            squares += scores.T @ weighted
    if even:
        squares = meat / margins.weights[0]
    bread = _bread(squares, lower, layout, margins)
    jacobian = _covariance_jacobian(margins, correlation, layout) @ bread
    return n_rows * jacobian @ meat @ jacobian.T


def _bread(squares: np.ndarray, lower: np.ndarray, layout: _Layout, margins: Margins) -> np.ndarray:
    """Inverse of the block-triangular B; margins of different variables do not interact."""
    first = layout.n_first
    inverse = np.zeros((first, first))
    for j, location in enumerate(layout.location):
        own = np.arange(location.start, location.stop)
        if layout.variance[j] >= 0:
            own = np.append(own, layout.variance[j])
        inverse[np.ix_(own, own)] = _margin_inverse(squares[np.ix_(own, own)], margins, j)
    bread = np.zeros(squares.shape)
    slope = 1.0 / np.maximum(np.diag(squares)[first:], 1e-300)
    bread[:first, :first] = inverse
    bread[first:, :first] = -slope[:, None] * (lower @ inverse)
    bread[first:, first:] = np.diag(slope)
    return bread


def _margin_inverse(square: np.ndarray, margins: Margins, j: int) -> np.ndarray:
    """Inverse of Σ s s' of one variable.

    A continuous variable of two values has a mean and a variance that move as one, so the products
    are singular; the expected information takes their place.
    """
    scale = np.sqrt(np.diag(square))
    if (scale > 0).all() and np.linalg.cond(square / np.outer(scale, scale)) < 1e8:
        return np.linalg.inv(square)
    if margins.is_ordinal[j]:
        return np.linalg.pinv(square, hermitian=True)
    rows, variance = margins.weights[margins.observed[:, j]].sum(), margins.variances[j]
    return np.diag([variance, 2.0 * variance**2]) / rows


def _covariance_jacobian(margins: Margins, correlation: np.ndarray, layout: _Layout) -> np.ndarray:
    """From (location, variance, correlation) to (location, variance, covariance)."""
    deviation = np.sqrt(margins.variances)
    jacobian = np.eye(layout.size)
    for k, (a, b) in enumerate(layout.pairs, start=layout.n_first):
        jacobian[k, k] = deviation[a] * deviation[b]
        for own, other in ((a, b), (b, a)):
            if layout.variance[own] >= 0:
                half = correlation[a, b] * deviation[other] / (2.0 * deviation[own])
                jacobian[k, layout.variance[own]] = half
    return jacobian


# Ordinal pairs, on tables ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _CellSlopes:
    """Per cell: d log p / d rho, that times count / p, and the density that a threshold moves."""

    ratio: np.ndarray
    pull: np.ndarray
    first: np.ndarray
    second: np.ndarray


def _cell_slopes(tables: PairTables, rho: np.ndarray) -> _CellSlopes:
    probability, slope = rectangles(tables, rho)
    likely = probability > _UNLIKELY
    inverse = np.where(likely, 1.0 / np.where(likely, probability, 1.0), 0.0)
    ratio = slope * inverse
    return _CellSlopes(
        ratio=ratio,
        pull=tables.counts * ratio * inverse,
        first=_moved(tables.first_thresholds, tables.second_thresholds, rho),
        second=_moved(tables.second_thresholds, tables.first_thresholds, rho),
    )


def _moved(own: np.ndarray, other: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """φ(τ) P(other category | response = τ): (pairs, thresholds, other categories)."""
    finite = np.isfinite(own)
    tau = np.where(finite, own, 0.0)
    density = np.where(finite, np.exp(-tau * tau / 2.0) / np.sqrt(2.0 * np.pi), 0.0)
    edges = np.pad(other, ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf)))
    root = np.sqrt(1.0 - rho * rho)[:, None, None]
    below = ndtr((edges[:, None, :] - rho[:, None, None] * tau[:, :, None]) / root)
    return density[:, :, None] * np.diff(below, axis=2)


def _ordinal_cross(
    tables: PairTables,
    cells: _CellSlopes,
    correlation: np.ndarray,
    layout: _Layout,
    place: dict,
    lower: np.ndarray,
) -> None:
    """Fill ``lower`` with Σ s_rho s_threshold for ordinal pairs."""
    first = (-np.diff(cells.pull, axis=1) * cells.first).sum(axis=2)
    second = (-np.diff(cells.pull, axis=2).transpose(0, 2, 1) * cells.second).sum(axis=2)
    for row, (a, b) in enumerate(zip(tables.first.tolist(), tables.second.tolist(), strict=True)):
        for variable, values in ((a, first[row]), (b, second[row])):
            where = layout.location[variable]
            lower[place[a, b], where] = values[: where.stop - where.start]


# Casewise scores ---------------------------------------------------------------------------------


def _scores(
    block: Margins,
    tables: PairTables,
    ratio: np.ndarray,
    correlation: np.ndarray,
    layout: _Layout,
    place: dict,
    lower: np.ndarray,
) -> np.ndarray:
    """Scores of a block of rows; adds the continuous variables' share to ``lower`` on the way."""
    scores = np.zeros((len(block.weights), layout.size))
    for j, location in enumerate(layout.location):
        if block.is_ordinal[j]:
            scores[:, location] = _threshold_scores(block, j)
        else:
            scores[:, location.start], scores[:, layout.variance[j]] = _normal_scores(block, j)
    width = ratio.shape[2] if len(ratio) else 0
    for row, (a, b) in enumerate(zip(tables.first.tolist(), tables.second.tolist(), strict=True)):
        both = (block.codes[:, a] >= 0) & (block.codes[:, b] >= 0)
        cell = np.where(both, block.codes[:, a] * width + block.codes[:, b], 0)
        scores[:, layout.n_first + place[a, b]] = np.where(both, ratio[row].ravel()[cell], 0.0)
    for (a, b), k in place.items():
        if block.is_ordinal[a] and block.is_ordinal[b]:
            continue
        rho_score, pieces = _continuous_pair(block, correlation[a, b], a, b, layout)
        scores[:, layout.n_first + k] = rho_score
        for where, piece in pieces:
            lower[k, where] += (block.weights * rho_score) @ piece
    return scores


def _threshold_scores(block: Margins, j: int) -> np.ndarray:
    cuts, codes = block.thresholds[j], block.codes[:, j]
    density = np.exp(-cuts * cuts / 2.0) / np.sqrt(2.0 * np.pi)
    shares = np.diff(ndtr(np.concatenate([[-np.inf], cuts, [np.inf]])))
    by_category = np.zeros((len(cuts) + 2, len(cuts)))  # last row: missing
    steps = np.arange(len(cuts))
    by_category[steps, steps] = density / shares[:-1]
    by_category[steps + 1, steps] = -density / shares[1:]
    return by_category[codes]


def _normal_scores(block: Margins, j: int) -> tuple[np.ndarray, np.ndarray]:
    z, variance = block.scores[:, j], block.variances[j]
    mean_score, variance_score = z / np.sqrt(variance), (z * z - 1.0) / (2.0 * variance)
    return np.nan_to_num(mean_score), np.nan_to_num(variance_score)


def _continuous_pair(
    block: Margins, rho: float, a: int, b: int, layout: _Layout
) -> tuple[np.ndarray, list]:
    """Score by rho, and the pair's own scores by location and variance, zero where missing."""
    both = block.observed[:, a] & block.observed[:, b]
    if block.is_ordinal[a] or block.is_ordinal[b]:
        continuous, ordinal = (b, a) if block.is_ordinal[a] else (a, b)
        rho_score, pieces = _polyserial_scores(block, rho, continuous, ordinal, layout)
    else:
        rho_score, pieces = _pearson_scores(block, rho, a, b, layout)
    clean = [
        (where, np.where(both.reshape(-1, *[1] * (p.ndim - 1)), p, 0.0)) for where, p in pieces
    ]
    return np.where(both, rho_score, 0.0), clean


def _polyserial_scores(
    block: Margins, rho: float, continuous: int, ordinal: int, layout: _Layout
) -> tuple[np.ndarray, list]:
    edges = np.concatenate([[-np.inf], block.thresholds[ordinal], [np.inf]])
    codes = np.maximum(block.codes[:, ordinal], 0)
    z, variance = block.scores[:, continuous], block.variances[continuous]
    probability, slope, _, densities = polyserial_terms(z, edges[codes], edges[codes + 1], rho)
    high, low = densities / (probability * np.sqrt(1.0 - rho * rho))
    by_threshold = np.zeros((len(codes), len(edges)))
    rows = np.arange(len(codes))
    by_threshold[rows, codes + 1] = high
    by_threshold[rows, codes] = -low
    pull = rho * (high - low)
    return slope / probability, [
        (layout.location[ordinal], by_threshold[:, 1:-1]),
        (layout.location[continuous].start, (z + pull) / np.sqrt(variance)),
        (layout.variance[continuous], ((z * z - 1.0) + pull * z) / (2.0 * variance)),
    ]


def _pearson_scores(
    block: Margins, rho: float, a: int, b: int, layout: _Layout
) -> tuple[np.ndarray, list]:
    x, y, rest = block.scores[:, a], block.scores[:, b], 1.0 - rho * rho
    rho_score = (rho + x * y) / rest - rho * (x * x - 2.0 * rho * x * y + y * y) / rest**2
    pieces = []
    for own, z, other in ((a, x, y), (b, y, x)):
        residual, variance = (z - rho * other) / rest, block.variances[own]
        pieces.append((layout.location[own].start, residual / np.sqrt(variance)))
        pieces.append((layout.variance[own], (z * residual - 1.0) / (2.0 * variance)))
    return rho_score, pieces
