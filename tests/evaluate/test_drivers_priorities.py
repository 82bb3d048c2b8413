"""Priorities: the stated rule, what each row joins, and what takes sureness away."""

import numpy as np
import pandas as pd
import pytest

from cx_value.judge.priorities import next_step, prioritise

PLACES = pd.DataFrame(
    [
        ("A", 50.0, "concentrate", 0.95, 0.92, True), ("B", 52.0, "concentrate", 0.60, 0.90, False),
        ("C", 70.0, "keep_up", 0.99, 0.99, True), ("D", 72.0, "overkill", 0.99, 0.99, True),
        ("E", 49.0, "low_priority", 0.99, 0.99, True),
    ],
    columns=["lever", "performance", "quadrant", "kept", "kept_median", "steady"],
).assign(performance_low=40.0, performance_high=60.0)  # fmt: skip
EFFECTS = pd.DataFrame({
    "outcome": "LOY", "driver": list("ABCDE"), "slope": [0.3, 0.2, 0.25, 0.1, 0.01],
    "slope_low": [0.2, 0.1, 0.15, 0.02, -0.1], "slope_high": [0.4, 0.3, 0.35, 0.2, 0.1],
    "beyond_random": [True, True, True, True, False],
})  # fmt: skip


def test_the_rule_is_the_one_that_is_stated():
    base = {"beyond_random": True, "steady": True, "gap_high": np.nan,
            "effect_low": 0.1, "effect_high": 0.3, "large_effect": False}  # fmt: skip
    steps = {q: next_step({**base, "quadrant": q})
             for q in ("concentrate", "keep_up", "overkill", "low_priority")}  # fmt: skip
    assert steps == {"concentrate": "improve", "keep_up": "protect", "overkill": "hold",
                     "low_priority": "watch"}  # fmt: skip
    assert next_step({**base, "quadrant": "concentrate", "steady": False}) == "probe"
    assert next_step({**base, "quadrant": "keep_up", "effect_low": -0.1}) == "hold"
    assert next_step({**base, "quadrant": "keep_up", "effect_low": np.nan}) == "hold"
    assert next_step({**base, "quadrant": "overkill", "gap_high": -0.1}) == "catch_up"
    assert next_step({**base, "quadrant": "concentrate", "beyond_random": False}) == "watch"
    large = {q: next_step({**base, "quadrant": q, "large_effect": True}) for q in steps}
    assert large == {"concentrate": "improve", "keep_up": "protect", "overkill": "protect",
                     "low_priority": "probe"}  # fmt: skip


@pytest.mark.parametrize(("effect", "low", "step", "doubts"), [
    (0.5, 0.2, "probe", "importance"),   # large and clear: it matters, whatever the map says
    (0.5, -0.1, "watch", "effect"),      # large but not clear of zero
    (0.05, 0.01, "watch", ""),           # clear but below the mean of the levers
    (-0.5, -0.9, "watch", "effect"),     # a lever that would have to be lowered is none
])  # fmt: skip
def test_what_works_on_the_outcome_alone_is_not_overlooked(effect, low, step, doubts):
    effects = EFFECTS.assign(slope=[0.3, 0.2, 0.25, 0.1, effect], beyond_random=True,
                             slope_low=[0.2, 0.1, 0.15, 0.02, low], slope_high=0.9)  # fmt: skip
    table = prioritise(PLACES, effects, outcome="LOY", n_used=9).table().set_index("lever")
    assert table.step["E"] == step and table.doubts["E"] == doubts


def test_rows_join_what_is_known_and_stand_in_the_order_of_the_steps():
    index = pd.DataFrame({"node": ["A", "C"], "index": [51.5, 69.0], "low": [49.0, 66], "high":
                          [54.0, 72], "grade": ["poor", "fair"], "probability": [0.97, 0.8],
                          "reservations": ["alpha", ""]})  # fmt: skip
    gaps = pd.DataFrame({"node": ["C"], "rival": ["Other"], "gap": [-4.0], "low": [-6.0],
                         "high": [-2.0]})  # fmt: skip
    money = pd.DataFrame({"lever": ["A"], "estimate": [12.0], "ci_low": [-1.0], "ci_high": [25.0]})
    found = prioritise(PLACES, EFFECTS, outcome="LOY", n_used=100, index=index, gaps=gaps,
                       money=money)  # fmt: skip
    table = found.table().set_index("lever")
    assert list(table.index) == ["A", "C", "B", "D", "E"]
    assert list(table.step) == ["improve", "catch_up", "probe", "hold", "watch"]
    assert table.loc["A", "index"] == 51.5 and table.loc["B", "index"] == 52.0
    assert table.doubts["A"].split() == ["money", "alpha"] and table.sureness["A"] == "low"
    assert table.doubts["B"] == "quadrant" and table.sureness["B"] == "medium"
    assert table.sureness["D"] == "high" and np.isnan(table.money["B"])
    first = found.facts()["first"]
    assert [x["lever"] for x in first] == ["A", "C", "B"]
    assert first[1]["behind"] == {"rival": "Other", "gap": 4.0}


def test_a_models_total_effect_goes_before_the_slope():
    effects = EFFECTS.assign(total=[0.5, np.nan, 0.2, 0.1, 0.0], total_low=0.05, total_high=0.6)
    table = prioritise(PLACES, effects, outcome="LOY", n_used=9).table().set_index("lever")
    assert table.effect["A"] == 0.5 and table.effect_source["A"] == "total"
    assert table.effect["B"] == pytest.approx(0.2) and table.effect_source["B"] == "slope"


def test_what_effects_and_money_rest_on_takes_sureness_from_those_that_use_them():
    effects = EFFECTS.assign(total=[0.5, np.nan, 0.2, 0.1, 0.0], total_low=0.05, total_high=0.6)
    money = pd.DataFrame({"lever": ["A"], "estimate": [12.0], "ci_low": [1.0], "ci_high": [25.0]})
    found = prioritise(PLACES, effects, outcome="LOY", n_used=9, money=money,
                       of_model=["fit", "improper"], of_money=["forecast"])  # fmt: skip
    table = found.table().set_index("lever")
    assert table.doubts["A"].split() == ["fit", "improper", "forecast"]
    assert table.sureness["A"] == "low" and table.doubts["B"] == "quadrant"
    assert found.facts()["first"][0]["doubts"] == ["fit", "improper", "forecast"]
    plain = prioritise(PLACES, effects, outcome="LOY", n_used=9, money=money).table()
    assert plain.set_index("lever").doubts["A"] == ""


def test_within_a_step_money_goes_first_and_then_the_effect():
    places = PLACES.assign(quadrant="keep_up", steady=True)
    effects = EFFECTS.assign(beyond_random=True)
    money = pd.DataFrame({"lever": ["B", "D"], "estimate": [12.0, 30.0], "ci_low": [1.0, 1.0],
                          "ci_high": [25.0, 40.0]})  # fmt: skip
    found = prioritise(places, effects, outcome="LOY", n_used=9, money=money)
    assert list(found.table().lever) == ["D", "B", "A", "C", "E"]


def test_a_place_is_as_steady_as_the_less_steady_of_its_two_crosshairs():
    table = prioritise(PLACES, EFFECTS, outcome="LOY", n_used=9).table().set_index("lever")
    assert table.kept["A"] == 0.92 and table.kept["B"] == 0.60


@pytest.mark.parametrize(("low", "high", "clear"), [
    (0.1, 0.4, True), (-0.4, -0.1, True), (-0.1, 0.4, False), (0.0, 0.4, False),
])  # fmt: skip
def test_an_effect_and_money_are_clear_on_either_side_of_zero(low, high, clear):
    effects = EFFECTS.assign(slope_low=low, slope_high=high)
    money = pd.DataFrame({"lever": ["A"], "estimate": [0.2], "ci_low": [low], "ci_high": [high]})
    doubts = prioritise(PLACES, effects, outcome="LOY", n_used=9, money=money).table()
    found = set(doubts.set_index("lever").doubts["A"].split())
    assert found == (set() if clear else {"effect", "money"})


@pytest.mark.parametrize(("high", "behind"), [(-0.1, True), (0.0, False), (1.5, False)])
def test_a_rival_is_ahead_only_where_the_whole_interval_says_so(high, behind):
    gaps = pd.DataFrame({"node": ["A"], "rival": ["Other"], "gap": [-2.0], "low": [-5.0],
                         "high": [high]})  # fmt: skip
    found = prioritise(PLACES, EFFECTS, outcome="LOY", n_used=9, gaps=gaps)
    first = next(x for x in found.facts()["first"] if x["lever"] == "A")
    assert first["behind"] == ({"rival": "Other", "gap": 2.0} if behind else {})
