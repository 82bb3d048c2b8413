"""What is said of claims: units, verdicts, what is missing, and what causality would take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cx_value.base.wording import Text, format_interval, format_number, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

VERDICTS = {
    "supported": Text("supported", zh="得到支持"),
    "contradicted": Text("contradicted", zh="与数据相反"),
    "undecided": Text("undecided", zh="尚无定论"),
    "not_testable": Text("not testable", zh="无法检验"),
}
#: Quantities given in percent; all others are ratios.
PERCENT = frozenset({
    "value_per_satisfaction_percent", "profit_per_satisfaction_point",
    "profit_per_retention_point", "repurchase_per_satisfaction_point", "top_share",
    "price_premium", "market_share", "share_price",
})  # fmt: skip
UNITS = {
    "percent": Text("%"),
    "ratio": Text("times", zh="倍"),
    "sum": Text("million", zh="百万"),
}

MISSING: Mapping[str, Text] = {
    "satisfaction": Text(
        "answers on satisfaction (name the construct as value.satisfaction)",
        zh="满意度的作答（请以 value.satisfaction 指明构念）",
    ),
    "loyalty": Text(
        "answers on loyalty (name the construct as value.loyalty)",
        zh="忠诚度的作答（请以 value.loyalty 指明构念）",
    ),
    "recommendation": Text(
        "the willingness to recommend from 0 to 10 (name the item as metrics.recommendation)",
        zh="0–10 分的推荐意愿（请以 metrics.recommendation 指明题项）",
    ),
    "complained": Text(
        "complaints, customer by customer (a service log with a complaint column)",
        zh="逐个顾客的投诉记录（含投诉列的服务日志）",
    ),
    "customers": Text("a purchase log", zh="交易记录"),
    "match": Text(
        "answers and purchases of the same customers (a shared customer number)",
        zh="同一批顾客的作答与交易（共同的客户编号）",
    ),
    "link": Text(
        "a link from satisfaction to lifetime value (answers and purchases of the same customers, "
        "and a model between them)",
        zh="满意度与生命周期价值之间的关联（同一批顾客的作答与交易，以及连接两者的模型）",
    ),
    "retention": Text(
        "a retention rate (a purchase model in which customers leave, or contracts with their end)",
        zh="留存率（含流失的购买模型，或有终止日期的合同）",
    ),
    "no_room": Text(
        "room above: retention is so high already that it cannot rise by that much",
        zh="上升空间：留存率已高到无法再提高这么多",
    ),
    "costs": Text(
        "what it costs to win a customer, and to keep one for a year",
        zh="获得一名顾客的成本，以及留住一名顾客一年的成本",
    ),
    "few": Text("enough customers on either side of the line", zh="界线两侧足够多的顾客"),
    "no_event": Text("a single case on one side of the line", zh="界线一侧的任何案例"),
    "price_premium": Text(
        "prices paid for comparable offers of several brands", zh="多个品牌同类产品的实际售价"
    ),
    "market_share": Text(
        "market shares and satisfaction of all competitors", zh="所有竞争者的市场份额与满意度"
    ),
    "revenue_sum": Text(
        "the size of the company spoken of: a sum cannot be carried over to another",
        zh="所指企业的规模：绝对金额无法推广到其他企业",
    ),
    "share_price": Text(
        "share prices and satisfaction of many companies over years",
        zh="多家企业历年的股价与满意度",
    ),
}

_SATISFIED = Text(
    "the satisfied and the others would have to be alike in all else that moves the outcome "
    "(tenure, income, need), and the outcome must not have moved satisfaction",
    zh="满意者与其他人在影响结果的其余方面（客龄、收入、需求）须无差异，且结果不反过来影响满意度",
)
_LINK = Text(
    "nothing left out of the model may move both satisfaction and purchases, and past purchases "
    "must not have made customers satisfied; a trial that raises satisfaction for a random part of "
    "them would show it",
    zh="模型之外不得有同时影响满意度与购买的因素，且过去的购买不得导致满意；"
    "对随机选出的一部分顾客提升满意度的试验可以证明",
)
CAUSAL: Mapping[str, Text] = {
    "value_per_satisfaction_percent": _LINK,
    "profit_per_satisfaction_point": _LINK,
    "loyal_profit_ratio": Text(
        "loyalty would have to bring the profit, not the profit (or income, or tenure) the loyalty",
        zh="须是忠诚带来利润，而非利润（或收入、客龄）带来忠诚",
    ),
    "profit_per_retention_point": Text(
        "those kept by an effort would have to buy like those who stay of themselves, and the "
        "effort must cost less than it brings; the formula holds margin and retention constant",
        zh="靠努力留住的顾客须与自愿留下者购买相同，且所费须小于所得；公式假定利润与留存率不变",
    ),
    "acquisition_cost_ratio": Text(
        "the costs would have to be those of one more customer, not averages over all",
        zh="成本须为增加一名顾客的边际成本，而非总体平均",
    ),
    "satisfied_loyal_ratio": _SATISFIED,
    "satisfied_promoter_ratio": _SATISFIED,
    "satisfied_complaint_ratio": _SATISFIED,
    "satisfied_repurchase_ratio": _SATISFIED,
    "repurchase_per_satisfaction_point": _SATISFIED,
    "top_share": Text(
        "nothing: it describes the customers and says nothing of causes",
        zh="无需条件：它只描述顾客，不涉及因果",
    ),
}


def unit_of(quantity: str) -> str:
    """Return what a quantity is counted in: percent, ratio or sum."""
    if quantity == "revenue_sum":
        return "sum"
    return "percent" if quantity in PERCENT else "ratio"


def quantity_words(value: float, unit: str, lang: str) -> str:
    """Write a quantity with its unit.

    >>> quantity_words(12.04, "percent", "en"), quantity_words(1.9, "ratio", "zh")
    ('12.0%', '1.90倍')
    """
    if unit == "percent":
        return f"{format_number(value, 1, lang=lang)}%"
    word = UNITS[unit].in_language(lang)
    return format_number(value, 2, lang=lang) + (word if lang == "zh" else f" {word}")


def plain_number(value: float, lang: str) -> str:
    """Write a number that was declared: with no more decimals than it has, two at most.

    >>> plain_number(10.0, "en"), plain_number(4.05, "en"), plain_number(250 / 3, "en")
    ('10', '4.05', '83.3')
    """
    whole = [d for d in (0, 1, 2) if math.isclose(value, round(value, d), abs_tol=1e-9)]
    return format_number(value, whole[0] if whole else 1, lang=lang)


def range_words(low: float, high: float, unit: str, lang: str) -> str:
    """Write a claimed range; NaN is an open end.

    >>> range_words(5, 10, "ratio", "en"), range_words(1, float("nan"), "ratio", "en")
    ('5 to 10 times', 'above 1 times')
    """
    ends = [plain_number(end, lang) for end in (low, high) if not math.isnan(end)]
    word = "%" if unit == "percent" else UNITS[unit].in_language(lang)
    word = word if lang == "zh" or unit == "percent" else f" {word}"
    if len(ends) == 2:
        return f"{ends[0]}–{ends[1]}{word}" if lang == "zh" else f"{ends[0]} to {ends[1]}{word}"
    side = _SIDES[lang][int(math.isnan(low))]
    return f"{side}{ends[0]}{word}"


_SIDES = {"en": ("above ", "below "), "zh": ("高于", "低于")}


def claim_sentence(row: Mapping, lang: str, confidence: float) -> str:
    """State what is claimed, by whom, what the data give, and the verdict."""
    label, source = (in_language(row[name], lang) for name in ("label", "source"))
    by = ("（" + source + "）" if lang == "zh" else f" ({source})") if source else ""
    if row["verdict"] == "not_testable":
        return _NOT[lang].format(label=label, by=by, missing=in_language(row["missing"], lang))
    decimals = 1 if row["unit"] == "percent" else 2
    interval = ""
    if row["n"]:
        limits = format_interval(row["ci_low"], row["ci_high"], decimals, lang=lang)
        interval = _INTERVAL[lang].format(
            level=f"{100 * confidence:.0f}% CI", limits=limits, n=int(row["n"])
        )
    return _TESTED[lang].format(
        label=label, by=by, interval=interval,
        claimed=range_words(row["claimed_low"], row["claimed_high"], row["unit"], lang),
        found=quantity_words(row["estimate"], row["unit"], lang),
        verdict=in_language(VERDICTS[row["verdict"]], lang) + _direction(row, lang),
        causal=in_language(row["causal"], lang),
    )  # fmt: skip


def _direction(row: Mapping, lang: str) -> str:
    """Say that the size is not as claimed but the direction is."""
    nothing = 1.0 if row["unit"] == "ratio" else 0.0
    effect = row["quantity"] != "top_share" and row["claimed_low"] > nothing
    if row["verdict"] == "contradicted" and effect and row["ci_low"] > nothing:
        return "（幅度不符，方向相符）" if lang == "zh" else " in size, not in direction"
    return ""


_NOT = {
    "en": "“{label}”{by}: not testable here, for the study lacks {missing}.",
    "zh": "“{label}”{by}：本研究无法检验，缺少{missing}。",
}
_INTERVAL = {"en": ", {level} {limits}, n = {n}", "zh": "，{level} {limits}，n = {n}"}
_TESTED = {
    "en": "“{label}”{by}: {verdict}. Claimed: {claimed}; found: {found}{interval}. To be causal: "
    "{causal}.",
    "zh": "“{label}”{by}：{verdict}。所称：{claimed}；所得：{found}{interval}。"
    "若要作因果解释：{causal}。",
}
SUMMARY = {
    "en": "Of {n} {claims}, {parts}. A claim is supported where the whole interval lies in what is "
    "claimed, contradicted where all of it lies outside, and undecided otherwise (on this rule, "
    "Lakens, 2017).",
    "zh": "{n}项论断中，{parts}。区间完全落在所称范围之内为得到支持，完全落在其外为与数据相反，"
    "其余为尚无定论（该规则见 Lakens，2017）。",
}
PARTS = {
    "en": {
        "supported": "{n} {is_are} supported",
        "contradicted": "{n} {is_are} contradicted",
        "undecided": "{n} {is_are} undecided",
        "not_testable": "{n} cannot be tested with these data",
    },
    "zh": {
        "supported": "{n}项得到支持",
        "contradicted": "{n}项与数据相反",
        "undecided": "{n}项尚无定论",
        "not_testable": "{n}项无法用本数据检验",
    },
}
