"""Exports of every platform: file → starter → check without a fault.

Three constructs of three items are found in every file with no edit; Microsoft Forms, which puts
every question in a column of its own name, leaves their borders to correlation: they are marked
UNSURE.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cx_value.study import check_study, read_study, read_survey, write_study
from cx_value.study.multiple import (
    OTHER_NAME,
    _fold_own_words,
    describe_multiple,
    holds_several,
)
from cx_value.study.spec import Multiple
from cx_value.study.tables import read_table
from platform_files import FILES, HEARD, N, made_answers

PLATFORM = {"qualtrics_numbers": "qualtrics", "qualtrics_words": "qualtrics", "spss": "",
            "stata": "", "merged_titles": ""}  # fmt: skip
DURATION = {"qualtrics_numbers", "qualtrics_words", "wjx", "tencent", "limesurvey"}
SEVERAL = {"wjx", "surveymonkey", "google_forms", "microsoft_forms"}
UNSURE = {"microsoft_forms"}


@pytest.fixture(params=FILES)
def export(request, tmp_path):
    file = FILES[request.param](tmp_path)
    return request.param, file, write_study(file, tmp_path / "study")


def test_an_export_becomes_a_study_without_an_edit(export):
    name, file, path = export
    assert read_table(file).platform == PLATFORM.get(name, name)
    assert [str(f) for f in check_study(path) if f.severity == "error"] == []
    study = read_study(path)
    survey = read_survey(study)
    sizes = [len(c.items) for c in study.constructs]
    assert sizes == [3, 3, 3]
    text = path.read_text(encoding="utf-8")
    assert ("# UNSURE: items" in text) == (name in UNSURE)
    answers, given = survey.items.to_numpy(), made_answers().items
    skipped = np.isnan(answers)
    assert skipped.sum() == {"wjx": 2, "spss": 2}.get(name, 0)
    assert (answers[~skipped] == given[~skipped]).all()
    assert {(i.scale.minimum, i.scale.maximum) for i in study.items} == {(1, 5)}


def test_an_export_keeps_people_and_their_words_out(export):
    name, _, path = export
    study = read_study(path)
    survey = read_survey(study)
    assert len(study.profile) == 1 and survey.profile.iloc[:, 0].nunique() == 2
    told = path.read_text(encoding="utf-8")
    assert "Remark" not in told and "10.0.0." not in told
    assert (study.data.duration is not None) == (name in DURATION)
    if name in DURATION:
        assert (survey.durations.to_numpy() == made_answers().seconds).all()


def test_several_answers_become_a_set_with_base_and_shares(export):
    name, _, path = export
    study = read_study(path)
    assert len(study.multiple) == (name in SEVERAL)
    if name not in SEVERAL:
        return
    survey = read_survey(study)
    table = describe_multiple(study, survey).table()
    heard = made_answers().heard
    base = int(heard.any(axis=1).sum())
    assert set(table["base"]) == {base} and base < N
    assert sorted(table["n"]) == sorted(heard.sum(axis=0))
    np.testing.assert_allclose(table["share_cases"], table["n"] / base)
    assert table["share_responses"].sum() == pytest.approx(1)
    if name != "wjx":
        assert set(table["option"]) == set(HEARD)
    said = describe_multiple(study, survey).sentence("en")
    assert f"{base} respondents" in said


def test_small_choices_are_withheld(tmp_path):
    file = FILES["google_forms"](tmp_path)
    path = write_study(file, tmp_path / "study")
    study = read_study(path)
    table = describe_multiple(study, read_survey(study), minimum_cell=60).table()
    few = [bool(np.isnan(n)) for n in table["n"]]
    assert any(few) and not all(few) and few == sorted(few)


def test_words_with_a_semicolon_are_no_set():
    assert not holds_several([f"I came {k}; I saw" for k in range(50)])
    assert not holds_several(["yes", "no"] * 30)


def test_answers_of_fewer_than_the_smallest_count_are_folded_and_no_others():
    question = Multiple(name="heard", label="Heard", column="Q1", options={"shop": "Shop"})
    chosen = pd.DataFrame({"shop": [True] + 9 * [False], "five": 5 * [True] + 5 * [False],
                           "four": 4 * [True] + 6 * [False], "none": False})  # fmt: skip
    found = _fold_own_words(chosen, question, minimum_cell=5)
    assert list(found)[:2] == ["shop", "five"] and "four" not in found
    assert found[OTHER_NAME].sum() == 4
