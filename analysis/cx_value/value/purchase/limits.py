"""What the purchase models become when a parameter runs to infinity.

A likelihood that keeps rising towards infinite ``a + b`` or ``beta`` says that customers do not
differ in their drop-out; towards infinite ``r``, that they do not differ in their purchase rate.
These limits have one parameter less and a proper optimum, so they are fitted in place of a number
at the boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from cx_value.value.purchase import pareto_nbd
from cx_value.value.purchase.bg_nbd import per_count
from cx_value.value.purchase.history import PurchaseHistory

# Pareto/NBD's beta in multiples of the longest time: log1p(t / beta) is then t / beta to the last
# digit, and the formulas stay the same.
_FAR = 1e12


@dataclass(frozen=True, slots=True)
class Geometric:
    """BG/NBD (``first=0``) and MBG/NBD (``first=1``) with one drop-out chance p for everyone.

    Limit of the beta-geometric likelihood as a, b → ∞ with a/(a + b) = p. Parameters r, alpha, p.
    """

    first: int

    def log_likelihood(self, parameters, data: PurchaseHistory):
        """Return log likelihoods (n,) and scores (n, 3) by log r, log alpha, logit p."""
        r, alpha, p = parameters
        x, m, chances = data.frequency, r + data.frequency, data.frequency + self.first
        stay, leave = self._branches(parameters, data)
        both = np.logaddexp(stay, leave)
        alive, gone = np.exp(stay - both), np.exp(leave - both)
        value = per_count(gammaln, r, x) - gammaln(r) - x * np.log(alpha) + both
        times = (data.age, data.recency)
        log_time = [np.log1p(t / alpha) for t in times]
        scores = (
            r * (per_count(psi, r, x) - psi(r) - alive * log_time[0] - gone * log_time[1]),
            -x + m * (alive * times[0] / (alpha + times[0]) + gone * times[1] / (alpha + times[1])),
            gone * (1 - p) - p * (alive * chances + gone * (chances - 1)),
        )
        return value, np.stack(np.broadcast_arrays(*scores), axis=1)

    def _branches(self, parameters, data: PurchaseHistory):
        r, alpha, p = parameters
        m, chances = r + data.frequency, data.frequency + self.first
        stay = chances * np.log1p(-p) - m * np.log1p(data.age / alpha)
        leave = np.log(p) + (chances - 1) * np.log1p(-p) - m * np.log1p(data.recency / alpha)
        return stay, np.where(chances > 0, leave, -np.inf)

    def probability_alive(self, parameters, data: PurchaseHistory) -> np.ndarray:
        """Return P(alive at T), shape (n,)."""
        stay, leave = self._branches(parameters, data)
        return np.exp(stay - np.logaddexp(stay, leave))

    def purchase_rate(self, parameters, data: PurchaseHistory, time: np.ndarray) -> np.ndarray:
        """Return the expected rate at T + time of those alive at T, shape (n, n_times)."""
        r, alpha, p = (q[:, None] if np.ndim(q) else q for q in parameters)
        x, scale = data.frequency[:, None], alpha + data.age[:, None]
        return (r + x) / scale * np.exp(-(r + x + 1) * np.log1p(p * time / scale))


def as_pareto(parameters, data: PurchaseHistory):
    """Write r, alpha, mu as Pareto/NBD parameters with beta out of sight."""
    r, alpha, mu = parameters
    beta = _FAR * max(1.0, float(data.age.max(initial=1.0)))
    return r, alpha, mu * beta, beta


def exponential_log_likelihood(parameters, data: PurchaseHistory):
    """Return log likelihoods (n,) and scores (n, 3): Pareto/NBD with one drop-out rate mu."""
    value, scores = pareto_nbd.log_likelihood(as_pareto(parameters, data), data)
    return value, scores[:, :3]


def exponential_probability_alive(parameters, data: PurchaseHistory) -> np.ndarray:
    """Return P(alive at T), shape (n,)."""
    return pareto_nbd.probability_alive(as_pareto(parameters, data), data)


def exponential_purchase_rate(parameters, data: PurchaseHistory, time: np.ndarray) -> np.ndarray:
    """Return the expected rate at T + time of those alive at T, shape (n, n_times)."""
    r, alpha, mu = (q[:, None] if np.ndim(q) else q for q in parameters)
    x, age = data.frequency[:, None], data.age[:, None]
    return (r + x) / (alpha + age) * np.exp(-mu * time)


def poisson_log_likelihood(parameters, data: PurchaseHistory):
    """Return log likelihoods (n,) and scores (n, 1): one purchase rate, nobody drops out."""
    (rate,) = parameters
    expected = rate * data.age
    return data.frequency * np.log(rate) - expected, (data.frequency - expected)[:, None]


def poisson_purchase_rate(parameters, data: PurchaseHistory, time: np.ndarray) -> np.ndarray:
    """Return the one rate, shape (n, n_times)."""
    rate = np.broadcast_to(np.asarray(parameters[0], dtype=float), len(data))[:, None]
    return np.broadcast_to(rate, np.broadcast_shapes(rate.shape, time.shape))
