"""Studies so small that a part has hardly anything to say: the part is there all the same."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cx_value.judge.agreement import Agreement
from cx_value.judge.factors import factors_wanted
from cx_value.measure.factors import fit_factors
from cx_value.value.pictures import plot_value_distribution


@pytest.mark.parametrize("values", [[5.0] * 9, [1.0], [0, 0, 3.0]])
def test_customers_of_one_value_have_a_picture(values):
    assert plot_value_distribution(np.array(values, float)).patches


@pytest.mark.parametrize(("items", "most"), [(3, 1), (4, 1), (5, 2), (6, 3), (18, 8)])
def test_a_rule_asks_for_no_more_factors_than_the_items_tell_apart(items, most):
    study = SimpleNamespace(options=SimpleNamespace(factors="parallel"),
                            scales={"A": [f"a{k}" for k in range(items)]})  # fmt: skip
    wanted = factors_wanted(study, SimpleNamespace(suggested=dict.fromkeys(
        ("parallel_factors", "map_squared"), 8)))  # fmt: skip
    assert wanted == most
    random = np.random.default_rng(1)
    import pandas as pd

    answers = pd.DataFrame(random.normal(size=(60, items)) + random.normal(size=(60, 1)))
    if items < 10:
        assert fit_factors(answers.rename(columns=str), wanted)


def test_no_model_for_the_second_program_is_a_table_without_rows():
    nothing = Agreement(n_used=0, method=None, opinions={})
    assert nothing.table().empty and "model" in nothing.table()
    assert nothing.facts() == {"models": 0, "agree": 0, "silent": 0}
