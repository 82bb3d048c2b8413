"""From a parameter vector to what is read: estimates, standardised values, defined effects.

Every function takes parameter vectors ``(..., k)`` with any leading axes and real or complex
entries; derivatives are taken by the complex step (Squire and Trapp 1998), exact to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.design.matrices import (
    BETA,
    LAMBDA,
    PSI,
    THETA,
    Design,
    Implied,
    place_of,
    unit_ratio,
)
from cx_value.study.language.expressions import evaluate_expression


@dataclass(frozen=True, slots=True)
class Places:
    """Where each row of the table is read, and its factor to the data's units."""

    group: np.ndarray
    kind: np.ndarray
    i: np.ndarray
    j: np.ndarray
    ratio: np.ndarray


def places(design: Design) -> Places:
    """Return the places of ``design.model.parameters``."""
    rows = [place_of(p, design.observed, design.state) for p in design.model.parameters]
    kind, i, j = np.array(rows).T
    group = np.array([p.group for p in design.model.parameters])
    ratio = [unit_ratio(row, design.units, design.state_units) for row in rows]
    return Places(group, kind, i, j, np.array(ratio))


def raw_values(design: Design, implied: Implied, at: Places) -> np.ndarray:
    """Return every parameter in the data's units ``(..., rows)``, defined ones last."""
    values = _read(implied, at) * at.ratio
    return with_defined(design, values)


def standardised_values(design: Design, implied: Implied, at: Places) -> np.ndarray:
    """Return every parameter of the completely standardised solution ``(..., rows)``.

    Variables, latent and observed, have unit variance; a residual covariance becomes the
    correlation of the two residuals.
    """
    states, items = deviations(design, implied)
    noise, residual = implied.blocks[THETA], implied.blocks[PSI]
    values = _read(implied, at)
    factor = np.ones_like(values)
    for kind in (LAMBDA, BETA, PSI, THETA):
        rows = np.flatnonzero(at.kind == kind)
        g, i, j = at.group[rows], at.i[rows], at.j[rows]
        above = items[..., g, i] if kind in (LAMBDA, THETA) else states[..., g, i]
        if kind in (LAMBDA, BETA):
            factor[..., rows] = states[..., g, j] / above
            continue
        matrix = noise if kind == THETA else residual
        both = np.sqrt(_positive(matrix[..., g, i, i]) * _positive(matrix[..., g, j, j]))
        factor[..., rows] = 1 / np.where(i == j, above * above, np.where(both == 0, np.nan, both))
    return with_defined(design, values * factor)


def deviations(design: Design, implied: Implied) -> tuple[np.ndarray, np.ndarray]:
    """Return standard deviations of states and of observed variables ``(..., groups, ·)``."""
    latent, sigma = central_latent(design, implied), central_sigma(design, implied)
    out = []
    for matrix in (latent, sigma):
        variance = np.diagonal(matrix, axis1=-2, axis2=-1).copy()
        if design.model.meanstructure:
            variance[..., -1] = 1.0
        out.append(np.sqrt(_positive(variance)))
    return out[0], out[1]


def central_sigma(design: Design, implied: Implied) -> np.ndarray:
    """Return the implied covariance matrix, the constant's row left at zero."""
    return _central(implied.sigma, design)


def central_latent(design: Design, implied: Implied) -> np.ndarray:
    """Return the covariance matrix of the states, the constant's row left at zero."""
    return _central(implied.latent, design)


def complex_step(read, theta: np.ndarray) -> np.ndarray:
    """Return d read(θ)/dθ ``(rows, k)`` at one vector, exact to rounding."""
    step = 1e-30
    return np.imag(read(theta + 1j * step * np.eye(len(theta)))).T / step


def jacobian(design: Design, theta: np.ndarray, sample: np.ndarray, read) -> np.ndarray:
    """Return d read(implied)/dθ ``(rows, k)`` at one vector by the complex step."""
    held = sample[None].astype(complex)
    return complex_step(lambda shifted: read(design.implied(shifted, held)), theta)


def _central(matrix: np.ndarray, design: Design) -> np.ndarray:
    if not design.model.meanstructure:
        return matrix
    mean = matrix[..., :, -1]
    return matrix - mean[..., :, None] * mean[..., None, :]


def _read(implied: Implied, at: Places) -> np.ndarray:
    """Pick each row's entry out of the model matrices."""
    first = implied.blocks[LAMBDA]
    values = np.zeros((*first.shape[:-3], len(at.kind)), dtype=first.dtype)
    for kind, block in enumerate(implied.blocks):
        rows = np.flatnonzero(at.kind == kind)
        values[..., rows] = block[..., at.group[rows], at.i[rows], at.j[rows]]
    return values


def with_defined(design: Design, values: np.ndarray) -> np.ndarray:
    """Append the ``:=`` effects."""
    labels: dict[str, np.ndarray] = {}
    for row, parameter in enumerate(design.model.parameters):
        if parameter.label:
            labels.setdefault(parameter.label, values[..., row])
    extra = []
    for definition in design.model.definitions:
        result = evaluate_expression(definition.tree, labels)
        labels[definition.name] = np.broadcast_to(result, values.shape[:-1])
        extra.append(labels[definition.name])
    if not extra:
        return values
    return np.concatenate([values, np.stack(extra, axis=-1)], axis=-1)


def _positive(x: np.ndarray) -> np.ndarray:
    """Absolute value that complex steps pass through."""
    return np.where(np.real(x) < 0, -x, x)
