"""Faults of one power or one divisor that larger tests let pass."""

import numpy as np
import pytest

from cx_value.evaluate.gaps import paired_gap
from cx_value.evaluate.tracking.paired import paired_means


def test_the_unit_of_weights_changes_no_interval():
    before, after = np.array([1.0, 2, 3, 4, 4]), np.array([2.0, 2, 5, 6, 3])
    weights = np.array([1.0, 2, 1, 3, 1])
    one, ten = (paired_means(before, after, weights * unit) for unit in (1, 10))
    assert (ten.low, ten.high, ten.p) == pytest.approx((one.low, one.high, one.p))


def test_the_interval_of_an_effect_size_is_the_large_sample_one():
    perceived, expected = np.array([3.0, 4, 5, 3]), np.array([5.0, 5, 5, 6])
    found = paired_gap(perceived, expected, np.ones(4), 0.95)
    d = found["d"]
    half = 1.959964 * np.sqrt(1 / 4 + d**2 / 8)
    assert (found["d_low"], found["d_high"]) == pytest.approx((d - half, d + half), rel=1e-6)
