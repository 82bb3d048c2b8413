"""Weights of indicators against published examples and independent programs.

Published numbers and R ahpsurvey: tests/reference/evaluation__published.csv (8 decimals). AHPy 2.1
prints 10 decimals but stops its own completion early: 2e-7. pymcdm 1.4.0: 1e-12. R's friedman.test:
1e-10.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_value.base.errors import DataError
from cx_value.evaluate.hierarchy import Hierarchy
from cx_value.evaluate.resamples import draw_resamples, moments_of
from cx_value.evaluate.scores import scale_observed
from cx_value.evaluate.weights.comparison import rank_correlation, rank_weights
from cx_value.evaluate.weights.experts import weigh_by_experts
from cx_value.evaluate.weights.groups import (
    aggregate_judgements,
    aggregate_priorities,
    kendall_w,
    outlying,
)
from cx_value.evaluate.weights.objective import OBJECTIVE, combine_weights, weigh_columns
from cx_value.evaluate.weights.pairwise import (
    complete_matrix,
    consistency_index,
    consistency_ratio,
    geometric_mean_priorities,
    judgement_to_change,
    log_least_squares,
    principal_eigenvector,
)

REFERENCE = Path(__file__).parents[1] / "reference"
HOUSE = """1 5 3 7 6 6 1/3 1/4 | 1/5 1 1/3 5 3 3 1/5 1/7 | 1/3 3 1 6 3 4 6 1/5 |
1/7 1/5 1/6 1 1/3 1/4 1/7 1/8 | 1/6 1/3 1/3 3 1 1/2 1/5 1/6 | 1/6 1/3 1/4 4 2 1 1/5 1/6 |
3 5 1/6 7 5 5 1 1/2 | 4 7 5 8 6 6 2 1"""
SURVEY = np.array([
    [5, 4, 3, 7], [6, 5, 2, 6], [4, 4, 4, 5], [7, 6, 1, 7], [3, 2, 5, 4], [5, 5, 3, 6],
    [6, 6, 2, 7], [2, 3, 6, 3], [4, 5, 4, 5], [5, 3, 3, 6], [7, 7, 2, 7], [3, 4, 5, 4],
], dtype=float)  # fmt: skip
TURNED = np.where(np.arange(4) == 2, 8 - SURVEY, SURVEY)


def matrix(text):
    return np.array([[float(Fraction(x)) for x in row.split()] for row in text.split("|")])


def from_upper(values, n):
    out = np.eye(n)
    out[np.triu_indices(n, 1)] = values
    return np.where(out > 0, out, 1 / np.where(out.T > 0, out.T, 1))


MATRICES = {
    "house": matrix(HOUSE),
    "city": from_upper([1 / 5, 3, 1 / 2, 5, 7, 1, 7, 1 / 4, 3, 7], 5),
}


@pytest.mark.parametrize("case", MATRICES)
def test_eigenvector_and_consistency_as_published(case):
    a = MATRICES[case]
    w, largest = principal_eigenvector(a)
    found = {f"w{k}": v for k, v in enumerate(w, 1)} | {
        "lambda_max": largest, "consistency_index": consistency_index(largest, len(a)),
        "consistency_ratio": consistency_ratio(largest, len(a)),
    }  # fmt: skip
    wanted = pd.read_csv(REFERENCE / "evaluation__published.csv")
    for row in wanted[wanted["case"].eq(case) & wanted["quantity"].isin(found)].itertuples():
        assert found[row.quantity] == pytest.approx(row.value, abs=float(row.tolerance) * 2), row


def test_priorities_and_ratio_as_ahpy():
    names = ("coffee", "wine", "tea", "beer", "soda", "milk", "water")
    upper = [9, 5, 2, 1, 1, 1 / 2, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 4, 1 / 3, 1 / 9,
             1 / 2, 1, 1 / 3, 2, 1 / 2, 1 / 3]  # fmt: skip
    nan = float("nan")
    open_matrix = np.array(
        [[1, 1, 5, 2], [1, 1, 3, 4], [1 / 5, 1 / 3, 1, nan], [1 / 2, 1 / 4, nan, 1]]
    )
    cases = {"drinks": (names, from_upper(upper, 7)),
             "incomplete": (("a", "b", "c", "d"), complete_matrix(open_matrix))}  # fmt: skip
    wanted = pd.read_csv(REFERENCE / "evaluation__pairwise.csv")
    wanted = wanted[wanted["random_index"] == "dd"].set_index(["case", "name"])["value"]
    for case, (labels, a) in cases.items():
        w, largest = principal_eigenvector(a)
        assert w == pytest.approx([wanted[case, name] for name in labels], abs=2e-7)
        ratio = consistency_ratio(largest, len(a), "donegan_dodd")
        assert ratio == pytest.approx(wanted[case, "consistency_ratio"], abs=1e-8)


@given(st.integers(3, 7), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_matrix_made_of_weights_gives_them_back(n, seed):
    w = np.random.default_rng(seed).dirichlet(np.ones(n)) + 0.02
    w /= w.sum()
    a = w[:, None] / w[None, :]
    found, largest = principal_eigenvector(a)
    assert found == pytest.approx(w, abs=1e-10)
    assert geometric_mean_priorities(a) == pytest.approx(w, abs=1e-12)
    assert consistency_ratio(largest, n) == pytest.approx(0, abs=1e-9)
    assert judgement_to_change(a) is None
    a[0, n - 1] = a[n - 1, 0] = np.nan
    assert log_least_squares(a) == pytest.approx(w, abs=1e-9)
    assert complete_matrix(a)[0, n - 1] == pytest.approx(w[0] / w[n - 1], rel=1e-4)


def test_the_judgement_to_change_is_the_one_that_was_spoilt():
    w = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    a = w[:, None] / w[None, :]
    a[1, 3], a[3, 1] = 1 / 9, 9.0
    found = judgement_to_change(a)
    assert (found["row"], found["column"], found["new"]) == (1, 3, 3.0)
    assert found["ratio"] < 1e-6 < consistency_ratio(principal_eigenvector(a)[1], 5)


def test_two_criteria_have_no_consistency_ratio():
    assert np.isnan(consistency_ratio(np.float64(2.0), 2))


def test_groups_by_judgements_and_by_priorities():
    three = np.array([
        from_upper([3, 5, 3], 3), from_upper([2, 4, 2], 3), from_upper([1 / 2, 3, 5], 3),
    ])  # fmt: skip
    joined = aggregate_judgements(three)
    assert joined[np.triu_indices(3, 1)] == pytest.approx([1.44224957, 3.91486764, 3.10723251])
    w, largest = principal_eigenvector(joined)
    assert w == pytest.approx([0.50774393, 0.36827312, 0.12398295], abs=1e-8)
    assert largest == pytest.approx(3.00203, abs=1e-5)
    own = principal_eigenvector(three)[0]
    assert aggregate_priorities(own) == pytest.approx(w, abs=1e-8)  # an identity for n = 3
    assert aggregate_priorities(own, mean="arithmetic") == pytest.approx(
        [0.50580326, 0.37518378, 0.11901296], abs=1e-8
    )
    assert joined * joined.T == pytest.approx(np.ones((3, 3)))


def test_concordance_with_and_without_ties_as_r():
    wanted = pd.read_csv(REFERENCE / "evaluation__concordance.csv").set_index("case")
    raters = {
        "plain": [[1, 2, 3, 4, 5], [1, 3, 2, 4, 5], [2, 1, 3, 5, 4], [1, 2, 4, 3, 5]],
        "ties": [[3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3],
                 [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4],
                 [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2]],
    }  # fmt: skip
    for case, ranks in raters.items():
        found = kendall_w(np.array(ranks, dtype=float))
        for name in ("w", "chi_squared", "df", "p"):
            assert getattr(found, name) == pytest.approx(wanted.loc[case, name], rel=1e-10)
    with pytest.raises(DataError, match="1 raters of 3 objects"):
        kendall_w(np.array([[1.0, 2, 3]]))


def test_an_outlying_expert_needs_others_to_lie_out_of():
    assert outlying(np.array([0.2, 0.3, 0.25, 0.28, 2.0])).tolist() == [False] * 4 + [True]
    assert not outlying(np.array([0.1, 5.0, 0.2])).any()


# Weights that the answers give
CASES = {
    ("entropy", "raw"): SURVEY,
    ("entropy", "min_max_shifted"): scale_observed(SURVEY) + 0.01,
    ("critic", "min_max"): scale_observed(SURVEY),
    ("critic", "min_max_turned"): scale_observed(TURNED),
}


@pytest.mark.parametrize("case", CASES)
def test_data_weights_as_pymcdm(case):
    wanted = pd.read_csv(REFERENCE / "evaluation__objective.csv").set_index(["method", "scaling"])
    found = weigh_columns(CASES[case], case[0])
    assert found == pytest.approx(wanted.loc[case, "weight"].to_numpy(), abs=1e-12)


@pytest.mark.parametrize(
    ("method", "values", "wanted"),
    [
        ("entropy", scale_observed(SURVEY), [0.25085301, 0.24319522, 0.28200308, 0.22394869]),
        ("entropy", (SURVEY - 1) / 6, [0.20761387, 0.19046517, 0.49963436, 0.10228659]),
        ("variation", SURVEY, [0.24900149, 0.23715798, 0.33156053, 0.18228000]),
        ("variation", TURNED, [0.27505819, 0.26197531, 0.26161185, 0.20135464]),
        ("components", TURNED, [0.26180986, 0.22712324, 0.25894663, 0.25212027]),
        ("equal", SURVEY, [0.25] * 4),
    ],
)
def test_data_weights_of_the_survey_example(method, values, wanted):
    assert weigh_columns(values, method) == pytest.approx(wanted, abs=1e-8)


def test_critic_of_the_paper_that_proposed_it():
    firms = np.array([
        [61, 20.7, 16.3, 9, 5.4, 4, -6.1, -34.6], [1.08, 0.26, 1.98, 3.29, 2.77, 4.12, 3.52, 3.31],
        [4.33, 4.34, 2.53, 1.65, 2.33, 1.21, 2.10, 0.98],
    ]).T  # fmt: skip
    found = weigh_columns(scale_observed(firms), "critic")
    assert found == pytest.approx([0.20222554, 0.48090173, 0.31687273], abs=1e-8)


def test_entropy_of_the_fighter_aircraft():
    aircraft = np.array([
        [2.0, 1500, 20000, 5.5, 5, 9], [2.5, 2700, 18000, 6.5, 3, 5], [1.8, 2000, 21000, 4.5, 7, 7],
        [2.2, 1800, 20000, 5.0, 5, 5],
    ])  # fmt: skip
    wanted = [0.06418973, 0.20608816, 0.01344459, 0.08132563, 0.35868002, 0.27627186]
    assert weigh_columns(aircraft, "entropy") == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("method", OBJECTIVE)
def test_a_constant_indicator_takes_nothing_from_the_others(method):
    with_constant = np.column_stack([TURNED / 7, np.full(12, 0.5)])
    found = weigh_columns(with_constant, method)
    assert np.isfinite(found).all() and found.sum() == pytest.approx(1)
    if method not in ("equal",):
        assert found[-1] == 0
        assert found[:-1] == pytest.approx(weigh_columns(TURNED / 7, method), abs=1e-9)


@pytest.mark.parametrize("method", OBJECTIVE)
def test_row_order_and_case_weights(method):
    values, times = TURNED / 7, np.array([1, 2, 3, 1, 1, 2, 1, 4, 1, 1, 2, 1])
    backwards = weigh_columns(values[::-1], method)
    assert backwards == pytest.approx(weigh_columns(values, method), abs=1e-12)
    if method == "entropy":
        return  # its divisor, ln n, counts rows; the shares below are the same
    axis = draw_resamples(12, 0, seed=0, weights=times)
    weighted = OBJECTIVE[method](moments_of(axis, values))[0]
    repeated = weigh_columns(np.repeat(values, times, axis=0), method)
    assert weighted == pytest.approx(repeated, abs=1e-10)


def test_missing_answers_leave_pairwise_moments():
    values = np.random.default_rng(4).uniform(0, 1, (60, 4))
    values[np.random.default_rng(5).random(values.shape) < 0.1] = np.nan
    found = moments_of(draw_resamples(60, 3, seed=1), values)
    frame = pd.DataFrame(values)
    assert found.correlation[0] == pytest.approx(frame.corr().to_numpy(), abs=1e-12)
    assert found.mean[0] == pytest.approx(frame.mean().to_numpy())


def test_each_draw_is_the_statistic_of_its_rows():
    values = np.random.default_rng(4).integers(0, 7, (40, 3)) / 6
    axis = draw_resamples(40, 5, seed=9)
    for method, weigh in OBJECTIVE.items():
        drawn = weigh(moments_of(axis, values))
        for b, rows in enumerate(axis.rows(), 1):
            assert drawn[b] == pytest.approx(weigh_columns(values[rows], method), abs=1e-9)


def test_combined_weights_are_the_experts_or_the_datas_at_the_ends():
    a, b = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.2, 0.6]])
    for rule in ("geometric", "linear"):
        assert combine_weights(a, b, rule=rule, share=1.0) == pytest.approx(a)
        assert combine_weights(a, b, rule=rule, share=0.0) == pytest.approx(b)
        assert combine_weights(a, a, rule=rule) == pytest.approx(a)


def test_ranks_and_their_correlation():
    a, b = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.3, 0.5]])
    assert rank_weights(a).tolist() == [[1, 2, 3]]
    assert rank_correlation(a, b) == pytest.approx([-1.0])
    assert np.isnan(rank_correlation(a, np.full((1, 3), 1 / 3)))[0]


# Experts in a hierarchy
TREE = Hierarchy(
    children={"D": ("A", "B"), "ALL": ("D", "C")}, root="ALL",
    items={"A": ("a",), "B": ("b",), "C": ("c",)},
)  # fmt: skip


def judgements(*rows):
    return pd.DataFrame(rows, columns=["expert", "criteria", "row", "column", "judgement"])


def test_local_judgements_multiply_down_the_hierarchy():
    found = weigh_by_experts(
        judgements(("E", "top", "D", "C", 3.0), ("E", "d", "A", "B", 4.0)), TREE, draws=20
    )
    assert found.weights.to_dict() == pytest.approx({"A": 0.6, "B": 0.15, "C": 0.25})
    assert found.draws is None and not found.equal
    assert found.facts()["used"] == 1


def test_judgements_of_constructs_are_global():
    rows = [("E", "g", "A", "B", 2.0), ("E", "g", "A", "C", 4.0), ("E", "g", "B", "C", 2.0)]
    found = weigh_by_experts(judgements(*rows), TREE, draws=20)
    assert found.weights.to_dict() == pytest.approx({"A": 4 / 7, "B": 2 / 7, "C": 1 / 7})


def test_dimensions_nobody_compared_weigh_the_same_and_are_named():
    found = weigh_by_experts(judgements(("E", "d", "A", "B", 4.0)), TREE, draws=20)
    assert found.weights.to_dict() == pytest.approx({"A": 0.4, "B": 0.1, "C": 0.5})
    assert found.equal == ("ALL",)


def test_contradictory_judgements_count_as_not_given():
    rows = [("E", "g", "A", "B", 2.0), ("E", "g", "B", "A", 3.0), ("E", "g", "A", "C", 4.0),
            ("E", "g", "B", "C", 2.0)]  # fmt: skip
    found = weigh_by_experts(judgements(*rows), TREE, draws=20)
    row = found.table().iloc[0]
    assert (row["given"], row["conflicts"]) == (2, 1)
    assert found.facts()["contradicting"] == [{"expert": "E", "conflicts": 1}]
    assert found.weights.to_dict() == pytest.approx({"A": 4 / 7, "B": 2 / 7, "C": 1 / 7}, abs=1e-5)


def test_inconsistent_experts_stand_aside_unless_they_are_alone():
    good = [("E", "g", "A", "B", 2.0), ("E", "g", "A", "C", 4.0), ("E", "g", "B", "C", 2.0)]
    bad = [("F", "g", "A", "B", 9.0), ("F", "g", "A", "C", 1 / 9), ("F", "g", "B", "C", 9.0)]
    both = weigh_by_experts(judgements(*good, *bad), TREE, draws=20)
    assert both.weights.to_dict() == pytest.approx({"A": 4 / 7, "B": 2 / 7, "C": 1 / 7})
    assert both.facts()["inconsistent"][0]["expert"] == "F"
    assert "F" in both.sentence("en") and "不计入" in both.sentence("zh")
    alone = weigh_by_experts(judgements(*bad), TREE, draws=20)
    assert alone.facts()["kept_inconsistent"] and alone.n_used == 1


def test_judgements_without_a_place_are_told():
    odd = judgements(("E", "x", "A", "C", 4.0))
    with pytest.raises(DataError, match="none of 1 sets of judgements can be used"):
        weigh_by_experts(odd, TREE, draws=20)
    loose = judgements(
        ("E", "g", "A", "B", 2.0), ("F", "g", "A", "B", 2.0), ("F", "g", "B", "C", 2.0)
    )
    found = weigh_by_experts(loose, TREE, draws=20)
    assert found.unplaced == ({"criteria": "g", "expert": "E", "reason": "not_connected"},)


def test_the_experts_of_the_bank_give_back_their_truth():
    import json

    from cx_value.evaluate.hierarchy import hierarchy_of
    from cx_value.study import read_study
    from cx_value.study.experts import read_experts

    folder = Path(__file__).parents[2] / "data" / "bank-panel"
    study = read_study(folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    wanted = pd.Series(truth["parameters"]["expert_weights"])
    found = weigh_by_experts(read_experts(study), hierarchy_of(study), draws=200, seed=1)
    wanted = wanted[found.weights.index] / wanted.sum()
    assert (found.weights - wanted).abs().max() < 0.02  # five experts, Saaty's coarse scale
    assert found.weights.corr(wanted, method="spearman") > 0.95
    facts = found.facts()
    assert [x["expert"] for x in facts["inconsistent"]] == ["E6"] == facts["outlying"]
    assert facts["concordance"][0]["agree"]


def test_the_chapter_needs_no_model_and_no_experts():
    from cx_value.evaluate.weights.comparison import compare_weights
    from cx_value.study.indicators import Evaluation

    values = np.random.default_rng(1).integers(0, 7, (50, 2)) / 6
    axis = draw_resamples(50, 30, seed=2)
    found = compare_weights(("A", "B"), moments_of(axis, values), axis, Evaluation(), values=values)
    assert found.headline == "equal"
    assert found.facts()["least_agreeing"] is None  # two ranks cannot half agree
    assert "weigh the same" in found.sentence("en")
