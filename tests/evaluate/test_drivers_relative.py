"""Relative importance against R.

References: ``drivers.R`` (lm() over all subsets; symmetric root of the correlations) to 1e-8, two
routes in double precision; R's relaimpo 2.2-7 and pingouin 0.7.0 for ``attitude`` and ``swiss``, to
the nine (six) digits printed there.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.evaluate.drivers.importance import driver_importance
from cx_value.evaluate.drivers.relative import (
    explained_variance,
    johnson_weights,
    shapley_shares,
    standardised_slopes,
)
from cx_value.evaluate.drivers.resampled import resample_moments

REFERENCE = Path(__file__).parents[1] / "reference"
RELAIMPO = {
    "attitude": (
        [0.370816194, 0.050903793, 0.155765990, 0.120345079, 0.006588723, 0.028182213],
        [0.362760200, 0.056002279, 0.163610911, 0.121780400, 0.008255466, 0.020192737],
        0.7326019925,
    ),
    "swiss": (
        [0.057091221, 0.171173029, 0.260134679, 0.105570150, 0.112765923],
        [0.048416896, 0.154708250, 0.271964105, 0.114680030, 0.116965721],
        0.706735,
    ),
}


def reference(name):
    return pd.read_csv(REFERENCE / f"drivers__{name}.csv")


def correlations_of(data, weights=None):
    """Return correlations with the first column, the outcome, put last."""
    ordered = data[[*data.columns[1:], data.columns[0]]].to_numpy(dtype=float)
    return resample_moments(ordered, weights, draws=1, seed=1)[0].correlations


CASES = {
    "attitude": ("attitude_data", None),
    "swiss": ("swiss_data", None),
    "attitude_weighted": ("attitude_data", np.tile([1, 2, 3], 10)),
    "gaps": ("gaps_data", None),
}


@pytest.mark.parametrize("case", CASES)
def test_shares_are_those_of_r(case):
    file, weights = CASES[case]
    ours, theirs = correlations_of(reference(file), weights), reference(case)
    np.testing.assert_allclose(shapley_shares(ours), theirs.lmg, atol=1e-8)
    np.testing.assert_allclose(johnson_weights(ours), theirs.genizi, atol=1e-8)
    np.testing.assert_allclose(standardised_slopes(ours), theirs.slope, atol=1e-8)
    assert explained_variance(ours) == pytest.approx(theirs.r_squared[0], abs=1e-10)


@pytest.mark.parametrize("case", RELAIMPO)
def test_shares_are_those_of_relaimpo(case):
    lmg, genizi, r_squared = RELAIMPO[case]
    ours = correlations_of(reference(f"{case}_data"))
    np.testing.assert_allclose(shapley_shares(ours), lmg, atol=6e-10)
    np.testing.assert_allclose(johnson_weights(ours), genizi, atol=6e-10)
    assert explained_variance(ours) == pytest.approx(r_squared, abs=5e-7)


def test_shapley_intervals_are_those_of_relaimpo():
    """Percentiles of 1,000 draws, relaimpo seed 42: limits differ by the noise of the draws."""
    data = reference("attitude_data")
    found = driver_importance(data, list(data.columns[1:]), ["rating"], draws=2000, seed=1)
    table = found.table().set_index("driver")
    theirs = {
        "complaints": (0.206, 0.470), "privileges": (0.015, 0.158), "learning": (0.058, 0.276),
        "raises": (0.059, 0.212), "critical": (0.004, 0.136), "advance": (0.013, 0.081),
    }  # fmt: skip
    for name, limits in theirs.items():
        ours = table.loc[name, ["shapley_low", "shapley_high"]].astype(float)
        np.testing.assert_allclose(ours, limits, atol=0.03)


def test_a_weight_is_as_good_as_a_repeated_row():
    data, weights = reference("attitude_data"), np.tile([1, 2, 3], 10)
    repeated = data.loc[np.repeat(data.index, weights)]
    np.testing.assert_allclose(
        johnson_weights(correlations_of(data, weights)),
        johnson_weights(correlations_of(repeated)), atol=1e-12,
    )  # fmt: skip


def test_resamples_are_those_of_resampled_rows():
    """Count products give the correlations that numpy finds in the rows drawn."""
    values = reference("attitude_data").to_numpy(dtype=float)
    _, found = resample_moments(values, draws=5, seed=3)
    rows = np.random.default_rng(3).integers(0, len(values), (5, len(values)))
    for draw, drawn in zip(found.correlations, rows, strict=True):
        np.testing.assert_allclose(draw, np.corrcoef(values[drawn].T), atol=1e-12)


def test_shares_add_up_and_do_not_mind_order_or_units():
    data = reference("attitude_data")
    base = correlations_of(data)
    other = correlations_of((data * 3 + 7).sample(frac=1, random_state=1))
    assert shapley_shares(base).sum() == pytest.approx(explained_variance(base), abs=1e-12)
    assert johnson_weights(base).sum() == pytest.approx(explained_variance(base), abs=1e-12)
    np.testing.assert_allclose(johnson_weights(other), johnson_weights(base), atol=1e-12)


def test_noise_is_told_from_drivers_and_signs_are_kept():
    random = np.random.default_rng(20)
    frame = pd.DataFrame(random.normal(size=(400, 4)), columns=["good", "bad", "twin", "noise"])
    frame["twin"] = 0.9 * frame.good + 0.4 * frame.twin
    frame["outcome"] = frame.good - 0.7 * frame.bad + random.normal(size=400)
    table = driver_importance(frame, list(frame.columns[:4]), ["outcome"], draws=300).table()
    by_name = table.set_index("driver")
    assert not by_name.beyond_random["noise"]
    assert by_name.beyond_random[["good", "bad", "twin"]].all()
    assert by_name.sign["bad"] == -1 and by_name.sign["good"] == 1
    assert by_name.weight_low["noise"] > 0  # why the interval alone says nothing


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [1.0, 2, 3], "y": [1.0, 2, 4]}), "two or more"),
        (pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 1, 3], "y": [1.0, 2, 4]}), "few_rows"),
        (pd.DataFrame({"a": np.arange(40.0), "b": np.ones(40), "y": np.arange(40.0) ** 2}),
         "constant"),
        (pd.DataFrame({"a": np.arange(40.0), "b": 2 * np.arange(40.0),
                       "y": np.arange(40.0) ** 2}), "collinear"),
    ],
)  # fmt: skip
def test_what_cannot_be_analysed_is_refused(frame, message):
    with pytest.raises(DataError, match=message):
        driver_importance(frame, [c for c in frame if c != "y"], ["y"], draws=20)


def test_too_many_predictors_for_all_subsets():
    with pytest.raises(DataError, match="relative weights"):
        shapley_shares(np.eye(18))


def test_effects_of_the_model_stand_beside_their_own_driver_and_outcome():
    data = reference("attitude_data")
    names = list(data.columns[1:])
    found = driver_importance(data, names, ["rating"], draws=50, seed=1)
    totals = pd.DataFrame({"source": names[:2], "target": "rating", "total": [0.4, -0.2],
                           "total_low": [0.3, -0.5], "total_high": [0.6, 0.1]})  # fmt: skip
    table = found.beside_model(totals).table().set_index("driver")
    columns = ["total", "total_low", "total_high"]
    assert table.loc[names[:2], columns].to_numpy().tolist() == [[0.4, 0.3, 0.6], [-0.2, -0.5, 0.1]]
    assert table.loc[names[2:], columns].isna().all(axis=None)
