"""Fitting a purchase model: how often customers buy, and whether they are still customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.purchase.boundary import fit_inside, require_optimum, undetermined
from cx_value.value.purchase.families import FAMILIES, Family, family_named
from cx_value.value.purchase.history import PurchaseHistory, compress_histories
from cx_value.value.purchase.likelihood import from_link, parameters_by_row

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PurchaseModel(Result):
    """A fitted purchase model.

    Attributes
    ----------
    model, requested : str
        The model fitted, and the one asked for; they differ where the latter lay at its boundary.
    log_likelihood : float
        Of the purchase times, comparable between models (not BG/BB).
    theta, covariance : ndarray
        Estimates on the link scale (log; logit for a chance) and their covariance matrix.
    covariates : tuple of str
        Columns that move the purchase rate and the drop-out.
    unit : str
        Time unit of the rates ("" where the summary did not say).
    history, customers
        The compressed data, and the customers in the order of the summary.
    """

    template: ClassVar[str] = "purchase.model"

    model: str
    requested: str
    log_likelihood: float
    theta: np.ndarray
    covariance: np.ndarray
    covariates: tuple[str, ...]
    unit: str
    history: PurchaseHistory
    customers: pd.Index

    @property
    def family(self) -> Family:
        """The model's formulas."""
        return FAMILIES[self.model]

    @property
    def parameters(self) -> dict[str, float]:
        """Estimates by name, on their own scale."""
        return dict(zip(self.family.terms, self._own_scale(self.theta), strict=True))

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * len(self.theta) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return np.log(self.n_used) * len(self.theta) - 2 * self.log_likelihood

    def _own_scale(self, theta: np.ndarray) -> tuple[float, ...]:
        return from_link(theta[: len(self.family.terms)], self.family.links)

    @property
    def terms(self) -> tuple[str, ...]:
        """Parameters, then ``purchase:<covariate>`` and ``dropout:<covariate>``."""
        processes = ("purchase", "dropout") if self.family.dropout_term else ("purchase",)
        moved = [f"{process}:{name}" for process in processes for name in self.covariates]
        return (*self.family.terms, *moved)

    def table(self) -> pd.DataFrame:
        """Return ``term estimate std_error ci_low ci_high``.

        Intervals are symmetric on the log (logit) scale, so they stay inside what is possible;
        standard errors are on the scale of the estimate (delta method), as papers print them. A
        covariate's coefficient is the change in the log purchase rate or log drop-out odds or
        rate per unit.
        """
        import pandas as pd

        n = len(self.family.terms)
        error = np.sqrt(np.diag(self.covariance))
        half = norm.ppf(0.5 + self.confidence / 2) * error
        estimate = np.array([*self._own_scale(self.theta), *self.theta[n:]])
        low, high = (
            [*self._own_scale(end), *end[n:]] for end in (self.theta - half, self.theta + half)
        )
        slope = np.ones_like(estimate)
        for i, link in enumerate(self.family.links):
            slope[i] = estimate[i] * (1 - estimate[i] if link == "logit" else 1.0)
        return pd.DataFrame(
            {
                "term": list(self.terms),
                "estimate": estimate,
                "std_error": slope * error,
                "ci_low": low,
                "ci_high": high,
            }
        )

    def probability_alive(self, customers: pd.DataFrame | None = None) -> pd.Series:
        """Return each customer's probability of still being a customer.

        Parameters
        ----------
        customers : pandas.DataFrame, optional
            Others than those of the fit, with the same columns.
        """
        history, index = self._histories(customers)
        parameters = parameters_by_row(self.family, self.theta, history)
        values = self.family.probability_alive(parameters, history)
        return _by_customer(values, history, index, "probability_alive")

    def expected_transactions(
        self, horizon: float, customers: pd.DataFrame | None = None
    ) -> pd.Series:
        """Return each customer's expected purchases in the next ``horizon`` time units.

        Conditional on the customer's history, P(alive) included. For BG/BB the horizon counts
        opportunities.
        """
        check_horizon(horizon)
        history, index = self._histories(customers)
        values = self.expected_by_history(self.theta, history, horizon)
        return _by_customer(values, history, index, "expected_transactions")

    def expected_by_history(
        self,
        theta: np.ndarray,
        history: PurchaseHistory,
        horizon: float,
        discount_rate: float = 0.0,
    ) -> np.ndarray:
        """Return expected (discounted) purchases by unique history for any parameters."""
        parameters = parameters_by_row(self.family, theta, history)
        return self.family.expected_transactions(parameters, history, horizon, discount_rate)

    def draw_parameters(self, n_draws: int, seed: int) -> np.ndarray:
        """Draw parameters on the link scale from their asymptotic distribution, (n_draws, n)."""
        random = np.random.default_rng(seed)
        return random.multivariate_normal(self.theta, self.covariance, size=n_draws)

    def _histories(self, customers: pd.DataFrame | None) -> tuple[PurchaseHistory, pd.Index]:
        if customers is None:
            return self.history, self.customers
        history = compress_histories(customers, self.covariates, centre=self.history.centre)
        return history, _customer_index(customers)

    def facts(self) -> dict[str, Any]:
        """Return the model, its customers and its fit; the parameters are in the table."""
        return {"model": self.model, "n": self.n_used, "log_likelihood": self.log_likelihood,
                "aic": self.aic}  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Map P(alive) over frequency and recency, for the longest-observed customers."""
        from cx_value.value.pictures import plot_alive_map

        return plot_alive_map(alive_grid(self), self.unit, ax, lang=lang)


def fit_purchase_model(
    summary: TransactionSummary | pd.DataFrame,
    model: str,
    *,
    covariates: Sequence[str] = (),
    confidence: float = 0.95,
) -> PurchaseModel:
    """Fit a purchase model by maximum likelihood.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        ``frequency recency age``, optionally ``customer``, covariates, and ``weight`` where a row
        stands for several customers (BG/BB's sufficient statistics).
    model : str
        ``bg_nbd``, ``mbg_nbd``, ``pareto_nbd`` (drop-out at a purchase, also at the first, at any
        time), ``nbd`` (no drop-out); or a limit of these:
        ``geometric_nbd``, ``geometric_mnbd``, ``exponential_nbd``, ``poisson``.
    covariates : sequence of str
        Numeric columns that move the purchase rate (``alpha_i = alpha exp(-z'g)``) and the
        drop-out (``beta_i = beta exp(-z'g)`` in Pareto/NBD, ``a_i = a exp(z'g)``: the odds of
        leaving, in BG/NBD). They are centred.
    confidence : float
        Level of the intervals.

    Returns
    -------
    PurchaseModel
        Read ``.table()``, ``.notes``, ``.expected_transactions(horizon)``,
        ``.probability_alive()``. ``.model`` tells whether a simpler model took the place of one
        whose optimum lies at its boundary.

    Raises
    ------
    DataError
        If nobody bought again, or a history is impossible.
    ModelError
        If the model does not exist or takes no covariates.
    ConvergenceError
        If the likelihood has no proper optimum, with the parameters that run away.

    Notes
    -----
    Covariates: Fader, P. S., & Hardie, B. G. S. (2007), Incorporating time-invariant covariates
    into the Pareto/NBD and BG/NBD models, brucehardie.com. On the 1/10 sample of CDNOW the
    published estimates and log likelihoods are reproduced to every printed digit.

    Examples
    --------
    >>> import pandas as pd
    >>> customers = pd.DataFrame({"frequency": [0, 0, 0, 2, 5, 1, 9, 0],
    ...                           "recency": [0, 0, 0, 20.0, 30.0, 5.0, 33.0, 0],
    ...                           "age": [38.0, 35.0, 30.0, 38.0, 31.0, 36.0, 34.0, 33.0]})
    >>> fit_purchase_model(customers, "nbd").table().term.tolist()
    ['r', 'alpha']
    """
    family, names = family_named(model), _covariate_names(covariates)
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    history = compress_histories(frame, names)
    _check_information(history, family, names)
    family, optimum, notes = fit_inside(family, history)
    require_optimum(family, optimum, names)
    return PurchaseModel(
        n_used=round(history.n_customers),
        method=Phrase("purchase.model_method", {"model": family.name}),
        confidence=confidence,
        notes=(*notes, *undetermined(family, optimum)),
        model=family.name,
        requested=model,
        log_likelihood=optimum.log_likelihood,
        theta=optimum.theta,
        covariance=np.linalg.inv(optimum.hessian),
        covariates=names,
        unit=summary.unit if isinstance(summary, TransactionSummary) else "",
        history=history,
        customers=_customer_index(frame),
    )


def check_horizon(horizon: float) -> None:
    """Refuse a horizon that is not a positive length of time."""
    if not (np.isfinite(horizon) and horizon > 0):
        raise ModelError(
            f"horizon is {horizon} · allowed: a positive number of time units · do: give, for "
            "instance, 52 for a year of weeks"
        )


def _customer_index(frame: pd.DataFrame) -> pd.Index:
    import pandas as pd

    return pd.Index(frame.get("customer", frame.index), name="customer")


def _by_customer(values, history: PurchaseHistory, index: pd.Index, name: str) -> pd.Series:
    import pandas as pd

    return pd.Series(values[history.position], index=index, name=name)


def _covariate_names(covariates: Sequence[str]) -> tuple[str, ...]:
    if isinstance(covariates, str):
        raise ModelError(
            f"covariates is the word {covariates!r} · allowed: a sequence of column names · do: "
            f"write ({covariates!r},)"
        )
    return tuple(covariates)


def _check_information(
    history: PurchaseHistory, family: Family, covariates: tuple[str, ...]
) -> None:
    """Refuse what no model can be fitted to."""
    if not (history.frequency > 0).any():
        raise DataError(
            f"None of the {round(history.n_customers)} customers bought again · allowed: at least "
            "some repeat purchases · do: observe for longer, or lift the level at which a purchase "
            "is counted; without repeat purchases nothing can be said of the purchase rate"
        )
    flat = [
        n for n, v in zip(covariates, np.ptp(history.covariates, axis=0), strict=True) if v == 0
    ]
    if flat:
        raise DataError(
            f"Covariate {flat[0]!r} is the same for every customer · allowed: one that varies · "
            "do: leave it out"
        )


def alive_grid(model: PurchaseModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts, silences and P(alive) of shape (n_silences, n_counts)."""
    import pandas as pd

    age = float(model.history.age.max())
    top = max(3, int(np.quantile(model.history.frequency, 0.99)))
    counts, silence = np.arange(1, top + 1), np.linspace(0.0, age * 0.98, 60)
    grid = pd.DataFrame(
        [(x, age - gap, age) for gap in silence for x in counts],
        columns=["frequency", "recency", "age"],
    ).assign(**dict(zip(model.covariates, model.history.centre, strict=True)))
    alive = model.probability_alive(grid).to_numpy()
    return counts, silence, alive.reshape(len(silence), len(counts))
