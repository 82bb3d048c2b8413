"""Returns, costs, currencies, time zones, gaps and the cluster: what a purchase log may carry.

Tolerances: amounts are whole numbers or quarters, so plain Python and the summary agree exactly;
gaps go through a square root, 1e-9. A cluster gives DuckDB's numbers bit for bit, because sums
within a day go in order of amount and those of a customer in order of time wherever they are made.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_value.base.errors import DataError
from cx_value.base.words import Phrase
from cx_value.value.log import cleaning
from cx_value.value.log.transactions import summarise_transactions
from cx_value.value.metrics.cohorts import retention_by_cohort
from cx_value.value.purchase.regularity import measure_regularity

ROOT = Path(__file__).resolve().parents[2]
CDNOW = ROOT / "data" / "cdnow" / "transactions.csv"
NAMES = {"customer": "customer", "date": "date", "amount": "amount"}
ORIGIN = pd.Timestamp("2025-01-01")
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def summarise(source, **options):
    return summarise_transactions(source, **(NAMES | {"unit": "day"} | options))


def rows_of(summary) -> dict[str, int]:
    return summary.log.set_index("step")["rows"].to_dict()


def assert_every_row_is_counted(summary, n_rows: int) -> None:
    rows = rows_of(summary)
    assert rows["rows_read"] == n_rows
    dropped = int(summary.log.loc[summary.log["dropped"], "rows"].sum())
    used = ("holdout", "same_day_merged", "purchases", "return_netted", "purchase_returned")
    assert dropped + sum(rows[step] for step in used) == n_rows
    assert (summary.n_dropped, summary.n_used) == (dropped, n_rows - dropped)


def log_of(rows, columns=("customer", "date", "amount")) -> pd.DataFrame:
    log = pd.DataFrame(rows, columns=list(columns))
    log["date"] = ORIGIN + pd.to_timedelta(log["date"], unit="D")
    return log


# --- returns ------------------------------------------------------------------------------------


def test_a_return_is_taken_off_the_latest_purchase_before_it():
    log = log_of(
        [("a", 0, 30), ("a", 10, 20), ("a", 20, 50), ("a", 12, -25),  # 20 of day 10, 5 of day 0
         ("b", 5, 40), ("b", 5, -15), ("b", 9, 10),  # same day
         ("c", 3, -8), ("c", 6, 9), ("c", 30, -9),  # before any purchase; then all of it
         ("d", 1, 6), ("d", 2, -10)]
    )  # fmt: skip
    summary = summarise(log, end="2025-03-01")
    table = summary.table().set_index("customer")
    assert list(table.index) == ["a", "b"]
    assert table.loc["a", ["frequency", "recency", "monetary", "spend"]].tolist() == [1, 20, 50, 75]
    assert table.loc["b", ["frequency", "recency", "monetary", "spend"]].tolist() == [1, 4, 10, 35]
    rows, amounts = rows_of(summary), summary.log.set_index("step")["amount"]
    assert (rows["return_netted"], rows["return_unmatched"], rows["purchase_returned"]) == (4, 1, 3)
    assert rows["amount_negative"] == 0
    assert amounts["return_netted"] == -(25 + 15 + 9 + 6)
    assert amounts["return_unmatched"] == -(8 + 4)
    assert_every_row_is_counted(summary, 12)
    told = summary.facts()
    assert (told["returns"], told["zeros_stripped"]) == (4, False)
    assert "to the cent" in str(Phrase("purchases.rules", told))
    left_out = summarise(log, end="2025-03-01", returns="drop")
    assert rows_of(left_out)["amount_negative"] == 5
    assert left_out.table()["customer"].tolist() == list("abcd")
    assert left_out.table()["frequency"].tolist() == [2, 1, 0, 0]
    assert_every_row_is_counted(left_out, 12)


def test_the_calibration_does_not_know_of_returns_in_the_holdout():
    rows = [("a", 0, 30), ("a", 5, 20), ("a", 40, 10), ("a", 41, -15), ("b", 1, 5), ("b", 50, -5)]
    log = log_of(rows)
    whole = summarise(log, calibration_end=ORIGIN + pd.Timedelta(days=31), end="2025-03-01")
    early = summarise(log[log["date"] < "2025-02-01"], end="2025-02-01")
    same = ["customer", "frequency", "recency", "age", "monetary", "spend"]
    pd.testing.assert_frame_equal(whole.table()[same], early.table()[same])
    assert whole.table()["frequency_holdout"].tolist() == [0, 0]
    found = rows_of(whole)
    assert (found["return_netted"], found["return_unmatched"]) == (1, 1)
    assert_every_row_is_counted(whole, 6)


SIGNED = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(-12, 12)),
    min_size=1,
    max_size=30,
)


def unit_by_unit(rows):
    """Returns once more: a return takes a purchase it equals, else the newest coins that are left.

    Every purchase is a pile of coins; the day's purchases come before the day's returns.
    """
    by_customer = defaultdict(list)
    for customer, day, amount in rows:
        by_customer[customer].append((day, amount < 0, abs(amount)))
    for customer, events in sorted(by_customer.items()):
        events.sort(key=lambda e: e[:2])
        free = {day for day, is_return, amount in events if not is_return and amount == 0}
        paid = {day for day, is_return, amount in events if not is_return and amount > 0}
        coins = []
        for day, is_return, amount in without_equal_pairs(events):
            for _ in range(amount):
                if not is_return:
                    coins.append(day)
                elif coins:
                    coins.pop()
        kept = sorted(set(coins) | (free - paid))
        if kept:
            again = [c for c in coins if c != kept[0]]
            mean = len(again) / (len(kept) - 1) if len(kept) > 1 else np.nan
            yield customer, len(kept) - 1, kept[-1] - kept[0], mean, float(len(coins))


def without_equal_pairs(events):
    """Leave out each return with the latest purchase before it of the same amount, if any."""
    gone = set()
    for i, (_, is_return, amount) in enumerate(events):
        earlier = [j for j in range(i) if events[j][1:] == (False, amount) and j not in gone]
        if is_return and amount and earlier:
            gone |= {i, earlier[-1]}
    return [event for i, event in enumerate(events) if i not in gone]


@QUICK
@given(SIGNED, st.randoms())
def test_netting_equals_a_count_coin_by_coin(rows, random):
    expected = list(unit_by_unit(rows))
    random.shuffle(rows)
    try:
        summary = summarise(log_of(rows), end="2025-03-01")
    except DataError as error:
        assert not expected and all(word in str(error) for word in ("·", "allowed", "do:"))
        return
    columns = ["customer", "frequency", "recency", "monetary", "spend"]
    pd.testing.assert_frame_equal(
        summary.table()[columns], pd.DataFrame(expected, columns=columns), check_dtype=False
    )
    assert_every_row_is_counted(summary, len(rows))


def test_a_return_is_taken_off_the_purchase_it_equals_to_the_cent():
    rows = [("a", 0, 19.99), ("a", 3, 40.0), ("a", 5, 19.99), ("a", 9, 25.0), ("a", 11, -19.99)]
    rows += [("b", 0, 0.1), ("b", 0, 0.2), ("b", 4, 30.0), ("b", 6, -0.2), ("b", 7, -5.0)]
    summary = summarise(log_of(rows), end="2025-03-01")
    days = summary.days.assign(day=lambda d: (d["date"] - ORIGIN).dt.days)
    assert days[days["customer"] == "a"]["day"].tolist() == [0, 3, 9]  # the latest such
    b = days[days["customer"] == "b"]
    assert b["day"].tolist() == [0, 4]
    assert b["spend"].tolist() == pytest.approx([0.1, 25.0], abs=1e-12)
    found = rows_of(summary)
    assert (found["return_netted"], found["purchase_returned"]) == (3, 1)
    assert_every_row_is_counted(summary, len(rows))


def test_a_return_on_the_calibration_day_belongs_to_the_calibration():
    cut = ORIGIN + pd.Timedelta(days=31)
    rows = [("a", 0, 30), ("a", 31, 20), ("a", 31, -20), ("a", 40, 10), ("b", 31, 5), ("b", 32, -5)]
    summary = summarise(log_of(rows), calibration_end=cut, end="2025-03-01")
    table = summary.table().set_index("customer")
    assert table["frequency"].to_dict() == {"a": 0, "b": 0}
    assert table["spend"].to_dict() == {"a": 30.0, "b": 5.0}
    assert table["frequency_holdout"].to_dict() == {"a": 1, "b": 0}
    assert rows_of(summary)["return_unmatched"] == 1  # b's, a day later


def test_every_return_of_the_simulated_bank_undoes_the_purchase_it_equals():
    log = ROOT / "data" / "bank-panel" / "transactions.csv"
    summary = summarise(log, end="2025-12-31")
    found = rows_of(summary)
    frame = pd.read_csv(log).dropna(subset="customer").drop_duplicates()
    given_back = int((frame.amount < 0).sum())
    assert given_back > 300
    assert found["return_netted"] == found["purchase_returned"] == given_back
    assert found["return_unmatched"] == 0


# --- the days -----------------------------------------------------------------------------------


@QUICK
@given(SIGNED)
def test_the_days_add_up_to_the_summary(rows):
    try:
        summary = summarise(log_of(rows), end="2025-03-01")
    except DataError:
        return
    days = summary.days.groupby("customer", as_index=False).agg(
        n=("date", "size"), first=("date", "min"), last=("date", "max"), spend=("spend", "sum")
    )
    table = summary.table()
    assert days["customer"].tolist() == table["customer"].tolist()
    assert (days["n"] - 1).tolist() == table["frequency"].tolist()
    assert days["first"].tolist() == table["first_purchase"].tolist()
    assert (days["last"] - days["first"]).dt.days.tolist() == table["recency"].tolist()
    assert days["spend"].tolist() == pytest.approx(table["spend"].tolist(), abs=1e-9)
    assert rows_of(summary)["purchases"] == len(summary.days)


@QUICK
@given(SIGNED)
def test_cohorts_counted_as_the_log_goes_by_are_those_of_its_days(rows):
    try:
        summary = summarise(log_of(rows), end="2025-03-01")
    except DataError:
        return
    for period in "WMQY":
        plain = retention_by_cohort(summary.days, period=period)
        streamed = retention_by_cohort(summary, period=period)
        pd.testing.assert_frame_equal(plain.table(), streamed.table(), check_dtype=False)
        assert plain.n_used == streamed.n_used


def test_cohorts_need_no_days_and_are_the_same_in_small_batches(monkeypatch):
    whole = summarise(CDNOW)
    monkeypatch.setattr(cleaning, "_BATCH", 1000)
    few = summarise(CDNOW, keep_days=False)
    assert len(few.days) == 0
    for period in "WMQY":
        pd.testing.assert_frame_equal(
            retention_by_cohort(whole.days, period=period).table(),
            retention_by_cohort(few, period=period).table(), check_dtype=False,
        )  # fmt: skip


# --- costs and currencies -----------------------------------------------------------------------


def test_costs_margins_and_what_returns_do_to_them():
    rows = [
        ("a", 0, 30, 12),
        ("a", 4, 20, 8),
        ("a", 6, -10, -4),
        ("b", 1, 10, None),
        ("c", 2, 8, 2),
    ]
    log = log_of(rows, ("customer", "date", "amount", "cost"))
    summary = summarise(log, cost="cost", end="2025-02-01")
    table = summary.table()
    assert list(table.columns[:5]) == ["customer", "frequency", "recency", "age", "monetary"]
    assert table["spend"].tolist() == [40.0, 10.0, 8.0]
    np.testing.assert_array_equal(table["cost"], [12 + 8 * 0.5, np.nan, 2])
    assert summary.margin == 1 - 18 / 48
    assert rows_of(summary)["cost_missing"] == 1
    assert_every_row_is_counted(summary, 5)
    as_margin = log.assign(share=1 - log["cost"] / log["amount"])
    by_share = summarise(as_margin, margin="share", end="2025-02-01")
    pd.testing.assert_frame_equal(by_share.table(), table)
    assert np.isnan(summarise(log, end="2025-02-01").margin)


def test_one_currency_is_named_and_several_need_rates():
    rows = [("a", 0, 10, "eur"), ("a", 9, 20, " EUR "), ("b", 3, 5, "EUR"), ("b", 4, 5, None)]
    log = log_of(rows, ("customer", "date", "amount", "money"))
    alone = summarise(log, currency="money")
    assert alone.currency == "EUR" and rows_of(alone)["currency_missing"] == 1
    assert_every_row_is_counted(alone, 4)
    log.loc[1, "money"] = "USD"
    with pytest.raises(DataError, match=r"2 currencies: EUR \(2 rows\) and USD \(1 rows\)"):
        summarise(log, currency="money")
    with pytest.raises(DataError, match="No rate for USD"):
        summarise(log, currency="money", rates={"EUR": 1})
    mixed = summarise(log, currency="money", rates={"eur": 1, "usd": 0.5})
    assert mixed.currency == "EUR"
    assert mixed.table()["spend"].tolist() == [20.0, 5.0]
    assert mixed.table().loc[0, "monetary"] == 10.0


# --- gaps ---------------------------------------------------------------------------------------


@QUICK
@given(SIGNED)
def test_gaps_are_those_of_the_purchase_days(rows):
    rows = [(customer, day, abs(amount)) for customer, day, amount in rows]
    table = summarise(log_of(rows), end="2025-03-01", unit="week").table().set_index("customer")
    days = defaultdict(set)
    for customer, day, _ in rows:
        days[customer].add(day / 7)
    for customer, own in days.items():
        gaps = np.diff(sorted(own))
        mean = gaps.mean() if len(gaps) else np.nan
        spread = gaps.std(ddof=1) if len(gaps) > 1 else np.nan
        found = table.loc[customer, ["gap_mean", "gap_sd", "gap_cv"]].astype(float)
        np.testing.assert_allclose(found, [mean, spread, spread / mean], rtol=1e-9, atol=1e-7)


def test_regularity_of_two_gaps_is_wheat_and_morrisons():
    """Their (1990) closed form: k = (1 - 4 V)/(8 V), V the variance of g1/(g1 + g2) about 1/2."""
    gaps = np.random.default_rng(4).gamma(2.0, 3.0, (800, 2))
    share = gaps[:, 0] / gaps.sum(axis=1)
    v = np.square(share - 0.5).mean()
    spread = gaps.std(axis=1, ddof=1) / gaps.mean(axis=1)
    frame = pd.DataFrame({"frequency": 2, "gap_mean": gaps.mean(axis=1), "gap_cv": spread})
    assert measure_regularity(frame).shape == pytest.approx((1 - 4 * v) / (8 * v), rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "words", "zh"), [(3.0, "more regularly", "规律"), (1.0, "at random times", "随机")]
)
def test_regularity_is_recovered_with_customers_of_any_pace(shape, words, zh):
    random, rows = np.random.default_rng(5), []
    for n in random.integers(2, 9, 1500):
        gaps = random.gamma(shape, random.gamma(1.0, 4.0), n)
        rows.append((n, gaps.mean(), gaps.std(ddof=1) / gaps.mean()))
    fit = measure_regularity(pd.DataFrame(rows, columns=["frequency", "gap_mean", "gap_cv"]))
    assert abs(fit.shape - shape) < 3 * fit.std_error
    assert fit.std_error < 0.1 * shape
    assert words in fit.sentence("en") and zh in fit.sentence("zh")
    assert f"{fit.shape:.2f}" in fit.sentence("en")


def test_regularity_refusals():
    with pytest.raises(DataError, match="lacks gap_mean, gap_cv"):
        measure_regularity(pd.DataFrame({"frequency": [1]}))
    even = pd.DataFrame({"frequency": [3] * 20, "gap_mean": 7.0, "gap_cv": 0.0})
    with pytest.raises(DataError, match="Only 5 customers"):
        measure_regularity(even.head(5))


@pytest.mark.parametrize(("cv", "kind"), [(0.0, "equal"), (0.001, "equal"), (3**0.5, "clumped")])
def test_gaps_at_their_limits_have_a_kind_and_no_shape(cv, kind):
    """Equal gaps need an endless shape; all gaps but one next to nothing, a shape of 0."""
    frame = pd.DataFrame({"frequency": [3] * 20, "gap_mean": 7.0, "gap_cv": cv})
    fit = measure_regularity(frame)
    assert (fit.facts()["kind"], fit.facts()["estimated"]) == (kind, False)
    assert np.isnan([fit.shape, fit.ci_low, fit.ci_high]).all() and fit.gap_median == 7
    for lang, word in (("en", "contract"), ("zh", "合同")):
        assert (word in fit.sentence(lang)) == (kind == "equal") and "nan" not in fit.sentence(lang)


# --- time zones ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "first", "frequency", "recency"),
    [("UTC", "2026-01-01", 2, 3.0), ("Asia/Shanghai", "2026-01-02", 1, 2.0)],
)
def test_a_moment_falls_on_the_day_of_the_zone_asked_for_in_every_file(
    tmp_path, zone, first, frequency, recency
):
    moments = ["2026-01-01T23:30:00+00:00", "2026-01-02T18:00:00+08:00", "2026-01-04T01:00:00Z"]
    text = pd.DataFrame({"customer": "a", "date": moments, "amount": 1.0})
    aware = text.assign(date=pd.to_datetime(moments, utc=True).tz_convert("America/New_York"))
    text.to_csv(tmp_path / "log.csv", index=False)
    aware.to_parquet(tmp_path / "log.parquet")
    for source in (text, aware, tmp_path / "log.csv", tmp_path / "log.parquet"):
        table = summarise(source, time_zone=zone).table()
        assert table["first_purchase"].tolist() == [pd.Timestamp(first)]
        assert table["frequency"].tolist() == [frequency]
        assert table["recency"].tolist() == [recency]
    plain = text.assign(date=["2026-01-01 23:30", "2026-01-02 18:00", "2026-01-04"])
    pd.testing.assert_frame_equal(
        summarise(plain).table(), summarise(plain, time_zone=zone).table()
    )


# --- the cluster --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler with one worker, reached by its address as one on another machine would be."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def assert_same(one, other):
    pd.testing.assert_frame_equal(one.table(), other.table(), check_exact=True)
    pd.testing.assert_frame_equal(one.log, other.log, check_exact=True)
    pd.testing.assert_frame_equal(one.members, other.members, check_exact=True)
    assert (one.notes, one.observed_until) == (other.notes, other.observed_until)


def test_a_cluster_gives_the_numbers_of_one_machine(scheduler):
    options = {"calibration_end": "1997-09-30", "unit": "week"}
    here = summarise(CDNOW, **options)
    assert_same(here, summarise(CDNOW, **options, cluster=scheduler))
    frame = pd.read_csv(CDNOW, dtype={"customer": str})
    assert_same(here, summarise(frame, **options, cluster=scheduler))


def test_a_folder_of_files_of_any_kind_equals_the_whole(tmp_path):
    log = pd.read_csv(CDNOW).sample(3000, random_state=1)
    random = np.random.default_rng(2)
    log["amount"] *= np.where(random.random(3000) < 0.1, -1, 1)
    log["cost"] = (log["amount"].abs() * 0.6).round(2)
    log["currency"] = np.where(log["customer"] % 2, "EUR", "USD")
    log["date"] = pd.to_datetime(log["date"])
    log.to_parquet(tmp_path / "whole.parquet", index=False)
    (tmp_path / "parts").mkdir()
    first = log.iloc[:1000]
    first.to_parquet(tmp_path / "parts" / "a.parquet", index=False, row_group_size=100)
    log.iloc[1000:2500].to_csv(tmp_path / "parts" / "b.csv", index=False)
    log.iloc[2500:].to_excel(tmp_path / "parts" / "c.xlsx", index=False)
    options = {"cost": "cost", "currency": "currency", "rates": {"USD": 1, "EUR": 1.25}}
    here = summarise(tmp_path / "whole.parquet", **options)
    parquet = summarise(tmp_path / "whole.parquet", **options, cluster="threads")
    assert_same(here, parquet)
    mixed = summarise(tmp_path / "parts", **options, cluster="threads")
    order = here.table().assign(customer=lambda d: d["customer"].astype("str"))
    order = order.sort_values("customer", ignore_index=True)
    pd.testing.assert_frame_equal(order, mixed.table(), check_exact=True)
    # Sums of the parts' sums: the last digits of the log's amounts may differ.
    pd.testing.assert_frame_equal(here.log, mixed.log, rtol=1e-12)
    assert_every_row_is_counted(mixed, 3000)


def test_cluster_refusals(tmp_path):
    for cluster, message in (
        ("somewhere", "cluster is 'somewhere'"),
        ("tcp://127.0.0.1:1", "No Dask scheduler answers"),
    ):
        with pytest.raises(DataError, match=message):
            summarise(CDNOW, cluster=cluster)
    with pytest.raises(DataError, match="No transaction log at"):
        summarise(tmp_path / "none", cluster="threads")
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(DataError, match="cannot be read"):
        summarise(tmp_path / "bad.parquet", cluster="threads")


# --- anything at all ----------------------------------------------------------------------------

TEXT = st.text(alphabet="ab1 .-,€2025é", max_size=10) | st.sampled_from(
    ["inf", "nan", "1e400", "-3"]
)
CELLS = {
    "customer": st.sampled_from(["a", "b", "7", "007"]) | st.none() | TEXT,
    "date": st.sampled_from(
        ["2025-01-01", "20250204", "2025-02-03T23:59:00+08:00", "2025/3/1", "2099-01-01"]
    ) | st.none() | TEXT,
    "amount": st.integers(-30, 50).map(str) | st.none() | TEXT,
    "cost": st.integers(0, 20).map(str) | st.none() | TEXT,
    "currency": st.sampled_from(["EUR", "usd", " usd "]) | st.none() | TEXT,
}  # fmt: skip
ANY_ROWS = st.lists(st.tuples(*CELLS.values()), max_size=20)
OPTIONS = st.fixed_dictionaries(
    {
        "returns": st.sampled_from(["net", "drop"]),
        "duplicates": st.sampled_from(["keep", "drop"]),
        "zero_amounts": st.sampled_from(["keep", "drop"]),
        "time_zone": st.sampled_from(["UTC", "Asia/Shanghai"]),
        "calibration_end": st.sampled_from([None, "2025-01-20"]),
        "cost": st.sampled_from([None, "cost"]),
        "currency": st.sampled_from([None, "currency"]),
        "rates": st.sampled_from([None, {"EUR": 1, "USD": 0.9}]),
    }
)


@QUICK
@given(ANY_ROWS, OPTIONS, st.sampled_from(["frame", "csv", "parquet", "xlsx"]))
def test_any_log_in_any_file_is_summarised_or_refused_in_words(tmp_path, rows, options, kind):
    log = pd.DataFrame(rows, columns=list(CELLS), dtype="str")
    path = tmp_path / f"log.{kind}"
    source = log if kind == "frame" else path
    if kind != "frame":
        write = {"csv": log.to_csv, "parquet": log.to_parquet, "xlsx": log.to_excel}[kind]
        write(path, index=False)
    try:
        summary = summarise(source, **options)
    except DataError as error:
        assert all(word in str(error) for word in ("·", "allowed", "do:"))
        return
    blank = sum(all(not cell for cell in row) for row in rows) if kind in ("csv", "xlsx") else 0
    assert len(rows) - blank <= rows_of(summary)["rows_read"] <= len(rows)
    assert_every_row_is_counted(summary, rows_of(summary)["rows_read"])
    table = summary.table()
    assert (table["frequency"] >= 0).all() and (table["recency"] <= table["age"]).all()
    assert table["customer"].is_unique and table["spend"].notna().all()


@settings(max_examples=8, deadline=None)
@given(ANY_ROWS, OPTIONS)
def test_any_log_on_a_cluster_is_that_of_one_machine(rows, options):
    log = pd.DataFrame(rows, columns=list(CELLS), dtype="str")
    found = []
    for cluster in (None, "threads"):
        try:
            found.append(summarise(log, **options, cluster=cluster))
        except DataError as error:
            found.append(str(error))
    if isinstance(found[0], str):
        assert found[0] == found[1]
    else:
        assert_same(*found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"returns": "refund"}, "returns is 'refund'"),
        ({"time_zone": "Mars/Base"}, "time_zone is 'Mars/Base'"),
        ({"cost": "amount", "margin": "amount"}, "both named"),
        ({"rates": {"EUR": 1}}, "no currency column"),
        ({"currency": "customer", "rates": {"a": -1}}, "rate of A is not positive"),
        ({"cost": "price"}, "no column for cost='price'"),
    ],
)
def test_bad_options_are_refused_in_words(change, message):
    with pytest.raises(DataError, match=message):
        summarise(log_of([("a", 0, 1), ("a", 3, 1)]), **change)
