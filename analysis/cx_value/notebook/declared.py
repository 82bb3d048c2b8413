"""What a study declares, as tables for the report: codebook, hypotheses, rules of judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.results import tidy_frame
from cx_value.judge.hypotheses import HYPOTHESIS, hypothesis_words
from cx_value.notebook.identity import sha256_of_file
from cx_value.notebook.names import names_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Study

#: Rules in the order of the chapters, with the results that they judge: a rule is printed where
#: one of these was stored.
RULES = {
    "missing_item": ("missing_items",), "skew": ("item_statistics",),
    "kurtosis": ("item_statistics",), "floor_ceiling": ("item_statistics",),
    "sample_size": ("sample_size",), "cases_per_parameter": ("sample_size",),
    "power": ("power", "path_power"),
    "negligible_effect": ("discussion",),
    "alpha": ("reliability",), "reliability_redundant": ("reliability",),
    "omega": ("reliability",), "item_rest": ("item_analysis",),
    "kmo": ("adequacy",), "communality": ("efa_loadings",),
    "loading_primary": ("efa_loadings",), "loading_cross": ("efa_loadings",),
    "loading_difference": ("efa_loadings",),
    "loading_standardised": ("loadings",), "composite_reliability": ("convergent",),
    "ave": ("convergent",), "htmt": ("htmt",), "htmt_upper": ("htmt",),
    "cfi": ("measurement_fit", "structure_fit"), "tli": ("measurement_fit", "structure_fit"),
    "rmsea": ("measurement_fit", "structure_fit"), "srmr": ("measurement_fit", "structure_fit"),
    "latent_correlation": ("measurement_model",), "residual_correlation": ("residuals",),
    "vif_formative": ("composites",), "redundancy": ("composites",),
    "vif_full_collinearity": ("method_bias",), "harman": ("method_bias",),
    "invariance_cfi": ("invariance",), "invariance_rmsea": ("invariance",),
    "significance": ("hypotheses", "levers", "mardia", "little"),
    "consistency_ratio": ("experts",), "smd": ("match",),
}  # fmt: skip


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
            "keying": "reversed" if item.reverse else "", "source": item.source or construct.source,
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
    """Return one row a hypothesis: ``hypothesis own source through target path sign theory``."""
    rows = [{**hypothesis_words(h), "theory": h.theory} for h in study.hypotheses]
    return tidy_frame(rows, [*HYPOTHESIS, "theory"])


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
    """Return the rules that pass judgement in the report: ``rule direction threshold source``."""
    rules = cutoffs_with(study.cutoffs)
    rows = [
        {
            "rule": name, "direction": rules[name].direction,
            "threshold": rules[name].threshold, "source": rules[name].origin,
        }
        for name in RULES
    ]  # fmt: skip
    return tidy_frame(rows)
