"""No answer of a single person enters a profile: folded, or left out and told."""

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
