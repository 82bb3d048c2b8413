"""The quick profile of what ``benchmarks/fuzz.py`` does a hundred thousand times.

Every example is made anew from a seed that hypothesis chooses; a seed that ever failed stands
below for good.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made.columns import (
    compare_amounts,
    compare_answers,
    compare_dates,
    compare_durations,
    compare_numbers,
)
from made.compared import compare_log, compare_survey
from made.statistics import compare_statistic

SEEDS = st.integers(0, 2**31)
#: A log in UTF-16; a free order on the day of a returned purchase; ¥ in a log in GB 18030.
LOGS = [5, 42, 6, 24]
SURVEYS = [1, 2, 5]


def compared(compare, seed: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), seed)


@pytest.mark.parametrize("seed", LOGS)
def test_a_log_that_once_failed(seed):
    assert compared(compare_log, seed) in ("", "refused")


@pytest.mark.parametrize("seed", SURVEYS)
def test_a_survey_that_once_failed(seed):
    assert compared(compare_survey, seed) in ("", "refused")


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_made_log_is_the_customers_counted_simply(seed):
    assert compared(compare_log, seed) in ("", "refused")


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_a_made_survey_is_the_statistics_counted_simply(seed):
    assert compared(compare_survey, seed) in ("", "refused")


@pytest.mark.parametrize("compare", [compare_numbers, compare_answers, compare_durations])
def test_a_made_column_is_read_as_it_was_meant(compare):
    @settings(max_examples=80, deadline=None)
    @given(seed=SEEDS)
    def one(seed):
        assert compare(seed) in ("", "refused")

    one()


def test_made_amounts_in_a_log_are_read_as_they_were_meant():
    import duckdb

    connection = duckdb.connect()
    assert {compare_amounts(seed, connection) for seed in range(40)} <= {"", "refused"}


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_made_dates_fall_on_their_day(seed):
    assert compare_dates(seed, 200) == []


@settings(max_examples=64, deadline=None)
@given(seed=SEEDS)
def test_a_made_statistic_is_the_one_counted_simply(seed):
    assert compare_statistic(seed) in ("", "refused")
