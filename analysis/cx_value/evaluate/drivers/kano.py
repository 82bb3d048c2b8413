"""Which features are must-be, performance or delight: Kano's paired questions, discrete analysis.

Berger et al. (1993), Center for Quality of Management Journal 2(4), 3–36.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import KanoPair

#: Attractive, one-dimensional, must-be, indifferent, reverse, questionable.
CATEGORIES = "AOMIRQ"
#: Row: the feature is there; column: it is absent; like, must be, neutral, live with, dislike.
TABLE = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
#: More reverse and questionable answers than this, and the pair may be keyed the wrong way.
MOST_ODD = 0.30
FEWEST = 5
COLUMNS = (
    "feature", "n", *CATEGORIES, "category", "kept", "better", "better_low", "better_high",
    "worse", "worse_low", "worse_high", "odd", "suspect",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KanoCategories(Result):
    """The category of every feature, with its counts and coefficients.

    Attributes
    ----------
    frame : DataFrame
        One row a feature. Counts by category; ``category`` the most frequent one and ``kept`` the
        share of resamples in which it is; ``better`` = (A + O)/(A + O + M + I), ``worse`` = −(O +
        M)/(A + O + M + I); ``odd`` the share of reverse and questionable answers, ``suspect`` where
        it passes 0.30.
    """

    template = "kano.categories"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return the features of each category, the unsure ones and the suspect pairs."""
        sure = self.frame[~self.frame.suspect]
        return {
            "features": len(self.frame), "source": "berger1993",
            "categories": {c: list(sure[sure.category == c].feature) for c in CATEGORIES},
            "unsure": [{"feature": r.feature, "kept": r.kept}
                       for r in sure[sure.kept < 0.8].itertuples()],
            "suspect": list(self.frame[self.frame.suspect].feature), "most_odd": MOST_ODD,
        }  # fmt: skip


def classify_pair(
    functional: np.ndarray, dysfunctional: np.ndarray, answers: Sequence[float] = (1, 2, 3, 4, 5)
) -> np.ndarray:
    """Return the category of every respondent's pair of answers; empty where one is missing.

    >>> classify_pair(np.array([1, 1, 3, np.nan]), np.array([5, 3, 5, 1])).tolist()
    ['O', 'A', 'M', '']
    """
    place = {code: k for k, code in enumerate(answers)}
    pairs = zip(functional, dysfunctional, strict=True)
    return np.array([
        TABLE[place[f]][place[d]] if f in place and d in place else "" for f, d in pairs
    ])  # fmt: skip


def better_worse(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the satisfaction and dissatisfaction coefficients of counts (..., A O M I R Q).

    >>> b, w = better_worse(np.array([43, 52, 90, 21, 0, 1]))
    >>> round(float(b), 4), round(float(w), 4)
    (0.4612, -0.6893)
    """
    a, o, m, i = (counts[..., k] for k in range(4))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a + o) / (a + o + m + i), -(o + m) / (a + o + m + i)


def kano_categories(
    counts: Mapping[str, Sequence[int]], *, draws: int = 1000, seed: int = 0,
    confidence: float = 0.95, answers: Mapping[str, np.ndarray] | None = None,
    weights: np.ndarray | None = None,
) -> KanoCategories:  # fmt: skip
    """Judge features by how many respondents fall into each category.

    Parameters
    ----------
    counts : mapping
        Feature → counts in the order A, O, M, I, R, Q.
    draws, seed, confidence
        Of the percentile intervals; respondents are drawn with replacement.
    answers : mapping, optional
        Feature → every respondent's category, which ``weights`` (n,) are then applied to.

    Raises
    ------
    DataError
        If no feature has at least five complete pairs.
    """
    usable = {name: np.asarray(c, dtype=int) for name, c in counts.items() if sum(c) >= FEWEST}
    if not usable:
        raise DataError(
            f"no feature has {FEWEST} complete pairs · allowed: both questions answered · do: "
            "check the columns and the codes under kano: in the study file"
        )
    random = np.random.default_rng(seed)
    rows = [
        _row(name, found, (answers or {}).get(name), weights, random, draws, confidence)
        for name, found in usable.items()
    ]
    frame = tidy_frame(rows, COLUMNS)
    return KanoCategories(
        n_used=int(frame.n.max()), confidence=confidence, frame=frame,
        method=Phrase("kano.method", {"draws": draws}),
    )  # fmt: skip


def _weighted(
    answers: np.ndarray, weights: np.ndarray, random: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted counts of the categories, of the sample and of every resample.

    Weights are scaled to a mean of 1 among those who answered both questions.
    """
    kept = answers != ""
    dummies = (answers[kept, None] == np.array(list(CATEGORIES))).astype(float)
    case = weights[kept] / weights[kept].mean()
    n = int(kept.sum())
    rows = random.integers(0, n, (draws, n)) + n * np.arange(draws)[:, None]
    times = np.bincount(rows.ravel(), minlength=draws * n).reshape(draws, n)
    return case @ dummies, (times * case) @ dummies


def kano_of(
    pairs: Sequence[KanoPair],
    ratings: pd.DataFrame,
    *,
    weights: np.ndarray | None = None,
    draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> KanoCategories:
    """Classify the declared pairs of a study by its ratings; pairs without columns are left out.

    With ``weights`` (n,) respondents count by them: categories, coefficients and intervals.
    """
    counts, shares = {}, {}
    for pair in pairs:
        if pair.functional in ratings and pair.dysfunctional in ratings:
            columns = (ratings[pair.functional].to_numpy(), ratings[pair.dysfunctional].to_numpy())
            found = classify_pair(*columns, pair.answers)
            counts[pair.name] = [int((found == c).sum()) for c in CATEGORIES]
            shares[pair.name] = found
    options = {"draws": draws, "seed": seed, "confidence": confidence}
    return kano_categories(counts, answers=shares, weights=weights, **options)


def _row(
    name: str,
    counts: np.ndarray,
    answers: np.ndarray | None,
    weights: np.ndarray | None,
    random: np.random.Generator,
    draws: int,
    confidence: float,
) -> tuple:
    drawn, size = random.multinomial(counts.sum(), counts / counts.sum(), draws), counts.sum()
    if weights is not None and answers is not None:
        counts, drawn = _weighted(answers, weights, random, draws)
    tail = [(1 - confidence) / 2, (1 + confidence) / 2]
    ends = [np.nanquantile(part, tail) for part in better_worse(drawn)]
    better, worse = better_worse(counts)
    first = int(np.argmax(counts))
    odd = float(counts[4:].sum() / counts.sum())
    whole = [float(c) if weights is not None else int(c) for c in counts]
    return (name, int(size), *whole, CATEGORIES[first],
            float((drawn.argmax(axis=1) == first).mean()), float(better), *map(float, ends[0]),
            float(worse), *map(float, ends[1]), odd, odd > MOST_ODD)  # fmt: skip
