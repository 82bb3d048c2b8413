"""Claims about satisfaction, loyalty and money that are often repeated: bundled, to be tested.

What a claim says is in this project's words. ``source`` is a key of ``report/references.bib``, or
words where a number has no published source.
"""

from __future__ import annotations

from typing import Any

from cx_value.base.terms import CUSTOMER

#: A claim of one number is met within this share of it.
WITHIN = 0.25
_NO_SOURCE = {"en": "repeated without a source", "zh": "常见说法，未注明出处"}

BUNDLED: dict[str, dict[str, Any]] = {
    "satisfaction_value": {
        "label": {
            "en": "One percent more satisfaction brings 12 percent more lifetime value",
            "zh": "满意度上升百分之一，客户生命周期价值上升12%",
        },
        "quantity": "value_per_satisfaction_percent",
        "change": 1,
        "number": 12,
        "source": _NO_SOURCE,
    },
    "satisfaction_profit": {
        "label": {
            "en": "One point more on the satisfaction index brings 5.4 percent more profit",
            "zh": "满意度指数高出1个点，利润高出5.4%",
        },
        "quantity": "profit_per_satisfaction_point",
        "change": 1,
        "number": 5.4,
        "source": {
            "en": "attributed to the American Customer Satisfaction Index, no report named",
            "zh": "据称出自美国顾客满意度指数，未指明报告",
        },
    },
    "loyal_profit": {
        "label": {
            "en": "Loyal customers are five to ten times as profitable as the others",
            "zh": "忠诚客户带来的利润相当于其他客户的5–10倍",
        },
        "quantity": "loyal_profit_ratio",
        "low": 5,
        "high": 10,
        "source": {
            "en": "attributed to an unnamed white paper on loyalty",
            "zh": "据称出自一份未具名的忠诚度白皮书",
        },
    },
    "retention_profit": {
        "label": {
            "en": "Five points more retention bring 25 to 95 percent more profit",
            "zh": "留存率提高5个百分点，利润提高25%–95%",
        },
        "quantity": "profit_per_retention_point",
        "change": 5,
        "low": 25,
        "high": 95,
        "source": "reichheld2000",
    },
    "acquisition_cost": {
        "label": {
            "en": "Winning a customer costs five times as much as keeping one",
            "zh": "获得一名新客户的成本是留住一名老客户的5倍",
        },
        "quantity": "acquisition_cost_ratio",
        "number": 5,
        "source": "hart1990",
    },
    "satisfied_loyal": {
        "label": {
            "en": "Satisfied customers are loyal more often than the others",
            "zh": "满意客户中忠诚者的比例高于其他客户",
        },
        "quantity": "satisfied_loyal_ratio",
        "low": 1,
        "source": "fornell1996",
    },
    "satisfied_recommend": {
        "label": {
            "en": "Satisfied customers recommend more often than the others",
            "zh": "满意客户中推荐者的比例高于其他客户",
        },
        "quantity": "satisfied_promoter_ratio",
        "low": 1,
        "source": "dematos2008",
    },
    "satisfied_complain": {
        "label": {
            "en": "Satisfied customers complain less often than the others",
            "zh": "满意客户的投诉比例低于其他客户",
        },
        "quantity": "satisfied_complaint_ratio",
        "high": 1,
        "source": "fornell1996",
    },
    "satisfied_repurchase": {
        "label": {
            "en": "Satisfied customers buy again more often than the others",
            "zh": "满意客户的重复购买多于其他客户",
        },
        "quantity": "satisfied_repurchase_ratio",
        "low": 1,
        "source": "mittal2001",
    },
    "repurchase_rise": {
        "label": {
            "en": "17 points more on the satisfaction index bring 30 percent more repeat purchases",
            "zh": "满意度指数高出17个点，重复购买多出30%",
        },
        "quantity": "repurchase_per_satisfaction_point",
        "change": 17,
        "number": 30,
        "source": {
            "en": "told of an unnamed online shop",
            "zh": "据称为某未具名电商平台的案例",
        },
    },
    "top_fifth": {
        "label": {
            "en": "The best fifth of the customers bring four fifths of the revenue",
            "zh": "最好的五分之一客户带来五分之四的收入",
        },
        "quantity": "top_share",
        "change": 20,
        "low": 75,
        "high": 85,
        "source": {
            "en": "a rule of thumb ascribed to Pareto, without a source",
            "zh": "归于帕累托的经验法则，未注明出处",
        },
    },
    "price_premium": {
        "label": {
            "en": "Brands whose customers are satisfied command prices up to 20 percent higher",
            "zh": "客户满意的品牌可溢价至多20%",
        },
        "quantity": "price_premium",
        "low": 0,
        "high": 20,
        "source": _NO_SOURCE,
    },
    "market_share": {
        "label": {
            "en": "The leader in satisfaction has a market share 18 percent higher",
            "zh": "满意度领先者的市场份额高出18%",
        },
        "quantity": "market_share",
        "number": 18,
        "source": _NO_SOURCE,
    },
    "revenue_sum": {
        "label": {
            "en": "Five percent more satisfaction bring 150 million dollars more revenue a year",
            "zh": "满意度提高5%，年收入增加1.5亿美元",
        },
        "quantity": "revenue_sum",
        "number": 150,
        "source": _NO_SOURCE,
    },
    "share_price": {
        "label": {
            "en": "Shares of companies whose customers are satisfied return more than the market",
            "zh": "客户满意的公司，其股票回报高于市场",
        },
        "quantity": "share_price",
        "low": 0,
        "source": {
            "en": "attributed to the Harvard Business Review, no article named",
            "zh": "据称出自《哈佛商业评论》，未指明文章",
        },
    },
}


def write_out_claim(entry: dict[str, Any], customer: str = CUSTOMER) -> dict[str, Any]:
    """Complete a claim of the study file from the bundled one of that name, and its one number.

    ``number`` becomes a range around it: a quarter of it on either side. With other numbers than
    the bundled ones the claim is the study's own, and so are its label and source. ``customer`` is
    what the study calls its customers in Chinese.

    >>> claim = write_out_claim({"name": "acquisition_cost"})
    >>> claim["low"], claim["high"]
    (3.75, 6.25)
    """
    bundled = dict(BUNDLED.get(entry["name"], {}))
    if bundled:
        bundled["label"] = {k: v.replace(CUSTOMER, customer) for k, v in bundled["label"].items()}
    claim = {**bundled, **entry}
    if {"low", "high", "number"} & set(entry):  # other numbers: no longer the bundled claim
        told = ("low", "high", "number", "label", "source")
        claim = {k: v for k, v in claim.items() if k not in told or k in entry}
    claim.setdefault("label", claim["name"])
    number = claim.pop("number", None)
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        ends = sorted((number * (1 - WITHIN), number * (1 + WITHIN)))
        claim |= {"low": ends[0], "high": ends[1]}
    elif number is not None:
        claim["low"] = number  # left for the check of the declaration to refuse
    return claim
