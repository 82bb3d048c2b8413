"""Data and model of ordinal items brought together, ready to fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError, ModelError
from cx_value.sem.engine.fit import Prepared, Request, model_options
from cx_value.sem.engine.likelihood import complete_target
from cx_value.sem.engine.moments import Sample, check_rank, check_variation
from cx_value.sem.engine.rows import kept_rows, read_rows, split_rows
from cx_value.sem.ordinal.model import (
    OrdinalDesign,
    OrdinalModel,
    build_ordinal_design,
    build_ordinal_model,
)
from cx_value.sem.ordinal.sample import (
    SampleMoments,
    count_levels,
    gather,
    in_fit_units,
    pooled_spread,
    target_moments,
)
from cx_value.sem.ordinal.search import Moments
from cx_value.study.language.syntax import parse_syntax

ESTIMATORS = ("wlsmv", "dwls", "ulsmv", "uls")
MISSING = ("listwise", "pairwise")
_WIDEST = 1000.0
_LIMIT = 0.9985  # the search for a correlation ends at .999


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalPrepared(Prepared):
    """Data and model of a least-squares fit, ready for the functions beside ``ModelFit``."""

    ordinal: OrdinalModel
    moments: Moments
    sample: SampleMoments
    n_levels: dict[str, int]


def prepare_ordinal(
    request: Request,
    data: pd.DataFrame,
    ordered: Iterable[str] | bool,
    parameterization: str,
    weights: str | np.ndarray | None,
) -> OrdinalPrepared:
    _check_request(request)
    syntax = parse_syntax(request.syntax)
    rows = read_rows(data, syntax.observed, group=request.group, weights=weights)
    items = _ordered_names(ordered, list(rows.names), data)
    keep, lost = kept_rows(rows, complete=request.missing == "listwise")
    samples = split_rows(rows, keep, instead="pairwise")
    _check_sizes(samples)
    n_levels = count_levels(rows.columns, list(rows.names), items, samples)
    ordinal = build_ordinal_model(
        syntax, model_options(request, syntax, len(samples)), n_levels, parameterization
    )
    samples = split_rows(rows, keep, order=ordinal.model.observed, instead="pairwise")
    means = ordinal.model.meanstructure
    sample = _checked_moments(samples, ordinal)
    spread = pooled_spread(sample)
    design = build_ordinal_design(ordinal, spread)
    diagonal = request.estimator in ("wlsmv", "dwls")
    _check_scales(sample, spread, diagonal=diagonal)
    moments = in_fit_units(sample, spread, diagonal=diagonal, predictors=ordinal.predictors)
    _check_counts(design, moments)
    target = complete_target(target_moments(sample, spread, means)[None], moments.share[None])
    return OrdinalPrepared(
        request=request,
        model=ordinal.model,
        samples=samples,
        n_all=rows.n,
        lost=lost,
        design=design,
        target=target,
        ordinal=ordinal,
        moments=moments,
        sample=sample,
        n_levels=n_levels,
    )


def prepare_ordinal_again(prepared: OrdinalPrepared, request: Request) -> OrdinalPrepared:
    """Return another model of the same moments: only equalities across groups have changed."""
    syntax = parse_syntax(request.syntax)
    ordinal = build_ordinal_model(
        syntax, model_options(request, syntax, len(prepared.samples)), prepared.n_levels,
        prepared.ordinal.parameterization,
    )  # fmt: skip
    design = build_ordinal_design(ordinal, pooled_spread(prepared.sample))
    _check_counts(design, prepared.moments)
    return replace(prepared, request=request, model=ordinal.model, design=design, ordinal=ordinal)


def _check_request(request: Request) -> None:
    if request.estimator not in ESTIMATORS:
        raise ModelError(
            f"estimator is '{request.estimator}' · allowed: {', '.join(ESTIMATORS)} for ordinal "
            "items · do: choose one, or treat the items as numbers (ordered=())"
        )
    if request.clustered:
        raise ModelError(
            f"cluster or strata with estimator='{request.estimator}' · allowed: mlr · do: treat "
            "the items as numbers (estimator='mlr'), or leave cluster and strata out and say so"
        )
    if request.missing not in MISSING:
        raise ModelError(
            f"missing is '{request.missing}' with estimator='{request.estimator}' · allowed: "
            f"{', '.join(MISSING)} · do: choose one; 'fiml' needs estimator='ml' or 'mlr'"
        )


def _ordered_names(
    ordered: Iterable[str] | bool, names: list[str], data: pd.DataFrame
) -> list[str]:
    """Return the model's ordinal variables; names of other columns are no fault."""
    if isinstance(ordered, bool):
        return list(names) if ordered else []
    wanted = {ordered} if isinstance(ordered, str) else set(ordered)
    if unknown := sorted(wanted - set(map(str, data.columns))):
        raise DataError(
            f"ordered names {', '.join(unknown)}, which is no column of the data · allowed: "
            f"{', '.join(names[:12])} · do: correct the name"
        )
    return [name for name in names if name in wanted]


def _check_sizes(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        if sample.n < 2:
            raise DataError(
                f"1 usable row{f' in group {sample.label}' if sample.label else ''} · allowed: two "
                "or more · do: leave the group out or use missing='pairwise'"
            )


def _checked_moments(samples: tuple[Sample, ...], ordinal: OrdinalModel) -> SampleMoments:
    """Return the groups' moments, or refuse columns that have none to give."""
    _check_variation(samples, ordinal)
    model = ordinal.model
    sample = gather(samples, model.observed, ordinal.ordered, model.meanstructure)
    _check_same_order(sample)
    _check_rank(sample)
    return sample


def _check_variation(samples: tuple[Sample, ...], ordinal: OrdinalModel) -> None:
    """Refuse constant continuous columns; those of ordinal items are refused when they are read."""
    names = ordinal.model.observed
    own = [j for j, name in enumerate(names) if name not in ordinal.ordered]
    for sample in samples if own else ():
        where = f" of group {sample.label}" if sample.label else ""
        part = Sample(sample.label, sample.rows[:, own], sample.index, sample.weights)
        check_variation(part, [names[j] for j in own], where)


def _check_rank(sample: SampleMoments) -> None:
    """Refuse collinear continuous variables."""
    own = np.flatnonzero(~sample.is_ordinal)
    for covariance, n in zip(sample.covariance, sample.counts, strict=True):
        if len(own):
            check_rank(covariance[np.ix_(own, own)], [sample.names[j] for j in own], int(n))


def _check_scales(sample: SampleMoments, spread: np.ndarray, *, diagonal: bool) -> None:
    """Refuse unweighted least squares where one variable's scale would drown the others."""
    small, large = int(spread.argmin()), int(spread.argmax())
    if not diagonal and spread[large] > _WIDEST * spread[small]:
        raise DataError(
            f"Unweighted least squares with standard deviations from {spread[small]:.3g} "
            f"({sample.names[small]}) to {spread[large]:.3g} ({sample.names[large]}) · allowed: "
            f"within a factor of {_WIDEST:g}, for the estimator weighs by scale · do: rescale the "
            "columns, or use estimator='dwls'"
        )


def _check_same_order(sample: SampleMoments) -> None:
    """Refuse two items that sort the respondents alike: their correlation has no sampling error."""
    ordinal = sample.is_ordinal
    limit = np.abs(sample.covariance) > _LIMIT
    limit &= np.outer(ordinal, ordinal) & ~np.eye(len(ordinal), dtype=bool)
    if limit.any():
        g, a, b = np.argwhere(limit)[0]
        raise DataError(
            f"{sample.names[a]} and {sample.names[b]} sort the respondents alike (polychoric "
            f"correlation {sample.covariance[g, a, b]:.3f}, its limit) · allowed: items that "
            "differ in some answers · do: drop one of them, or merge rare categories"
        )


def _check_counts(design: OrdinalDesign, moments: Moments) -> None:
    count = moments.observed.size
    if design.n_parameters > count:
        raise ModelError(
            f"{design.n_parameters} free parameters for {count} sample moments (df = "
            f"{count - design.n_parameters}) · allowed: df ≥ 0 · do: add indicators, or fix or "
            "equate parameters"
        )
