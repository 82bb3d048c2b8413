"""Value as a function of the parameters of the purchase and the spend model, with its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from cx_value.value.purchase.likelihood import casewise_scores

if TYPE_CHECKING:
    from cx_value.value.purchase.model import PurchaseModel
    from cx_value.value.worth.observed_spend import ObservedSpend
    from cx_value.value.worth.spend import SpendModel

_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Valuation:
    """Value as a function of the parameters of both models."""

    purchase: PurchaseModel
    spend: SpendModel | ObservedSpend | float
    horizon: float
    rate: float
    margin: float

    @property
    def spend_theta(self) -> np.ndarray:
        return np.empty(0) if isinstance(self.spend, float | int) else self.spend.theta

    def transactions(self, theta: np.ndarray) -> np.ndarray:
        """Return discounted expected purchases, (n_customers,)."""
        history = self.purchase.history
        values = self.purchase.expected_by_history(theta, history, self.horizon, self.rate)
        return values[history.position]

    def price(self, theta: np.ndarray) -> np.ndarray:
        """Return expected spend per purchase, (n_customers,)."""
        if not isinstance(self.spend, float | int):
            return self.spend.price(theta)
        return np.full(len(self.purchase.history.position), float(self.spend))

    def simple_values(self) -> np.ndarray:
        """Return order value × observed rate × horizon × margin; NaN if unlimited."""
        history = self.purchase.history
        so_far = price_so_far(self.spend, len(history.position))
        length = self.horizon if np.isfinite(self.horizon) else np.nan
        return self.margin * so_far * observed_rate(self.purchase) * length

    def slopes(self) -> np.ndarray:
        """Difference value by each parameter, (n_customers, n_parameters)."""
        theta, spend_theta = self.purchase.theta, self.spend_theta
        by_purchase = _differences(self.transactions, theta) * self.price(spend_theta)[:, None]
        by_spend = _differences(self.price, spend_theta) * self.transactions(theta)[:, None]
        return self.margin * np.concatenate([by_purchase, by_spend], axis=1)

    def covariance(self) -> np.ndarray:
        """Stack the covariances; the two models are fitted to independent parts of the data."""
        from scipy.linalg import block_diag

        parts = [self.purchase.covariance]
        if not isinstance(self.spend, float | int):
            parts.append(self.spend.covariance)
        return block_diag(*parts)

    def error_of_mean(self, values: np.ndarray, slopes: np.ndarray) -> float:
        """Return the standard error of the mean value, the customers being a sample.

        Customer i moves the mean by ``(v_i - mean) / n + g' C s_i``: by its own value, and by the
        parameters it moves (g the mean slope, C their covariance, s_i the score). The error is
        the root of the sum of squares (M-estimation: Stefanski & Boos 2002, eq. 6).
        """
        own, purchase = (values - values.mean()) / len(values), self.purchase
        parts = [casewise_scores(purchase.family, purchase.theta, purchase.history)]
        parts[0] = parts[0][purchase.history.position]
        if not isinstance(self.spend, float | int):
            parts.append(self.spend.casewise_scores())
        through = np.concatenate(parts, axis=1) @ self.covariance() @ slopes.mean(axis=0)
        return float(np.sqrt(((own + through) ** 2).sum()))

    def draws(self, n_draws: int, seed: int) -> np.ndarray:
        """Return values under drawn parameters, (n_draws, n_customers)."""
        of_purchase = self.purchase.draw_parameters(n_draws, seed)
        if not isinstance(self.spend, float | int):
            of_spend = self.spend.draw_parameters(n_draws, seed + 1)
        else:
            of_spend = np.empty((n_draws, 0))
        return np.array(
            [
                self.margin * self.transactions(a) * self.price(b)
                for a, b in zip(of_purchase, of_spend, strict=True)
            ]
        )


def delta_spread(values, slopes, covariance, confidence: float):
    """Return error, low, high of each customer's value, and of the total."""
    error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))
    total_error = error_of(slopes.sum(axis=0), covariance)
    ends = log_interval(values.sum(), total_error, confidence)
    own = (error, *log_interval(values, error, confidence))
    return own, (total_error, *map(float, ends))


def drawn_spread(drawn: np.ndarray, confidence: float):
    """Return the same from values under drawn parameters, (n_draws, n_customers)."""
    tails, totals = [50 * (1 - confidence), 50 * (1 + confidence)], drawn.sum(axis=1)
    own = (drawn.std(axis=0, ddof=1), *np.percentile(drawn, tails, axis=0))
    return own, (float(totals.std(ddof=1)), *map(float, np.percentile(totals, tails)))


def _differences(function, theta: np.ndarray) -> np.ndarray:
    """Return central differences of a vector function, (n, n_parameters)."""
    steps = np.eye(len(theta)) * _STEP
    columns = [(function(theta + h) - function(theta - h)) / (2 * _STEP) for h in steps]
    return np.stack(columns, axis=1) if columns else np.empty((len(function(theta)), 0))


def error_of(slope: np.ndarray, covariance: np.ndarray) -> float:
    """Return the standard error of what moves with the parameters by ``slope``."""
    return float(np.sqrt(slope @ covariance @ slope))


def log_interval(value, error, confidence: float):
    """Return an interval symmetric in the logarithm, so that value stays positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.exp(norm.ppf(0.5 + confidence / 2) * np.where(value > 0, error / value, 0.0))
    return value / spread, value * spread


def price_so_far(spend: SpendModel | ObservedSpend | float, n: int) -> np.ndarray:
    """Return observed mean order values; the mean of all where a customer has none."""
    if isinstance(spend, float | int):
        return np.full(n, float(spend))
    seen = spend.frequency > 0
    overall = spend.frequency @ spend.monetary / spend.frequency.sum()
    return np.where(seen, spend.monetary, overall)


def observed_rate(purchase: PurchaseModel) -> np.ndarray:
    """Return repeat purchases per time unit so far; 0 for a customer not yet observed."""
    history = purchase.history
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(history.age > 0, history.frequency / history.age, 0.0)
    return rate[history.position]
