"""MICOM against an R script of the published algorithm, permutation by permutation.

``tests/reference/micom.R``: Holzinger & Swineford by school, 99 permutations taken over, equal
to 1e-8 (both programs iterate to 1e-10 or less). openpls-engine 1.13.0 gives c .987928, .997696,
.999328 and log variance ratios −.098826, .019426, .214100 on the same data: within 2e-4.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.sem.pls.micom import check_composites

FOLDER = Path(__file__).parents[1] / "reference"
BLOCKS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
PATHS = [("visual", "textual"), ("visual", "speed"), ("textual", "speed")]


@pytest.fixture(scope="module")
def schools():
    return pd.read_csv(FOLDER / "sem__hs_data.csv")


def test_every_step_is_that_of_the_published_algorithm(schools):
    rows = np.loadtxt(FOLDER / "micom__permutations.csv", delimiter=",", dtype=int)
    found = check_composites(BLOCKS, PATHS, schools, schools.school, rows=rows).table()
    told = pd.read_csv(FOLDER / "micom__schools.csv")
    pd.testing.assert_frame_equal(found[told.columns], told, rtol=0, atol=1e-8)


def test_another_program_is_within_its_own_conventions(schools):
    found = check_composites(BLOCKS, PATHS, schools, schools.school, draws=500, seed=1).table()
    assert found.c.to_numpy() == pytest.approx([0.987928, 0.997696, 0.999328], abs=2e-4)
    assert found["mean"].to_numpy() == pytest.approx([-0.125280, 0.544376, -0.153541], abs=1e-3)
    assert found.variance.to_numpy() == pytest.approx([-0.098826, 0.019426, 0.2141], abs=2e-5)
    # p of 500 permutations, two of them: 3 standard errors of their difference
    for column, theirs in {"c_p": [0.319, 0.214, 0.960], "mean_p": [0.255, 0.002, 0.196],
                           "variance_p": [0.545, 0.884, 0.194]}.items():  # fmt: skip
        p = np.array(theirs)
        assert (np.abs(found[column] - p) < 3 * np.sqrt(2 * p * (1 - p) / 500) + 0.01).all()


def test_rows_may_stand_in_any_order_and_gaps_are_dropped(schools):
    one = check_composites(BLOCKS, PATHS, schools, schools.school, draws=19).table()
    shuffled = schools.sample(frac=1, random_state=3)
    other = check_composites(BLOCKS, PATHS, shuffled, shuffled.school, draws=19).table()
    for column in ("c", "mean", "variance"):
        assert other[column].to_numpy() == pytest.approx(one[column].to_numpy(), abs=1e-9)
    gaps = schools.assign(x1=schools.x1.mask(schools.index < 5))
    found = check_composites(BLOCKS, PATHS, gaps, gaps.school, draws=19)
    assert (found.n_used, found.n_dropped) == (296, 5)


def test_weights_that_differ_are_found_and_equal_ones_seldom_called_unlike():
    rng, n, alarms = np.random.default_rng(8), 250, 0
    blocks, paths = {"X": ["a", "b", "c"], "Y": ["d", "e"]}, [("X", "Y")]
    group = np.repeat(["g", "h"], n)

    def answers(loadings):
        f = rng.normal(size=(2 * n, 1))
        x = f * loadings + rng.normal(size=(2 * n, 3)) * 0.6
        y = 0.7 * f + rng.normal(size=(2 * n, 2)) * 0.6
        return pd.DataFrame(np.hstack([x, y]), columns=list("abcde"))

    same = np.ones((2 * n, 3)) * [0.8, 0.7, 0.6]
    for _ in range(60):
        found = check_composites(blocks, paths, answers(same), group, draws=99).table()
        alarms += found.c_p[0] <= 0.05
    assert alarms <= 9  # 60 worlds at .05 give 3, more than 9 once in 1,000
    unlike = np.where((group == "g")[:, None], [0.9, 0.8, 0.0], [0.0, 0.8, 0.9])
    found = check_composites(blocks, paths, answers(unlike), group, draws=99).table()
    assert found.c_p[0] == 0.01 and found.c[0] < found.c_quantile[0]


def test_one_group_or_three_are_refused(schools):
    with pytest.raises(DataError, match=r"1 groups .* allowed: two"):
        check_composites(BLOCKS, PATHS, schools, np.repeat("a", len(schools)))
    with pytest.raises(DataError, match="3 groups"):
        check_composites(BLOCKS, PATHS, schools, np.arange(len(schools)) % 3)
