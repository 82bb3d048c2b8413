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
    counts = count_cohorts(
        pd.DataFrame(
            {
                "customer": purchases[customer].astype(object),
                "date": pd.to_datetime(purchases[date], errors="coerce"),
            }
        ),
        period,
    )
    rows = []
    for row in counts.itertuples():
        counted = row.active if metric == "retention_rate" else row.size - row.active
        name = f"{pd.Period(row.cohort, freq=period)}+{row.step}"
        rows.append(share_row(metric, int(counted), int(row.size), confidence, name))
    method = Text("retention by cohort", zh="分批次留存率")
    used = int((purchases[[customer, date]].notna().all(axis=1)).sum())
    return as_metric(rows, method, confidence, n_used=used, n_dropped=len(purchases) - used)


def count_cohorts(purchases: pd.DataFrame, period: str) -> pd.DataFrame:
    """Count by DuckDB who bought in which period after the period of the first purchase.

    Parameters
    ----------
    purchases : pandas.DataFrame
        ``customer date``; rows that lack one of them are left out.
    period : {"W", "M", "Q", "Y"}

    Returns
    -------
    pandas.DataFrame
        ``cohort step active size``: first day of the cohort's period, periods since then, customers
        who bought in that period, customers of the cohort. Periods without a purchase are there.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2026-01-03", "2026-03-01", "2026-01-09"])
    >>> count_cohorts(pd.DataFrame({"customer": [1, 1, 2], "date": days}), "M").active.tolist()
    [0, 1]
    """
    import duckdb
    import pandas as pd

    unit = {"W": "week", "M": "month", "Q": "quarter", "Y": "year"}[period]
    code, _ = pd.factorize(purchases["customer"])
    seen = pd.DataFrame({"customer": code, "date": purchases["date"].astype("datetime64[us]")})
    with duckdb.connect() as connection:
        connection.register("seen", seen)
        return connection.execute(
            f"""WITH bought AS (
                SELECT DISTINCT customer, date_trunc('{unit}', date)::DATE AS period FROM seen
                WHERE customer >= 0 AND date IS NOT NULL),
            member AS (
                SELECT period, min(period) OVER (PARTITION BY customer) AS cohort FROM bought),
            cohorts AS (
                SELECT cohort, count(*) AS size FROM member WHERE period = cohort GROUP BY cohort),
            steps AS (
                SELECT cohort, size, unnest(range(1, date_diff('{unit}', cohort,
                    (SELECT max(period) FROM bought)) + 1)) AS step FROM cohorts),
            active AS (
                SELECT cohort, date_diff('{unit}', cohort, period) AS step, count(*) AS active
                FROM member GROUP BY ALL)
            SELECT cohort, step, coalesce(active, 0) AS active, size
            FROM steps LEFT JOIN active USING (cohort, step) ORDER BY cohort, step"""
        ).df()
