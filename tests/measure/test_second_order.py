"""Factors of second order against lavaan 0.6-14 (tests/reference/second_order.R).

Loadings, errors, R² and AVE to 1e-4, CR, χ² difference and target coefficient too: lavaan stops
at its own tolerance.
"""

from pathlib import Path

import pandas as pd
import pytest

from cx_value.base.errors import ModelError
from cx_value.measure.second_order import second_order_validity
from cx_value.sem import fit_model

REFERENCE = Path(__file__).parents[1] / "reference"
BLOCKS = {"QUAL": ("qual", 8), "PERF": ("perf", 5), "CSOR": ("csor", 5), "ATTR": ("attr", 3)}
FIRST = "\n".join(
    f"{name} =~ " + " + ".join(f"{stem}_{i}" for i in range(1, k + 1))
    for name, (stem, k) in BLOCKS.items()
)
SECOND = FIRST + "\nREPUTATION =~ " + " + ".join(BLOCKS)


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(REFERENCE / "pls__corp_rep_data.csv", na_values=-99)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_agrees_with_lavaan(answers, estimator):
    first, second = (fit_model(s, answers, estimator=estimator) for s in (FIRST, SECOND))
    found = second_order_validity(second, first)
    theirs = pd.read_csv(REFERENCE / f"second_order__{estimator}_loadings.csv")
    ours = found.table()
    assert ours.construct.tolist() == theirs.construct.tolist()
    for column in ("loading", "se", "ci_low", "ci_high", "r_squared"):
        assert ours[column].tolist() == pytest.approx(theirs[column].tolist(), abs=1e-4), column
    fit = pd.read_csv(REFERENCE / f"second_order__{estimator}_fit.csv").iloc[0]
    row, cost = found.dimensions.iloc[0], found.difference
    assert found.n_used == fit.n
    assert [row.ave, row.composite_reliability] == pytest.approx([fit.ave, fit.cr], abs=1e-4)
    assert cost["df"] == fit.d_df
    assert cost["chisq"] == pytest.approx(fit.d_chisq, rel=1e-3)
    assert cost["p"] == pytest.approx(fit.p, rel=1e-2)
    assert cost["target"] == pytest.approx(fit.target, abs=1e-4)
    assert cost["cfi"] == pytest.approx([fit.cfi_first, fit.cfi], abs=1e-4)


def test_refuses_a_model_without_a_factor_above(answers):
    first = fit_model(FIRST, answers)
    with pytest.raises(ModelError, match="second_order: true"):
        second_order_validity(first, first)
