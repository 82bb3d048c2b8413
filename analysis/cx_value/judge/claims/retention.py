"""What a higher retention would bring, by the textbook's formula for the value of a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from cx_value.judge.claims.evidence import Estimate, Evidence, Untestable
from cx_value.value.log.transactions import UNITS
from cx_value.value.purchase.likelihood import parameters_by_row

if TYPE_CHECKING:
    from cx_value.value.purchase.model import PurchaseModel

_STEP = 1e-4


def profit_per_retention(change: float, evidence: Evidence) -> Estimate:
    """Return percent of profit for ``change`` points more yearly retention.

    A customer's profit to come is margin × r / (1 + i − r), r retention and i discount rate (Gupta
    & Lehmann 2003), so the margin drops out. The interval is the range of this over that of r.
    """
    if evidence.retention is None and not loses_customers(evidence.purchase):
        raise Untestable("retention")
    rate, low, high = _retention(evidence)
    n = evidence.purchase.n_used if evidence.retention is None else 0
    more = change / 100
    if high + more > 1:
        raise Untestable("no_room")
    over = [retention_gain(r, more, evidence.discount_rate_per_year)
            for r in (rate, *np.linspace(low, high, 201))]  # fmt: skip
    value, *rest = (100 * gain for gain in over)
    return Estimate(value=value, low=min(rest), high=max(rest), n=n)


def _retention(evidence: Evidence) -> tuple[float, float, float]:
    return evidence.retention or yearly_retention(evidence.purchase)


def retention_within_horizon(change: float, evidence: Evidence) -> float:
    """Return percent of profit for ``change`` points more retention within the study's horizon."""
    rate = _retention(evidence)[0]
    worth = [years_of_margin(r, evidence.discount_rate_per_year, evidence.horizon_years)
             for r in (rate, rate + change / 100)]  # fmt: skip
    return 100 * (worth[1] / worth[0] - 1)


def years_of_margin(retention: float, discount_rate: float, years: float) -> float:
    """Return Σ (r / (1 + i))^t over t = 1 … ``years``, a broken last year in proportion.

    >>> round(years_of_margin(0.8, 0.1, 3), 4)
    1.6409
    """
    factor = retention / (1 + discount_rate)
    whole = int(np.floor(years))
    full = sum(factor**t for t in range(1, whole + 1))
    return float(full + (years - whole) * factor ** (whole + 1))


def loses_customers(purchase: PurchaseModel | None) -> bool:
    """Return whether there is a purchase model, in continuous time, in which customers leave."""
    return purchase is not None and purchase.family.dropout_term is not None


def retention_gain(retention: float, more: float, discount_rate: float) -> float:
    """Return the relative gain in r / (1 + i − r) when r rises by ``more``.

    >>> round(retention_gain(0.80, 0.05, 0.10), 3)
    0.275
    """
    before = retention / (1 + discount_rate - retention)
    higher = retention + more
    return higher / (1 + discount_rate - higher) / before - 1


def yearly_retention(purchase: PurchaseModel) -> tuple[float, float, float]:
    """Return the share of today's purchase rate that is expected to be left after a year.

    Over the living customers, with its interval from the parameters' covariance (delta method on
    the logit scale). Under Pareto/NBD it is the chance of still being a customer after a year,
    weighted with the purchase rate.
    """
    rate = _kept(purchase, purchase.theta)
    steps = np.eye(len(purchase.theta)) * _STEP
    up, down = (
        np.array([logit(_kept(purchase, purchase.theta + sign * step)) for step in steps])
        for sign in (1, -1)
    )
    slope = (up - down) / (2 * _STEP)
    error = np.sqrt(slope @ purchase.covariance @ slope)
    half = norm.ppf(0.5 + purchase.confidence / 2) * error
    return rate, float(expit(logit(rate) - half)), float(expit(logit(rate) + half))


def _kept(purchase: PurchaseModel, theta: np.ndarray) -> float:
    """Return the expected purchase rate of the living in a year, over that of today."""
    history, family = purchase.history, purchase.family
    parameters = parameters_by_row(family, theta, history)
    year = UNITS["year"] / UNITS[purchase.unit or "week"]
    rates = family.purchase_rate(parameters, history, np.array([0.0, year]))
    alive = family.probability_alive(parameters, history) * history.weight
    now, later = alive @ rates
    return float(later / now)
