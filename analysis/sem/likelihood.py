r"""Normal-theory discrepancy, gradient, expected information and Hessian on moments.

For raw or central moments T of one group,
:math:`F = \tfrac12 [\log|\Sigma| + \mathrm{tr}(T\Sigma^{-1})]` (Jöreskog 1967), and groups add up
with weights :math:`w_g = n_g/n`. Everything has leading axes ``(..., groups)``. With missing
answers a further axis runs over patterns (see ``missing.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.sem.matrices import BETA, LAMBDA, PSI, Design, Implied, _t


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
    product = _t(basis) @ (difference @ basis)
    return design.reduce(s * product[..., u, v])


def expected_information(design: Design, point: Point, target: Target) -> np.ndarray:
    """Return the expected information of one observation ``(R, k, k)``."""
    u, v, s = design.index
    basis = point.implied.basis[..., None, :, :]
    total = 0.0
    for part in _pattern_chunks(point, len(u)):
        gram = _t(basis) @ (point.inverse[..., part, :, :] @ basis)
        slots = gram[..., u[:, None], u] * gram[..., v[:, None], v]
        across = gram[..., u[:, None], v]
        slots += across * _t(across)
        total = total + np.einsum("...p,...pab->...ab", target.weights[..., part], slots)
    return design.reduce_square(total * np.outer(s, s))


def hessian(design: Design, point: Point, target: Target) -> np.ndarray:
    """Return d²F/dθdθ' ``(R, k, k)``: the observed information of one observation."""
    u, v, s = design.index
    basis = point.implied.basis[..., None, :, :]
    total = 0.0
    for part in _pattern_chunks(point, len(u)):
        inverse = point.inverse[..., part, :, :]
        gram = _t(basis) @ (inverse @ basis)
        middle = inverse @ target.moments[..., part, :, :] @ inverse - 0.5 * inverse
        slots = _cross(gram, _t(basis) @ (middle @ basis), u, v)
        total = total + np.einsum("...p,...pab->...ab", target.weights[..., part], slots)
    curved = _t(point.implied.basis) @ (_difference(point, target) @ point.implied.basis)
    second = _curvature(design, point.implied, curved)
    return design.reduce_square(total * np.outer(s, s) + second)


def _pattern_chunks(point: Point, slots: int) -> list[slice]:
    """Cut the pattern axis so that an array of slot pairs stays near 50 MB."""
    n_patterns = point.inverse.shape[-3]
    replicates = int(np.prod(point.inverse.shape[:-3]))
    step = max(1, int(6e6 / (replicates * slots**2)))
    return [slice(at, at + step) for at in range(0, n_patterns, step)]


def _cross(gram: np.ndarray, other: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """tr(M dΣ_b Σ⁻¹ dΣ_a) for every pair of slots, M = Σ⁻¹TΣ⁻¹ − Σ⁻¹/2."""
    u_, v_ = u[:, None], v[:, None]
    total = gram[..., u_, v] * other[..., v_, u]
    total += gram[..., v_, v] * other[..., u_, u]
    total += gram[..., u_, u] * other[..., v_, v]
    total += gram[..., v_, u] * other[..., u_, v]
    return total


def _curvature(design: Design, implied: Implied, curved: np.ndarray) -> np.ndarray:
    """½ tr[(Σ⁻¹ − Σ⁻¹TΣ⁻¹) d²Σ]: the columns of G themselves move with the parameters."""
    n = len(design.slots)
    terms = _second_order_terms(design)
    shape = implied.total.shape[:-2]
    inner = np.concatenate(
        [implied.total.reshape(*shape, -1), implied.latent.reshape(*shape, -1)], axis=-1
    )
    if not len(terms.a):
        return np.zeros((*shape, n, n))
    values = terms.factor * curved[..., terms.x, terms.y] * inner[..., terms.c]
    flat = values.reshape(-1, values.shape[-1])
    summed = (terms.collect @ flat.T).T
    return np.ascontiguousarray(summed).reshape(*shape, n, n)


@dataclass(frozen=True, slots=True)
class _Terms:
    a: np.ndarray
    x: np.ndarray
    y: np.ndarray
    c: np.ndarray
    factor: np.ndarray
    collect: object


_TERMS: dict[int, tuple[Design, _Terms]] = {}


def _second_order_terms(design: Design) -> _Terms:
    """List every (slot a, slot b, entry of G'DG, entry of E or V, factor) of the curvature."""
    if id(design) not in _TERMS or _TERMS[id(design)][0] is not design:
        _TERMS.clear()
        _TERMS[id(design)] = (design, _list_terms(design))
    return _TERMS[id(design)][1]


def _list_terms(design: Design) -> _Terms:
    from scipy import sparse

    p, q, n = len(design.observed), len(design.state), len(design.slots)
    u, v, s = design.index
    rows = []
    for a in range(n):
        for moving, partner in ((u[a], v[a]), (v[a], u[a])):
            for b in range(n):
                rows += [
                    (a * n + b, x, partner, c, s[a] * factor)
                    for x, c, factor in _moves(design, int(moving), b, p, q)
                ]
    table = np.array(rows, dtype=float).reshape(-1, 5)
    to, x, y, c = table[:, :4].T.astype(int)
    collect = sparse.csr_matrix(
        (np.ones(len(to)), (to, np.arange(len(to)))), shape=(n * n, len(to))
    )
    return _Terms(to, x, y, c, table[:, 4], collect)


def _moves(design: Design, column: int, b: int, p: int, q: int) -> list[tuple[int, int, float]]:
    """Return how a column of G changes with slot b: (column of G, entry of [E, V], factor)."""
    if column < p:
        return []
    kind, k, m = (int(x) for x in design.slots[b])
    weight = 0.5 if k == m else 1.0
    e = lambda i, j: i * q + j  # noqa: E731
    v = lambda i, j: q * q + i * q + j  # noqa: E731
    if column < p + q:
        i = column - p
        return {LAMBDA: [(k, e(m, i), 1.0)], BETA: [(p + k, e(m, i), 1.0)]}.get(kind, [])
    j = column - p - q
    return {
        LAMBDA: [(k, v(m, j), 1.0)],
        BETA: [(p + k, v(m, j), 1.0), (p + q + m, e(j, k), 1.0)],
        PSI: [(p + k, e(j, m), weight), (p + m, e(j, k), weight)],
    }.get(kind, [])


def _difference(point: Point, target: Target) -> np.ndarray:
    """Σ_patterns w (Σ⁻¹ − Σ⁻¹TΣ⁻¹), ``(R, groups, p, p)``."""
    each = point.inverse - point.inverse @ target.moments @ point.inverse
    if each.shape[-3] == 1:
        return target.weights[..., 0][..., None, None] * each[..., 0, :, :]
    return np.einsum("...p,...pij->...ij", target.weights, each)


def spd_inverse(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log-determinant, inverse, and which matrices are positive definite."""
    try:
        root = np.linalg.cholesky(matrix)
        possible = np.ones(matrix.shape[:-2], dtype=bool)
    except np.linalg.LinAlgError:
        finite = np.isfinite(matrix).all(axis=(-1, -2))
        safe = np.where(finite[..., None, None], matrix, np.eye(matrix.shape[-1]))
        possible = finite & (np.linalg.eigvalsh(safe)[..., 0] > 1e-12)
        matrix = np.where(possible[..., None, None], matrix, np.eye(matrix.shape[-1]))
        root = np.linalg.cholesky(matrix)
    diagonal = np.diagonal(root, axis1=-2, axis2=-1)
    inverse = np.linalg.inv(matrix)
    inverse = 0.5 * (inverse + _t(inverse))
    return 2 * np.log(diagonal).sum(axis=-1), inverse, possible


def _pairs(seen: np.ndarray) -> np.ndarray:
    return seen[..., :, None] * seen[..., None, :]


def _only_seen(sigma: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Put the identity in the rows and columns a pattern does not hold."""
    return sigma * _pairs(seen) + np.eye(sigma.shape[-1]) * (1 - seen)[..., None, :]
