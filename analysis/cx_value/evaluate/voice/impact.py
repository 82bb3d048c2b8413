"""What a theme goes with: the score of those who name it, and who names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase

#: Fewer commenters on either side are not compared.
FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThemeImpact(Result):
    """Scores of customers who name a theme against those who write about something else.

    The table has one row a theme, the largest difference first.

    Attributes
    ----------
    frame : DataFrame
        ``theme score n mean_with mean_without difference ci_low ci_high p p_adjusted
        standardised clear tone``; ``tone`` is the mean tone of the comments that name it.
    score : str
        Construct or column of the score.
    """

    frame: pd.DataFrame
    score: str

    template = "voice.impact"

    def facts(self) -> dict[str, Any]:
        """Return ``score tested worse better``: themes whose adjusted p is below 1 − confidence."""
        clear = self.frame[self.frame.clear.astype(bool)]
        named = ["theme", "difference", "ci_low", "ci_high", "n"]
        return {
            "score": self.score, "tested": len(self.frame),
            "worse": clear[clear.difference < 0].head(3)[named].to_dict("records"),
            "better": clear[clear.difference > 0].head(3)[named].to_dict("records"),
        }  # fmt: skip


def theme_impact(
    coded: pd.DataFrame,
    score: pd.Series,
    name: str,
    *,
    tone: pd.Series | None = None,
    confidence: float = 0.95,
) -> ThemeImpact:
    """Compare the score of those who name a theme with that of the other commenters.

    Parameters
    ----------
    coded : DataFrame, comments × themes, bool
    score : Series of float
        Of the same respondents; NaN is left out.
    name : str
        What the score is called (a construct's code).
    tone : Series of float, optional
        Tone of each comment, −1 to 1.

    Notes
    -----
    Welch's interval; p adjusted over the themes by Holm (1979); the standardised difference is
    Hedges' g. Who writes about a theme is not drawn by lot: a difference is no effect of the theme.
    """
    from statsmodels.stats.multitest import multipletests

    score = score.reindex(coded.index)
    rows = []
    for theme in coded:
        with_, without = (score[mask].dropna() for mask in (coded[theme], ~coded[theme]))
        if min(len(with_), len(without)) >= FEWEST:
            said = tone.reindex(coded.index)[coded[theme]].mean() if tone is not None else np.nan
            rows.append({"theme": theme, "score": name, "n": len(with_), "tone": said,
                         **_welch(with_, without, confidence)})  # fmt: skip
    columns = ["theme", "score", "n", "mean_with", "mean_without", "difference", "ci_low",
               "ci_high", "p", "standardised", "tone", "p_adjusted", "clear"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    if len(frame):
        frame["p_adjusted"] = multipletests(frame.p, method="holm")[1]
        frame["clear"] = frame.p_adjusted < 1 - confidence
        order = frame.difference.abs().sort_values(ascending=False, kind="stable").index
        frame = frame.loc[order].reset_index(drop=True)
    return ThemeImpact(
        n_used=int(score.notna().sum()), n_dropped=int(score.isna().sum()),
        method=Phrase("voice.impact_method"), confidence=confidence, frame=frame, score=name,
    )  # fmt: skip


def _welch(with_: pd.Series, without: pd.Series, confidence: float) -> dict[str, float]:
    from scipy.stats import ttest_ind

    test = ttest_ind(with_, without, equal_var=False)
    low, high = test.confidence_interval(confidence)
    n, m = len(with_), len(without)
    pooled = np.sqrt(((n - 1) * with_.var() + (m - 1) * without.var()) / (n + m - 2))
    difference = with_.mean() - without.mean()
    hedges = difference / pooled * (1 - 3 / (4 * (n + m) - 9)) if pooled > 0 else np.nan
    return {"mean_with": with_.mean(), "mean_without": without.mean(), "difference": difference,
            "ci_low": low, "ci_high": high, "p": test.pvalue, "standardised": hedges}  # fmt: skip


def themes_by_group(
    coded: pd.DataFrame, groups: pd.Series, *, column: str, minimum: int
) -> pd.DataFrame:
    """Return ``column group theme n of share`` where at least ``minimum`` commenters stand.

    A group with fewer commenters is left out whole; a cell with fewer who name the theme keeps its
    row without a number, so that no single comment can be traced.
    """
    rows = []
    for group, index in groups.dropna().groupby(groups.astype(object), sort=True).groups.items():
        part = coded.loc[coded.index.intersection(index)]
        if len(part) < minimum:
            continue
        for theme in coded:
            count = int(part[theme].sum())
            hidden = 0 < count < minimum
            rows.append({
                "column": column, "group": str(group), "theme": theme, "of": len(part),
                "n": np.nan if hidden else count,
                "share": np.nan if hidden else count / len(part),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["column", "group", "theme", "of", "n", "share"])


def quotable(
    comments: pd.Series, coded: pd.DataFrame, tone: pd.Series, *, minimum: int, each: int = 1
) -> pd.DataFrame:
    """Return comments that may be quoted: ``theme tone quote``, names and numbers taken out.

    None from a theme that fewer than ``minimum`` customers name. The shortest of each tone with at
    least four words or eight characters, so that least is told of the person.
    """
    from cx_value.evaluate.voice.privacy import redact

    rows = []
    for theme in coded:
        named = coded.index[coded[theme]]
        if len(named) < minimum:
            continue
        for sign, mask in (("positive", tone > 0), ("negative", tone < 0)):
            texts = comments[named][mask.reindex(named).fillna(False)]
            long_enough = texts[texts.map(lambda t: len(t.split()) >= 4 or len(t) >= 8)]
            order = long_enough.sort_values(key=lambda t: t.str.len(), kind="stable")
            rows += [
                {"theme": theme, "tone": sign, "quote": redact(t)} for t in order.unique()[:each]
            ]
    return pd.DataFrame(rows, columns=["theme", "tone", "quote"])
