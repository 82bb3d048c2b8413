"""Drawing customers' own traits: plausible values of lifetime value.

An expected value shrinks customers towards the mean; used as an outcome in another model it would
understate every relation. Draws from each customer's posterior, under parameters that are drawn
too, keep the spread, and their variation carries the error (multiple imputation: Rubin 1987).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.value.log.transactions import UNITS
from cx_value.value.purchase.families import Family
from cx_value.value.purchase.history import PurchaseHistory
from cx_value.value.purchase.likelihood import parameters_by_row
from cx_value.value.purchase.model import PurchaseModel
from cx_value.value.worth.observed_spend import ObservedSpend
from cx_value.value.worth.spend import SpendModel


@dataclass(frozen=True, slots=True)
class Future:
    """One draw of every customer's future.

    Attributes
    ----------
    value : ndarray (n,)
        Discounted value within the horizon, 0 where the customer has left.
    alive : ndarray of bool (n,)
    leaving : ndarray (n,)
        Rate per time unit at which a customer who is one leaves.
    """

    value: np.ndarray
    alive: np.ndarray
    leaving: np.ndarray

    def lost_within(self, time: float) -> np.ndarray:
        """Return the probability of leaving within a time, of a customer who is one: 1 − e^(−μt).

        >>> Future(np.ones(1), np.ones(1, bool), np.array([0.1])).lost_within(10).round(3)
        array([0.632])
        """
        return -np.expm1(-self.leaving * time)


def draw_futures(
    purchase: PurchaseModel,
    spend: SpendModel | ObservedSpend | float,
    *,
    horizon: float,
    discount_rate_per_year: float,
    margin: float = 1.0,
    unit: str | None = None,
    n_draws: int = 20,
    seed: int = 1,
) -> Iterator[Future]:
    """Draw each customer's value, and whether and how soon he or she leaves, one draw at a time.

    For every draw: parameters from their asymptotic distribution; then for every customer whether
    he or she is still one, the purchase rate, the drop-out and the mean spend, given the history;
    then the expected discounted value for these traits.

    Parameters
    ----------
    purchase, spend, horizon, discount_rate_per_year, margin, unit
        As in :func:`cx_value.value.worth.lifetime.lifetime_value`; the horizon is limited.
    n_draws : int
        Plausible values per customer.
    seed : int

    Yields
    ------
    Future
        Its value is 0 where the customer was drawn as gone; means over draws approach
        ``lifetime_value``. Never more than one draw is held.

    Notes
    -----
    Given alive at T, the purchase rate is gamma(r + x, alpha + T), the drop-out rate
    gamma(s, beta + T) (Pareto/NBD) or the chance beta(a, b + chances) (BG/NBD); mean spend is
    p/v with v gamma(px + q, gamma + xz).
    """
    unit = unit or purchase.unit
    if unit not in UNITS or not 0 < horizon < np.inf:
        raise ModelError(
            f"Values cannot be drawn for unit {unit!r}, horizon {horizon} · "
            f"allowed: a unit of {', '.join(UNITS)}, a limited "
            "horizon · do: mend these"
        )
    random = np.random.default_rng(seed)
    rate = np.log1p(discount_rate_per_year) * UNITS[unit] / UNITS["year"]
    history = purchase.history.rows(purchase.history.position)
    thetas = random.multivariate_normal(purchase.theta, purchase.covariance, size=n_draws)
    for theta in thetas:
        parameters = parameters_by_row(purchase.family, theta, history)
        alive, leaving, ahead = _draw_traits(
            purchase.family, parameters, history, horizon, rate, random
        )
        value = margin * ahead * _draw_spend(spend, len(history), random)
        yield Future(value, alive, leaving)


def _draw_traits(
    family: Family, parameters, history: PurchaseHistory, horizon: float, discount: float, random
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return who is a customer, leaving rates, and purchases: ∫ λ exp(-(leaving + discount) u) du.

    Purchases are discounted, and expected of the traits drawn.
    """
    alive = random.random(len(history)) < family.probability_alive(parameters, history)
    if family.name == "poisson":
        rate = np.broadcast_to(parameters[0], len(history))
    else:
        r, alpha = parameters[:2]
        rate = random.gamma(r + history.frequency) / (alpha + history.age)
    leaving = _draw_leaving(family, parameters, history, rate, random)
    decay = leaving + discount
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where(decay > 0, -np.expm1(-decay * horizon) / decay, horizon)
    return alive, leaving, alive * rate * length


def _draw_leaving(family: Family, parameters, history: PurchaseHistory, rate, random):
    """Return drawn drop-out rates per time unit of those alive at T."""
    n = len(history)
    if family.name in ("nbd", "poisson"):
        return np.zeros(n)
    if family.name == "exponential_nbd":
        return np.broadcast_to(parameters[2], n)
    if family.name == "pareto_nbd":
        _, _, s, beta = parameters
        return random.gamma(np.broadcast_to(s, n)) / (beta + history.age)
    if family.name.startswith("geometric"):
        return rate * parameters[2]
    first = int(family.name == "mbg_nbd")
    _, _, a, b = parameters
    return rate * random.beta(np.broadcast_to(a, n), b + history.frequency + first)


def _draw_spend(spend: SpendModel | ObservedSpend | float, n: int, random) -> np.ndarray:
    """Return drawn mean spends."""
    if isinstance(spend, float | int):
        return np.full(n, float(spend))
    theta = random.multivariate_normal(spend.theta, spend.covariance)
    if isinstance(spend, ObservedSpend):
        return spend.price(theta)
    p, q, gamma = np.exp(theta)
    shape = p * spend.frequency + q
    return p * (gamma + spend.frequency * spend.monetary) / random.gamma(shape) * spend.paid
