"""Who comes back: retention by cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cx_value.base.errors import DataError, ModelError
from cx_value.base.wording import Text
from cx_value.value.metrics.core import Metric, as_metric, share_row

if TYPE_CHECKING:
    import pandas as pd


def retention_by_cohort(
    purchases: pd.DataFrame,
    *,
    customer: str,
    date: str,
    period: str = "M",
    metric: Literal["retention_rate", "churn_rate"] = "retention_rate",
    confidence: float = 0.95,
) -> Metric:
    """Share of each cohort that bought again, or did not, in each later period.

    Parameters
    ----------
    purchases : pandas.DataFrame
        One row a purchase.
    customer, date : str
        Columns.
    period : {"W", "M", "Q", "Y"}
        Length of a period; a cohort is the customers whose first purchase falls into one.
    metric : {"retention_rate", "churn_rate"}
        Who bought in the period, or who did not (and may come back later).

    Returns
    -------
    Metric
        Group ``cohort+k``, for the k-th period after the first. The last period is complete only
        if the log covers it.

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
    for name, value, allowed in (
        ("period", period, ("W", "M", "Q", "Y")),
        ("metric", metric, ("retention_rate", "churn_rate")),
    ):
        if value not in allowed:
            raise ModelError(f"{name} is {value!r} · allowed: {', '.join(allowed)} · do: mend it")
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
            counted = back if metric == "retention_rate" else int(size) - back
            rows.append(share_row(metric, counted, size, confidence, f"{cohort}+{k}"))
    method = Text("retention by cohort", zh="分批次留存率")
    used, lost = int(known.sum()), int((~known).sum())
    return as_metric(rows, method, confidence, n_used=used, n_dropped=lost)
