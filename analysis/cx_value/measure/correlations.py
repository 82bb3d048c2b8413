"""How do the construct scores go together? Means, spread, correlations, α on the diagonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.formulas import cronbach_alpha
from cx_value.base.results import Result
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    in_language,
)
from cx_value.measure.answers import (
    Answers,
    check_scales,
    close_up,
    complete_answers,
    rows_note,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreCorrelations(Result):
    """Correlations of scale means.

    Attributes
    ----------
    pairs : DataFrame
        See :meth:`table`.
    scores : DataFrame
        ``construct mean sd alpha`` (α NaN for single items).
    matrix : DataFrame
        ``construct mean sd`` and a column a construct: r below the diagonal, α on it, p above.
    """

    pairs: pd.DataFrame
    scores: pd.DataFrame
    matrix: pd.DataFrame
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return ``construct_1 construct_2 n_used r ci_low ci_high p``."""
        return self.pairs.copy()

    def sentence(self, lang: str = "en") -> str:
        """State the range of the correlations and the strongest one."""
        size = self.pairs.r.abs()
        high = self.pairs.loc[size.idxmax()]
        low = self.pairs.loc[size.idxmin()]
        names = [in_language(self.labels[n], lang) for n in (high.construct_1, high.construct_2)]
        said = _SENTENCE[lang].format(
            n=self.n_used, count=len(self.pairs), pair="–".join(names),
            low=format_number(low.r, bounded=True, lang=lang),
            high=format_number(high.r, bounded=True, lang=lang),
            level=format_percent(self.confidence),
            ci=format_interval(high.ci_low, high.ci_high, bounded=True, lang=lang),
            p=format_p(high.p, lang=lang, relation=True),
        )  # fmt: skip
        return close_up(said)


_SENTENCE = {
    "en": "Of {count} correlations of construct scores (N = {n}) the weakest is r = {low} and the "
    "strongest, {pair}, r = {high}, {level} CI {ci}, p {p}.",
    "zh": "{count} 对构念得分相关（N = {n}）中，最弱为 r = {low}；最强为 {pair}，r = {high}，"
    "{level} CI {ci}，p {p}。",
}


def score_correlations(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    confidence: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> ScoreCorrelations:
    """What do the construct scores look like, and how do they correlate?

    Parameters
    ----------
    items : DataFrame (n, ·)
        Rows with a gap in any item of any scale are left out, so that all numbers of the table
        rest on the same rows and the model can be fitted again from it.
    scales : mapping of str to sequence of str
        Two or more constructs; a construct of one item is its item.
    confidence : float
    labels : mapping of str to Text, optional

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
    answers = complete_answers(items, [item for block in scales.values() for item in block])
    scores = construct_scores(answers, scales)
    if answers.n < 4:
        raise DataError(
            f"{answers.n} complete rows · allowed: 4 or more · do: collect more answers"
        )
    r = np.corrcoef(scores.to_numpy(), rowvar=False)
    pairs = _pairs(list(scales), r, answers.n, confidence)
    frame = _score_frame(answers, scales, scores)
    return ScoreCorrelations(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Text("Pearson correlations of scale means", zh="量表均分的 Pearson 相关"),
        confidence=confidence,
        notes=rows_note(answers.n_dropped, answers.n + answers.n_dropped),
        pairs=pairs,
        scores=frame,
        matrix=_matrix(frame, r, pairs),
        labels={name: (labels or {}).get(name, Text(name)) for name in scales},
    )


def construct_scores(answers: Answers, scales: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the mean of each scale's items for every complete row, ``(n, c)``."""
    return pd.DataFrame(
        {name: answers.rows[:, answers.of(block)].mean(axis=1) for name, block in scales.items()}
    )


def _score_frame(
    answers: Answers, scales: Mapping[str, Sequence[str]], scores: pd.DataFrame
) -> pd.DataFrame:
    blocks = [answers.of(block) for block in scales.values()]
    alphas = [
        float(cronbach_alpha(answers.covariance[np.ix_(b, b)])) if len(b) > 1 else np.nan
        for b in blocks
    ]
    return pd.DataFrame(
        {
            "construct": list(scales),
            "mean": scores.mean().to_numpy(),
            "sd": scores.std().to_numpy(),
            "alpha": alphas,
        }
    )


def _pairs(names: list[str], r: np.ndarray, n: int, confidence: float) -> pd.DataFrame:
    from scipy.stats import norm, t

    rows = []
    reach = norm.ppf(0.5 + confidence / 2) / np.sqrt(n - 3)
    for i, j in combinations(range(len(names)), 2):
        value = float(np.clip(r[i, j], -1, 1))
        with np.errstate(divide="ignore"):
            z, statistic = np.arctanh(value), value * np.sqrt((n - 2) / (1 - value**2))
        rows.append(
            {
                "construct_1": names[i], "construct_2": names[j], "n_used": n, "r": value,
                "ci_low": float(np.tanh(z - reach)), "ci_high": float(np.tanh(z + reach)),
                "p": float(2 * t.sf(abs(statistic), n - 2)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _matrix(frame: pd.DataFrame, r: np.ndarray, pairs: pd.DataFrame) -> pd.DataFrame:
    values = np.tril(r, -1) + np.diag(frame.alpha)
    values[np.triu_indices(len(r), 1)] = pairs.p
    columns = pd.DataFrame(values, columns=list(frame.construct))
    return pd.concat([frame[["construct", "mean", "sd"]], columns], axis=1)
