"""The drivers of a study in one call: importance and map, or the statement of why there is none."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.evaluate.drivers.asymmetry import penalty_reward
from cx_value.evaluate.drivers.importance import (
    DriverImportance,
    driver_importance,
    refused_outcomes,
)
from cx_value.evaluate.drivers.kano import kano_of
from cx_value.evaluate.drivers.levers import (
    lever_scores,
    levers_of,
    outcomes_of,
    stated_importance,
)
from cx_value.evaluate.drivers.map import ImportanceMap, map_importance_performance
from cx_value.evaluate.drivers.necessity import necessary_conditions
from cx_value.evaluate.drivers.opportunity import item_scores
from cx_value.evaluate.drivers.price import price_offers, price_range
from cx_value.study.customers import own_customers

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.evaluate.weights.experts import ExpertWeights
    from cx_value.study import Survey
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoDrivers(Result):
    """Why drivers are not compared: what is missing, and what would help."""

    template = "drivers.too_few"

    missing: dict[str, Any] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return what was there, one row a lever or outcome."""
        from cx_value.base.results import tidy_frame

        rows = [(kind, name) for kind in ("levers", "outcomes") for name in self.missing[kind]]
        return tidy_frame(rows, ["kind", "name"])

    def facts(self) -> dict[str, Any]:
        """Return the levers and outcomes that are known, and the refusal where there was one."""
        return self.missing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NotComparable(NoDrivers):
    """Levers and outcomes are known, but the answers do not allow a comparison."""

    template = "drivers.refused"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drivers:
    """What is compared, and what was found.

    Attributes
    ----------
    levers, outcomes : tuple of str
    scores : DataFrame
        Scores 0 to 100 of the respondents compared, one's own brand's customers.
    survey : Survey
        Those respondents.
    importance : DriverImportance or None
    map : ImportanceMap or None
        Both None where ``refused`` says why.
    refused : NoDrivers or None
    """

    levers: tuple[str, ...]
    outcomes: tuple[str, ...]
    scores: pd.DataFrame
    survey: Survey
    importance: DriverImportance | None = None
    map: ImportanceMap | None = None
    refused: NoDrivers | None = None


def compare_drivers(
    study: Study, survey: Survey, *, draws: int, seed: int, experts: ExpertWeights | None = None
) -> Drivers:
    """Compare the levers of a study for each of its outcomes, among its own brand's customers.

    Parameters
    ----------
    study : Study
    survey : Survey
        The answers analysed.
    draws, seed : int
        Of the bootstrap.
    experts : ExpertWeights, optional
        Their weights are an importance of their own where they judged every lever.

    Returns
    -------
    Drivers
        With ``refused`` in place of numbers where the study or its answers do not allow any.
    """
    own = own_customers(study, survey)
    levers, outcomes = levers_of(study), outcomes_of(study)
    scores = lever_scores(study, own)
    known = {"levers": levers, "outcomes": outcomes, "scores": scores, "survey": own}
    common = {"n_used": own.n, "method": "", "missing": {"levers": levers, "outcomes": outcomes}}
    if len(levers) < 2 or not outcomes:
        return Drivers(**known, refused=NoDrivers(**common))
    how = {
        "weights": None if own.weights is None else own.weights.fillna(0).to_numpy(),
        "draws": draws, "seed": seed, "confidence": study.options.confidence,
    }  # fmt: skip
    refusals = refused_outcomes(scores, levers, outcomes)
    if len(refusals) == len(outcomes):
        common["missing"] = common["missing"] | refusals[0]
        return Drivers(**known, refused=NotComparable(**common))
    found = driver_importance(scores, levers, outcomes, **how)
    first = found.frame.outcome.iloc[0]
    inside = [lever for lever in levers if lever != first]
    drawn = map_importance_performance(
        scores, inside, first, stated=stated_importance(study, own),
        experts=_of_experts(experts, inside, draws), **how,
    )  # fmt: skip
    return Drivers(**known, importance=found, map=drawn)


def _of_experts(experts: ExpertWeights | None, levers: list[str], draws: int) -> np.ndarray | None:
    """Return the experts' weights of the levers (1 + draws, levers); None unless all have one."""
    if experts is None or not set(levers) <= set(experts.weights.index):
        return None
    at = [experts.weights.index.get_loc(lever) for lever in levers]
    own = experts.weights.to_numpy()[at]
    if not own.sum() > 0:
        return None
    drawn = np.tile(own, (draws, 1)) if experts.draws is None else experts.draws[:draws, at]
    return np.vstack([own[None], drawn])


def attribute_items(study: Study, levers: tuple[str, ...]) -> list[str]:
    """Return the items that levers are made of; a lever that is an item is one itself."""
    own = {c.name: c.item_names for c in study.constructs}
    return list(dict.fromkeys(i for lever in levers for i in own.get(lever, [lever])))


def further_analyses(study: Study, found: Drivers, *, draws: int, seed: int) -> dict[str, Result]:
    """Return what goes beyond importance, by the name it is stored under; empty where refused.

    ``penalty_reward`` and ``necessity`` of the levers, ``item_scores`` of the items below them,
    all for the first outcome that could be explained, and ``kano``, ``price_range`` and
    ``price_offers`` where the study asked for them. What the answers do not allow is left out.
    """
    survey = found.survey
    how = {"draws": draws, "seed": seed, "confidence": study.options.confidence}
    makers, case = {}, None
    if survey.weights is not None:
        case = survey.weights.fillna(0).to_numpy()
    weighted = how | {"weights": case}
    if found.importance:
        outcome = found.importance.frame.outcome.iloc[0]
        levers = [lever for lever in found.levers if lever != outcome]
        makers["penalty_reward"] = partial(
            penalty_reward, found.scores, levers, outcome, **weighted
        )
        items = [i for i in attribute_items(study, tuple(levers)) if i != outcome]
        stated = stated_importance(study, survey, of=items)
        makers["item_scores"] = partial(
            item_scores, found.scores, items, outcome, stated=stated, **weighted
        )
        if study.drivers.necessary:
            makers["necessity"] = partial(
                necessary_conditions, found.scores, levers, outcome, permutations=draws, seed=seed
            )
    if study.kano and survey.ratings is not None:
        makers["kano"] = partial(kano_of, study.kano, survey.ratings, **weighted)
    return _made(makers | _of_prices(study, survey, weighted))


def _of_prices(study: Study, survey: Survey, how: dict[str, Any]) -> dict[str, Any]:
    asked, ratings = study.price_sensitivity, survey.ratings
    if asked is None or ratings is None:
        return {}
    named, makers = asked.columns[:4], {}
    if all(named) and set(named) <= set(ratings):
        makers["price_range"] = partial(price_range, *(ratings[c] for c in named), **how)
    offers = {price: ratings[c] for price, c in asked.offers.items() if c in ratings}
    if len(offers) > 1:
        makers["price_offers"] = partial(
            price_offers, offers, buys_from=asked.buys_from, unit_cost=asked.unit_cost, **how
        )
    return makers


def _made(makers: dict[str, Any]) -> dict[str, Result]:
    found = {}
    for name, make in makers.items():
        with contextlib.suppress(DataError):
            found[name] = make()
    return found
