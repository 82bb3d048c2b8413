"""The plan by which a study's models are fitted, and the report of a study that needs all of it.

The estimates are the engine's, tested against lavaan in test_sem_*.py and test_ordinal.py; here it
is tested that a study's choices, weights, gaps and groups reach them. Each number is compared with
a call of the engine made by hand, in the report to rounding, elsewhere to 1e-9.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ConvergenceError, FaultsError, ModelError, StudyError
from cx_value.base.wording import Text
from cx_value.judge.estimation import plan_estimation
from cx_value.judge.fit_report import judge_fit, reported_indices
from cx_value.judge.groups import compare_group_paths, judge_invariance
from cx_value.judge.hypotheses import judge_hypotheses
from cx_value.judge.path_modelling import map_outcome, predict_outcomes
from cx_value.judge.resampling import resample
from cx_value.judge.residuals import largest_residuals
from cx_value.judge.rivals import compare_rivals
from cx_value.judge.robustness import check_robustness
from cx_value.judge.structure import choose_model, defined_parameters
from cx_value.notebook.store import Store
from cx_value.publish.build import Job, build_report
from cx_value.sem import compare_models, fit_model, fit_pls
from cx_value.sem.effects import effects
from cx_value.study import read_study, read_survey
from small_study import write_ordinal_study, write_small_study

LANGUAGES = ("en", "zh")
SYNTAX = "\n".join(
    f"{name} =~ " + " + ".join(f"{name.lower()}_{i}" for i in (1, 2, 3))
    for name in ("QUAL", "SAT", "LOY")
)
CHAIN = f"{SYNTAX}\nSAT ~ QUAL\nLOY ~ SAT"
FULL = f"{CHAIN} + QUAL"


@pytest.fixture(scope="module")
def ordinal_file(tmp_path_factory):
    return write_ordinal_study(tmp_path_factory.mktemp("study") / "ordinal")


@pytest.fixture(scope="module")
def ordinal(ordinal_file):
    """Study, survey, plan, choice."""
    study = read_study(ordinal_file)
    survey = read_survey(study)
    how = plan_estimation(study, survey)
    return study, survey, how, choose_model(study, survey.items, how)


def by_hand(syntax, survey, **options):
    """Fit as the ordinal study must be, without the plan."""
    given = {"estimator": "wlsmv", "ordered": True, "missing": "pairwise",
             "weights": survey.weights.to_numpy(), **options}  # fmt: skip
    return fit_model(syntax, survey.items, **given)


# The rule ----------------------------------------------------------------------------------------


def changed(study, **options):
    return study.model_copy(update={"options": study.options.model_copy(update=options)})


def normal_survey(folder, n=300):
    """Return the small study with continuous normal answers and none missing."""
    study = read_study(write_small_study(folder / "small"))
    survey = read_survey(study)
    rng = np.random.default_rng(2)
    factor = rng.normal(size=(n, 1))
    values = factor + rng.normal(size=(n, len(study.item_names)))
    items = pd.DataFrame(values, columns=study.item_names)
    return study, replace(survey, items=items, weights=None)


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        ("normal", {}, ("ml", "none", "normal")),
        ("skewed", {}, ("mlr", "none", "not_normal")),
        ("gaps", {}, ("mlr", "fiml", "missing")),
        ("gaps", {"missing": "listwise"}, ("ml", "listwise", "normal")),
        ("gaps", {"estimator": "ml"}, ("ml", "fiml", "declared")),
        ("weighted", {}, ("mlr", "none", "weights")),
        ("few rows", {}, ("mlr", "none", "untested")),
        ("skewed", {"estimator": "ml"}, ("ml", "none", "declared")),
    ],
)
def test_auto_follows_the_stated_rule_for_numbers(tmp_path, data, options, expected):
    study, survey = normal_survey(tmp_path)
    if data == "skewed":
        survey = replace(survey, items=np.exp(survey.items))
    if data == "gaps":
        left_out = np.random.default_rng(1).random(survey.items.shape) < 0.02
        survey = replace(survey, items=survey.items.mask(left_out))
    if data == "weighted":
        survey = replace(survey, weights=pd.Series(1.0, index=survey.items.index))
    if data == "few rows":
        survey = replace(survey, items=survey.items.head(8))
    how = plan_estimation(changed(study, **options), survey)
    assert (how.estimator, how.missing, how.reason) == expected


@pytest.mark.parametrize(
    ("points", "options", "expected"),
    [
        (4, {}, ("wlsmv", "pairwise", "few_categories")),
        (5, {}, ("mlr", "fiml", "weights")),
        (4, {"missing": "fiml"}, ("mlr", "fiml", "fiml")),
        (4, {"missing": "listwise"}, ("wlsmv", "listwise", "few_categories")),
        (5, {"estimator": "wlsmv"}, ("wlsmv", "pairwise", "declared")),
        (4, {"estimator": "mlr", "missing": "listwise"}, ("mlr", "listwise", "declared")),
    ],
)
def test_auto_follows_the_stated_rule_for_categories(tmp_path, points, options, expected):
    file = write_ordinal_study(tmp_path / "ordinal", n=200)
    file.write_text(file.read_text("utf-8").replace("max: 4", f"max: {points}"), "utf-8")
    study = read_study(file)
    how = plan_estimation(changed(study, **options), read_survey(study))
    assert (how.estimator, how.missing, how.reason) == expected
    assert len(how.ordered) == (9 if expected[0] == "wlsmv" else 0)


def test_wlsmv_without_an_item_of_few_categories_is_refused(tmp_path):
    study, survey = normal_survey(tmp_path)
    with pytest.raises(ModelError, match="no item has whole answers in at most 10 categories"):
        plan_estimation(changed(study, estimator="wlsmv"), survey)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_plan_says_estimator_reason_rows_and_weight(ordinal, lang):
    _, survey, how, _ = ordinal
    said = how.sentence(lang)
    complete = int(survey.items.notna().all(axis=1).sum())
    assert "WLSMV" in said and "2012" in said and how.weight_name == "w"
    counts = [int(n) for n in re.findall(r"(?<!\d)\d{1,3}(?!\d)", said)]
    assert {9, 4, len(survey.items), len(survey.items) - complete} <= set(counts)
    weights = ("加权" if lang == "zh" else "weighted") in said
    assert weights and how.with_changes(weights=None).sentence(lang) != said


def test_a_predictor_that_nothing_explains_is_a_number(ordinal):
    _, survey, how, _ = ordinal
    syntax = "LOY =~ loy_1 + loy_2 + loy_3\nLOY ~ qual_1"
    ordered = how.options(syntax, survey.items)["ordered"]
    assert "qual_1" not in ordered and "loy_1" in ordered
    assert how.fit(syntax, survey.items).n_used == 400


# What reaches the engine -------------------------------------------------------------------------


def test_weights_gaps_and_categories_reach_the_models(ordinal):
    _, survey, how, choice = ordinal
    mine, expected = how.fit(SYNTAX, survey.items).table(), by_hand(SYNTAX, survey).table()
    assert np.allclose(mine[["est", "se"]], expected[["est", "se"]], atol=1e-9)
    plain = by_hand(SYNTAX, survey, weights=None).table()
    assert not np.allclose(mine.est, plain.est, atol=1e-3)
    paths, expected = choice.paths(), by_hand(CHAIN, survey).table().query("op == '~'")
    assert paths.est.to_numpy() == pytest.approx(expected.est.to_numpy(), abs=1e-9)
    assert choice.fit.n_used == 400


def test_weights_follow_their_respondents_when_rows_are_left_out(ordinal):
    _, survey, how, _ = ordinal
    some = survey.items.sample(300, random_state=1).index
    expected = by_hand(SYNTAX, replace(survey, items=survey.items.loc[some],
                                       weights=survey.weights.loc[some]))  # fmt: skip
    assert how.fit(SYNTAX, survey.items.loc[some]).table().est.to_numpy() == pytest.approx(
        expected.table().est.to_numpy(), abs=1e-9
    )


def test_reported_indices_are_the_corrected_ones():
    rng = np.random.default_rng(4)
    factor = rng.normal(size=(200, 1))
    names = [f"{name}_{i}" for name in ("qual", "sat", "loy") for i in (1, 2, 3)]
    data = pd.DataFrame(np.exp((factor + rng.normal(size=(200, 9))) / 2), columns=names)
    robust, plain = fit_model(SYNTAX, data, estimator="mlr"), fit_model(SYNTAX, data)
    found = reported_indices(robust)
    assert found["chisq"] == robust.indices["chisq_scaled"] != robust.indices["chisq"]
    assert found["pvalue"] == robust.indices["pvalue_scaled"]
    for name in ("cfi", "tli", "rmsea", "rmsea_ci_upper"):
        assert found[name] == robust.indices[f"{name}_robust"]
        assert reported_indices(plain)[name] == plain.indices[name]
    assert found["srmr"] == robust.indices["srmr"] and found["bic"] == robust.indices["bic"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_fit_sentence_prints_and_names_the_corrected_indices(ordinal, lang):
    study, survey, how, _ = ordinal
    fit = how.fit(SYNTAX, survey.items)
    report = judge_fit("measurement", fit, study)
    said, row = report.sentence(lang), report.table().iloc[0]
    assert ("scaled χ², robust CFI" if lang == "en" else "校正 χ²，稳健 CFI") in said
    number = re.search(r"N = 400\) = (\d+\.\d+)", said)
    assert float(number[1]) == pytest.approx(fit.indices["chisq_scaled"], abs=0.005)
    assert row.chisq == fit.indices["chisq_scaled"] and row.cfi == fit.indices["cfi_robust"]
    assert np.isnan(row.aic)


def test_residuals_are_those_of_the_estimator(ordinal):
    _, survey, how, _ = ordinal
    fit = how.fit(SYNTAX, survey.items)
    table, expected = largest_residuals(fit).table(), fit.residuals("correlation")
    for row in table.itertuples():
        assert row.residual == pytest.approx(expected.loc[row.item_1, row.item_2], abs=1e-12)
        assert row.observed - row.implied == pytest.approx(row.residual, abs=1e-12)
    incomplete = fit_model(SYNTAX, survey.items, missing="fiml")
    assert largest_residuals(incomplete).table().residual.notna().all()


def test_rivals_without_a_likelihood_are_compared_by_the_scaled_difference(ordinal):
    _, survey, _, choice = ordinal
    rivals = compare_rivals(choice)
    row = rivals.table().set_index("model").loc["full"]
    both = compare_models(by_hand(FULL, survey), by_hand(CHAIN, survey)).table().iloc[1]
    assert abs(row.delta_chisq) == pytest.approx(both.d_chisq, abs=1e-6)
    assert row.delta_p == pytest.approx(both.p, abs=1e-9) and np.isnan(row.delta_bic)
    assert "BIC" not in rivals.sentence("en") and "scaled χ² difference" in rivals.sentence("en")


def test_defined_parameters_carry_the_interval_of_the_bootstrap_or_of_the_delta_method(ordinal):
    fit = ordinal[3].fit
    table = fit.table().query("op == ':='").iloc[0]
    delta = defined_parameters(fit).iloc[0]
    assert (delta["name"], delta.definition) == ("carried", "a*b")
    assert (delta.est, delta.low, delta.high) == (table.est, table.ci_low, table.ci_high)
    drawn = resample(fit, 30, seed=3)
    expected = drawn.bootstrap.table().query("op == ':='").iloc[0]
    booted = defined_parameters(fit, drawn.bootstrap).iloc[0]
    assert (booted.low, booted.high) == (expected.ci_low, expected.ci_high)
    assert booted.low != delta.low


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_model_that_cannot_be_resampled_says_so_and_keeps_the_delta_method(ordinal, lang):
    class Failing:
        n_used, n_dropped, confidence, prepared = 10, 0, 0.95, None

        def bootstrap(self, draws, *, seed):
            raise ConvergenceError("7 of 10 refits failed · allowed: at most half · do: merge")

        def table(self):
            return pd.DataFrame({"est": [1.0]})

    drawn = resample(Failing(), 10, seed=1)
    assert drawn.bootstrap is None and list(drawn.table().est) == [1.0]
    assert "7 of 10 refits failed" in drawn.sentence(lang) and "delta" in drawn.sentence(lang)


def test_verdicts_name_what_their_intervals_rest_on(ordinal):
    study, survey, how, _ = ordinal
    gaps = np.random.default_rng(1).random(survey.items.shape) < 0.2
    items = survey.items.mask(gaps)
    plan = how.with_changes(estimator="mlr", missing="fiml", weights=None)
    choice = choose_model(study, items, plan)
    drawn = resample(choice.fit, 40, seed=1)
    found = effects(choice.fit, bootstrap=drawn.bootstrap)
    assert judge_hypotheses(study, choice, found, drawn).facts()["intervals"] == "monte_carlo"
    plain = judge_hypotheses(study, choice, effects(choice.fit))
    assert plain.facts()["intervals"] == "delta"


# Groups ------------------------------------------------------------------------------------------


LABELS = {
    "QUAL": Text("Service quality", zh="服务质量"),
    "SAT": Text("Satisfaction", zh="顾客满意"),
    "LOY": Text("Loyalty", zh="顾客忠诚"),
}


@pytest.fixture(scope="module")
def by_group(ordinal):
    study, survey, how, choice = ordinal
    return compare_group_paths(study, choice, survey, how)


def test_the_path_that_differs_between_groups_is_found(by_group):
    table = by_group.table().set_index("path")
    assert table.differs.to_dict() == {"SAT ~ QUAL": True, "LOY ~ SAT": False, "all": True}
    estimates = by_group.estimates().set_index(["target", "group"])
    assert estimates.std_all["SAT", "north"] > 0.7 > 0.35 > estimates.std_all["SAT", "south"]
    free = by_group.found.fits["free"]
    assert free.n_used == 400 and free.prepared.samples[0].weights is not None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_group_sentence_prints_the_numbers_of_the_table(by_group, lang):
    said = by_group.sentence(lang).replace("−", "-")
    together = by_group.table().set_index("path").loc["all"]
    assert f"Δχ²({int(together.d_df)}) = {together.d_chisq:.2f}" in said
    named = by_group.estimates().query("target == 'SAT'")
    shown = [float(v) for v in re.findall(r"b = (-?\d*\.\d+)", said)]
    assert shown == [round(v, 2) for v in named.est]
    assert by_group.facts()["admissible"] is True


def test_groups_too_small_to_compare_are_told(ordinal):
    study, survey, how, choice = ordinal
    few = survey.rows(survey.items.index[:70])
    how = plan_estimation(study, few)
    found = judge_invariance(study, few, how)
    assert found.table().empty and "fewer than two" in found.sentence("en")
    assert compare_group_paths(study, choice, few, how) is None
    assert judge_invariance(study.model_copy(update={"group": None}), survey, how) is None


# Robustness --------------------------------------------------------------------------------------


def test_each_variant_changes_one_thing_in_the_plan(ordinal):
    study, survey, how, choice = ordinal
    robust = check_robustness(study, choice, survey.items, how=how)
    assert list(robust.fits.variant) == ["reported", "mlr", "listwise", "unweighted"]
    rows = robust.fits.set_index("variant")
    complete = int(survey.items.notna().all(axis=1).sum())
    assert list(rows.n) == [400, 400, complete, 400]
    wide = robust.wide().set_index(["source", "target"])
    for variant, changes in (
        ("mlr", {"estimator": "mlr", "missing": "fiml", "ordered": ()}),
        ("listwise", {"missing": "listwise"}), ("unweighted", {"weights": None}),
    ):  # fmt: skip
        fit = by_hand(CHAIN, survey, **changes)
        table = fit.table().query("op == '~'")
        assert wide[f"{variant}_est"].to_numpy() == pytest.approx(
            table.std_all.to_numpy(), abs=1e-9
        )
        assert rows.chisq[variant] == pytest.approx(reported_indices(fit)["chisq"], abs=1e-9)


def test_prediction_and_map_are_those_of_pls(tmp_path):
    study = read_study(write_small_study(tmp_path / "small"))
    survey = read_survey(study)
    items, how = survey.items, plan_estimation(study, survey)
    choice = choose_model(study, items, how)
    blocks = {c.name: c.item_names for c in study.constructs}
    paths = [("QUAL", "SAT"), ("SAT", "LOY")]
    plain = fit_pls(blocks, paths, items, missing="pairwise")
    consistent = fit_pls(blocks, paths, items, missing="pairwise", consistent=True)
    expected = plain.predict(repetitions=20, seed=study.options.seed)
    found = predict_outcomes(study, choice, items)
    row = found.table().set_index("target")
    for name in ("SAT", "LOY"):
        assert row.r_squared[name] == choice.fit.r_squared[name]
        for column, fit in (("r_squared_pls", plain), ("r_squared_plsc", consistent)):
            assert row[column][name] == fit.r_squared.set_index("construct").r_squared[name]
    assert list(row.q2_predict) == list(expected.constructs.q2_predict)
    better = int((expected.items.rmse_pls < expected.items.rmse_lm).sum())
    assert row.better.sum() == better and found.n_used == len(items.dropna())
    assert f"{expected.better:.1f} of them" in found.sentence("en")
    mapped = map_outcome(study, choice, items, LABELS)
    scale = plain.importance_performance("LOY", scale=(1, 7)).table()
    pd.testing.assert_frame_equal(mapped.table().drop(columns="target"), scale)
    assert mapped.facts()["target"] == "LOY"
    assert mapped.facts()["first"]["importance"] == mapped.table().importance.max()


# The whole report --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(ordinal_file, tmp_path_factory):
    out = tmp_path_factory.mktemp("build")
    study = read_study(ordinal_file)
    build_report(Job(study_file=ordinal_file, study=study, out=out, languages=LANGUAGES,
                     formats=("html",), renderer="embedded", kernels=False))  # fmt: skip
    return out / "ordinal"


def text_of(built, lang):
    pages = (built / f"{name}-{lang}" / f"{name}.html" for name in ("report", "supplement"))
    html = "".join(page.read_text(encoding="utf-8") for page in pages)
    html = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", html, flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    return text.replace("−", "-")


def has_number(text, value, decimals):
    shown = f"{value:.{decimals}f}"
    return shown in text or shown.replace("0.", ".", 1) in text


WORDS = {
    "en": ("Rhemtulla et al.", "It enters every statistic that has a weighted form",
           "Differences between groups", "Invariance, change in CFI", "All paths together",
           "north"),
    "zh": ("不宜视为连续变量", "凡有加权形式的统计量均加权", "组间差异", "不变性检验的 ΔCFI",
           "全部路径一并检验", "北", "服务质量 → 顾客满意"),
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_prints_the_numbers_of_the_plan(built, ordinal, lang):
    _, survey, _, _ = ordinal
    text = text_of(built, lang)
    for syntax in (SYNTAX, CHAIN):
        assert has_number(text, by_hand(syntax, survey).indices["chisq_scaled"], 2)
    for value in by_hand(CHAIN, survey).table().query("op == '~'").est:
        assert has_number(text, value, 2)
    store = Store(built)
    defined = store.read("defined").table.iloc[0]
    interval = f"[{defined.low:.2f}, {defined.high:.2f}]"
    assert "carried" in text and interval in text
    moderation = store.read("moderation").table.set_index("path")
    for value in moderation.d_chisq:
        assert has_number(text, value, 2)
    for word in WORDS[lang]:
        assert word in text, word
    if lang == "zh":
        assert "north" not in text and "Satisfaction →" not in text
    for trace in ("<<", "<%", r"\?@", r"\bnan\b", r"\bNaN\b"):
        assert not re.search(trace, text), trace


def test_a_part_that_does_not_apply_is_not_printed(built):
    store = Store(built)
    # The main model is given by syntax, so there is no PLS; ordered items have no dynamic cutoffs.
    for name in ("prediction", "importance_map", "dynamic_cutoffs"):
        assert not store.has(name)
    assert store.has("invariance") and store.has("defined")


# Clusters and strata -----------------------------------------------------------------------------


def sampled_study(folder, more=""):
    path = write_small_study(folder / "small")
    answers = pd.read_csv(folder / "small" / "answers.csv")
    answers["branch"] = np.arange(len(answers)) // 8
    answers["city"] = np.where(np.arange(len(answers)) < 80, "a", "b")
    answers.to_csv(folder / "small" / "answers.csv", index=False)
    text = path.read_text(encoding="utf-8")
    text = text.replace("missing_codes: [-9]", "missing_codes: [-9], cluster: branch, strata: city")
    path.write_text(text.replace("options: {", f"options: {{{more}"), encoding="utf-8")
    return path


def test_declared_clusters_and_strata_reach_the_models_errors(tmp_path):
    study = read_study(sampled_study(tmp_path))
    survey = read_survey(study)
    how = plan_estimation(study, survey)
    assert (how.estimator, how.reason) == ("mlr", "sampling") and not how.is_plain
    ours = how.fit(CHAIN, survey.items)
    data = survey.items.assign(branch=survey.clusters, city=survey.strata)
    theirs = fit_model(
        CHAIN, data, estimator="mlr", missing="fiml", cluster="branch", strata="city"
    )
    pd.testing.assert_frame_equal(ours.table(), theirs.table())
    plain = fit_model(CHAIN, data, estimator="mlr", missing="fiml").table()
    assert (ours.table().se - plain.se).abs().max() > 1e-4
    for lang, words in (("en", "20 clusters within 2 strata"), ("zh", "2 个层中 20 个群")):
        assert words in how.sentence(lang)
    drawn = resample(ours, 30, seed=1)
    assert drawn.kind == "monte_carlo"


def test_an_estimator_that_would_ignore_the_clusters_is_refused(tmp_path):
    with pytest.raises(StudyError, match="its errors would ignore"):
        read_study(sampled_study(tmp_path, "estimator: ml, "))


def test_a_respondent_without_a_cluster_is_named(tmp_path):
    path = sampled_study(tmp_path)
    answers = pd.read_csv(path.parent / "answers.csv")
    answers["branch"] = answers["branch"].astype(object)
    answers.loc[4, "branch"] = ""
    answers.to_csv(path.parent / "answers.csv", index=False)
    with pytest.raises(FaultsError, match="without an entry in cluster"):
        read_survey(read_study(path))


def test_no_model_left_is_said():
    from types import SimpleNamespace

    from cx_value.base.errors import ModelError
    from cx_value.judge.structure import choose_model

    with pytest.raises(ModelError, match="no structural model is left"):
        choose_model(SimpleNamespace(models=()), None)
