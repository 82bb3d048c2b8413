"""Spend that says little: one price, a heavy tail, customers alike, customers who never paid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.value import (
    describe_spend,
    fit_purchase_model,
    lifetime_value,
    measure_regularity,
    summarise_transactions,
)
from cx_value.value.plan import regularity_of

DATA = Path(__file__).parent / "data"
NAMES = {"customer": "customer", "date": "date", "amount": "amount"}
YEAR = {"horizon": 52, "discount_rate_per_year": 0.1}


def summarise(source, **options):
    source = DATA / source if isinstance(source, str) else source
    return summarise_transactions(source, **NAMES, **({"end": "2024-12-31"} | options))


ONE_MEAN = {
    "spend_oneprice.csv": "alike",
    "spend_samespend.csv": "alike",
    "spend_heavytail.csv": "heavy_tail",
}


@pytest.mark.parametrize("name", ONE_MEAN)
def test_where_the_spend_model_cannot_be_fitted_the_mean_spend_values_purchases(name):
    purchases = summarise(name)
    spend = describe_spend(purchases)
    assert spend.facts()["reason"] == ONE_MEAN[name]
    again = purchases.customers.query("frequency > 0")
    mean = (again["monetary"] * again["frequency"]).sum() / again["frequency"].sum()
    assert spend.facts()["mean"] == pytest.approx(mean)
    assert spend.facts()["low"] < mean < spend.facts()["high"]
    purchase = fit_purchase_model(purchases, "mbg_nbd")
    value = lifetime_value(purchase, spend, **(YEAR | {"discount_rate_per_year": 0}))
    price = mean
    if (
        spend.facts()["reason"] == "heavy_tail"
    ):  # no mean of all exists: each who came back, their own
        price = purchases.customers["monetary"].fillna(mean).to_numpy()
    expected = purchase.expected_transactions(52).to_numpy()
    assert value.total == pytest.approx((price * expected).sum(), rel=1e-6)


@pytest.mark.parametrize("price", [0.5, 9.9, 1200.0])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_one_price_is_worth_price_times_purchases(tmp_path, price, form):
    log = pd.read_csv(DATA / "dates_iso.csv").drop_duplicates(["customer", "date"])
    log["amount"] = price
    path = tmp_path / f"log.{form}"
    (log.to_csv if form == "csv" else log.to_parquet)(path, index=False)
    purchases = summarise(path)
    purchase = fit_purchase_model(purchases, "mbg_nbd")
    total = lifetime_value(purchase, describe_spend(purchases), **YEAR).total
    by_hand = lifetime_value(purchase, price, **YEAR).total
    assert total == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("share", [3, 10])
def test_customers_who_never_paid_are_worth_nothing_as_told(share):
    random, n = np.random.default_rng(2), 600
    bought, pace = random.integers(0, 9, n), random.gamma(4, 1 / 60, n)
    seen = np.maximum(bought, 1)
    monetary = np.where(bought > 0, random.gamma(5 * seen, 1 / (seen * pace)), np.nan)
    free = (np.arange(n) % share == 0) & (bought > 0)
    monetary[free] = 0.0
    age = random.uniform(30, 52, n)
    recency = np.where(bought > 0, age * random.uniform(0.3, 0.99, n), 0)
    frame = pd.DataFrame(
        {"frequency": bought, "recency": recency, "age": age, "monetary": monetary}
    )
    spend = describe_spend(frame)
    value = lifetime_value(fit_purchase_model(frame, "bg_nbd"), spend, unit="week", **YEAR)
    worth = value.table()["lifetime_value"]
    assert (worth[free] == 0).all() and (worth[~free] > 0).all()
    assert value.total == pytest.approx(worth.sum())
    assert spend.facts()["never_paid"] == free.sum()


# --- customers who pay like a clock, and customers who never leave --------------------------


def paid_monthly(gaps):
    """Return a log of 150 customers who pay a fee at given gaps, most of whom stop early."""
    random, rows = np.random.default_rng(3), []
    for i in range(150):
        fee, day = random.choice([19.9, 29.9, 49.9]), int(random.integers(0, 91))
        for _ in range(random.integers(3, 11)):
            rows.append((f"c{i:03d}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=day), fee))
            day += gaps(random)
            if day > 364:
                break
    return pd.DataFrame(rows, columns=list(NAMES))


@pytest.mark.parametrize(
    ("kind", "gaps"),
    [("equal", lambda _: 30), ("clockwork", lambda random: 28 + int(random.integers(0, 5)))],
)
@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_instalments_of_a_contract_are_recognised_and_told_what_fits(kind, gaps, unit):
    found = measure_regularity(summarise(paid_monthly(gaps), unit=unit))
    assert found.facts()["kind"] == kind and found.reservations == [{"code": "contract"}]
    assert "sBG" in found.sentence("en") and "合同" in found.sentence("zh")
    assert regularity_of(summarise(paid_monthly(gaps), unit=unit)).facts()["kind"] == kind


def test_a_tariff_file_as_it_comes():
    found = measure_regularity(summarise("tariffs.csv", end="2025-12-31"))
    assert found.facts()["kind"] == "equal" and found.gap_median == pytest.approx(30 / 7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_steady_customers_have_no_drop_out_to_be_told(seed):
    """Nobody leaves: no churn of 0.000 with an interval of no width, and one model, not four."""
    from cx_value.value import compare_purchase_models

    random, rows = np.random.default_rng(seed), []
    for c in range(250):
        rate, base = random.gamma(0.8, 0.014), random.gamma(3, 30)
        day = int(random.integers(0, 41))
        while day < 360:
            rows.append((f"c{c:03d}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=day),
                         round(base * random.gamma(2, 0.5), 2) + 0.01))  # fmt: skip
            day += max(1, round(random.exponential(1 / rate)))
    purchases = summarise(pd.DataFrame(rows, columns=list(NAMES)))
    choice = compare_purchase_models(purchases)
    alive = choice.model.probability_alive() if choice.model.family.has_dropout else None
    assert alive is None or alive.mean() > 0.9
    fitted = choice.rows["fitted"].tolist()
    assert len(fitted) == len(set(fitted)), fitted


def test_a_model_at_its_limit_leaves_the_link_a_family_that_covariates_move():
    from cx_value.value import compare_purchase_models
    from cx_value.value.link.traits import FAMILIES_LINKED
    from cx_value.value.plan import linked_family

    choice = compare_purchase_models(summarise("linked_log.csv"))
    assert choice.model.model not in FAMILIES_LINKED  # the limit of a model is chosen
    assert linked_family(choice) in FAMILIES_LINKED
