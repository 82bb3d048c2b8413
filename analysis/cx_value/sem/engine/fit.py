"""Fitting a model: from syntax and data to a result, or to a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, ModelError
from cx_value.sem.design.matrices import Design, build_design
from cx_value.sem.design.parameters import Model, Options, build_model, fixed_predictors
from cx_value.sem.engine.identification import check_counts, check_identified
from cx_value.sem.engine.likelihood import Target, complete_target
from cx_value.sem.engine.missing import Patterns, check_coverage, find_patterns, pattern_target
from cx_value.sem.engine.moments import (
    Sample,
    augmented,
    check_rank,
    check_variation,
    weighted_moments,
)
from cx_value.sem.engine.optimise import Optimum, minimise
from cx_value.sem.engine.rows import Loss, Rows, kept_rows, read_rows, split_rows
from cx_value.sem.engine.starts import starting_points
from cx_value.study.language.syntax import Syntax, parse_syntax

ESTIMATORS = ("ml", "mlr", "mlm")
MISSING = ("listwise", "fiml")
N_STARTS = 4
_FIRST_STEPS = 80  # of a search for a starting point


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for, kept so that a result can be refitted."""

    syntax: str
    estimator: str = "ml"
    missing: str = "listwise"
    group: str | None = None
    equal: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    std_lv: bool = False
    meanstructure: bool | None = None
    orthogonal: bool = False
    weights: str | None = None
    clustered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Data and model brought together, ready to fit."""

    request: Request
    model: Model
    samples: tuple[Sample, ...]
    n_all: int
    lost: tuple[Loss, ...]
    design: Design
    target: Target
    patterns: tuple[Patterns, ...] = ()

    @property
    def n(self) -> int:
        return sum(sample.n for sample in self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The best of several searches, and what the others found."""

    theta: np.ndarray
    value: float
    iterations: int
    other_optima: int


def prepare(request: Request, data: pd.DataFrame, **columns: Any) -> Prepared:
    """Check data and model and bring them into matrices.

    ``columns`` are ``weights``, ``cluster`` and ``strata`` as :func:`read_rows` takes them.
    """
    _check_options(request)
    syntax = parse_syntax(request.syntax)
    rows = read_rows(
        data, syntax.observed, group=request.group, **{"weights": request.weights, **columns}
    )
    if rows.weights is not None and request.estimator == "mlm":
        raise ModelError(
            "Weights with estimator='mlm' · allowed: ml or mlr with weights · do: use mlr"
        )
    complete = request.missing != "fiml"
    keep, lost = kept_rows(rows, complete=complete, required=fixed_predictors(syntax))
    samples = split_rows(_scaled(rows, keep), keep, instead="fiml")
    model = build_model(syntax, model_options(request, syntax, len(samples)))
    patterns = ()
    if request.missing == "fiml":
        patterns = tuple(find_patterns(sample) for sample in samples)
    if any(len(found.rows) > 1 or not found.seen.all() for found in patterns):
        design, target = lay_out_missing(model, samples, patterns)
    else:
        patterns = ()
        design, target = lay_out(model, samples)
    check_counts(design, model)
    return Prepared(
        request=request, model=model, samples=samples, n_all=rows.n,
        lost=lost, design=design, target=target, patterns=patterns,
    )  # fmt: skip


def prepare_again(prepared: Prepared, request: Request) -> Prepared:
    """Return another model of the same rows: only ``equal`` and ``partial`` may have changed."""
    syntax = parse_syntax(request.syntax)
    model = build_model(syntax, model_options(request, syntax, len(prepared.samples)))
    design = build_design(model, prepared.design.units[: len(model.observed)])
    check_counts(design, model)
    return replace(prepared, request=request, model=model, design=design)


def carried_start(old: Prepared, theta: np.ndarray, design: Design) -> np.ndarray:
    """Return a solution of one model among the parameters of another of the same rows.

    A parameter shared by several of the old ones starts at their mean, one the old model lacks
    at zero.
    """
    numbered = (old.design.offset + old.design.combine @ theta) * old.design.scale
    known = {
        (p.key, p.group): numbered[p.index] if p.index >= 0 else p.value
        for p in old.model.parameters
    }
    total, count = np.zeros(len(design.scale)), np.zeros(len(design.scale))
    for p in design.model.parameters:
        if p.index >= 0:
            total[p.index] += known.get((p.key, p.group), 0.0)
            count[p.index] += 1
    start = total / np.maximum(count, 1) / design.scale
    return np.linalg.lstsq(design.combine, start - design.offset, rcond=None)[0]


def search_near(design: Design, target: Target, start: np.ndarray) -> Solution:
    """Minimise from a start that is close; from several others where that leads nowhere."""
    found = minimise(design, target, start[None])
    if not found.converged[0]:
        return search(design, target)
    return Solution(
        theta=found.theta[0], value=float(found.value[0]), iterations=int(found.iterations[0]),
        other_optima=0,
    )  # fmt: skip


def lay_out(model: Model, samples: Sequence[Sample]) -> tuple[Design, Target]:
    """Return the design in units of the pooled standard deviations, and the moments to fit."""
    central, moments = [], []
    for sample in samples:
        where = f" of group {sample.label}" if sample.label else ""
        check_variation(sample, model.observed, where)
        mean, covariance = weighted_moments(sample.rows, sample.weights)
        check_rank(covariance, model.observed, sample.n, where)
        central.append(np.diag(covariance))
        moments.append(augmented(mean, covariance) if model.meanstructure else covariance)
    shares = group_shares(samples)
    design = build_design(model, np.sqrt(shares @ np.array(central)))
    scaled = np.array(moments) / np.outer(design.units, design.units)
    return design, complete_target(scaled[None], shares[None])


def lay_out_missing(
    model: Model, samples: tuple[Sample, ...], patterns: tuple[Patterns, ...]
) -> tuple[Design, Target]:
    """Return design and target of data with missing answers."""
    for sample in samples:
        where = f" of group {sample.label}" if sample.label else ""
        check_variation(sample, model.observed, where)
        check_coverage(sample, model.observed, where)
    variances = np.array([np.nanvar(sample.rows, axis=0) for sample in samples])
    design = build_design(model, np.sqrt(group_shares(samples) @ variances))
    target = pattern_target(samples, patterns, design.units)
    for g, sample in enumerate(samples):
        where = f" of group {sample.label}" if sample.label else ""
        mean = target.sample[0, g, :-1, -1]
        covariance = target.sample[0, g, :-1, :-1] - np.outer(mean, mean)
        check_rank(covariance, model.observed, sample.n, where)
    return design, target


def group_shares(samples: Sequence[Sample]) -> np.ndarray:
    """Return each group's share of the rows."""
    sizes = np.array([sample.size for sample in samples], dtype=float)
    return sizes / sizes.sum()


def search(design: Design, target: Target, n_starts: int = N_STARTS) -> Solution:
    """Minimise from several starting points and keep the lowest.

    Raises
    ------
    ConvergenceError
        If no search reached an optimum.
    """
    starts = starting_points(design, target.sample[0], n_starts)
    optimum = _from_saturated(design, target, starts) if target.seen is not None else None
    if optimum is None:
        optimum = _minimised(design, target, starts)
    if not optimum.converged.any():
        _check_flat(design, target, optimum)
        raise ConvergenceError(_no_optimum(design, optimum))
    value = np.where(optimum.converged, optimum.value, np.inf)
    best = int(np.argmin(value))
    lower_elsewhere = np.nanmin(np.where(np.isfinite(optimum.value), optimum.value, np.nan))
    if lower_elsewhere < value[best] - 1e-7:
        raise ConvergenceError(_no_optimum(design, optimum))
    others = np.unique(np.round(value[np.isfinite(value)] - value[best], 6))
    return Solution(
        theta=optimum.theta[best],
        value=float(value[best]),
        iterations=int(optimum.iterations[best]),
        other_optima=len(others) - 1,
    )


def _from_saturated(design: Design, target: Target, starts: np.ndarray) -> Optimum | None:
    """Search data with missing answers from where their saturated moments lead; None if nowhere.

    A model fitted to the EM moments is a consistent start (Yuan and Bentler 2000) and costs one
    pattern. Every optimum found there is followed, so that others than the best stay known.
    """
    moments = complete_target(target.sample, target.weights.sum(axis=-1))
    first = _minimised(design, moments, starts, _FIRST_STEPS)
    reached = np.flatnonzero(first.converged)
    if not len(reached) or np.nanmin(first.value) < first.value[reached].min() - 1e-7:
        return None
    _, distinct = np.unique(np.round(first.value[reached], 6), return_index=True)
    found = _minimised(design, target, first.theta[reached[distinct]])
    return found if found.converged.all() else None


def _minimised(design: Design, target: Target, starts: np.ndarray, steps: int = 200) -> Optimum:
    repeated = target.take(np.zeros(len(starts), dtype=int))
    return minimise(design, repeated, starts, max_iterations=steps)


def _check_flat(design: Design, target: Target, optimum: Optimum) -> None:
    """Refuse a model that is not identified where this is why no search ended."""
    known = np.flatnonzero(np.isfinite(optimum.value))
    if len(known):
        best = known[np.argmin(optimum.value[known])]
        check_identified(design, optimum.theta[best], target)


def _check_options(request: Request) -> None:
    if request.estimator not in ESTIMATORS:
        raise ModelError(
            f"estimator is '{request.estimator}' · allowed: {', '.join(ESTIMATORS)}, and wlsmv, "
            "dwls, ulsmv, uls for ordinal items · do: choose one"
        )
    if request.missing not in MISSING:
        raise ModelError(
            f"missing is '{request.missing}' · allowed: {', '.join(MISSING)} · do: choose one"
        )
    if request.clustered and (request.estimator != "mlr" or request.meanstructure is False):
        raise ModelError(
            f"cluster or strata with estimator='{request.estimator}' · allowed: mlr, with means · "
            "do: use estimator='mlr', whose errors and tests allow for the sampling"
        )
    if (request.equal and request.group is None) or (request.partial and not request.equal):
        raise ModelError(
            f"equal={list(request.equal)}, partial={list(request.partial)} with group="
            f"{request.group} · allowed: equal with a group, partial with equal · do: name the "
            "group column, or leave the options out"
        )
    if request.missing == "fiml" and (request.estimator == "mlm" or request.meanstructure is False):
        raise ModelError(
            "missing='fiml' needs means and takes estimator ml or mlr · allowed: ml, mlr, "
            "meanstructure None or True · do: use mlr for a robust test"
        )


def model_options(request: Request, syntax: Syntax, n_groups: int) -> Options:
    """Return how the model is to be built; means where groups, gaps or intercepts ask for them."""
    means = request.meanstructure
    if means is None:
        asked = request.missing == "fiml" or request.clustered
        means = n_groups > 1 or asked or any(t.op == "~1" for t in syntax.terms)
    return Options(
        n_groups=n_groups, equal=request.equal, partial=request.partial, std_lv=request.std_lv,
        meanstructure=means, orthogonal=request.orthogonal,
    )  # fmt: skip


def _scaled(rows: Rows, keep: np.ndarray) -> Rows:
    """Return the rows with weights that sum to the number kept."""
    if rows.weights is None or not keep.any():
        return rows
    return replace(rows, weights=rows.weights * (keep.sum() / rows.weights[keep].sum()))


def _no_optimum(design: Design, optimum: Optimum) -> str:
    return (
        f"No search out of {len(optimum.theta)} reached an optimum for {design.n_parameters} "
        f"parameters (up to {int(optimum.iterations.max())} iterations) · allowed: a converged fit "
        "· do: drop paths between constructs that correlate near 1, fix a negative variance at 0, "
        "give start() values, or use a simpler model"
    )


def make_request(syntax: str, **options) -> Request:
    """Collect options as plain tuples."""
    for name in ("equal", "partial"):
        value: Iterable[str] | str = options.get(name, ())
        options[name] = (value,) if isinstance(value, str) else tuple(value)
    return Request(syntax=syntax, **options)


def with_options(request: Request, **changes) -> Request:
    """Return a request with some options changed."""
    return replace(request, **changes)
