"""Composites across the groups a study names: pairs, verdicts, and where nothing is compared."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cx_value.judge.micom import judge_composites
from cx_value.study import read_study, read_survey
from small_study import write_small_study


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The small study with three groups; in the third, satisfaction means its first item."""
    file = write_small_study(tmp_path_factory.mktemp("composites"), 480)
    data = file.parent / "answers.csv"
    frame = pd.read_csv(data)
    random = np.random.default_rng(2)
    frame["region"] = np.arange(len(frame)) % 3 + 1
    third = frame.region == 3
    for item in ("sat_2", "sat_3"):
        frame.loc[third, item] = random.integers(1, 8, third.sum())
    frame.to_csv(data, index=False)
    text = file.read_text("utf-8").replace("zh: 南}}}", "zh: 南}, 3: {en: isle, zh: 岛}}}")
    file.write_text(text.replace("models:", "group: region\nmodels:"), "utf-8")
    study = read_study(file)
    return study, read_survey(study)


def choice_of(study):
    return SimpleNamespace(shown=study.model("main"))


def test_the_group_whose_weights_differ_is_named_with_its_construct(small):
    study, survey = small
    found = judge_composites(study, choice_of(study), survey, draws=199)
    facts = found.facts()
    assert facts["pairs"] == 3 and facts["rows"] == 9
    assert {(x["construct"], x["group_1"], x["group_2"]) for x in facts["unlike"]} >= {
        ("SAT", "isle", "north"), ("SAT", "isle", "south"),
    }  # fmt: skip
    table = found.table().set_index(["group_1", "group_2", "construct"])
    assert table.invariance["north", "south", "SAT"] != "none"
    assert facts["full"] + facts["partial"] + len(facts["unlike"]) == 9
    assert "Satisfaction" not in found.sentence("en") and "isle" in found.sentence("en")


def test_nothing_is_compared_without_groups_paths_or_respondents(small):
    study, survey = small
    plain = study.model_copy(update={"group": None})
    assert judge_composites(plain, choice_of(study), survey, draws=19) is None
    assert judge_composites(study, SimpleNamespace(shown=SimpleNamespace(paths=())), survey) is None
    few = survey.rows(survey.items.index[:60])
    assert judge_composites(study, choice_of(study), few, draws=19) is None
