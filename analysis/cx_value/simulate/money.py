"""What loyalty and satisfaction are truly worth in the simulated world, by quadrature.

With loyalty L a customer's purchase rate is gamma(r, alpha) exp(g L), the drop-out rate
gamma(s, beta) exp(h L). Value is what the time after the window brings: margin times spend times
purchases that are not returned, discounted. Rate, drop-out and spend are independent given L, so
that only the drop-out rate and the time since acquisition have to be integrated out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, roots_genlaguerre, roots_hermitenorm

from cx_value.simulate.population import cells, latent_mean
from cx_value.simulate.purchases import ACQUISITION_DAYS, LAST_DAY
from cx_value.simulate.questionnaire import answer_slope
from cx_value.simulate.truth import CONSTRUCTS, INDUSTRIES, Truth

WEEKS_PER_YEAR = 365.25 / 7
_NODES = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueOfLoyalty:
    """Expectations given loyalty; every method takes an array of loyalties."""

    truth: Truth

    def _leaving(self) -> tuple[np.ndarray, np.ndarray]:
        """Return nodes and weights of the drop-out rate at loyalty 0."""
        node, weight = roots_genlaguerre(_NODES, self.truth.s - 1)
        return node / self.truth.beta, weight / np.exp(gammaln(self.truth.s))

    def _weeks(self) -> np.ndarray:
        """Return the weeks since acquisition, all equally likely."""
        return (LAST_DAY - np.arange(ACQUISITION_DAYS)[::7] - 3) / 7

    def _integrate(self, function, loyalty: np.ndarray) -> np.ndarray:
        """Average function(drop-out rate, P(alive)) over drop-out and time since acquisition."""
        rate, weight = self._leaving()
        moved = rate * np.exp(self.truth.dropout_coefficient * np.asarray(loyalty)[:, None])
        alive = np.exp(-moved[..., None] * self._weeks()).mean(axis=-1)
        return function(moved, alive) @ weight

    def _length(self, leave: np.ndarray) -> np.ndarray:
        """Return the discounted weeks ahead of a customer who is one at the end of the window."""
        discount = np.log1p(self.truth.discount_rate_per_year) / WEEKS_PER_YEAR
        total = leave + discount
        return -np.expm1(-total * self.truth.horizon_weeks) / total

    def _money(self, loyalty: np.ndarray) -> np.ndarray:
        t = self.truth
        rate = (1 - t.return_share) * t.r / t.alpha
        return t.margin * t.mean_spend * rate * np.exp(t.rate_coefficient * loyalty)

    def alive(self, loyalty: np.ndarray) -> np.ndarray:
        """Return P(still a customer at the end of the window)."""
        return self._integrate(lambda leave, alive: alive, loyalty)

    def value(self, loyalty: np.ndarray, *, earlier: np.ndarray | None = None) -> np.ndarray:
        """Return E[lifetime value]; with ``earlier``, loyalty was that up to the window's end."""
        if earlier is None:
            ahead = self._integrate(lambda leave, alive: alive * self._length(leave), loyalty)
            return self._money(loyalty) * ahead
        factor = np.exp(self.truth.dropout_coefficient * (loyalty - earlier))[:, None]
        ahead = self._integrate(lambda mu, alive: alive * self._length(mu * factor), earlier)
        return self._money(loyalty) * ahead

    def log_value_if_alive(self, loyalty: np.ndarray) -> np.ndarray:
        """Return E[log lifetime value] among those who are customers at the end."""
        length = self._integrate(lambda mu, alive: alive * np.log(self._length(mu)), loyalty)
        return self._log_rate_and_spend(loyalty) + length / self.alive(loyalty)

    def log_value_while_customer(self, loyalty: np.ndarray) -> np.ndarray:
        """Return E[log lifetime value] of everybody, as if nobody had left before the end."""
        length = self._integrate(lambda mu, alive: np.log(self._length(mu)), loyalty)
        return self._log_rate_and_spend(loyalty) + length

    def _log_rate_and_spend(self, loyalty: np.ndarray) -> np.ndarray:
        t = self.truth
        kept = t.margin * (1 - t.return_share)
        fixed = np.log(kept * t.p * t.gamma / t.alpha) + digamma(t.r) - digamma(t.q)
        return fixed + t.rate_coefficient * loyalty


def loyalty_distribution(truth: Truth, industry: str | None = None):
    """Return nodes and weights of the own customers' loyalty (one industry, or all)."""
    node, weight = roots_hermitenorm(40)
    parts = [c for c in cells(truth, 1.0) if industry in (None, c[2])]
    nodes = [latent_mean(truth, *cell)[CONSTRUCTS.index("LOY")] + node for _, *cell in parts]
    weights = [share * weight / weight.sum() for share, *_ in parts]
    total = sum(share for share, *_ in parts)
    return np.concatenate(nodes), np.concatenate(weights) / total


def money_truth(truth: Truth) -> dict:
    """Return what loyalty and one point of satisfaction are worth, pooled and by industry."""
    per_industry = {name: _money_in(truth, name) for name in INDUSTRIES}
    shares = truth.industry_shares
    pooled = {
        key: sum(shares[name] * found[key] for name, found in per_industry.items())
        for key in per_industry[INDUSTRIES[0]]
    }
    return {"all": pooled | _log_slopes(truth, None), "industry": per_industry}


def _money_in(truth: Truth, industry: str) -> dict[str, float]:
    """Return expectations in an industry; money in currency units per customer."""
    worth, step = ValueOfLoyalty(truth=truth), 1e-4
    loyalty, weight = loyalty_distribution(truth, industry)
    path = truth.satisfaction_to_loyalty[industry]
    point = 1 / answer_slope(truth, truth.loadings["SAT"][0])
    years = truth.horizon_weeks / WEEKS_PER_YEAR
    now = worth.value(loyalty)
    slope = (worth.value(loyalty + step) - worth.value(loyalty - step)) / (2 * step)
    higher = worth.value(loyalty + path * point)
    from_now = worth.value(loyalty + path * point, earlier=loyalty)
    mean = weight @ now
    return {
        "expected_value": mean,
        "expected_value_per_year": mean / years,
        "alive_share": weight @ worth.alive(loyalty),
        "value_per_loyalty_sd": weight @ slope,
        "value_per_satisfaction_point_slope": path * point * (weight @ slope),
        "value_per_satisfaction_point": weight @ higher - mean,
        "value_per_satisfaction_point_per_year": (weight @ higher - mean) / years,
        "value_per_satisfaction_point_from_now_on": weight @ from_now - mean,
        "value_per_satisfaction_point_from_now_on_per_year": (weight @ from_now - mean) / years,
    } | (_log_slopes(truth, industry))


def _log_slopes(truth: Truth, industry: str | None) -> dict[str, float]:
    """Return slopes of log value on loyalty, and on satisfaction through loyalty."""
    worth, step = ValueOfLoyalty(truth=truth), 1e-4
    loyalty, weight = loyalty_distribution(truth, industry)
    alive = weight * worth.alive(loyalty)
    alive /= alive.sum()
    centred = loyalty - alive @ loyalty
    among_alive = alive @ (centred * worth.log_value_if_alive(loyalty)) / (alive @ centred**2)
    up, down = worth.value(loyalty + step), worth.value(loyalty - step)
    expected = weight @ ((np.log(up) - np.log(down)) / (2 * step))
    path = (
        truth.pooled_loyalty_path if industry is None else truth.satisfaction_to_loyalty[industry]
    )
    up, down = (worth.log_value_while_customer(loyalty + d) for d in (step, -step))
    staying = weight @ ((up - down) / (2 * step))
    points = {name: answer_slope(truth, truth.loadings[name][0]) for name in ("SAT", "LOY")}
    return {
        "log_value_while_customer_per_loyalty_sd": staying,
        "log_value_while_customer_per_loyalty_point": staying / points["LOY"],
        "log_value_while_customer_per_satisfaction_sd": path * staying,
        "log_value_while_customer_per_satisfaction_point": path * staying / points["SAT"],
        "log_value_if_alive_per_loyalty_sd": among_alive,
        "log_expected_value_per_loyalty_sd": expected,
        "log_value_if_alive_per_satisfaction_sd": path * among_alive,
        "log_expected_value_per_satisfaction_sd": path * expected,
    }
