"""Validity against lavaan and semTools (tests/reference/validity.R).

Tolerances: 2e-5 for whatever rests on a fitted model, where lavaan stops within 1e-6 to 1e-5 of the
optimum; 1e-10 for ratios and correlations, which are
closed forms, draw by draw too.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import DataError, ModelError
from cx_value.base.formulas import (
    average_variance_extracted,
    composite_reliability,
    heterotrait_monotrait,
)
from cx_value.measure.answers import complete_answers
from cx_value.measure.correlations import score_correlations
from cx_value.measure.discriminant import fornell_larcker, heterotrait_monotrait_ratios
from cx_value.measure.resamples import pairwise_correlations
from cx_value.measure.validity import convergent_validity
from cx_value.sem import fit_model

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = ["hs", "hs_missing", "mobi", "mobi_missing"]
HS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
MOBI = {"CUEX": 3, "CUSA": 3, "CUSL": 3, "IMAG": 5, "PERQ": 7, "PERV": 2}
EXACT, FITTED = {"rtol": 1e-10, "atol": 1e-10}, {"rtol": 0, "atol": 2e-5}


def scales_of(case):
    if case.startswith("hs"):
        return HS
    return {name: [f"{name}{i + 1}" for i in range(k)] for name, k in MOBI.items()}


def data_of(case):
    return pd.read_csv(REFERENCE / f"measure_data__{case}.csv")


def complete(case):
    return data_of(case).dropna(subset=[i for block in scales_of(case).values() for i in block])


def reference(case, name):
    return pd.read_csv(REFERENCE / f"validity__{case}_{name}.csv")


def syntax_of(scales):
    return "\n".join(f"{name} =~ " + " + ".join(items) for name, items in scales.items())


@pytest.fixture(scope="module")
def fits():
    return {case: fit_model(syntax_of(scales_of(case)), data_of(case)) for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_ave_cr_and_their_delta_intervals_agree_with_lavaan(case, fits):
    ours, theirs = convergent_validity(fits[case]).table(), reference(case, "convergent")
    assert list(ours.construct) == list(theirs.construct)
    assert (theirs.n_used == fits[case].n_used).all()
    for one, two in (("ave", "ave"), ("ave_ci_low", "ave_ci_low"), ("ave_ci_high", "ave_ci_high"),
                     ("composite_reliability", "cr"), ("cr_ci_low", "cr_ci_low"),
                     ("cr_ci_high", "cr_ci_high"), ("omega", "semtools_omega"),
                     ("ave_raw", "semtools_ave")):  # fmt: skip
        assert_allclose(ours[one], theirs[two], err_msg=one, **FITTED)


@pytest.mark.parametrize("case", CASES)
def test_loadings_and_their_intervals_agree_with_lavaan(case, fits):
    ours, theirs = convergent_validity(fits[case]).loadings, reference(case, "loadings")
    assert list(ours["item"]) == list(theirs["item"])
    for column in ("loading", "se", "ci_low", "ci_high"):
        assert_allclose(ours[column], theirs[column], err_msg=column, **FITTED)


@pytest.mark.parametrize("case", CASES)
def test_fornell_larcker_sets_latent_correlations_against_root_ave(case, fits):
    got, latent = fornell_larcker(fits[case]), reference(case, "latent").set_index("construct")
    ave = reference(case, "convergent").set_index("construct").ave
    for row in got.table().itertuples():
        want = latent.loc[row.construct_1, row.construct_2]
        assert_allclose(row.r, want, **FITTED)
        roots = np.sqrt([ave[row.construct_1], ave[row.construct_2]])
        assert_allclose([row.root_ave_1, row.root_ave_2], roots, **FITTED)
        assert row.passes == (abs(want) < roots.min())
        assert row.r_ci_low < row.r < row.r_ci_high
    assert_allclose(np.diag(got.matrix), np.sqrt(ave), **FITTED)


def test_published_values_of_holzinger_swineford_are_reproduced(fits):
    """semTools 0.5-6: ω .625/.885/.688, AVE .371/.721/.424, and as its htmt() gives, HTMT2."""
    table = convergent_validity(fits["hs"]).table()
    assert_allclose(table.omega, [0.625, 0.885, 0.688], atol=5e-4)
    assert_allclose(table.ave_raw, [0.371, 0.721, 0.424], atol=5.5e-4)
    ratios = heterotrait_monotrait_ratios(data_of("hs"), HS, bootstrap=0).table()
    assert_allclose(ratios.htmt2, [0.384, 0.387, 0.280], atol=5e-4)
    assert_allclose(ratios.htmt_plus, [0.424, 0.467, 0.290], atol=5e-4)


@pytest.mark.parametrize("case", CASES)
def test_htmt_and_htmt2_agree_with_semtools(case):
    ours = heterotrait_monotrait_ratios(complete(case), scales_of(case), bootstrap=0)
    theirs = reference(case, "htmt")
    assert list(ours.table().construct_1) == list(theirs.construct_1)
    assert_allclose(ours.table().htmt, theirs.htmt_signed, **EXACT)
    assert_allclose(ours.table().htmt_plus, theirs.htmt, **EXACT)
    assert_allclose(ours.table().htmt2, theirs.htmt2, **EXACT)
    assert ours.table()[["htmt_ci_low", "htmt2_ci_high"]].isna().all(axis=None)


@pytest.mark.parametrize("case", CASES)
def test_htmt_of_resampled_rows_agrees_with_semtools_draw_by_draw(case):
    scales, theirs = scales_of(case), reference(case, "htmt_draws")
    answers = complete_answers(data_of(case), [i for block in scales.values() for i in block])
    place = np.arange(1, answers.n + 1)
    rows = np.array([(place**2 + 7 * d * place + 3 * d) % answers.n for d in theirs.draw])
    blocks = [answers.of(block) for block in scales.values()]
    drawn = heterotrait_monotrait(pairwise_correlations(answers.rows, rows), blocks,
                                  kind="htmt_plus")  # fmt: skip
    pairs = [(i, j) for j in range(len(blocks)) for i in range(j + 1, len(blocks))]
    ours = np.column_stack([drawn[:, i, j] for i, j in pairs])
    assert_allclose(ours, theirs.drop(columns="draw"), rtol=1e-9)


def test_htmt_interval_is_the_percentile_interval_of_its_draws():
    got = heterotrait_monotrait_ratios(complete("hs_missing"), HS, bootstrap=999, seed=6)
    answers = complete_answers(data_of("hs_missing"), [f"x{i}" for i in range(1, 10)])
    picks = np.random.default_rng(6).integers(0, answers.n, size=(999, answers.n))
    values = [
        heterotrait_monotrait(np.corrcoef(answers.rows[p], rowvar=False),
                              [np.arange(3), np.arange(3, 6), np.arange(6, 9)])[1, 0]
        for p in picks
    ]  # fmt: skip
    values = np.sort(values)
    row = got.table().iloc[0]
    assert got.n_used == answers.n == 235
    assert_allclose([row.htmt_ci_low, row.htmt_ci_high], [values[24], values[974]], rtol=1e-9)
    other = heterotrait_monotrait_ratios(complete("hs_missing"), HS, bootstrap=999, seed=7).table()
    assert other.htmt_ci_low[0] != row.htmt_ci_low


def test_htmt_interval_covers_the_truth_at_its_level():
    random = np.random.default_rng(2)
    hits = 0
    for i in range(200):
        factors = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=200)
        items = 0.75 * np.repeat(factors, 3, axis=1) + np.sqrt(1 - 0.75**2) * random.normal(
            size=(200, 6)
        )
        data = pd.DataFrame(items, columns=list("abcdef"))
        row = heterotrait_monotrait_ratios(
            data, {"A": list("abc"), "B": list("def")}, bootstrap=199, seed=i
        ).table()
        hits += row.htmt_ci_low[0] <= 0.5 <= row.htmt_ci_high[0]
    assert 0.90 < hits / 200 < 0.985


def test_bootstrap_intervals_of_ave_rest_on_the_refits(fits):
    fit = fits["hs"]
    refits = fit.bootstrap(400, seed=3)
    got = convergent_validity(fit, bootstrap=refits).table()
    delta = convergent_validity(fit).table()
    loads = refits.standardised[[f"textual =~ {i}" for i in HS["textual"]]].to_numpy()
    ave = np.sort((loads**2).mean(axis=1))
    assert ave[8] < got.ave_ci_low[1] < ave[10]
    assert ave[389] < got.ave_ci_high[1] < ave[391]
    assert_allclose(got.ave, delta.ave)
    assert (got.ave_ci_low != delta.ave_ci_low).all()
    assert_allclose(got.ave_ci_low, delta.ave_ci_low, atol=0.06)


@pytest.mark.parametrize("case", CASES)
def test_score_correlations_agree_with_cor_test(case):
    got = score_correlations(complete(case), scales_of(case))
    theirs, scores = reference(case, "correlations"), reference(case, "scores")
    assert list(got.table().construct_2) == list(theirs.construct_2)
    for column in ("r", "ci_low", "ci_high"):
        assert_allclose(got.table()[column], theirs[column], err_msg=column, **EXACT)
    assert_allclose(got.table().p, theirs.p, rtol=1e-6)
    assert_allclose(got.scores[["mean", "sd"]], scores[["mean", "sd"]], **EXACT)


def test_correlation_matrix_holds_r_below_alpha_on_and_p_above_the_diagonal():
    data = complete("hs_missing")
    got = score_correlations(data, HS)
    values = got.matrix[list(HS)].to_numpy()
    covariance = data[HS["textual"]].cov().to_numpy()
    alpha = 1.5 * (1 - np.trace(covariance) / covariance.sum())
    assert_allclose(values[1, 1], alpha, **EXACT)
    assert_allclose(values[2, 0], got.table().r[1], **EXACT)
    assert_allclose(values[0, 2], got.table().p[1], **EXACT)
    single = score_correlations(data, {"a": ["x1"], "b": ["x4", "x5"]})
    assert np.isnan(single.scores.alpha[0])


def test_formulas_of_loadings():
    loadings = np.array([0.8, 0.7, 0.6])
    assert_allclose(average_variance_extracted(loadings), (0.64 + 0.49 + 0.36) / 3)
    assert_allclose(composite_reliability(loadings), 2.1**2 / (2.1**2 + 0.36 + 0.51 + 0.64))


def test_standardised_statistics_do_not_depend_on_units(fits):
    data = data_of("hs")
    other = convergent_validity(fit_model(syntax_of(HS), data.assign(x2=data.x2 * 10))).table()
    base = convergent_validity(fits["hs"]).table()
    assert_allclose(other.ave, base.ave, atol=1e-6)
    assert_allclose(other.composite_reliability, base.composite_reliability, atol=1e-6)
    assert abs(other.ave_raw[0] - base.ave_raw[0]) > 0.01


def test_a_heywood_construct_gets_no_ave():
    data, scales = data_of("mobi"), {"CUSL": ["CUSL1", "CUSL2", "CUSL3"]}
    got = convergent_validity(fit_model(syntax_of(scales), data))
    row = got.table().iloc[0]
    assert row.loading_max > 1
    assert np.isnan([row.ave, row.ave_ci_low, row.composite_reliability, row.omega]).all()
    assert row.ave_passes is None
    assert got.facts()["improper"] == ["CUSL"]
    assert "exceeds one" in got.sentence() and "载荷超过一" in got.sentence("zh")


def test_ave_and_composite_reliability_each_pass_their_own_rule(fits):
    theirs = reference("mobi", "convergent").set_index("construct")
    rules = {
        "ave": theirs.ave.median(),
        "composite_reliability": theirs.cr.nlargest(2).min() - 1e-4,
    }
    table = convergent_validity(fits["mobi"], cutoffs=rules).table().set_index("construct")
    ave = theirs.ave >= rules["ave"]
    cr = theirs.cr >= rules["composite_reliability"]
    assert table.ave_passes.to_dict() == ave.to_dict()
    assert table.cr_passes.to_dict() == cr.to_dict()
    assert ave.any() and not ave.all() and cr.any() and not cr.all() and (ave != cr).any()


def test_the_weak_constructs_of_the_mobile_survey_are_called_weak(fits):
    got = convergent_validity(fits["mobi"])
    weak = {x["construct"]: x for x in got.facts()["exceptions"]}
    assert_allclose([weak["CUEX"]["cr"], *weak["CUEX"]["cr_ci"], weak["CUEX"]["ave"]],
                    [0.47, 0.36, 0.58, 0.23], atol=5.1e-3)  # fmt: skip
    assert not weak["CUEX"]["ave_passes"] and "PERQ" not in weak
    assert "CUSL2" in set(got.facts()["low"]["item"])
    larcker = fornell_larcker(fits["mobi"])
    failed = larcker.table()[~larcker.table().passes]
    assert ("CUSA", "PERQ") in set(zip(failed.construct_1, failed.construct_2, strict=True))
    assert larcker.facts()["passing"] == 15 - len(failed)
    assert f"met by {15 - len(failed)} of 15 pairs" in larcker.sentence()
    ratios = heterotrait_monotrait_ratios(data_of("mobi"), scales_of("mobi"), seed=1)
    assert "It is not below 0.85 (Henseler et al., 2015)" in ratios.sentence()
    assert "The interval reaches 1.00 (Henseler et al., 2015) for" in ratios.sentence()


def test_htmt_is_that_of_the_source_it_names():
    """The audit's value: PERQ–CUSL .72 by Henseler et al. (2015), .76 on absolute correlations."""
    table = heterotrait_monotrait_ratios(data_of("mobi"), scales_of("mobi"), bootstrap=0).table()
    row = table[(table.construct_1 == "CUSL") & (table.construct_2 == "PERQ")].iloc[0]
    assert (round(row.htmt, 2), round(row.htmt_plus, 2)) == (0.72, 0.76)


def test_htmt_of_opposed_constructs_is_negative_and_judged_by_its_size():
    data = data_of("hs").assign(**{i: 10 - data_of("hs")[i] for i in HS["textual"]})
    plain = heterotrait_monotrait_ratios(data_of("hs"), HS, bootstrap=100, seed=1).table()
    turned = heterotrait_monotrait_ratios(data, HS, bootstrap=100, seed=1,
                                          cutoffs={"htmt": 0.4}).table()  # fmt: skip
    assert_allclose(turned.htmt[0], -plain.htmt[0])
    assert_allclose(turned.htmt_ci_low[0], -plain.htmt_ci_high[0])
    assert turned.passes[0] == (abs(plain.htmt[0]) < 0.4) and turned.upper_passes[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_numbers_in_sentences_are_those_of_the_tables(lang, fits):
    got = convergent_validity(fits["mobi"])
    said = got.sentence(lang)
    for x in got.facts()["exceptions"]:
        for value in (x["cr"], x["ave"], *x["cr_ci"], *x["ave_ci"]):
            assert f"{value:.2f}"[lang == "en" :] in said
    ratios = heterotrait_monotrait_ratios(data_of("hs"), HS, bootstrap=200, seed=1)
    numbers = [float(v) for v in re.findall(r"(?<![\d\w])0?\.\d\d", ratios.sentence(lang))][:4]
    top = ratios.table().loc[ratios.table().htmt.idxmax()]
    low = ratios.table().htmt.min()
    assert_allclose(numbers, [low, top.htmt, top.htmt_ci_low, top.htmt_ci_high], atol=5.1e-3)
    correlations = score_correlations(data_of("hs"), HS)
    strongest = correlations.table().r.abs().max()
    assert f"{strongest:.2f}"[lang == "en" :] in correlations.sentence(lang)
    assert ratios.facts()["missed"] == [] and ratios.facts()["upper_missed"] == []
    pairs = fornell_larcker(fits["hs"])
    assert "3" in pairs.sentence(lang)
    assert pairs.table().passes.all()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pictures_show_items_and_pairs(lang, fits):
    ax = convergent_validity(fits["hs"]).plot(lang=lang)
    assert [t.get_text() for t in ax.get_yticklabels()] == [f"x{i}" for i in range(1, 10)]
    ratios = heterotrait_monotrait_ratios(data_of("mobi"), scales_of("mobi"), bootstrap=0)
    ax = ratios.plot(lang=lang)
    assert len(ax.texts) == 15
    assert len(ax.patches) == (ratios.table().htmt.abs() >= 0.85).sum() > 0


def test_models_that_are_no_simple_measurement_model_are_refused():
    data = data_of("hs").assign(school=["a", "b"] * 150 + ["a"])
    crossed = fit_model(syntax_of(HS) + "\nvisual =~ x9", data)
    with pytest.raises(ModelError, match="x9 loads on more than one construct"):
        convergent_validity(crossed)
    with pytest.raises(ModelError, match="2 groups with latent variables"):
        fornell_larcker(fit_model(syntax_of(HS), data, group="school"))


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"a": ["x1"], "b": ["x2", "x3"]}, "fewer than two items: a"),
        ({"a": ["x1", "x2"], "b": ["x2", "x3"]}, "x2 stands in more than one place"),
        ({"a": ["x1", "y2"], "b": ["x2", "x3"]}, "y2"),
    ],
)
def test_scales_that_cannot_be_compared_are_refused(scales, message):
    with pytest.raises(DataError, match=message):
        heterotrait_monotrait_ratios(data_of("hs"), scales)


def test_an_item_left_unturned_does_not_pass_and_is_named():
    data = data_of("hs").assign(x2=lambda d: 10 - d.x2)
    got = convergent_validity(fit_model(syntax_of(HS), data))
    turned = convergent_validity(fit_model(syntax_of(HS), data_of("hs")))
    rows = got.loadings.set_index("item")
    assert rows.opposite.to_dict() == {f"x{i}": i == 2 for i in range(1, 10)}
    assert not rows.loc["x2", "passes"] and rows.loc["x1", "passes"]
    table = got.table().set_index("construct")
    assert table.loadings_opposite.tolist() == [1, 0, 0]
    assert table.loading_min["visual"] == rows.loading["x2"] < 0 < table.loading_max["visual"]
    against = got.facts()["opposite"]
    assert against["item"].tolist() == ["x2"]
    size = f"{-rows.loading['x2']:.2f}"
    assert f"x2 (λ = −{size[1:]})" in got.sentence()
    assert f"x2（λ = −{size}）" in got.sentence("zh")
    assert "opposite" not in turned.sentence()
    assert_allclose(got.table().ave, turned.table().ave, atol=1e-6)


def test_a_reversed_marker_item_is_the_one_named():
    data = data_of("hs").assign(x1=lambda d: 10 - d.x1)
    got = convergent_validity(fit_model(syntax_of(HS), data))
    rows = got.loadings.set_index("item")
    assert rows.loading["x1"] > 0 > rows.loading["x2"]  # the marker's loading is fixed at 1
    assert list(rows.index[rows.opposite]) == ["x1"]
    assert rows.loc["x3", "passes"] and not rows.loc["x1", "passes"]


def test_htmt_tells_an_unturned_item_which_absolute_correlations_hide():
    data = data_of("hs").assign(x2=lambda d: 10 - d.x2)
    got = heterotrait_monotrait_ratios(data, HS, bootstrap=0)
    plain = heterotrait_monotrait_ratios(data_of("hs"), HS, bootstrap=0)
    assert got.reversed_items == ("x2",) and plain.reversed_items == ()
    assert "x2 correlates negatively with its own scale" in got.sentence()
    assert "x2与所属量表负相关" in got.sentence("zh")
    assert_allclose(got.table().htmt_plus, plain.table().htmt_plus, **EXACT)
    assert got.table().htmt.isna()[:2].all() and got.facts()["undefined"] == 2
    assert "negatively" not in plain.sentence()


@pytest.mark.parametrize("draws", [0, 1, 19])
def test_htmt_without_enough_draws_has_no_interval_and_no_verdict_on_it(draws):
    got = heterotrait_monotrait_ratios(data_of("hs"), HS, bootstrap=draws)
    assert got.table().htmt_ci_high.isna().all()
    assert "(no interval)" in got.sentence() and "未给出区间" in got.sentence("zh")
    assert "Every interval" not in got.sentence() and "区间上限" not in got.sentence("zh")
    assert len(got.notes) == (draws > 0)


def test_one_construct_is_refused_in_words():
    data = data_of("hs")
    with pytest.raises(ModelError, match=r"1 construct of two or more items \(a\)"):
        heterotrait_monotrait_ratios(data, {"a": ["x1", "x2", "x3"]})
    with pytest.raises(ModelError, match=r"1 construct of two or more items \(a\)"):
        fornell_larcker(fit_model("a =~ x1 + x2 + x3", data))


def test_htmt_keeps_its_leading_zero_and_chinese_sentences_have_no_stray_blanks(fits):
    got = heterotrait_monotrait_ratios(data_of("mobi"), scales_of("mobi"), seed=1)
    assert not re.search(r"(?<!\d)\.\d", got.sentence())
    failed = fornell_larcker(fits["mobi"])
    scores = score_correlations(data_of("mobi"), scales_of("mobi"))
    for said in (got.sentence("zh"), failed.sentence("zh"), scores.sentence("zh")):
        wide = "[\u3000-\u9fff\uff00-\uffef]"
        assert not re.search(f"{wide} +{wide}", said)


def test_correlations_need_two_constructs():
    with pytest.raises(DataError, match=r"1 construct\(s\)"):
        score_correlations(data_of("hs"), {"a": ["x1", "x2"]})
