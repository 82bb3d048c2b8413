"""Rows of the data brought to an estimator: columns, groups, case weights, and who is kept.

Both engines read their data here, so that a column, a group or a weight is refused alike by all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.sem.engine.moments import Sample, read_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a model needs of the data, before rows are dropped.

    Attributes
    ----------
    names : tuple of str
        Variables, along the axis of ``columns (n, p)``; NaN where an answer is missing.
    labels : ndarray (n,), optional
        Each row's group, None where it has none.
    weights : ndarray (n,), optional
        Case weights; rows without one count 0.
    units : ndarray (n, 2) of int, optional
        Number of each row's sampling unit (cluster) and stratum.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    labels: np.ndarray | None
    weights: np.ndarray | None
    units: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Rows that do not enter a fit for one reason.

    Attributes
    ----------
    reason : str
        ``no_group``, ``no_weight`` (0), ``no_answer`` (to any variable of the model),
        ``no_predictor`` (an observed predictor is missing) or ``incomplete`` (listwise deletion).
    rows : int
    columns : tuple of str
        Variables missing in these rows, the emptiest first; where a variable made the difference.
    """

    reason: str
    rows: int
    columns: tuple[str, ...] = ()


def read_rows(
    data: pd.DataFrame,
    names: Sequence[str],
    *,
    group: str | None = None,
    weights: str | np.ndarray | None = None,
    cluster: str | np.ndarray | None = None,
    strata: str | np.ndarray | None = None,
) -> Rows:
    """Return the variables, groups and weights of a model.

    Parameters
    ----------
    data : DataFrame (n, ·)
    names : sequence of str
    group : str, optional
        Column with the group of each row.
    weights : str or ndarray (n,), optional
        Case weights: a column, or one number a row.
    cluster, strata : str or ndarray (n,), optional
        Sampling unit and stratum of each row: a column, or one label a row.

    Raises
    ------
    DataError
        A column is absent or holds text or infinities; a weight is negative or infinite; a row has
        no cluster or stratum.

    Examples
    --------
    >>> rows = read_rows(pd.DataFrame({"a": [1, 2], "g": ["x", None]}), ["a"], group="g")
    >>> rows.labels.tolist(), rows.n
    (['x', None], 2)
    """
    return Rows(
        names=tuple(names),
        columns=read_columns(data, names),
        labels=read_groups(data, group),
        weights=read_weights(data, weights),
        units=read_units(data, cluster, strata),
    )


def read_groups(data: pd.DataFrame, group: str | None) -> np.ndarray | None:
    """Return each row's group label, None where it has none."""
    if group is None:
        return None
    if group not in data.columns:
        raise DataError(
            f"The group column '{group}' is not in the data · allowed: "
            f"{', '.join(map(str, data.columns[:12]))} "
            "· do: name a column"
        )
    return np.array([None if pd.isna(v) else _label(v) for v in data[group]], dtype=object)


def _label(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


def read_weights(data: pd.DataFrame, given: str | np.ndarray | None) -> np.ndarray | None:
    """Return one case weight a row of the data; rows without one count 0.

    Examples
    --------
    >>> read_weights(pd.DataFrame({"w": [1.0, None]}), "w").tolist()
    [1.0, 0.0]
    """
    if given is None:
        return None
    named = isinstance(given, str)
    weights = read_columns(data, [given])[:, 0] if named else np.asarray(given, dtype=float)
    negative, infinite = int((weights < 0).sum()), int(np.isinf(weights).sum())
    if weights.shape != (len(data),) or negative or infinite:
        raise DataError(
            f"weights has shape {weights.shape} for {len(data)} rows, {negative} of them negative "
            f"and {infinite} infinite · allowed: one finite number of 0 or more a row · do: "
            "correct the weights"
        )
    return np.nan_to_num(weights)


def read_units(
    data: pd.DataFrame, cluster: str | np.ndarray | None, strata: str | np.ndarray | None
) -> np.ndarray | None:
    """Return the number of each row's sampling unit and stratum ``(n, 2)``.

    Without clusters every row is a unit of its own; equal labels in two strata are two units.

    Examples
    --------
    >>> data = pd.DataFrame({"branch": [1, 1, 2, 1], "city": ["a", "a", "a", "b"]})
    >>> read_units(data, "branch", None)[:, 0].tolist()
    [0, 0, 1, 0]
    """
    if cluster is None and strata is None:
        return None
    stratum = np.zeros(len(data), dtype=int) if strata is None else _codes(data, strata, "strata")
    unit = np.arange(len(data)) if cluster is None else _codes(data, cluster, "cluster")
    pairs = np.column_stack([stratum, unit])
    unit = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
    return np.column_stack([unit, stratum])


def _codes(data: pd.DataFrame, given: str | np.ndarray, role: str) -> np.ndarray:
    if isinstance(given, str) and given not in data.columns:
        raise DataError(
            f"The {role} column '{given}' is not in the data · allowed: "
            f"{', '.join(map(str, data.columns[:12]))} · do: name a column"
        )
    values = pd.Series(data[given] if isinstance(given, str) else given)
    if len(values) != len(data) or values.isna().any():
        raise DataError(
            f"{role} has {len(values)} labels for {len(data)} rows, {int(values.isna().sum())} of "
            "them empty · allowed: one label a row · do: fill in the labels, or leave the rows out"
        )
    return pd.factorize(values)[0]


def kept_rows(
    rows: Rows, *, complete: bool, required: Sequence[str] = ()
) -> tuple[np.ndarray, tuple[Loss, ...]]:
    """Mark the rows that enter a fit, and count the others by the first reason that holds.

    Parameters
    ----------
    rows : Rows
    complete : bool
        Every answer is needed, or else one of them.
    required : sequence of str
        Variables that must be there all the same.

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1, None, 2], "b": [1, None, None], "w": [0, 1, 1]})
    >>> keep, lost = kept_rows(read_rows(data, ["a", "b"], weights="w"), complete=True)
    >>> [(loss.reason, loss.rows, loss.columns) for loss in lost]
    [('no_weight', 1, ()), ('no_answer', 1, ()), ('incomplete', 1, ('b',))]
    """
    missing = np.isnan(rows.columns)
    keep, lost = np.ones(rows.n, dtype=bool), []
    for reason, falls in _reasons(rows, missing, complete, required).items():
        now = keep & falls
        keep &= ~falls
        if now.any():
            named = reason in ("no_predictor", "incomplete")
            gaps = _emptiest(rows.names, missing[now]) if named else ()
            wanted = required if reason == "no_predictor" else gaps
            columns = tuple(name for name in gaps if name in wanted)
            lost.append(Loss(reason=reason, rows=int(now.sum()), columns=columns))
    return keep, tuple(lost)


def _reasons(
    rows: Rows, missing: np.ndarray, complete: bool, required: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return by reason which rows it holds for."""
    reasons = {}
    if rows.labels is not None:
        reasons["no_group"] = np.array([label is None for label in rows.labels], dtype=bool)
    if rows.weights is not None:
        reasons["no_weight"] = ~(rows.weights > 0)
    reasons["no_answer"] = missing.all(axis=1)
    predictors = [rows.names.index(name) for name in required]
    reasons["no_predictor"] = missing[:, predictors].any(axis=1)
    if complete:
        reasons["incomplete"] = missing.any(axis=1)
    return reasons


def _emptiest(names: Sequence[str], missing: np.ndarray) -> tuple[str, ...]:
    counts = missing.sum(axis=0)
    return tuple(names[i] for i in np.argsort(-counts, kind="stable") if counts[i])


def split_rows(
    rows: Rows, keep: np.ndarray, *, order: Sequence[str] = (), instead: str
) -> tuple[Sample, ...]:
    """Return the kept rows of each group, groups in order of appearance.

    Parameters
    ----------
    rows : Rows
    keep : ndarray (n,) of bool
    order : sequence of str
        Variables in the order wanted; as they stand where empty.
    instead : str
        The option that keeps incomplete rows (``fiml``, ``pairwise``), named in a refusal.

    Raises
    ------
    DataError
        No row is left, or none in a group.
    """
    if not keep.any():
        raise DataError(
            f"No complete row among {rows.n} · allowed: at least one more row than variables · do: "
            f"use missing='{instead}', or leave out the emptiest items"
        )
    columns = rows.columns[:, [rows.names.index(name) for name in order]] if order else rows.columns
    if rows.labels is None and rows.weights is None and rows.units is None and keep.all():
        return (Sample("", columns, np.arange(rows.n)),)
    return tuple(
        Sample(
            name,
            columns[at],
            at,
            *(None if of_all is None else of_all[at] for of_all in (rows.weights, rows.units)),
        )
        for name, at in _members(rows, keep, instead)
    )


def _members(rows: Rows, keep: np.ndarray, instead: str) -> list[tuple[str, np.ndarray]]:
    if rows.labels is None:
        return [("", np.flatnonzero(keep))]
    names = list(dict.fromkeys(label for label in rows.labels if label is not None))
    members = [(name, np.flatnonzero(keep & (rows.labels == name))) for name in names]
    empty = [name for name, at in members if not len(at)]
    if empty:
        raise DataError(
            f"Group {', '.join(empty)} has no usable row · allowed: groups with answers · do: "
            f"leave the group out or use missing='{instead}'"
        )
    return members
