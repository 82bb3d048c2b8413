"""Tables of purchases, customer value and its link with what customers said."""

from __future__ import annotations

from cx_value.base.wording import Text
from cx_value.publish.tables.columns import LEVEL_EN, LEVEL_ZH, YES_NO, column, table

_MODELS = {
    "bg_nbd": Text("BG/NBD"),
    "mbg_nbd": Text("MBG/NBD"),
    "pareto_nbd": Text("Pareto/NBD"),
    "nbd": Text("NBD (no drop-out)", zh="NBD（无流失）"),
    "geometric_nbd": Text("geometric/NBD"),
    "geometric_mnbd": Text("modified geometric/NBD"),
    "exponential_nbd": Text("exponential/NBD"),
    "poisson": Text("Poisson"),
}
_STAGES = {
    "attract": Text("attract", zh="吸引期"),
    "activate": Text("activate", zh="激活期"),
    "retain": Text("retain", zh="维持期"),
    "upgrade": Text("upgrade", zh="升级期"),
    "lapsed": Text("lapsed", zh="已流失"),
    "new": Text("won since", zh="新获得"),
    "not seen": Text("not seen", zh="未出现"),
}
_LEVELS = {
    "1 low": Text("low third", zh="低（后三分之一）"),
    "2 middle": Text("middle third", zh="中（中三分之一）"),
    "3 high": Text("high third", zh="高（前三分之一）"),
    "4 no answer": Text("no answer", zh="未作答"),
}
_ESTIMATE = column("number", "estimate", "Estimate", "估计值", 1.1, decimals=3)
_ERROR = column("number", "std_error", "*SE*", "*SE*", 0.9, decimals=3)
_INTERVAL = column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.7, decimals=3)


def _counted(frame):
    """Keep the steps of a log that touched a row."""
    return frame[frame["rows"] > 0]


def _standardised(frame):
    """Keep the effects in standard deviations."""
    if "unit" not in frame:
        return frame
    return frame[frame["unit"].isin(["sd_per_sd", "log_per_sd"])]


def _without_loadings(frame):
    return frame[frame["kind"] != "loading"] if "kind" in frame else frame


VALUE = {
    "purchase_log": table(
        column("text", "explanation", "Rows", "行", 4.2),
        column("count", "rows", "Number", "行数", 1.0),
        column("number", "amount", "Money", "金额", 1.4, optional=True),
        column("verdict", "dropped", "Dropped", "剔除", 1.0, words=YES_NO),
        keep=_counted,
        note=Text(
            "Rows dropped, lines merged and purchases kept add up to the rows in the log; a line "
            "identical to another is told but counted among the merged ones.",
            zh="剔除行、合并行与保留的购买之和等于日志行数；与另一行相同者另行列出，但已计入合并行。",
        ),
    ),
    "purchase_models": table(
        column("text", "model", "Model", "模型", 1.8, words=_MODELS),
        column("count", "n_parameters", "Parameters", "参数数", 1.1),
        column("number", "log_likelihood", "Log likelihood", "对数似然", 1.6),
        column("number", "delta_aic", "ΔAIC", "ΔAIC", 1.0),
        column("count", "holdout_expected", "Forecast", "预测购买", 1.0, optional=True),
        column("count", "holdout_actual", "Actual", "实际购买", 1.0, optional=True),
        column("number", "holdout_rmse", "RMSE", "RMSE", 0.8, decimals=3, optional=True),
        column("verdict", "chosen", "Chosen", "选用", 0.9, words=YES_NO),
        column("text", "failure", "Note", "说明", 2.0, optional=True),
        note=Text(
            "ΔAIC: distance from the lowest AIC. Forecast and actual: purchases of all customers "
            "after the calibration end; RMSE: error of the forecast per customer.",
            zh="ΔAIC：与最低 AIC 之差。预测与实际：校准期之后全部客户的购买次数；"
            "RMSE：每名客户的预测误差。",
        ),
    ),
    "purchase_model": table(
        column("code", "term", "Parameter", "参数", 1.8), _ESTIMATE, _ERROR, _INTERVAL,
    ),
    "spend_model": table(
        column("code", "term", "Parameter", "参数", 2.4), _ESTIMATE, _ERROR, _INTERVAL,
    ),
    "stages": table(
        column("text", "stage", "Stage", "阶段", 1.4, words=_STAGES),
        column("count", "customers", "Customers", "客户数", 1.0),
        column("percent", "share", "Share", "占比", 0.8, decimals=1),
        column("number", "mean", "Mean value", "人均价值", 1.2, decimals=2, optional=True),
        column("number", "total", "Value", "价值合计", 1.4, decimals=0, optional=True),
    ),
    "stage_moves": table(
        column("text", "before", "From", "原阶段", 1.4, words=_STAGES),
        column("text", "after", "To", "现阶段", 1.4, words=_STAGES),
        column("count", "customers", "Customers", "客户数", 1.0),
        column("percent", "share", "Share", "占比", 0.8, decimals=1),
        group="before",
    ),
    "core_metrics": table(
        column("text", "name", "Metric", "指标", 3.4),
        column("text", "source", "From", "来源", 1.3),
        column("number", "estimate", "Estimate", "估计值", 1.0, decimals=3),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.6, decimals=3),
        column("count", "n", "*n*", "*n*", 0.8),
    ),
    "cohorts": table(
        column("text", "group", "Cohort and quarters after", "批次及其后季度", 2.0),
        column("percent", "estimate", "Bought again", "再次购买", 1.0, decimals=1),
        column("count", "n", "Customers", "客户数", 1.0),
    ),
    "match": table(
        column("text", "label", "Per customer", "每名客户", 1.8),
        column("number", "answered", "Answered", "作答", 1.0),
        column("number", "rest", "Rest", "其余", 1.0),
        column("coef", "smd", "Standardised difference", "标准化差异", 1.5),
        column("p", "p", "*p*", "*p*", 0.9),
        column("coef", "smd_weighted", "Weighted", "加权后", 1.1),
        column("verdict", "balanced", "Balanced", "均衡", 1.0, words=YES_NO),
        note=Text(
            "Rule: |difference| {smd}. Weighted: answerers weighted by the inverse of their chance "
            "of answering, against all customers.",
            zh="标准：|差异| {smd}。加权后：作答者按作答概率的倒数加权，与全部客户相比。",
        ),
    ),
    "link_money": table(
        column("label", "from", "One more point of", "提高一分的构念", 2.6),
        column("number", "estimate", "Worth, per customer and year", "每名客户每年的价值", 1.8),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.6),
        column("p", "p", "*p*", "*p*", 0.9),
    ),
    "link_chain": table(
        column("label", "from", "From", "自变量", 2.4),
        column("label", "to", "To", "因变量", 2.2, words={
            "value": Text("log lifetime value", zh="生命周期价值的对数"),
        }),
        column("text", "effect", "Effect", "效应", 1.0, words={
            "path": Text("path", zh="路径"), "value": Text("total", zh="总效应"),
        }),
        column("number", "estimate", "Per *SD*", "每标准差", 0.9),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.5),
        column("p", "p", "*p*", "*p*", 0.9),
        keep=_standardised,
        note=Text(
            "Paths: standard deviations of the target; totals: change of log value, × 100 roughly "
            "in percent.",
            zh="路径以因变量的标准差计；总效应为价值对数的变化，乘以 100 约为百分比。",
        ),
    ),
    "link_model": table(
        column("code", "term", "Parameter", "参数", 1.8), _ESTIMATE, _ERROR, _INTERVAL,
        column("p", "p", "*p*", "*p*", 0.9, optional=True),
    ),
    "link_agreement": table(
        column("label", "from", "One more point of", "提高一分的构念", 2.4),
        column("number", "latent_covariates", "Latent covariate", "潜变量协变量", 1.3),
        column("number", "plausible_values", "Plausible values", "似真值", 1.3),
        column("number", "in_std_errors", "Difference (*SE*)", "差异（*SE*）", 1.2),
        column("verdict", "agrees", "Agree", "一致", 0.8, words=YES_NO),
    ),
    "link_groups": table(
        column("text", "group_label", "Group", "组别", 1.4),
        column("label", "from", "One more point of", "提高一分的构念", 2.4),
        column("number", "estimate", "Worth, per customer and year", "每名客户每年的价值", 1.8),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.6),
        column("p", "p", "*p*", "*p*", 0.9),
        group="group_label",
    ),
    "value_by_loyalty": table(
        column("text", "group", "Loyalty", "忠诚水平", 1.6, words=_LEVELS),
        column("count", "customers", "Customers", "客户数", 1.0),
        column("number", "mean", "Mean value", "人均价值", 1.2),
        column("number", "total", "Value", "价值合计", 1.3, decimals=0),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.9, decimals=0),
        note=Text(
            "Thirds of those who answered; equal scores stay together, so the thirds differ in "
            "size. The interval is that of the value in all.",
            zh="按作答者得分三等分；得分相同者归入同一组，故各组人数不等。区间为价值合计的区间。",
        ),
    ),
    "claims": table(
        column("text", "label", "Claim", "论断", 4.2),
        column("interval", "claimed_low claimed_high", "Claimed", "所称", 1.3, decimals=1),
        column("number", "estimate", "Found", "所得", 0.9, decimals=1),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.4, decimals=1),
        column("text", "verdict_label", "Verdict", "结论", 1.5),
        note=Text("An open end of a claimed range is written as –; percentages are in percent.",
                  zh="所称范围一端不设限时以 – 表示；百分比以 % 计。"),
    ),
    "truth": table(
        column("text", "quantity", "Quantity", "量", 3.4),
        column("number", "truth", "Truth", "真值", 0.9),
        column("number", "estimate", "Estimate", "估计值", 0.9),
        column("interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.5),
        column("verdict", "covered", "Held", "包含", 0.7, words=YES_NO),
        keep=_without_loadings,
    ),
}  # fmt: skip
