"""Columns of numbers, answers, durations and dates written at random, and what was meant by them.

The second computation is the number itself, before it was written. A column may be refused where
its marks leave it open what they are; what is read has to be what was meant.
"""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from cx_value.study.answers import (
    convert,
    item_reader,
    number_reader,
    read_seconds,
    strip_seconds,
)
from cx_value.study.spec import Item, Scale

_WIDE = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
#: Decimal mark, mark of thousands.
MARKS = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (",", "\u202f"),
         (".", "'"), (",", "\u00a0"))  # fmt: skip
SIGNS = ("", "", "", "¥{}", "{} €", "${}", "CNY {}", "{}元", "£{}")
_THREE = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")


def write_number(value: int, decimals: int, marks: tuple[str, str]) -> str:
    """Write ``value`` / 10^decimals with a decimal mark and a mark of thousands."""
    text = f"{abs(value) / 10**decimals:,.{decimals}f}"
    decimal, thousands = marks
    return "-" * (value < 0) + text.translate({ord(","): thousands, ord("."): decimal})


def make_numbers(random) -> tuple[list[str], list[float], bool]:
    """Return cells, what they mean, and whether their marks leave that open."""
    decimals, size = int(random.choice([0, 1, 2, 2, 2, 3, 4])), int(random.integers(1, 8))
    marks = MARKS[random.integers(len(MARKS))]
    n = int(random.integers(1, 12))
    values = random.integers(0, 10 ** (size + decimals), n)
    values = np.where(random.random(n) < 0.1, -values, values)
    plain = [write_number(int(v), decimals, marks) for v in values]
    sign, wide = SIGNS[random.integers(len(SIGNS))], random.random() < 0.1
    cells = []
    for text in plain:
        minus, text = text.startswith("-"), text.removeprefix("-")
        form = random.choice(["-{}", "({})"]) if minus else "{}"
        text = form.format(sign.format(text) if sign else text)
        cells.append(text.translate(_WIDE) if wide else text)
    marked = [text for text in plain if re.search(r"[.,]", text)]
    unsettled = all(_THREE.fullmatch(text) for text in marked)
    meant = [float(v) / 10**decimals for v in values]
    return cells, meant, bool(marked) and unsettled


def differ(cells, found: pd.Series, refused: pd.Series, meant, open_: bool) -> str:
    """Say which cell was read as something else, or refused though it says one thing."""
    if len(refused):
        return "refused" if open_ else f"{refused.iloc[0]!r} of {cells} refused"
    if not np.allclose(found.to_numpy(float), meant, rtol=1e-12, atol=1e-12, equal_nan=True):
        k = int(np.argmax(~np.isclose(found.to_numpy(float), meant, equal_nan=True)))
        return f"{cells[k]!r} of {cells} read as {found.iloc[k]} instead of {meant[k]}"
    return ""


def compare_numbers(seed: int) -> str:
    """Read a column of amounts, as a survey's weights and quantities are read."""
    cells, meant, open_ = make_numbers(np.random.default_rng(seed))
    column = convert(pd.Series(cells), number_reader(pd.Series(cells)))
    if open_ and not len(column.refused):  # settled by the rule of whole numbers below 1,000
        open_read = np.allclose(column.numbers, meant)
        return "" if open_read else "settled otherwise by its whole numbers"
    return differ(cells, column.numbers, column.refused, meant, open_)


# --- answers ------------------------------------------------------------------------------------

BLANKS = ("", " ", ".", "-", "NA", "n/a", "(跳过)", float("nan"), None)
SCALES = ((1, 4), (1, 5), (1, 7), (0, 10), (1, 10), (-3, 3), (0, 100))


def compare_answers(seed: int) -> str:
    """Read a column of answers: numbers, labels in two languages, gaps, codes of no answer."""
    random = np.random.default_rng(seed)
    low, high = SCALES[random.integers(len(SCALES))]
    ends = {float(low): {"en": "Not at all", "zh": "完全不"},
            float(high): {"en": "Very much", "zh": "非常"}}  # fmt: skip
    item = Item(name="q", label="Q", scale=Scale(minimum=low, maximum=high, labels=ends))
    codes, ranges = (999.0, -8.0, "weiß nicht"), [(200.0, 299.0)]
    cells, meant, coded, blank = [], [], 0, 0
    comma = random.random() < 0.3
    for _ in range(int(random.integers(3, 30))):
        kind = random.choice(["whole", "half", "label", "blank", "code", "range"],
                             p=[0.6, 0.08, 0.12, 0.1, 0.05, 0.05])  # fmt: skip
        value = float(random.integers(low, high + 1))
        if kind == "whole":
            cells.append(_write_whole(random, int(value), comma))
        elif kind == "half":
            value = min(value + 0.5, high)
            cells.append(f"{value:g}".replace(".", "," if comma else "."))
        elif kind == "label":
            value = float(random.choice([low, high]))
            text = ends[value][str(random.choice(["en", "zh"]))]
            cells.append(str(random.choice([text, f" {text} ", text.upper()])))
        else:
            value = np.nan
            blank, coded = blank + (kind == "blank"), coded + (kind != "blank")
            codes_of = (999, "999", 999.0, "-8", "weiß nicht", "Weiß Nicht")
            pool = {"blank": BLANKS, "code": codes_of, "range": (200, "250", 299.0)}[str(kind)]
            cells.append(pool[random.integers(len(pool))])
        meant.append(value)
    frame = pd.DataFrame({"q": pd.Series(cells, dtype=object)})
    raw = SimpleNamespace(frame=frame, value_labels={}, user_missing={"q": ranges}, decimal=None)
    study = SimpleNamespace(data=SimpleNamespace(missing_codes=codes, decimal="auto"))
    column = convert(frame["q"], item_reader(study, raw, item, "q"))
    if (column.n_blank, column.n_coded) != (blank, coded):
        return f"{column.n_blank} blank, {column.n_coded} coded of {cells}; {blank}, {coded} made"
    return differ(cells, column.numbers, column.refused, meant, False)


def _write_whole(random, value: int, comma: bool):
    plain, tail = str(value), ",0" if comma else ".00"
    forms = (value, float(value), plain, f" {plain} ", f"{plain}.0", plain.translate(_WIDE),
             plain + tail, np.int64(value))  # fmt: skip
    return forms[random.integers(len(forms))]


# --- durations ----------------------------------------------------------------------------------


def compare_durations(seed: int) -> str:
    """Read a column of durations: seconds, clocks, minutes and seconds in words."""
    random = np.random.default_rng(seed)
    n, cells = int(random.integers(3, 20)), []
    seconds = random.integers(1, random.choice([900, 8000, 100_000]), n)
    form = str(random.choice(["plain", "thousands", "unit", "words", "clock", "long clock"]))
    for value in map(int, seconds):
        minutes, rest = divmod(value, 60)
        hours, of_hour = divmod(minutes, 60)
        cells.append({
            "plain": str(value), "thousands": f"{value:,}",
            "unit": f"{value}{random.choice(['秒', ' s', ' sec', 'seconds'])}",
            "words": f"{hours}小时{of_hour}分{rest}秒" if hours else
                     f"{minutes}{random.choice(['分', ' min ', '分钟'])}{rest}秒",
            "clock": f"{minutes}:{rest:02d}", "long clock": f"{hours}:{of_hour:02d}:{rest:02d}",
        }[form])  # fmt: skip
    reader = number_reader(pd.Series(cells), strip=strip_seconds)
    column = convert(pd.Series(cells), lambda text: read_seconds(text, reader))
    open_ = form == "thousands" and not any(len(c) < 4 or c.count(",") > 1 for c in cells)
    if form == "thousands" and len(column.refused):
        marked = [c for c in cells if "," in c]
        short = [len(c) for c in cells if "," not in c]
        open_ = all(_THREE.fullmatch(c) for c in marked) and max(short, default=0) < 3
    return differ(cells, column.numbers, column.refused, list(map(float, seconds)), open_)


# --- dates --------------------------------------------------------------------------------------

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin")
FORMS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M",
         "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H时%M分", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M",
         "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d %H:%M",
         "%Y-%m-%d %H:%M:%S.250")  # fmt: skip
OFFSETS = ("Z", "+08:00", "-05:00", "+0530", "+02", " UTC", "-11:30")
MINUTES = {"Z": 0, " UTC": 0, "+08:00": 480, "-05:00": -300, "+0530": 330, "+02": 120,
           "-11:30": -690}  # fmt: skip


def make_dates(random, n: int, zone: str) -> tuple[list[str], list[dt.date]]:
    """Return moments written in many forms, and the day each falls on in the zone."""
    cells, days = [], []
    for _ in range(n):
        past = dt.timedelta(seconds=int(random.integers(0, 8 * 10**8)))
        moment = dt.datetime(2005, 1, 1) + past
        form, day = str(random.choice(FORMS)), moment.date()
        text = moment.strftime(form)
        zoned = "%H" in form and "时" not in form and not form.startswith("%Y%m%d%H")
        if zoned and random.random() < 0.3:
            offset = str(random.choice(OFFSETS))
            text += offset
            aware = (moment - dt.timedelta(minutes=MINUTES[offset])).replace(tzinfo=dt.UTC)
            day = aware.astimezone(ZoneInfo(zone)).date()
        if random.random() < 0.3:
            text = re.sub(r"(?<=[-/.年月])0(?=\d[-/.月日 T]|\d$)", "", text)
        if random.random() < 0.1:
            text = f" {text} "
        cells.append(text)
        days.append(day)
    return cells, days


def compare_dates(seed: int, n: int = 1000) -> list[str]:
    """Read so many dates in one zone; return what is wrong, one text a date."""
    import duckdb

    from cx_value.value.log.dates import day_of

    random = np.random.default_rng(seed)
    zone = ZONES[random.integers(len(ZONES))]
    cells, days = make_dates(random, n, zone)
    connection = duckdb.connect()
    connection.register("given", pd.DataFrame({"i": range(n), "date": cells}))
    day = day_of("date", "VARCHAR", date_format=None, time_zone=zone)
    found = connection.execute(f"SELECT {day} FROM given ORDER BY i").fetchall()
    read = zip(cells, [row[0] for row in found], days, strict=True)
    return [f"{cell!r} in {zone}: {got} instead of {right}" for cell, got, right in read
            if got != right]  # fmt: skip


def compare_amounts(seed: int, connection) -> str:
    """Read a column of amounts as the log reader does, in SQL."""
    from cx_value.base.errors import DataError
    from cx_value.value.log.amounts import (
        find_shapes,
        number_of,
        refuse_open_marks,
        settle_format,
    )

    cells, meant, open_ = make_numbers(np.random.default_rng(seed))
    connection.register("raw", pd.DataFrame({"i": range(len(cells)), "amount": cells}))
    try:
        shapes = find_shapes(connection, "amount", None)
        form = settle_format("amount", shapes, "auto", None)
        refuse_open_marks(connection, "amount", "VARCHAR", form)
    except DataError as error:
        return "refused" if open_ else f"{cells}: {error}"
    sql = number_of("amount", "VARCHAR", form)
    found = connection.execute(f"SELECT {sql} FROM raw ORDER BY i").fetchall()
    numbers = pd.Series([row[0] for row in found], dtype=float)
    if open_ and not numbers.isna().any() and not np.allclose(numbers, meant):
        return "settled otherwise by its whole numbers"
    return differ(cells, numbers, pd.Series(cells)[numbers.isna()], meant, open_)
