"""What there is to test claims with, and what is found: the data of this family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scipy.stats import norm

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.value.purchase.model import PurchaseModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What a study has to test claims with; whatever is absent is None.

    Attributes
    ----------
    scores : pandas.DataFrame
        One row a respondent, as far as known: ``customer``, ``satisfaction`` and ``loyalty`` on an
        index from 0 to 100, ``satisfied`` and ``loyal`` (by the limits of the study on the items'
        own scale), ``recommendation`` (0 to 10), ``complained`` (0 or 1), ``weight``.
    customers : pandas.DataFrame
        One row a customer: ``customer frequency age spend``, and ``cost`` where it is known.
    unit : str
        Time unit of ``age``.
    purchase : PurchaseModel
    link : Estimate
        Change in the log of lifetime value for one answer point of satisfaction, measurement error
        taken out; of all customers, not by group.
    scale : tuple of float
        Lowest and highest answer of its marker item.
    retention : tuple of float
        Yearly retention and its interval, in place of the purchase model's.
    acquisition_cost, retention_cost : float
        Of winning a customer; of keeping one for a year.
    discount_rate_per_year, horizon_years : float
    satisfied_from, loyal_from : float
        Index from which a customer counts as satisfied, as loyal, where ``scores`` does not say.
    standings : mapping
        ``satisfied`` and ``loyal``: how they are defined (:mod:`cx_value.value.metrics.satisfied`).
    confidence : float
    """

    scores: pd.DataFrame | None = None
    customers: pd.DataFrame | None = None
    unit: str = "week"
    purchase: PurchaseModel | None = None
    link: Estimate | None = None
    scale: tuple[float, float] = (1.0, 7.0)
    retention: tuple[float, float, float] | None = None
    acquisition_cost: float | None = None
    retention_cost: float | None = None
    discount_rate_per_year: float = 0.1
    horizon_years: float = 3.0
    satisfied_from: float = 60.0
    loyal_from: float = 80.0
    standings: Mapping[str, Any] = field(default_factory=dict)
    confidence: float = 0.95

    @property
    def reach(self) -> float:
        """Return the normal quantile of the level."""
        return float(norm.ppf(0.5 + self.confidence / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A quantity with its interval, and the number of cases it rests on."""

    value: float
    low: float
    high: float
    n: int


class Untestable(Exception):
    """The data lack something; ``piece`` is its code, in the group of terms ``claim_missing``."""

    def __init__(self, piece: str):
        self.piece = piece
        super().__init__(piece)
