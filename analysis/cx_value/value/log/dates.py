"""SQL for the day of a row: every form of date that logs have, in the study's time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Full-width digits and the marks of 2026年4月3日 10时20分, as plain ones.
_MARKS = "０１２３４５６７８９：／．－年月时時点分", "0123456789:/.---::::"
_DATE_FIRST = r"^(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[日T]?\s*"
_ZONED = r"^(.*\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$"
# CST is a zone of China and of America: a cast would forget it, and the day may be another.
_NAMED_ZONE, _HALF = r"\d\s*[A-Za-z][A-Za-z/_]*$", r"\d\s*[AaPp][Mm]$"
_ISO_ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
_COMPACT = ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%Y%m%d %H:%M:%S",
            "%Y%m%dT%H%M%S")  # fmt: skip


#: Years that a log may be of. ``24-05-01``, ``5/1/24`` and ``113/05/01`` (of the calendar of
#: Taiwan) would be days of antiquity.
YEARS = 1900, 2199


def day_of(column: str, kind: str, *, date_format: str | None, time_zone: str) -> str:
    """Return SQL for the day of a row, NULL where it cannot be told, or lies beyond :data:`YEARS`.

    Parameters
    ----------
    column : str
        The column that holds the date.
    kind : str
        Its type in DuckDB.
    date_format : str or None
        A ``strptime`` format; without it year-first dates are read (``2026-04-03``, ``20260403``,
        ``2026/4/3``, ``2026.4.3``, ``2026年4月3日``), with or without a time of day.
    time_zone : str
        A moment that carries a zone or an offset falls on the day it has here; one without falls
        on the day that is written. The zone of the machine plays no part.
    """
    day = _any_day_of(column, kind, date_format=date_format, time_zone=time_zone)
    return f"CASE WHEN year({day}) BETWEEN {YEARS[0]} AND {YEARS[1]} THEN {day} END"


def _any_day_of(column: str, kind: str, *, date_format: str | None, time_zone: str) -> str:
    zone = _quoted(time_zone)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST({column} AT TIME ZONE {zone} AS DATE)"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return f"CAST({column} AS DATE)"
    text = f"trim(CAST({column} AS VARCHAR))"
    if date_format:
        moment = f"try_strptime({text}, {_quoted(date_format)})"
        if "%z" in date_format or "%Z" in date_format:
            moment = f"CAST({moment} AS TIMESTAMPTZ) AT TIME ZONE {zone}"
        return f"CAST({moment} AS DATE)"
    # Most dates are plain: the regular expressions are for the others, they cost twenty times more.
    plain = f"try_cast({text} AS TIMESTAMP)"
    absolute = f"try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE {zone}"
    return (
        f"CASE WHEN length({text}) <= 10 THEN CAST(coalesce({plain}, {_compact(_normal(text))}) "
        f"AS DATE) WHEN length({text}) = 19 AND substr({text}, 14, 1) = ':' "
        f"AND substr({text}, 17, 1) = ':' THEN "
        f"CAST(coalesce({plain}, {_compact(_normal(text))}) AS DATE) "
        f"WHEN regexp_matches({text}, '{_ISO_ZONED}') THEN CAST({absolute} AS DATE) "
        f"ELSE CAST({_moment(_normal(text), plain, zone)} AS DATE) END"
    )


def days_of(
    cells: pd.Series, *, date_format: str | None = None, time_zone: str = "UTC"
) -> pd.Series:
    """Return the days that the cells of a column name, by :func:`day_of`; NaT where none.

    >>> import pandas as pd
    >>> days_of(pd.Series(["2026/4/3", "2026年4月3日", "2026-13-01"])).dt.day.tolist()
    [3.0, 3.0, nan]
    """
    import duckdb
    import pandas as pd

    told = pd.DataFrame({"place": range(len(cells)), "written": cells.astype(str).to_numpy()})
    day = day_of("written", "VARCHAR", date_format=date_format, time_zone=time_zone)
    connection = duckdb.connect()
    connection.register("told", told)
    found = connection.execute(f"SELECT {day} AS day FROM told ORDER BY place").fetchdf()["day"]
    return pd.to_datetime(found).set_axis(cells.index)


def _moment(normal: str, plain: str, zone: str) -> str:
    """SQL for a moment: with an offset brought to the zone, else as written."""
    offset = f"regexp_extract({normal}, '{_ZONED}', 2)"
    digits = f"regexp_replace({offset}, '[^0-9]', '', 'g')"
    minutes = (
        f"(CASE WHEN {offset} LIKE '-%' THEN -1 ELSE 1 END"
        f" * CASE WHEN length({digits}) >= 2 THEN CAST(left({digits}, 2) AS INTEGER) * 60"
        f" + CAST(CASE WHEN length({digits}) = 4 THEN right({digits}, 2) ELSE '0' END AS INTEGER)"
        f" ELSE 0 END)"
    )
    local = f"try_cast(replace(regexp_extract({normal}, '{_ZONED}', 1), ',', '.') AS TIMESTAMP)"
    brought = f"({local} - to_minutes({minutes}))"
    if zone != "'UTC'":
        brought = f"({brought} AT TIME ZONE 'UTC' AT TIME ZONE {zone})"
    # The offset counts before the cast of the whole, which would forget it.
    return (
        f"CASE WHEN regexp_matches({normal}, '{_ZONED}') THEN {brought} "
        f"WHEN regexp_matches({normal}, '{_NAMED_ZONE}') "
        f"AND NOT regexp_matches({normal}, '{_HALF}') THEN NULL "
        f"ELSE coalesce({plain}, {_compact(normal)}) END"
    )


def _compact(normal: str) -> str:
    formats = ", ".join(map(_quoted, _COMPACT))
    return f"coalesce(try_cast({normal} AS TIMESTAMP), try_strptime({normal}, [{formats}]))"


def _normal(text: str) -> str:
    """SQL for a date as year-month-day, a blank and the time, whatever marks it came with."""
    marked = f"translate({text}, '{_MARKS[0]}', '{_MARKS[1]}')"
    # A cell that a spreadsheet took for a number: 20260403.0.
    bare = f"regexp_replace(replace({marked}, '秒', ''), '^(\\d{{8}})\\.0$', '\\1')"
    return f"rtrim(trim(regexp_replace({bare}, '{_DATE_FIRST}', '\\1-\\2-\\3 ')), ':')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
