"""Latent means over waves: compared only where the items mean the same in every wave.

The planted change of the simulated panel is found in its construct and wave and no other; an item
whose answers shift by themselves is named; where two of three shift, nothing is compared.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cx_value.judge.estimation import plan_estimation
from cx_value.judge.wave_means import compare_wave_means
from cx_value.study import read_study, read_survey
from cx_value.study.customers import own_customers

PANEL = Path(__file__).parents[2] / "data" / "bank-panel"
KEPT = ("RES", "ASS")


@pytest.fixture(scope="module")
def panel():
    study = read_study(PANEL)
    own = own_customers(study, read_survey(study))
    study = study.model_copy(
        update={"constructs": tuple(c for c in study.constructs if c.name in KEPT)}
    )
    names = [name for c in study.constructs for name in c.item_names]
    return study, replace(own, items=own.items[names])


def judged(panel, change=None):
    study, survey = panel
    items = survey.items.copy()
    if change:
        change(items, survey.wave.astype(str))
    survey = replace(survey, items=items)
    return compare_wave_means(study, survey, plan_estimation(study, survey))


def shift(*names):
    def change(items, wave):
        for k, name in enumerate(names):
            items.loc[wave == "4", name] += 1.0 + k

    return change


@pytest.fixture(scope="module")
def as_it_is(panel):
    return judged(panel)


def test_the_planted_change_moves_the_latent_mean_of_its_construct_and_no_other(as_it_is):
    facts = as_it_is.facts()
    planted = json.loads((PANEL / "truth.json").read_text("utf-8"))["parameters"]
    assert facts["full"] == facts["tested"] == 2 and not facts["failed"]
    # Planted from wave 3 on.
    assert [(x["construct"], x["wave"]) for x in facts["moved"]] == [("RES", "3"), ("RES", "4")]
    for moved in facts["moved"]:
        assert moved["low"] < planted["programme_effect"] < moved["high"]


def test_an_item_that_shifts_by_itself_is_named_and_set_free(panel, as_it_is):
    facts = judged(panel, shift("ASS3")).facts()
    assert facts["partial"] == [{"construct": "ASS", "freed": ["ASS3"]}]
    # The latent mean is told by the two others, and stays where it was.
    assert {x["construct"] for x in facts["moved"]} == {"RES"}
    assert "ASS" in as_it_is.table().construct.tolist()


def test_where_two_of_three_items_shift_only_scores_are_compared(panel):
    found = judged(panel, shift("ASS2", "ASS3"))
    assert found.facts()["failed"] == ["ASS"]
    assert set(found.table().construct) == {"RES"}
    assert "only their descriptive scores are compared" in found.sentence("en")
    assert "仅比较其描述性得分" in found.sentence("zh")


def test_an_item_lacking_in_a_wave_leaves_its_construct_untested(panel):
    def lose(items, wave):
        items.loc[wave == "2", "ASS1"] = np.nan

    facts = judged(panel, lose).facts()
    assert facts["lacking"] == ["ASS1"] and facts["untested"] == ["ASS"]


def test_one_wave_is_not_compared(panel):
    study, survey = panel
    one = survey.rows(survey.items.index[(survey.wave.astype(str) == "1").to_numpy()])
    assert compare_wave_means(study, one, plan_estimation(study, one)) is None
    none = replace(survey, wave=None)
    assert compare_wave_means(study, none, plan_estimation(study, none)) is None
