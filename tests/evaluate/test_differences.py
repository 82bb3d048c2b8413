"""Group differences against base R (tests/reference/differences.R).

Tolerances: 1e-6 relative; Tukey's p 1e-4, where R and SciPy integrate the studentised range.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import DataError
from cx_value.evaluate.differences import _post_hoc, compare_groups, run_test

REFERENCE = Path(__file__).parents[1] / "reference"
ITEMS = ["x1", "x2", "x3"]


def frames():
    data = pd.read_csv(REFERENCE / "measure_data__hs_missing.csv")
    score = data[ITEMS].mean(axis=1, skipna=False).round(8)
    place = np.arange(1, len(data) + 1)
    two = np.where(place % 3 == 0, "b", "a")
    three = np.array(["a", "b", "c"])[(place * 7) % 5 // 2]
    return {
        2: pd.DataFrame({"y": score + 0.4 * (two == "b"), "g": two}).dropna().round({"y": 8}),
        3: pd.DataFrame({"y": score + 0.5 * (three == "b"), "g": three}).dropna().round({"y": 8}),
    }


@pytest.mark.parametrize("kind", ["t", "welch_t", "anova", "welch_anova", "kruskal"])
def test_tests_and_intervals_agree_with_r(kind):
    want = pd.read_csv(REFERENCE / "differences__tests.csv").set_index("test").loc[kind]
    got = run_test(frames()[2 if kind.endswith("t") else 3], kind, 0.95, 50, 1)
    assert_allclose([got["statistic"], got["p"]], [want.statistic, want.p], rtol=1e-6)
    if kind != "kruskal":
        ends = [got["size_ci_low"], got["size_ci_high"]]
        assert_allclose(ends, [want.size_ci_low, want.size_ci_high], rtol=1e-6)
    assert got["size_ci_low"] < got["size"] < got["size_ci_high"]


def test_tukey_agrees_with_r_and_its_differences_are_of_the_means():
    want = pd.read_csv(REFERENCE / "differences__tukey.csv").set_index("pair")
    got = _post_hoc(frames()[3], "anova")
    for row in got.itertuples():
        other = want.loc[f"{row.group_2}-{row.group_1}"]
        assert_allclose(row.difference, -other.difference, rtol=1e-10)
        assert_allclose(row.p_adjusted, other.p, rtol=1e-3, atol=1e-5)


def study(rule="auto", minimum=5):
    random = np.random.default_rng(4)
    n = 400
    group = np.where(np.arange(n) < 200, "north", "south")
    items = pd.DataFrame(random.normal(size=(n, 4)), columns=["a1", "a2", "b1", "b2"])
    items.loc[group == "south", ["a1", "a2"]] += 0.8
    items["b1"] = np.exp(2 * items.b1)  # far beyond the rule on skew
    third = np.where(np.arange(n) % 3 == 0, "x", np.where(np.arange(n) % 3 == 1, "y", "z"))
    third[:3] = "rare"
    profile = pd.DataFrame({"region": group, "branch": third})
    return compare_groups(items, {"A": ["a1", "a2"], "B": ["b1", "b2"]}, profile, rule=rule,
                          minimum_cell=minimum, draws=50)  # fmt: skip


def test_the_test_follows_the_stated_rule():
    kinds = study().table().set_index(["construct", "variable"]).test.to_dict()
    assert kinds == {("A", "region"): "welch_t", ("B", "region"): "kruskal",
                     ("A", "branch"): "welch_anova", ("B", "branch"): "kruskal"}  # fmt: skip
    assert set(study("classical").table().test) == {"t", "anova"}
    assert set(study("rank").table().test) == {"kruskal"}
    with pytest.raises(DataError, match="rule 'best'"):
        study("best")


def test_a_true_difference_is_found_after_holm_and_small_groups_are_left_out():
    got = study()
    table = got.table()
    found = table[table.differs]
    assert list(zip(found.construct, found.variable, strict=True)) == [("A", "region")]
    assert found["size"].iloc[0] < 0  # north less south
    assert (table.p_adjusted >= table.p).all() and table.p_adjusted.max() <= 1
    ordered = np.sort(table.p.to_numpy())
    assert_allclose(table.p_adjusted.min(), 4 * ordered[0])
    assert got.left_out == 1 and "rare" not in set(got.groups.group)
    assert got.facts()["minimum"] == 5 and "fewer than 5" in got.sentence()
    assert "北" not in got.sentence("zh") and "存在差异" in got.sentence("zh")


def test_without_two_groups_there_is_nothing_to_compare():
    items = pd.DataFrame({"a1": [1.0, 2, 3], "a2": [2.0, 3, 1]})
    profile = pd.DataFrame({"region": ["n", "n", "s"]})
    assert compare_groups(items, {"A": ["a1", "a2"]}, profile) is None
    assert compare_groups(items, {"A": ["a1", "a2"]}, profile[[]]) is None


def test_the_interval_of_a_very_large_effect_is_found():
    """SciPy's noncentral F is NaN far in its tail."""
    from cx_value.evaluate.differences import eta_interval

    low, high = eta_interval(71.5, 6, 1132)
    estimate = 71.5 * 6 / (71.5 * 6 + 1132)
    assert 0.2 < low < estimate < high < 0.35
