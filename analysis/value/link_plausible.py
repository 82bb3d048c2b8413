r"""The link as a structural model whose last outcome is lifetime value.

Value is not observed, so it is drawn: plausible values (Mislevy 1991), pooled by Rubin's (1987)
rules. They must be drawn from a model that holds what the structural model will ask of them. Drawn
given purchases alone, they are as unrelated to loyalty as the purchases leave them unsure, and
every effect comes out too small. They are drawn here given history *and* answers, constructs
integrated out, from the purchase model with latent covariates.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import ModelError
from analysis.results import tidy_frame
from analysis.value.link_chain import Chain, find_chain, money_of_shifts
from analysis.value.link_covariates import effect_names
from analysis.value.link_model import LinkModel
from analysis.value.link_pooling import pool_estimates
from analysis.value.link_result import COLUMNS, METHODS, LinkEffects
from analysis.value.link_traits import Traits
from analysis.value.spend import SpendModel

if TYPE_CHECKING:
    from analysis.sem.matrices import Design, Implied

FEWEST_IMPUTATIONS = 20
_STEP = 1e-4


def link_plausible_values(
    link: LinkModel, *, n_imputations: int = 20, seed: int = 1,
    labels: dict[str, str] | None = None,
) -> LinkEffects:  # fmt: skip
    """Return the chain from constructs to value, from a structural model with value as outcome.

    Parameters
    ----------
    link : LinkModel
        From :func:`analysis.value.link_model.fit_link`.
    n_imputations : int
        Completed data sets, at least 20.
    seed : int
    labels : dict, optional
        What constructs are called.

    Returns
    -------
    LinkEffects
        Read ``.table()``, with the fraction of missing information, and ``.sentence(lang)``.

    Raises
    ------
    ModelError
        For fewer than 20 imputations.
    ConvergenceError
        If a refit reaches no optimum.

    Notes
    -----
    For every completed data set, parameters of both models are drawn from their joint asymptotic
    distribution, then each customer's log purchase rate, log drop-out and log spend. Log value is
    put into the survey model as an outcome of the constructs that touch value, the traits beside
    it, and the model is refitted (robust maximum likelihood, weighted where answerers differ).
    Money moves every customer's traits by the structural model's coefficients.
    """
    if n_imputations < FEWEST_IMPUTATIONS:
        raise ModelError(
            f"n_imputations is {n_imputations} · allowed: at least {FEWEST_IMPUTATIONS} · do: "
            "draw more"
        )
    chain = find_chain(link.survey, link.touches)
    estimates, variances, active, start = [], [], [], None
    for _, _, traits in link.draws(n_imputations, seed):
        estimate, variance, start = _completed(link, chain, traits, start)
        estimates.append(estimate)
        variances.append(variance)
        active.append(link.population_weight @ traits.alive / link.population_weight.sum())
    free = link.survey.prepared.design.n_parameters
    pooled = pool_estimates(
        np.array(estimates), np.array(variances), link.survey.n_used - free, link.confidence
    )
    numbers = zip(pooled.estimate, pooled.std_error, pooled.ci_low, pooled.ci_high, pooled.p,
                  pooled.missing_information, strict=True)  # fmt: skip
    names = effect_names(chain, link.groups)
    rows = [("plausible_values", *n, *v) for n, v in zip(names, numbers, strict=True)]
    return LinkEffects(
        n_used=link.survey.n_used, n_dropped=link.n_dropped, method=METHODS["plausible_values"],
        confidence=link.confidence, notes=link.notes, frame=tidy_frame(rows, COLUMNS),
        approach="plausible_values", sources=chain.sources, currency=link.terms.currency,
        share_active=float(np.mean(active)), n_draws=n_imputations, groups=link.groups,
        labels=labels or {},
    )  # fmt: skip


def plausible_outcomes(link: LinkModel, traits: Traits) -> dict[str, np.ndarray]:
    """Return the outcomes of one draw by name, (n_respondents,) each: log value first.

    Traits that do not vary, or follow from the others, are left out.
    """
    rows = link.histories.asked
    out = {"log_value": traits.log_value(link.terms)[rows]}
    if traits.leaving is not None:
        out |= {"log_rate": traits.log_rate[rows], "leaving": traits.leaving[rows]}
    if isinstance(link.spend, SpendModel):
        out["log_spend"] = traits.log_spend[rows]
    return out


def _completed(
    link: LinkModel, chain: Chain, traits: Traits, start: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Refit with one draw of the outcomes; return every effect, its variance, and the optimum."""
    from analysis.sem.solution import jacobian

    outcomes = plausible_outcomes(link, traits)
    prepared, theta, vcov = _refit(link, outcomes, start)
    design, sample = prepared.design, prepared.target.sample[0]
    read = partial(_read, design, chain, replace(chain, targets=tuple(outcomes)))
    values = read(design.implied(theta, sample))
    slope = jacobian(design, theta, sample, read)
    covariance = slope @ vcov @ slope.T
    width = len(values) // max(len(link.groups), 1)
    many = len(outcomes) * len(chain.sources)
    estimates, variances = [], []
    for g, begin in enumerate(range(0, len(values), width)):
        end = begin + width
        here, last = slice(begin, end - many), slice(end - many, end)
        weight = link.population_weight * (link.histories.group == g)
        money = _money(link, traits, tuple(outcomes), values[last], covariance[last, last], weight)
        estimates += [values[here], money[0]]
        variances += [np.diag(covariance)[here], money[1]]
    return np.concatenate(estimates), np.concatenate(variances), theta


def _read(design: Design, chain: Chain, ends: Chain, implied: Implied) -> np.ndarray:
    """Return paths, standardised paths, log value per point and deviation, all totals; by group."""
    paths, spread = chain.path_values(design, implied), chain.deviations(design, implied)
    a, b = ([chain.sources.index(pair[i]) for pair in chain.paths] for i in (0, 1))
    totals = ends.totals(design, implied)
    parts = [
        paths, paths * spread[..., a] / spread[..., b], totals[..., 0, :],
        totals[..., 0, :] * spread, totals.reshape(*totals.shape[:-2], -1),
    ]  # fmt: skip
    return np.concatenate(parts, axis=-1).reshape(*totals.shape[:-3], -1)


def _refit(link: LinkModel, outcomes: dict[str, np.ndarray], start: np.ndarray | None):
    """Fit the survey model with the outcomes put in, residuals of the outcomes correlated.

    The first fit is searched for and checked; the others start at its optimum.
    """
    from analysis.sem.fit import check_identified, prepare, search, with_options
    from analysis.sem.likelihood import evaluate
    from analysis.sem.optimise import minimise
    from analysis.sem.robust import robust_statistics

    survey = link.survey.prepared
    used = np.sort(np.concatenate([sample.index for sample in survey.samples]))
    data = link.match.answers.iloc[used].assign(**outcomes)
    weights = link.match.customers.set_index("customer")["answer_weight"]
    request = with_options(survey.request, syntax=_syntax(link, list(outcomes)))
    own = weights.reindex(data["customer"]).to_numpy() if link.match.differs else None
    prepared = prepare(request, data, own)
    design, target = prepared.design, prepared.target
    near = None if start is None else minimise(design, target, start[None], near=True)
    if near is None or not near.converged[0]:
        theta = search(design, target).theta
        check_identified(design, theta, target)
    else:
        theta = near.theta[0]
    point = evaluate(design, theta[None], target)
    return prepared, theta, robust_statistics(prepared, point, "mlr").vcov


def _syntax(link: LinkModel, names: list[str]) -> str:
    lines = [f"{' + '.join(names)} ~ {' + '.join(link.touches)}"]
    lines += [f"{a} ~~ {' + '.join(names[i + 1 :])}" for i, a in enumerate(names[:-1])]
    return "\n".join([link.model, *lines])


def _money(link: LinkModel, traits: Traits, names, totals, covariance, weight):
    """Return each source's money and its variance: of the coefficients, and of the customers."""
    n_sources = len(totals) // len(names)
    totals = pd.DataFrame(totals.reshape(len(names), n_sources), index=list(names))
    effect = totals.reindex(["log_rate", "leaving", "log_spend"]).fillna(0.0).to_numpy()
    if "log_rate" not in names:  # no drop-out: what moves value but not spend moves the rate
        effect[0] = totals.loc["log_value"] - effect[2]
    gain = money_of_shifts(traits, link.terms, effect, weight)
    variance = np.empty(n_sources)
    for j in range(n_sources):
        places = [i * n_sources + j for i in range(len(names))]
        slope = _money_slope(link, traits, tuple(names), effect[:, j], weight)
        variance[j] = slope @ covariance[np.ix_(places, places)] @ slope
        variance[j] += _mean_variance(link, traits, effect[:, j], weight)
    return gain, variance


def _money_slope(link: LinkModel, traits: Traits, names, effect, weight) -> np.ndarray:
    """Return how money moves with the total effects on the outcomes, in their order."""
    base = money_of_shifts(traits, link.terms, effect[:, None], weight)[0]
    ahead = money_of_shifts(traits, link.terms, effect[:, None] + _STEP * np.eye(3), weight)
    slope = dict(zip(("log_rate", "leaving", "log_spend"), (ahead - base) / _STEP, strict=True))
    if "log_rate" not in names:
        slope |= {"log_value": slope["log_rate"],
                  "log_spend": slope["log_spend"] - slope["log_rate"]}  # fmt: skip
    return np.array([slope.get(name, 0.0) for name in names])


def _mean_variance(link: LinkModel, traits: Traits, effect, weight) -> float:
    """Return the variance of the mean gain over customers drawn like these."""
    from analysis.value.link_traits import yearly_gain

    gain = yearly_gain(traits, traits.shifted(*effect), link.terms)
    share = weight / weight.sum()
    return float(share**2 @ (gain - share @ gain) ** 2)
