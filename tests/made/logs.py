"""Purchase logs made at random, written in random ways, and the same customers counted simply.

The second computation walks over the lines with dictionaries: no DuckDB, no frames, nothing of the
project. Whatever the program says of a log that it accepts has to be this.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

BEGIN, END = dt.date(2024, 1, 1), dt.date(2024, 12, 31)
DATES = {
    "iso": "%Y-%m-%d", "compact": "%Y%m%d", "slashes": "%Y/%m/%d", "dots": "%Y.%m.%d",
    "chinese": "%Y年%m月%d日", "minutes": "%Y-%m-%d 10:20", "chinese minutes": "%Y年%m月%d日 10:20",
    "moment": "%Y-%m-%dT10:20:30", "utc": "%Y-%m-%dT10:20:30Z", "twelve": "%Y%m%d1020",
}  # fmt: skip
AMOUNTS = ("plain", "point", "comma", "yuan", "euro", "wide", "blanks", "whole")
SEPARATORS = {",": "csv", ";": "csv", "\t": "tsv", "|": "csv"}
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


@dataclass
class Log:
    """A log in a file, what it is called by, and what it is."""

    path: Path
    customers: dict[str, dict] = field(default_factory=dict)
    dropped: int = 0
    rows: int = 0
    may_be_refused: bool = False


def write_amount(cents: int, form: str) -> str:
    """Write money in a form; all but ``whole`` have two decimals, which settles the marks."""
    sign, value = "-" * (cents < 0), abs(cents) / 100
    grouped = f"{value:,.2f}"
    swapped = grouped.translate(str.maketrans(",.", ".,"))
    return {
        "plain": f"{sign}{value:.2f}", "point": sign + grouped, "comma": sign + swapped,
        "yuan": f"{sign}¥{grouped}", "euro": f"{sign}{swapped} €",
        "wide": sign + f"{value:.2f}".translate(_WIDE),
        "blanks": sign + swapped.replace(".", " "), "whole": f"{sign}{value:,.0f}",
    }[form]  # fmt: skip


def make_log(folder: Path, seed: int) -> Log:
    """Make one log of a seed: lines, form, file; and count its customers."""
    random = np.random.default_rng(seed)
    whole = (form := str(random.choice(AMOUNTS))) == "whole"
    lines = _make_lines(random, whole)
    date_forms = [str(d) for d in random.choice(list(DATES), random.integers(1, 4))]
    ids = str(random.choice(["letters", "padded", "numbers", "blanks"]))
    written = [
        (_write_id(who, ids), day.strftime(DATES[str(random.choice(date_forms))]),
         write_amount(cents, form))
        for who, day, cents in lines
    ]  # fmt: skip
    written, junk = _add_junk(random, written)
    log = Log(_write_file(folder, random, written), dropped=junk, rows=len(written))
    log.customers = count_customers(lines, ids)
    log.may_be_refused = whole
    return log


def _make_lines(random, whole: bool) -> list[tuple[int, dt.date, int]]:
    """Return ``(customer, day, cents)``: purchases, free orders, returns, copies; in any order."""
    lines = []
    for who in range(1, int(random.integers(2, 25))):
        days = sorted(int(d) for d in random.integers(0, 365, random.integers(1, 9)))
        # Amounts of a customer differ, so that a return equals one purchase and no other.
        cents = random.choice(np.arange(1, 2000), len(days), replace=False) * 100
        cents = cents if whole else cents + random.integers(0, 100)
        own = [
            (who, BEGIN + dt.timedelta(days=d), int(c)) for d, c in zip(days, cents, strict=True)
        ]
        if random.random() < 0.15:
            own.append((who, BEGIN + dt.timedelta(days=days[0]), 0))
        if random.random() < 0.25 and days[-1] < 364:
            bought = int(random.integers(len(days)))
            later = BEGIN + dt.timedelta(days=int(random.integers(days[bought] + 1, 366)))
            own.append((who, later, -int(cents[bought])))
        if random.random() < 0.15:
            own.append(own[0])
        lines += own
    order = random.permutation(len(lines))
    return [lines[i] for i in order]


def _write_id(who: int, form: str) -> str:
    return {"letters": f"k{who}", "padded": f"{who:05d}", "numbers": str(1000 + who),
            "blanks": f" {1000 + who} "}[form]  # fmt: skip


def _add_junk(random, written: list[tuple[str, str, str]]) -> tuple[list, int]:
    """Put lines among the others of which one cell says nothing."""
    junk = [("", "2024-05-01", "5.00"), ("z1", "soon", "5.00"), ("z1", "2024-05-01", "n/a?"),
            ("z1", "2024-02-31", "5.00")]  # fmt: skip
    chosen = [junk[i] for i in random.integers(0, len(junk), random.integers(0, 3))]
    for line in chosen:
        written.insert(int(random.integers(len(written) + 1)), line)
    return written, len(chosen)


def _write_file(folder: Path, random, written: list[tuple[str, str, str]]) -> Path:
    separator = str(random.choice(list(SEPARATORS)))
    encoding = str(random.choice(ENCODINGS))
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=separator, quoting=csv.QUOTE_ALL if random.random() < 0.3 else 0
    )
    writer.writerow(["customer", "date", "amount", "shop"])
    writer.writerows([*line, str(random.choice(["北京店", "上海店"]))] for line in written)
    path = folder / f"log.{SEPARATORS[separator]}"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def count_customers(lines: list[tuple[int, dt.date, int]], ids: str) -> dict[str, dict]:
    """Count frequency, recency, age, spend and mean spend of repeat days, line by line."""
    by_customer = defaultdict(list)
    for who, day, cents in lines:
        by_customer[who].append((day, cents))
    counted = {}
    for who, own in by_customer.items():
        bought = [[day, cents] for day, cents in own if cents >= 0]
        for day, cents in sorted((d, c) for d, c in own if c < 0):
            equal = [line for line in bought if line[1] == -cents and line[0] <= day]
            bought.remove(max(equal, key=lambda line: line[0]))
        spend = defaultdict(int)
        for day, cents in bought:
            spend[day] += cents
        if not spend:
            continue
        days = sorted(spend)
        again = [spend[day] / 100 for day in days[1:]]
        counted[_write_id(who, ids).strip()] = {
            "frequency": len(again), "recency": (days[-1] - days[0]).days / 7,
            "age": (END - days[0]).days / 7, "spend": sum(spend.values()) / 100,
            "monetary": sum(again) / len(again) if again else None,
        }  # fmt: skip
    return counted
