"""Bootstrap refits against lavaan, replicate by replicate on stored rows.

Every draw of the well-behaved models was driven to lavaan's optimum: 1e-5 (relative above 1). On
the difficult ones only the discrepancy reached can be compared: ours may not lie above lavaan's
by more than 1e-7, and no fewer draws may converge. A draw counts as converged where the gradient
vanishes (decrement below 1e-12, i.e. 2e-5 standard errors at n = 250) at a finite point whose
Hessian is positive definite, and failed when some search saw a lower point than that.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.sem import fit_model
from cx_value.sem.design.latent_steps import advance
from cx_value.sem.effects import effects
from cx_value.sem.engine.likelihood import evaluate, gradient, hessian
from cx_value.sem.resampling import moments as resampling
from cx_value.sem.resampling.moments import EachRowOut, given_rows, order_of, resampled_targets
from cx_value.sem.resampling.monte_carlo import monte_carlo

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = pd.read_csv(REFERENCE / "sem__cases.csv", keep_default_na=False).set_index("case")


@cache
def data_of(name):
    if name == "mobi":
        return pd.read_csv(REFERENCE.parent.parent / "data/ecsi-mobile/mobi.csv")
    return pd.read_csv(REFERENCE / f"sem__{name}_data.csv")


@cache
def fitted(case):
    row = CASES.loc[case]
    return fit_model(row.syntax, data_of(row.data))


@cache
def booted(case):
    return fitted(case).bootstrap(rows=rows_of(case))


def rows_of(case):
    return pd.read_csv(REFERENCE / f"sem__{case}_bootstrap_rows.csv").to_numpy()


def read(name):
    return pd.read_csv(REFERENCE / f"sem__{name}.csv")


def gap(ours, theirs):
    return (np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))).max()


@pytest.mark.parametrize("case", ["hs", "chain", "six"])
def test_every_draw_agrees_with_lavaan(case):
    theirs, boot = read(f"{case}_bootstrap"), booted(case)
    assert boot.converged.all()
    for draw, rows in theirs.groupby("draw"):
        assert gap(boot.parameters.iloc[draw - 1].to_numpy(), rows.est.to_numpy()) < 1e-5
        assert gap(boot.standardised.iloc[draw - 1].to_numpy(), rows["std"].to_numpy()) < 1e-5


@pytest.mark.parametrize("case", ["loyalty", "ecsi"])
def test_difficult_draws_reach_an_optimum_no_worse_than_lavaans(case):
    theirs, boot, fit = read(f"{case}_bootstrap"), booted(case), fitted(case)
    rows, data = rows_of(case), data_of(CASES.loc[case].data)
    both = (theirs.converged & boot.converged).to_numpy()
    for draw in np.flatnonzero(both):
        items = data.iloc[rows[draw]][list(fit.prepared.model.observed)].to_numpy(float)
        covariance = np.cov(items.T, bias=True) / np.outer(*[fit.prepared.design.units] * 2)
        saturated = 0.5 * (np.linalg.slogdet(covariance)[1] + len(covariance))
        assert boot.value[draw] - saturated <= theirs.fmin[draw] + 1e-7
    assert boot.converged.sum() >= {"loyalty": 60, "ecsi": 58}[case]
    assert boot.converged.sum() >= theirs.converged.sum()
    assert boot.failed_share == pytest.approx(1 - boot.converged.mean())
    assert boot.parameters[~boot.converged].isna().all(axis=None)


@pytest.mark.parametrize("case", ["loyalty", "ecsi"])
def test_a_converged_draw_is_a_minimum(case):
    boot, prepared = booted(case), fitted(case).prepared
    target = next(resampled_targets(prepared, given_rows(prepared, rows_of(case))))
    kept = np.flatnonzero(boot.converged)
    target, design = target.take(kept), prepared.design
    point = evaluate(design, boot.theta[kept], target)
    slope, matrix = gradient(design, point, target), hessian(design, point, target)
    assert np.linalg.eigvalsh(matrix).min() > 0
    newton = np.linalg.solve(matrix, slope[..., None])[..., 0]
    assert (slope * newton).sum(axis=1).max() < 1e-12
    np.testing.assert_allclose(point.value, boot.value[kept], atol=1e-12)


def test_an_optimum_across_infinity_is_reached():
    """In draw 53 of ECSI a path changes its sign through infinity on the way (lavaan finds it)."""
    theirs, boot = read("ecsi_bootstrap"), booted("ecsi")
    full = fitted("ecsi").table().set_index(["lhs", "rhs"]).est
    path = boot.parameters["PERV ~ CUEX"]
    assert boot.converged[52] and theirs.converged[52]
    assert full["PERV", "CUEX"] > 0 > path[52]


def test_a_step_on_latent_covariances_is_the_plain_step_to_first_order():
    fit = fitted("ecsi")
    design, theta = fit.prepared.design, fit.solution.theta[None]
    sample = fit.prepared.target.sample
    implied, random = design.implied(theta, sample), np.random.default_rng(4)
    assert len(design.equations) == 6 and not fitted("hs").prepared.design.equations
    move = random.normal(size=theta.shape)
    gaps = [
        np.abs(advance(design, theta, size * move, implied, sample) - theta - size * move).max()
        for size in (1e-4, 1e-5)
    ]
    assert gaps[0] > 50 * gaps[1] > 0  # the difference is quadratic
    np.testing.assert_allclose(
        advance(design, theta, 0 * move, implied, sample), theta, rtol=0, atol=1e-9
    )


def test_a_step_on_latent_covariances_is_linear_in_them():
    fit = fitted("ecsi")
    design, theta = fit.prepared.design, fit.solution.theta[None]
    sample, random = fit.prepared.target.sample, np.random.default_rng(4)
    implied, move = design.implied(theta, sample), 1e-3 * random.normal(size=(1, theta.size))
    before, tiny = implied.latent[0, 0], 1e-7
    along = (design.implied(theta + tiny * move, sample).latent[0, 0] - before) / tiny
    after = design.implied(advance(design, theta, move, implied, sample), sample).latent[0, 0]
    for equation in design.equations:
        at = np.append(equation.sources, equation.row)
        np.testing.assert_allclose(
            after[equation.row, at], (before + along)[equation.row, at], rtol=1e-5
        )


def test_intervals_agree_with_lavaan_and_boot():
    theirs, boot = read("hs_intervals"), booted("hs")
    for row in theirs.itertuples():
        ours = boot.table(row.kind, rule=row.rule).iloc[1]
        assert gap(np.array([ours.ci_low, ours.ci_high]), np.array([row.low, row.high])) < 1e-5


def test_an_effect_is_the_product_of_its_draws():
    fit, boot = fitted("chain"), booted("chain")
    table = effects(fit, bootstrap=boot).table()
    row = table[(table.through == "PERV → CUSA") & (table.target == "CUSL")].iloc[0]
    defined = fit.table().set_index("lhs").loc["indirect"]
    assert row.est == pytest.approx(defined.est, abs=1e-12)
    assert row.se == pytest.approx(defined.se, abs=1e-12)
    assert row.std_all == pytest.approx(defined.std_all, abs=1e-12)
    interval = boot.table("percentile").set_index("lhs").loc["indirect"]
    assert row.boot_ci_low == pytest.approx(interval.ci_low, abs=1e-12)
    draws = boot.parameters
    product = draws["PERV ~ PERQ"] * draws["CUSA ~ PERV"] * draws["CUSL ~ CUSA"]
    np.testing.assert_allclose(product, draws["indirect := a*b*c"], rtol=1e-12)


def test_effects_of_a_pair_add_up():
    table = effects(fitted("ecsi")).table()
    for _, pair in table.groupby(["source", "target"]):
        by_kind = pair.groupby("kind").est.sum()
        total = by_kind.get("direct", 0) + by_kind.get("specific_indirect", 0)
        assert total == pytest.approx(by_kind["total"], rel=1e-9)
        assert by_kind.get("total_indirect", 0) == pytest.approx(
            by_kind.get("specific_indirect", 0), rel=1e-9
        )


def test_total_effects_are_those_of_the_reduced_form():
    """Total effects are (I − B)⁻¹ − I (Bollen 1987), here from the whole matrix at once."""
    fit = fitted("chain")
    paths = fit.table()[lambda t: t.op == "~"]
    names = list(fit.prepared.model.latents)
    beta = np.zeros((4, 4))
    for p in paths.itertuples():
        beta[names.index(p.lhs), names.index(p.rhs)] = p.est
    total = np.linalg.inv(np.eye(4) - beta) - np.eye(4)
    table = effects(fit).table()
    for row in table[table.kind == "total"].itertuples():
        assert row.est == pytest.approx(total[names.index(row.target), names.index(row.source)])


def test_same_seed_same_draws_and_other_seed_others():
    fit = fitted("hs")
    one, two, three = (fit.bootstrap(20, seed=s).parameters for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not np.allclose(one, three)


def test_groups_are_resampled_within_themselves():
    fit = fit_model(CASES.loc["hs"].syntax, data_of("hs"), group="school")
    rows = fit.bootstrap(5, seed=3).rows
    school = data_of("hs").school.to_numpy()
    for draw in rows:
        assert (school[draw] == school).all()


LARGE = {"": {}, "groups": {"group": "school"}, "fiml": {"missing": "fiml"}}


@pytest.mark.parametrize("case", LARGE)
def test_rows_of_large_data_are_drawn_again_from_the_seed(case, monkeypatch):
    monkeypatch.setattr(resampling, "STORED_ROWS", 100)
    monkeypatch.setattr(resampling, "BLOCK", 64)
    monkeypatch.setattr(resampling, "PART", 7)
    data = data_of("hs_missing" if case == "fiml" else "hs")
    fit = fit_model(CASES.loc["hs"].syntax, data, **LARGE[case])
    boot = fit.bootstrap(20, seed=3)
    rows = boot.rows
    assert not boot.draws.__class__.__name__.startswith("Listed")
    assert rows.shape == (20, fit.n_used) and (rows == boot.rows).all()
    again = fit.bootstrap(rows=rows)
    np.testing.assert_allclose(boot.parameters, again.parameters, rtol=1e-9, atol=1e-9)
    # Counts of one row are Poisson-like: variance (1 − 1/n) over 20 × 301 cells, within 5 errors.
    counts = np.array([np.bincount(r, minlength=fit.n_used) for r in rows])
    assert abs(counts.var() - 1) < 5 * np.sqrt(3 / counts.size)
    if case == "groups":
        school = data.school.to_numpy()
        assert (school[rows] == school).all()


def test_too_many_rows_are_not_listed(monkeypatch):
    monkeypatch.setattr(resampling, "STORED_ROWS", 100)
    monkeypatch.setattr(resampling, "LISTED", 1000)
    with pytest.raises(DataError, match="20 draws of 301 rows are too many to list"):
        _ = fitted("hs").bootstrap(20, seed=3).rows


def test_whole_numbers_are_summed_exactly_in_single_precision(monkeypatch):
    monkeypatch.setattr(resampling, "STORED_ROWS", 100)
    fit = fitted("six")
    draws = resampling.draw_rows(fit.prepared, 12, 5)
    kinds, found = [], []
    for most in (draws.most(0), np.inf):
        kinds.append(resampling._centre_and_precision(fit.prepared.samples[0], most)[1])
        monkeypatch.setattr(resampling.SeededRows, "most", lambda self, g, most=most: most)
        found.append(next(resampled_targets(fit.prepared, draws)).moments[:, 0, 0])
    assert kinds == [np.float32, np.float64]
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-13)
    units, items = fit.prepared.design.units, fit.prepared.samples[0].rows
    for moments, rows in zip(found[0], draws.rows(), strict=True):
        expected = np.cov(items[rows].T, bias=True) / np.outer(units, units)
        np.testing.assert_allclose(moments, expected, rtol=0, atol=1e-12)
    halves = fit_model("f =~ x1 + x2 + x3", data_of("hs")).prepared.samples[0]
    assert resampling._centre_and_precision(halves, 301)[1] is np.float64


def test_the_jackknife_leaves_out_each_row_once():
    prepared = fit_model(CASES.loc["hs"].syntax, data_of("hs"), group="school").prepared
    draws = EachRowOut(order_of(prepared.samples))
    rows = draws.rows()
    assert rows.shape == (301, 300) and 7 not in rows[7]
    moments = next(resampled_targets(prepared, draws)).sample
    items = data_of("hs")[list(prepared.model.observed)].to_numpy()
    school = data_of("hs").school.to_numpy()
    label = prepared.samples[0].label
    left = np.delete(items, 7, axis=0)[np.delete(school, 7) == label]
    np.testing.assert_allclose(
        moments[7, 0, :-1, -1] * prepared.design.units[:-1], left.mean(axis=0), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "seed"),
        ({"n": 1, "seed": 1}, "at least 2"),
        ({"rows": np.zeros((3, 7), dtype=int)}, "shape (3, 7)"),
        ({"rows": np.full((3, 301), 301)}, "0 to 300"),
    ],
)
def test_bootstrap_refuses_what_cannot_be(options, words):
    with pytest.raises(DataError, match=words.replace("(", r"\(").replace(")", r"\)")):
        fitted("hs").bootstrap(**options)


def test_unknown_interval_is_refused():
    with pytest.raises(DataError, match="percentile"):
        booted("hs").table("studentised")


def test_paths_in_a_circle_have_no_effects():
    data = data_of("hs")
    fit = fit_model("x1 ~ a*x2 + x4\nx2 ~ 0.2*x1 + x5", data)
    with pytest.raises(ModelError, match="circle"):
        effects(fit)


# --- Monte Carlo ----------------------------------------------------------------------------------


def test_monte_carlo_has_the_fits_errors_and_the_bootstraps_skew():
    """An indirect effect of two uncertain paths: skewed, as in the bootstrap, unlike delta's."""
    random = np.random.default_rng(5)
    x = random.normal(size=400)
    m = 0.2 * x + random.normal(size=400)
    y = 0.2 * m + random.normal(size=400)
    data = pd.DataFrame({"x": x, "m": m, "y": y})
    fit = fit_model("m ~ a*x\ny ~ b*m\nindirect := a*b", data, estimator="mlr")
    drawn, table = monte_carlo(fit, 20_000, seed=1), fit.table()
    found, free = drawn.table(), table["op"].isin(["~", "~~"]) & (table["se"] > 0)
    # 20,000 draws: an error of .5 % in a standard deviation, of .02 standard errors in a limit.
    np.testing.assert_allclose(found["se"][free], table["se"][free], rtol=0.02)
    resampled = fit.bootstrap(4000, seed=1).table()
    limits = [f.set_index("lhs").loc["indirect", ["ci_low", "ci_high"]] for f in (found, resampled)]
    error = table.set_index("lhs").loc["indirect", "se"]
    assert np.abs(limits[0] - limits[1]).max() < 0.15 * error
    middle = table.set_index("lhs").loc["indirect", "est"]
    assert limits[0]["ci_high"] - middle > 1.2 * (middle - limits[0]["ci_low"])
    assert (monte_carlo(fit, 20_000, seed=1).theta == drawn.theta).all()
    assert "20,000 draws" in drawn.sentence() and "20,000" in drawn.sentence("zh")
    with pytest.raises(DataError, match="at least 2"):
        monte_carlo(fit, 1, seed=1)
