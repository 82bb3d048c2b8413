"""Exploratory factors against psych, factanal and GPArotation (tests/reference/factors.R).

Tolerances: 1e-10 for closed forms (KMO, Bartlett, eigenvalues, MAP); 1e-6 for loadings against
references driven to their optimum; 1e-4 for psych::fa as an analyst calls it, which stops there
(3e-4 on the mobile survey, where its oblimin stops earlier); random eigenvalues of parallel
analysis within 1 per cent, five times the sampling error of 2,000 draws.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linear_sum_assignment

from cx_value.base.errors import AnalysisError, DataError, ModelError
from cx_value.measure.extraction import extract_maximum_likelihood, extract_principal_axes
from cx_value.measure.factors import fit_factors
from cx_value.measure.retention import (
    average_partials,
    factor_adequacy,
    factor_retention,
    leading_run,
    random_eigenvalues,
)
from cx_value.measure.rotation import _unit_columns, rotate_loadings

REFERENCE = Path(__file__).parents[1] / "reference"
EXACT, OPTIMUM = {"rtol": 1e-10, "atol": 1e-10}, {"rtol": 0, "atol": 1e-6}
CASES = ["hs", "hs_missing", "mobi", "mobi_missing"]


def reference(name):
    return pd.read_csv(REFERENCE / f"factors__{name}.csv")


def data_of(case):
    return pd.read_csv(REFERENCE / f"measure_data__{case}.csv").drop(
        columns="CUSCO", errors="ignore"
    )


def named(value):
    return "-".join(map(str, value)) if isinstance(value, tuple) else ""


def matrix_of(frame, what):
    rows = frame[frame.what == what]
    return rows.pivot_table(index="row", columns="column", values="value").to_numpy()


@pytest.mark.parametrize("case", CASES)
def test_kmo_and_bartlett_agree_with_psych_on_the_rows_used(case):
    got = factor_adequacy(data_of(case).dropna())
    want = reference("adequacy").set_index("case").loc[case]
    assert got.n_used == want.n_used
    assert_allclose([got.kmo, got.chisq, got.df], [want.kmo, want.chisq, want.df], **EXACT)
    assert_allclose(got.p, want.p, rtol=1e-8)
    msa = reference("msa").query("case == @case")
    assert list(got.items["item"]) == list(msa["item"])
    assert_allclose(got.items.msa, msa.msa, **EXACT)


@pytest.mark.parametrize("case", CASES)
def test_eigenvalues_and_average_partials_agree_with_psych(case):
    got = factor_retention(data_of(case).dropna(), draws=20)
    want = reference("eigenvalues").query("case == @case")
    table = got.table()
    assert_allclose(table.eigenvalue, want.component, **EXACT)
    assert_allclose(table.common_eigenvalue, want.common, **EXACT)
    for ours, theirs in (("map_squared", "map_squared"), ("map_fourth", "map_fourth")):
        none, rest = want[theirs].to_numpy()[0], want[theirs].to_numpy()[1:-1]
        assert_allclose(table[ours].to_numpy()[: len(rest)], rest, **EXACT)
        assert_allclose(table.attrs["map_none"][ours[4:]], none, **EXACT)
    psych = want.map_psych.dropna()
    assert len(psych) > 3
    assert_allclose(table.map_squared.to_numpy()[: len(psych)], psych, **EXACT)
    assert got.suggested["map_squared"] == int(np.nanargmin(want.map_squared))
    assert got.suggested["map_fourth"] == int(np.nanargmin(want.map_fourth))
    assert got.suggested["kaiser"] == int((want.component > 1).sum())


@pytest.mark.parametrize("case", ["hs", "mobi"])
def test_random_eigenvalues_have_the_distribution_of_simulated_rows(case):
    got = factor_retention(data_of(case), draws=2000, seed=4).table()
    want = reference("parallel").query("case == @case")
    assert_allclose(got.random_mean, want.component_mean, rtol=0.01)
    assert_allclose(got.random_quantile, want.component_p95, rtol=0.01)
    assert_allclose(got.common_random_mean, want.common_mean, atol=0.01)
    assert_allclose(got.common_random_quantile, want.common_p95, atol=0.012)


@pytest.mark.parametrize("case", ["hs", "mobi"])
def test_parallel_analysis_suggests_what_psych_does(case):
    want = reference("parallel_psych").set_index("case").loc[case]
    got = factor_retention(data_of(case), draws=500, seed=1).suggested
    assert got["parallel_components"] == want.components
    assert got["parallel_factors"] == want.factors


def test_parallel_analysis_by_the_mean_keeps_at_least_as_many_and_repeats_with_the_seed():
    data = data_of("mobi")
    by = {
        rule: factor_retention(data, draws=200, seed=7, rule=rule) for rule in ("quantile", "mean")
    }
    assert by["mean"].suggested["parallel_components"] >= 2
    for kind in ("parallel_components", "parallel_factors"):
        assert by["mean"].suggested[kind] >= by["quantile"].suggested[kind]
    pd.testing.assert_frame_equal(
        by["mean"].table(), factor_retention(data, draws=200, seed=7, rule="mean").table()
    )
    other = factor_retention(data, draws=200, seed=8).table()
    assert (other.random_mean != by["quantile"].table().random_mean).all()


def test_random_correlation_matrices_have_trace_p():
    component, _ = random_eigenvalues(50, 6, 30, seed=2)
    assert_allclose(component.sum(axis=1), 6, rtol=1e-12)
    assert (np.diff(component, axis=1) <= 0).all()


@pytest.mark.parametrize(
    ("passes", "count"), [([True, False, True], 1), ([False, True], 0), ([True, True], 2)]
)
def test_only_an_unbroken_run_of_factors_is_kept(passes, count):
    assert leading_run(np.array(passes)) == count


def test_as_many_factors_are_kept_as_are_suggested():
    found = factor_retention(data_of("hs").dropna(), draws=50, seed=1)
    table = found.table()
    for kind, name in (("", "parallel_components"), ("common_", "parallel_factors")):
        assert table[f"{kind}kept"].sum() == found.suggested[name] == 3
        assert table.loc[table[f"{kind}kept"], "number"].tolist() == [1, 2, 3]


def align_factors(
    loadings: np.ndarray, reference: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Match factors to those of a reference: order, then sign, by Tucker's congruence.

    Returns
    -------
    aligned : ndarray (p, m)
    order : ndarray (m,) of int
        ``aligned[:, j]`` was column ``order[j]``.
    sign : ndarray (m,)
        And was multiplied by ``sign[j]``.
    """
    congruence = _unit_columns(reference).T @ _unit_columns(loadings)
    order = linear_sum_assignment(-np.abs(congruence))[1]
    sign = np.where(congruence[np.arange(len(order)), order] < 0, -1.0, 1.0)
    return loadings[:, order] * sign + 0.0, order, sign


def solutions():
    frames = [reference("hs_solutions"), reference("mobi_solutions")]
    keys = ["case", "factors", "method", "rotation"]
    return list(pd.concat(frames).groupby(keys, sort=False))


@pytest.mark.parametrize(("key", "want"), solutions(), ids=named)
def test_loadings_and_factor_correlations_agree_at_the_optimum(key, want):
    case, factors, method, rotation = key
    got = fit_factors(data_of(case).dropna(), factors, method=method, rotation=rotation)
    loadings, phi = matrix_of(want, "loading"), matrix_of(want, "correlation")
    aligned, order, sign = align_factors(got.loadings.to_numpy(), loadings)
    assert_allclose(aligned, loadings, **OPTIMUM)
    ours = got.factor_correlations.to_numpy()[np.ix_(order, order)] * np.outer(sign, sign)
    assert_allclose(ours, phi, **OPTIMUM)
    communality = np.diag(loadings @ phi @ loadings.T)
    assert_allclose(got.table().communality, communality, **OPTIMUM)
    assert not got.table().heywood.any()


def called():
    keys = ["case", "method", "rotation"]
    return list(reference("psych_solutions").groupby(keys, sort=False))


@pytest.mark.parametrize(("key", "want"), called(), ids=named)
def test_psych_as_an_analyst_calls_it_gives_the_same_solution(key, want):
    case, method, rotation = key
    tolerance = {"rtol": 0, "atol": 3e-4 if case == "mobi" else 1e-4}
    got = fit_factors(data_of(case).dropna(), 3, method=method, rotation=rotation)
    loadings = matrix_of(want, "loading")
    aligned, order, sign = align_factors(got.loadings.to_numpy(), loadings)
    assert_allclose(aligned, loadings, **tolerance)
    ours = got.factor_correlations.to_numpy()[np.ix_(order, order)] * np.outer(sign, sign)
    assert_allclose(ours, matrix_of(want, "correlation"), **tolerance)
    assert_allclose(got.table().communality, matrix_of(want, "communality").ravel(), **tolerance)
    variance = got.variance.iloc[order]
    assert_allclose(variance.ss_loadings, matrix_of(want, "variance")[0], rtol=1e-3)
    assert_allclose(variance.share, matrix_of(want, "variance")[1], rtol=1e-3)


def fits():
    return reference("psych_fit").drop_duplicates(["case", "method"]).to_dict("records")


@pytest.mark.parametrize("row", fits(), ids=lambda r: f"{r['case']}-{r['method']}")
def test_fit_agrees_with_psych(row):
    got = fit_factors(data_of(row["case"]).dropna(), row["factors"], method=row["method"])
    assert got.n_used == row["n_used"]
    assert got.fit["df"] == row["df"]
    for name in ("chisq", "p", "rmsea", "rmsea_ci_low", "rmsea_ci_high", "tli", "rmsr"):
        assert_allclose(got.fit[name], row[name], err_msg=name, rtol=1e-5, atol=1e-5)


def test_variance_and_residuals_follow_from_loadings_and_correlations():
    got = fit_factors(data_of("hs"), 3)
    pattern, phi = got.loadings.to_numpy(), got.factor_correlations.to_numpy()
    reproduced = pattern @ phi @ pattern.T
    assert_allclose(got.variance.ss_loadings.sum(), np.trace(reproduced), rtol=1e-12)
    assert (np.diff(got.variance.ss_loadings) <= 0).all()
    observed = data_of("hs").corr().to_numpy()
    off = ~np.eye(9, dtype=bool)
    assert_allclose(got.residuals.to_numpy()[off], (observed - reproduced)[off], atol=1e-12)
    assert (pattern.sum(axis=0) >= 0).all()


def test_true_loadings_are_recovered_from_many_rows():
    random = np.random.default_rng(3)
    truth = np.zeros((8, 2))
    truth[:4, 0] = [0.8, 0.7, 0.6, 0.75]
    truth[4:, 1] = [0.7, 0.65, 0.8, 0.6]
    factors = random.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=20_000)
    noise = random.normal(size=(20_000, 8)) * np.sqrt(1 - (truth**2).sum(axis=1))
    data = pd.DataFrame(factors @ truth.T + noise).add_prefix("q")
    got = fit_factors(data, 2)
    aligned, order, _ = align_factors(got.loadings.to_numpy(), truth)
    assert_allclose(aligned, truth, atol=0.03)
    assert_allclose(got.factor_correlations.to_numpy()[order][0, order][1], 0.4, atol=0.03)
    assert factor_retention(data, draws=50).suggested == {
        "parallel_components": 2, "parallel_factors": 2, "map_squared": 2, "map_fourth": 2,
        "kaiser": 2,
    }  # fmt: skip


def test_rotation_leaves_a_saddle_of_the_criterion():
    """Unrotated loadings that are ± alike on the second factor are a stationary point."""
    loadings = np.array([[0.6, 0.5], [0.6, 0.5], [0.6, -0.5], [0.6, -0.5]])
    for rotation in ("varimax", "oblimin", "promax"):
        pattern, phi = rotate_loadings(loadings, rotation)
        assert np.sort(np.abs(pattern), axis=1)[:, 0].max() < 0.1
        assert_allclose(pattern @ phi @ pattern.T, loadings @ loadings.T, atol=1e-9)


def test_factors_are_aligned_by_order_and_sign():
    reference_loadings = np.array(
        [[0.8, 0.1, 0.0], [0.1, 0.7, 0.1], [0.0, 0.2, 0.6], [0.7, 0, 0.1]]
    )
    shuffled = reference_loadings[:, [2, 0, 1]] * [1, -1, -1]
    aligned, order, sign = align_factors(shuffled, reference_loadings)
    assert_allclose(aligned, reference_loadings)
    assert order.tolist() == [1, 2, 0]
    assert sign.tolist() == [-1, -1, 1]


def test_row_order_and_rescaling_change_nothing():
    data = data_of("hs")
    base = fit_factors(data, 3)
    again = fit_factors((data * 7 - 2).sample(frac=1, random_state=2), 3)
    assert_allclose(again.loadings, base.loadings, atol=1e-7)


def test_a_heywood_case_is_flagged_in_table_notes_and_sentence():
    got = fit_factors(data_of("mobi"), 6)
    assert list(got.table()["item"][got.table().heywood]) == ["PERQ2"]
    assert got.facts()["heywood"] == ["PERQ2"]
    assert "Heywood" in got.sentence()
    assert "Heywood 现象" in got.sentence("zh")


def test_polychoric_factors_use_polychoric_correlations_and_give_no_chi_square():
    from cx_value.sem.polychoric.matrix import polychoric_matrix

    data = data_of("hs_ordinal")
    got = fit_factors(data, 3, correlation="polychoric", method="paf", rotation="none")
    want = extract_principal_axes(polychoric_matrix(data).to_numpy(), 3)
    aligned, _, _ = align_factors(got.loadings.to_numpy(), want.loadings)
    assert_allclose(aligned, want.loadings, atol=1e-9)
    assert np.isnan(got.fit["chisq"])
    assert "χ²" not in got.sentence()
    assert "polychoric" in got.sentence()


def test_likelihood_has_no_lower_neighbour():
    correlation = data_of("mobi").corr().to_numpy()
    best = extract_maximum_likelihood(correlation, 3)
    from cx_value.measure.extraction import _discrepancy

    value = _discrepancy(best.uniqueness, correlation, 3)[0]
    assert_allclose(value, best.discrepancy, atol=1e-9)
    random = np.random.default_rng(1)
    for _ in range(50):
        near = np.clip(best.uniqueness + random.normal(0, 0.01, 23), 0.005, 1)
        assert _discrepancy(near, correlation, 3)[0] > value


def test_average_partials_of_uncorrelated_items_ask_for_no_factor():
    correlation = np.corrcoef(np.random.default_rng(5).normal(size=(400, 6)), rowvar=False)
    assert average_partials(correlation).argmin() == 0


def test_one_factor_is_told_in_the_singular_and_without_a_rotation():
    got = fit_factors(data_of("hs")[["x4", "x5", "x6", "x7"]], 1)
    assert "yielded 1 factor accounting" in got.sentence()
    assert "oblimin" not in got.sentence() + got.sentence("zh")
    assert got.facts()["related"] is None and "correlate" not in got.sentence()
    two = fit_factors(data_of("hs"), 2)
    assert "The factors correlate" in two.sentence()
    assert "oblimin rotation yielded 2 factors" in two.sentence()


def test_retention_names_its_sources_as_authors_with_a_year():
    got = factor_retention(data_of("mobi"), draws=500, seed=1)
    for lang in ("en", "zh"):
        for source in ("Horn", "1965", "Glorfeld", "Humphreys", "Velicer", "1976", "2000"):
            assert source in got.sentence(lang)
    assert len(got.facts()["wanted"]) > 1 and "结果不一" in got.sentence("zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sentences_carry_the_numbers_of_the_tables(lang):
    adequacy = factor_adequacy(data_of("mobi"))
    said = adequacy.sentence(lang)
    assert_allclose(float(re.search(r"KMO = ([\d.]+)", said).group(1)), adequacy.kmo, atol=5.1e-4)
    chisq = re.search(r"\) = ([\d.,]+\d)", said).group(1).replace(",", "")
    assert_allclose(float(chisq), adequacy.chisq, atol=5.1e-3)
    assert ".000" not in said
    assert "CUSL2" in said
    retention = factor_retention(data_of("mobi"), draws=500, seed=1)
    assert retention.suggested["parallel_components"] != retention.suggested["parallel_factors"]
    said = retention.sentence(lang)
    assert str(retention.suggested["parallel_factors"]) in said
    assert ("disagree" if lang == "en" else "不一") in said
    solution = fit_factors(data_of("hs"), 3)
    said = solution.sentence(lang)
    rmsea = re.search(r"RMSEA = ([\d.]+)", said.replace("RMSEA =\n", "RMSEA = ")).group(1)
    assert_allclose(float(rmsea), solution.fit["rmsea"], atol=5.1e-4)
    assert f"{100 * solution.variance.cumulative_share.iloc[-1]:.1f}%" in said


def test_items_that_do_not_sit_clearly_are_named_with_the_rule():
    got = fit_factors(data_of("mobi"), 4)
    table = got.table()
    weak = table["item"][table.primary.abs() < 0.40]
    assert set(weak) == set(table["item"][~table.primary_passes.astype(bool)])
    assert set(got.facts()["weak"]["primary"]) == set(weak)
    close = table["item"][table.primary.abs() - table.cross < 0.20]
    assert set(got.facts()["weak"]["difference"]) == set(close) != set()
    assert "(Howard, 2016)" in got.sentence()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pictures_show_every_item_and_both_scree_lines(lang):
    solution = fit_factors(data_of("hs"), 3)
    ax = solution.plot(lang=lang)
    assert [t.get_text() for t in ax.get_yticklabels()] == [f"x{i}" for i in range(1, 10)]
    ax = factor_retention(data_of("hs"), draws=20).plot(lang=lang)
    assert len(ax.get_legend().get_texts()) == 4


BAD = [
    (lambda d: fit_factors(d, 6), ModelError, "6 factors for 9 items · allowed: 1 to 5"),
    (lambda d: fit_factors(d, 0), ModelError, "0 factors"),
    (lambda d: fit_factors(d, 3, method="minres"), ModelError, "method 'minres'"),
    (lambda d: fit_factors(d, 3, rotation="quartimax"), ModelError, "rotation is 'quartimax'"),
    (lambda d: fit_factors(d, 3, correlation="spearman"), ModelError, "'spearman'"),
    (lambda d: fit_factors(d.assign(x9=d.x1 + d.x2), 3), DataError, "x1, x2, x9 are exactly"),
    (lambda d: fit_factors(d.head(8), 3), DataError, "8 complete rows for 9"),
    (lambda d: factor_adequacy(d, ["x1"]), DataError, r"1 item\(s\) given"),
    (lambda d: factor_retention(d, draws=5), ModelError, "5 draws"),
    (lambda d: factor_retention(d, rule="median"), ModelError, "rule 'median'"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=[m for _, _, m in BAD])
def test_bad_input_is_refused_by_name(call, error, message):
    assert issubclass(error, AnalysisError)
    with pytest.raises(error, match=message):
        call(data_of("hs"))
