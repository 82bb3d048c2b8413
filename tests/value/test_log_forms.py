"""How logs write dates, amounts and customer numbers: one log, many forms, one summary."""

from __future__ import annotations

import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.value.log.transactions import summarise_transactions
from cx_value.value.metrics.cohorts import retention_by_cohort

NAMES = {"customer": "customer", "date": "date", "amount": "amount"}
DAYS = pd.to_datetime(["2024-01-11", "2024-03-05", "2024-03-05", "2024-05-30", "2024-07-01"])
WHO = ["a", "a", "b", "b", "c"]
MONEY = [1234.5, 12.25, 1380.0, 7.1, 1752.0]
FORMS = {
    "iso": "%Y-%m-%d",
    "compact": "%Y%m%d",
    "slashes": "%Y/%m/%d",
    "dots": "%Y.%m.%d",
    "dots with a time": "%Y.%m.%d 10:00",
    "chinese": "%Y年%m月%d日",
    "chinese with a time": "%Y年%m月%d日 10:20:05",
    "chinese hours": "%Y年%m月%d日 10时20分",
    "twelve digits": "%Y%m%d1020",
    "fourteen digits": "%Y%m%d102005",
    "with a time": "%Y-%m-%d 23:59:59",
    "with a T": "%Y-%m-%dT10:20",
    "utc": "%Y-%m-%dT10:00:00Z",
    "offset": "%Y-%m-%dT20:00:00+08:00",
    "offset without colon": "%Y-%m-%d 20:00 +0800",
}


def summarise(log, **options):
    return summarise_transactions(log, **(NAMES | {"unit": "day", "end": "2024-12-31"} | options))


def log_of(dates=None, amounts=None, customers=None) -> pd.DataFrame:
    dates = [f"{day:%Y-%m-%d}" for day in DAYS] if dates is None else dates
    return pd.DataFrame({"customer": customers or WHO, "date": dates, "amount": amounts or MONEY})


def cohorts(summary):
    return retention_by_cohort(summary.days, customer="customer", date="date", period="Q").table()


@pytest.mark.parametrize("form", FORMS)
def test_a_date_is_the_same_day_in_every_form(form, tmp_path):
    right = summarise(log_of())
    log = log_of([day.strftime(FORMS[form]) for day in DAYS])
    log.to_csv(tmp_path / "log.csv", index=False)
    for source in (log, tmp_path / "log.csv"):
        found = summarise(source)
        pd.testing.assert_frame_equal(found.customers, right.customers, check_dtype=False)
        pd.testing.assert_frame_equal(cohorts(found), cohorts(right))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("text", ["2024-01-05T23:30:00-05:00", "2024-03-05T02:20+08:00",
                                  "2024-01-05T20:00:00.5Z", "2024-01-05 03:00:00 UTC"])  # fmt: skip
def test_a_moment_with_an_offset_falls_on_the_day_of_the_study(text, zone):
    log = pd.DataFrame({"customer": ["a"], "date": [text], "amount": [1.0]})
    typed = log.assign(date=pd.to_datetime(log["date"], utc=True))
    right = pd.Timestamp(typed["date"][0]).tz_convert(zone).date()
    for source in (log, typed):
        assert summarise(source, time_zone=zone).days["date"][0].date() == right


@pytest.mark.parametrize("machine", ["America/New_York", "Asia/Tokyo"])
def test_the_zone_of_the_machine_plays_no_part(machine, monkeypatch):
    import time

    monkeypatch.setenv("TZ", machine)
    time.tzset()
    log = log_of(["2024-01-11T23:30:00Z", "2024-03-05 00:10", "2024-03-05", "2024-05-30 23:50",
                  "2024-07-01"])  # fmt: skip
    assert summarise(log).days["date"].tolist() == list(DAYS)


AMOUNTS = {
    "decimal comma": ["1.234,50", "12,25", "1.380", "7,10", "1.752"],
    "thousands": ["1,234.50", "12.25", "1,380", "7.10", "1,752"],
    "currency": ["¥1,234.50", "¥12.25", "¥1,380.00", "7.1元", "￥1752"],
    "full width": ["１２３４．５", "１２．２５", "１３８０", "７．１", "１７５２"],
    "blanks": ["1 234,50", "12,25", "1 380,00", "7,1", "1752"],
}


@pytest.mark.parametrize("form", AMOUNTS)
def test_an_amount_is_the_same_money_in_every_form(form, tmp_path):
    right = summarise(log_of()).customers
    log = log_of(amounts=AMOUNTS[form])
    log.to_csv(tmp_path / "log.csv", index=False, sep=";")
    for source in (log, tmp_path / "log.csv"):
        pd.testing.assert_frame_equal(summarise(source).customers, right, check_dtype=False)


def test_an_amount_that_may_be_two_numbers_is_refused_by_name():
    log = log_of(amounts=["1.380", "1.752", "2.000", "3,125", "1.001"])
    with pytest.raises(DataError, match=r"5 numbers such as .* do: set transactions.decimal"):
        summarise(log)
    assert summarise(log.assign(amount=["1.380", "1.752", "2.000", "1.125", "1.001"]),
                     decimal=",").customers["spend"].sum() == 7258  # fmt: skip
    with pytest.raises(DataError, match="one currency"):
        summarise(log_of(amounts=["$1", "€2", "3", "4", "5"]))


def test_an_amount_beyond_all_money_is_counted_and_left_out():
    summary = summarise(log_of(amounts=["1e308", "12.25", "1380", "7.1", "1752"]))
    assert summary.log.set_index("step")["rows"]["amount_unparseable"] == 1
    assert summary.customers["spend"].sum() == pytest.approx(12.25 + 1380 + 7.1 + 1752)


@pytest.mark.parametrize("written", [["12000", "12000.0", "7", "7.0", "8"],
                                     ["00012000", "12000", "7", "007", "8"],
                                     [12000.0, 12000.0, 7.0, 7.0, 8.0],
                                     ["１２０００", "12000 ", "7", " 7", "8"]])  # fmt: skip
def test_a_customer_is_one_however_the_number_is_written(written, tmp_path):
    log = log_of(customers=written)
    assert set(summarise(log).customers["customer"].astype(str)) == {"12000", "7", "8"}
    log.to_csv(tmp_path / "log.csv", index=False)
    assert len(summarise(tmp_path / "log.csv")) == 3
    pd.testing.assert_frame_equal(
        summarise(tmp_path / "log.csv", cluster="threads").customers,
        summarise(tmp_path / "log.csv").customers,
    )


def test_numbers_of_one_length_keep_their_zeros():
    assert summarise(log_of(customers=["004", "004", "117", "117", "008"])).customers[
        "customer"
    ].tolist() == ["004", "008", "117"]


def test_stray_quotes_cost_their_own_lines_alone(tmp_path):
    lines = [f"c{k % 40:02d},2024-01-{1 + k % 28:02d},{k + 1}" for k in range(400)]
    right = lines.copy()
    for k in (100, 300):
        lines[k] = '"' + lines[k]
    path = tmp_path / "log.csv"
    path.write_text("customer,date,amount\n" + "\n".join(lines) + "\n")
    found = summarise(path)
    rows = found.log.set_index("step")["rows"]
    assert (rows["rows_read"], rows["line_unreadable"]) == (400, 2)
    assert found.customers["spend"].sum() == sum(range(1, 401)) - 101 - 301
    assert len(found) == 40 and len(right) == 400


def test_a_text_over_several_lines_is_one_row(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        'customer,date,amount,note\na,2024-01-01,5,"two\nlines, one note"\nb,2024-01-02,6,x\n'
    )
    rows = summarise(path).log.set_index("step")["rows"]
    assert (rows["rows_read"], rows["line_unreadable"], rows["purchases"]) == (2, 0, 2)
