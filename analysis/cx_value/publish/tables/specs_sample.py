"""Tables of the study as declared and of its sample."""

from __future__ import annotations

from cx_value.base.wording import Text
from cx_value.publish.tables.columns import (
    CONSTRUCT,
    COUNT,
    ITEM,
    MEAN,
    P_VALUE,
    SD,
    YES_NO,
    column,
    first,
    table,
)

DECLARED = {
    "constructs": table(
        CONSTRUCT,
        column("code", "code", "Code", "代码", 1.0, optional=True),
        column("text", "items", "Items", "题项", 3.4),
        column("count", "k", "*k*", "题项数", 0.7),
        column("text", "scale", "Scale", "量表", 0.8, optional=True),
        column("source", "source", "Source", "来源", 2.8, optional=True),
    ),
    "items": table(
        CONSTRUCT,
        ITEM,
        column("text", "wording", "Wording", "题项内容", 5.0),
        column("text", "scale", "Scale", "量表", 0.8, optional=True),
        column("text", "keying", "Keying", "计分", 0.9, optional=True),
        column("source", "source", "Source", "来源", 2.6, optional=True),
        group="construct",
    ),
    "hypotheses_declared": table(
        column("code", "hypothesis", "", "编号", 0.6),
        column("text", "statement", "Hypothesis", "研究假设", 5.0),
        column("text", "sign", "Sign", "方向", 0.6),
        column("source", "theory", "Theory", "理论依据", 2.2, optional=True),
    ),
    "rules": table(
        column("text", "rule", "Statistic", "统计量", 3.0),
        column("rule", "direction threshold", "Rule", "判断标准", 1.2),
        column("source", "source", "Source", "来源", 3.0),
    ),
}

SAMPLE = {
    "sample_flow": table(
        column("text", "label", "Step", "步骤", 3.0),
        column("text", "reason", "Reason for leaving", "剔除原因", 3.5),
        column("count", "removed", "Left out", "剔除数", 1.0),
        column("count", "count", "Remaining", "剩余数", 1.0),
    ),
    "careless": table(
        column("text", "label", "Sign", "迹象", 3.2),
        column("text", "threshold_text", "Threshold", "阈值", 1.8),
        column("verdict", "applied", "Checked", "是否检查", 1.1,
                words=YES_NO),
        column("count", "flagged", "Sheets flagged", "标记份数", 1.3),
        column("source", "source", "Rule", "依据", 2.2),
    ),
    "careless_log": table(
        column("count", "row", "Row", "行号", 0.7),
        column("text", "reasons", "Reasons", "原因", 5.0),
        column("verdict", "set_aside", "Set aside", "是否剔除", 1.0,
                words=YES_NO),
    ),
    "profile": table(
        column("text", "label", "Characteristic", "特征", 2.4),
        column("text", "category", "Category", "类别", 3.0),
        COUNT,
        column("percent", "share", "Share", "占比", 0.9, decimals=1),
        column("percent", "share_weighted", "Weighted", "加权占比", 1.0, decimals=1,
                optional=True),
        group="label",
        note=Text(
            "Cells with too few respondents to be printed are given as –.",
            zh="人数过少的单元格以“–”表示。",
        ),
    ),
    "missing_items": table(
        column("label", "item", "Item", "题项", 4.0),
        column("count", "n", "Answered", "有效作答", 1.0),
        column("count", "missing", "Missing", "缺失", 1.0),
        column("percent", "missing_share", "Share", "缺失率", 1.0, decimals=1),
        column("count", "missing_coded", "Of these coded", "其中编码缺失", 1.3, optional=True),
        note=Text("Rule: share {missing_item}.", zh="标准：缺失率 {missing_item}。"),
    ),
    "missing_patterns": table(
        column("text", "items", "Items unanswered", "缺答题项", 5.0,),
        column("count", "n_missing", "Number", "题项数", 1.0),
        column("count", "respondents", "Respondents", "人数", 1.2),
        keep=first(12),
    ),
    "item_statistics": table(
        CONSTRUCT,
        ITEM,
        COUNT,
        MEAN,
        SD,
        column("number", "skew", "Skew", "偏度", 0.9),
        column("number", "kurtosis", "Kurtosis", "峰度", 1.0),
        column("percent", "floor", "Floor", "地板效应", 0.9, decimals=1),
        column("percent", "ceiling", "Ceiling", "天花板效应", 0.9, decimals=1),
        column("number", "mean_weighted", "*M* weighted", "加权 *M*", 1.0, optional=True),
        group="construct",
        note=Text(
            "Kurtosis is excess kurtosis. Rules: skew {skew}, kurtosis {kurtosis} in absolute "
            "value; floor and ceiling (share of lowest and highest answers) {floor_ceiling}.",
            zh="峰度为超额峰度。标准：偏度绝对值 {skew}，峰度绝对值 {kurtosis}；"
            "地板与天花板效应（最低、最高选项占比）{floor_ceiling}。",
        ),
    ),
    "mardia": table(
        column("text", "test", "Test", "检验", 3.0, words={
            "skew": Text("Multivariate skew", zh="多元偏度"),
            "skew_small_sample": Text("Multivariate skew, small sample", zh="多元偏度（小样本）"),
            "kurtosis": Text("Multivariate kurtosis", zh="多元峰度"),
            "kurtosis_small_sample": Text(
                "Multivariate kurtosis, small sample", zh="多元峰度（小样本）"
            ),
        }),
        column("number", "coefficient", "Coefficient", "系数", 1.2),
        column("number", "statistic", "χ² or *z*", "χ² 或 *z*", 1.2),
        column("count", "df", "*df*", "*df*", 0.8),
        P_VALUE,
    ),
    "little": table(
        column("number", "statistic", "χ²", "χ²"),
        column("count", "df", "*df*", "*df*"),
        P_VALUE,
        column("count", "n_patterns", "Patterns", "缺失模式数"),
        column("count", "n_used", "*n*", "*n*"),
    ),
    "sample_size": table(
        COUNT,
        column("count", "items", "Items", "题项数"),
        column("count", "parameters", "Parameters", "参数数", optional=True),
        column("number", "n_per_item", "*n* per item", "每题项样本", decimals=1),
        column("number", "n_per_parameter", "*n* per parameter", "每参数样本", decimals=1,
                optional=True),
        column("verdict", "enough", "Sample size", "样本量"),
        column("verdict", "enough_per_parameter", "Per parameter", "每参数样本判断",
                optional=True),
        note=Text(
            "Rules: *n* {sample_size}; *n* per parameter {cases_per_parameter}.",
            zh="标准：*n* {sample_size}；每参数样本 {cases_per_parameter}。",
        ),
    ),
    "power": table(
        COUNT,
        column("count", "df", "*df*", "*df*"),
        column("coef", "rmsea_null", "RMSEA, null", "RMSEA（原假设）"),
        column("coef", "rmsea_true", "RMSEA, true", "RMSEA（真值）"),
        column("coef", "power", "Power", "检验功效"),
        column("count", "n_needed", "*n* needed", "所需样本"),
        column("verdict", "enough", "Verdict", "判断"),
        note=Text("Rule: power {power}.", zh="标准：检验功效 {power}。"),
    ),
}  # fmt: skip
