"""Core metrics against base R (``reference/value_metrics.R``), stages against a plain count.

Tolerance 1e-12 for what is the same arithmetic; prop.test keeps its bounds within [0, 1] as we do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.value.log.transactions import summarise_transactions
from cx_value.value.metrics.cohorts import retention_by_cohort
from cx_value.value.metrics.core import (
    customer_satisfaction,
    growth_potential,
    net_promoter_score,
    purchase_engagement,
    repeat_purchase_rate,
    service_efficiency,
)
from cx_value.value.purchase.intervals import median_ranks, wilson_interval
from cx_value.value.worth.lifecycle import NEW, UNSEEN, StageRules, assign_stages, compare_stages

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).parents[1] / "reference"
FIGURES = ["estimate", "std_error", "ci_low", "ci_high", "n"]
TIMES = [3.5, 1.2, 8, 0.4, 2.2, 5.1, 12, 0.9, 2.8, 4.4, 1.1, 30, 2.5]


@pytest.fixture(scope="module")
def means():
    return pd.read_csv(REFERENCE / "value_metrics__means.csv").set_index("metric")


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(REFERENCE / "value_metrics__answers.csv")


@pytest.fixture(scope="module")
def cdnow():
    return summarise_transactions(
        ROOT / "data" / "cdnow" / "transactions.csv",
        customer="customer", date="date", amount="amount", calibration_end="1997-09-30",
    )  # fmt: skip


# --- base R -------------------------------------------------------------------------------------


def test_wilson_against_r():
    expected = pd.read_csv(REFERENCE / "value_metrics__wilson.csv")
    for level, rows in expected.groupby("level"):
        low, high = wilson_interval(rows["x"], rows["n"], level)
        np.testing.assert_allclose(low, rows["low"], atol=1e-12)
        np.testing.assert_allclose(high, rows["high"], atol=1e-12)


def row_of(metric, name):
    return metric.table().set_index("metric").loc[name, FIGURES].astype(float)


def test_satisfaction_with_missing_answers_against_r(answers, means):
    metric = customer_satisfaction(answers["csat"], satisfied_from=4)
    expected = means.loc["csat_mean", FIGURES].astype(float)
    np.testing.assert_allclose(row_of(metric, "csat_mean"), expected, rtol=1e-12)
    assert (metric.n_used, metric.n_dropped) == (14, 2)
    share = row_of(metric, "csat")
    assert share["estimate"] == 10 / 14
    low, high = wilson_interval(10, 14)
    assert (share["ci_low"], share["ci_high"]) == (low, high)


def test_net_promoter_score_against_r(answers, means):
    metric = net_promoter_score(answers["nps"])
    expected = means.loc["nps", FIGURES].astype(float)
    np.testing.assert_allclose(row_of(metric, "nps"), expected, rtol=1e-12)
    known = answers["nps"].dropna()
    p, d, n = (known >= 9).mean(), (known <= 6).mean(), len(known)
    closed = 100 * np.sqrt((p + d - (p - d) ** 2) / (n - 1))
    assert row_of(metric, "nps")["std_error"] == pytest.approx(closed)
    assert metric.n_dropped == 2


def test_service_efficiency_against_r(means):
    metric = service_efficiency(TIMES, target=3.0)
    found, expected = row_of(metric, "service_time_median"), means.loc["service_time_median"]
    assert found["estimate"] == expected["estimate"]
    assert (found["ci_low"], found["ci_high"]) == (expected["ci_low"], expected["ci_high"])
    assert row_of(metric, "service_within_target")["estimate"] == 7 / 13
    waiting = service_efficiency([*TIMES, None, None], target=3.0)
    assert row_of(waiting, "service_within_target")["estimate"] == 7 / 15
    assert row_of(waiting, "service_time_median")["estimate"] == 3.5
    assert "2 cases without a time" in str(waiting.notes[0])


def test_median_interval_covers_at_least_its_level():
    from scipy.stats import binom

    for n in (6, 9, 20, 101):
        low, high = median_ranks(n, 0.95)
        assert high == n + 1 - low
        assert binom.cdf(high - 1, n, 0.5) - binom.cdf(low - 1, n, 0.5) >= 0.95
        if low + 1 < high - 1:
            assert binom.cdf(high - 2, n, 0.5) - binom.cdf(low, n, 0.5) < 0.95


# --- from the log -------------------------------------------------------------------------------


def test_repeat_rate_and_engagement_of_cdnow(cdnow):
    rate = row_of(repeat_purchase_rate(cdnow), "repeat_purchase_rate")
    assert rate["estimate"] == 9451 / 23570
    often = row_of(purchase_engagement(cdnow), "engagement")
    frame = cdnow.table()
    assert often["estimate"] == pytest.approx(frame["frequency"].sum() / frame["age"].sum())
    random = np.random.default_rng(0)
    x, age = frame["frequency"].to_numpy(), frame["age"].to_numpy()
    picks = (random.integers(0, len(x), len(x)) for _ in range(600))
    ratios = [x[i].sum() / age[i].sum() for i in picks]
    # 600 resamples: relative error 2.9 %, so 12 % is four of them.
    assert often["std_error"] == pytest.approx(np.std(ratios), rel=0.12)


def test_growth_potential_is_a_ratio():
    row = row_of(growth_potential([2.0, 3.0, 1.0], [1.0, 2.0, 1.0]), "growth_potential")
    assert row["estimate"] == 1.5
    residual = np.array([0.5, 0.0, -0.5])
    assert row["std_error"] == pytest.approx(np.sqrt((residual**2).sum() / 6) / (4 / 3))


def test_retention_by_cohort_is_a_plain_count():
    log = pd.DataFrame(
        {"who": ["a", "a", "b", "c", "a", "c", None],
         "day": ["2026-01-05", "2026-02-01", "2026-01-20", "2026-02-10", "2026-03-03",
                 "2026-03-09", "2026-03-10"]}
    )  # fmt: skip
    metric = retention_by_cohort(log, customer="who", date="day")
    table = metric.table().set_index("group")
    assert table["estimate"].to_dict() == {"2026-01+1": 0.5, "2026-01+2": 0.5, "2026-02+1": 1.0}
    assert table["n"].to_dict() == {"2026-01+1": 2, "2026-01+2": 2, "2026-02+1": 1}
    assert (metric.n_used, metric.n_dropped) == (6, 1)
    assert metric.facts() == {"period": "M", "minimum": 1, "hidden": 0, "left_out": 0}


def test_shares_of_few_customers_are_not_in_the_triangle():
    days = ["2026-01-05"] * 20 + ["2026-02-05"] * 4 + ["2026-03-05"] * 12
    who = [*range(20), *range(4), *range(12)]
    late = pd.DataFrame({"who": [100, 101], "day": ["2026-02-07"] * 2})
    log = pd.concat([pd.DataFrame({"who": who, "day": days}), late])
    found = retention_by_cohort(log, customer="who", date="day", minimum_cell=5)
    triangle = found.triangle().set_index("cohort")
    assert triangle["customers"].to_dict() == {"2026-01": 20}
    assert (
        np.isnan(triangle.loc["2026-01", "after_1"]) and triangle.loc["2026-01", "after_2"] == 0.6
    )
    assert found.facts() == {"period": "M", "minimum": 5, "hidden": 1, "left_out": 1}
    told = retention_by_cohort(log, customer="who", date="day").triangle().set_index("cohort")
    assert told.loc["2026-01"].tolist() == [20, 0.2, 0.6]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: net_promoter_score([1, 11]), DataError, "1 answers on recommendation lie outside"),
        (lambda: net_promoter_score([]), DataError, "has no number"),
        (lambda: customer_satisfaction([None], satisfied_from=4), DataError, "has no number"),
        (lambda: service_efficiency([1, -1], target=2), DataError, "1 of 2 service times"),
        (lambda: growth_potential([1.0], [1.0, 2.0]), DataError, "1 expected and 2 past"),
        (lambda: growth_potential([1.0], [0.0]), DataError, "total of 0 below the line"),
        (
            lambda: retention_by_cohort(pd.DataFrame({"a": [1]}), customer="b", date="c"),
            DataError,
            "lack b, c",
        ),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- stages -------------------------------------------------------------------------------------


SEEN = pd.DataFrame(
    {"customer": list("abcdef"), "frequency": [0, 1, 2, 3, 5, 9],
     "monetary": [np.nan, 8.0, 60.0, 10.0, 70.0, 90.0]}
)  # fmt: skip
RULES = StageRules(retain_from=3, upgrade_spend=60)


def test_stages_follow_the_rules():
    plain = assign_stages(SEEN, rules=RULES)
    assert plain.stages.to_dict() == {
        "a": "attract", "b": "activate", "c": "activate", "d": "retain", "e": "upgrade",
        "f": "upgrade"}  # fmt: skip
    assert "lapsed" not in plain.table()["stage"].tolist()
    alive = pd.Series([0.9, 0.2, 0.9, 0.9, 0.5, 0.49], index=list("fedcba")[::-1])
    worn = assign_stages(SEEN, rules=RULES, probability_alive=alive)
    assert worn.stages[["b", "f"]].tolist() == ["lapsed", "lapsed"]
    assert worn.stages["e"] == "upgrade"


def test_value_is_summed_over_the_stages():
    values = pd.Series([1.0, 2, 4, 8, 16, 32], index=list("abcdef"))
    stages = assign_stages(SEEN, rules=RULES, values=values)
    table = stages.table().set_index("stage")
    assert table["total"].to_dict() == {"attract": 1, "activate": 6, "retain": 8, "upgrade": 48}
    assert table["total"].sum() == values.sum()
    assert table["customers"].tolist() == [1, 2, 1, 2]
    low, high = wilson_interval(2, 6)
    assert (table.loc["upgrade", "ci_low"], table.loc["upgrade", "ci_high"]) == (low, high)
    told = stages.facts()
    assert (told["richest"], told["value_share"]) == ("upgrade", 48 / 63)
    assert "growth (76.2%)" in stages.sentence("en") and "升级期（76.2%）" in stages.sentence("zh")


def test_small_stages_and_moves_are_withheld_with_what_would_tell_them():
    frame = pd.DataFrame({"customer": range(40), "monetary": 5.0,
                          "frequency": [0] * 20 + [1] * 2 + [4] * 18})  # fmt: skip
    values = pd.Series(1.0, index=range(40))
    rules = StageRules(upgrade_spend=50)
    before = assign_stages(frame, rules=rules, values=values, minimum_cell=5)
    shown = before.table().set_index("stage")
    assert shown["customers"].isna().to_dict() == {
        "attract": False, "activate": True, "retain": True, "upgrade": False}  # fmt: skip
    assert shown["total"].isna().sum() == 2
    after = assign_stages(frame.assign(frequency=[0] * 17 + [1] * 3 + [2] * 2 + [4] * 18),
                          rules=rules, minimum_cell=5)  # fmt: skip
    moves = compare_stages(before, after).table()
    small = moves["customers"].isna()
    # The small move out of each stage is hidden, and no row or column has one hidden cell alone
    # beside others that are shown.
    told = moves.assign(hidden=small).groupby("before")["hidden"].sum()
    assert told["attract"] == 2 and small[moves["before"] == "activate"].all()
    assert compare_stages(assign_stages(frame, rules=rules), after).table()["customers"].min() == 2


def test_default_upgrade_is_a_quantile_of_repeat_buyers():
    stages = assign_stages(SEEN)
    assert stages.rules.upgrade_spend == np.quantile([8, 60, 10, 70, 90], 0.75)
    assert stages.facts()["rules"]["upgrade_spend"] == 70


def test_transitions_count_moves_newcomers_and_missing():
    later = pd.DataFrame(
        {"customer": list("abcdexy"), "frequency": [1, 1, 4, 3, 5, 0, 1],
         "monetary": [5.0, 8.0, 61.0, 10.0, 20.0, np.nan, 9.0]}
    )  # fmt: skip
    moves = compare_stages(assign_stages(SEEN, rules=RULES), assign_stages(later, rules=RULES))
    counts = moves.table().set_index(["before", "after"])["customers"].to_dict()
    assert counts == {
        ("attract", "activate"): 1,
        ("activate", "activate"): 1,
        ("activate", "upgrade"): 1,
        ("retain", "retain"): 1,
        ("upgrade", "retain"): 1,
        ("upgrade", UNSEEN): 1,
        (NEW, "attract"): 1,
        (NEW, "activate"): 1,
    }
    shares = moves.table().groupby("before")["share"].sum()
    np.testing.assert_allclose(shares, 1.0)
    assert moves.matrix("customers").loc["upgrade", "retain"] == 1
    told = moves.facts()
    assert (told["customers"], told["stayed"]) == (6, 2 / 6)
    for lang in ("en", "zh"):
        assert "33.3%" in moves.sentence(lang)
    with pytest.raises(ModelError, match="different rules"):
        compare_stages(assign_stages(SEEN), assign_stages(later, rules=RULES))


def test_stage_refusals():
    with pytest.raises(DataError, match="lacks monetary"):
        assign_stages(SEEN.drop(columns="monetary"))
    with pytest.raises(DataError, match="1 customers have no value"):
        assign_stages(SEEN, values=pd.Series(1.0, index=list("abcde")))
    with pytest.raises(ModelError, match="Stage rules are"):
        StageRules(retain_from=1)
