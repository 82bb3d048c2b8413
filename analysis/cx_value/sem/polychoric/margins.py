"""What each variable says alone: category codes and thresholds, or a mean and a variance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from cx_value.base.errors import DataError
from cx_value.base.wording import join_words

MAX_CATEGORIES = 30


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """What each variable says alone: codes, thresholds or mean and variance.

    ``codes`` (n, p) holds 0 … K-1, -1 where missing; ``scores`` (n, p) the standardised value of
    a continuous variable, NaN where missing or ordinal; ``levels`` the category values met.
    """

    names: tuple[str, ...]
    is_ordinal: np.ndarray
    codes: np.ndarray
    scores: np.ndarray
    levels: tuple[np.ndarray, ...]
    thresholds: tuple[np.ndarray, ...]
    means: np.ndarray
    variances: np.ndarray
    weights: np.ndarray

    @property
    def observed(self) -> np.ndarray:
        return self.codes >= 0

    def rows(self, chosen: slice) -> Margins:
        """Return the same margins with only some of the rows."""
        return replace(
            self,
            codes=self.codes[chosen],
            scores=self.scores[chosen],
            weights=self.weights[chosen],
        )


def read_margins(
    frame: pd.DataFrame,
    ordered: Iterable[str] | None = None,
    weights: np.ndarray | None = None,
) -> Margins:
    """Check a frame and take every variable's margin from all rows that answer it.

    Parameters
    ----------
    frame : DataFrame
        One column per variable, NaN where missing.
    ordered : iterable of str, optional
        The ordinal columns; all of them when left out.
    weights : array of n, optional
        Case weights, positive.

    Raises
    ------
    DataError
        Text, infinities, a constant or empty column, or an item with too many categories.
    """
    names = _column_names(frame)
    chosen = set(names) if ordered is None else set(ordered)
    if unknown := sorted(chosen - set(names)):
        raise DataError(
            f"ordered names {unknown[0]!r}, which is no column · allowed: {join_words(list(names))}"
            " · do: correct the name."
        )
    case_weights = check_weights(weights, len(frame))
    columns = [_read_column(frame.iloc[:, j], name) for j, name in enumerate(names)]
    parts = [
        _ordinal_margin(column, name, case_weights)
        if name in chosen
        else _continuous_margin(column, name, case_weights)
        for column, name in zip(columns, names, strict=True)
    ]
    codes, scores, levels, cuts, means, variances = zip(*parts, strict=True)
    return Margins(
        names=names,
        is_ordinal=np.array([name in chosen for name in names]),
        codes=np.column_stack(codes),
        scores=np.column_stack(scores),
        levels=levels,
        thresholds=cuts,
        means=np.array(means),
        variances=np.array(variances),
        weights=case_weights,
    )


def check_weights(weights: np.ndarray | None, n_rows: int) -> np.ndarray:
    """Return case weights as an array, ones when there are none."""
    if weights is None:
        return np.ones(n_rows)
    values = np.asarray(weights, dtype=float)
    if values.shape != (n_rows,) or not np.isfinite(values).all() or (values <= 0).any():
        raise DataError(
            f"weights has shape {values.shape} for {n_rows} rows, or values that are not positive "
            f"· allowed: {n_rows} positive finite numbers · do: drop or mend the rows concerned."
        )
    return values


def _read_column(column: pd.Series, name: str) -> np.ndarray:
    if isinstance(column.dtype, pd.CategoricalDtype):
        if not column.dtype.ordered:
            raise DataError(
                f"{name} is categorical without an order · allowed: an ordered categorical or "
                "numbers · do: give its categories an order."
            )
        return np.where(column.isna(), np.nan, column.cat.codes.to_numpy(dtype=float))
    try:
        values = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{name} holds text ({error}) · allowed: numbers · do: replace the cells by numbers or "
            "leave them empty."
        ) from error
    if np.isinf(values).any():
        raise DataError(
            f"{name} holds {int(np.isinf(values).sum())} infinite values · allowed: finite numbers "
            "or empty cells · do: mend the column."
        )
    if np.isnan(values).all():
        raise DataError(
            f"{name} has no answers · allowed: at least two values · do: drop the column."
        )
    return values


def _ordinal_margin(values: np.ndarray, name: str, weights: np.ndarray) -> tuple:
    answered = ~np.isnan(values)
    levels, inverse = np.unique(values[answered], return_inverse=True)
    if len(levels) < 2:
        raise DataError(
            f"{name} is constant ({levels[0]:g} in {answered.sum()} rows) · allowed: at least two "
            "categories · do: drop the item."
        )
    if len(levels) > MAX_CATEGORIES:
        raise DataError(
            f"{name} has {len(levels)} different values · allowed: up to {MAX_CATEGORIES} "
            "categories · do: treat it as continuous."
        )
    codes = np.full(len(values), -1)
    codes[answered] = inverse
    shares = np.bincount(inverse, weights=weights[answered])
    cuts = ndtri(np.cumsum(shares)[:-1] / shares.sum())
    return codes, np.full(len(values), np.nan), levels, cuts, 0.0, 1.0


def _continuous_margin(values: np.ndarray, name: str, weights: np.ndarray) -> tuple:
    answered = ~np.isnan(values)
    share = np.where(answered, weights, 0.0) / weights[answered].sum()
    mean = share @ np.where(answered, values, 0.0)
    variance = share @ np.where(answered, values - mean, 0.0) ** 2
    if variance <= 1e-20 * max(mean * mean, 1.0):
        raise DataError(
            f"{name} is constant ({mean:g} in {answered.sum()} rows) · allowed: a variable that "
            "varies · do: drop the variable."
        )
    scores = (values - mean) / np.sqrt(variance)
    return np.where(answered, 0, -1), scores, np.empty(0), np.empty(0), mean, variance


def _column_names(frame: pd.DataFrame) -> tuple[str, ...]:
    names = tuple(str(name) for name in frame.columns)
    if len(names) < 1 or len(frame) < 2:
        raise DataError(
            f"the frame has {len(frame)} rows and {len(names)} columns · allowed: at least two "
            "rows and one column · do: give the items in columns."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(
            f"{twice[0]} stands in {names.count(twice[0])} columns · allowed: one column per name "
            "· do: rename or drop the copies."
        )
    return names
