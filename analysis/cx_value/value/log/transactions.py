"""From a transaction log to one row a customer, with every row of the log accounted for.

The summary is what the purchase models need: how often a customer came back, when last, and how
long the customer has been watched (Fader, Hardie & Lee 2005). It is made by DuckDB, out of core.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.terms import named_code
from cx_value.base.words import Phrase
from cx_value.value.log.account import (
    Found,
    account_of,
    as_summary,
    dated,
    day_number,
)
from cx_value.value.log.cleaning import (
    IN_WINDOW,
    Reading,
    count_verdicts,
    judge,
    sorted_lines,
)
from cx_value.value.log.customer_days import DayRules, summarise_stream
from cx_value.value.log.look import look_at, settle_reading
from cx_value.value.log.options import (
    UNITS,
    Unit,
    as_date,
    check_options,
    checked_rates,
    wanted_columns,
)
from cx_value.value.log.source import connect, open_log, unreadable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransactionSummary(Result):
    """Customers as the purchase models see them.

    Attributes
    ----------
    customers : pandas.DataFrame
        One row a customer: ``customer frequency recency age monetary first_purchase spend``; the
        days between purchases as ``gap_mean gap_sd gap_cv`` (in ``unit``; the last two from two
        repeat purchases on); ``cost`` where the log has costs or margins (NaN where one is not
        known); ``frequency_holdout spend_holdout age_holdout`` where a calibration end was given.
    log : pandas.DataFrame
        ``step rows amount dropped``: the rows dropped, the returns netted, the
        purchases returned in full, the lines merged and the purchases kept add up to
        ``rows_read``. ``duplicate`` is told but, where duplicates are kept, is part of
        ``same_day_merged``; ``cost_missing`` is told only.
    unit : str
        Unit of ``recency``, ``age`` and the gaps.
    observed_until : pandas.Timestamp
        Last day of observation (of the calibration period where there is one).
    currency : str
        Code of the amounts, "" where the log does not say.
    days : pandas.DataFrame
        ``customer date spend``, one row a purchase: the customer days that ``frequency`` counts,
        and those of the holdout. Whatever is told of purchases one by one is told of these. No rows
        where they were not kept.
    members : pandas.DataFrame
        Who bought when by cohort, counted from these days:
        :func:`cx_value.value.log.cohorts.count_members`.
    zeros_stripped : bool
        Whether customer numbers that differ in leading zeros only were taken for one.
    has_money : bool
        Whether the log tells what was paid.
    """

    template: ClassVar[str] = "purchases.summary"

    customers: pd.DataFrame
    log: pd.DataFrame
    unit: str
    observed_until: pd.Timestamp
    currency: str = ""
    days: pd.DataFrame
    members: pd.DataFrame
    zeros_stripped: bool = False
    has_money: bool = True

    def __len__(self) -> int:
        return len(self.customers)

    def __getitem__(self, column: str) -> pd.Series:
        return self.customers[column]

    def table(self) -> pd.DataFrame:
        """Return one row a customer."""
        return self.customers

    def distribution(self) -> pd.DataFrame:
        """Return how customers spread: ``variable n mean sd p10 p25 p50 p75 p90``, nobody's row."""
        import pandas as pd

        names = [c for c in ("frequency", "recency", "age", "monetary", "spend", "gap_mean")]
        told = self.customers[names].describe(percentiles=[0.1, 0.25, 0.5, 0.75, 0.9]).T
        told = told.drop(columns=["min", "max"]).reset_index()
        columns = ["variable", "n", "mean", "sd", "p10", "p25", "p50", "p75", "p90"]
        return pd.DataFrame(told.to_numpy(), columns=columns).infer_objects()

    @property
    def margin(self) -> float:
        """Share of spend that is kept, over the customers whose costs are all known."""
        if "cost" not in self.customers:
            return float("nan")
        known = self.customers[["cost", "spend"]].dropna()
        return float(1 - known["cost"].sum() / known["spend"].sum())

    def facts(self) -> dict[str, Any]:
        """Return the rows, what is left of them, and by which rules returns and ids were read."""
        rows = self.log.set_index("step")["rows"]
        return {
            "rows": int(rows["rows_read"]), "dropped": self.n_dropped, "customers": len(self),
            "purchases": int(rows["purchases"]), "until": f"{self.observed_until:%Y-%m-%d}",
            "age": float(self.customers["age"].mean()), "unit": self.unit,
            "again": float((self.customers["frequency"] > 0).mean()),
            "returns": int(rows["return_netted"]), "zeros_stripped": self.zeros_stripped,
            "money": self.has_money,
        }  # fmt: skip


def summarise_transactions(
    source: object,
    *,
    customer: str,
    date: str,
    amount: str | None,
    cost: str | None = None,
    margin: str | None = None,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
    unit: Unit = "week",
    end: object = None,
    calibration_end: object = None,
    date_format: str | None = None,
    decimal: Literal["auto", ".", ","] = "auto",
    time_zone: str = "UTC",
    zero_amounts: Literal["keep", "drop"] = "keep",
    duplicates: Literal["keep", "drop"] = "keep",
    returns: Literal["net", "drop"] = "net",
    left_out: int = 0,
    cluster: str | None = None,
    memory_limit: str = "500MB",
    keep_days: bool = True,
) -> TransactionSummary:
    """Summarise a transaction log: how often, how recently, how long, how much.

    Parameters
    ----------
    source : path or pandas.DataFrame
        CSV (comma, semicolon, tab or bar; UTF-8 or GB 18030; may be gzipped), Parquet or XLSX.
        With ``cluster`` also a folder or a pattern such as ``log/*.parquet``.
    customer, date, amount : str
        Names of the columns; ``amount=None`` for a log without money, in which every line is a
        purchase and ``monetary`` and ``spend`` are NaN. Customer numbers of a CSV stay text, so
        leading zeros survive.
    cost, margin : str, optional
        Column of what each line cost, or of the share of its amount that is kept (not both).
    currency : str, optional
        Column of currency codes. A log of several currencies needs ``rates``.
    rates : mapping of str to float, optional
        What one unit of each currency is worth, ``{"EUR": 1, "USD": 0.92}``.
    unit : {"day", "week", "month", "year"}
        Unit of ``recency``, ``age`` and the gaps.
    end : date, optional
        Last day of observation. By default the last date in the log that is not in the future.
    calibration_end : date, optional
        The summary stops here, and what came after goes into the holdout columns.
    date_format : str, optional
        A ``strptime`` format for dates such as 03/04/2026, which no program can tell apart.
        Without it, year-first dates are read (``2026-04-03``, ``20260403``, ``2026/4/3``,
        ``2026.4.3``, ``2026年4月3日``, with or without a time).
    decimal : {"auto", ".", ","}
        The decimal mark. By default each column tells its own (``1.380,50``, ``¥1,234``).
    time_zone : str
        Whose days count for moments that carry a zone or an offset.
    zero_amounts : {"keep", "drop"}
        Whether an order of amount 0 (a voucher) is a purchase.
    duplicates : {"keep", "drop"}
        Two identical lines may be two orders alike; they are always counted in the log. They
        touch ``monetary`` only, for purchases of one day are one purchase.
    returns : {"net", "drop"}
        Whether a negative amount is taken off the customer's latest purchase up to that day that
        it equals to the cent, and where there is none off the latest purchases (last in, first
        out); a purchase given back in full is no purchase. Or left out.
    left_out : int
        Lines of the log that the study leaves out and ``source`` no longer holds; they are told.
    cluster : str, optional
        None for DuckDB on this machine; ``"local"`` for Dask on its processors; the address of a
        Dask scheduler (``"tcp://…"``) for a log that is beyond one machine. Same numbers on each.
    memory_limit : str
        What DuckDB may hold in memory before it goes to disk (of each task on a cluster).
    keep_days : bool
        Whether to hold every customer day; without them a log of any length takes memory for its
        customers only, and cohorts are told all the same.

    Returns
    -------
    TransactionSummary
        ``frequency`` = days with a purchase after the first; ``recency`` = time from the first to
        the last purchase (0 if never again); ``age`` = time from the first purchase to the end;
        ``monetary`` = mean spend on a repeat purchase day, NaN where there was none.

    Raises
    ------
    DataError
        If the log cannot be read, lacks a column, or no purchase is left after cleaning.

    Notes
    -----
    Definitions: Fader, P. S., Hardie, B. G. S., & Lee, K. L. (2005), Marketing Science 24(2),
    275–284. CDNOW's published summary is reproduced to its printed digits.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2026-01-01", "2026-01-15", "2026-01-08"]
    >>> log = pd.DataFrame({"who": ["a", "a", "b"], "day": days, "paid": [10, 30, 5]})
    >>> summarise_transactions(log, customer="who", date="day", amount="paid").table().iloc[:, :5]
      customer  frequency  recency  age  monetary
    0        a          1      2.0  2.0      30.0
    1        b          0      0.0  1.0       NaN
    """
    check_options(unit, zero_amounts, duplicates, returns, time_zone)
    columns = wanted_columns(customer, date, amount, cost, margin, currency)
    end, calibration_end = as_date(end, "end"), as_date(calibration_end, "calibration_end")
    reading = Reading(
        end=end or dt.date.today(), date_format=date_format, time_zone=time_zone,
        decimal=decimal,
        zero_amounts=zero_amounts, returns=returns, rates=checked_rates(rates, currency),
    )  # fmt: skip
    rules = DayRules(cut=day_number(calibration_end), duplicates=duplicates, returns=returns,
                     keep_days=keep_days)  # fmt: skip
    if cluster is None:
        found = _summarise_here(source, columns, reading, rules, memory_limit)
    else:
        from cx_value.value.log.cluster import summarise_on_cluster

        found = summarise_on_cluster(source, columns, reading, rules, cluster, memory_limit)
    end, calibration_end = _window(found.counts, end, calibration_end)
    summary = as_summary(found.sums.customers, calibration_end or end, UNITS[unit], end)
    log = account_of(found.counts, found.sums.tally, summary, reading, rules, left_out)
    told = _result(summary, log, found, unit, calibration_end or end, bool(calibration_end))
    return told if amount is not None else _without_money(told)


def _summarise_here(source, columns: dict, reading: Reading, rules: DayRules, memory_limit: str):
    """Summarise by DuckDB."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, connect(memory_limit, folder) as connection:
        try:
            file_decimal = open_log(connection, source, columns, folder)
            reading, code = settle_reading(reading, [look_at(connection, file_decimal)])
            judge(connection, reading)
            counts = count_verdicts(connection)
            sums = summarise_stream(sorted_lines(connection, counts, reading), rules)
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                f"The log does not fit memory_limit={memory_limit!r} · allowed: any size DuckDB "
                "reads, such as '4GB' · do: give a larger memory_limit"
            ) from error
        except duckdb.Error as error:
            raise unreadable(error) from error
    return Found(sums, counts, code, reading.strip_zeros)


# --- window -------------------------------------------------------------------------


def _window(counts: pd.DataFrame, end, calibration_end) -> tuple[dt.date, dt.date | None]:
    """Settle the last day of observation and refuse a log without a purchase."""
    dated = counts.loc[list(IN_WINDOW)]
    if dated.loc["kept", "rows"] == 0:
        named = {step: named_code(step, "log_step", "en") or step for step in counts.index}
        told = ", ".join(f"{named[s]} {int(r)}" for s, r in counts["rows"].items() if r)
        raise DataError(
            f"No purchase is left in the log ({told or 'it has no rows'}) · allowed: rows with a "
            "customer, a date not after the end and an amount · do: mend the columns named or give "
            "date_format"
        )
    end = end or dated["last"].max().date()
    first = dated.loc["kept", "first"].date()
    if calibration_end and not first <= calibration_end < end:
        raise DataError(
            f"calibration_end is {calibration_end} · allowed: from the first purchase ({first}) "
            f"to before the end ({end}) · do: choose a date between"
        )
    return end, calibration_end


# --- the result ---------------------------------------------------------------------------------


def _result(
    customers, log, found: Found, unit: str, until: dt.date, has_holdout: bool
) -> TransactionSummary:
    import pandas as pd

    known = customers[customers["frequency"] >= 0] if has_holdout else customers
    if known.empty:
        raise DataError(
            f"No customer bought up to {until}, or everything was returned · allowed: a period "
            "with purchases · do: choose a later calibration_end, or returns='drop'"
        )
    lost = int(log.loc[log["dropped"], "rows"].sum())
    return TransactionSummary(
        n_used=int(log.set_index("step").loc["rows_read", "rows"]) - lost,
        n_dropped=lost,
        method=Phrase("purchases.method"),
        customers=known.reset_index(drop=True),
        log=log,
        unit=unit,
        observed_until=pd.Timestamp(until),
        currency=found.currency,
        days=dated(found.sums.days),
        members=found.sums.members,
        zeros_stripped=found.zeros_stripped,
    )


def _without_money(summary: TransactionSummary) -> TransactionSummary:
    """Return a summary that tells no amounts: where it counted lines, it has NaN."""
    money = [c for c in ("monetary", "spend", "spend_holdout") if c in summary.customers]
    return replace(
        summary, has_money=False,
        customers=summary.customers.assign(**dict.fromkeys(money, float("nan"))),
        days=summary.days.assign(spend=float("nan")),
        log=summary.log.assign(amount=float("nan")),
    )  # fmt: skip
