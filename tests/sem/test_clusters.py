"""Respondents sampled in clusters and strata: errors and tests of maximum likelihood.

Clusters against lavaan's ``cluster=`` (``reference/sem_clusters.R``), complete and with missing
answers: estimates and errors to 1e-5, tests to 1e-6 relative, as in test_estimation.py (SRMR 1e-5:
lavaan stops its search for the saturated moments earlier). Strata,
which lavaan has not, against the textbook variance of a stratified mean to 1e-10.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.sem import fit_model
from cx_value.sem.resampling.monte_carlo import monte_carlo

HS = """visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ a*visual
speed ~ b*textual + visual
indirect := a*b"""
REFERENCE = Path(__file__).parents[1] / "reference"
CASES = {"complete": ("hs", {}), "fiml": ("hs_missing", {"missing": "fiml"})}


def data_of(name):
    return pd.read_csv(REFERENCE / f"sem__{name}_data.csv")


def close(ours, theirs, tolerance):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert (np.abs(ours - theirs) < tolerance * np.maximum(1, np.abs(theirs))).all()


def fit(case, **more):
    name, options = CASES[case]
    data = data_of(name)
    data = data.assign(unit=data.school + data.ageyr.astype(str) + "_" + data.agemo.astype(str))
    return fit_model(HS, data, **{"estimator": "mlr", "cluster": "unit", **options, **more})


def reference(case, kind):
    path = REFERENCE / f"sem_clusters__{case}_{kind}.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=["NA"])


@pytest.mark.parametrize("case", CASES)
def test_errors_of_clusters_agree_with_lavaan(case):
    theirs, ours = reference(case, "estimates"), fit(case).table()
    keys = ["lhs", "op", "rhs"]
    plain = theirs[theirs.op != ":="].merge(ours, on=keys, suffixes=("_r", ""), how="left")
    for name, other in (("est", "est_r"), ("se", "se_r"), ("ci_low", "ci.lower"),
                        ("ci_high", "ci.upper")):  # fmt: skip
        close(plain[name], plain[other], 1e-5)
    effect = ours[ours.op == ":="].iloc[0]
    defined = theirs[theirs.op == ":="].iloc[0]
    close([effect.est, effect.se], [defined.est, defined.se], 1e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_test_of_fit_agrees_with_lavaan(case):
    theirs, ours = reference(case, "indices").set_index("name").value, fit(case).indices
    names = ["chisq", "df", "chisq.scaled", "chisq.scaling.factor", "cfi.scaled", "rmsea.scaled",
             "baseline.chisq.scaled", "srmr", "bic"]  # fmt: skip
    for name in names:
        assert ours[name.replace(".", "_")] == pytest.approx(
            theirs[name], rel=1e-5 if name == "srmr" else 1e-6
        ), name


def test_units_of_one_respondent_are_no_clusters_but_for_the_divisor():
    alone, n = fit("complete", cluster=np.arange(301)), 301
    plain = fit("complete", cluster=None, meanstructure=True)
    np.testing.assert_allclose(
        alone.table().se, plain.table().se * np.sqrt(n / (n - 1)), atol=1e-12
    )


def test_strata_take_the_differences_between_them_out_of_the_error():
    random = np.random.default_rng(3)
    stratum = np.repeat(["a", "b", "c"], (40, 60, 50))
    data = pd.DataFrame({"y": random.normal(size=150) + np.repeat([0.0, 2.0, 5.0], (40, 60, 50))})
    data["branch"] = random.integers(0, 12, 150)
    found = fit_model("y ~~ y\ny ~ 1", data, estimator="mlr", strata=stratum).table()
    within = sum(len(part) * part.var(ddof=1) for _, part in data.y.groupby(stratum))
    assert found.set_index("op").se["~1"] == pytest.approx(np.sqrt(within) / 150, abs=1e-10)
    both = fit_model("y ~~ y\ny ~ 1", data, estimator="mlr", strata=stratum, cluster="branch")
    totals = (data.y - data.y.mean()).groupby([stratum, data.branch]).sum()
    spread = sum(len(t) * t.var(ddof=1) for _, t in totals.groupby(level=0))
    assert both.table().set_index("op").se["~1"] == pytest.approx(np.sqrt(spread) / 150, abs=1e-10)


def test_what_does_not_allow_for_clusters_is_refused_by_name():
    data = data_of("hs")
    for estimator in ("ml", "mlm", "wlsmv"):
        with pytest.raises(ModelError, match=f"cluster or strata with estimator='{estimator}'"):
            fit_model(HS, data, estimator=estimator, cluster="school")
    with pytest.raises(ModelError, match="Bootstrap of a sample of clusters"):
        fit("complete").bootstrap(20, seed=1)
    assert monte_carlo(fit("complete"), 200, seed=1).converged.all()
    with pytest.raises(DataError, match="'branch' is not in the data"):
        fit("complete", cluster="branch")
    with pytest.raises(DataError, match="1 of them empty"):
        fit("complete", cluster=np.array([None, *range(300)], dtype=object))
    with pytest.raises(DataError, match="a single sampling unit"):
        fit("complete", cluster=np.zeros(301))
