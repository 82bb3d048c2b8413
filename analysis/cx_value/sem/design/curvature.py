"""Look-up tables for second derivatives, built once for a model.

Columns u and v of G = [I, ΛE, ΛEΨE'] themselves move with the parameters; how they do is a list of
products of entries of G'DG with entries of E and of the latent covariance matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np

BETA_, LAMBDA_, PSI_ = 1, 0, 2


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Flat places in a matrix over G of every pair of slots a ≥ b, and back to a square.

    Pairs whose second derivative of Σ is not zero come first, so that they are a slice.
    """

    uu: np.ndarray
    vv: np.ndarray
    uv: np.ndarray
    vu: np.ndarray
    factor: np.ndarray
    square: np.ndarray


def slot_pairs(u: np.ndarray, v: np.ndarray, s: np.ndarray, width: int, order: np.ndarray) -> Pairs:
    """Return the look-up tables of pairs of slots in the ``order`` given."""
    n = len(u)
    a, b = (index[order] for index in np.tril_indices(n))
    square = np.empty((n, n), dtype=int)
    square[a, b] = square[b, a] = np.arange(len(a))
    return Pairs(
        uu=u[a] * width + u[b],
        vv=v[a] * width + v[b],
        uv=u[a] * width + v[b],
        vu=v[a] * width + u[b],
        factor=s[a] * s[b],
        square=square,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """½ tr[D d²Σ] for every pair of slots where it is not zero, as a sum of look-ups.

    ``order`` of the pairs (of ``np.tril_indices``) puts the ``n_curved`` of these first; the terms
    of each begin at ``starts``.
    """

    order: np.ndarray
    n_curved: int
    starts: np.ndarray
    curved: np.ndarray
    inner: np.ndarray
    factor: np.ndarray

    def sum_terms(self, implied, curved: np.ndarray) -> np.ndarray:
        """Return ``(..., n_curved)`` for G'DG in ``curved (..., m, m)``."""
        shape = curved.shape[:-2]
        if not self.n_curved:
            return np.zeros((*shape, 0))
        both = [x.reshape(*shape, -1) for x in (implied.total, implied.latent)]
        inner = np.concatenate(both, axis=-1).take(self.inner, axis=-1, mode="clip")
        values = curved.reshape(*shape, -1).take(self.curved, axis=-1, mode="clip")
        values *= inner
        values *= self.factor
        return np.add.reduceat(values, self.starts, axis=-1)

    def add_to(self, square: np.ndarray, implied, curved: np.ndarray) -> None:
        """Add the terms to slot matrices ``(..., T, T)`` in place."""
        a, b = (index[self.order[: self.n_curved]] for index in np.tril_indices(square.shape[-1]))
        terms = self.sum_terms(implied, curved)
        square[..., a, b] += terms
        apart = a != b
        square[..., b[apart], a[apart]] += terms[..., apart]


def curvature_terms(
    slots: np.ndarray, index: tuple[np.ndarray, np.ndarray, np.ndarray], p: int, q: int
) -> Curvature:
    """List the terms of every pair of slots a ≥ b, sorted by pair."""
    u, v, s = index
    width = p + 2 * q
    moves = {c: _moves_by_slot(slots, c, p, q) for c in np.unique([u, v]).tolist() if c >= p}
    rows = []
    for a in range(len(slots)):
        before = a * (a + 1) // 2
        for moving, partner in ((u[a], v[a]), (v[a], u[a])):
            rows += [
                (before + b, x * width + partner, c, s[a] * weight)
                for b, x, c, weight in moves.get(int(moving), ())
                if b <= a
            ]
    rows.sort(key=itemgetter(0))
    table = np.array(rows, dtype=float).reshape(-1, 4)
    pair, curved, inner = table[:, :3].T.astype(int)
    own, starts = np.unique(pair, return_index=True)
    n_pairs = len(slots) * (len(slots) + 1) // 2
    flat = np.ones(n_pairs, dtype=bool)
    flat[own] = False
    order = np.concatenate([own, np.flatnonzero(flat)])
    return Curvature(order, len(own), starts, curved, inner, table[:, 3].copy())


def _moves_by_slot(slots: np.ndarray, column: int, p: int, q: int) -> list[tuple]:
    """List how a column of G changes with every slot: (slot, column of G, entry, factor)."""
    return [
        (b, *move) for b, slot in enumerate(slots.tolist()) for move in _moves(slot, column, p, q)
    ]


def _moves(slot: list[int], column: int, p: int, q: int) -> list[tuple[int, int, float]]:
    """Return how a column of G changes with a slot: (column of G, entry of [E, V], factor)."""
    if column < p:
        return []
    kind, k, m = slot

    def total(i: int, j: int) -> int:
        return i * q + j

    def latent(i: int, j: int) -> int:
        return q * q + i * q + j

    if column < p + q:
        i = column - p
        moved = {LAMBDA_: k, BETA_: p + k}
        return [(moved[kind], total(m, i), 1.0)] if kind in moved else []
    j = column - p - q
    weight = 0.5 if k == m else 1.0
    return {
        LAMBDA_: [(k, latent(m, j), 1.0)],
        BETA_: [(p + k, latent(m, j), 1.0), (p + q + m, total(j, k), 1.0)],
        PSI_: [(p + k, total(j, m), weight), (p + m, total(j, k), weight)],
    }.get(kind, [])
