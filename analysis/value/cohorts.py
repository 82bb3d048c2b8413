"""Who comes back: retention by cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.errors import DataError, ModelError
from analysis.value.metrics import Metric, as_metric, share_row
from analysis.wording import Text

if TYPE_CHECKING:
    import pandas as pd


def retention_by_cohort(
    purchases: pd.DataFrame,
    *,
    customer: str,
    date: str,
    period: str = "M",
    confidence: float = 0.95,
) -> Metric:
    """Share of each cohort that bought again in each later period.

    Parameters
    ----------
    purchases : pandas.DataFrame
        One row a purchase.
    customer, date : str
        Columns.
    period : {"W", "M", "Q", "Y"}
        Length of a period; a cohort is the customers whose first purchase falls into one.

    Returns
    -------
    Metric
        Metric ``retention_rate``; group ``cohort+k``, for the k-th period after the first. The
        last period is complete only if the log covers it. Churn is one less it.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"who": [1, 1, 2], "day": ["2026-01-03", "2026-02-01", "2026-01-09"]})
    >>> table = retention_by_cohort(log, customer="who", date="day").table()
    >>> table[["group", "estimate"]].values.tolist()
    [['2026-01+1', 0.5]]
    """
    import pandas as pd

    missing = [name for name in (customer, date) if name not in purchases]
    if missing or len(purchases) == 0:
        raise DataError(
            f"The purchases lack {', '.join(missing) or 'rows'} · allowed: one row a purchase with "
            "customer and date · do: name the columns"
        )
    if period not in ("W", "M", "Q", "Y"):
        raise ModelError(f"period is {period!r} · allowed: W, M, Q, Y · do: choose one")
    days = pd.to_datetime(purchases[date], errors="coerce")
    known = days.notna() & purchases[customer].notna()
    when = days[known].dt.to_period(period)
    seen = pd.DataFrame({"customer": purchases.loc[known, customer], "period": when})
    seen = seen.drop_duplicates()
    seen["cohort"] = seen.groupby("customer")["period"].transform("min")
    last = seen["period"].max()
    sizes = seen.drop_duplicates("customer")["cohort"].value_counts().sort_index()
    active = seen.groupby(["cohort", "period"]).size()
    rows = []
    for cohort, size in sizes.items():
        for k in range(1, (last - cohort).n + 1):
            back = int(active.get((cohort, cohort + k), 0))
            rows.append(share_row("retention_rate", back, size, confidence, f"{cohort}+{k}"))
    method = Text("retention by cohort", zh="分批次留存率")
    used, lost = int(known.sum()), int((~known).sum())
    return as_metric(rows, method, confidence, n_used=used, n_dropped=lost)
