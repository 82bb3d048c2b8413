"""The link from survey to value: matching, latent posteriors, marginal likelihood, both routes.

Tolerances: algebra against an independent formula 1e-8; quadrature with 7 nodes against 41 nodes
1e-3 of a standard error, for the nodes lie where the answers put the construct; posterior draws
within four of their own Monte Carlo errors; the truth of a simulated panel inside the 95 % interval
for the seeds given (coverage itself is measured by benchmarks/link_recovery.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import digamma

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.sem import fit_model
from cx_value.simulate.bank_panel import simulate_panel
from cx_value.value import (
    compare_links,
    fit_link,
    link_latent_covariates,
    link_plausible_values,
    match_answers,
    naive_link,
    summarise_transactions,
)
from cx_value.value.link import posterior
from cx_value.value.link.influence import casewise_influence
from cx_value.value.link.likelihood import casewise, marginal_likelihood
from cx_value.value.link.pooling import pool_estimates
from cx_value.value.link.posterior import latent_population, latent_posterior
from cx_value.value.link.traits import (
    Traits,
    complete_score,
    draw_traits,
    value_terms,
    yearly_gain,
)
from cx_value.value.purchase.families import FAMILIES
from cx_value.value.purchase.history import PurchaseHistory
from linked_world import MODEL, WORLD

TERMS = {"horizon": 156, "discount_rate_per_year": 0.10, "margin": 0.30}


@pytest.fixture(scope="module")
def panel():
    return simulate_panel(customers=800, respondents=500, rivals=40, seed=4, **WORLD)


@pytest.fixture(scope="module")
def summary(panel):
    return summarise_transactions(
        panel.transactions, customer="customer", date="date", amount="amount", end="2025-12-31",
        duplicates="drop",
    )  # fmt: skip


@pytest.fixture(scope="module")
def match(panel, summary):
    return match_answers(panel.survey, summary)


@pytest.fixture(scope="module")
def link(match):
    return fit_link(match, MODEL, touches=("LOY",), currency="CNY", **TERMS)


@pytest.fixture(scope="module")
def routes(link):
    return link_latent_covariates(link), link_plausible_values(link)


# --- matching -----------------------------------------------------------------------------------


def test_match_counts_and_finds_the_selection(panel, match, summary):
    answered = panel.survey.customer.isin(summary.customers.customer)
    assert match.n_matched == answered.sum() and match.n_respondents == len(panel.survey)
    assert match.rate == pytest.approx(answered.mean())
    row = match.table().set_index("column").loc["frequency"]
    x = summary.customers.frequency[summary.customers.customer.isin(panel.survey.customer)]
    rest = summary.customers.frequency.drop(x.index)
    assert row.smd == pytest.approx((x.mean() - rest.mean()) / np.sqrt((x.var() + rest.var()) / 2))
    assert match.differs and row.smd > 0.1 and not row.balanced  # frequent buyers answer more


def test_weights_bring_answerers_back_to_all_customers(match):
    table = match.table()
    assert np.abs(table.smd_weighted).max() < 0.05 < np.abs(table.smd).max()
    own = match.customers[match.customers.answered]
    assert own.answer_weight.mean() == pytest.approx(1) and (own.answer_weight > 0).all()
    unweighted = own.frequency.mean()
    weighted = np.average(own.frequency, weights=own.answer_weight)
    everyone = match.customers.frequency.mean()
    assert abs(weighted - everyone) < 0.25 * abs(unweighted - everyone)


@pytest.mark.parametrize(
    ("log", "survey", "zeros"),
    [
        ("{:d}", "{:d}.0", False), ("{:d}.0", "{:d}", False), ("{:05d}", "{:d}", True),
        ("{:d}", "{:05d}", True), ("{:d}", " {:d} ", False), ("C{:d}", "C{:d}", False),
    ],
)  # fmt: skip
def test_customer_numbers_are_read_alike_on_both_sides(summary, log, survey, zeros):
    bought = summary.customers.drop(columns="monetary").reset_index(drop=True)
    numbers = range(7, 7 + len(bought))
    named = bought.assign(customer=[log.format(k) for k in numbers])
    asked = pd.DataFrame({"customer": [survey.format(k) for k in numbers][::2]})
    found = match_answers(asked, named)
    assert (found.rate, found.zeros_stripped) == (1.0, zeros)
    assert found.answers["customer"].tolist() == named["customer"].tolist()[::2]
    assert ("leading zeros" in found.sentence()) == zeros


def test_alike_answerers_get_no_weights(summary):
    in_order = summary.customers.sort_values(["frequency", "recency"]).drop(columns="monetary")
    found = match_answers(in_order[["customer"]].iloc[::2], in_order)
    assert not found.differs and found.effective_n == pytest.approx(found.n_matched)
    assert "They buy like the other customers" in found.sentence()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.assign(customer="Z" + s.customer), r"0 of 540 respondents are in the log"),
        (lambda s: s.head(60), r"allowed: at least 100"),
        (lambda s: pd.concat([s, s.head(3)]), r"[123] customers answered more than once"),
        (lambda s: s.rename(columns={"customer": "id"}), r"no column 'customer'"),
    ],
)
def test_match_refuses(panel, summary, change, message):
    with pytest.raises(DataError, match=message):
        match_answers(change(panel.survey), summary)


# --- what the answers say of the constructs -----------------------------------------------------


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_posterior_mean_is_the_regression_factor_score(panel, missing):
    data = panel.survey.copy()
    if missing == "fiml":
        random = np.random.default_rng(2)
        items = [c for c in data if re.fullmatch(r"(REL|SAT|LOY)\d", c)]
        data[items] = data[items].mask(random.random((len(data), len(items))) < 0.1)
    fit = fit_model(MODEL, data, estimator="mlr", missing=missing)
    known = latent_posterior(fit, fit.solution.theta, ("LOY", "SAT"))
    scores = fit.factor_scores()[["LOY", "SAT"]].to_numpy()
    np.testing.assert_allclose(known.mean, scores, atol=1e-8)
    mean, root = latent_population(fit, fit.solution.theta, ("LOY", "SAT"))
    covariance = fit.latent_covariances().loc[["LOY", "SAT"], ["LOY", "SAT"]].to_numpy()
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-8)
    # Var(η) = Var(E[η|y]) + E[Var(η|y)], with y's covariance as the model implies it.
    items = [p.rhs for p in fit.prepared.model.parameters if p.op == "=~"]
    if missing == "listwise":
        sigma = fit.implied_covariance().loc[items, items].to_numpy()
        weights = np.linalg.lstsq(
            data[items].to_numpy() - data[items].mean().to_numpy(), scores, rcond=None
        )[0]
        explained = weights.T @ sigma @ weights
        left = known.root[0] @ known.root[0].T
        np.testing.assert_allclose(explained + left, covariance, atol=1e-6)
    assert np.allclose(mean, 0)


# --- the marginal likelihood --------------------------------------------------------------------


def test_marginal_likelihood_is_the_integral(link):
    family, histories = link.family, link.histories
    data, log_weight = histories.at(link.phi), histories.nodes[1]
    value = casewise(family, link.theta, data, log_weight)[0]
    known = latent_posterior(link.survey, link.phi, ("LOY",))
    base, gamma = np.exp(link.theta[:4]), link.theta[4:]
    for row in (0, 17, 230):
        i = histories.asked[row]
        x, t, age = (getattr(histories.history, n)[i] for n in ("frequency", "recency", "age"))
        one = PurchaseHistory(
            frequency=np.array([x]), recency=np.array([t]), age=np.array([age]),
            weight=np.ones(1), covariates=np.zeros((1, 0)), centre=np.zeros(0),
            position=np.zeros(1, dtype=int),
        )  # fmt: skip
        mean, spread = known.mean[row, 0], known.root[row, 0, 0]

        def density(eta, one=one, mean=mean, spread=spread):
            moved = base.copy()
            moved[1] *= np.exp(-gamma[0] * eta)
            moved[3] *= np.exp(-gamma[1] * eta)
            own = FAMILIES["pareto_nbd"].log_likelihood(tuple(moved), one)[0][0]
            normal = np.exp(-0.5 * ((eta - mean) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
            return np.exp(own) * normal

        exact = quad(density, mean - 9 * spread, mean + 9 * spread, epsabs=0, epsrel=1e-9)[0]
        assert value[i] == pytest.approx(np.log(exact), abs=1e-6)


def test_gradient_is_the_slope_and_vanishes_at_the_optimum(link):
    evaluate = marginal_likelihood(link.family, link.histories, link.phi)
    error = np.sqrt(np.diag(link.own_covariance))
    assert np.abs(evaluate(link.theta)[1] * error).max() < 1e-3
    theta, step = link.theta + 0.1, 1e-5
    slope = [
        (evaluate(theta + d)[0] - evaluate(theta - d)[0]) / (2 * step)
        for d in np.eye(len(theta)) * step
    ]
    np.testing.assert_allclose(evaluate(theta)[1], slope, rtol=1e-5, atol=1e-3)


def test_seven_nodes_are_enough(link, monkeypatch):
    monkeypatch.setitem(posterior.NODES_PER_AXIS, 1, 41)
    fine = marginal_likelihood(link.family, replace(link.histories), link.phi)
    step = link.own_covariance @ fine(link.theta)[1]  # Newton: how far the optimum would move
    assert np.abs(step / np.sqrt(np.diag(link.own_covariance))).max() < 0.01


def test_slope_by_the_survey_is_that_of_a_refit(link):
    from cx_value.value.purchase.likelihood import maximise_function

    direction = np.zeros(len(link.phi))
    direction[np.argmax(np.abs(link.slope[4]))] = 0.02
    evaluate = marginal_likelihood(link.family, link.histories, link.phi + direction)
    moved = maximise_function(evaluate, [link.theta], link.n_used).theta
    expected = link.slope @ direction
    np.testing.assert_allclose(moved - link.theta, expected, atol=0.05 * np.abs(expected).max())


def test_survey_error_widens_the_interval(link):
    own, all_ = (np.diag(c) for c in (link.own_covariance, link.covariance))
    assert (all_ >= own - 1e-15).all() and all_[4] > own[4]


# --- traits -------------------------------------------------------------------------------------


def history(x, t, age, n):
    full = np.ones(n)
    return PurchaseHistory(
        frequency=x * full, recency=t * full, age=age * full, weight=full,
        covariates=np.zeros((n, 0)), centre=np.zeros(0), position=np.arange(n),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("pareto_nbd", (1.2, 9.0, 0.8, 60.0)), ("bg_nbd", (1.2, 9.0, 0.7, 4.0)),
     ("mbg_nbd", (1.2, 9.0, 0.7, 4.0)), ("nbd", (1.2, 9.0))],
)  # fmt: skip
def test_drawn_traits_give_the_closed_form_expectation(name, parameters):
    """Mean drawn rate × length of the living is the model's expected number of purchases."""
    n, family = 60_000, FAMILIES[name]
    data = history(5.0, 40.0, 90.0, n)
    drawn = draw_traits(family, parameters, data, np.zeros(n), np.random.default_rng(4))
    terms = value_terms(52, 0.10, 1.0, "week", "")
    value = np.where(drawn.alive, np.exp(drawn.log_value(terms)), 0.0)
    one = history(5.0, 40.0, 90.0, 1)
    exact = family.expected_transactions(parameters, one, 52.0, terms.discount)[0]
    assert abs(value.mean() - exact) < 4 * value.std() / np.sqrt(n)
    alive = family.probability_alive(parameters, one)[0]
    assert drawn.alive.mean() == pytest.approx(alive, abs=4 * 0.5 / np.sqrt(n))


def test_traits_over_all_histories_have_the_population_distribution():
    """Law of total probability: drawn given simulated histories, traits are gamma again."""
    random, n = np.random.default_rng(8), 40_000
    r, alpha, s, beta = 1.2, 9.0, 0.8, 60.0
    rate, leave = random.gamma(r, 1 / alpha, n), random.gamma(s, 1 / beta, n)
    age = np.full(n, 80.0)
    alive_until = np.minimum(random.exponential(1 / leave), age)
    x = random.poisson(rate * alive_until).astype(float)
    t = np.where(x > 0, alive_until * random.random(n) ** (1 / np.maximum(x, 1)), 0.0)
    data = replace(history(0.0, 0.0, 80.0, n), frequency=x, recency=t)
    drawn = draw_traits(FAMILIES["pareto_nbd"], (r, alpha, s, beta), data, np.zeros(n), random)
    for values, shape, scale in ((drawn.log_rate, r, alpha), (drawn.leaving, s, beta)):
        error = values.std() / np.sqrt(n)
        assert abs(values.mean() - (digamma(shape) - np.log(scale))) < 4 * error
    for name, exact in (("log_rate", np.log(rate)), ("leaving", np.log(leave))):
        quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
        own = np.quantile(getattr(drawn, name), quantiles)
        np.testing.assert_allclose(own, np.quantile(exact, quantiles), atol=0.1)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("pareto_nbd", (1.2, 9.0, 0.8, 60.0)), ("bg_nbd", (1.2, 9.0, 0.7, 4.0)), ("nbd", (1.2, 9.0))],
)
def test_complete_score_is_the_slope_of_the_density(name, parameters):
    from scipy.stats import beta, gamma

    random, family = np.random.default_rng(3), FAMILIES[name]
    traits = some_traits(at_purchase=name == "bg_nbd")
    traits = replace(traits, leaving=None) if name == "nbd" else traits
    covariate = random.normal(size=(3, 1))

    def log_density(theta):
        n = len(parameters)
        own = [np.exp(t) * np.ones(3) for t in theta[:n]]
        moves = zip((family.purchase_term, family.dropout_term or ()), theta[n:], strict=False)
        for (place, sign), slope in moves:
            own[place] = own[place] * np.exp(sign * slope * covariate[:, 0])
        value = gamma.logpdf(np.exp(traits.log_rate), own[0], scale=1 / own[1])
        if name == "pareto_nbd":
            value += gamma.logpdf(np.exp(traits.leaving), own[2], scale=1 / own[3])
        if name == "bg_nbd":
            value += beta.logpdf(np.exp(-np.exp(-traits.leaving)), own[2], own[3])
        return value, tuple(own)

    theta = np.array([*np.log(parameters), *([0.3, -0.4] if name != "nbd" else [0.3])])
    score = complete_score(family, log_density(theta)[1], traits, covariate)
    for i, step in enumerate(np.eye(len(theta)) * 1e-6):
        slope = (log_density(theta + step)[0] - log_density(theta - step)[0]) / 2e-6
        np.testing.assert_allclose(score[:, i], slope, rtol=1e-5, atol=1e-6)


def test_covariates_shift_the_drop_out_chance_as_said():
    """Beta(a e^d, 1) is beta(a, 1) shifted by d on the scale −log(−log p)."""
    from cx_value.value.link.traits import leaving_slope

    family = FAMILIES["bg_nbd"]
    assert leaving_slope(family, (1.0, 1.0, 0.4, 1.0)) == pytest.approx(1, abs=1e-3)
    random = np.random.default_rng(1)
    means = [-np.log(-np.log(random.beta(a, 3.0, 400_000))).mean() for a in (0.7, 0.9)]
    slope = (means[1] - means[0]) / np.log(0.9 / 0.7)
    assert leaving_slope(family, (1, 1, 0.8, 3.0)) == pytest.approx(slope, abs=0.03)


def some_traits(at_purchase):
    random = np.random.default_rng(1)
    return Traits(
        alive=np.array([True, False, True]), log_rate=random.normal(-2, 1, 3),
        leaving=random.normal(-4 + 3 * at_purchase, 1, 3), log_spend=random.normal(4, 1, 3),
        at_purchase=at_purchase,
    )  # fmt: skip


@pytest.mark.parametrize("at_purchase", [False, True])
def test_value_is_its_integral_and_slopes_are_derivatives(at_purchase):
    traits, terms = some_traits(at_purchase), value_terms(156, 0.10, 0.3, "week", "")
    leave = np.exp(traits.log_leaving_rate())
    for i in range(3):
        ahead = quad(lambda u, i=i: np.exp(-(leave[i] + terms.discount) * u), 0, 156)[0]
        exact = 0.3 * np.exp(traits.log_spend[i] + traits.log_rate[i]) * ahead
        assert np.exp(traits.log_value(terms)[i]) == pytest.approx(exact, rel=1e-10)
    by_rate, by_leaving = traits.slopes(terms)
    h = 1e-6
    for slope, shift in ((by_rate, (h, 0)), (by_leaving, (0, h))):
        back = tuple(-v for v in shift)
        ends = (traits.shifted(*s).log_value(terms) for s in (shift, back))
        up, down = ends
        np.testing.assert_allclose(slope, (up - down) / (2 * h), rtol=1e-6)
    gain = yearly_gain(traits, traits.shifted(0.1, -0.2), terms)
    assert gain[1] == 0 and (gain[[0, 2]] > 0).all()


# --- Rubin's rules ------------------------------------------------------------------------------


def test_rubin_rules_by_hand():
    """Numbers worked out from Rubin (1987, ch. 3) and Barnard and Rubin (1999)."""
    q, u = np.array([[1.0], [1.4], [0.9], [1.3]]), np.array([[0.04], [0.05], [0.04], [0.03]])
    found = pool_estimates(q, u, 96)
    between = np.var([1.0, 1.4, 0.9, 1.3], ddof=1)
    total = 0.04 + 1.25 * between
    share = 1.25 * between / total
    df = 1 / (1 / (3 / share**2) + 1 / (97 / 99 * 96 * (1 - share)))
    assert found.estimate[0] == pytest.approx(1.15)
    assert found.std_error[0] == pytest.approx(np.sqrt(total))
    assert found.df[0] == pytest.approx(df)
    ratio = 1.25 * between / 0.04
    assert found.missing_information[0] == pytest.approx((ratio + 2 / (df + 3)) / (ratio + 1))


def test_without_variation_pooling_is_the_single_answer():
    found = pool_estimates(np.ones((20, 1)), np.full((20, 1), 0.25), 50)
    assert found.std_error[0] == pytest.approx(0.5)
    assert found.df[0] == pytest.approx(51 / 53 * 50)


# --- influence -----------------------------------------------------------------------------------


def test_influence_is_what_a_weight_does(panel):
    """Influence times n is the estimate's derivative in a row's weight."""
    data = panel.survey
    weights = np.random.default_rng(1).uniform(0.5, 1.5, len(data))
    fit = fit_model(MODEL, data, estimator="mlr", weights=weights)
    influence = casewise_influence(fit.prepared, fit.solution.theta)
    np.testing.assert_allclose(influence.T @ influence, fit.vcov, rtol=1e-6, atol=1e-12)
    for row in (3, 200):
        heavier = weights.copy()
        heavier[row] += 0.05
        moved = fit_model(MODEL, data, estimator="mlr", weights=heavier)
        change = moved.table().est - fit.table().est
        free = fit.table().se > 0
        ours = np.array([p.index for p in fit.prepared.model.parameters])
        expected = influence[row] * fit.prepared.design.scale * 0.05 / (weights[row])
        expected = expected[ours[free.to_numpy()]]
        near = np.abs(expected).max()
        np.testing.assert_allclose(change[free], expected, atol=0.05 * near)


def test_errors_of_both_routes_are_those_of_a_jackknife(match, link):
    """Leaving out blocks of customers moves the estimates as their influence says."""
    found = link_latent_covariates(link)
    block = np.zeros(len(link.customers), dtype=bool)
    block[::20] = True
    left = link.customers.customer[block]
    fewer = replace(
        match,
        customers=match.customers[~match.customers.customer.isin(left)],
        answers=match.answers[~match.answers.customer.isin(left)],
    )
    moved = link_latent_covariates(fit_link(fewer, MODEL, touches=("LOY",), **TERMS))
    change = (moved.table().estimate - found.table().estimate).to_numpy()
    expected = -found.influence[block].sum(axis=0)
    error = found.table().std_error.to_numpy()
    assert np.abs((change - expected) / error).max() < 0.25
    assert np.corrcoef(change / error, expected / error)[0, 1] > 0.9


# --- both routes --------------------------------------------------------------------------------


def truth_of(panel):
    money = panel.truth["money"]["all"]
    return {
        ("LOY", "log_per_sd"): money["log_value_while_customer_per_loyalty_sd"],
        ("SAT", "log_per_sd"): money["log_value_while_customer_per_satisfaction_sd"],
        ("LOY", "log_per_point"): money["log_value_while_customer_per_loyalty_point"],
        ("SAT", "log_per_point"): money["log_value_while_customer_per_satisfaction_point"],
        ("SAT", "money_per_point"): money["value_per_satisfaction_point_from_now_on_per_year"],
    }


def test_both_routes_find_the_truth_and_agree(panel, routes):
    for found in routes:
        for (source, unit), truth in truth_of(panel).items():
            row = found.effect(source, unit)
            assert row.ci_low < truth < row.ci_high, (found.approach, source, unit)
            assert row.p < 0.001
    agreement = compare_links(*routes)
    assert agreement.agrees and len(agreement.table()) == 9
    table = agreement.table()
    np.testing.assert_allclose(
        table.difference, table.latent_covariates - table.plausible_values, atol=1e-12
    )


def test_chain_multiplies_and_units_convert(routes, link):
    spread = np.sqrt(np.diag(link.survey.latent_covariances()))
    spread = dict(zip(link.survey.prepared.model.latents, spread, strict=True))
    covariates, _ = routes
    path = covariates.frame[covariates.frame.effect == "path"]
    sat_loy = path[(path["to"] == "LOY") & (path.unit == "points_per_point")].estimate.iloc[0]
    table = link.survey.table()
    own = table[(table.op == "~") & (table.lhs == "LOY")].est.iloc[0]
    assert sat_loy == pytest.approx(own, rel=1e-9)
    loyalty = covariates.effect("LOY", "log_per_point").estimate
    assert covariates.effect("SAT", "log_per_point").estimate == pytest.approx(sat_loy * loyalty)
    for name in covariates.sources:
        point = covariates.effect(name, "log_per_point").estimate
        assert covariates.effect(name, "log_per_sd").estimate == pytest.approx(point * spread[name])
    assert covariates.sources == ("REL", "SAT", "LOY")


def test_values_drawn_without_the_answers_attenuate(link):
    """Why plausible values are drawn given the answers (Mislevy 1991)."""
    from cx_value.value.purchase.likelihood import parameters_by_row
    from cx_value.value.purchase.model import fit_purchase_model

    rows, random = link.histories.asked, np.random.default_rng(1)
    score = link.histories.expected(link.phi)[rows, 0]
    plain = fit_purchase_model(link.customers, "pareto_nbd")
    data = plain.history.rows(plain.history.position)
    parameters = parameters_by_row(plain.family, plain.theta, data)

    def slopes(traits):
        return [np.polyfit(score, v[rows], 1)[0] for v in (traits.log_rate, traits.leaving)]

    nothing = np.zeros(len(data))
    blind = [
        slopes(draw_traits(plain.family, parameters, data, nothing, random)) for _ in range(20)
    ]
    seeing = [slopes(d.traits) for d in link.draws(20, 1)]
    rate, leaving = np.mean(blind, axis=0) / np.mean(seeing, axis=0)
    assert rate < 0.97 and leaving < 0.5  # purchases tell the rate well, but drop-out hardly


def test_plain_regression_is_biased_towards_nothing(link, routes):
    table = naive_link(link).table()
    for method in ("naive_scale_means", "naive_factor_scores"):
        row = table[(table.method == method) & (table["from"] == "LOY")
                    & (table.unit == "log_per_sd")].iloc[0]  # fmt: skip
        assert all(row.estimate < 0.95 * r.effect("LOY", "log_per_sd").estimate for r in routes)
    told = naive_link(link).facts()
    assert told["construct"] == "LOY" and len(told["slopes"]) == 2


def test_missing_information_is_a_share_and_large_for_value_only(routes):
    _, plausible = routes
    table = plausible.table().set_index("effect")
    assert table.missing_information.between(0, 1).all()
    assert table.missing_information["path"].max() < 0.1 < table.missing_information["value"].max()


def test_rows_in_another_order_give_the_same(panel, summary, link):
    shuffled = panel.survey.sample(frac=1, random_state=1)
    again = fit_link(match_answers(shuffled, summary), MODEL, touches=("LOY",), **TERMS)
    np.testing.assert_allclose(again.theta, link.theta, atol=1e-5)
    np.testing.assert_allclose(again.covariance, link.covariance, rtol=1e-3, atol=1e-7)


def test_same_seed_same_numbers(link):
    one, two = (link_latent_covariates(link, seed=7).table() for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_bg_nbd_and_nbd_run_with_one_price(match):
    for purchase in ("bg_nbd", "nbd"):
        found = fit_link(match, MODEL, touches=("LOY",), purchase=purchase, spend=100.0, **TERMS)
        both = link_latent_covariates(found), link_plausible_values(found)
        assert compare_links(*both).agrees
        assert both[0].effect("LOY", "log_per_point").estimate > 0


def test_groups_have_their_own_effects_and_differences(match):
    model = "SAT =~ SAT1 + SAT2 + SAT3\nLOY =~ LOY1 + LOY2 + LOY3\nLOY ~ SAT"
    split = fit_link(match, model, touches=("LOY",), group="language", **TERMS)
    found = link_latent_covariates(split)
    assert set(split.groups) == {"en", "zh"} and found.groups == split.groups
    first, second = split.groups
    gap = found.effect("SAT", "money_per_point", f"{second} − {first}")
    apart = [found.effect("SAT", "money_per_point", g).estimate for g in split.groups]
    assert gap.estimate == pytest.approx(apart[1] - apart[0])
    assert gap.ci_low < 0 < gap.ci_high  # language moderates nothing in this world
    assert compare_links(found, link_plausible_values(split)).agrees
    told = found.facts()
    assert [row["group"] for row in told["money"]] == list(split.groups)
    assert (told["compared"], told["differences"]) == (1, [])
    assert "not significant" in found.sentence() and "均不显著" in found.sentence("zh")
    pairs = found.money(["SAT"])
    assert pairs["less"].tolist() == ["", "", first] and pairs["group"].iloc[2] == second


# --- words and refusals -------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sentences_carry_the_numbers_of_the_table(routes, match, link, lang):
    for found in routes:
        row = found.effect("SAT", "money_per_point")
        text = found.sentence(lang)
        for value in (row.estimate, row.ci_low, row.ci_high):
            assert f"{value:.2f}" in text
        assert ("if the relation is causal" if lang == "en" else "因果关系") in text
    assert f"{match.n_matched}" in match.sentence(lang)
    assert "Austin" in match.sentence(lang) and "2009" in match.sentence(lang)
    assert f"{link.n_used:,}" in link.sentence(lang)


def test_forest_has_a_row_a_construct(routes):
    ax = routes[0].plot(lang="zh")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["REL", "SAT", "LOY"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"touches": ("JOY",)}, ModelError, "JOY is no construct"),
        ({"touches": "LOY"}, ModelError, "a sequence of constructs"),
        ({"purchase": "rfm"}, ModelError, "allowed: pareto_nbd"),
        ({"horizon": np.inf}, ModelError, "horizon is inf"),
        ({"margin": 3.0}, ModelError, "margin is 3.0"),
        ({"spend": -1.0}, ModelError, "a price above 0"),
    ],
)
def test_link_refuses(match, options, error, message):
    with pytest.raises(error, match=message):
        fit_link(match, MODEL, **({"touches": ("LOY",)} | TERMS | options))


def test_a_purchase_model_at_its_boundary_is_refused(match):
    """Customers who all stay: no drop-out to relate anything to."""
    random = np.random.default_rng(1)
    customers = match.customers[["customer", "age"]].copy()
    rate = random.gamma(2.0, 0.1, len(customers))
    x = random.poisson(rate * customers.age)
    top = random.random(len(customers)) ** (1 / np.maximum(x, 1))
    recency = np.where(x > 0, top * customers.age, 0.0)
    staying = replace(match, customers=match.customers.assign(frequency=x, recency=recency))
    with pytest.raises((ModelError, ConvergenceError), match=r"boundary|no proper optimum"):
        fit_link(staying, MODEL, touches=("LOY",), spend=10.0, **TERMS)


def test_too_few_draws_are_refused(link):
    with pytest.raises(ModelError, match="at least 20"):
        link_latent_covariates(link, n_draws=10)
    with pytest.raises(ModelError, match="at least 20"):
        link_plausible_values(link, n_imputations=5)


def test_two_results_of_one_route_are_not_compared(routes):
    with pytest.raises(ModelError, match="one of each route"):
        compare_links(routes[0], routes[0])


def test_four_constructs_are_too_many():
    with pytest.raises(ModelError, match="4 constructs"):
        posterior.quadrature(4)


def test_a_circle_is_refused():
    from cx_value.value.link.chain import find_chain

    frame = pd.DataFrame({"op": ["~", "~"], "lhs": ["A", "B"], "rhs": ["B", "A"]})
    model = SimpleNamespace(latents=("A", "B"))
    fit = SimpleNamespace(frame=frame, prepared=SimpleNamespace(model=model))
    with pytest.raises(ModelError, match="circle"):
        find_chain(fit, ("A",))
