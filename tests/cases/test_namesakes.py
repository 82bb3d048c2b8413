"""One name for two things: each is printed by its own label, or the study is refused by name."""

import pytest

from cx_value.notebook.names import names_of
from cx_value.study import check_study, read_study, read_survey
from made.plain import write_study

FREE = {
    "benchmarks": {"label": "Barometer", "metric": "csat", "value": 0.4, "source": "made"},
    "touchpoints": {"label": "Barometer", "column": "q1"},
    "kano": {"label": "Barometer", "functional": "q1", "dysfunctional": "q2"},
    "multiple": {"label": "Barometer", "column": "heard"},
    "models": {"label": "Barometer", "paths": ["Q -> S"]},
}
ASKED = {"metrics": {"satisfaction": "S"}, "profile": {"region": {"label": "Part of the country"}}}
COLUMNS = {"region": ["N", "S"] * 30, "heard": ["web"] * 60}


@pytest.mark.parametrize("name", ["region", "Q", "q1"])
@pytest.mark.parametrize("section", FREE)
def test_a_thing_named_like_another_keeps_its_label(tmp_path, section, name):
    path = write_study(tmp_path, COLUMNS, **ASKED, **{section: {name: FREE[section]}})
    assert [f for f in check_study(path) if f.severity == "error"] == []
    study = read_study(path)
    names = names_of(study, read_survey(study))
    own = getattr(study, section)[0]
    assert own.name != name and names[own.name] == "Barometer"
    assert names[name] != "Barometer"


def test_needs_and_themes_too_and_their_columns_stay(tmp_path):
    path = write_study(
        tmp_path, COLUMNS | {"said": ["slow"] * 60}, **ASKED,
        segments={"needs": {"region": {"label": "What is wanted", "column": "q1"}}},
        comments={"column": "said", "themes": {
            "Q": {"label": "Waiting", "words": {"en": ["slow"]}}}},
    )  # fmt: skip
    study = read_study(path)
    need, theme = study.segments.needs[0], study.comments.themes[0]
    assert (need.column, need.name) == ("q1", "region_need") and theme.name == "Q_theme"
    names = names_of(study, read_survey(study))
    assert (names["region_need"], names["Q_theme"]) == ("What is wanted", "Waiting")


@pytest.mark.parametrize("more", [
    {"profile": {"Q": {"column": "region"}}}, {"dimensions": {"region": {"of": ["Q", "S"]}}},
    {"dimensions": {"q1": {"of": ["Q", "S"]}}},
])  # fmt: skip
def test_names_that_other_keys_refer_to_are_refused(tmp_path, more):
    path = write_study(tmp_path, COLUMNS, **ASKED | more)
    assert "name of two things" in {f.kind for f in check_study(path)}
