"""What a study declares, as tables for the report: codebook, hypotheses, rules of judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.results import tidy_frame
from cx_value.base.wording import Text
from cx_value.judge.hypotheses import hypothesis_path, hypothesis_statement
from cx_value.notebook.identity import sha256_of_file
from cx_value.notebook.names import names_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Study

_REVERSED = {True: Text("reversed", zh="反向"), False: Text("", zh="")}
_RULE_NAMES = {
    "alpha": Text("Cronbach's α", zh="Cronbach's α"),
    "omega": Text("McDonald's ω", zh="McDonald's ω"),
    "item_rest": Text("Item–rest correlation", zh="题项—总分相关（校正后）"),
    "reliability_redundant": Text("Cronbach's α, upper", zh="Cronbach's α 上限"),
    "missing_item": Text("Missing share of an item", zh="题项缺失率"),
    "skew": Text("Skew, absolute", zh="偏度绝对值"),
    "kurtosis": Text("Excess kurtosis, absolute", zh="超额峰度绝对值"),
    "floor_ceiling": Text("Floor or ceiling share", zh="地板或天花板占比"),
    "kmo": Text("KMO", zh="KMO"),
    "communality": Text("Communality (EFA)", zh="共同度（EFA）"),
    "loading_primary": Text("Primary loading (EFA)", zh="主因子载荷（EFA）"),
    "loading_cross": Text("Cross-loading (EFA)", zh="交叉载荷（EFA）"),
    "loading_difference": Text(
        "Primary less cross-loading (EFA)", zh="主因子载荷与交叉载荷之差（EFA）"
    ),
    "loading_standardised": Text("Standardised loading (CFA)", zh="标准化载荷（CFA）"),
    "composite_reliability": Text("Composite reliability", zh="组合信度 CR"),
    "ave": Text("Average variance extracted", zh="平均方差萃取量 AVE"),
    "htmt": Text("HTMT", zh="HTMT"),
    "htmt_upper": Text("HTMT, upper limit", zh="HTMT 区间上限"),
    "cfi": Text("CFI", zh="CFI"),
    "tli": Text("TLI", zh="TLI"),
    "rmsea": Text("RMSEA", zh="RMSEA"),
    "srmr": Text("SRMR", zh="SRMR"),
    "latent_correlation": Text("Latent correlation", zh="潜变量相关"),
    "residual_correlation": Text("Residual correlation", zh="残差相关"),
    "vif_full_collinearity": Text("Full-collinearity VIF", zh="完全共线性 VIF"),
    "harman": Text("Share of the first factor (Harman)", zh="首因子方差占比（Harman）"),
    "sample_size": Text("Sample size", zh="样本量"),
    "cases_per_parameter": Text("Respondents per free parameter", zh="每个自由参数的受访者数"),
    "power": Text("Power", zh="检验功效"),
    "invariance_cfi": Text("Invariance, change in CFI", zh="不变性检验的 ΔCFI"),
    "invariance_rmsea": Text("Invariance, change in RMSEA", zh="不变性检验的 ΔRMSEA"),
    "significance": Text("p value", zh="p 值"),
}


def codebook_table(study: Study, survey: Survey | None) -> pd.DataFrame:
    """Return code → label of everything a report may name: ``code label label_zh``.

    Labels are those of :func:`cx_value.notebook.names.names_of`.
    """
    return tidy_frame(names_of(study, survey).items(), ["code", "label"])


def item_table(study: Study, survey: Survey) -> pd.DataFrame:
    """Return one row an item: ``construct item wording scale keying source``."""
    rows = [
        {
            "construct": construct.name, "item": item.name,
            "wording": survey.labels.get(item.name, item.label),
            "scale": f"{item.scale.minimum:g}–{item.scale.maximum:g}",
            "keying": _REVERSED[item.reverse], "source": item.source or construct.source,
        }
        for construct in study.constructs
        for item in construct.items
    ]  # fmt: skip
    return tidy_frame(rows)


def construct_table(study: Study) -> pd.DataFrame:
    """Return one row a construct: ``construct items k scale source``."""
    rows = [
        {
            "construct": c.name, "code": c.name,
            "items": ", ".join(c.item_names), "k": len(c.items),
            "scale": f"{c.items[0].scale.minimum:g}–{c.items[0].scale.maximum:g}",
            "source": c.source,
        }
        for c in study.constructs
    ]  # fmt: skip
    return tidy_frame(rows)


def hypothesis_table(study: Study) -> pd.DataFrame:
    """Return one row a hypothesis: ``hypothesis statement path sign theory``."""
    rows = [
        {
            "hypothesis": h.name, "statement": hypothesis_statement(study, h),
            "path": hypothesis_path(h), "sign": "+" if h.sign == "+" else "−", "theory": h.theory,
        }
        for h in study.hypotheses
    ]  # fmt: skip
    columns = ["hypothesis", "statement", "path", "sign", "theory"]
    return tidy_frame(rows, columns)


def data_file_table(study: Study) -> pd.DataFrame:
    """Return one row a file of data: ``file sha256``."""
    files = study.data_files
    return tidy_frame([{"file": path.name, "sha256": sha256_of_file(path)} for path in files])


def settings_table(study: Study, *, draws: int) -> pd.DataFrame:
    """Return the numbers an analysis was run with: ``draws confidence seed``."""
    options = study.options
    row = {"draws": draws, "confidence": options.confidence, "seed": options.seed}
    return tidy_frame([row])


def rule_table(study: Study) -> pd.DataFrame:
    """Return the rules that pass judgement in the report: ``rule sign threshold source said``."""
    rules = cutoffs_with(study.cutoffs)
    rows = [
        {
            "rule": label, "name": name, "direction": rules[name].direction,
            "threshold": rules[name].threshold,
            "source": rules[name].source or rules[name].said,
        }
        for name, label in _RULE_NAMES.items()
        if study.group or not name.startswith("invariance")
    ]  # fmt: skip
    return tidy_frame(rows)
