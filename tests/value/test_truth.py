"""Truth beside estimate: whatever has a truth is compared, by group too, and misses are told."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from cx_value.base.wording import MINUS
from cx_value.value.worth.truth import check_truth

MONEY = {
    "log_value_while_customer_per_loyalty_sd": 0.5,
    "log_value_while_customer_per_satisfaction_sd": 0.3,
    "value_per_satisfaction_point_from_now_on_per_year": 20.0,
    "expected_value": 250.0,
}
TRUTH = {
    "parameters": {"cross_loadings": {"S2": ["LOY", 0.1]}, "method_loading": 0.1},
    "structure": {
        "pooled_paths": {"LOY": {"SAT": 0.6}},
        "paths": {"bank": {"LOY": {"SAT": 0.7}}, "shop": {"LOY": {"SAT": 0.4}}},
    },
    "items": {"standardised_loading": {"S1": 0.8, "S2": 0.7}},
    "money": {
        "all": MONEY,
        "industry": {"bank": MONEY | {"value_per_satisfaction_point_from_now_on_per_year": 26.0},
                     "shop": MONEY | {"value_per_satisfaction_point_from_now_on_per_year": 14.0}},
    },
}  # fmt: skip


def fit(path, first, second):
    rows = [("=~", "SAT", "S1", first), ("=~", "SAT", "S2", second), ("~", "LOY", "SAT", path)]
    frame = pd.DataFrame(rows, columns=["op", "lhs", "rhs", "est"])
    frame = frame.assign(se=0.02, ci_low=frame.est - 0.04, ci_high=frame.est + 0.04)
    return SimpleNamespace(standardised=lambda: frame, n_used=100, confidence=0.95)


def links(rows):
    columns = ["group", "from", "to", "effect", "unit", "estimate"]
    frame = pd.DataFrame(rows, columns=columns).assign(std_error=2.0)
    frame = frame.assign(ci_low=frame.estimate - 4, ci_high=frame.estimate + 4)
    return SimpleNamespace(table=lambda: frame, groups=("banking", "shop"), n_used=90,
                           confidence=0.95)  # fmt: skip


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(TRUTH), encoding="utf-8")
    return path


def test_both_fits_and_every_group_stand_beside_their_own_truth(source):
    own = [
        ("banking", "SAT", "value", "money", "money_per_point", 27.0),
        ("shop", "SAT", "value", "money", "money_per_point", 19.0),
        (f"banking {MINUS} shop", "SAT", "value", "money", "money_per_point", 8.0),
        ("banking", "SAT", "LOY", "path", "sd_per_sd", 0.7),
    ]
    found = check_truth(source, structure=fit(0.58, 0.8, 0.9), chapter=fit(0.75, 0.8, 0.7),
                        groups=links(own), group_values={"banking": "bank"})  # fmt: skip
    rows = found.table()
    money = rows[rows.kind == "money_per_point"].set_index(["group", "less"])
    assert money["truth"].to_dict() == {
        ("banking", ""): 26, ("shop", ""): 14, ("banking", "shop"): 12
    }  # fmt: skip
    assert money["covered"].tolist() == [True, False, True]
    path = rows[(rows.kind == "path") & (rows.group == "banking")]
    assert path["truth"].tolist() == [0.7]
    facts = found.facts()
    assert facts["quantities"] == len(rows) == 10 and facts["held"] == 7
    assert {k["kind"]: (k["n"], k["held"]) for k in facts["kinds"]} == {
        "loading": (2, 1), "path": (2, 2), "chapter_loading": (2, 2), "chapter_path": (1, 0),
        "money_per_point": (3, 2),
    }  # fmt: skip
    assert (facts["missed"], facts["crossed"], facts["method_factor"]) == (["S2"], ["S2"], True)
    hidden = rows[~rows.shown]
    assert hidden.covered.all() and set(hidden.kind) == {"loading", "chapter_loading"}
    assert len(rows[~rows.covered]) == len(rows[~rows.covered & rows.shown]) == 3


def test_groups_that_the_truth_does_not_know_are_left_out(source):
    own = links([("elsewhere", "SAT", "value", "money", "money_per_point", 27.0)])
    own.groups = ("elsewhere",)
    assert check_truth(source, groups=own).table().empty
