"""Which themes comments are about: by a declared list of words, or found in the words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.voice.script import comment_words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_WORDS = 6
#: A theme is stable where its words agree this much, on average, with those of half samples.
STABLE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Themes(Result):
    """How often each theme is named.

    The table has one row a theme, most frequent first.

    Attributes
    ----------
    frame : DataFrame
        ``theme origin words n share ci_low ci_high n_en n_zh stability``; ``origin`` is
        ``declared`` or ``found``.
    coded : DataFrame, comments × themes, bool
    """

    frame: pd.DataFrame
    coded: pd.DataFrame

    template = "voice.themes"

    def facts(self) -> dict[str, Any]:
        """Return ``comments themes uncoded top unstable``."""
        rows = self.frame.to_dict("records")
        return {
            "comments": self.n_used, "themes": len(rows),
            "uncoded": float((~self.coded.any(axis=1)).mean()) if len(self.coded) else None,
            "top": [{k: r[k] for k in ("theme", "n", "share")} for r in rows[:3]],
            "unstable": [r["theme"] for r in rows if r["stability"] < STABLE],
        }  # fmt: skip


def code_themes(
    comments: pd.Series, languages: pd.Series, codebook: Mapping[str, Mapping[str, Sequence[str]]]
) -> pd.DataFrame:
    """Mark the themes whose words stand in a comment.

    Parameters
    ----------
    comments : Series of str
    languages : Series of {"en", "zh"}
    codebook : mapping theme → language → words
        A Chinese word is found anywhere, an English one at the beginning of a word ("wait" finds
        "waited"), small and capital letters alike.

    Returns
    -------
    DataFrame, comments × themes, bool

    Examples
    --------
    >>> code_themes(pd.Series(["We waited."]), pd.Series(["en"]), {"speed": {"en": ["wait"]}})
       speed
    0   True
    """
    coded = pd.DataFrame(False, index=comments.index, columns=list(codebook))
    for theme, words in codebook.items():
        for language, listed in words.items():
            if listed:
                rows = languages.index[languages == language]
                pattern = _pattern(listed, language)
                coded.loc[rows, theme] = comments.loc[rows].str.contains(pattern, regex=True)
    return coded


def _pattern(words: Sequence[str], language: str) -> str:
    joined = "|".join(re.escape(word) for word in words)
    return f"(?i){joined}" if language == "zh" else rf"(?i)\b(?:{joined})"


def count_themes(
    coded: pd.DataFrame,
    languages: pd.Series,
    *,
    origin: str,
    words: Mapping[str, Sequence[str]] | None = None,
    stability: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> Themes:
    """Return how often each theme is named, with Wilson's interval."""
    from statsmodels.stats.proportion import proportion_confint

    n, rows = len(coded), []
    for theme in coded:
        count = int(coded[theme].sum())
        low, high = proportion_confint(count, max(n, 1), alpha=1 - confidence, method="wilson")
        by_language = {f"n_{lang}": int(coded.loc[languages == lang, theme].sum())
                       for lang in ("en", "zh")}  # fmt: skip
        rows.append({
            "theme": theme, "origin": origin, "words": " · ".join((words or {}).get(theme, ())),
            "n": count, "share": count / n if n else np.nan, "ci_low": low, "ci_high": high,
            **by_language, "stability": (stability or {}).get(theme, np.nan),
        })  # fmt: skip
    columns = ["theme", "origin", "words", "n", "share", "ci_low", "ci_high", "n_en", "n_zh",
               "stability"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.sort_values("n", ascending=False, kind="stable", ignore_index=True)
    return Themes(
        n_used=n, method=Phrase(f"voice.themes_{origin}_method"), confidence=confidence,
        frame=frame, coded=coded,
    )  # fmt: skip


def discover_themes(
    comments: pd.Series,
    languages: pd.Series,
    language: str,
    *,
    themes: int = 5,
    seed: int = 0,
    halves: int = 10,
    confidence: float = 0.95,
) -> Themes:
    """Find themes in the words of one language: non-negative factors of tf-idf.

    A comment belongs to the theme with the largest share of it. Stability: the factors are found
    again in random halves of the comments and matched one to one; it is the mean share of a
    theme's leading words that come back, 0 to 1.

    Parameters
    ----------
    comments, languages : Series
    language : {"en", "zh"}
    themes : int
        At most; fewer where there are fewer different words.
    halves : int
        Half samples for the stability.

    Notes
    -----
    Lee & Seung (1999); solved by scikit-learn's NMF from the singular vectors (no chance).
    """
    texts = comments[languages == language]
    documents = [comment_words(text, language) for text in texts]
    matrix, vocabulary = _tf_idf(documents)
    wanted = min(themes, matrix.shape[1], max(len(texts) - 1, 0))
    if wanted < 2:
        return count_themes(pd.DataFrame(index=texts.index), languages, origin="found")
    weights, leading = _factor(matrix, vocabulary, wanted)
    stability = _stability(matrix, vocabulary, leading, seed, halves)
    names = {k: f"{language}-{k + 1}" for k in range(wanted)}
    best = np.where(weights.max(axis=1) > 0, weights.argmax(axis=1), -1)
    coded = pd.DataFrame({names[k]: best == k for k in range(wanted)}, index=texts.index)
    return count_themes(
        coded, languages[texts.index], origin="found", confidence=confidence,
        words={names[k]: leading[k] for k in range(wanted)},
        stability={names[k]: stability[k] for k in range(wanted)},
    )  # fmt: skip


def _tf_idf(documents: list[list[str]]) -> tuple[csr_matrix, np.ndarray]:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    rare = 3 if len(documents) >= 100 else 1
    vectorizer = TfidfVectorizer(analyzer=lambda words: words, min_df=rare, max_features=3000)
    try:
        return vectorizer.fit_transform(documents), vectorizer.get_feature_names_out()
    except ValueError:  # no word stands in enough comments
        return csr_matrix((len(documents), 0)), np.array([])


def _factor(matrix, vocabulary, count: int) -> tuple[np.ndarray, list[list[str]]]:
    import warnings

    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(count, init="nndsvda", random_state=0, max_iter=400)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        weights = model.fit_transform(matrix)
    order = np.argsort(-model.components_, axis=1, kind="stable")[:, :MOST_WORDS]
    return weights, [[str(vocabulary[i]) for i in row] for row in order]


def _stability(matrix, vocabulary, leading, seed: int, halves: int) -> np.ndarray:
    from scipy.optimize import linear_sum_assignment

    random, n = np.random.default_rng(seed), matrix.shape[0]
    agreed = []
    for _ in range(halves):
        half = matrix[random.permutation(n)[: max(n // 2, 2)]]
        _, again = _factor(half, vocabulary, len(leading))
        overlap = np.array([[len(set(a) & set(b)) for b in again] for a in leading]) / MOST_WORDS
        rows, columns = linear_sum_assignment(-overlap)
        agreed.append(overlap[rows, columns])
    return np.mean(agreed, axis=0)
