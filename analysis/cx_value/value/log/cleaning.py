"""The queries behind the customer summary: a verdict for every row, and the rows in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cx_value.base.errors import DataError
from cx_value.base.wording import join_words
from cx_value.value.log.amounts import number_of, refuse_open_marks
from cx_value.value.log.dates import day_of
from cx_value.value.log.days import DAY_ZERO
from cx_value.value.log.source import count_unreadable

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    import pyarrow as pa

    from cx_value.study.numbers import NumberFormat

_EARLIEST = "1900-01-01"
_BATCH = 120_000  # sorted lines that are summed up at a time
_SMALL = 2**31
_LARGEST = "1e13"  # beyond it a number keeps no cents, and sums of such are no money
VERDICTS = ("kept", "line_unreadable", "customer_missing", "date_unparseable",
            "amount_unparseable", "currency_missing", "date_after_end", "amount_negative",
            "amount_zero")  # fmt: skip
IN_WINDOW = ("kept", "amount_negative", "amount_zero")

#: What becomes of a row: codes of the account, named in the terms (group ``log_step``).
STEPS = ("rows_read", "filtered", "line_unreadable", "customer_missing", "date_unparseable",
         "amount_unparseable", "currency_missing", "date_after_end", "amount_negative",
         "amount_zero", "return_unmatched", "return_netted", "purchase_returned", "cost_missing",
         "duplicate", "customer_new_in_holdout", "holdout", "same_day_merged",
         "purchases")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the columns of a log are read.

    Attributes
    ----------
    end : datetime.date
        Last day that counts.
    date_format, time_zone : str or None
    zero_amounts, returns : {"keep", "drop"}, {"net", "drop"}
    rates : mapping of str to float, or None
        Factor by currency.
    decimal : {"auto", ".", ","}
        The decimal mark, where it is declared.
    strip_zeros : bool
        Whether 00004 and 4 are one customer.
    formats : mapping of str to NumberFormat or None
        How the numbers of each column are written.
    """

    end: dt.date
    date_format: str | None
    time_zone: str
    zero_amounts: str
    returns: str
    rates: Mapping[str, float] | None
    decimal: str = "auto"
    strip_zeros: bool = False
    formats: Mapping[str, NumberFormat | None] = field(default_factory=dict)


def _parsed_day(kind: str, reading: Reading) -> str:
    return day_of("date", kind, date_format=reading.date_format, time_zone=reading.time_zone)


def _parsed_number(kinds: dict[str, str], name: str, reading: Reading) -> str:
    return number_of(name, kinds[name], reading.formats.get(name))


def _parsed_customer(connection, kind: str, reading: Reading) -> str:
    """SQL for the customer number, written alike: 12000.0 is 12000."""
    if kind == "VARCHAR":
        plain = plain_id("customer")
        if not reading.strip_zeros:
            return plain
        bare = f"ltrim({plain}, '0')"
        return (
            f"CASE WHEN regexp_full_match({plain}, '[0-9]+') "
            f"THEN CASE WHEN {bare} = '' THEN '0' ELSE {bare} END ELSE {plain} END"
        )
    if kind.endswith("INT") or kind == "INTEGER":
        return "customer" if kind not in ("HUGEINT", "UHUGEINT") else "customer::VARCHAR"
    if kind not in ("FLOAT", "DOUBLE"):
        return "customer::VARCHAR"
    whole = connection.execute(
        "SELECT coalesce(bool_and(customer = floor(customer) AND abs(customer) < 9e15), false) "
        "FROM raw WHERE NOT isnan(customer)"
    ).fetchall()[0][0]
    number = "CASE WHEN isnan(customer) THEN NULL ELSE customer END"
    return f"({number})::BIGINT" if whole else f"({number})::VARCHAR"


def plain_id(name: str) -> str:
    """SQL for a customer number without blanks, full-width digits or the decimals of a whole."""
    text = f"trim(translate({name}, '０１２３４５６７８９', '0123456789'))"
    return (
        f"nullif(CASE WHEN {text} LIKE '%.0%' THEN "
        f"regexp_replace({text}, '^([0-9]+)\\.0+$', '\\1') ELSE {text} END, '')"
    )


def judge(connection, reading: Reading) -> None:
    """Give every row one verdict, the first that applies in the order of ``VERDICTS``."""
    kinds = {row[0]: row[1] for row in connection.execute("DESCRIBE raw").fetchall()}
    factor = _factor(kinds, reading.rates)
    # Verdicts are whole numbers, not words: a scan of them costs a third less.
    code = {name: i for i, name in enumerate(VERDICTS)}
    no_currency = f"WHEN currency IS NULL THEN {code['currency_missing']}"
    drop_zero = f"WHEN amount = 0 THEN {code['amount_zero']}"
    for name, found in reading.formats.items():
        refuse_open_marks(connection, name, kinds[name], found)
    connection.execute(
        f"""CREATE TEMP VIEW judged AS SELECT *,
        (CASE WHEN customer IS NULL THEN {code["customer_missing"]}
             WHEN day IS NULL OR NOT isfinite(day) OR day < DATE '{_EARLIEST}'
                  THEN {code["date_unparseable"]}
             WHEN amount IS NULL OR NOT isfinite(amount) OR abs(amount) > {_LARGEST}
                  THEN {code["amount_unparseable"]}
             {no_currency if "currency" in kinds else ""}
             WHEN day > DATE '{reading.end}' THEN {code["date_after_end"]}
             WHEN amount < 0 THEN {code["amount_negative"]}
             {drop_zero if reading.zero_amounts == "drop" else ""}
             ELSE 0 END)::UTINYINT AS verdict
        FROM (SELECT {_parsed_customer(connection, kinds["customer"], reading)} AS customer,
                     {_parsed_day(kinds["date"], reading)} AS day,
                     {_parsed_amount(kinds, factor, reading)} AS amount,
                     {_parsed_cost(kinds, factor, reading)} fingerprint
                     {", " + currency_code() + " AS currency" if "currency" in kinds else ""}
              FROM raw)"""
    )


def _parsed_amount(kinds: dict[str, str], factor: str, reading: Reading) -> str:
    """SQL for the money of a line; 1 in a log without money, whose lines are purchases all."""
    if "amount" not in kinds:
        return "1.0::DOUBLE"
    return f"{_parsed_number(kinds, 'amount', reading)} * {factor}"


def _parsed_cost(kinds: dict[str, str], factor: str, reading: Reading) -> str:
    """SQL for the cost of a line, if the log has costs or margins."""
    if "cost" in kinds:
        cost = f"{_parsed_number(kinds, 'cost', reading)} * {factor}"
    elif "margin" in kinds:
        share = f"1 - {_parsed_number(kinds, 'margin', reading)}"
        cost = f"{_parsed_number(kinds, 'amount', reading)} * {factor} * ({share})"
    else:
        return ""
    return f"CASE WHEN isfinite({cost}) THEN {cost} END AS cost,"


# --- currencies ---------------------------------------------------------------------------------


def currency_code() -> str:
    return "nullif(upper(trim(CAST(currency AS VARCHAR))), '')"


def _factor(kinds: dict[str, str], rates: Mapping[str, float] | None) -> str:
    """SQL for what an amount is multiplied by."""
    if "currency" not in kinds or not rates:
        return "1"
    quoted = ((code.replace("'", "''"), rate) for code, rate in rates.items())
    cases = " ".join(f"WHEN '{code}' THEN {rate!r}" for code, rate in quoted)
    return f"(CASE {currency_code()} {cases} END)"


def settle_currency(counts: Mapping[str, int], rates: Mapping[str, float] | None) -> str:
    """Return the currency of the amounts, and refuse what cannot be added up.

    Raises
    ------
    DataError
        If there are several currencies and no rates, or one without a rate.
    """
    told = join_words([f"{code} ({n} rows)" for code, n in sorted(counts.items())], most=6)
    if rates is None:
        if len(counts) > 1:
            raise DataError(
                f"The log has {len(counts)} currencies: {told} · allowed: one currency, or a rate "
                "for each · do: give rates, such as {'EUR': 1, 'USD': 0.92}, or part the log"
            )
        return next(iter(counts), "")
    unknown = [code for code in counts if code not in rates]
    if unknown:
        raise DataError(
            f"No rate for {join_words(sorted(unknown))} among {told} · allowed: a rate for every "
            "currency of the log · do: add it to rates"
        )
    return next((code for code, rate in rates.items() if rate == 1), "")


# --- counts and order ---------------------------------------------------------------------------


def count_verdicts(connection) -> pd.DataFrame:
    """Count rows and money by verdict; ``first`` and ``last`` are days within the window."""
    plain = connection.execute(
        """SELECT 0 AS verdict, count(*) AS rows, sum(amount) AS amount,
        min(day) FILTER (verdict = 0) AS first, max(day) FILTER (verdict = 0) AS last,
        max(verdict) AS worst FROM judged"""
    ).df()
    # Mostly every row is kept; groups cost five times as much.
    if plain.pop("worst").fillna(0).item():
        plain = connection.execute(
            """SELECT verdict, count(*) AS rows, sum(amount) FILTER (isfinite(amount)) AS amount,
            min(day) FILTER (verdict IN $1) AS first, max(day) FILTER (verdict IN $1) AS last
            FROM judged GROUP BY verdict""",
            [[VERDICTS.index(name) for name in IN_WINDOW]],
        ).df()
    counts = plain.set_index("verdict").reindex(range(len(VERDICTS)))
    counts.index = list(VERDICTS)
    counts["rows"] = counts["rows"].fillna(0).astype("int64")
    counts.loc["line_unreadable", "rows"] = count_unreadable(connection)
    return counts


def sorted_lines(connection, counts: pd.DataFrame, reading: Reading) -> pa.RecordBatchReader:
    """Return the purchases (and returns, to be netted) by customer and day, as a stream."""
    relation = connection.sql(lines_query(connection, counts, reading) + " ORDER BY customer, day")
    # DuckDB 1.4 has the older name.
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
    return read(_BATCH)


def lines_query(connection, counts: pd.DataFrame, reading: Reading) -> str:
    """SQL for ``customer day amount fingerprint`` and perhaps ``cost`` of the lines that count."""
    some = [0, VERDICTS.index("amount_negative")] if reading.returns == "net" else [0]
    unwanted = counts["rows"].drop([VERDICTS[i] for i in some]).sum()
    where = f"WHERE verdict IN ({', '.join(map(str, some))})" if unwanted else ""
    kinds = {row[0]: row[1] for row in connection.execute("DESCRIBE judged").fetchall()}
    cost = "cost, " if "cost" in kinds else ""
    return (
        f"SELECT {_short_number(connection, kinds['customer'])} AS customer, "
        f"(day - DATE '{DAY_ZERO}')::INTEGER AS day, amount, {cost} fingerprint "
        f"FROM judged {where}"
    )


def _short_number(connection, kind: str) -> str:
    """SQL for the customer, four bytes long where the numbers fit: a shorter key sorts faster."""
    if kind != "BIGINT":
        return "customer"
    low, high = connection.execute("SELECT min(customer), max(customer) FROM judged").fetchall()[0]
    return "customer::INTEGER" if low >= -_SMALL and high < _SMALL else "customer"
