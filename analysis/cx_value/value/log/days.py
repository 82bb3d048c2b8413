"""What the arithmetic of the log works on: lines, and customer days, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

DAY_ZERO = "1900-01-01"  # days are counted from here


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in order: ``customer`` is a number among those at hand, ``place`` the customer day."""

    customer: np.ndarray
    day: np.ndarray
    amount: np.ndarray
    place: np.ndarray

    def where(self, keep: np.ndarray) -> Lines:
        """Return some of the lines."""
        return Lines(self.customer[keep], self.day[keep], self.amount[keep], self.place[keep])


@dataclass(frozen=True, slots=True)
class Days:
    """Customer days in order: ``customer`` is the number of the customer among those at hand."""

    customer: np.ndarray
    day: np.ndarray
    spend: np.ndarray
    cost: np.ndarray | None

    def where(self, keep: np.ndarray) -> Days:
        """Return some of the days."""
        cost = None if self.cost is None else self.cost[keep]
        return Days(self.customer[keep], self.day[keep], self.spend[keep], cost)

    def with_spend(self, spend: np.ndarray, share: np.ndarray) -> Days:
        """Return the days with another spend, and costs multiplied by a share."""
        cost = None if self.cost is None else self.cost * share
        return Days(self.customer, self.day, spend, cost)

    def named(self, who: pa.Array) -> dict:
        """Return ``customer day spend`` with the customers' own numbers."""
        import pyarrow as pa

        customer = who.take(pa.array(self.customer))
        return {"customer": customer, "day": self.day, "spend": self.spend}
