r"""The link as a structural model whose last outcome is lifetime value.

Value is not observed, so it is drawn: plausible values (Mislevy 1991), pooled by Rubin's (1987)
rules. They must be drawn from a model that holds what the structural model will ask of them. Drawn
given purchases alone, they are as unrelated to loyalty as the purchases leave them unsure, and
every effect comes out too small. They are drawn here given history *and* answers, constructs
integrated out, from the purchase model with latent covariates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import t as student

from cx_value.base.errors import ModelError
from cx_value.base.words import Phrase
from cx_value.value.link.chain import Chain, find_chain, money_of_shifts
from cx_value.value.link.covariates import effect_limits, effect_names
from cx_value.value.link.influence import (
    Imputed,
    casewise_influence,
    drawing_variance,
    pooled_influence,
)
from cx_value.value.link.model import LinkModel
from cx_value.value.link.pooling import pool_estimates
from cx_value.value.link.result import COLUMNS, LinkEffects
from cx_value.value.link.traits import Traits, yearly_gain
from cx_value.value.worth.spend import SpendModel

if TYPE_CHECKING:
    from cx_value.sem.design.matrices import Design, Implied
    from cx_value.sem.engine.fit import Prepared

FEWEST_IMPUTATIONS = 20
TRAITS = ("log_rate", "leaving", "log_spend")
_STEP = 1e-4
_NO_MORE = 1e-6  # sd of log value left over that counts as none


def link_plausible_values(
    link: LinkModel,
    *,
    n_imputations: int = 20,
    seed: int = 1,
    errors: Literal["robins_wang", "rubin"] = "robins_wang",
    imputed: Imputed | None = None,
    labels: dict[str, str] | None = None,
) -> LinkEffects:
    """Return the chain from constructs to value, from a structural model with value as outcome.

    Parameters
    ----------
    link : LinkModel
        From :func:`cx_value.value.link.model.fit_link`.
    n_imputations : int
        Completed data sets, at least 20.
    seed : int
    errors : {"robins_wang", "rubin"}
        Rubin's total variance takes the structural model for as efficient as the purchase model
        that the values are drawn from. It is not (least squares on the log of a gamma variate), so
        Rubin's intervals cover too often; those of Robins and Wang (2000) do not.
    imputed : Imputed, optional
        Completed data sets already made of this link, by :func:`impute_values`.
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
    Money moves every customer's traits by the structural model's coefficients. Estimates and the
    fraction of missing information are Rubin's, degrees of freedom Barnard and Rubin's (1999) with
    ``errors="rubin"``, those of the structural model otherwise.
    """
    imputed = impute_values(link, n_imputations, seed) if imputed is None else imputed
    chain = find_chain(link.survey, link.touches)
    influence = pooled_influence(link, imputed)
    variance = (influence**2).sum(axis=0) + drawing_variance(link, imputed)
    numbers = _pooled(link, imputed, np.sqrt(variance) if errors == "robins_wang" else None)
    names = effect_names(chain, link.groups)
    rows = [("plausible_values", *n, *v) for n, v in zip(names, numbers, strict=True)]
    import pandas as pd

    return LinkEffects(
        n_used=link.survey.n_used, n_dropped=link.n_dropped, 
        method=Phrase("link.approach", {"approach": "plausible_values"}),
        confidence=link.confidence, notes=link.notes, 
        frame=pd.DataFrame(rows, columns=list(COLUMNS)),
        approach="plausible_values", sources=chain.sources, currency=link.terms.currency,
        share_active=float(np.mean(imputed.active)), n_draws=len(imputed.active),
        groups=link.groups, labels=labels or {}, influence=influence,
    )  # fmt: skip


def impute_values(link: LinkModel, n_imputations: int, seed: int) -> Imputed:
    """Draw values, refit the structural model to each completed data set, and keep the sums."""
    if n_imputations < FEWEST_IMPUTATIONS:
        raise ModelError(
            f"n_imputations is {n_imputations} · allowed: at least {FEWEST_IMPUTATIONS} · do: "
            "draw more"
        )
    chain, imputed, start = find_chain(link.survey, link.touches), Imputed(), None
    for draw in link.draws(n_imputations, seed):
        completed, start = _completed(link, chain, draw.traits, start)
        imputed.add(link, draw, completed.effects, completed.influence)
    return imputed


def _pooled(link: LinkModel, imputed: Imputed, error: np.ndarray | None) -> list[tuple[float, ...]]:
    """Return estimate, error (Rubin's if none is given), limits, p and missing information."""
    df = link.survey.n_used - link.survey.prepared.design.n_parameters
    estimates, variances = np.array(imputed.estimates), np.array(imputed.variances)
    pooled = pool_estimates(estimates, variances, df, link.confidence)
    at = student(df if error is not None else pooled.df)
    error = pooled.std_error if error is None else error
    chain = find_chain(link.survey, link.touches)
    is_money = np.array([name[3] == "money" for name in effect_names(chain, link.groups)])
    limits = effect_limits(pooled.estimate, error, is_money, at, link.confidence)
    return list(zip(pooled.estimate, error, *limits, pooled.missing_information, strict=True))


def plausible_outcomes(link: LinkModel, traits: Traits) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return one draw's outcomes by name, (n_respondents,) each, and log value's weights in them.

    Log value is a known mixture of the traits that vary and of ``rest``, what their regression
    leaves of it. The structural model with these as outcomes is the one with log value as outcome,
    but has no nearly collinear variables where drop-out hardly varies.
    """
    rows = link.histories.asked
    out = {"log_rate": traits.log_rate[rows]}
    if traits.leaving is not None:
        out["leaving"] = traits.leaving[rows]
    if isinstance(link.spend, SpendModel):
        out["log_spend"] = traits.log_spend[rows]
    known = np.column_stack([np.ones(len(rows)), *out.values()])
    value = traits.log_value(link.terms)[rows]
    weight = np.linalg.lstsq(known, value, rcond=None)[0]
    rest = value - known @ weight
    if rest.std() < _NO_MORE * value.std():
        return out, weight[1:]
    return out | {"rest": rest}, np.append(weight[1:], 1.0)


@dataclass(frozen=True, slots=True)
class _Completed:
    """Effects of one completed data set (p,), and each customer's influence on them (n, p)."""

    effects: np.ndarray
    influence: np.ndarray


def _completed(
    link: LinkModel, chain: Chain, traits: Traits, start: np.ndarray | None
) -> tuple[_Completed, np.ndarray]:
    """Refit with one draw of the outcomes; return the effects, and the optimum."""
    from cx_value.sem.reading.solution import jacobian

    outcomes, mixture = plausible_outcomes(link, traits)
    prepared, theta = _refit(link, list(outcomes), outcomes, start)
    design, sample = prepared.design, prepared.target.sample[0]
    read = partial(_read, design, chain, replace(chain, targets=tuple(outcomes)), mixture)
    values = read(design.implied(theta, sample))
    slope = jacobian(design, theta, sample, read)
    influence = np.zeros((len(link.customers), len(values)))
    influence[link.histories.asked] = casewise_influence(prepared, theta) @ slope.T
    width = len(values) // max(len(link.groups), 1)
    many = len(outcomes) * len(chain.sources)
    effects, influences = [], []
    for g, begin in enumerate(range(0, len(values), width)):
        here = slice(begin, begin + width - many)
        last = slice(begin + width - many, begin + width)
        weight = link.population_weight * (link.histories.group == g)
        money = _money(link, traits, tuple(outcomes), values[last], influence[:, last], weight)
        effects += [values[here], money[0]]
        influences += [influence[:, here], money[1]]
    return _Completed(np.concatenate(effects), np.concatenate(influences, axis=1)), theta


def _read(
    design: Design, chain: Chain, ends: Chain, mixture: np.ndarray, implied: Implied
) -> np.ndarray:
    """Return paths, standardised paths, log value per point and deviation, all totals; by group."""
    paths, spread = chain.path_values(design, implied), chain.deviations(design, implied)
    a, b = ([chain.sources.index(pair[i]) for pair in chain.paths] for i in (0, 1))
    totals = ends.totals(design, implied)
    value = np.einsum("o,...os->...s", mixture, totals)
    parts = [
        paths, paths * spread[..., a] / spread[..., b], value, value * spread,
        totals.reshape(*totals.shape[:-2], -1),
    ]  # fmt: skip
    return np.concatenate(parts, axis=-1).reshape(*totals.shape[:-3], -1)


def _refit(
    link: LinkModel, names: list[str], outcomes: dict[str, np.ndarray], start: np.ndarray | None
) -> tuple[Prepared, np.ndarray]:
    """Fit the survey model with the outcomes put in, residuals of the outcomes correlated.

    The first fit is searched for and checked; the others start at its optimum.
    """
    from cx_value.sem.engine.fit import check_identified, prepare, search, with_options
    from cx_value.sem.engine.optimise import minimise

    survey = link.survey.prepared
    used = np.sort(np.concatenate([sample.index for sample in survey.samples]))
    data = link.match.answers.iloc[used].assign(**outcomes)
    weights = link.match.customers.set_index("customer")["answer_weight"]
    lines = [link.model, f"{' + '.join(names)} ~ {' + '.join(link.touches)}"]
    lines += [f"{a} ~~ {' + '.join(names[i + 1 :])}" for i, a in enumerate(names[:-1])]
    request = with_options(survey.request, syntax="\n".join(lines), clustered=False)
    own = weights.reindex(data["customer"]).to_numpy() if link.match.differs else None
    prepared = prepare(request, data, weights=own)
    design, target = prepared.design, prepared.target
    if start is not None and len(start) == design.n_parameters:
        near = minimise(design, target, start[None], near=True)
        if near.converged[0]:
            return prepared, near.theta[0]
    theta = search(design, target).theta
    check_identified(design, theta, target)
    return prepared, theta


def _money(link: LinkModel, traits: Traits, names, totals, influence, weight):
    """Return each source's money (s,), and each customer's influence on it (n, s).

    A customer acts on it through the coefficients, and by being one of those averaged over.
    """
    totals = dict(zip(names, totals.reshape(len(names), -1), strict=True))
    by_name = dict(zip(names, np.split(influence, len(names), axis=1), strict=True))
    none = np.zeros_like(totals[names[0]])
    shifts = np.array([totals.get(name, none) for name in TRAITS])
    gain = money_of_shifts(traits, link.terms, shifts, weight)
    share, out = weight / weight.sum(), np.zeros((len(weight), len(gain)))
    for j, shift in enumerate(shifts.T):
        around = shift[:, None] + _STEP * np.eye(3)
        slope = (money_of_shifts(traits, link.terms, around, weight) - gain[j]) / _STEP
        own = yearly_gain(traits, traits.shifted(*shift), link.terms)
        out[:, j] = share * (own - gain[j])
        for name, step in zip(TRAITS, slope, strict=True):
            if name in by_name:
                out[:, j] += step * by_name[name][:, j]
    return gain, out
