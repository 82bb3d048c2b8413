"""What a report says of the estimator chosen and why, in both languages."""

from cx_value.base.wording import Text

ESTIMATORS = {
    "ml": Text("normal-theory maximum likelihood (ML)", zh="正态理论极大似然法（ML）"),
    "mlr": Text(
        "maximum likelihood with robust standard errors and a scaled test (MLR) after Yuan & "
        "Bentler (2000)",
        zh="稳健极大似然法（MLR；稳健标准误与校正检验，Yuan & Bentler，2000）",
    ),
    "wlsmv": Text(
        "weighted least squares on polychoric correlations (WLSMV) after Muthén (1984), with the "
        "scaled-shifted test of Asparouhov & Muthén (2010)",
        zh="基于多分格相关的加权最小二乘法（WLSMV；Muthén，1984），检验采用 Asparouhov & Muthén"
        "（2010）的校正",
    ),
}
REASONS = {
    "declared": Text("as the study file asks", zh="依研究文件的设定"),
    "few_categories": Text(
        "because {ordered} items have no more than {few} answer categories, too few to be treated "
        "as numbers by the findings of Rhemtulla et al. (2012)",
        zh="因为有 {ordered} 个题项的作答类别不超过 {few} 个，按 Rhemtulla 等（2012）的研究不宜"
        "视为连续变量",
    ),
    "weights": Text(
        "because the answers are weighted, which normal-theory standard errors ignore",
        zh="因为作答带有权重，而正态理论的标准误不考虑权重",
    ),
    "sampling": Text(
        "because respondents were sampled in clusters or strata, which its errors and tests "
        "allow for",
        zh="因为受访者按群或层抽取，其标准误与检验可考虑抽样设计",
    ),
    "missing": Text(
        "because answers are missing, and its standard errors do not need the answers to be normal",
        zh="因为存在缺失，且其标准误不要求作答服从正态分布",
    ),
    "not_normal": Text(
        "because Mardia's tests reject multivariate normality",
        zh="因为 Mardia 检验拒绝多元正态性",
    ),
    "untested": Text(
        "because too few complete answers are there to test multivariate normality",
        zh="因为完整作答过少，无法检验多元正态性",
    ),
    "normal": Text(
        "because Mardia's tests do not reject multivariate normality",
        zh="因为 Mardia 检验未拒绝多元正态性",
    ),
    "fiml": Text(
        "because the study file asks for full information, and robust standard errors do not need "
        "the answers to be normal",
        zh="因为研究文件要求采用全信息估计，且稳健标准误不要求作答服从正态分布",
    ),
}
SHORT = {
    "listwise": Text("listwise", zh="列删"),
    "fiml": Text("FIML", zh="FIML"),
    "pairwise": Text("pairwise", zh="成对删除"),
}
WEIGHTED = Text("weighted", zh="加权")
FITTED = {
    "en": "Models were fitted by {by}, {why}.",
    "zh": "模型采用{by}，{why}。",
}
MISSING = {
    "none": Text(
        "No answer to an item is missing; all {n} respondents count.",
        zh="题项作答无缺失，{n} 名受访者全部计入。",
    ),
    "listwise": Text(
        "A respondent counts in a model if all its items are answered ({complete} of {n} answered "
        "every item of the questionnaire).",
        zh="回答了模型全部题项的受访者方计入该模型（{n} 人中 {complete} 人回答了问卷全部题项）。",
    ),
    "fiml": Text(
        "Missing answers were handled by full information (FIML): all {n} respondents count, "
        "{gaps} of them with gaps, and answers are taken to be missing at random given the answers "
        "that are there.",
        zh="缺失作答采用全信息法（FIML）处理：{n} 名受访者全部计入，其中 {gaps} 人有缺失；"
        "前提是给定已有作答时缺失是随机的。",
    ),
    "pairwise": Text(
        "Each correlation rests on all who answered both items: {n} respondents count, {gaps} of "
        "them with gaps, and answers are taken to be missing completely at random.",
        zh="每个相关系数使用同时回答了两个题项的全部受访者：{n} 名受访者计入，其中 {gaps} 人"
        "有缺失；前提是缺失完全随机。",
    ),
}
WEIGHTS = {
    "en": "Every model is weighted by the case weights of the data ({weight}).",
    "zh": "各模型均以数据中的个案权重（{weight}）加权。",
}
SAMPLING = {
    "cluster": Text(
        "Standard errors and tests allow for the sampling of respondents in {cluster} clusters "
        "(Muthén & Satorra, 1995).",
        zh="标准误与检验考虑了受访者分属 {cluster} 个群的抽样设计（Muthén & Satorra，1995）。",
    ),
    "strata": Text(
        "Standard errors and tests allow for the sampling of respondents in {strata} strata "
        "(Muthén & Satorra, 1995).",
        zh="标准误与检验考虑了受访者分属 {strata} 个层的抽样设计（Muthén & Satorra，1995）。",
    ),
    "cluster strata": Text(
        "Standard errors and tests allow for the sampling of respondents in {cluster} clusters "
        "within {strata} strata (Muthén & Satorra, 1995).",
        zh="标准误与检验考虑了受访者分属 {strata} 个层中 {cluster} 个群的抽样设计"
        "（Muthén & Satorra，1995）。",
    ),
}
