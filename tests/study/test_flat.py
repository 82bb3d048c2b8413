"""Items that everybody answered alike are set aside, and a study goes on without them."""

import pytest

from cx_value.base.errors import DataError
from cx_value.study import check_study, read_study, read_survey
from cx_value.study.flat import set_flat_items_aside
from rough_study import write_rough_study


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    file = write_rough_study(tmp_path_factory.mktemp("rough"))
    study = read_study(file)
    return file, study, read_survey(study)


def test_the_check_says_so_and_goes_on(opened):
    found = [f for f in check_study(opened[0].parent) if f.kind == "constant item"]
    assert [f.severity for f in found] == ["warning", "warning"]
    assert found[0].problem.startswith("every answer to item flat_1 is 4 (344 answers)")


def test_what_is_nothing_without_them_goes_with_them(opened):
    _, study, survey = opened
    left, rest, told = set_flat_items_aside(study, survey)
    assert told.table().to_dict("list") == {"item": ["flat_1", "flat_2"], "answer": [4.0, 4.0]}
    assert told.constructs == ("FLAT",)
    assert "FLAT" not in left.scales and "flat_1" not in rest.items
    assert left.dimensions[1].of == ("COMP", "LIKE")
    assert [m.name for m in left.models] == [m.name for m in study.models]
    assert "Contentment" in told.sentence() and "满足" in told.sentence("zh")


def test_paths_hypotheses_and_levers_of_a_construct_that_is_gone(opened):
    _, study, survey = opened
    flat = survey.items.assign(**{f"like_{k}": 3.0 for k in (1, 2, 3)})
    left, _, told = set_flat_items_aside(study, replaced(survey, flat))
    assert told.constructs == ("FLAT", "LIKE")
    assert {p.target for p in left.models[0].paths} == {"COMP", "CUSL"}
    assert [h.name for h in left.hypotheses] == ["H1"]


def test_items_that_vary_stay(opened):
    _, study, survey = opened
    only = survey.items.drop(columns=["flat_1", "flat_2"]).assign(flat_1=1.0, flat_2=2.0)
    only.loc[only.index[0], ["flat_1", "flat_2"]] = 5.0
    same, rest, told = set_flat_items_aside(study, replaced(survey, only))
    assert told is None and same is study and len(rest.items.columns) == len(only.columns)


def test_a_survey_in_which_nothing_varies_is_refused(opened):
    _, study, survey = opened
    with pytest.raises(DataError, match="every answer to every item"):
        set_flat_items_aside(study, replaced(survey, survey.items * 0 + 4))


def replaced(survey, items):
    from dataclasses import replace

    return replace(survey, items=items)
