"""Minimising the discrepancy for many replicates at once.

Fisher scoring carries a replicate near its optimum, Newton steps with the exact Hessian finish it;
both go the whole way on the scale of the latent covariances and are shortened where F would rise.
Replicates that are done leave the batch and others take their places. The stopping rule is the
Newton decrement g'H⁻¹g, which does not depend on units: 1e-15 leaves an estimate within about 1e-6
standard errors of the optimum at n = 1000; and there the Hessian has to be positive definite.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from cx_value.sem.design.latent_steps import advance, solve
from cx_value.sem.design.matrices import Design
from cx_value.sem.engine.likelihood import (
    Point,
    Target,
    evaluate,
    expected_information,
    gradient,
    hessian,
)

DECREMENT = 1e-15
NEAR_DECREMENT = {False: 1e-9, True: 1e-12}  # smaller where paths may pass infinity
FLATTEST = 1e-10
_NEWTON_BELOW = {False: 5e-2, True: 1e-3}  # gain
_ACCEPTABLE = 1e-10
_SLACK = 1e-13
_SHORTEST = 1e-7
_RIDGE = 1e-12
_ELEMENTS = 1e5  # of one array over all pairs of slots: larger batches leave the cache


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where each replicate ended: ``theta (R, k)``, ``value``, ``converged``, ``iterations``."""

    theta: np.ndarray
    value: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray


def minimise(
    design: Design,
    target: Target,
    start: np.ndarray,
    *,
    max_iterations: int = 200,
    near: bool = False,
) -> Optimum:
    """Minimise F from ``start (R, k)`` in each of R replicates, or from one start ``(k,)`` in all.

    ``near`` says that the start is close, as the full sample's solution is to a replicate's: a
    Newton step from a small decrement is the last, for it squares the error. One start for all
    spares them their first information.

    A minimum is only one where the Hessian in correlation form has no eigenvalue below 1e-10: a
    search that fades out along a valley without end has not converged.

    Source: Lee and Jennrich (1979), Fisher scoring for covariance structures.
    """
    n = len(target.moments)
    theta = np.array(np.broadcast_to(start, (n, np.shape(start)[-1])), dtype=float)
    found = Optimum(theta, np.full(n, np.inf), np.zeros(n, dtype=bool), np.zeros(n, dtype=int))
    batch = _Batch(design, target, near)
    if near and np.ndim(start) == 1:
        batch.inverse = np.linalg.pinv(_shared_information(design, target, start), hermitian=True)
    size, waiting = _batch_size(design, target), 0
    while waiting < n or len(batch.now.rows):
        free = size - len(batch.now.rows)
        if waiting < n and free >= size // 2:
            batch.enter(np.arange(waiting, min(n, waiting + free)), theta)
            waiting += free
        batch.step()
        done, good = batch.finished(max_iterations)
        if done.any():
            now, at = batch.now, batch.now.rows[done]
            found.theta[at], found.value[at] = now.theta[done], now.point.value[done]
            found.converged[at], found.iterations[at] = good[done], now.count[done]
            batch.now = now.take(np.flatnonzero(~done))
    return found


def _batch_size(design: Design, target: Target) -> int:
    """How many replicates are worked on together."""
    groups, patterns, p = target.moments.shape[1:4]
    elements = groups * max(len(design.pairs.uu), patterns * p * p)
    return int(np.clip(_ELEMENTS / elements, 16, 1000))


def _shared_information(design: Design, target: Target, start: np.ndarray) -> np.ndarray:
    """Expected information at the start, at the mean of the replicates' weights."""
    mean = Target(
        *(x.mean(axis=0, keepdims=True) for x in (target.moments, target.weights, target.sample)),
        target.seen,
    )
    return expected_information(design, evaluate(design, start[None], mean), mean)[0]


@dataclass(slots=True)
class _State:
    """The replicates on their way, replicates first in every array.

    ``newton`` says whether the next step is Newton's, ``newton_below`` the gain from which that is
    tried; ``share`` of a step is taken; ``before`` is the decrement of the step before the last.
    """

    rows: np.ndarray
    theta: np.ndarray
    point: Point
    share: np.ndarray
    newton: np.ndarray
    newton_below: np.ndarray
    decrement: np.ndarray
    before: np.ndarray
    count: np.ndarray
    moved: np.ndarray

    def take(self, kept: np.ndarray) -> _State:
        values = (getattr(self, f.name) for f in fields(self))
        return _State(*(_each_array(lambda x: x[kept], v) for v in values))


class _Batch:
    """Steps of the replicates on their way; ``inverse`` of the information at a shared start."""

    def __init__(self, design: Design, target: Target, near: bool):
        self.design, self.target, self.near = design, target, near
        # Where paths may pass infinity F is not nearly quadratic until very near the optimum.
        self.careful = len(design.equations) > 0
        self.enough = NEAR_DECREMENT[self.careful] if near else DECREMENT
        self.inverse: np.ndarray | None = None
        self.now = self._state(np.arange(0), np.zeros((0, design.n_parameters)))

    def _state(self, rows: np.ndarray, theta: np.ndarray) -> _State:
        n = len(rows)
        return _State(
            rows=rows, theta=theta, point=evaluate(self.design, theta, self.target.take(rows)),
            share=np.ones(n), newton=np.zeros(n, dtype=bool),
            newton_below=np.full(n, _NEWTON_BELOW[self.careful]),
            decrement=np.full(n, np.inf), before=np.full(n, np.inf),
            count=np.zeros(n, dtype=int), moved=np.zeros(n, dtype=bool),
        )  # fmt: skip

    def enter(self, rows: np.ndarray, theta: np.ndarray) -> None:
        """Take replicates in; from a shared start, with their first step."""
        others, self.now = self.now, self._state(rows, theta[rows])
        if self.inverse is not None:
            self.step(first=True)
        if len(others.rows):
            pairs = ((getattr(others, f.name), getattr(self.now, f.name)) for f in fields(_State))
            self.now = _State(*(_each_array(lambda *x: np.concatenate(x), *p) for p in pairs))

    def step(self, *, first: bool = False) -> None:
        """Try one step; keep it where F does not rise."""
        now, target = self.now, self.target.take(self.now.rows)
        slope = gradient(self.design, now.point, target)
        if first:
            move = -slope @ self.inverse
        else:
            self.matrix = self._curvature(target)
            move = -solve(self.matrix, slope)
        gain = -(slope * move).sum(axis=-1)
        now.before = now.decrement
        now.decrement = np.where(now.share == 1, np.abs(gain), np.inf)
        theta = self._moved(move, target)
        trial = evaluate(self.design, theta, target)
        floor = _SLACK * (1 + np.abs(now.point.value))
        better = (trial.value <= now.point.value + floor) & (gain >= 0)
        now.theta = np.where(better[:, None], theta, now.theta)
        now.point = _choose(better, trial, now.point)
        self._adapt(better, gain)
        now.moved = better
        now.count += 1

    def _moved(self, move: np.ndarray, target: Target) -> np.ndarray:
        part = self.now.share[:, None] * move
        with np.errstate(all="ignore"):
            return advance(self.design, self.now.theta, part, self.now.point.implied, target.sample)

    def _adapt(self, better: np.ndarray, gain: np.ndarray) -> None:
        """Choose the next step's kind and length.

        A Newton step that fails met an indefinite Hessian: back to the information, which is not.
        """
        now, failed = self.now, self.now.newton & ~better
        now.newton = np.where(better, now.newton | (gain < now.newton_below), False)
        now.newton_below = np.where(failed, 0.1 * np.abs(gain), now.newton_below)
        longer, shorter = np.minimum(2 * now.share, 1.0), 0.25 * now.share
        now.share = np.where(better, longer, np.where(failed, 1.0, shorter))

    def _curvature(self, target: Target) -> np.ndarray:
        """Expected information far from the optimum, exact Hessian near it."""
        k, now = self.design.n_parameters, self.now
        if now.newton.all():
            matrix = hessian(self.design, now.point, target)
        elif not now.newton.any():
            matrix = expected_information(self.design, now.point, target)
        else:
            matrix = np.empty((len(now.rows), k, k))
            for flag, compute in ((False, expected_information), (True, hessian)):
                chosen = np.flatnonzero(now.newton == flag)
                point = _each_array(lambda x: x[chosen], now.point)  # noqa: B023
                matrix[chosen] = compute(self.design, point, target.take(chosen))
        self.was_newton = now.newton
        diagonal = np.einsum("rkk->rk", matrix)
        diagonal += _RIDGE * np.maximum(np.abs(diagonal), 1e-6)
        return matrix

    def finished(self, max_iterations: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which replicates stop here, and which of them at an optimum."""
        now = self.now
        # Newton's decrement goes as q d²; q is read off the last two.
        with np.errstate(invalid="ignore"):
            foreseen = now.decrement * (now.decrement / now.before) ** 2
        enough = now.decrement < self.enough
        enough |= self.near & (now.before < 1e-3) & (foreseen < 0.1 * DECREMENT)
        reached = now.newton & enough & now.moved & now.point.possible
        stuck = (now.share < _SHORTEST) | (now.count >= max_iterations)
        stuck |= ~now.point.possible & (now.count > 60)
        settled = stuck & (now.decrement < _ACCEPTABLE) & now.point.possible
        good = reached | settled
        good[good] = self._is_minimum(np.flatnonzero(good))
        return reached | stuck, good

    def _is_minimum(self, chosen: np.ndarray) -> np.ndarray:
        """Whether the Hessian in correlation form is positive definite with something to spare."""
        if not len(chosen):
            return np.zeros(0, dtype=bool)
        matrix = self.matrix[chosen]
        other = np.flatnonzero(self.careful | ~self.was_newton[chosen])
        if len(other):
            rows = chosen[other]
            point = _each_array(lambda x: x[rows], self.now.point)
            matrix[other] = hessian(self.design, point, self.target.take(self.now.rows[rows]))
        scale = np.sqrt(np.maximum(np.abs(np.einsum("rkk->rk", matrix)), 1e-300))
        matrix /= scale[:, :, None] * scale[:, None, :]
        np.einsum("rkk->rk", matrix)[...] -= FLATTEST
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            return np.linalg.eigvalsh(matrix)[:, 0] > 0
        return np.ones(len(chosen), dtype=bool)


def _each_array(function, *values):
    """Apply a function to arrays, or to those inside points, the same place in each."""
    if not isinstance(values[0], Point):
        return function(*values)
    implied = [v.implied for v in values]
    names = ("loadings", "total", "latent", "sigma", "basis")
    parts = (function(*(getattr(i, name) for i in implied)) for name in names)
    blocks = tuple(function(*each) for each in zip(*(i.blocks for i in implied), strict=True))
    names = ("inverse", "value", "possible")
    rest = (function(*(getattr(v, name) for v in values)) for name in names)
    return Point(type(implied[0])(*parts, blocks), *rest)


def _choose(better: np.ndarray, new: Point, old: Point) -> Point:
    if better.all():
        return new
    return _each_array(
        lambda a, b: np.where(better.reshape(-1, *[1] * (a.ndim - 1)), a, b), new, old
    )
