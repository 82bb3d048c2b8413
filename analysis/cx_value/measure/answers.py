"""Answers made ready for a statistic: complete rows, counted, and samples drawn from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff
from cx_value.base.errors import DataError
from cx_value.base.wording import Text, format_number, in_language
from cx_value.sem.engine.moments import check_rank, read_columns
from cx_value.sem.resampling.intervals import normal_quantile

_CELLS_AT_ONCE = 4_000_000
# A percentile interval of fewer draws would be their range.
FEWEST_DRAWS = 20


@dataclass(frozen=True)
class Answers:
    """Complete rows of some items: ``rows`` (n, p) without a gap.

    ``n_dropped`` counts the rows left out because an answer was missing.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    n_dropped: int = 0

    @property
    def n(self) -> int:
        return len(self.rows)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Sample covariance with divisor n − 1, (p, p)."""
        return np.cov(self.rows, rowvar=False)

    @cached_property
    def correlation(self) -> np.ndarray:
        return correlation_of(self.covariance)

    def of(self, names: Sequence[str]) -> np.ndarray:
        """Return the positions of items by name."""
        return np.array([self.names.index(name) for name in names])

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=list(self.names))


def complete_answers(
    data: pd.DataFrame, names: Sequence[str], *, invertible: bool = False
) -> Answers:
    """Take the rows in which every one of ``names`` is answered.

    Parameters
    ----------
    data : DataFrame
        One row a respondent; NaN where missing.
    names : sequence of str
        At least two columns, each named once.
    invertible : bool
        Also refuse items of which one is a weighted sum of others.

    Raises
    ------
    DataError
        A column is absent, named twice, holds text or infinities or one value only; too few
        complete rows remain; or the items are collinear.

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1, 2, 4, 4], "b": [2, np.nan, 5, 3]})
    >>> got = complete_answers(data, ["a", "b"])
    >>> got.n, got.n_dropped
    (3, 1)
    """
    names = tuple(names)
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(
            f"{len(names)} item(s) given: {', '.join(names)} · allowed: two or more, each named "
            "once · do: name the items of the scale"
        )
    columns = read_columns(data, names)
    values = columns[~np.isnan(columns).any(axis=1)]
    if len(values) < 3:
        raise DataError(
            f"{len(values)} of {len(columns)} rows answer all of {', '.join(names)} · allowed: 3 "
            "or more complete rows · do: leave out the item with most gaps or collect more answers"
        )
    _check_variation(values, names)
    answers = Answers(names, values, len(columns) - len(values))
    if invertible:
        check_rank(answers.covariance, names, answers.n)
    return answers


def _check_variation(values: np.ndarray, names: Sequence[str]) -> None:
    same = np.flatnonzero(np.ptp(values, axis=0) == 0)
    if len(same):
        told = ", ".join(f"{names[i]} (always {values[0, i]:g})" for i in same)
        raise DataError(
            f"Constant among the {len(values)} complete rows: {told} · allowed: items that vary · "
            "do: leave the item out"
        )


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


def resampled_rows(n: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yield row numbers of bootstrap samples, ``(some, n)`` at a time, ``draws`` in all.

    The stream does not depend on how it is cut, so memory stays bounded at any ``n``.
    """
    random = np.random.default_rng(seed)
    step = max(1, _CELLS_AT_ONCE // n)
    for start in range(0, draws, step):
        yield random.integers(0, n, size=(min(step, draws - start), n))


def covariances_of_rows(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the covariance matrices of resampled rows, ``(draws, p, p)``, divisor n − 1.

    All samples at once: how often each row was drawn, times the products of its values.
    """
    n, p = values.shape
    centred = values - values.mean(axis=0)
    counts = np.stack([np.bincount(row, minlength=n) for row in rows]).astype(float)
    i, j = np.tril_indices(p)
    products = counts @ (centred[:, i] * centred[:, j])
    means = counts @ centred / n
    lower = (products - n * means[:, i] * means[:, j]) / (n - 1)
    matrices = np.empty((len(rows), p, p))
    matrices[:, i, j] = matrices[:, j, i] = lower
    return matrices


def resampled_covariances(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return covariance matrices of ``draws`` bootstrap samples, ``(draws, p, p)``."""
    parts = [covariances_of_rows(values, r) for r in resampled_rows(len(values), draws, seed)]
    return np.concatenate(parts)


def percentile_interval(
    draws: np.ndarray, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval of bootstrap draws along the first axis.

    Order statistics are interpolated on the normal scale, as R's ``boot`` does (Davison &
    Hinkley, 1997, eq. 5.8), so that few draws do not shorten the interval. NaN where fewer than
    half of the draws are numbers.

    >>> low, high = percentile_interval(np.arange(1.0, 1000.0))
    >>> round(float(low), 6), round(float(high), 6)
    (25.0, 975.0)
    """
    draws = np.asarray(draws, dtype=float)
    columns = draws.reshape(len(draws), -1).T
    ends = np.array([_ends_of(column, confidence) for column in columns])
    low, high = ends.T.reshape(2, *draws.shape[1:])
    return low, high


def _ends_of(column: np.ndarray, confidence: float) -> np.ndarray:
    kept = np.sort(column[np.isfinite(column)])
    if len(kept) < max(FEWEST_DRAWS, len(column) / 2):
        return np.full(2, np.nan)
    ordered = np.broadcast_to(kept[:, None], (len(kept), 2))
    return normal_quantile(ordered, np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))


def close_up(text: str) -> str:
    """Take out blanks between two Chinese characters, left where a label met a sentence.

    >>> close_up("最高为 顾客满意（CR = 0.8），顾客满意–SAT 的相关")
    '最高为顾客满意（CR = 0.8），顾客满意–SAT 的相关'
    """
    return re.sub(rf"(?<=[{_CHINESE}]) +(?=[{_CHINESE}])", "", text)


_CHINESE = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"


def told_rule(rule: Cutoff, lang: str, *, bounded: bool = True) -> str:
    """Name a cutoff with its source, for a sentence.

    >>> from cx_value.base.cutoffs import CUTOFFS
    >>> told_rule(CUTOFFS["alpha"], "en")
    '.70 of Nunnally & Bernstein (1994)'
    """
    value = format_number(rule.threshold, bounded=bounded, lang=lang)
    said = in_language(rule.said, lang)
    if lang == "zh":
        return f"{said} 的 {value}" if rule.source else f"{value}（{said}）"
    return f"{value} of {said}" if rule.source else f"{value} ({said})"


def rows_note(n_dropped: int, n_all: int) -> tuple[Text, ...]:
    """Say how many rows were lost to missing answers, if any."""
    if not n_dropped:
        return ()
    return (
        Text(
            f"{n_dropped} of {n_all} rows left out because an answer was missing.",
            zh=f"{n_all} 份答卷中有 {n_dropped} 份因缺失作答未纳入。",
        ),
    )
