"""Missing answers filled in several times, so that what is unknown stays uncertain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.study.little import em_moments

MOST_TRIES = 5


def impute_answers(
    answers: pd.DataFrame,
    imputations: int,
    *,
    seed: int,
    weights: pd.Series | None = None,
) -> list[pd.DataFrame]:
    """Fill the gaps of numeric answers several times, from a normal model of all of them.

    Each frame takes mean and covariance by EM from a resample of the respondents, which stands for
    what is unknown of them, and draws every gap from its normal distribution given the answers
    that the respondent gave. Draws are neither rounded nor cut at the ends of the scale, which
    would bias means and correlations (von Hippel, 2013). Missing at random is assumed.

    Parameters
    ----------
    answers : DataFrame (n, p)
        Rows without any answer are left out.
    imputations : int
        How many completed frames are made.
    seed : int
    weights : Series, optional
        Case weights of the normal model.

    Raises
    ------
    DataError
        Nobody answered a column, or two columns are never answered together.
    ConvergenceError
        If EM settles in no resample.

    Notes
    -----
    EM with bootstrapping: Honaker & King (2010), American Journal of Political Science 54,
    561–581, the algorithm of Amelia II.

    >>> rng = np.random.default_rng(4)
    >>> x = rng.normal(size=200)
    >>> data = pd.DataFrame({"a": x, "b": x + rng.normal(size=200)})
    >>> data.loc[:19, "b"] = np.nan
    >>> frames = impute_answers(data, 3, seed=1)
    >>> len(frames), bool(frames[0].notna().all(axis=None)), bool(frames[0].b[5] == frames[1].b[5])
    (3, True, False)
    """
    there = answers.dropna(how="all")
    if empty := [str(c) for c in there.columns[there.isna().all()]]:
        raise DataError(
            f"nobody answered {', '.join(empty)} · allowed: columns with answers · do: leave the "
            "column out"
        )
    values, rng = there.to_numpy(float), np.random.default_rng(seed)
    case = None if weights is None else weights.reindex(there.index).fillna(0).to_numpy(float)
    filled = [_filled(values, *_drawn_moments(values, case, rng), rng) for _ in range(imputations)]
    return [pd.DataFrame(rows, index=there.index, columns=there.columns) for rows in filled]


def _drawn_moments(
    values: np.ndarray, weights: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of a resample of the rows."""
    for _ in range(MOST_TRIES):
        rows = rng.integers(0, len(values), len(values))
        if weights is not None:
            rows = rows[weights[rows] > 0]
        try:
            found = em_moments(values[rows], None if weights is None else weights[rows])
        except (DataError, ConvergenceError):
            continue
        return found.mean, found.cov
    raise ConvergenceError(
        f"EM settled in none of {MOST_TRIES} resamples · allowed: columns that are answered "
        "together often enough · do: leave out the column with most gaps, or imputations: 0"
    )


def _filled(
    values: np.ndarray, mean: np.ndarray, cov: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw every gap given the answers of its row, rows of one pattern together."""
    filled, gaps = values.copy(), np.isnan(values)
    patterns, which = np.unique(gaps, axis=0, return_inverse=True)
    for number, gone in enumerate(patterns):
        if not gone.any():
            continue
        rows, seen = np.flatnonzero(which.ravel() == number), ~gone
        slopes = np.linalg.solve(cov[np.ix_(seen, seen)], cov[np.ix_(seen, gone)])
        left = cov[np.ix_(gone, gone)] - cov[np.ix_(gone, seen)] @ slopes
        noise = rng.standard_normal((len(rows), int(gone.sum()))) @ _root(left).T
        expected = mean[gone] + (values[np.ix_(rows, seen)] - mean[seen]) @ slopes
        filled[np.ix_(rows, gone)] = expected + noise
    return filled


def _root(cov: np.ndarray) -> np.ndarray:
    """Return a root of a covariance that may be singular."""
    size, vectors = np.linalg.eigh(cov)
    return vectors * np.sqrt(np.maximum(size, 0.0))
