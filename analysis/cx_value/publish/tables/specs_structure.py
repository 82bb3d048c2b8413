"""Tables of the structural model, its effects and its hypotheses."""

from __future__ import annotations

from cx_value.base.wording import Text
from cx_value.publish.tables.columns import (
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

STRUCTURE = {
    "structure_choice": table(
        column("label", "model", "Model", "模型", 2.6),
        column("text", "role", "Role", "角色", 1.2),
        *fit_columns(with_p=False),
        column("verdict", "admissible", "Admissible", "解合理", 1.3,
                words=YES_NO),
        note=Text(
            "Rules: CFI {cfi}, TLI {tli}, RMSEA {rmsea}, SRMR {srmr}. Indices are scaled or robust "
            "where the estimator has such. A solution that is not admissible is not interpreted, "
            "whatever its fit.",
            zh="标准：CFI {cfi}，TLI {tli}，RMSEA {rmsea}，SRMR {srmr}。估计方法提供校正或稳健"
            "指标时列出该指标。解不合理的模型无论拟合如何均不作解释。",
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
    "defined": table(
        column("code", "name", "Parameter", "参数", 1.6),
        column("code", "definition", "Definition", "定义", 2.6),
        ESTIMATE,
        STANDARD_ERROR,
        Z_VALUE,
        P_VALUE,
        column("interval", "low high", LEVEL_EN, LEVEL_ZH, 1.7),
        note=Text(
            "Unstandardised, as the syntax of the model defines them. *SE* and *p* by the delta "
            "method, intervals are percentiles of resampled estimates where there are any.",
            zh="按模型语法的定义给出，非标准化。*SE* 与 *p* 用 delta 法；有重抽样时区间为其"
            "百分位区间。",
        ),
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
        column("coef_interval", "std_boot_ci_low std_boot_ci_high", "Resampled {level} CI",
                "重抽样 {level} 区间", 1.7, optional=True),
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
        column("number", "aic", "AIC", "AIC", 1.2, decimals=1, optional=True),
        column("number", "bic", "BIC", "BIC", 1.2, decimals=1, optional=True),
        column("number", "delta_chisq", "Δχ²", "Δχ²", 1.0),
        column("count", "delta_df", "Δ*df*", "Δ*df*", 0.8),
        column("p", "delta_p", "*p*", "*p*", 0.9),
        note=Text(
            "Δ against the reported model; *p* only for nested models, by the scaled difference "
            "where the estimator is robust. Lower AIC and BIC are better.",
            zh="Δ 为与所报告模型之差；仅嵌套模型给出 *p*，稳健估计时用校正的差异检验。AIC、BIC 越小"
            "越好。",
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
            "Intervals are percentiles of resampled estimates where there are any, *p* values by "
            "the delta method. Not tested: the reported model does not hold the path.",
            zh="判断标准：*p* {significance}、区间不含 0 且方向与预期一致；间接效应按区间判断；"
            "有重抽样时区间为其百分位区间，*p* 值用 delta 法。"
            "未检验：所报告模型不含该路径。",
        ),
    ),
    "moderation": table(
        column("text", "label", "Path held equal", "设为相等的路径", 3.6),
        column("number", "d_chisq", "Δχ²", "Δχ²", 1.0),
        column("count", "d_df", "Δ*df*", "Δ*df*", 0.8),
        P_VALUE,
        column("p", "p_holm", "*p*, Holm", "*p*（Holm）", 1.1, optional=True),
        column("verdict", "differs", "Differs", "有差异", 1.0, words=YES_NO),
        note=Text(
            "Each path equal across groups against free, loadings equal. Rule: *p* after Holm's "
            "adjustment {significance}; for all paths together, *p* itself.",
            zh="逐条将路径设为组间相等，与自由估计比较，载荷均设为相等。标准：Holm 校正后的 *p* "
            "{significance}；全部路径一并检验时用 *p* 本身。",
        ),
    ),
    "moderation_paths": table(
        column("label", "source", "From", "自变量", 2.0),
        column("label", "target", "To", "因变量", 2.0),
        column("text", "group_label", "Group", "组别", 1.4),
        ESTIMATE,
        STANDARD_ERROR,
        P_VALUE,
        BETA,
        column("coef_interval", "std_low std_high", "β {level} CI", "β {level} 置信区间", 1.7),
        group="source",
        note=Text("Loadings equal across groups; *B* can be compared across groups, β only within.",
                  zh="载荷设为组间相等；*B* 可作组间比较，β 仅限组内。"),
    ),
    "robustness": table(
        column("label", "source", "From", "自变量", 1.7),
        column("label", "target", "To", "因变量", 1.7),
        column("starred", "reported_est reported_p", "Reported", "报告所用", 1.1),
        column("starred", "ml_est ml_p", "ML", "ML", 1.0, optional=True),
        column("starred", "mlr_est mlr_p", "MLR", "MLR", 1.0, optional=True),
        column("starred", "wlsmv_est wlsmv_p", "WLSMV", "WLSMV", 1.0, optional=True),
        column("starred", "fiml_est fiml_p", "FIML", "FIML", 1.0, optional=True),
        column("starred", "listwise_est listwise_p", "Complete", "完整作答", 1.1, optional=True),
        column("starred", "unweighted_est unweighted_p", "Unweighted", "不加权", 1.2,
               optional=True),
        column("starred", "attentive_est attentive_p", "Attentive", "认真作答者", 1.1,
               optional=True),
        column("starred", "pls_est pls_p", "PLSc", "PLSc", 1.0, optional=True),
        column("verdict", "survives", "Survives", "结论不变", 1.0, words=YES_NO),
        note=Text(
            "Standardised paths. \\* *p* < .05, \\*\\* *p* < .01, \\*\\*\\* *p* < .001. Each "
            "analysis changes one thing in the one reported. ML: normal-theory errors; MLR: robust "
            "errors; WLSMV: items as ordered categories; FIML: partial answers used; Complete: "
            "without respondents who left an item out; Unweighted: without case weights; "
            "Attentive: without respondents flagged as careless; PLSc: consistent PLS on complete, "
            "unweighted rows with bootstrap. Columns are those that apply to this study.",
            zh="标准化路径系数。\\* *p* < 0.05，\\*\\* *p* < 0.01，\\*\\*\\* *p* < 0.001。"
            "每种分析只改变报告所用分析中的一项。ML 为正态理论标准误；MLR 为稳健标准误；"
            "WLSMV 将题项视为有序类别；FIML 利用不完整作答；完整作答指剔除有缺失的受访者；不加权指"
            "不使用个案权重；认真作答者指剔除被标记的受访者；PLSc 为完整且不加权数据上的一致性 PLS"
            "（自助法）。仅列出适用于本研究者。",
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
    "prediction": table(
        column("label", "target", "Outcome", "结果变量", 2.4),
        column("coef", "r_squared", "*R*², covariances", "*R*²（协方差）", 1.3),
        column("coef", "r_squared_plsc", "*R*², PLSc", "*R*²（PLSc）", 1.1, optional=True),
        column("coef", "r_squared_pls", "*R*², PLS", "*R*²（PLS）", 1.1),
        column("coef", "q2_predict", "*Q*²~predict~", "*Q*²~predict~", 1.1, decimals=3),
        column("count", "items", "Items", "题项数", 0.8),
        column("count", "better", "Better than regression", "优于线性基准", 1.4),
        note=Text(
            "*Q*²~predict~ of the construct's score by ten-fold cross-validation; *better than "
            "regression*: items that PLS predicts with a smaller RMSE than a linear regression on "
            "the items of the causes [@shmueli2019].",
            zh="*Q*²~predict~ 为构念得分的十折交叉验证预测值；优于线性基准指 PLS 的 RMSE 小于"
            "以前因题项作线性回归者[@shmueli2019]。",
        ),
    ),
    "prediction_items": table(
        column("label", "construct", "Construct", "构念", 2.0),
        column("code", "item", "Item", "题项", 1.2),
        column("number", "rmse_pls", "RMSE, PLS", "RMSE（PLS）", 1.1, decimals=3),
        column("number", "rmse_lm", "RMSE, regression", "RMSE（线性基准）", 1.3, decimals=3),
        column("coef", "q2_predict", "*Q*²~predict~", "*Q*²~predict~", 1.1, decimals=3),
        column("verdict", "better", "PLS better", "PLS 更优", 1.0, words=YES_NO),
        group="construct",
    ),
    "importance_map": table(
        column("label", "construct", "Construct", "构念", 2.6),
        column("number", "importance", "Importance", "重要性", 1.2),
        column("number", "performance", "Performance", "绩效", 1.2, decimals=1),
        note=Text(
            "Importance: points of the outcome (0–100) that go with one point more of the "
            "construct, all routes together; performance: mean score, 0–100 [@ringle2016].",
            zh="重要性为构念每提高 1 分时结果变量（0–100 分）相应高出的分数（含各条路线）；绩效为"
            "平均得分，0–100[@ringle2016]。",
        ),
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
