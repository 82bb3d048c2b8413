"""What is said of common-method bias, in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.wording import Text, format_number, format_p, format_percent, in_language
from cx_value.measure.answers import told_rule

if TYPE_CHECKING:
    from cx_value.measure.method_bias import MethodBias

METHOD = Text(
    "Harman's single factor, one-factor model, latent method factor, full-collinearity VIF",
    zh="Harman 单因子检验、单因子模型比较、潜在方法因子、完全共线性 VIF",
)


def check_rows(result: MethodBias) -> list[dict]:
    """One row a check: ``check value cutoff passes status``."""
    harman, vif = result.cutoffs["harman"], result.cutoffs["vif_full_collinearity"]
    rows = [
        _row("harman_component", result.harman_component, harman),
        _row("harman_factor", result.harman_factor, harman),
    ]
    models = result.models.set_index("model")
    for name in ("one_factor", "method_factor"):
        row = models.loc[name]
        rows.append(_row(f"{name}_delta_chisq", row.delta_chisq, None, row.status))
        rows.append(_row(f"{name}_p", row.delta_p, None, row.status))
    status = models.loc["method_factor"].status
    rows.append(_row("method_factor_variance", result.method_variance, None, status))
    rows.append(_row("vif_highest", result.vif.vif.max(), vif))
    return rows


def _row(check: str, value: float, cutoff, status: str = "") -> dict:
    return {
        "check": check,
        "value": float(value),
        "cutoff": np.nan if cutoff is None else cutoff.threshold,
        "passes": None if cutoff is None else cutoff.passes(value),
        "status": status,
    }


def method_bias_sentence(result: MethodBias, lang: str) -> str:
    """State all four checks and how little each can show."""
    glue = "" if lang == "zh" else " "
    parts = (_harman, _one_factor, _method_factor, _vif)
    return glue.join([part(result, lang) for part in parts] + [_LIMITS[lang]])


def _harman(result: MethodBias, lang: str) -> str:
    rule = result.cutoffs["harman"]
    return _HARMAN[lang][bool(rule.passes(result.harman_component))].format(
        share=format_percent(result.harman_component, 1),
        factor=format_percent(result.harman_factor, 1),
        rule=told_rule(rule, lang),
    )


def _one_factor(result: MethodBias, lang: str) -> str:
    row = result.models.set_index("model").loc["one_factor"]
    if np.isnan(row.chisq):
        return _NONE[lang]["one_factor"].format(why=_STATUS[row.status].in_language(lang))
    worse = row.delta_p < result.cutoffs["significance"].threshold
    return _ONE[lang][bool(worse)].format(**_difference(row, lang))


def _method_factor(result: MethodBias, lang: str) -> str:
    row = result.models.set_index("model").loc["method_factor"]
    if np.isnan(row.chisq):
        return _NONE[lang]["method_factor"].format(why=_STATUS[row.status].in_language(lang))
    told = _FACTOR[lang][row.status].format(
        share=format_percent(result.method_variance, 1), **_difference(row, lang)
    )
    return told


def _vif(result: MethodBias, lang: str) -> str:
    rule = result.cutoffs["vif_full_collinearity"]
    top = result.vif.loc[result.vif.vif.idxmax()]
    return _VIF[lang][bool(rule.passes(top.vif))].format(
        vif=format_number(top.vif),
        construct=in_language(result.labels[top.construct], lang),
        rule=told_rule(rule, lang, bounded=False),
    )


def _difference(row, lang: str) -> dict[str, str]:
    return {
        "delta": format_number(row.delta_chisq),
        "df": str(int(row.delta_df)),
        "p": format_p(row.delta_p, lang=lang, relation=True),
        "cfi": format_number(row.cfi, 3, bounded=True, lang=lang),
    }


_STATUS = {
    "not converged": Text("reached no optimum", zh="未收敛"),
    "not identified": Text("is not identified in these data", zh="在这些数据上无法识别"),
}
_NONE = {
    "en": {
        "one_factor": "The one-factor model {why}, so that it is not compared.",
        "method_factor": "The model with a latent method factor {why}: nothing follows from it.",
    },
    "zh": {
        "one_factor": "单因子模型{why}，不作比较。",
        "method_factor": "含潜在方法因子的模型{why}，不能据此得出结论。",
    },
}
_HARMAN = {
    "en": {
        True: "The first unrotated component holds {share} of the variance (first common factor: "
        "{factor}), below the {rule} (Harman's test).",
        False: "The first unrotated component holds {share} of the variance (first common factor: "
        "{factor}), not below the {rule} (Harman's test).",
    },
    "zh": {
        True: "未旋转第一主成分解释 {share} 的方差（第一公因子：{factor}），低于 {rule}"
        "（Harman 检验）。",
        False: "未旋转第一主成分解释 {share} 的方差（第一公因子：{factor}），不低于 {rule}"
        "（Harman 检验）。",
    },
}
_ONE = {
    "en": {
        True: "One factor for all items fits worse than the measurement model, Δχ²({df}) = "
        "{delta}, p {p} (CFI = {cfi}).",
        False: "One factor for all items does not fit worse than the measurement model, Δχ²({df}) "
        "= {delta}, p {p} (CFI = {cfi}): the constructs cannot be told from one another.",
    },
    "zh": {
        True: "所有题项归于单一因子的模型拟合差于测量模型，Δχ²({df}) = {delta}，p {p}"
        "（CFI = {cfi}）。",
        False: "所有题项归于单一因子的模型拟合并不差于测量模型，Δχ²({df}) = {delta}，p {p}"
        "（CFI = {cfi}），各构念无法区分。",
    },
}
_FACTOR = {
    "en": {
        "fitted": "A latent method factor with equal loadings improves the fit by Δχ²({df}) = "
        "{delta}, p {p}, and takes {share} of the item variance on average.",
        "inadmissible": "A latent method factor with equal loadings improves the fit by Δχ²({df}) "
        "= {delta}, p {p}, but its solution is not admissible: the {share} of item variance it "
        "takes on average must not be read as method variance.",
    },
    "zh": {
        "fitted": "加入等载荷潜在方法因子后拟合改善 Δχ²({df}) = {delta}，p {p}，"
        "方法因子平均解释 {share} 的题项方差。",
        "inadmissible": "加入等载荷潜在方法因子后拟合改善 Δχ²({df}) = {delta}，p {p}，"
        "但解不可接受：其平均解释的 {share} 题项方差不能当作方法方差。",
    },
}
_VIF = {
    "en": {
        True: "The highest full-collinearity VIF is {vif} ({construct}), within the {rule}.",
        False: "The highest full-collinearity VIF is {vif} ({construct}), above the {rule}: "
        "constructs overlap, by method or by meaning.",
    },
    "zh": {
        True: "完全共线性 VIF 最高为 {vif}（{construct}），未超过 {rule}。",
        False: "完全共线性 VIF 最高为 {vif}（{construct}），超过 {rule}，"
        "构念之间因方法或含义而重叠。",
    },
}
_LIMITS = {
    "en": "None of these checks can rule common-method bias out; Harman's is the weakest of them.",
    "zh": "以上检验均不能排除共同方法偏差，其中 Harman 检验效力最弱。",
}
