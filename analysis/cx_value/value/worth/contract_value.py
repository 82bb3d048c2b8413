"""What running contracts are expected to bring: fees times discounted expected renewals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.worth.contract_book import A_YEAR
from cx_value.value.worth.contracts import ContractModel, survival_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.value.worth.contract_book import ContractBook

_STEP = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractValue(Result):
    """Value of the contracts that run.

    Attributes
    ----------
    total, low, high : float
        Of all running contracts, with the error of the fitted retention.
    expected_periods : float
        Discounted renewals expected of a running contract, on average.
    horizon_years, discount_rate_per_year, margin : float
    """

    template: ClassVar[str] = "contracts.value"

    total: float
    low: float
    high: float
    expected_periods: float
    horizon_years: float
    discount_rate_per_year: float
    margin: float

    def table(self) -> pd.DataFrame:
        """Return one row: ``contracts expected_periods total ci_low ci_high mean``."""
        import pandas as pd

        row = {"contracts": self.n_used, "expected_periods": self.expected_periods,
               "total": self.total, "ci_low": self.low, "ci_high": self.high,
               "mean": self.total / self.n_used}  # fmt: skip
        return pd.DataFrame([row])

    def facts(self) -> dict[str, Any]:
        """Return the total with its interval, the mean, and how value is counted."""
        return {"contracts": self.n_used, "total": self.total, "low": self.low, "high": self.high,
                "mean": self.total / self.n_used, "years": self.horizon_years,
                "rate": self.discount_rate_per_year}  # fmt: skip


def value_contracts(
    book: ContractBook,
    model: ContractModel,
    *,
    horizon_years: float,
    discount_rate_per_year: float,
    margin: float = 1.0,
) -> ContractValue:
    """Value the running contracts by the renewals expected of them.

    Parameters
    ----------
    book : ContractBook
        With fees.
    model : ContractModel
        Of whole periods (``sbg`` or ``geometric``).
    horizon_years, discount_rate_per_year, margin : float

    Raises
    ------
    DataError
        If there are no fees, or no contract runs.

    Notes
    -----
    Fee × margin × Σ_{t=1}^{H} S(k + t)/S(k) (1 + d)^-t for a contract that has survived k periods,
    d the rate a period, payments at the end of each (Fader & Hardie 2010, Marketing Science 29(1),
    eq. 6, there at the beginning). The interval is that of the parameters (delta method),
    symmetric in the logarithm.

    Examples
    --------
    >>> import pandas as pd
    >>> from cx_value.value.worth.contract_book import read_contract_book
    >>> from cx_value.value.worth.contracts import fit_contract_model
    >>> told = pd.DataFrame({"start": "2025-01-01", "fee": 10.0,
    ...                      "end": ["2025-01-31"] * 20 + ["2025-02-20"] * 10 + [None] * 70})
    >>> import datetime as dt
    >>> book = read_contract_book(told, start="start", end="end", fee="fee",
    ...                           until=dt.date(2025, 4, 1))
    >>> known = book.contracts[book.contracts.periods > 0]
    >>> model = fit_contract_model(known, duration="periods")
    >>> found = value_contracts(book, model, horizon_years=1, discount_rate_per_year=0.1)
    >>> found.low < found.total < found.high < 70 * 12 * 10
    True
    """
    running = book.contracts[book.contracts["churned"] == 0]
    if not book.has_fees or running.empty:
        raise DataError(
            "The contracts have no fees, or none runs · allowed: a fee a period and running "
            "contracts · do: name the column (contracts.fee)"
        )
    rate = (1 + discount_rate_per_year) ** (1 / A_YEAR[book.period]) - 1
    ahead = np.arange(1.0, max(1, round(horizon_years * A_YEAR[book.period])) + 1)
    survived, place = np.unique(running["periods"].to_numpy(dtype=float), return_inverse=True)
    fees = np.bincount(place, weights=running["fee"].to_numpy(dtype=float))

    def renewals(theta: np.ndarray) -> np.ndarray:
        later = survival_of(model.model, np.exp(theta), survived[:, None] + ahead)
        now = survival_of(model.model, np.exp(theta), survived)[:, None]
        return (later / now) @ (1 + rate) ** -ahead

    steps = np.eye(len(model.theta)) * _STEP
    up, down = ([renewals(model.theta + sign * h) @ fees for h in steps] for sign in (1, -1))
    slope = margin * (np.array(up) - np.array(down)) / (2 * _STEP)
    total = float(margin * renewals(model.theta) @ fees)
    error = float(np.sqrt(slope @ model.covariance @ slope))
    spread = np.exp(norm.ppf(0.5 + model.confidence / 2) * error / total) if total > 0 else 1.0
    counts = np.bincount(place)
    return ContractValue(
        n_used=len(running), method=Phrase("contracts.value_method", {"model": model.model}),
        confidence=model.confidence, total=total, low=float(total / spread),
        high=float(total * spread),
        expected_periods=float(renewals(model.theta) @ counts / counts.sum()),
        horizon_years=horizon_years, discount_rate_per_year=discount_rate_per_year, margin=margin,
    )  # fmt: skip
