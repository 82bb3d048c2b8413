"""Pareto/NBD and NBD: drop-out at any time, or never.

Symbols: x = frequency, t_x = recency, T = age; purchase rates are gamma(r, alpha), drop-out rates
gamma(s, beta).

Sources: Schmittlein, D. C., Morrison, D. G., & Colombo, R. (1987), Management Science 33(1), 1–24;
Fader, P. S., & Hardie, B. G. S. (2005), A note on deriving the Pareto/NBD model, brucehardie.com,
eq. 15, 19 and the integral before eq. 12, which is evaluated here in place of its 2F1: that
overflows for frequent buyers. Against 30-digit arithmetic the integral is right to 1e-11 for r, s
from .03 to 15, alpha, beta from .1 to 300, x up to 600.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, psi

from cx_value.value.purchase.bg_nbd import per_count
from cx_value.value.purchase.history import PurchaseHistory

TERMS = ("r", "alpha", "s", "beta")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
# Nodes are drawn towards the start of the interval, where the integrand is largest.
NODES = ((_NODES + 1) / 2) ** 2
WEIGHTS = _WEIGHTS * (_NODES + 1) / 2
_E_FOLDS = 38.0  # exp(-38) is below the last digit of a double
_BLOCK = 4096  # rows whose (rows, nodes) arrays stay in the processor's cache


def log_likelihood(parameters, data: PurchaseHistory):
    """Return log likelihoods (n,) and scores (n, 4) with respect to the log parameters."""
    blocks = [
        _block_likelihood(*_rows(parameters, data, slice(i, i + _BLOCK)))
        for i in range(0, len(data), _BLOCK)
    ]
    return tuple(np.concatenate(part) for part in zip(*blocks, strict=True))


def _rows(parameters, data: PurchaseHistory, which: slice):
    return tuple(p[which] if np.ndim(p) else p for p in parameters), data.rows(which)


def _block_likelihood(parameters, data: PurchaseHistory):
    r, alpha, s, beta = parameters
    x, m = data.frequency, r + data.frequency
    stay = _log_stay(parameters, data)
    leave, log_rate, share_rate, log_leave, share_leave = _left_between(parameters, data)
    both = np.logaddexp(stay, leave)
    alive, gone = np.exp(stay - both), np.exp(leave - both)
    value = per_count(gammaln, r, x) - gammaln(r) - x * np.log(alpha) + both
    age = data.age
    in_rate = alive * np.log1p(age / alpha) + gone * log_rate
    in_leave = alive * np.log1p(age / beta) + gone * log_leave
    scores = (
        r * (per_count(psi, r, x) - psi(r) - in_rate),
        -x + m * (alive * age / (alpha + age) + gone * share_rate),
        gone - s * in_leave,
        alive * s * age / (beta + age) - gone * (1 - (s + 1) * share_leave),
    )
    return value, np.stack(np.broadcast_arrays(*scores), axis=1)


def _log_stay(parameters, data: PurchaseHistory) -> np.ndarray:
    r, alpha, s, beta = parameters
    return -(r + data.frequency) * np.log1p(data.age / alpha) - s * np.log1p(data.age / beta)


def _left_between(parameters, data: PurchaseHistory):
    """Integrate over the unseen time of drop-out between the last purchase and T.

    Returns
    -------
    log weight, and the means under the integrand of log(1 + t/alpha), t/(alpha + t),
    log(1 + t/beta), t/(beta + t): each of shape (n,).
    """
    r, alpha, s, beta = parameters
    m, start = r + data.frequency, data.recency
    base = np.minimum(alpha, beta)
    # Log time from the smaller scale: the integrand's log is then concave in it, so that its
    # slope at the start bounds how far it has to be followed.
    with np.errstate(divide="ignore"):
        span = np.log((base + data.age) / (base + start))
    shrink = (base + start) * (m / (alpha + start) + (s + 1) / (beta + start)) - 1.0
    span = np.minimum(span, _E_FOLDS / np.maximum(shrink, 1e-12))
    step = span[:, None] * NODES
    time = start[:, None] + np.asarray(base + start)[:, None] * np.expm1(step)
    alpha, beta, m, s = (_column(p) for p in (alpha, beta, m, s))
    log_rate, log_leave = np.log1p(time / alpha), np.log1p(time / beta)
    log_density = step - m * log_rate - (s + 1) * log_leave
    peak = log_density.max(axis=1)
    density = np.exp(log_density - peak[:, None]) * WEIGHTS
    total = density.sum(axis=1)
    density /= total[:, None]
    with np.errstate(divide="ignore"):
        log_weight = (
            np.log(parameters[2] / parameters[3]) + np.log(base + start)
            + np.log(span) + peak + np.log(total)
        )  # fmt: skip
    means = (log_rate, time / (alpha + time), log_leave, time / (beta + time))
    return log_weight, *((density * mean).sum(axis=1) for mean in means)


def _column(parameter):
    return parameter[:, None] if np.ndim(parameter) else parameter


def probability_alive(parameters, data: PurchaseHistory) -> np.ndarray:
    """Return P(alive at T), shape (n,)."""
    stay, leave = _log_stay(parameters, data), _left_between(parameters, data)[0]
    return np.exp(stay - np.logaddexp(stay, leave))


def purchase_rate(parameters, data: PurchaseHistory, time: np.ndarray) -> np.ndarray:
    """Return the expected rate at T + time of those alive at T, shape (n, n_times)."""
    r, alpha, s, beta = (_column(p) for p in parameters)
    x, age = data.frequency[:, None], data.age[:, None]
    return (r + x) / (alpha + age) * np.exp(-s * np.log1p(time / (beta + age)))


def time_scale(parameters, data: PurchaseHistory) -> np.ndarray:
    """Return the time over which the purchase rate of the living falls off, shape (n,)."""
    return parameters[3] + data.age


# --- without drop-out ---------------------------------------------------------------------------


def nbd_log_likelihood(parameters, data: PurchaseHistory):
    """Return log likelihoods (n,) and scores (n, 2) of the model in which nobody drops out.

    It is the likelihood of the purchase times, as above, so the models can be compared.
    """
    r, alpha = parameters
    x, age = data.frequency, data.age
    log_age = np.log1p(age / alpha)
    value = per_count(gammaln, r, x) - gammaln(r) - x * np.log(alpha) - (r + x) * log_age
    scores = (
        r * (per_count(psi, r, x) - psi(r) - log_age),
        -x + (r + x) * age / (alpha + age),
    )
    return value, np.stack(np.broadcast_arrays(*scores), axis=1)


def nbd_purchase_rate(parameters, data: PurchaseHistory, time: np.ndarray) -> np.ndarray:
    """Return the expected purchase rate, constant in time, shape (n, n_times)."""
    r, alpha = parameters
    rate = (r + data.frequency) / (alpha + data.age)
    return np.broadcast_to(rate[:, None], np.broadcast_shapes((len(data), 1), time.shape))
