"""From sums by customer to the columns of the summary, and the account of every row of the log."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.value.log.cleaning import STEPS, Reading
from cx_value.value.log.customer_days import DayRules
from cx_value.value.log.days import DAY_ZERO

if TYPE_CHECKING:
    from collections import Counter

    import pandas as pd

    from cx_value.value.log.customer_days import Sums


@dataclass(frozen=True, slots=True)
class Found:
    """What one reading of a log finds, on this machine or on a cluster.

    Attributes
    ----------
    sums : Sums
    counts : pandas.DataFrame
        Rows and money by verdict.
    currency : str
    zeros_stripped : bool
        Whether customer numbers were written with and without leading zeros.
    """

    sums: Sums
    counts: pd.DataFrame
    currency: str
    zeros_stripped: bool


_TALLIED = ("return_unmatched", "return_netted", "purchase_returned", "cost_missing", "duplicate",
            "same_day_merged")  # fmt: skip


def day_number(day: dt.date | None) -> int | None:
    """Return a date as days from ``DAY_ZERO``."""
    return None if day is None else (day - dt.date.fromisoformat(DAY_ZERO)).days


def as_summary(found: pd.DataFrame, end: dt.date, unit_days: float, last: dt.date):
    """Turn days and sums into the columns of the summary; frequency -1 is not yet a customer."""
    import pandas as pd

    bought, first, spend = (found[name].to_numpy() for name in ("bought", "first", "spend"))
    frequency = bought.astype("int64") - 1
    span = (found["last"].to_numpy() - first) / unit_days
    again = np.where(frequency > 0, frequency, np.nan)
    gap = span / again
    squares = found["squares"].to_numpy() / unit_days**2 - again * gap**2
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.maximum(squares, 0.0) / np.where(frequency > 1, again - 1, np.nan))
        regular = spread / gap
    summary = pd.DataFrame(
        {
            "customer": _plain_number(found["customer"]),
            "frequency": frequency,
            "recency": span,
            "age": (day_number(end) - first) / unit_days,
            "monetary": (spend - found["first_spend"].to_numpy()) / again,
            "first_purchase": np.datetime64(DAY_ZERO, "us") + first.astype("timedelta64[D]"),
            "spend": spend,
            "gap_mean": gap,
            "gap_sd": spread,
            "gap_cv": regular,
        },
        copy=False,
    )
    if "cost" in found:
        summary["cost"] = found["cost"]
    if end == last:
        return summary
    ahead = (last - end).days / unit_days
    return summary.assign(
        frequency_holdout=found["bought_holdout"],
        spend_holdout=found["spend_holdout"],
        age_holdout=ahead,
    )


def _plain_number(customer: pd.Series) -> pd.Series:
    return customer.astype("int64") if customer.dtype.kind == "i" else customer


def dated(days: pd.DataFrame) -> pd.DataFrame:
    """Turn days as whole numbers into dates."""
    import pandas as pd

    day = days["day"].to_numpy().astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "customer": _plain_number(days["customer"]),
            "date": np.datetime64(DAY_ZERO, "us") + day,
            "spend": days["spend"],
        },
        copy=False,
    )


def account_of(
    counts, tally: Counter, customers: pd.DataFrame, reading: Reading, rules: DayRules,
    left_out: int = 0,
):  # fmt: skip
    """Set up the account: every row read is dropped, netted, merged, held out or a purchase."""
    import pandas as pd

    new = customers["frequency"] < 0
    in_holdout = customers.get("frequency_holdout", pd.Series(0, index=customers.index))
    rows = counts["rows"].drop("kept").to_dict() | {step: tally[step] for step in _TALLIED}
    rows |= {
        "rows_read": int(counts["rows"].sum()) + left_out,
        "filtered": left_out,
        "customer_new_in_holdout": int(in_holdout[new].sum()),
        "holdout": int(in_holdout[~new].sum()),
        "purchases": int((customers.loc[~new, "frequency"] + 1).sum()),
    }
    amounts = counts["amount"].to_dict()
    dropped = set(counts.index) - {"kept"} | {
        "filtered",
        "customer_new_in_holdout",
        "return_unmatched",
    }
    if reading.returns == "net":
        rows["amount_negative"] = 0
        amounts |= {
            "amount_negative": np.nan,
            "return_netted": tally["amount_netted"] or np.nan,
            "return_unmatched": tally["amount_unmatched"] or np.nan,
        }
    if rules.duplicates == "drop":
        dropped.add("duplicate")
    log = pd.DataFrame({"step": list(STEPS)})
    log["rows"] = log["step"].map(rows).astype("int64")
    log["amount"] = log["step"].map(amounts)
    log["dropped"] = log["step"].isin(dropped)
    return log
