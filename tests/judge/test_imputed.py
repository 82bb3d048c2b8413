"""PLS paths and regressions pooled over imputed data, from the key of the study file on."""

from dataclasses import replace

import numpy as np
import pytest

from cx_value.base.pooling import pool_estimates
from cx_value.judge.estimation import plan_estimation
from cx_value.judge.imputed import pool_imputed
from cx_value.judge.path_modelling import fit_path_model
from cx_value.judge.structure import choose_model
from cx_value.study import read_study, read_survey
from cx_value.study.imputation import impute_answers
from small_study import write_small_study


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    file = write_small_study(tmp_path_factory.mktemp("imputed"))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("options: {", "options: {imputations: 4, "), encoding="utf-8")
    study = read_study(file)
    survey = read_survey(study)
    items = survey.items.copy()
    gone = np.random.default_rng(3).random(items.shape) < 0.08
    survey = replace(survey, items=items.mask(gone))
    choice = choose_model(study, survey.items, plan_estimation(study, survey))
    return study, survey, choice


def test_paths_are_pooled_by_the_rules(opened):
    study, survey, choice = opened
    found = pool_imputed(study, choice, survey)
    rows = found.table().query("analysis == 'pls'")
    frames = impute_answers(survey.items, 4, seed=study.options.seed)
    fits = [fit_path_model(study, choice.shown, f, consistent=False, bootstrap=200) for f in frames]
    tables = [f.table().query("op == '~'") for f in fits]
    expected = pool_estimates(
        np.array([t.est for t in tables]), np.array([t.se for t in tables]) ** 2,
        df_complete=len(frames[0]) - 1,
    )  # fmt: skip
    assert rows.std_all.to_numpy() == pytest.approx(expected.estimate)
    assert rows.se.to_numpy() == pytest.approx(expected.error)
    assert rows.std_low.to_numpy() == pytest.approx(expected.low)
    assert set(found.table().analysis) >= {"pls"}
    assert found.facts()["imputations"] == 4


def test_without_the_key_or_without_gaps_nothing_is_imputed(opened):
    study, survey, choice = opened
    assert pool_imputed(study, choice, survey, imputations=0) is None
    whole = replace(survey, items=impute_answers(survey.items, 2, seed=1)[0])
    assert pool_imputed(study, choice, whole) is None
