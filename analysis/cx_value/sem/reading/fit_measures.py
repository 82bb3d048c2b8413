"""The fit of a model: against the saturated and the independence model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cx_value.sem.design.matrices import build_design
from cx_value.sem.design.parameters import Parameter
from cx_value.sem.engine.fit import Prepared, Solution
from cx_value.sem.engine.indices import (
    ChiSquare,
    incremental_indices,
    information_criteria,
    rmsea_indices,
    robust_versions,
    scaled_indices,
    srmr,
)
from cx_value.sem.engine.likelihood import Point, Target, evaluate, value_at
from cx_value.sem.engine.moments import central_moments
from cx_value.sem.engine.once import once_per_sample
from cx_value.sem.engine.robust import Robust, robust_statistics
from cx_value.sem.engine.saturated import complete_data_test
from cx_value.sem.reading.solution import central_sigma


def all_indices(
    prepared: Prepared, solution: Solution, point: Point, robust: Robust | None
) -> dict[str, float]:
    """Return every index by lavaan's name; ``_scaled`` and ``_robust`` with a robust estimator."""
    indices = normal_indices(prepared, solution, point)
    if robust is not None:
        indices |= robust_indices(prepared, indices, robust)
    if prepared.target.seen is not None and indices["df"] > 0:
        indices |= missing_data_indices(prepared, solution)
    return {name: v if isinstance(v, int) else float(v) for name, v in indices.items()}


def robust_indices(prepared: Prepared, indices: dict, robust: Robust) -> dict[str, float]:
    """Return the indices built on the scaled test (Yuan and Bentler 2000; Savalei 2018)."""
    other = _robust_baseline(prepared)
    df, df0 = int(indices["df"]), int(indices["baseline_df"])
    c, c0 = robust.factor(df), other.factor(df0)
    out = scaled_indices(
        ChiSquare(chisq=indices["chisq"], df=df), c,
        ChiSquare(chisq=indices["baseline_chisq"], df=df0), c0,
        prepared.n, len(prepared.samples),
    )  # fmt: skip
    if prepared.request.estimator == "mlr":
        # lavaan divides the second by parameters counted before equality constraints.
        counted = sum(p.index >= 0 for p in prepared.model.parameters)
        out["scaling_factor_h1"] = robust.trace_saturated / (df + prepared.design.n_parameters)
        out["scaling_factor_h0"] = robust.trace_model / counted
    return out


def normal_indices(prepared: Prepared, solution: Solution, point: Point) -> dict[str, float]:
    """Return the fit of a complete-data normal-theory model."""
    saturated, independent, df, df0 = reference_models(prepared)
    n, n_groups = prepared.n, len(prepared.samples)
    test = ChiSquare(chisq=max(2 * n * (solution.value - saturated), 0.0), df=df)
    baseline = ChiSquare(chisq=2 * n * (independent - saturated), df=df0)
    shift = log_likelihood_constant(prepared)
    logl, npar = shift - n * solution.value, prepared.design.n_parameters
    indices = {
        "npar": npar,
        "fmin": solution.value - saturated,
        "chisq": test.chisq,
        "df": test.df,
        "pvalue": test.p_value,
        "baseline_chisq": baseline.chisq,
        "baseline_df": baseline.df,
        "baseline_pvalue": baseline.p_value,
        **incremental_indices(test, baseline),
        "logl": logl,
        "unrestricted_logl": shift - n * saturated,
        "ntotal": n,
        **information_criteria(logl, npar, n),
        **rmsea_indices(test, n, n_groups),
        "srmr": _srmr(prepared, point),
    }
    return {name: v if isinstance(v, int) else float(v) for name, v in indices.items()}


def missing_data_indices(prepared: Prepared, solution: Solution) -> dict[str, float]:
    """Return CFI, TLI and RMSEA as they would be with nothing missing (Zhang and Savalei 2022)."""
    test, c = complete_data_test(prepared, solution.theta)
    baseline, c0 = _complete_baseline(prepared)
    return robust_versions(test, c, baseline, c0, prepared.n, len(prepared.samples))


@once_per_sample
def _robust_baseline(prepared: Prepared) -> Robust:
    baseline, start = baseline_model(prepared)
    point = evaluate(baseline.design, start[None], baseline.target)
    return robust_statistics(baseline, point, prepared.request.estimator)


@once_per_sample
def _complete_baseline(prepared: Prepared) -> tuple[ChiSquare, float]:
    return complete_data_test(*baseline_model(prepared))


def reference_models(prepared: Prepared) -> tuple[float, float, int, int]:
    """Return F of the saturated and the independence model, and both degrees of freedom.

    Fixed predictors keep their covariances in the independence model.
    """
    model, target = prepared.model, prepared.target
    p, x, groups = len(model.observed), len(model.exogenous), model.n_groups
    saturated = float(discrepancy(target.sample[0], target))
    baseline, start = baseline_model(prepared)
    independent = float(evaluate(baseline.design, start[None], target).value[0])
    means = (p - x) * model.meanstructure
    moments_free = p * (p + 1) // 2 - x * (x + 1) // 2 + means
    df = groups * moments_free - prepared.design.n_parameters
    return saturated, independent, df, groups * (moments_free - (p - x) - means)


def discrepancy(sigma: np.ndarray, target: Target) -> float:
    """Return F at moments ``(groups, p, p)`` that no model restricts."""
    return float(value_at(sigma[None, :, None], target)[0][0])


def log_likelihood_constant(prepared: Prepared) -> float:
    """Return what turns −nF into the log-likelihood in the data's units.

    Fixed predictors are conditioned upon: their own likelihood is taken out.
    """
    model, target = prepared.model, prepared.target
    p, n = len(model.observed), prepared.n
    log_units = np.log(prepared.design.units[:p])
    each = 0.5 * np.log(2 * np.pi) + log_units
    seen = np.ones((*target.weights.shape[1:], p)) if target.seen is None else target.seen[..., :p]
    constant = -n * float((target.weights[0][..., None] * seen * each).sum())
    constant += 0.5 * n * model.meanstructure
    fixed = [model.observed.index(name) for name in model.exogenous]
    for moments, share in zip(target.sample[0], target.weights[0].sum(axis=-1), strict=True):
        central = central_moments(moments, p)[np.ix_(fixed, fixed)]
        own = 0.5 * (_log_det(central) + len(fixed)) + each[fixed].sum()
        constant += n * share * own
    return constant


def _srmr(prepared: Prepared, point: Point) -> float:
    model, target = prepared.model, prepared.target
    p, sigma = len(model.observed), central_sigma(prepared.design, point.implied)[0]
    values = []
    for g, moments in enumerate(target.sample[0]):
        means = (moments[:p, p], point.implied.sigma[0, g][:p, p]) if model.meanstructure else None
        values.append(srmr(central_moments(moments, p), sigma[g][:p, :p], means))
    return float(np.array(values) @ target.weights[0].sum(axis=-1))


def _log_det(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1]) if len(matrix) else 0.0


def baseline_model(prepared: Prepared) -> tuple[Prepared, np.ndarray]:
    """Return the independence model ready for evaluation, and its solution.

    Every own variable has its variance (and mean) free, fixed predictors keep their moments.
    """
    model = prepared.model
    own = [name for name in model.observed if name not in model.exogenous]
    rows: list[Parameter] = []
    for g in range(model.n_groups):
        rows += [Parameter(name, "~~", name, g, 0) for name in own]
        rows += [Parameter(name, "~1", "", g, 0) for name in own if model.meanstructure]
        rows += [p for p in model.parameters if p.exogenous and p.group == g]
        # A predictor counts as such by taking part in a path, here one fixed at zero.
        rows += [Parameter(own[0], "~", name, g, -1, 0.0) for name in model.exogenous]
    free = iter(range(len(rows)))
    rows = [replace(p, index=next(free)) if p.index == 0 else p for p in rows]
    independent = replace(model, parameters=tuple(rows), latents=(), constraints=(), definitions=())
    spread = prepared.design.units[: len(model.observed)]
    design = build_design(independent, spread)
    start = []
    for p in independent.free():
        mean, variance = _marginal(prepared, p.group, model.observed.index(p.lhs))
        start.append(mean if p.op == "~1" else variance)
    return replace(prepared, model=independent, design=design), np.array(start)


def _marginal(prepared: Prepared, g: int, i: int) -> tuple[float, float]:
    """Return mean and variance of one variable over the rows that hold it, in fit units."""
    target, p = prepared.target, len(prepared.model.observed)
    if target.seen is None:
        moments = target.sample[0, g]
        return moments[i, -1], central_moments(moments, p)[i, i]
    share = target.weights[0, g] * target.seen[g, :, i]
    mean, square = (share @ target.moments[0, g, :, i, j] / share.sum() for j in (-1, i))
    return mean, square - mean**2
