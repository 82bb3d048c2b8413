"""Index, grades and fuzzy evaluation: published numbers, hand calculations, properties.

ECSI: worked by hand from the data (means of items, 8 decimals); seminr's outer weights as printed,
so that the PLS-weighted index agrees to 1e-5. Fuzzy: a textbook case (e-com-net article
1276296104417181696, MATLAB) for M(∧, ∨), the other operators by hand.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cx_value.base.errors import DataError
from cx_value.evaluate.fuzzy import OPERATORS, evaluate_fuzzily, grade_centres, grade_membership
from cx_value.evaluate.groups import _parted, index_groups
from cx_value.evaluate.index import (
    construct_indices,
    grade_of,
    index_experience,
    node_indices,
    weighted_mean_of_items,
)
from cx_value.evaluate.resamples import draw_resamples
from cx_value.evaluate.setting import (
    ModelBasis,
    prepare_evaluation,
    scale_reservations,
    weigh_constructs,
)
from cx_value.study import read_study, read_survey
from cx_value.study.customers import count_customers, own_customers
from cx_value.study.indicators import GRADES
from cx_value.study.latents import structural_syntax

DATA = Path(__file__).parents[2] / "data"
NOTHING = ModelBasis(constructs={}, items={}, left_out=(), target="")


@pytest.fixture(scope="module")
def ecsi():
    study = read_study(DATA / "ecsi-mobile")
    return prepare_evaluation(study, read_survey(study), draws=1000)


@pytest.fixture(scope="module")
def ecsi_index(ecsi):
    weights = weigh_constructs(ecsi, NOTHING)
    index = index_experience(
        ecsi.scores, ecsi.axis, weights, GRADES, reservations=scale_reservations(ecsi)
    )
    return weights, index


def test_indices_of_the_ecsi_survey(ecsi_index):
    table = ecsi_index[1].table().set_index("node")
    wanted = {"IMAG": 72.631111, "CUEX": 72.355556, "PERQ": 74.590476, "PERV": 61.511111,
              "CUSA": 71.970370, "CUSL": 63.362963}  # fmt: skip
    assert table["index"].loc[list(wanted)].to_dict() == pytest.approx(wanted, abs=1e-6)
    # The exact error of a mean, SD / sqrt n, against 1,000 draws: 7 % is three errors of that.
    assert table.loc["CUSA", "se"] == pytest.approx(14.724071 / np.sqrt(250), rel=0.07)
    assert table.loc["CUSA", "low"] < 71.97 < table.loc["CUSA", "high"]


def test_grade_probability_is_near_the_normal_one(ecsi_index):
    row = ecsi_index[1].table().set_index("node").loc["CUSA"]
    assert row["grade"] == "good"
    assert row["probability"] == pytest.approx(norm.cdf(2.1158), abs=0.02)
    assert row[["p_excellent", "p_good", "p_fair", "p_poor"]].sum() == pytest.approx(1)


def test_a_weak_scale_leaves_its_reservation_on_the_whole(ecsi_index):
    table = ecsi_index[1].table().set_index("node")
    assert table["reservations"].loc[["CUEX", "EXPERIENCE", "CUSL"]].tolist() == ["reliability"] * 3
    assert "α of CUEX = .43" in ecsi_index[1].sentence("en")


def test_model_weights_are_divided_by_the_items_deviations(ecsi):
    standardised = np.array([0.364865, 0.383156, 0.450961])
    points = ecsi.scores.items[["CUSA1", "CUSA2", "CUSA3"]]
    raw = standardised / points.std().to_numpy()
    raw = raw / raw.sum()
    assert raw == pytest.approx([0.383634, 0.281550, 0.334816], abs=1e-6)
    means = weighted_mean_of_items(draw_resamples(250, 0, seed=1), ecsi.scores.items.to_numpy())
    own = {"CUSA": raw[None, :]}
    names = list(ecsi.scores.items.columns)
    found = construct_indices(means, names, ecsi.hierarchy, own)
    assert found["CUSA"][0] == pytest.approx(72.454118, abs=1e-5)


def test_pls_item_weights_are_those_of_seminr(ecsi):
    from cx_value.evaluate.setting import weights_of_models

    small = prepare_evaluation(ecsi.study, ecsi.survey, draws=20)
    fit = None
    basis = weights_of_models(small, fit, None, small.item_moments())
    assert [entry["reason"] for entry in basis.left_out] == ["no_model", "no_model"]


def test_model_weights_of_the_items_move_the_index_of_the_ecsi_survey():
    study = read_study(DATA / "ecsi-mobile")
    setting = prepare_evaluation(study, read_survey(study), draws=30)
    from cx_value.evaluate.index import index_study
    from cx_value.evaluate.setting import weights_of_models
    from cx_value.sem import fit_model

    fit = fit_model(structural_syntax(study, study.model("fallback")), setting.survey.items)
    basis = weights_of_models(setting, fit, None, setting.item_moments())
    weights = weigh_constructs(setting, basis)
    index = index_study(setting, weights)
    other = index_study(setting, weights, item_weights=basis.item_weights("pls"))
    # seminr 0.2.1, the same model: 72.454118.
    assert other.draws["CUSA"][0] == pytest.approx(72.454118, abs=2e-4)
    table = index.beside(other).set_index("node")
    assert table.loc["CUSA", "difference"] == pytest.approx(72.454118 - 71.970370, abs=2e-4)
    assert weights.left_out[0]["indicators"] == ["IMAG"]


def test_dimension_indices_weigh_their_own_constructs(ecsi):
    constructs = {"A": np.array([60.0]), "B": np.array([80.0]), "C": np.array([50.0])}
    from cx_value.evaluate.hierarchy import Hierarchy

    tree = Hierarchy(
        children={"D": ("A", "B"), "ALL": ("D", "C")}, root="ALL",
        items={"A": ("a",), "B": ("b",), "C": ("c",)},
    )  # fmt: skip
    found = node_indices(constructs, np.array([[0.3, 0.1, 0.6]]), tree)
    assert found["D"][0] == pytest.approx(65.0)
    assert found["ALL"][0] == pytest.approx(0.3 * 60 + 0.1 * 80 + 0.6 * 50)


def test_case_weights_enter_as_repeated_rows():
    points = np.array([[0.0, 50.0], [100.0, np.nan], [50.0, 100.0]])
    weighted = weighted_mean_of_items(draw_resamples(3, 0, seed=0, weights=[1, 3, 2]), points)
    repeated = np.repeat(points, [1, 3, 2], axis=0)
    assert weighted[0] == pytest.approx(np.nanmean(repeated, axis=0))


@pytest.mark.parametrize("weights", [[1, -1, 1], [0, 0, 0], [1, np.nan, 1]])
def test_impossible_case_weights_are_refused(weights):
    with pytest.raises(DataError, match="case weights that are missing, negative or all 0"):
        draw_resamples(3, 5, seed=0, weights=weights)


def test_grade_of_the_cut_itself_and_of_the_ends():
    assert grade_of(np.array([80.0]), GRADES)["grade"] == "excellent"
    assert grade_of(np.array([79.999]), GRADES)["grade"] == "good"
    assert grade_of(np.array([0.0]), GRADES)["grade"] == "poor"
    found = grade_of(np.array([81.0, 79.0, 81.0, 82.0, 78.0]), GRADES)
    assert (found["probability"], found["second_probability"]) == (0.5, 0.5)
    assert found["second"] == "good"


# Groups
def test_bank_groups_are_told_from_the_rest():
    study = read_study(DATA / "bank-panel")
    setting = prepare_evaluation(study, read_survey(study), draws=200)
    weights = weigh_constructs(setting, NOTHING)
    found = index_groups(setting, weights)
    brands = found.brands()
    assert set(brands["group"]) == {"Harbour", "Meridian", "Northgate", "Summit"}
    gaps = found.gaps().set_index("node")
    # The truth: Meridian stands out in image, Northgate in price fairness.
    assert gaps.loc["IMG", ["rival", "ahead"]].tolist() == ["Meridian", "no"]
    assert gaps.loc["PRI", "rival"] == "Northgate" and gaps.loc["PRI", "gap"] < 0
    own = brands[(brands["group"] == "Harbour") & (brands["node"] == "IMG")].iloc[0]
    assert gaps.loc["IMG", "index"] == own["index"]
    scarce = study.model_copy(
        update={"evaluation": study.evaluation.model_copy(update={"minimum_group": 200})}
    )
    less = prepare_evaluation(scarce, read_survey(study), draws=20)
    few = index_groups(less, weigh_constructs(less, NOTHING))
    assert {s["group"] for s in few.small} >= {"Meridian", "Northgate", "Summit"}
    assert "Meridian" in few.sentence("en") and "Meridian" in few.sentence("zh")


@pytest.mark.parametrize(
    ("sizes", "withheld"),
    [
        ((50, 12, 30), {"b": "small", "c": "complementary"}),
        ((50, 20, 20), {"b": "small", "c": "small"}),
        ((50, 30, 40), {}),
        ((50, 12), {"b": "small", "a": "complementary"}),
    ],
)
def test_no_small_group_is_left_over_when_the_others_are_taken_off(sizes, withheld):
    who = np.repeat(list("abc")[: len(sizes)], sizes)
    large, left_out = _parted("x", {name: who == name for name in dict.fromkeys(who)}, 30)
    assert {entry["group"]: entry["why"] for entry in left_out} == withheld
    rest = len(who) - sum(int(select.sum()) for select in large.values())
    assert rest == 0 or (rest >= 30 and len(left_out) > 1)


# Fuzzy evaluation
CLOTHES = np.array(
    [[0.2, 0.5, 0.2, 0.1], [0.7, 0.2, 0.1, 0], [0, 0.4, 0.5, 0.1], [0.2, 0.3, 0.5, 0]]
)
HELP = np.array([[0.2, 0.5, 0.3, 0], [0.1, 0.3, 0.5, 0.1], [0, 0.1, 0.6, 0.3], [0, 0.4, 0.5, 0.1],
                 [0.5, 0.3, 0.2, 0]])  # fmt: skip
A1, A2 = [0.1, 0.2, 0.3, 0.4], [0.4, 0.35, 0.15, 0.1]
A3 = [0.1, 0.1, 0.15, 0.3, 0.35]


@pytest.mark.parametrize(
    ("operator", "weights", "relation", "wanted"),
    [
        ("min_max", A1, CLOTHES, [0.2, 0.3, 0.4, 0.1]),
        ("min_max", A2, CLOTHES, [0.35, 0.4, 0.2, 0.1]),
        ("product_max", A1, CLOTHES, [0.14, 0.12, 0.20, 0.03]),
        ("min_sum", A1, CLOTHES, [0.5, 0.9, 0.9, 0.2]),
        ("weighted_average", A1, CLOTHES, [0.24, 0.33, 0.39, 0.04]),
        ("product_max", A2, CLOTHES, [0.245, 0.2, 0.08, 0.04]),
        ("min_sum", A2, CLOTHES, [0.65, 0.85, 0.55, 0.2]),
        ("weighted_average", A2, CLOTHES, [0.345, 0.36, 0.24, 0.055]),
        ("weighted_average", A3, HELP, [0.205, 0.32, 0.39, 0.085]),
        ("min_max", A3, HELP, [0.35, 0.3, 0.3, 0.15]),
        ("product_max", A3, HELP, [0.175, 0.12, 0.15, 0.045]),
        ("min_sum", A3, HELP, [0.55, 0.9, 0.85, 0.35]),
    ],
)
def test_operators_of_the_textbook(operator, weights, relation, wanted):
    assert OPERATORS[operator](np.array(weights), relation) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", ["frequencies", "triangular", "trapezoidal", "gaussian"])
def test_every_answer_belongs_to_the_grades_in_all(kind):
    points = np.append(np.linspace(0, 100, 41), np.nan)
    held = grade_membership(points, GRADES, kind)
    assert held[:-1].sum(axis=1) == pytest.approx(1)
    assert np.isnan(held[-1]).all() and (held[:-1] >= 0).all()
    centres = grade_centres(GRADES)
    assert grade_membership(centres, GRADES, kind).argmax(axis=1).tolist() == [0, 1, 2, 3]
    if kind != "gaussian":
        assert np.diag(grade_membership(centres, GRADES, kind)) == pytest.approx(1)


def test_fuzzy_scores_of_the_ecsi_survey(ecsi, ecsi_index):
    weights, index = ecsi_index
    found = evaluate_fuzzily(ecsi, index, weights.weights)
    table = found.table()
    names = [f"m_{grade.name}" for grade in GRADES]
    assert table[names].sum(axis=1).to_numpy() == pytest.approx(1)
    own = ecsi.scores.items[["PERV1", "PERV2"]].to_numpy()
    counted = [((own >= 80).mean(), ((own >= 70) & (own < 80)).mean())]
    row = table[(table["operator"] == "weighted_average") & (table["node"] == "PERV")].iloc[0]
    assert (row["m_excellent"], row["m_good"]) == pytest.approx(counted[0])
    assert row["score"] == pytest.approx(row[names].to_numpy(dtype=float) @ grade_centres(GRADES))
    assert not found.facts()["operators_agree"]


def test_a_turned_construct_counts_the_other_way(ecsi):
    study = ecsi.study
    turned = tuple(
        c.model_copy(update={"direction": "-"}) if c.name == "PERV" else c for c in study.constructs
    )
    other = prepare_evaluation(
        study.model_copy(update={"constructs": turned}), ecsi.survey, draws=5
    )
    pd.testing.assert_series_equal(
        other.scores.constructs["PERV"], 100 - ecsi.scores.constructs["PERV"]
    )


def test_weights_and_index_are_those_of_the_own_brand_alone():
    study = read_study(DATA / "bank-panel")
    survey = read_survey(study)
    own = survey.rows(survey.items.index[survey.profile["brand"].astype(str) == "Harbour"])
    whole = prepare_evaluation(study, survey, draws=20)
    alone = prepare_evaluation(study, own, draws=20)
    assert whole.survey.n == alone.survey.n < survey.n and whole.whose == "Harbour"
    a, b = (weigh_constructs(s, NOTHING) for s in (whole, alone))
    assert a.methods["critic"] == pytest.approx(b.methods["critic"], abs=0)
    assert list(whole.rivals) == ["Meridian", "Northgate", "Summit"] and not alone.rivals
    counted = count_customers(study, survey)
    assert counted.table().n.sum() == survey.n
    assert all(name in counted.sentence("zh") for name in ("Harbour", "Meridian", "Summit"))
    with pytest.raises(DataError, match="own brand"):
        own_customers(study, survey.rows(survey.items.index.difference(own.items.index)))


def test_drivers_index_and_model_draw_the_same_respondents():
    from cx_value.evaluate.drivers.resampled import _counts
    from cx_value.evaluate.resamples import _listed_counts, _listed_rows
    from cx_value.sem import fit_model

    drawn = np.concatenate(list(_counts(200, 30, np.random.default_rng(7))))
    assert np.array_equal(drawn, _listed_counts(200, 30, 7))
    items = read_survey(read_study(DATA / "ecsi-mobile")).items[["CUSA1", "CUSA2", "CUSA3"]]
    refits = fit_model("CUSA =~ CUSA1 + CUSA2 + CUSA3", items).bootstrap(25, seed=7)
    assert np.array_equal(refits.rows, _listed_rows(len(items), 25, 7))
