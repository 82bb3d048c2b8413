"""What value rests on is told: spend without a model, no drop-out, a forecast that missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from cx_value.value.metrics.scorecard import _of_model
from cx_value.value.plan import linked_family
from cx_value.value.purchase.comparison import compare_purchase_models
from cx_value.value.purchase.model import fit_purchase_model
from cx_value.value.purchase.regularity import measure_regularity
from cx_value.value.worth.lifetime import lifetime_value
from cx_value.value.worth.observed_spend import _relative_variance, describe_spend
from cx_value.value.worth.rivals import value_by_model
from cx_value.value.worth.spend import SpendModel

CDNOW = Path(__file__).resolve().parents[2] / "data" / "cdnow" / "transactions.csv"
N = 600


def customers(monetary=None, seed: int = 2) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.integers(0, 9, N)
    age = random.uniform(30, 52, N)
    recency = np.where(x > 0, age * random.uniform(0.3, 0.99, N), 0)
    if isinstance(monetary, str):
        monetary = random.gamma(5 * np.maximum(x, 1)) / np.maximum(x, 1)
    spends = random.gamma(5 * np.maximum(x, 1), 1 / np.maximum(x, 1) / random.gamma(4, 1 / 60, N))
    z = np.where(x > 0, spends if monetary is None else monetary, np.nan)
    return pd.DataFrame({"customer": range(N), "frequency": x, "recency": recency, "age": age,
                         "monetary": z})  # fmt: skip


HOW = {"horizon": 52, "discount_rate_per_year": 0.1, "unit": "week"}


def test_customers_who_never_paid_are_worth_nothing():
    frame = customers()
    free = (frame.index % 3 == 0) & (frame["frequency"] > 0)
    frame.loc[free, "monetary"] = 0.0
    spend = describe_spend(frame)
    assert isinstance(spend, SpendModel)
    assert (spend.expected_spend()[free] == 0).all() and (spend.expected_spend()[~free] > 0).all()
    value = lifetime_value(fit_purchase_model(frame, "bg_nbd"), spend, **HOW)
    assert value.by_customer[free].sum() == 0
    assert value.total == pytest.approx(value.by_customer[~free].sum())
    assert spend.facts()["free"] == int(free.sum())


def test_a_repeat_buyer_who_paid_at_first_alone_gets_the_conditional_mean():
    frame = customers().assign(spend=50.0)
    one = int(np.flatnonzero(frame["frequency"] == 4)[0])
    frame.loc[one, "monetary"] = 0.0
    spend = describe_spend(frame)
    p, q, gamma = spend.parameters.values()
    assert spend.expected_spend()[one] == pytest.approx(p * gamma / (p * 4 + q - 1))


@pytest.mark.parametrize(("reason", "monetary"), [
    ("equal", 9.99),
    ("alike", "one gamma for all"),
    ("heavy_tail", np.random.default_rng(1).pareto(0.5, N) + 1),
])  # fmt: skip
def test_where_gamma_gamma_has_no_optimum_value_is_by_the_spend_observed(reason, monetary):
    frame = customers(monetary, seed=1)
    spend, purchase = describe_spend(frame), fit_purchase_model(frame, "bg_nbd")
    value = lifetime_value(purchase, spend, **HOW)
    again = frame["frequency"] > 0
    mean = np.average(frame["monetary"][again], weights=frame["frequency"][again])
    assert spend.reason == reason
    assert spend.mean_spend() == pytest.approx(mean)
    ahead = value.customers["discounted_transactions"]
    if reason == "heavy_tail":
        assert spend.expected_spend()[again].to_numpy() == pytest.approx(
            frame["monetary"][again].to_numpy()
        )
    else:
        assert value.total == pytest.approx(mean * ahead.sum())
    assert value.total_low < value.total < value.total_high
    for lang in ("en", "zh"):
        assert f"{mean:,.2f}" in spend.sentence(lang)


def test_discounting_is_by_the_effective_rate_of_a_year():
    """Total = Σ ∫ (1 + d)^(−t/year) dE[X(t)], by adaptive quadrature of the expected purchases."""
    frame = customers().head(40)
    purchase = fit_purchase_model(customers(), "pareto_nbd")
    rate, horizon = 0.25, 104.0
    value = lifetime_value(purchase, 1.0, horizon=horizon, discount_rate_per_year=rate, unit="week")
    year = 365.25 / 7
    weight = np.log1p(rate) / year

    def flow(t: float) -> float:
        total = float(purchase.expected_transactions(t, frame).sum())
        return total * weight * (1 + rate) ** (-t / year)

    # By parts: ∫ w dE = w(H) E(H) + ∫ δ w E dt.
    end = float(purchase.expected_transactions(horizon, frame).sum())
    expected = (1 + rate) ** (-horizon / year) * end + quad(flow, 1e-9, horizon, limit=200)[0]
    assert value.by_customer.head(40).sum() == pytest.approx(expected, rel=1e-6)


def test_without_drop_out_there_is_no_churn():
    random = np.random.default_rng(5)
    rate, age = random.gamma(2, 0.05, 800), random.uniform(40, 60, 800)
    times = [
        np.sort(random.uniform(0, a, random.poisson(r * a))) for r, a in zip(rate, age, strict=True)
    ]
    last = [t[-1] if len(t) else 0.0 for t in times]
    frame = pd.DataFrame({"frequency": [len(t) for t in times], "recency": last, "age": age})
    choice = compare_purchase_models(frame)
    assert not choice.model.family.has_dropout
    assert choice.rows["fitted"].is_unique
    assert "churn_rate" not in [m.table()["metric"][0] for m in _of_model(choice.model)]
    assert "no drop-out" in choice.sentence("en") and "不含流失" in choice.sentence("zh")
    assert linked_family(choice) == "nbd"


def test_a_forecast_that_missed_brings_the_value_by_every_model():
    from cx_value.value.log.transactions import summarise_transactions

    log = {"customer": "customer", "date": "date", "amount": "amount", "end": "1998-06-30"}
    sample = pd.read_csv(CDNOW, dtype=str).query("customer.str.endswith('7')")
    sample = sample.assign(amount=sample["amount"].astype(float))
    seen = summarise_transactions(sample, calibration_end="1997-09-30", **log)
    whole = summarise_transactions(sample, **log)
    choice = compare_purchase_models(seen)
    row = choice.rows.set_index("model").loc[choice.chosen]
    error = row["holdout_expected"] / row["holdout_actual"] - 1
    assert choice.forecast_missed and choice.forecast_error == error
    models = value_by_model(choice, whole, describe_spend(whole), **HOW)
    table, facts = models.table().set_index("model"), models.facts()
    assert len(table) == 4 and facts["models"] == 3
    for name in table.index:
        alone = lifetime_value(fit_purchase_model(whole, name), describe_spend(whole), **HOW)
        assert table.loc[name, "total"] == pytest.approx(alone.total)
    value = lifetime_value(
        fit_purchase_model(whole, choice.model.model), describe_spend(whole),
        reservations=choice.reservations, **HOW,
    )  # fmt: skip
    assert "missed by −" in value.sentence("en") and "预测误差为 −" in value.sentence("zh")


def test_payers_by_contract_are_recognised():
    random = np.random.default_rng(1)
    n = random.integers(3, 12, 50)
    gaps = [30 + random.integers(-2, 3, k) for k in n]
    frame = pd.DataFrame({"frequency": n, "gap_mean": [g.mean() for g in gaps],
                          "gap_cv": [g.std(ddof=1) / g.mean() for g in gaps]})  # fmt: skip
    found = measure_regularity(frame)
    assert found.facts()["kind"] == "clockwork"
    assert "contract" in found.sentence("en") and "合同" in found.sentence("zh")


def test_what_is_stored_of_customers_names_none_of_them():
    frame = customers()
    value = lifetime_value(fit_purchase_model(frame, "bg_nbd"), describe_spend(frame), **HOW)
    told = value.distribution()
    assert len(told) == 10 and "customer" not in told
    assert told["share_of_value"].iloc[-1] == pytest.approx(1.0)


def test_the_variance_of_mean_spend_is_that_of_the_jackknife():
    """Of log(Σxz / Σx) over 800 customers; the linear formula differs from it by its curvature."""
    draw = np.random.default_rng(4)
    x, z = draw.integers(1, 9, 800).astype(float), draw.gamma(3, 10, 800)
    left = np.log(((x @ z) - x * z) / (x.sum() - x))
    jackknife = 799 / 800 * ((left - left.mean()) ** 2).sum()
    assert _relative_variance(x, z, x @ z / x.sum()) == pytest.approx(jackknife, rel=0.01)
