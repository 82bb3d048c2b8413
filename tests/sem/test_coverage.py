"""Intervals cover and tests keep their level: a small run of benchmarks/coverage.py.

Bounds are Monte Carlo ones. The mean coverage of the 23 intervals of a data set varies from draw to
draw with a standard deviation of about 0.06, so its mean over 120 data sets has an error of .006
(25: .013); the share of rejections one of .020 (.044) at .05. Five errors are allowed: the seed is
fixed, and a wrong standard error (10 % short: coverage .92) would still be seen.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "n_sets"),
    [("ML, normal data", 120), ("MLM, skewed data", 80), ("FIML, missing at random", 25),
     ("WLSMV, five categories", 25)],
)  # fmt: skip
def test_intervals_cover_and_tests_keep_their_level(coverage, name, n_sets):
    design = next(d for d in coverage.DESIGNS if d.name == name)
    row = coverage.run(design, n_sets)
    slack = 5 * 0.06 / np.sqrt(n_sets)
    assert row["converged"] == 1.0
    assert abs(row["detail"].coverage.mean() - 0.95) < slack
    assert (row["detail"].coverage > 0.85).all()
    assert row["rejected"] < 0.05 + 5 * np.sqrt(0.05 * 0.95 / n_sets)
    assert row["detail"].bias.abs().max() < 5 * 0.12 / np.sqrt(n_sets)


def test_a_contrast_that_should_fail_does(coverage):
    """Normal-theory errors on skewed data, listwise deletion under MAR: the study can see it."""
    skewed, listwise = (coverage.run(coverage.DESIGNS[i], 60) for i in coverage.CONTRASTS)
    assert skewed["detail"].coverage.mean() < 0.90 and skewed["rejected"] > 0.2
    assert listwise["detail"].bias.min() < -0.1


@pytest.mark.parametrize(("at", "n_sets"), [(2, 40), (6, 20)])
def test_standardised_residuals_of_a_true_model_have_unit_variance(coverage, at, n_sets):
    """MLR and FIML, where lavaan's own differ; 27 residuals between constructs a data set.

    The mean square of those correlated residuals varies by about .3 between data sets.
    """
    from cx_value.sem import fit_model

    squares = []
    for data in coverage.samples(coverage.DESIGNS[at], n_sets):
        z = fit_model(coverage.MODEL, data, **coverage.DESIGNS[at].options).residuals(
            "standardised"
        )
        across = [z.loc[a, b] for a in coverage.ITEMS for b in coverage.ITEMS if a[0] < b[0]]
        squares.append(np.mean(np.square(across)))
    assert abs(np.mean(squares) - 1) < 4 * np.std(squares) / np.sqrt(n_sets) < 0.4


def test_the_batch_gives_what_fit_model_gives(coverage):
    """All data sets fitted together against one fit each; both stop at a decrement near 1e-15."""
    together, p = coverage.fit_together(coverage.DESIGNS[0], 4)
    apart, other_p = coverage.fit_one_by_one(coverage.DESIGNS[0], 4)
    names = ["est", "se", "std", "std_se"]
    np.testing.assert_allclose(together[names], apart[names], atol=1e-7)
    np.testing.assert_allclose(p, other_p, atol=1e-9)


def test_data_are_what_they_are_said_to_be(coverage):
    """Skewness, kurtosis and correlations of 2e5 rows, and the share of gaps."""
    from scipy.stats import kurtosis, skew

    data = coverage.draw_skewed(np.random.default_rng(5), 200_000)
    assert abs(skew(data).mean() - 2) < 0.05 and abs(kurtosis(data).mean() - 7) < 0.6
    np.testing.assert_allclose(np.cov(data.T), coverage.population(), atol=0.03)
    gaps = coverage.draw_gaps(np.random.default_rng(5), 20_000).isna().mean()
    assert (gaps[["q1", "s1", "l1"]] == 0).all() and gaps.drop(["q1", "s1", "l1"]).between(
        0.1, 0.3
    ).all()


def test_a_section_is_written_in_its_place(coverage, tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text("# A\n\n## Coverage\n\nold\n\n## Speed\n\nkept\n", encoding="utf-8")
    coverage.write_section("## Coverage\n\nnew\n", path)
    assert path.read_text(encoding="utf-8") == "# A\n\n## Coverage\n\nnew\n\n## Speed\n\nkept\n"
    coverage.write_section("## Other\n\nadded\n", path, "Other")
    assert path.read_text(encoding="utf-8").endswith("kept\n\n## Other\n\nadded\n")
