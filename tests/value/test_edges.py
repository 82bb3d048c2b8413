"""Faults of one sign, one boundary or one divisor that larger tests let pass."""

import pandas as pd
import pytest

from cx_value.value.metrics.core import service_efficiency
from cx_value.value.metrics.service import summarise_service
from cx_value.value.worth.simple_value import simple_lifetime_value


def test_a_case_at_the_target_is_within_it_and_the_median_of_an_even_number_lies_between():
    rows = service_efficiency([1, 10, 20, 40], target=10).table().set_index("metric")
    assert rows.estimate["service_within_target"] == 0.5
    assert rows.estimate["service_time_median"] == 15


def test_cases_of_one_customer_widen_the_interval():
    log = pd.DataFrame(
        {"who": [k // 5 for k in range(60)], "grumble": [k // 5 % 2 for k in range(60)]}
    )
    many = summarise_service(log, customer="who", complaint="grumble").table().iloc[0]
    alone = (
        summarise_service(log.assign(who=range(60)), customer="who", complaint="grumble")
        .table()
        .iloc[0]
    )
    assert many.estimate == alone.estimate == 0.5
    assert many.ci_high - many.ci_low > 1.8 * (alone.ci_high - alone.ci_low)


def test_the_first_purchase_counts_in_the_order_value():
    seen = pd.DataFrame({"frequency": [1, 3], "age": [10.0, 20.0], "spend": [20.0, 100.0]})
    found = simple_lifetime_value(seen, lifetime=30)
    assert found.order_value == pytest.approx(20) and found.frequency == pytest.approx(0.2)
