"""Claims put to the test.

Rates, ratios and slopes with their standard errors: base R (``tests/reference/claims.R``, Poisson
regression with the HC0 sandwich) to 1e-9 relative, for both solve the same equations to machine
precision. The best share: closed forms of the lognormal and simulated coverage, 400 samples, so
that a true 95 % interval covers 92.3 to 97.7 % of the time (2.5 Monte-Carlo errors). Retention: the
simulated panel's own customers, within the interval found.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cx_value.base.errors import ModelError
from cx_value.base.results import tidy_frame
from cx_value.base.sources import bibliography_names
from cx_value.base.wording import Text
from cx_value.base.words import Phrase, Phrasebook
from cx_value.judge.claims import (
    Estimate,
    Evidence,
    check_claims,
    effect_in,
    estimate_quantity,
    gather_evidence,
    judge_claim,
)
from cx_value.judge.claims.quantities import QUANTITIES, top_share
from cx_value.judge.claims.retention import (
    retention_gain,
    retention_within_horizon,
    yearly_retention,
)
from cx_value.judge.claims.verdicts import CONDITIONS
from cx_value.simulate.bank_panel import simulate_panel
from cx_value.study import read_study, read_survey
from cx_value.study.claims import BUNDLED
from cx_value.study.spec import Claim
from cx_value.study.survey import check_study
from cx_value.value import fit_purchase_model, summarise_transactions
from cx_value.value.link.result import COLUMNS as LINK_COLUMNS
from cx_value.value.metrics.satisfied import index_of

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference"
RATES = pd.read_csv(REFERENCE / "claims__rates.csv").set_index("quantity")


def evidence_of_reference(**more):
    data = pd.read_csv(REFERENCE / "claims__data.csv")
    scores = data[["customer", "satisfaction", "loyalty", "complained", "weight"]]
    customers = data[["customer", "frequency", "age", "spend"]]
    return Evidence(scores=scores, customers=customers, **more)


def link_of(estimate, low, high, n=1200):
    return Estimate(value=estimate, low=low, high=high, n=n)


def link_rows(*rows):
    """Rows (source, group, unit, effect, estimate) of a link's table, ± .1."""
    blank = dict.fromkeys(LINK_COLUMNS, np.nan)
    return tidy_frame(
        [blank | {"from": f, "group": g, "unit": u, "effect": e, "estimate": x,
                  "ci_low": x - 0.1, "ci_high": x + 0.1} for f, g, u, e, x in rows],
        LINK_COLUMNS,
    )  # fmt: skip


def claim(quantity, low=None, high=None, change=1.0):
    return Claim(name="own", label="own", quantity=quantity, low=low, high=high, change=change)


# --- estimates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", RATES.index)
def test_rates_and_their_intervals_agree_with_r(quantity):
    found = estimate_quantity(quantity, 1.0, evidence_of_reference())
    log_estimate, error = RATES.loc[quantity]
    ends = np.exp(log_estimate + norm.ppf(0.975) * error * np.array([0.0, -1.0, 1.0]))
    if quantity == "repurchase_per_satisfaction_point":
        ends = 100 * (ends - 1)
    assert [found.value, found.low, found.high] == pytest.approx(ends, rel=1e-9)
    assert found.n == 300


def test_change_and_level_are_followed():
    log_estimate, error = RATES.loc["repurchase_per_satisfaction_point"]
    found = estimate_quantity("repurchase_per_satisfaction_point", 17,
                              evidence_of_reference(confidence=0.80))  # fmt: skip
    ends = np.exp(17 * (log_estimate + norm.ppf(0.9) * error * np.array([0.0, -1.0, 1.0])))
    assert [found.value, found.low, found.high] == pytest.approx(100 * (ends - 1), rel=1e-9)


@pytest.mark.parametrize("quantity", [q for q in RATES.index if "profit" not in q])
def test_order_and_scale_of_weights_do_not_matter(quantity):
    plain = evidence_of_reference()
    mixed = plain.scores.sample(frac=1, random_state=3)
    mixed = mixed.assign(weight=7 * mixed["weight"])
    other = Evidence(scores=mixed, customers=plain.customers.iloc[::-1])
    one, two = (estimate_quantity(quantity, 1, e) for e in (plain, other))
    assert [one.value, one.low, one.high] == pytest.approx([two.value, two.low, two.high], rel=1e-9)


def test_profit_takes_costs_off_where_they_are_known():
    plain = evidence_of_reference()
    customers = plain.customers.assign(cost=0.7 * plain.customers["spend"])
    same = estimate_quantity("loyal_profit_ratio", 1, Evidence(scores=plain.scores,
                                                               customers=customers))  # fmt: skip
    assert same.value == pytest.approx(np.exp(RATES.loc["loyal_profit_ratio", "log_estimate"]))
    dear = customers.assign(cost=customers["spend"].where(plain.scores["loyalty"] >= 80, 0.0) / 2)
    cheap = estimate_quantity("loyal_profit_ratio", 1, Evidence(scores=plain.scores,
                                                                customers=dear))  # fmt: skip
    assert cheap.value == pytest.approx(same.value / 2)


def test_best_share_of_a_lognormal():
    """The best fifth of a lognormal holds Φ(σ − z.80); 400 samples for the coverage."""
    sigma, random, hits = 1.1, np.random.default_rng(2), 0
    true = norm.cdf(sigma - norm.ppf(0.8))
    for _ in range(400):
        customers = pd.DataFrame({"spend": np.exp(sigma * random.standard_normal(900))})
        found = estimate_quantity("top_share", 20, Evidence(customers=customers))
        hits += found.low <= 100 * true <= found.high
    assert 0.923 <= hits / 400 <= 0.977
    large, error = top_share(np.exp(sigma * random.standard_normal(400_000)), 0.2)
    assert abs(large - true) < 4 * error < 0.01


def test_ratio_covers_the_truth():
    """Satisfied customers complain with chance .10, the others with .25: ratio .40."""
    random, hits = np.random.default_rng(6), 0
    for _ in range(400):
        satisfaction = random.uniform(0, 100, 700)
        chance = np.where(satisfaction >= 60, 0.10, 0.25)
        scores = pd.DataFrame({"satisfaction": satisfaction,
                               "complained": random.random(700) < chance})  # fmt: skip
        found = estimate_quantity("satisfied_complaint_ratio", 1, Evidence(scores=scores))
        hits += found.low <= 0.40 <= found.high
    assert 0.923 <= hits / 400 <= 0.977


def test_value_per_point_and_per_percent_follow_the_link():
    """+1 point of 100 is .06 of a 7-point item; +1 % of a mean of 50 is .5 points of 100."""
    scores = pd.DataFrame({"satisfaction": np.r_[np.full(20, 40.0), np.full(20, 60.0)]})
    have = Evidence(scores=scores, link=link_of(0.30, 0.20, 0.40), scale=(1, 7))
    point = estimate_quantity("profit_per_satisfaction_point", 1, have)
    percent = estimate_quantity("value_per_satisfaction_percent", 1, have)
    effects = np.array([0.30, 0.20, 0.40])
    for found, step in ((point, 0.06), (percent, 0.03)):
        ends = 100 * (np.exp(effects * step) - 1)
        assert [found.value, found.low, found.high] == pytest.approx(ends, rel=1e-12)
    weights = scores.assign(weight=[3.0] * 20 + [1.0] * 20)
    heavier = Evidence(scores=weights, link=have.link)
    low = estimate_quantity("value_per_satisfaction_percent", 1, heavier)
    assert low.value == pytest.approx(100 * (np.exp(0.30 * 0.06 * 0.45) - 1))


def test_retention_is_that_of_the_simulated_customers():
    panel = simulate_panel(customers=6000, respondents=10, rivals=0, seed=4, return_share=0.0)
    summary = summarise_transactions(panel.transactions, customer="customer", date="date",
                                     amount="amount", end="2025-12-31")  # fmt: skip
    model = fit_purchase_model(summary, "pareto_nbd")
    rate, low, high = yearly_retention(model)
    people = panel.latent[panel.latent["alive"].astype(bool)]
    rates = people["purchase_rate"].astype(float)
    stay = np.exp(-people["dropout_rate"].astype(float) * 365.25 / 7)
    true = (rates * stay).sum() / rates.sum()
    assert low < true < high and high - low < 0.08
    found = estimate_quantity("profit_per_retention_point", 5, Evidence(purchase=model))
    assert found.value == pytest.approx(100 * retention_gain(rate, 0.05, 0.10))
    assert found.low <= 100 * retention_gain(true, 0.05, 0.10) <= found.high


def test_retention_gain_equals_the_sum_of_discounted_years():
    """r / (1 + i − r) = Σ (r / (1 + i))^t, t = 1, 2, …"""
    years = np.arange(1, 4000)
    worth = [((r / 1.10) ** years).sum() for r in (0.80, 0.85)]
    assert retention_gain(0.80, 0.05, 0.10) == pytest.approx(worth[1] / worth[0] - 1, rel=1e-12)


def test_interval_of_retention_gain_holds_where_it_bends():
    """The gain falls, then rises with retention: the lowest lies inside the interval of r."""
    have = Evidence(retention=(0.5, 0.3, 0.9))
    found = estimate_quantity("profit_per_retention_point", 5, have)
    over = [100 * retention_gain(r, 0.05, 0.10) for r in np.linspace(0.3, 0.9, 5001)]
    assert found.low == pytest.approx(min(over), rel=1e-4)
    assert found.high == pytest.approx(max(over))
    assert found.low < over[0] and found.low < over[-1]


def test_the_link_is_read_from_its_table_for_all_customers_only():
    log, other = "log_per_point", "money_per_point"
    rows = link_rows(("SAT", "bank", log, "value", 0.9), ("SAT", "", log, "path", 0.8),
                     ("SAT", "", other, "money", 0.7), ("SAT", "", log, "value", 0.3),
                     ("LOY", "", log, "value", 0.6))  # fmt: skip
    found = effect_in(rows, "SAT", 99)
    assert (found.value, found.n) == (0.3, 99)
    assert [found.low, found.high] == pytest.approx([0.2, 0.4])
    assert effect_in(rows, "IMG", 99) is None
    assert effect_in(rows[rows["group"] == "bank"], "SAT", 99) is None


#: Values recomputed from the raw files by other code (the audit of 2026; its own model of who
#: answered gives weights that differ in the third decimal, so a hundredth is the tolerance).
AUDITED = {
    "satisfied_loyal_ratio": (5.79, 4.43, 7.57, 1423),
    "satisfied_promoter_ratio": (3.13, 2.60, 3.77, 1464),
    "satisfied_complaint_ratio": (0.67, 0.38, 1.18, 1098),
    "satisfied_repurchase_ratio": (1.61, 1.29, 2.03, 1098),
}


@pytest.mark.parametrize("quantity", AUDITED)
def test_those_exactly_at_the_limit_count(quantity):
    """Three sixes of seven are satisfied from 6; 100 · 5/6 and 100 · (5/6) are not equal."""
    data = pd.read_csv(REFERENCE / "claims__limits.csv")
    data[["frequency", "age"]] = data[["frequency", "age"]]
    index = {c: 100 * (data[[f"{c}{i}" for i in (1, 2, 3)]].mean(axis=1) - 1) / 6
             for c in ("SAT", "LOY")}  # fmt: skip
    scores = data.assign(satisfaction=index["SAT"], loyalty=index["LOY"])
    customers = data.loc[data["age"].notna(), ["customer", "frequency", "age"]]
    scores = scores.drop(columns=["frequency", "age"])
    have = Evidence(scores=scores, customers=customers, satisfied_from=100 * ((6 - 1) / 6))
    found = estimate_quantity(quantity, 1, have)
    value, low, high, n = AUDITED[quantity]
    assert found.value == pytest.approx(value, abs=0.011)
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.021)
    assert found.n == n


# --- verdicts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "claimed", "verdict"),
    [
        ((1.2, 1.8), (1, None), "supported"),
        ((0.8, 1.8), (1, None), "undecided"),
        ((0.2, 0.8), (1, None), "contradicted"),
        ((0.2, 0.8), (None, 1), "supported"),
        ((1.2, 1.8), (None, 1), "contradicted"),
        ((6, 9), (5, 10), "supported"),
        ((4, 11), (5, 10), "undecided"),
        ((4, 6), (5, 10), "undecided"),
        ((11, 12), (5, 10), "contradicted"),
        ((1, 2), (5, 10), "contradicted"),
    ],
)
def test_verdict_is_where_the_interval_lies(interval, claimed, verdict):
    found = Estimate(value=np.mean(interval), low=interval[0], high=interval[1], n=9)
    assert judge_claim(found, *claimed) == verdict


@pytest.fixture(scope="module")
def answers():
    """Scores of 25,000 simulated respondents, and the ratios among 100,000 others."""
    return [promoters(*sizes) for sizes in ((25_000, 21), (100_000, 22))]


def promoters(n, seed):
    panel = simulate_panel(customers=n, respondents=n, rivals=0, seed=seed, careless_share=0.0,
                           missing_share=0.0, comment_share=0.0)  # fmt: skip
    index = {c: (panel.survey[[f"{c}1", f"{c}2", f"{c}3"]].mean(axis=1) - 1) / 0.06
             for c in ("SAT", "LOY")}  # fmt: skip
    return pd.DataFrame({"satisfaction": index["SAT"], "loyalty": index["LOY"],
                         "recommendation": panel.survey["NPS"]})  # fmt: skip


@pytest.mark.parametrize("outcome", ["recommendation", "loyalty"])
def test_true_claims_are_supported_and_false_ones_contradicted(answers, outcome):
    ours, everybody = answers
    limit = {"recommendation": 9, "loyalty": 80}[outcome]
    satisfied = everybody["satisfaction"] >= 60
    shares = [(everybody.loc[rows, outcome] >= limit).mean() for rows in (satisfied, ~satisfied)]
    true = shares[0] / shares[1]
    quantity = {"recommendation": "satisfied_promoter_ratio", "loyalty": "satisfied_loyal_ratio"}
    claims = [claim(quantity[outcome], factor * true * 0.75, factor * true * 1.25)
              for factor in (1.0, 2.0, 0.5)]  # fmt: skip
    table = check_claims(claims, Evidence(scores=ours)).table()
    assert table["verdict"].tolist() == ["supported", "contradicted", "contradicted"]


def test_true_and_false_claims_about_value():
    """The truth of bank-panel (.284 log value a point) as the link would find it."""
    have = Evidence(link=link_of(0.284, 0.24, 0.33), scale=(1, 7))
    right = claim("profit_per_satisfaction_point", 1.2, 2.2)
    bundled = "satisfaction_profit"
    table = check_claims([right, bundled], have).table()
    assert table["verdict"].tolist() == ["supported", "contradicted"]


# --- what cannot be tested ----------------------------------------------------------------------


def test_every_quantity_names_the_piece_it_lacks():
    table = check_claims(BUNDLED, Evidence()).table()
    assert (table["verdict"] == "not_testable").all()
    assert table[["estimate", "ci_low", "ci_high"]].isna().all().all()
    for lang in ("en", "zh"):
        assert all(Phrasebook(lang).term(m, "claim_missing") for m in table["missing"])


@pytest.mark.parametrize(
    ("quantity", "evidence", "piece"),
    [
        ("satisfied_loyal_ratio", Evidence(scores=pd.DataFrame({"satisfaction": [1.0]})),
         "loyalty"),
        ("satisfied_loyal_ratio",
         Evidence(scores=pd.DataFrame({"satisfaction": [70.0] * 50, "loyalty": [90.0] * 50})),
         "few"),
        ("satisfied_complaint_ratio",
         Evidence(scores=pd.DataFrame({"satisfaction": [70.0, 10.0] * 50,
                                       "complained": [0, 1] * 50})), "no_event"),
        ("satisfied_repurchase_ratio",
         Evidence(scores=pd.DataFrame({"satisfaction": [70.0] * 50}),
                  customers=pd.DataFrame({"customer": ["a"], "age": [1.0]})), "match"),
        ("profit_per_retention_point", Evidence(retention=(0.97, 0.96, 0.98)), "no_room"),
        ("profit_per_satisfaction_point",
         Evidence(scores=pd.DataFrame({"satisfaction": [70.0] * 50})), "link"),
        ("acquisition_cost_ratio", Evidence(acquisition_cost=20.0, retention_cost=0.0), "costs"),
    ],
)  # fmt: skip
def test_poor_data_are_told(quantity, evidence, piece):
    (row,) = check_claims([claim(quantity, low=1, change=5)], evidence).table().to_dict("records")
    assert row["verdict"] == "not_testable" and row["missing"] == piece


def test_a_model_without_drop_out_gives_no_retention():
    frame = pd.DataFrame({"frequency": [0, 2, 5, 1] * 9, "recency": [0, 9.0, 30, 5] * 9,
                          "age": [38.0, 38, 31, 36] * 9})  # fmt: skip
    model = fit_purchase_model(frame, "nbd")
    (row,) = check_claims(["retention_profit"], Evidence(purchase=model)).table().to_dict("records")
    assert row["missing"] == "retention"


def test_unknown_names_are_refused():
    with pytest.raises(ModelError, match="loyal_profit"):
        check_claims(["loyal_profits"], Evidence())


# --- words --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tested():
    have = evidence_of_reference(link=link_of(0.284, 0.24, 0.33), retention=(0.8, 0.7, 0.9),
                                 acquisition_cost=60.0, retention_cost=20.0)  # fmt: skip
    return check_claims(BUNDLED, have)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_summary_counts_the_verdicts(tested, lang):
    counts = tested.table()["verdict"].value_counts()
    words, book = tested.sentence(lang), Phrasebook(lang)
    for verdict, n in counts.items():
        named = book.term(verdict, "claim_verdict")
        pattern = rf"(\d+) (?:was|were) {named}" if lang == "en" else rf"(\d+) 项{named}"
        assert int(re.search(pattern, words)[1]) == n
    assert tested.facts()["counts"] == {v: int(counts.get(v, 0)) for v in tested.facts()["counts"]}


def test_facts_hold_every_claim_with_its_numbers(tested):
    facts, table = tested.facts(), tested.table().set_index("claim")
    told = [*facts["rows"], *facts["lacking"]]
    assert sorted(row["claim"] for row in told) == sorted(BUNDLED)
    for row in facts["rows"]:
        for name in ("estimate", "ci_low", "ci_high", "n", "verdict", "direction"):
            assert row[name] == table.loc[row["claim"], name]
    assert all(row["estimate"] is None and row["missing"] for row in facts["lacking"])


def test_size_and_direction_are_told_apart():
    for sign, direction in ((1, "same"), (-1, "")):
        low, high = sorted((sign * 0.24, sign * 0.33))
        have = evidence_of_reference(link=link_of(sign * 0.284, low, high))
        (row,) = check_claims(["satisfaction_profit"], have).table().to_dict("records")
        assert (row["verdict"], row["direction"]) == ("contradicted", direction)


def test_a_formula_is_a_reservation_told_with_the_studys_own_horizon():
    """Rows 84 of the audit: 27.0 % for ever and 11.7 % within three years, at r = .7932."""
    have = Evidence(retention=(0.7932, 0.78, 0.81), horizon_years=3)
    assert retention_within_horizon(5, have) == pytest.approx(11.7, abs=0.05)
    tests = check_claims(["retention_profit"], have)
    assert tests.table()["reservations"].item() == "formula"
    assert tests.table()["estimate"].item() == pytest.approx(27.0, abs=0.05)
    for lang in ("en", "zh"):
        said = Phrasebook(lang).say(Phrase("claims.reserved", tests.facts()))
        assert "11.7%" in said and "3" in said
    years = Evidence(retention=(0.7932, 0.78, 0.81), horizon_years=2.5)
    full = [
        sum((r / 1.1) ** t * (1 if t < 3 else 0.5) for t in (1, 2, 3)) for r in (0.7932, 0.8432)
    ]
    assert retention_within_horizon(5, years) == pytest.approx(100 * (full[1] / full[0] - 1))


def test_bundled_claims_speak_both_languages_and_their_sources_are_in_the_bibliography():
    tests = check_claims(BUNDLED, Evidence())
    for row in tests.facts()["lacking"]:
        assert row["label"]["zh"] != row["label"]["en"]
        keyed, attributed = row["source"], row["attributed"]
        assert keyed in bibliography_names() if keyed else attributed["en"] != attributed["zh"]
        # Words that look like a citation would be one that no reference list holds.
        assert keyed or not re.search(r"\b(1[89]|20)\d\d\b", attributed["en"])
    assert set(QUANTITIES) - set(CONDITIONS) == {"top_share"}
    assert {c["quantity"] for c in BUNDLED.values()} == {*QUANTITIES, "price_premium",
                                                         "market_share", "revenue_sum",
                                                         "share_price"}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_picture_shows_what_was_tested(tested, lang):
    axes = tested.plot(lang=lang)
    table = tested.table()
    shown = [label.get_text() for label in axes.get_yticklabels()]
    labels = table.loc[table["verdict"] != "not_testable", "label"]
    assert shown == [label.zh if lang == "zh" else str(label) for label in labels][::-1]
    points = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    assert points[0] == pytest.approx(table.set_index("claim").loc["top_fifth", "estimate"] / 80)


# --- study files --------------------------------------------------------------------------------


@pytest.fixture
def study_with(tmp_path):
    def write(lines):
        folder = tmp_path / "cdnow"
        shutil.copytree(ROOT / "data" / "cdnow", folder, dirs_exist_ok=True)
        path = folder / "study.yml"
        text = re.sub(r"(?m)^claims:.*\n?", "", path.read_text(encoding="utf-8"))
        path.write_text(f"{text}\n{lines}\n", encoding="utf-8")
        return folder

    return write


def test_claims_of_a_study_file(study_with):
    study = read_study(study_with("claims: [top_fifth, acquisition_cost]"))
    assert [(c.name, c.low, c.high, c.change) for c in study.claims] == [
        ("top_fifth", 75, 85, 20), ("acquisition_cost", 3.75, 6.25, 1)]  # fmt: skip
    assert len(read_study(study_with("claims: bundled")).claims) == len(BUNDLED)
    assert read_study(study_with("")).claims == ()
    own = "claims: {mine: {label: Half, quantity: top_share, change: 10, number: 50}}"
    (mine,) = read_study(study_with(own)).claims
    assert (mine.label, mine.low, mine.high, mine.change) == ("Half", 37.5, 62.5, 10)


def test_other_numbers_make_a_bundled_claim_the_studys_own(study_with):
    (mine,) = read_study(study_with("claims: {top_fifth: {low: 60}}")).claims
    assert (mine.low, mine.high, mine.change) == (60, None, 20)
    assert mine.label == "top_fifth" and mine.source == ""


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("claims: [topfifth]", "did you mean 'top_fifth'"),
        ("claims: {mine: {quantity: top_shar, low: 1}}", "top_share"),
        ("claims: {mine: {quantity: top_share}}", "low and high"),
        ("claims: {mine: {quantity: top_share, low: 5, high: 2}}", "low not above"),
        ("claims: {mine: {quantity: top_share, numbr: 2}}", "did you mean 'number'"),
        ("claims: {mine: {quantity: top_share, number: many}}", "a number"),
        ("claims: {mine: {quantity: top_share, low: 1, change: 0}}", "above 0"),
    ],
)
def test_faults_in_claims_are_told(study_with, lines, words):
    faults = [f for f in check_study(study_with(lines)) if f.severity == "error"]
    assert any(words in str(fault) and "claims." in fault.where for fault in faults), faults


def test_purchases_alone_test_what_they_can():
    study = read_study(ROOT / "data" / "cdnow")
    summary = summarise_transactions(ROOT / "data" / "cdnow" / "transactions.csv",
                                     customer="customer", date="date", amount="amount")  # fmt: skip
    table = check_claims(BUNDLED, gather_evidence(study, purchases=summary)).table()
    tested = table[table["verdict"] != "not_testable"]
    assert tested["claim"].tolist() == ["top_fifth"]
    spend = summary.customers["spend"].sort_values()
    exact = 100 * spend.iloc[-4714:].sum() / spend.sum()
    assert tested["estimate"].item() == pytest.approx(exact, abs=0.01)


@pytest.fixture(scope="module")
def bank():
    study = read_study(ROOT / "data" / "bank-panel")
    survey = read_survey(study)
    summary = summarise_transactions(ROOT / "data" / "bank-panel" / "transactions.csv",
                                     customer="customer", date="date", amount="amount",
                                     cost="cost", end="2025-12-31")  # fmt: skip
    return study, survey, summary, pd.read_csv(ROOT / "data" / "bank-panel" / "service.csv")


def test_evidence_of_a_study_with_answers_and_purchases(bank):
    study, survey, summary, service = bank
    have = gather_evidence(study, survey, purchases=summary, service=service, retention_cost=4.0)
    standing = have.standings["satisfied"]
    assert (standing.measure, standing.limit, standing.items) == ("SAT", 6, 3)
    assert have.scale == (1, 7)
    raw = survey.items.loc[survey.profile["brand"] == "Harbour", ["SAT1", "SAT2", "SAT3"]]
    assert have.scores["satisfaction"].to_numpy() == pytest.approx(
        100 * (raw.mean(axis=1).to_numpy() - 1) / 6, nan_ok=True
    )
    assert (have.acquisition_cost, have.retention_cost) == (20, 4)
    own = have.scores["customer"].isin(summary.customers["customer"])
    listed = have.scores["customer"].isin(service["customer"].astype(str))
    assert have.scores["complained"].notna().tolist() == (own | listed).tolist()
    complaints = set(service.loc[service["complaint"] == 1, "customer"])
    assert set(have.scores.loc[have.scores["complained"] == 1, "customer"]) <= complaints
    table = check_claims(study.claims, have).table().set_index("claim")
    assert table.loc["satisfaction_value", "missing"] == "link"
    assert table.loc["satisfied_recommend", "verdict"] == "supported"
    assert table.loc["loyal_profit", "verdict"] == "contradicted"


def test_weights_of_the_match_take_the_place_of_the_surveys(bank):
    from cx_value.value.link.match import match_answers

    study, survey, summary, _ = bank
    matched = match_answers(survey.items.assign(customer=survey.ids), summary)
    assert matched.differs
    scores = gather_evidence(study, survey, purchases=summary, match=matched).scores
    weights = matched.customers.set_index("customer")["answer_weight"]
    own = scores[scores["customer"].isin(matched.answers["customer"])]
    assert own["weight"].to_numpy() == pytest.approx(weights[own["customer"]].to_numpy())
    rest = scores.drop(own.index)
    assert rest["weight"].equals(survey.weights[rest.index])


def test_index_runs_from_0_to_100_and_skips_what_is_not_answered(bank):
    study, survey, *_ = bank
    items = survey.items.copy()
    items.loc[items.index[:40], ["LOY2", "LOY3"]] = np.nan
    survey = replace(survey, items=items)
    index = index_of(survey.items, list(study.construct("LOY").items))
    answers = survey.items[["LOY1", "LOY2", "LOY3"]]
    one = answers.notna().sum(axis=1) == 1
    assert one.any()
    assert index[one].to_numpy() == pytest.approx(100 * (answers[one].max(axis=1) - 1) / 6)
    assert index.isna().equals(answers.isna().all(axis=1))
    assert isinstance(study.claims[0].label, Text)
