"""Power of a path against semTools' SSpower (``reference/path_power.R``) and by simulation.

Tolerance: noncentrality 1e-8 relative and power 1e-8, both sides being a discrepancy at an optimum,
where errors of the search enter squared. The simulation (2000 samples) has a standard error of
.011; the noncentral χ² is a large-sample result, so .04 is allowed.
"""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.sem import fit_model
from cx_value.sem.engine.likelihood import complete_target
from cx_value.sem.engine.optimise import minimise
from cx_value.sem.power.power import _held_at, path_noncentrality, path_power

REFERENCE = Path(__file__).parents[1] / "reference"
VALUES = pd.read_csv(REFERENCE / "path_power__values.csv")


@cache
def fitted(case):
    syntax = VALUES.syntax[VALUES.case == case].iloc[0]
    return fit_model(
        syntax, pd.read_csv(REFERENCE / f"sem__{'pd' if case == 'pd' else 'hs'}_data.csv")
    )


@pytest.mark.parametrize("row", VALUES.itertuples(), ids=lambda r: f"{r.case}-{r.Index}")
def test_power_agrees_with_sspower(row):
    value = None if math.isnan(row.value) else row.value
    ours = path_power(fitted(row.case), row.path, value=value, null=row.null, n=row.n)
    assert ours == pytest.approx(row.power, abs=1e-8)
    each = path_noncentrality(fitted(row.case), row.path, value=value, null=row.null)
    assert each * row.n == pytest.approx(row.ncp, rel=1e-8)


def test_power_agrees_with_rejections_in_simulated_samples():
    """The likelihood-ratio test of ``speed ~ textual`` = 0 where it is .10 and n = 300."""
    from scipy.stats import chi2

    from cx_value.sem.power.dynamic_cutoffs import wishart_draws

    fit, n = fitted("hs"), 300
    model, design = fit.prepared.model, fit.prepared.design
    index = next(k for k, p in enumerate(model.free()) if p.name == "speed ~ textual")
    theta = fit.solution.theta.copy()
    theta[index] = 0.10 / design.scale[index]
    root = np.linalg.cholesky(design.implied(theta, fit.prepared.target.sample[0]).sigma[0])
    draws = root @ wishart_draws(2000, n, 9, seed=12) @ root.T
    target = complete_target(draws[:, None], np.ones((2000, 1)))
    from cx_value.sem.design.matrices import build_design

    held = build_design(_held_at(model, index, 0.0), design.units)
    starts = np.broadcast_to(theta, (2000, len(theta)))
    free = minimise(design, target, starts, near=True)
    fixed = minimise(held, target, np.delete(starts, index, axis=1), near=True)
    assert free.converged.all() and fixed.converged.all()
    share = (2 * n * (fixed.value - free.value) > chi2.ppf(0.95, 1)).mean()
    assert abs(share - path_power(fit, "speed ~ textual", value=0.10, n=n)) < 0.04


def test_nothing_to_find_leaves_alpha():
    for alpha in (0.05, 0.01):
        power = path_power(fitted("pd"), "dem65 ~ ind60", value=0.3, null=0.3, alpha=alpha)
        assert power == pytest.approx(alpha, abs=1e-9)


def test_units_means_and_order_of_a_covariance_do_not_matter():
    syntax = VALUES.syntax[VALUES.case == "hs3"].iloc[0]
    data = pd.read_csv(REFERENCE / "sem__hs_data.csv")
    wanted = path_power(fitted("hs3"), "visual ~~ speed")
    scaled = fit_model(syntax, data.assign(x1=data.x1 * 10, x7=data.x7 / 4))
    means = fit_model(syntax, data, meanstructure=True)
    for fit, path in ((scaled, "visual ~~ speed"), (means, "speed~~visual")):
        assert path_power(fit, path) == pytest.approx(wanted, abs=1e-9)


def test_groups_that_share_the_path_count_together():
    """Two groups alike, the path equal in both: the power of one group with all respondents."""
    data = pd.read_csv(REFERENCE / "sem__hs_data.csv")
    syntax = VALUES.syntax[VALUES.case == "hs"].iloc[0]
    twice = pd.concat([data.assign(half="a"), data.assign(half="b")], ignore_index=True)
    both = fit_model(syntax, twice, group="half", equal=("regressions",))
    one = path_power(fitted("hs"), "speed ~ textual", value=0.1, n=602)
    assert path_power(both, "speed ~ textual", value=0.1) == pytest.approx(one, abs=1e-8)


@pytest.mark.parametrize(
    ("path", "options", "error", "words"),
    [
        ("speed ~ nothing", {}, ModelError, "speed ~ textual"),
        ("visual =~ x1", {}, ModelError, "no free parameter"),
        ("speed ~ textual", {"n": 1}, DataError, "n ≥ 2"),
        ("speed ~ textual", {"alpha": 0}, DataError, "alpha"),
        ("x1 ~~ x1", {"value": -50.0}, ModelError, "no possible population"),
    ],
)
def test_bad_input_is_refused(path, options, error, words):
    with pytest.raises(error, match=re.escape(words)):
        path_power(fitted("hs"), path, **options)


def test_constraints_and_ordinal_models_are_refused():
    data = pd.read_csv(REFERENCE / "sem__hs_data.csv")
    tied = fit_model("f =~ x1 + a*x2 + b*x3 + x4\na == b", data)
    cut = (data[["x1", "x2", "x3", "x4"]].rank(pct=True) * 3).round()
    for fit in (tied, fit_model("f =~ x1 + x2 + x3 + x4", cut, ordered=True)):
        with pytest.raises(ModelError, match="ordinal items or '=='"):
            path_power(fit, "f ~~ f")
