"""Cohort retention: who buys again, by the period of the first purchase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cx_value.base.errors import DataError, ModelError
from cx_value.base.words import Phrase
from cx_value.value.log.cohorts import cohort_counts
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.metrics.core import Metric, share_row

if TYPE_CHECKING:
    import pandas as pd


#: Quarters that a table of cohorts has room for; a longer log is told by years.
MOST_QUARTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortRetention(Metric):
    """Retention by cohort and period after the first purchase.

    Attributes
    ----------
    period : {"W", "M", "Q", "Y"}
    minimum_cell : int
        Smallest number of customers of whom a share is shown (or of those left over by it).
    """

    template: ClassVar[str] = "metrics.cohorts"

    period: str
    minimum_cell: int = 1

    def triangle(self) -> pd.DataFrame:
        """Return ``cohort customers after_1 after_2 …``: shares, one row a cohort.

        Cohorts below the minimum cell are left out; a share of fewer customers than that, or of
        all but so few, is NaN.
        """
        rows = self.rows[self.rows["n"] >= self.minimum_cell]
        shown = rows.assign(estimate=rows["estimate"].where(~_small(rows, self.minimum_cell)))
        wide = shown.pivot(  # noqa: PD010  (pivot_table leaves out what is withheld)
            index=["cohort", "n"], columns="step", values="estimate"
        )
        wide.columns = [f"after_{step}" for step in wide.columns]
        return wide.reset_index().rename(columns={"n": "customers"})

    def facts(self) -> dict[str, Any]:
        """Return the period, and how many cohorts and shares are withheld."""
        large = self.rows[self.rows["n"] >= self.minimum_cell]
        return {
            "period": self.period, "minimum": self.minimum_cell,
            "hidden": int(_small(large, self.minimum_cell).sum()),
            "left_out": int(self.rows["cohort"].nunique() - large["cohort"].nunique()),
        }  # fmt: skip


def _small(rows: pd.DataFrame, minimum_cell: int) -> pd.Series:
    """Say which shares tell of fewer customers than the minimum cell, or of all but so few."""
    active = (rows["estimate"] * rows["n"]).round()
    rest = rows["n"] - active
    return active.between(1, minimum_cell - 1) | rest.between(1, minimum_cell - 1)


def cohort_period(purchases: TransactionSummary) -> str:
    """Return the period by which a log's cohorts are told: quarters, or years of a long log."""
    weeks = purchases.members[purchases.members["unit"] == "W"]["period"]
    return "Q" if (weeks.max() - weeks.min()) * 7 / 91.3 <= MOST_QUARTERS else "Y"


def retention_by_cohort(
    purchases: pd.DataFrame | TransactionSummary,
    *,
    customer: str = "customer",
    date: str = "date",
    period: str = "M",
    metric: Literal["retention_rate", "churn_rate"] = "retention_rate",
    confidence: float = 0.95,
    minimum_cell: int = 1,
) -> CohortRetention:
    """Share of each cohort that bought again, or did not, in each later period.

    Parameters
    ----------
    purchases : pandas.DataFrame or TransactionSummary
        One row a purchase; or a log's summary, which counted its cohorts as it was read.
    customer, date : str
        Columns of a frame.
    period : {"W", "M", "Q", "Y"}
        Length of a period; a cohort is the customers whose first purchase falls into one.
    metric : {"retention_rate", "churn_rate"}
        Who bought in the period, or who did not (and may come back later).
    minimum_cell : int
        For :meth:`CohortRetention.triangle`.

    Returns
    -------
    CohortRetention
        Group ``cohort+k`` (columns ``cohort step``), for the k-th period after the first. The last
        period is complete only if the log covers it.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"who": [1, 1, 2], "day": ["2026-01-03", "2026-02-01", "2026-01-09"]})
    >>> table = retention_by_cohort(log, customer="who", date="day").table()
    >>> table[["group", "estimate"]].values.tolist()
    [['2026-01+1', 0.5]]
    """
    import pandas as pd

    for name, value, allowed in (
        ("period", period, ("W", "M", "Q", "Y")),
        ("metric", metric, ("retention_rate", "churn_rate")),
    ):
        if value not in allowed:
            raise ModelError(f"{name} is {value!r} · allowed: {', '.join(allowed)} · do: mend it")
    if isinstance(purchases, TransactionSummary):
        counts = cohort_counts(purchases.members, period)
        used = total = int(purchases.log.set_index("step")["rows"]["purchases"])
    else:
        counts, used = _count_frame(purchases, customer, date, period)
        total = len(purchases)
    rows = []
    for row in counts.itertuples():
        counted = row.active if metric == "retention_rate" else row.size - row.active
        cohort = str(pd.Period(row.cohort, freq=period))
        told = share_row(metric, int(counted), int(row.size), confidence, f"{cohort}+{row.step}")
        rows.append(told | {"cohort": cohort, "step": row.step})
    columns = ["metric", "group", "cohort", "step", "estimate", "std_error", "ci_low", "ci_high",
               "n"]  # fmt: skip
    return CohortRetention(
        n_used=used, n_dropped=total - used, confidence=confidence,
        method=Phrase("metrics.method", {"method": "cohorts"}),
        rows=pd.DataFrame(rows, columns=columns), period=period, minimum_cell=minimum_cell,
    )  # fmt: skip


def _count_frame(
    purchases: pd.DataFrame, customer: str, date: str, period: str
) -> tuple[pd.DataFrame, int]:
    """Return the counts of a frame of purchases, and how many of its rows say who and when."""
    import pandas as pd

    missing = [name for name in (customer, date) if name not in purchases]
    if missing or len(purchases) == 0:
        raise DataError(
            f"The purchases lack {', '.join(missing) or 'rows'} · allowed: one row a purchase with "
            "customer and date · do: name the columns"
        )
    seen = pd.DataFrame(
        {
            "customer": purchases[customer].astype(object),
            "date": pd.to_datetime(purchases[date], errors="coerce"),
        }
    )
    used = int((purchases[[customer, date]].notna().all(axis=1)).sum())
    return count_cohorts(seen, period), used


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
