"""Contracts by the calendar, and the value of those that run.

Renewals expected under a constant churn probability are a geometric sum in closed form: equal to
1e-9. The interval of the value covers the truth of simulated contracts in 95 of 100 worlds; with 80
worlds four standard errors are 10 points.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.value.worth.contract_book import read_contract_book
from cx_value.value.worth.contract_value import value_contracts
from cx_value.value.worth.contracts import fit_contract_model

UNTIL = dt.date(2026, 6, 30)


def book_of(rows, **options):
    frame = pd.DataFrame(rows, columns=["start", "end"])
    return read_contract_book(frame, start="start", end="end", until=UNTIL, **options)


@pytest.mark.parametrize(
    ("start", "end", "period", "periods", "churned"),
    [
        ("2026-01-01", "2026-01-31", "month", 1, 1),
        ("2026-01-01", "2026-02-01", "month", 1, 1),
        ("2026-01-01", "2026-02-02", "month", 2, 1),
        ("2026-01-31", "2026-02-28", "month", 1, 1),
        ("2026-01-01", "2026-01-01", "month", 1, 1),
        ("2026-01-01", None, "month", 5, 0),
        ("2025-01-01", None, "quarter", 5, 0),
        ("2024-02-29", "2025-02-28", "year", 1, 1),
        ("2026-06-01", "2026-06-15", "week", 2, 1),
        ("2026-06-10", None, "month", 0, 0),
        ("2026-01-01", "2026-07-15", "month", 5, 0),  # ends after the observation: it runs
    ],
)
def test_periods_are_those_of_the_calendar(start, end, period, periods, churned):
    row = book_of([(start, end)], period=period).contracts.iloc[0]
    assert (row["periods"], row["churned"]) == (periods, churned)


def test_every_row_is_accounted_for():
    frame = pd.DataFrame(
        [("2026-01-01", None, 5), ("soon", None, 5), (None, None, 5), ("2026-01-01", "late", 5),
         ("2026-09-01", None, 5), ("2026-03-01", "2026-02-01", 5), ("2026-01-01", None, -1),
         ("2026-01-01", "2026-03-01", 5)],
        columns=["start", "end", "fee"],
    )  # fmt: skip
    book = read_contract_book(frame, start="start", end="end", fee="fee", until=UNTIL)
    assert book.log.set_index("step")["rows"].to_dict() == {
        "rows_read": 8, "start_unreadable": 2, "end_unreadable": 1, "starts_later": 1,
        "ends_before_start": 1, "fee_unreadable": 1, "ended": 1, "running": 1,
    }  # fmt: skip
    assert (book.n_used, book.n_dropped) == (2, 6)
    for lang in ("en", "zh"):
        assert "2026-06-30" in book.sentence(lang)
    with pytest.raises(DataError, match="None of 1 contracts"):
        book_of([("soon", None)])
    with pytest.raises(DataError, match="lack begin"):
        read_contract_book(frame, start="begin", end="end")


def test_constant_churn_is_a_geometric_sum():
    rows = [("2025-06-30", None)] * 64 + [("2025-06-30", "2025-07-20")] * 36
    frame = pd.DataFrame(rows, columns=["start", "end"]).assign(fee=10.0)
    book = read_contract_book(
        frame, start="start", end="end", fee="fee", until=dt.date(2025, 7, 31)
    )
    known = book.contracts[book.contracts["periods"] > 0]
    model = fit_contract_model(known, duration="periods")
    assert model.model == "geometric"
    found = value_contracts(book, model, horizon_years=1, discount_rate_per_year=0.1, margin=0.5)
    kept, rate = float(model.retention([1])[0]), 1.1 ** (1 / 12)
    expected = 64 * 10 * 0.5 * sum((kept / rate) ** t for t in range(1, 13))
    assert found.total == pytest.approx(expected, rel=1e-9)
    assert found.low < found.total < found.high
    for lang in ("en", "zh"):
        assert f"{found.total:,.0f}" in found.sentence(lang)


def test_the_interval_covers_the_value_of_simulated_contracts():
    random, held, worlds = np.random.default_rng(5), 0, 80
    for _ in range(worlds):
        chance = random.beta(1.0, 6.0, 500)
        age = random.integers(1, 25, 500)
        life = random.geometric(np.maximum(chance, 1e-6))
        left = life <= age
        frame = pd.DataFrame({"periods": np.where(left, life, age), "churned": left.astype(int)})
        model = fit_contract_model(frame, duration="periods")
        book = book_of([("2026-01-01", None)])
        told = frame.assign(duration=frame["periods"].astype(float), fee=1.0)
        from dataclasses import replace

        book = replace(book, contracts=told, has_fees=True)
        found = value_contracts(book, model, horizon_years=3, discount_rate_per_year=0.0)
        truth = sum(_renewals(k) for k in age[~left])
        held += found.low <= truth <= found.high
    assert abs(held / worlds - 0.95) < 0.10


def _renewals(k: int) -> float:
    """Sum over 36 months of S(k + t)/S(k) of a beta(1, 6) churn probability: B(1, 6 + t)."""
    survival = np.array([6 / (6 + t) for t in range(k, k + 37)])  # S(t) = B(1, 6 + t)/B(1, 6)
    return float((survival[1:] / survival[0]).sum())


def test_nothing_to_value_is_refused():
    book = book_of([("2026-01-01", None), ("2026-01-01", "2026-02-01")])
    model = fit_contract_model(pd.DataFrame({"duration": [1, 2, 2, 3], "churned": [1, 1, 0, 1]}))
    with pytest.raises(DataError, match="no fees"):
        value_contracts(book, model, horizon_years=1, discount_rate_per_year=0.1)
