"""No answer of a single person enters a profile: folded, or left out and told."""

import numpy as np
import pandas as pd
import pytest

from cx_value.study import check_study, read_study, read_survey
from cx_value.study.privacy import identifies_people, is_free_text

STUDY = """
data: {file: d.csv}
scale: {min: 1, max: 5}
title: T
constructs: {A: {items: [a1, a2, a3]}}
profile: {who: {label: Who}}
"""


def survey_of(tmp_path, answers, study=STUDY):
    n = len(answers)
    frame = pd.DataFrame({f"a{k}": [1 + (i * k + i // 3) % 5 for i in range(n)] for k in (1, 2, 3)})
    frame["who"] = answers
    frame.to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "study.yml").write_text(study, encoding="utf-8")
    return read_survey(read_study(tmp_path))


def test_words_of_few_are_gathered_and_never_printed(tmp_path):
    answers = ["place"] * 20 + ["price"] * 15 + ["I am the mayor of Kleindorf", "only once"]
    survey = survey_of(tmp_path, answers)
    assert list(survey.profile["who"].cat.categories) == ["place", "price", "Other answers"]
    assert survey.profile["who"].value_counts()["Other answers"] == 2
    assert [text.zh for text in survey.profile_labels["who"]][-1] == "其他回答"
    assert "Kleindorf" not in repr(survey)


def test_declared_answers_and_numbers_keep_their_labels(tmp_path):
    declared = STUDY.replace("label: Who", "label: Who, values: {m: male, f: female, d: diverse}")
    survey = survey_of(tmp_path, ["m"] * 20 + ["f"] * 18 + ["d"] * 2, declared)
    assert list(survey.profile["who"].cat.categories) == ["male", "female", "diverse"]
    survey = survey_of(tmp_path, [1] * 20 + [2] * 18 + [3] * 2)
    assert list(survey.profile["who"].cat.categories) == ["1", "2", "3"]


BRANDS = "brands: {column: who, own: place, rivals: [price, new]}"


@pytest.mark.parametrize("role", ["group: who", BRANDS])
def test_groups_and_brands_keep_to_the_minimum_cell_too(tmp_path, role):
    answers = ["place"] * 20 + ["price"] * 15 + ["new"] * 2 + ["mayor of Kleindorf", "his wife"]
    survey = survey_of(tmp_path, answers, f"{STUDY}{role}\n")
    assert "Kleindorf" not in repr(survey.profile["who"].cat.categories)
    # A rival that the study names is nobody's own word, however few spoke of it.
    assert ("new" in survey.profile["who"].cat.categories) == role.startswith("brands")


PRIVATE = {
    "free text": [f"comment number {k}" for k in range(40)],
    "IP addresses": [f"10.0.{k}.7(广东-广州)" for k in range(40)],
    "e-mail addresses": [f"p{k}@example.org" for k in range(40)],
    "telephone numbers": [f"138{k:08d}" for k in range(40)],
    "dates": [f"2026/3/{1 + k % 28} 10:0{k % 10}:00" for k in range(40)],
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_columns_of_persons_are_left_out_and_told(tmp_path, kind):
    survey = survey_of(tmp_path, PRIVATE[kind])
    assert "who" not in survey.profile and "who" not in survey.quantities
    told = [f for f in check_study(tmp_path) if f.kind == "private column"]
    assert len(told) == 1 and kind in told[0].problem and told[0].severity == "warning"
    assert not any(PRIVATE[kind][3] in str(finding) for finding in check_study(tmp_path))


@pytest.mark.parametrize("name", ["IPAddress", "来自IP", "姓名", "手机号", "E-Mail", "StartDate"])
def test_names_of_private_columns(name):
    assert identifies_people(name, ["x"])


@pytest.mark.parametrize("name", ["gender", "年龄段", "shipping", "tip", "brandname", "equality"])
def test_names_of_plain_columns(name):
    assert identifies_people(name, ["x"]) is None


def test_ages_and_cities_are_no_free_text():
    assert not is_free_text(pd.Series([str(18 + k % 50) for k in range(100)]))
    assert not is_free_text(pd.Series([f"city {k % 15}" for k in range(150)]))


def test_amounts_written_with_marks_are_amounts_not_words(tmp_path):
    survey = survey_of(tmp_path, [f"{18_000 + 173 * k:,}" for k in range(40)])
    assert survey.quantities["who"].between(18_000, 25_000).all()


# --- counts of few, and what they leave to be worked out ------------------------------------


def test_patterns_of_few_respondents_are_gathered_and_not_drawn():
    from cx_value.study.missing import OTHER_PATTERNS, describe_missing

    items = pd.DataFrame(np.ones((60, 3)), columns=list("abc"))
    items.iloc[:8, 0] = np.nan
    items.iloc[8:12, 1] = np.nan
    items.iloc[12:14, [0, 2]] = np.nan
    items.iloc[14, :2] = np.nan
    missing = describe_missing(items, minimum_cell=5)
    table = missing.patterns()
    assert table["items"].tolist() == ["", "a", OTHER_PATTERNS]
    assert table["respondents"].tolist() == [45, 8, 7]
    assert len(missing.plot().images[0].get_array()) == 53
    alone = describe_missing(items.drop(index=range(12, 15)), minimum_cell=5).patterns()
    # One small pattern is the rest of all: the next goes with it.
    assert alone["respondents"].tolist() == [45, 12]


def test_a_pattern_that_decides_littles_test_is_told_without_its_people():
    from cx_value.study.little import little_mcar_test

    random = np.random.default_rng(3)
    items = pd.DataFrame(random.normal(size=(200, 3)), columns=list("abc"))
    items.loc[random.random(200) < 0.2, "a"] = np.nan
    items.loc[[5, 6], ["b", "c"]] = [np.nan, 9.0]
    test = little_mcar_test(items, minimum_cell=5)
    assert test.decided_by_one_pattern and test.pattern_n == 2
    facts = test.facts()
    assert np.isnan(facts["pattern_n"]) and facts["pattern_items"] == "" and facts["few"]
    assert "fewer than 5 respondents" in test.sentence("en") and "不足 5 名" in test.sentence("zh")


@pytest.mark.parametrize("minimum", [1, 5, 12])
def test_answers_of_few_are_withheld_and_cannot_be_subtracted(tmp_path, minimum):
    from cx_value.study.distribution import describe_items, distribute_answers

    survey = survey_of(tmp_path, ["x"] * 40)
    survey.items["a1"] = [1.0] * 2 + [2.0] * 9 + [3.0] * 20 + [4.0] * 8 + [np.nan]
    study = read_study(tmp_path)
    answers = distribute_answers(study, survey, minimum_cell=minimum)
    shown = answers.table().query("item == 'a1'")
    hidden = 39 - shown["n"].sum()
    assert ((shown["n"].dropna() >= minimum) | (shown["n"].dropna() == 0)).all()
    assert hidden == 0 or (hidden >= minimum and shown["n"].isna().sum() >= 2)
    drawn = answers._drawn().query("item == 'a1'")
    assert drawn["share"].sum() == pytest.approx(1)
    row = describe_items(study, survey, minimum_cell=minimum).table().set_index("item").loc["a1"]
    assert np.isnan(row["floor"]) == np.isnan(row["minimum"]) == (minimum > 2)
    assert row["ceiling"] == 0 and row["mean"] == pytest.approx(survey.items["a1"].mean())
