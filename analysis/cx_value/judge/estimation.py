"""How the models of a study are fitted, by a rule stated beforehand.

The study file may name estimator and treatment of missing answers; ``auto`` follows the rule of
:func:`plan_estimation`. Every model of a report is fitted by the same plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.study.model_checks import MOST_CATEGORIES

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: Items with at most so many categories are not treated as numbers (Rhemtulla et al., 2012).
FEW_CATEGORIES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimation(Result):
    """Estimator, treatment of missing answers and weights of every model, and why.

    Attributes
    ----------
    estimator : {"ml", "mlr", "wlsmv"}
    missing : {"none", "listwise", "fiml", "pairwise"}
        ``none`` where no answer is missing.
    ordered : tuple of str
        Items taken as ordered categories.
    weights : Series or None
        Case weights by respondent.
    weight_name : str
    sampling : mapping of str to Series
        ``cluster`` and ``strata`` by respondent, where the study declares them.
    reason : str
        Why this estimator: the step of the rule of :func:`plan_estimation` that chose it.
    n_complete : int
        Respondents who answered every item.
    """

    template = "estimation.plan"

    estimator: str
    missing: str
    ordered: tuple[str, ...] = ()
    weights: pd.Series | None = None
    weight_name: str = ""
    sampling: Mapping[str, pd.Series] = field(default_factory=dict)
    reason: str = "declared"
    n_complete: int

    @property
    def is_plain(self) -> bool:
        """Whether other programs can fit it: maximum likelihood, complete rows, no weights."""
        return (
            self.estimator != "wlsmv"
            and self.missing in ("none", "listwise")
            and self.weights is None
            and not self.sampling
        )

    def options(self, syntax: str, items: pd.DataFrame) -> dict[str, Any]:
        """Return what :func:`cx_value.sem.fit_model` is to be called with for rows of the study."""
        from cx_value.sem.design.parameters import fixed_predictors
        from cx_value.study.language.syntax import parse_syntax

        options: dict[str, Any] = {"estimator": self.estimator, "confidence": self.confidence}
        options["missing"] = "listwise" if self.missing == "none" else self.missing
        if self.estimator == "wlsmv":
            # The engine takes a predictor that nothing explains as a number.
            numbers = fixed_predictors(parse_syntax(syntax))
            options["ordered"] = [name for name in self.ordered if name not in numbers]
        if self.weights is not None:
            options["weights"] = self.weights.reindex(items.index).to_numpy(float)
        if self.estimator == "mlr":
            options |= {k: v.reindex(items.index).to_numpy() for k, v in self.sampling.items()}
        return options

    def fit(self, syntax: str, items: pd.DataFrame, **more: Any) -> ModelFit:
        """Fit a model to rows of the study by this plan."""
        from cx_value.sem import fit_model

        return fit_model(syntax, items, **{**self.options(syntax, items), **more})

    def with_changes(self, **changes: Any) -> Estimation:
        """Return the plan with something else in it, for a robustness check."""
        return replace(self, **changes)

    def table(self) -> pd.DataFrame:
        """Return one row: ``estimator missing weight ordered reason n n_complete plain``."""
        row = {
            "estimator": self.estimator, "missing": self.missing, "weight": self.weight_name,
            "ordered": len(self.ordered), "reason": self.reason, "n": self.n_used,
            "n_complete": self.n_complete, "plain": self.is_plain,
        }  # fmt: skip
        return tidy_frame([row])

    def facts(self) -> dict[str, Any]:
        """Return by what models are fitted, why, and what became of missing answers."""
        return {
            "estimator": self.estimator, "reason": self.reason, "missing": self.missing,
            "n": self.n_used, "complete": self.n_complete, "gaps": self.n_used - self.n_complete,
            "ordered": len(self.ordered), "few": FEW_CATEGORIES,
            "weighted": self.weights is not None,
            **{role: self.sampling[role].nunique() if role in self.sampling else 0
               for role in ("cluster", "strata")},
        }  # fmt: skip


def _named(estimator: str) -> Phrase:
    return Phrase("estimation.method", {"estimator": estimator})


def plain_estimation(study: Study, items: pd.DataFrame) -> Estimation:
    """Return the plan that other programs can follow: ML on complete, unweighted rows."""
    complete = int(items.notna().all(axis=1).sum())
    return Estimation(
        n_used=len(items), method=_named("ml"), confidence=study.options.confidence,
        estimator="ml", missing="none" if complete == len(items) else "listwise",
        n_complete=complete,
    )  # fmt: skip


def plan_estimation(study: Study, survey: Survey) -> Estimation:
    """Decide by what the models of a study are fitted.

    Parameters
    ----------
    study : Study
        ``options.estimator`` and ``options.missing`` are followed where they name something.
    survey : Survey
        The answers analysed, with their weights where there are any.

    Returns
    -------
    Estimation

    Raises
    ------
    ModelError
        ``wlsmv`` is asked for, and no item has few enough categories.

    Notes
    -----
    ``estimator: auto`` is the first of these that applies: ``mlr`` where ``data.cluster`` or
    ``data.strata`` is declared, or ``missing: fiml`` is
    asked for; ``wlsmv`` where items have at most four categories (Rhemtulla, Brosseau-Liard &
    Savalei, 2012, Psychological Methods 17); ``mlr`` where there are weights, or missing answers
    that are not dropped, or Mardia's tests reject normality; ``ml``. ``missing: auto`` is FIML,
    with ``wlsmv`` pairwise deletion.
    """
    items, asked = survey.items.dropna(how="all"), study.options
    complete = int(items.notna().all(axis=1).sum())
    gaps = complete < len(items)
    estimator, reason = _chosen(study, survey, items, gaps)
    missing = asked.missing
    if missing == "auto":
        missing = "pairwise" if estimator == "wlsmv" else "fiml"
    most = MOST_CATEGORIES if reason == "declared" else FEW_CATEGORIES
    ordered = ordered_items(study, items, most) if estimator == "wlsmv" else ()
    if estimator == "wlsmv" and not ordered:
        raise ModelError(
            f"{study.where('options', 'estimator')}: estimator is wlsmv, and no item has whole "
            f"answers in at most {most} categories · allowed: wlsmv with rating scales, ml, mlr or "
            "auto · do: choose mlr"
        )
    return Estimation(
        n_used=len(items), n_dropped=len(survey.items) - len(items), method=_named(estimator),
        confidence=asked.confidence, estimator=estimator, missing=missing if gaps else "none",
        ordered=ordered, weights=survey.weights, weight_name=study.data.weight or "",
        sampling=_sampling(survey),
        reason=reason, n_complete=complete,
    )  # fmt: skip


def _chosen(study: Study, survey: Survey, items: pd.DataFrame, gaps: bool) -> tuple[str, str]:
    """Return estimator and reason by the stated rule."""
    asked = study.options
    if asked.estimator != "auto":
        return asked.estimator, "declared"
    if _sampling(survey):
        return "mlr", "sampling"
    if asked.missing == "fiml" and gaps:
        return "mlr", "fiml"
    if ordered_items(study, items, FEW_CATEGORIES):
        return "wlsmv", "few_categories"
    if survey.weights is not None:
        return "mlr", "weights"
    if gaps and asked.missing != "listwise":
        return "mlr", "missing"
    reason = _normality(study, items)
    return ("ml" if reason == "normal" else "mlr"), reason


def _sampling(survey: Survey) -> dict[str, pd.Series]:
    declared = {"cluster": survey.clusters, "strata": survey.strata}
    return {role: labels for role, labels in declared.items() if labels is not None}


def ordered_items(study: Study, items: pd.DataFrame, most: int) -> tuple[str, ...]:
    """Return the items that can be taken as ordered: whole answers, at most so many of them.

    For the rule of few categories the scale as declared counts, used up or not.
    """
    declared = {item.name: item.scale.points for item in study.items}
    return tuple(
        name
        for name, answers in items.items()
        if (answers.dropna() % 1 == 0).all()
        and (declared[name] if most == FEW_CATEGORIES else answers.nunique()) <= most
    )


def _normality(study: Study, items: pd.DataFrame) -> str:
    from cx_value.study.normality import mardia_test

    significance = cutoffs_with(study.cutoffs)["significance"]
    try:
        tests = mardia_test(items, significance=significance).table()
    except DataError:
        return "untested"
    rejected = any(significance.passes(p) for p in tests.p[tests.judged])
    return "not_normal" if rejected else "normal"
