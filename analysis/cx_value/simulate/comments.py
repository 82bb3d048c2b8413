"""Free-text comments in English and Chinese, whose tone follows what a customer feels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

#: theme (the construct a comment is about) → language → tone → phrases.
THEMES: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    "TAN": {
        "en": {
            "good": (
                "The branch is bright and clean, and the app is a pleasure to use.",
                "Statements are easy to read and the app looks modern.",
                "Lovely premises, clear signs, machines that work.",
            ),
            "bad": (
                "The app keeps crashing and the screens are confusing.",
                "The branch looks shabby and two of the machines were broken.",
                "Their website is ugly and hard to find anything on.",
            ),
        },
        "zh": {
            "good": (
                "网点明亮整洁，手机应用也很好用。",
                "界面清爽，账单一看就懂，很满意。",
                "环境舒适，设备先进，体验很好。",
            ),
            "bad": (
                "手机应用经常闪退，页面很乱。",
                "网点陈旧，机器老是坏，很失望。",
                "网站难用，找个功能要半天。",
            ),
        },
    },
    "REL": {
        "en": {
            "good": (
                "They do what they promise, every single time.",
                "Never a mistake in my account, I trust them completely.",
                "Reliable and accurate, payments always arrive on time.",
            ),
            "bad": (
                "They promised to call back and never did.",
                "Twice this year my account was charged by mistake.",
                "A transfer went missing for days, very disappointing.",
            ),
        },
        "zh": {
            "good": (
                "答应的事都能做到，很可靠。",
                "账目从来没有出过差错，值得信赖。",
                "到账准时，办事稳妥，放心。",
            ),
            "bad": (
                "说好回电话，结果一直没有消息。",
                "今年已经扣错两次费用，太差了。",
                "转账拖了好几天才到，让人失望。",
            ),
        },
    },
    "RES": {
        "en": {
            "good": (
                "The hotline answered at once and solved it in minutes.",
                "Quick replies, quick help, excellent.",
                "My request was handled the same day, great service.",
            ),
            "bad": (
                "Forty minutes on hold and then nobody could help.",
                "It took weeks to get an answer to a simple question.",
                "Slow service and long queues, terrible.",
            ),
        },
        "zh": {
            "good": (
                "客服响应很快，几分钟就解决了。",
                "回复及时，办理高效，点赞。",
                "当天就处理好了，服务很棒。",
            ),
            "bad": (
                "电话排队四十分钟，最后也没解决。",
                "一个简单的问题等了几个星期。",
                "排队太久，办事太慢，很糟糕。",
            ),
        },
    },
    "ASS": {
        "en": {
            "good": (
                "My adviser knows her field and explains the risks honestly.",
                "Staff are competent, I feel in safe hands.",
            ),
            "bad": (
                "The adviser could not explain the fees of the fund.",
                "I do not feel safe with what they recommend, poor advice.",
            ),
        },
        "zh": {
            "good": ("顾问很专业，风险讲得清楚明白。", "员工业务熟练，让人安心。"),
            "bad": ("顾问连费用都解释不清，不专业。", "推荐的产品让人不放心，建议很差。"),
        },
    },
    "EMP": {
        "en": {
            "good": (
                "They remember me and care about what I need.",
                "Friendly people who really listen.",
            ),
            "bad": (
                "I felt like a number, nobody listened.",
                "Rude at the counter and no interest in my problem.",
            ),
        },
        "zh": {
            "good": ("工作人员很贴心，会替我着想。", "态度亲切，耐心倾听我的需要。"),
            "bad": ("态度冷淡，没有人认真听我说。", "柜台服务很粗鲁，根本不关心客户。"),
        },
    },
    "PRI": {
        "en": {
            "good": (
                "Fair fees, and everything is shown before I sign.",
                "Good value, the rates beat the others.",
            ),
            "bad": (
                "Fees went up again without any explanation.",
                "Too expensive and full of hidden charges.",
            ),
        },
        "zh": {
            "good": ("收费合理，而且事先说得清楚。", "费率有竞争力，很划算。"),
            "bad": ("又涨手续费，也不说明原因。", "收费太高，还有隐藏费用，很不满。"),
        },
    },
}
_NEUTRAL = {
    "en": ("Nothing to add.", "It is all right.", "No particular comment."),
    "zh": ("没有什么要补充的。", "还可以吧。", "一般，没有特别的意见。"),
}
_NEUTRAL_SHARE = 0.1
_SECOND_THEME_SHARE = 0.25


def write_comments(people: pd.DataFrame, share: float, random: np.random.Generator) -> list[str]:
    """Write each person's comment in his or her language; "" for those who left none.

    The themes are those that stand out most in a person's mind (latent score and chance), the
    tone is good with probability expit(1.8 × latent score of the theme + .6 × satisfaction).
    """
    n, names = len(people), list(THEMES)
    scores = people[names].to_numpy()
    salience = np.abs(scores) + random.gumbel(size=scores.shape)
    first = np.argsort(-salience, axis=1)[:, :2]
    odds = expit(1.8 * scores + 0.6 * people["SAT"].to_numpy()[:, None])
    good = random.random(scores.shape) < odds
    left, neutral = random.random(n) < share, random.random(n) < _NEUTRAL_SHARE
    second = random.random(n) < _SECOND_THEME_SHARE
    pick = random.integers(0, 6, size=(n, 2))
    comments = []
    for i, lang in enumerate(people["language"]):
        if neutral[i]:
            words = [_NEUTRAL[lang][pick[i, 0] % 3]]
        else:
            words = [
                _phrase(names[theme], lang, good[i, theme], pick[i, k])
                for k, theme in enumerate(first[i, : 1 + second[i]])
            ]
        comments.append((" " if lang == "en" else "").join(words) if left[i] else "")
    return comments


def _phrase(theme: str, lang: str, good: bool, pick: int) -> str:
    phrases = THEMES[theme][lang]["good" if good else "bad"]
    return phrases[pick % len(phrases)]
