"""The queries behind the customer summary: a verdict for every row, then days, then customers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from analysis.value.log_source import count_unreadable
from analysis.wording import Text

if TYPE_CHECKING:
    import pandas as pd

_EARLIEST = "1900-01-01"
_VERDICTS = ("kept", "line_unreadable", "customer_missing", "date_unparseable",
             "amount_unparseable", "date_after_end", "amount_negative", "amount_zero")  # fmt: skip

STEPS: dict[str, Text] = {
    "rows_read": Text("rows in the log", zh="日志行数"),
    "line_unreadable": Text(
        "line with the wrong number of fields or broken quotes", zh="行格式损坏"
    ),
    "customer_missing": Text("no customer number", zh="客户编号缺失"),
    "date_unparseable": Text("date missing or unreadable", zh="日期缺失或无法识别"),
    "amount_unparseable": Text("amount missing or not a number", zh="金额缺失或非数字"),
    "date_after_end": Text("dated after the end of observation", zh="日期晚于观察期"),
    "amount_negative": Text("negative amount: a return", zh="负金额(退货)"),
    "amount_zero": Text("amount of zero", zh="零金额"),
    "duplicate": Text("identical to another line", zh="与另一行完全相同"),
    "customer_new_in_holdout": Text(
        "customer first seen in the holdout", zh="客户首次出现于验证期"
    ),
    "holdout": Text("in the holdout period", zh="属于验证期"),
    "same_day_merged": Text("merged with another purchase of that day", zh="同日购买合并"),
    "purchases": Text("purchases (customer days)", zh="购买次数(客户日)"),
}


def _parsed_date(kind: str, date_format: str | None) -> str:
    """SQL for the day of a row, NULL where it cannot be told."""
    if kind in ("DATE",) or kind.startswith("TIMESTAMP"):
        return "CAST(date AS DATE)"
    text = "trim(CAST(date AS VARCHAR))"
    if date_format:
        quoted = date_format.replace("'", "''")
        return f"CAST(try_strptime({text}, '{quoted}') AS DATE)"
    return (
        f"CASE WHEN regexp_full_match({text}, '\\d{{8}}') "
        f"THEN CAST(try_strptime({text}, '%Y%m%d') AS DATE) "
        f"ELSE CAST(coalesce(try_cast({text} AS TIMESTAMP), "
        f"try_strptime({text}, ['%Y/%m/%d', '%Y/%m/%d %H:%M', '%Y/%m/%d %H:%M:%S', '%Y.%m.%d', "
        f"'%Y年%m月%d日'])) AS DATE) END"
    )


def _parsed_amount(kind: str) -> str:
    """SQL for the amount, NULL where it is no finite number.

    A comma is a thousands separator only where it groups three digits; "1,5" stays unread, for
    it is 1.5 in one country and a typing error in another.
    """
    if kind != "VARCHAR":
        return "CAST(amount AS DOUBLE)"
    grouped = "'[-+]?\\d{1,3}(,\\d{3})+(\\.\\d+)?'"
    return (
        f"try_cast(CASE WHEN regexp_full_match(trim(amount), {grouped}) "
        "THEN replace(trim(amount), ',', '') ELSE trim(amount) END AS DOUBLE)"
    )


def judge(connection, end, date_format: str | None, zero_amounts: str) -> None:
    """Give every row one verdict, the first that applies in the order of ``STEPS``."""
    kinds = {row[0]: row[1] for row in connection.execute("DESCRIBE raw").fetchall()}
    text_id = kinds["customer"] == "VARCHAR"
    number = "nullif(trim(customer), '')" if text_id else "customer"
    last = end or dt.date.today()
    # Verdicts are whole numbers, not words: a scan of them costs a third less.
    code = {name: i for i, name in enumerate(_VERDICTS)}
    connection.execute(
        f"""CREATE TEMP VIEW judged AS SELECT customer, day, amount, fingerprint,
        CASE WHEN customer IS NULL THEN {code["customer_missing"]}
             WHEN day IS NULL OR NOT isfinite(day) OR day < DATE '{_EARLIEST}'
                  THEN {code["date_unparseable"]}
             WHEN amount IS NULL OR NOT isfinite(amount) THEN {code["amount_unparseable"]}
             WHEN day > DATE '{last}' THEN {code["date_after_end"]}
             WHEN amount < 0 THEN {code["amount_negative"]}
             {f"WHEN amount = 0 THEN {code['amount_zero']}" if zero_amounts == "drop" else ""}
             ELSE 0 END AS verdict
        FROM (SELECT {number} AS customer, {_parsed_date(kinds["date"], date_format)} AS day,
                     {_parsed_amount(kinds["amount"])} AS amount, fingerprint FROM raw)"""
    )
    connection.execute(
        "CREATE TEMP VIEW kept AS "
        "SELECT customer, day, amount, fingerprint FROM judged WHERE verdict = 0"
    )


def count_verdicts(connection) -> pd.DataFrame:
    """Count rows and money by verdict; ``first`` and ``last`` are days within the window."""
    found = connection.execute(
        """SELECT verdict, count(*) AS rows, sum(amount) FILTER (isfinite(amount)) AS amount,
        min(day) FILTER (verdict IN $1) AS first, max(day) FILTER (verdict IN $1) AS last
        FROM judged GROUP BY verdict""",
        [[_VERDICTS.index(name) for name in ("kept", "amount_negative", "amount_zero")]],
    ).df()
    counts = found.set_index("verdict").reindex(range(len(_VERDICTS)))
    counts.index = list(_VERDICTS)
    counts["rows"] = counts["rows"].fillna(0).astype("int64")
    counts.loc["line_unreadable", "rows"] = count_unreadable(connection)
    return counts


def drop_duplicates(connection) -> None:
    """Keep one of the lines that are identical in every column."""
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW kept AS SELECT customer, day, any_value(amount) AS amount, "
        "fingerprint FROM judged WHERE verdict = 0 GROUP BY customer, day, fingerprint"
    )


def customer_days(connection, end: dt.date, unit_days: float, last: dt.date) -> pd.DataFrame:
    """Collapse to customer days, then to customers, in one streaming query.

    Bare aggregates only: a filter on each takes twice the time, so it stands where there is a
    holdout; differences and ratios are left to whole columns afterwards.
    """
    until = "" if end == last else f"FILTER (day <= DATE '{end}')"
    holdout = "" if end == last else _HOLDOUT.format(end=end)
    found = connection.execute(
        f"""WITH days AS (
            SELECT customer, day, sum(amount) AS spend, count(*) AS lines
            FROM kept GROUP BY customer, day)
        SELECT customer, count(*) {until} AS bought, min(day)::TIMESTAMP AS first_purchase,
            (max(day) {until})::TIMESTAMP AS last_purchase, sum(spend) {until} AS spend,
            arg_min(spend, day) AS first_spend, sum(lines)::BIGINT AS lines,
            count(*) AS customer_days {holdout}
        FROM days GROUP BY customer"""
    ).df()
    found = found.sort_values("customer", ignore_index=True)
    return _as_summary(found, end, unit_days, last)


def _as_summary(found: pd.DataFrame, end: dt.date, unit_days: float, last: dt.date):
    """Turn dates and sums into the columns of the summary; frequency -1 is not yet a customer."""
    import pandas as pd

    first, day = found["first_purchase"], pd.Timedelta(days=1)
    frequency = found["bought"] - 1
    again = (found["spend"] - found["first_spend"]).where(frequency > 0)
    summary = pd.DataFrame(
        {
            "customer": found["customer"],
            "frequency": frequency,
            "recency": (found["last_purchase"] - first) / day / unit_days,
            "age": (pd.Timestamp(end) - first) / day / unit_days,
            "monetary": again / frequency.where(frequency > 0),
            "first_purchase": first,
            "spend": found["spend"],
            "lines": found["lines"],
            "customer_days": found["customer_days"],
        }
    )
    if end == last:
        return summary
    ahead = (last - end).days / unit_days
    return summary.assign(
        frequency_holdout=found["bought_holdout"],
        spend_holdout=found["spend_holdout"].fillna(0.0),
        age_holdout=ahead,
    )


_HOLDOUT = """,
    count(*) FILTER (day > DATE '{end}') AS bought_holdout,
    sum(spend) FILTER (day > DATE '{end}') AS spend_holdout"""


def count_duplicates(connection, customers: pd.DataFrame) -> int:
    """Count kept lines beyond the first of each set of identical lines.

    Only customers with two lines on one day can have any, so only their lines are grouped.
    """
    merged = customers.loc[customers["lines"] > customers["customer_days"], ["customer"]]
    if merged.empty:
        return 0
    connection.register("merged", merged)
    return connection.execute(
        """SELECT coalesce(sum(n - 1), 0)::BIGINT FROM (
        SELECT count(*) AS n FROM kept SEMI JOIN merged USING (customer)
        GROUP BY customer, day, fingerprint HAVING count(*) > 1)"""
    ).fetchone()[0]
