r"""Standard errors and tests that do not assume normality.

MLR: sandwich of the observed information and the cross-products of casewise scores (Huber 1967;
White 1982), test by Yuan and Bentler (2000) in the form Mplus uses. MLM: sandwich of the expected
information, test by Satorra and Bentler (1994). Scores of one case need no p(p+1)/2 columns:
:math:`s_a(z) = -s\,(u'\Sigma^{-1}v - u'\Sigma^{-1}z\, z'\Sigma^{-1}v)`, two look-ups in
:math:`G'\Sigma^{-1}z`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.sem.fit import Prepared
from analysis.sem.likelihood import Point, expected_information, hessian
from analysis.sem.moments import Sample

CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Robust:
    """Sandwich covariance of the parameters and the traces of the scaled test."""

    vcov: np.ndarray
    trace_model: float
    trace_saturated: float

    def factor(self, df: int) -> float:
        """Return the scaling factor c: χ² scaled = χ² / c."""
        return (self.trace_saturated - self.trace_model) / df if df > 0 else float("nan")


def robust_statistics(prepared: Prepared, point: Point, estimator: str) -> Robust:
    """Return the sandwich and the traces for ``mlr`` or ``mlm``."""
    observed = estimator == "mlr"
    compute = hessian if observed else expected_information
    bread = np.linalg.pinv(compute(prepared.design, point, prepared.target)[0])
    middle = score_products(prepared, point, centred=not observed)
    return Robust(
        vcov=bread @ middle @ bread / prepared.n,
        trace_model=float((bread * middle).sum()),
        trace_saturated=saturated_trace(prepared, point, observed),
    )


def score_products(prepared: Prepared, point: Point, *, centred: bool = False) -> np.ndarray:
    """Return the mean cross-product of casewise scores ``(k, k)``, about group means if asked."""
    k = prepared.design.n_parameters
    total = np.zeros((k, k))
    for g, sample in enumerate(prepared.samples):
        first, second = np.zeros(k), np.zeros((k, k))
        for scores, weights in casewise_scores(prepared, point, g):
            weighted = scores if weights is None else scores * weights[:, None]
            first += weighted.sum(axis=0)
            second += weighted.T @ weighted
        total += second - (np.outer(first, first) / sample.n if centred else 0.0)
    return total / prepared.n


def casewise_scores(
    prepared: Prepared, point: Point, g: int
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield scores ``(rows, k)`` of the log-likelihood in group g, and their weights, in chunks."""
    design, sample = prepared.design, prepared.samples[g]
    u, v, s = design.index
    basis = point.implied.basis[0, g]
    for pattern, rows in pattern_rows(prepared, g):
        inverse = point.inverse[0, g, pattern]
        product = inverse @ basis
        constant = (basis.T @ product)[u, v]
        for at in range(0, len(rows), CHUNK):
            chosen = rows[at : at + CHUNK]
            reach = standard_rows(prepared, sample, chosen) @ product
            slots = s * (reach[:, u] * reach[:, v] - constant)
            scores = slots if design.is_identity else slots @ design.mapping[g]
            yield scores, None if sample.weights is None else sample.weights[chosen]


def pattern_rows(prepared: Prepared, g: int) -> list[tuple[int, np.ndarray]]:
    """Return the rows of each missing pattern of a group; all of them where data are complete."""
    if prepared.target.seen is None:
        return [(0, np.arange(prepared.samples[g].n))]
    return list(enumerate(prepared.patterns[g].rows))


def standard_rows(prepared: Prepared, sample: Sample, chosen: np.ndarray) -> np.ndarray:
    """Return rows in fit units with a constant (or centred), missing answers as 0."""
    design = prepared.design
    p = sample.rows.shape[1]
    rows = sample.rows[chosen] / design.units[:p]
    if not prepared.model.meanstructure:
        return rows - sample.mean() / design.units[:p]
    return np.column_stack([np.nan_to_num(rows), np.ones(len(rows))])


def saturated_trace(prepared: Prepared, point: Point, observed: bool) -> float:
    """Return tr(B A⁻¹) of the saturated moments.

    For complete data it is Mardia's (1970) kurtosis in disguise: ½(b₂ₚ − p), plus p with means;
    about the model's Σ instead of S for Satorra–Bentler.
    """
    model, target = prepared.model, prepared.target
    p = len(model.observed)
    total = 0.0
    for g, sample in enumerate(prepared.samples):
        moments = _central(target.sample[0, g], p)
        center = moments if observed else _central(point.implied.sigma[0, g], p)
        weight = np.linalg.inv(center)
        both = weight @ moments
        total += 0.5 * (_fourth_moment(prepared, sample, weight) - np.trace(both @ both))
        total += np.trace(both) * model.meanstructure
    return total


def _fourth_moment(prepared: Prepared, sample: Sample, weight: np.ndarray) -> float:
    """Mean of (z'Wz)² over cases."""
    p = len(weight)
    mean, total = sample.mean(), 0.0
    for at in range(0, sample.n, CHUNK):
        z = (sample.rows[at : at + CHUNK] - mean) / prepared.design.units[:p]
        distance = ((z @ weight) * z).sum(axis=1) ** 2
        if sample.weights is not None:
            distance = distance * sample.weights[at : at + CHUNK]
        total += distance.sum()
    return total / sample.n


def _central(moments: np.ndarray, p: int) -> np.ndarray:
    if len(moments) == p:
        return moments
    return moments[:p, :p] - np.outer(moments[:p, p], moments[:p, p])
