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
from cx_value.sem.engine.casewise import score_products, slot_scores
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
class SaturatedPart:
    """The saturated model of groups that share nothing with others, at its optimum.

    All matrices are those of one observation of the whole sample. ``inverse`` is that of the
    information; ``gamma`` the covariance matrix of the EM moments, times n: the inverse, or the
    sandwich where the estimator is robust. ``weight`` is the information of complete data at the
    EM moments, ``complete_value`` the discrepancy there.
    """

    information: np.ndarray
    products: np.ndarray
    inverse: np.ndarray
    gamma: np.ndarray
    weight: np.ndarray
    complete_value: float

    @property
    def size(self) -> int:
        return len(self.information)


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """The saturated model of a sample: its groups are parts of their own."""

    parts: tuple[SaturatedPart, ...]

    @property
    def size(self) -> int:
        """How many moments there are."""
        return sum(part.size for part in self.parts)

    def rows(self, matrix: np.ndarray) -> list[np.ndarray]:
        """Return the rows of a matrix ``(size, …)`` that belong to each part."""
        ends = np.cumsum([part.size for part in self.parts])[:-1]
        return np.split(matrix, ends)

    def generalised_inverse(self, slope: np.ndarray) -> list[np.ndarray]:
        """Return (Δ'IΔ)⁻¹Δ'I ``(k, ·)`` for each part's columns."""
        weighted = [
            own.T @ part.information for own, part in zip(self.rows(slope), self.parts, strict=True)
        ]
        inner = sum(w @ own for w, own in zip(weighted, self.rows(slope), strict=True))
        outer = np.linalg.pinv(inner, hermitian=True)
        return [outer @ w for w in weighted]


def saturated_trace(prepared: Prepared, point: Point) -> float:
    """Return tr(B A⁻¹) of the saturated model at its own optimum."""
    return float(sum((p.inverse * p.products).sum() for p in saturated_fit(prepared).parts))


@once_per_sample
def saturated_fit(prepared: Prepared) -> Saturated:
    """Return the saturated model of a sample, computed once for a target and an estimator."""
    together = prepared.request.clustered or len(prepared.samples) == 1
    groups = range(len(prepared.samples))
    alone = [prepared] if together else [_one_group(prepared, g) for g in groups]
    return Saturated(tuple(_part(one, prepared.n) for one in alone))


def _one_group(prepared: Prepared, g: int) -> Prepared:
    """Return what is prepared of one group, its share of the sample kept."""
    target, own = prepared.target, slice(g, g + 1)
    arrays = (target.moments[:, own], target.weights[:, own], target.sample[:, own])
    seen = None if target.seen is None else target.seen[own]
    rows = tuple(replace(p, group=0) for p in prepared.model.parameters if p.group == g)
    return replace(
        prepared, model=replace(prepared.model, parameters=rows, n_groups=1),
        samples=prepared.samples[own], patterns=prepared.patterns[own],
        target=Target(*arrays, seen),
    )  # fmt: skip


def _part(prepared: Prepared, n: int) -> SaturatedPart:
    model = _saturated_model(prepared.model)
    design = build_design(model, prepared.design.units[: len(model.observed)])
    theta = moment_parameters(prepared.target.sample[0], prepared.model)
    other = replace(prepared, model=model, design=design)
    point = evaluate(design, theta[None], prepared.target)
    information = hessian(design, point, prepared.target)[0]
    products = score_products(other, point, slot_scores) * (prepared.n / n)
    inverse = np.linalg.inv(information)
    robust = prepared.request.estimator == "mlr"
    complete = complete_target_of(prepared)
    best = evaluate(design, theta[None], complete)
    return SaturatedPart(
        information=information, products=products, inverse=inverse,
        gamma=inverse @ products @ inverse if robust else inverse,
        weight=expected_information(design, best, complete)[0], complete_value=float(best.value[0]),
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
    df = full.size - design.n_parameters
    best = sum(part.complete_value for part in full.parts)
    chisq = 2 * prepared.n * float(reached - best)
    trace = _residual_trace(full, moment_slope(prepared, theta)) if df else float("nan")
    return ChiSquare(chisq=max(chisq, 0.0), df=df), trace / df if df else trace


def complete_target_of(prepared: Prepared) -> Target:
    """Return the EM moments as a target with nothing missing."""
    target = prepared.target
    return complete_target(target.sample, target.weights.sum(axis=-1))


def _residual_trace(full: Saturated, slope: np.ndarray) -> float:
    """Return tr((I − ΔB)' W (I − ΔB) Γ), B the generalised inverse of Δ, as a few thin products.

    A part knows its own parameters c alone: B = O Δ'I there is the columns c of
    O = (Σ Δ'IΔ)⁻¹ times Δ'I, and every product is taken before O, which is as wide as the model.
    """
    k = slope.shape[1]
    information, pulled, pushed = np.zeros((3, k, k))
    total, each = 0.0, []
    for rows, part in zip(full.rows(slope), full.parts, strict=True):
        own = np.flatnonzero(rows.any(axis=0))
        at, delta = np.ix_(own, own), rows[:, own]
        weighted = delta.T @ part.information
        pull, push = delta.T @ part.weight, weighted @ part.gamma
        information[at] += weighted @ delta
        pulled[at] += pull @ delta
        pushed[at] += push @ weighted.T
        total += (part.weight * part.gamma).sum()
        each.append((at, pull @ push.T))
    outer = np.linalg.pinv(information, hermitian=True)
    total -= 2 * sum((outer[at] * products).sum() for at, products in each)
    return float(total + (pulled * (outer @ pushed @ outer)).sum())


def residual_variance(full: Saturated, slope: np.ndarray) -> np.ndarray:
    """Return the diagonal of (I − ΔB) Γ (I − ΔB)' ``(size,)``, what a model leaves."""
    backs, owns = full.generalised_inverse(slope), full.rows(slope)
    middle = sum(b @ part.gamma @ b.T for b, part in zip(backs, full.parts, strict=True))
    return np.concatenate([
        np.diag(part.gamma) - 2 * ((own @ back) * part.gamma).sum(axis=1)
        + ((own @ middle) * own).sum(axis=1)
        for own, back, part in zip(owns, backs, full.parts, strict=True)
    ])  # fmt: skip


def moment_slope(prepared: Prepared, theta: np.ndarray) -> np.ndarray:
    """Return d saturated parameters / dθ ``(size, k)``.

    Every free entry of the model changes the raw moments by s(uv' + vu'), u and v columns of the
    basis; with fixed predictors the saturated parameters are regressions, and the complex step is
    taken.
    """
    design, model = prepared.design, prepared.model
    if model.exogenous:
        return _complex_slope(prepared, theta)
    p, (u, v, s) = len(model.observed), design.index
    implied = design.implied(theta, prepared.target.sample[0])
    i, j = np.tril_indices(p)
    parts = []
    for g, basis in enumerate(implied.basis):
        mean, one, other = implied.sigma[g][:p, p], basis[:, u], basis[:, v]
        level = s * (one[:p] * other[p] + one[p] * other[:p])
        cross = s * (one[i] * other[j] + one[j] * other[i])
        cross -= level[i] * mean[j, None] + level[j] * mean[i, None]
        parts.append(np.concatenate([cross, level]) @ design.mapping[g])
    return np.concatenate(parts)


def _complex_slope(prepared: Prepared, theta: np.ndarray) -> np.ndarray:
    step = 1e-30
    shifted = theta + 1j * step * np.eye(len(theta))
    implied = prepared.design.implied(shifted, prepared.target.sample.astype(complex))
    return np.imag(moment_parameters(implied.sigma, prepared.model)).T / step
