"""Spend, lifetime value, draws and the simple formula.

Tolerances: published Gamma–Gamma values to half a unit of the last digit (the published summary is
rounded to cents, the log is not, so the two fits differ in the fourth digit); closed forms 1e-8;
simulation within four of its own standard errors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import hyperu

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.value.log.transactions import summarise_transactions
from cx_value.value.purchase.families import FAMILIES
from cx_value.value.purchase.history import compress_histories
from cx_value.value.purchase.likelihood import casewise_scores
from cx_value.value.purchase.model import fit_purchase_model
from cx_value.value.worth.draws import draw_futures
from cx_value.value.worth.lifetime import lifetime_value
from cx_value.value.worth.observed_spend import describe_spend
from cx_value.value.worth.simple_value import simple_lifetime_value
from cx_value.value.worth.spend import conditional_mean, fit_spend_model

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def cdnow():
    folder = ROOT / "data" / "cdnow"
    log = pd.read_csv(folder / "transactions.csv", dtype={"customer": str})
    log = log.merge(pd.read_csv(folder / "sample.csv", dtype=str), on="customer")
    return summarise_transactions(
        log, customer="customer", date="date", amount="amount", calibration_end="1997-09-30"
    )


@pytest.fixture(scope="module")
def spend(cdnow):
    return fit_spend_model(cdnow)


@pytest.fixture(scope="module")
def pareto(cdnow):
    return fit_purchase_model(cdnow, "pareto_nbd")


# --- spend --------------------------------------------------------------------------------------


def test_gamma_gamma_as_published(cdnow, spend):
    # Fader & Hardie (2013), note on the Gamma–Gamma model: p 6.25, q 3.74, gamma 15.44
    published = pd.read_csv(REFERENCE / "value_cdnow__published_summary.csv")
    fit = fit_spend_model(published.rename(columns={"x": "frequency", "zbar": "monetary"}))
    table = fit.table().set_index("term")
    found = table["estimate"][:3]
    np.testing.assert_allclose(found, [6.2488, 3.7446, 15.4477], atol=6e-5)
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=0.005)
    np.testing.assert_allclose(spend.table()["estimate"][:3], [6.25, 3.744, 15.44], atol=5e-3)
    assert (fit.n_used, fit.n_dropped) == (946, 1411)
    # The note's correlation of frequency with spend: .11
    assert fit.correlation == pytest.approx(0.11, abs=0.005)
    assert "corr(frequency, spend)" in table.index and "*r* = .11" in fit.sentence("en")
    assert not fit.facts()["doubtful"] and not fit.notes
    # A customer without a repeat purchase gets the population's mean.
    first = fit.expected_spend()[published.index[published["x"] == 0][0]]
    assert first == pytest.approx(fit.mean_spend()) == pytest.approx(35.17, abs=0.01)


def test_gamma_gamma_full_cdnow():
    """An independent fit gave 6.2754 3.6244 14.9837."""
    summary = summarise_transactions(
        ROOT / "data" / "cdnow" / "transactions.csv",
        customer="customer", date="date", amount="amount", calibration_end="1997-09-30",
    )  # fmt: skip
    fit = fit_spend_model(summary)
    np.testing.assert_allclose(fit.table()["estimate"][:3], [6.2754, 3.6244, 14.9837], atol=6e-5)


def test_gamma_gamma_likelihood_is_the_published_density(cdnow, spend):
    """Equation 1a written out for each customer, and its integral over z equal to 1."""
    from scipy.special import gammaln

    p, q, gamma = np.exp(spend.theta)

    def density(z, x):
        return np.exp(
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
            + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * z)
        )  # fmt: skip

    frame = cdnow.table().query("frequency > 0 and monetary > 0")
    total = np.log(density(frame["monetary"], frame["frequency"])).sum()
    assert spend.log_likelihood == pytest.approx(total, abs=1e-6)
    assert quad(lambda z: density(z, 3), 0, np.inf)[0] == pytest.approx(1, abs=1e-6)
    # The conditional mean is the posterior mean of p/v under gamma(px + q, gamma + xz).
    x, z = 4.0, 50.0
    shape, rate = p * x + q, gamma + x * z

    def weighed(v):
        log_density = shape * np.log(rate) + (shape - 1) * np.log(v) - rate * v - gammaln(shape)
        return p / v * np.exp(log_density)

    posterior = quad(weighed, 0, 5)[0]
    mine = conditional_mean(spend.theta, np.array([x]), np.array([z]))[0]
    assert mine == pytest.approx(posterior, rel=1e-6)


def test_spend_recovers_and_scales_with_the_currency():
    random = np.random.default_rng(3)
    x = random.integers(1, 12, 4000)
    z = random.gamma(5.0 * x, 1 / (x * random.gamma(4.0, 1 / 60.0, 4000)))
    fit = fit_spend_model(pd.DataFrame({"frequency": x, "monetary": z}))
    table = fit.table().iloc[:3]
    assert np.abs((table["estimate"] - [5, 4, 60]) / table["std_error"]).max() < 3
    cents = fit_spend_model(pd.DataFrame({"frequency": x, "monetary": 100 * z})).table()
    np.testing.assert_allclose(cents["estimate"][:3], table["estimate"] * [1, 1, 100], rtol=1e-5)


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        ({"frequency": [1] * 20}, DataError, "lacks monetary"),
        ({"frequency": [1] * 9, "monetary": range(1, 10)}, DataError, "Only 9 customers"),
        ({"frequency": [2] * 20, "monetary": 7.0}, DataError, "All 20 repeat buyers spend 7"),
        ({"frequency": [2] * 20, "monetary": -7.0}, DataError, "20 repeat buyers have a missing"),
        ({"frequency": [2] * 20, "monetary": np.nan}, DataError, "20 repeat buyers have a missing"),
    ],
)
def test_spend_refusals(frame, error, message):
    with pytest.raises(error, match=message):
        fit_spend_model(pd.DataFrame(frame))


def test_spend_without_differences_or_without_mean_is_refused():
    random = np.random.default_rng(5)
    x = np.full(3000, 4)
    alike = random.gamma(5.0 * x, 1 / (5.0 * x)) * 20
    try:
        fit_spend_model(pd.DataFrame({"frequency": x, "monetary": alike}))
    except ConvergenceError as error:
        assert "own mean spend" in str(error)
    else:
        pytest.fail("customers who do not differ have no Gamma–Gamma optimum")
    x = random.integers(1, 5, 3000)
    wild = random.gamma(5.0 * x, 1 / (x * random.gamma(0.6, 1.0, 3000)))
    with pytest.raises(ModelError, match="mean spend would be infinite"):
        fit_spend_model(pd.DataFrame({"frequency": x, "monetary": wild}))


# --- lifetime value -----------------------------------------------------------------------------


def test_dert_equals_its_closed_form(pareto):
    """Fader, Hardie & Lee (2005, JMR 42), eq. 4: Tricomi's function; and a plain integral."""
    r, alpha, s, beta = pareto.parameters.values()
    delta = np.log(1.15) / (365.25 / 7)
    frame = pd.DataFrame({"frequency": [0, 2, 7], "recency": [0, 30.43, 35], "age": [38.86] * 3})
    data = compress_histories(frame)
    mine = FAMILIES["pareto_nbd"].expected_transactions(
        (r, alpha, s, beta), data, np.inf, delta
    )[data.position]  # fmt: skip
    alive = pareto.probability_alive(frame).to_numpy()
    end = beta + frame["age"]
    rate = (r + frame["frequency"]) / (alpha + frame["age"])
    closed = alive * rate * end**s * delta ** (s - 1) * hyperu(s, s, delta * end)
    np.testing.assert_allclose(mine, closed, rtol=1e-8)
    plain = [
        a * k * quad(lambda u, e=e: np.exp(-delta * u) * (e / (e + u)) ** s, 0, 20000, limit=400)[0]
        for a, k, e in zip(alive, rate, end, strict=True)
    ]
    np.testing.assert_allclose(mine, plain, rtol=1e-6)


def test_value_is_its_parts(pareto, spend):
    value = lifetime_value(pareto, spend, horizon=52, discount_rate_per_year=0, margin=0.3)
    table = value.table()
    product = 0.3 * pareto.expected_transactions(52).to_numpy() * spend.expected_spend().to_numpy()
    np.testing.assert_allclose(table["lifetime_value"], product, rtol=1e-10)
    assert value.total == pytest.approx(product.sum())
    np.testing.assert_allclose(table["probability_alive"], pareto.probability_alive())
    discounted = lifetime_value(pareto, spend, horizon=52, discount_rate_per_year=0.15, margin=0.3)
    ratio = discounted.total / value.total
    assert 1 / 1.15 < ratio < 1
    longer = lifetime_value(pareto, spend, horizon=None, discount_rate_per_year=0.15, margin=0.3)
    assert longer.total > discounted.total and np.isnan(longer.simple_total)
    # The simple formula beside it: observed rate × order value × horizon × margin.
    one = pareto.history.position[5]
    expected = 0.3 * 52 * pareto.history.frequency[one] / pareto.history.age[one]
    seen = spend.monetary[5] or np.average(spend.monetary, weights=spend.frequency)
    assert table["simple_value"][5] == pytest.approx(expected * seen)


def test_discounting_is_that_of_a_yearly_rate(pareto, spend):
    """∫₀ᴴ (1 + d)^(−t) dE[X(t)], t in years, by the midpoints of weeks."""
    value = lifetime_value(pareto, spend, horizon=52, discount_rate_per_year=0.5, margin=0.3)
    margin = 0.3 * spend.expected_spend().to_numpy()
    expected = [0 * margin, *(pareto.expected_transactions(t).to_numpy() for t in range(1, 53))]
    years = (np.arange(52) + 0.5) * 7 / 365.25
    total = (1.5**-years @ np.diff(expected, axis=0) * margin).sum()
    assert value.total == pytest.approx(total, rel=2e-5)


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd"])
def test_delta_and_drawn_intervals_agree(cdnow, spend, model):
    fit = fit_purchase_model(cdnow, model)
    options = {"horizon": 39, "discount_rate_per_year": 0.1}
    delta = lifetime_value(fit, spend, **options)
    drawn = lifetime_value(fit, spend, **options, intervals="draws", n_draws=400)
    assert drawn.total == delta.total
    # 400 draws: the standard deviation has a relative error of 3.5 %, so 15 % is four of them.
    assert drawn.total_std_error == pytest.approx(delta.total_std_error, rel=0.15)
    assert drawn.total_low == pytest.approx(delta.total_low, rel=0.04)
    assert drawn.total_high == pytest.approx(delta.total_high, rel=0.04)
    a, b = delta.table()["std_error"], drawn.table()["std_error"]
    assert np.corrcoef(a, b)[0, 1] > 0.97


def test_total_interval_covers_the_truth():
    """80 simulated panels: the interval of the expected total of known customers."""
    random = np.random.default_rng(8)
    hits, runs = 0, 80
    for _ in range(runs):
        n, age = 600, 60.0
        rate, leave = random.gamma(1.0, 1 / 8.0, n), random.gamma(1.2, 1 / 30.0, n)
        life = np.minimum(random.exponential(1 / leave), age)
        counts = random.poisson(rate * life)
        last = [random.uniform(0, e, c).max(initial=0.0) for e, c in zip(life, counts, strict=True)]
        frame = pd.DataFrame({"frequency": counts, "recency": last, "age": age})
        try:
            fit = fit_purchase_model(frame, "pareto_nbd")
        except ConvergenceError:
            runs -= 1
            continue
        value = lifetime_value(fit, 1.0, horizon=30, discount_rate_per_year=0, unit="week")
        truth = FAMILIES["pareto_nbd"].expected_transactions(
            (1.0, 8.0, 1.2, 30.0), compress_histories(frame), 30.0
        )[fit.history.position].sum()  # fmt: skip
        hits += value.total_low < truth < value.total_high
    # 95 % with a binomial standard error of 2.4 points over 80 panels
    assert runs > 60 and 0.88 < hits / runs <= 1


def test_interval_of_the_mean_is_that_of_resampled_customers(cdnow):
    """The influence of each customer against a bootstrap of customers, models fitted again."""
    how = {"horizon": 52, "discount_rate_per_year": 0.1, "unit": "week"}
    frame = cdnow.customers

    def valued(rows):
        again = frame.iloc[rows].assign(customer=np.arange(len(rows)))
        return lifetime_value(fit_purchase_model(again, "bg_nbd"), describe_spend(again), **how)

    whole = valued(np.arange(len(frame)))
    random = np.random.default_rng(3)
    drawn = [valued(random.integers(0, len(frame), len(frame))) for _ in range(150)]
    means = np.array([value.total / value.n_used for value in drawn])
    # 150 draws: the standard deviation has a relative error of 6 %, so 18 % is three of them.
    assert whole.mean_std_error == pytest.approx(means.std(ddof=1), rel=0.18)
    assert whole.mean_std_error > 1.2 * whole.total_std_error / whole.n_used
    assert whole.mean_low < whole.total / whole.n_used < whole.mean_high


def test_scores_of_single_customers_vanish_in_sum(cdnow, pareto, spend):
    purchase = casewise_scores(pareto.family, pareto.theta, pareto.history)
    information = np.linalg.inv(pareto.covariance)
    step = np.linalg.solve(information, pareto.history.weight @ purchase)
    assert np.abs(step).max() < 1e-5
    assert np.abs(spend.covariance @ spend.casewise_scores().sum(axis=0)).max() < 1e-5


def test_groups_add_up(pareto, spend):
    value = lifetime_value(pareto, spend, horizon=52, discount_rate_per_year=0.1)
    labels = pd.Series(np.where(np.arange(2357) % 3 == 0, "a", "b"), index=pareto.customers)
    groups = value.by_group(labels)
    assert groups["group"].tolist() == ["a", "b"] and groups["customers"].sum() == 2357
    assert groups["total"].sum() == pytest.approx(value.total)
    whole = value.by_group(pd.Series("all", index=pareto.customers)).iloc[0]
    assert whole["std_error"] == pytest.approx(value.total_std_error)
    assert (whole["ci_low"], whole["ci_high"]) == pytest.approx((value.total_low, value.total_high))
    with pytest.raises(DataError, match="1 customers have no group"):
        value.by_group(labels.iloc[1:])


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "geometric_nbd",
                                   "geometric_mnbd", "exponential_nbd", "poisson"])  # fmt: skip
def test_draws_have_the_expected_value_as_their_mean(cdnow, spend, model):
    """With parameters held still, draws of traits average to the formula's value."""
    import dataclasses

    fit = fit_purchase_model(cdnow, model)
    fit = dataclasses.replace(fit, covariance=fit.covariance * 1e-12)
    still = dataclasses.replace(spend, covariance=spend.covariance * 1e-12)
    options = {"horizon": 39, "discount_rate_per_year": 0.1, "margin": 0.5}
    drawn = np.array([f.value for f in draw_futures(fit, still, **options, n_draws=300, seed=2)])
    assert drawn.shape == (300, 2357)
    totals, value = drawn.sum(axis=1), lifetime_value(fit, still, **options)
    assert abs(totals.mean() - value.total) < 4 * totals.std() / np.sqrt(300)
    # and customer by customer: their z values behave like standard normals. Those hardly alive are
    # left out, for three hundred draws may hold not one of them alive.
    likely = (value.table()["probability_alive"] > 0.3).to_numpy()
    error = drawn.std(axis=0, ddof=1) / np.sqrt(300)
    z = ((drawn.mean(axis=0) - value.table()["lifetime_value"]) / error)[likely]
    assert np.abs(z.mean()) < 0.25 and 0.8 < z.std() < 1.3
    again = next(draw_futures(fit, still, **options, n_draws=300, seed=2))
    assert (again.value == drawn[0]).all()


def test_simple_formula(cdnow):
    """(order value × frequency × lifetime) − acquisition cost, with a ratio estimate's error."""
    result = simple_lifetime_value(cdnow, lifetime=52, acquisition_cost=3, margin=0.3)
    frame = cdnow.table()
    row = result.table().iloc[0]
    product = row["order_value"] * row["margin"] * row["frequency"] * row["lifetime"]
    product -= row["acquisition_cost"]
    assert row["value"] == pytest.approx(product)
    by_hand = 0.3 * 52 * frame["spend"].sum() / frame["age"].sum() - 3
    assert row["value"] == pytest.approx(by_hand)
    random = np.random.default_rng(0)
    ratios = []
    for _ in range(2000):
        pick = random.integers(0, len(frame), len(frame))
        ratios.append(frame["spend"].to_numpy()[pick].sum() / frame["age"].to_numpy()[pick].sum())
    # The bootstrap's own error is 1.6 %; 7 % is four of them.
    assert row["std_error"] == pytest.approx(0.3 * 52 * np.std(ratios), rel=0.07)
    for lang in ("en", "zh"):
        assert f"{row['value']:.2f}" in result.sentence(lang)
    with pytest.raises(ModelError, match="lifetime is 0"):
        simple_lifetime_value(cdnow, lifetime=0)
    with pytest.raises(DataError, match="lacks spend"):
        simple_lifetime_value(frame.drop(columns="spend"), lifetime=5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": -3}, "horizon is -3"),
        ({"discount_rate_per_year": -0.1}, "discount_rate_per_year is -0.1"),
        ({"margin": 1.5}, "margin is 1.5"),
        ({"unit": "moon"}, "unit is 'moon'"),
        ({"intervals": "guess"}, "intervals is 'guess'"),
        ({"horizon": None, "discount_rate_per_year": 0}, "no finite value without discounting"),
        ({"spend": -2.0}, "spend is -2.0"),
    ],
)
def test_value_refusals(pareto, spend, change, message):
    options = {"spend": spend, "horizon": 52, "discount_rate_per_year": 0.1} | change
    with pytest.raises(ModelError, match=message):
        lifetime_value(pareto, **options)


def test_models_of_different_customers_are_refused(cdnow, pareto):
    other = fit_spend_model(cdnow.table().iloc[::-1])
    with pytest.raises(DataError, match="fit both to one summary"):
        lifetime_value(pareto, other, horizon=52, discount_rate_per_year=0.1)
    rows = cdnow.table().head(300).assign(weight=2.0)
    with pytest.raises(DataError, match="300 weighted rows"):
        lifetime_value(
            fit_purchase_model(rows, "nbd"), 1.0, horizon=5, discount_rate_per_year=0, unit="week"
        )
    with pytest.raises(ModelError, match="cannot be drawn"):
        next(draw_futures(pareto, 1.0, horizon=np.inf, discount_rate_per_year=0.1))


def test_sentences_and_picture(pareto, spend):
    value = lifetime_value(pareto, spend, horizon=52, discount_rate_per_year=0.15, margin=0.3)
    for lang in ("en", "zh"):
        assert f"{value.total:,.0f}" in value.sentence(lang)
        assert f"[{value.total_low:,.0f}, {value.total_high:,.0f}]" in value.sentence(lang)
    assert value.simple_total == pytest.approx(value.table()["simple_value"].sum())
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    assert value.plot(lang="zh").get_ylabel() == "客户数"
    plt.close("all")
