"""Indices of careless responding, computed from the answers alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.base.errors import AnalysisError
from cx_value.base.words import Phrase
from cx_value.study.little import em_moments


def careless_indices(
    answers: pd.DataFrame, durations: pd.Series | None = None, notes: list[Phrase] | None = None
) -> pd.DataFrame:
    """Compute the indices of careless responding, one row per respondent.

    Parameters
    ----------
    answers : DataFrame, n × items
        As given, in the order asked; NaN = no answer.
    durations : Series, optional
        Seconds per respondent; ``seconds_per_item`` divides them by all items asked, so that
        items left blank do not make a respondent look slower.
    notes : list, optional
        Receives the reason where an index cannot be computed.

    Examples
    --------
    >>> x = pd.DataFrame([[3, 3, 3, 2], [1, 2, 1, 2], [4, 5, 2, 1]], dtype=float)
    >>> careless_indices(x)["long_string"].tolist()
    [3, 1, 1]
    """
    values = answers.to_numpy(dtype=float)
    runs = longest_run(values)
    squared, df, p = _distances(values, notes if notes is not None else [])
    answered = (~np.isnan(values)).sum(axis=1)
    seconds = np.full(len(values), np.nan) if durations is None else durations.to_numpy(float)
    return pd.DataFrame(
        {
            "long_string": runs,
            "long_string_share": runs / values.shape[1],
            "irv": _within_person_sd(values),
            "mahalanobis": squared,
            "mahalanobis_df": df,
            "mahalanobis_p": p,
            "seconds_per_item": seconds / values.shape[1],
            "missing_share": 1 - answered / values.shape[1],
        },
        index=answers.index,
    )


def longest_run(values: np.ndarray) -> np.ndarray:
    """Return the longest run of one and the same answer, per row; a missing answer ends a run.

    >>> longest_run(np.array([[1.0, 1, 1, 2], [1, 1, np.nan, 1]])).tolist()
    [3, 2]
    """
    run = (~np.isnan(values[:, 0])).astype(int)
    longest = run.copy()
    for k in range(1, values.shape[1]):
        same = values[:, k] == values[:, k - 1]
        run = np.where(same, run + 1, (~np.isnan(values[:, k])).astype(int))
        longest = np.maximum(longest, run)
    return longest


def _within_person_sd(values: np.ndarray) -> np.ndarray:
    count = (~np.isnan(values)).sum(axis=1)
    mean = np.nansum(values, axis=1) / np.maximum(count, 1)
    squares = np.nansum((values - mean[:, None]) ** 2, axis=1)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _distances(
    values: np.ndarray, notes: list[Phrase]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return squared Mahalanobis distances, their degrees of freedom and p values."""
    n, width = values.shape
    answered = ~np.isnan(values)
    try:
        mean, cov = _moments(values)
        if n <= width or np.linalg.cond(cov) > 1e12:
            raise np.linalg.LinAlgError
    except (AnalysisError, np.linalg.LinAlgError):
        notes.append(Phrase("screening.no_distance"))
        nothing = np.full(n, np.nan)
        return nothing, answered.sum(axis=1), nothing.copy()
    squared = np.full(n, np.nan)
    patterns, which = np.unique(answered, axis=0, return_inverse=True)
    for k, seen in enumerate(patterns):
        if seen.any():
            rows = which.ravel() == k
            gap = values[np.ix_(rows, seen)] - mean[seen]
            within = cov[np.ix_(seen, seen)]
            squared[rows] = np.einsum("ij,ji->i", gap, np.linalg.solve(within, gap.T))
    from scipy.stats import chi2

    df = answered.sum(axis=1)
    return squared, df, chi2.sf(squared, np.maximum(df, 1))


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance (n − 1), from the EM algorithm where answers are missing."""
    if not np.isnan(values).any():
        return values.mean(axis=0), np.cov(values, rowvar=False).reshape(values.shape[1], -1)
    moments = em_moments(values)
    return moments.mean, moments.cov * moments.n / max(moments.n - 1, 1)
