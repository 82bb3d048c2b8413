"""Every answer is used, and weights count, as lavaan, psych and semTools have it.

Reference: tests/reference/available.R. Tolerances: 1e-6 for what rests on full-information moments
(both sides iterate), 2e-5 for ω, where lavaan stops, 1e-10 for pairwise correlations.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.measure.answers import available_answers
from cx_value.measure.correlations import score_correlations
from cx_value.measure.discriminant import heterotrait_monotrait_ratios
from cx_value.measure.factors import fit_factors
from cx_value.measure.method_bias import method_bias
from cx_value.measure.reliability import reliability_of_scales
from cx_value.measure.resamples import pairwise_correlations
from cx_value.measure.retention import factor_adequacy, factor_retention

REFERENCE = Path(__file__).parents[1] / "reference"
HS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
MOBI = {"CUEX": 3, "CUSA": 3, "CUSL": 3, "IMAG": 5, "PERQ": 7, "PERV": 2}
CASES = ["hs_missing", "mobi_missing"]
ITERATED = {"rtol": 1e-6, "atol": 1e-6}


def scales_of(case):
    if case.startswith("hs"):
        return HS
    return {name: [f"{name}{i + 1}" for i in range(k)] for name, k in MOBI.items()}


def items_of(case):
    return [item for block in scales_of(case).values() for item in block]


def data_of(case):
    return pd.read_csv(REFERENCE / f"measure_data__{case}.csv")


def weights_of(data):
    return pd.Series((np.arange(1, len(data) + 1) * 7) % 3 + 1, index=data.index)


def reference(name, case):
    return pd.read_csv(REFERENCE / f"available__{name}.csv").query("case == @case")


@pytest.mark.parametrize("case", CASES)
def test_reliability_uses_every_answer(case):
    got = reliability_of_scales(data_of(case), scales_of(case), bootstrap=0).table()
    want = reference("scales", case).reset_index(drop=True)
    assert got.n_used.tolist() == want.n_used.tolist()
    assert_allclose(got.alpha, want.alpha, **ITERATED)
    assert_allclose(got.alpha_standardised, want.alpha_standardised, **ITERATED)
    both = got.omega.notna() & want.omega.notna()
    assert both.sum() >= len(got) - 3
    assert_allclose(got.omega[both], want.omega[both], rtol=0, atol=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_factors_and_method_bias_use_every_answer(case):
    data, items, want = data_of(case), items_of(case), reference("factors", case).iloc[0]
    adequacy = factor_adequacy(data, items)
    assert adequacy.n_used == want.n and adequacy.n_dropped == 0
    assert_allclose([adequacy.kmo, adequacy.chisq], [want.kmo, want.bartlett], **ITERATED)
    first = factor_retention(data, items, draws=20).table().eigenvalue[0]
    assert_allclose(first, want["first"], **ITERATED)
    solution = fit_factors(data, 2, items, rotation="none")
    assert_allclose(solution.fit["chisq"], want.efa_chisq, rtol=1e-5)
    assert_allclose(solution.variance.share.sum(), want.efa_share, rtol=1e-5)
    assert [note.template for note in solution.notes] == ["rows.fiml"]
    bias = method_bias(data, scales_of(case))
    assert_allclose(bias.vif.vif.iloc[[0, -1]], [want.vif_first, want.vif_last], **ITERATED)
    assert_allclose(bias.harman_component, want["first"] / len(items), **ITERATED)
    assert bias.n_used == want.n


@pytest.mark.parametrize("case", CASES)
def test_htmt_of_pairwise_correlations_agrees_with_semtools(case):
    got = heterotrait_monotrait_ratios(data_of(case), scales_of(case), bootstrap=0)
    want = reference("htmt", case)
    for kind in ("htmt", "htmt_plus", "htmt2"):
        assert_allclose(got.table()[kind], want[kind], rtol=1e-10, err_msg=kind)
    both = data_of(case)[items_of(case)].notna().astype(int)
    counts = (both.T @ both).to_numpy()[np.tril_indices(both.shape[1], -1)]
    assert (got.n_low, got.n_high) == (counts.min(), counts.max())
    assert f"between {got.n_low} and {got.n_high}" in got.sentence()


@pytest.mark.parametrize("case", ["hs", "hs_missing"])
def test_weights_count_as_repeated_rows(case):
    data = data_of(case)
    weights = weights_of(data)
    got = reliability_of_scales(data, HS, bootstrap=0, weights=weights)
    want = reference("weighted", case)
    assert_allclose(got.table().alpha, want.alpha, **ITERATED)
    assert_allclose(got.table().omega, want.omega, rtol=0, atol=2e-5)
    adequacy = factor_adequacy(data, items_of(case), weights=weights)
    assert_allclose(adequacy.kmo, want.kmo.iloc[0], **ITERATED)
    note = next(n for n in adequacy.notes if n.template == "rows.weighted")
    assert_allclose(note.facts["effective"], want.n_effective.iloc[0])
    pairs = reference("weighted_pairs", case)
    ratios = heterotrait_monotrait_ratios(data, HS, bootstrap=0, weights=weights).table()
    assert_allclose(ratios.htmt, pairs.htmt, rtol=1e-10)
    scores = score_correlations(data, HS, weights=weights).table()
    assert_allclose(scores.r, pairs.r, rtol=1e-10)


def test_equal_weights_change_nothing_and_unequal_ones_widen_the_interval():
    data = data_of("hs")
    ones, other = pd.Series(2.0, index=data.index), weights_of(data)
    plain, equal, weighted = (
        reliability_of_scales(data, HS, bootstrap=0, weights=w).table() for w in (None, ones, other)
    )
    for column in ("alpha", "alpha_ci_low", "omega", "split_half"):
        assert_allclose(equal[column], plain[column], rtol=1e-7, err_msg=column)
    wide = weighted.alpha_ci_high - weighted.alpha_ci_low
    assert (wide / (1 - weighted.alpha) > (plain.alpha_ci_high - plain.alpha_ci_low)
            / (1 - plain.alpha)).all()  # fmt: skip


def test_rows_that_do_not_count_are_told_by_their_reason():
    data = data_of("hs").astype(float)
    data.loc[[0, 1], items_of("hs")] = np.nan
    weights = pd.Series(1.0, index=data.index)
    weights[[5, 6, 7]] = [0, np.nan, -1]
    answers = available_answers(data, items_of("hs"), weights=weights)
    assert (answers.n, answers.n_dropped) == (296, 5)
    note = answers.notes()[0]
    assert note.template == "rows.left_out" and note.facts["all"] == 301
    assert note.facts["reasons"] == [{"reason": "no_answer", "count": 2},
                                     {"reason": "weight", "count": 3}]  # fmt: skip
    assert "no item answered" in str(note) and "无正权数" in note.in_language("zh")


def test_pairwise_correlations_of_resamples_are_those_of_the_rows_drawn():
    rows = data_of("hs_missing")[HS["visual"]].to_numpy(float)
    picks = np.random.default_rng(9).integers(0, len(rows), size=(5, len(rows)))
    for matrix, pick in zip(pairwise_correlations(rows, picks), picks, strict=True):
        want = pd.DataFrame(rows[pick]).corr()
        assert_allclose(matrix, want, rtol=1e-9)


def test_scores_correlate_over_the_respondents_who_have_both():
    got = score_correlations(data_of("hs_missing"), HS)
    scores = pd.DataFrame(
        {k: data_of("hs_missing")[b].mean(axis=1, skipna=False) for k, b in HS.items()}
    )
    want = scores.corr()
    for row in got.table().itertuples():
        both = scores[[row.construct_1, row.construct_2]].notna().all(axis=1).sum()
        assert row.n_used == both
        assert_allclose(row.r, want.loc[row.construct_1, row.construct_2], rtol=1e-10)
