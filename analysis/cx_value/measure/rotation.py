"""Factors turned to be read: varimax, promax and oblimin in psych's conventions."""

from __future__ import annotations

import numpy as np

from cx_value.base.errors import ConvergenceError, ModelError

ROTATIONS = ("oblimin", "promax", "varimax", "none")


def rotate_loadings(loadings: np.ndarray, rotation: str) -> tuple[np.ndarray, np.ndarray]:
    """Rotate loadings ``(p, m)``; return pattern ``(p, m)`` and factor correlations ``(m, m)``.

    Parameters
    ----------
    loadings : ndarray (p, m)
        Unrotated loadings.
    rotation : {"oblimin", "promax", "varimax", "none"}
        Varimax and promax work on rows scaled to length one (Kaiser, 1958); promax raises varimax
        loadings to the fourth power (Hendrickson & White, 1964); oblimin is the direct quartimin
        with γ = 0 on rows as they are (Jennrich & Sampson, 1966), solved by gradient projection
        (Jennrich, 2002; Bernaards & Jennrich, 2005). Each is searched from two starts.

    Notes
    -----
    Agrees with GPArotation, ``stats::varimax`` and ``psych::Promax`` driven to the optimum to
    1e-6. statsmodels' varimax and promax use other conventions (no Kaiser scaling, another power).

    Examples
    --------
    >>> loadings = np.array([[0.6, 0.5], [0.6, 0.4], [0.6, -0.5], [0.6, -0.4]])
    >>> rotate_loadings(loadings, "varimax")[0].round(2).tolist()
    [[0.78, 0.07], [0.71, 0.14], [0.07, 0.78], [0.14, 0.71]]
    """
    if rotation not in ROTATIONS:
        raise ModelError(
            f"rotation is '{rotation}' · allowed: {', '.join(ROTATIONS)} · do: choose one"
        )
    m = loadings.shape[1]
    if m == 1 or rotation == "none":
        return loadings.copy(), np.eye(m)
    starts = (np.eye(m), _turned_start(m))
    if rotation == "oblimin":
        found = [_oblimin(loadings, start) for start in starts]
        return min(found, key=lambda pair: round(_quartimin(pair[0])[0], 9))
    length = np.sqrt(np.maximum((loadings**2).sum(axis=1, keepdims=True), 1e-300))
    found = [_varimax(loadings / length, start) for start in starts]
    turned = max(found, key=lambda rows: round((rows**2).var(axis=0).sum(), 9))
    if rotation == "varimax":
        return turned * length, np.eye(m)
    pattern, phi = _promax(turned)
    return pattern * length, phi


def arrange_factors(pattern: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order factors by the variance they account for and turn their sums of loadings positive."""
    order = np.argsort(-np.diag(phi @ pattern.T @ pattern), kind="stable")
    sign = np.where(pattern.sum(axis=0) < 0, -1.0, 1.0)[order]
    return pattern[:, order] * sign, phi[np.ix_(order, order)] * np.outer(sign, sign)


def _unit_columns(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.sqrt((matrix**2).sum(axis=0))


def _turned_start(m: int) -> np.ndarray:
    """A fixed orthogonal matrix with no pattern in it.

    Unrotated loadings can stand on a saddle of the criterion (items ± alike on the second factor),
    where every search from the identity would stay; this start leaves it.
    """
    q, r = np.linalg.qr(np.random.default_rng(1).normal(size=(m, m)))
    return q * np.sign(np.diag(r))


def _varimax(
    rows: np.ndarray, start: np.ndarray, steps: int = 5000, tolerance: float = 1e-14
) -> np.ndarray:
    """Raw varimax by successive singular value decompositions; the criterion never falls."""
    p = len(rows)
    turn, criterion = start, 0.0
    for _ in range(steps):
        turned = rows @ turn
        cubic = turned**3 - turned * ((turned**2).sum(axis=0) / p)
        u, d, vt = np.linalg.svd(rows.T @ cubic)
        turn, before, criterion = u @ vt, criterion, d.sum()
        if criterion <= before * (1 + tolerance):
            return rows @ turn
    raise ConvergenceError(_message("varimax", steps))


def _promax(turned: np.ndarray, power: int = 4) -> tuple[np.ndarray, np.ndarray]:
    target = turned * np.abs(turned) ** (power - 1)
    transform = np.linalg.lstsq(turned, target, rcond=None)[0]
    transform *= np.sqrt(np.diag(np.linalg.inv(transform.T @ transform)))
    inverse = np.linalg.inv(transform)
    return turned @ transform, inverse @ inverse.T


def _quartimin(pattern: np.ndarray) -> tuple[float, np.ndarray]:
    others = 1 - np.eye(pattern.shape[1])
    square = pattern**2
    weighted = square @ others
    return float((square * weighted).sum() / 4), pattern * weighted


def _oblimin(
    loadings: np.ndarray, start: np.ndarray, steps: int = 20_000, tolerance: float = 1e-8
) -> tuple[np.ndarray, np.ndarray]:
    """Oblique gradient projection: minimise over transforms with columns of length one."""
    transform = start
    size = 1.0
    pattern, value, slope = _at(loadings, transform)
    for _ in range(steps):
        projected = slope - transform * (transform * slope).sum(axis=0)
        steepness = np.sqrt((projected**2).sum())
        if steepness < tolerance:
            return pattern, transform.T @ transform
        size *= 2
        for _ in range(30):
            trial = _unit_columns(transform - size * projected)
            pattern, lower, new_slope = _at(loadings, trial)
            if lower <= value - 0.5 * steepness**2 * size:
                break
            size /= 2
        # A step that can fall no further has met the rounding of the criterion.
        if not lower < value and steepness < 1e-6:
            return pattern, trial.T @ trial
        transform, value, slope = trial, lower, new_slope
    raise ConvergenceError(_message("oblimin", steps))


def _at(loadings: np.ndarray, transform: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    inverse = np.linalg.inv(transform)
    pattern = loadings @ inverse.T
    value, gradient = _quartimin(pattern)
    return pattern, value, -(pattern.T @ gradient @ inverse).T


def _message(rotation: str, steps: int) -> str:
    return (
        f"The {rotation} rotation did not settle in {steps} steps · allowed: a stationary point · "
        "do: ask for fewer factors or another rotation"
    )
