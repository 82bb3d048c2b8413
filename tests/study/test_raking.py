"""Raked weights against R's survey::rake (raking.R) to 1e-8, and margins that do not fit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ConvergenceError
from cx_value.study import check_study, read_study, read_survey
from cx_value.study.raking import design_effect, poststratify, rake_weights

REFERENCE = Path(__file__).parents[1] / "reference" / "raking__weights.csv"
STUDY = """
title: Weighted
data: {file: answers.csv, weight: base}
scale: {min: 1, max: 5}
constructs:
  A: {label: A, items: [x, y, z]}
profile:
  gender: {label: Gender, values: {f: female, m: male}}
  age: {label: Age}
"""
MARGINS = """
margins:
  gender: {f: 0.52, m: 0.48}
  age: {middle: 40, old: 35, young: 25}
"""


def study_of(folder, margins=MARGINS):
    data = pd.read_csv(REFERENCE)
    answers = np.random.default_rng(1).integers(1, 6, (len(data), 3))
    data.assign(**dict(zip("xyz", answers.T, strict=True))).to_csv(
        folder / "answers.csv", index=False
    )
    (folder / "study.yml").write_text(STUDY + margins, encoding="utf-8")
    return folder / "study.yml"


def test_weights_are_those_of_r(tmp_path):
    study = read_study(study_of(tmp_path))
    survey, found = poststratify(study, read_survey(study))
    theirs = pd.read_csv(REFERENCE).raked
    np.testing.assert_allclose(survey.weights, theirs, atol=1e-8)
    np.testing.assert_allclose(found.table().after, found.table().population, atol=1e-9)
    assert found.design_effect == pytest.approx(60 * (theirs**2).sum() / theirs.sum() ** 2)
    assert "52" in found.sentence() or "%" in found.sentence()


def test_an_unknown_category_keeps_its_weight():
    group = np.array([0, 0, 1, -1])
    found = rake_weights(np.ones(4), [group], [np.array([0.5, 0.5])])
    assert found[0] == pytest.approx(found[2] / 2) and found[3] == pytest.approx(1)
    assert found.sum() == pytest.approx(4)
    assert design_effect(np.ones(5)) == 1


@pytest.mark.parametrize(
    ("margins", "code"),
    [
        ("margins: {age: {middle: 0.4, old: 0.3, young: 0.2, ancient: 0.1}}", "no_answers"),
        ("margins: {age: {middle: 0.6, old: 0.4}}", "no_share"),
    ],
)
def test_margins_that_do_not_fit_leave_the_survey_as_it_is(tmp_path, margins, code):
    study = read_study(study_of(tmp_path, margins))
    before = read_survey(study)
    survey, found = poststratify(study, before)
    assert survey is before and found.refused["code"] == code
    assert found.sentence() and found.sentence("zh") and not len(found.table())


def test_shares_that_do_not_add_up_are_told_before_anything_runs(tmp_path):
    path = study_of(tmp_path, "margins: {gender: {f: 0.7, m: 0.7}, region: {a: 1}}")
    problems = [f.problem for f in check_study(path)]
    assert any("add up to 1.4" in p for p in problems)
    assert any("region" in p for p in problems)


def test_margins_that_contradict_each_other():
    group = np.array([0, 0, 1, 1])
    with pytest.raises(ConvergenceError, match="hold together"):
        rake_weights(np.ones(4), [group, group], [np.array([0.5, 0.5]), np.array([0.2, 0.8])])
