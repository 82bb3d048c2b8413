"""Survey and purchases in one model: constructs that move how often customers buy and leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.link.customers import (
    covariate_names,
    draw_log_spend,
    link_customers,
    link_histories,
    model_of_spend,
    spend_notes,
)
from cx_value.value.link.likelihood import (
    LatentHistories,
    marginal_likelihood,
    moved_terms,
    node_shares,
    sandwich,
    survey_slope,
)
from cx_value.value.link.match import Match
from cx_value.value.link.traits import (
    FAMILIES_LINKED,
    Traits,
    ValueTerms,
    complete_score,
    draw_traits,
    value_terms,
)
from cx_value.value.purchase.boundary import fit_inside, require_optimum
from cx_value.value.purchase.families import Family, family_named
from cx_value.value.purchase.likelihood import from_link, maximise_function, parameters_by_row
from cx_value.value.worth.spend import SpendModel

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One joint draw.

    Attributes
    ----------
    phi, theta : ndarray
        Parameters of the survey and of the purchase model.
    traits : Traits
    node : ndarray (n, q)
        Standard normal scores of the constructs about what the answers say.
    score : ndarray (n, n_terms)
        Of the traits' density in ``theta``.
    """

    phi: np.ndarray
    theta: np.ndarray
    traits: Traits
    node: np.ndarray
    score: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkModel(Result):
    """A survey model and a purchase model joined at the constructs that touch value.

    Attributes
    ----------
    match : Match
    model : str
        Syntax of the survey model.
    survey : ModelFit
    family : Family
        Purchase model.
    touches, columns : tuple of str
        Constructs that move purchases, and the purchase model's covariates (one slope a construct
        and group, preceded by levels of the groups).
    theta, own_covariance : ndarray
        Purchase parameters on the link scale, and their covariance with the survey model known.
    bread : ndarray
        Inverse of minus the Hessian.
    slope : ndarray (n_terms, k)
        How they move with the survey model's parameters.
    histories, spend, terms
        The customers, the model (or price) of spend, how value is counted.
    customers : pandas.DataFrame
        Rows of the log that entered, in the order of ``histories``.
    population_weight : ndarray (n,)
        What each of them stands for in the customer base, mean 1.
    groups : tuple of str
        Labels, () without groups.
    log_likelihood : float
        Marginal, of the purchase histories given the answers.
    """

    template: ClassVar[str] = "link.model"

    match: Match
    model: str
    survey: ModelFit
    family: Family
    touches: tuple[str, ...]
    columns: tuple[str, ...]
    theta: np.ndarray
    own_covariance: np.ndarray
    bread: np.ndarray
    slope: np.ndarray
    histories: LatentHistories
    spend: SpendModel | float
    terms: ValueTerms
    customers: pd.DataFrame
    population_weight: np.ndarray
    groups: tuple[str, ...]
    log_likelihood: float

    @property
    def phi(self) -> np.ndarray:
        """Parameters of the survey model."""
        return self.survey.solution.theta

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of ``theta``, the survey model's error carried through."""
        return self.own_covariance + self.slope @ self.survey.vcov @ self.slope.T

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Parameters, then ``purchase:<column>`` and ``dropout:<column>``."""
        processes = ("purchase", "dropout") if self.family.dropout_term else ("purchase",)
        return (*self.family.terms, *(f"{p}:{c}" for p in processes for c in self.columns))

    def coefficients(self, theta: np.ndarray, group: int = 0) -> np.ndarray:
        """Return the constructs' coefficients (2, q): on log rate, on drop-out; 0 where absent."""
        n, width, q = len(self.family.terms), len(self.columns), len(self.touches)
        out, first = np.zeros((2, q)), max(len(self.groups) - 1, 0) + group * q
        for i in range(len(moved_terms(self.family))):
            at = n + i * width + first
            out[i] = theta[at : at + q]
        return out

    def table(self) -> pd.DataFrame:
        """Return ``term part of estimate std_error ci_low ci_high p``.

        ``part`` is the process a construct (``of``) moves, ``purchase`` or ``dropout``, or else the
        parameter itself.

        Base parameters describe the customer with average constructs. A construct's coefficient is
        the change in the log purchase rate (or log drop-out, see
        :func:`cx_value.value.purchase.model.fit_purchase_model`) per point of its marker item;
        errors carry those of the survey model.
        """
        import pandas as pd

        n, error = len(self.family.terms), np.sqrt(np.diag(self.covariance))
        half = norm.ppf(0.5 + self.confidence / 2) * error
        ends = []
        for theta in (self.theta, self.theta - half, self.theta + half):
            ends.append(np.array([*from_link(theta[:n], self.family.links), *theta[n:]]))
        base = np.arange(len(error)) < n
        p = np.where(base, np.nan, 2 * norm.sf(np.abs(self.theta / error)))
        ends_of = [name.partition(":") for name in self.parameter_names]
        columns = {"term": list(self.parameter_names), "part": [e[0] for e in ends_of],
                   "of": [e[2] for e in ends_of], "estimate": ends[0]}  # fmt: skip
        columns["std_error"] = np.where(base, ends[0], 1.0) * error
        return pd.DataFrame({**columns, "ci_low": ends[1], "ci_high": ends[2], "p": p})

    def facts(self) -> dict[str, Any]:
        """Return the purchase model, and how many customers it rests on and how many answered."""
        return {"model": self.family.name, "n": self.n_used, "asked": len(self.histories.asked),
                "constructs": list(self.touches)}  # fmt: skip

    def draws(self, n_draws: int, seed: int) -> Iterator[Draw]:
        """Draw survey parameters, purchase parameters and every customer's traits, jointly.

        Parameters come from their asymptotic distribution, traits from their posterior given
        answers *and* history under these parameters.
        """
        random = np.random.default_rng(seed)
        of_survey, own = _root(self.survey.vcov), _root(self.own_covariance)
        for _ in range(n_draws):
            away = of_survey @ random.standard_normal(len(self.phi))
            theta = self.theta + self.slope @ away + own @ random.standard_normal(len(self.theta))
            yield next(self.draws_given(self.phi + away, theta, random))

    def draws_given(
        self, phi: np.ndarray, theta: np.ndarray, random: np.random.Generator
    ) -> Iterator[Draw]:
        """Draw every customer's traits given parameters, again and again."""
        data, log_weight = self.histories.at(phi), self.histories.nodes[1]
        shares = node_shares(self.family, theta, data, log_weight).cumsum(axis=1)
        first = np.arange(len(shares)) * len(log_weight)
        while True:
            chosen = (shares < random.random(len(shares))[:, None]).sum(axis=1)
            chosen = np.minimum(chosen, len(log_weight) - 1)
            rows = data.rows(first + chosen)
            log_spend = draw_log_spend(self.spend, len(rows), random)
            parameters = parameters_by_row(self.family, theta, rows)
            traits = draw_traits(self.family, parameters, rows, log_spend, random)
            score = complete_score(self.family, parameters, traits, rows.covariates)
            yield Draw(phi, theta, traits, self.histories.nodes[0][chosen], score)


def fit_link(
    match: Match,
    model: str,
    *,
    touches: Sequence[str],
    horizon: float,
    discount_rate_per_year: float,
    margin: float = 1.0,
    purchase: str = "pareto_nbd",
    spend: float | None = None,
    group: str | None = None,
    missing: str = "fiml",
    currency: str = "",
    unit: str | None = None,
    confidence: float = 0.95,
) -> LinkModel:
    """Join a survey model with a purchase model.

    Parameters
    ----------
    match : Match
        From :func:`cx_value.value.link.match.match_answers`.
    model : str
        The survey's structural model, lavaan syntax, markers fixed at 1 (a construct's point is
        then a point of its marker item).
    touches : sequence of str
        Constructs that act on purchases and drop-out themselves (one to three); what lies before
        them in the model acts through them.
    horizon, discount_rate_per_year, margin, unit, currency
        How value is counted, as in :func:`cx_value.value.worth.lifetime.lifetime_value`.
    purchase : {"pareto_nbd", "bg_nbd", "mbg_nbd", "nbd"}
    spend : float, optional
        One price for every purchase; by default a Gamma–Gamma model of the log's ``monetary``.
    group : str, optional
        Column of the survey: every group gets its own paths and its own slopes, loadings are
        equal. Then only those who answered enter, weighted.
    missing : {"fiml", "listwise"}
        What to do with missing answers.

    Returns
    -------
    LinkModel
        What :func:`link_latent_covariates` and :func:`link_plausible_values` start from.

    Raises
    ------
    ModelError
        If a construct is absent, or the purchase model lies at its boundary.
    ConvergenceError
        If either model has no proper optimum.

    Notes
    -----
    The survey model is fitted to the matched answers by robust maximum likelihood, weighted where
    answerers differ. Then purchases, with the constructs integrated out
    (:mod:`cx_value.value.link.likelihood`). Customers without an answer enter with the constructs'
    distribution in the population; so a selection that follows purchase histories does no harm
    (Rubin 1976: missing at random). Answer weights are taken as known, which is conservative.
    """
    touches, terms = _checked(match, touches, purchase, horizon, discount_rate_per_year, margin,
                              unit, currency)  # fmt: skip
    survey = _fit_survey(match, model, group, missing, confidence)
    _require_constructs(survey, touches)
    customers, weight, population, notes = link_customers(match, survey, group)
    histories = link_histories(match, customers, weight, survey, touches, group)
    family, theta, hessian, value = _maximise(family_named(purchase), histories)
    groups = survey.group_labels if group else ()
    price = model_of_spend(customers, spend)
    return LinkModel(
        n_used=len(customers),
        n_dropped=match.n_used - len(histories.asked),
        method=Phrase("link.model_method", {"model": family.name}),
        confidence=confidence,
        notes=(*notes, *spend_notes(price, histories)),
        match=match, model=model, survey=survey, family=family, touches=touches,
        columns=covariate_names(touches, groups), theta=theta,
        own_covariance=sandwich(family, histories, theta, survey.solution.theta, hessian),
        bread=np.linalg.inv(hessian),
        slope=survey_slope(family, histories, theta, survey.solution.theta, hessian),
        histories=histories, spend=price, terms=terms, customers=customers,
        population_weight=population, groups=groups, log_likelihood=value,
    )  # fmt: skip


def _checked(match, touches, purchase, horizon, rate, margin, unit, currency):
    if isinstance(touches, str) or not touches:
        raise ModelError(
            f"touches is {touches!r} · allowed: a sequence of constructs · do: write, for "
            "instance, ('LOY',)"
        )
    if purchase not in FAMILIES_LINKED:
        raise ModelError(
            f"purchase is {purchase!r} · allowed: {', '.join(FAMILIES_LINKED)} · do: choose one"
        )
    terms = value_terms(horizon, rate, margin, unit or match.unit, currency)
    return tuple(touches), terms


def _fit_survey(match: Match, model: str, group: str | None, missing: str, confidence: float):
    from cx_value.sem import fit_model

    frame = match.customers.set_index("customer")["answer_weight"]
    weights = frame.reindex(match.answers["customer"]).to_numpy() if match.differs else None
    return fit_model(
        model, match.answers, estimator="mlr", missing=missing, weights=weights, group=group,
        equal=("loadings",) if group else (), confidence=confidence,
    )  # fmt: skip


def _require_constructs(survey: ModelFit, touches: tuple[str, ...]) -> None:
    latents = survey.prepared.model.latents
    absent = [name for name in touches if name not in latents]
    if absent:
        raise ModelError(
            f"{', '.join(absent)} is no construct of the survey model · allowed: "
            f"{', '.join(latents)} · do: name some of these in touches"
        )


def _maximise(family: Family, histories: LatentHistories):
    """Fit with expected constructs first, then with the constructs integrated out."""
    if not (histories.history.frequency > 0).any():
        raise DataError(
            f"None of {len(histories.history)} customers bought again · allowed: repeat purchases "
            "· do: observe for longer"
        )
    phi = histories.survey.solution.theta
    inside, start, notes = fit_inside(family, histories.plugged_in(phi))
    if inside.name != family.name:
        raise ModelError(
            f"{notes[0]} · allowed: a purchase model inside its range · do: ask for "
            f"purchase='nbd', whose customers stay, or observe for longer"
        )
    require_optimum(family, start, histories.touches)
    n = histories.history.n_customers
    evaluate = marginal_likelihood(family, histories, phi)
    inverse = np.linalg.inv(start.hessian / n)
    optimum = maximise_function(evaluate, [start.theta], n, inverse=(inverse + inverse.T) / 2)
    require_optimum(family, optimum, histories.touches)
    return family, optimum.theta, optimum.hessian, optimum.log_likelihood


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
