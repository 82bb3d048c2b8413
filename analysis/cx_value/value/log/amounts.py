"""SQL for the numbers of a column, by the rule that reads every number of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.errors import DataError
from cx_value.study.numbers import MEANT, WRAPPED, WRITTEN, NumberFormat, decide_format

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARTS = ("open", "sign", "before", "inner", "digits", "after", "percent", "behind", "close")
_MOST_SHAPES = 10_000
_THREE = "[1-9][0-9]{0,2}[.,][0-9]{3}"


def find_shapes(connection, column: str, file_decimal: str | None) -> frozenset[str]:
    """Return how the numbers of a text column are written, every digit above 0 as 9.

    Empty where all are plain (``1234.5``) and no comma of the file could be meant otherwise.
    """
    if file_decimal == "." and not _any_unplain(connection, column):
        return frozenset()
    meant = (MEANT + "12345678").translate(str.maketrans("12345678", "99999999"))
    shape = f"translate({column}, {_quoted(WRITTEN + '12345678')}, {_quoted(meant)})"
    found = connection.execute(
        f"SELECT DISTINCT {shape} AS shape FROM raw WHERE {column} IS NOT NULL LIMIT {_MOST_SHAPES}"
    )
    return frozenset(row[0] for row in found.fetchall())


def _any_unplain(connection, column: str) -> bool:
    plain = f"regexp_full_match({column}, '-?[0-9]+(\\.[0-9]+)?')"
    found = connection.execute(f"SELECT count(*) FROM raw WHERE {column} <> '' AND NOT {plain}")
    return found.fetchall()[0][0] > 0


def settle_format(
    role: str, shapes: Iterable[str], decimal: str, file_decimal: str | None
) -> NumberFormat | None:
    """Decide how the numbers of a column are written; None where all are plain.

    Raises
    ------
    DataError
        If amounts of several currencies stand in one column, or some shares bear a percent sign
        and others do not.
    """
    shapes = list(shapes)
    if not shapes:
        return None
    found = decide_format(
        shapes, decimal=None if decimal == "auto" else decimal, file_decimal=file_decimal
    )
    if len(found.currencies) > 1:
        raise DataError(
            f"The {role} column holds amounts in {' and '.join(found.currencies)} · allowed: one "
            "currency, or a column of currency codes with rates · do: part the log, or move the "
            "currency to a column of its own"
        )
    return found


def refuse_open_marks(connection, column: str, kind: str, found: NumberFormat | None) -> None:
    """Refuse a column with cells such as 1,752 that may be of thousands or of decimals.

    Raises
    ------
    DataError
        With a cell and their number.
    """
    if found is None or kind != "VARCHAR" or "open" not in (found.comma, found.point):
        return
    digits = f"trim(regexp_extract({_normal(column)}, {_quoted('^' + WRAPPED + '$')}, 5))"
    count, shown = connection.execute(
        f"SELECT count(*), min({column}) FROM raw WHERE regexp_full_match({digits}, '{_THREE}') "
        f"AND {number_of(column, kind, found)} IS NULL"
    ).fetchall()[0]
    if count:
        raise DataError(
            f"{count} numbers such as {shown!r} in the column {column} of the log may be of "
            "thousands or of decimals · allowed: numbers such as 1752, 1.75 or 1,752.00, or a "
            "declared decimal mark · do: set transactions.decimal to '.' or ','"
        )


def number_of(column: str, kind: str, found: NumberFormat | None) -> str:
    """Return SQL for the number in a column, NULL where there is none.

    Parameters
    ----------
    column : str
    kind : str
        Its type in DuckDB.
    found : NumberFormat or None
        How its numbers are written; None for plain ones.
    """
    if kind != "VARCHAR":
        return f"CAST({column} AS DOUBLE)"
    if found is None:
        return f"try_cast(trim({column}) AS DOUBLE)"
    names = "[" + ", ".join(map(_quoted, _PARTS)) + "]"
    whole = f"regexp_extract({_normal(column)}, {_quoted('^' + WRAPPED + '$')}, {names})"

    def part(name: str) -> str:
        return f"({whole}).{name}" if name not in ("open", "close") else f"({whole})['{name}']"

    # Dashes behind a mark stand for no cents (5.-, 1'200.--) and are no sign.
    cents = f"(right(trim({part('digits')}), 1) IN ('.', ',') AND {part('after')} = '')"
    behind = f"(CASE WHEN {cents} THEN '' ELSE {part('behind')} END)"
    signs = " + ".join(f"({part(name)} <> '')::INT" for name in ("open", "sign", "inner"))
    signs += f" + ({behind} <> '')::INT"
    well = (
        f"{signs} <= 1 AND {behind} <> '--' AND ({part('open')} <> '') = ({part('close')} <> '') "
        f"AND NOT ({part('before')} <> '' AND {part('after')} <> '')"
    )
    if found.percent == "mixed":
        well += f" AND {part('percent')} = ''"
    negative = f"{part('open')} <> '' OR '-' IN ({part('sign')}, {part('inner')}, {behind})"
    unit = f"CASE WHEN {part('percent')} <> '' THEN {found.percent_unit} ELSE 1 END"
    value = _value(f"trim({part('digits')})", found)
    return f"(CASE WHEN {well} THEN {value} * {unit} * CASE WHEN {negative} THEN -1 ELSE 1 END END)"


def _value(digits: str, found: NumberFormat) -> str:
    with_point = f"regexp_replace({digits}, '[ '',]', '', 'g')"
    with_comma = f"replace(regexp_replace({digits}, '[ ''.]', '', 'g'), ',', '.')"
    return (
        f"CASE WHEN regexp_full_match({digits}, {_quoted(found.with_point)}) "
        f"THEN try_cast({with_point} AS DOUBLE) "
        f"WHEN regexp_full_match({digits}, {_quoted(found.with_comma)}) "
        f"THEN try_cast({with_comma} AS DOUBLE) END"
    )


def _normal(column: str) -> str:
    return f"trim(translate({column}, {_quoted(WRITTEN)}, {_quoted(MEANT)}))"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
