"""The tone of comments: learnt from the customers' own scores, or taken from a ready tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase

#: Labelled comments from which on the study's own scores beat a ready tool.
ENOUGH = 150
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sentiment(Result):
    """Tone of every comment, and how well it tells satisfied customers from the others.

    The table has one row a language.

    Attributes
    ----------
    frame : DataFrame
        One row a language: ``language n n_labelled route auc ci_low ci_high accuracy usable
        positive``; ``route`` is ``own_scores``, ``ready_tool`` or ``none``.
    scores : Series
        Tone of each comment, −1 to 1; NaN where no route gives one. Out of sample for
        ``own_scores``.
    """

    frame: pd.DataFrame
    scores: pd.Series

    template = "voice.sentiment"

    def facts(self) -> dict[str, Any]:
        """Return the rows as ``languages``, and whether any tone is usable."""
        return {
            "languages": self.frame.to_dict("records"),
            "usable": bool(self.frame.usable.any()), "comments": self.n_used,
        }  # fmt: skip


def measure_sentiment(
    comments: pd.Series,
    languages: pd.Series,
    satisfaction: pd.Series,
    *,
    seed: int = 0,
    confidence: float = 0.95,
    enough: int = ENOUGH,
) -> Sentiment:
    """Score the tone of comments, language by language.

    Parameters
    ----------
    comments : Series of str
    languages : Series of {"en", "zh"}
    satisfaction : Series of float
        The commenter's own score; NaN where not answered. Comments above the median count as
        satisfied, those below as not, those at it as neither.
    seed : int
        Folds of the cross-validation.
    enough : int
        With fewer labelled comments in a language a ready tool is used: VADER for English,
        pysenti for Chinese.

    Notes
    -----
    Logistic regression on tf-idf of 1 to 3 characters (Chinese) or 2 to 5 (English, within words),
    five-fold cross-validated, so that no comment is scored by a model that saw it. AUC with Hanley
    & McNeil's (1982) standard error. A tone is usable where the interval lies above one half.
    """
    rows, scores = [], pd.Series(np.nan, index=comments.index, dtype=float)
    for language in ("en", "zh"):
        texts = comments[languages == language]
        if texts.empty:
            continue
        label = _labels(satisfaction.reindex(texts.index))
        if min((label == 1).sum(), (label == 0).sum()) * 2 >= enough:
            route, tone = "own_scores", _learn(texts, label, language, seed)
        else:
            route, tone = "ready_tool", _ready(texts, language)
        scores.loc[texts.index] = tone
        rows.append({"language": language, "n": len(texts), "route": route,
                     **_judge(tone, label, confidence)})  # fmt: skip
    columns = ["language", "n", "route", "n_labelled", "auc", "ci_low", "ci_high", "accuracy",
               "usable", "positive"]  # fmt: skip
    return Sentiment(
        n_used=len(comments), method=Phrase("voice.sentiment_method"), confidence=confidence,
        frame=pd.DataFrame(rows, columns=columns), scores=scores,
    )  # fmt: skip


def _labels(score: pd.Series) -> pd.Series:
    middle = score.median()
    return pd.Series(np.select([score > middle, score < middle], [1.0, 0.0], np.nan), score.index)


def _learn(texts: pd.Series, label: pd.Series, language: str, seed: int) -> np.ndarray:
    """Return 2p − 1 of every comment, from models that did not see it."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    shape = {"analyzer": "char", "ngram_range": (1, 3)} if language == "zh" else {
        "analyzer": "char_wb", "ngram_range": (2, 5)}  # fmt: skip

    def model():
        return make_pipeline(
            TfidfVectorizer(**shape, sublinear_tf=True, max_features=20_000),
            LogisticRegression(C=4.0, max_iter=1000),
        )

    known = np.flatnonzero(label.notna())
    words, truth = texts.to_numpy(), label.to_numpy()
    tone = np.full(len(texts), np.nan)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(known, truth[known]):
        fitted = model().fit(words[known[train]], truth[known[train]])
        tone[known[test]] = 2 * fitted.predict_proba(words[known[test]])[:, 1] - 1
    others = np.flatnonzero(label.isna())
    if len(others):
        fitted = model().fit(words[known], truth[known])
        tone[others] = 2 * fitted.predict_proba(words[others])[:, 1] - 1
    return tone


def _ready(texts: pd.Series, language: str) -> np.ndarray:
    """Return the tone by a tool that ships its weights."""
    if language == "en":
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        tool = SentimentIntensityAnalyzer()
        return np.array([tool.polarity_scores(text)["compound"] for text in texts])
    import jieba
    import pysenti

    jieba.setLogLevel(60)
    tool = pysenti.ModelClassifier()
    return np.array([2 * tool.classify(text)["positive_prob"] - 1 for text in texts])


def _judge(tone: np.ndarray, label: pd.Series, confidence: float) -> dict[str, Any]:
    from scipy.stats import norm

    known = label.notna().to_numpy() & ~np.isnan(tone)
    good, bad = tone[known & (label == 1).to_numpy()], tone[known & (label == 0).to_numpy()]
    positive = float((tone[~np.isnan(tone)] > 0).mean())
    if min(len(good), len(bad)) < 10:
        empty = dict.fromkeys(("auc", "ci_low", "ci_high", "accuracy"), np.nan)
        return {"n_labelled": int(known.sum()), **empty, "usable": False, "positive": positive}
    auc = area_under_curve(good, bad)
    half = norm.ppf((1 + confidence) / 2) * area_standard_error(auc, len(good), len(bad))
    accuracy = ((good > 0).sum() + (bad <= 0).sum()) / (len(good) + len(bad))
    return {
        "n_labelled": int(known.sum()), "auc": auc, "ci_low": max(auc - half, 0.0),
        "ci_high": min(auc + half, 1.0), "accuracy": float(accuracy),
        "usable": bool(auc - half > 0.5), "positive": positive,
    }  # fmt: skip


def area_under_curve(good: np.ndarray, bad: np.ndarray) -> float:
    """Return the chance that a satisfied customer's tone is above a dissatisfied one's.

    >>> area_under_curve(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    0.875
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([good, bad]))[: len(good)]
    return float((ranks.sum() - len(good) * (len(good) + 1) / 2) / (len(good) * len(bad)))


def area_standard_error(auc: float, good: int, bad: int) -> float:
    """Return Hanley & McNeil's (1982) standard error of the area, their equation 2.

    >>> round(area_standard_error(0.893, 51, 58), 3)
    0.033
    """
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (good - 1) * (first - auc**2) + (bad - 1) * (second - auc**2)
    return float(np.sqrt(variance / (good * bad)))
