"""Models fitted by maximum likelihood: the engine of ML, MLR and MLM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.base.words import Phrase
from cx_value.sem.engine.fit import (
    Prepared,
    Request,
    Solution,
    carried_start,
    check_identified,
    prepare,
    prepare_again,
    search,
    search_near,
)
from cx_value.sem.engine.likelihood import Point, evaluate
from cx_value.sem.engine.robust import robust_statistics
from cx_value.sem.reading import diagnostics
from cx_value.sem.reading.difference import difference_test
from cx_value.sem.reading.fit_measures import all_indices
from cx_value.sem.reading.inference import (
    explained_variance,
    group_findings,
    normal_theory_vcov,
    parameter_frame,
    solution_findings,
    table_readers,
)
from cx_value.sem.reading.modification import KINDS, modification_indices, score_tests
from cx_value.sem.reading.residuals import residual_matrix
from cx_value.sem.reading.result import ModelFit, singular_matrix
from cx_value.sem.reading.scores import factor_scores
from cx_value.sem.reading.solution import places
from cx_value.sem.resampling.bootstrap import Bootstrap, bootstrap_model, jackknife_values


@dataclass(frozen=True, slots=True)
class MaximumLikelihood:
    """How a fit by maximum likelihood answers; see :class:`cx_value.sem.reading.result.Engine`."""

    compared = ("_robust", "_scaled", "")
    correction_source = ""

    def readers(self, fit: ModelFit) -> tuple[Callable, Callable]:
        return table_readers(fit.prepared)

    def residuals(self, fit: ModelFit, kind: str, group: str | None) -> pd.DataFrame:
        return residual_matrix(fit, kind, group)

    def scores(self, fit: ModelFit, method: str) -> pd.DataFrame:
        return factor_scores(fit, method)

    def modification_indices(
        self, fit: ModelFit, *, kinds: tuple[str, ...] = KINDS, minimum: float = 0.0
    ) -> pd.DataFrame:
        return modification_indices(fit, kinds=kinds, minimum=minimum)

    def score_tests(self, fit: ModelFit) -> pd.DataFrame:
        return score_tests(fit)

    def difference_test(
        self, small: ModelFit, large: ModelFit, method: str
    ) -> tuple[float, float, float]:
        return difference_test(small, large, method=method)

    def resample(
        self, fit: ModelFit, n: int, seed: int | None, rows: np.ndarray | None
    ) -> Bootstrap:
        if fit.prepared.request.clustered:
            raise ModelError(
                "Bootstrap of a sample of clusters or strata · allowed: respondents drawn one by "
                "one · do: take intervals of the delta method, or monte_carlo(fit), which stand on "
                "errors that allow for the sampling"
            )
        return bootstrap_model(fit, n, seed=seed, rows=rows)

    def jackknife(self, fit: ModelFit) -> dict[str, np.ndarray]:
        return jackknife_values(fit)

    def refit(self, fit: ModelFit, request: Request) -> ModelFit:
        prepared = prepare_again(fit.prepared, request)
        start = carried_start(fit.prepared, fit.solution.theta, prepared.design)
        solution = search_near(prepared.design, prepared.target, start)
        return summarise(prepared, solution, fit.confidence)


def fit_likelihood(
    request: Request, data: pd.DataFrame, confidence: float, **columns: Any
) -> ModelFit:
    """Fit by maximum likelihood; parameters and errors as for :func:`cx_value.sem.fit_model`."""
    try:
        prepared = prepare(request, data, **columns)
        return summarise(prepared, search(prepared.design, prepared.target), confidence)
    except np.linalg.LinAlgError as error:
        raise singular_matrix(error) from error


def summarise(prepared: Prepared, solution: Solution, confidence: float = 0.95) -> ModelFit:
    """Turn an optimum into a result.

    Raises
    ------
    ModelError
        If the parameters are not identified.
    """
    design, target = prepared.design, prepared.target
    weakest = check_identified(design, solution.theta, target)
    point = evaluate(design, solution.theta[None], target)
    robust = None
    if prepared.request.estimator in ("mlr", "mlm"):
        robust = robust_statistics(prepared, point, prepared.request.estimator)
    vcov = normal_theory_vcov(prepared, point) if robust is None else robust.vcov
    at = places(design)
    frame, std_se = parameter_frame(prepared, vcov, point, at, confidence)
    found = _findings(prepared, solution, frame, std_se, point, weakest)
    return ModelFit(
        n_used=prepared.n,
        n_dropped=prepared.n_all - prepared.n,
        method=Phrase("estimators.likelihood", {"estimator": prepared.request.estimator}),
        confidence=confidence,
        notes=tuple(f.message for f in found),
        frame=frame,
        indices=all_indices(prepared, solution, point, robust),
        diagnostics=tuple(found),
        r_squared=explained_variance(prepared, point),
        vcov=vcov,
        std_se=std_se,
        prepared=prepared,
        solution=solution, engine=MaximumLikelihood(),
    )  # fmt: skip


def _findings(
    prepared: Prepared,
    solution: Solution,
    frame: pd.DataFrame,
    std_se: np.ndarray,
    point: Point,
    weakest: float,
) -> list[diagnostics.Finding]:
    found = diagnostics.rows_lost(prepared.lost, prepared.n_all)
    found += solution_findings(prepared, solution, frame, std_se, weakest)
    return found + group_findings(prepared, point)
