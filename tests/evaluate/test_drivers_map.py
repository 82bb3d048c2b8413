"""The importance–performance map: quadrants counted by hand on a fixed set of draws."""

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.evaluate.drivers.map import (
    QUADRANTS,
    map_importance_performance,
    quadrants,
)
from cx_value.evaluate.drivers.relative import johnson_weights


def answers(n=250, seed=4):
    random = np.random.default_rng(seed)
    shared = random.normal(size=(n, 1))
    x = 60 + 12 * (0.6 * shared + random.normal(size=(n, 4))) + np.array([8, -6, 0, 2])
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame["y"] = frame @ np.array([0.5, 0.4, 0.05, 0.1]) + 8 * random.normal(size=n)
    return frame


def test_quadrants_of_a_map_by_hand():
    importance = np.array([0.4, 0.3, 0.2, 0.1])  # mean and median .25
    performance = np.array([70.0, 50, 40, 80])  # mean and median 60
    for rule in ("mean", "median"):
        found = [QUADRANTS[k] for k in quadrants(importance, performance, rule)]
        assert found == ["keep_up", "concentrate", "low_priority", "overkill"]
    skewed = np.array([0.7, 0.15, 0.1, 0.05])  # mean .25, median .125
    assert QUADRANTS[quadrants(skewed, performance, "mean")[1]] == "low_priority"
    assert QUADRANTS[quadrants(skewed, performance, "median")[1]] == "concentrate"


def test_stability_is_the_share_of_resamples_in_the_same_quadrant():
    frame, draws = answers(), 60
    table = map_importance_performance(frame, list("abcd"), "y", draws=draws, seed=5).table()
    rows = np.random.default_rng(5).integers(0, len(frame), (draws, len(frame)))

    def place(part, centre):
        correlations = np.corrcoef(part.to_numpy().T)
        weight = johnson_weights(correlations)
        share, mean = weight / weight.sum(), part[list("abcd")].mean().to_numpy()
        return [
            QUADRANTS[2 * int(s >= centre(share)) + int(m >= centre(mean))]
            for s, m in zip(share, mean, strict=True)
        ]

    for rule, columns in (("mean", ("quadrant", "kept")),
                          ("median", ("quadrant_median", "kept_median"))):  # fmt: skip
        centre = getattr(np, rule)
        assert table[columns[0]].tolist() == place(frame, centre)
        again = np.array([place(frame.iloc[drawn], centre) for drawn in rows])
        kept = (again == np.array(table[columns[0]])).mean(axis=0)
        np.testing.assert_allclose(table[columns[1]], kept, atol=1e-12)


def test_stated_importance_has_a_map_of_its_own():
    frame = answers()
    stated = pd.DataFrame(
        np.random.default_rng(1).integers(1, 6, (len(frame), 4)).astype(float), columns=list("abcd")
    )
    stated.loc[:40, "a"] = np.nan  # some were not asked: they stay in the rest
    found = map_importance_performance(frame, list("abcd"), "y", stated=stated, draws=40)
    rows = found.of("stated").set_index("lever")
    assert rows.importance["a"] == pytest.approx(stated.a.mean())
    assert rows.performance.tolist() == found.of("derived").performance.tolist()
    assert found.facts()["stated"]


def test_one_lever_makes_no_map():
    with pytest.raises(DataError, match="two or more"):
        map_importance_performance(answers(), ["a"], "y")


def test_weights_of_experts_are_an_importance_of_their_own():
    frame = answers()
    drawn = np.random.default_rng(2).dirichlet([8, 4, 2, 2], 41)
    found = map_importance_performance(frame, list("abcd"), "y", experts=10 * drawn, draws=40)
    rows = found.of("experts").set_index("lever")
    assert rows.importance.tolist() == pytest.approx(drawn[0].tolist())
    low, high = np.quantile(drawn[1:, 0], [0.025, 0.975])
    assert rows.loc["a", ["importance_low", "importance_high"]].tolist() == pytest.approx(
        [low, high]
    )
    assert rows.performance.tolist() == found.of("derived").performance.tolist()
    assert found.facts()["experts"] and not found.facts()["stated"]


def test_what_a_point_is_worth_stands_beside_the_importance():
    from cx_value.evaluate.drivers.importance import driver_importance

    found = driver_importance(answers(), list("abcd"), ["y"], draws=20)
    money = pd.DataFrame({"lever": ["a", "b", "SAT"], "estimate": [3.0, 9.0, 5.0],
                          "ci_low": [-1.0, 4.0, 1.0], "ci_high": [7.0, 14.0, 9.0]})  # fmt: skip
    facts = found.beside_money(money).facts()
    assert facts["money"] == [{"driver": "b", "money": 9.0, "ci": [4.0, 14.0]}]
    assert found.beside_money(None) is found and found.facts()["money"] == []
    assert len(found.beside_money(money).plot().figure.axes) == 2
