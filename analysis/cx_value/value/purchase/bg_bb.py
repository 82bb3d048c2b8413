"""BG/BB: purchases at discrete opportunities (an annual gift, a yearly renewal, a visit).

Symbols: x = frequency, t_x = recency and n = age counted in opportunities; the chance to buy is
beta(alpha, beta), the chance to drop out before an opportunity beta(gamma, delta).

Source: Fader, P. S., Hardie, B. G. S., & Shang, J. (2010), Customer-base analysis in a
discrete-time noncontractual setting, Marketing Science 29(6), 1086–1108, eq. 5, 11, 13.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, logsumexp, psi

from cx_value.value.purchase.history import PurchaseHistory

TERMS = ("alpha", "beta", "gamma", "delta")


def _paths(parameters, data: PurchaseHistory):
    """Return the log weight of each last opportunity alive, shape (n, 1 + longest silence).

    Column 0: still alive at n. Column i + 1: dropped out i opportunities after the last purchase.
    Also returns the arguments of the beta functions, for the scores.
    """
    alpha, beta, gamma, delta = parameters
    x, last, n = (v[:, None] for v in (data.frequency, data.recency, data.age))
    silence = np.arange(float((n - last).max(initial=0.0)))[None, :]
    missed = np.concatenate([n - x, last - x + silence], axis=1)
    endured = np.concatenate([n, last + silence], axis=1)
    dropped = np.concatenate([np.zeros_like(n), np.ones_like(last + silence)], axis=1)
    log_weight = betaln(alpha + x, beta + missed) + betaln(gamma + dropped, delta + endured)
    log_weight = log_weight - betaln(alpha, beta) - betaln(gamma, delta)
    possible = np.concatenate([np.ones_like(n, dtype=bool), silence < n - last], axis=1)
    return np.where(possible, log_weight, -np.inf), missed, endured, dropped


def log_likelihood(parameters, data: PurchaseHistory):
    """Return log likelihoods (n,) and scores (n, 4) with respect to the log parameters."""
    alpha, beta, gamma, delta = parameters
    x = data.frequency[:, None]
    log_weight, missed, endured, dropped = _paths(parameters, data)
    value = logsumexp(log_weight, axis=1)
    share = np.exp(log_weight - value[:, None])
    buy = psi(alpha + beta + x + missed)
    live = psi(gamma + delta + dropped + endured)
    slopes = (
        alpha * (psi(alpha + x) - buy + psi(alpha + beta) - psi(alpha)),
        beta * (psi(beta + missed) - buy + psi(alpha + beta) - psi(beta)),
        gamma * (psi(gamma + dropped) - live + psi(gamma + delta) - psi(gamma)),
        delta * (psi(delta + endured) - live + psi(gamma + delta) - psi(delta)),
    )
    return value, np.stack([(share * slope).sum(axis=1) for slope in slopes], axis=1)


def probability_alive(parameters, data: PurchaseHistory) -> np.ndarray:
    """Return P(alive at opportunity n + 1), shape (n,), as the paper defines it."""
    _, _, gamma, delta = parameters
    log_weight = _paths(parameters, data)[0]
    at_n = np.exp(log_weight[:, 0] - logsumexp(log_weight, axis=1))
    return at_n * (delta + data.age) / (gamma + delta + data.age)


def accumulate(
    parameters, data: PurchaseHistory, horizon: float, discount_rate: float
) -> np.ndarray:
    """Return expected purchases at the next ``horizon`` opportunities, discounted, shape (n,).

    The j-th opportunity from now is discounted by exp(-discount_rate · j).
    """
    alpha, beta, gamma, delta = parameters
    x, n = data.frequency, data.age
    log_weight = _paths(parameters, data)[0]
    at_n = np.exp(log_weight[:, 0] - logsumexp(log_weight, axis=1))
    ahead = np.arange(1.0, _last_opportunity(horizon, discount_rate) + 1)
    survival = betaln(gamma, delta + n[:, None] + ahead) - betaln(gamma, delta + n)[:, None]
    discounted = np.exp(survival - discount_rate * ahead).sum(axis=1)
    return at_n * (alpha + x) / (alpha + beta + n) * discounted


def _last_opportunity(horizon: float, discount_rate: float) -> int:
    """Return how many opportunities count; an unlimited horizon ends where exp(-38) is reached."""
    return int(horizon) if np.isfinite(horizon) else int(np.ceil(38.0 / discount_rate))
