r"""Second derivatives summed over many patterns of missing answers.

For symmetric D_a, D_b the sum :math:`\sum_p w_p\,\mathrm{tr}(M_p D_b P_p D_a)` is bilinear in the
lower triangles of D_a and D_b. Its matrix needs only :math:`K = \sum_p w_p\,\mathrm{vech}(M_p)
\mathrm{vech}(P_p)'`, one matrix product over all patterns (Magnus and Neudecker 1988, ch. 3, for
vech and the duplication matrix). Pairs of parameters are then no longer gone through pattern by
pattern, which pays where patterns are many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Costs in units of a multiplication within a matrix product, as timed.
_PAIR = 150  # the look-ups of one pair of slots in one pattern
_PLACE = 200  # one entry of the N × N tables


@dataclass(frozen=True, slots=True, eq=False)
class Triangle:
    """Rows and columns of a lower triangle of N entries, and two N × N tables of places in K.

    For entries (i, l) and (j, k) these are the places of (ij, lk) and of (ik, lj); ``double``
    counts entries off the diagonal twice.
    """

    row: np.ndarray
    column: np.ndarray
    double: np.ndarray
    straight: np.ndarray
    crossed: np.ndarray


def lower_triangle(p: int) -> Triangle:
    """Return the look-up tables of symmetric ``(p, p)`` matrices.

    >>> lower_triangle(2).row.tolist(), lower_triangle(2).double.tolist()
    ([0, 1, 1], [1.0, 2.0, 1.0])
    """
    row, column = np.tril_indices(p)
    n = len(row)
    at = np.empty((p, p), dtype=np.intp)
    at[row, column] = at[column, row] = np.arange(n)
    # Entry (i, l) stands for a parameter's D_a along the rows, (j, k) for D_b along the columns.
    i, second = row[:, None], column[:, None]
    straight = at[i, row] * n + at[second, column]
    crossed = at[i, column] * n + at[second, row]
    return Triangle(row, column, np.where(row == column, 1.0, 2.0), straight, crossed)


def pays(n_patterns: int, p: int, n_slots: int) -> bool:
    """Whether going by lower triangles costs less than going through pairs of slots.

    >>> pays(400, 34, 130), pays(4, 34, 130)
    (True, False)
    """
    n = p * (p + 1) // 2
    by_triangle = n * n * (_PLACE + n_patterns) + n_slots * n * (n + n_slots)
    return by_triangle < _PAIR * n_patterns * n_slots * (n_slots + 1)


def slot_squares(
    triangle: Triangle,
    index: tuple[np.ndarray, np.ndarray, np.ndarray],
    basis: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Return Σ_p w tr(M_p D_b P_p D_a) for every pair of slots.

    Parameters
    ----------
    triangle : Triangle
    index : (u, v, s)
        D of a slot is s(g_u g_v' + g_v g_u') for columns g of the basis.
    basis : ndarray (R, groups, p, m)
    first, second : ndarray (R, groups, patterns, p, p)
        M and P, symmetric.
    weights : ndarray (R, groups, patterns)

    Returns
    -------
    ndarray (R, groups, T, T)
    """
    leading, slots = weights.shape[:-1], len(index[0])
    out = np.empty((*leading, slots, slots))
    for at in np.ndindex(*leading):
        left, right = (x[at][:, triangle.row, triangle.column] for x in (first, second))
        products = left.T @ (weights[at][:, None] * right)
        products += products.T.copy()
        bilinear = products.take(triangle.straight, mode="clip")
        bilinear += products.take(triangle.crossed, mode="clip")
        slopes = _slopes(triangle, index, basis[at])
        out[at] = 0.25 * (slopes.T @ (bilinear @ slopes))
    return out


def _slopes(triangle: Triangle, index: tuple, basis: np.ndarray) -> np.ndarray:
    """Return vech(D) of every slot ``(N, T)``, off-diagonal entries twice."""
    u, v, s = index
    left, right = basis[:, u] * s, basis[:, v]
    out = left[triangle.row] * right[triangle.column]
    out += left[triangle.column] * right[triangle.row]
    out *= triangle.double[:, None]
    return out
