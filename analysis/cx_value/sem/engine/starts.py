"""Where the search begins: several starting points, so that the best optimum can be told."""

from __future__ import annotations

import numpy as np

from cx_value.sem.design.matrices import BETA, LAMBDA, PSI, Design, place_of


def starting_points(design: Design, moments: np.ndarray, n_starts: int = 4) -> np.ndarray:
    """Return starting vectors ``(n_starts, k)`` for moments ``(groups, p, p)`` in fit units.

    The first takes loadings from the first principal component of each block and no paths; the
    second takes paths and covariances from the components' regressions; the rest scatter around
    them with a fixed seed, so that a fit is the same every time.
    """
    covariance, mean = _central(design, moments)
    plain = _start(design, covariance, mean, paths=False)
    linked = _start(design, covariance, mean, paths=True)
    points = [plain, linked]
    random = np.random.default_rng(20_250_101)
    while len(points) < n_starts:
        points.append(_scattered(design, points[len(points) % 2], random))
    numbered = _with_given(design, np.array(points[:n_starts]))
    reduced = np.linalg.lstsq(design.combine, (numbered - design.offset).T, rcond=None)[0]
    return np.ascontiguousarray(reduced.T)


def _central(design: Design, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not design.model.meanstructure:
        return moments, np.zeros(moments.shape[:2])
    mean = moments[:, :-1, -1]
    return moments[:, :-1, :-1] - mean[:, :, None] * mean[:, None, :], mean


def _start(design: Design, covariance: np.ndarray, mean: np.ndarray, paths: bool) -> np.ndarray:
    guesses = [_group_guess(design, c, m, paths) for c, m in zip(covariance, mean, strict=True)]
    theta, seen = np.zeros(len(design.scale)), np.zeros(len(design.scale), dtype=bool)
    for parameter, place in _free_places(design):
        if not seen[parameter.index]:
            kind, i, j = place
            theta[parameter.index] = guesses[parameter.group][kind][i, j]
            seen[parameter.index] = True
    return theta


def _free_places(design: Design):
    """Yield every free parameter with its slot, group by group."""
    for parameter in design.model.parameters:
        if parameter.index >= 0:
            yield parameter, place_of(parameter, design.observed, design.state)


def _group_guess(design: Design, covariance: np.ndarray, mean: np.ndarray, paths: bool) -> tuple:
    """Guess Λ, B, Ψ, Θ of one group by components of each block."""
    lam, beta, psi, noise = (np.array(b[0]) for b in design.base)
    p, weights = len(covariance), _component_weights(design, covariance)
    crossed = weights @ covariance @ weights.T
    for kind, i, j in design.slots:
        if kind == LAMBDA and design.state[j] != "1":
            lam[i, j] = covariance[i] @ weights[j] / max(crossed[j, j], 1e-3)
        elif kind == LAMBDA:
            lam[i, j] = mean[i]
    n = len(crossed)
    np.fill_diagonal(noise[:p, :p], 0.5 * np.diag(covariance))
    fixed = design.base[PSI][0]
    psi[:n, :n] = np.where(fixed[:n, :n] != 0, fixed[:n, :n], 0.9 * crossed if paths else 0.0)
    for i in range(n):
        psi[i, i] = psi[i, i] if fixed[i, i] else max(0.6 * crossed[i, i], 0.05)
    if paths:
        _regressions(design, crossed, beta, psi)
    for kind, i, j in design.slots:
        if kind == BETA and not paths and _is_loading(design, i, j):
            beta[i, j] = crossed[i, j] / max(crossed[j, j], 1e-3) or 0.5
        if kind == BETA and design.state[j] == "1" and design.state[i] in design.observed:
            beta[i, j] = mean[design.observed.index(design.state[i])]
    return lam, beta, psi, noise


def _is_loading(design: Design, i: int, j: int) -> bool:
    pair = (design.state[j], design.state[i])
    return any(p.op == "=~" and (p.lhs, p.rhs) == pair for p in design.model.parameters)


def _component_weights(design: Design, covariance: np.ndarray) -> np.ndarray:
    """Return weights ``(states, p)``: a unit for an observed variable, a component for a block."""
    names = [name for name in design.state if name != "1"]
    weights = np.zeros((len(names), len(covariance)))
    blocks = {n: [p for p in design.model.parameters if p.op == "=~" and p.lhs == n and not p.group]
              for n in names}  # fmt: skip
    for _ in names:
        for row, name in enumerate(names):
            if name in design.observed:
                weights[row, design.observed.index(name)] = 1.0
            elif not weights[row].any():
                weights[row] = _block_weights(design, covariance, blocks[name], weights, names)
    return weights


def _block_weights(
    design: Design, covariance: np.ndarray, block: list, weights: np.ndarray, names: list
) -> np.ndarray:
    """First component of a block, in the unit of its marker."""
    members = []
    for p in block:
        unit = np.zeros(len(covariance))
        if p.rhs in names:
            unit = weights[names.index(p.rhs)]
        else:
            unit[design.observed.index(p.rhs)] = 1.0
        members.append(unit)
    rows = np.array(members)
    if not np.any(rows, axis=1).all():
        return np.zeros(len(covariance))
    inner = rows @ covariance @ rows.T
    vector = np.linalg.eigh(inner)[1][:, -1]
    marker = next((i for i, p in enumerate(block) if p.index < 0 and p.value), 0)
    vector = vector * np.sign(vector[marker] or 1.0)
    loadings = inner @ vector / (vector @ inner @ vector)
    scale = loadings[marker] if abs(loadings[marker]) > 0.1 else 1.0
    if block[marker].index >= 0:
        return vector @ rows / np.sqrt(vector @ inner @ vector)
    return (vector * scale) @ rows


def _regressions(design: Design, crossed: np.ndarray, beta: np.ndarray, psi: np.ndarray) -> None:
    """Put least-squares paths among the components into B and their residuals into Ψ."""
    n = len(crossed)
    shrunk = crossed + 0.1 * np.diag(np.diag(crossed))
    for i in range(n):
        rows = design.slots[(design.slots[:, 0] == BETA) & (design.slots[:, 1] == i)]
        sources = [j for j in rows[:, 2] if j < n]
        if sources:
            solved = np.linalg.lstsq(
                shrunk[np.ix_(sources, sources)], crossed[sources, i], rcond=None
            )
            beta[i, sources] = solved[0]
            psi[i, :n] *= 0.1
            psi[:n, i] *= 0.1
            psi[i, i] = max(crossed[i, i] - solved[0] @ crossed[sources, i], 0.1 * crossed[i, i])


def _scattered(design: Design, start: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return start * random.uniform(0.7, 1.4, len(start)) + random.normal(0, 0.02, len(start))


def _with_given(design: Design, points: np.ndarray) -> np.ndarray:
    """Put the analyst's ``start()`` values in place, in fit units."""
    for p in design.model.parameters:
        if p.index >= 0 and not np.isnan(p.start):
            points[:, p.index] = p.start / design.scale[p.index]
    return points
