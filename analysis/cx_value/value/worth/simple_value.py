"""The simple formula: (order value × frequency × lifetime) − acquisition cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimpleValue(Result):
    """Mean customer value by the simple formula.

    Attributes
    ----------
    order_value, margin, frequency, lifetime, acquisition_cost : float
        The formula's numbers: money per purchase and the share of it that is kept, purchases per
        time unit, time units, money.
    value, std_error, ci_low, ci_high : float
        Per customer. The error is that of order value and frequency; lifetime and acquisition cost
        are taken as known.
    """

    template: ClassVar[str] = "lifetime.simple"

    order_value: float
    margin: float
    frequency: float
    lifetime: float
    acquisition_cost: float
    value: float
    std_error: float
    ci_low: float
    ci_high: float

    def table(self) -> pd.DataFrame:
        """Return one row with the formula's numbers and the value."""
        import pandas as pd

        names = ("order_value", "margin", "frequency", "lifetime", "acquisition_cost", "value",
                 "std_error", "ci_low", "ci_high")  # fmt: skip
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def facts(self) -> dict[str, Any]:
        """Return the formula's numbers and the value with its interval."""
        names = ("order_value", "margin", "frequency", "lifetime", "acquisition_cost", "value")
        return {**{name: getattr(self, name) for name in names},
                "low": self.ci_low, "high": self.ci_high}  # fmt: skip


def simple_lifetime_value(
    summary: TransactionSummary | pd.DataFrame,
    *,
    lifetime: float,
    acquisition_cost: float = 0.0,
    margin: float = 1.0,
    confidence: float = 0.95,
) -> SimpleValue:
    """Value the average customer by (order value × frequency × lifetime) − acquisition cost.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        ``frequency age spend``: the first purchase counts, as it is part of the spend.
    lifetime : float
        How long a customer stays, in the summary's time unit.
    acquisition_cost : float
        Money spent to win one customer.
    margin : float
        Share of the order value that is kept.

    Returns
    -------
    SimpleValue

    Raises
    ------
    DataError
        If a column is missing or nobody was observed for any time.
    ModelError
        If an option is out of range.

    Notes
    -----
    Order value is all spend over all purchases, frequency all purchases over all time observed.
    Their product is spend per time unit, a ratio of means: its standard error is that of a ratio
    estimate (Cochran 1977, Sampling Techniques, eq. 2.39). It assumes that everyone stays for the
    whole lifetime and buys at the past rate; the models do not.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"frequency": [1, 3], "age": [10.0, 20.0], "spend": [20.0, 100.0]})
    >>> simple_lifetime_value(seen, lifetime=30, acquisition_cost=5).value
    115.0
    """
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    _check(frame, lifetime, acquisition_cost, margin)
    spend, age = frame["spend"].to_numpy(dtype=float), frame["age"].to_numpy(dtype=float)
    purchases = float((frame["frequency"] + 1).sum())
    n, ratio = len(frame), spend.sum() / age.sum()
    residual = spend - ratio * age
    error = lifetime * margin * np.sqrt(residual @ residual / (n * max(n - 1, 1))) / age.mean()
    value = margin * ratio * lifetime - acquisition_cost
    half = float(norm.ppf(0.5 + confidence / 2) * error)
    return SimpleValue(
        n_used=n,
        method=Phrase("lifetime.simple_method"),
        confidence=confidence,
        order_value=spend.sum() / purchases,
        margin=margin,
        frequency=purchases / age.sum(),
        lifetime=lifetime,
        acquisition_cost=acquisition_cost,
        value=float(value),
        std_error=float(error),
        ci_low=float(value - half),
        ci_high=float(value + half),
    )


def _check(frame: pd.DataFrame, lifetime: float, acquisition_cost: float, margin: float) -> None:
    missing = [name for name in ("frequency", "age", "spend") if name not in frame]
    if missing:
        raise DataError(
            f"The customer summary lacks {', '.join(missing)} · allowed: frequency, age and spend "
            "· do: use summarise_transactions"
        )
    if not (lifetime > 0 and acquisition_cost >= 0 and 0 < margin <= 1):
        raise ModelError(
            f"lifetime is {lifetime}, acquisition_cost {acquisition_cost}, margin {margin} · "
            "allowed: lifetime above 0, cost 0 or more, margin above 0 and up to 1 · do: mend them"
        )
    if not frame["age"].sum() > 0:
        raise DataError(
            "No customer was observed for any time · allowed: an end of observation after the "
            "first purchases · do: set end"
        )
