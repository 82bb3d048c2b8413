"""What a purchase brings where the Gamma–Gamma model has nothing to say: the spend observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.worth.spend import NoSpendOptimum, SpendModel, fit_spend_model, has_paid

if TYPE_CHECKING:
    import pandas as pd

_ALIKE = 20.0
Reason = Literal["equal", "few", "alike", "heavy_tail"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObservedSpend(Result):
    """Spend per purchase as observed, with no model of how customers differ.

    Attributes
    ----------
    reason : {"equal", "few", "alike", "heavy_tail"}
        Why there is no Gamma–Gamma model: every purchase brings the same; fewer than ten customers
        bought again; customers do not differ in mean spend; or mean spend is infinite (q ≤ 1).
    theta, covariance : ndarray
        Logarithm of the mean spend of a purchase, (1,), and its variance, (1, 1).
    relative : ndarray of shape (n_customers,)
        What each customer's purchase brings in multiples of the mean: 1, under ``heavy_tail`` the
        own mean of a repeat buyer, 0 for a customer who never paid.
    frequency, monetary, customers
        As in :class:`cx_value.value.worth.spend.SpendModel`.
    """

    template: ClassVar[str] = "spend.observed"

    reason: Reason
    theta: np.ndarray
    covariance: np.ndarray
    relative: np.ndarray
    frequency: np.ndarray
    monetary: np.ndarray
    customers: pd.Index

    def price(self, theta: np.ndarray) -> np.ndarray:
        """Return each customer's spend per purchase at a logarithm of the mean."""
        return np.exp(theta[0]) * self.relative

    def mean_spend(self) -> float:
        """Return the mean spend of a purchase."""
        return float(np.exp(self.theta[0]))

    def expected_spend(self) -> pd.Series:
        """Return each customer's spend per purchase."""
        import pandas as pd

        return pd.Series(self.price(self.theta), index=self.customers, name="expected_spend")

    def casewise_scores(self) -> np.ndarray:
        """Return what, times the variance, is each customer's influence on the log mean, (n, 1)."""
        x, mean = self.frequency, float(np.exp(self.theta[0]))
        influence = x * (np.where(x > 0, self.monetary, mean) - mean) / (x.sum() * mean)
        variance = self.covariance[0, 0]
        return (influence / variance if variance > 0 else 0 * influence)[:, None]

    def draw_parameters(self, n_draws: int, seed: int) -> np.ndarray:
        """Draw logarithms of the mean spend, (n_draws, 1)."""
        random = np.random.default_rng(seed)
        return random.multivariate_normal(self.theta, self.covariance, size=n_draws)

    def table(self) -> pd.DataFrame:
        """Return one row: ``term estimate std_error ci_low ci_high``."""
        import pandas as pd

        mean, error = self.mean_spend(), float(np.sqrt(self.covariance[0, 0]))
        half = norm.ppf(0.5 + self.confidence / 2) * error
        row = {"term": "mean_spend", "estimate": mean, "std_error": mean * error,
               "ci_low": mean * np.exp(-half), "ci_high": mean * np.exp(half)}  # fmt: skip
        return pd.DataFrame([row])

    def facts(self) -> dict[str, Any]:
        """Return why there is no model, and the mean spend with its interval."""
        row = self.table().iloc[0]
        return {"reason": self.reason, "n": self.n_used, "mean": row["estimate"],
                "low": row["ci_low"], "high": row["ci_high"],
                "level": self.confidence}  # fmt: skip


def describe_spend(
    summary: TransactionSummary | pd.DataFrame, *, confidence: float = 0.95
) -> SpendModel | ObservedSpend:
    """Fit the Gamma–Gamma model of spend, or fall back on the spend observed.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        ``frequency monetary``, optionally ``customer spend first_spend``.

    Returns
    -------
    SpendModel or ObservedSpend
        The latter where the former has no proper optimum; its ``reason`` says which.

    Raises
    ------
    DataError
        If a column is missing, or nobody ever paid.

    Notes
    -----
    With one price for all, value is that price times the expected purchases. Where the likelihood
    rises towards infinite q, customers do not differ in mean spend: the limit of the conditional
    mean is the overall mean (Fader & Hardie 2013, eq. 5, q → ∞ at a constant γ/(q − 1)). Where
    q ≤ 1, the mean of the population does not exist, and repeat buyers are given their own.

    Examples
    --------
    >>> import pandas as pd
    >>> one_price = pd.DataFrame({"frequency": [0, 2, 5], "monetary": [None, 9.9, 9.9]})
    >>> found = describe_spend(one_price)
    >>> found.reason, found.expected_spend().round(2).tolist()
    ('few', [9.9, 9.9, 9.9])
    """
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    try:
        return fit_spend_model(summary, confidence=confidence)
    except DataError:
        repeats = frame["frequency"].to_numpy(dtype=float) > 0
        paid = repeats & (frame["monetary"].to_numpy(dtype=float) > 0)
        if not paid.any() or not np.isfinite(frame["monetary"].to_numpy(float)[repeats]).all():
            raise
        return _observed(frame, "few" if paid.sum() < 10 else "equal", confidence)
    except NoSpendOptimum as error:
        # 1/q is how much customers differ: towards 0 not at all, towards 1 without bound.
        return _observed(frame, "alike" if error.q > _ALIKE else "heavy_tail", confidence)
    except ModelError:
        return _observed(frame, "heavy_tail", confidence)


def _observed(frame: pd.DataFrame, reason: Reason, confidence: float) -> ObservedSpend:
    import pandas as pd

    x = frame["frequency"].to_numpy(dtype=float)
    z = np.where(x > 0, frame["monetary"].to_numpy(dtype=float), 0.0)
    paid = has_paid(frame)
    used = (x > 0) & (z > 0)
    mean = float(np.average(z[used], weights=x[used]))
    relative = np.where(used, z / mean, 1.0) if reason == "heavy_tail" else np.ones(len(x))
    return ObservedSpend(
        n_used=int(used.sum()),
        n_dropped=int((~used).sum()),
        method=Phrase("spend.observed_method"),
        confidence=confidence,
        reason=reason,
        theta=np.array([np.log(mean)]),
        covariance=np.array([[_relative_variance(x[used], z[used], mean)]]),
        relative=np.where(paid, relative, 0.0),
        frequency=np.where(used, x, 0.0),
        monetary=np.where(used, z, 0.0),
        customers=pd.Index(frame.get("customer", frame.index), name="customer"),
    )


def _relative_variance(x: np.ndarray, z: np.ndarray, mean: float) -> float:
    """Return the variance of the log of a ratio mean, Σxz / Σx (customers are the sample)."""
    if len(x) < 2:
        return 0.0
    residual = x * (z - mean)
    return float(len(x) / (len(x) - 1) * (residual**2).sum() / (x.sum() * mean) ** 2)
