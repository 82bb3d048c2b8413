"""Do respondents give the same answers again? Test–retest agreement over two waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.measure.answers import check_scales
from cx_value.sem.engine.moments import read_columns

TYPES = ("ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "ICC(C,k)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stability(Result):
    """Test–retest reliability of scale scores.

    Attributes
    ----------
    frame : DataFrame
        ``construct n_used mean_first mean_second r icc icc_ci_low icc_ci_high icc_consistency
        icc_consistency_ci_low icc_consistency_ci_high``; ``icc`` is ICC(A,1).
    """

    template = "stability.retest"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return the scales that agree least and most over the two waves."""
        low, high = self.frame.loc[self.frame.icc.idxmin()], self.frame.loc[self.frame.icc.idxmax()]
        return {
            "scales": len(self.frame), "confidence": self.confidence, "n": self.n_used,
            "low": {"construct": low.construct, "icc": low.icc,
                    "ci": [low.icc_ci_low, low.icc_ci_high]},
            "high": {"construct": high.construct, "icc": high.icc,
                     "ci": [high.icc_ci_low, high.icc_ci_high]},
        }  # fmt: skip


def test_retest(
    data: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    respondent: str,
    wave: str,
    confidence: float = 0.95,
) -> Stability:
    """How well do the scale means of the first two waves agree, person by person?

    Parameters
    ----------
    data : DataFrame
        One row a respondent and wave.
    scales : mapping of str to sequence of str
    respondent, wave : str
        Columns that name the person and the wave; the two lowest waves are compared.
    confidence : float

    Raises
    ------
    DataError
        Fewer than two waves, a respondent twice in one wave, or fewer than five in both.

    Notes
    -----
    Scores are item means; a score with a missing item is missing. Source of ICC and intervals:
    :func:`intraclass_correlations`.
    """
    scales = check_scales(scales)
    first, second = _two_waves(data, respondent, wave)
    rows = []
    for name, items in scales.items():
        scores = [pd.Series(read_columns(w, items).mean(axis=1), index=w.index)
                  for w in (first, second)]  # fmt: skip
        pairs = pd.concat(scores, axis=1, join="inner").dropna().to_numpy()
        rows.append(_stability_row(name, pairs, confidence))
    return Stability(
        n_used=max(row["n_used"] for row in rows),
        n_dropped=len(data) - 2 * max(row["n_used"] for row in rows),
        method=Phrase("stability.method"),
        confidence=confidence,
        frame=pd.DataFrame(rows),
    )


# The name begins with what pytest collects; it is a statistic.
test_retest.__test__ = False


def intraclass_correlations(scores: np.ndarray, *, confidence: float = 0.95) -> pd.DataFrame:
    """Two-way intraclass correlations of scores ``(n, k)``: persons in rows, occasions in columns.

    Returns
    -------
    DataFrame
        ``type icc f df1 df2 p ci_low ci_high`` for ICC(A,1), ICC(C,1), ICC(A,k), ICC(C,k). A:
        absolute agreement, C: consistency; 1: one occasion, k: their mean.

    Notes
    -----
    Mean squares of the persons × occasions layout; McGraw & Wong (1996), Psychol. Methods 1,
    tables 4 and 7. Agrees with ``psych::ICC(lmer = FALSE)`` to 1e-10.

    Examples
    --------
    >>> scores = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
    ...                    [6, 2, 4, 7]])
    >>> intraclass_correlations(scores).icc.round(2).tolist()
    [0.29, 0.71, 0.62, 0.91]
    """
    from scipy.stats import f

    n, k = scores.shape
    persons, occasions, error = _mean_squares(scores)
    ratio, df1, df2 = persons / error, n - 1, (n - 1) * (k - 1)
    single = (persons - error) / (persons + (k - 1) * error + k * (occasions - error) / n)
    consistent = (persons - error) / (persons + (k - 1) * error)
    tail = (1 - confidence) / 2
    low, high = ratio / f.isf(tail, df1, df2), ratio * f.isf(tail, df2, df1)
    agreement = _agreement_interval(single, persons, occasions, error, n, k, tail)
    consistency = [(v - 1) / (v + k - 1) for v in (low, high)]
    values = [
        (single, *agreement),
        (consistent, *consistency),
        tuple(_stepped(v, k) for v in (single, *agreement)),
        tuple(_stepped(v, k) for v in (consistent, *consistency)),
    ]
    frame = pd.DataFrame(values, columns=["icc", "ci_low", "ci_high"])
    test = {"f": ratio, "df1": df1, "df2": df2, "p": float(f.sf(ratio, df1, df2))}
    frame = frame.assign(type=TYPES, **test)
    return frame[["type", "icc", "f", "df1", "df2", "p", "ci_low", "ci_high"]]


def _mean_squares(scores: np.ndarray) -> tuple[float, float, float]:
    n, k = scores.shape
    grand = scores.mean()
    by_person, by_occasion = scores.mean(axis=1), scores.mean(axis=0)
    residual = scores - by_person[:, None] - by_occasion + grand
    return (
        k * ((by_person - grand) ** 2).sum() / (n - 1),
        n * ((by_occasion - grand) ** 2).sum() / (k - 1),
        (residual**2).sum() / ((n - 1) * (k - 1)),
    )


def _agreement_interval(
    icc: float, persons: float, occasions: float, error: float, n: int, k: int, tail: float
) -> tuple[float, float]:
    """Interval of ICC(A,1) with Satterthwaite's degrees of freedom (McGraw & Wong, 1996)."""
    from scipy.stats import f

    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    df = (a * occasions + b * error) ** 2 / (
        (a * occasions) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    below, above = f.isf(tail, n - 1, df), f.isf(tail, df, n - 1)
    noise = k * occasions + (n * k - k - n) * error
    return (
        n * (persons - below * error) / (below * noise + n * persons),
        n * (above * persons - error) / (noise + n * above * persons),
    )


def _stepped(icc: float, k: int) -> float:
    return k * icc / (1 + (k - 1) * icc)


def _two_waves(data: pd.DataFrame, respondent: str, wave: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    absent = [column for column in (respondent, wave) if column not in data.columns]
    if absent:
        raise DataError(
            f"No column {', '.join(absent)} · allowed: columns that name respondent and wave · do: "
            "name them as the data do"
        )
    waves = sorted(data[wave].dropna().unique())
    if len(waves) < 2:
        raise DataError(
            f"{len(waves)} wave(s) in column {wave} · allowed: two or more · do: leave test–retest "
            "out, or add the second wave"
        )
    parts = [data[data[wave] == value].set_index(respondent) for value in waves[:2]]
    for value, part in zip(waves[:2], parts, strict=True):
        twice = part.index[part.index.duplicated()].unique()
        if len(twice):
            raise DataError(
                f"{len(twice)} respondent(s) stand twice in wave {value}, {twice[0]} first · "
                "allowed: once a wave · do: drop the doubled rows"
            )
    return parts[0], parts[1]


def _stability_row(name: str, pairs: np.ndarray, confidence: float) -> dict:
    if len(pairs) < 5 or (np.ptp(pairs, axis=0) == 0).any():
        raise DataError(
            f"{len(pairs)} respondents answered {name} in both waves, or all alike · allowed: 5 or "
            "more who differ · do: leave test–retest out for this scale"
        )
    icc = intraclass_correlations(pairs, confidence=confidence).set_index("type")
    agree, consistent = icc.loc["ICC(A,1)"], icc.loc["ICC(C,1)"]
    return {
        "construct": name,
        "n_used": len(pairs),
        "mean_first": pairs[:, 0].mean(),
        "mean_second": pairs[:, 1].mean(),
        "r": float(np.corrcoef(pairs.T)[0, 1]),
        "icc": agree.icc,
        "icc_ci_low": agree.ci_low,
        "icc_ci_high": agree.ci_high,
        "icc_consistency": consistent.icc,
        "icc_consistency_ci_low": consistent.ci_low,
        "icc_consistency_ci_high": consistent.ci_high,
    }
