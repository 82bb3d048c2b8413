"""Facts of the discussion: verdicts beside their sources, what is negligible, where to begin."""

import numpy as np
import pandas as pd
import pytest

from cx_value.judge.discussion import discuss, mediation_kind
from cx_value.study.declaration import read_study

STUDY = read_study("data/bank-panel")
COLUMNS = ["hypothesis", "source", "through", "target", "std_all", "std_low", "std_high", "verdict"]


def verdicts(*rows):
    return pd.DataFrame([dict(zip(COLUMNS, row, strict=True)) for row in rows])


TOLD = verdicts(
    ("H1", "EMP", "", "EMO", 0.4, 0.3, 0.5, "supported"),
    ("H3", "REL", "", "VAL", 0.2, 0.1, 0.3, "reserved"),
    ("H4", "RES", np.nan, "VAL", 0.02, -0.05, 0.09, "not_supported"),
    ("H7", "TAN", "", "SAT", 0.05, -0.10, 0.20, "not_supported"),
    ("H15", "SAT", "", "LOY", np.nan, np.nan, np.nan, "not_tested"),
    ("H18", "REL", "VAL", "SAT", 0.1, 0.05, 0.2, "supported"),
)
EFFECTS = pd.DataFrame(
    [("REL", "SAT", "direct", 0.2, 0.1, 0.3)],
    columns=["source", "target", "kind", "std_all", "std_ci_low", "std_ci_high"],
)


def test_sources_are_counted_and_those_untested_are_not_told():
    facts = discuss(STUDY, TOLD, EFFECTS).facts()
    assert [(s["source"], s["held"], s["tested"]) for s in facts["sources"]] == [
        ("cronin2000", 1, 1), ("parasuraman1988", 0, 1), ("zeithaml1988", 1, 2), ("", 1, 1)
    ]  # fmt: skip
    assert facts["mediated"] == [{"kind": "complementary", "names": ["H18"]}]


def test_an_interval_within_the_rule_is_negligible_one_beyond_it_is_open():
    readings = {u["name"]: u["reading"] for u in discuss(STUDY, TOLD).facts()["unsupported"]}
    assert readings == {"H4": "negligible", "H7": "open"}


@pytest.mark.parametrize(
    ("clear", "direct", "kind"),
    [(False, (0.3, 0.2, 0.4), "none"), (True, None, "no_direct_path"),
     (True, (0.1, 0.0, 0.2), "indirect_only"), (True, (-0.1, -0.2, -0.01), "competitive"),
     (True, (0.1, 0.01, 0.2), "complementary")],
)  # fmt: skip
def test_kinds_of_mediation_on_either_side_of_zero(clear, direct, kind):
    assert mediation_kind(clear, 0.2, direct) == kind


def test_the_weakest_item_of_a_lever_and_what_is_spared():
    priorities = pd.DataFrame(
        {"lever": ["IMG", "ASS", "TAN"], "step": ["catch_up", "probe", "hold"],
         "rival": ["Meridian", None, None]}
    )  # fmt: skip
    items = pd.DataFrame({"item": ["IMG1", "IMG2", "ASS1"], "score": [60.0, 55.0, 70.0]})
    found = discuss(STUDY, None, None, priorities, items).facts()
    assert [(x["lever"], x["item"], x["score"]) for x in found["first"]] == [
        ("IMG", "IMG2", 55.0), ("ASS", "", None)
    ]  # fmt: skip
    assert found["spared"] == ["TAN"] and found["sources"] == []
