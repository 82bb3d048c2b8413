r"""A customer's traits (purchase rate, drop-out, spend), drawn given what is known; their worth.

Value over a horizon H of somebody who is a customer, with purchase rate λ, rate of leaving ℓ, mean
spend v, margin m and discount rate δ, is

.. math:: V = m\,v\,\lambda\,\frac{1 - e^{-(\ell + \delta) H}}{\ell + \delta},

so its logarithm exists for everyone. Whether somebody still *is* a customer is drawn apart; money
counts the living only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv, psi

from cx_value.base.errors import ModelError
from cx_value.value.log.transactions import UNITS
from cx_value.value.purchase.families import Family
from cx_value.value.purchase.history import PurchaseHistory

FAMILIES_LINKED = ("pareto_nbd", "bg_nbd", "mbg_nbd", "nbd")
_TINY = 1e-300
_GRID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTerms:
    """How value is counted.

    Attributes
    ----------
    horizon : float
        In the time unit of the purchase history.
    discount : float
        Continuous rate per time unit.
    margin : float
    years : float
        The horizon in years.
    currency : str
        Label of money.
    """

    horizon: float
    discount: float
    margin: float
    years: float
    currency: str = ""


def value_terms(
    horizon: float, discount_rate_per_year: float, margin: float, unit: str, currency: str
) -> ValueTerms:
    """Return the terms in the history's time unit, or refuse what is out of range."""
    for name, value, good, allowed in (
        ("horizon", horizon, 0 < horizon < np.inf, "a limited length of time above 0"),
        ("discount_rate_per_year", discount_rate_per_year, 0 <= discount_rate_per_year < 10,
         "0 or more, as a share: .1 for ten percent"),
        ("margin", margin, 0 < margin <= 1, "above 0 and up to 1"),
        ("unit", unit, unit in UNITS, ", ".join(UNITS)),
    ):  # fmt: skip
        if not good:
            raise ModelError(f"{name} is {value!r} · allowed: {allowed} · do: mend {name}")
    per_year = UNITS["year"] / UNITS[unit]
    return ValueTerms(
        horizon=horizon, discount=np.log1p(discount_rate_per_year) / per_year, margin=margin,
        years=horizon / per_year, currency=currency,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traits:
    """One draw of every customer's traits, (n,) each.

    Attributes
    ----------
    alive : ndarray of bool
        Whether still a customer.
    log_rate : ndarray
        Log purchases per time unit.
    leaving : ndarray or None
        Log drop-out rate (Pareto/NBD), or −log(−log p) of the chance p of dropping out at a
        purchase (BG, MBG), the scale on which covariates that multiply ``a`` of beta(a, b) shift
        p (exactly for b = 1); None where the model has no drop-out.
    log_spend : ndarray
        Log mean spend per purchase.
    at_purchase : bool
        Whether drop-out happens at purchases.
    """

    alive: np.ndarray
    log_rate: np.ndarray
    leaving: np.ndarray | None
    log_spend: np.ndarray
    at_purchase: bool

    def log_leaving_rate(self) -> np.ndarray:
        """Return the log rate of leaving per time unit; −∞ without drop-out."""
        if self.leaving is None:
            return np.full(len(self.log_rate), -np.inf)
        if self.at_purchase:
            return self.log_rate - np.exp(-self.leaving)
        return self.leaving

    def log_value(self, terms: ValueTerms) -> np.ndarray:
        """Return log V (n,)."""
        decay = np.exp(self.log_leaving_rate()) + terms.discount
        return np.log(terms.margin) + self.log_spend + self.log_rate + _log_length(decay, terms)

    def shifted(self, log_rate=0.0, leaving=0.0, log_spend=0.0) -> Traits:
        """Return the same customers with traits moved by so much, on the scales above."""
        return replace(
            self, log_rate=self.log_rate + log_rate, log_spend=self.log_spend + log_spend,
            leaving=None if self.leaving is None else self.leaving + leaving,
        )  # fmt: skip

    def slopes(self, terms: ValueTerms) -> tuple[np.ndarray, np.ndarray]:
        """Return d log V / d log rate and d log V / d leaving, (n,) each."""
        leaving = np.exp(self.log_leaving_rate())
        by_leaving = leaving * _length_slope(leaving + terms.discount, terms)
        if not self.at_purchase:
            return np.ones_like(by_leaving), by_leaving
        return 1 + by_leaving, by_leaving * np.exp(-self.leaving)


def yearly_gain(before: Traits, after: Traits, terms: ValueTerms) -> np.ndarray:
    """Return what each customer is worth more a year, (n,); 0 for those who have left."""
    gain = np.exp(after.log_value(terms)) - np.exp(before.log_value(terms))
    return np.where(before.alive, gain, 0.0) / terms.years


def complete_score(
    family: Family, parameters: tuple, traits: Traits, covariates: np.ndarray
) -> np.ndarray:
    """Return the score (n, n_terms) of the traits' density in the purchase model's parameters.

    On the link scale, covariates' coefficients last; λ is gamma(r, α), drop-out gamma(s, β) or
    beta(a, b).
    """
    r, alpha = parameters[:2]
    columns = [r * (np.log(alpha) - psi(r) + traits.log_rate), r - alpha * np.exp(traits.log_rate)]
    if family.name == "pareto_nbd":
        s, beta = parameters[2:]
        columns += [s * (np.log(beta) - psi(s) + traits.leaving), s - beta * np.exp(traits.leaving)]
    elif traits.leaving is not None:
        a, b = parameters[2:]
        both, log_chance = psi(a + b), -np.exp(-traits.leaving)
        log_stay = np.log(np.maximum(-np.expm1(log_chance), _TINY))
        columns += [a * (both - psi(a) + log_chance), b * (both - psi(b) + log_stay)]
    moved = [
        sign * columns[place][:, None] * covariates
        for place, sign in (family.purchase_term, family.dropout_term or (0, 0))
        if sign
    ]
    return np.concatenate([np.stack(columns, axis=1), *moved], axis=1)


def leaving_slope(family: Family, parameters: tuple) -> float:
    """Return how far one unit of a drop-out covariate moves the mean of ``leaving``.

    1 for Pareto/NBD, whose covariates scale the drop-out rate. In BG/NBD they scale ``a`` of
    beta(a, b); the mean of −log(−log p) is then differenced over the quantiles of p.
    """
    if family.name in ("pareto_nbd", "nbd"):
        return 1.0
    a, b = parameters[2:]
    place, weight = np.polynomial.legendre.leggauss(200)
    step = 1e-3

    def mean(a: float) -> float:
        chance = np.clip(betaincinv(a, b, (place + 1) / 2), _TINY, 1 - 1e-16)
        return -float(weight / 2 @ np.log(-np.log(chance)))

    return (mean(a * np.exp(step)) - mean(a * np.exp(-step))) / (2 * step)


def draw_traits(
    family: Family, parameters: tuple, history: PurchaseHistory, log_spend: np.ndarray,
    random: np.random.Generator,
) -> Traits:  # fmt: skip
    """Draw whether each customer is alive, and rate and drop-out given that.

    Parameters
    ----------
    parameters : tuple
        Of the purchase model, a number or (n,) each: covariates are already in them.
    log_spend : ndarray (n,)

    Notes
    -----
    Pareto/NBD: of the living, λ is gamma(r + x, α + T) and μ gamma(s, β + T); of those who left,
    the moment τ has density ∝ (α + τ)^-(r+x) (β + τ)^-(s+1) between the last purchase and T, and
    then λ is gamma(r + x, α + τ), μ gamma(s + 1, β + τ). BG/NBD: λ is gamma(r + x, α + T) or
    gamma(r + x, α + t_x), the chance beta(a, b + x) or beta(a + 1, b + x − 1) (MBG/NBD: x + 1).
    """
    alive = random.random(len(history)) < family.probability_alive(parameters, history)
    draw = {"pareto_nbd": _draw_pareto, "nbd": _draw_nbd}.get(family.name, _draw_geometric)
    log_rate, leaving = draw(family, parameters, history, alive, random)
    return Traits(
        alive=alive, log_rate=log_rate, leaving=leaving, log_spend=log_spend,
        at_purchase=family.name in ("bg_nbd", "mbg_nbd"),
    )  # fmt: skip


def _draw_pareto(family, parameters, history: PurchaseHistory, alive, random):
    r, alpha, s, beta = parameters
    until = history.age.copy()
    gone = np.flatnonzero(~alive)
    of_gone = tuple(np.broadcast_to(p, len(history))[gone] for p in parameters)
    until[gone] = _draw_moment(of_gone, history.rows(gone), random)
    rate = _log_gamma(r + history.frequency, random) - np.log(alpha + until)
    return rate, _log_gamma(s + ~alive, random) - np.log(beta + until)


def _draw_moment(parameters, history: PurchaseHistory, random) -> np.ndarray:
    """Draw when those who left did so, by inversion on a grid of log time, (n,)."""
    r, alpha, s, beta = (p[:, None] for p in parameters)
    base = np.minimum(alpha, beta)
    start, end = history.recency[:, None], history.age[:, None]
    span = np.log((base + end) / (base + start))
    step = span * np.linspace(0.0, 1.0, _GRID)
    time = start + (base + start) * np.expm1(step)
    log_density = step - (r + history.frequency[:, None]) * np.log(alpha + time)
    log_density -= (s + 1) * np.log(beta + time)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    mass = np.cumsum((density[:, 1:] + density[:, :-1]) / 2, axis=1)
    want = random.random(len(history)) * mass[:, -1]
    cell = np.minimum((mass < want[:, None]).sum(axis=1), _GRID - 2)
    place = (cell + random.random(len(history))) / (_GRID - 1)
    return start[:, 0] + (base + start)[:, 0] * np.expm1(span[:, 0] * place)


def _draw_geometric(family, parameters, history: PurchaseHistory, alive, random):
    r, alpha, a, b = parameters
    x, first = history.frequency, int(family.name == "mbg_nbd")
    rate = _log_gamma(r + x, random) - np.log(alpha + np.where(alive, history.age, history.recency))
    gone = ~alive
    odds = _log_gamma(b + x + first - gone, random) - _log_gamma(a + gone, random)
    # log of log(1 + odds), which is odds itself where they are small
    return rate, -np.where(odds < -30, odds, np.log(np.logaddexp(0.0, np.maximum(odds, -30))))


def _draw_nbd(family, parameters, history: PurchaseHistory, alive, random):
    r, alpha = parameters
    return _log_gamma(r + history.frequency, random) - np.log(alpha + history.age), None


def _log_gamma(shape: np.ndarray, random) -> np.ndarray:
    """Draw log gamma variates as those of shape + 1 times U^(1/shape): no shape underflows."""
    size = np.shape(shape)
    return np.log(random.gamma(shape + 1.0)) + np.log(random.random(size) + _TINY) / shape


def _log_length(decay: np.ndarray, terms: ValueTerms) -> np.ndarray:
    """Return the log of (1 − exp(−decay H)) / decay, whose limit at 0 is H."""
    reach = decay * terms.horizon
    small = reach < 1e-8
    safe = np.where(small, 1.0, reach)
    return np.log(terms.horizon) + np.where(small, -reach / 2, np.log(-np.expm1(-safe) / safe))


def _length_slope(decay: np.ndarray, terms: ValueTerms) -> np.ndarray:
    """Return the derivative of the log length by decay."""
    reach = decay * terms.horizon
    small = reach < 1e-6
    safe = np.where(small, 1.0, reach)
    return terms.horizon * np.where(small, -0.5, 1 / np.expm1(np.minimum(safe, 700)) - 1 / safe)
