"""Does an independent program find the same numbers?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, format_number

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.reading.second_opinion import SecondOpinion
    from cx_value.study.spec import Study

MEASUREMENT = Text("measurement model", zh="测量模型")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement(Result):
    """Every model of a study, by our engine and by semopy."""

    opinions: dict[str, tuple[str, SecondOpinion]]

    def table(self) -> pd.DataFrame:
        """Return one row a model.

        Columns: ``model label chisq chisq_semopy df parameters difference difference_se agrees
        note``; ``difference`` is the largest between two estimates, ``difference_se`` in units of
        our standard error.
        """
        return tidy_frame(_row(name, *entry) for name, entry in self.opinions.items())

    def sentence(self, lang: str = "en") -> str:
        """Say for how many models the two programs agree."""
        known = [o.agrees for _, o in self.opinions.values() if o.agrees is not None]
        text = _SENTENCE[lang].format(models=len(known), agree=sum(known))
        silent = len(self.opinions) - len(known)
        return text + (_SILENT[lang].format(n=silent) if silent else "")


_SENTENCE = {
    "en": "Of {models} models that both programs could fit, {agree} agree within a thousandth of a "
    "standard error in every estimate and a thousandth in χ².",
    "zh": "在两个程序均能拟合的 {models} 个模型中，{agree} 个模型的全部估计值相差不到千分之一个"
    "标准误，χ² 相差不到千分之一。",
}
_SILENT = {
    "en": " For {n}, semopy gave no comparable answer; the table says why.",
    "zh": " 另有 {n} 个模型 semopy 未给出可比结果，原因见表。",
}


def _row(name: str, label: str, opinion: SecondOpinion) -> dict:
    table = opinion.table()
    largest = float(table.difference.abs().max()) if opinion.available else float("nan")
    note = _note(opinion)
    return {
        "model": name, "label": label, "chisq": opinion.chisq,
        "chisq_semopy": opinion.chisq_semopy, "df": opinion.df_semopy, "parameters": len(table),
        "difference": largest, "difference_se": opinion.largest_difference,
        "agrees": opinion.agrees, "note": note,
    }  # fmt: skip


def _note(opinion: SecondOpinion) -> Text:
    if not opinion.available:
        return opinion.notes[0].bilingual()
    if opinion.agrees:
        return Text("agrees", zh="一致")
    gap = opinion.chisq_semopy - opinion.chisq
    said = {lang: format_number(abs(gap), 4) for lang in ("en", "zh")}
    if gap > 0:
        return Text(
            f"semopy stopped short: its χ² is {said['en']} higher",
            zh=f"semopy 未到最优，其 χ² 高 {said['zh']}",
        )
    return Text(
        f"semopy's χ² is {said['en']} lower, estimates differ",
        zh=f"semopy 的 χ² 低 {said['zh']}，估计值有差异",
    )


def compare_programs(
    study: Study,
    choice: ModelChoice | None,
    measurement: ModelFit,
    items: pd.DataFrame | None = None,
) -> Agreement:
    """Refit the measurement model and every structural model in semopy.

    Parameters
    ----------
    study : Study
    choice : ModelChoice or None
        None where the study declares no structural model.
    measurement : ModelFit
        The measurement model as reported.
    items : DataFrame, optional
        The answers analysed. A model fitted in a way semopy does not know (ordered categories,
        partial answers, weights) is then compared as both programs can fit it: by maximum
        likelihood to complete, unweighted rows.
    """
    from cx_value.sem.reading.second_opinion import second_opinion

    fits = {"measurement": (MEASUREMENT, measurement)}
    for name, attempt in choice.attempts.items() if choice else ():
        if attempt.fit is not None:
            fits[name] = (attempt.model.label, attempt.fit)
    if items is not None:
        fits = {name: (label, _as_both_can(fit, items)) for name, (label, fit) in fits.items()}
    opinions = {name: (label, second_opinion(fit)) for name, (label, fit) in fits.items() if fit}
    return Agreement(
        n_used=measurement.n_used, n_dropped=measurement.n_dropped, opinions=opinions,
        method=Text("semopy, plain maximum likelihood", zh="semopy，极大似然"),
        confidence=study.options.confidence,
    )  # fmt: skip


def _as_both_can(fit: ModelFit, items: pd.DataFrame) -> ModelFit | None:
    """Return a fit that semopy can be asked about; None where there is none."""
    from cx_value.sem import fit_model

    request, samples = fit.prepared.request, fit.prepared.samples
    known = request.estimator in ("ml", "mlr") and request.missing == "listwise"
    if known and samples[0].weights is None:
        return fit
    try:
        return fit_model(request.syntax, items, std_lv=request.std_lv)
    except AnalysisError:
        return None
