"""On bank-panel the evaluation finds what a panel ten times as large finds, nobody careless in it.

Both panels come from one truth, with the same share of customers answering. Tolerance: ``Z`` = 3.5
standard errors of the difference of two estimates, the bundled one's and the large one's.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.evaluate.drivers.relative import johnson_weights
from cx_value.evaluate.setting import prepare_evaluation
from cx_value.simulate.bank_panel import simulate_panel
from cx_value.simulate.questionnaire import EXPECTATIONS
from cx_value.study import read_study, read_survey
from cx_value.study.screening import screen_careless

FOLDER = Path(__file__).parents[2] / "data" / "bank-panel"
Z = 3.5
LEVERS = ("TAN", "REL", "RES", "ASS", "EMP", "PRI", "PRQ", "COM", "TEC", "IMG", "CSR")


@pytest.fixture(scope="module")
def truth():
    panel = simulate_panel(customers=12_000, respondents=3_600, rivals=9_000, seed=31,
                           careless_share=0.0, missing_share=0.0)  # fmt: skip
    return panel.survey.set_index("brand")


@pytest.fixture(scope="module")
def setting():
    study = read_study(FOLDER)
    received = read_survey(study)
    survey = received.rows(screen_careless(study, received).kept)
    return prepare_evaluation(study, survey, draws=300)


def points(frame, items):
    return 100 * (frame[items].mean(axis=1) - 1) / 6


def mean_and_error(values, weights):
    known = values.notna()
    v, w = values[known].to_numpy(), np.asarray(weights)[known.to_numpy()]
    mean = np.average(v, weights=w)
    error = np.sqrt(w**2 @ (v - mean) ** 2) / w.sum()
    return mean, error


def test_indices_and_the_ranking_of_brands_are_those_of_the_large_panel(truth, setting):
    groups = {"Harbour": setting} | dict(setting.rivals)
    means = {}
    for brand, theirs in groups.items():
        large = truth.loc[brand]
        for construct in LEVERS:
            own = [f"{construct}{k}" for k in (1, 2, 3)]
            ours = mean_and_error(theirs.scores.constructs[construct], theirs.axis.weights)
            wanted = mean_and_error(points(large, own), large.weight)
            assert abs(ours[0] - wanted[0]) < Z * np.hypot(ours[1], wanted[1]), (brand, construct)
            means[brand, construct] = ours[0]
    image = {brand: means[brand, "IMG"] for brand in groups}
    price = {brand: means[brand, "PRI"] for brand in groups}
    assert max(image, key=image.get) == "Meridian" and max(price, key=price.get) == "Northgate"


def test_gaps_are_those_of_the_large_panel(truth, setting):
    from cx_value.evaluate.gaps import analyse_gaps
    from cx_value.evaluate.setting import ModelBasis, weigh_constructs

    nothing = ModelBasis(constructs={}, items={}, left_out=(), target="")
    found = analyse_gaps(setting, weigh_constructs(setting, nothing)).dimensions.set_index("node")
    large = truth.loc["Harbour"]
    for node, row in found.iterrows():
        own = [f"{node}{k}" for k in (1, 2, 3)]
        asked = [f"E_{item}" for item in own]
        assert set(asked) <= set(EXPECTATIONS)
        wanted = mean_and_error(points(large, own) - points(large, asked), large.weight)
        error = (row.high - row.low) / (2 * 1.96)
        assert abs(row.gap - wanted[0]) < Z * np.hypot(error, wanted[1]), node


def test_what_drives_satisfaction_is_what_drives_it_in_the_large_panel(truth, setting):
    from cx_value.evaluate.drivers.importance import driver_importance

    large = truth.loc["Harbour"]
    frame = pd.DataFrame(
        {c: points(large, [f"{c}{k}" for k in (1, 2, 3)]) for c in (*LEVERS, "SAT")}
    )
    weights = johnson_weights(frame.corr().to_numpy())
    wanted = dict(zip(LEVERS, weights / weights.sum(), strict=True))
    found = driver_importance(setting.scores.constructs, LEVERS, ["SAT"], draws=300, seed=1)
    table = found.table().set_index("driver")
    error = (table.share_high - table.share_low) / (2 * 1.96)
    apart = {c: abs(table.share[c] - wanted[c]) / error[c] for c in LEVERS}
    assert max(apart.values()) < Z, apart
    assert set(table.index[:2]) == {"REL", "RES"} == set(sorted(wanted, key=wanted.get)[-2:])
