"""Waves: control limits, change points, decomposition.

Limits against the R package qcc 2.7 (p chart ``orangejuice`` by its totals, p chart with varying n,
EWMA) to 1e-8; the decomposition against two published ones and a worked example; the
planted change of the simulated panel; the false-alarm rate of steps over simulated stable years.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cx_value.evaluate.hierarchy import hierarchy_of
from cx_value.evaluate.tracking.change import find_step
from cx_value.evaluate.tracking.charts import (
    mean_limits,
    moving_range_sigma,
    share_limits,
    smoothed,
)
from cx_value.evaluate.tracking.composition import contributions, explain_index
from cx_value.evaluate.tracking.market import compare_market
from cx_value.evaluate.tracking.moved import compare_last_waves
from cx_value.evaluate.tracking.paired import paired_means, paired_shares, unpaired_means
from cx_value.evaluate.tracking.plan import follow_waves, lacking_items
from cx_value.evaluate.tracking.shares import follow_shares
from cx_value.evaluate.tracking.waves import track_waves
from cx_value.notebook.workspace import open_study
from cx_value.study import read_study, read_survey
from cx_value.study.customers import own_customers
from small_study import write_small_study

PANEL = Path(__file__).parents[2] / "data" / "bank-panel"
SINGLE = np.array([71.2, 70.8, 72.1, 71.5, 70.9, 71.8, 72.4, 71.1, 73.6, 71.9])


def test_share_limits_equal_qcc_with_varying_n():
    count = np.array([12, 15, 8, 10, 4, 7, 16, 9, 14, 10])
    n = np.array([100, 80, 80, 100, 110, 110, 100, 100, 90, 90])
    centre, low, high = share_limits(count, n)
    assert centre == pytest.approx(0.109375)
    expected = {100: (0.0157422608, 0.2030077392), 80: (0.0046904152, 0.2140595848),
                110: (0.0200996861, 0.1986503139), 90: (0.0106774269, 0.2080725731)}  # fmt: skip
    for size, limits in expected.items():
        k = list(n).index(size)
        assert (low[k], high[k]) == pytest.approx(limits, abs=1e-9)


def test_ewma_equals_qcc():
    assert moving_range_sigma(SINGLE) == pytest.approx(0.975177305, abs=1e-8)
    z, low, high = smoothed(SINGLE)
    told = [71.624, 71.4592, 71.58736, 71.569888, 71.4359104, 71.50872832, 71.68698266,
            71.56958612, 71.9756689, 71.96053512]  # fmt: skip
    assert z == pytest.approx(told, abs=1e-7)
    assert (low[0], high[0]) == pytest.approx((71.14489362, 72.31510638), abs=1e-7)
    assert (low[9], high[9]) == pytest.approx((70.76046051, 72.69953949), abs=1e-7)


def test_mean_limits_do_not_widen_with_a_change_between_waves():
    sd, n = np.full(4, 10.0), np.full(4, 100)
    _, low, _ = mean_limits(np.array([50.0, 50, 50, 50]), sd, n)
    centre, moved, _ = mean_limits(np.array([40.0, 60, 40, 60]), sd, n)
    assert centre == 50 and moved == pytest.approx(low)


def one_group(weights, scores):
    return np.array([weights]), np.ones((1, 1)), np.array([[scores]], dtype=float)


def test_the_parts_of_a_change_add_up():
    scores, weights, mix = contributions(
        one_group([0.4, 0.35, 0.25], [70, 60, 80]), one_group([0.45, 0.30, 0.25], [73, 58, 84])
    )
    assert scores[0].tolist() == pytest.approx([1.275, -0.65, 1.0])
    assert weights[0] == pytest.approx(0.625) and mix[0] == pytest.approx(0)
    assert scores.sum() + weights[0] == pytest.approx(71.25 - 69.0)


def test_three_factors_are_parted_as_published():
    """Das Gupta (1993), table 2.2: birth rates of Austria and Chile as a product of three."""
    sides = [
        (np.array([[share]]), np.array([[women]]), np.array([[[births]]]))
        for births, share, women in ((51.78746, 0.45919, 0.52638), (84.90502, 0.75756, 0.51065))
    ]
    scores, weights, mix = contributions(*sides)
    assert scores[0, 0] == pytest.approx(10.4340333, abs=5e-8)
    assert weights[0] == pytest.approx(10.5608476, abs=5e-8)
    assert mix[0] == pytest.approx(-0.6670084, abs=5e-8)


def test_decomposition_of_headship_rates_is_the_published_one():
    """Das Gupta (1993), Census P23-186, table 5.1: age groups of 1970 and 1985, two factors."""
    size = {
        1970: [12.9, 10.9, 9.5, 8.0, 7.8, 8.4, 8.6, 7.8, 7.0, 5.9, 4.7, 3.6, 4.9],
        1985: [10.1, 11.2, 11.6, 10.9, 9.4, 7.7, 6.3, 6.0, 6.3, 5.9, 5.1, 4.0, 5.5],
    }
    rate = {
        1970: [1.9, 25.8, 45.7, 49.6, 51.2, 51.6, 51.8, 54.9, 58.7, 60.4, 62.8, 66.6, 66.8],
        1985: [2.2, 24.3, 45.8, 52.5, 56.1, 55.6, 56.0, 57.4, 57.2, 61.2, 63.9, 68.6, 72.2],
    }
    sides = [
        (np.ones((1, 1)), np.array([size[year]]) / 100, np.array([rate[year]])[..., None])
        for year in (1970, 1985)
    ]
    scores, weights, mix = contributions(*sides)
    assert round(scores.sum(), 4) == 1.7403
    assert round(mix[0], 4) == 1.2269 and weights[0] == 0


@pytest.mark.parametrize("headline", ["critic", "effects"])
def test_the_planted_change_is_the_largest_part_of_the_index(headline):
    study = read_study(PANEL)
    survey = read_survey(study)
    kept = dict.fromkeys(hierarchy_of(study).leaves, 1.0)
    found = explain_index(study, survey, kept, headline, draws=200)
    rows, facts = found.table().set_index("part"), found.facts()
    assert facts["largest"]["part"] == "RES" and rows.low["RES"] > 0
    parts = rows.loc[["SCORES", "WEIGHTS", "MIX"], "difference"]
    assert parts.sum() == pytest.approx(rows.difference["CHANGE"])
    assert rows[rows.kind == "score"].difference.sum() == pytest.approx(parts["SCORES"])
    assert rows.after["CHANGE"] - rows.before["CHANGE"] == pytest.approx(parts.sum())
    assert (parts["WEIGHTS"] == 0) == (headline == "effects") and facts["group"] == "industry"


def parts_of_two_waves(study, sides):
    """Return the parts of the change of the index from one group of respondents to another."""
    frames = {}
    for key in ("items", "profile", "weights"):
        found = [getattr(side, key).reset_index(drop=True) for side in sides]
        frames[key] = pd.concat(found, ignore_index=True)
    wave = pd.Series(np.repeat([1, 2], [side.n for side in sides]))
    held = dict.fromkeys(("quantities", "ratings", "comments", "clusters", "strata", "ids",
                          "durations"))  # fmt: skip
    survey = replace(sides[0], **frames, wave=wave, multiple={}, **held)
    kept = dict.fromkeys(hierarchy_of(study).leaves, 1.0)
    return explain_index(study, survey, kept, "equal", draws=50).table().set_index("part")


@pytest.fixture(scope="module")
def first_wave():
    study = read_study(PANEL)
    survey = own_customers(study, read_survey(study))
    return study, survey.rows(survey.items.index[survey.wave == min(survey.wave.unique())])


def test_another_mix_of_respondents_is_told_from_better_scores(first_wave):
    """The same answers, but the last wave holds the industry that judges better three times."""
    study, first = first_wave
    industry = first.profile["industry"]
    best = industry == first.items.mean(axis=1).groupby(industry).mean().idxmax()
    again = first.items.index.append([first.items.index[best]] * 2)
    rows = parts_of_two_waves(study, [first, first.rows(again)])
    assert rows.difference["SCORES"] == pytest.approx(0, abs=1e-9)
    assert rows.difference["MIX"] == pytest.approx(rows.difference["CHANGE"])
    assert rows.difference["MIX"] > 0.1


@pytest.mark.parametrize("comes", [True, False])
def test_a_group_of_one_wave_alone_changes_the_mix_and_no_score(first_wave, comes):
    """The groups that stay answer alike in both waves; one comes, or goes."""
    study, first = first_wave
    industry = first.profile["industry"]
    less = first.rows(first.items.index[industry != industry.unique()[0]])
    sides = [less, first] if comes else [first, less]
    rows = parts_of_two_waves(study, sides)
    assert rows.difference["SCORES"] == pytest.approx(0, abs=1e-9)
    assert rows.difference["MIX"] == pytest.approx(rows.difference["CHANGE"])
    means = [side.items.mean(axis=1).mean() for side in sides]
    assert np.sign(rows.difference["CHANGE"]) == np.sign(means[1] - means[0]) != 0


def test_the_planted_change_is_found_in_its_wave_and_construct_and_no_other():
    study = read_study(PANEL)
    waves = follow_waves(study, read_survey(study), draws=999)
    clear = waves.steps[waves.steps.clear]
    assert clear.measure.tolist() == ["RES"] and clear.from_wave.tolist() == ["3"]
    # .30 of a latent standard deviation, on items whose points follow it as the truth says.
    told = json.loads((PANEL / "truth.json").read_text("utf-8"))
    slopes = [told["items"]["points_per_latent_sd"][f"RES{k}"] for k in (1, 2, 3)]
    points = np.mean(slopes) * told["parameters"]["programme_effect"] / 6 * 100
    assert clear.low.item() < points < clear.high.item()


def test_stable_years_seldom_show_a_step():
    random, alarms, years = np.random.default_rng(4), 0, 200
    waves = np.repeat([1, 2, 3, 4], 40)
    for year in range(years):
        step = find_step(
            random.normal(size=160), waves, np.ones(160), draws=99, seed=year, confidence=0.95
        )
        alarms += step.p <= 0.05
    # Binomial with rate .05: 200 years give 10, and more than 20 once in 500.
    assert alarms <= 20


def test_one_wave_small_waves_and_missing_answers():
    random = np.random.default_rng(1)
    scores = pd.DataFrame({"A": random.normal(60, 10, 100)})
    assert track_waves(scores, pd.Series("1", scores.index)) is None
    waves = pd.Series(["1"] * 48 + ["2"] * 48 + ["3"] * 4)
    scores.loc[:5, "A"] = np.nan
    found = track_waves(scores, waves, draws=49)
    assert found.small == ("3",) and found.n_dropped == 4
    assert found.table().n.tolist() == [42, 48]


@pytest.mark.parametrize(("names", "left"), [(["ASS1"], True), (["ASS1", "ASS2", "ASS3"], False)])
def test_an_item_lacking_in_a_wave_is_left_out_of_every_wave(names, left):
    study = read_study(PANEL)
    survey = read_survey(study)
    items = survey.items.copy()
    items.loc[survey.wave.astype(str) == "2", names] = np.nan
    lacking = replace(survey, items=items)
    assert lacking_items(study, lacking) == tuple(names)
    waves = follow_waves(study, lacking, draws=19)
    table = waves.table()
    assert ("ASS" in set(table.measure)) == left
    assert (table.groupby("measure").wave.nunique() == 4).all()
    kept = dict.fromkeys(hierarchy_of(study).leaves, 1.0)
    parts = explain_index(study, lacking, kept, "critic", draws=9)
    assert ("ASS" in set(parts.table().part)) == left and parts.facts()["anew"] == left


def test_shares_are_charted_with_the_limits_of_their_waves():
    study = read_study(PANEL)
    survey = read_survey(study)
    found = follow_shares(study, survey)
    table = found.table()
    assert found.facts()["followed"] == ["csat", "promoters", "detractors"]
    assert (table.groupby("share").size() == 4).all()
    assert ((table.lower < table["mean"]) & (table["mean"] < table.upper)).eq(~table.outside).all()
    assert follow_shares(study, replace(survey, wave=None)) is None
    one = survey.rows(survey.items.index[(survey.wave.astype(str) == "1").to_numpy()])
    assert follow_shares(study, one) is None


def test_weights_count_as_repeated_rows_in_the_mean():
    scores = pd.DataFrame({"A": np.r_[np.linspace(40, 60, 40), np.linspace(50, 70, 40)]})
    waves, weights = pd.Series([1] * 40 + [2] * 40), pd.Series([1.0, 3.0] * 40)
    found = track_waves(scores, waves, weights=weights, draws=49).table()
    expected = np.average(scores.A[:40], weights=weights[:40])
    assert found["mean"][0] == pytest.approx(expected)


def pairs(folder=Path(__file__).parents[1] / "reference"):
    frame = pd.read_csv(folder / "tracking__pairs.csv")
    return frame, pd.read_csv(folder / "tracking__changes.csv").set_index("case")


def test_changes_between_two_waves_are_those_of_R():
    frame, told = pairs()
    both = frame.dropna()
    ones = np.ones(len(both))
    found = {
        "paired": paired_means(both.before.to_numpy(), both.after.to_numpy(), ones),
        "shares": paired_shares((both.before >= 6).to_numpy(), (both.after >= 6).to_numpy()),
        "apart": unpaired_means(
            *(frame[c].dropna().to_numpy() for c in ("before", "after")),
            *(np.ones(frame[c].notna().sum()) for c in ("before", "after")),
        ),
    }
    for case, one in found.items():
        row = told.loc[case]
        assert [one.size, one.low, one.high, one.p] == pytest.approx(
            [row.estimate, row.low, row.high, row.p], abs=1e-12
        )
    assert found["paired"].p_rank == pytest.approx(told.p_rank["paired"], abs=1e-12)


def test_weights_of_a_change_are_repeated_respondents_in_its_mean_and_the_weaker_the_less_even():
    before, after = np.array([1.0, 5, 3]), np.array([2.0, 5, 6])
    heavy = paired_means(before, after, np.array([2.0, 1, 1]))
    twice = paired_means(np.r_[1, before], np.r_[2, after], np.ones(4))
    assert heavy.size == pytest.approx(twice.size) and heavy.high > twice.high


def panel_study(folder, n=150):
    """A panel of two waves: everybody answers twice, satisfaction rises by half a point."""
    file = write_small_study(folder, n)
    frame = pd.read_csv(folder / "answers.csv").assign(person=np.arange(n), wave=1)
    later = frame.assign(wave=2)
    random = np.random.default_rng(4)
    for item in ("sat_1", "sat_2", "sat_3"):
        up = (random.random(n) < 0.5) & later[item].between(1, 6)
        later[item] += up
    pd.concat([frame, later]).sample(frac=1, random_state=1).to_csv(
        folder / "answers.csv", index=False
    )
    text = file.read_text("utf-8")
    text = text.replace("missing_codes: [-9]", "missing_codes: [-9], id: person, wave: wave")
    file.write_text(text.replace("options:", "screening: {action: flag}\noptions:"), "utf-8")
    return file


def test_a_panel_is_followed_through_all_its_waves_and_its_respondents_own_change_tested(tmp_path):
    work = open_study(panel_study(tmp_path / "small"), tmp_path / "build", draft=True)
    assert work.survey.n == 150, "the other notebooks see the latest wave alone"
    answers = work.answers_of_all_waves()
    assert answers.n == 300
    changes = compare_last_waves(work.study, answers, {"QUAL": 0.5, "SAT": 0.5}, "ALL")
    table = changes.table().set_index("measure")
    frame = pd.read_csv(tmp_path / "small" / "answers.csv").replace(-9, np.nan)
    means = frame.assign(s=frame[["sat_1", "sat_2", "sat_3"]].mean(axis=1, skipna=False))
    wide = means.set_index(["person", "wave"]).s.unstack().dropna()  # noqa: PD010
    test = stats.ttest_rel(wide[2], wide[1])
    assert table.p["SAT"] == pytest.approx(test.pvalue)
    assert table.difference["SAT"] == pytest.approx((wide[2] - wide[1]).mean() / 6 * 100)
    assert changes.paired == 150 and table.clear["SAT"] and not table.clear["QUAL"]
    assert table.difference["ALL"] > 0 and table.index[0] == "ALL"


def test_waves_of_other_respondents_are_compared_by_welch_and_one_wave_by_nothing(tmp_path):
    study = read_study(PANEL / "study.yml")
    survey = read_survey(study)
    table = compare_last_waves(study, replace(survey, weights=None)).table().set_index("measure")
    own = survey.profile.brand.astype(str) == "Harbour"
    nps = survey.quantities.NPS
    score = 100.0 * ((nps >= 9).astype(float) - (nps <= 6))
    last, before = (score[own & (survey.wave == w)] for w in sorted(survey.wave.unique())[:1:-1])
    test = stats.ttest_ind(last, before, equal_var=False, nan_policy="omit")
    assert table.p["nps"] == pytest.approx(test.pvalue)
    assert table.difference["promoters"] - table.difference["detractors"] == pytest.approx(
        table.difference["nps"]
    )
    one = survey.rows(survey.items.index[survey.wave == survey.wave.iloc[0]])
    assert compare_last_waves(study, one) is None
    assert compare_last_waves(study, replace(survey, wave=None)) is None


def test_the_interval_of_a_wave_is_that_of_its_mean_with_its_own_variance():
    draw = np.random.default_rng(3)
    score = pd.DataFrame({"A": np.r_[draw.normal(50, 5, 40), draw.normal(60, 9, 90)]})
    wave = pd.Series([1] * 40 + [2] * 90)
    table = track_waves(score, wave, draws=19).table().set_index("wave")
    for name, own in score["A"].groupby(wave):
        wanted = stats.norm.interval(0.95, own.mean(), stats.sem(own))
        assert tuple(table.loc[name, ["low", "high"]]) == pytest.approx(wanted, abs=1e-9)


def test_the_own_change_is_held_against_that_of_the_market_where_a_source_gives_two_dates():
    study = read_study(PANEL / "study.yml")
    survey = read_survey(study)
    plain = replace(survey, weights=None)
    found = compare_market(study, plain)
    row = found.table().set_index("metric").loc["nps"]
    own = survey.profile.brand.astype(str) == "Harbour"
    nps = survey.quantities.NPS
    score = 100.0 * ((nps >= 9).astype(float) - (nps <= 6))
    waves = sorted(survey.wave.unique())
    first, last = (score[own & (survey.wave == w)].dropna() for w in (waves[0], waves[-1]))
    limits = stats.ttest_ind(last, first, equal_var=False).confidence_interval()
    assert row.market_change == 3 and row["from"] < row["to"]
    assert row.change == pytest.approx(last.mean() - first.mean())
    assert (row.beyond_low, row.beyond_high) == pytest.approx((limits.low - 3, limits.high - 3))
    assert list(found.table().metric) == ["nps"], "csat has a figure of one date alone"
    assert compare_market(study, replace(survey, wave=None)) is None
    assert compare_market(study.model_copy(update={"benchmarks": ()}), survey) is None


@pytest.mark.parametrize(("market", "verdict"), [(-60, "ahead"), (60, "behind"), (-3, "alike")])
def test_the_verdict_on_the_market_goes_by_the_interval(market, verdict):
    study = read_study(PANEL / "study.yml")
    figures = tuple(
        b.model_copy(update={"value": float(market)}) if b.name == "market_nps" else
        b.model_copy(update={"value": 0.0}) if b.name == "market_nps_before" else b
        for b in study.benchmarks
    )  # fmt: skip
    found = compare_market(study.model_copy(update={"benchmarks": figures}), read_survey(study))
    assert found.table().verdict.tolist() == [verdict]
