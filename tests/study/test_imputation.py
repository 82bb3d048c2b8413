"""Imputed frames: what was answered stays, and what is drawn carries the relations of the data."""

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.base.pooling import pool_estimates
from cx_value.study.imputation import impute_answers
from cx_value.study.little import em_moments


@pytest.fixture(scope="module")
def answers():
    """Answers to y are missing where x is high: complete rows alone miss the mean by far."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=1500)
    y = 0.8 * x + rng.normal(scale=0.6, size=1500)
    data = pd.DataFrame({"x": x, "y": y, "z": y + rng.normal(size=1500)})
    data.loc[x + rng.normal(scale=0.5, size=1500) > 0.5, "y"] = np.nan
    return data


def test_answers_stay_and_gaps_differ_between_frames(answers):
    frames = impute_answers(answers, 3, seed=5)
    there = answers.notna()
    for frame in frames:
        assert frame.notna().all(axis=None)
        assert (frame[there] == answers[there])[there].sum().sum() == there.sum().sum()
    gone = answers.y.isna()
    assert (frames[0].y[gone] != frames[1].y[gone]).all()
    again = impute_answers(answers, 3, seed=5)
    assert again[2].equals(frames[2])


def test_pooled_means_and_relations_are_those_of_full_information(answers):
    frames = impute_answers(answers, 40, seed=5)
    moments = em_moments(answers)
    n = len(answers)
    pooled = pool_estimates(
        np.array([f.mean() for f in frames]), np.array([f.var() / n for f in frames]),
        df_complete=n - 1,
    )  # fmt: skip
    assert abs(answers.y.mean()) > 0.25  # of the complete rows
    assert pooled.estimate == pytest.approx(moments.mean, abs=0.01)
    assert pooled.low[1] < 0 < pooled.high[1]
    assert 0.1 < pooled.missing_information[1] < 0.6 and pooled.missing_information[0] == 0
    covariance = np.mean([f.cov().to_numpy() for f in frames], axis=0)
    assert covariance == pytest.approx(moments.cov, abs=0.02)


def test_rows_without_any_answer_are_left_out(answers):
    data = answers.copy()
    data.loc[3] = np.nan
    assert 3 not in impute_answers(data, 2, seed=1)[0].index


def test_a_column_without_answers_is_refused(answers):
    with pytest.raises(DataError, match="nobody answered y"):
        impute_answers(answers.assign(y=np.nan), 2, seed=1)
