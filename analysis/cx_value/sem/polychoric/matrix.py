"""Polychoric and polyserial correlations: how rating scales correlate beneath their categories.

An item with K categories is read as a standard normal response cut at K - 1 thresholds. Thresholds
come from each item's margin, then each correlation from its pair of items (two-step maximum
likelihood: Olsson, 1979, Psychometrika 44, 443–460; Olsson, Drasgow & Dorans, 1982). All pairs are
solved together on their contingency tables, so the number of rows hardly matters.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd

from cx_value.base.errors import AnalysisWarning
from cx_value.base.wording import join_words
from cx_value.sem.polychoric.margins import Margins, read_margins
from cx_value.sem.polychoric.pairs import BOUND, PairTables, correlate, tabulate_pairs


def thresholds(
    frame: pd.DataFrame,
    *,
    ordered: Iterable[str] | None = None,
    weights: np.ndarray | None = None,
) -> pd.DataFrame:
    """Where does each rating scale cut the normal response beneath it?

    Returns
    -------
    DataFrame
        ``item``, ``threshold`` (1 … K-1), ``category`` (the value up to which it reaches) and
        ``value`` (in standard deviations of the response): the normal quantile of the cumulative
        share. Agrees with lavaan's ``lavCor`` to 1e-8.

    >>> thresholds(pd.DataFrame({"a": [1, 1, 2, 2]}))["value"].tolist()
    [0.0]
    """
    margins = read_margins(frame, ordered, weights)
    rows = [
        (name, k + 1, levels[k], value)
        for name, levels, cuts in zip(
            margins.names, margins.levels, margins.thresholds, strict=True
        )
        for k, value in enumerate(cuts)
    ]
    return pd.DataFrame(rows, columns=["item", "threshold", "category", "value"])


def polychoric_matrix(
    frame: pd.DataFrame,
    *,
    weights: np.ndarray | None = None,
    ordered: Iterable[str] | None = None,
    smooth: bool = False,
) -> pd.DataFrame:
    """How do the responses beneath the rating scales correlate?

    Parameters
    ----------
    frame : DataFrame
        Items in columns, 2 to 30 categories each, NaN where missing. A pair uses the rows that
        answer both; thresholds use all rows that answer the item.
    weights : array of n, optional
        Positive case weights.
    ordered : iterable of str, optional
        The ordinal columns (default: all). Pairs with one other column are polyserial, pairs of
        two Pearson.
    smooth : bool
        Mend a matrix that is not positive definite: negative eigenvalues are raised to a small
        positive number and the diagonal is set back to 1. ``attrs["smoothed"]`` tells.

    Returns
    -------
    DataFrame
        (p, p). ``attrs``: ``smallest_eigenvalue`` (before smoothing), ``smoothed``,
        ``empty_cells`` (number over all ordinal pairs), ``n_rows``.

    Warns
    -----
    AnalysisWarning
        Not positive definite, or a correlation at the bound ±.999.

    Notes
    -----
    Olsson (1979), eq. 3–6. Agrees with lavaan's ``lavCor`` driven to the optimum within 1e-9
    (polychoric) and 1e-5 (polyserial, lavaan's own stop), and with ``psych::polychoric(correct=0)``
    within the latter's stopping rule.

    >>> scale = pd.DataFrame({"a": [1, 1, 2, 2, 1, 2], "b": [1, 1, 2, 2, 2, 1]})
    >>> round(float(polychoric_matrix(scale).loc["a", "b"]), 6)
    0.5
    """
    margins = read_margins(frame, ordered, weights)
    tables = tabulate_pairs(margins)
    matrix = correlate(margins, tables)
    _warn_of_bounds(margins, matrix)
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= 0:
        remedy = "it was smoothed" if smooth else "pass smooth=True or drop redundant items"
        warnings.warn(
            f"The polychoric correlation matrix is not positive definite (smallest eigenvalue "
            f"{smallest:.3g}); {remedy}.",
            AnalysisWarning,
            stacklevel=2,
        )
        matrix = smooth_correlation(matrix) if smooth else matrix
    result = pd.DataFrame(matrix, index=margins.names, columns=margins.names)
    inside = _real_cells(tables)
    result.attrs = {
        "smallest_eigenvalue": smallest,
        "smoothed": smooth and smallest <= 0,
        "empty_cells": int((inside & (tables.counts == 0)).sum()),
        "n_rows": len(frame),
    }
    return result


def _real_cells(tables: PairTables) -> np.ndarray:
    def real(cuts: np.ndarray) -> np.ndarray:
        return np.pad(np.isfinite(cuts), ((0, 0), (1, 0)), constant_values=True)

    return real(tables.first_thresholds)[:, :, None] & real(tables.second_thresholds)[:, None, :]


def _warn_of_bounds(margins: Margins, matrix: np.ndarray) -> None:
    at_bound = np.argwhere(np.triu(np.abs(matrix) > BOUND - 1e-6, 1))
    if len(at_bound):
        pairs = [f"{margins.names[a]}–{margins.names[b]}" for a, b in at_bound]
        warnings.warn(
            f"{len(pairs)} correlation(s) reached the bound ±{BOUND}: {join_words(pairs[:5])}; "
            "the items are practically the same or their table is too sparse.",
            AnalysisWarning,
            stacklevel=3,
        )


def smooth_correlation(matrix: np.ndarray, floor: float = 1e-6) -> np.ndarray:
    """Raise eigenvalues below ``floor`` and restore the unit diagonal (Wothke, 1993).

    >>> bool(np.linalg.eigvalsh(smooth_correlation(np.array([[1, 1.1], [1.1, 1]])))[0] > 0)
    True
    """
    values, vectors = np.linalg.eigh(matrix)
    rebuilt = (vectors * np.maximum(values, floor)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(rebuilt))
    return rebuilt * np.outer(scale, scale)
