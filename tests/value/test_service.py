"""The service log against base R (``reference/value_service.R``), and churn by cohort.

Tolerance 1e-12: the same arithmetic. Medians and times are tested in ``test_value_metrics``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.value.metrics.cohorts import retention_by_cohort
from cx_value.value.metrics.service import summarise_service

REFERENCE = Path(__file__).parents[1] / "reference"
COLUMNS = {"customer": "customer", "first_contact": "first_contact", "complaint": "complaint"}
FIGURES = ["estimate", "std_error", "ci_low", "ci_high", "n"]


@pytest.fixture(scope="module")
def cases():
    return pd.read_csv(REFERENCE / "value_service__cases.csv")


def test_shares_of_cases_against_r(cases):
    expected = pd.read_csv(REFERENCE / "value_service__shares.csv").fillna({"group": ""})
    metric = summarise_service(cases, **COLUMNS, channel="channel", base_customers=200)
    found = metric.table().set_index(["metric", "group"])
    expected = expected.set_index(["metric", "group"])
    assert len(found) == len(expected) == 9
    np.testing.assert_allclose(
        found.loc[expected.index, FIGURES].astype(float), expected[FIGURES], rtol=1e-12
    )
    assert (metric.n_used, metric.n_dropped) == (240, 0)
    for lang, word in (("en", "Complaint rate"), ("zh", "投诉率")):
        assert word in metric.sentence(lang) and "*n* = 240" in metric.sentence(lang)


def test_times_by_channel_count_the_unresolved(cases):
    metric = summarise_service(
        cases, customer="customer", minutes="minutes", channel="channel", target_minutes=20
    )
    table = metric.table().set_index(["metric", "group"])
    within = table.loc["service_within_target"]
    assert within.loc["", "estimate"] == (cases["minutes"] <= 20).sum() / 240
    own = cases[cases["channel"] == "app"]["minutes"]
    assert within.loc["app", "estimate"] == (own <= 20).mean()
    ordered = np.sort(own.fillna(np.inf))
    assert table.loc[("service_time_median", "app"), "estimate"] == np.median(ordered)


def test_cases_of_one_customer_are_not_independent(cases):
    twice = pd.concat([cases, cases], ignore_index=True)
    one, two = (
        summarise_service(log, customer="customer", complaint="complaint").table().iloc[0]
        for log in (cases, twice)
    )
    assert two["n"] == 480
    for figure in ("estimate", "std_error", "ci_low", "ci_high"):
        assert two[figure] == pytest.approx(one[figure], rel=1e-12)


@pytest.mark.parametrize(
    ("yes", "no"), [(True, False), ("yes", "no"), ("是", "否"), ("1", "0"), (" True", "FALSE ")]
)
def test_yes_and_no_in_many_words(cases, yes, no):
    words = cases.assign(complaint=cases["complaint"].map({1: yes, 0: no}).astype(object))
    found = summarise_service(words, customer="customer", complaint="complaint").table()
    plain = summarise_service(cases, customer="customer", complaint="complaint").table()
    pd.testing.assert_frame_equal(found, plain)


def test_nobody_and_everybody_complaining_keeps_an_interval():
    log = pd.DataFrame({"who": [1, 1, 2, 3, 4], "bad": 0})
    row = summarise_service(log, customer="who", complaint="bad").table().iloc[0]
    assert row["estimate"] == 0 and row["ci_low"] == 0
    # four customers, not five cases, bear witness: Wilson's upper limit is z²/(n + z²)
    assert row["ci_high"] == pytest.approx(3.841458820694124 / (4 + 3.841458820694124))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"complaint": "grumble"}, "lacks grumble"),
        ({"minutes": "minutes"}, "target_minutes is None"),
        ({"complaint": "minutes", "first_contact": None}, "are neither yes nor no, such as"),
        ({"base_customers": 3}, "customers have a case, but base_customers is 3"),
    ],
)
def test_refusals(cases, change, message):
    with pytest.raises(DataError, match=message):
        summarise_service(cases, **(COLUMNS | change))


def test_churn_is_what_retention_leaves():
    log = pd.DataFrame(
        {"who": ["a", "a", "b", "c", "a", "c"],
         "day": ["2026-01-05", "2026-02-01", "2026-01-20", "2026-02-10", "2026-03-03",
                 "2026-03-09"]}
    )  # fmt: skip
    columns = {"customer": "who", "date": "day"}
    stay = retention_by_cohort(log, **columns).table()
    leave = retention_by_cohort(log, **columns, metric="churn_rate").table()
    assert set(leave["metric"]) == {"churn_rate"}
    np.testing.assert_allclose(leave["estimate"], 1 - stay["estimate"])
    np.testing.assert_allclose(leave["ci_low"], 1 - stay["ci_high"], atol=1e-12)
    with pytest.raises(ModelError, match="metric is 'joy'"):
        retention_by_cohort(log, **columns, metric="joy")
