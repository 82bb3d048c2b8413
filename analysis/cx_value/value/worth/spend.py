"""How much a customer spends at a purchase: the Gamma–Gamma model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import gammaln, psi
from scipy.stats import norm

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.purchase.likelihood import Optimum, maximise_function

if TYPE_CHECKING:
    import pandas as pd

TERMS = ("p", "q", "gamma")
# |r| between frequency and spend from which independence is told to be doubtful; Fader & Hardie
# call CDNOW's .11 negligible.
_DOUBTFUL_CORRELATION = 0.2
_RUNAWAY = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpendModel(Result):
    """A fitted Gamma–Gamma model of spend per purchase.

    Attributes
    ----------
    log_likelihood : float
        Of the mean spends, comparable with published values.
    theta, covariance : ndarray
        Log estimates of p, q, gamma and their covariance matrix.
    frequency, monetary : ndarray of shape (n_customers,)
        All customers of the summary, those without a repeat purchase with frequency 0.
    paid : ndarray of bool, shape (n_customers,)
        False for customers who never paid anything: their purchases are expected to bring nothing.
    correlation, correlation_low, correlation_high, correlation_p : float
        Between frequency and mean spend of repeat buyers: the model assumes 0.
    """

    template: ClassVar[str] = "spend.model"

    log_likelihood: float
    theta: np.ndarray
    covariance: np.ndarray
    frequency: np.ndarray
    monetary: np.ndarray
    paid: np.ndarray
    customers: pd.Index
    correlation: float
    correlation_low: float
    correlation_high: float
    correlation_p: float

    @property
    def parameters(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(TERMS, (float(v) for v in np.exp(self.theta)), strict=True))

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 6 - 2 * self.log_likelihood

    def table(self) -> pd.DataFrame:
        """Return ``term estimate std_error ci_low ci_high``, and the correlation as a fourth row.

        Intervals of p, q, gamma are symmetric on the log scale; that of the correlation is
        Fisher's.
        """
        import pandas as pd

        error = np.sqrt(np.diag(self.covariance))
        half = norm.ppf(0.5 + self.confidence / 2) * error
        estimate = np.exp(self.theta)
        rows = pd.DataFrame(
            {
                "term": TERMS,
                "estimate": estimate,
                "std_error": estimate * error,
                "ci_low": np.exp(self.theta - half),
                "ci_high": np.exp(self.theta + half),
            }
        )
        r = self.correlation
        told = {
            "term": "corr(frequency, spend)",
            "estimate": r,
            "std_error": (1 - r**2) / np.sqrt(max(self.n_used - 3, 1)),
            "ci_low": self.correlation_low,
            "ci_high": self.correlation_high,
        }
        return pd.concat([rows, pd.DataFrame([told])], ignore_index=True)

    def mean_spend(self) -> float:
        """Return the mean spend of the population, p gamma / (q - 1)."""
        return population_mean(self.theta)

    def expected_spend(self) -> pd.Series:
        """Return each customer's expected spend per purchase, given what they spent so far.

        Customers without a repeat purchase get the population's mean, those who never paid 0.
        """
        import pandas as pd

        return pd.Series(self.price(self.theta), index=self.customers, name="expected_spend")

    def price(self, theta: np.ndarray) -> np.ndarray:
        """Return each customer's expected spend per purchase at log parameters."""
        return conditional_mean(theta, self.frequency, self.monetary) * self.paid

    def casewise_scores(self) -> np.ndarray:
        """Return each customer's slope of the log likelihood (n, 3); 0 without a spend to fit."""
        p, q, gamma = np.exp(self.theta)
        used = (self.frequency > 0) & (self.monetary > 0)
        x, z = self.frequency[used], self.monetary[used]
        log_sum, change = np.log(gamma + x * z), psi(p * x + q)
        scores = np.zeros((len(used), 3))
        scores[used] = np.stack([
            p * x * (change - psi(p * x) + np.log(x * z) - log_sum),
            q * (change - psi(q) + self.theta[2] - log_sum),
            q - gamma * (p * x + q) / (gamma + x * z),
        ], axis=1)  # fmt: skip
        return scores

    def draw_parameters(self, n_draws: int, seed: int) -> np.ndarray:
        """Draw log parameters from their asymptotic distribution, (n_draws, 3)."""
        random = np.random.default_rng(seed)
        return random.multivariate_normal(self.theta, self.covariance, size=n_draws)

    def facts(self) -> dict[str, Any]:
        """Return the estimates, the mean spend, the correlation assumed away, and who is left out.

        ``doubtful``: whether that correlation is too large to be passed over.
        """
        return {
            "n": self.n_used, **self.parameters, "mean": self.mean_spend(),
            "r": self.correlation, "r_low": self.correlation_low, "r_high": self.correlation_high,
            "r_p": self.correlation_p, "doubtful": abs(self.correlation) >= _DOUBTFUL_CORRELATION,
            "free": int(((self.frequency > 0) & (self.monetary == 0)).sum()),
            "never_paid": int((~self.paid).sum()),
        }  # fmt: skip


class NoSpendOptimum(ConvergenceError):
    """The Gamma–Gamma likelihood has no proper optimum; ``q`` is where the search ended."""

    def __init__(self, message: str, *, q: float):
        super().__init__(message)
        self.q = q


def population_mean(theta: np.ndarray) -> float:
    """Return p gamma / (q - 1) from log parameters."""
    p, q, gamma = np.exp(theta)
    return float(p * gamma / (q - 1))


def conditional_mean(theta: np.ndarray, frequency: np.ndarray, monetary: np.ndarray) -> np.ndarray:
    """Return p (gamma + x z) / (p x + q - 1): Fader & Hardie (2013), eq. 5."""
    p, q, gamma = np.exp(theta)
    total = frequency * np.where(frequency > 0, monetary, 0.0)
    return p * (gamma + total) / (p * frequency + q - 1)


def fit_spend_model(
    summary: TransactionSummary | pd.DataFrame, *, confidence: float = 0.95
) -> SpendModel:
    """Fit the Gamma–Gamma model of spend to the repeat buyers.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        ``frequency monetary``, and optionally ``customer``. Only customers with a repeat purchase
        and a positive mean spend enter; the others are counted in ``n_dropped``.

    Returns
    -------
    SpendModel
        Read ``.table()``, ``.expected_spend()`` and the correlation of frequency with spend, on
        whose absence the model rests: always in the table, and in a note where it is large.

    Raises
    ------
    DataError
        If fewer than ten customers bought again, or all spent the same.
    ConvergenceError
        If the likelihood has no proper optimum.
    ModelError
        If q ≤ 1: the population's mean spend is then infinite.

    Notes
    -----
    The mean spend z of x purchases has density
    Γ(px + q) / (Γ(px) Γ(q)) γ^q z^(px-1) x^(px) / (γ + xz)^(px + q): Fader, P. S., & Hardie,
    B. G. S. (2013), The Gamma–Gamma model of monetary value, brucehardie.com, eq. 1a. Published
    values for CDNOW (p 6.25, q 3.74, gamma 15.44) are reproduced.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> random = np.random.default_rng(1)
    >>> x = random.integers(1, 9, 400)
    >>> spends = random.gamma(5 * x, 1 / (x * random.gamma(4, 1 / 60, 400)))
    >>> fit = fit_spend_model(pd.DataFrame({"frequency": x, "monetary": spends}))
    >>> fit.table().term.tolist()
    ['p', 'q', 'gamma', 'corr(frequency, spend)']
    """
    import pandas as pd

    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    x, z = _checked(frame)
    used = (x > 0) & (z > 0)
    _require_information(x[used], z[used])
    optimum = _maximise(x[used], z[used])
    _require_inside(optimum)
    r, low, high, p_value = _correlation(x[used], z[used], confidence)
    return SpendModel(
        n_used=int(used.sum()),
        n_dropped=int((~used).sum()),
        method=Phrase("spend.model_method"),
        confidence=confidence,
        notes=_doubt(r),
        log_likelihood=optimum.log_likelihood,
        theta=optimum.theta,
        covariance=np.linalg.inv(optimum.hessian),
        frequency=x,
        monetary=z,
        paid=has_paid(frame),
        customers=pd.Index(frame.get("customer", frame.index), name="customer"),
        correlation=r,
        correlation_low=low,
        correlation_high=high,
        correlation_p=p_value,
    )


def has_paid(frame: pd.DataFrame) -> np.ndarray:
    """Return whether each customer ever paid anything.

    Told by ``spend`` where the summary has it, else by the mean spend of repeat buyers.

    >>> import pandas as pd
    >>> has_paid(pd.DataFrame({"frequency": [0, 2, 3], "monetary": [None, 0.0, 4.0]})).tolist()
    [True, False, True]
    """
    if "spend" in frame:
        return frame["spend"].to_numpy(dtype=float) > 0
    again = frame["frequency"].to_numpy(dtype=float) > 0
    return ~(again & (frame["monetary"].to_numpy(dtype=float) == 0))


def _checked(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    missing = [name for name in ("frequency", "monetary") if name not in frame]
    if missing:
        raise DataError(
            f"The customer summary lacks {', '.join(missing)} · allowed: frequency and monetary · "
            "do: use summarise_transactions"
        )
    x = frame["frequency"].to_numpy(dtype=float)
    z = frame["monetary"].to_numpy(dtype=float)
    bad = (x > 0) & ~(np.isfinite(z) & (z >= 0)) | ~np.isfinite(x)
    if bad.any():
        raise DataError(
            f"{int(bad.sum())} repeat buyers have a missing, infinite or negative mean spend · "
            "allowed: spend ≥ 0 · do: make the summary anew from the log"
        )
    return x, np.where(x > 0, z, 0.0)


def _require_information(x: np.ndarray, z: np.ndarray) -> None:
    if len(z) < 10:
        raise DataError(
            f"Only {len(z)} customers have a repeat purchase with a spend · allowed: at least 10 · "
            "do: observe for longer"
        )
    if np.ptp(z) <= 1e-9 * z.max():
        raise DataError(
            f"All {len(z)} repeat buyers spend {z[0]:g} per purchase · allowed: spends that differ "
            "· do: use that price; a model of spend has nothing to say"
        )


def _maximise(x: np.ndarray, z: np.ndarray) -> Optimum:
    """Maximise over log p, log q, log gamma; money is scaled to a mean of 1 meanwhile."""
    unit = float(np.average(z, weights=x))
    evaluate = _total_likelihood(x, z / unit)
    starts = [np.log([5.0, 4.0, 0.6]), np.log([1.0, 8.0, 7.0])]
    found = maximise_function(evaluate, starts, len(x), central=len(x) < 200_000)
    return Optimum(
        theta=found.theta + np.array([0.0, 0.0, np.log(unit)]),
        hessian=found.hessian,
        log_likelihood=found.log_likelihood - len(x) * np.log(unit),
        decrement=found.decrement,
    )


def _total_likelihood(x: np.ndarray, z: np.ndarray):
    """Return log parameters → log likelihood and gradient.

    Gamma functions depend on x only, so they are evaluated once for each count.
    """
    counts, place, weight = np.unique(x, return_inverse=True, return_counts=True)
    total, log_z = x * z, np.log(z)
    own = np.bincount(place, weights=log_z)  # Σ log z by count
    fixed = -log_z.sum()

    def evaluate(theta: np.ndarray) -> tuple[float, np.ndarray]:
        p, q, gamma = np.exp(theta)
        log_sum = np.log(gamma + total)
        by_count = np.bincount(place, weights=log_sum)
        px = p * counts
        value = (
            weight @ (gammaln(px + q) - gammaln(px) - gammaln(q) + q * theta[2])
            + px @ (own + weight * np.log(counts)) - (px + q) @ by_count + fixed
        )  # fmt: skip
        change = psi(px + q)
        inside = own + weight * np.log(counts) - by_count
        gradient = (
            px @ (weight * (change - psi(px)) + inside),
            q * (weight @ (change - psi(q) + theta[2]) - by_count.sum()),
            q * len(x) - gamma * ((p * x + q) @ (1 / (gamma + total))),
        )
        return float(value), np.array(gradient)

    return evaluate


def _require_inside(optimum: Optimum) -> None:
    p, q, gamma = np.exp(np.minimum(optimum.theta, 700))
    if not optimum.is_sound or optimum.std_error.max() > _RUNAWAY:
        raise NoSpendOptimum(
            f"The Gamma–Gamma model has no proper optimum on these data (p = {p:.3g}, q = {q:.3g}, "
            f"gamma = {gamma:.3g}) · allowed: a maximum inside the range of every parameter · do: "
            "use each customer's own mean spend; customers differ too little, or too much, for a "
            "model of their differences",
            q=q,
        )
    if q <= 1:
        raise ModelError(
            f"q is {q:.3g}: mean spend would be infinite · allowed: q above 1 · do: look for a few "
            "huge orders and model them apart"
        )


def _correlation(x: np.ndarray, z: np.ndarray, confidence: float):
    """Return Pearson's r of frequency and spend with Fisher's interval and p."""
    from scipy.stats import pearsonr

    if np.ptp(x) == 0:
        return (float("nan"),) * 4
    found = pearsonr(x, z)
    low, high = found.confidence_interval(confidence)
    return float(found.statistic), float(low), float(high), float(found.pvalue)


def _doubt(r: float) -> tuple[Phrase, ...]:
    """Return the note that spend and frequency are not independent, where they are not."""
    return (Phrase("spend.dependent", {"r": r}),) if abs(r) >= _DOUBTFUL_CORRELATION else ()
