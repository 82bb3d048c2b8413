"""Invariance of ordinal items, score tests and effects against semTools and lavaan.

Tolerances: 1e-6 for estimates, standard errors and intervals and 1e-6 relative for statistics and
indices, as in tests/sem/test_ordinal.py; score tests 1e-5 relative (absolute below 1), for a slope
is a difference of nearly equal moments. lavaan leaves robust indices of several groups empty.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import ModelError
from cx_value.sem import check_invariance, fit_model, score_tests
from cx_value.sem.effects import effects

REFERENCE = Path(__file__).parents[1] / "reference"
CFA = """visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"""
PATHS = """
textual ~ a*visual
speed ~ c*textual + b*visual
indirect := a*c
total := a*c + b"""
INDICES = ("chisq", "chisq.scaled", "df", "npar", "pvalue.scaled", "cfi.scaled", "tli.scaled",
           "rmsea.scaled", "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "srmr")  # fmt: skip
CASES = {
    "four": ("hs4", {}),
    "theta": ("hs4", {"parameterization": "theta"}),
    "three": ("hs3", {}),
    "two": ("two", {}),
}


def read(name):
    return pd.read_csv(REFERENCE / f"ordinal_invariance__{name}.csv", keep_default_na=False)


def data_of(name):
    school = pd.read_csv(REFERENCE / "ordinal__hs3_data.csv")
    if name == "hs3":
        return school
    if name == "two":
        return read("two_data")
    return pd.read_csv(REFERENCE / f"polychoric__{name}_data.csv").assign(school=school.school)


@cache
def levels(case):
    data, options = CASES[case]
    return check_invariance(
        CFA, data_of(data), group="school", ordered=True, std_lv=True, search=False,
        cutoffs=_lenient(), **options,
    )  # fmt: skip


def _lenient():
    """Rules that every level keeps, so that each is fitted."""
    from cx_value.base.cutoffs import cutoffs_with

    return cutoffs_with({"invariance_cfi": -1.0, "invariance_rmsea": 1.0})


@pytest.mark.parametrize("case", CASES)
def test_every_level_is_the_model_semtools_writes(case):
    theirs, fits = read(f"{case}_indices"), levels(case).fits
    assert list(fits) == list(dict.fromkeys(theirs.level))
    for level, rows in theirs.groupby("level"):
        values = pd.to_numeric(rows.set_index("name")["value"], errors="coerce")
        for name in INDICES:
            ours = fits[level].indices[name.replace(".", "_")]
            assert_allclose(ours, values[name], rtol=1e-5, atol=1e-7, err_msg=f"{level} {name}")


@pytest.mark.parametrize("case", CASES)
def test_every_free_parameter_agrees_with_lavaan(case):
    theirs, compared = read(f"{case}_estimates"), 0
    for level, rows in theirs.groupby("level"):
        fit = levels(case).fits[level]
        labels = [fit.group_labels[g - 1] for g in rows["group"]]
        both = rows.assign(group=labels).merge(
            fit.table(), on=["lhs", "op", "rhs", "group"], suffixes=("_theirs", "")
        )
        free = both[both.se_theirs > 0]
        assert_allclose(free.est, free.est_theirs, atol=2e-6)
        assert_allclose(free.se, free.se_theirs, atol=2e-6)
        assert_allclose(free.ci_low, free["ci.lower"], atol=5e-6)
        assert_allclose(free.ci_high, free["ci.upper"], atol=5e-6)
        assert (free.se > 0).all() and len(free) >= fit.indices["npar"]
        compared += len(free)
    assert compared == (theirs.se > 0).sum()


@pytest.mark.parametrize("case", CASES)
def test_difference_tests_between_levels_agree_with_lavaan(case):
    theirs = read(f"{case}_tests").set_index("level")
    ours = levels(case).table().set_index("model").loc[theirs.index]
    assert_allclose(ours.d_chisq, theirs.chisq, rtol=1e-5)
    assert_allclose(ours.d_df, theirs.df)
    assert_allclose(ours.p, theirs.p, rtol=1e-4, atol=1e-9)


def test_levels_are_compared_by_scaled_indices():
    """Robust indices of ordinal items see correlations only: equal intercepts would never fail."""
    table = levels("four").table().set_index("model")
    theirs = read("four_indices").set_index(["level", "name"])["value"]
    theirs = pd.to_numeric(theirs, errors="coerce")
    for name in ("cfi", "rmsea"):
        change = theirs["scalar", f"{name}.scaled"] - theirs["metric", f"{name}.scaled"]
        assert_allclose(table[f"d_{name}"]["scalar"], change, atol=1e-6)
    assert "cfi_robust" not in levels("four").fits["scalar"].indices
    assert "cfi_robust" in levels("four").fits["configural"].indices


def test_partial_invariance_is_searched_among_what_the_level_holds_equal():
    found = check_invariance(CFA, data_of("hs4"), group="school", ordered=True)
    table = found.table().set_index("model")
    assert table.passes.to_dict() == {
        "configural": True, "thresholds": True, "metric": True, "scalar": False,
        "scalar, partial": True,
    }  # fmt: skip
    worst = read("score_intercepts").set_index("lhs").mi.astype(float)
    assert found.freed == ("x3~1",) == (f"{worst.idxmax()}~1",)
    assert found.highest == "scalar, partial" and "x3~1" in found.steps.freed.tolist()
    assert list(found.latent_means.lhs) == ["visual", "textual", "speed"]
    freed = found.fits["scalar, partial"].table().set_index(["lhs", "op", "group"])
    assert freed.se["x3", "~1", "Grant-White"] > 0 and freed.se["x2", "~1", "Grant-White"] == 0
    assert "Threshold invariance holds" in found.sentence()
    assert "阈值不变性成立" in found.sentence("zh")


def test_what_few_categories_cannot_tell_is_told():
    assert list(levels("three").fits) == ["configural", "metric", "scalar"]
    assert "three categories" in str(levels("three").notes[-1])
    assert list(levels("two").fits) == ["configural", "scalar"]
    note = levels("two").notes[-1]
    assert "binary" in str(note) and "二分题项" in note.in_language("zh")


def test_a_level_that_the_data_do_not_determine_is_told():
    found = check_invariance(CFA, data_of("hs2"), group="school", ordered=True)
    assert found.highest == "configural" and len(found.table()) == 1
    assert "scalar model reached no optimum" in str(found.notes[-1])
    assert "强（截距）不变性模型未收敛" in found.notes[-1].in_language("zh")


def test_intercepts_and_variances_need_equal_thresholds():
    for word, options in (("x1~1", {}), ("x1 ~~ x1", {"parameterization": "theta"})):
        with pytest.raises(ModelError, match="whose thresholds are free"):
            fit_model(CFA, data_of("hs4"), ordered=True, group="school", equal="loadings",
                      partial=(word,), **options)  # fmt: skip


def test_a_residual_variance_can_be_freed_at_the_strict_level():
    options = {"group": "school", "ordered": True, "parameterization": "theta",
               "equal": ("thresholds", "loadings", "residuals")}  # fmt: skip
    held = fit_model(CFA, data_of("hs4"), **options)
    free = fit_model(CFA, data_of("hs4"), partial=("x1~~x1",), **options)
    assert free.indices["df"] == held.indices["df"] - 1
    tests = score_tests(held).set_index(["lhs", "op", "rhs"])
    drop = held.indices["chisq"] - free.indices["chisq"]
    assert_allclose(tests.mi["x1", "~~", "x1"], drop, rtol=0.25)


# Score tests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["thresholds", "metric", "scalar"])
def test_score_tests_of_equality_agree_with_lavaan(level):
    theirs = read(f"score_{level}")
    both = theirs.merge(score_tests(levels("four").fits[level]), on=["lhs", "op", "rhs"])
    # With std.lv the first loading is equal too, as in semTools' syntax.
    assert len(both) == len(theirs)
    assert_allclose(both.mi, both.X2.astype(float), rtol=1e-5, atol=1e-5)


def test_score_tests_of_intercepts_agree_with_lavaan():
    """lavaan's modification indices take the slope as it is, without the step described there."""
    theirs = read("score_intercepts")
    ours = score_tests(levels("four").fits["scalar"]).query("op == '~1'")
    both = theirs.merge(ours, on="lhs", suffixes=("_theirs", ""))
    assert len(both) == len(theirs) == 9
    assert_allclose(both.mi, both.mi_theirs.astype(float), rtol=2e-3)
    assert_allclose(both.epc, both.epc_theirs.astype(float), rtol=2e-3)


def test_modification_indices_by_group_agree_with_lavaan():
    theirs, fit = read("modification"), levels("four").fits["configural"]
    theirs = theirs.assign(group=[fit.group_labels[g - 1] for g in theirs.group])
    ours = fit.modification_indices()
    both = theirs.merge(ours, on=["lhs", "op", "rhs", "group"], suffixes=("_theirs", ""))
    free = both[both.mi_theirs.astype(str) != "NA"]
    assert len(free) == len(ours) == 108
    assert_allclose(free.mi, free.mi_theirs.astype(float), rtol=1e-4, atol=1e-5)
    assert_allclose(free.epc, free.epc_theirs.astype(float), atol=1e-5)
    assert_allclose(free.epc_std, free["sepc.all"].astype(float), atol=1e-5)


@pytest.mark.parametrize("level", ["configural", "scalar"])
def test_residuals_by_group_agree_with_lavaan(level):
    theirs, fit = read("residuals").query("level == @level"), levels("four").fits[level]
    for g, rows in theirs.groupby("group"):
        ours = fit.residuals("raw", fit.group_labels[g - 1])
        mine = [ours.loc[r, c] for r, c in zip(rows.row, rows.col, strict=True)]
        assert_allclose(mine, rows.raw.astype(float), atol=1e-6)


def test_standardised_residuals_of_a_group_are_those_of_the_group_alone():
    """lavaan 0.6-14 divides every group's by the error of all rows together: its alone agree."""
    both, theirs = (
        levels("four").fits["configural"],
        read("residuals").set_index(["level", "group"]),
    )
    for g, (label, rows) in enumerate(data_of("hs4").groupby("school", sort=False), start=1):
        alone = fit_model(CFA, rows, ordered=True, std_lv=True).residuals("standardised")
        assert_allclose(both.residuals("standardised", label), alone, atol=1e-6)
        z = theirs.loc[("configural", g)].z.astype(float).to_numpy().reshape(9, 9)
        assert_allclose(alone, z * np.sqrt(len(rows) / 301), atol=1e-4)


# Effects and scores -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "options"), [("effects", {}), ("effects_theta", {"parameterization": "theta"})]
)
def test_effects_of_an_ordinal_model_agree_with_lavaan(case, options):
    theirs = read(case)
    frame = effects(fit_model(CFA + PATHS, data_of("hs4"), ordered=True, **options)).table()
    rows = {
        ("textual", "visual"): ("visual", "textual", "direct"),
        ("speed", "textual"): ("textual", "speed", "direct"),
        ("speed", "visual"): ("visual", "speed", "direct"),
        ("indirect", "a*c"): ("visual", "speed", "specific_indirect"),
        ("total", "a*c+b"): ("visual", "speed", "total"),
    }
    _compare_effects(frame.set_index(["source", "target", "kind"]), theirs, rows)


def test_effects_in_each_group_agree_with_lavaan():
    fit = fit_model(
        CFA + PATHS.replace("a*", "").replace("c*", "").replace("b*", "").split("indirect")[0],
        data_of("hs3"), ordered=True, group="school", equal=("thresholds", "loadings"),
    )  # fmt: skip
    frame = effects(fit).table().set_index(["source", "target", "kind", "group"])
    theirs = read("effects_school")
    rows = {}
    for g, label in enumerate(fit.group_labels, start=1):
        rows[f"indirect_{g}", f"a{g}*c{g}"] = ("visual", "speed", "specific_indirect", label)
        rows[f"total_{g}", f"a{g}*c{g}+b{g}"] = ("visual", "speed", "total", label)
    _compare_effects(frame, theirs[theirs.op == ":="], rows)


def _compare_effects(frame, theirs, rows):
    assert len(rows) == len(theirs)
    for row in theirs.itertuples():
        ours = frame.loc[rows[row.lhs, row.rhs]]
        pairs = {"est": "est", "se": "se", "ci_low": "low", "ci_high": "high", "std_all": "std",
                 "std_se": "std_se", "std_ci_low": "std_low",
                 "std_ci_high": "std_high"}  # fmt: skip
        for mine, name in pairs.items():
            if name.startswith("std") and row.lhs[-2:] in ("_1", "_2"):
                continue  # lavaan standardises a := of several groups by the first group's numbers
            assert_allclose(ours[mine], float(getattr(row, name)), atol=2e-6, err_msg=f"{row.lhs}")


def test_effects_of_a_bootstrap_of_an_ordinal_model():
    fit = fit_model(CFA + PATHS, data_of("hs4"), ordered=True)
    draws = fit.bootstrap(25, seed=3)
    row = effects(fit, bootstrap=draws).table().query("kind == 'specific_indirect'").iloc[0]
    product = draws.parameters["textual ~ visual"] * draws.parameters["speed ~ textual"]
    assert row.boot_ci_low >= product.min() and row.boot_ci_high <= product.max()
    assert_allclose(product, draws.parameters["indirect := a*c"], atol=1e-9)


def test_scores_without_the_prior_agree_with_lavaan_where_there_is_a_mode():
    """lavaan's search stops up to 5e-4 off, and somewhere on the way where the mode is endless."""
    data = data_of("hs4")
    fit = fit_model(CFA, data.drop(columns="school"), ordered=True)
    ours, theirs = fit.factor_scores("bartlett"), read("scores_ml").astype(float)
    blocks = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"],
              "speed": ["x7", "x8", "x9"]}  # fmt: skip
    for factor, items in blocks.items():
        ends = [(data[items] == extreme).all(axis=1) for extreme in (1, 4)]
        assert (ours[factor].isna() == (ends[0] | ends[1])).all() and ours[factor].isna().any()
        known = ours[factor].notna()
        assert_allclose(ours[factor][known], theirs[factor][known], atol=1e-3)
    assert_allclose(ours, fit.factor_scores("ml"), atol=0)
    assert np.isfinite(fit.factor_scores()).all().all()
