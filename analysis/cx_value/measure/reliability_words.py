"""What is said of a scale's reliability, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_percent,
    in_language,
    join_words,
)
from cx_value.measure.answers import Answers, rows_note, told_rule

METHOD = Text(
    "Cronbach's α with Feldt's interval; McDonald's ω of one maximum-likelihood factor with a "
    "bootstrap percentile interval",
    zh="Cronbach's α（Feldt 区间）；单因子最大似然 McDonald's ω（自助百分位区间）",
)
VERDICTS = {
    "below": Text("below the cutoff", zh="低于标准"),
    "uncertain": Text("meets the cutoff, interval reaches below it", zh="达标但区间跨过标准"),
    "meets": Text("meets the cutoff", zh="达标"),
    "redundant": Text("redundant items", zh="题项冗余"),
}


def scale_sentence(
    row,
    items: pd.DataFrame,
    label: str,
    cutoffs: Mapping[str, Cutoff],
    confidence: float,
    lang: str,
) -> str:
    """State one row of the table and what follows from it."""
    told = _numbers(row, label, confidence, lang) + _judgement(row, cutoffs, lang)
    if row.alpha < 0:
        told += _NEGATIVE[lang]
    return told + _advice(row, items, lang)


def _number(value: float, lang: str) -> str:
    return format_number(value, bounded=True, lang=lang)


def _with_interval(sign: str, value: float, low: float, high: float, level: str, lang: str) -> str:
    told = f"{sign} = {_number(value, lang)}"
    if np.isnan(low):
        return told
    return f"{told}, {level} CI {format_interval(low, high, bounded=True, lang=lang)}"


def _numbers(row, label: str, confidence: float, lang: str) -> str:
    level = format_percent(confidence)
    parts = [
        _with_interval("Cronbach's α", row.alpha, row.alpha_ci_low, row.alpha_ci_high, level, lang)
    ]
    if not np.isnan(row.omega):
        parts.append(
            _with_interval(
                "McDonald's ω", row.omega, row.omega_ci_low, row.omega_ci_high, level, lang
            )
        )
    elif row.k_items == 2 and not np.isnan(row.spearman_brown):
        parts.append(f"Spearman–Brown = {_number(row.spearman_brown, lang)}")
    if lang == "zh":
        return f"{label}（{row.k_items} 个题项，n = {row.n_used}）：" + "；".join(parts) + "。"
    return f"{label} ({row.k_items} items, n = {row.n_used}): " + "; ".join(parts) + "."


def _judgement(row, cutoffs: Mapping[str, Cutoff], lang: str) -> str:
    rule = cutoffs["reliability_redundant" if row.verdict == "redundant" else "alpha"]
    width = _number(row.alpha_ci_high - row.alpha_ci_low, lang)
    whole = _WHOLE[lang][row.alpha_ci_high < rule.threshold]
    return _JUDGEMENTS[lang][row.verdict].format(
        rule=told_rule(rule, lang), whole=whole, width=width
    )


def _advice(row, items: pd.DataFrame, lang: str) -> str:
    told = ""
    if row.verdict == "below":
        told += _ADVICE[lang]["below"]
    reversed_ = list(items.item[items.reverse_suspected])
    if reversed_:
        many = len(reversed_) > 1
        told += _ADVICE[lang]["reversed", many].format(items=join_words(reversed_, lang=lang))
    elif row.verdict != "meets" and items.raises_alpha.any():
        best = items.loc[items.alpha_if_deleted.idxmax()]
        told += _ADVICE[lang]["deleted"].format(
            item=best["item"],
            alpha=_number(best.alpha_if_deleted, lang),
            rest=_number(best.item_rest, lang),
        )
    return told


_WHOLE = {
    "en": {True: "the whole interval lies below it", False: "the interval reaches above it"},
    "zh": {True: "整个区间都在标准之下", False: "区间上限高于该标准"},
}
_JUDGEMENTS = {
    "en": {
        "below": " α is below the {rule}; {whole} (width {width}).",
        "uncertain": " α meets the {rule}, but its interval reaches below it (width {width}).",
        "meets": " α and its whole interval meet the {rule}.",
        "redundant": " α is above the {rule}: items may repeat one another.",
    },
    "zh": {
        "below": "α 低于 {rule}，{whole}（区间宽 {width}）。",
        "uncertain": "α 达到 {rule}，但其区间下限低于该标准（区间宽 {width}）。",
        "meets": "α 及其整个区间均达到 {rule}。",
        "redundant": "α 高于 {rule}，题项可能重复。",
    },
}
_ADVICE = {
    "en": {
        "below": " Do not read the sum score as a measure: relations with it are attenuated; "
        "report its items singly, and revise or add items before the next wave.",
        ("reversed", False): " {items} correlates against the rest: check whether it is "
        "reverse-worded and not yet turned.",
        ("reversed", True): " {items} correlate against the rest: check whether they are "
        "reverse-worded and not yet turned.",
        "deleted": " Without {item} (item–rest r = {rest}) α would be {alpha}; that is a reason to "
        "look at the item, not by itself to drop it.",
    },
    "zh": {
        "below": "不宜将总分当作该构念的测量值：与它有关的关系会被低估；宜逐题报告，"
        "并在下一轮调查前修订或增加题项。",
        ("reversed", False): "{items} 与其余题项负相关：请核对是否为反向题而尚未反向计分。",
        ("reversed", True): "{items} 与其余题项负相关：请核对是否为反向题而尚未反向计分。",
        "deleted": "删去 {item}（校正题总相关 {rest}）后 α 为 {alpha}；"
        "这只提示应检查该题，不足以作为删题的理由。",
    },
}

_NEGATIVE = {
    "en": " A negative α is no reliability: the items correlate negatively on average.",
    "zh": "α 为负不能解释为信度：题项之间平均呈负相关。",
}
COEFFICIENTS = {
    "alpha_standardised": Text("standardised α", zh="标准化 α"),
    "ordinal_alpha": Text("ordinal α", zh="序次 α"),
    "spearman_brown": Text("Spearman–Brown", zh="Spearman–Brown 系数"),
    "split_half": Text("odd–even split-half", zh="奇偶分半信度"),
    "split_half_min": Text("lowest split-half", zh="最低分半信度"),
    "split_half_mean": Text("mean split-half", zh="平均分半信度"),
    "split_half_max": Text("highest split-half", zh="最高分半信度"),
}


def withheld_note(names: Sequence[str]) -> Text:
    """Say which coefficients came out negative and are therefore not given."""
    said = [COEFFICIENTS[name] for name in names]
    chinese = join_words([in_language(name, "zh") for name in said], lang="zh")
    return Text(
        f"Negative, which no reliability can be, and therefore not given: {join_words(said)}.",
        zh=f"以下系数为负，不能解释为信度，故不报告：{chinese}。",
    )


NO_POLYCHORIC = Text(
    "No ordinal α or ω: the polychoric correlations are not positive definite or reach ±1 (items "
    "practically the same, or answers too sparse).",
    zh="不报告序次 α 与 ω：多项相关矩阵非正定或有相关达到 ±1（题项几乎相同，或作答过于稀疏）。",
)


def scale_notes(
    label: str, answers: Answers, cautions: Sequence[Text | None], items: pd.DataFrame
) -> list[Text]:
    """Say what a reader must know of one scale: rows lost, no ω, items that run against it."""
    notes = list(rows_note(answers.n_dropped, answers.n + answers.n_dropped))
    notes += [caution for caution in cautions if caution is not None]
    against = list(items.item[items.reverse_suspected])
    if against:
        notes.append(
            Text(
                f"{join_words(against)} {'correlates' if len(against) == 1 else 'correlate'} "
                "negatively with the rest of the scale: probably reverse-keyed and not turned.",
                zh=f"{join_words(against, lang='zh')} 与量表其余题项负相关，"
                "可能为反向题而尚未反向计分。",
            )
        )
    return [
        Text(f"{label}: {note}", zh=f"{in_language(label, 'zh')}：{in_language(note, 'zh')}")
        for note in notes
    ]
