"""Reliability against psych, lavaan and semTools (tests/reference/reliability.R).

Tolerances: 1e-10 for closed forms (α, intervals, item tables, split halves, ICC); 1e-5 for ω and
composite reliability, where lavaan stops within about 1e-6 of the optimum; 1e-5 for ordinal
statistics, which rest on lavaan's polychoric correlations (its stop: 1e-6).
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import DataError
from cx_value.base.formulas import cronbach_alpha, feldt_interval, mcdonald_omega
from cx_value.measure.answers import complete_answers
from cx_value.measure.one_factor import scale_omega
from cx_value.measure.reliability import reliability_of_scales, verdict_of
from cx_value.measure.resamples import percentile_interval
from cx_value.measure.split_half import split_half
from cx_value.measure.stability import intraclass_correlations, test_retest
from cx_value.sem import fit_model

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = ["hs", "hs_missing", "hs_ordinal", "hs_reversed", "mobi", "mobi_missing"]
HS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
MOBI = {"CUEX": 3, "CUSA": 3, "CUSL": 3, "IMAG": 5, "PERQ": 7, "PERV": 2}
EXACT, ITERATED = {"rtol": 1e-10, "atol": 1e-10}, {"atol": 1e-5, "rtol": 0}


def scales_of(case):
    if case.startswith("hs"):
        return HS
    return {name: [f"{name}{i + 1}" for i in range(k)] for name, k in MOBI.items()}


def data_of(case):
    return pd.read_csv(REFERENCE / f"measure_data__{case}.csv")


def reference(name):
    return pd.read_csv(REFERENCE / f"reliability__{name}.csv")


def reliability(case, bootstrap=0, **options):
    return reliability_of_scales(data_of(case), scales_of(case), bootstrap=bootstrap, **options)


def listwise(case):
    """Return data in which a scale is answered as a whole or not at all, as psych's listwise."""
    data = data_of(case)
    for block in scales_of(case).values():
        data.loc[data[block].isna().any(axis=1), block] = np.nan
    return data


def reliability_of_complete(case):
    return reliability_of_scales(listwise(case), scales_of(case), bootstrap=0)


@pytest.mark.parametrize("case", CASES)
def test_alpha_its_interval_and_split_halves_agree_with_psych(case):
    ours, theirs = reliability_of_complete(case).table(), reference(f"{case}_scales")
    assert list(ours.construct) == list(theirs.construct)
    for column in ("k_items", "n_used", "n_dropped", "alpha", "alpha_ci_low", "alpha_ci_high",
                   "mean_inter_item"):  # fmt: skip
        assert_allclose(ours[column], theirs[column], err_msg=column, **EXACT)
    theirs = theirs.rename(columns={"split_half": "spearman_brown"})
    for column in ("alpha_standardised", "spearman_brown", "split_half_min", "split_half_mean",
                   "split_half_max"):  # fmt: skip
        low = theirs.split_half_mean if column == "split_half_max" else theirs[column]
        want = theirs[column].where(low >= 0)  # negative ones are withheld
        assert_allclose(ours[column], want, err_msg=column, **EXACT)


def test_the_printed_split_is_one_of_those_it_is_printed_beside():
    for case in ("hs", "mobi"):
        table = reliability(case).table()
        assert (table.split_half >= table.split_half_min - 1e-12).all()
        assert (table.split_half <= table.split_half_max + 1e-12).all()
    rows = data_of("hs")[[f"x{i}" for i in range(1, 6)]]
    halves = rows[["x1", "x3", "x5"]].sum(axis=1), rows[["x2", "x4"]].sum(axis=1)
    want = 4 * np.cov(*halves)[0, 1] / rows.sum(axis=1).var()
    got = reliability_of_scales(rows, {"five": list(rows)}, bootstrap=0).table()
    assert_allclose(got.split_half[0], want, **EXACT)
    horst = reference("hs_scales").split_half
    assert_allclose(reliability("hs").table().spearman_brown, horst, **EXACT)


def test_negative_coefficients_are_no_reliability_and_are_not_printed():
    got = reliability("hs_reversed")
    row = got.table().set_index("construct").loc["visual"]
    columns = ["alpha_standardised", "spearman_brown", "split_half", "split_half_max"]
    assert row[columns].isna().all()
    assert row.alpha < 0
    note = next(n for n in got.notes if n.template == "reliability.withheld")
    assert note.facts["constructs"] == ["visual"]
    assert {"alpha_standardised", "spearman_brown", "split_half"} <= set(note.facts["names"])
    assert "standardised α" in str(note) and "奇偶分半信度" in note.in_language("zh")
    assert "A negative α is no reliability" in got.sentence()
    assert "平均呈负相关" in got.sentence("zh")
    assert not any(n.template == "reliability.withheld" for n in reliability("hs").notes)


def test_a_negative_ordinal_alpha_is_withheld():
    data = data_of("hs_ordinal").assign(x3=lambda d: d.x3.max() + d.x3.min() - d.x3)
    data = data.assign(x2=lambda d: d.x2.max() + d.x2.min() - d.x2, x4=data.x1)
    got = reliability_of_scales(data, {"a": ["x1", "x3"]}, bootstrap=0)
    assert np.isnan(got.table().ordinal_alpha[0])
    assert any("ordinal_alpha" in n.facts.get("names", []) for n in got.notes)


@pytest.mark.parametrize(("draws", "said"), [(1, True), (19, True), (0, False)])
def test_too_few_draws_give_omega_without_an_interval_and_say_so(draws, said):
    got = reliability("hs", bootstrap=draws)
    assert got.table().omega.notna().all()
    assert got.table().omega_ci_low.isna().all()
    note = next((n for n in got.notes if n.template == "reliability.few_draws"), None)
    assert (note is not None) == said
    assert not said or note.facts == {"draws": draws, "fewest": 20, "constructs": list(HS)}
    assert reliability("hs", bootstrap=20).table().omega_ci_low.notna().any()


def test_items_that_repeat_one_another_are_named_by_their_own_names():
    data = data_of("hs").assign(twin=lambda d: d.x1)
    got = reliability_of_scales(data, {"a": ["x1", "twin", "x2"]}, bootstrap=0)
    assert np.isnan(got.table().omega[0])
    note = got.notes[0]
    assert note.template == "reliability.collinear"
    assert note.facts == {"items": ["x1", "twin", "x2"], "constructs": ["a"]}


def test_no_row_with_an_answer_is_lost_where_some_are_missing():
    got = reliability("hs_missing")
    assert (got.table().n_used == 301).all() and got.n_dropped == 0
    note = next(n for n in got.notes if n.template == "rows.fiml")
    complete = int(data_of("hs_missing").notna().all(axis=1).sum())
    assert note.facts == {"n": 301, "complete": complete} and complete < 301


@pytest.mark.parametrize("case", CASES)
def test_item_table_agrees_with_psych(case):
    ours, theirs = reliability_of_complete(case).items, reference(f"{case}_items")
    assert list(ours["item"]) == list(theirs["item"])
    for column in ("n_used", "mean", "sd", "item_rest", "alpha_if_deleted"):
        assert_allclose(ours[column], theirs[column], err_msg=column, **EXACT)


def test_an_item_raises_alpha_where_psych_has_more_without_it():
    found = reliability_of_complete("mobi")
    items, scales = reference("mobi_items"), reference("mobi_scales").set_index("construct")
    wanted = items.alpha_if_deleted.to_numpy() > scales.alpha[items.construct].to_numpy()
    assert found.items.raises_alpha.tolist() == wanted.tolist()
    assert 0 < wanted.sum() < len(wanted)


@pytest.mark.parametrize("case", ["hs", "hs_missing", "hs_ordinal", "mobi", "mobi_missing"])
def test_omega_and_composite_reliability_agree_with_lavaan_where_the_solution_is_proper(case):
    ours, theirs = reliability_of_complete(case).table(), reference(f"{case}_scales")
    given = ours.omega.notna()
    assert given.sum() >= len(ours) - 3
    for column in ("omega", "composite_reliability"):
        assert_allclose(ours[column][given], theirs[column][given], err_msg=column, **ITERATED)


def test_omega_is_withheld_with_a_reason_for_a_negative_residual_variance_and_for_two_items():
    got = reliability("mobi")
    table = got.table().set_index("construct")
    assert table.omega[["CUSL", "PERV"]].isna().all()
    assert table.composite_reliability[["CUSL", "PERV"]].isna().all()
    notes = {n.template: n for n in got.notes}
    negative = notes["reliability.negative_residual"]
    assert negative.facts["item"] == "CUSL3" and negative.facts["constructs"] == ["CUSL"]
    assert negative.facts["variance"] == pytest.approx(-0.89, abs=0.005)
    assert notes["reliability.two_items"].facts["constructs"] == ["PERV"]


def test_known_alphas_of_both_surveys():
    hs = reliability("hs").table().alpha
    assert_allclose(hs, [0.626, 0.883, 0.688], atol=5e-4)
    mobi = reliability("mobi").table().set_index("construct").alpha
    assert_allclose(mobi[["CUEX", "CUSL"]], [0.43, 0.44], atol=5e-3)


def test_ordinal_alpha_and_omega_agree_with_lavaans_polychoric_correlations():
    ours, theirs = reliability("hs_ordinal").table(), reference("hs_ordinal_scales")
    assert_allclose(ours.ordinal_alpha, theirs.ordinal_alpha, **ITERATED)
    assert_allclose(ours.ordinal_omega, theirs.ordinal_omega, **ITERATED)


def test_ordinal_statistics_are_withheld_for_answers_that_are_no_rating_scale():
    assert reliability("hs").table()[["ordinal_alpha", "ordinal_omega"]].isna().all(axis=None)


def test_omega_of_resampled_rows_agrees_with_lavaan_draw_by_draw():
    theirs, data = reference("omega_draws"), data_of("hs")
    n, place = len(data), np.arange(1, len(data) + 1)
    rows = np.array([(place**2 + 7 * d * place + 3 * d) % n for d in theirs.draw])
    for name, items in (("visual", HS["visual"]), ("textual", HS["textual"]),
                        ("first_six", HS["visual"] + HS["textual"])):  # fmt: skip
        fit = fit_model("f =~ " + " + ".join(items), data, std_lv=True)
        refits = fit.bootstrap(rows=rows)
        loads = refits.parameters[[f"f =~ {i}" for i in items]].to_numpy()
        noise = refits.parameters[[f"{i} ~~ {i}" for i in items]].to_numpy()
        assert refits.converged.all()
        assert_allclose(mcdonald_omega(loads, noise), theirs[name], **ITERATED)


def test_omega_interval_holds_the_estimate_and_repeats_with_the_seed():
    answers = complete_answers(data_of("hs"), HS["textual"])
    one, again, other = (scale_omega(answers, bootstrap=200, seed=s) for s in (5, 5, 6))
    assert one.ci_low < one.omega < one.ci_high
    assert (one.ci_low, one.ci_high) == (again.ci_low, again.ci_high)
    assert one.ci_low != other.ci_low
    assert 0.02 < one.ci_high - one.ci_low < 0.08


def test_omega_interval_is_withheld_where_refits_are_improper():
    got = reliability("mobi", bootstrap=300, seed=1)
    row = got.table().set_index("construct").loc["CUEX"]
    assert row.omega_improper + row.omega_failed > 30
    assert np.isnan(row.omega_ci_low)
    assert any(n.template == "reliability.refits" and n.facts["withheld"] for n in got.notes)


def test_alpha_interval_covers_the_truth_at_its_level():
    random = np.random.default_rng(11)
    k, n, loading = 4, 80, 0.7
    truth = k * loading**2 / (1 + (k - 1) * loading**2)
    hits = 0
    for _ in range(1000):
        items = loading * random.normal(size=(n, 1)) + np.sqrt(1 - loading**2) * random.normal(
            size=(n, k)
        )
        low, high = feldt_interval(cronbach_alpha(np.cov(items.T)), n, k)
        hits += low <= truth <= high
    assert 0.93 < hits / 1000 < 0.97


def test_pingouin_gives_the_same_alpha_on_complete_rows():
    import pingouin

    data = data_of("hs_missing")[HS["speed"]].dropna()
    alpha, interval = pingouin.cronbach_alpha(data=data)
    row = reliability_of_complete("hs_missing").table().set_index("construct").loc["speed"]
    assert_allclose(row.alpha, alpha, **EXACT)
    assert_allclose([row.alpha_ci_low, row.alpha_ci_high], interval, atol=5.1e-4)


def test_split_halves_agree_with_psych_for_even_scales():
    theirs = reference("split_half_psych").set_index("case")
    for case, data, items in (
        ("hs6", data_of("hs"), [f"x{i}" for i in range(1, 7)]),
        ("perq6", data_of("mobi"), [f"PERQ{i}" for i in range(1, 7)]),
    ):
        covariance = complete_answers(data, items).covariance
        got, want = split_half(covariance), theirs.loc[case]
        assert_allclose(
            [got.minimum, got.mean, got.maximum],
            [want.split_half_min, want.split_half_mean, want.split_half_max],
            **EXACT,
        )
        assert_allclose(got.mean, cronbach_alpha(covariance), **EXACT)
        assert got.n_splits == 10
        assert got.exhaustive


def test_long_scales_are_split_at_random_by_seed():
    covariance = np.eye(20) + 0.5
    covariance[0, :5] += 0.3
    covariance[:5, 0] += 0.3
    one, again, other = (split_half(covariance, seed=s) for s in (1, 1, 2))
    assert not one.exhaustive
    assert one.n_splits == 10_000
    assert one.mean == again.mean != other.mean
    assert_allclose(one.mean, cronbach_alpha(covariance), atol=1e-3)


@pytest.mark.parametrize("case", ["shrout_fleiss", "hs", "hs_missing"])
def test_intraclass_correlations_agree_with_psych(case):
    data = (
        reference("shrout_fleiss_data")
        if case == "shrout_fleiss"
        else data_of(case)[["x7", "x8"]].dropna()
    )
    theirs = reference("icc").query("case == @case").set_index("type")
    theirs = theirs.loc[["ICC2", "ICC3", "ICC2k", "ICC3k"]]
    ours = intraclass_correlations(data.to_numpy(dtype=float))
    for column in ("icc", "f", "df1", "df2", "p", "ci_low", "ci_high"):
        assert_allclose(ours[column], theirs[column], err_msg=column, **EXACT)


def test_retest_compares_the_first_two_waves_person_by_person():
    data = data_of("hs_missing")
    first = data[["x7", "x9"]].set_axis(["q1", "q2"], axis=1).assign(person=range(301), wave=1)
    second = data[["x8", "x9"]].set_axis(["q1", "q2"], axis=1).assign(person=range(301), wave=2)
    shuffled = second.sample(frac=1, random_state=1)
    long = pd.concat([first, shuffled, second.assign(wave=3)], ignore_index=True)
    got = test_retest(long, {"speed": ["q1", "q2"]}, respondent="person", wave="wave")
    scores = np.column_stack([data[["x7", "x9"]].to_numpy().mean(axis=1),
                              data[["x8", "x9"]].to_numpy().mean(axis=1)])  # fmt: skip
    scores = scores[~np.isnan(scores).any(axis=1)]
    want = intraclass_correlations(scores)
    row = got.table().iloc[0]
    assert row.n_used == len(scores) < 301
    assert_allclose([row.icc, row.icc_ci_low, row.icc_ci_high], want.iloc[0][["icc", "ci_low",
                    "ci_high"]].to_numpy(dtype=float), **EXACT)  # fmt: skip
    assert f"{row.icc:.2f}"[1:] in got.sentence()
    assert str(row.n_used) in got.sentence("zh")


def test_an_item_left_unturned_is_found_and_named():
    got = reliability("hs_reversed")
    assert list(got.items["item"][got.items.reverse_suspected]) == ["x2"]
    assert "x2 correlates negatively with the rest" in got.sentence()
    assert "x2与其余题项负相关" in got.sentence("zh")
    assert not reliability("hs").items.reverse_suspected.any()


def test_row_order_and_item_order_do_not_matter_and_scale_does_not_move_standardised_alpha():
    data = data_of("hs_missing")
    base = reliability("hs_missing").table()
    mixed = data.sample(frac=1, random_state=3)
    turned = {name: items[::-1] for name, items in HS.items()}
    again = reliability_of_scales(mixed, turned, bootstrap=0).table()
    for column in ("alpha", "alpha_ci_low", "split_half_max"):
        assert_allclose(again[column], base[column], rtol=1e-8)
    assert_allclose(again.omega, base.omega, atol=1e-7)
    larger = reliability_of_scales(data.assign(x1=data.x1 * 10 + 3), HS, bootstrap=0).table()
    assert_allclose(larger.alpha_standardised, base.alpha_standardised, rtol=1e-8)
    assert larger.alpha[0] < base.alpha[0]


def test_percentile_interval_keeps_columns_apart_and_drops_failed_draws():
    draws = np.column_stack([np.arange(1.0, 1000.0), np.arange(999.0, 0.0, -1) * 2])
    draws = np.vstack([draws, [[np.nan, np.nan]]])
    low, high = percentile_interval(draws)
    assert_allclose(low, [25, 50])
    assert_allclose(high, [975, 1950])
    draws[:600, 0] = np.nan
    assert np.isnan(percentile_interval(draws)[0][0])


@pytest.mark.parametrize(
    ("alpha", "low", "verdict"),
    [(0.43, 0.3, "below"), (0.71, 0.65, "uncertain"), (0.87, 0.85, "meets"),
     (0.96, 0.95, "redundant"), (0.70, 0.70, "meets")],
)  # fmt: skip
def test_verdicts_follow_the_estimate_and_its_lower_limit(alpha, low, verdict):
    from cx_value.base.cutoffs import cutoffs_with

    assert verdict_of(alpha, low, cutoffs_with()) == verdict


def test_weak_scales_are_called_weak_and_told_what_to_do():
    got = reliability("mobi").facts()
    weak = {x["construct"]: x for x in got["exceptions"]}
    assert (got["passing"], got["scales"]) == (4, 6) and set(weak) >= {"CUEX", "CUSL"}
    loyalty = weak["CUSL"]
    assert loyalty["verdict"] == "below"
    assert_allclose([loyalty["alpha"], *loyalty["ci"]], [0.44, 0.31, 0.55], atol=5e-3)
    assert loyalty["weak"]["item"] == "CUSL2"
    assert_allclose([loyalty["weak"]["alpha"], loyalty["weak"]["rest"]], [0.70, 0.08], atol=5e-3)
    assert "should not be interpreted on its own" in reliability("mobi").sentence()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_numbers_of_the_sentence_are_those_of_the_table(lang):
    got = reliability("mobi")
    said, table = got.sentence(lang), got.table().set_index("construct")
    low, high = table.alpha.min(), table.alpha.max()
    first = [float(v) for v in re.findall(r"0?\.\d\d", said)][:2]
    assert_allclose(first, [low, high], atol=5.1e-3)
    for row in table[table.verdict == "below"].itertuples():
        assert f"{row.alpha:.2f}"[lang == "en" :] in said
        assert f"{row.alpha_ci_high:.2f}"[lang == "en" :] in said


def test_a_study_may_set_its_own_cutoff_and_the_sentence_says_so():
    got = reliability("hs", cutoffs={"alpha": 0.6})
    assert got.table().verdict.tolist() == ["uncertain", "meets", "meets"]
    assert ".60 (set in the study file)" in got.sentence()
    assert "0.60（由研究文件设定）" in got.sentence("zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_picture_has_a_line_for_each_construct(lang):
    ax = reliability("mobi").plot(lang=lang)
    assert [t.get_text() for t in ax.get_yticklabels()] == list(MOBI)


BAD = [
    (lambda d: (d, {"a": ["x1"]}), "fewer than two items: a"),
    (lambda d: (d, {}), "none given at all"),
    (lambda d: (d, {"a": ["x1", "x2"], "b": ["x2", "x3"]}), "x2 stands in more than one place"),
    (lambda d: (d, {"a": ["x1", "x22"]}), r"x22 \(nearest: x2\)"),
    (lambda d: (d.assign(x2=["much"] + [1] * 300), {"a": ["x1", "x2"]}), "'much' in row 1"),
    (lambda d: (d.assign(x2=4), {"a": ["x1", "x2"]}), r"x2 \(always 4\)"),
    (lambda d: (d.assign(x2=np.where(d.index < 2, 1.0, np.nan)), {"a": ["x1", "x2"]}),
     "2 of 301 rows answer all of x1, x2"),
    (lambda d: (d.assign(x2=np.inf), {"a": ["x1", "x2"]}), "Infinite values in x2"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_input_is_refused_by_name(make, message):
    with pytest.raises(DataError, match=message):
        reliability_of_scales(*make(data_of("hs")), bootstrap=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(wave=1), r"1 wave\(s\)"),
        (lambda d: d.drop(columns="wave"), "No column wave"),
        (lambda d: pd.concat([d, d.head(1)]), "stand twice in wave 1"),
        (lambda d: d.iloc[[0, 1, 2, 301, 302, 303]], "3 respondents answered a in both"),
    ],
)
def test_retest_refuses_data_that_are_not_two_waves(change, message):
    data = data_of("hs")[["x1", "x2"]]
    long = pd.concat([data.assign(wave=w, person=range(301)) for w in (1, 2)], ignore_index=True)
    with pytest.raises(DataError, match=message):
        test_retest(change(long), {"a": ["x1", "x2"]}, respondent="person", wave="wave")
