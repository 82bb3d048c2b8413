"""Polychoric correlations against lavaan (tests/reference/polychoric.R).

Tolerances: 1e-10 for thresholds and for polychoric correlations, which the script drives to the
root of the score; 1e-6 where lavaan's own stopping rule remains (2 × 2 tables, polyserial and
two-step Pearson correlations); 1e-6 for the asymptotic covariance, whose entries reach 19;
2e-4 for psych, which stops there.
"""

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import AnalysisWarning, DataError
from cx_value.sem.polychoric.binormal import bivariate_normal_cdf, bivariate_normal_density
from cx_value.sem.polychoric.covariance import ordinal_moments
from cx_value.sem.polychoric.matrix import polychoric_matrix, smooth_correlation, thresholds

REFERENCE = Path(__file__).parents[1] / "reference"
MIXED = ["x1", "x4", "x5", "x7", "x8"]
ROOT = ["hs4", "hs5", "hs10", "hs4_pairwise", "bfi"]


def reference(name):
    return pd.read_csv(REFERENCE / f"polychoric__{name}.csv")


def square(name, labels):
    frame = reference(name)
    frame.index = frame.columns
    return frame.loc[labels, labels].to_numpy()


@pytest.mark.parametrize("case", ROOT)
def test_polychoric_correlations_agree_with_lavaan_at_the_optimum(case):
    ours = polychoric_matrix(reference(f"{case}_data"))
    assert_allclose(ours, square(f"{case}_cor", list(ours)), atol=1e-10)


@pytest.mark.parametrize(
    ("case", "ordered"), [("hs2", None), ("mixed", MIXED), ("mixed_pairwise", MIXED)]
)
def test_other_correlations_agree_with_lavaan(case, ordered):
    ours = polychoric_matrix(reference(f"{case}_data"), ordered=ordered)
    assert_allclose(ours, square(f"{case}_cor", list(ours)), atol=1e-6)


@pytest.mark.parametrize("case", [*ROOT, "hs2", "mixed", "mixed_pairwise"])
def test_thresholds_agree_with_lavaan(case):
    ordered = MIXED if case.startswith("mixed") else None
    ours = thresholds(reference(f"{case}_data"), ordered=ordered)
    theirs = reference(f"{case}_th")
    assert [f"{i}|t{k}" for i, k in zip(ours["item"], ours["threshold"], strict=True)] == list(
        theirs["name"]
    )
    assert_allclose(ours["value"], theirs["value"], atol=1e-10)


def test_psych_agrees_within_its_stopping_rule():
    ours = polychoric_matrix(reference("hs4_data"))
    assert_allclose(ours, square("hs4_psych", list(ours)), atol=2e-4)


@pytest.mark.parametrize("case", ["hs4", "hs5", "hs2", "hs4_pairwise", "mixed"])
def test_asymptotic_covariance_agrees_with_lavaan(case):
    ours = ordinal_moments(reference(f"{case}_data"), MIXED if case == "mixed" else None)
    theirs = reference(f"{case}_gamma").columns
    labels = [x if x in theirs else "~~".join(reversed(x.split("~~"))) for x in ours.labels]
    assert sorted(labels) == sorted(theirs)
    # lavaan keeps minus the mean of a continuous variable among the thresholds.
    sign = np.array([-1 if label.endswith("~1") else 1 for label in labels])
    expected = square(f"{case}_gamma", labels) * np.outer(sign, sign)
    assert_allclose(ours.gamma, expected, atol=1e-6)


def test_asymptotic_covariance_is_the_sampling_covariance():
    """300 samples of 400 rows: variances of thresholds and r within the Monte Carlo error."""
    rng = np.random.default_rng(20260101)
    draws, gammas = [], []
    for _ in range(300):
        f = rng.normal(size=(400, 1))
        items = np.digitize(0.7 * f + np.sqrt(0.51) * rng.normal(size=(400, 3)), [-1, 0.2, 1.1])
        moments = ordinal_moments(pd.DataFrame(items, columns=list("abc")))
        draws.append(moments.moments)
        gammas.append(np.diag(moments.gamma) / 400)
    ratio = np.var(draws, axis=0) / np.mean(gammas, axis=0)
    assert_allclose(ratio, 1, atol=0.3)  # the ratio's own error is about 0.08
    assert_allclose(np.mean(draws, axis=0)[-3:], 0.49, atol=0.01)


def test_a_continuous_variable_of_two_values_has_its_sampling_variance():
    """Mean and variance of 0/1 answers move as one; lavaan's generalised inverse halves them."""
    data = reference("hs4_data")[["x1", "x2"]].assign(y=np.arange(301) % 3 == 0).astype(float)
    found = ordinal_moments(data, ["x1", "x2"])
    share = data["y"].mean()
    at = [found.labels.index(label) for label in ("y~1", "y~~y")]
    spread = share * (1 - share)
    assert_allclose(np.diag(found.gamma)[at], [spread, spread * (1 - 2 * share) ** 2], rtol=1e-10)


def test_weights_are_repeated_rows():
    data = reference("hs4_data")
    counts = np.arange(len(data)) % 3 + 1
    repeated = data.loc[data.index.repeat(counts)]
    weighted = polychoric_matrix(data, weights=counts)
    assert_allclose(weighted, polychoric_matrix(repeated), atol=1e-10)


def test_order_and_labels_of_rows_and_categories_do_not_matter():
    data = reference("hs4_pairwise_data")
    once = polychoric_matrix(data)
    shuffled = data.sample(frac=1, random_state=1)[list(data)[::-1]] * 10 - 3
    assert_allclose(polychoric_matrix(shuffled)[list(data)].loc[list(data)], once, atol=1e-10)


def test_reversing_an_item_reverses_its_correlations():
    data = reference("hs5_data")
    turned = data.assign(x1=6 - data["x1"])
    sign = np.where(np.arange(9) == 0, -1, 1)
    assert_allclose(
        polychoric_matrix(turned), polychoric_matrix(data) * np.outer(sign, sign), atol=1e-10
    )


@pytest.mark.parametrize("rho", [-0.9999, -0.95, -0.5, 0.0, 0.3, 0.92, 0.93, 0.999])
def test_bivariate_normal_cdf_by_direct_integration(rho):
    from scipy.integrate import quad
    from scipy.special import ndtr

    x, y, root = 0.7, -0.4, np.sqrt(1 - rho * rho)
    peak = np.clip(y / rho if rho else 0.0, -12, x)

    def inner(t):
        return np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * ndtr((y - rho * t) / root)

    edges = np.unique(np.clip([-12, peak - 8 * root, peak, peak + 8 * root, x], -12, x))
    parts = [quad(inner, a, b, epsabs=1e-14, limit=200)[0] for a, b in pairwise(edges)]
    assert_allclose(bivariate_normal_cdf(x, y, rho), sum(parts), atol=1e-12)


def test_bivariate_normal_density_is_the_slope_in_rho():
    step = 1e-5
    slope = np.subtract(*(bivariate_normal_cdf(0.3, -0.8, 0.4 + s) for s in (step, -step)))
    assert_allclose(bivariate_normal_density(0.3, -0.8, 0.4), slope / (2 * step), rtol=1e-8)


def test_a_matrix_that_is_not_positive_definite_is_told_and_mended():
    rng = np.random.default_rng(3)
    few = pd.DataFrame(rng.integers(1, 4, size=(9, 8)), columns=[f"q{i}" for i in range(8)])
    with pytest.warns(AnalysisWarning, match="not positive definite"):
        raw = polychoric_matrix(few)
    assert raw.attrs["smallest_eigenvalue"] < 0 and not raw.attrs["smoothed"]
    with pytest.warns(AnalysisWarning, match="smoothed"):
        mended = polychoric_matrix(few, smooth=True)
    assert mended.attrs["smoothed"]
    assert np.linalg.eigvalsh(mended)[0] > 0
    assert_allclose(np.diag(mended), 1)
    assert_allclose(mended, smooth_correlation(raw.to_numpy()))


def test_identical_items_stop_at_the_bound_with_a_warning():
    item = pd.Series([1, 2, 3, 1, 2, 3, 3, 1])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        matrix = polychoric_matrix(pd.DataFrame({"a": item, "b": item}))
    assert any("a–b" in str(w.message) and "bound" in str(w.message) for w in caught)
    assert matrix.loc["a", "b"] == pytest.approx(0.999, abs=1e-9)


GOOD = [1, 2, 3, 2, 1, 2]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"a": GOOD, "b": [2] * 6}, "b is constant"),
        ({"a": GOOD, "b": [np.nan] * 6}, "b has no answers"),
        ({"a": GOOD, "b": [1, 2, np.inf, 1, 2, 1]}, "b holds 1 infinite"),
        ({"a": GOOD, "b": [1, 2, "two", 1, 2, 1]}, "b holds text"),
        ({"a": [1, 2, 1, None, None, None], "b": [None, None, None, 1, 2, 1]}, "a and b are never"),
        ({"a": GOOD, "b": pd.Categorical(list("xyxyxy"))}, "without an order"),
        ({"a": [1], "b": [2]}, "1 rows"),
    ],
)
def test_bad_input_is_named(bad, message):
    with pytest.raises(DataError, match=message):
        polychoric_matrix(pd.DataFrame(bad))


def test_more_bad_input_is_named():
    data = reference("hs4_data")
    with pytest.raises(DataError, match="40 different values"):
        polychoric_matrix(pd.DataFrame({"a": range(40), "b": [1, 2] * 20}))
    with pytest.raises(DataError, match="weights"):
        polychoric_matrix(data, weights=np.zeros(len(data)))
    with pytest.raises(DataError, match="'x99'"):
        polychoric_matrix(data, ordered=["x99"])
    with pytest.raises(DataError, match="x1 stands in 2 columns"):
        polychoric_matrix(pd.concat([data, data[["x1"]]], axis=1))
