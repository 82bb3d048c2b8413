"""Tables of the structural model, its effects and its hypotheses."""

from __future__ import annotations

from analysis.publish.table_columns import (
    BETA,
    ESTIMATE,
    LEVEL_EN,
    LEVEL_ZH,
    P_VALUE,
    STANDARD_ERROR,
    YES_NO,
    Z_VALUE,
    column,
    fit_columns,
    mediation,
    table,
)
from analysis.wording import Text

STRUCTURE = {
    "structure_choice": table(
        column("label", "model", "Model", "模型", 2.6),
        column("text", "role", "Role", "角色", 1.2),
        *fit_columns(with_p=False),
        column("verdict", "admissible", "Admissible", "解合理", 1.3,
                words=YES_NO),
        note=Text(
            "Rules: CFI {cfi}, TLI {tli}, RMSEA {rmsea}, SRMR {srmr}. A solution that is not "
            "admissible is not interpreted, whatever its fit.",
            zh="标准：CFI {cfi}，TLI {tli}，RMSEA {rmsea}，SRMR {srmr}。解不合理的模型无论拟合如何"
            "均不作解释。",
        ),
    ),
    "structure_paths": table(
        column("label", "source", "From", "自变量", 2.2),
        column("label", "target", "To", "因变量", 2.2),
        ESTIMATE,
        STANDARD_ERROR,
        Z_VALUE,
        P_VALUE,
        BETA,
        column("coef_interval", "std_low std_high", "β {level} CI", "β {level} 置信区间", 1.7,
                optional=True),
    ),
    "structure_r_squared": table(
        column("label", "target", "Outcome", "因变量", 3.0),
        column("coef", "r_squared", "*R*²", "*R*²", 1.0),
    ),
    "effects": table(
        column("route", "source through target", "Effect", "效应路径", 4.6),
        column("text", "kind", "Kind", "类型", 1.3, words={
            "direct": Text("direct", zh="直接"),
            "specific_indirect": Text("indirect", zh="间接"),
            "total_indirect": Text("total indirect", zh="总间接"),
            "total": Text("total", zh="总效应"),
        }),
        BETA,
        column("coef_interval", "std_ci_low std_ci_high", "Delta {level} CI",
                "Delta 法 {level} 区间", 1.7),
        column("coef_interval", "std_boot_ci_low std_boot_ci_high", "Bootstrap {level} CI",
                "自助法 {level} 区间", 1.7, optional=True),
        keep=mediation,
        note=Text("Pairs joined by an indirect effect. An effect whose interval does not hold "
                  "zero is significant at that level.",
                  zh="仅列存在间接效应的变量对。区间不含 0 的效应在该水平上显著。"),
    ),
    "effects_summary": table(
        column("label", "source", "From", "自变量", 2.2),
        column("label", "target", "To", "因变量", 2.2),
        column("coef", "direct", "Direct", "直接效应", 1.0),
        column("coef", "indirect", "Indirect", "间接效应", 1.0),
        column("coef", "total", "Total", "总效应", 1.0),
        column("coef_interval", "total_low total_high", "Total {level} CI",
                "总效应 {level} 区间", 1.7),
        group="source",
    ),
    "rivals": table(
        column("text", "label", "Model", "模型", 2.8),
        column("number", "chisq", "χ²", "χ²", 1.1),
        column("count", "df", "*df*", "*df*", 0.7),
        column("coef", "cfi", "CFI", "CFI", 0.8, decimals=3),
        column("coef", "rmsea", "RMSEA", "RMSEA", 1.0, decimals=3),
        column("number", "aic", "AIC", "AIC", 1.2, decimals=1),
        column("number", "bic", "BIC", "BIC", 1.2, decimals=1),
        column("number", "delta_chisq", "Δχ²", "Δχ²", 1.0),
        column("count", "delta_df", "Δ*df*", "Δ*df*", 0.8),
        column("p", "delta_p", "*p*", "*p*", 0.9),
        note=Text(
            "Δ against the reported model; *p* only for nested models. Lower AIC and BIC are "
            "better.",
            zh="Δ 为与所报告模型之差；仅嵌套模型给出 *p*。AIC、BIC 越小越好。",
        ),
    ),
    "hypotheses": table(
        column("code", "hypothesis", "", "编号", 0.6),
        column("text", "statement", "Hypothesis", "研究假设", 4.4),
        BETA,
        column("coef_interval", "std_low std_high", LEVEL_EN, LEVEL_ZH, 1.5),
        P_VALUE,
        column("verdict", "verdict", "Verdict", "结论", 1.3),
        note=Text(
            "Rule: *p* {significance}, an interval without zero and the expected sign; an indirect "
            "effect by its interval. "
            "Intervals are bootstrap percentiles, *p* values by normal theory (delta method). Not "
            "tested: the reported model does not hold the path.",
            zh="判断标准：*p* {significance}、区间不含 0 且方向与预期一致；间接效应按区间判断；"
            "区间为自助百分位区间，*p* 值用正态理论（delta 法）。"
            "未检验：所报告模型不含该路径。",
        ),
    ),
    "robustness": table(
        column("label", "source", "From", "自变量", 1.7),
        column("label", "target", "To", "因变量", 1.7),
        column("starred", "reported_est reported_p", "ML", "ML", 1.0),
        column("starred", "mlr_est mlr_p", "MLR", "MLR", 1.0, optional=True),
        column("starred", "wlsmv_est wlsmv_p", "WLSMV", "WLSMV", 1.0, optional=True),
        column("starred", "fiml_est fiml_p", "FIML", "FIML", 1.0, optional=True),
        column("starred", "attentive_est attentive_p", "Attentive", "认真作答者", 1.1,
               optional=True),
        column("starred", "pls_est pls_p", "PLSc", "PLSc", 1.0, optional=True),
        column("verdict", "survives", "Survives", "结论不变", 1.0,
               words={"true": Text("yes", zh="是"), "false": Text("no", zh="否")}),
        note=Text(
            "Standardised paths. \\* *p* < .05, \\*\\* *p* < .01, \\*\\*\\* *p* < .001. MLR: "
            "robust standard errors; WLSMV: items as ordered categories; FIML: partial answers "
            "used; Attentive: without respondents flagged as careless; PLSc: consistent PLS with "
            "bootstrap.",
            zh="标准化路径系数。\\* *p* < 0.05，\\*\\* *p* < 0.01，\\*\\*\\* *p* < 0.001。"
            "MLR 为稳健标准误；"
            "WLSMV 将题项视为有序类别；FIML 利用不完整作答；认真作答者指剔除被标记的受访者；PLSc 为"
            "一致性 PLS（自助法）。",
        ),
    ),
    "robustness_fit": table(
        column("text", "label", "Analysis", "分析", 2.6),
        column("count", "n", "*n*", "*n*", 0.7),
        *fit_columns(),
        column("text", "note", "Note", "说明", 2.0, optional=True),
        note=Text("Robust or scaled versions where the estimator has them.",
                  zh="估计方法提供稳健或校正指标时列出该指标。"),
    ),
    "agreement": table(
        column("text", "label", "Model", "模型", 2.4),
        column("number", "chisq", "χ², here", "本报告 χ²", 1.3, decimals=3),
        column("number", "chisq_semopy", "χ², semopy", "semopy χ²", 1.5, decimals=3),
        column("count", "parameters", "Free parameters", "参数数", 1.3),
        column("number", "difference_se", "Largest difference (*SE*)", "最大差异（*SE*）", 1.5,
                decimals=6),
        column("text", "note", "Verdict", "判断", 2.6),
    ),
}  # fmt: skip
