"""Contracts: Fader & Hardie's published sBG, R's survival package, limits and refusals.

Tolerances: published values to half a unit of the last digit; R (``reference/value_survival.R``)
1e-10 for Kaplan–Meier (the same arithmetic), 1e-6 for Weibull (both iterate).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.value.worth.contracts import fit_contract_model
from cx_value.value.worth.survival import estimate_survival

REFERENCE = Path(__file__).parents[1] / "reference"
# Fader & Hardie (2007, J. Interactive Marketing 21), table 1: percent of customers left by year.
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]


def test_sbg_as_published():
    high, regular = fit_contract_model(HIGH_END[:8]), fit_contract_model(REGULAR[:8])
    np.testing.assert_allclose(high.table()["estimate"], [0.668, 3.806], atol=5e-4)
    assert high.log_likelihood == pytest.approx(-1611.2, abs=0.05)
    np.testing.assert_allclose(regular.table()["estimate"], [0.704, 1.182], atol=5e-4)
    assert regular.log_likelihood == pytest.approx(-1680.3, abs=0.05)
    # Fitted on seven years, both stay close to the twelfth, the paper's figure 6.
    assert high.survival([12])[0] == pytest.approx(0.394, abs=0.02)
    assert regular.survival([12])[0] == pytest.approx(0.173, abs=0.01)
    retention = high.retention([1, 2, 7])
    assert retention[0] == pytest.approx(3.806 / (0.668 + 3.806), abs=1e-3)
    assert (np.diff(retention) > 0).all()


def test_sbg_from_single_contracts_equals_counts():
    lost = -np.diff(HIGH_END[:8])
    rows = np.concatenate([np.repeat(np.arange(1, 8), lost), np.full(491, 7)])
    ended = np.concatenate([np.ones(lost.sum()), np.zeros(491)])
    frame = pd.DataFrame({"duration": rows, "churned": ended})
    by_row, by_count = fit_contract_model(frame), fit_contract_model(HIGH_END[:8])
    pd.testing.assert_frame_equal(by_row.table(), by_count.table(), rtol=1e-6)


@pytest.fixture(scope="module")
def lung():
    return pd.read_csv(REFERENCE / "value_survival__lung.csv")


def test_kaplan_meier_against_r(lung):
    expected = pd.read_csv(REFERENCE / "value_survival__kaplan_meier.csv")
    curve = estimate_survival(lung)
    pd.testing.assert_frame_equal(curve.table(), expected, check_dtype=False, rtol=1e-10)
    median = pd.read_csv(REFERENCE / "value_survival__median.csv").iloc[0]
    assert (curve.median, curve.median_low, curve.median_high) == tuple(median)
    assert "310.0 [284.0, 361.0]" in curve.sentence("en")
    assert "310.0 [284.0, 361.0]" in curve.sentence("zh")


def test_weibull_against_r(lung):
    expected = pd.read_csv(REFERENCE / "value_survival__weibull.csv")
    fit = fit_contract_model(lung, "weibull")
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(fit.table()[columns], expected[columns], rtol=1e-6)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"][0], abs=1e-8)
    assert fit.survival([417.758665374246])[0] == pytest.approx(np.exp(-1), rel=1e-6)


def test_equal_churn_becomes_geometric():
    counts = [round(100000 * 0.8**t) for t in range(8)]
    fit = fit_contract_model(counts)
    assert fit.model == "geometric" and fit.notes[0].template == "contracts.alike"
    np.testing.assert_allclose(fit.retention([1, 5]), 0.8, atol=1e-3)
    # Error of the rate -log(1 - theta) by the binomial's: sqrt(theta (1 - theta) / n) / (1 - theta)
    n = sum(counts[:-1])
    assert fit.table()["std_error"][0] == pytest.approx(np.sqrt(0.2 * 0.8 / n) / 0.8, rel=1e-2)


def test_median_that_is_not_reached():
    frame = pd.DataFrame({"duration": [1, 2, 3, 4], "churned": [1, 0, 0, 0]})
    curve = estimate_survival(frame)
    assert np.isnan(curve.median)
    assert "cannot be estimated" in curve.sentence("en") and "无法估计" in curve.sentence("zh")


@pytest.mark.parametrize(
    ("data", "model", "error", "message"),
    [
        ([100, 100, 100], "sbg", DataError, "None of the 100 customers has left"),
        ([100, 90, 95], "sbg", DataError, "rise from 90 to 95"),
        ([100, 90], "sbg", DataError, "at least three"),
        ([100, 90, 80], "weibull", DataError, "counts by period"),
        ([100, 90, 80], "cox", ModelError, "No contract model is named 'cox'"),
        (pd.DataFrame({"duration": [1.5], "churned": [1]}), "sbg", DataError, "no whole periods"),
        (
            pd.DataFrame({"duration": [0.0], "churned": [1]}),
            "weibull",
            DataError,
            "1 of 1 contracts",
        ),
        (
            pd.DataFrame({"duration": [1.0], "churned": [2]}),
            "weibull",
            DataError,
            "1 of 1 contracts",
        ),
        (pd.DataFrame({"months": [1.0]}), "weibull", DataError, "lack duration, churned"),
        (pd.DataFrame({"duration": [1, 1], "churned": [1, 1]}), "sbg", DataError, "first period"),
    ],
)
def test_refusals(data, model, error, message):
    with pytest.raises(error, match=message):
        fit_contract_model(data, model)


def test_sentence_and_picture(lung):
    fit = fit_contract_model(HIGH_END[:8])
    first, fifth = fit.retention([1, 5])
    for lang in ("en", "zh"):
        assert f"{100 * first:.1f}%" in fit.sentence(lang)
        assert f"{100 * fifth:.1f}%" in fit.sentence(lang)
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    assert estimate_survival(lung).plot(lang="zh").get_ylabel() == "仍为客户的比例"
    plt.close("all")
