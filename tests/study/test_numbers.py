"""One rule for reading a number: as people in many countries write it, decided per column."""

import random
import re

import pandas as pd
import pytest

from cx_value.study.answers import number_reader
from cx_value.study.numbers import CURRENCY, MEANT, WRITTEN, Refused, decide_format


def read(cells, **known):
    """Read a column; a refused cell becomes the reason why."""
    form = decide_format(cells, **known)
    values = []
    for cell in cells:
        try:
            values.append(form.read(cell))
        except Refused as refusal:
            values.append(refusal.reason)
    return values


COLUMNS = [
    # cells, what is known beside them, values
    (["1,752", "898"], {}, [1752, 898]),
    (["1.752", "898"], {}, [1752, 898]),
    (["1,752", "2,012"], {}, ["open", "open"]),
    (["1,752", "2,012"], {"file_decimal": "."}, [1752, 2012]),
    (["1,752", "2,012"], {"decimal": ","}, [1.752, 2.012]),
    (["1,752", "2,012"], {"decimal": "."}, [1752, 2012]),
    (["1.752", "2.012"], {}, ["open", "open"]),
    (["1.752", "2.012"], {"file_decimal": "."}, [1.752, 2.012]),
    (["1.752", "2.012"], {"file_decimal": ","}, ["open", "open"]),
    (["1.752", "2.012"], {"decimal": ","}, [1752, 2012]),
    (["1,752", "0,950"], {}, [1.752, 0.95]),
    (["1,752", "12,5"], {}, [1.752, 12.5]),
    (["1,752", "12.5"], {}, [1752, 12.5]),
    (["1.380,50", "1.380", "16"], {}, [1380.5, 1380, 16]),
    (["12,5", "12.5", "1,234"], {}, [12.5, 12.5, "open"]),
    (["1,752", "1.752"], {}, ["open", "open"]),
    (["1,234,567", "1,752"], {}, [1234567, 1752]),
    (["12,34,567.50", "1,752"], {}, [1234567.5, 1752]),
    (["¥1,234.00", "￥１，２３４．５", "-¥5", "¥-5", "(¥7)", "8-"], {},
     [1234, 1234.5, -5, -5, -7, -8]),
    (["1 234,50", "1\u00a0234", "1\u202f234,5"], {}, [1234.5, 1234, 1234.5]),
    (["1'234.50", "1’234"], {}, [1234.5, 1234]),
    (["−12.5", "＋３"], {}, [-12.5, 3]),
    (["1.234,5 €", "EUR 7", "8 Euro"], {}, [1234.5, 7, "text"]),
    (["$5", "¥5", "5"], {}, ["currency", "currency", 5]),
    (["12 %", "0", "3.5%"], {}, [0.12, 0, 0.035]),
    (["12%", "100%"], {"percent_unit": 1.0}, [12, 100]),
    (["12%", "4"], {}, ["percent", 4]),
    (["3,500", "4"], {"below_thousand": True}, [3.5, 4]),
    (["12,5", "12.5"], {"decimal": ","}, [12.5, "text"]),
    (["1e5", "1.234e5", "9" * 500, "1e400"], {}, [1e5, 123400, "large", "large"]),
    (["1,23,4", "1,2345,678", "--5", "(-5)", "5 5", "1.2万", "", "-", "0x1f", "1_000"], {},
     ["text"] * 10),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "known", "values"), COLUMNS)
def test_column(cells, known, values):
    assert (
        read(cells, **known) == pytest.approx(values)
        if _numbers(values)
        else (read(cells, **known) == values)
    )


def _numbers(values):
    return all(not isinstance(value, str) for value in values)


WAYS = {
    "plain": lambda x: f"{x:.2f}",
    "english": lambda x: f"{x:,.2f}",
    "german": lambda x: f"{x:,.2f}".translate(str.maketrans(",.", ".,")),
    "french": lambda x: f"{x:,.2f}".translate(str.maketrans(",.", "\u202f,")),
    "swiss": lambda x: f"{x:,.2f}".replace(",", "’"),
    "yuan": lambda x: f"¥{x:,.2f}",
    "full width": lambda x: f"{x:,.2f}".translate(
        str.maketrans("0123456789,.", "０１２３４５６７８９，．")
    ),
    "brackets": lambda x: f"({x:,.2f})",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("file_decimal", [None, ".", ","])
@pytest.mark.parametrize("upto", [10, 1000, 1e7])
def test_every_country_reads_back(way, file_decimal, upto):
    draw = random.Random(f"{way}{upto}")
    numbers = [round(draw.uniform(0, upto), 2) for _ in range(200)]
    sign = -1 if way == "brackets" else 1
    cells = [WAYS[way](number) for number in numbers]
    assert read(cells, file_decimal=file_decimal) == pytest.approx([sign * x for x in numbers])


@pytest.mark.parametrize("decimals", range(6))
@pytest.mark.parametrize("mark", [".", ","])
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("trimmed", [True, False])
def test_never_a_wrong_number(decimals, mark, grouped, trimmed):
    """With any count of decimals, grouped or not: the value, or a refusal; nothing else."""
    draw = random.Random(f"{decimals}{mark}{grouped}{trimmed}")
    for scale in (1, 50, 2000, 1e6):
        numbers = [round(draw.uniform(0, scale), decimals) for _ in range(60)]
        cells = [f"{x:,.{decimals}f}" if grouped else f"{x:.{decimals}f}" for x in numbers]
        if trimmed and decimals:
            cells = [cell.rstrip("0").rstrip(".") for cell in cells]
        if mark == ",":
            cells = [cell.translate(str.maketrans(",.", ".,")) for cell in cells]
        for cell, number, value in zip(cells, numbers, read(cells), strict=True):
            assert value == pytest.approx(number) or isinstance(value, str), cell
        declared = read(cells, decimal=mark)
        assert declared == pytest.approx(numbers)


def test_shapes_of_a_column_decide_like_the_column():
    """A large column may come with its digits 1 to 8 written 9: its few shapes are enough."""
    for cells, known, _ in COLUMNS:
        shapes = {cell.translate(str.maketrans("12345678", "99999999")) for cell in cells}
        known = {key: value for key, value in known.items() if key != "percent_unit"}
        column, short = decide_format(cells, **known), decide_format(shapes, **known)
        assert (column.comma, column.point) == (short.comma, short.point)


def test_numbers_that_a_file_stores_are_not_read_again():
    """A workbook's 1.125 is no text, whatever the texts beside it mean by a point."""
    cells = pd.Series([1.125, "1.234.567", "1.125.000", 898], dtype=object)
    reader = number_reader(cells)
    assert [reader(text) for text in ("1.125", "1.234.567", "898")] == [1.125, 1234567, 898]


def test_tables_of_characters_fit():
    assert len(WRITTEN) == len(MEANT)
    assert re.compile(CURRENCY, re.IGNORECASE).fullmatch("rmb")


SERVICE = """
title: T
transactions: {file: log.csv}
service_log: {file: log.csv, minutes: took}
"""


def test_minutes_of_a_service_log_are_read_by_the_same_rule(tmp_path):
    from cx_value.base.errors import FaultsError
    from cx_value.study import read_study
    from cx_value.study.logs import read_service_log

    (tmp_path / "study.yml").write_text(SERVICE, encoding="utf-8")
    head = "customer;date;amount;took\n"
    (tmp_path / "log.csv").write_text(head + "a;2025-01-01;1;12,5\nb;2025-01-02;2;1.752\n")
    minutes = read_service_log(read_study(tmp_path / "study.yml"))["took"]
    assert minutes.tolist() == [12.5, 1752]
    (tmp_path / "log.csv").write_text(head + "a;2025-01-01;1;soon\n")
    with pytest.raises(FaultsError, match="'soon'"):
        read_service_log(read_study(tmp_path / "study.yml"))
