"""How regularly customers buy: the days between their purchases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary

if TYPE_CHECKING:
    import pandas as pd

#: Gamma shape from which purchases keep time like the instalments of a contract (CV below 1/2).
CLOCKWORK = 4.0
_LOW, _HIGH = 1e-3, 1e4  # a shape beyond is clumped on one day, or a clockwork


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PurchaseRegularity(Result):
    """How regularly customers buy.

    Attributes
    ----------
    shape, std_error, ci_low, ci_high : float
        Shape of gamma-distributed times between purchases: 1 is the exponential that the purchase
        models assume (at random), above 1 is more regular, below 1 clumped.
    gap_mean, gap_median : float
        Over customers with at least two repeat purchases, of their mean times between purchases.
    cv_median : float
        Of their coefficients of variation.
    unit : str
    limit : str
        Where the shape has no estimate, at which end: ``equal`` gaps to the day (no shape is large
        enough), or all but one gap of a customer next to nothing, ``clumped``. Else "".
    """

    template: ClassVar[str] = "purchase.regularity"

    shape: float
    std_error: float
    ci_low: float
    ci_high: float
    gap_mean: float
    gap_median: float
    cv_median: float
    unit: str
    limit: str = ""

    def table(self) -> pd.DataFrame:
        """Return one row: ``shape std_error ci_low ci_high gap_mean gap_median cv_median``."""
        import pandas as pd

        names = ("shape", "std_error", "ci_low", "ci_high", "gap_mean", "gap_median", "cv_median")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    @property
    def reservations(self) -> list[dict]:
        """Return what a value by models of purchases at random times must be told with."""
        timed = self.facts()["kind"] in ("clockwork", "equal")
        return [{"code": "contract"}] if timed else []

    def facts(self) -> dict:
        """Return the gaps, the shape, and what it says of the purchase models' assumption."""
        kind = self.limit or "random"
        if self.ci_high < 1:
            kind = "clumped"
        elif self.ci_low > CLOCKWORK:
            kind = "clockwork"
        elif self.ci_low > 1:
            kind = "regular"
        return {
            "customers": self.n_used, "gap": self.gap_median, "unit": self.unit,
            "shape": self.shape, "low": self.ci_low, "high": self.ci_high, "kind": kind,
            "estimated": not self.limit,
        }  # fmt: skip


def measure_regularity(
    summary: TransactionSummary | pd.DataFrame, *, confidence: float = 0.95
) -> PurchaseRegularity:
    """Estimate how regularly customers buy, from the gaps in the customer summary.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        ``frequency gap_mean gap_cv``; customers with at least two repeat purchases enter.

    Raises
    ------
    DataError
        If a column is missing, or fewer than ten customers bought at least three times.

    Notes
    -----
    With gamma(k) gaps the shares of a customer's n gaps in their sum are Dirichlet(k, …, k),
    whatever the customer's pace, so the expected sum of their squares is (k + 1)/(nk + 1); k is
    solved from the sum over customers. With two gaps a customer this is the estimate of Wheat,
    R. D., & Morrison, D. G. (1990), Estimating purchase regularity with two interpurchase times,
    Journal of Marketing Research 27(1), 87–93. The interval is symmetric in log k. Times are whole
    days, so k is overstated where customers buy nearly every day; and gaps longer than the
    observation are not seen. Equal gaps have no k that is large enough: ``limit`` says so, and the
    shape is NaN.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> gaps = np.random.default_rng(1).gamma(3, 1, (500, 6))
    >>> seen = pd.DataFrame({"frequency": 6, "gap_mean": gaps.mean(1),
    ...                      "gap_cv": gaps.std(1, ddof=1) / gaps.mean(1)})
    >>> fit = measure_regularity(seen)
    >>> fit.ci_low < 3 < fit.ci_high
    True
    """
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    n, mean, cv = _gaps(frame)
    squares = (1 + cv**2 * (n - 1) / n) / n
    limit = _limit_of(n, squares)
    shape = error = np.nan
    if not limit:
        shape = _solve(n, squares)
        residual = squares - _expected(n, shape)
        slope = ((1 - n) / (n * shape + 1) ** 2).sum()
        error = float(np.sqrt(residual @ residual) / abs(slope))
    half = float(np.exp(norm.ppf(0.5 + confidence / 2) * error / shape))
    return PurchaseRegularity(
        n_used=len(n),
        n_dropped=len(frame) - len(n),
        method=Phrase("purchase.regularity_method"),
        confidence=confidence,
        shape=shape,
        std_error=error,
        ci_low=shape / half,
        ci_high=shape * half,
        gap_mean=float(mean.mean()),
        gap_median=float(np.median(mean)),
        cv_median=float(np.median(cv)),
        unit=summary.unit if isinstance(summary, TransactionSummary) else "",
        limit=limit,
    )


def _gaps(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    missing = [name for name in ("frequency", "gap_mean", "gap_cv") if name not in frame]
    if missing:
        raise DataError(
            f"The customer summary lacks {', '.join(missing)} · allowed: frequency, gap_mean and "
            "gap_cv · do: use summarise_transactions"
        )
    some = frame.loc[frame["frequency"] >= 2, ["frequency", "gap_mean", "gap_cv"]].dropna()
    n, mean, cv = some.to_numpy(dtype=float).T
    if len(n) < 10:
        raise DataError(
            f"Only {len(n)} customers bought at least three times · allowed: at least 10 · do: "
            "observe for longer"
        )
    return n, mean, cv


def _expected(n: np.ndarray, shape: float) -> np.ndarray:
    return (shape + 1) / (n * shape + 1)


def _excess(log_shape: float, n: np.ndarray, squares: np.ndarray) -> float:
    return float((squares - _expected(n, np.exp(log_shape))).sum())


def _limit_of(n: np.ndarray, squares: np.ndarray) -> str:
    """Return at which end the shape runs away, "" where it does not."""
    if _excess(np.log(_HIGH), n, squares) < 0:
        return "equal"
    return "clumped" if _excess(np.log(_LOW), n, squares) > 0 else ""


def _solve(n: np.ndarray, squares: np.ndarray) -> float:
    ends = np.log(_LOW), np.log(_HIGH)
    return float(np.exp(brentq(_excess, *ends, args=(n, squares), xtol=1e-12)))
