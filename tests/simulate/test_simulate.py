"""The simulated study says of itself what is true of it.

Stored files: equal to the last byte. Estimates are compared with the truth at ``Z`` = 4.5 standard
errors of the estimate itself (Monte-Carlo error), so that a true value fails once in 100,000
comparisons; the large panel makes the errors small enough to tell a wrong parameter.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ModelError
from cx_value.sem import fit_model
from cx_value.simulate.bank_panel import SEED, csv_bytes, simulate_panel, write_panel
from cx_value.simulate.comments import THEMES
from cx_value.simulate.purchases import draw_traits
from cx_value.simulate.questionnaire import ITEMS
from cx_value.simulate.truth import CONSTRUCTS, Truth
from cx_value.value import fit_purchase_model, fit_spend_model, summarise_transactions

FOLDER = Path(__file__).parents[2] / "data" / "bank-panel"
Z = 4.5
MODEL = "\n".join(
    [f"{c} =~ {c}1 + {c}2 + {c}3" for c in CONSTRUCTS]
    + [
        "EMO ~ EMP + TEC",
        "VAL ~ REL + RES + PRI + PRQ",
        "SAT ~ TAN + REL + RES + ASS + EMP + COM + EMO + VAL",
        "LOY ~ SAT + IMG + CSR",
    ]
)
SATISFACTION_POINT_WEEKS = 156.0


@pytest.fixture(scope="module")
def bundled():
    return simulate_panel(seed=SEED)


@pytest.fixture(scope="module")
def large():
    """Nobody careless, nothing missing, nothing wrong with the items: only sampling separates
    data and truth."""
    return simulate_panel(customers=16_000, respondents=12_000, rivals=4_000, seed=11,
                          careless_share=0.0, missing_share=0.0, method_loading=0.0,
                          cross_loadings={}, item_shift={})  # fmt: skip


@pytest.fixture(scope="module")
def unclean():
    """The same world with the faults of the bundled one, but nobody careless, nothing missing."""
    return simulate_panel(customers=16_000, respondents=12_000, rivals=4_000, seed=12,
                          careless_share=0.0, missing_share=0.0)  # fmt: skip


def own(panel):
    return panel.latent[panel.latent["brand"] == "Harbour"]


def answered(panel):
    """Respondents' latent scores beside their answers, row by row."""
    latent = panel.latent[panel.latent["responded"]].set_index("customer")
    return latent.loc[panel.survey["customer"]].reset_index(drop=True)


def regression(y, *columns):
    """Return slopes and their standard errors, intercept left out."""
    x = np.column_stack([np.ones(len(y)), *columns]).astype(float)
    y = np.asarray(y, dtype=float)
    slopes, *_ = np.linalg.lstsq(x, y, rcond=None)
    residual = y - x @ slopes
    error = np.sqrt(residual @ residual / (len(y) - x.shape[1]) * np.diag(np.linalg.inv(x.T @ x)))
    return slopes[1:], error[1:]


# --- the files ----------------------------------------------------------------------------------


def test_bundled_files_are_what_the_function_makes(bundled, tmp_path):
    write_panel(bundled, tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made) == {
        "survey.csv",
        "transactions.csv",
        "service.csv",
        "experts.csv",
        "funnel.csv",
        "truth.json",
    }
    for name, content in made.items():
        assert content == (FOLDER / name).read_bytes(), name
    assert len(made["transactions.csv"]) < 4e6


def test_same_seed_same_bytes_and_another_seed_other_bytes():
    sizes = {"customers": 200, "respondents": 80, "rivals": 20}
    one, two, other = (simulate_panel(**sizes, seed=seed) for seed in (3, 3, 4))
    for part in ("survey", "transactions", "service_log", "experts", "latent"):
        assert csv_bytes(getattr(one, part)) == csv_bytes(getattr(two, part)), part
        assert csv_bytes(getattr(one, part)) != csv_bytes(getattr(other, part)), part
    assert one.truth == two.truth == json.loads(json.dumps(one.truth))


def test_one_part_does_not_disturb_another():
    """Setting the careless share leaves the log as it was."""
    sizes = {"customers": 200, "respondents": 80, "rivals": 20, "seed": 3}
    plain, careless = simulate_panel(**sizes), simulate_panel(**sizes, careless_share=0.3)
    assert csv_bytes(plain.transactions) == csv_bytes(careless.transactions)
    assert csv_bytes(plain.survey) != csv_bytes(careless.survey)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"respondents": 300}, "as many respondents as customers"),
        ({"rivals": -1}, "no negative number"),
        ({"rate_coeficient": 0.0}, "write rate_coefficient"),
        ({"satisfaction_to_loyalty": {"bank": 1.2, "insurance": 0.5, "brokerage": 0.4}}, "LOY"),
    ],
)
def test_impossible_worlds_are_refused(options, words):
    with pytest.raises(ModelError, match=words):
        simulate_panel(**{"customers": 100, "respondents": 40, "rivals": 10, "seed": 1} | options)


# --- structure and items ------------------------------------------------------------------------


def test_latent_scores_follow_the_structure_in_every_industry(large):
    people = large.latent
    for industry, paths in large.truth["structure"]["paths"].items():
        rows = people[people["industry"] == industry]
        for target, by in paths.items():
            slopes, error = regression(rows[target], *(rows[source] for source in by))
            assert np.all(np.abs(slopes - list(by.values())) < Z * error), (industry, target)
    cells = people.groupby(["brand", "industry", "wave"])[list(CONSTRUCTS)]
    within = (people[list(CONSTRUCTS)] - cells.transform("mean")).var(ddof=1)
    assert np.all(np.abs(within - 1) < Z * np.sqrt(2 / len(people)) + 0.003)


def test_satisfaction_moves_loyalty_more_in_banking(large):
    slopes = {i: p["LOY"]["SAT"] for i, p in large.truth["structure"]["paths"].items()}
    assert slopes == {"bank": 0.70, "insurance": 0.55, "brokerage": 0.40}


def test_service_programme_lifts_responsiveness_at_the_own_brand_alone(large):
    people = large.latent.assign(late=(large.latent["wave"] >= 3).astype(float))
    harbour = people["brand"] == "Harbour"
    (gain,), (error,) = regression(people[harbour]["RES"], people[harbour]["late"])
    assert abs(gain - 0.30) < Z * error < 0.1
    (gain,), (error,) = regression(people[~harbour]["RES"], people[~harbour]["late"])
    assert abs(gain) < Z * error


def test_answers_have_the_slopes_and_loadings_told(large):
    scores, items = answered(large), large.truth["items"]
    for item in ITEMS:
        (slope,), (error,) = regression(large.survey[item], scores[item[:3]])
        assert abs(slope - items["points_per_latent_sd"][item]) < Z * error, item
        found = np.corrcoef(large.survey[item], scores[item[:3]])[0, 1]
        # A construct's variance over all brands is up to 1.02 where the truth takes 1.
        assert found == pytest.approx(items["standardised_loading"][item], abs=0.015), item


def shared_error(panel):
    """Mean correlation of what the constructs leave unexplained, over items of other constructs."""
    scores = answered(panel)[list(CONSTRUCTS)].to_numpy(dtype=float)
    design = np.column_stack([np.ones(len(scores)), scores])
    items = panel.survey[list(ITEMS)].to_numpy(dtype=float)
    residual = items - design @ np.linalg.lstsq(design, items, rcond=None)[0]
    other = np.kron(np.eye(len(CONSTRUCTS)), np.ones((3, 3))) == 0
    return np.corrcoef(residual.T)[other].mean()


def test_cross_loadings_the_method_and_shifted_items_are_those_told(large, unclean):
    scores, truth = answered(unclean), Truth()
    survey, items = unclean.survey, unclean.truth["items"]
    for item, (other, _) in truth.cross_loadings.items():
        (slope,), (error,) = regression(survey[item], scores[item[:3]])
        assert abs(slope - items["points_per_latent_sd"][item]) < Z * error, item
        (own, cross), (_, error) = regression(survey[item], scores[item[:3]], scores[other])
        assert cross > Z * error and own > 5 * cross, item
    centre = {
        item: survey[item] - items["points_per_latent_sd"][item] * scores[item[:3]]
        for item in ("ASS2", "ASS1", "IMG1", "CSR1")
    }
    shift = centre["ASS2"].groupby(survey["industry"]).mean()
    assert shift["brokerage"] - shift["bank"] == pytest.approx(-0.35 * truth.scale_slope, abs=0.06)
    assert np.ptp(centre["ASS1"].groupby(survey["industry"]).mean()) < 0.08
    assert shared_error(unclean) == pytest.approx(0.10**2 / 0.37, abs=0.006)
    assert abs(shared_error(large)) < 0.006
    assert survey[list(ITEMS)].skew().max() < -0.1


@pytest.fixture(scope="module")
def fitted(large):
    return fit_model(MODEL, large.survey[list(ITEMS)]).table()


def test_model_recovers_the_paths(large, fitted):
    paths, marker = large.truth["structure"]["pooled_paths"], large.truth["items"]
    for row in fitted[fitted["op"] == "~"].itertuples():
        true = paths[row.lhs][row.rhs]
        scale = [marker["points_per_latent_sd"][f"{name}1"] for name in (row.lhs, row.rhs)]
        error = row.se * scale[1] / scale[0]
        # .004: answers are rounded and cut off at 7, which no linear model allows for.
        assert abs(row.std_all - true) < Z * error + 0.004, (row.lhs, row.rhs)
        assert Z * error < 0.12


def test_tangibles_do_nothing_and_value_carries_price(large):
    effects = large.truth["structure"]["pooled_total_effects"]
    assert "TAN" not in effects["SAT"] or abs(effects["SAT"]["TAN"]) < 1e-9
    paths = large.truth["structure"]["pooled_paths"]
    assert effects["SAT"]["PRI"] == pytest.approx(paths["VAL"]["PRI"] * paths["SAT"]["VAL"])


def test_model_recovers_the_loadings(large, fitted):
    told = large.truth["items"]["standardised_loading"]
    found = fitted[fitted["op"] == "=~"].set_index("rhs")["std_all"]
    # Standard error of a standardised loading is below .006 here; .01 allows for variances of
    # constructs up to 1.03 and for the cut-off scale.
    assert found.sub(pd.Series(told)).abs().max() < Z * 0.006 + 0.01


# --- who answers, and how -----------------------------------------------------------------------


def test_frequent_buyers_answer_more_often(large):
    import statsmodels.api as sm

    people = own(large)
    segment = pd.get_dummies(people["segment"], dtype=float)[["affluent", "private"]]
    design = sm.add_constant(segment.assign(log_rate=np.log(people["purchase_rate"].astype(float))))
    fit = sm.Logit(people["responded"].astype(float), design).fit(disp=0)
    for name, true in (("log_rate", 0.4), ("affluent", 0.5), ("private", 1.0)):
        assert abs(fit.params[name] - true) < Z * fit.bse[name] < 0.8, name


def test_without_response_slope_answerers_buy_like_the_others():
    panel = simulate_panel(customers=8000, respondents=3000, rivals=0, seed=5, response_slope=0.0)
    rate = np.log(panel.latent["purchase_rate"].astype(float))
    (gap,), (error,) = regression(rate, panel.latent["responded"].astype(float))
    assert abs(gap) < Z * error


def test_weights_give_segments_their_share(bundled):
    survey = bundled.survey[bundled.survey["brand"] == "Harbour"]
    weighted = survey.groupby("segment")["weight"].sum() / survey["weight"].sum()
    share = own(bundled)["segment"].value_counts(normalize=True)
    assert weighted.sub(share).abs().max() < 1e-6
    assert abs(survey["segment"].value_counts(normalize=True)["private"] - share["private"]) > 0.02


def test_careless_and_missing_shares(bundled):
    n, share = len(bundled.survey), 0.04
    careless = (bundled.latent["careless"] != "").sum()
    assert abs(careless - share * n) < Z * np.sqrt(n * share * (1 - share))
    assert bundled.survey[list(ITEMS)].isna().mean().mean() == pytest.approx(0.03, abs=0.004)
    missing = bundled.survey[list(ITEMS)].isna().mean(axis=1)
    by_age = missing.groupby(bundled.survey["age_group"]).mean()
    assert by_age.is_monotonic_increasing and by_age.iloc[-1] > 3 * by_age.iloc[0]


def test_screening_finds_the_careless(bundled):
    from cx_value.study import read_study, read_survey
    from cx_value.study.screening import screen_careless

    study = read_study(FOLDER)
    screened = screen_careless(study, read_survey(study))
    truly = (answered(bundled)["careless"] != "").to_numpy()
    found = screened.careless.to_numpy()
    assert (found & truly).sum() >= 0.9 * truly.sum()
    assert (found & ~truly).sum() <= 0.005 * len(found)


def test_answers_stay_on_their_scales(bundled):
    survey = bundled.survey
    answers = survey[list(ITEMS)].to_numpy(dtype=float)
    assert np.isin(answers[~np.isnan(answers)], range(1, 8)).all()
    assert survey["NPS"].between(0, 10).all() and set(survey["complained"]) == {0, 1}
    touchpoints = survey.filter(like="TP_")
    prices = survey.filter(like="price_")
    assert (prices.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert touchpoints.shape[1] == 6 and touchpoints.isna().any().all()
    expected = survey.filter(regex="^E_").mean().mean()
    assert expected > survey[list(ITEMS[:15])].mean().mean() + 0.5


def test_comments_speak_the_language_and_the_mind_of_the_customer(bundled):
    said = answered(bundled).assign(comment=bundled.survey["comment"])
    said = said[said["comment"] != ""]
    lang = bundled.survey.loc[said.index, "language"]
    chinese = said["comment"].map(lambda words: bool(re.search("[\u4e00-\u9fff]", words)))
    assert (chinese == (lang == "zh")).all()
    assert len(said) / len(bundled.survey) == pytest.approx(0.6, abs=Z * 0.0123)
    for theme, words in THEMES.items():
        tone = {
            name: said["comment"].map(
                lambda c, n=name, w=words: any(p in c for t in w.values() for p in t[n])
            )
            for name in ("good", "bad")
        }
        assert min(t.sum() for t in tone.values()) >= 20, theme
        gap = said.loc[tone["good"], theme].mean() - said.loc[tone["bad"], theme].mean()
        assert gap > 0.8, theme


# --- purchases and money ------------------------------------------------------------------------


def test_log_has_the_dirt_told(bundled):
    summary = summarise_transactions(bundled.transactions, customer="customer", date="date",
                                     amount="amount", end="2025-12-31",
                                     returns="drop")  # fmt: skip
    rows = summary.log.set_index("step")["rows"]
    assert rows["customer_missing"] == 9
    assert rows["duplicate"] == rows["same_day_merged"] == 12
    assert rows["amount_negative"] == pytest.approx(0.01 * rows["purchases"], rel=0.05)
    assert len(summary) == 4000
    assert summary["frequency"].mean() == pytest.approx(8, abs=1.5)
    log = bundled.transactions
    assert (log["cost"] / log["amount"]).mean() == pytest.approx(0.70, abs=0.005)


@pytest.fixture(scope="module")
def histories(large):
    log = large.transactions[large.transactions["amount"] > 0].drop_duplicates()
    summary = summarise_transactions(log, customer="customer", date="date", amount="amount",
                                     end="2025-12-31")  # fmt: skip
    return summary, summary.customers.merge(own(large)[["customer", "LOY"]], on="customer")


def test_purchase_model_recovers_its_parameters(large, histories):
    frame = histories[1]
    model = fit_purchase_model(frame, "pareto_nbd", covariates=["LOY"])
    told, centre = large.truth["purchase"], frame["LOY"].mean()
    # The model takes covariates from their mean; the truth is told at loyalty 0.
    moved = told | {
        "alpha": told["alpha"] * np.exp(-told["purchase:LOY"] * centre),
        "beta": told["beta"] * np.exp(-told["dropout:LOY"] * centre),
    }
    for row in model.table().itertuples():
        assert abs(row.estimate - moved[row.term]) < Z * row.std_error, row.term
    errors = model.table().set_index("term")["std_error"]
    assert errors["purchase:LOY"] < 0.012 and errors["dropout:LOY"] < 0.03


def test_spend_model_recovers_its_parameters(large, histories):
    table = fit_spend_model(histories[0]).table().set_index("term")
    for term, name in (("p", "p"), ("q", "q"), ("gamma", "gamma")):
        row = table.loc[term]
        assert abs(row.estimate - large.truth["spend"][name]) < Z * row.std_error, term
    corr = np.corrcoef(own(large)["LOY"], np.log(own(large)["mean_spend"].astype(float)))[0, 1]
    assert abs(corr) < Z / np.sqrt(len(own(large)))


def discounted_value(truth, traits):
    """Value from the end of the window by stepping through the weeks, in place of the formula."""
    week = np.linspace(0, truth.horizon_weeks, 1561)
    discount = 1.10 ** (-week * 7 / 365.25)
    rates, money = traits["dropout_rate"].to_numpy(), traits["purchase_rate"] * traits["mean_spend"]
    parts = [
        np.trapezoid(np.exp(-rate[:, None] * week) * discount, week, axis=1)
        for rate in np.array_split(rates, 200)
    ]
    return 0.30 * 0.99 * money.to_numpy() * np.concatenate(parts) * traits["alive"].to_numpy()


@pytest.fixture(scope="module")
def worlds():
    """The same 120,000 customers as they are, and with loyalty one path-step higher."""
    truth, sizes = Truth(), 120_000
    random = np.random.default_rng(8)
    industry = random.choice(["bank", "insurance", "brokerage"], size=sizes, p=[0.5, 0.3, 0.2])
    loyalty = random.standard_normal(sizes)
    return truth, industry, loyalty


def test_money_of_a_satisfaction_point_agrees_with_simulation(large, worlds):
    """Paired simulation: the same chances in both worlds. Loyalty's mean differs by industry by
    less than .02, which moves money by less than the .7 % allowed beside Monte-Carlo error."""
    truth, industry, loyalty = worlds
    told = large.truth["money"]["all"]
    step = np.vectorize(truth.satisfaction_to_loyalty.get)(industry)
    step = step / large.truth["items"]["points_per_latent_sd"]["SAT1"]
    now, then = (
        discounted_value(truth, draw_traits(truth, score, np.random.default_rng(9)))
        for score in (loyalty, loyalty + step)
    )
    for values, key in ((now, "expected_value"), (then - now, "value_per_satisfaction_point")):
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - told[key]) < Z * error + 0.007 * told[key], key
        assert error < 0.02 * told[key]
    years = SATISFACTION_POINT_WEEKS * 7 / 365.25
    assert told["value_per_satisfaction_point_per_year"] == pytest.approx(
        told["value_per_satisfaction_point"] / years
    )


def test_money_from_now_on_leaves_the_past_as_it_was(large, worlds):
    truth, industry, loyalty = worlds
    told = large.truth["money"]["all"]
    step = np.vectorize(truth.satisfaction_to_loyalty.get)(industry)
    step = step / large.truth["items"]["points_per_latent_sd"]["SAT1"]
    past = draw_traits(truth, loyalty, np.random.default_rng(9))
    ahead = draw_traits(truth, loyalty + step, np.random.default_rng(9)).assign(alive=past["alive"])
    gain = discounted_value(truth, ahead) - discounted_value(truth, past)
    true = told["value_per_satisfaction_point_from_now_on"]
    assert abs(gain.mean() - true) < Z * gain.std() / np.sqrt(len(gain)) + 0.007 * true
    assert true < told["value_per_satisfaction_point"]


def test_slope_of_log_value_agrees_with_simulation(large, worlds):
    truth, _, loyalty = worlds
    traits = draw_traits(truth, loyalty, np.random.default_rng(9))
    alive = traits["alive"].to_numpy()
    told = large.truth["money"]["all"]
    assert abs(alive.mean() - told["alive_share"]) < Z * 0.5 / np.sqrt(len(alive))
    value = discounted_value(truth, traits)[alive]
    (slope,), (error,) = regression(np.log(value), loyalty[alive])
    assert abs(slope - told["log_value_if_alive_per_loyalty_sd"]) < Z * error < 0.03
    path = truth.pooled_loyalty_path
    assert told["log_value_if_alive_per_satisfaction_sd"] == pytest.approx(
        path * told["log_value_if_alive_per_loyalty_sd"]
    )


def test_slope_of_log_value_while_a_customer_agrees_with_simulation(large, worlds):
    truth, _, loyalty = worlds
    traits = draw_traits(truth, loyalty, np.random.default_rng(9)).assign(alive=True)
    told = large.truth["money"]["all"]
    (slope,), (error,) = regression(np.log(discounted_value(truth, traits)), loyalty)
    assert abs(slope - told["log_value_while_customer_per_loyalty_sd"]) < Z * error < 0.02
    points = large.truth["items"]["points_per_latent_sd"]
    for name, path in (("loyalty", 1.0), ("satisfaction", truth.pooled_loyalty_path)):
        marker = points["LOY1" if name == "loyalty" else "SAT1"]
        assert told[f"log_value_while_customer_per_{name}_point"] == pytest.approx(
            path * told["log_value_while_customer_per_loyalty_sd"] / marker
        )


def test_latent_values_are_those_of_the_traits(bundled):
    people = own(bundled)
    traits = people[["dropout_rate", "purchase_rate", "mean_spend"]].astype(float)
    traits["alive"] = people["alive"].astype(float)
    found = discounted_value(Truth(), traits)
    # .2 %: discounting by the day in both, the trapezoid rule here.
    assert people["lifetime_value"].astype(float).to_numpy() == pytest.approx(found, rel=2e-3)


# --- service and experts ------------------------------------------------------------------------


def test_service_follows_responsiveness(large):
    log = large.service_log.merge(own(large)[["customer", "RES"]], on="customer")
    (slope,), (error,) = regression(np.log(log["minutes"]), log["RES"])
    assert abs(slope + 0.15) < Z * error
    for name, sign in (("first_contact", 1), ("complaint", -1)):
        (slope,), (error,) = regression(log[name], log["RES"])
        assert sign * slope > Z * error, name


def judgement_matrix(judgements, criteria):
    """Return one expert's reciprocal matrix, criteria in the order given."""
    matrix = np.eye(len(criteria))
    for row, column, judgement in judgements[["row", "column", "judgement"]].itertuples(
        index=False
    ):
        i, j = criteria.index(row), criteria.index(column)
        matrix[i, j], matrix[j, i] = judgement, 1 / judgement
    return matrix


def test_experts_five_consistent_one_not(bundled):
    """Saaty's consistency ratio, random index 1.56 for thirteen criteria."""
    weights = bundled.truth["experts"]["weights"]
    names, vectors = list(weights), []
    for expert, rows in bundled.experts.groupby("expert"):
        matrix = judgement_matrix(rows, names)
        assert len(rows) == 78
        values, columns = np.linalg.eig(matrix)
        ratio = (values.real.max() - 13) / 12 / 1.56
        assert (ratio > 0.10) == (expert == "E6"), (expert, ratio)
        vector = columns[:, values.real.argmax()].real
        if expert != "E6":
            vectors.append(vector / vector.sum())
    found = np.mean(vectors, axis=0)
    # A judgement is a whole number or its inverse: .03 is what that coarseness costs.
    assert np.abs(found - list(weights.values())).max() < 0.03


def test_features_have_their_category_and_visitors_go_on_as_told(large):
    from cx_value.evaluate.drivers.kano import kano_of
    from cx_value.simulate.market import FEATURES, STEPS, VISITORS
    from cx_value.study import read_study

    pairs = read_study(FOLDER).kano
    found = kano_of(pairs, large.survey, draws=20, seed=1).table().set_index("feature")
    assert found["category"].to_dict() == FEATURES
    visitors = np.r_[VISITORS, large.funnel["visitors"].to_numpy()]
    for before, after, share in zip(visitors, visitors[1:], STEPS.values(), strict=False):
        assert abs(after - before * share) <= Z * np.sqrt(before * share * (1 - share)) + 1e-9
