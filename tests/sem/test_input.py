"""Bad input is refused by name or flagged; good input gives the same answer in every guise.

Properties are exact up to the optimiser's stop (1e-6).
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_value.base.errors import AnalysisError, ConvergenceError, DataError, ModelError
from cx_value.sem import fit_model
from cx_value.study.language.expressions import evaluate_expression, parse_expression
from cx_value.study.language.syntax import parse_syntax

REFERENCE = Path(__file__).parents[1] / "reference"
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@cache
def _hs():
    return pd.read_csv(REFERENCE / "sem__hs_data.csv")


@pytest.fixture
def hs():
    return _hs().copy()


def changed(data, **columns):
    return data.assign(**columns)


BAD_DATA = [
    (
        "text",
        lambda d: changed(d, x4=d.x4.astype(object).where(d.index != 6, "?")),
        "x4 holds text",
    ),
    ("constant", lambda d: changed(d, x5=3.0), r"x5 \(always 3\)"),
    ("collinear pair", lambda d: changed(d, x2=2 * d.x1 + 1), "x1, x2 are exactly collinear"),
    ("sum", lambda d: changed(d, x9=d.x7 + d.x8), "x7, x8, x9 are exactly collinear"),
    ("empty column", lambda d: changed(d, x3=np.nan), "No answer at all in x3"),
    ("infinity", lambda d: changed(d, x6=d.x6.where(d.index > 1, np.inf)), r"x6 \(2 rows\)"),
    ("few rows", lambda d: d.head(8), "8 complete rows for 9"),
    ("one row", lambda d: d.head(1), "Constant"),
    ("no rows", lambda d: d.head(0), "No answer|No complete row"),
    ("no column", lambda d: d.rename(columns={"x5": "x55"}), r"x5 \(nearest: x55\)"),
    ("twice", lambda d: pd.concat([d, d[["x1"]]], axis=1), "x1 more than once"),
    ("no frame", lambda d: d.to_numpy(), "a pandas DataFrame"),
    ("dates", lambda d: changed(d, x1=pd.Timestamp("2020-01-01")), "x1 holds dates"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "words"), BAD_DATA, ids=[c[0] for c in BAD_DATA])
def test_bad_data_are_refused_by_name(hs, name, spoil, words):
    with pytest.raises(DataError, match=words) as error:
        fit_model(HS, spoil(hs))
    assert "allowed:" in str(error.value) and "do:" in str(error.value)


BAD_MODELS = [
    ("", {}, "empty"),
    ("f = x1 + x2", {}, "no operator"),
    ("f =~", {}, "nothing on one side"),
    ("f =~ x1 + x2 + 3x", {}, "3x"),
    ("f <~ x1 + x2", {}, "fit_pls"),
    ("x1 ~ a*x2\na > 0", {}, "inequality"),
    ("x1 ~ x1", {}, "to itself"),
    ("x1 ~ a*x2\nb := a*c", {}, "labels no parameter"),
    ("x1 ~ a*x2\nb := a +", {}, "cannot be read"),
    ("x1 ~ f(2)*x2", {}, "not known"),
    ("x1 ~ a*x2\na*a == 3", {}, "not linear"),
    ("x1 ~ a*x2\na == 1\na == 2", {}, "contradict"),
    ("x1 ~ a*x2\nz == 1", {}, "labels no free parameter"),
    ("x1 ~ c(a, b, d)*x2", {"group": "school"}, "3 modifiers"),
    ("f =~ x1 + x2", {}, "4 free parameters for 3 sample moments"),
    ("f =~ NA*x1 + x2 + x3 + x4", {}, "not identified"),
    (HS, {"estimator": "gls"}, "gls"),
    (HS, {"missing": "pairwise"}, "pairwise"),
    (HS, {"estimator": "mlm", "missing": "fiml"}, "mlr"),
    (HS, {"group": "school", "equal": "loading"}, "equal holds loading"),
    (HS, {"equal": "loadings"}, "group"),
    (HS, {"group": "school", "equal": "loadings", "partial": "x3~1~"}, "partial names"),
    (HS, {"estimator": "mlm", "weights": "w"}, "mlr"),
    (HS, {"parameterization": "theta"}, "theta"),
]


@pytest.mark.parametrize(("syntax", "options", "words"), BAD_MODELS)
def test_bad_models_are_refused_with_the_line(hs, syntax, options, words):
    with pytest.raises(ModelError, match=words) as error:
        fit_model(syntax, hs, **options)
    assert "allowed:" in str(error.value) and "do:" in str(error.value)


def test_unknown_group_and_negative_weights_are_data_errors(hs):
    with pytest.raises(DataError, match="schools"):
        fit_model(HS, hs, group="schools")
    with pytest.raises(DataError, match="301 of them negative"):
        fit_model(HS, changed(hs, w=-1.0), weights="w")


def test_lost_rows_are_told(hs):
    hs.loc[:9, "x4"] = np.nan
    fit = fit_model(HS, hs)
    assert (fit.n_used, fit.n_dropped) == (291, 10)
    assert "10 of 301 rows did not enter: with missing answers (x4)" in str(fit.warnings[0])
    chinese = fit.warnings[0].in_language("zh")
    assert "x4" in chinese and "10" in chinese


def test_heywood_case_is_flagged_and_not_clamped(hs):
    fit = fit_model(HS, hs.iloc[:60])
    finding = next(f for f in fit.diagnostics if f.code == "heywood")
    table = fit.table()
    negative = table[(table.op == "~~") & (table.lhs == table.rhs) & (table.est < 0)]
    assert list(finding.parameters) == negative.lhs.tolist() == ["x1"]
    assert "x1" in str(finding.message) and "x1" in finding.message.in_language("zh")
    assert not fit.admissible


def test_degenerate_model_on_real_data_is_flagged():
    mobi = pd.read_csv(REFERENCE.parent.parent / "data/ecsi-mobile/mobi.csv")
    cases = pd.read_csv(REFERENCE / "sem__cases.csv", keep_default_na=False).set_index("case")
    fit = fit_model(cases.loc["ecsi"].syntax, mobi)
    codes = {finding.code for finding in fit.diagnostics}
    assert {"std_above_one", "huge_se", "latent_r", "small_sample"} <= codes
    assert not fit.admissible
    assert fit_model(cases.loc["chain"].syntax, mobi).admissible
    assert "not admissible" in fit.sentence() and "不可接受" in fit.sentence("zh")


def test_too_few_rows_for_the_parameters_are_flagged_or_refused(hs):
    try:
        fit = fit_model(HS, hs.head(15))
    except ConvergenceError as error:
        assert "do:" in str(error)
    else:
        assert "small_sample" in {finding.code for finding in fit.diagnostics}


def test_scales_far_apart_make_no_difference(hs):
    plain = fit_model(HS, hs)
    scaled = fit_model(HS, changed(hs, x1=hs.x1 * 1e6, x5=hs.x5 * 1e-4, x9=-hs.x9 * 300))
    assert scaled.indices["chisq"] == pytest.approx(plain.indices["chisq"], rel=1e-9)
    np.testing.assert_allclose(scaled.table().std_all.abs(), plain.table().std_all.abs(), atol=1e-8)
    ratio = scaled.table().z.abs() / plain.table().z.abs()
    np.testing.assert_allclose(ratio.dropna(), 1, atol=1e-6)


def test_row_order_makes_no_difference(hs):
    plain, shuffled = fit_model(HS, hs), fit_model(HS, hs.sample(frac=1, random_state=4))
    np.testing.assert_allclose(plain.table().est, shuffled.table().est, atol=1e-8)


def test_weights_equal_repeated_rows(hs):
    times = np.random.default_rng(1).integers(0, 4, len(hs))
    weighted = fit_model(HS, changed(hs, times=times), weights="times")
    repeated = fit_model(HS, hs.loc[hs.index.repeat(times)])
    np.testing.assert_allclose(weighted.table().est, repeated.table().est, atol=1e-7)
    given_array = fit_model(HS, hs, weights=times.astype(float))
    np.testing.assert_allclose(weighted.table().est, given_array.table().est, atol=1e-10)


def test_weights_equal_repeated_rows_with_missing_answers():
    data = pd.read_csv(REFERENCE / "sem__hs_missing_data.csv")
    times = np.random.default_rng(2).integers(0, 4, len(data))
    weighted = fit_model(HS, data.assign(times=times), weights="times", missing="fiml")
    repeated = fit_model(HS, data.loc[data.index.repeat(times)], missing="fiml")
    np.testing.assert_allclose(weighted.table().est, repeated.table().est, atol=1e-6)
    share = weighted.n_used / repeated.n_used
    ours, theirs = weighted.indices["chisq"], repeated.indices["chisq"]
    assert ours == pytest.approx(theirs * share, rel=1e-6)


def test_chinese_names_and_full_width_signs(hs):
    renamed = hs.rename(columns={f"x{i}": f"题{i}" for i in range(1, 10)})
    syntax = "视觉 ＝～ 题1 ＋ 题2 + 甲＊题3\n文字 =~ 题4 + 题5 + 题6　＃ 注释\n两倍 ：＝ 2*甲"
    ours = fit_model(syntax, renamed).table()
    plain = fit_model("v =~ x1 + x2 + a*x3\nt =~ x4 + x5 + x6\ntwice := 2*a", hs).table()
    np.testing.assert_allclose(ours.est, plain.est, atol=1e-12)
    assert ours.lhs.iloc[-1] == "两倍"


def test_unit_variances_and_markers_are_one_model(hs):
    one, two = fit_model(HS, hs), fit_model(HS, hs, std_lv=True)
    assert one.indices["chisq"] == pytest.approx(two.indices["chisq"], rel=1e-9)
    np.testing.assert_allclose(one.table().std_all, two.table().std_all, atol=1e-7)


def test_groups_of_the_same_rows_give_the_sum_of_their_fits(hs):
    apart = [fit_model(HS, part, meanstructure=True) for _, part in hs.groupby("school")]
    both = fit_model(HS, hs, group="school")
    total = sum(fit.indices["chisq"] for fit in apart)
    assert both.indices["chisq"] == pytest.approx(total, rel=1e-8)
    assert both.group_labels == ("Pasteur", "Grant-White")


def test_fixed_parameters_have_no_z_and_intervals_hold_the_estimate(hs):
    table = fit_model(HS, hs).table()
    fixed = table.se == 0
    assert fixed.sum() == 3 and table.z[fixed].isna().all() and table.p[fixed].isna().all()
    assert ((table.ci_low <= table.est) & (table.est <= table.ci_high)).all()


def test_sentence_tells_the_numbers_of_the_indices(hs):
    fit = fit_model(HS, hs)
    english, chinese = fit.sentence("en"), fit.sentence("zh")
    assert "χ²(24, N = 301) = 85.31" in english and "χ²(24, N = 301) = 85.31" in chinese
    assert "Hu & Bentler (1999)" in english and "Hu & Bentler（1999）" in chinese
    assert "*p* < .001, CFI = .931, TLI = .896, RMSEA = .092, 90% CI [.071, .114]" in english
    assert "*p* < 0.001，CFI = 0.931" in chinese
    assert "saturated" in fit_model("f =~ x1 + x2 + x3", hs).sentence()


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 + 2*3", 7), ("(1 + 2)*3", 9), ("-2^2", -4), ("2^-1", 0.5), ("2^3^2", 512),
     ("8/2/2", 2), ("exp(0) + log(1) + sqrt(16)", 5), ("1e2 - 1", 99), ("2**3", 8)],
)  # fmt: skip
def test_arithmetic_of_defined_parameters(text, value):
    assert evaluate_expression(parse_expression(text), {}) == pytest.approx(value)


def test_syntax_is_read_in_all_its_forms():
    model = parse_syntax(
        """
        f =~ NA*x1 + l1*x1 +     # a comment
             start(0.7)*x2
             + c(1, NA)*x3; y ~ 1
        y + z ~ b*f + 0*x9 ! another
        y ~~ z
        """
    )
    found = {(t.lhs, t.op, t.rhs): (t.values, t.labels, t.starts) for t in model.terms}  # noqa: PD011
    assert np.isnan(found["f", "=~", "x1"][0][0]) and found["f", "=~", "x1"][1] == ("l1",)
    assert found["f", "=~", "x2"][2] == (0.7,)
    assert found["f", "=~", "x3"][0][0] == 1 and np.isnan(found["f", "=~", "x3"][0][1])
    assert found["z", "~", "x9"][0] == (0.0,) and found["y", "~", "f"][1] == ("b",)
    assert ("y", "~1", "") in found and ("y", "~~", "z") in found


PIECES = st.sampled_from(
    ["f =~ x1 + x2 + x3", "g =~ x4 + x5", "f ~ g", "g ~ f", "f ~~ g", "x1 ~~ x2", "x7 ~ f + x8",
     "x8 ~ x9", "h =~ f + g", "f =~ a*x6", "x9 ~ a*x8", "ab := a*2", "x1 ~ 1", "f ~~ 1*f",
     "x4 ~~ 0*x4", "f =~ x1", "x8 ~~ x8"]
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    lines=st.lists(PIECES, min_size=1, max_size=6),
    rows=st.sampled_from([5, 12, 40, 301]),
    options=st.sampled_from(
        [{}, {"std_lv": True}, {"group": "school"}, {"estimator": "mlr"}, {"missing": "fiml"},
         {"meanstructure": True, "orthogonal": True}]
    ),
    holes=st.booleans(),
)  # fmt: skip
def test_no_model_crashes_without_a_message_or_hides_a_bad_number(lines, rows, options, holes):
    data = _hs().iloc[::2].head(rows) if rows < 301 else _hs()
    if holes:
        data = data.mask(np.random.default_rng(rows).random(data.shape) < 0.05)
        data["school"] = _hs().school
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
