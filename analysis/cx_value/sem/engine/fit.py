"""Fitting a model: from syntax and data to a result, or to a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError, ModelError
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
    read_columns,
    weighted_moments,
)
from cx_value.sem.engine.optimise import Optimum, minimise
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Data and model brought together, ready to fit."""

    request: Request
    model: Model
    samples: tuple[Sample, ...]
    n_all: int
    gaps: tuple[str, ...]
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


def prepare(request: Request, data: pd.DataFrame, weights: np.ndarray | None = None) -> Prepared:
    """Check data and model and bring them into matrices."""
    _check_options(request)
    syntax = parse_syntax(request.syntax)
    columns = read_columns(data, syntax.observed)
    labels = _group_labels(data, request.group)
    weights = _weights(data, request.weights, weights)
    if weights is not None and request.estimator == "mlm":
        raise ModelError(
            "Weights with estimator='mlm' · allowed: ml or mlr with weights · do: use mlr"
        )
    required = [syntax.observed.index(name) for name in fixed_predictors(syntax)]
    keep = _kept(columns, labels, weights, request, required)
    samples = _samples(columns, labels, weights, keep)
    if not samples:
        raise DataError(
            f"No complete row among {len(columns)} · allowed: at least one more row than variables "
            "· do: use missing='fiml', or leave out the emptiest items"
        )
    model = build_model(syntax, _options(request, syntax, len(samples)))
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
        request=request, model=model, samples=samples, n_all=len(columns),
        gaps=_columns_with_gaps(columns, syntax), design=design, target=target, patterns=patterns,
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


def _options(request: Request, syntax: Syntax, n_groups: int) -> Options:
    means = request.meanstructure
    if means is None:
        means = n_groups > 1 or request.missing == "fiml" or any(t.op == "~1" for t in syntax.terms)
    return Options(
        n_groups=n_groups, equal=request.equal, partial=request.partial, std_lv=request.std_lv,
        meanstructure=means, orthogonal=request.orthogonal,
    )  # fmt: skip


def _weights(data: pd.DataFrame, name: str | None, given: np.ndarray | None) -> np.ndarray | None:
    """Return one case weight a row of the data; rows without one count 0."""
    if name is None and given is None:
        return None
    weights = read_columns(data, [name])[:, 0] if name else np.asarray(given, dtype=float)
    if weights.shape != (len(data),) or (weights < 0).any() or np.isinf(weights).any():
        negative = int((weights < 0).sum())
        raise DataError(
            f"Weights of shape {weights.shape} for {len(data)} rows, {negative} of them negative · "
            "allowed: one finite number of 0 or more a row · do: correct the weights"
        )
    return np.nan_to_num(weights)


def _group_labels(data: pd.DataFrame, group: str | None) -> np.ndarray | None:
    """Return each row's group label, None where it has none."""
    if group is None:
        return None
    if group not in data.columns:
        raise DataError(
            f"The group column '{group}' is not in the data · allowed: "
            f"{', '.join(map(str, data.columns[:12]))} "
            "· do: name a column"
        )
    column = data[group]
    return np.array([None if pd.isna(v) else _label(v) for v in column], dtype=object)


def _label(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


def _kept(
    columns: np.ndarray,
    labels: np.ndarray | None,
    weights: np.ndarray | None,
    request: Request,
    required: list[int],
) -> np.ndarray:
    """Mark the rows that enter the fit; a fixed predictor must be there even with FIML."""
    missing = np.isnan(columns)
    keep = ~missing.any(axis=1)
    if request.missing == "fiml":
        keep = ~missing.all(axis=1) & ~missing[:, required].any(axis=1)
    if labels is not None:
        keep &= np.array([label is not None for label in labels])
    if weights is not None:
        keep &= weights > 0
    return keep


def _samples(
    columns: np.ndarray,
    labels: np.ndarray | None,
    weights: np.ndarray | None,
    keep: np.ndarray,
) -> tuple[Sample, ...]:
    rows = np.flatnonzero(keep)
    if labels is None and weights is None and len(rows) == len(columns) and len(rows):
        return (Sample("", columns, rows),)
    if weights is not None and len(rows):
        weights = weights * (len(rows) / weights[rows].sum())
    if labels is None:
        groups = [("", rows)] if len(rows) else []
    else:
        names = list(dict.fromkeys(label for label in labels if label is not None))
        groups = [(name, rows[labels[rows] == name]) for name in names]
        empty = [name for name, members in groups if not len(members)]
        if empty:
            raise DataError(
                f"Group {', '.join(empty)} has no usable row · allowed: groups with answers · do: "
                "leave the group out or use missing='fiml'"
            )
    return tuple(
        Sample(name, columns[members], members, None if weights is None else weights[members])
        for name, members in groups
    )


def _columns_with_gaps(columns: np.ndarray, syntax: Syntax) -> tuple[str, ...]:
    counts = np.isnan(columns).sum(axis=0)
    order = np.argsort(-counts, kind="stable")
    return tuple(syntax.observed[i] for i in order if counts[i])


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
