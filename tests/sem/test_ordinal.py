"""WLSMV and its kin against lavaan 0.6-14 (tests/reference/ordinal.R), driven to the optimum there.

Tolerances: 1e-6 for estimates, standard errors, intervals and standardised values, 1e-6 relative
for statistics and indices; lavaan's search for ULS stops earlier: 2e-5. Left out, with reasons:
- lavaan leaves robust indices empty for several groups with free scales, and for mixed variables;
- for an ordinal outcome that predicts another one, lavaan's delta does not keep the variance of the
  second response at 1 (its theta does): that case is compared through theta;
- SRMR with continuous predictors agrees to 3e-4 only (every moment and estimate to 1e-6);
- plain DWLS and ULS standard errors of lavaan 0.6 take the weight for the right one: here the
  sandwich is given, which is compared with WLSMV and ULSMV.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import DataError, ModelError
from cx_value.sem import fit_model
from cx_value.sem.ordinal.difference import difference_test

REFERENCE = Path(__file__).parents[1] / "reference"
CFA = """visual =~ x1 + x2 + x3
         textual =~ x4 + x5 + x6
         speed =~ x7 + x8 + x9"""
SEM = """visual =~ x1 + x2 + x3
         textual =~ x4 + b*x5 + b*x6
         speed =~ x7 + x8 + x9
         textual ~ a*visual
         speed ~ c*textual + visual
         x7 ~~ x8
         indirect := a*c"""
SECOND = CFA + "\n g =~ visual + textual + speed"
PATHS = """textual =~ x4 + x5 + x6
           x7 ~ textual
           x8 ~ x7 + textual"""
PREDICTED = """visual =~ x1 + x2 + x3
               speed =~ x7 + x8 + x9
               visual ~ age + month
               speed ~ visual + age"""
BIG = "\n".join(
    f"f{k} =~ " + " + ".join(f"y{i}" for i in range(6 * k - 5, 6 * k + 1)) for k in range(1, 5)
)
MIXED = ["x1", "x4", "x5", "x7", "x8"]
STRONG = ("thresholds", "loadings")
GROUPS = {"group": "school"}
WEIGHTS = 0.5 + np.arange(1, 302) % 5 / 2
CASES = {
    "hs4_wlsmv": (CFA, "hs4", {}),
    "hs5_wlsmv": (CFA, "hs5", {}),
    "hs2_wlsmv": (CFA, "hs2", {}),
    "hs4_theta": (CFA, "hs4", {"parameterization": "theta"}),
    "hs4_stdlv": (CFA, "hs4", {"std_lv": True}),
    "hs4_gaps": (CFA, "hs4_pairwise", {"missing": "pairwise"}),
    "hs4_listwise": (CFA, "hs4_pairwise", {}),
    "hs4_weights": (CFA, "hs4", {"weights": WEIGHTS}),
    "hs4_weighted_gaps": (CFA, "hs4_pairwise", {"missing": "pairwise", "weights": WEIGHTS}),
    "hs4_sem": (SEM, "hs4", {}),
    "hs4_sem_theta": (SEM, "hs4", {"parameterization": "theta"}),
    "hs4_second": (SECOND, "hs4", {}),
    "hs4_one": ("f =~ x4 + x5 + x6", "hs4", {}),
    "hs4_paths_theta": (PATHS, "hs4", {"parameterization": "theta"}),
    "mixed_wlsmv": (CFA, "mixed", {"ordered": MIXED}),
    "mixed_gaps": (CFA, "mixed_pairwise", {"ordered": MIXED, "missing": "pairwise"}),
    "mixed_theta": (CFA, "mixed", {"ordered": MIXED, "parameterization": "theta"}),
    "predicted": (PREDICTED, "predicted", {"ordered": [f"x{i}" for i in (1, 2, 3, 7, 8, 9)]}),
    "group_configural": (CFA, "hs3", GROUPS),
    "group_loadings": (CFA, "hs3", GROUPS | {"equal": "loadings"}),
    "group_thresholds": (CFA, "hs3", GROUPS | {"equal": STRONG}),
    "group_theta": (CFA, "hs3", GROUPS | {"equal": STRONG, "parameterization": "theta"}),
    "group_strict": (
        CFA,
        "hs3",
        GROUPS | {"equal": (*STRONG, "residuals"), "parameterization": "theta"},
    ),
    "group_means": (CFA, "hs3", GROUPS | {"equal": (*STRONG, "means")}),
    "continuous_wlsmv": (CFA, "hs", {"ordered": ()}),
    "continuous_means": (CFA, "hs", {"ordered": (), "meanstructure": True}),
    "hs4_ulsmv": (CFA, "hs4", {"estimator": "ulsmv"}),
    "continuous_ulsmv": (CFA, "hs", {"ordered": (), "estimator": "ulsmv"}),
    "big": (BIG, "big", {}),
}
_FITS = {}


def data_of(name):
    path = REFERENCE / f"polychoric__{name}_data.csv"
    return pd.read_csv(path if path.exists() else REFERENCE / f"ordinal__{name}_data.csv")


def fit(case):
    if case not in _FITS:
        model, data, options = CASES[case]
        _FITS[case] = fit_model(
            model, data_of(data), **({"estimator": "wlsmv", "ordered": True} | options)
        )
    return _FITS[case]


def tolerance(case):
    return 2e-5 if "uls" in case else 1e-6


def aligned(case, ours):
    """lavaan's rows in the order of ours; (a ~~ b) may be written (b ~~ a)."""
    theirs = pd.read_csv(
        REFERENCE / f"ordinal__{case}_par.csv", keep_default_na=False, na_values=["NA"]
    )
    groups = ours.group_labels
    rows = {}
    for row in theirs.to_dict("records"):
        label = "" if row["op"] == ":=" else groups[int(row["group"]) - 1]
        rows[row["lhs"], row["op"], row["rhs"], label] = row
        if row["op"] == "~~":
            rows.setdefault((row["rhs"], row["op"], row["lhs"], label), row)
    keys = ours.table()[["lhs", "op", "rhs", "group"]].itertuples(index=False)
    found = [rows[tuple(key)] for key in keys]
    assert len(found) == len(theirs)
    return pd.DataFrame(found)


@pytest.mark.parametrize("case", list(CASES))
def test_every_parameter_agrees_with_lavaan(case):
    ours = fit(case)
    table, theirs = ours.table(), aligned(case, ours)
    for mine, name in {
        "est": "est",
        "se": "se",
        "ci_low": "ci.lower",
        "ci_high": "ci.upper",
        "std_all": "std.all",
    }.items():
        expected = theirs[name].astype(float)
        assert_allclose(table[mine], expected, atol=tolerance(case), err_msg=name)
    tested = theirs["z"].notna().to_numpy()
    assert (table["z"].notna() == tested).all()
    assert_allclose(table["z"][tested], theirs["z"][tested].astype(float), rtol=1e-4, atol=1e-5)
    assert_allclose(table["p"][tested], theirs["pvalue"][tested].astype(float), atol=1e-6)


@pytest.mark.parametrize("case", list(CASES))
def test_every_index_agrees_with_lavaan(case):
    ours = fit(case).indices
    theirs = pd.read_csv(REFERENCE / f"ordinal__{case}_fit.csv").set_index("name")["value"]
    names = {name: name.replace(".", "_") for name in theirs.index}
    compared = 0
    for name, mine in names.items():
        if mine in ours and not np.isnan(theirs[name]):
            rtol = 1e-4 if "uls" in case else 1e-5
            rtol = 3e-4 if (case, mine) == ("predicted", "srmr") else rtol
            assert_allclose(ours[mine], theirs[name], rtol=rtol, atol=1e-7, err_msg=name)
            compared += 1
    assert compared >= (40 if ours["df"] else 24)


def test_known_statistic_of_the_quintiles():
    indices = fit("hs5_wlsmv").indices
    assert round(indices["chisq_scaled"], 3) == 83.385
    assert round(indices["rmsea_scaled"], 3) == 0.091


@pytest.mark.parametrize(
    ("case", "suffix"), [("hs4_wlsm", "mean_adjusted"), ("hs4_wlsmvs", "mean_var_adjusted")]
)
def test_other_adjustments_agree_with_lavaan(case, suffix):
    theirs = pd.read_csv(REFERENCE / f"ordinal__{case}_fit.csv").set_index("name")["value"]
    ours = fit("hs4_wlsmv").indices
    assert_allclose(ours[f"chisq_{suffix}"], theirs["chisq.scaled"], rtol=1e-6)
    assert_allclose(ours[f"pvalue_{suffix}"], theirs["pvalue.scaled"], rtol=1e-5)
    if suffix == "mean_var_adjusted":
        assert_allclose(ours["df_mean_var_adjusted"], theirs["df.scaled"], rtol=1e-6)


@pytest.mark.parametrize(("plain", "robust"), [("dwls", "wlsmv"), ("uls", "ulsmv")])
def test_plain_estimators_keep_estimates_and_statistic(plain, robust):
    ours = fit_model(CFA, data_of("hs4"), estimator=plain, ordered=True)
    theirs = aligned(f"hs4_{plain}", ours)
    assert_allclose(ours.table()["est"], theirs["est"].astype(float), atol=2e-6)
    reference = pd.read_csv(REFERENCE / f"ordinal__hs4_{plain}_fit.csv").set_index("name")
    assert_allclose(ours.indices["chisq"], reference.loc["chisq", "value"], rtol=1e-5)
    assert_allclose(ours.table()["se"], fit(f"hs4_{robust}").table()["se"], atol=1e-9)


def test_an_ordinal_outcome_that_predicts_is_the_same_in_delta_and_theta():
    theta = fit("hs4_paths_theta")
    delta = fit_model(PATHS, data_of("hs4"), estimator="wlsmv", ordered=True)
    keys = ["lhs", "op", "rhs"]
    one, other = (f.standardised().set_index(keys).sort_index() for f in (theta, delta))
    assert_allclose(one["est"], other["est"], atol=1e-7)
    assert_allclose(one["se"], other["se"], atol=1e-7)
    for name in ("chisq_scaled", "cfi_robust", "rmsea_robust", "srmr"):
        assert_allclose(delta.indices[name], theta.indices[name], rtol=1e-6)
    assert_allclose(np.diag(delta.implied_covariance()), 1, atol=1e-12)
    reference = pd.read_csv(REFERENCE / "ordinal__hs4_paths_par.csv")
    paths = reference[reference["op"] == "~"].set_index(["lhs", "rhs"])["est"]
    mine = delta.table().query("op == '~'").set_index(["lhs", "rhs"])["est"]
    assert_allclose(mine, paths.loc[mine.index], atol=1e-7)


def test_delta_and_theta_say_the_same_across_groups():
    delta, theta = fit("group_thresholds"), fit("group_theta")
    for name in ("chisq_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled", "srmr"):
        assert_allclose(delta.indices[name], theta.indices[name], rtol=1e-6)


# Properties -------------------------------------------------------------------------------------


def test_category_values_and_row_order_do_not_matter():
    data = data_of("hs4")
    changed = data.sample(frac=1, random_state=2) * 10 - 4
    other = fit_model(CFA, changed, estimator="wlsmv", ordered=True)
    assert_allclose(other.table()["est"], fit("hs4_wlsmv").table()["est"], atol=1e-8)
    assert_allclose(other.table()["se"], fit("hs4_wlsmv").table()["se"], atol=1e-8)


def test_ordered_alone_asks_for_wlsmv():
    ours = fit_model(CFA, data_of("hs4"), ordered=True)
    assert_allclose(ours.table()["est"], fit("hs4_wlsmv").table()["est"], atol=1e-12)


def test_weights_repeat_rows_and_their_scale_does_not_matter():
    data = data_of("hs4")
    counts = np.arange(len(data)) % 3 + 1
    repeated = data.loc[data.index.repeat(counts)]
    once = fit_model(CFA, data, ordered=True, weights=counts)
    twice = fit_model(CFA, data.assign(w=7.0 * counts), ordered=True, weights="w")
    assert_allclose(once.table()["est"], twice.table()["est"], atol=1e-8)
    assert_allclose(once.table()["se"], twice.table()["se"], atol=1e-8)
    # Repeated rows enter the precision of a moment otherwise than weights: compare without it.
    whole = [
        fit_model(CFA, d, ordered=True, estimator="uls", weights=w).table()["est"]
        for d, w in ((data, counts), (repeated, None))
    ]
    assert_allclose(*whole, atol=1e-7)


def test_a_threshold_can_be_freed_fixed_and_labelled():
    free = fit_model(
        CFA,
        data_of("hs3"),
        ordered=True,
        group="school",
        equal=STRONG,
        partial=("x1|t1", "visual =~ x2"),
    )
    table = free.table().set_index(["lhs", "op", "rhs", "group"])["est"]
    assert table["x1", "|", "t1", "Pasteur"] != table["x1", "|", "t1", "Grant-White"]
    assert table["x1", "|", "t2", "Pasteur"] == table["x1", "|", "t2", "Grant-White"]
    assert table["visual", "=~", "x2", "Pasteur"] != table["visual", "=~", "x2", "Grant-White"]
    assert free.indices["npar"] == fit("group_thresholds").indices["npar"] + 2
    held = fit_model(CFA + "\n x1 | 0.1*t2 \n x2 | a*t1 \n x3 | a*t1", data_of("hs4"), ordered=True)
    table = held.table().set_index(["lhs", "op", "rhs"])
    assert table.loc[("x1", "|", "t2"), "est"] == 0.1
    assert table.loc[("x2", "|", "t1"), "est"] == table.loc[("x3", "|", "t1"), "est"]
    assert held.indices["df"] == 24 + 2


def test_residuals_are_sample_less_implied():
    ours = fit("hs4_wlsmv")
    sample = pd.read_csv(REFERENCE / "polychoric__hs4_cor.csv").to_numpy()
    expected = sample - ours.implied_covariance().to_numpy()
    assert_allclose(ours.residuals(), expected, atol=1e-9)
    assert_allclose(np.diag(ours.residuals()), 0, atol=1e-12)


def test_estimates_errors_and_test_hold_in_samples():
    """80 samples of 300 rows, five categories: mean estimate, SE against spread, mean of χ²."""
    rng = np.random.default_rng(20260101)
    loadings = np.array([0.8, 0.7, 0.6, 0.75, 0.65])
    cuts = [-1.2, -0.4, 0.3, 1.1]
    rows = []
    for _ in range(80):
        f = rng.normal(size=(300, 1))
        response = f * loadings + rng.normal(size=(300, 5)) * np.sqrt(1 - loadings**2)
        data = pd.DataFrame(np.digitize(response, cuts), columns=list("abcde"))
        ours = fit_model("f =~ a + b + c + d + e", data, ordered=True, std_lv=True)
        table = ours.table().query("op == '=~'")
        rows.append([*table["est"], *table["se"], ours.indices["chisq_scaled"]])
    rows = np.array(rows)
    assert_allclose(rows[:, :5].mean(axis=0), loadings, atol=0.02)
    assert_allclose(rows[:, 5:10].mean(axis=0) / rows[:, :5].std(axis=0), 1, atol=0.25)
    covered = np.abs(rows[:, :5] - loadings) < 1.96 * rows[:, 5:10]
    assert 0.91 < covered.mean() < 0.985
    assert abs(rows[:, 10].mean() - 5) < 3 * np.sqrt(10 / 80)


# Questions to a fit ------------------------------------------------------------------------------


def test_difference_tests_agree_with_lavaan():
    steps = [fit(f"group_{name}") for name in ("configural", "loadings", "thresholds", "means")]
    tau = CFA.replace("x4 + x5 + x6", "x4 + 1*x5 + 1*x6")
    pairs = {
        "loadings": (steps[1], steps[0]),
        "thresholds": (steps[2], steps[1]),
        "means": (steps[3], steps[2]),
        "all": (steps[2], steps[0]),
        "tau": (fit_model(tau, data_of("hs4"), ordered=True), fit("hs4_wlsmv")),
    }
    theirs = pd.read_csv(REFERENCE / "ordinal__lrt.csv").set_index("name")
    assert set(pairs) == set(theirs.index)
    for name, (restricted, general) in pairs.items():
        test = difference_test(restricted, general)
        assert test["df"] == theirs.loc[name, "df"]
        assert_allclose(test["chisq"], theirs.loc[name, "chisq"], rtol=1e-6)
        assert_allclose(test["pvalue"], theirs.loc[name, "pvalue"], rtol=1e-5)


def test_difference_tests_refuse_what_is_not_nested():
    with pytest.raises(ModelError, match="degrees of freedom"):
        difference_test(fit("group_configural"), fit("group_loadings"))
    with pytest.raises(ModelError, match="different rows, variables or weights"):
        difference_test(fit("hs5_wlsmv"), fit("hs4_wlsmv"))


def test_modification_indices_agree_with_lavaan():
    theirs = pd.read_csv(REFERENCE / "ordinal__hs4_mi.csv").set_index(["lhs", "op", "rhs"])
    ours = fit("hs4_wlsmv").modification_indices().set_index(["lhs", "op", "rhs"])
    assert sorted(ours.index) == sorted(theirs.index)
    theirs = theirs.loc[ours.index]
    # A slope is a difference of nearly equal moments: lavaan's polychorics (1e-7) show in it.
    assert_allclose(ours["mi"], theirs["mi"], rtol=1e-4, atol=1e-6)
    assert_allclose(ours["epc"], theirs["epc"], atol=1e-5)
    assert_allclose(ours["epc_std"], theirs["sepc.all"], atol=1e-5)
    some = fit("hs4_wlsmv").modification_indices(minimum=10)
    assert len(some) == (theirs["mi"] >= 10).sum() > 0


@pytest.mark.parametrize(("case", "name"), [("hs4_wlsmv", "hs4"), ("hs4_gaps", "gaps")])
def test_residuals_agree_with_lavaan(case, name):
    raw = pd.read_csv(REFERENCE / f"ordinal__{name}_cov.csv")
    z = pd.read_csv(REFERENCE / f"ordinal__{name}_cov_z.csv")
    assert_allclose(fit(case).residuals(), raw, atol=1e-7)
    assert_allclose(fit(case).residuals("standardised"), z, atol=1e-6)


@pytest.mark.parametrize(
    ("case", "name"), [("hs4_wlsmv", "hs4"), ("mixed_wlsmv", "mixed"), ("hs4_gaps", "gaps")]
)
def test_factor_scores_agree_with_lavaan(case, name):
    theirs = pd.read_csv(REFERENCE / f"ordinal__{name}_scores.csv")
    scores = fit(case).factor_scores()
    assert list(scores) == list(theirs) and list(scores.index) == list(range(301))
    # lavaan's quasi-Newton search of each row stops up to 6e-4 away; see the next test.
    assert_allclose(scores, theirs, atol=1e-3)
    assert np.abs(scores.to_numpy() - theirs.to_numpy()).mean() < 5e-5


def test_factor_scores_are_modes_of_the_posterior():
    """The posterior written with scipy, climbed from lavaan's scores."""
    from scipy.optimize import minimize
    from scipy.stats import multivariate_normal, norm

    ours = fit("mixed_wlsmv")
    table = ours.table().set_index(["lhs", "op", "rhs"])["est"]
    factors = ["visual", "textual", "speed"]
    prior = multivariate_normal(np.zeros(3), ours.latent_covariances())
    data = data_of("mixed")

    def minus_log_posterior(eta, row):
        total = -prior.logpdf(eta)
        for (factor, op, item), loading in table.items():
            if op != "=~":
                continue
            mean = loading * eta[factors.index(factor)]
            sd = np.sqrt(table[item, "~~", item])
            if item in MIXED:
                cuts = [-np.inf, *(table[item, "|", f"t{k}"] for k in (1, 2, 3)), np.inf]
                k = int(row[item])
                total -= np.log(np.diff(norm.cdf(np.array(cuts[k - 1 : k + 1]), mean, sd))[0])
            else:
                total -= norm.logpdf(row[item], table[item, "~1", ""] + mean, sd)
        return total

    scores = ours.factor_scores()
    for i in (0, 57, 140, 300):
        found = minimize(minus_log_posterior, scores.iloc[i] + 0.1, args=(data.iloc[i],), tol=1e-12)
        assert_allclose(scores.iloc[i], found.x, atol=1e-5)


def test_factor_scores_do_not_depend_on_the_parameterization():
    one, other = fit("group_thresholds"), fit("group_theta")
    assert_allclose(one.factor_scores().corrwith(other.factor_scores()), 1, atol=1e-9)
    delta, theta = fit("hs4_wlsmv"), fit("hs4_theta")
    spread = [np.sqrt(np.diag(f.latent_covariances())) for f in (delta, theta)]
    assert_allclose(delta.factor_scores() / spread[0], theta.factor_scores() / spread[1], atol=1e-6)


def test_bootstrap_agrees_with_lavaan_draw_by_draw():
    rows = pd.read_csv(REFERENCE / "ordinal__bootstrap_rows.csv").to_numpy()
    draws = fit("hs5_wlsmv").bootstrap(rows=rows)
    assert draws.converged.all()
    for name, ours in {"est": draws.parameters, "std": draws.standardised}.items():
        theirs = pd.read_csv(REFERENCE / f"ordinal__bootstrap_{name}.csv")
        assert set(theirs) <= set(ours) and len(theirs.columns) == 9 + 36 + 6
        assert_allclose(ours[list(theirs)], theirs, atol=1e-6)


def test_bootstrap_intervals_and_failures():
    data = data_of("hs5")
    single = "textual =~ x4 + x5 + x6"
    ours = fit_model(single, data, ordered=True, std_lv=True).bootstrap(60, seed=5)
    table = ours.table(rule="linear").query("op == '=~'")
    draws = ours.parameters[[f"textual =~ x{i}" for i in (4, 5, 6)]]
    assert_allclose(table["ci_low"], draws.quantile(0.025), atol=1e-10)
    assert_allclose(table["se"], draws.std(), atol=1e-10)
    fitted = ours.fit.table().query("op == '=~'")
    assert_allclose(table["se"], fitted["se"], rtol=0.35)
    small = fit_model(single, data.head(60), ordered=True, std_lv=True).bootstrap(80, seed=1)
    assert np.isfinite(small.table("bca").query("op == '=~'")[["ci_low", "ci_high"]]).all().all()
    rare = data.assign(x4=np.where(np.arange(301) == 0, 9, data["x4"]))
    lost = fit_model(single, rare, ordered=True, std_lv=True).bootstrap(60, seed=2)
    without = (lost.rows != 0).all(axis=1)
    assert without.sum() > 10
    assert_allclose(~lost.converged, without)
    assert lost.parameters[~lost.converged].isna().all().all()


# Words and bad input ----------------------------------------------------------------------------


def test_sentence_and_method_name_the_correction():
    ours = fit("hs5_wlsmv")
    for lang in ("en", "zh"):
        sentence = ours.sentence(lang)
        assert "83.39" in sentence and "Asparouhov" in sentence and "Hu & Bentler" in sentence
    assert "WLSMV" in str(ours.method) and "多分格相关" in ours.method.in_language("zh")


def test_what_should_be_known_is_told():
    few = fit_model(CFA, data_of("hs4"), ordered=True)
    assert "rare_categories" in {f.code for f in few.diagnostics}
    gaps = fit("hs4_listwise")
    assert any(
        "Pairwise deletion would keep the incomplete ones" in str(note) for note in gaps.notes
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"estimator": "mlr"}, ModelError, "estimator is 'mlr'"),
        ({"missing": "fiml"}, ModelError, "missing is 'fiml'"),
        ({"parameterization": "gamma"}, ModelError, "parameterization is 'gamma'"),
        ({"equal": ("thresholds", "residuals"), "group": "school"}, ModelError, "theta"),
        ({"ordered": ["x99"]}, DataError, "ordered names x99"),
        ({"partial": ("x1|t9",)}, ModelError, "x1|t9"),
        ({"weights": np.ones(3)}, DataError, "weights has shape"),
        ({"syntax": CFA + "\n x1 ~~ x1"}, ModelError, "of an ordinal item"),
        ({"syntax": CFA + "\n x1 ~ 1"}, ModelError, "of an ordinal item"),
        ({"syntax": CFA + "\n visual ~ x10"}, DataError, "x10"),
        ({"syntax": "f =~ x1 + x2"}, ModelError, "free parameters for|not identified"),
    ],
)
def test_bad_requests_are_named(options, error, message):
    data = data_of("hs3")
    arguments = {"syntax": CFA, "ordered": True, "estimator": "wlsmv"} | options
    with pytest.raises(error, match=message):
        fit_model(arguments.pop("syntax"), data, **arguments)


def test_bad_data_are_named():
    data = data_of("hs3")
    with pytest.raises(ModelError, match="x9 is ordinal and predicts"):
        fit_model("f =~ x1 + x2 + x3 + x4\n f ~ x9", data, ordered=True)
    with pytest.raises(DataError, match="x1 is constant"):
        fit_model(CFA, data.assign(x1=2), ordered=True)
    alone = data.assign(
        x1=np.where(data["school"] == "Pasteur", data["x1"].clip(upper=2), data["x1"])
    )
    with pytest.raises(DataError, match="group Pasteur chose 3 on x1"):
        fit_model(CFA, alone, ordered=True, group="school")
    with pytest.raises(DataError, match="different values"):
        fit_model(CFA, data.assign(x1=range(301)), ordered=True)
    with pytest.raises(ModelError, match="residual covariances"):
        fit("hs4_sem").factor_scores()
    with pytest.raises(ModelError, match="paths to or from x7"):
        fit("hs4_paths_theta").factor_scores()
    with pytest.raises(
        ModelError, match="method is 'mean' · allowed: regression, ebm, bartlett, ml"
    ):
        fit("hs4_wlsmv").factor_scores("mean")
    with pytest.raises(DataError, match="seed"):
        fit("hs4_wlsmv").bootstrap(10)
