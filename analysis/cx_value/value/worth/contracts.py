"""Customers under contract: churn is seen when it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from scipy.special import betaln, psi
from scipy.stats import norm

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.terms import named_code
from cx_value.base.words import Phrase
from cx_value.value.purchase.likelihood import Optimum, maximise_function

if TYPE_CHECKING:
    import pandas as pd

_TERMS = {"sbg": ("alpha", "beta"), "geometric": ("theta",), "weibull": ("scale", "shape")}
_NO_GAIN, _RUNAWAY = 0.005, 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractModel(Result):
    """A fitted distribution of contract lifetimes.

    Attributes
    ----------
    model : str
        ``sbg`` or ``geometric`` (renewal periods), ``weibull`` (continuous time).
    log_likelihood : float
    theta, covariance : ndarray
        Log parameters and their covariance matrix.
    """

    template: ClassVar[str] = "contracts.model"

    model: str
    log_likelihood: float
    theta: np.ndarray
    covariance: np.ndarray

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * len(self.theta) - 2 * self.log_likelihood

    @property
    def parameters(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(_TERMS[self.model], map(float, np.exp(self.theta)), strict=True))

    def table(self) -> pd.DataFrame:
        """Return ``term estimate std_error ci_low ci_high``, intervals symmetric in the log."""
        import pandas as pd

        error = np.sqrt(np.diag(self.covariance))
        half = norm.ppf(0.5 + self.confidence / 2) * error
        estimate = np.exp(self.theta)
        return pd.DataFrame(
            {
                "term": _TERMS[self.model],
                "estimate": estimate,
                "std_error": estimate * error,
                "ci_low": np.exp(self.theta - half),
                "ci_high": np.exp(self.theta + half),
            }
        )

    def survival(self, time: Sequence[float]) -> np.ndarray:
        """Return the share of customers still under contract at ``time``."""
        return survival_of(self.model, np.exp(self.theta), np.asarray(time, dtype=float))

    def retention(self, period: Sequence[float]) -> np.ndarray:
        """Return S(t) / S(t - 1): the share of those left who renew at period t = 1, 2, …."""
        period = np.asarray(period, dtype=float)
        return self.survival(period) / self.survival(period - 1)

    def facts(self) -> dict[str, Any]:
        """Return the model, its fit, and the retention of the first and the fifth period."""
        first, fifth = self.retention([1, 5])
        return {"model": self.model, "n": self.n_used, "first": first, "fifth": fifth,
                "log_likelihood": self.log_likelihood, "aic": self.aic}  # fmt: skip


def survival_of(model: str, parameters: np.ndarray, time: np.ndarray) -> np.ndarray:
    if model == "weibull":
        scale, shape = parameters
        return np.exp(-((time / scale) ** shape))
    if model == "geometric":
        return np.exp(-parameters[0] * time)
    alpha, beta = parameters
    return np.exp(betaln(alpha, beta + time) - betaln(alpha, beta))


def fit_contract_model(
    data: Sequence[int] | pd.DataFrame,
    model: Literal["sbg", "weibull"] = "sbg",
    *,
    duration: str = "duration",
    churned: str = "churned",
    confidence: float = 0.95,
) -> ContractModel:
    """Fit a distribution of contract lifetimes.

    Parameters
    ----------
    data : sequence of int or pandas.DataFrame
        Customers still under contract at periods 0, 1, 2, … (``sbg`` only), or one row a customer
        with the time under contract and whether it has ended (1) or still runs (0).
    model : {"sbg", "weibull"}
        Shifted beta-geometric for renewal at fixed periods, Weibull for cancelling at any time.
    duration, churned : str
        Columns of the frame. For ``sbg`` a duration is a whole number of periods, at least 1: the
        period at the end of which the customer left, or the periods survived.

    Returns
    -------
    ContractModel
        sBG gives way to one churn probability where customers do not differ measurably.

    Raises
    ------
    DataError
        If nobody has left yet, or the counts rise.

    Notes
    -----
    sBG: P(T = t) = B(α+1, β+t-1)/B(α, β), S(t) = B(α, β+t)/B(α, β); Fader, P. S., & Hardie,
    B. G. S. (2007), Journal of Interactive Marketing 21(1), 76–90, eq. 5–6. Weibull:
    S(t) = exp(-(t/scale)^shape), equal to R's ``survreg`` to 1e-6.

    Examples
    --------
    >>> fit = fit_contract_model([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> fit.table().estimate.round(3).tolist()
    [0.668, 3.806]
    """
    if model not in ("sbg", "weibull"):
        raise ModelError(
            f"No contract model is named {model!r} · allowed: sbg, weibull · do: choose one"
        )
    time, left, weight = _observations(data, model, duration, churned)
    evaluate = _sbg(time, left, weight) if model == "sbg" else _weibull(time, left, weight)
    n = float(weight.sum())
    mean = float(weight @ time / max(weight @ left, 1.0))
    starts = [np.log([1.0, mean])] if model == "sbg" else [np.log([mean, 1.0])]
    optimum = maximise_function(evaluate, starts, n)
    notes: tuple[Phrase, ...] = ()
    if model == "sbg":
        model, optimum, notes = _or_geometric(optimum, time, left, weight)
    if not optimum.is_sound or optimum.std_error.max() > _RUNAWAY:
        raise ConvergenceError(
            f"The {named_code(model, 'contract_model', 'en')} model has no proper optimum on these "
            "data · allowed: a maximum inside the range of every parameter · do: observe for "
            "longer or use estimate_survival"
        )
    return ContractModel(
        n_used=round(n),
        method=Phrase("contracts.model_method", {"model": model}),
        confidence=confidence,
        notes=notes,
        model=model,
        log_likelihood=optimum.log_likelihood,
        theta=optimum.theta,
        covariance=np.linalg.inv(optimum.hessian),
    )


# --- data ---------------------------------------------------------------------------------------


def _observations(data, model: str, duration: str, churned: str):
    """Return time, left (1 or 0) and weight of each distinct observation."""
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        time, left, weight = _from_counts(np.asarray(data, dtype=float), model)
    else:
        time, left = read_durations(data, duration, churned)
        weight = np.ones(len(time))
        if model == "sbg" and ((time != np.floor(time)) | (time < 1)).any():
            raise DataError(
                "sBG was given durations that are no whole periods from 1 · allowed: 1, 2, 3, … · "
                "do: count renewal periods, or fit weibull"
            )
    if not weight @ left > 0:
        raise DataError(
            f"None of the {weight.sum():.0f} customers has left · allowed: some ended contracts · "
            "do: observe for longer; without churn nothing can be said of lifetimes"
        )
    return time, left, weight


def _from_counts(counts: np.ndarray, model: str):
    if model != "sbg":
        raise DataError(
            f"{model} was given counts by period · allowed: a frame with durations · do: fit sbg, "
            "or give one row a customer"
        )
    if counts.ndim != 1 or len(counts) < 3 or not np.isfinite(counts).all() or (counts < 0).any():
        raise DataError(
            "Counts by period must be at least three numbers from 0 up, one a period · allowed: "
            "customers left at periods 0, 1, 2, … · do: mend the sequence"
        )
    lost = -np.diff(counts)
    if (lost < 0).any():
        raise DataError(
            f"Customers rise from {counts[:-1][lost < 0][0]:.0f} to {counts[1:][lost < 0][0]:.0f} "
            "between periods · allowed: counts of one cohort, which can only fall · do: take new "
            "customers out"
        )
    periods = np.arange(1.0, len(counts))
    time = np.append(periods, periods[-1])
    left = np.append(np.ones(len(periods)), 0.0)
    return time, left, np.append(lost, counts[-1])


def read_durations(frame: pd.DataFrame, duration: str, churned: str):
    """Return durations and churn (1 or 0), refusing what is neither."""
    missing = [name for name in (duration, churned) if name not in frame]
    if missing:
        raise DataError(
            f"The contracts lack {', '.join(missing)} · allowed: one of {list(frame.columns)} · "
            "do: name the columns"
        )
    time, left = frame[duration].to_numpy(dtype=float), frame[churned].to_numpy(dtype=float)
    bad = ~(np.isfinite(time) & (time > 0) & np.isin(left, (0.0, 1.0)))
    if bad.any() or len(time) == 0:
        raise DataError(
            f"{int(bad.sum())} of {len(time)} contracts have no positive duration or a churn mark "
            "other than 0 and 1 · allowed: duration > 0, churned 0 or 1 · do: drop or mend them"
        )
    return time, left


# --- likelihoods --------------------------------------------------------------------------------


def _sbg(time: np.ndarray, left: np.ndarray, weight: np.ndarray):
    """Return log (alpha, beta) → log likelihood and gradient."""

    def evaluate(theta: np.ndarray) -> tuple[float, np.ndarray]:
        alpha, beta = np.exp(theta)
        top, rest = alpha + left, beta + time - left
        value = betaln(top, rest) - betaln(alpha, beta)
        common = psi(alpha + beta) - psi(top + rest)
        slopes = (psi(top) - psi(alpha) + common, psi(rest) - psi(beta) + common)
        gradient = np.array([alpha * (weight @ slopes[0]), beta * (weight @ slopes[1])])
        return float(weight @ value), gradient

    return evaluate


def _weibull(time: np.ndarray, left: np.ndarray, weight: np.ndarray):
    """Return log (scale, shape) → log likelihood and gradient."""

    def evaluate(theta: np.ndarray) -> tuple[float, np.ndarray]:
        scale, shape = np.exp(theta)
        log_ratio = np.log(time / scale)
        hazard = np.exp(shape * log_ratio)
        value = left * (np.log(shape / time) + shape * log_ratio) - hazard
        gradient = (
            shape * (hazard - left),
            left * (1 + shape * log_ratio) - hazard * shape * log_ratio,
        )
        return float(weight @ value), np.array([weight @ g for g in gradient])

    return evaluate


def _or_geometric(optimum: Optimum, time, left, weight):
    """Fall back to one churn probability where sBG gains nothing on it (alpha, beta → ∞)."""
    ended, periods = float(weight @ left), float(weight @ time)
    theta = ended / periods
    stayed = periods - ended
    alone = ended * np.log(theta) + (stayed * np.log1p(-theta) if stayed else 0.0)
    if not optimum.log_likelihood - alone < _NO_GAIN:
        return "sbg", optimum, ()
    if not stayed:
        raise DataError(
            "Every customer left at the first period · allowed: some renewals · do: there is no "
            "lifetime to model"
        )
    # In the log of the rate -log(1 - theta), so that the interval stays positive.
    rate = -np.log1p(-theta)
    information = ended * rate**2 * (1 - theta) / theta**2
    flat = Optimum(
        theta=np.log([rate]), hessian=np.array([[information]]), log_likelihood=alone, decrement=0.0
    )
    return "geometric", flat, (Phrase("contracts.alike"),)
