"""How a model fits, by the indices its estimator calls for and the study's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, in_language

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study

INDICES = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
           "srmr", "aic", "bic")  # fmt: skip


def fit_table(name: str, fit: ModelFit) -> pd.DataFrame:
    """Return one row: ``model`` and its :func:`reported_indices`."""
    return tidy_frame([{"model": name, **reported_indices(fit)}])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitReport(Result):
    """How a named model fits, judged by the study's own rules."""

    name: str
    label: Text
    fit: ModelFit
    rules: Mapping[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row: ``model`` and its indices."""
        return fit_table(self.name, self.fit)

    def sentence(self, lang: str = "en") -> str:
        """Name the model, its indices and what the rules say of them."""
        from cx_value.sem.reading.result import fit_sentence

        label, kind = in_language(self.label, lang), kind_of_indices(self.fit)
        said = fit_sentence(
            reported_indices(self.fit), self.fit.n_used, self.fit.admissible, lang, self.rules
        )
        how = "" if kind is None else _KIND[lang].format(kind=in_language(kind, lang))
        if lang == "zh":
            return f"{label}{how}：{said}"
        return f"{label[:1].upper()}{label[1:]}{how}: {said}"


_KIND = {"en": " ({kind})", "zh": "（{kind}）"}


def judge_fit(name: str, label: str, fit: ModelFit, study: Study) -> FitReport:
    """Report a model's fit by the rules of a study (its own where it sets any)."""
    return FitReport(
        name=name, label=label, fit=fit, rules=cutoffs_with(study.cutoffs), n_used=fit.n_used,
        n_dropped=fit.n_dropped, method=fit.method, confidence=fit.confidence, notes=fit.notes,
    )  # fmt: skip


def reported_indices(fit: ModelFit) -> dict[str, float]:
    """Return the indices a report prints, by lavaan's plain names.

    χ² is the scaled one where the estimator has it; CFI, TLI and RMSEA are the robust ones where
    they can be computed, else the scaled or plain ones. NaN stands for what the estimator has not
    (AIC and BIC of least squares).
    """
    indices: Mapping[str, float] = fit.indices
    out = {name: float(indices.get(name, np.nan)) for name in INDICES}
    for name in ("chisq", "pvalue"):
        out[name] = float(indices.get(f"{name}_scaled", out[name]))
    kinds = [k for k in ("_robust", "_scaled") if np.isfinite(
        [indices.get(f"{name}{k}", np.nan) for name in ("cfi", "tli", "rmsea")]).all()]  # fmt: skip
    if kinds:
        for name in ("cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper"):
            out[name] = float(indices.get(f"{name}{kinds[0]}", np.nan))
    return out


def kind_of_indices(fit: ModelFit) -> Text | None:
    """Name the corrections :func:`reported_indices` made; None where there are none."""
    if "chisq_scaled" not in fit.indices:
        return None
    robust = np.isfinite([fit.indices.get(f"{n}_robust", np.nan) for n in ("cfi", "tli", "rmsea")])
    if robust.all():
        return Text("scaled χ², robust CFI, TLI and RMSEA", zh="校正 χ²，稳健 CFI、TLI 与 RMSEA")
    return Text("scaled χ², CFI, TLI and RMSEA", zh="校正 χ²、CFI、TLI 与 RMSEA")
