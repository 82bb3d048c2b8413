r"""Normal-theory discrepancy, gradient, expected information and Hessian on moments.

For raw or central moments T of one group,
:math:`F = \tfrac12 [\log|\Sigma| + \mathrm{tr}(T\Sigma^{-1})]` (Jöreskog 1967), and groups add up
with weights :math:`w_g = n_g/n`. Everything has leading axes ``(..., groups)``. With missing
answers a further axis runs over patterns (see ``missing.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.design.matrices import Design, Implied, transpose
from cx_value.sem.design.pattern_products import pays, slot_squares


@dataclass(frozen=True, slots=True)
class Target:
    """What is fitted: moments ``(..., groups, patterns, p, p)``, weights, which are observed.

    ``weights`` ``(..., groups, patterns)`` sum to 1; ``seen`` ``(groups, patterns, p)`` marks the
    variables a pattern holds, None when all are held. ``sample`` ``(..., groups, p, p)`` supplies
    fixed predictors.
    """

    moments: np.ndarray
    weights: np.ndarray
    sample: np.ndarray
    seen: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Target:
        """Select replicates."""
        return Target(self.moments[rows], self.weights[rows], self.sample[rows], self.seen)


def complete_target(moments: np.ndarray, weights: np.ndarray) -> Target:
    """Return the target of complete data: one pattern a group, ``moments (R, groups, p, p)``."""
    return Target(moments[..., None, :, :], weights[..., None], moments)


@dataclass(frozen=True, slots=True)
class Point:
    """The discrepancy at parameter vectors, with what its derivatives are made from."""

    implied: Implied
    inverse: np.ndarray
    value: np.ndarray
    possible: np.ndarray


def evaluate(design: Design, theta: np.ndarray, target: Target) -> Point:
    """Return F and Σ⁻¹ for ``theta (R, k)``; an impossible Σ gives F = inf."""
    implied = design.implied(theta, target.sample)
    value, inverse, good = value_at(implied.sigma[..., None, :, :], target)
    return Point(implied, inverse, value, good)


def value_at(sigma: np.ndarray, target: Target) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return F, Σ⁻¹ by pattern and whether Σ is possible, for ``sigma (R, groups, 1, p, p)``."""
    if target.seen is not None:
        sigma = _only_seen(sigma, target.seen)
    log_det, inverse, possible = spd_inverse(sigma)
    if target.seen is not None:
        inverse = inverse * _pairs(target.seen)
    trace = (inverse * target.moments).sum(axis=(-1, -2))
    value = 0.5 * (target.weights * (log_det + trace)).sum(axis=(-1, -2))
    good = possible.all(axis=(-1, -2)) & np.isfinite(value)
    return np.where(good, value, np.inf), inverse, good


def gradient(design: Design, point: Point, target: Target) -> np.ndarray:
    """Return dF/dθ ``(R, k)``."""
    u, v, s = design.index
    difference = _difference(point, target)
    basis = point.implied.basis
    product = transpose(basis) @ (difference @ basis)
    return design.reduce(s * product[..., u, v])


def expected_information(design: Design, point: Point, target: Target) -> np.ndarray:
    """Return the expected information of one observation ``(R, k, k)``."""
    if _by_triangle(design, point):
        # tr(Σ⁻¹ dΣ_b Σ⁻¹ dΣ_a) / 2
        return design.reduce_square(_squares(design, point, 0.5 * point.inverse, target))
    pairs = design.pairs
    basis = point.implied.basis[..., None, :, :]
    total = 0.0
    for part in _pattern_chunks(point, len(pairs.uu)):
        gram = _flat(transpose(basis) @ (point.inverse[..., part, :, :] @ basis))
        slots = _sum_of_products(gram, gram, ((pairs.uu, pairs.vv), (pairs.uv, pairs.vu)))
        total = _add(total, _over_patterns(target.weights[..., part], slots))
    total *= pairs.factor
    return design.reduce_square(_pick(total, pairs.square))


def hessian(design: Design, point: Point, target: Target) -> np.ndarray:
    """Return d²F/dθdθ' ``(R, k, k)``: the observed information of one observation."""
    if _by_triangle(design, point):
        return _pattern_hessian(design, point, target)
    pairs = design.pairs
    basis = point.implied.basis[..., None, :, :]
    # tr(M dΣ_b Σ⁻¹ dΣ_a), M = Σ⁻¹TΣ⁻¹ − Σ⁻¹/2
    places = (pairs.uv, pairs.vu), (pairs.vv, pairs.uu), (pairs.uu, pairs.vv), (pairs.vu, pairs.uv)
    total = curved = 0.0
    for part in _pattern_chunks(point, len(pairs.uu)):
        weights = target.weights[..., part]
        scaled = point.inverse[..., part, :, :] @ basis
        gram = transpose(basis) @ scaled
        fitted = transpose(scaled) @ (target.moments[..., part, :, :] @ scaled)
        slots = _sum_of_products(_flat(gram), _flat(fitted - 0.5 * gram), places)
        total = _add(total, _over_patterns(weights, slots))
        curved = _add(curved, _over_patterns(weights, _flat(gram - fitted)))
    total *= pairs.factor
    curved = curved.reshape(*curved.shape[:-1], basis.shape[-1], basis.shape[-1])
    total[..., : design.curvature.n_curved] += design.curvature.sum_terms(point.implied, curved)
    return design.reduce_square(_pick(total, pairs.square))


def _by_triangle(design: Design, point: Point) -> bool:
    n_patterns, p = point.inverse.shape[-3:-1]
    return n_patterns > 1 and pays(n_patterns, p, len(design.slots))


def _squares(design: Design, point: Point, middle: np.ndarray, target: Target) -> np.ndarray:
    basis = point.implied.basis
    return slot_squares(design.triangle, design.index, basis, middle, point.inverse, target.weights)


def _pattern_hessian(design: Design, point: Point, target: Target) -> np.ndarray:
    """The Hessian where patterns are many, with M = Σ⁻¹TΣ⁻¹ − Σ⁻¹/2 as below."""
    middle = point.inverse @ target.moments @ point.inverse - 0.5 * point.inverse
    total = _squares(design, point, middle, target)
    basis = point.implied.basis
    curved = transpose(basis) @ (_difference(point, target) @ basis)
    design.curvature.add_to(total, point.implied, curved)
    return design.reduce_square(total)


def _sum_of_products(first: np.ndarray, second: np.ndarray, places: tuple) -> np.ndarray:
    """Return Σ first[i] × second[j] over pairs of places, in as little memory as that takes."""
    total, left, right = None, None, None
    for i, j in places:
        left, right = _pick(first, i, left), _pick(second, j, right)
        left *= right
        if total is None:
            total, left = left, None
        else:
            total += left
    return total


def _add(total: np.ndarray | float, term: np.ndarray) -> np.ndarray:
    if not isinstance(total, np.ndarray):
        return term
    total += term
    return total


def _flat(matrix: np.ndarray) -> np.ndarray:
    return matrix.reshape(*matrix.shape[:-2], -1)


def _pick(flat: np.ndarray, places: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    # "clip" spares numpy a check of every index.
    return flat.take(places, axis=-1, mode="clip", out=out)


def _over_patterns(weights: np.ndarray, slots: np.ndarray) -> np.ndarray:
    if slots.shape[-2] == 1:
        slots *= weights[..., None]
        return slots[..., 0, :]
    return np.einsum("...p,...pa->...a", weights, slots)


def _pattern_chunks(point: Point, n_pairs: int) -> list[slice]:
    """Cut the pattern axis so that an array of slot pairs stays near 50 MB."""
    n_patterns = point.inverse.shape[-3]
    replicates = int(np.prod(point.inverse.shape[:-3]))
    step = max(1, int(6e6 / (replicates * n_pairs)))
    return [slice(at, at + step) for at in range(0, n_patterns, step)]


def _difference(point: Point, target: Target) -> np.ndarray:
    """Σ_patterns w (Σ⁻¹ − Σ⁻¹TΣ⁻¹), ``(R, groups, p, p)``."""
    each = point.inverse - point.inverse @ target.moments @ point.inverse
    if each.shape[-3] == 1:
        return target.weights[..., 0][..., None, None] * each[..., 0, :, :]
    return np.einsum("...p,...pij->...ij", target.weights, each)


def spd_inverse(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log-determinant, inverse, and which matrices are positive definite."""
    size = matrix.shape[-1]
    diagonal = _cholesky_diagonal(matrix.reshape(-1, size, size)).reshape(matrix.shape[:-1])
    possible = np.isfinite(diagonal).all(axis=-1)
    whole = np.where(possible[..., None, None], matrix, np.eye(size))
    try:
        inverse = np.linalg.inv(whole)
    except np.linalg.LinAlgError:  # positive definite, but for the last digit
        possible = possible & (np.linalg.matrix_rank(whole, hermitian=True) == size)
        inverse = np.linalg.inv(np.where(possible[..., None, None], matrix, np.eye(size)))
    diagonal = np.where(possible[..., None], diagonal, 1.0)
    inverse = 0.5 * (inverse + transpose(inverse))
    return 2 * np.log(diagonal).sum(axis=-1), inverse, possible


def _cholesky_diagonal(matrix: np.ndarray) -> np.ndarray:
    """Diagonals of Cholesky factors ``(R, p)``; NaN where a matrix is not positive definite.

    One failure spoils the batch, so a batch that fails is halved until the culprits stand alone.
    """
    try:
        return np.diagonal(np.linalg.cholesky(matrix), axis1=-2, axis2=-1)
    except np.linalg.LinAlgError:
        if len(matrix) == 1:
            return np.full(matrix.shape[:2], np.nan)
        half = len(matrix) // 2
        return np.concatenate([_cholesky_diagonal(part) for part in (matrix[:half], matrix[half:])])


def _pairs(seen: np.ndarray) -> np.ndarray:
    return seen[..., :, None] * seen[..., None, :]


def _only_seen(sigma: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Put the identity in the rows and columns a pattern does not hold."""
    return np.where(_pairs(seen) > 0, sigma, np.eye(sigma.shape[-1]))
