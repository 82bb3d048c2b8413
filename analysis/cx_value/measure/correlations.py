"""How do the construct scores go together? Means, spread, correlations, α on the diagonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.formulas import cronbach_alpha
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.measure.answers import Answers, available_answers, check_scales
from cx_value.measure.resamples import pairwise_correlations
from cx_value.study.moments import weighted_mean_sd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreCorrelations(Result):
    """Correlations of scale means, each from the respondents who have both scores.

    Attributes
    ----------
    pairs : DataFrame
        See :meth:`table`.
    scores : DataFrame
        ``construct mean sd alpha`` (α NaN for single items).
    matrix : DataFrame
        ``construct mean sd`` and a column a construct: r below the diagonal, α on it, p above.
    """

    template = "correlations.scores"

    pairs: pd.DataFrame
    scores: pd.DataFrame
    matrix: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``construct_1 construct_2 n_used r ci_low ci_high p``."""
        return self.pairs.copy()

    def facts(self) -> dict[str, Any]:
        """Return the range of the correlations and the rows they rest on."""
        size = self.pairs.r.abs()
        high, low = self.pairs.loc[size.idxmax()], self.pairs.loc[size.idxmin()]
        return {
            "pairs": len(self.pairs), "confidence": self.confidence, "n": self.n_used,
            "n_low": self.pairs.n_used.min(), "n_high": self.pairs.n_used.max(),
            **{name: {"construct_1": row.construct_1, "construct_2": row.construct_2, "r": row.r,
                      "ci": [row.ci_low, row.ci_high], "p": row.p}
               for name, row in (("high", high), ("low", low))},
        }  # fmt: skip


def score_correlations(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    confidence: float = 0.95,
    weights: pd.Series | None = None,
) -> ScoreCorrelations:
    """What do the construct scores look like, and how do they correlate?

    Parameters
    ----------
    items : DataFrame (n, ·)
        A score is the mean of a scale's items and missing where one of them is; each correlation
        uses the rows with both scores.
    scales : mapping of str to sequence of str
        Two or more constructs; a construct of one item is its item.
    confidence : float
    weights : Series, optional
        Case weights; intervals and tests then count the effective number of rows (Kish, 1965).

    Raises
    ------
    DataError
        Fewer than two constructs, an item named twice, absent, textual or constant items.

    Notes
    -----
    Scores are item means. Intervals by Fisher's z with 1/√(n − 3), p by t with n − 2 degrees of
    freedom; both agree with ``cor.test`` to 1e-10.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    >>> round(score_correlations(answers, {"A": ["a"], "B": ["b"]}).table().r[0], 2)
    np.float64(0.8)
    """
    scales = {name: list(block) for name, block in scales.items()}
    if len(scales) < 2:
        raise DataError(
            f"{len(scales)} construct(s) · allowed: two or more · do: name another construct"
        )
    check_scales({"all": [item for block in scales.values() for item in block]})
    answers = available_answers(
        items, [item for block in scales.values() for item in block], weights=weights
    )
    scores = construct_scores(answers, scales)
    r = pairwise_correlations(scores.to_numpy(), weights=answers.weights)[0]
    pairs = _pairs(scores, r, answers.n_effective / answers.n, confidence)
    frame = _score_frame(answers, scales, scores)
    return ScoreCorrelations(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Phrase("correlations.method"),
        confidence=confidence,
        notes=answers.notes()[: bool(answers.n_dropped)],
        pairs=pairs,
        scores=frame,
        matrix=_matrix(frame, r, pairs),
    )


def item_moments(
    items: pd.DataFrame, names: Sequence[str], *, weights: pd.Series | None = None
) -> pd.DataFrame:
    """What are the means, spreads and correlations of the items, for others to fit models to?

    Parameters
    ----------
    items : DataFrame (n, ·)
        Each mean uses the answers to its item, each correlation the rows with both answers.
    names : sequence of str
    weights : Series, optional
        Case weights.

    Returns
    -------
    DataFrame
        ``construct mean sd`` and a column an item: r below the diagonal, NaN on and above it, and
        where fewer than four rows hold both answers.

    Notes
    -----
    Agrees with :meth:`pandas.DataFrame.corr` to 1e-12 without weights.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    >>> float(item_moments(answers, ["a", "b"]).loc[1, "a"].round(2))
    0.8
    """
    answers = available_answers(items, list(names), weights=weights)
    rows, given = answers.rows, np.isfinite(answers.rows)
    own = np.ones(answers.n) if answers.weights is None else answers.weights
    r = np.array(pairwise_correlations(rows, weights=answers.weights)[0], dtype=float)
    both = given.T.astype(int) @ given.astype(int)
    r[(both < 4) | np.triu(np.ones_like(r, dtype=bool))] = np.nan
    mean, sd = np.transpose([weighted_mean_sd(column, own) for column in rows.T])
    front = pd.DataFrame({"construct": list(names), "mean": mean, "sd": sd})
    return pd.concat([front, pd.DataFrame(r, columns=list(names))], axis=1)


def construct_scores(answers: Answers, scales: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the mean of each scale's items, ``(n, c)``; NaN where one is not answered."""
    return pd.DataFrame(
        {name: answers.rows[:, answers.of(block)].mean(axis=1) for name, block in scales.items()}
    )


def _score_frame(
    answers: Answers, scales: Mapping[str, Sequence[str]], scores: pd.DataFrame
) -> pd.DataFrame:
    alphas = [
        float(cronbach_alpha(answers.part(block).covariance)) if len(block) > 1 else np.nan
        for block in scales.values()
    ]
    weights = np.ones(answers.n) if answers.weights is None else answers.weights
    mean, sd = np.transpose([weighted_mean_sd(c, weights) for c in scores.to_numpy().T])
    return pd.DataFrame(
        {
            "construct": list(scales),
            "mean": mean,
            "sd": sd,
            "alpha": alphas,
        }
    )


def _pairs(scores: pd.DataFrame, r: np.ndarray, share: float, confidence: float) -> pd.DataFrame:
    """Return one row a pair; ``share`` of its rows count in interval and test."""
    from scipy.stats import norm, t

    names, given, rows = list(scores), scores.notna().to_numpy(), []
    for i, j in combinations(range(len(names)), 2):
        value, n = float(np.clip(r[i, j], -1, 1)), int((given[:, i] & given[:, j]).sum())
        if n * share < 4:
            raise DataError(
                f"{n} rows with scores of {names[i]} and {names[j]} · allowed: 4 or more · do: "
                "collect more answers"
            )
        reach = norm.ppf(0.5 + confidence / 2) / np.sqrt(n * share - 3)
        with np.errstate(divide="ignore"):
            z, statistic = np.arctanh(value), value * np.sqrt((n * share - 2) / (1 - value**2))
        rows.append(
            {
                "construct_1": names[i], "construct_2": names[j], "n_used": n, "r": value,
                "ci_low": float(np.tanh(z - reach)), "ci_high": float(np.tanh(z + reach)),
                "p": float(2 * t.sf(abs(statistic), n * share - 2)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _matrix(frame: pd.DataFrame, r: np.ndarray, pairs: pd.DataFrame) -> pd.DataFrame:
    values = np.tril(r, -1) + np.diag(frame.alpha)
    values[np.triu_indices(len(r), 1)] = pairs.p
    columns = pd.DataFrame(values, columns=list(frame.construct))
    return pd.concat([frame[["construct", "mean", "sd"]], columns], axis=1)
