"""Answers made ready for a statistic: rows counted, and their moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.words import Phrase
from cx_value.sem.engine.moments import check_rank, read_columns, weighted_moments
from cx_value.study.little import em_moments


@dataclass(frozen=True)
class Answers:
    """The answers to some items: ``rows`` (n, p), NaN where there is none.

    Moments use every answer there is: those of the complete rows where nothing is missing, else
    the saturated ones of full-information maximum likelihood (EM under normality), with divisor
    n − 1 either way.

    Attributes
    ----------
    names : tuple of str
    rows : ndarray (n, p)
        Every row answers at least one item.
    weights : ndarray (n,) or None
        Case weights, scaled to a mean of 1.
    left_out : mapping of str to int
        Rows that are not among them, by reason: ``no_answer``, ``incomplete``, ``weight``.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    weights: np.ndarray | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.rows)

    @property
    def n_dropped(self) -> int:
        return sum(self.left_out.values())

    @property
    def n_complete(self) -> int:
        """Rows that answer every item."""
        return int((~np.isnan(self.rows).any(axis=1)).sum())

    @property
    def has_gaps(self) -> bool:
        return self.n_complete < self.n

    @property
    def n_effective(self) -> float:
        """n, or (Σw)²/Σw² under weights (Kish, 1965): what intervals and tests count."""
        if self.weights is None:
            return self.n
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance with divisor n − 1, (p, p)."""
        if not self.has_gaps and self.weights is None:
            return np.cov(self.rows, rowvar=False)
        if not self.has_gaps:
            return weighted_moments(self.rows, self.weights)[1] * self.n / (self.n - 1)
        return em_moments(self.rows, self.weights).cov * self.n / (self.n - 1)

    @cached_property
    def correlation(self) -> np.ndarray:
        return correlation_of(self.covariance)

    def of(self, names: Sequence[str]) -> np.ndarray:
        """Return the positions of items by name."""
        return np.array([self.names.index(name) for name in names])

    def part(self, names: Sequence[str]) -> Answers:
        """Return the answers to some of the items, of the rows that answer any of these."""
        rows = self.rows[:, self.of(names)]
        there = ~np.isnan(rows).all(axis=1)
        weights = None if self.weights is None else self.weights[there]
        return Answers(tuple(names), rows[there], weights)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=list(self.names))

    def notes(self) -> tuple[Phrase, ...]:
        """Say which rows the moments rest on, where some answers are missing or weighted."""
        notes = [] if not self.n_dropped else [_left_out(self)]
        if self.has_gaps:
            notes.append(Phrase("rows.fiml", {"n": self.n, "complete": self.n_complete}))
        if self.weights is not None:
            notes.append(Phrase("rows.weighted", {"effective": self.n_effective}))
        return tuple(notes)


def _left_out(answers: Answers) -> Phrase:
    reasons = [{"reason": k, "count": v} for k, v in answers.left_out.items() if v]
    return Phrase("rows.left_out", {"all": answers.n + answers.n_dropped, "reasons": reasons})


def available_answers(
    data: pd.DataFrame,
    names: Sequence[str],
    *,
    weights: pd.Series | None = None,
    invertible: bool = False,
    complete: bool = False,
) -> Answers:
    """Take the rows in which at least one of ``names`` is answered, and every answer in them.

    Parameters
    ----------
    data : DataFrame
        One row a respondent; NaN where missing.
    names : sequence of str
        At least two columns, each named once.
    weights : Series, optional
        Case weights by the rows of ``data``; rows without a positive one are left out.
    invertible : bool
        Also refuse items of which one is a weighted sum of others.
    complete : bool
        Take only the rows that answer all of them.

    Raises
    ------
    DataError
        A column is absent, named twice, holds text or infinities or one value only; too few
        rows remain; or the items are collinear.

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1, 2, 4, 4, 3], "b": [2, np.nan, 5, 3, 4]})
    >>> got = available_answers(data, ["a", "b"])
    >>> got.n, got.n_complete, available_answers(data, ["a", "b"], complete=True).n
    (5, 4, 4)
    """
    names = tuple(names)
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(
            f"{len(names)} item(s) given: {', '.join(names)} · allowed: two or more, each named "
            "once · do: name the items of the scale"
        )
    columns = read_columns(data, names)
    given = ~np.isnan(columns)
    there = given.all(axis=1) if complete else given.any(axis=1)
    weight = None if weights is None else weights.reindex(data.index).to_numpy(float)
    counts = np.ones(len(columns), bool) if weight is None else weight > 0
    left_out = {
        "incomplete" if complete else "no_answer": int((~there).sum()),
        "weight": int((there & ~counts).sum()),
    }
    kept = there & counts
    _check_rows(columns[kept], names, len(columns))
    scaled = None if weight is None else weight[kept] / weight[kept].mean()
    answers = Answers(names, columns[kept], scaled, left_out)
    if invertible:
        check_rank(answers.covariance, names, answers.n)
    return answers


def complete_answers(
    data: pd.DataFrame, names: Sequence[str], *, invertible: bool = False
) -> Answers:
    """Take the rows in which every one of ``names`` is answered; see :func:`available_answers`."""
    return available_answers(data, names, invertible=invertible, complete=True)


def _check_rows(values: np.ndarray, names: Sequence[str], n_all: int) -> None:
    complete = int((~np.isnan(values).any(axis=1)).sum())
    if complete < 3:
        raise DataError(
            f"{complete} of {n_all} rows answer all of {', '.join(names)} · allowed: 3 "
            "or more complete rows · do: leave out the item with most gaps or collect more answers"
        )
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    same = np.flatnonzero(low == high)
    if len(same):
        told = ", ".join(f"{names[i]} (always {low[i]:g})" for i in same)
        raise DataError(f"Constant: {told} · allowed: items that vary · do: leave the item out")


def check_scales(scales: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the scales as lists, refusing one of a single item or an item in two scales."""
    scales = {name: list(items) for name, items in scales.items()}
    short = [name for name, items in scales.items() if len(items) < 2]
    if short or not scales:
        raise DataError(
            f"Scale(s) with fewer than two items: {', '.join(short) or 'none given at all'} · "
            "allowed: two or more items a scale · do: leave single items out of this question"
        )
    every = [item for items in scales.values() for item in items]
    twice = sorted({item for item in every if every.count(item) > 1})
    if twice:
        stand = "stand" if len(twice) > 1 else "stands"
        raise DataError(
            f"{', '.join(twice)} {stand} in more than one place · allowed: an item in one scale, "
            "once · do: decide which construct it reflects"
        )
    return scales


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Return the correlation matrices of covariance matrices ``(…, p, p)``.

    >>> correlation_of(np.array([[4.0, 1.0], [1.0, 1.0]]))[0, 1]
    np.float64(0.5)
    """
    spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    matrix = covariance / (spread[..., :, None] * spread[..., None, :])
    p = matrix.shape[-1]
    matrix[..., range(p), range(p)] = 1.0
    return matrix
