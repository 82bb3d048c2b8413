"""Segments found beside segments planted, for a simulated study."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.segments.classes import Classes

if TYPE_CHECKING:
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recovery(Result):
    """How well the planted segments were found.

    Attributes
    ----------
    counts : DataFrame
        See :meth:`table`.
    ari, low, high : float
        Adjusted Rand index with its bootstrap interval.
    correct : float
        Share of respondents in the segment that most of their kind are in, by the best matching.
    """

    template = "segments.recovery"

    counts: pd.DataFrame
    ari: float
    low: float
    high: float
    correct: float

    def table(self) -> pd.DataFrame:
        """Return ``planted segment n``."""
        return self.counts.copy()

    def facts(self) -> dict[str, Any]:
        """Return the agreement with its interval."""
        return {
            "planted": int(self.counts.planted.nunique()), "n": self.n_used,
            "found": int(self.counts.segment.nunique()), "ari": self.ari, "low": self.low,
            "high": self.high, "correct": self.correct,
        }  # fmt: skip


def check_recovery(study: Study, classes: Classes | None, *, draws: int) -> Recovery | None:
    """Compare the segments with those that the study's truth holds; None where it holds none.

    ``truth.json`` keeps under ``segments.members`` one digit a row of the survey.
    """
    if study.value.truth is None or not isinstance(classes, Classes):
        return None
    told = json.loads((study.folder / study.value.truth).read_text(encoding="utf-8"))
    planted = told.get("segments", {}).get("members", "")
    if not planted or classes.segment.index.max() > len(planted):
        return None
    true = pd.Series([planted[row - 1] for row in classes.segment.index], classes.segment.index)
    return recovery(true, classes.segment, draws=draws, seed=study.options.seed,
                    confidence=classes.confidence)  # fmt: skip


def recovery(
    true: pd.Series, found: pd.Series, *, draws: int, seed: int, confidence: float
) -> Recovery:
    """Return the agreement of two partitions with its percentile interval over respondents.

    >>> one = pd.Series(list("aabb"))
    >>> recovery(one, one, draws=20, seed=1, confidence=0.95).correct
    1.0
    """
    from scipy.optimize import linear_sum_assignment

    counts = pd.crosstab(true, found)
    rows, columns = linear_sum_assignment(-counts.to_numpy())
    random, n = np.random.default_rng(seed), len(true)
    cells = pd.factorize(true)[0] * counts.shape[1] + pd.factorize(found)[0]
    picks = (random.integers(0, n, n) for _ in range(draws))
    drawn = [adjusted_rand(_table(cells[pick], counts.shape)) for pick in picks]
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    long = counts.reset_index(names="planted").melt("planted", var_name="segment", value_name="n")
    return Recovery(
        n_used=n, method=Phrase("segments.recovery_method"), confidence=confidence, counts=long,
        ari=adjusted_rand(counts.to_numpy()), low=float(low), high=float(high),
        correct=float(counts.to_numpy()[rows, columns].sum() / n),
    )  # fmt: skip


def _table(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def adjusted_rand(counts: np.ndarray) -> float:
    """Return the adjusted Rand index of two partitions from their table (Hubert & Arabie 1985).

    As ``sklearn.metrics.adjusted_rand_score``. 1 where both put all into one class.

    >>> adjusted_rand(np.array([[2, 0], [1, 1]]))
    0.0
    """
    pairs, rows, columns = (
        float((sizes * (sizes - 1)).sum()) / 2
        for sizes in (counts, counts.sum(axis=1), counts.sum(axis=0))
    )
    n = int(counts.sum())
    expected = rows * columns / (n * (n - 1) / 2)
    most = (rows + columns) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)
