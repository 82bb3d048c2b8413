"""Customer summary: against CDNOW's published summary and an independent account in plain Python.

Tolerances: the published summary (``reference/value_cdnow__published_summary.csv``, Fader & Hardie,
as shipped by PyPI ``lifetimes`` 0.11.3) is printed to two decimals, hence .005 and a rounding hair.
The plain-Python account is exact but for the order of summation, hence 1e-9.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_value.base.errors import DataError
from cx_value.base.words import Phrase
from cx_value.value.log.cleaning import STEPS
from cx_value.value.log.transactions import summarise_transactions

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).parents[1] / "reference"
CDNOW = ROOT / "data" / "cdnow"
NAMES = {"customer": "customer", "date": "date", "amount": "amount"}


def summarise(source, **options):
    return summarise_transactions(source, **(NAMES | options))


def rows_of(summary) -> dict[str, int]:
    return summary.log.set_index("step")["rows"].to_dict()


def assert_every_row_is_counted(summary, n_rows: int) -> None:
    rows = rows_of(summary)
    assert rows["rows_read"] == n_rows
    dropped = int(summary.log.loc[summary.log["dropped"], "rows"].sum())
    used = ("holdout", "same_day_merged", "purchases", "return_netted", "purchase_returned")
    assert dropped + sum(rows[step] for step in used) == n_rows
    assert summary.n_dropped == dropped
    assert summary.n_used + summary.n_dropped == n_rows
    assert rows["purchases"] == int((summary["frequency"] + 1).sum())


# --- published ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cdnow_sample():
    log = pd.read_csv(CDNOW / "transactions.csv", dtype={"customer": str})
    ids = pd.read_csv(CDNOW / "sample.csv", dtype=str)
    return log.merge(ids, on="customer")


def test_cdnow_sample_equals_the_published_summary(cdnow_sample):
    published = pd.read_csv(REFERENCE / "value_cdnow__published_summary.csv")
    summary = summarise(cdnow_sample, customer="sample", calibration_end="1997-09-30")
    mine = summary.table().assign(ID=lambda d: d["customer"].astype(int)).sort_values("ID")
    assert mine["ID"].tolist() == published["ID"].tolist()
    assert mine["frequency"].tolist() == published["x"].tolist()
    np.testing.assert_allclose(mine["recency"], published["t_x"], atol=0.00501)
    np.testing.assert_allclose(mine["age"], published["T"], atol=0.00501)
    np.testing.assert_allclose(mine["monetary"].fillna(0), published["zbar"], atol=0.00501)
    assert mine["monetary"].isna().tolist() == (published["x"] == 0).tolist()
    assert_every_row_is_counted(summary, 6919)
    # Fader & Hardie's holdout: 1,882 customer days in weeks 40 to 78.
    assert mine["frequency_holdout"].sum() == 1882
    assert set(mine["age_holdout"]) == {39.0}


def test_cdnow_full_counts_its_duplicates():
    summary = summarise(CDNOW / "transactions.csv")
    assert len(summary) == 23570
    assert rows_of(summary)["duplicate"] == 255
    assert summary.observed_until == pd.Timestamp("1998-06-30")
    assert summary["customer"].iloc[0] == "00001"
    assert_every_row_is_counted(summary, 69659)


def test_csv_parquet_workbook_and_frame_agree(cdnow_sample, tmp_path):
    few = cdnow_sample.head(400)
    few.to_csv(tmp_path / "log.csv", index=False)
    few.to_csv(tmp_path / "log.csv.gz", index=False)
    few.assign(date=pd.to_datetime(few["date"])).to_parquet(tmp_path / "log.parquet")
    few.to_excel(tmp_path / "log.xlsx", index=False)
    frame = summarise(few, calibration_end="1997-09-30")
    for name in ("log.csv", "log.csv.gz", "log.parquet", "log.xlsx"):
        other = summarise(tmp_path / name, calibration_end="1997-09-30")
        pd.testing.assert_frame_equal(frame.table(), other.table(), check_dtype=False)
        assert rows_of(frame) == rows_of(other)


# --- a log with one of each fault ---------------------------------------------------------------


DIRTY = [
    ("a", "2026-01-01", "10"),
    ("a", "2026-01-01", "10"),  # identical line
    ("a", "2026-01-15 13:05:00", "1,030.50"),
    ("a", "2026-01-15", "-5"),  # return
    ("", "2026-01-02", "7"),  # no customer
    ("b", "sometime", "7"),  # date
    ("b", "03/04/2026", "7"),  # date that could be two
    ("b", "2026-01-20", "five"),  # amount in words
    ("b", "20260122", "0"),  # voucher
    ("b", "2099-01-01", "7"),  # future
    ("c", "2026年1月5日", "8"),
]


def dirty(**options):
    return summarise(pd.DataFrame(DIRTY, columns=list(NAMES)), unit="day", **options)


def test_each_fault_is_counted_once():
    summary = dirty(returns="drop")
    assert rows_of(summary) == {
        "rows_read": 11,
        "filtered": 0,
        "line_unreadable": 0,
        "customer_missing": 1,
        "date_unparseable": 2,
        "amount_unparseable": 1,
        "currency_missing": 0,
        "date_after_end": 1,
        "amount_negative": 1,
        "amount_zero": 0,
        "return_unmatched": 0,
        "return_netted": 0,
        "purchase_returned": 0,
        "cost_missing": 0,
        "duplicate": 1,
        "customer_new_in_holdout": 0,
        "holdout": 0,
        "same_day_merged": 1,
        "purchases": 4,
    }
    amounts = summary.log.set_index("step")["amount"]
    assert amounts["amount_negative"] == -5
    assert amounts["customer_missing"] == 7
    table = summary.table().set_index("customer")
    assert table.loc["a", ["frequency", "recency", "age", "monetary"]].tolist() == [
        1, 14.0, 21.0, 1030.5]  # fmt: skip
    assert table.loc["a", "spend"] == 1050.5
    assert table.loc["b", "age"] == 0


def test_duplicates_and_zero_amounts_are_dropped_when_asked():
    summary = dirty(duplicates="drop", zero_amounts="drop", returns="drop")
    rows = rows_of(summary)
    assert (rows["duplicate"], rows["amount_zero"], rows["same_day_merged"]) == (1, 1, 0)
    assert summary.table()["customer"].tolist() == ["a", "c"]
    assert summary.table().loc[0, "spend"] == 1040.5
    assert_every_row_is_counted(summary, 11)


def test_date_format_reads_what_is_otherwise_refused():
    log = pd.DataFrame({"customer": ["a", "a"], "date": ["03/04/2026", "05/04/2026"], "amount": 1})
    with pytest.raises(DataError, match="date missing or unreadable 2"):
        summarise(log)
    day_first = summarise(log, unit="day", date_format="%d/%m/%Y")
    month_first = summarise(log, unit="day", date_format="%m/%d/%Y")
    assert day_first["recency"].tolist() == [2.0]
    assert month_first["recency"].tolist() == [61.0]


def test_broken_csv_lines_are_counted_and_gb18030_is_read(tmp_path):
    lines = [
        "customer,date,amount",
        "甲,2026-01-01,5",
        "too,many,fields,here",
        "乙,2026-01-03,6",
        "丙",
    ]
    path = tmp_path / "gb.csv"
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    summary = summarise(path)
    assert summary["customer"].tolist() == sorted(["甲", "乙"])
    assert rows_of(summary)["line_unreadable"] == 2
    assert_every_row_is_counted(summary, 4)


def test_holdout_accounts_for_customers_it_has_not_met():
    log = pd.DataFrame(
        {"customer": [1, 1, 2, 3, 3], "date": ["2026-01-01", "2026-02-10", "2026-01-05",
         "2026-02-01", "2026-02-02"], "amount": [1, 2, 3, 4, 5]})  # fmt: skip
    summary = summarise(log, unit="day", calibration_end="2026-01-31", end="2026-02-28")
    table = summary.table().set_index("customer")
    assert table["frequency"].to_dict() == {1: 0, 2: 0}
    assert table["frequency_holdout"].to_dict() == {1: 1, 2: 0}
    assert table["spend_holdout"].to_dict() == {1: 2.0, 2: 0.0}
    assert table["age_holdout"].tolist() == [28.0, 28.0]
    assert rows_of(summary)["customer_new_in_holdout"] == 2
    assert_every_row_is_counted(summary, 5)


# --- properties ---------------------------------------------------------------------------------

DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2025, 3, 1)).map(str)
ODD_TEXT = st.text(max_size=8) | st.sampled_from(["nan", "", " ", "NaT", "1e400", "inf", "-1", "²"])
CELL = {
    "customer": st.sampled_from(["a", "b", "c"]) | st.none() | st.text(max_size=3) | st.integers(),
    "date": DAYS | st.none() | ODD_TEXT | st.datetimes() | st.floats(),
    "amount": st.integers(-5, 50) | st.none() | ODD_TEXT | st.floats() | st.booleans(),
}
ROWS = st.lists(st.tuples(*CELL.values()), max_size=25)
QUICK = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def summary_or_message(source, **options):
    try:
        return summarise(source, **options)
    except DataError as error:
        assert all(word in str(error) for word in ("·", "allowed", "do:"))
        return None


@QUICK
@given(ROWS)
def test_a_dirty_frame_is_summarised_or_refused_and_never_loses_a_row(rows):
    summary = summary_or_message(pd.DataFrame(rows, columns=list(NAMES)))
    if summary is not None:
        assert_every_row_is_counted(summary, len(rows))


@QUICK
@given(st.lists(st.text(alphabet='ab,;"\t|2025-011 \r¥.\x00', max_size=20), max_size=12))
def test_a_dirty_file_is_summarised_or_refused(tmp_path, lines):
    path = tmp_path / "log.csv"
    good = ["customer,date,amount", "a,2025-01-01,3", "a,2025-01-09,4"]
    path.write_text("\n".join(good + lines), encoding="utf-8", newline="")
    summary = summary_or_message(path)
    if summary is not None:
        assert rows_of(summary)["purchases"] >= 1
        assert_every_row_is_counted(summary, rows_of(summary)["rows_read"])


@QUICK
@given(st.lists(st.text(alphabet="ab,;|2025-01 .¥甲", min_size=1, max_size=20), max_size=12))
def test_every_line_of_a_file_without_quotes_is_counted(tmp_path, lines):
    path = tmp_path / "log.csv"
    good = ["customer,date,amount", "a,2025-01-01,3"]
    path.write_text("\n".join(good + lines), encoding="utf-8", newline="")
    assert_every_row_is_counted(summarise(path), 1 + len(lines))


CLEAN = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 40), st.integers(0, 9)),
    min_size=1,
    max_size=40,
)


def plain_account(rows, until: int):
    """The definitions once more, in dictionaries."""
    days = defaultdict(lambda: defaultdict(float))
    for customer, day, amount in rows:
        days[customer][day] += amount
    for customer, spends in sorted(days.items()):
        first, last = min(spends), max(spends)
        again = [v for d, v in spends.items() if d != first]
        mean = sum(again) / len(again) if again else np.nan
        yield customer, len(again), last - first, until - first, mean


@QUICK
@given(CLEAN, st.randoms())
def test_summary_equals_a_plain_account_in_any_row_order(rows, random):
    until = max(day for _, day, _ in rows)
    expected = pd.DataFrame(
        plain_account(rows, until),
        columns=["customer", "frequency", "recency", "age", "monetary"],
    )
    random.shuffle(rows)
    origin = pd.Timestamp("2025-01-01")
    log = pd.DataFrame(rows, columns=list(NAMES))
    log["date"] = origin + pd.to_timedelta(log["date"], unit="D")
    mine = summarise(log, unit="day").table()[list(expected)]
    pd.testing.assert_frame_equal(mine, expected, check_dtype=False, rtol=1e-9)


@QUICK
@given(CLEAN, st.integers(0, 39), st.sampled_from(["keep", "drop"]))
def test_holdout_and_duplicates_keep_the_account(rows, cut, duplicates):
    origin = pd.Timestamp("2025-01-01")
    log = pd.DataFrame(rows, columns=list(NAMES))
    log["date"] = origin + pd.to_timedelta(log["date"], unit="D")
    ends = {"end": "2025-02-28", "calibration_end": origin + pd.Timedelta(days=cut)}
    summary = summary_or_message(log, **ends, duplicates=duplicates)
    if summary is not None:
        assert_every_row_is_counted(summary, len(rows))
        doubled = int(log.duplicated().sum())
        assert rows_of(summary)["duplicate"] == doubled


def test_dates_beyond_the_years_of_any_log_are_counted():
    odd = ["infinity", "-infinity", "9999-12-31", "290000-01-01", "0001-01-01", "1899-12-31"]
    log = pd.DataFrame({"customer": "a", "date": ["2026-01-01", *odd], "amount": 1})
    summary = summarise(log)
    rows = rows_of(summary)
    assert rows["date_unparseable"] == 6 and rows["date_after_end"] == 0
    assert summary.observed_until == pd.Timestamp("2026-01-01")
    assert_every_row_is_counted(summary, 7)


# --- refusals and words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "no-such.csv"}, "No transaction log at"),
        ({"source": 3}, "is a int"),
        ({"customer": "client"}, "no column for customer='client'"),
        ({"unit": "fortnight"}, "unit is 'fortnight'"),
        ({"end": "soon"}, "end is 'soon'"),
        ({"calibration_end": "2030-01-01"}, "calibration_end is 2030-01-01"),
        ({"end": "1990-01-01"}, "No purchase is left"),
        ({"source": pd.DataFrame(columns=list(NAMES))}, "it has no rows"),
        ({"duplicates": "maybe"}, "duplicates is 'maybe'"),
    ],
)
def test_bad_input_is_refused_in_words(change, message):
    source = pd.DataFrame(DIRTY, columns=list(NAMES))
    with pytest.raises(DataError, match=message):
        summarise(**({"source": source} | change))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "log.docx").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bad.parquet").write_text("not parquet")
    for name, message in (
        ("log.docx", "of the kind '.docx'"),
        ("empty.csv", "is empty"),
        ("bad.parquet", "cannot be read"),
    ):
        with pytest.raises(DataError, match=message):
            summarise(tmp_path / name)


def test_sentence_states_the_table():
    summary = dirty()
    for number in ("11", "6", "4", "3"):
        assert number in summary.sentence("en") and number in summary.sentence("zh")
    assert set(STEPS) == set(summary.log["step"])


def test_a_log_without_money_keeps_all_but_the_money(tmp_path):
    days = pd.date_range("2026-01-05", periods=60, freq="3D").strftime("%Y-%m-%d")
    paid = pd.DataFrame({"customer": [f"c{k % 7}" for k in range(60)], "date": days, "amount": 9.5})
    with_money = summarise_transactions(paid, customer="customer", date="date", amount="amount")
    paid.drop(columns="amount").to_csv(tmp_path / "log.csv", index=False)
    bare = summarise_transactions(
        tmp_path / "log.csv", customer="customer", date="date", amount=None
    )
    assert with_money.has_money and not bare.has_money
    same = ["frequency", "recency", "age"]
    assert bare.customers[same].equals(with_money.customers[same])
    assert bare.customers[["monetary", "spend"]].isna().all(axis=None)
    assert bare.days["spend"].isna().all() and bare.log["amount"].isna().all()
    assert "no amounts" in str(Phrase("purchases.rules", bare.facts()))
