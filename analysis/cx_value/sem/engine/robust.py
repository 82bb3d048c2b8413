r"""Standard errors and tests that do not assume normality.

MLR: sandwich of the observed information and the cross-products of casewise scores (Huber 1967;
White 1982), test by Yuan and Bentler (2000) in the form Mplus uses. MLM: sandwich of the expected
information, test by Satorra and Bentler (1994). Scores of one case need no p(p+1)/2 columns:
:math:`s_a(z) = -s\,(u'\Sigma^{-1}v - u'\Sigma^{-1}z\, z'\Sigma^{-1}v)`, two look-ups in
:math:`G'\Sigma^{-1}z`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.engine.casewise import (
    Scores,
    case_weights,
    row_chunks,
    score_products,
    slot_scores,
)
from cx_value.sem.engine.fit import Prepared
from cx_value.sem.engine.likelihood import Point, expected_information, hessian
from cx_value.sem.engine.moments import central_moments
from cx_value.sem.engine.saturated import saturated_trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Robust:
    """Sandwich covariance of the parameters and the traces of the scaled test."""

    vcov: np.ndarray
    trace_model: float
    trace_saturated: float

    def factor(self, df: int) -> float:
        """Return the scaling factor c: χ² scaled = χ² / c."""
        return (self.trace_saturated - self.trace_model) / df if df > 0 else float("nan")


def robust_statistics(prepared: Prepared, point: Point, estimator: str) -> Robust:
    """Return the sandwich and the traces for ``mlr`` or ``mlm``."""
    compute = hessian if estimator == "mlr" else expected_information
    scores = slot_scores if estimator == "mlr" else conditional_scores
    bread = np.linalg.pinv(compute(prepared.design, point, prepared.target)[0], hermitian=True)
    middle = score_products(prepared, point, scores)
    trace = normal_saturated_trace if estimator == "mlr" else conditional_saturated_trace
    if prepared.target.seen is not None or prepared.request.clustered:
        trace = saturated_trace
    return Robust(
        vcov=bread @ middle @ bread / prepared.n,
        trace_model=float((bread * middle).sum()),
        trace_saturated=trace(prepared, point),
    )


def conditional_scores(prepared: Prepared, point: Point, g: int) -> Scores:
    """Yield the scores by slot of Satorra–Bentler's sandwich: moments about their mean given x.

    Moments are taken about the sample mean, the weight matrix is the model's.
    """
    design, p = prepared.design, len(prepared.model.observed)
    u, v, s = design.index
    product = point.inverse[0, g, 0] @ point.implied.basis[0, g]
    split = _Split(prepared, g)
    noise = np.zeros_like(point.inverse[0, g, 0])
    noise[:p, :p] = split.residual_covariance()
    constant = (product.T @ noise @ product)[u, v]
    shift = point.implied.sigma[0, g][:p, p] if prepared.model.meanstructure else np.zeros(p)
    tail = [1.0] * prepared.model.meanstructure
    for chosen in row_chunks(prepared.samples[g].n):
        z, expected = split.rows(chosen)
        reach, known = (
            np.column_stack([x + shift, np.tile(tail, (len(x), 1))]) @ product
            for x in (z, expected)
        )
        slots = s * (reach[:, u] * reach[:, v] - known[:, u] * known[:, v] - constant)
        yield slots, None


def normal_saturated_trace(prepared: Prepared, point: Point) -> float:
    """Return tr(B A⁻¹) of the saturated moments given the fixed predictors.

    With residuals e of the regression on the predictors x and squared distances d, each case adds
    ½(d_e² − 2d_e + p) + d_e d_x (+ d_e with means): Mardia's (1970) kurtosis where there are no
    predictors. No matrix of fourth moments is needed.
    """
    total = 0.0
    for g, sample in enumerate(prepared.samples):
        split, subtotal = _Split(prepared, g), 0.0
        for chosen in row_chunks(sample.n):
            z, expected = split.rows(chosen)
            d, d_x = split.distances(z, expected)
            each = 0.5 * (d**2 - 2 * d + len(split.own))
            each += d * d_x + d * prepared.model.meanstructure
            weights = case_weights(prepared, g, chosen)
            subtotal += each.sum() if weights is None else (weights**2 * each).sum()
        total += subtotal / sample.size
    return float(total)


def conditional_saturated_trace(prepared: Prepared, point: Point) -> float:
    """Return tr(VΓ) of Satorra and Bentler (1994), V at the model's Σ, Γ given the predictors."""
    p, total = len(prepared.model.observed), 0.0
    for g, sample in enumerate(prepared.samples):
        split = _Split(prepared, g)
        weight = np.linalg.inv(central_moments(point.implied.sigma[0, g], p))
        noise = split.residual_covariance()
        middle = weight @ noise @ weight
        subtotal = 0.0
        for chosen in row_chunks(sample.n):
            z, known = split.rows(chosen)
            squares = _form(z, weight, z) ** 2 + _form(known, weight, known) ** 2
            squares -= 2 * _form(z, weight, known) ** 2
            squares += 2 * (_form(known, middle, known) - _form(z, middle, z))
            each = 0.5 * (squares + np.trace(middle @ noise))
            if prepared.model.meanstructure:
                each += _form(z - known, weight, z - known)
            subtotal += each.sum()
        total += subtotal / sample.n
    return float(total)


class _Split:
    """Rows of a group about their mean, and what the fixed predictors let expect of them."""

    def __init__(self, prepared: Prepared, g: int):
        model, self.sample = prepared.model, prepared.samples[g]
        self.p = len(model.observed)
        self.units = prepared.design.units[: self.p]
        self.mean = self.sample.mean()
        self.moments = central_moments(prepared.target.sample[0, g], self.p)
        self.fixed = [model.observed.index(name) for name in model.exogenous]
        self.own = [i for i in range(self.p) if i not in self.fixed]
        within = self.moments[np.ix_(self.fixed, self.fixed)]
        self.within = np.linalg.inv(within) if self.fixed else within
        self.slopes = self.within @ self.moments[np.ix_(self.fixed, self.own)]

    def rows(self, chosen: slice) -> tuple[np.ndarray, np.ndarray]:
        z = (self.sample.rows[chosen] - self.mean) / self.units
        expected = np.zeros_like(z)
        if self.fixed:
            expected[:, self.fixed] = z[:, self.fixed]
            expected[:, self.own] = z[:, self.fixed] @ self.slopes
        return z, expected

    def residual_covariance(self) -> np.ndarray:
        noise = np.zeros((self.p, self.p))
        explained = self.moments[np.ix_(self.own, self.fixed)] @ self.slopes
        noise[np.ix_(self.own, self.own)] = self.moments[np.ix_(self.own, self.own)] - explained
        return noise

    def distances(self, z: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e = (z - expected)[:, self.own]
        inverse = np.linalg.inv(self.residual_covariance()[np.ix_(self.own, self.own)])
        x = z[:, self.fixed]
        return _form(e, inverse, e), _form(x, self.within, x)


def _form(a: np.ndarray, matrix: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a'Mb of each row."""
    return ((a @ matrix) * b).sum(axis=1)
