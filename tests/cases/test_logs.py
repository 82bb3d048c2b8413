"""Logs as shops keep them: one history, written in many ways, gives one summary.

Right values are counted here from typed dates with pandas alone, or are those of the same log
written plainly; every kind goes over the formats a log may have.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.study import check_study, read_study
from cx_value.study.logs import read_service_log
from cx_value.value import retention_by_cohort, summarise_service, summarise_transactions
from cx_value.value.log.preview import preview_log

DATA = Path(__file__).parent / "data"
NAMES = {"customer": "customer", "date": "date", "amount": "amount"}


def summarise(name, end="2024-12-31", **options):
    return summarise_transactions(DATA / name, **NAMES, end=end, **options)


def cohorts(summary):
    return retention_by_cohort(summary.days, customer="customer", date="date", period="Q").table()


# --- dates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["iso", "compact", "mixed", "utc"])
def test_who_came_back_is_counted_alike_in_every_form_of_date(form):
    log = pd.read_csv(DATA / "dates_iso.csv", parse_dates=["date"])
    quarter = log["date"].dt.to_period("Q")
    first = quarter.groupby(log["customer"]).transform("min")
    table = cohorts(summarise(f"dates_{form}.csv")).set_index("group")
    assert len(table) == 3  # all began in the first quarter of four
    for later in (1, 2, 3):
        active = log.loc[quarter == first + later, "customer"].nunique()
        row = table.loc[f"2024Q1+{later}"]
        assert (row["estimate"], row["n"]) == (pytest.approx(active / 300), 300)


def test_slashes_in_a_third_of_the_dates_change_nothing():
    mixed = summarise("mixed_slashes.csv", end="1998-06-30")
    plain = pd.read_csv(DATA / "mixed_slashes.csv", dtype={"customer": str})
    plain["date"] = plain["date"].str.replace("/", "-")
    right = summarise_transactions(plain, **NAMES, end="1998-06-30")
    pd.testing.assert_frame_equal(mixed.customers, right.customers, check_dtype=False)
    pd.testing.assert_frame_equal(cohorts(mixed), cohorts(right))


# --- letters and lines ----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_chinese_body_under_a_plain_header_is_read(tmp_path, encoding, separator):
    log = pd.read_csv(DATA / "gb18030_log.csv", encoding="gb18030")
    log.to_csv(tmp_path / "log.csv", index=False, sep=separator, encoding=encoding)
    seen = preview_log(tmp_path / "log.csv", **NAMES)
    assert (seen.n_rows, sum(seen.unread.values())) == (len(log), 0)
    assert len(summarise_transactions(tmp_path / "log.csv", **NAMES)) == log["customer"].nunique()


SERVICE_STUDY = """\
title: T
transactions: {file: log.csv, end: 2024-12-31}
service_log: {file: svc.csv, minutes: minutes, complaint: complaint, target_minutes: 15}
"""


def test_a_service_log_in_gb18030_gives_its_complaints(tmp_path):
    (tmp_path / "study.yml").write_text(SERVICE_STUDY, encoding="utf-8")
    (tmp_path / "log.csv").write_bytes((DATA / "service_study_log.csv").read_bytes())
    (tmp_path / "svc.csv").write_bytes((DATA / "gb18030_service.csv").read_bytes())
    assert check_study(tmp_path) == []
    cases = read_service_log(read_study(tmp_path))
    right = pd.read_csv(DATA / "gb18030_service.csv", encoding="gb18030")
    assert cases["minutes"].tolist() == right["minutes"].tolist()
    service = (
        summarise_service(
            cases, customer="customer", minutes="minutes", complaint="complaint", target_minutes=15
        )
        .table()
        .set_index("metric")
    )
    assert service.loc["service_time_median", "estimate"] == right["minutes"].median()
    complained = (right["complaint"] == "是").sum()
    assert service.loc["complaint_rate", "estimate"] == pytest.approx(complained / 200)


def test_two_stray_quotes_cost_two_lines(tmp_path):
    plain = pd.read_csv(DATA / "mixed_slashes.csv", dtype=str).drop(index=[99, 899])
    plain["date"] = plain["date"].str.replace("/", "-")
    plain.to_csv(tmp_path / "log.csv", index=False)
    right = summarise_transactions(tmp_path / "log.csv", **NAMES, end="1998-06-30")
    found = summarise("stray_quotes.csv", end="1998-06-30")
    rows = found.log.set_index("step")["rows"]
    assert (rows["rows_read"], rows["line_unreadable"]) == (1251, 2)
    pd.testing.assert_frame_equal(found.customers, right.customers, check_dtype=False)


# --- customers and money --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_customer_with_and_without_leading_zeros_is_one(tmp_path, kind):
    log = pd.read_csv(DATA / "leading_zeros.csv", dtype={"customer": str})
    path = tmp_path / f"log.{kind}"
    write = {"csv": log.to_csv, "parquet": log.to_parquet, "xlsx": log.to_excel}[kind]
    write(path, index=False)
    found = summarise_transactions(path, **NAMES, end="1998-06-30")
    assert len(found) == log["customer"].astype(int).nunique() == 400
    assert found["spend"].sum() == pytest.approx(log["amount"].sum())


def test_an_amount_beyond_all_money_is_no_money_and_check_says_so(tmp_path):
    found = summarise("beyond_money.csv", end="1998-06-30")
    amounts = pd.read_csv(DATA / "beyond_money.csv")["amount"]
    assert found["spend"].sum() == pytest.approx(amounts[amounts < 1e300].sum())
    assert found.log.set_index("step")["rows"]["amount_unparseable"] == 2
    (tmp_path / "study.yml").write_text(
        "title: T\ntransactions: {file: log.csv}\n", encoding="utf-8"
    )
    (tmp_path / "log.csv").write_bytes((DATA / "beyond_money.csv").read_bytes())
    assert not [f for f in check_study(tmp_path) if f.severity == "error"]


@pytest.mark.parametrize("mark", [".", ","])
@pytest.mark.parametrize("sign", ["", "¥", "€", "CNY "])
@pytest.mark.parametrize("thousands", ["", "mark", " ", "\u00a0", "'"])
def test_money_is_the_same_however_it_is_written(tmp_path, mark, sign, thousands):
    amounts = np.array([1752.5, 1380.0, 12.25, 1234567.89, 0.5, 999.99, 47477.0])
    between = {"mark": "," if mark == "." else "."}.get(thousands, thousands)

    def write(value):
        whole, cents = f"{value:,.2f}".split(".")
        return f"{sign}{whole.replace(',', between)}{mark}{cents}"

    log = pd.DataFrame(
        {"customer": list("abcdefg"), "date": "2024-05-01", "amount": [write(a) for a in amounts]}
    )
    log.to_csv(tmp_path / "log.csv", index=False, sep=";")
    found = summarise_transactions(tmp_path / "log.csv", **NAMES).customers
    assert found["spend"].tolist() == pytest.approx(amounts.tolist())
