"""The link as a purchase model with latent constructs as covariates."""

from __future__ import annotations

from itertools import islice

import numpy as np
from scipy.stats import t as student

from analysis.errors import ModelError
from analysis.results import tidy_frame
from analysis.value.likelihood import from_link
from analysis.value.link_chain import (
    Chain,
    find_chain,
    implied_by,
    mean_slopes,
    money_of_shifts,
)
from analysis.value.link_model import LinkModel
from analysis.value.link_result import COLUMNS, METHODS, VALUE, LinkEffects
from analysis.value.link_traits import Traits, leaving_slope
from analysis.wording import MINUS

_AT_ESTIMATE = 25  # draws of the traits over which the estimate itself is averaged
FEWEST_DRAWS = 50


def link_latent_covariates(
    link: LinkModel, *, n_draws: int = 200, seed: int = 1, labels: dict[str, str] | None = None
) -> LinkEffects:
    """Return the chain from constructs to value, read off the purchase model.

    Parameters
    ----------
    link : LinkModel
        From :func:`analysis.value.link_model.fit_link`.
    n_draws : int
        Joint draws of all parameters and of customers' traits, from which errors come; at least 50.
    seed : int
    labels : dict, optional
        What constructs are called.

    Returns
    -------
    LinkEffects
        Read ``.table()``, ``.sentence(lang)``.

    Raises
    ------
    ModelError
        For too few draws.

    Notes
    -----
    A construct moves the log purchase rate and the log drop-out by its coefficients; the slope of
    log value in these is averaged over customers. What precedes it in the survey model acts by its
    total effect on it. Money: every customer's traits are moved by what one point more does from
    now on, and those who are still customers gain. Errors are those of the draws, in which survey
    parameters (sandwich), purchase parameters given them, traits, and the customers themselves
    (Bayesian bootstrap: Rubin 1981) vary together; intervals are symmetric, Student's t.
    """
    if n_draws < FEWEST_DRAWS:
        raise ModelError(
            f"n_draws is {n_draws} · allowed: at least {FEWEST_DRAWS} · do: draw more; 200 will do"
        )
    chain = find_chain(link.survey, link.touches)
    random = np.random.default_rng(seed)
    at_estimate = islice(link.traits(link.phi, link.theta, random), _AT_ESTIMATE)
    estimate = np.mean(
        [
            _effects(link, chain, link.phi, link.theta, traits, link.population_weight)
            for traits in at_estimate
        ],
        axis=0,
    )
    drawn, active = [], []
    for phi, theta, traits in link.draws(n_draws, seed + 1):
        weight = link.population_weight * random.exponential(size=len(link.population_weight))
        drawn.append(_effects(link, chain, phi, theta, traits, weight))
        active.append(link.population_weight @ traits.alive / link.population_weight.sum())
    error = np.std(drawn, axis=0, ddof=1)
    reach = student.ppf(0.5 + link.confidence / 2, n_draws - 1) * error
    p = 2 * student.sf(np.abs(estimate) / error, n_draws - 1)
    rows = [
        ("latent_covariates", *name, *numbers, np.nan)
        for name, numbers in zip(
            [*effect_names(chain, link.groups), *_difference_names(chain, link.groups)],
            zip(estimate, error, estimate - reach, estimate + reach, p, strict=True),
            strict=True,
        )
    ]
    return LinkEffects(
        n_used=link.n_used, n_dropped=link.n_dropped, method=METHODS["latent_covariates"],
        confidence=link.confidence, notes=link.notes, frame=tidy_frame(rows, COLUMNS),
        approach="latent_covariates", sources=chain.sources, currency=link.terms.currency,
        share_active=float(np.mean(active)), n_draws=n_draws, groups=link.groups,
        labels=labels or {},
    )  # fmt: skip


def effect_names(chain: Chain, groups: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return ``(group, from, to, effect, unit)`` in the order in which effects are computed."""
    names = []
    for group in groups or ("",):
        for unit in ("points_per_point", "sd_per_sd"):
            names += [(group, a, b, "path", unit) for a, b in chain.paths]
        for effect, unit in (
            ("value", "log_per_point"), ("value", "log_per_sd"), ("money", "money_per_point")
        ):  # fmt: skip
            names += [(group, source, VALUE, effect, unit) for source in chain.sources]
    return names


def _effects(
    link: LinkModel, chain: Chain, phi: np.ndarray, theta: np.ndarray, traits: Traits, weight
) -> np.ndarray:
    """Return every effect of :func:`effect_names` under one set of parameters and traits."""
    implied = implied_by(link.survey, phi)
    design = link.survey.prepared.design
    totals, deviations = chain.totals(design, implied), chain.deviations(design, implied)
    paths = chain.path_values(design, implied)
    scale = leaving_slope(link.family, _base(link, theta))
    out = []
    for g in range(max(len(link.groups), 1)):
        member = weight * (link.histories.group == g) if link.groups else weight
        moved = np.array([[1.0], [scale]]) * link.coefficients(theta, g) @ totals[g]  # (2, sources)
        per_point = np.array(mean_slopes(traits, link.terms, member)) @ moved
        shifts = np.vstack([moved, np.zeros(moved.shape[1])])
        place = {name: i for i, name in enumerate(chain.sources)}
        ratio = [deviations[g][place[a]] / deviations[g][place[b]] for a, b in chain.paths]
        out += [paths[g], paths[g] * np.array(ratio), per_point, per_point * deviations[g],
                money_of_shifts(traits, link.terms, shifts, member)]  # fmt: skip
    values = np.concatenate(out)
    by_group = values.reshape(max(len(link.groups), 1), -1)
    return np.concatenate([values, *(by_group[1:] - by_group[0])])


def _difference_names(chain: Chain, groups: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the names of each group's effects less those of the first."""
    if len(groups) < 2:
        return []
    return effect_names(chain, tuple(f"{g} {MINUS} {groups[0]}" for g in groups[1:]))


def _base(link: LinkModel, theta: np.ndarray) -> tuple[float, ...]:
    return from_link(theta[: len(link.family.terms)], link.family.links)
