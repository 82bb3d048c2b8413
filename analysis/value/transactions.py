"""From a transaction log to one row a customer, with every row of the log accounted for.

The summary is what the purchase models need: how often a customer came back, when last, and how
long the customer has been watched (Fader, Hardie & Lee 2005). It is made by DuckDB, out of core.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.errors import DataError
from analysis.results import Result
from analysis.value.cleaning import (
    STEPS,
    count_duplicates,
    count_verdicts,
    customer_days,
    drop_duplicates,
    judge,
)
from analysis.value.log_source import connect, open_log
from analysis.wording import Text, format_number, format_percent

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["day", "week", "month", "year"]
UNITS: dict[str, float] = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_UNIT_WORDS = {"day": "天", "week": "周", "month": "月", "year": "年"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransactionSummary(Result):
    """Customers as the purchase models see them.

    Attributes
    ----------
    customers : pandas.DataFrame
        One row a customer: ``customer frequency recency age monetary first_purchase spend``, and
        ``frequency_holdout spend_holdout age_holdout`` where a calibration end was given.
    log : pandas.DataFrame
        ``step rows amount dropped explanation``: the rows dropped, the lines merged and the
        purchases kept add up to ``rows_read``. ``duplicate`` is told but, where duplicates are
        kept, is part of ``same_day_merged``.
    unit : str
        Unit of ``recency`` and ``age``.
    observed_until : pandas.Timestamp
        Last day of observation (of the calibration period where there is one).
    """

    customers: pd.DataFrame
    log: pd.DataFrame
    unit: str
    observed_until: pd.Timestamp

    def __len__(self) -> int:
        return len(self.customers)

    def __getitem__(self, column: str) -> pd.Series:
        return self.customers[column]

    def table(self) -> pd.DataFrame:
        """Return one row a customer."""
        return self.customers

    def sentence(self, lang: str = "en") -> str:
        """Say how many customers and purchases came out of how many rows."""
        rows = self.log.set_index("step")["rows"]
        again = float((self.customers["frequency"] > 0).mean())
        n, read, kept = len(self), int(rows["rows_read"]), int(rows["purchases"])
        lost, until = self.n_dropped, f"{self.observed_until:%Y-%m-%d}"
        age = format_number(float(self.customers["age"].mean()), 1)
        if lang == "zh":
            return (
                f"日志共{read}行,剔除{lost}行,得到{n}名客户的{kept}次购买(观察至{until},"
                f"平均观察{age}{_UNIT_WORDS[self.unit]});"
                f"{format_percent(again, 1)}的客户有重复购买。"
            )
        return (
            f"Of {read} rows in the log, {lost} were dropped; {n} customers made {kept} purchases "
            f"up to {until} and were observed for {age} {self.unit}s on average. "
            f"{format_percent(again, 1)} of them bought again."
        )


def summarise_transactions(
    source: object,
    *,
    customer: str,
    date: str,
    amount: str,
    unit: Unit = "week",
    end: object = None,
    calibration_end: object = None,
    date_format: str | None = None,
    zero_amounts: Literal["keep", "drop"] = "keep",
    duplicates: Literal["keep", "drop"] = "keep",
    memory_limit: str = "700MB",
) -> TransactionSummary:
    """Summarise a transaction log: how often, how recently, how long, how much.

    Parameters
    ----------
    source : path or pandas.DataFrame
        CSV (comma, semicolon, tab or bar; UTF-8 or GB 18030; may be gzipped), Parquet or XLSX.
    customer, date, amount : str
        Names of the columns. Customer numbers of a CSV stay text, so leading zeros survive.
    unit : {"day", "week", "month", "year"}
        Unit of ``recency`` and ``age``.
    end : date, optional
        Last day of observation. By default the last date in the log that is not in the future.
    calibration_end : date, optional
        The summary stops here, and what came after goes into the holdout columns.
    date_format : str, optional
        A ``strptime`` format for dates such as 03/04/2026, which no program can tell apart.
        Without it, year-first dates are read (``2026-04-03``, ``20260403``, ``2026/4/3``,
        ``2026年4月3日``, with or without a time).
    zero_amounts : {"keep", "drop"}
        Whether an order of amount 0 (a voucher) is a purchase.
    duplicates : {"keep", "drop"}
        Two identical lines may be two orders alike; they are always counted in the log. They
        touch ``monetary`` only, for purchases of one day are one purchase.
    memory_limit : str
        What DuckDB may hold in memory before it goes to disk.

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
    _check_options(unit, zero_amounts, duplicates)
    columns = {"customer": customer, "date": date, "amount": amount}
    end, calibration_end = _as_date(end, "end"), _as_date(calibration_end, "calibration_end")
    import duckdb

    with tempfile.TemporaryDirectory() as folder, connect(memory_limit, folder) as connection:
        try:
            open_log(connection, source, columns, folder)
            judge(connection, end, date_format, zero_amounts)
            counts = count_verdicts(connection)
            end, calibration_end = _window(counts, end, calibration_end)
            if duplicates == "drop":
                drop_duplicates(connection)
            customers = customer_days(connection, calibration_end or end, UNITS[unit], end)
            log = _log(connection, counts, customers, duplicates)
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                f"The log does not fit memory_limit={memory_limit!r} · allowed: any size DuckDB "
                "reads, such as '4GB' · do: give a larger memory_limit"
            ) from error
        except duckdb.Error as error:
            raise DataError(
                f"The transaction log cannot be read: {str(error).splitlines()[0]} · allowed: one "
                "line a transaction under a header · do: mend the file or export it anew"
            ) from error
    return _result(customers, log, unit, calibration_end or end, bool(calibration_end))


# --- options and window -------------------------------------------------------------------------


def _check_options(unit: str, zero_amounts: str, duplicates: str) -> None:
    for name, value, allowed in (
        ("unit", unit, tuple(UNITS)),
        ("zero_amounts", zero_amounts, ("keep", "drop")),
        ("duplicates", duplicates, ("keep", "drop")),
    ):
        if value not in allowed:
            raise DataError(f"{name} is {value!r} · allowed: {', '.join(allowed)} · do: choose one")


def _as_date(value: object, name: str) -> dt.date | None:
    import pandas as pd

    if value is None:
        return None
    stamp = pd.to_datetime(value, errors="coerce")
    if pd.isna(stamp):
        raise DataError(f"{name} is {value!r} · allowed: a date such as '2026-06-30' · do: mend it")
    return stamp.date()


def _window(counts: pd.DataFrame, end, calibration_end) -> tuple[dt.date, dt.date | None]:
    """Settle the last day of observation and refuse a log without a purchase."""
    dated = counts.loc[["kept", "amount_negative", "amount_zero"]]
    if dated.loc["kept", "rows"] == 0:
        told = ", ".join(f"{STEPS[s]} {int(r)}" for s, r in counts["rows"].items() if r)
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


# --- the account --------------------------------------------------------------------------------


def _log(connection, counts, customers: pd.DataFrame, duplicates: str) -> pd.DataFrame:
    """Set up the account: every row read is dropped, merged, in the holdout or a purchase."""
    import pandas as pd

    new = customers["frequency"] < 0
    lines, days = customers["lines"], customers["customer_days"]
    kept = int(counts.loc["kept", "rows"])
    doubled = kept - int(lines.sum()) or count_duplicates(connection, customers)
    in_holdout = customers.get("frequency_holdout", pd.Series(0, index=customers.index))
    rows = counts["rows"].drop("kept").to_dict() | {
        "rows_read": int(counts["rows"].sum()),
        "duplicate": doubled,
        "customer_new_in_holdout": int(days[new].sum()),
        "holdout": int(in_holdout[~new].sum()),
        "same_day_merged": int((lines - days).sum()),
        "purchases": int((customers.loc[~new, "frequency"] + 1).sum()),
    }
    dropped = set(counts.index) - {"kept"} | ({"duplicate"} if duplicates == "drop" else set())
    dropped |= {"customer_new_in_holdout"}
    log = pd.DataFrame({"step": list(STEPS)})
    log["rows"] = log["step"].map(rows).astype("int64")
    log["amount"] = log["step"].map(counts["amount"])
    log["dropped"] = log["step"].isin(dropped)
    log["explanation"] = pd.Series(list(STEPS.values()), dtype=object)
    return log


def _result(customers, log, unit: str, until: dt.date, has_holdout: bool) -> TransactionSummary:
    import pandas as pd

    known = customers[customers["frequency"] >= 0].drop(columns=["lines", "customer_days"])
    if known.empty:
        raise DataError(
            f"No customer bought before {until} · allowed: a calibration period with purchases · "
            "do: choose a later calibration_end"
        )
    lost = int(log.loc[log["dropped"], "rows"].sum())
    return TransactionSummary(
        n_used=int(log.set_index("step").loc["rows_read", "rows"]) - lost,
        n_dropped=lost,
        method=Text("customer summary of a transaction log", zh="交易日志的客户汇总"),
        notes=_notes(log, until, has_holdout),
        customers=known.reset_index(drop=True),
        log=log,
        unit=unit,
        observed_until=pd.Timestamp(until),
    )


def _notes(log: pd.DataFrame, until: dt.date, has_holdout: bool) -> tuple[Text, ...]:
    """Tell the counts that a reader may stumble over."""
    notes = [
        Text(f"{rows} rows: {words}.", zh=f"{rows}行:{words.zh}。")
        for step, rows, words in zip(log["step"], log["rows"], log["explanation"], strict=True)
        if rows and step not in ("rows_read", "purchases", "holdout")
    ]
    kind = ("calibration", "校准期") if has_holdout else ("observation", "观察期")
    notes.append(Text(f"End of {kind[0]}: {until}.", zh=f"{kind[1]}截止日:{until}。"))
    return tuple(notes)
