r"""The saturated model of data with missing answers: what the observed data say of all moments.

Robust tests under FIML need the information and the scores of the unrestricted moments (Yuan and
Bentler 2000), and RMSEA and CFI need a correction for the information that was lost (Zhang and
Savalei 2022).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cx_value.sem.design.matrices import build_design
from cx_value.sem.design.parameters import Model, Parameter
from cx_value.sem.engine.casewise import casewise_scores, score_products
from cx_value.sem.engine.fit import Prepared
from cx_value.sem.engine.indices import ChiSquare
from cx_value.sem.engine.likelihood import (
    Point,
    Target,
    complete_target,
    evaluate,
    expected_information,
    hessian,
)
from cx_value.sem.engine.moments import central_moments
from cx_value.sem.engine.once import once_per_sample


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """The saturated model at its optimum: design, parameters, observed information, scores.

    ``inverse`` is that of the information; ``gamma`` the covariance matrix of the EM moments,
    times n: the inverse, or the sandwich where the estimator is robust. ``weight`` is the
    information of complete data at the EM moments, ``weight_trace`` its trace with ``gamma``, and
    ``complete_value`` the discrepancy there.
    """

    prepared: Prepared
    theta: np.ndarray
    information: np.ndarray
    products: np.ndarray
    inverse: np.ndarray
    gamma: np.ndarray
    weight: np.ndarray
    weight_trace: float
    complete_value: float


def saturated_trace(prepared: Prepared, point: Point) -> float:
    """Return tr(B A⁻¹) of the saturated model at its own optimum."""
    full = saturated_fit(prepared)
    return float((full.inverse * full.products).sum())


@once_per_sample
def saturated_fit(prepared: Prepared) -> Saturated:
    """Return the saturated model of a sample, computed once for a target and an estimator."""
    model = _saturated_model(prepared.model)
    design = build_design(model, prepared.design.units[: len(model.observed)])
    theta = moment_parameters(prepared.target.sample[0], prepared.model)
    other = replace(prepared, model=model, design=design)
    point = evaluate(design, theta[None], prepared.target)
    information = hessian(design, point, prepared.target)[0]
    products = score_products(other, point, casewise_scores)
    inverse = np.linalg.inv(information)
    robust = prepared.request.estimator == "mlr"
    gamma = inverse @ products @ inverse if robust else inverse
    complete = complete_target_of(prepared)
    best = evaluate(design, theta[None], complete)
    weight = expected_information(design, best, complete)[0]
    return Saturated(
        other, theta, information, products, inverse, gamma, weight,
        float((weight * gamma).sum()), float(best.value[0]),
    )  # fmt: skip


def _saturated_model(model: Model) -> Model:
    """Own variables regressed on fixed predictors with free means and residual covariances."""
    own = [name for name in model.observed if name not in model.exogenous]
    rows = []
    for g in range(model.n_groups):
        triangle = [(a, b) for i, a in enumerate(own) for b in own[: i + 1]]
        free = [(a, "~~", b) for a, b in triangle]
        free += [(a, "~", x) for a in own for x in model.exogenous]
        free += [(a, "~1", "") for a in own]
        rows += [Parameter(*key, g, len(rows) + i) for i, key in enumerate(free)]
        rows += [replace(p, group=g) for p in model.parameters if p.exogenous and p.group == g]
    free = iter(range(len(rows)))
    rows = [p if p.index < 0 else replace(p, index=next(free)) for p in rows]
    return replace(model, parameters=tuple(rows), latents=(), constraints=(), definitions=())


def moment_parameters(moments: np.ndarray, model: Model) -> np.ndarray:
    """Return the saturated parameters ``(…, k)`` of raw moments ``(…, groups, p + 1, p + 1)``."""
    p = len(model.observed)
    fixed = [model.observed.index(name) for name in model.exogenous]
    own = [i for i in range(p) if i not in fixed]
    central, mean = central_moments(moments, p), moments[..., :p, p]
    covariance = central[..., own, :][..., own]
    parts = []
    intercept = mean[..., own]
    slopes = np.zeros((*mean.shape[:-1], len(own), 0))
    if fixed:
        within = central[..., fixed, :][..., fixed]
        across = central[..., own, :][..., fixed]
        slopes = across @ np.linalg.inv(within)
        covariance = covariance - slopes @ np.swapaxes(across, -1, -2)
        intercept = intercept - (slopes @ mean[..., fixed, None])[..., 0]
    i, j = np.tril_indices(len(own))
    flat = slopes.reshape(*slopes.shape[:-2], -1)
    parts = np.concatenate([covariance[..., i, j], flat, intercept], axis=-1)
    return parts.reshape(*parts.shape[:-2], -1)


def complete_data_test(prepared: Prepared, theta: np.ndarray) -> tuple[ChiSquare, float]:
    """Return what χ² would be had nothing been missing, at θ, and its scaling factor c.

    Zhang and Savalei (2022): the complete-data discrepancy between the model's moments and the EM
    moments, with c = tr(U Γ)/df where Γ is the covariance matrix of the EM moments.
    """
    full, design = saturated_fit(prepared), prepared.design
    reached = evaluate(design, theta[None], complete_target_of(prepared)).value[0]
    df = len(full.theta) - design.n_parameters
    chisq = 2 * prepared.n * float(reached - full.complete_value)
    trace = _residual_trace(full, moment_slope(prepared, theta)) if df else float("nan")
    return ChiSquare(chisq=max(chisq, 0.0), df=df), trace / df if df else trace


def complete_target_of(prepared: Prepared) -> Target:
    """Return the EM moments as a target with nothing missing."""
    target = prepared.target
    return complete_target(target.sample, target.weights.sum(axis=-1))


def _residual_trace(full: Saturated, slope: np.ndarray) -> float:
    """Return tr((I − ΔB)' W (I − ΔB) Γ), B the generalised inverse of Δ, as a few thin products."""
    weighted = slope.T @ full.information
    back = np.linalg.pinv(weighted @ slope) @ weighted
    pull, spread = slope.T @ full.weight, back @ full.gamma
    inner = float(((pull @ slope) * (spread @ back.T)).sum())
    return full.weight_trace - 2 * float((pull * spread).sum()) + inner


def moment_slope(prepared: Prepared, theta: np.ndarray) -> np.ndarray:
    """Return d saturated parameters / dθ by the complex step."""
    step = 1e-30
    shifted = theta + 1j * step * np.eye(len(theta))
    implied = prepared.design.implied(shifted, prepared.target.sample.astype(complex))
    return np.imag(moment_parameters(implied.sigma, prepared.model)).T / step
