"""What is said of an exploratory factor solution, in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    join_words,
)
from cx_value.measure.answers import told_rule
from cx_value.measure.extraction import Extraction

if TYPE_CHECKING:
    from cx_value.measure.factors import FactorSolution


def solution_sentence(solution: FactorSolution, lang: str) -> str:
    """State extraction, variance, fit, and the items that do not sit clearly."""
    told = _SENTENCE[lang].format(**_numbers(solution, lang))
    if not np.isnan(solution.fit["chisq"]) and solution.fit["df"] > 0:
        told += _FIT[lang].format(**_fit_numbers(solution, lang))
    return told + _weak(solution, lang)


def _numbers(solution: FactorSolution, lang: str) -> dict:
    share = solution.variance.cumulative_share.iloc[-1]
    correlations = solution.factor_correlations.to_numpy()[
        np.tril_indices(len(solution.variance), -1)
    ]
    reach = ""
    if np.abs(correlations).max(initial=0) > 0:
        low, high = (
            format_number(v, bounded=True, lang=lang)
            for v in (correlations.min(), correlations.max())
        )
        reach = _REACH[lang, low == high].format(low=low, high=high)
    return {
        "m": len(solution.variance), "factors": counted(len(solution.variance)),
        "n": solution.n_used, "reach": reach,
        "method": solution.method.in_language(lang), "share": format_percent(share, 1),
        "verb": "accounts" if len(solution.variance) == 1 else "account",
    }  # fmt: skip


def counted(factors: int) -> str:
    """Return a number of factors in English.

    >>> counted(1), counted(3)
    ('1 factor', '3 factors')
    """
    return f"{factors} factor" if factors == 1 else f"{factors} factors"


def _fit_numbers(solution: FactorSolution, lang: str) -> dict:
    fit = solution.fit
    return {
        "df": int(fit["df"]),
        "chisq": format_number(fit["chisq"]),
        "p": format_p(fit["p"], lang=lang, relation=True),
        "rmsea": format_number(fit["rmsea"], 3, bounded=True, lang=lang),
        "ci": format_interval(
            fit["rmsea_ci_low"], fit["rmsea_ci_high"], 3, bounded=True, lang=lang
        ),
    }


def _weak(solution: FactorSolution, lang: str) -> str:
    told = ""
    for column, rule in (("primary", "loading_primary"), ("cross", "loading_cross"),
                         ("communality", "communality")):  # fmt: skip
        names = list(solution.items["item"][solution.items[f"{column}_passes"] == False])  # noqa: E712
        if names:
            told += _WEAK[lang][column].format(
                items=join_words(names, lang=lang, most=6),
                rule=told_rule(solution.cutoffs[rule], lang),
            )
    improper = list(solution.items["item"][solution.items.heywood])
    if improper:
        told += _WEAK[lang]["heywood"].format(items=join_words(improper, lang=lang))
    return told


_REACH = {
    ("en", False): " (correlating {low} to {high})",
    ("en", True): " (correlating {low})",
    ("zh", False): "（因子相关 {low} 至 {high}）",
    ("zh", True): "（因子相关 {low}）",
}
_SENTENCE = {
    "en": "{method}: {factors}{reach} {verb} for {share} of the variance (N = {n}).",
    "zh": "{method}：{m} 个因子{reach}解释了 {share} 的方差（N = {n}）。",
}
_FIT = {
    "en": " Against a model in which items correlate freely, χ²({df}) = {chisq}, p {p}, RMSEA = "
    "{rmsea}, 90% CI {ci}.",
    "zh": "与题项自由相关的模型相比，χ²({df}) = {chisq}，p {p}，RMSEA = {rmsea}，90% CI {ci}。",
}
_WEAK = {
    "en": {
        "primary": " Highest loading short of the {rule}: {items}.",
        "cross": " Cross-loading not below the {rule}: {items}.",
        "communality": " Communality short of the {rule}: {items}.",
        "heywood": " The uniqueness of {items} lies at its bound (Heywood case): too many factors, "
        "or too few rows; do not read these loadings.",
    },
    "zh": {
        "primary": "最高载荷未达 {rule}：{items}。",
        "cross": "交叉载荷不低于 {rule}：{items}。",
        "communality": "共同度未达 {rule}：{items}。",
        "heywood": "{items} 的特殊因子方差触及下界（Heywood 现象）：因子过多或样本"
        "过小，相关载荷不可解释。",
    },
}


def method_text(method: str, rotation: str, correlation: str, n_factors: int = 2) -> Text:
    """Name extraction, correlation and rotation; a single factor cannot be rotated."""
    names = {
        "ml": Text("Maximum-likelihood factors", zh="最大似然因子"),
        "paf": Text("Principal-axis factors", zh="主轴因子"),
        "none": Text("unrotated", zh="未旋转"),
        "pearson": Text("", zh=""),
        "polychoric": Text(" of polychoric correlations", zh="（多项相关）"),
    }
    turned = names.get(rotation, Text(f"{rotation} rotation", zh=f"{rotation} 旋转"))
    if n_factors == 1:
        turned = Text("no rotation (one factor has none)", zh="未旋转（单因子无可旋转）")
    return Text(
        f"{names[method]}{names[correlation]}, {turned}",
        zh=f"{names[method].zh}{names[correlation].zh}，{turned.zh}",
    )


def heywood_notes(drawn: Extraction, names: list[str]) -> tuple[Text, ...]:
    if not drawn.heywood.any():
        return ()
    items = [name for name, at_bound in zip(names, drawn.heywood, strict=True) if at_bound]
    return (
        Text(
            f"Heywood case: the uniqueness of {join_words(items)} lies at or below .005.",
            zh=f"Heywood 现象：{join_words(items, lang='zh')} 的特殊因子方差不高于 0.005。",
        ),
    )
