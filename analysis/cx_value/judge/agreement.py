"""Does an independent program find the same numbers?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.reading.second_opinion import SecondOpinion
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement(Result):
    """Every model of a study, by our engine and by semopy."""

    template = "agreement.programs"

    opinions: dict[str, SecondOpinion]

    def table(self) -> pd.DataFrame:
        """Return one row a model.

        Columns: ``model chisq chisq_semopy df parameters difference difference_se agrees
        verdict``, a code; ``difference`` is the largest between two estimates, ``difference_se`` in
        units of our standard error.
        """
        rows = [_row(name, opinion) for name, opinion in self.opinions.items()]
        return tidy_frame(rows, None if rows else _COLUMNS)

    def facts(self) -> dict[str, Any]:
        """Return ``models agree silent``: how many both could fit, agree on, and only we could."""
        known = [o.agrees for o in self.opinions.values() if o.agrees is not None]
        silent = len(self.opinions) - len(known)
        return {"models": len(known), "agree": sum(known), "silent": silent}


_COLUMNS = ("model", "chisq", "chisq_semopy", "df", "parameters", "difference", "difference_se",
            "agrees", "verdict")  # fmt: skip


def _row(name: str, opinion: SecondOpinion) -> dict:
    table = opinion.table()
    largest = float(table.difference.abs().max()) if opinion.available else float("nan")
    return {
        "model": name, "chisq": opinion.chisq,
        "chisq_semopy": opinion.chisq_semopy, "df": opinion.df_semopy, "parameters": len(table),
        "difference": largest, "difference_se": opinion.largest_difference,
        "agrees": opinion.agrees, "verdict": _verdict(opinion),
    }  # fmt: skip


def _verdict(opinion: SecondOpinion) -> str:
    """Return ``agrees``, ``stopped_short`` or ``lower``, or why semopy gave no answer."""
    if not opinion.available:
        return opinion.reason
    if opinion.agrees:
        return "agrees"
    return "stopped_short" if opinion.chisq_semopy > opinion.chisq else "lower"


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

    fits = {"measurement": measurement}
    for name, attempt in choice.attempts.items() if choice else ():
        if attempt.fit is not None:
            fits[name] = attempt.fit
    if items is not None:
        fits = {name: _as_both_can(fit, items) for name, fit in fits.items()}
    opinions = {name: second_opinion(fit) for name, fit in fits.items() if fit}
    return Agreement(
        n_used=measurement.n_used, n_dropped=measurement.n_dropped, opinions=opinions,
        method=Phrase("estimators.named", {"method": "semopy"}),
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
