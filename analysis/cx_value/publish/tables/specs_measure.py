"""Tables of reliability, factors and the measurement model."""

from __future__ import annotations

from cx_value.base.wording import Text
from cx_value.publish.tables.columns import (
    CONSTRUCT,
    ITEM,
    LEVEL_EN,
    LEVEL_ZH,
    MEAN,
    SD,
    YES_NO,
    column,
    first,
    fit_columns,
    table,
)

METHOD_CHECKS = {
    "harman_component": Text("Harman: share of the first component", zh="Harman：首主成分占比"),
    "harman_factor": Text("Harman: share of the first common factor", zh="Harman：首公因子占比"),
    "one_factor_delta_chisq": Text("One factor for all items, Δχ²", zh="单因子模型 Δχ²"),
    "one_factor_p": Text("One factor for all items, p", zh="单因子模型 p"),
    "method_factor_delta_chisq": Text("Latent method factor, Δχ²", zh="潜在方法因子 Δχ²"),
    "method_factor_p": Text("Latent method factor, p", zh="潜在方法因子 p"),
    "method_factor_variance": Text(
        "Latent method factor, mean share of variance", zh="潜在方法因子平均方差占比"
    ),
    "vif_highest": Text("Highest full-collinearity VIF", zh="最大完全共线性 VIF"),
}


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
        note=Text("Split-half: Guttman's coefficient, odd against even items, beside the lowest "
                  "and highest of all splits.",
                  zh="分半信度为 Guttman 系数（奇偶题项），旁列所有分法中的最低与最高值。"),
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
    "test_retest": table(
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
                words=YES_NO),
        column("number", "common_eigenvalue", "Common", "公共特征值", 1.0, optional=True),
        column("number", "common_random_quantile", "Common, 95th", "公共随机第 95 百分位", 1.2,
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

MEASUREMENT = {
    "measurement_fit": table(*fit_columns(), note=Text(
        "Rules: CFI {cfi}, TLI {tli}, RMSEA {rmsea}, SRMR {srmr}. Indices are scaled or robust "
        "where the estimator has such.",
        zh="标准：CFI {cfi}，TLI {tli}，RMSEA {rmsea}，SRMR {srmr}。估计方法提供校正或稳健指标时"
        "列出该指标。",
    )),
    "dynamic_cutoffs": table(
        column("count", "level", "Level", "水平", 0.7),
        column("text", "added", "Left out of the model", "模型遗漏", 3.2),
        column("text", "index", "Index", "指标", 0.9, words={
            "cfi": Text("CFI"), "rmsea": Text("RMSEA"), "srmr": Text("SRMR")}),
        column("coef", "cutoff", "Cutoff", "临界值", 0.9, decimals=3),
        column("coef", "value", "Here", "本模型", 0.9, decimals=3),
        column("verdict", "passes", "Verdict", "判断", 1.0),
        keep=lambda frame: frame[frame.level > 0],
        note=Text(
            "A cutoff tells 95 (at least 90) of 100 samples of the model as fitted from as many of "
            "one that leaves out what is named; a dash: samples of this size cannot be told apart. "
            "Indices are those of plain maximum likelihood, here as in the samples.",
            zh="临界值可将按本模型抽取的样本与遗漏所列内容的样本以 95%（至少 90%）的正确率区分开；"
            "短横线表示该样本量下无法区分。指标均按普通极大似然计算，与模拟样本一致。",
        ),
    ),
    "loadings": table(
        CONSTRUCT,
        ITEM,
        column("coef", "loading", "λ", "λ", 0.8),
        column("coef_interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.5),
        column("coef", "se", "*SE*", "*SE*", 0.8, decimals=3),
        column("p", "p", "*p*", "*p*", 0.9),
        column("number", "estimate", "*B*", "*B*", 0.8, optional=True),
        column("verdict", "passes", "Rule", "判断", 0.9),
        group="construct",
        note=Text(
            "λ standardised loading with its standard error and interval (delta method); *B* "
            "unstandardised. Rule: λ {loading_standardised}.",
            zh="λ 为标准化载荷，标准误与区间用 delta 法；*B* 为非标准化估计。"
            "标准：λ {loading_standardised}。",
        ),
    ),
    "convergent": table(
        CONSTRUCT,
        column("count", "k_items", "*k*", "题项数", 0.7),
        column("coef_interval", "loading_min loading_max", "λ, range", "λ 范围", 1.4),
        column("coef", "composite_reliability", "CR", "CR", 0.7),
        column("coef_interval", "cr_ci_low cr_ci_high", LEVEL_EN, LEVEL_ZH, 1.4, optional=True),
        column("coef", "ave", "AVE", "AVE", 0.7),
        column("coef_interval", "ave_ci_low ave_ci_high", LEVEL_EN, LEVEL_ZH, 1.4,
               optional=True),
        column("verdict", "cr_passes", "CR rule", "CR 判断", 1.0),
        column("verdict", "ave_passes", "AVE rule", "AVE 判断", 1.0),
        note=Text(
            "CR composite reliability, rule {composite_reliability}; AVE average variance "
            "extracted, rule {ave}.",
            zh="CR 为组合信度，标准 {composite_reliability}；AVE 为平均方差萃取量，标准 {ave}。",
        ),
    ),
    "fornell_larcker_pairs": table(
        column("label", "construct_1", "Construct", "构念", 2.2),
        column("label", "construct_2", "with", "与", 2.2),
        column("coef", "r", "*r*", "*r*", 0.8),
        column("coef_interval", "r_ci_low r_ci_high", LEVEL_EN, LEVEL_ZH, 1.4),
        column("coef", "root_ave_1", "√AVE, first", "√AVE（前）", 1.1),
        column("coef", "root_ave_2", "√AVE, second", "√AVE（后）", 1.1),
        column("verdict", "passes", "Criterion", "判断", 1.0),
        group="construct_1",
        note=Text("Met where |*r*| is below both roots [@fornell1981].",
                  zh="|*r*| 小于两个 √AVE 时符合[@fornell1981]。"),
    ),
    "htmt": table(
        column("label", "construct_1", "Construct", "构念", 2.2),
        column("label", "construct_2", "with", "与", 2.2),
        column("coef", "htmt", "HTMT", "HTMT", 0.9),
        column("coef_interval", "htmt_ci_low htmt_ci_high", LEVEL_EN, LEVEL_ZH, 1.4,
               optional=True),
        column("coef", "htmt2", "HTMT2", "HTMT2", 0.9, optional=True),
        column("verdict", "passes", "HTMT rule", "HTMT 判断", 1.1),
        column("verdict", "upper_passes", "Upper limit", "上限判断", 1.1, optional=True),
        group="construct_1",
        note=Text("Rules: HTMT {htmt}; upper limit of its bootstrap interval {htmt_upper}.",
                  zh="标准：HTMT {htmt}；自助区间上限 {htmt_upper}。"),
    ),
    "invariance": table(
        column("text", "model", "Level", "层次", 1.8, words={
            "configural": Text("configural", zh="形态"),
            "thresholds": Text("thresholds", zh="阈值"),
            "thresholds, partial": Text("thresholds, partial", zh="部分阈值"),
            "metric": Text("metric", zh="度量"),
            "metric, partial": Text("metric, partial", zh="部分度量"),
            "scalar": Text("scalar", zh="标量"),
            "scalar, partial": Text("scalar, partial", zh="部分标量"),
            "strict": Text("strict", zh="严格"),
            "strict, partial": Text("strict, partial", zh="部分严格"),
        }),
        column("number", "chisq", "χ²", "χ²", 1.1),
        column("count", "df", "*df*", "*df*", 0.7),
        column("coef", "cfi", "CFI", "CFI", 0.8, decimals=3),
        column("coef", "rmsea", "RMSEA", "RMSEA", 1.0, decimals=3),
        column("number", "d_chisq", "Δχ²", "Δχ²", 1.0),
        column("count", "d_df", "Δ*df*", "Δ*df*", 0.8),
        column("p", "p", "*p*", "*p*", 0.9),
        column("coef", "d_cfi", "ΔCFI", "ΔCFI", 0.9, decimals=3),
        column("coef", "d_rmsea", "ΔRMSEA", "ΔRMSEA", 1.1, decimals=3),
        column("verdict", "passes", "Holds", "成立", 0.8,
               words={"true": Text("yes", zh="是"), "false": Text("no", zh="否")}),
        note=Text("Against the level before. Rules: ΔCFI {invariance_cfi}, ΔRMSEA "
                  "{invariance_rmsea}.",
                  zh="与上一层次相比。标准：ΔCFI {invariance_cfi}，ΔRMSEA {invariance_rmsea}。"),
    ),
    "residuals": table(
        column("label", "item_1", "Item", "题项", 2.4),
        column("label", "item_2", "with", "与", 2.4),
        column("coef", "observed", "Observed *r*", "样本相关"),
        column("coef", "implied", "Implied *r*", "模型相关"),
        column("coef", "residual", "Residual", "残差"),
        column("verdict", "beyond", "Beyond the limit", "超出界限", 1.2, words=YES_NO),
        keep=first(8),
        note=Text("The eight largest in size. Limit: {residual_correlation} in absolute value.",
                  zh="列出绝对值最大的八个。界限：绝对值 {residual_correlation}。"),
    ),
    "method_bias": table(
        column("text", "check", "Check", "检验", 4.0, words=METHOD_CHECKS),
        column("named_value", "value check", "Value", "数值", 1.1),
        column("named_value", "cutoff check", "Limit", "界限", 1.0),
        column("verdict", "passes", "Verdict", "判断", 1.1),
        column("text", "status", "Model", "模型状态", 1.5, optional=True, words={
            "fitted": Text("fitted", zh="已拟合"),
            "inadmissible": Text("inadmissible", zh="解不合理"),
            "not converged": Text("not converged", zh="未收敛"),
            "not identified": Text("not identified", zh="不可识别"),
        }),
        note=Text("Shares are of all item variance; Δχ² is the stricter model less the freer one. "
                  "Limits: "
                  "first factor {harman}; VIF {vif_full_collinearity}.",
                  zh="占比为占全部题项方差的比例；Δχ² 为较严格模型减去较宽松模型。"
                  "界限：首因子方差占比 {harman}；VIF {vif_full_collinearity}。"),
    ),
    "collinearity": table(
        CONSTRUCT,
        column("number", "vif", "VIF", "VIF"),
        column("verdict", "passes", "Verdict", "判断", 1.2),
        note=Text("Each construct's score regressed on all others. Rule: "
                  "{vif_full_collinearity}.",
                  zh="以其余构念得分预测每个构念得分。标准：{vif_full_collinearity}。"),
    ),
    "score_correlations": table(
        column("label", "construct_1", "Construct", "构念", 2.2),
        column("label", "construct_2", "with", "与", 2.2),
        column("count", "n_used", "*n*", "*n*", 0.7),
        column("coef", "r", "*r*", "*r*", 0.8),
        column("coef_interval", "ci_low ci_high", LEVEL_EN, LEVEL_ZH, 1.4),
        column("p", "p", "*p*", "*p*", 0.9),
        group="construct_1",
    ),
}  # fmt: skip
