"""Levels of measurement invariance against lavaan's fits of Holzinger–Swineford by school.

Tolerance 1e-6 relative, as for every fit measure of the engine (tests/sem/test_estimation.py).
"""

from pathlib import Path

import pandas as pd
import pytest

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.sem import check_invariance

REFERENCE = Path(__file__).parents[1] / "reference"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(REFERENCE / "sem__hs_data.csv")


@pytest.fixture(scope="module")
def levels(answers):
    return check_invariance(MODEL, answers, group="school")


def lavaan(level):
    frame = pd.read_csv(REFERENCE / f"sem__school_{level}_indices.csv")
    return dict(zip(frame["name"], frame["value"], strict=True))


@pytest.mark.parametrize("level", ["configural", "metric", "scalar"])
def test_every_level_is_the_model_lavaan_fits(levels, level):
    row, theirs = levels.table().set_index("model").loc[level], lavaan(level)
    for name in ("chisq", "df", "cfi", "rmsea", "srmr", "aic", "bic"):
        assert row[name] == pytest.approx(theirs[name], rel=1e-6), name


def test_differences_and_verdicts_follow_from_the_levels(levels):
    table = levels.table().set_index("model")
    metric, scalar = lavaan("metric"), lavaan("scalar")
    assert table.d_cfi["scalar"] == pytest.approx(scalar["cfi"] - metric["cfi"], abs=1e-6)
    assert table.passes["metric"] and not table.passes["scalar"]
    assert table.passes["scalar, partial"] and set(levels.freed) == {"x3~1", "x7~1"}


def test_a_studys_own_rule_judges_and_is_named(answers):
    rules = cutoffs_with({"invariance_cfi": -0.05})
    lenient = check_invariance(MODEL, answers, group="school", cutoffs=rules)
    assert lenient.table().set_index("model").passes["scalar"] and not lenient.freed
    assert "set in the study file" in lenient.sentence("en")
    assert "由研究文件设定" in lenient.sentence("zh")


def test_partial_invariance_can_be_declared(answers, levels):
    declared = check_invariance(
        MODEL, answers, group="school", partial=["x3 ~ 1", "x7~1"], search=False
    )
    table, searched = declared.table().set_index("model"), levels.table().set_index("model")
    assert list(table.index) == ["configural", "metric", "scalar, partial", "strict, partial"]
    assert table.chisq["scalar, partial"] == pytest.approx(
        searched.chisq["scalar, partial"], abs=1e-6
    )
    assert table.passes["scalar, partial"] and declared.steps.empty
    with pytest.raises(ModelError, match="x99~1, which is no parameter"):
        check_invariance(MODEL, answers, group="school", partial=["x99~1"])
