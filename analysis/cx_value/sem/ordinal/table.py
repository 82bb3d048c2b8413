"""Every parameter of an ordinal model, raw and standardised, with its standard error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cx_value.sem.engine.fit import Solution
from cx_value.sem.ordinal.prepare import OrdinalPrepared
from cx_value.sem.ordinal.search import Sandwich, response_scales
from cx_value.sem.reading.result import COLUMNS
from cx_value.sem.reading.solution import (
    central_sigma,
    complex_step,
    places,
    raw_values,
    standardised_values,
)

_ORDER = {"=~": 0, "~": 1, "|": 2, "~~": 3, "~*~": 4, "~1": 5}
Read = Callable[[np.ndarray], np.ndarray]


def parameter_frame(
    prepared: OrdinalPrepared, solution: Solution, found: Sandwich, confidence: float
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table of parameters and the standard errors of the standardised solution."""
    from scipy.stats import norm

    rows, order, follows = _rows(prepared)
    raw, standard = _readers(prepared)
    theta, vcov = solution.theta, found.vcov
    estimate, se = raw(theta), _delta_errors(raw, theta, vcov)
    se[follows] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, estimate / se, np.nan)
    reach = norm.ppf(0.5 + confidence / 2) * se
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:5]))
    numbers = (estimate, se, z, 2 * norm.sf(np.abs(z)), estimate - reach, estimate + reach,
               standard(theta))  # fmt: skip
    for name, column in zip(COLUMNS[5:], numbers, strict=True):
        frame[name] = column
    std_se = _delta_errors(standard, theta, vcov)
    return frame.iloc[order].reset_index(drop=True), std_se[order]


def table_readers(prepared: OrdinalPrepared) -> tuple[tuple[Read, Read], np.ndarray]:
    """Functions of theta for raw and standardised values, and the order of the table's rows."""
    return _readers(prepared), _rows(prepared)[1]


def _rows(prepared: OrdinalPrepared) -> tuple[list[tuple], np.ndarray, np.ndarray]:
    """Names of usual parameters, thresholds, scales and definitions; their order in the table.

    The last marks what follows from other parameters.
    """
    labels = [sample.label for sample in prepared.samples]
    ordinal = prepared.ordinal
    usual = list(prepared.model.parameters)
    everything = [*usual, *ordinal.thresholds, *ordinal.scales]
    rows = [(p.lhs, p.op, p.rhs, labels[p.group], p.label) for p in everything]
    keys = [(p.group, _ORDER[p.op]) for p in everything]
    order = sorted(range(len(rows)), key=lambda i: keys[i])
    rows += [(d.name, ":=", d.text.strip(), "", d.name) for d in prepared.model.definitions]
    order += range(len(everything), len(rows))
    derived = "~~" if ordinal.parameterization == "delta" else "~*~"
    follows = [p.op == derived and p.lhs == p.rhs and p.lhs in ordinal.ordered for p in everything]
    return rows, np.array(order), np.array(follows + [False] * (len(rows) - len(everything)))


def _readers(prepared: OrdinalPrepared) -> tuple[Read, Read]:
    """Functions of theta ``(..., k)`` that give every row's raw and standardised value."""
    design, at = prepared.design, places(prepared.design)
    n_usual = len(prepared.model.parameters)

    def read(theta: np.ndarray, values_of: Callable, standardised: bool) -> np.ndarray:
        implied = design.implied(theta)
        usual = values_of(design, implied, at)
        scale = response_scales(design, theta, central_sigma(design, implied))
        scale = scale[..., design.ordinal]
        cuts = design.thresholds(theta)
        if standardised:
            cuts = cuts * _repeat(prepared, scale)
            scale = np.ones_like(scale)
        flat = [part.reshape(*part.shape[:-2], -1) for part in (cuts, scale)]
        return np.concatenate([usual[..., :n_usual], *flat, usual[..., n_usual:]], axis=-1)

    return (
        lambda theta: read(theta, raw_values, False),
        lambda theta: read(theta, standardised_values, True),
    )


def _repeat(prepared: OrdinalPrepared, scale: np.ndarray) -> np.ndarray:
    """Bring scales of items to the length of their thresholds."""
    moments, design = prepared.moments, prepared.design
    items = moments.location[moments.is_threshold]
    return scale[..., np.searchsorted(design.ordinal, items)]


def _delta_errors(read: Read, theta: np.ndarray, vcov: np.ndarray) -> np.ndarray:
    """Delta-method standard errors by the complex step."""
    slope = complex_step(read, theta)
    variance = np.einsum("ij,jk,ik->i", slope, vcov, slope)
    variance[np.abs(slope).max(axis=1, initial=0) < 1e-12] = 0.0
    return np.sqrt(np.maximum(variance, 0.0))
