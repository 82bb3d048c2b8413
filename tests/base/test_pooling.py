"""Rubin's rules against R mitools 2.4 and Barnard & Rubin (1999), to 1e-10.

tests/reference/imputation.R. ``MIcombine`` knows the degrees of freedom of complete data in a form
of its own; those of Barnard and Rubin's equation 3 are written out there.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from cx_value.base.errors import DataError
from cx_value.base.pooling import pool_estimates

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def sets():
    table = pd.read_csv(REFERENCE / "imputation__sets.csv")
    half = len(table.columns) // 2
    return table.iloc[:, :half].to_numpy(), table.iloc[:, half:].to_numpy()


@pytest.fixture(scope="module")
def theirs():
    return pd.read_csv(REFERENCE / "imputation__pooled.csv")


def test_agrees_with_mitools(sets, theirs):
    ours = pool_estimates(*sets)
    for name in ("estimate", "error", "df", "missing_information"):
        assert getattr(ours, name) == pytest.approx(theirs[name].to_numpy(), rel=1e-10), name


def test_degrees_of_freedom_are_those_of_barnard_and_rubin(sets, theirs):
    ours = pool_estimates(*sets, df_complete=196)
    assert ours.df == pytest.approx(theirs.df_barnard_rubin.to_numpy(), rel=1e-10)
    reach = t.ppf(0.975, ours.df) * ours.error
    assert ours.low == pytest.approx(ours.estimate - reach)
    assert ours.high == pytest.approx(ours.estimate + reach)
    assert ours.p == pytest.approx(2 * t.sf(abs(ours.estimate / ours.error), ours.df))


def test_nothing_missing_leaves_the_complete_data_answer():
    same = pool_estimates(np.full((5, 1), 0.4), np.full((5, 1), 0.01), df_complete=100)
    assert same.error[0] == pytest.approx(0.1) and same.missing_information[0] == 0
    assert same.df[0] == pytest.approx(100 * 101 / 103)


def test_one_data_set_cannot_be_pooled():
    with pytest.raises(DataError, match=r"options\.imputations"):
        pool_estimates(np.ones((1, 2)), np.ones((1, 2)))
