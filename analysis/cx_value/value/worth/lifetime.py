"""What customers are worth: expected purchases times expected spend, discounted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import UNITS
from cx_value.value.purchase.model import PurchaseModel
from cx_value.value.worth.observed_spend import ObservedSpend
from cx_value.value.worth.spend import SpendModel
from cx_value.value.worth.valuation import (
    Valuation,
    delta_spread,
    drawn_spread,
    error_of,
    log_interval,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LifetimeValue(Result):
    """Customer lifetime value, per customer and in total.

    Attributes
    ----------
    customers : pandas.DataFrame
        One row a customer, see :meth:`table`.
    total, total_std_error, total_low, total_high : float
        Value of the whole customer base (customer equity), of these customers with their purchases
        so far: the interval carries the error of the estimated parameters.
    mean_std_error, mean_low, mean_high : float
        Of the mean value as that of the population the customers are a sample of: the interval
        carries, beside that error, which customers were drawn.
    simple_total : float
        The same by the simple formula; NaN for an unlimited horizon.
    slopes : ndarray of shape (n_customers, n_parameters)
        How each customer's value moves with the models' parameters (link scale).
    covariance : ndarray
        Of these parameters.
    horizon, discount_rate_per_year, margin, unit
        As asked for.
    reservations : tuple of dict
        What the total must be told with: a purchase model whose forecast missed.
    """

    template: ClassVar[str] = "lifetime.value"

    customers: pd.DataFrame
    total: float
    total_std_error: float
    total_low: float
    total_high: float
    mean_std_error: float
    mean_low: float
    mean_high: float
    simple_total: float
    slopes: np.ndarray
    covariance: np.ndarray
    horizon: float
    discount_rate_per_year: float
    margin: float
    unit: str
    reservations: tuple[dict, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row a customer.

        Columns ``customer probability_alive discounted_transactions expected_spend lifetime_value
        std_error ci_low ci_high simple_value``. The interval is that of the *expected* value: it
        carries the error of the estimated parameters, not the luck of a single customer, for which
        see :func:`cx_value.value.worth.draws.draw_futures`. ``simple_value`` is order
        value × observed frequency × horizon × margin.
        """
        return self.customers

    @property
    def by_customer(self) -> pd.Series:
        """Value by customer."""
        return self.customers.set_index("customer")["lifetime_value"]

    def distribution(self) -> pd.DataFrame:
        """Return how value is spread over customers, with no row of a single one.

        ``share_of_customers share_of_value mean``, by tenths of the customers, the most valuable
        first; fewer sets where a tenth would hold fewer than ten customers.
        """
        import pandas as pd

        values = np.sort(self.customers["lifetime_value"].to_numpy())[::-1]
        sets = np.array_split(values, max(1, min(10, len(values) // 10)))
        total = values.sum()
        return pd.DataFrame(
            {
                "share_of_customers": np.cumsum([len(v) for v in sets]) / len(values),
                "share_of_value": np.cumsum([v.sum() for v in sets]) / (total if total else 1.0),
                "mean": [v.mean() for v in sets],
            }
        )

    def by_group(self, groups: pd.Series) -> pd.DataFrame:
        """Return ``group customers mean total std_error ci_low ci_high`` by cohort or segment.

        Parameters
        ----------
        groups : pandas.Series
            Label of each customer, indexed by customer.

        Raises
        ------
        DataError
            If a customer has no label or more than one.
        """
        import pandas as pd

        own = self.customers["customer"]
        if groups.index.has_duplicates or not own.isin(groups.dropna().index).all():
            missing = int((~own.isin(groups.dropna().index)).sum())
            raise DataError(
                f"{missing} customers have no group, or some have two · allowed: one label a "
                "customer · do: complete the labels"
            )
        labels = groups.reindex(own).to_numpy()
        values, rows = self.customers["lifetime_value"].to_numpy(), []
        for label in pd.unique(pd.Series(labels).sort_values()):
            inside = labels == label
            total = values[inside].sum()
            error = error_of(self.slopes[inside].sum(axis=0), self.covariance)
            low, high = log_interval(total, error, self.confidence)
            rows.append((label, int(inside.sum()), total / inside.sum(), total, error, low, high))
        names = ["group", "customers", "mean", "total", "std_error", "ci_low", "ci_high"]
        return pd.DataFrame(rows, columns=names)

    def facts(self) -> dict:
        """Return the total with its interval, the mean, and how value is spread."""
        values = np.sort(self.customers["lifetime_value"].to_numpy())[::-1]
        tenth = values[: max(1, len(values) // 10)].sum()
        return {
            "customers": self.n_used, "total": self.total, "low": self.total_low,
            "high": self.total_high, "mean": float(values.mean()),
            "mean_low": self.mean_low, "mean_high": self.mean_high,
            "top_tenth": float(tenth / values.sum()) if values.sum() > 0 else None,
            "reservations": list(self.reservations),
        }  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the distribution of value over customers."""
        from cx_value.value.pictures import plot_value_distribution

        return plot_value_distribution(self.table()["lifetime_value"].to_numpy(), ax, lang=lang)


def lifetime_value(
    purchase: PurchaseModel,
    spend: SpendModel | ObservedSpend | float,
    *,
    horizon: float | None,
    discount_rate_per_year: float,
    margin: float = 1.0,
    unit: str | None = None,
    intervals: Literal["delta", "draws"] = "delta",
    n_draws: int = 200,
    seed: int = 1,
    reservations: Sequence[dict] = (),
) -> LifetimeValue:
    """Value each customer's future purchases.

    Parameters
    ----------
    purchase : PurchaseModel
    spend : SpendModel, ObservedSpend or float
        A fitted model of the same customers, or one price for every purchase.
    horizon : float or None
        How far ahead, in the purchase model's time unit; None for all the future (DERT).
    discount_rate_per_year : float
        Effective rate: .10 makes a sum due in a year worth 1/1.10 of itself.
    margin : float
        Share of spend that is kept, above 0 and up to 1.
    unit : {"day", "week", "month", "year"}, optional
        Time unit, where the summary of the purchase model did not carry it.
    intervals : {"delta", "draws"}
        From the slope of value in the parameters, symmetric in the logarithm; or percentiles over
        parameters drawn from their asymptotic distribution.
    n_draws, seed : int
        For ``"draws"``.
    reservations : sequence of dict
        What the purchase model was found to lack (``ModelComparison.reservations``).

    Returns
    -------
    LifetimeValue
        ``.total`` with its interval is the customer equity of those already won; ``.table()`` has
        a row a customer.

    Raises
    ------
    ModelError
        If an option is out of range, or an unlimited horizon is not discounted.
    DataError
        If the two models were fitted to different customers, or to weighted rows.

    Notes
    -----
    Value = margin × E[spend] × ∫_0^H exp(-δu) d E[X(u)], δ = log(1 + d) per year; Fader, P. S.,
    Hardie, B. G. S., & Lee, K. L. (2005), RFM and CLV: Using iso-value curves for customer base
    analysis, Journal of Marketing Research 42(4), 415–430, eq. 3–4. Frequency and spend are taken
    to be independent. For Pareto/NBD the integral equals the closed form to 1e-8.

    Examples
    --------
    >>> import pandas as pd
    >>> from cx_value.value.purchase.model import fit_purchase_model
    >>> customers = pd.DataFrame({"frequency": [0, 0, 0, 2, 5, 1, 9, 0],
    ...                           "recency": [0, 0, 0, 20.0, 30.0, 5.0, 33.0, 0],
    ...                           "age": [38.0, 35.0, 30.0, 38.0, 31.0, 36.0, 34.0, 33.0]})
    >>> value = lifetime_value(fit_purchase_model(customers, "nbd"), 10.0, horizon=52,
    ...                        discount_rate_per_year=0.1, unit="week")
    >>> value.total_low < value.total < value.total_high
    True
    """
    unit = unit or purchase.unit
    horizon = np.inf if horizon is None else float(horizon)
    _check_options(horizon, discount_rate_per_year, margin, unit, intervals)
    _check_same_customers(purchase, spend)
    rate = np.log1p(discount_rate_per_year) * UNITS[unit] / UNITS["year"]
    valuation = Valuation(purchase, spend, horizon, rate, margin)
    ahead, price = valuation.transactions(purchase.theta), valuation.price(valuation.spend_theta)
    values = margin * ahead * price
    slopes, covariance = valuation.slopes(), valuation.covariance()
    if intervals == "delta":
        spread, of_total = delta_spread(values, slopes, covariance, purchase.confidence)
    else:
        spread, of_total = drawn_spread(valuation.draws(n_draws, seed), purchase.confidence)
    of_mean = valuation.error_of_mean(values, slopes)
    mean_ends = tuple(map(float, log_interval(values.mean(), of_mean, purchase.confidence)))
    customers = _customer_table(purchase, ahead, price, values, *spread, valuation.simple_values())
    return LifetimeValue(
        n_used=len(values),
        method=Phrase("lifetime.value_method", {"model": purchase.model}),
        confidence=purchase.confidence,
        notes=(*purchase.notes, *(() if isinstance(spend, float | int) else spend.notes)),
        customers=customers,
        total=float(values.sum()),
        total_std_error=of_total[0], total_low=of_total[1], total_high=of_total[2],
        mean_std_error=of_mean, mean_low=mean_ends[0], mean_high=mean_ends[1],
        simple_total=float(customers["simple_value"].sum(skipna=False)),
        slopes=slopes, covariance=covariance, horizon=horizon,
        discount_rate_per_year=discount_rate_per_year, margin=margin, unit=unit,
        reservations=tuple(reservations),
    )  # fmt: skip


def _customer_table(purchase, ahead, price, values, error, low, high, simple) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "customer": purchase.customers,
            "probability_alive": purchase.probability_alive().to_numpy(),
            "discounted_transactions": ahead,
            "expected_spend": price,
            "lifetime_value": values,
            "std_error": error,
            "ci_low": low,
            "ci_high": high,
            "simple_value": simple,
        }
    )


def _check_options(horizon, discount_rate_per_year, margin, unit, intervals) -> None:
    for name, value, good, allowed in (
        ("horizon", horizon, horizon > 0, "above 0, or None for all the future"),
        ("discount_rate_per_year", discount_rate_per_year, 0 <= discount_rate_per_year < 10,
         "0 or more, as a share: .1 for ten percent"),
        ("margin", margin, 0 < margin <= 1, "above 0 and up to 1"),
        ("unit", unit, unit in UNITS, ", ".join(UNITS)),
        ("intervals", intervals, intervals in ("delta", "draws"), "delta, draws"),
    ):  # fmt: skip
        if not good:
            raise ModelError(f"{name} is {value!r} · allowed: {allowed} · do: mend {name}")
    if np.isinf(horizon) and discount_rate_per_year == 0:
        raise ModelError(
            "An unlimited horizon has no finite value without discounting · allowed: a discount "
            "rate above 0, or a horizon · do: give one of them"
        )


def _check_same_customers(
    purchase: PurchaseModel, spend: SpendModel | ObservedSpend | float
) -> None:
    if round(purchase.history.n_customers) != len(purchase.customers):
        raise DataError(
            f"The purchase model was fitted to {len(purchase.customers)} weighted rows · allowed: "
            "one row a customer · do: fit it to the customers themselves"
        )
    if isinstance(spend, float | int):
        if not (np.isfinite(spend) and spend > 0):
            raise ModelError(f"spend is {spend!r} · allowed: a price above 0 · do: mend it")
        return
    if not purchase.customers.equals(spend.customers):
        raise DataError(
            f"The purchase model has {len(purchase.customers)} customers and the spend model "
            f"{len(spend.customers)}, or in another order · allowed: the same · do: fit both to "
            "one summary"
        )
