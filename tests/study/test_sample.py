"""The sample chapter against references made in R (tests/reference/sample.R) and published values.

Tolerances: closed forms (moments, Mardia) 1e-9 relative, the digits the CSV keeps; EM and Little's
test 1e-7 relative, because both sides iterate to 1e-10 and stop a little apart.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_value.base.errors import DataError
from cx_value.base.wording import format_number
from cx_value.study import read_study, read_survey
from cx_value.study.distribution import (
    describe_items,
    distribute_answers,
    item_moments,
    mardia_test,
    weighted_mean_sd,
)
from cx_value.study.little import em_moments, little_mcar_test
from cx_value.study.missing import describe_missing
from cx_value.study.sample import (
    judge_sample_size,
    profile_sample,
    sample_flow,
    suppress_small_cells,
)
from cx_value.study.screening import screen_careless

CLOSED, ITERATED = 1e-9, 1e-7
REFERENCE = Path(__file__).parents[1] / "reference"
ECSI = Path(__file__).parents[2] / "data" / "ecsi-mobile"
MOBI = pd.read_csv(ECSI / "mobi.csv")


def reference(case: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"sample__{case}.csv")


DATA = {"mobi": MOBI, **{k: reference(f"{k}_data") for k in ("bfi", "enders", "airquality")}}


@pytest.fixture(scope="module")
def ecsi():
    study = read_study(ECSI)
    return study, read_survey(study)


@pytest.mark.parametrize(("case", "low", "high"), [("mobi", 1, 10), ("bfi", 1, 6)])
def test_item_statistics_agree_with_psych_describe(case, low, high):
    data, expected = DATA[case], reference(f"{case}_items").set_index("item")
    for item in data:
        ours = item_moments(data[item], low, high)
        shared = [name for name in expected.columns if name in ours]
        assert shared == list(expected.columns)
        np.testing.assert_allclose(
            [ours[name] for name in shared], expected.loc[item, shared], rtol=CLOSED, atol=1e-12
        )


def test_item_table_follows_the_questionnaire_and_uses_the_ends_of_the_scale(ecsi):
    table = describe_items(*ecsi).table()
    assert table["item"].tolist() == ecsi[0].item_names
    cusa1 = table.set_index("item").loc["CUSA1"]
    assert cusa1["minimum"] == 4 and cusa1["floor"] == 0  # nobody chose 1, the end of the scale
    np.testing.assert_allclose(cusa1["ceiling"], (MOBI["CUSA1"] == 10).mean(), rtol=CLOSED)
    assert table["mean_weighted"].isna().all()


MARDIA = {"mobi": DATA["mobi"], "bfi": DATA["bfi"], "csr": DATA["mobi"].iloc[:, :3]}


@pytest.mark.parametrize("case", MARDIA)
def test_mardia_agrees_with_his_formulas_in_every_entry(case):
    """S divided by n throughout, as Mardia (1970, 1974) has it."""
    ours, want = mardia_test(MARDIA[case]), reference("mardia_n").set_index("case").loc[case]
    assert ours.n_used == want["n"]
    for name in want.index.drop(["n", "skew_p_small"]):
        np.testing.assert_allclose(getattr(ours, name), want[name], rtol=CLOSED, err_msg=name)
    np.testing.assert_allclose(ours.skew_p_small, want["skew_p_small"], rtol=1e-6, atol=1e-15)
    assert case != "bfi" or ours.n_dropped == 38


@pytest.mark.parametrize("case", MARDIA)
def test_mardia_agrees_with_psych_but_for_its_divisor(case):
    ours, want = mardia_test(MARDIA[case]), reference("mardia").set_index("case").loc[case]
    share = (ours.n_used - 1) / ours.n_used
    pairs = [("b1p", "b1p", 3), ("skew_chisq", "skew", 3), ("skew_chisq_small", "small_skew", 3),
             ("b2p", "b2p", 2)]  # fmt: skip
    for mine, theirs, power in pairs:
        np.testing.assert_allclose(getattr(ours, mine) * share**power, want[theirs], rtol=CLOSED)


def test_mardia_of_the_mobile_phone_survey_has_one_divisor():
    """The audit's value: 174.33, not 172.25, beside a kurtosis of 866.25."""
    ours = mardia_test(DATA["mobi"])
    assert (round(ours.b1p, 2), round(ours.b2p, 2)) == (174.33, 866.25)


def test_mardia_of_normal_data_is_not_rejected():
    draw = np.random.default_rng(5).normal(size=(800, 4)) @ np.diag([1, 20, 0.1, 3.0])
    result = mardia_test(pd.DataFrame(draw))
    assert result.skew_p > 0.01 and result.kurtosis_p > 0.01
    assert not result.facts()["rejected"]
    assert "not rejected" in result.sentence() and "未拒绝" in result.sentence("zh")


@pytest.mark.parametrize(("n", "p"), [(30, 4), (60, 8)])
def test_small_sample_kurtosis_has_mean_zero_and_spread_one_where_the_asymptotic_has_not(n, p):
    draws = np.random.default_rng(3)
    tests = [mardia_test(pd.DataFrame(draws.normal(size=(n, p)))) for _ in range(800)]
    small = np.array([t.kurtosis_z_small for t in tests])
    assert abs(small.mean()) < 0.11 and abs(small.std() - 1) < 0.11
    assert np.mean([t.kurtosis_z for t in tests]) < -0.6
    rejected = np.mean([[t.kurtosis_p < 0.05, t.kurtosis_p_small < 0.05] for t in tests], axis=0)
    assert 0.02 < rejected[1] < 0.07
    assert all(t.small_sample for t in tests)


def test_mardia_says_which_forms_it_judges_by():
    few, many = (
        pd.DataFrame(np.random.default_rng(1).normal(size=size)) for size in ((60, 4), (20_000, 2))
    )
    small, large = mardia_test(few), mardia_test(many)
    judged = small.table().set_index("test")["judged"]
    assert judged.to_dict() == {"skew": False, "skew_small_sample": True, "kurtosis": False,
                                "kurtosis_small_sample": True}  # fmt: skip
    assert list(large.table()["test"][large.table()["judged"]]) == ["skew", "kurtosis"]
    assert "in the small-sample forms of Mardia (1974)" in small.sentence()
    assert "Mardia（1974）的小样本形式" in small.sentence("zh")
    assert "1974" not in large.sentence() + large.sentence("zh")
    z = f"{abs(small.kurtosis_z_small):.2f}"
    assert re.search(rf"z\* = −?{re.escape(z)}", small.sentence())


def test_item_means_are_told_one_scale_at_a_time(tmp_path):
    (tmp_path / "study.yml").write_text(
        "title: t\ndata: {file: a.csv}\nscale: {min: 1, max: 5}\nconstructs:\n"
        "  A: {items: [a1, a2, a3]}\n"
        "  B: {scale: {min: 0, max: 1000000}, items: [b1, b2]}\n"
        "  C: {scale: {min: 0, max: 10}, items: [c1]}\n",
        encoding="utf-8",
    )
    draws = np.random.default_rng(2)
    frame = pd.DataFrame(draws.integers(1, 6, (60, 3)), columns=["a1", "a2", "a3"])
    frame[["b1", "b2"]] = draws.integers(0, 1_000_001, (60, 2))
    frame["c1"] = draws.integers(0, 11, 60)
    frame.to_csv(tmp_path / "a.csv", index=False)
    study = read_study(tmp_path)
    statistics = describe_items(study, read_survey(study))
    means = statistics.table().set_index("item")["mean"]
    said = statistics.sentence()
    for items, scale in ((["a1", "a2", "a3"], "1–5"), (["b1", "b2"], "0–1000000")):
        low, high = means[items].idxmin(), means[items].idxmax()
        lowest, highest = (format_number(means[item]) for item in (low, high))
        assert f"from {lowest} ({low}) to {highest} ({high}) on the scale {scale}" in said
        assert f"在 {scale} 量表上介于 {lowest}（{low}）" in statistics.sentence("zh")
    assert f"{means['c1']:.2f} (c1 alone) on the scale 0–10" in said
    assert statistics.table()["scale_maximum"].tolist() == [5, 5, 5, 1_000_000, 1_000_000, 10]


def test_mardia_refuses_redundant_items():
    twice = pd.DataFrame({"a": [1.0, 2, 3, 4, 2], "b": [2.0, 4, 6, 8, 4]})
    with pytest.raises(DataError, match="5 complete rows of 2 items"):
        mardia_test(twice)


@pytest.mark.parametrize("case", ["enders", "airquality", "bfi"])
def test_em_moments_agree_with_lavaan(case):
    expected, ours = reference(f"{case}_moments"), em_moments(DATA[case])
    np.testing.assert_allclose(ours.mean, expected["mean"], rtol=ITERATED)
    np.testing.assert_allclose(ours.cov, expected[DATA[case].columns], rtol=ITERATED)


@pytest.mark.parametrize("case", ["enders", "airquality", "bfi"])
def test_little_agrees_with_the_formula_on_lavaan_moments(case):
    expected = reference("little").set_index("case").loc[case]
    ours = little_mcar_test(DATA[case])
    np.testing.assert_allclose(
        [ours.statistic, ours.df, ours.p, ours.n_patterns],
        expected[["statistic", "df", "p", "patterns"]], rtol=ITERATED,
    )  # fmt: skip


@pytest.mark.parametrize("case", ["airquality", "bfi"])
def test_little_tells_what_one_pattern_does_to_it(case):
    ours, want = little_mcar_test(DATA[case]), reference("little_without").set_index("case")
    for name in want.columns:
        assert getattr(ours, name) == pytest.approx(want.loc[case, name], rel=1e-6), name


def test_little_says_when_a_single_respondent_decides_it():
    draw = np.random.default_rng(5)
    x = draw.normal(size=(400, 4)) + draw.normal(size=(400, 1))
    x[draw.random(400) < 0.3, 0] = np.nan
    calm = little_mcar_test(pd.DataFrame(x, columns=list("abcd")))
    assert not calm.decided_by_one_pattern and calm.p > 0.05
    x[0] = [np.nan, np.nan, 9.0, -9.0]  # the only one who leaves both a and b blank
    loud = little_mcar_test(pd.DataFrame(x, columns=list("abcd")))
    assert loud.p < 0.001 < loud.p_without and loud.decided_by_one_pattern
    assert (loud.pattern_items, loud.pattern_n) == ("a b", 1) and loud.pattern_share > 0.9
    assert "A single pattern decides this: 1 respondent" in loud.sentence()
    assert "单一缺失模式" in loud.sentence("zh")


def test_little_agrees_with_published_values():
    """BaylorEdPsych's manual on Enders's data, naniar's manual on ``airquality``."""
    enders, air = little_mcar_test(DATA["enders"]), little_mcar_test(DATA["airquality"])
    assert enders.statistic == pytest.approx(14.63166, abs=1e-4) and enders.df == 5
    assert enders.p == pytest.approx(0.01205778, abs=1e-6)
    assert (round(air.statistic, 1), air.df, round(air.p, 5)) == (35.1, 14, 0.00142)


def test_little_rejects_what_is_missing_by_value_and_not_what_is_missing_by_chance():
    draw = np.random.default_rng(8)
    x = draw.normal(size=(500, 1)) + draw.normal(size=(500, 4))
    chance, value = pd.DataFrame(x.copy()), pd.DataFrame(x.copy())
    chance = chance.mask(draw.random(chance.shape) < 0.1)
    value.loc[value[0] > 0.8, 1] = np.nan
    assert little_mcar_test(chance).p > 0.01 and little_mcar_test(value).p < 1e-6


def test_little_has_nothing_to_test_where_nothing_is_missing(ecsi):
    result = little_mcar_test(ecsi[1].items)
    assert result.df == 0 and np.isnan(result.p)
    assert "nothing" in result.sentence() and "无需" in result.sentence("zh")


def test_rows_without_any_answer_are_counted_not_used():
    data = pd.concat([DATA["enders"], pd.DataFrame([[np.nan] * 3], columns=["IQ", "WB", "JP"])])
    result = little_mcar_test(data)
    assert (result.n_used, result.n_dropped) == (20, 1)
    assert result.statistic == pytest.approx(little_mcar_test(DATA["enders"]).statistic)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([[1.0, np.nan], [2, np.nan], [3, 1]], "fewer than two answers"),
        ([[1.0, 2], [2, 2], [3, np.nan]], "same answer everywhere"),
        ([[1.0, np.nan], [2, np.nan], [np.nan, 1], [np.nan, 2]], "answered together"),
    ],
)
def test_em_refuses_data_without_moments(data, words):
    with pytest.raises(DataError, match=words):
        em_moments(np.array(data))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_em_does_not_mind_row_order_or_units(seed):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(80, 3)) @ draw.normal(size=(3, 3))
    x[draw.random(x.shape) < 0.15] = np.nan
    first = em_moments(x)
    second = em_moments(x[draw.permutation(80)] * [1, 1000, 0.01])
    np.testing.assert_allclose(second.mean, first.mean * [1, 1000, 0.01], rtol=1e-6, atol=1e-7)
    scale = np.outer([1, 1000, 0.01], [1, 1000, 0.01])
    np.testing.assert_allclose(second.cov / scale, first.cov, rtol=1e-5, atol=1e-7)


def test_em_of_complete_data_is_the_mean_and_the_covariance():
    ours = em_moments(MOBI)
    np.testing.assert_allclose(ours.mean, MOBI.mean(), rtol=CLOSED)
    np.testing.assert_allclose(ours.cov, MOBI.cov() * 249 / 250, rtol=CLOSED)


def test_missing_counts_by_item_case_and_pattern():
    result = describe_missing(DATA["enders"], coded={"WB": 2})
    table = result.table().set_index("item")
    assert table["missing"].to_dict() == {"IQ": 0, "WB": 3, "JP": 10}
    assert table["missing_coded"].to_dict() == {"IQ": 0, "WB": 2, "JP": 0}
    assert result.cases()["respondents"].tolist() == [9, 9, 2]
    patterns = result.patterns()
    assert dict(zip(patterns["items"], patterns["respondents"], strict=True)) == {
        "": 9, "JP": 8, "WB JP": 2, "WB": 1}  # fmt: skip
    assert patterns["respondents"].sum() == 20


def test_weighted_moments_agree_with_r():
    expected = reference("mobi_weighted").set_index("item")
    weights = (np.arange(1, 251) % 7) / 3 + 0.2
    for item in MOBI:
        ours = weighted_mean_sd(MOBI[item].to_numpy(float), weights)
        np.testing.assert_allclose(ours, expected.loc[item, ["mean", "sd"]], rtol=CLOSED)


def test_equal_weights_change_nothing_and_zero_weights_leave_out():
    x = np.array([1.0, 4, 2, np.nan, 5])
    np.testing.assert_allclose(weighted_mean_sd(x, np.full(5, 7.0)), (3.0, np.nanstd(x, ddof=1)))
    mean, _ = weighted_mean_sd(x, np.array([1.0, 0, 1, 1, 1]))
    assert mean == pytest.approx(8 / 3)


def test_answer_shares_sum_to_one_and_hold_empty_points(ecsi):
    table = distribute_answers(*ecsi).table()
    assert len(table) == 24 * 10
    np.testing.assert_allclose(table.groupby("item")["share"].sum(), 1)
    cusa1 = table[table["item"] == "CUSA1"].set_index("answer")["n"]
    assert cusa1.loc[[1, 2, 3]].tolist() == [0, 0, 0]
    assert cusa1.to_dict() == {k: int((MOBI["CUSA1"] == k).sum()) for k in range(1, 11)}


PROFILE = """\
title: t
data: {file: a.csv, weight: w}
scale: {min: 1, max: 5}
constructs: {A: {items: {q1: a, q2: b, q3: c}}}
profile:
  sex: {label: {en: Sex, zh: 性别}, values: {1: {en: woman, zh: 女}, 2: {en: man, zh: 男}}}
  region: {label: Region, values: {north: north, south: south, east: east, west: west}}
  age: {label: {en: age in years, zh: 年龄}}
"""


@pytest.fixture
def described(tmp_path):
    draw = np.random.default_rng(2)
    frame = pd.DataFrame(draw.integers(1, 6, (100, 3)), columns=["q1", "q2", "q3"])
    frame["sex"] = [1] * 60 + [2] * 40
    frame["region"] = ["north"] * 70 + ["south"] * 20 + ["east"] * 8 + ["west"] * 2
    frame["age"] = np.arange(100) + 1
    frame["w"] = [2.0] * 60 + [1.0] * 40
    frame.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "study.yml").write_text(PROFILE, encoding="utf-8")
    return read_survey(read_study(tmp_path))


def test_profile_counts_shares_weights_and_amounts(described):
    table = profile_sample(described).table()
    sex = table[table["variable"] == "sex"]
    assert sex["n"].tolist() == [60, 40] and sex["share"].tolist() == [0.6, 0.4]
    assert sex["share_weighted"].tolist() == [120 / 160, 40 / 160]
    assert sex["category_zh"].tolist() == ["女", "男"]
    amounts = profile_sample(described).amounts
    assert amounts.loc[0, ["n", "mean", "median"]].tolist() == [100, 50.5, 50.5]


def test_small_cells_and_what_would_give_them_away_are_withheld(described):
    """Two westerners of 100: with n = 100 known, one more cell must be withheld (M20)."""
    region = profile_sample(described, minimum_cell=5).table().query("variable == 'region'")
    shown = dict(zip(region["category"], region["n"], strict=True))
    assert shown["north"] == 70 and shown["south"] == 20
    assert np.isnan(shown["west"]) and np.isnan(shown["east"])
    why = dict(zip(region["category"], region["suppressed"], strict=True))
    assert why == {"north": "", "south": "", "east": "complementary", "west": "small"}
    assert region.loc[region["suppressed"] != "", ["share", "share_weighted"]].isna().all().all()
    assert profile_sample(described).facts()["withheld"] == {"small": 1, "complementary": 1}
    assert "together with 1 larger cell" in profile_sample(described).sentence()
    assert "另有 1 个较大的单元格" in profile_sample(described).sentence("zh")


@settings(max_examples=200, deadline=None)
@given(counts=st.lists(st.integers(0, 40), min_size=1, max_size=8), least=st.integers(1, 10))
def test_no_withheld_count_can_be_worked_out_from_the_total(counts, least):
    why = suppress_small_cells(np.array(counts), least)
    hidden = [count for count, reason in zip(counts, why, strict=True) if reason]
    shown = [count for count, reason in zip(counts, why, strict=True) if not reason]
    assert all(count == 0 or count >= least for count in shown)
    if hidden and any(shown):  # something was left that might have been withheld instead
        assert len(hidden) > 1 and sum(hidden) >= least


def test_flow_counts_every_row_once(tmp_path):
    (tmp_path / "study.yml").write_text(PROFILE.split("profile:")[0].replace(", weight: w", ""),
                                        encoding="utf-8")  # fmt: skip
    rows = [
        "q1,q2,q3,note",
        *(f"{k % 5 + 1},{(k * 3) % 5 + 1},{(k * 2 + k // 5) % 5 + 1}," for k in range(30)),
    ]
    rows[5:5] = [",,,", ",,,only a note", "4,,,"]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    study = read_study(tmp_path)
    survey = read_survey(study)
    screening = screen_careless(study, survey)
    flow = sample_flow(survey, *screening.flow())
    table = flow.table().set_index("step")
    assert table["count"].to_dict() == {"received": 33, "not_empty": 32, "answered": 31,
                                        "complete_enough": 30, "analysed": 30}  # fmt: skip
    assert table["removed"].sum() == 3 == flow.n_dropped
    assert "Of 33 questionnaires returned, 3 were excluded" in flow.sentence()
    assert "; 30 (90.9%)" in flow.sentence()
    assert [x["reason"] for x in flow.facts()["lost"]] == ["empty_row", "no_item_answered",
                                                           "too_incomplete"]  # fmt: skip
    assert 5 not in survey.items.index and 7 in survey.items.index  # rows keep their numbers
    assert 7 not in screening.kept


def test_sample_size_names_its_rules():
    row = judge_sample_size(250, 24, 59).table().iloc[0]
    assert row["enough"] and not row["enough_per_parameter"]
    sentence = judge_sample_size(250, 24, 59).sentence()
    for words in ("250", "10.4", "200 (Kline, 2016)", "4.2", "falls short of the recommended 10"):
        assert words in sentence
    assert "parameter" not in judge_sample_size(250, 24).sentence()


def numbers_in(text: str) -> set[float]:
    return {
        float(n.replace(",", "").replace("−", "-")) for n in re.findall(r"−?\d[\d,]*\.?\d*", text)
    }


def test_sentences_say_what_the_tables_say(ecsi):
    study, survey = ecsi
    statistics = describe_items(study, survey)
    table = statistics.table()
    for lang in ("en", "zh"):
        said = numbers_in(statistics.sentence(lang))
        assert {round(table["mean"].min(), 2), round(table["mean"].max(), 2)} <= said
        ceiling = set(table.loc[table["ceiling"] > 0.15, "item"])
        assert len(ceiling) in said and set(statistics.facts()["ceiling"]) == ceiling
        little = little_mcar_test(DATA["enders"])
        assert {14.63, 5.0, 4.0} <= numbers_in(little.sentence(lang))
        normality = mardia_test(survey.items)
        assert {round(normality.b1p, 2), round(normality.kurtosis_z_small, 2)} <= numbers_in(
            normality.sentence(lang)
        )
        assert ".000" not in normality.sentence(lang)
        gaps = describe_missing(DATA["enders"]).sentence(lang)
        assert {13.0, 60.0, 9.0, 50.0, 2.0, 5.0} <= numbers_in(gaps)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pictures_are_drawn_in_both_languages(ecsi, lang):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    study, survey = ecsi
    screening = screen_careless(study, survey)
    answers = distribute_answers(study, survey).plot(lang=lang)
    labels = [tick.get_text() for tick in answers.get_yticklabels()]
    assert labels[0].startswith(study.items[0].label.in_language(lang)) and len(labels) == 24
    widths = sum(bar.get_width() for bar in answers.patches)
    assert widths == pytest.approx(2400)  # 24 items of 100 %
    gaps = describe_missing(DATA["enders"]).plot(lang=lang).images[0].get_array()
    assert gaps.sum() == 13
    points = sum(len(c.get_offsets()) for c in screening.plot(lang=lang).collections)
    assert points == 250
    flow = sample_flow(survey, *screening.flow()).plot(lang=lang)
    assert sum("n = 250" in text.get_text() for text in flow.texts) == 2  # nobody left
    plt.close("all")
