"""Slopes of the table, written out, against the complex step through the model matrices: 1e-9."""

import numpy as np
import pandas as pd
import pytest

from cx_value.sem import fit_model
from cx_value.sem.reading.slopes import table_slopes
from cx_value.sem.reading.solution import (
    complex_step,
    places,
    raw_values,
    standardised_values,
)

MEASURES = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\n"
CASES = {
    "factors": ("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6", {}),
    "paths and a defined effect": (
        MEASURES + "h =~ x7 + x8 + x9\ng ~ a*f\nh ~ b*g + f\nx1 ~~ x4\nind := a*b\nx7 ~~ x8", {},
    ),
    "groups": (MEASURES + "g ~ f\nx1 ~~ x2", {"group": "half"}),
    "groups with equal loadings": (
        MEASURES + "g ~ f", {"group": "half", "equal": ("loadings", "intercepts")},
    ),
    "fixed predictors": (MEASURES + "g ~ f + x9\nf ~ x8 + x9", {}),
    "equal by label and free variances": (
        "f =~ NA*x1 + q*x2 + q*x3\nf ~~ 1*f\nx4 ~ f + x5", {"meanstructure": True},
    ),
    "missing answers": (MEASURES + "g ~ f", {"missing": "fiml", "estimator": "mlr"}),
}  # fmt: skip


def answers(missing: bool) -> pd.DataFrame:
    random = np.random.default_rng(5)
    factors = random.normal(size=(300, 1)) + random.normal(size=(300, 3))
    items = 0.8 * np.repeat(factors, 3, axis=1) + random.normal(size=(300, 9))
    frame = pd.DataFrame(items, columns=[f"x{i}" for i in range(1, 10)])
    if missing:
        frame = frame.mask(random.random(frame.shape) < 0.05)
    return frame.assign(half=np.where(np.arange(300) % 2, "one", "other"))


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_those_of_the_complex_step(name):
    syntax, options = CASES[name]
    fit = fit_model(syntax, answers("missing" in options), **options)
    design, theta, at = fit.prepared.design, fit.solution.theta, places(fit.prepared.design)
    sample = fit.prepared.target.sample[0]

    raw, standardised = table_slopes(design, design.implied(theta, sample), at)

    for ours, values in ((raw, raw_values), (standardised, standardised_values)):
        stepped = complex_step(
            lambda t, v=values: v(design, design.implied(t, sample[None].astype(complex)), at),
            theta,
        )
        np.testing.assert_allclose(ours, stepped, atol=1e-9, rtol=1e-9)
