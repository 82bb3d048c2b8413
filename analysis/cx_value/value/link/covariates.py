"""The link as a purchase model with latent constructs as covariates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import ModelError
from cx_value.base.wording import MINUS
from cx_value.base.words import Phrase
from cx_value.value.link.chain import Chain, find_chain, implied_by
from cx_value.value.link.influence import Imputed, parameter_influence, pooled_influence
from cx_value.value.link.model import Draw, LinkModel
from cx_value.value.link.result import COLUMNS, VALUE, LinkEffects
from cx_value.value.link.traits import leaving_slope, yearly_gain
from cx_value.value.purchase.likelihood import from_link

FEWEST_DRAWS = 20
_STEP = 1e-4


def link_latent_covariates(
    link: LinkModel, *, n_draws: int = 50, seed: int = 1, labels: dict[str, str] | None = None
) -> LinkEffects:
    """Return the chain from constructs to value, read off the purchase model.

    Parameters
    ----------
    link : LinkModel
        From :func:`cx_value.value.link.model.fit_link`.
    n_draws : int
        Draws of every customer's traits over which expectations are taken, at least 20.
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
    now on, and those who are still customers gain. Errors are from customers' influence (Huber
    1967): each acts on an effect by being averaged over, through the survey parameters, and through
    the purchase parameters, these given those; all that varies with the sample varies together.
    Intervals: :func:`effect_limits`.
    """
    if n_draws < FEWEST_DRAWS:
        raise ModelError(
            f"n_draws is {n_draws} · allowed: at least {FEWEST_DRAWS} · do: draw more; 50 will do"
        )
    chain = find_chain(link.survey, link.touches)
    means, levers = _averages(link, chain, n_draws, seed), _levers(link, chain)
    parts = [_effects(means[g], levers[g], chain) for g in range(max(len(link.groups), 1))]
    names = effect_names(chain, link.groups)
    if len(parts) > 1:
        names += effect_names(
            chain, tuple(f"{g} {MINUS} {link.groups[0]}" for g in link.groups[1:])
        )
        parts += [part.less(parts[0]) for part in parts[1:]]
    estimate = np.concatenate([part.value for part in parts])
    influence = np.concatenate([part.influence for part in parts], axis=1)
    error = np.sqrt((influence**2).sum(axis=0))
    is_money = np.array([name[3] == "money" for name in names])
    limits = effect_limits(estimate, error, is_money, norm, link.confidence)
    numbers = zip(estimate, error, *limits, strict=True)
    rows = [("latent_covariates", *n, *v, np.nan) for n, v in zip(names, numbers, strict=True)]
    import pandas as pd

    return LinkEffects(
        n_used=link.n_used, n_dropped=link.n_dropped, 
        method=Phrase("link.approach", {"approach": "latent_covariates"}),
        confidence=link.confidence, notes=link.notes, 
        frame=pd.DataFrame(rows, columns=list(COLUMNS)),
        approach="latent_covariates", sources=chain.sources, currency=link.terms.currency,
        share_active=means[0].active, n_draws=n_draws, influence=influence, groups=link.groups,
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


def effect_limits(
    estimate: np.ndarray, error: np.ndarray, is_money: np.ndarray, distribution, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lower and upper limits and p of effects.

    Symmetric, but for money: gains multiply, so that their estimates are skewed, and an interval
    symmetric in the estimate misses large truths. Theirs is symmetric in asinh(x / 2 errors),
    which is the logarithm of what is far from 0 and stays defined on both sides of it.
    """
    scale = np.where(is_money, 2 * error, 1.0)
    place = np.where(is_money, np.arcsinh(estimate / scale), estimate)
    spread = np.where(is_money, error / np.hypot(scale, estimate), error)
    reach = distribution.ppf(0.5 + confidence / 2) * spread
    low, high = (np.where(is_money, scale * np.sinh(v), v) for v in (place - reach, place + reach))
    return low, high, 2 * distribution.sf(np.abs(place) / spread)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Quantities (p,) and each customer's influence on them (n, p)."""

    value: np.ndarray
    influence: np.ndarray

    def __getitem__(self, which) -> _Known:
        return _Known(self.value[which], self.influence[:, which])

    def times(self, other: _Known) -> _Known:
        """Return products, by the product rule."""
        return _Known(
            self.value * other.value,
            self.influence * other.value + other.influence * self.value,
        )

    def plus(self, other: _Known) -> _Known:
        """Return sums."""
        return _Known(self.value + other.value, self.influence + other.influence)

    def less(self, other: _Known) -> _Known:
        """Return differences."""
        return _Known(self.value - other.value, self.influence - other.influence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Averages:
    """Means over customers in a group.

    ``slopes``: of log value in log rate and leaving (2,). ``money``: a year's gain by source (s,),
    its influence at given shifts; ``money_slopes`` (2, s): how that moves with the shifts.
    """

    slopes: _Known
    money: _Known
    money_slopes: np.ndarray
    active: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Levers:
    """What one point of each source moves: log rate, leaving (s,); and paths, deviations."""

    paths: _Known
    standardised: _Known
    rate: _Known
    leaving: _Known
    deviations: _Known


def _effects(means: _Averages, levers: _Levers, chain: Chain) -> _Known:
    """Return every effect of :func:`effect_names` in one group."""
    s = len(chain.sources)
    by_rate, by_leaving = (means.slopes[[i] * s] for i in (0, 1))
    per_point = by_rate.times(levers.rate).plus(by_leaving.times(levers.leaving))
    per_deviation = per_point.times(levers.deviations)
    through = means.money_slopes[0] * levers.rate.influence
    through = through + means.money_slopes[1] * levers.leaving.influence
    money = _Known(means.money.value, means.money.influence + through)
    parts = [levers.paths, levers.standardised, per_point, per_deviation, money]
    return _Known(
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.influence for part in parts], axis=1),
    )


def _levers(link: LinkModel, chain: Chain) -> list[_Levers]:
    """Return by group what sources move, with influence by exact or central differences."""
    sizes = np.cumsum([len(chain.paths)] * 2 + [len(chain.sources)] * 3)
    here = _lever_values(link, chain, link.phi, link.theta)
    by_survey = _differences(lambda phi: _lever_values(link, chain, phi, link.theta), link.phi)
    by_purchase = _differences(
        lambda theta: _lever_values(link, chain, link.phi, theta), link.theta
    )
    purchase, survey = parameter_influence(link)
    influence = purchase @ by_purchase.T + survey @ by_survey.T
    names = ("paths", "standardised", "rate", "leaving", "deviations")
    out = []
    for begin in range(0, len(here), sizes[-1]):
        ends = [begin, *(begin + sizes)]
        cells = [slice(a, b) for a, b in pairwise(ends)]
        known = _Known(here, influence)
        out.append(_Levers(**{n: known[cell] for n, cell in zip(names, cells, strict=True)}))
    return out


def _differences(function, at: np.ndarray) -> np.ndarray:
    """Return central differences of a vector function, (p, k)."""
    steps = np.eye(len(at)) * _STEP
    return np.array([(function(at + h) - function(at - h)) / (2 * _STEP) for h in steps]).T


def _lever_values(link: LinkModel, chain: Chain, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Return paths, standardised paths, shifts of rate and leaving, deviations; by group."""
    design, implied = link.survey.prepared.design, implied_by(link.survey, phi)
    totals, deviations = chain.totals(design, implied), chain.deviations(design, implied)
    paths = chain.path_values(design, implied)
    scale = leaving_slope(
        link.family, from_link(theta[: len(link.family.terms)], link.family.links)
    )
    a, b = ([chain.sources.index(pair[i]) for pair in chain.paths] for i in (0, 1))
    out = []
    for g in range(max(len(link.groups), 1)):
        rate, leaving = np.array([[1.0], [scale]]) * (link.coefficients(theta, g) @ totals[g])
        ratio = deviations[g][a] / deviations[g][b]
        out += [paths[g], paths[g] * ratio, rate, leaving, deviations[g]]
    return np.concatenate(out)


def _averages(link: LinkModel, chain: Chain, n_draws: int, seed: int) -> list[_Averages]:
    """Return means over customers by group, from draws at the estimates."""
    width, groups = len(chain.sources), max(len(link.groups), 1)
    values = _lever_values(link, chain, link.phi, link.theta).reshape(groups, -1)
    first = 2 * len(chain.paths)
    shifts = values[:, first : first + 2 * width].reshape(groups, 2, width)
    member = [link.histories.group == g for g in range(groups)]
    shares = [link.population_weight * own / (link.population_weight @ own) for own in member]
    sums, slopes = Imputed(), np.zeros((groups, 2, width))
    random = np.random.default_rng(seed)
    for draw in islice(link.draws_given(link.phi, link.theta, random), n_draws):
        found = [_of_customers(link, draw, shift) for shift in shifts]
        means = [share @ own for share, (own, _) in zip(shares, found, strict=True)]
        slopes += np.array([share @ step for share, (_, step) in zip(shares, found, strict=True)]
                           ).reshape(slopes.shape) / n_draws  # fmt: skip
        away = [share[:, None] * (own - mean) for share, (own, _), mean in
                zip(shares, found, means, strict=True)]  # fmt: skip
        sums.add(link, draw, np.concatenate(means), np.concatenate(away, axis=1))
    influence, mean = pooled_influence(link, sums), np.mean(sums.estimates, axis=0)
    known, size = _Known(mean, influence), 2 + width
    return [
        _Averages(
            slopes=known[g * size : g * size + 2], money=known[g * size + 2 : (g + 1) * size],
            money_slopes=slopes[g], active=float(np.mean(sums.active)),
        )
        for g in range(groups)
    ]  # fmt: skip


def _of_customers(link: LinkModel, draw: Draw, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each customer's two slopes and gain by source (n, 2 + s), and the gain's slopes."""
    traits, terms = draw.traits, link.terms
    gains, steps = [], []
    for shift in shifts.T:
        gains.append(yearly_gain(traits, traits.shifted(*shift), terms))
        steps += [
            (yearly_gain(traits, traits.shifted(*(shift + h)), terms) - gains[-1]) / _STEP
            for h in np.eye(2) * _STEP
        ]
    by_shift = np.array(steps).reshape(len(gains), 2, -1).transpose(2, 1, 0)  # (n, 2, s)
    own = np.column_stack([*traits.slopes(terms), *gains])
    return own, by_shift.reshape(len(own), -1)
