"""From a list of contracts to how long each has lasted, every row accounted for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

Period = Literal["week", "month", "quarter", "year"]
#: Periods a year.
A_YEAR: dict[str, float] = {"week": 365.25 / 7, "month": 12.0, "quarter": 4.0, "year": 1.0}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
#: What becomes of a row, named in the terms (group ``contract_step``), in the order of judgement.
STEPS = ("rows_read", "start_unreadable", "end_unreadable", "starts_later", "ends_before_start",
         "fee_unreadable", "ended", "running")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractBook(Result):
    """Contracts and how long each has lasted.

    Attributes
    ----------
    contracts : pandas.DataFrame
        ``duration`` (periods, continuous), ``periods`` (whole ones: of an ended contract that at
        whose end it was left, of a running one those survived), ``churned`` (1 or 0), ``fee``.
    log : pandas.DataFrame
        ``step rows dropped``: dropped, ended and running rows add up to ``rows_read``.
    period : str
    until : datetime.date
        Last day of observation; what ends later still runs.
    n_customers : int or None
    has_fees : bool
    """

    template: ClassVar[str] = "contracts.book"

    contracts: pd.DataFrame
    log: pd.DataFrame
    period: str
    until: dt.date
    n_customers: int | None
    has_fees: bool

    def table(self) -> pd.DataFrame:
        """Return the account of the rows (no row of a single contract)."""
        return self.log

    def facts(self) -> dict[str, Any]:
        """Return how many contracts there are, how many ended, and how long they lasted."""
        rows = self.log.set_index("step")["rows"]
        return {
            "rows": int(rows["rows_read"]), "dropped": self.n_dropped, "contracts": self.n_used,
            "customers": self.n_customers, "ended": int(rows["ended"]),
            "running": int(rows["running"]), "until": self.until.isoformat(),
            "period": self.period, "fees": self.has_fees,
            "mean_fee": float(self.contracts["fee"].mean()) if self.has_fees else None,
        }  # fmt: skip


def read_contract_book(
    frame: pd.DataFrame,
    *,
    start: str,
    end: str,
    fee: str | None = None,
    customer: str | None = None,
    period: Period = "month",
    until: dt.date | None = None,
    date_format: str | None = None,
) -> ContractBook:
    """Return how long contracts have lasted.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a contract.
    start, end : str
        Columns of the first day and of the day the contract ended; no end, or one after
        ``until``, is a contract that runs.
    fee : str, optional
        Column of the money a period.
    customer : str, optional
    period : {"week", "month", "quarter", "year"}
        How often a contract is renewed and paid.
    until : date, optional
        Last day of observation; by default the last date in the file.
    date_format : str, optional

    Returns
    -------
    ContractBook

    Raises
    ------
    DataError
        If a column is missing or no contract is left.

    Examples
    --------
    >>> import pandas as pd
    >>> told = pd.DataFrame({"start": ["2025-01-01", "2025-01-31"], "end": ["2025-03-15", None]})
    >>> book = read_contract_book(told, start="start", end="end", until=dt.date(2025, 4, 30))
    >>> book.contracts[["periods", "churned"]].values.tolist()
    [[3, 1], [3, 0]]
    """
    import pandas as pd

    missing = [c for c in (start, end, fee, customer) if c is not None and c not in frame]
    if missing:
        raise DataError(
            f"The contracts lack {', '.join(missing)} · allowed: one of {list(frame.columns)} · "
            "do: name the columns (contracts.start, contracts.end, contracts.fee)"
        )
    begun, unread_start = _dates(frame[start], date_format)
    over, unread_end = _dates(frame[end], date_format)
    last = pd.Timestamp(until) if until else max(begun.max(), over.max())
    over = over.where(over <= last)
    money, unread_fee = _fees(frame, fee)
    verdict = np.select(
        [unread_start | begun.isna(), unread_end, begun > last, over < begun, unread_fee,
         over.notna()],
        STEPS[1:7], "running",
    )  # fmt: skip
    kept = np.isin(verdict, ("ended", "running"))
    if not kept.any():
        raise DataError(
            f"None of {len(frame)} contracts can be used · allowed: rows with a start and no "
            "faulty end or fee · do: mend the columns, or give date_format"
        )
    ends = over.fillna(last)
    book = pd.DataFrame({
        "duration": _elapsed(begun, ends, period),
        "periods": _whole(begun, ends, period, ended=verdict == "ended"),
        "churned": (verdict == "ended").astype(int), "fee": money,
    })[kept].reset_index(drop=True)  # fmt: skip
    counts = pd.Series(verdict).value_counts()
    log = pd.DataFrame({"step": STEPS})
    log["rows"] = [len(frame), *(int(counts.get(step, 0)) for step in STEPS[1:])]
    log["dropped"] = log["step"].isin(STEPS[1:6])
    return ContractBook(
        n_used=len(book), n_dropped=len(frame) - len(book), method=Phrase("contracts.book_method"),
        contracts=book, log=log, period=period, until=last.date(), has_fees=fee is not None,
        n_customers=int(frame.loc[kept, customer].nunique()) if customer else None,
    )  # fmt: skip


def _dates(column: pd.Series, date_format: str | None) -> tuple[pd.Series, pd.Series]:
    """Return days, and which cells hold something that is none: read as a purchase log's are."""
    import pandas as pd

    from cx_value.value.log.dates import days_of

    text = column.astype(object).map(lambda v: "" if pd.isna(v) else str(v).strip())
    days = days_of(text, date_format=date_format)
    return days, days.isna() & (text != "")


def _fees(frame: pd.DataFrame, fee: str | None) -> tuple[pd.Series, pd.Series]:
    """Return fees, and which are no money of 0 or more."""
    import pandas as pd

    if fee is None:
        return pd.Series(np.nan, index=frame.index), pd.Series(False, index=frame.index)
    money = pd.to_numeric(frame[fee], errors="coerce")
    return money, ~(np.isfinite(money) & (money >= 0))


def _elapsed(begun: pd.Series, ends: pd.Series, period: str) -> pd.Series:
    """Return periods from start to end; a contract of no day lasts half a day."""
    days = (ends - begun).dt.days.clip(lower=0.5)
    return days / (365.25 / A_YEAR[period])


def _whole(begun: pd.Series, ends: pd.Series, period: str, *, ended: np.ndarray) -> pd.Series:
    """Return whole periods by the calendar; that in which a contract ended counts, at least one.

    A contract of 1 January that ends on 31 January or on 1 February lasted one month.
    """
    if period == "week":
        days = (ends - begun).dt.days
        done, left = days // 7, days % 7
    else:
        months = (ends.dt.year - begun.dt.year) * 12 + ends.dt.month - begun.dt.month
        month_end = ends.dt.is_month_end & (begun.dt.day > ends.dt.day)
        months -= ((ends.dt.day < begun.dt.day) & ~month_end).astype(int)
        done, rest = months // _MONTHS[period], months % _MONTHS[period]
        left = rest + ((ends.dt.day != begun.dt.day) & ~month_end).astype(int)
    counted = (done + (left > 0)).clip(lower=1)
    return counted.where(ended, done.clip(lower=0)).astype("Int64")
