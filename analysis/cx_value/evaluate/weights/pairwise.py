"""Priorities and consistency of pairwise comparisons: the analytic hierarchy process.

Saaty (1980), *The Analytic Hierarchy Process*. Every function takes one matrix or a stack of them.
A judgement that was not given is NaN.
"""

from __future__ import annotations

import numpy as np

from cx_value.base.errors import DataError

#: Random indices by number of criteria: the mean consistency index of random matrices.
RANDOM_INDEX = {
    # Saaty (1980), table 3.
    "saaty": {3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49, 11: 1.51,
              12: 1.48, 13: 1.56, 14: 1.57, 15: 1.59},
    # Donegan & Dodd (1991).
    "donegan_dodd": {3: 0.4914, 4: 0.8286, 5: 1.0591, 6: 1.1797, 7: 1.2519, 8: 1.3171, 9: 1.3733,
                     10: 1.4055, 11: 1.4213, 12: 1.4497, 13: 1.4643, 14: 1.4822, 15: 1.4969},
    # Alonso & Lamata (2006).
    "alonso_lamata": {3: 0.5245, 4: 0.8815, 5: 1.1086, 6: 1.2479, 7: 1.3417, 8: 1.4056, 9: 1.4499,
                      10: 1.4854, 11: 1.5141, 12: 1.5365, 13: 1.5551, 14: 1.5713, 15: 1.5838},
}  # fmt: skip
#: Saaty's scale, the judgements an expert may give.
SCALE = np.array([*(1 / k for k in range(9, 1, -1)), *range(1, 10)], dtype=float)
_STEPS, _ENOUGH = 2000, 1e-14


def principal_eigenvector(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return priorities that sum to 1, and the largest eigenvalue.

    :math:`A w = \lambda_{max} w` with :math:`a_{ij} > 0` how many times as important i is as j
    (Saaty 1980, ch. 3), by power iteration, which converges for every positive matrix.

    Examples
    --------
    >>> w, largest = principal_eigenvector(np.array([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]]))
    >>> w.round(4).tolist(), round(float(largest), 4)
    ([0.637, 0.2583, 0.1047], 3.0385)
    """
    w = np.full(matrices.shape[:-1], 1.0 / matrices.shape[-1])
    for _ in range(_STEPS):
        step = (matrices @ w[..., None])[..., 0]
        total = step.sum(axis=-1, keepdims=True)
        step /= total
        if np.abs(step - w).max() < _ENOUGH:
            break
        w = step
    return step, total[..., 0]


def geometric_mean_priorities(matrices: np.ndarray) -> np.ndarray:
    r"""Return row geometric means that sum to 1: :math:`w_i \propto \prod_j a_{ij}^{1/n}`.

    Crawford & Williams (1985): the logarithmic least-squares priorities of a complete matrix.
    """
    w = np.exp(np.log(matrices).mean(axis=-1))
    return w / w.sum(axis=-1, keepdims=True)


def consistency_index(largest: np.ndarray, n: int) -> np.ndarray:
    r"""Return :math:`CI = (\lambda_{max} - n) / (n - 1)` (Saaty 1980); 0 for two criteria."""
    return np.maximum((largest - n) / max(n - 1, 1), 0.0)


def consistency_ratio(largest: np.ndarray, n: int, table: str = "saaty") -> np.ndarray:
    """Return ``CR = CI / RI``; NaN for fewer than three criteria, whose judgements cannot clash.

    Examples
    --------
    >>> round(float(consistency_ratio(np.float64(9.66888732), 8)), 5)
    0.16909
    """
    index = RANDOM_INDEX[table].get(n)
    if index is None:
        return np.full(np.shape(largest), np.nan)
    return consistency_index(largest, n) / index


def log_least_squares(matrix: np.ndarray) -> np.ndarray:
    """Return logarithmic least-squares priorities of a matrix with missing judgements.

    Solves the Laplacian system of the graph of given judgements (Bozóki, Fülöp & Rónyai 2010,
    eq. 19).

    Raises
    ------
    DataError
        If the judgements do not connect all criteria.
    """
    given = np.isfinite(matrix) & ~np.eye(len(matrix), dtype=bool)
    laplacian = np.diag(given.sum(axis=1)) - given.astype(float)
    if np.linalg.matrix_rank(laplacian) < len(matrix) - 1:
        raise DataError(
            f"{int(given.sum() // 2)} judgements do not join all {len(matrix)} criteria · allowed: "
            "a chain of judgements from every criterion to every other · do: ask for more of them"
        )
    logs = np.where(given, np.log(np.where(given, matrix, 1.0)), 0.0).sum(axis=1)
    w = np.exp(np.linalg.pinv(laplacian) @ logs)
    return w / w.sum()


def complete_matrix(matrix: np.ndarray) -> np.ndarray:
    """Fill in the judgements that were not given so that λmax is least.

    Bozóki, Fülöp & Rónyai (2010): the completion is unique where the judgements given connect all
    criteria, and λmax is convex in the logarithms of the missing ones. Its gradient is exact, from
    the left and right eigenvectors.

    Examples
    --------
    >>> nan = float("nan")
    >>> complete_matrix(np.array([[1, 2, nan], [0.5, 1, 3], [nan, 1 / 3, 1]]))[0, 2].round(6).item()
    6.0
    """
    from scipy.optimize import minimize

    w = log_least_squares(matrix)
    rows, columns = np.where(np.triu(np.isnan(matrix), 1))
    if not len(rows):
        return matrix
    full = matrix.copy()

    def fill(logs: np.ndarray) -> np.ndarray:
        full[rows, columns], full[columns, rows] = np.exp(logs), np.exp(-logs)
        return full

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        a = fill(logs)
        right, largest = principal_eigenvector(a)
        left, _ = principal_eigenvector(a.T)
        part = a * np.outer(left, right) / (left @ right)
        return float(np.log(largest)), (part[rows, columns] - part[columns, rows]) / largest

    found = minimize(loss, np.log(w[rows] / w[columns]), jac=True, method="BFGS",
                     options={"gtol": 1e-11})  # fmt: skip
    return fill(found.x).copy()


def judgement_to_change(matrix: np.ndarray, table: str = "saaty") -> dict[str, float] | None:
    """Return the one judgement whose change makes a complete matrix most consistent.

    For every pair the matrix is completed as if the pair had not been judged, and the value moved
    to the nearest of Saaty's scale: ``row column value new ratio``, the positions, the value given
    and proposed, and the consistency ratio that results. None for fewer than three criteria, or
    where no change of one judgement helps.
    """
    n = len(matrix)
    if n < 3:
        return None
    best, least = None, float(consistency_ratio(principal_eigenvector(matrix)[1], n, table))
    for i, j in zip(*np.triu_indices(n, 1), strict=True):
        new = _best_value(matrix, int(i), int(j))
        changed = matrix.copy()
        changed[i, j], changed[j, i] = new, 1 / new
        ratio = float(consistency_ratio(principal_eigenvector(changed)[1], n, table))
        if ratio < least - 1e-12:
            least = ratio
            best = {"row": int(i), "column": int(j), "value": float(matrix[i, j]), "new": new,
                    "ratio": ratio}  # fmt: skip
    return best


def _best_value(matrix: np.ndarray, i: int, j: int) -> float:
    """Return the value on Saaty's scale that makes λmax least; λmax is convex in its logarithm."""
    stack = np.repeat(matrix[None], len(SCALE), axis=0)
    stack[:, i, j], stack[:, j, i] = SCALE, 1 / SCALE
    return float(SCALE[np.argmin(np.linalg.eigvals(stack).real.max(axis=-1))])
