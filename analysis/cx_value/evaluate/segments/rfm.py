"""Recency, frequency, money: five scores a customer, and the eight groups made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    from cx_value.value.log.transactions import TransactionSummary


def quintile_scores(values: pd.Series, *, high_is_good: bool = True) -> pd.Series:
    """Return scores 1 to 5 by fifths; equal values get equal scores, in whatever order they come.

    >>> quintile_scores(pd.Series([1, 1, 2, 3, 4])).tolist()
    [2, 2, 3, 4, 5]
    """
    ranks = values.rank(method="average", ascending=high_is_good, pct=True)
    return np.ceil(5 * ranks - 1e-9).clip(1, 5).astype(int)


def rfm_scores(summary: TransactionSummary | pd.DataFrame) -> pd.DataFrame:
    """Score every customer by time since the last purchase, purchases, and money.

    Parameters
    ----------
    summary : TransactionSummary or DataFrame
        ``customer frequency recency age spend``, as :func:`cx_value.value.summarise_transactions`
        gives them; money is what was spent in all.

    Returns
    -------
    DataFrame
        By customer: ``recency_score frequency_score money_score group``. The group has a letter a
        score, ``h`` where it is above the mean score of all customers: ``hhh`` to ``lll``.

    Examples
    --------
    >>> seen = pd.DataFrame({"customer": list("ab"), "frequency": [9, 0], "recency": [50.0, 0.0],
    ...                      "age": [52.0, 52.0], "spend": [900.0, 20.0]})
    >>> rfm_scores(seen).group.tolist()
    ['hhh', 'lll']
    """
    frame = getattr(summary, "customers", summary).set_index("customer")
    found = pd.DataFrame(
        {
            "recency_score": quintile_scores(frame.age - frame.recency, high_is_good=False),
            "frequency_score": quintile_scores(frame.frequency),
            "money_score": quintile_scores(frame.spend),
        }
    )
    high = np.where(found > found.mean(), "h", "l")
    return found.assign(group=["".join(row) for row in high])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RfmGroups(Result):
    """The eight groups of recency, frequency and money, and what they hold.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`table`.
    scores : DataFrame
        One row a customer, see :func:`rfm_scores`; never printed.
    """

    template = "segments.rfm"

    rows: pd.DataFrame
    scores: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``group customers share value_share churn``, groups under the cell left out."""
        return self.rows.copy()

    def facts(self) -> dict[str, Any]:
        """Return the best group and the group that was good and has gone quiet."""
        known = self.rows.set_index("group")
        told = [known.loc[name].to_dict() | {"group": name}
                for name in ("hhh", "lhh") if name in known.index]  # fmt: skip
        return {"customers": self.n_used, "groups": len(known), "told": told}


def group_by_rfm(
    summary: TransactionSummary, value: pd.Series, churn: pd.Series | None, *, minimum: int = 5
) -> RfmGroups:
    """Put customers into the eight groups and add up what they are worth.

    Parameters
    ----------
    summary : TransactionSummary
    value : Series
        Lifetime value by customer.
    churn : Series, optional
        Predicted loss by customer.
    minimum : int
        Smaller groups are not told.
    """
    scores = rfm_scores(summary)
    lost = np.nan if churn is None else churn.reindex(scores.index)
    sets = scores.assign(value=value.reindex(scores.index), churn=lost)
    rows = sets.groupby("group").agg(customers=("value", "size"), value=("value", "sum"),
                                     churn=("churn", "mean")).reset_index()  # fmt: skip
    rows = rows.assign(share=rows.customers / len(sets), value_share=rows.value / sets.value.sum())
    kept = rows[rows.customers >= minimum].sort_values("group", ignore_index=True)
    return RfmGroups(
        n_used=len(scores), method=Phrase("segments.rfm_method"), scores=scores,
        rows=kept[["group", "customers", "share", "value_share", "churn"]],
    )  # fmt: skip
