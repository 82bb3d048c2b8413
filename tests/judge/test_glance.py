"""The first page's figures carry what they rest on."""

import pandas as pd
import pytest

from cx_value.judge.glance import SMALL_BASE, gather_glance


def metrics(n):
    return pd.DataFrame({
        "metric": ["csat", "churn_rate"], "estimate": [0.4, 0.2], "ci_low": [0.3, 0.1],
        "ci_high": [0.5, 0.3], "n": [n, 5000],
    })  # fmt: skip


INDEX = pd.DataFrame({
    "level": ["overall"], "node": ["CX"], "index": [66.0], "low": [64.0], "high": [68.0],
    "n": [400], "grade": ["good"], "reservations": ["reliability"],
})  # fmt: skip
LINK = pd.DataFrame({"group": None, "from": ["REL", "SAT"], "effect": "money",
                     "unit": "money_per_point", "estimate": [5.0, 25.0], "ci_low": [2.0, 20.0],
                     "ci_high": [8.0, 30.0]})  # fmt: skip


def reserved(**stored):
    of_money = stored.pop("of_money", ())
    told = gather_glance(stored, of_money=of_money, satisfaction="SAT")
    return told.table().set_index("figure").reservations


def test_the_money_is_that_of_satisfaction():
    told = gather_glance({"link": LINK}, satisfaction="SAT").table()
    assert told[["figure", "value"]].to_numpy().tolist() == [["money_per_point", 25.0]]
    assert told.n.isna().all()
    told = gather_glance({"link": LINK}, satisfaction="SAT", linked=421).table()
    assert told.n.tolist() == [421]  # the base of a figure is never left to be guessed
    assert gather_glance({"link": LINK}).table().empty


def test_a_figure_carries_the_reservations_of_what_it_rests_on():
    stored = {"experience_index": INDEX, "core_metrics": metrics(400), "link": LINK}
    plain, missed = reserved(**stored), reserved(**stored, of_money=["forecast"])
    assert plain.to_dict() == {
        "index": "reliability", "csat": "", "churn_rate": "", "money_per_point": "",
    }  # fmt: skip
    assert missed.to_dict() == {
        "index": "reliability", "csat": "", "churn_rate": "forecast",
        "money_per_point": "forecast",
    }  # fmt: skip


def test_a_metric_stands_beside_the_rival_with_the_highest_estimate():
    by_brand = pd.DataFrame({
        "metric": "csat", "brand": ["Ours", "Near", "Far"], "role": ["own", "rival", "rival"],
        "estimate": [0.4, 0.5, 0.3], "difference": [None, -0.1, 0.1],
        "diff_low": [None, -0.2, 0.0], "diff_high": [None, 0.01, 0.2],
    })  # fmt: skip
    told = gather_glance({"core_metrics": metrics(400), "brand_metrics": by_brand}).table()
    row = told.set_index("figure").loc["csat"]
    assert (row.rival, row.gap, row.gap_low, row.gap_high) == ("Near", -0.1, -0.2, 0.01)
    assert told.set_index("figure").rival.isna()["churn_rate"]


def test_a_small_base_is_told_from_its_bound_on():
    below = reserved(core_metrics=metrics(SMALL_BASE - 1))
    at = reserved(core_metrics=metrics(SMALL_BASE))
    assert below["csat"] == "base" and at["csat"] == ""


def tiers(churn):
    rows = {"tier": ["tier_high", "tier_all"], "customers": [200, 1000]}
    for name, value in (("churn", churn), ("at_risk", 5000 * churn)):
        rows |= {name: [9.0, value], f"{name}_low": value - 0.02, f"{name}_high": value + 0.02}
    return pd.DataFrame(rows)


def test_predicted_churn_and_value_at_risk_are_those_of_the_whole_customer_base():
    told = gather_glance({"value_tiers": tiers(0.3)}, of_money=["forecast"], churn_years=2)
    rows = told.table().set_index("figure")
    assert rows.loc["predicted_churn", ["value", "low", "high"]].tolist() == pytest.approx(
        [0.3, 0.28, 0.32]
    )
    assert rows.loc["value_at_risk", ["value", "low", "high"]].tolist() == pytest.approx(
        [1500, 1499.98, 1500.02]
    )
    assert (rows.n == 1000).all() and (rows.years == 2).all()
    assert (rows.reservations == "forecast").all()


def test_a_purchase_model_without_loss_has_no_row_on_the_first_page():
    assert gather_glance({"value_tiers": tiers(float("nan"))}).table().empty


def test_the_change_since_the_last_wave_stands_in_the_unit_of_its_figure():
    waves = pd.DataFrame({
        "measure": ["ALL", "csat", "nps"], "difference": [1.5, -3.0, 4.0], "low": [0.5, -6.0, -2.0],
        "high": [2.5, 0.0, 10.0], "clear": [True, False, False],
    })  # fmt: skip
    index = pd.DataFrame({"node": ["ALL"], "level": ["overall"], "index": [66.0], "low": [65.0],
                          "high": [67.0], "n": [300], "grade": ["good"]})  # fmt: skip
    metrics = pd.DataFrame({"metric": ["csat", "churn_rate"], "estimate": [0.3, 0.1],
                            "ci_low": [0.2, 0.0], "ci_high": [0.4, 0.2],
                            "n": [300, 300]})  # fmt: skip
    stored = {"experience_index": index, "core_metrics": metrics, "wave_changes": waves}
    found = gather_glance(stored).table().set_index("figure")
    assert found.change["index"] == 1.5 and found.changed["index"]
    assert found.change["csat"] == -0.03 and found.change_low["csat"] == -0.06
    assert pd.isna(found.change["churn_rate"])
    assert gather_glance({"experience_index": index}).table().change.isna().all()
