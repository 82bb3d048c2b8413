"""One sentence a question, for the reader who reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.results import Result
from cx_value.base.wording import Text, format_number, in_language, inside_sentence, join_words

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.measure.discriminant import HeterotraitMonotrait
    from cx_value.measure.reliability import ReliabilityOfScales


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Headline(Result):
    """The verdict of a chapter in one sentence, with the cases it counts."""

    frame: pd.DataFrame
    said: Text

    def table(self) -> pd.DataFrame:
        """Return one row a case with its ``passes``."""
        return self.frame.copy()

    def sentence(self, lang: str = "en") -> str:
        """Return the sentence."""
        return in_language(self.said, lang)


def reliability_headline(found: ReliabilityOfScales, labels: Mapping[str, str]) -> Headline:
    """Say how many scales reach the conventional α, and which do not."""
    rule = found.cutoffs["alpha"]
    frame = found.table()[["construct", "alpha"]]
    frame["passes"] = [bool(rule.passes(alpha)) for alpha in frame.alpha]
    weak = frame[~frame.passes]
    words = {lang: _reliability(frame, weak, labels, rule, lang) for lang in ("en", "zh")}
    return _headline(found, frame, words)


def _reliability(frame, weak, labels, rule, lang: str) -> str:
    bounded = {"bounded": True, "lang": lang}
    listed = [
        _with(labels[row.construct], f"α = {format_number(row.alpha, 2, **bounded)}", lang)
        for row in weak.itertuples()
    ]  # fmt: skip
    text = _ALL[lang] if weak.empty else _SOME[lang]
    return text.format(
        n=len(frame), good=len(frame) - len(weak), weak=join_words(listed, lang=lang),
        cutoff=format_number(rule.threshold, 2, **bounded), said=in_language(rule.said, lang),
    )  # fmt: skip


_ALL = {
    "en": "All {n} multi-item scales reach α ≥ {cutoff} ({said}).",
    "zh": "全部 {n} 个多题项量表的 α 均达到 {cutoff}（{said}）。",
}
_SOME = {
    "en": "{good} of {n} multi-item scales reach α ≥ {cutoff} ({said}); scores of {weak} are too "
    "unreliable to be read on their own.",
    "zh": "{n} 个多题项量表中有 {good} 个的 α 达到 {cutoff}（{said}）；{weak}的得分不够可靠，"
    "不宜单独解读。",
}


def discriminant_headline(found: HeterotraitMonotrait, labels: Mapping[str, str]) -> Headline:
    """Say how many pairs of constructs can be told apart by HTMT, and which cannot."""
    frame = found.table()
    rule = found.cutoffs["htmt"]
    frame["passes"] = [bool(rule.passes(value)) for value in frame.htmt]
    close = frame[~frame.passes]
    words = {lang: _discriminant(frame, close, labels, rule, lang) for lang in ("en", "zh")}
    return _headline(found, frame, words)


def _discriminant(frame, close, labels, rule, lang: str) -> str:
    bounded = {"bounded": True, "lang": lang}
    worst = close.sort_values("htmt", ascending=False).head(3)
    listed = [
        inside_sentence(labels[row.construct_1], lang)
        + "–"
        + _with(labels[row.construct_2], format_number(row.htmt, 2, lang=lang), lang)
        for row in worst.itertuples()
    ]
    text = _APART[lang] if close.empty else _CLOSE[lang]
    return text.format(
        n=len(frame), apart=len(frame) - len(close), pairs=join_words(listed, lang=lang),
        cutoff=format_number(rule.threshold, 2, **bounded), said=in_language(rule.said, lang),
    )  # fmt: skip


_APART = {
    "en": "The heterotrait–monotrait ratio of all {n} pairs of constructs is below {cutoff} "
    "({said}).",
    "zh": "全部 {n} 对构念的异质—单质比均低于 {cutoff}（{said}）。",
}
_CLOSE = {
    "en": "{apart} of {n} pairs of constructs have a heterotrait–monotrait ratio "
    "below {cutoff} ({said}); the closest are {pairs}.",
    "zh": "{n} 对构念中有 {apart} 对的异质—单质比低于 {cutoff}（{said}）；最接近的是{pairs}。",
}


def _with(label: str, number: str, lang: str) -> str:
    """Return a label with its number in the brackets of the language."""
    word = inside_sentence(label, lang)
    return f"{word}（{number}）" if lang == "zh" else f"{word} ({number})"


def _headline(found: Result, frame: pd.DataFrame, words: Mapping[str, str]) -> Headline:
    return Headline(
        n_used=found.n_used, n_dropped=found.n_dropped, confidence=found.confidence,
        method=found.method, frame=frame, said=Text(words["en"], zh=words["zh"]),
    )  # fmt: skip
