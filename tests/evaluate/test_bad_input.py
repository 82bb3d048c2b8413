"""Bad input of an evaluation: clear words, nothing lost, and the rest stands.

One study holds it all (``rough_study``): a scale with all answers equal, a brand of three
respondents, an expectation without a column, margins that do not match, and an only expert who
contradicts himself and judges in a circle.
"""

import pytest

from cx_value.evaluate.drivers.plan import compare_drivers, further_analyses
from cx_value.evaluate.gaps import analyse_gaps
from cx_value.evaluate.groups import index_groups
from cx_value.evaluate.index import index_study
from cx_value.evaluate.setting import (
    expert_weights,
    prepare_evaluation,
    weigh_constructs,
    weights_of_models,
)
from cx_value.notebook.workspace import open_study
from cx_value.study import check_study
from cx_value.study.experts import read_experts
from rough_study import write_rough_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rough")


@pytest.fixture(scope="module")
def work(folder):
    return open_study(write_rough_study(folder), folder / "build" / "rough", draft=True)


@pytest.fixture(scope="module")
def setting(work):
    return prepare_evaluation(work.study, work.survey, draws=50)


@pytest.fixture(scope="module")
def experts(setting):
    return expert_weights(setting, read_experts(setting.study))


@pytest.fixture(scope="module")
def weights(setting, experts):
    basis = weights_of_models(setting, None, None, setting.item_moments())
    return weigh_constructs(setting, basis, experts)


def test_nothing_of_it_stops_the_study(folder, work):
    assert [f for f in check_study(folder) if f.severity == "error"] == []


def test_a_scale_with_all_answers_equal_is_set_aside_with_a_word(work):
    assert "Contentment" in work.flat.sentence() and "满足" in work.flat.sentence("zh")
    assert "FLAT" not in [c.name for c in work.study.constructs]


def test_margins_that_do_not_match_leave_the_sample_as_it_is(work):
    assert work.raking.refused["code"] == "no_answers" and work.survey.weights is None
    assert "contract: 9" in work.raking.sentence()


def test_one_expert_with_a_ratio_above_the_rule_is_used_with_a_warning(experts):
    said = experts.sentence()
    assert "C.R. ≤ .10" in said and "one person's view" in said
    assert experts.table().consistency_ratio.max() > 0.1


def test_judgements_that_are_no_reciprocals_count_as_not_given(folder, experts):
    found = [f.problem for f in check_study(folder) if f.kind == "bad judgement"]
    assert found == [
        "pairs judged both ways with numbers that are no reciprocals: REPUTATION and REST "
        "(expert E1); they count as not given"
    ]
    assert experts.facts()["unplaced"][0]["reason"] == "not_connected"
    assert "OVERALL" in experts.facts()["equal"]


def test_a_brand_of_three_gets_no_index_and_is_named(setting, weights):
    groups = index_groups(setting, weights)
    assert "Other answers (3)" in groups.sentence()  # a brand of so few is folded
    assert {"P1", "P2"} <= set(groups.table().group) and "P3" not in set(groups.table().group)


def test_the_index_stands_on_what_is_left(setting, weights):
    index = index_study(setting, weights).table().set_index("node")
    assert 0 < index["index"]["REPUTATION"] < 100 and 0 < index["index"]["REST"] < 100


def test_an_expectation_without_a_column_leaves_no_gap_behind(folder, setting, weights):
    assert any("E_attr_1" in f.problem for f in check_study(folder))
    assert analyse_gaps(setting, weights) is None


def test_prices_offered_and_opportunities_are_there(work):
    found = compare_drivers(work.study, work.survey, draws=50, seed=1)
    further = further_analyses(work.study, found, draws=50, seed=1)
    offers = further["price_offers"].table().set_index("price")
    assert offers.share.is_monotonic_decreasing and further["price_offers"].unit_cost == 3
    asked = further["item_scores"].table().set_index("item")
    expected = asked.importance + (asked.importance - asked.satisfaction).clip(lower=0)
    assert asked.opportunity.tolist() == pytest.approx(expected.tolist())
