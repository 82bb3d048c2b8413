"""The customer summary on Dask, for a log that is beyond one machine.

Every part of the log is read and judged by the same DuckDB queries, the lines are shuffled so that
a customer is whole, and the same arithmetic adds them up: the numbers are those of one machine.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.errors import DataError
from cx_value.value.log.account import Found
from cx_value.value.log.cleaning import (
    Reading,
    count_verdicts,
    judge,
    lines_query,
)
from cx_value.value.log.cohorts import add_members
from cx_value.value.log.customer_days import DayRules, Sums, summarise_frame
from cx_value.value.log.look import Look, look_at, settle_reading
from cx_value.value.log.source import (
    SUFFIXES,
    allowed_sources,
    connect,
    open_log,
    plain_frame,
    register_plain,
    register_table,
    unreadable,
)

if TYPE_CHECKING:
    import pandas as pd

_PART = 1_000_000  # rows of a task


@dataclass(frozen=True, slots=True)
class Part:
    """What one task reads: a plain frame, a file, or some row groups of a Parquet file."""

    source: pd.DataFrame | Path
    row_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """Lines of one part that count, and the counts of those that do not."""

    counts: pd.DataFrame
    lines: pd.DataFrame


def summarise_on_cluster(
    source: object,
    columns: dict[str, str],
    reading: Reading,
    rules: DayRules,
    cluster: str,
    memory_limit: str,
):
    """Summarise a log on Dask: customers, counts by verdict, tally of days, currency.

    Parameters
    ----------
    source : path, pattern or pandas.DataFrame
        A file, a folder, a pattern such as ``log/*.parquet``, or a frame. Every file is read by
        one task (a Parquet file by one for a million rows), so the workers must see the path.
    cluster : str
        ``"local"``, ``"threads"``, or a scheduler's address.

    Raises
    ------
    DataError
        If the scheduler cannot be reached or the log cannot be read.
    """
    import dask

    parts = split_log(source, columns)
    with _scheduler(cluster):
        looks = dask.compute(
            *[dask.delayed(look_at_part)(part, columns, memory_limit) for part in parts]
        )
        reading, code = settle_reading(reading, looks)
        judged = dask.persist(
            *[dask.delayed(judge_part)(part, columns, reading, memory_limit) for part in parts]
        )
        told = dask.compute(*[dask.delayed(_without_lines)(part) for part in judged])
        done = _add_up(judged, [t.lines for t in told], rules, len(parts))
    sums = Sums(
        _in_order([d.customers for d in done], ["customer"]),
        _in_order([d.days for d in done], ["customer", "day"]),
        _total(d.tally for d in done),
        add_members(d.members for d in done),
    )
    return Found(sums, _all_counts([t.counts for t in told]), code, reading.strip_zeros)


def _in_order(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Join the partitions in the order of one machine."""
    import pandas as pd

    some = [f for f in frames if len(f)] or [max(frames, key=lambda f: f.shape[1])]
    return pd.concat(some, ignore_index=True).sort_values(columns, ignore_index=True)


def _add_up(judged, empties: list[pd.DataFrame], rules: DayRules, n_parts: int):
    """Shuffle the lines by customer and summarise each partition."""
    import dask
    import dask.dataframe as dd
    import pandas as pd

    as_text = not all(pd.api.types.is_integer_dtype(empty["customer"]) for empty in empties)
    meta = _alike(empties[0], as_text)
    lines = [dask.delayed(_lines)(part, as_text) for part in judged]
    shuffled = dd.from_delayed(lines, meta=meta, verify_meta=False).shuffle(
        "customer", npartitions=n_parts
    )
    whole = [dask.delayed(summarise_frame)(part, rules) for part in shuffled.to_delayed()]
    return dask.compute(*whole)


def _without_lines(part: JudgedPart) -> JudgedPart:
    return replace(part, lines=part.lines.iloc[:0])


def _lines(part: JudgedPart, as_text: bool) -> pd.DataFrame:
    return _alike(part.lines, as_text)


def _alike(lines: pd.DataFrame, as_text: bool) -> pd.DataFrame:
    """Give customers one type in all parts."""
    return lines.astype({"customer": "str" if as_text else "int64"})


def _total(counters) -> Counter:
    """Add up counters; ``+`` would lose negative amounts."""
    total = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _all_counts(counts: list[pd.DataFrame]) -> pd.DataFrame:
    """Add up the counts of the parts."""
    import pandas as pd

    def together(name: str) -> pd.DataFrame:
        return pd.concat([count[name] for count in counts], axis=1)

    return pd.DataFrame(
        {
            "rows": together("rows").sum(axis=1),
            "amount": together("amount").sum(axis=1, min_count=1),
            "first": together("first").min(axis=1),
            "last": together("last").max(axis=1),
        }
    )


# --- where it runs ------------------------------------------------------------------------------


@contextmanager
def _scheduler(cluster: str):
    """Run what is inside on the scheduler asked for."""
    import dask

    if cluster == "threads":
        with dask.config.set(scheduler="threads"):
            yield
        return
    from distributed import Client, LocalCluster

    if cluster == "local":
        with LocalCluster(dashboard_address=None, processes=True) as here, Client(here):
            yield
        return
    if "://" not in str(cluster):
        raise DataError(
            f"cluster is {cluster!r} · allowed: None, 'local' or the address of a Dask scheduler, "
            "such as 'tcp://10.0.0.5:8786' · do: choose one"
        )
    try:
        client = Client(cluster, timeout=5)
    except (OSError, ValueError) as error:
        raise DataError(
            f"No Dask scheduler answers at {cluster} · allowed: the address it prints when it "
            "starts · do: start it (dask scheduler), or use cluster='local'"
        ) from error
    with client:
        yield


# --- parts of a log -----------------------------------------------------------------------------


def split_log(source: object, columns: dict[str, str]) -> list[Part]:
    """Return the parts that tasks read, in a fixed order."""
    if not isinstance(source, (str, Path)):
        plain = plain_frame(source, columns)
        step = max(1, min(_PART, -(-len(plain) // 2)))
        return [Part(plain.iloc[i : i + step]) for i in range(0, max(len(plain), 1), step)]
    files = _files(Path(source))
    if not files:
        raise DataError(
            f"No transaction log at {source} · allowed: {allowed_sources()}, a folder or a pattern "
            "· do: mend the path"
        )
    return [part for file in files for part in _file_parts(file)]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = path.glob("*") if path.is_dir() else path.parent.glob(path.name)
    return sorted(file for file in found if file.suffix.lower() in SUFFIXES)


def _file_parts(path: Path) -> list[Part]:
    if path.suffix.lower() != ".parquet":
        return [Part(path)]
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        told = pq.ParquetFile(path).metadata
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path.name} cannot be read: {error} · allowed: a Parquet file · do: write it anew"
        ) from error
    groups, parts, rows = [], [], 0
    for i in range(told.num_row_groups):
        groups.append(i)
        rows += told.row_group(i).num_rows
        if rows >= _PART:
            parts.append(Part(path, tuple(groups)))
            groups, rows = [], 0
    return [*parts, Part(path, tuple(groups))] if groups or not parts else parts


def look_at_part(part: Part, columns: dict[str, str], memory_limit: str) -> Look:
    """Look at one part (on a worker)."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, connect(memory_limit, folder) as connection:
        try:
            return look_at(connection, _open_part(connection, part, columns, folder))
        except duckdb.Error as error:
            raise unreadable(error) from error


def judge_part(
    part: Part, columns: dict[str, str], reading: Reading, memory_limit: str
) -> JudgedPart:
    """Read and judge one part (on a worker)."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, connect(memory_limit, folder) as connection:
        try:
            _open_part(connection, part, columns, folder)
            judge(connection, reading)
            counts = count_verdicts(connection)
            lines = connection.execute(lines_query(connection, counts, reading)).df()
        except duckdb.Error as error:
            raise unreadable(error) from error
    return JudgedPart(counts, lines)


def _open_part(connection, part: Part, columns: dict[str, str], folder: str) -> str | None:
    if isinstance(part.source, Path) and not part.row_groups:
        return open_log(connection, part.source, columns, folder)
    if part.row_groups:
        import pyarrow.parquet as pq

        table = pq.ParquetFile(part.source).read_row_groups(list(part.row_groups))
        register_table(connection, table, columns)
    else:
        register_plain(connection, part.source)
    return None
