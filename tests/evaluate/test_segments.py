"""Segments against mclust, a published latent class example, and worlds whose truth is known.

Log likelihoods agree with R mclust (VVI) to 1e-3 and means to 2e-3 of their size: both stop when
the gain is small, and the optimum is flat. The figures of the role conflicts and of the
slides are those that R poLCA publishes for its data sets ``values`` and ``carcinoma``.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from cx_value.base.errors import DataError
from cx_value.evaluate.segments.classes import search_classes
from cx_value.evaluate.segments.fit import fit_classes, relative_entropy
from cx_value.evaluate.segments.plan import segment_basis
from cx_value.evaluate.segments.profile import (
    ALL,
    EVERYBODY,
    SegmentProfile,
    cross_segments,
    score_segments,
    value_segments,
)
from cx_value.evaluate.segments.rfm import quintile_scores, rfm_scores
from cx_value.evaluate.segments.strategy import choose_strategies
from cx_value.evaluate.segments.truth import check_recovery, recovery
from cx_value.evaluate.segments.worth import judge_worth, tier_of
from cx_value.study import read_study, read_survey
from cx_value.study.segments import Segments
from cx_value.value.worth.draws import Future

REFERENCE = Path(__file__).parents[1] / "reference"
PANEL = Path(__file__).parents[2] / "data" / "bank-panel"
#: Answers to four questions on role conflict (Stouffer & Toby 1951; Goodman 1974): pattern, people.
VALUES = {
    "1111": 42, "1112": 23, "1121": 6, "1122": 25, "1211": 6, "1212": 24, "1221": 7, "1222": 38,
    "2111": 1, "2112": 4, "2121": 1, "2122": 6, "2211": 2, "2212": 9, "2221": 2, "2222": 20,
}  # fmt: skip
#: Seven pathologists on 118 slides, carcinoma or not (Landis & Koch 1977; Agresti 2002, p. 542).
CARCINOMA = {
    "1111111": 34, "1111211": 2, "1211111": 6, "1211112": 1, "1211211": 4, "1211212": 5,
    "2111111": 2, "2121212": 1, "2211111": 2, "2211112": 1, "2211211": 2, "2211212": 7,
    "2211222": 1, "2212112": 1, "2212212": 2, "2212222": 3, "2221212": 13, "2221222": 5,
    "2222212": 10, "2222222": 16,
}  # fmt: skip


def table_of(patterns):
    rows = [[int(c) - 1 for c in pattern] for pattern, n in patterns.items() for _ in range(n)]
    return np.array(rows, dtype=float)


def planted(n=300, seed=1, gap=3.0):
    random = np.random.default_rng(seed)
    kind = random.integers(0, 3, n)
    centres = gap * np.array([[0, 0, 0], [1, 0, 1], [0, 1, -1]])
    scores = centres[kind] + random.standard_normal((n, 3))
    return pd.DataFrame(scores, columns=list("abc"), index=range(1, n + 1)), kind


# --- fits ---------------------------------------------------------------------------------------


def test_latent_classes_give_the_published_likelihood_of_values():
    table = table_of(VALUES)
    fit = fit_classes(table, 2, method="latent_class", tolerance=1e-10)
    assert fit.log_likelihood == pytest.approx(-504.467670, abs=2e-5)
    assert fit.bic(216) == pytest.approx(1057.312846, abs=5e-5)
    assert fit.membership.mean(axis=0) == pytest.approx([0.72075, 0.27925], abs=2e-3)
    counts = np.array(list(VALUES.values()))
    saturated = (counts * np.log(counts / 216)).sum()
    assert 2 * (saturated - fit.log_likelihood) == pytest.approx(2.719922, abs=5e-5)


@pytest.mark.parametrize(
    ("classes", "log_likelihood", "bic"),
    [(1, -524.4648, 1082.324), (2, -317.2568, 706.0739), (3, -293.705, 697.1357),
     (4, -289.2858, 726.4629)],
)  # fmt: skip
def test_latent_classes_of_the_carcinoma_slides_are_those_of_polca(classes, log_likelihood, bic):
    """As printed by R poLCA, its largest likelihood of ten starts (Linzer & Lewis 2011, 6.1)."""
    fit = fit_classes(table_of(CARCINOMA), classes, method="latent_class", tolerance=1e-10)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-4)
    assert fit.bic(118) == pytest.approx(bic, abs=5e-4)
    if classes == 3:  # the shares that the paper prints
        assert fit.membership.mean(axis=0) == pytest.approx([0.4447, 0.3736, 0.1817], abs=2e-3)


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_latent_profiles_agree_with_mclust(classes):
    data = pd.read_csv(REFERENCE / "segments__faithful_data.csv")
    known = pd.read_csv(REFERENCE / "segments__profiles.csv").set_index("classes").loc[classes]
    means = pd.read_csv(REFERENCE / "segments__profile_means.csv").query("classes == @classes")
    fit = fit_classes(data.to_numpy(float), classes, tolerance=1e-9)
    assert fit.log_likelihood >= known.log_likelihood - 1e-3
    if fit.log_likelihood <= known.log_likelihood + 1e-2:  # the same optimum
        assert fit.parameters == known.parameters
        assert fit.bic(len(data)) == pytest.approx(known.bic, abs=2e-2)
        assert fit.means == pytest.approx(means[["eruptions", "waiting"]].to_numpy(), rel=2e-3)
        assert fit.membership.mean(axis=0) == pytest.approx(means.share.to_numpy(), abs=2e-3)


def test_with_gaps_the_likelihood_is_that_of_the_answers_given():
    table = planted()[0].to_numpy(copy=True)
    table[::7, 1] = np.nan
    fit = fit_classes(table, 1)
    known = [column[~np.isnan(column)] for column in table.T]
    direct = sum(-len(x) / 2 * (np.log(2 * np.pi * x.var()) + 1) for x in known)
    assert fit.log_likelihood == pytest.approx(direct, abs=1e-4)
    assert fit.means[0] == pytest.approx([x.mean() for x in known])


def test_a_weight_of_two_is_a_row_twice():
    table = planted(n=120)[0].to_numpy()
    weights = np.where(np.arange(120) < 40, 2.0, 1.0)
    twice = np.vstack([table, table[:40]])
    one, other = fit_classes(table, 2, weights=weights), fit_classes(twice, 2)
    assert one.means == pytest.approx(other.means, abs=2e-2)


def test_a_class_that_shrinks_to_a_point_is_told():
    random = np.random.default_rng(3)
    table = np.column_stack([np.repeat([1.0, 2.0, 3.0, 4.0], 50), random.standard_normal(200)])
    assert fit_classes(table, 4, starts=3).degenerate


def test_entropy_is_nan_for_one_class_and_zero_where_nothing_is_known():
    assert np.isnan(relative_entropy(np.ones((4, 1))))
    assert relative_entropy(np.full((4, 2), 0.5)) == pytest.approx(0)


# --- how many, and who --------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["latent_profile", "k_means"])
def test_planted_segments_are_found(method):
    scores, kind = planted()
    found = search_classes(scores, method=method, most=4, draws=8, seed=1)
    assert found.number == 3
    assert adjusted_rand_score(kind, found.segment) > 0.9
    assert found.facts()["stability"] > 0.8
    agreed = recovery(pd.Series(kind, scores.index), found.segment, draws=50, seed=1,
                      confidence=0.95)  # fmt: skip
    assert agreed.low <= agreed.ari <= agreed.high
    assert agreed.correct > 0.95


def test_one_cloud_is_not_cut():
    scores = pd.DataFrame(np.random.default_rng(2).standard_normal((400, 3)))
    found = search_classes(scores, most=3, draws=5, seed=1)
    assert found.number == 1
    assert set(found.segment) == {"segment_1"}


def test_the_order_of_rows_changes_no_partition():
    scores, _ = planted()
    one = search_classes(scores, most=3, draws=3, seed=1)
    other = search_classes(scores.iloc[::-1], most=3, draws=3, seed=1)
    assert adjusted_rand_score(one.segment, other.segment.loc[one.segment.index]) > 0.97


@pytest.mark.parametrize(
    "scores", [planted(n=60)[0], planted()[0].assign(b=1.0), planted()[0][["a"]]]
)
def test_what_cannot_be_parted_is_refused(scores):
    with pytest.raises(DataError, match=r"No segments .* · allowed: .* · do: "):
        search_classes(scores)


# --- RFM ----------------------------------------------------------------------------------------


def test_quintiles_are_those_of_pandas_where_there_are_no_ties():
    values = pd.Series(np.random.default_rng(4).permutation(1000))
    assert quintile_scores(values).tolist() == (pd.qcut(values, 5, labels=False) + 1).tolist()
    reverse = quintile_scores(values, high_is_good=False)
    assert (reverse + quintile_scores(values) == 6).all()


def test_rfm_of_cdnow_does_not_hang_on_the_order_of_customers():
    log = pd.read_csv(REFERENCE.parents[1] / "data/cdnow/sample.csv", sep=None, engine="python")
    frame = pd.DataFrame({
        "customer": range(len(log)), "frequency": np.arange(len(log)) % 7,
        "recency": np.arange(len(log)) % 11, "age": 30.0, "spend": np.arange(len(log)) % 13,
    })  # fmt: skip
    one = rfm_scores(frame)
    other = rfm_scores(frame.sample(frac=1, random_state=1)).loc[one.index]
    assert one.equals(other)
    for name, column in (("frequency_score", "frequency"), ("money_score", "spend")):
        same = one.groupby(frame.set_index("customer")[column])[name].nunique()
        assert (same == 1).all()


# --- worth --------------------------------------------------------------------------------------


def futures(n=50, draws=40, seed=5):
    random = np.random.default_rng(seed)
    for _ in range(draws):
        alive = random.random(n) < 0.8
        yield Future(alive * random.gamma(2, 10, n), alive, np.full(n, 0.02))


def test_tiers_by_rank_with_nothing_in_the_low_one():
    assert tier_of(np.zeros(5), 0.2, 0.3).tolist() == [2] * 5
    assert np.bincount(tier_of(np.arange(1.0, 101), 0.2, 0.3)).tolist() == [20, 30, 50]


def test_loss_and_value_at_risk_are_those_of_the_draws():
    value = pd.Series(np.arange(50.0, 0, -1), [f"c{k}" for k in range(50)])
    found = judge_worth(value, futures(), high=0.2, middle=0.3, time=52, years=1,
                        watch=value.index)  # fmt: skip
    drawn, lost = list(futures()), -np.expm1(-0.02 * 52)
    gone = np.mean([1 - f.alive * (1 - lost) for f in drawn])
    risk = np.mean([f.value.sum() * lost for f in drawn])
    row = found.table().set_index("tier").loc["tier_all"]
    assert row.churn == pytest.approx(gone)
    assert row.at_risk == pytest.approx(risk)
    assert row.churn_low < row.churn < row.churn_high
    tiers = found.table().iloc[:3]
    assert tiers.customers.tolist() == [10, 15, 25]
    assert tiers.at_risk.sum() == pytest.approx(row.at_risk)
    assert tiers.value_share.sum() == pytest.approx(1)
    everybody = pd.Series("segment_1", value.index)
    by = value_segments(found, everybody, None).set_index("segment")
    assert by.loc["segment_1", "at_risk"] == pytest.approx(risk / 50)
    assert by.loc["segment_1", "churn"] == pytest.approx(gone)


def test_a_model_without_loss_predicts_none():
    value = pd.Series(np.arange(1.0, 51), range(50))
    found = judge_worth(value, futures(), high=0.2, middle=0.3, time=52, years=1,
                        loss_known=False)  # fmt: skip
    assert found.table().churn.isna().all()
    assert not found.facts()["loss_known"]


# --- profile and strategy -----------------------------------------------------------------------


def test_means_of_segments_are_weighted_and_differences_add_up():
    scores = pd.DataFrame({"A": [10.0, 20.0, 60.0, 80.0]}, index=[1, 2, 3, 4])
    segment = pd.Series(["x", "x", "y", "y"], scores.index)
    weights = pd.Series([1.0, 3.0, 2.0, 2.0], scores.index)
    found = score_segments(scores, segment, weights, confidence=0.95).set_index("segment")
    assert found.loc["x", "mean"] == pytest.approx(17.5)
    assert found.loc["y", "mean"] == pytest.approx(70)
    assert found.loc[ALL, "mean"] == pytest.approx(43.75)
    assert 4 * found.loc["x", "difference"] + 4 * found.loc["y", "difference"] == pytest.approx(0)


def test_cells_below_the_minimum_are_pooled():
    parts = {
        "segment": pd.Series(["a"] * 9 + ["b"] * 3),
        "tier": pd.Series(["x"] * 5 + ["y", "z", "u", "v"] + ["x"] * 3),
    }
    found = cross_segments(parts, minimum=4)
    assert found.to_numpy().tolist() == [["a", "x", 5], ["a", "rest", 4]]


def profile(satisfaction=70.0, loyalty=70.0, value=100.0, churn=0.3, fair=70.0, stage="retain"):
    def scored(segment, shift):
        numbers = {"SAT": satisfaction, "LOY": loyalty, "PRI": fair, "L1": 50.0, "L2": 80.0}
        return [
            {"segment": segment, "measure": name, "n": 100, "mean": mean + shift,
             "low": mean + shift - 2, "high": mean + shift + 2, "difference": shift, "clear": False}
            for name, mean in numbers.items()
        ]  # fmt: skip

    def row(segment, kind, value, churn):
        return {
            "segment": segment, "kind": kind, "n": 100, "share": 0.5, "stage": stage,
            "stage_share": 0.6, "value": value, "value_low": value - 5, "value_high": value + 5,
            "churn": churn, "churn_low": churn - 0.02, "churn_high": churn + 0.02,
        }  # fmt: skip

    rows = [row("segment_1", "class", value, churn), row(ALL, "class", 100.0, 0.3)]
    rows += [row(EVERYBODY, "tier", 60.0, 0.5)]
    return SegmentProfile(
        n_used=100, method="", rows=pd.DataFrame(rows), satisfaction="SAT", loyalty="LOY",
        scores=pd.DataFrame(scored("segment_1", 0.0) + scored(ALL, 1.0)), years=1,
    )  # fmt: skip


MAP = pd.DataFrame({
    "lever": ["L1", "L2"], "importance": [0.3, 0.4], "importance_cross": 0.2,
    "performance_cross": 60.0,
})  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "rule", "verdict", "measure", "limit"),
    [
        ({"satisfaction": 55.0}, "service", "responsive", "SAT", 60),
        ({"churn": 0.4}, "service", "predictive", "churn", 30),
        ({"loyalty": 80.0}, "service", "co_creating", "LOY", 75),
        ({}, "service", "personalised", "LOY", 75),
        ({"churn": 0.4, "value": 50.0}, "service", "personalised", "LOY", 75),
        ({}, "driver", "L1", "L1", 60),
        ({"stage": "attract"}, "lifecycle", "second_purchase", "attract", None),
        ({"stage": "lapsed"}, "lifecycle", "win_back", "lapsed", None),
        ({"value": 130.0}, "value", "cherish", "value", 100),
        ({"value": 130.0, "churn": 0.4}, "value", "save", "churn", 30),
        ({"churn": 0.4}, "value", "save", "churn", 30),
        ({"churn": 0.4, "value": 50.0}, "value", "frugal", "churn", 30),
        ({}, "value", "serve", "value", 100),
        ({}, "pricing", "room", "PRI", 60),
        ({"fair": 61.0}, "pricing", "hold", "PRI", 60),
        ({"fair": 50.0}, "pricing", "no_room", "PRI", 60),
    ],
)
def test_every_rule_speaks_by_its_number(changes, rule, verdict, measure, limit):
    rules = Segments(price_fairness="PRI")
    rows = choose_strategies(profile(**changes), rules, MAP).triggers()
    row = rows[(rows.segment == "segment_1") & (rows.rule == rule)].iloc[0]
    assert (row.verdict, row.measure) == (verdict, measure)
    if limit is not None:
        assert row.limit == pytest.approx(limit)
        below = row.relation == "below"
        assert below == (row.estimate < row.limit) or row.relation == "near"


def test_rules_without_numbers_say_nothing():
    rows = choose_strategies(profile(), Segments(), None).triggers()
    assert set(rows.rule) == {"service", "lifecycle", "value"}


@pytest.mark.parametrize(
    ("churn", "value", "measure", "relation"),
    [(0.1, 100.0, "churn", "below"), (0.3, 100.0, "churn", "near"), (0.5, 50.0, "value", "below")],
)
def test_by_purchases_alone_the_relation_is_that_of_the_interval(churn, value, measure, relation):
    asked = profile(churn=churn, value=value)
    alone = replace(asked, scores=pd.DataFrame(columns=asked.scores.columns),
                    satisfaction=None, loyalty=None)  # fmt: skip
    rows = choose_strategies(alone, Segments(), None).triggers()
    row = rows[(rows.segment == "segment_1") & (rows.rule == "service")].iloc[0]
    assert (row.verdict, row.measure, row.relation) == ("personalised", measure, relation)
    above, below = row.low > row.limit, row.high < row.limit
    assert relation == ("above" if above else "below" if below else "near")


def test_on_bank_panel_the_planted_segments_are_found_as_well_as_by_who_knows_them():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    study = read_study(PANEL)
    basis = segment_basis(study, read_survey(study))
    found = search_classes(basis, most=3, draws=2, seed=study.options.seed)
    agreed = check_recovery(study, found, draws=200)
    assert (found.number, agreed.facts()["planted"]) == (3, 3)
    assert 0.6 < agreed.low < agreed.ari < agreed.high and agreed.correct > 0.85
    members = json.loads((PANEL / "truth.json").read_text("utf-8"))["segments"]["members"]
    whole = basis.dropna()
    kinds = [members[row - 1] for row in whole.index]
    told = LinearDiscriminantAnalysis().fit(whole, kinds).predict(whole)
    best = adjusted_rand_score(kinds, told)
    assert agreed.low < best < agreed.high
