"""A log before it is summarised: its first lines as written and as understood, and what is lost."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.value.log.cleaning import Reading, count_verdicts, judge
from cx_value.value.log.look import look_at, settle_reading
from cx_value.value.log.source import connect, open_log, unreadable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPreview:
    """The first lines of a log.

    Attributes
    ----------
    written, understood : DataFrame
        Columns ``customer date amount`` (no amount in a log without money): cells as they stand,
        and as numbers, days and ids.
    n_rows : int
        Lines of the whole log.
    unread : dict
        Verdict → lines of the whole log whose customer, date or amount cannot be read.
    one_price : float or None
        What every purchase (a customer's day) of the whole log comes to, where all are equal.
    """

    written: pd.DataFrame
    understood: pd.DataFrame
    n_rows: int
    unread: dict[str, int]
    one_price: float | None = None

    @property
    def share_unread(self) -> float:
        """Share of the lines of which something cannot be read."""
        return sum(self.unread.values()) / self.n_rows if self.n_rows else 0.0


_UNREAD = ("line_unreadable", "customer_missing", "date_unparseable", "amount_unparseable")
_ONE_PRICE = """SELECT min(total) FROM (SELECT round(sum(amount), 2) AS total FROM judged
    WHERE verdict = 0 AND amount > 0 GROUP BY customer, day)
    HAVING count(*) > 1 AND min(total) = max(total)"""


def preview_log(
    source: object,
    *,
    customer: str,
    date: str,
    amount: str | None,
    date_format: str | None = None,
    decimal: str = "auto",
    time_zone: str = "UTC",
    rows: int = 5,
) -> LogPreview:
    """Read a log as :func:`summarise_transactions` would, and show its first lines.

    Raises
    ------
    DataError
        If the log cannot be read, lacks a column, or leaves open what its numbers mean.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"who": ["1"], "day": ["2026年1月5日"], "paid": ["¥1,234.50"]})
    >>> seen = preview_log(log, customer="who", date="day", amount="paid")
    >>> seen.understood.iloc[0].tolist()
    ['1', datetime.date(2026, 1, 5), 1234.5]
    """
    import duckdb

    named = {"customer": customer, "date": date, "amount": amount}
    columns = {role: name for role, name in named.items() if name is not None}
    reading = Reading(
        end=dt.date(9999, 1, 1), date_format=date_format, time_zone=time_zone,
        zero_amounts="keep", returns="net", rates=None, decimal=decimal,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, connect("500MB", folder) as connection:
        try:
            file_decimal = open_log(connection, source, columns, folder)
            reading, _ = settle_reading(reading, [look_at(connection, file_decimal)])
            judge(connection, reading)
            counts = count_verdicts(connection)["rows"]
            limit = f"LIMIT {int(rows)}"
            written = connection.execute(f"SELECT {', '.join(columns)} FROM raw {limit}").fetchall()
            understood = connection.execute(
                f"SELECT {', '.join(columns).replace('date', 'day')} FROM judged {limit}"
            ).fetchall()
            price = connection.execute(_ONE_PRICE).fetchone() if amount else None
        except duckdb.Error as error:
            raise unreadable(error) from error
    import pandas as pd

    names = list(columns)
    return LogPreview(
        written=pd.DataFrame(written, columns=names, dtype=object),
        understood=pd.DataFrame(understood, columns=names, dtype=object),
        n_rows=int(counts.sum()),
        unread={name: int(counts.get(name, 0)) for name in _UNREAD},
        one_price=price[0] if price else None,
    )
