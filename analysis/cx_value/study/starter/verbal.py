"""Scales in words: which words are points of one scale, and in which order.

A word is taken apart into degree, direction and what is judged: "strongly disagree" and 非常不同意
are far against, "somewhat agree" and 比较同意 a little for. Words that judge the same thing and
differ in degree are one scale, whatever its wording.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cx_value.study.answers import clean
from cx_value.study.chinese import simplify
from cx_value.study.readers.no_answer import means_no_answer
from cx_value.study.starter.tongues import foreign_ranks

#: Most points of a scale in words.
MOST_POINTS = 11
_DEGREES_EN = {
    "completely": 4, "totally": 4, "entirely": 4, "absolutely": 4, "fully": 4, "definitely": 4,
    "extremely": 4, "exceptionally": 4, "strongly": 3.5, "very": 3, "highly": 3, "really": 3,
    "mostly": 2.6, "largely": 2.6, "quite": 2.4, "generally": 1.8, "fairly": 1.7,
    "probably": 1.6, "moderately": 1.5, "rather": 1.4, "somewhat": 1.2, "partly": 1.1,
    "tend to": 1, "slightly": 0.9, "a little": 0.8, "a bit": 0.8, "not very": -1, "not so": -1,
    "not too": -1, "not really": -1, "not particularly": -1, "not at all": -5,
}  # fmt: skip
_DEGREES_ZH = {
    "完全": 4, "极其": 4, "极为": 4, "极度": 4, "极": 4, "绝对": 4, "非常": 3.5, "十分": 3.5,
    "特别": 3.5, "强烈": 3.5, "肯定": 3.5, "很": 3,
    "相当": 2.8, "基本": 1.7, "比较": 1.5, "较为": 1.5,
    "较": 1.5, "可能": 1.2, "有点": 1, "有些": 1, "稍微": 1, "略微": 1, "略": 1, "部分": 1,
    "不太": -1, "不大": -1,
    "不怎么": -1, "不是很": -1, "一点也不": -5, "一点都不": -5, "毫不": -5, "根本不": -5,
}  # fmt: skip
_NEUTRAL = frozenset(
    """
neutral|undecided|not sure|unsure|uncertain|average|so-so|ok|okay|indifferent|no difference|medium
|about the same|the same|same|as expected|moderate|mixed|acceptable|fair|satisfactory|adequate
|half and half|neither|no opinion either way|might or might not|partly agree, partly disagree
|in the middle|no change
|一般|中立|没意见|无意见|不确定|无所谓|普通|中等|尚可|还行|还可以|不好说|一般般|适中|差不多|没有意见|难说|合格|及格
|说不准|说不清|中|中性|没感觉|没有差别|持平|不变|凑合|马马虎虎
""".replace("\n", "").split("|")
)
#: Words that are degree and judgement at once: (degree, direction, what is judged).
_WHOLE = {
    "excellent": (4, 1, "good"), "outstanding": (4.5, 1, "good"), "superb": (4.2, 1, "good"),
    "perfect": (4.6, 1, "good"), "great": (3.2, 1, "good"), "poor": (2, -1, "good"),
    "bad": (2, -1, "good"), "terrible": (4, -1, "good"), "awful": (4, -1, "good"),
    "above average": (1, 1, "good"), "below average": (1, -1, "good"),
    "unacceptable": (4, -1, "good"),
    "low": (2, -1, "high"), "worse": (2, -1, "better"), "much worse": (3, -1, "better"),
    "much better": (3, 1, "better"), "no": (2, -1, "yes"), "oppose": (2, -1, "support"),
    "support": (2, 1, "support"), "difficult": (2, -1, "easy"), "hard": (2, -1, "easy"),
    "not": (2, -1, "yes"),
    "反对": (2, -1, "同意"), "赞成": (2, 1, "同意"), "赞同": (2, 1, "同意"), "差": (2, -1, "好"),
    "坏": (2, -1, "好"), "糟": (2.5, -1, "好"), "糟糕": (2.5, -1, "好"), "良好": (2, 1, "好"),
    "良": (2, 1, "好"), "优秀": (4, 1, "好"), "优": (4, 1, "好"), "优良": (3.8, 1, "好"),
    "卓越": (4.5, 1, "好"), "不及格": (2, -1, "好"), "不合格": (2, -1, "好"), "低": (2, -1, "高"),
    "弱": (2, -1, "强"), "小": (2, -1, "大"), "少": (2, -1, "多"), "慢": (2, -1, "快"),
    "难": (2, -1, "易"), "困难": (2, -1, "容易"), "贵": (2, -1, "便宜"),
}  # fmt: skip
_ORDERS = (
    """never|almost never,hardly ever,very rarely|rarely,seldom|once in a while|occasionally
    |sometimes|about half the time|often,frequently|usually,regularly|most of the time|very often
    |almost always,nearly always|always,every time""",
    """从不,从来不,从未,从来没有|几乎不,几乎从不,极少|很少|较少|偶尔|有时,有时候|时常,较多
    |经常,常常|频繁,很多|几乎总是,大部分时间|总是,一直,每次,始终""",
    """not at all,none,nothing|very little|a little,a little bit,slightly|a bit|some|somewhat
    |moderately,a moderate amount|quite a bit,considerably,quite a lot|a lot|very much|a great deal
    |extremely,completely""",
    """far below expectations,much worse than expected|below expectations,worse than expected
    |met expectations,meets expectations,as expected,about as expected
    |above expectations,better than expected|far above expectations,much better than expected""",
    "未达到期望,低于期望,比期望差|符合期望,达到期望,与期望相符|超出期望,高于期望,超过期望",
)  # fmt: skip
_ORDINALS = tuple(
    {word.strip(): rank for rank, step in enumerate(order.split("|")) for word in step.split(",")}
    for order in _ORDERS
)
_JUDGED = frozenset(
    """
agree|satisfied|likely|important|good|happy|easy|useful|willing|interested|familiar|confident
|helpful|effective|valuable|reliable|pleased|relevant|clear|fair|true|better|high|yes|would|support
""".replace("\n", "").split("|")
)
_COUNTS = {number: k for k, number in enumerate("零一二三四五六七八九十")}
_MARKED = (
    re.compile(r"(?P<n>-?\d{1,3})\s*(?:[-–—:：.、=)）]+|\s|分|点|星|级|stars?)\s*(?P<w>.*)"),
    re.compile(r"(?P<n>-?\d{1,3})\s*[(（\[](?P<w>.*)[)）\]]"),
    re.compile(r"(?P<w>.*\D)[(（\[](?P<n>-?\d{1,3})(?:\s*分)?[)）\]]"),
)


@dataclass(frozen=True, slots=True)
class VerbalScale:
    """Points of a scale in words.

    Attributes
    ----------
    points : dict
        Folded word → number.
    low, high : int
        Ends of the scale; a point that nobody chose may lie between or beyond the words.
    written : dict
        Folded word → as it is written.
    """

    points: dict[str, float]
    low: int
    high: int
    written: dict[str, str] = field(default_factory=dict)


def verbal_scale(words: Iterable[str]) -> VerbalScale | None:
    """Return the scale whose points words are, or None where they are not one scale.

    Words that mean no answer are passed over; the number of a point is its place, or the number
    that the word bears ("5 - Very good").

    >>> verbal_scale(["Agree", "Strongly agree", "Neutral", "Disagree"]).points["agree"]
    4.0
    >>> verbal_scale(["比较满意", "不太满意", "很满意", "一般", "很不满意"]).points["很满意"]
    5.0
    >>> verbal_scale(["10 - Extremely likely", "0 - Not at all likely", "7", "3"]).high
    10
    >>> verbal_scale(["red", "green", "blue"]) is None
    True
    """
    told = [word for w in words if (word := clean(w)) and not means_no_answer(word)]
    written = {word.casefold(): word for word in told}
    folded = set(written)
    if not 1 < len(folded) <= MOST_POINTS + 1:
        return None
    if marked := _by_number(folded):
        return replace(marked, written=written)
    ranks = _ranks(folded) or foreign_ranks(folded)
    if len(folded) < 3 or ranks is None or len(set(ranks.values())) < len(folded):
        return None
    ladder = sorted({*ranks.values(), *_missing(ranks)})
    place = {rank: float(k) for k, rank in enumerate(ladder, start=1)}
    points = {word: place[rank] for word, rank in ranks.items()}
    return VerbalScale(points, 1, len(ladder), written)


def _by_number(words: set[str]) -> VerbalScale | None:
    """Return the scale of words that bear their number: 5分, 1 = never, good (4)."""
    points: dict[str, float] = {}
    texts = 0
    for word in words:
        if re.fullmatch(r"-?\d{1,3}", word):
            points[word] = float(word)
            continue
        if stars := re.fullmatch(r"(?:(★+)☆*|([一二三四五六七八九十])(?:颗?星|分|级))", word):
            points[word] = float(_COUNTS[stars[2]] if stars[2] else len(stars[1]))
            texts += 1
            continue
        match = next((m for form in _MARKED if (m := form.fullmatch(word))), None)
        if match is None:
            return None
        points[word], texts = float(match["n"]), texts + 1
    numbers = sorted(set(points.values()))
    apart = len(numbers) == len(points) and numbers[-1] - numbers[0] <= MOST_POINTS - 1
    if not texts or not apart or numbers[0] < -5:
        return None
    return VerbalScale(points, int(numbers[0]), int(numbers[-1]))


def _ranks(words: set[str]) -> dict[str, float] | None:
    """Return how favourable each word is, or None where they judge different things."""
    plain = {word: simplify(word) for word in words}
    for ordinal in _ORDINALS:
        if set(plain.values()) <= set(ordinal):
            return {word: float(ordinal[plain[word]]) for word in words}
    found = {word: _taken_apart(plain[word]) for word in words}
    if None in found.values():
        return None
    judged = {what for _, what in found.values() if what}  # type: ignore[misc]
    if len(judged) != 1:
        return None
    return {word: rank for word, (rank, _) in found.items()}  # type: ignore[misc]


def _taken_apart(word: str) -> tuple[float, str] | None:
    """Return (rank, what is judged): strongly disagree → (-3.5, agree), neutral → (0, "")."""
    if word in _NEUTRAL or re.fullmatch("neither .+ nor .+|既不.+也不.+|.+/.+兼有", word):
        return 0.0, ""
    chinese = bool(re.search("[\u4e00-\u9fff]", word))
    degrees = _DEGREES_ZH if chinese else _DEGREES_EN
    found = [d for d in degrees if word.startswith(d) and word != d]
    degree, rest = 2.0, word
    if found and word not in _WHOLE:
        longest = max(found, key=len)
        degree, rest = float(degrees[longest]), word[len(longest) :].strip()
    direction, rest = _direction(rest, chinese)
    if rest in _WHOLE:
        own, turned, what = _WHOLE[rest]
        degree = float(own) if rest == word else degree
        direction, rest = direction * turned, what
    if not rest or len(rest) > 24 or (not chinese and " " in rest and rest != word):
        return None
    return direction * degree, rest


def _direction(rest: str, chinese: bool) -> tuple[int, str]:
    """Return whether a word is against, and the word without saying so."""
    if chinese:
        bare = re.sub("^(不|没有|没|无)", "", rest) if rest not in _WHOLE else rest
        turned = -1 if bare != rest else 1
        return turned, re.sub("^有(?=.)", "", bare)
    if match := re.fullmatch(r"(?:not (?P<a>.+)|(?P<b>.+) not)", rest):
        return -1, match["a"] or match["b"]
    for prefix in ("dis", "un", "in", "im", "ir"):
        if rest.startswith(prefix) and rest[len(prefix) :] in _JUDGED:
            return -1, rest[len(prefix) :]
    return 1, rest


def _missing(ranks: dict[str, float]) -> set[float]:
    """Return the ranks that a symmetric scale has and nobody chose.

    "Strongly agree" beside "disagree" and "neutral" means that "strongly disagree" was a choice.
    Scales that begin at "not at all", and those of good and poor, are not symmetric.
    """
    against = [rank for rank in ranks.values() if rank < 0]
    lopsided = any(d in word for word in ranks for d in ("not at all", "poor", "bad", "差", "一点"))
    ordinal = any(set(ranks) <= set(known) for known in _ORDINALS)
    if lopsided or ordinal or not against or min(against) <= -5:
        return set()
    mirrored = {-rank for rank in ranks.values()} - set(ranks.values())
    return mirrored if len(mirrored) <= 1 else set()
