r"""Least squares on thresholds and polychoric correlations: moments, search, sandwich, tests.

:math:`F(\theta) = \tfrac12 \sum_g w_g r_g' W_g r_g`, :math:`r_g = s_g - \sigma_g(\theta)`, with a
diagonal :math:`W`: the inverse of the diagonal of :math:`\Gamma` (DWLS) or ones (ULS). Muthén,
du Toit & Spisic (1997); Browne (1984) for the sandwich and the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.ordinal.model import OrdinalDesign

_STEP = 1e-30
_DECREMENT = 1e-18
_NEAR = 1e-3
_MEMORY = 6
_SMALL = 1e-15
_MAX_ITERATIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sample moments in the fit's units, groups first.

    ``observed`` and ``weight`` (groups, q), ``gamma`` (groups, q, q), ``share`` (groups,) of the
    rows; ``location`` (L,) is the variable of each threshold or mean, ``pairs`` (r, 2) of each
    covariance; moments are locations, variances of continuous variables, covariances. ``absent``
    are the positions of the covariances that the independence model lacks.
    """

    observed: np.ndarray
    weight: np.ndarray
    gamma: np.ndarray
    share: np.ndarray
    location: np.ndarray
    is_threshold: np.ndarray
    continuous: np.ndarray
    pairs: np.ndarray
    absent: np.ndarray
    n: int

    @property
    def n_effective(self) -> int:
        """Rows less one a group, the multiplier of least squares (Browne, 1984)."""
        return self.n - len(self.share)

    @property
    def n_first(self) -> int:
        """Number of moments that are not covariances."""
        return self.observed.shape[1] - len(self.pairs)


def implied_moments(design: OrdinalDesign, theta: np.ndarray, moments: Moments) -> np.ndarray:
    """Return σ(θ) ``(..., groups, q)``."""
    return _moments_and_scales(design, theta, moments)[0]


def _moments_and_scales(
    design: OrdinalDesign, theta: np.ndarray, moments: Moments
) -> tuple[np.ndarray, np.ndarray]:
    sigma = design.implied(theta).sigma
    mean = np.zeros(sigma.shape[:-1], dtype=sigma.dtype)
    if design.model.meanstructure:
        mean = sigma[..., -1]
        sigma = sigma - mean[..., :, None] * mean[..., None, :]
    scale = response_scales(design, theta, sigma)
    location = mean[..., moments.location]
    at = np.flatnonzero(moments.is_threshold)
    items = moments.location[at]
    location[..., at] = scale[..., items] * (design.thresholds(theta) - mean[..., items])
    variances = sigma[..., moments.continuous, moments.continuous]
    a, b = moments.pairs.T
    covariances = scale[..., a] * scale[..., b] * sigma[..., a, b]
    return np.concatenate([location, variances, covariances], axis=-1), scale


def response_scales(design: OrdinalDesign, theta: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return 1 / sd of each latent response ``(..., groups, p)``; 1 for continuous variables."""
    scale = np.ones(sigma.shape[:-1], dtype=sigma.dtype)
    if design.parameterization == "delta":
        scale[..., design.ordinal] = design.delta(theta)
    else:
        scale[..., design.ordinal] = sigma[..., design.ordinal, design.ordinal] ** -0.5
    return scale


def moment_jacobian(design: OrdinalDesign, theta: np.ndarray, moments: Moments) -> np.ndarray:
    """Return dσ/dθ ``(groups, q, k)``: thresholds by hand, the rest by the complex step."""
    cut = np.flatnonzero(design.threshold_map.any(axis=(0, 1)))
    others = np.delete(np.arange(len(theta)), cut)
    shifted = theta + 1j * _STEP * np.eye(len(theta))[others]
    if not len(others):
        shifted = theta[None].astype(complex)
    moved, scale = _moments_and_scales(design, shifted, moments)
    slope = np.zeros((*moments.observed.shape, len(theta)))
    if len(others):
        slope[:, :, others] = np.moveaxis(moved.imag / _STEP, 0, -1)
    at = np.flatnonzero(moments.is_threshold)
    by_threshold = scale[0].real[:, moments.location[at], None]
    slope[:, at[:, None], cut] = by_threshold * design.threshold_map[:, :, cut]
    return slope


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where one search ended."""

    theta: np.ndarray
    value: float
    converged: bool
    iterations: int


def least_squares(design: OrdinalDesign, moments: Moments, start: np.ndarray) -> Minimum:
    """Minimise F by damped Gauss–Newton steps (Levenberg, 1944; Marquardt, 1963).

    Near the optimum the steps shrink by a constant factor, so they are extrapolated from the last
    few (Anderson, 1965). Stops at a Newton decrement of 1e-18, or where rounding lets it fall no
    further below 1e-15; at n = 1000 that leaves an estimate within 1e-6 standard errors of the
    optimum.
    """
    weight = moments.weight * moments.share[:, None]
    theta, damping, last = np.array(start, dtype=float), 1e-3, np.inf
    residual, value = _residual(design, theta, moments, weight)
    trail = _Trail()
    for iteration in range(1, _MAX_ITERATIONS + 1):
        gradient, square = _normal_equations(design, theta, moments, weight, residual)
        diagonal = np.maximum(np.diag(square), 1e-10)
        full = _solved(square, -gradient, diagonal)
        decrement = float(-gradient @ full)
        if decrement < _DECREMENT or 0.9 * last < decrement < _SMALL:
            return Minimum(theta, value, True, iteration)
        last = decrement
        target = trail.extrapolate(theta, full, np.sqrt(diagonal)) if decrement < _NEAR else None
        if target is not None:
            trial, new = _residual(design, target, moments, weight)
            if new <= value * (1 + 1e-15):
                theta, residual, value = target, trial, new
                continue
        while damping < 1e12:
            step = np.linalg.solve(square + damping * np.diag(diagonal), -gradient)
            trial, new = _residual(design, theta + step, moments, weight)
            if new <= value * (1 + 1e-15):
                break
            damping *= 10
        else:
            return Minimum(theta, value, decrement < _SMALL, iteration)
        damping = max(damping * 0.1, 1e-12)
        theta, residual, value = theta + step, trial, new
    return Minimum(theta, value, False, _MAX_ITERATIONS)


class _Trail:
    """The last few points of a search and the full steps proposed there."""

    def __init__(self):
        self.points: list[np.ndarray] = []
        self.steps: list[np.ndarray] = []

    def extrapolate(
        self, point: np.ndarray, step: np.ndarray, scale: np.ndarray
    ) -> np.ndarray | None:
        """Return where the steps seem to lead; None until there are two of them."""
        self.points = [*self.points, point][-_MEMORY:]
        self.steps = [*self.steps, step][-_MEMORY:]
        if len(self.points) < 2:
            return None
        moved, changed = np.diff(self.points, axis=0), np.diff(self.steps, axis=0)
        share = np.linalg.lstsq((changed * scale).T, step * scale, rcond=1e-8)[0]
        return point + step - share @ (moved + changed)


def _normal_equations(
    design: OrdinalDesign,
    theta: np.ndarray,
    moments: Moments,
    weight: np.ndarray,
    residual: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient and Gauss–Newton matrix."""
    slope = moment_jacobian(design, theta, moments).reshape(-1, len(theta))
    weighted = slope * weight.reshape(-1, 1)
    return -weighted.T @ residual.ravel(), slope.T @ weighted


def _solved(square: np.ndarray, right: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """Solve for the full step; a flat direction is left alone."""
    scale = np.sqrt(diagonal)
    try:
        root = np.linalg.cholesky(square / np.outer(scale, scale))
        return np.linalg.solve(root.T, np.linalg.solve(root, right / scale)) / scale
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(square, right, rcond=1e-13)[0]


def _residual(
    design: OrdinalDesign, theta: np.ndarray, moments: Moments, weight: np.ndarray
) -> tuple[np.ndarray, float]:
    try:
        with np.errstate(all="ignore"):
            residual = moments.observed - implied_moments(design, theta, moments)
    except np.linalg.LinAlgError:
        return moments.observed, np.inf
    value = 0.5 * float((weight * residual**2).sum())
    return residual, value if np.isfinite(value) else np.inf


# Sandwich and tests ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandwich:
    """Covariance of the estimates, and what the tests are made of.

    ``bread`` is (Δ'WΔ)⁻¹; ``trace`` and ``trace_square`` of UΓ; ``baseline_*`` the same for the
    model without any covariance; ``weakest`` the smallest eigenvalue of Δ'WΔ in correlation form
    and ``flat`` its vector.
    """

    vcov: np.ndarray
    bread: np.ndarray
    slope: np.ndarray
    trace: float
    trace_square: float
    baseline_trace: float
    baseline_trace_square: float
    weakest: float
    flat: np.ndarray


def sandwich(design: OrdinalDesign, theta: np.ndarray, moments: Moments) -> Sandwich:
    """Return robust covariance and traces at a solution (Browne, 1984; Satorra & Bentler, 1994)."""
    slope = moment_jacobian(design, theta, moments)
    weight = moments.weight * moments.share[:, None]
    gamma = moments.gamma / moments.share[:, None, None]
    weighted = weight[:, :, None] * slope
    square = np.einsum("gqk,gql->kl", slope, weighted)
    weakest, flat = _weakest(square)
    bread = np.linalg.pinv(square, hermitian=True)
    meat = sum(d.T @ g @ d for d, g in zip(weighted, gamma, strict=True))
    # UΓ without forming U over all groups: WΓ less the part the parameters absorb.
    crossed = [g @ d for g, d in zip(gamma, weighted, strict=True)]
    absorbed = bread @ meat
    own = sum(float(w @ np.diag(g)) for w, g in zip(weight, gamma, strict=True))
    own_square = sum(
        float(((w[:, None] * g) * (w[:, None] * g).T).sum())
        for w, g in zip(weight, gamma, strict=True)
    )
    between = sum(
        float(np.trace(bread @ (c.T @ (w[:, None] * c))))
        for w, c in zip(weight, crossed, strict=True)
    )
    at = moments.absent
    tail = [w[at, None] * g[np.ix_(at, at)] for w, g in zip(weight, gamma, strict=True)]
    return Sandwich(
        vcov=bread @ meat @ bread / moments.n_effective,
        bread=bread,
        slope=slope,
        trace=own - float(np.trace(absorbed)),
        trace_square=own_square - 2.0 * between + float((absorbed * absorbed.T).sum()),
        baseline_trace=sum(float(np.trace(m)) for m in tail),
        baseline_trace_square=sum(float((m * m.T).sum()) for m in tail),
        weakest=weakest,
        flat=flat,
    )


def _weakest(square: np.ndarray) -> tuple[float, np.ndarray]:
    scale = np.sqrt(np.maximum(np.diag(square), 1e-300))
    values, vectors = np.linalg.eigh(square / np.outer(scale, scale))
    return float(values[0]), vectors[:, 0]
