"""Counts of a specification against lavaan's: parameters, moments, degrees of freedom."""

import pandas as pd
import pytest

from cx_value.judge.estimation import plain_estimation
from cx_value.judge.specification import specify
from cx_value.study import read_study, read_survey

ECSI = "data/ecsi-mobile"


@pytest.fixture(scope="module")
def fitted():
    study = read_study(ECSI)
    items = read_survey(study).items
    how = plain_estimation(study, items)
    syntax = study.measurement_syntax(["PERQ", "CUSA"]) + "\nCUSA ~ PERQ"
    return specify("two", how.fit(syntax, items), how)


def test_moments_are_free_parameters_and_degrees_of_freedom(fitted):
    # 10 items: 55 variances and covariances; lavaan: 21 free parameters, 34 degrees of freedom.
    facts = fitted.facts()
    assert (facts["observed"], facts["latent"]) == (10, 2)
    assert (facts["moments"], facts["free"], facts["df"], facts["shared"]) == (55, 21, 34, 0)
    assert facts["scaling"] == "marker" and facts["estimator"] == "ml"


def test_every_parameter_is_of_a_kind(fitted):
    counts = fitted.table().set_index("kind")[["parameters", "free", "fixed"]]
    expected = pd.DataFrame(
        {"parameters": [10, 1, 10, 2], "free": [8, 1, 10, 2], "fixed": [2, 0, 0, 0]},
        index=["loading", "path", "residual_variance", "latent_variance"],
    )
    assert counts.loc[expected.index].astype(int).equals(expected)
    assert set(counts.index) == set(expected.index)


def test_equations_are_those_fitted(fitted):
    lines = fitted.syntax()
    assert list(lines.part) == ["loading", "loading", "path"]
    assert lines.equation.iloc[-1] == "CUSA ~ PERQ"
