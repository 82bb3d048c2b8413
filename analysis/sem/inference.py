"""Standard errors, tests and intervals of a fitted model, and the result put together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.sem import diagnostics
from analysis.sem.fit import Prepared, Solution, check_identified
from analysis.sem.indices import (
    ChiSquare,
    incremental_indices,
    information_criteria,
    rmsea_indices,
    srmr,
)
from analysis.sem.likelihood import Point, evaluate, expected_information
from analysis.sem.matrices import ONE, PSI, THETA, Implied
from analysis.sem.result import COLUMNS, ModelFit
from analysis.sem.solution import (
    Places,
    central_latent,
    central_sigma,
    jacobian,
    places,
    raw_values,
    standardised_values,
)
from analysis.wording import Text


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
    vcov = np.linalg.pinv(expected_information(design, point, target)[0]) / prepared.n
    at = places(design)
    frame, std_se = parameter_frame(prepared, solution, vcov, point, at, confidence)
    found = _findings(prepared, solution, frame, std_se, point, weakest)
    return ModelFit(
        n_used=prepared.n,
        n_dropped=prepared.n_all - prepared.n,
        method=Text("Maximum likelihood", zh="最大似然估计"),
        confidence=confidence,
        notes=tuple(f.message for f in found),
        frame=frame,
        indices=fit_indices(prepared, solution, point),
        diagnostics=tuple(found),
        r_squared=explained_variance(prepared, point),
        vcov=vcov,
        std_se=std_se,
        prepared=prepared,
        solution=solution,
    )  # fmt: skip


def parameter_frame(
    prepared: Prepared,
    solution: Solution,
    vcov: np.ndarray,
    point: Point,
    at: Places,
    confidence: float,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table of parameters and the standard errors of the standardised solution."""
    from scipy.stats import norm

    design = prepared.design
    implied = _first(point.implied)
    estimate, standardised = (f(design, implied, at) for f in (raw_values, standardised_values))
    se = delta_errors(prepared, solution, vcov, lambda i: raw_values(design, i, at))
    std_se = delta_errors(prepared, solution, vcov, lambda i: standardised_values(design, i, at))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, estimate / se, np.nan)
    reach = norm.ppf(0.5 + confidence / 2) * se
    frame = pd.DataFrame(_names(prepared), columns=["lhs", "op", "rhs", "group", "label"])
    numbers = (estimate, se, z, 2 * norm.sf(np.abs(z)), estimate - reach, estimate + reach,
               standardised)  # fmt: skip
    for name, column in zip(COLUMNS[5:], numbers, strict=True):
        frame[name] = column
    return frame, std_se


def delta_errors(prepared: Prepared, solution: Solution, vcov: np.ndarray, read) -> np.ndarray:
    """Delta-method standard errors of anything read off the model matrices (Sobel 1982)."""
    sample = prepared.target.sample[0]
    slope = jacobian(prepared.design, solution.theta, sample, read)
    variance = np.einsum("ij,jk,ik->i", slope, vcov, slope)
    variance[np.abs(slope).max(axis=1) < 1e-12] = 0.0
    return np.sqrt(np.maximum(variance, 0.0))


def fit_indices(prepared: Prepared, solution: Solution, point: Point) -> dict[str, float]:
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


def reference_models(prepared: Prepared) -> tuple[float, float, int, int]:
    """Return F of the saturated and the independence model, and both degrees of freedom.

    Fixed predictors keep their covariances in the independence model.
    """
    model, target = prepared.model, prepared.target
    p, x, groups = len(model.observed), len(model.exogenous), model.n_groups
    fixed = [model.observed.index(name) for name in model.exogenous]
    own = [i for i in range(p) if i not in fixed]
    saturated = independent = 0.0
    for moments, weight in zip(target.sample[0], target.weights[0, :, 0], strict=True):
        central = _central_moments(moments, p)
        size = p + model.meanstructure
        saturated += weight * 0.5 * (_log_det(central) + size)
        apart = np.log(np.diag(central)[own]).sum() + _log_det(central[np.ix_(fixed, fixed)])
        independent += weight * 0.5 * (apart + size)
    means = (p - x) * model.meanstructure
    moments_free = p * (p + 1) // 2 - x * (x + 1) // 2 + means
    df = groups * moments_free - prepared.design.n_parameters
    return saturated, independent, df, groups * (moments_free - (p - x) - means)


def log_likelihood_constant(prepared: Prepared) -> float:
    """Return what turns −nF into the log-likelihood in the data's units.

    Fixed predictors are conditioned upon: their own likelihood is taken out.
    """
    model, target = prepared.model, prepared.target
    p, n = len(model.observed), prepared.n
    fixed = [model.observed.index(name) for name in model.exogenous]
    own = [i for i in range(p) if i not in fixed]
    log_units = np.log(prepared.design.units[:p])
    constant = -n * (0.5 * p * np.log(2 * np.pi) + log_units.sum() - 0.5 * model.meanstructure)
    if not fixed:
        return constant
    for sample, moments in zip(prepared.samples, target.sample[0], strict=True):
        central = _central_moments(moments, p)[np.ix_(fixed, fixed)]
        each = _log_det(central) + len(fixed) * (1 + np.log(2 * np.pi))
        constant += 0.5 * sample.n * each
    return constant + n * (log_units.sum() - log_units[own].sum())


def explained_variance(prepared: Prepared, point: Point) -> dict[str, float]:
    """Return R² of every indicator and outcome (1 − residual variance / variance)."""
    design, implied = prepared.design, point.implied
    noise, residual = implied.blocks[THETA][0], implied.blocks[PSI][0]
    sigma, latent = central_sigma(design, implied)[0], central_latent(design, implied)[0]
    r_squared = {}
    for g, sample in enumerate(prepared.samples):
        suffix = f" [{sample.label}]" if sample.label else ""
        for p in prepared.model.parameters:
            name = {"=~": p.rhs, "~": p.lhs}.get(p.op)
            if name is None or p.group != g:
                continue
            if name in design.state:
                i = design.state.index(name)
                r_squared[name + suffix] = float(1 - residual[g, i, i] / latent[g, i, i])
            else:
                i = design.observed.index(name)
                r_squared[name + suffix] = float(1 - noise[g, i, i] / sigma[g, i, i])
    return r_squared


def standardised_table(fit: ModelFit) -> pd.DataFrame:
    """Return the standardised solution: ``lhs op rhs group label est se z p ci_low ci_high``."""
    from scipy.stats import norm

    table, se = fit.table(), fit.std_se
    out = table[list(COLUMNS[:5])].copy()
    out["est"], out["se"] = table.std_all, se
    with np.errstate(divide="ignore", invalid="ignore"):
        out["z"] = np.where(se > 0, out.est / se, np.nan)
    out["p"] = 2 * norm.sf(np.abs(out.z))
    reach = norm.ppf(0.5 + fit.confidence / 2) * se
    out["ci_low"], out["ci_high"] = out.est - reach, out.est + reach
    return out


def implied_covariance(fit: ModelFit, group: str | None = None) -> pd.DataFrame:
    """Return the implied covariance matrix in the data's units."""
    design, g = fit.prepared.design, group_position(fit, group)
    names = [name for name in design.observed if name != ONE]
    sigma = central_sigma(design, _implied(fit))[g][: len(names), : len(names)]
    units = design.units[: len(names)]
    return pd.DataFrame(sigma * np.outer(units, units), index=names, columns=names)


def latent_covariances(fit: ModelFit, group: str | None = None) -> pd.DataFrame:
    """Return the covariance matrix of the latent variables in the data's units."""
    design, g = fit.prepared.design, group_position(fit, group)
    names = list(fit.prepared.model.latents)
    at = [design.state.index(name) for name in names]
    latent = central_latent(design, _implied(fit))[g][np.ix_(at, at)]
    units = design.state_units[at]
    return pd.DataFrame(latent * np.outer(units, units), index=names, columns=names)


def group_position(fit: ModelFit, group: str | None) -> int:
    """Return the position of a group's label; the first group when none is named."""
    if group is None:
        return 0
    if group not in fit.group_labels:
        raise DataError(
            f"'{group}' is no group of this fit · allowed: {', '.join(fit.group_labels)} · do: "
            "name one of them"
        )
    return fit.group_labels.index(group)


def _implied(fit: ModelFit) -> Implied:
    return fit.prepared.design.implied(fit.solution.theta, fit.prepared.target.sample[0])


def _first(implied: Implied) -> Implied:
    arrays = (implied.loadings, implied.total, implied.latent, implied.sigma, implied.basis)
    return Implied(*(a[0] for a in arrays), tuple(b[0] for b in implied.blocks))


def _names(prepared: Prepared) -> list[tuple[str, str, str, str, str]]:
    labels = [sample.label for sample in prepared.samples]
    rows = [(p.lhs, p.op, p.rhs, labels[p.group], p.label) for p in prepared.model.parameters]
    rows += [(d.name, ":=", d.text.strip(), "", d.name) for d in prepared.model.definitions]
    return rows


def _findings(
    prepared: Prepared,
    solution: Solution,
    frame: pd.DataFrame,
    std_se: np.ndarray,
    point: Point,
    weakest: float,
) -> list[diagnostics.Finding]:
    design, implied = prepared.design, point.implied
    found = diagnostics.rows_lost(prepared.n_all - prepared.n, prepared.n_all, list(prepared.gaps))
    found += diagnostics.weak_identification(weakest)
    found += diagnostics.other_optima(solution.other_optima)
    found += diagnostics.few_rows(prepared.n, design.n_parameters)
    found += diagnostics.negative_variances(frame)
    found += diagnostics.standardised_above_one(frame)
    found += diagnostics.errors_beyond_peers(frame, std_se)
    names = list(prepared.model.latents)
    at = [design.state.index(name) for name in names]
    latent = central_latent(design, implied)[0]
    for g, sample in enumerate(prepared.samples):
        where = f" [{sample.label}]" if sample.label else ""
        block = latent[g][np.ix_(at, at)]
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt(np.diag(block))
            correlation = pd.DataFrame(block / np.outer(spread, spread), index=names, columns=names)
        found += diagnostics.latent_correlations_too_high(correlation, where)
        found += diagnostics.residuals_not_positive(implied.blocks[THETA][0, g], where)
    return found


def _srmr(prepared: Prepared, point: Point) -> float:
    model, target = prepared.model, prepared.target
    p, sigma = len(model.observed), central_sigma(prepared.design, point.implied)[0]
    values = []
    for g, moments in enumerate(target.sample[0]):
        means = (moments[:p, p], point.implied.sigma[0, g][:p, p]) if model.meanstructure else None
        values.append(srmr(_central_moments(moments, p), sigma[g][:p, :p], means))
    return float(np.array(values) @ target.weights[0].sum(axis=-1))


def _central_moments(moments: np.ndarray, p: int) -> np.ndarray:
    if len(moments) == p:
        return moments
    return moments[:p, :p] - np.outer(moments[:p, p], moments[:p, p])


def _log_det(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1]) if len(matrix) else 0.0
