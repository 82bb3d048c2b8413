"""A score that equals a limit reaches it, whatever the scale and the arithmetic of its index.

Right is what exact fractions say; the program has binary numbers, where 0.57 × 100 is less than 57.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from cx_value.base.formulas import reaches
from cx_value.evaluate.drivers.asymmetry import penalty_reward
from cx_value.evaluate.fuzzy import grade_membership
from cx_value.evaluate.index import grade_of
from cx_value.study.indicators import Grade

SCALES = [(1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (0, 10), (1, 10), (0, 100), (-3, 3), (0, 11)]


def grades_from(*cuts):
    return [Grade(name=f"g{cut}", label=f"g{cut}", minimum=cut) for cut in cuts]


def exact_grade(index: Fraction, cuts) -> int:
    return next(k for k, cut in enumerate(cuts) if index >= Fraction(str(cut)))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("cuts", [(80, 60, 40, 0), (85, 70, 57, 29, 0), (90, 75, 58, 14, 0),
                                  (66.7, 50, 28.5, 0)])  # fmt: skip
def test_an_answer_at_a_cut_has_the_grade_that_begins_there(scale, cuts):
    low, high = scale
    answers = np.arange(low, high + 1)
    ways = [100 * (answers - low) / (high - low), 100 * ((answers - low) / (high - low)),
            (answers - low) * (100 / (high - low))]  # fmt: skip
    right = [exact_grade(Fraction(100 * int(a - low), high - low), cuts) for a in answers]
    for index in ways:
        held = grade_membership(index, grades_from(*cuts), "frequencies")
        assert held.argmax(axis=1).tolist() == right
        one = [grade_of(np.full(3, x), grades_from(*cuts))["grade"] for x in index]
        assert one == [f"g{float(cuts[k])}" if isinstance(cuts[k], float) else f"g{cuts[k]}"
                       for k in right]  # fmt: skip


def test_limits_may_be_many_at_once():
    found = reaches(np.array([[0.57 * 100], [56.9]]), np.array([57.0, 29.0]))
    assert found.tolist() == [[True, True], [False, True]]


def test_the_ends_of_a_lever_hold_whoever_stands_at_them():
    random = np.random.default_rng(4)
    index = np.repeat(np.arange(0, 101, 1) / 100 * 100, 4)  # 57 is 56.99999999999999
    frame = pd.DataFrame({"A": index, "Y": index + random.normal(size=len(index))})
    found = penalty_reward(frame, ["A"], "Y", ends=(29.0, 57.0), draws=20).table().iloc[0]
    assert found["n_low"] == 4 * 30 and found["n_high"] == 4 * 44
