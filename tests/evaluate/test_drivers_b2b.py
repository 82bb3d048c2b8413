"""A real business-to-business survey by its study file alone: stated and derived importance.

Data: customer survey of an equipment maker, file ABC of PyPI ``mistat`` 0.1.17 (MIT; Kenett &
Salini 2012, Modern Analysis of Customer Surveys), 266 customers, some of its columns; 0 stands
for no answer. R² and Shapley shares to the digits printed by pingouin 0.7.0, relative weights by
R's relaimpo formula.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.evaluate.drivers.asymmetry import penalty_reward
from cx_value.evaluate.drivers.plan import compare_drivers, further_analyses
from cx_value.study import check_study, read_study, read_survey

DATA = Path(__file__).parents[1] / "reference" / "drivers__abc_data.csv"
AREAS = {"q11": "Equipment", "q17": "Sales support", "q25": "Technical support", "q31": "Training",
         "q38": "Supplies", "q43": "Software", "q49": "Web site", "q57": "Purchasing support",
         "q65": "Contracts and pricing"}  # fmt: skip
PRINTED = {"q11": (0.11681, 0.111097), "q17": (0.06265, 0.064624), "q25": (0.12544, 0.129423),
           "q31": (0.02561, 0.026534), "q38": (0.04880, 0.048048), "q43": (0.01660, 0.018727),
           "q49": (0.02026, 0.018171), "q57": (0.05459, 0.054529),
           "q65": (0.08081, 0.080434)}  # fmt: skip


def write_study(folder):
    areas = "\n".join(f"  A_{q}: {{label: {name}, items: [{q}]}}" for q, name in AREAS.items())
    text = f"""
title: Satisfaction of business customers
data: {{file: answers.csv, missing_codes: [0]}}
scale: {{min: 1, max: 5}}
constructs:
  OVERALL: {{label: Overall satisfaction, items: [q1]}}
{areas}
drivers:
  levers: [{", ".join(AREAS)}]
  outcomes: [q1]
"""
    (folder / "study.yml").write_text(text, encoding="utf-8")
    (folder / "answers.csv").write_bytes(DATA.read_bytes())
    return folder / "study.yml"


def write_items_study(folder):
    """The equipment's own attributes, each with its stated importance."""
    pairs = {"q6": "qi6", "q7": "qi7", "q8": "qi8", "q9": "qi9"}
    text = f"""
title: Attributes of the equipment
data: {{file: answers.csv, missing_codes: [0]}}
scale: {{min: 1, max: 5}}
constructs:
  EQUIPMENT: {{label: Equipment, items: [q11]}}
  PARTS: {{label: Attributes, items: [{", ".join(pairs)}]}}
drivers:
  levers: [{", ".join(pairs)}]
  outcomes: [q11]
  importance: {{{", ".join(f"{q}: {i}" for q, i in pairs.items())}}}
  importance_scale: {{min: 1, max: 3}}
"""
    (folder / "study.yml").write_text(text, encoding="utf-8")
    (folder / "answers.csv").write_bytes(DATA.read_bytes())
    return folder / "study.yml"


def test_importance_of_a_real_survey_by_configuration_only(tmp_path):
    study = read_study(write_study(tmp_path))
    survey = read_survey(study)
    found = compare_drivers(study, survey, draws=300, seed=1).importance
    table = found.table().set_index("driver")
    assert found.n_used == 80  # complete among 266
    assert table.r_squared.iloc[0] == pytest.approx(0.551586468, abs=1e-9)
    for name, (shapley, johnson) in PRINTED.items():
        assert table.shapley[name] == pytest.approx(shapley, abs=5.1e-6)
        assert table.weight[name] == pytest.approx(johnson, abs=5.1e-7)
    assert table.beyond_random["q11"] and not table.beyond_random["q43"]


def test_penalty_and_reward_of_a_real_survey():
    data = pd.read_csv(DATA).replace(0, np.nan)
    found = penalty_reward(data, list(AREAS), "q1", ends=(2, 5), fewest=1, draws=20)
    table = found.table().set_index("lever")
    assert found.r_squared == pytest.approx(0.496636, abs=5e-7)
    for lever, penalty, reward in (("q25", -0.63454, 0.26902), ("q65", -0.55322, 0.12939)):
        assert table.penalty[lever] == pytest.approx(penalty, abs=5e-6)
        assert table.reward[lever] == pytest.approx(reward, abs=5e-6)
    assert table.penalty["q11"] == pytest.approx(-0.89157, abs=5e-6)


def test_stated_beside_derived_importance(tmp_path):
    path = write_items_study(tmp_path)
    assert not [f for f in check_study(path) if f.severity == "error"]
    study = read_study(path)
    drivers = compare_drivers(study, read_survey(study), draws=100, seed=1)
    stated = drivers.map.of("stated").set_index("lever")
    raw = pd.read_csv(DATA).replace(0, np.nan)
    assert stated.importance["q6"] == pytest.approx(50 * (raw.qi6 - 1).mean())
    further = further_analyses(study, drivers, draws=100, seed=1)
    assert further["item_scores"].table().opportunity.notna().all()
    assert set(further) == {"penalty_reward", "item_scores", "necessity"}
