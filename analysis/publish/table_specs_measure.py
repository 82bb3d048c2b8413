"""Tables of reliability, factors and the measurement model."""

from __future__ import annotations

from analysis.publish.table_columns import (
    CONSTRUCT,
    ITEM,
    LEVEL_EN,
    LEVEL_ZH,
    MEAN,
    SD,
    column,
    first,
    table,
)
from analysis.wording import Text

RELIABILITY = {
    "reliability": table(
        CONSTRUCT,
        column("count", "k_items", "*k*", "题项数", 0.7),
        column("count", "n_used", "*n*", "*n*", 0.7),
        column("coef", "alpha", "α", "α", 0.7),
        column("coef_interval", "alpha_ci_low alpha_ci_high", LEVEL_EN, LEVEL_ZH, 1.4),
        column("coef", "omega", "ω", "ω", 0.7),
        column("coef_interval", "omega_ci_low omega_ci_high", LEVEL_EN, LEVEL_ZH, 1.4,
                optional=True),
        column("coef", "composite_reliability", "CR", "CR", 0.7, optional=True),
        column("verdict", "verdict", "Verdict", "判断", 1.2),
        note=Text(
            "*k* items, α Cronbach's alpha, ω McDonald's omega, CR composite reliability. "
            "Verdict on α: *meets* where α {alpha}, *uncertain* where its interval reaches below; "
            "*redundant* unless α {reliability_redundant}.",
            zh="α 为 Cronbach's α，ω 为 McDonald's ω，CR 为组合信度。按 α 判断：α {alpha} 为达标，"
            "区间下限未达标准为尚不确定；不满足 α {reliability_redundant} 为冗余。",
        ),
    ),
    "reliability_more": table(
        CONSTRUCT,
        column("coef", "alpha_standardised", "α standardised", "标准化 α"),
        column("coef", "ordinal_alpha", "α ordinal", "序数 α", optional=True),
        column("coef", "ordinal_omega", "ω ordinal", "序数 ω", optional=True),
        column("coef", "mean_inter_item", "Mean inter-item *r*", "题项间平均相关"),
        column("coef", "split_half", "Split-half", "分半信度"),
        column("coef_interval", "split_half_min split_half_max", "Lowest and highest split",
                "最低与最高分半", 1.6),
    ),
    "item_analysis": table(
        CONSTRUCT,
        ITEM,
        column("count", "n_used", "*n*", "*n*", 0.7, optional=True),
        MEAN,
        SD,
        column("coef", "item_rest", "Item–rest *r*", "CITC", 1.1),
        column("coef", "alpha_if_deleted", "α if deleted", "删除后 α", 1.1),
        group="construct",
        note=Text(
            "Item–rest *r* is the correlation of an item with the sum of the others. Rule: "
            "{item_rest}. α is not defined once one of two items is deleted.",
            zh="CITC 为题项与其余题项总分的相关，标准：{item_rest}。"
            "两题项构念删除一题后 α 无定义。",
        ),
    ),
    "stability": table(
        CONSTRUCT,
        column("count", "n_used", "*n*", "*n*", 0.7),
        column("number", "mean_first", "*M*, first wave", "首次 *M*", 1.0),
        column("number", "mean_second", "*M*, second wave", "再次 *M*", 1.0),
        column("coef", "r", "*r*", "*r*", 0.7),
        column("coef", "icc", "ICC", "ICC", 0.7),
        column("coef_interval", "icc_ci_low icc_ci_high", LEVEL_EN, LEVEL_ZH, 1.4),
        note=Text("ICC for absolute agreement of single measurements, ICC(A,1).",
                  zh="ICC 为单次测量的绝对一致性，ICC(A,1)。"),
    ),
}  # fmt: skip

FACTORS = {
    "kmo": table(
        column("label", "item", "Item", "题项", 4.0),
        column("coef", "msa", "MSA", "MSA", 1.0),
        note=Text("Rule: {kmo}.", zh="标准：{kmo}。"),
    ),
    "retention": table(
        column("count", "number", "Factor", "因子", 0.8),
        column("number", "eigenvalue", "Eigenvalue", "特征值", 1.1),
        column("number", "random_mean", "Random, mean", "随机均值", 1.1, optional=True),
        column("number", "random_quantile", "Random, 95th", "随机第 95 百分位", 1.2),
        column("verdict", "kept", "Kept", "保留", 0.8,
                words={"true": Text("yes", zh="是"), "false": Text("no", zh="否")}),
        column("number", "common_eigenvalue", "Common", "公共特征值", 1.0, optional=True),
        column("number", "common_random_quantile", "Random, 95th", "随机第 95 百分位", 1.2,
                optional=True),
        column("coef", "map_squared", "MAP", "MAP", 0.9, decimals=4, optional=True),
        keep=first(10),
        note=Text(
            "First ten at most. *Kept*: eigenvalue above that of random data [@horn1965]; common: "
            "the same for common factors; MAP: minimum average partial, the lowest value names "
            "the number of factors [@velicer1976].",
            zh="至多列出前十个。特征值高于随机数据者予以保留[@horn1965]；公共特征值为公因子的相应"
            "检验；MAP 为最小平均偏相关，最小值所在行即建议的因子数[@velicer1976]。",
        ),
    ),
    "efa_loadings": table(
        column("code", "item", "Item", "题项", 1.2),
        column("coef", "F#", "F#", "F#", 0.9, bold="loading_primary"),
        column("coef", "communality", "*h*²", "*h*²", 0.9),
        column("number", "complexity", "Complexity", "复杂度", 1.1, optional=True),
        note=Text(
            "Pattern loadings; bold in absolute value {loading_primary}. *h*² communality, rule "
            "{communality}; complexity after Hofmann (1978).",
            zh="模式矩阵载荷；绝对值 {loading_primary} 者加粗。*h*² 为共同度，标准 {communality}；"
            "复杂度按 Hofmann（1978）。",
        ),
    ),
    "efa_variance": table(
        column("text", "factor", "Factor", "因子"),
        column("number", "ss_loadings", "Sum of squared loadings", "载荷平方和", 1.6),
        column("percent", "share", "Share", "方差占比", decimals=1),
        column("percent", "cumulative_share", "Cumulative", "累积占比", decimals=1),
    ),
}  # fmt: skip

MEASUREMENT = {}
