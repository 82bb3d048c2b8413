"""Purchase models: published values by name, 30-digit arithmetic, base R, limits, properties.

Tolerances
- Published estimates: half a unit of the last digit printed.
- ``reference/value_purchase__histories.csv`` (the papers' 2F1 forms and integrals in 30 digits,
  by ``value_purchase.py``): 1e-9 relative, what 24 nodes and scipy's 2F1 leave.
- ``reference/value_covariates__bg_nbd.csv`` (base R's optim): its gradient is a difference, so
  estimates agree to 2e-4 of a standard error's scale, standard errors to 1e-3, the log likelihood
  to 1e-6.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.value.log.transactions import summarise_transactions
from cx_value.value.purchase import bg_nbd
from cx_value.value.purchase.comparison import (
    check_holdout,
    compare_purchase_models,
)
from cx_value.value.purchase.families import FAMILIES
from cx_value.value.purchase.history import compress_histories
from cx_value.value.purchase.likelihood import to_link, total_likelihood
from cx_value.value.purchase.model import fit_purchase_model

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).parents[1] / "reference"
CONTINUOUS = list(FAMILIES)


@pytest.fixture(scope="module")
def cdnow():
    """The 1/10 sample, 39 weeks of calibration."""
    folder = ROOT / "data" / "cdnow"
    log = pd.read_csv(folder / "transactions.csv", dtype={"customer": str})
    log = log.merge(pd.read_csv(folder / "sample.csv", dtype=str), on="customer")
    return summarise_transactions(
        log, customer="customer", date="date", amount="amount", calibration_end="1997-09-30"
    )


@pytest.fixture(scope="module")
def fits(cdnow):
    return {name: fit_purchase_model(cdnow, name) for name in CONTINUOUS}


def estimates(fit):
    return fit.table().set_index("term")["estimate"]


# --- published ----------------------------------------------------------------------------------

PUBLISHED = {
    # Fader, Hardie & Lee (2005, Marketing Science 24), table 2, and the spreadsheet note's LL
    "bg_nbd": ({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, 5e-4, -9582.4, 0.05),
    "pareto_nbd": ({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, 5e-4, -9595.0, 0.05),
    # Batislam et al. (2007) model on the same data: clvkit, lifetimes and an own fit agree
    "mbg_nbd": ({"r": 0.5248, "alpha": 6.183, "a": 0.8914, "b": 1.614}, 5e-4, -9582.13, 0.01),
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_cdnow_sample_published_estimates(fits, model):
    values, within, log_likelihood, ll_within = PUBLISHED[model]
    found = estimates(fits[model])
    assert list(found.index) == list(values)
    for term, value in values.items():
        assert found[term] == pytest.approx(value, abs=within * 1.001), term
    assert fits[model].log_likelihood == pytest.approx(log_likelihood, abs=ll_within)
    assert fits[model].model == fits[model].requested == model


def test_published_summary_to_four_digits():
    """Independent programs on Fader & Hardie's summary, whose times are rounded to .01 week."""
    names = {"x": "frequency", "t_x": "recency", "T": "age"}
    frame = pd.read_csv(REFERENCE / "value_cdnow__published_summary.csv").rename(columns=names)
    for model, values, digits, log_likelihood in (
        ("bg_nbd", [0.2426, 4.4135, 0.7929, 2.4258], [4, 4, 4, 4], -9582.43),
        ("mbg_nbd", [0.5248, 6.183, 0.8914, 1.614], [4, 3, 4, 3], -9582.13),
        ("pareto_nbd", [0.5533, 10.578, 0.6062, 11.668], [4, 3, 4, 3], -9594.97),
    ):
        fit = fit_purchase_model(frame, model)
        for found, value, places in zip(estimates(fit), values, digits, strict=True):
            assert found == pytest.approx(value, abs=0.6 * 10.0**-places), model
        assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.01)


def test_cdnow_sample_standard_errors(fits):
    """An independent fit gave .0126 .378 .186 .705 (BG/NBD)."""
    errors = fits["bg_nbd"].table()["std_error"].to_numpy()
    np.testing.assert_allclose(errors, [0.0126, 0.378, 0.186, 0.705], atol=5e-4)


def test_cdnow_full_estimates():
    summary = summarise_transactions(
        ROOT / "data" / "cdnow" / "transactions.csv",
        customer="customer", date="date", amount="amount", calibration_end="1997-09-30",
    )  # fmt: skip
    bg_nbd = fit_purchase_model(summary, "bg_nbd")
    assert bg_nbd.n_used == 23570
    np.testing.assert_allclose(estimates(bg_nbd), [0.2516, 4.7889, 0.7234, 2.1611], atol=5e-5)
    assert bg_nbd.log_likelihood == pytest.approx(-95368.44, abs=0.005)
    pareto = fit_purchase_model(summary, "pareto_nbd")
    # The optimum is flat along beta: the printed 8.8277 and 8.82776 differ by less than 1e-8 in LL.
    np.testing.assert_allclose(estimates(pareto), [0.5974, 11.5857, 0.5222, 8.8277], atol=1e-4)
    assert pareto.log_likelihood == pytest.approx(-95415.12, abs=0.005)


def test_expected_transactions_of_single_customers_as_published(fits):
    # Fader, Hardie & Lee, "Implementing the BG/NBD model ... in Excel": customer 1, 39 weeks ahead
    first = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    assert fits["bg_nbd"].expected_transactions(39, first).iloc[0] == pytest.approx(1.226, abs=5e-4)
    # Customer 1516 of the BTYD walk-through (Dziurzynski, Wadsworth & McCarthy 2014), a year ahead
    keen = pd.DataFrame({"frequency": [26], "recency": [30.86], "age": [31.0]})
    pareto = fits["pareto_nbd"]
    assert pareto.expected_transactions(52, keen).iloc[0] == pytest.approx(25.46, abs=0.006)
    assert pareto.probability_alive(keen).iloc[0] == pytest.approx(0.9979, abs=5e-5)
    assert fits["bg_nbd"].expected_transactions(52, keen).iloc[0] == pytest.approx(25.76, abs=0.005)


def test_holdout_totals(cdnow, fits):
    """BG/NBD expects 1,653 purchases in weeks 40–78, there were 1,882."""
    calibration = check_holdout(fits["bg_nbd"], cdnow)
    table = calibration.table()
    assert table["customers"].sum() == 2357
    assert round((table["customers"] * table["expected"]).sum()) == 1653
    assert round((table["customers"] * table["actual"]).sum()) == 1882
    assert table["frequency"].tolist() == list(range(8))
    assert "1,653" in calibration.sentence("en") and "1,882" in calibration.sentence("zh")


# --- 30-digit arithmetic ------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["pareto_nbd", "bg_nbd", "mbg_nbd"])
def test_formulas_against_exact_arithmetic(model):
    cases = pd.read_csv(REFERENCE / "value_purchase__histories.csv").query("model == @model")
    assert len(cases) == 24
    family = FAMILIES[model]
    for parameters, rows in cases.groupby(["p1", "p2", "p3", "p4"]):
        data = compress_histories(rows)
        own = data.position
        value = family.log_likelihood(parameters, data)[0][own]
        np.testing.assert_allclose(value, rows["log_likelihood"], rtol=1e-9, atol=1e-9)
        alive = family.probability_alive(parameters, data)[own]
        np.testing.assert_allclose(alive, rows["alive"], rtol=1e-9)
        ahead = family.expected_transactions(parameters, data, 39.0)[own]
        np.testing.assert_allclose(ahead, rows["cet39"], rtol=1e-9)
        endless = family.expected_transactions(parameters, data, np.inf, 0.0027)[own]
        np.testing.assert_allclose(endless, rows["dert"], rtol=1e-8)


@pytest.mark.parametrize("model", list(FAMILIES))
def test_gradients_are_those_of_the_likelihood(model, cdnow):
    family = FAMILIES[model]
    frame = cdnow.table().head(200)
    random = np.random.default_rng(1)
    covariates = ("z1", "z2")
    frame = frame.assign(z1=random.normal(size=len(frame)), z2=random.normal(size=len(frame)))
    data = compress_histories(frame, covariates)
    evaluate = total_likelihood(family, data)
    width = {None: 0}.get(family.purchase_term, 2) + (2 if family.dropout_term else 0)
    theta = np.concatenate([to_link(family.start(data), family.links), np.full(width, 0.3)])
    gradient = evaluate(theta)[1]
    steps = np.eye(len(theta)) * 1e-5
    numeric = [(evaluate(theta + h)[0] - evaluate(theta - h)[0]) / 2e-5 for h in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=2e-5, atol=2e-5 * np.abs(gradient).max())


@pytest.mark.parametrize(("a", "b", "r"), [(0.05, 0.3, 0.2), (27, 2, 0.7), (2, 20, 3), (1, 1, 1)])
def test_both_routes_to_the_purchase_rate_agree(a, b, r, monkeypatch):
    """The 2F1 and the trapezoid rule, which takes over for large a."""
    rows = {"frequency": [0, 1, 9, 400], "recency": [0, 3.0, 30, 38], "age": [20, 30, 31.0, 39]}
    data, time = compress_histories(pd.DataFrame(rows)), np.array([[0.1, 5.0, 52.0, 500.0]])
    by_series = bg_nbd.BetaGeometric(0).purchase_rate((r, 4.0, a, b), data, time)
    monkeypatch.setattr(bg_nbd, "_LARGE", 0.0)
    by_rule = bg_nbd.BetaGeometric(0).purchase_rate((r, 4.0, a, b), data, time)
    np.testing.assert_allclose(by_series, by_rule, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    ("r", "alpha", "a", "b"),
    [(0.24, 4.4, 0.79, 2.4), (0.07, 0.5, 0.05, 0.3), (3, 90.0, 27, 20), (1, 9.0, 2, 422)],
)
def test_the_interpolated_rate_is_the_rate(first, r, alpha, a, b):
    random = np.random.default_rng(3)
    age = random.uniform(0, 104, 60)
    rows = {"frequency": random.choice([0, 1, 2, 3, 7, 26, 150, 600], 60), "age": age}
    rows["recency"] = np.where(rows["frequency"] > 0, age * 0.7, 0.0)
    data = compress_histories(pd.DataFrame(rows))
    time = random.uniform(0, 1, (len(data), 9)) ** 4 * 20000
    model = bg_nbd.BetaGeometric(first)
    prepared = model.prepare_rate((r, alpha, a, b), data, 20000)
    assert prepared != model.purchase_rate
    exact = model.purchase_rate((r, alpha, a, b), data, time)
    now = ((r + data.frequency) / (alpha + data.age))[:, None]
    # Far out the rate is a share of today's: what is next to nothing need not be exact.
    np.testing.assert_allclose(
        prepared((r, alpha, a, b), data, time) / now, exact / now, rtol=1e-9, atol=2e-11
    )


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd"])
def test_discounted_purchases_without_end_equal_their_double_integral(fits, model):
    """DERT: over the drop-out chance, beta(a, b + chances), and over time, by plain quadrature."""
    from scipy.integrate import quad
    from scipy.stats import beta

    r, alpha, a, b = fits[model].parameters.values()
    delta, first = np.log(1.1) / 52, model == "mbg_nbd"
    rows = pd.DataFrame({"frequency": [0, 2, 9], "recency": [0, 30.43, 35], "age": 38.86})
    data = compress_histories(rows)
    found = FAMILIES[model].expected_transactions((r, alpha, a, b), data, np.inf, delta)
    alive = FAMILIES[model].probability_alive((r, alpha, a, b), data)
    for x, p_alive, mine in zip(data.frequency, alive, found, strict=True):
        m, scale, drop = r + x, alpha + 38.86, beta(a, b + x + first)

        def of_chance(chance, m=m, scale=scale):
            def flow(s):
                time = np.expm1(s)
                return np.exp(s - delta * time) * (1 + chance * time / scale) ** (-m - 1)

            return m / scale * quad(flow, 0, 12, epsabs=0, epsrel=1e-11, limit=200)[0]

        plain = quad(
            lambda q, drop=drop: of_chance(drop.ppf(q)), 0, 1, epsabs=0, epsrel=1e-9, limit=200
        )[0]
        assert mine == pytest.approx(p_alive * plain, rel=1e-7)


def test_limits_are_limits():
    """Pareto/NBD and (M)BG/NBD with nearly equal drop-out equal their limits."""
    rows = pd.DataFrame({"frequency": [0, 2, 9], "recency": [0, 11.0, 30.0], "age": [20, 30, 31.0]})
    data = compress_histories(rows)
    for full, limit, near in (
        ("pareto_nbd", "exponential_nbd", (0.7, 5.0, 0.03 * 1e7, 1e7)),
        ("bg_nbd", "geometric_nbd", (0.7, 5.0, 0.03 * 1e6, 0.97 * 1e6)),
        ("mbg_nbd", "geometric_mnbd", (0.7, 5.0, 0.03 * 1e6, 0.97 * 1e6)),
    ):
        ends = (FAMILIES[full], near), (FAMILIES[limit], (0.7, 5.0, 0.03))
        value, ahead = zip(
            *[(f.log_likelihood(p, data)[0], f.expected_transactions(p, data, 20.0))
              for f, p in ends], strict=True,
        )  # fmt: skip
        np.testing.assert_allclose(value[0], value[1], rtol=3e-5)
        np.testing.assert_allclose(ahead[0], ahead[1], rtol=3e-5)
    nearly_poisson = FAMILIES["nbd"].log_likelihood((0.4e8, 1e8), data)[0]
    np.testing.assert_allclose(
        nearly_poisson, FAMILIES["poisson"].log_likelihood((0.4,), data)[0], atol=1e-5
    )


# --- base R -------------------------------------------------------------------------------------


def test_covariates_against_base_r(cdnow):
    covariates = pd.read_csv(REFERENCE / "value_covariates__customers.csv", dtype={"customer": str})
    frame = cdnow.table().merge(covariates, on="customer")
    assert len(frame) == 2357
    fit = fit_purchase_model(frame, "bg_nbd", covariates=("first_spend", "cohort"))
    expected = pd.read_csv(REFERENCE / "value_covariates__bg_nbd.csv").set_index("term")
    found = fit.table().set_index("term")
    assert list(found.index) == list(expected.index)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"].iloc[0], abs=1e-5)
    scale = expected["std_error"]
    for column in ("estimate", "ci_low", "ci_high"):
        assert (np.abs(found[column] - expected[column]) / scale).max() < 2e-3, column
    np.testing.assert_allclose(found["std_error"], scale, rtol=2e-3)
    plain = fit_purchase_model(frame, "bg_nbd")
    assert len(fit.theta) == len(plain.theta) + 4
    assert chi2.sf(2 * (fit.log_likelihood - plain.log_likelihood), 4) < 1e-8
    # A covariate is centred: shifting it changes nothing; a customer given anew is the same.
    moved = frame.assign(first_spend=frame["first_spend"] + 100)
    again = fit_purchase_model(moved, "bg_nbd", covariates=("first_spend", "cohort"))
    np.testing.assert_allclose(again.table()["estimate"], found["estimate"], rtol=1e-5)
    few = fit.expected_transactions(10, frame.iloc[5:9]).to_numpy()
    np.testing.assert_allclose(few, fit.expected_transactions(10).iloc[5:9], rtol=1e-10)


def test_pareto_covariates_recover_what_was_simulated():
    """A known effect of .5 on the purchase rate and -.8 on drop-out, n = 4,000."""
    random = np.random.default_rng(20)
    n, age = 4000, 60.0
    z = random.normal(size=n)
    rate = random.gamma(1.5, np.exp(0.5 * z) / 8)
    life = random.exponential(1 / random.gamma(1.2, np.exp(-0.8 * z) / 30))
    times = [np.cumsum(random.exponential(1 / v, 400)) for v in rate]
    seen = [t[t < min(a, age)] for t, a in zip(times, life, strict=True)]
    frame = pd.DataFrame(
        {"frequency": [len(s) for s in seen], "age": age, "z": z,
         "recency": [s[-1] if len(s) else 0.0 for s in seen]}
    )  # fmt: skip
    table = fit_purchase_model(frame, "pareto_nbd", covariates=("z",)).table().set_index("term")
    truth = pd.Series({"r": 1.5, "alpha": 8, "s": 1.2, "beta": 30, "purchase:z": 0.5,
                       "dropout:z": -0.8})  # fmt: skip
    distance = (table["estimate"] - truth) / table["std_error"]
    assert np.abs(distance[["purchase:z", "dropout:z"]]).max() < 2.5
    assert np.abs(distance).max() < 3


# --- the boundary -------------------------------------------------------------------------------


def panel(n=600, seed=0, rate=None, age=52.0, drop=None):
    """Simulate a panel of Poisson buyers with gamma rates, exponential life if ``drop``."""
    random = np.random.default_rng(seed)
    rates = random.gamma(1.2, 0.15, n) if rate is None else np.full(n, rate)
    end = np.full(n, age) if drop is None else np.minimum(random.exponential(1 / drop, n), age)
    counts = random.poisson(rates * end)
    last = [random.uniform(0, e, c).max(initial=0.0) for e, c in zip(end, counts, strict=True)]
    return pd.DataFrame({"frequency": counts, "recency": last, "age": age})


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_everyone_alive_is_told_and_replaced(model):
    frame = panel()
    frame.loc[frame["frequency"] > 0, "recency"] = 52.0
    fit = fit_purchase_model(frame, model)
    assert (fit.requested, fit.model) == (model, "nbd")
    assert any(note.facts.get("means") == "no_dropout" for note in fit.notes)
    assert any("流失的迹象" in note.in_language("zh") for note in fit.notes)
    assert (fit.probability_alive() == 1).all()
    assert fit.table()["term"].tolist() == ["r", "alpha"]
    assert fit.table()["estimate"].between(1e-3, 1e3).all()


def test_one_drop_out_rate_for_all_is_told_and_replaced():
    fit = fit_purchase_model(panel(n=1500, seed=4, rate=None, drop=0.02), "pareto_nbd")
    assert fit.model in ("exponential_nbd", "pareto_nbd")
    homogeneous = fit_purchase_model(panel(n=1500, seed=4, drop=0.02), "exponential_nbd")
    assert homogeneous.table().set_index("term").loc["mu", "estimate"] == pytest.approx(
        0.02, abs=0.003
    )
    # Households that all stay: real grocers' data behave like this (completejourney).
    if fit.model == "pareto_nbd":
        assert any(note.template == "purchase.not_rejected" for note in fit.notes)


def test_completejourney_households_have_no_heterogeneous_drop_out():
    """Households of the packaged grocery panel: Pareto/NBD's s and beta run to infinity."""
    frame = pd.read_csv(REFERENCE / "value_completejourney__summary.csv")  # days
    frame[["recency", "age"]] /= 7
    fit = fit_purchase_model(frame, "pareto_nbd")
    assert fit.model == "exponential_nbd"
    assert fit.notes[0].facts["means"] == "same_chance"
    # s / beta of the runaway fit, and its log likelihood (a library stopped at -85188.4)
    assert estimates(fit)["mu"] == pytest.approx(8.7e-4, abs=2e-5)
    assert fit.log_likelihood == pytest.approx(-85183.90, abs=0.01)
    bg_nbd = fit_purchase_model(frame, "bg_nbd")
    assert any(note.facts.get("terms") == ["a", "b"] for note in bg_nbd.notes)


def test_equal_buyers_become_poisson():
    fit = fit_purchase_model(panel(n=400, seed=3, rate=0.2), "nbd")
    assert fit.model in ("nbd", "poisson")
    even = pd.DataFrame({"frequency": [4, 5, 4, 5] * 30, "recency": 50.0, "age": 52.0})
    fit = fit_purchase_model(even, "nbd")
    assert fit.model == "poisson"
    assert estimates(fit)["rate"] == pytest.approx(4.5 / 52)
    assert fit.expected_transactions(52).iloc[0] == pytest.approx(4.5)


def test_no_repeat_buyer_is_refused():
    frame = pd.DataFrame({"frequency": 0, "recency": 0.0, "age": [10.0, 12.0, 30.0]})
    for model in CONTINUOUS:
        with pytest.raises(DataError, match="None of the 3 customers bought again"):
            fit_purchase_model(frame, model)


def test_a_single_repeat_buyer_is_refused_or_fitted_inside():
    frame = pd.DataFrame({"frequency": [0] * 50 + [1], "recency": [0.0] * 50 + [3.0], "age": 40.0})
    for model in ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"):
        try:
            fit = fit_purchase_model(frame, model)
        except ConvergenceError as error:
            assert all(word in str(error) for word in ("·", "allowed", "do:"))
        else:
            own = fit.table()
            assert own["std_error"].gt(0).all() and own["estimate"].between(1e-6, 1e6).all()


# --- properties ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd"])
def test_order_weights_and_time_unit(cdnow, fits, model):
    frame = cdnow.table()
    base = estimates(fits[model])
    shuffled = fit_purchase_model(frame.sample(frac=1, random_state=3), model)
    np.testing.assert_allclose(estimates(shuffled), base, rtol=2e-4)
    counted = frame.groupby(["frequency", "recency", "age"]).size().rename("weight").reset_index()
    weighted = fit_purchase_model(counted, model)
    assert weighted.n_used == 2357
    np.testing.assert_allclose(estimates(weighted), base, rtol=2e-4)
    days = fit_purchase_model(
        frame.assign(recency=frame["recency"] * 7, age=frame["age"] * 7), model
    )
    factor = [1, 7, 1, 7 if model == "pareto_nbd" else 1]
    np.testing.assert_allclose(estimates(days), base * factor, rtol=2e-4)
    np.testing.assert_allclose(
        days.expected_transactions(39 * 7), fits[model].expected_transactions(39), rtol=1e-3
    )


# --- comparison, words, refusals ----------------------------------------------------------------


def test_comparison_chooses_by_aic(cdnow):
    comparison = compare_purchase_models(cdnow)
    table = comparison.table().set_index("model")
    assert comparison.chosen == "mbg_nbd" == table["chosen"].idxmax()
    assert table.loc["bg_nbd", "aic"] == pytest.approx(2 * 4 + 2 * 9582.43, abs=0.01)
    assert table.loc["mbg_nbd", "delta_aic"] == 0
    assert (table["holdout_actual"] == 1882).all()
    assert round(table.loc["bg_nbd", "holdout_expected"]) == 1653
    assert "MBG/NBD" in comparison.sentence("en") and "MBG/NBD" in comparison.sentence("zh")


def test_sentences_carry_the_table(fits):
    fit = fits["bg_nbd"]
    for lang in ("en", "zh"):
        for number in ("2,357", "9,582.43", "19,172.86"):
            assert number in fit.sentence(lang)


@pytest.mark.parametrize(
    ("frame", "model", "message"),
    [
        ({"frequency": [1], "recency": [1.0]}, "bg_nbd", "lacks age"),
        ({"frequency": [], "recency": [], "age": []}, "bg_nbd", "has no rows"),
        ({"frequency": [1], "recency": [5.0], "age": [4.0]}, "bg_nbd", "recency beyond their age"),
        ({"frequency": [0], "recency": [1.0], "age": [4.0]}, "bg_nbd", "no repeat purchase"),
        ({"frequency": [2], "recency": [0.0], "age": [4.0]}, "bg_nbd", "at recency 0"),
        ({"frequency": [0.5], "recency": [1.0], "age": [4.0]}, "nbd", "that is no count"),
        ({"frequency": [1, 1], "recency": [1.0, None], "age": [4.0, 4]}, "nbd", "1 customers have"),
    ],
)
def test_impossible_histories_are_refused_in_words(frame, model, message):
    with pytest.raises(DataError, match=message):
        fit_purchase_model(pd.DataFrame(frame), model)


def test_other_refusals(cdnow, fits):
    with pytest.raises(ModelError, match="No purchase model is named 'rfm'"):
        fit_purchase_model(cdnow, "rfm")
    with pytest.raises(ModelError, match="covariates is the word"):
        fit_purchase_model(cdnow, "bg_nbd", covariates="monetary")
    with pytest.raises(DataError, match="lacks segment"):
        fit_purchase_model(cdnow, "bg_nbd", covariates=("segment",))
    with pytest.raises(DataError, match="the same for every customer"):
        fit_purchase_model(cdnow.table().assign(z=1.0), "bg_nbd", covariates=("z",))
    with pytest.raises(ModelError, match="horizon is -1"):
        fits["bg_nbd"].expected_transactions(-1)


def test_pictures_are_drawn_in_both_languages(cdnow, fits):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    for lang, word in (("en", "Time since the last purchase (weeks)"),
                       ("zh", "距上次购买的时长（周）")):  # fmt: skip
        assert fits["bg_nbd"].plot(lang=lang).get_ylabel() == word
        assert check_holdout(fits["bg_nbd"], cdnow).plot(lang=lang).get_legend() is not None
    plt.close("all")


# --- anything at all ----------------------------------------------------------------------------

AGE = st.integers(0, 60)
CUSTOMER = st.tuples(AGE, st.integers(0, 60), st.integers(0, 40)).map(
    lambda c: (min(c[2], c[1]) if c[1] <= c[0] else 0, c[1] if c[1] <= c[0] and c[2] else 0, c[0])
)


@settings(max_examples=40, deadline=None)
@given(st.lists(CUSTOMER, min_size=1, max_size=30), st.sampled_from(list(FAMILIES)))
def test_any_histories_are_fitted_inside_or_refused_in_words(rows, model):
    rows = [(x if last else 0, last, age) for x, last, age in rows]
    frame = pd.DataFrame(rows, columns=["frequency", "recency", "age"])
    try:
        fit = fit_purchase_model(frame, model)
    except (DataError, ConvergenceError) as error:
        assert all(word in str(error) for word in ("·", "allowed", "do:"))
        return
    table = fit.table()
    assert np.isfinite(table.drop(columns="term").to_numpy()).all()
    assert (table["ci_low"] < table["estimate"]).all()
    assert fit.probability_alive().between(0, 1).all()
    ahead = fit.expected_transactions(5)
    assert np.isfinite(ahead).all() and (ahead >= 0).all()


def test_public_names_of_the_value_package():
    import cx_value.value as value

    for name in value.__all__:
        assert callable(getattr(value, name)), name
    with pytest.raises(AttributeError, match="no attribute 'clv'"):
        _ = value.clv
