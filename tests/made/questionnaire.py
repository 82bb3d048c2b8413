"""Questionnaires made at random: constructs, scales with their words, answers, whoever answered.

Every draw has other constructs, numbers of items, scales and languages; what was drawn is kept as
the truth that a starter study is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

ASKED = {
    "en": {
        "Service quality": ["Staff answer quickly", "Staff know their work", "The app works well",
                            "Questions are settled at once", "The counter is well organised",
                            "Orders arrive when promised"],
        "Satisfaction": ["I am satisfied overall", "It met my hopes", "It is close to ideal",
                         "I am glad I chose it", "It was worth the visit"],
        "Loyalty": ["I will buy again", "I recommend it to friends", "I stay even if prices rise",
                    "It is my first choice"],
        "Trust": ["They keep their promises", "My data are safe with them", "They are honest",
                  "They act in my interest"],
        "Perceived value": ["The price is fair", "It is worth the money", "Fees are clear",
                            "Compared with others it is cheap"],
        "Brand image": ["The brand is modern", "The brand is well known", "It stands for quality",
                        "It cares for society", "I like the brand"],
        "Ease of use": ["The site is easy to use", "Menus are clear", "I find what I need",
                        "Paying takes few steps"],
    },
    "zh": {
        "服务质量": ["员工回应迅速", "员工业务熟练", "应用运行良好", "问题当场解决", "网点秩序井然",
                 "订单按时送达"],
        "顾客满意": ["总体上我感到满意", "达到了我的期望", "接近理想水平", "我庆幸选择了它",
                 "这次体验是值得的"],
        "顾客忠诚": ["我会再次购买", "我会推荐给亲友", "涨价我也会继续使用", "它是我的首选"],
        "信任": ["他们信守承诺", "我的数据是安全的", "他们诚实可靠", "他们为我着想"],
        "感知价值": ["价格公道", "物有所值", "收费透明", "与同行相比更实惠"],
        "品牌形象": ["品牌时尚", "品牌知名度高", "代表着品质", "关心社会", "我喜欢这个品牌"],
        "易用性": ["网站容易使用", "菜单清晰", "能找到需要的内容", "付款步骤少"],
    },
}  # fmt: skip
#: Words of scales by language, from least to most favourable.
WORDS = {
    "en": [
        "Strongly disagree|Disagree|Neutral|Agree|Strongly agree",
        "Strongly disagree|Disagree|Neither agree nor disagree|Agree|Strongly agree",
        "Strongly disagree|Disagree|Somewhat disagree|Neither agree nor disagree|Somewhat agree"
        "|Agree|Strongly agree",
        "Very dissatisfied|Dissatisfied|Neutral|Satisfied|Very satisfied",
        "Extremely dissatisfied|Moderately dissatisfied|Slightly dissatisfied"
        "|Neither satisfied nor dissatisfied|Slightly satisfied|Moderately satisfied"
        "|Extremely satisfied",
        "Very poor|Poor|Fair|Good|Excellent",
        "Not at all likely|Slightly likely|Moderately likely|Very likely|Extremely likely",
        "Never|Rarely|Sometimes|Often|Always",
        "Not at all|A little|Somewhat|Quite a bit|Very much",
        "Totally disagree|Rather disagree|Rather agree|Totally agree",
    ],
    "zh": [
        "非常不同意|不同意|一般|同意|非常同意",
        "完全不同意|不同意|不确定|同意|完全同意",
        "非常不同意|不同意|比较不同意|一般|比较同意|同意|非常同意",
        "非常不满意|不满意|一般|满意|非常满意",
        "很不满意|不太满意|一般|比较满意|很满意",
        "非常不符合|比较不符合|不确定|比较符合|非常符合",
        "非常差|较差|一般|较好|非常好",
        "从不|偶尔|有时|经常|总是",
        "完全不认同|不太认同|一般|比较认同|完全认同",
        "极不可能|不太可能|不确定|有可能|极有可能",
    ],
}
POINTS = ((1, 5), (1, 7), (1, 10), (0, 10), (1, 4), (1, 6))
UNKNOWN = {"en": ("Don't know", "Not applicable", "Prefer not to say", "N/A", "Can't say"),
           "zh": ("不知道", "不清楚", "不适用", "拒绝回答", "说不清")}  # fmt: skip
GENDER = {"en": ("Male", "Female"), "zh": ("男", "女")}
AGES = {"en": ("18-24", "25-34", "35-44", "45 and over"),
        "zh": ("18岁以下", "18~25岁", "26~40岁", "40岁以上")}  # fmt: skip
HEARD = {"en": ("Shop", "Web", "Friends", "Television"), "zh": ("门店", "网络", "朋友", "电视")}
TEXT = {
    "gender": {"en": "What is your gender?", "zh": "您的性别"},
    "age": {"en": "Which age group are you in?", "zh": "您的年龄段"},
    "heard": {"en": "How did you hear of us?", "zh": "您从何处得知我们"},
    "remark": {"en": "Any other comments?", "zh": "您的建议"},
    "matrix": {"en": "How far do you agree with the following on {}?", "zh": "请您评价{}"},
    "nps": {"en": "How likely are you to recommend us to a friend?",
            "zh": "您向朋友推荐我们的可能性有多大？"},
}  # fmt: skip


@dataclass(frozen=True)
class Construct:
    """Items of one construct: wordings and answers, respondents × items, NaN where none."""

    name: str
    items: tuple[str, ...]
    answers: np.ndarray


@dataclass(frozen=True)
class Questionnaire:
    """What was asked and answered."""

    lang: str
    constructs: tuple[Construct, ...]
    scale: tuple[int, int]
    words: tuple[str, ...]  # of the scale's points; empty where numbers were shown
    unknown: str  # word of no answer, or ""
    refused: np.ndarray  # where that word was chosen, respondents × items
    gender: np.ndarray
    age: np.ndarray
    heard: np.ndarray
    nps: np.ndarray | None
    seconds: np.ndarray
    matrix: bool
    draw: np.random.Generator = field(repr=False)

    @property
    def n(self) -> int:
        return len(self.gender)

    @property
    def answers(self) -> np.ndarray:
        return np.hstack([c.answers for c in self.constructs])

    def text(self, key: str, *parts: str) -> str:
        return TEXT[key][self.lang].format(*parts)

    def remark(self, k: int) -> str:
        places = ("Remark {} of one person: the wait at counter {} took long",
                  "第{}位顾客的话：{}号柜台等候太久")  # fmt: skip
        return places[self.lang == "zh"].format(k, k % 17)


def make_questionnaire(seed: int, *, matrix: bool | None = None, lang: str = "") -> Questionnaire:
    """Draw a questionnaire."""
    draw = np.random.default_rng(seed)
    lang = lang or str(draw.choice(["en", "zh"]))
    n, count = int(draw.integers(120, 320)), int(draw.integers(2, 6))
    words = tuple(str(draw.choice(WORDS[lang])).split("|")) if draw.random() < 0.6 else ()
    scale = (1, len(words)) if words else POINTS[int(draw.integers(len(POINTS)))]
    names = [str(name) for name in draw.choice(list(ASKED[lang]), count, replace=False)]
    sizes = [int(draw.integers(3, 1 + len(ASKED[lang][name]))) for name in names]
    answers = _answers(draw, n, sizes, scale)
    refused = draw.random((n, sum(sizes))) < (0.04 if draw.random() < 0.5 else 0)
    answers[refused] = np.nan
    parts = np.split(answers, np.cumsum(sizes)[:-1], axis=1)
    return Questionnaire(
        lang=lang, scale=scale, words=words, draw=draw, refused=refused,
        constructs=tuple(Construct(name, tuple(ASKED[lang][name][:k]), part)
                         for name, k, part in zip(names, sizes, parts, strict=True)),
        unknown=str(draw.choice(UNKNOWN[lang])) if refused.any() else "",
        gender=draw.integers(0, 2, n), age=draw.integers(0, 4, n),
        heard=draw.random((n, 4)) < [0.5, 0.4, 0.3, 0.2],
        nps=draw.integers(0, 11, n) if draw.random() < 0.4 else None,
        seconds=draw.integers(90, 900, n),
        matrix=bool(draw.random() < 0.7) if matrix is None else matrix,
    )  # fmt: skip


def _answers(draw, n: int, sizes: list[int], scale: tuple[int, int]) -> np.ndarray:
    """Draw answers of correlated constructs: loadings from .65 to .85, correlations about .45."""
    common = draw.normal(size=(n, 1))
    traits = np.sqrt(0.45) * common + np.sqrt(0.55) * draw.normal(size=(n, len(sizes)))
    loadings = draw.uniform(0.65, 0.85, sum(sizes))
    items = loadings * np.repeat(traits, sizes, axis=1)
    items = items + np.sqrt(1 - loadings**2) * draw.normal(size=items.shape)
    low, high = scale
    middle, spread = low + 0.6 * (high - low), (high - low) / 4.5
    return np.clip(np.round(middle + spread * items), low, high)
