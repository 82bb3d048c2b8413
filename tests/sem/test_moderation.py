"""Paths compared across groups against lavaan's models with path labels (moderation.R).

Tolerance 1e-5 relative (absolute below 1) for estimates, errors and intervals, as for every fit of
the engine; 2e-5 for χ² differences, which are differences of numbers a hundred times as large, and
of robust fits that lavaan stops by its own rule.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError, ModelError
from cx_value.base.words import Phrase
from cx_value.sem import compare_paths, fit_model
from cx_value.study.language.syntax import free_path_labels

REFERENCE = Path(__file__).parents[1] / "reference"
HS = """visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ a*visual
speed ~ b*textual + c*visual
indirect := a*b"""
CORP = """COMP =~ comp_1 + comp_2 + comp_3
LIKE =~ like_1 + like_2 + like_3
CUSL =~ cusl_1 + cusl_2 + cusl_3
CUSL ~ COMP + LIKE"""
SCHOOL = {"group": "school"}
CASES = {
    "school": (HS, "sem__hs", SCHOOL),
    "school_mlr": (HS, "sem__hs", SCHOOL | {"estimator": "mlr"}),
    "school_partial": (HS, "sem__hs", SCHOOL | {"partial": ["visual =~ x2", "speed=~x8"]}),
    "school_scalar": (HS, "sem__hs", SCHOOL | {"equal": ("loadings", "intercepts")}),
    "school_fiml": (HS, "sem__hs_missing", SCHOOL | {"missing": "fiml"}),
    "school_ordinal": (HS, "ordinal__hs3", SCHOOL | {"ordered": True}),
    "thirds": (HS, "sem__hs", {"group": "third", "estimator": "mlr"}),
    "corp": (CORP, "pls__corp_rep", {"group": "servicetype", "estimator": "mlr"}),
}
FOUND = {}


def data_of(name):
    data = pd.read_csv(REFERENCE / f"{name}_data.csv").replace(-99, np.nan)
    return data.assign(third=[f"g{i % 3}" for i in range(len(data))])


def found(case):
    if case not in FOUND:
        syntax, name, options = CASES[case]
        FOUND[case] = compare_paths(syntax, data_of(name), require_invariance=False, **options)
    return FOUND[case]


def read(case, kind):
    return pd.read_csv(REFERENCE / f"moderation__{case}_{kind}.csv", na_values=["NA", ""])


def close(ours, theirs, tolerance=1e-5):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    gap = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    assert np.nanmax(gap) < tolerance, (int(np.nanargmax(gap)), float(np.nanmax(gap)))


@pytest.mark.parametrize("case", CASES)
def test_every_path_is_tested_as_lavaan_does(case):
    ours, theirs = found(case).table(), read(case, "tests")
    assert ours.lhs.tolist() == theirs.lhs.fillna("").tolist()
    assert ours.rhs.tolist() == theirs.rhs.fillna("").tolist()
    assert ours.path.iloc[-1] == "all" and ours.d_df.tolist() == theirs.d_df.tolist()
    for name in ("d_chisq", "p", "p_holm"):
        close(ours[name], theirs[name], 1e-6)


@pytest.mark.parametrize("case", CASES)
def test_estimates_in_each_group_agree_with_lavaan(case):
    theirs = read(case, "estimates").query("op == '~'")
    theirs = theirs.assign(group=[found(case).group_labels[g - 1] for g in theirs.group])
    both = found(case).estimates.merge(theirs, on=["lhs", "rhs", "group"], suffixes=("", "_r"))
    assert len(both) == len(theirs) == len(found(case).estimates)
    pairs = {"est": "est_r", "se": "se_r", "p": "pvalue", "ci_low": "ci.lower",
             "ci_high": "ci.upper", "std_all": "std.all", "std_ci_low": "std_low",
             "std_ci_high": "std_high"}  # fmt: skip
    for mine, name in pairs.items():
        close(both[mine], both[name])


@pytest.mark.parametrize("case", CASES)
def test_differences_between_groups_agree_with_lavaan(case):
    ours = found(case).differences
    theirs = read(case, "estimates").query("op == ':='")
    assert len(ours) == len(theirs)
    for mine, name in {"est": "est", "se": "se", "z": "z", "p": "pvalue", "ci_low": "ci.lower",
                       "ci_high": "ci.upper"}.items():  # fmt: skip
        close(ours[mine], theirs[name], 1e-4 if mine == "z" else 1e-5)


@pytest.mark.parametrize("case", CASES)
def test_metric_invariance_is_tested_as_lavaan_does(case):
    row, theirs = found(case).invariance.iloc[-1], read(case, "metric").iloc[0]
    close([row.d_chisq, row.d_df, row.p], [theirs.d_chisq, theirs.d_df, theirs.p], 1e-6)


def two_groups(b, loading=(1.0, 1.0)):
    """Two groups of 400 rows; ``b`` is the path textual → speed, ``loading`` that of x2, x5, x8."""
    random, groups = np.random.default_rng(4), []
    for label, path, second in zip(("old", "new"), b, loading, strict=True):
        f = random.normal(size=(400, 3))
        f[:, 1] += 0.5 * f[:, 0]
        f[:, 2] += path * f[:, 1] + 0.3 * f[:, 0]
        rows = np.repeat(f, 3, axis=1) * np.tile([1, second, 1], 3)
        rows += 0.7 * random.normal(size=(400, 9))
        groups.append(pd.DataFrame(rows, columns=[f"x{i}" for i in range(1, 10)]).assign(g=label))
    return pd.concat(groups)


def each_path(result):
    return Phrase("groups.each_path", result.facts()).in_language("zh")


def test_a_path_that_differs_is_found_and_the_others_are_not():
    result = compare_paths(HS, two_groups(b=(0.6, 0.1)), group="g")
    assert result.metric_holds
    assert result.table().set_index("path").differs.to_dict() == {
        "textual ~ visual": False, "speed ~ textual": True, "speed ~ visual": False, "all": True,
    }  # fmt: skip
    row = result.differences.set_index("path").loc["speed ~ textual"]
    assert (row.group, row.other) == ("old", "new") and row.ci_low < 0.5 < row.ci_high
    english, chinese = result.sentence("en"), result.sentence("zh")
    assert "textual → speed differs across groups" in english and "Holm, 1979" in english
    assert "textual → speed在各组间存在差异" in chinese
    assert "visual → speed" not in english and each_path(result).count("路径") == 3
    for text in (english, chinese):
        numbers = set(re.findall(r"\d+\.\d\d", text))
        assert f"{result.table().d_chisq[1]:.2f}" in numbers
        assert f"{result.estimates.query('path == @row.name').est.iloc[0]:.2f}" in numbers


def test_chosen_paths_are_tested_with_the_others_free():
    result = compare_paths(HS, data_of("sem__hs"), paths="speed~visual", **SCHOOL)
    ours, every = result.table(), found("school").table()
    assert ours.path.tolist() == ["speed ~ visual", "all"]
    close(ours.d_chisq, [every.d_chisq[2]] * 2)
    assert set(result.estimates.path) == {"speed ~ visual"}


def test_labels_on_paths_do_not_hold_them_equal():
    free = found("school").fits["free"]
    plain = re.sub(r"[abc]\*|indirect.*", "", HS)
    expected = fit_model(plain, data_of("sem__hs"), equal="loadings", **SCHOOL)
    assert free.indices["df"] == expected.indices["df"]
    assert free_path_labels("y ~ start(0.5)*b*x + c(1, NA)*z; y ~ 1; f =~ x1") == (
        "y ~ start(0.5)*x\ny ~ c(1.0, NA)*z\ny ~ 1\nf =~ x1"
    )
    with pytest.raises(ModelError, match="label a holds a path"):
        free_path_labels("y ~ a*x + a*z")
    with pytest.raises(ModelError, match="label a holds a path"):
        free_path_labels("y ~ a*x + b*z\na == 2*b")


def test_measures_that_differ_are_refused_or_told():
    data = two_groups(b=(0.4, 0.4), loading=(1.0, 0.5))
    with pytest.raises(ModelError, match=r"loadings differ.*partial=\[\"") as error:
        compare_paths(HS, data, group="g")
    assert "allowed: ΔCFI ≥ -0.01 (Cheung & Rensvold (2002))" in str(error.value)
    told = compare_paths(HS, data, require_invariance=False, group="g")
    assert not told.metric_holds and "Metric invariance does not hold" in str(told.notes[-1])
    assert "弱（载荷）不变性不成立" in told.notes[-1].in_language("zh")
    assert "may be differences of measurement" in told.sentence("en")
    lenient = cutoffs_with({"invariance_cfi": -0.5, "invariance_rmsea": 0.5})
    assert compare_paths(HS, data, cutoffs=lenient, group="g").metric_holds
    partial = ["visual =~ x2", "textual =~ x5", "speed =~ x8"]
    assert compare_paths(HS, data, partial=partial, group="g").metric_holds


def test_paths_between_observed_variables_need_no_invariance():
    result = compare_paths("x7 ~ ageyr + x1", data_of("sem__hs"), **SCHOOL)
    assert result.metric_holds and result.invariance.model.tolist() == ["configural"]
    assert len(result.table()) == 3 and "measures" not in result.sentence()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"paths": ["speed ~ x1"]}, "names speed~x1"),
        ({"paths": []}, "paths is empty"),
        ({"syntax": "f =~ x1 + x2 + x3 + x4"}, "no free path"),
        ({"equal": ("intercepts",)}, "'loadings'"),
        ({"equal": ("loadings", "regressions")}, "without 'regressions'"),
        ({"group": "one"}, "1 group to compare"),
    ],
)
def test_bad_requests_are_named(change, words):
    data = data_of("sem__hs").assign(one=1)
    arguments = {"syntax": HS, **SCHOOL} | change
    with pytest.raises(AnalysisError, match=words) as error:
        compare_paths(arguments.pop("syntax"), data, **arguments)
    assert "allowed:" in str(error.value) and "do:" in str(error.value)
