"""Which language a comment is in, and its words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_ENGLISH_WORD = re.compile(r"[a-zà-ɏ][a-zà-ɏ'’-]+")
_MARKUP = re.compile(r"(?is)<(script|style)\b.*?</\1>|<[^<>]{1,200}>|https?://\S+|[{}$\\`|]")


def comment_language(text: str) -> str | None:
    """Return ``"zh"``, ``"en"``, or None where there is no word of either.

    A comment is Chinese where a quarter of its letters are Chinese: product names in Latin letters
    stand in many Chinese comments, Chinese words in few English ones.

    >>> comment_language("App 很好用"), comment_language("Slow."), comment_language("😀 1 !")
    ('zh', 'en', None)
    """
    text = _MARKUP.sub(" ", text)
    chinese, latin = len(_CHINESE.findall(text)), len(_LATIN.findall(text))
    if chinese + latin < 2:
        return None
    return "zh" if chinese >= 0.25 * (chinese + latin) else "en"


def comment_words(text: str, language: str | None) -> list[str]:
    """Return the words of a comment that may carry a theme, small letters, in order.

    Chinese is cut into words by jieba; words of one character and stop words are left out.

    >>> comment_words("The app keeps crashing!", "en")
    ['app', 'keeps', 'crashing']
    >>> comment_words("网点排队时间太长", "zh")
    ['网点', '排队', '时间']
    """
    text = _MARKUP.sub(" ", text.lower())
    if language == "zh":
        words = (word.strip() for word in _jieba().cut(text))
        return [w for w in words if len(w) > 1 and _CHINESE.search(w) and w not in _stop_chinese()]
    return [w for w in _ENGLISH_WORD.findall(text) if w not in _stop_english()]


@cache
def _jieba():
    import jieba

    jieba.setLogLevel(60)  # it reports its dictionary on the terminal
    jieba.initialize()
    return jieba


@cache
def _stop_chinese() -> frozenset[str]:
    """Return the words that carry no theme, one a line of ``stopwords_zh.txt``."""
    return frozenset(Path(__file__).with_name("stopwords_zh.txt").read_text("utf-8").split())


@cache
def _stop_english() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS | {"just", "really", "don't", "it's", "i'm", "didn't", "can't"}
