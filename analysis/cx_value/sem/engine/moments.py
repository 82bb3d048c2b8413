"""Columns of data made into the moments a model is fitted to, or refused by name.

Source for the checks: what other programs let pass silently (text read as codes, constants,
collinear items, pairwise repair of singular matrices).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError

_SINGULAR = 1e-11
_CHUNK = 20_000  # rows in hand at once


@dataclass(frozen=True, slots=True)
class Sample:
    """One group's rows (NaN where missing and kept), where they stood in the data, and weights.

    ``units`` number the sampling unit and the stratum of each row ``(n, 2)`` where respondents were
    not drawn one by one.
    """

    label: str
    rows: np.ndarray
    index: np.ndarray
    weights: np.ndarray | None = None
    units: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> float:
        """Rows, or the sum of their weights."""
        return float(len(self.rows) if self.weights is None else self.weights.sum())

    def mean(self) -> np.ndarray:
        """Return the (weighted) mean of complete rows."""
        return np.average(self.rows, axis=0, weights=self.weights)


def read_columns(data: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Return the named columns as floats, ``(n, p)``.

    Raises
    ------
    DataError
        Naming the columns that are absent (with the nearest match), hold text, hold nothing, hold
        infinities, or never vary.

    Examples
    --------
    >>> read_columns(pd.DataFrame({"a": [1, 2], "b": [0.5, 2]}), ["a", "b"]).tolist()
    [[1.0, 0.5], [2.0, 2.0]]
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"The data are a {type(data).__name__} · allowed: a pandas DataFrame with one row a "
            "respondent · do: read the file into a DataFrame"
        )
    _check_names(data, names)
    columns = np.empty((len(data), len(names)), order="F")
    for j, name in enumerate(names):
        columns[:, j] = _floats(data[name], name)
    _check_values(columns, names)
    return columns


def _check_names(data: pd.DataFrame, names: Sequence[str]) -> None:
    have = [str(column) for column in data.columns]
    absent = [name for name in names if name not in data.columns]
    if absent:
        near = {n: difflib.get_close_matches(n, have, n=1) for n in absent}
        told = ", ".join(f"{n} (nearest: {m[0]})" if m else n for n, m in near.items())
        raise DataError(
            f"{len(absent)} variable(s) of the model are not in the data: {told} · allowed: "
            f"{', '.join(have[:12])}{' …' if len(have) > 12 else ''} · do: correct the name in the "
            "model or the data"
        )
    doubled = [name for name in names if have.count(name) > 1]
    if doubled:
        raise DataError(
            f"The data hold {', '.join(doubled)} more than once · allowed: one column a name · do: "
            "rename or drop the second"
        )


def _floats(column: pd.Series, name: str) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    numbers = pd.to_numeric(column, errors="coerce")
    text = column.map(lambda v: isinstance(v, str)).to_numpy(dtype=bool, na_value=False)
    if text.any():
        rows = np.flatnonzero(text)
        shown = ", ".join(f"'{column.iloc[i]}' in row {i + 1}" for i in rows[:3])
        raise DataError(
            f"Column {name} holds text in {len(rows)} of {len(column)} rows ({shown}) · allowed: "
            "numbers, or empty for missing · do: correct the cells or declare them missing codes"
        )
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise DataError(
            f"Column {name} holds dates · allowed: numbers · do: turn it into a number first"
        )
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def _check_values(columns: np.ndarray, names: Sequence[str]) -> None:
    if len(columns) and np.isfinite(columns).all():
        return
    infinite = [(n, int(np.isinf(c).sum())) for n, c in zip(names, columns.T, strict=True)]
    infinite = [(n, k) for n, k in infinite if k]
    if infinite:
        told = ", ".join(f"{n} ({k} rows)" for n, k in infinite)
        raise DataError(
            f"Infinite values in {told} · allowed: finite numbers · do: declare them missing"
        )
    empty = [n for n, c in zip(names, columns.T, strict=True) if np.isnan(c).all()]
    if empty:
        raise DataError(
            f"No answer at all in {', '.join(empty)} · allowed: columns with values · do: leave "
            "them out of the model"
        )


def check_variation(sample: Sample, names: Sequence[str], where: str = "") -> None:
    """Refuse columns that nobody answered, or that never vary, among the rows used."""
    answered = ~np.isnan(sample.rows).all(axis=0)
    if not answered.all():
        empty = ", ".join(n for n, seen in zip(names, answered, strict=True) if not seen)
        raise DataError(
            f"Nobody{where} answered {empty} · allowed: items with answers · do: leave the item "
            "out of the model, or do not compare this group"
        )
    low, high = np.nanmin(sample.rows, axis=0), np.nanmax(sample.rows, axis=0)
    constant = [(n, v) for n, v, w in zip(names, low, high, strict=True) if v == w]
    if constant:
        told = ", ".join(f"{n} (always {v:g})" for n, v in constant)
        raise DataError(
            f"Constant among the {sample.n} rows used{where}: {told} · allowed: variables that "
            "vary · do: leave them out of the model"
        )


def check_rank(covariance: np.ndarray, names: Sequence[str], n: int, where: str = "") -> None:
    """Refuse a sample covariance matrix that is singular, naming the columns that make it so."""
    if n <= len(names):
        raise DataError(
            f"{n} complete rows for {len(names)} observed variables{where} · allowed: more rows "
            "than variables · do: collect more answers, drop items, or use missing='fiml' if rows "
            "were lost to missing answers"
        )
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    if values[0] > _SINGULAR:
        return
    involved = [n for n, v in zip(names, vectors[:, 0], strict=True) if abs(v) > 0.05]
    raise DataError(
        f"{', '.join(involved)} are exactly collinear{where}: one is a weighted sum of the others "
        "· allowed: variables none of which follows from the others · do: drop one of them"
    )


def weighted_moments(rows: np.ndarray, weights: np.ndarray | None = None) -> tuple:
    """Return mean and covariance with divisor n (the sum of the weights).

    >>> weighted_moments(np.array([[1.0], [3.0]]))
    (array([2.]), array([[1.]]))
    """
    share = np.full(len(rows), 1 / len(rows)) if weights is None else weights / weights.sum()
    mean = share @ rows
    covariance = np.zeros((rows.shape[1], rows.shape[1]))
    for at in range(0, len(rows), _CHUNK):
        centred = rows[at : at + _CHUNK] - mean
        covariance += (centred * share[at : at + _CHUNK, None]).T @ centred
    return mean, covariance


def augmented(mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return raw moments of the variables with a constant 1 put last.

    With this matrix a mean structure is a covariance structure of one more variable.
    """
    p = mean.shape[-1]
    raw = np.empty((*mean.shape[:-1], p + 1, p + 1))
    raw[..., :p, :p] = covariance + mean[..., :, None] * mean[..., None, :]
    raw[..., :p, p] = raw[..., p, :p] = mean
    raw[..., p, p] = 1.0
    return raw


def central_moments(moments: np.ndarray, p: int) -> np.ndarray:
    """Return covariances ``(…, p, p)`` from raw moments with a constant, or central ones."""
    if moments.shape[-1] == p:
        return moments
    mean = moments[..., :p, p]
    return moments[..., :p, :p] - mean[..., :, None] * mean[..., None, :]
