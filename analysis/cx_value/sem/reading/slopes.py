"""How the values of a table change with the parameters, written out.

The same as the complex step of :mod:`cx_value.sem.reading.solution`, which goes through the model
matrices once a parameter; here a parameter is looked up where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.design.matrices import BETA, LAMBDA, PSI, THETA, Design, Implied
from cx_value.sem.reading.solution import (
    Places,
    central_latent,
    central_sigma,
    complex_step,
    raw_values,
    standardised_values,
    with_defined,
)


def table_slopes(design: Design, implied: Implied, at: Places) -> tuple[np.ndarray, np.ndarray]:
    """Return d raw / dθ and d standardised / dθ ``(rows, k)`` of every row of the table.

    Parameters
    ----------
    design : Design
    implied : Implied
        Model matrices of one parameter vector, groups first.
    at : Places
        Where each row is read, as :func:`cx_value.sem.reading.solution.places` gives them.

    Notes
    -----
    A slot changes Σ by s(uv' + vu') with u, v columns of G = [I, ΛE, ΛEΨE'], and the covariances
    of the states by the same with [0, E, EΨE']. A standardised value v·f changes by
    dv·f + v·f·d log f, and the logarithm of a standard deviation by half the variance's share.
    """
    n, k = len(at.kind), design.n_parameters
    raw, standardised = np.zeros((2, n, k))
    for g, (columns, own) in enumerate(design.own_parameters):
        rows = np.flatnonzero(at.group == g)
        part = _Group.of(design, implied, g)
        slopes = part.raw(at, rows), part.standardised(at, rows)
        for whole, slope in zip((raw, standardised), slopes, strict=True):
            whole[np.ix_(rows, columns)] = slope if own is None else slope @ own
    raw *= at.ratio[:, None]
    values = raw_values(design, implied, at)[:n], standardised_values(design, implied, at)[:n]
    return (
        _with_defined_slopes(design, values[0], raw),
        _with_defined_slopes(design, values[1], standardised),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """The matrices of one group, and how its variances change with the slots.

    ``states`` and ``items`` are variances ``(·,)``; ``log_states`` and ``log_items`` the slopes of
    the logarithms of their roots ``(·, T)``.
    """

    slot: dict[tuple[int, int, int], int]
    blocks: tuple[np.ndarray, ...]
    states: np.ndarray
    items: np.ndarray
    log_states: np.ndarray
    log_items: np.ndarray

    @classmethod
    def of(cls, design: Design, implied: Implied, g: int) -> _Group:
        p, means = len(design.observed), design.model.meanstructure
        raw = {"states": implied.latent[g], "items": implied.sigma[g]}
        central = {
            "states": central_latent(design, implied),
            "items": central_sigma(design, implied),
        }
        through = np.concatenate([implied.total[g], implied.latent[g]], axis=-1)
        basis = {
            "states": np.concatenate([np.zeros((len(through), p)), through], axis=-1),
            "items": implied.basis[g],
        }
        found = {}
        for name, matrix in raw.items():
            variance = np.diagonal(central[name][g]).copy()
            slope = _variance_slopes(design, basis[name], matrix, means=means)
            if means:
                variance[-1], slope[-1] = 1.0, 0.0
            with np.errstate(divide="ignore", invalid="ignore"):
                found |= {name: np.abs(variance), f"log_{name}": 0.5 * slope / variance[:, None]}
        slot = {tuple(place): t for t, place in enumerate(design.slots.tolist())}
        return cls(slot=slot, blocks=tuple(block[g] for block in implied.blocks), **found)

    def raw(self, at: Places, rows: np.ndarray) -> np.ndarray:
        """Return how entries of the model matrices change ``(rows, T)``: each by its own slot."""
        return self._entries(zip(at.kind[rows], at.i[rows], at.j[rows], strict=True))

    def standardised(self, at: Places, rows: np.ndarray) -> np.ndarray:
        """Return how the standardised values change ``(rows, T)``."""
        out = np.zeros((len(rows), self.log_items.shape[1]))
        for kind in (LAMBDA, BETA, PSI, THETA):
            chosen = np.flatnonzero(at.kind[rows] == kind)
            if len(chosen):
                i, j = at.i[rows[chosen]], at.j[rows[chosen]]
                out[chosen] = self._of_kind(kind, i, j)
        return out

    def _of_kind(self, kind: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        value = self.blocks[kind][i, j]
        slope = self._entries((kind, a, b) for a, b in zip(i, j, strict=True))
        items = kind in (LAMBDA, THETA)
        above, log_above = (
            (self.items[i], self.log_items[i]) if items else (self.states[i], self.log_states[i])
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            if kind in (LAMBDA, BETA):
                factor = np.sqrt(self.states[j] / above)
                log_factor = self.log_states[j] - log_above
            else:
                both, log_both = self._spreads(kind, i, j)
                factor = 1 / np.where(i == j, above, np.where(both == 0, np.nan, both))
                log_factor = -np.where((i == j)[:, None], 2 * log_above, log_both)
            return slope * factor[:, None] + (value * factor)[:, None] * log_factor

    def _spreads(self, kind: int, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the product of two residual deviations, and the slope of its logarithm."""
        spread, slope = 1.0, 0.0
        for place in (i, j):
            variance = self.blocks[kind][place, place]
            change = self._entries((kind, a, a) for a in place)
            spread = spread * np.sqrt(np.abs(variance))
            slope = slope + 0.5 * change / variance[:, None]
        return spread, slope

    def _entries(self, places) -> np.ndarray:
        slots = [self.slot.get(tuple(map(int, place)), -1) for place in places]
        out = np.zeros((len(slots), self.log_items.shape[1]))
        free = np.flatnonzero(np.array(slots, dtype=int) >= 0)
        out[free, np.array(slots, dtype=int)[free]] = 1.0
        return out


def _variance_slopes(
    design: Design, basis: np.ndarray, moments: np.ndarray, *, means: bool
) -> np.ndarray:
    """Return how the central variances of raw moments change with every slot ``(·, T)``."""
    u, v, s = design.index
    one, other = basis[:, u], basis[:, v]
    slope = 2 * s * one * other
    if means:
        slope -= 2 * moments[:, -1:] * s * (one * other[-1] + other * one[-1])
    return slope


def _with_defined_slopes(design: Design, values: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Append the slopes of the ``:=`` effects, which are functions of the rows before them."""
    if not design.model.definitions:
        return slope
    n = len(values)
    outer = complex_step(lambda shifted: with_defined(design, shifted)[..., n:], values)
    return np.concatenate([slope, outer @ slope])
