"""How a model fits, by the indices its estimator calls for and the study's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.sem.reading import fit_facts

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study


def fit_table(name: str, fit: ModelFit) -> pd.DataFrame:
    """Return one row: ``model`` and its :func:`reported_indices`."""
    return tidy_frame([{"model": name, **reported_indices(fit)}])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitReport(Result):
    """How a named model fits, judged by the study's own rules."""

    template = "fit.report"

    name: str
    fit: ModelFit
    rules: Mapping[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row: ``model`` and its indices."""
        return fit_table(self.name, self.fit)

    def facts(self) -> dict[str, Any]:
        """Return ``model`` and :func:`cx_value.sem.reading.fit_facts.fit_facts`."""
        facts = fit_facts.fit_facts(
            self.fit.indices, self.fit.n_used, admissible=self.fit.admissible, rules=self.rules
        )
        return {"model": self.name, **facts}


def judge_fit(name: str, fit: ModelFit, study: Study) -> FitReport:
    """Report a model's fit by the rules of a study (its own where it sets any)."""
    return FitReport(
        name=name, fit=fit, rules=cutoffs_with(study.cutoffs), n_used=fit.n_used,
        n_dropped=fit.n_dropped, method=fit.method, confidence=fit.confidence, notes=fit.notes,
    )  # fmt: skip


def reported_indices(fit: ModelFit) -> dict[str, float]:
    """Return the indices a report prints; see :mod:`cx_value.sem.reading.fit_facts`."""
    return fit_facts.reported_indices(fit.indices)
