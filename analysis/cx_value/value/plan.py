"""What a study declares about value, as the arguments of the functions that compute it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.value.link.match import FEWEST_MATCHED
from cx_value.value.link.traits import FAMILIES_LINKED
from cx_value.value.log.transactions import UNITS
from cx_value.value.worth.lifecycle import StageRules

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Study
    from cx_value.value.link.match import Match
    from cx_value.value.log.transactions import TransactionSummary
    from cx_value.value.purchase.comparison import ModelComparison
    from cx_value.value.purchase.model import PurchaseModel
    from cx_value.value.purchase.regularity import PurchaseRegularity

LEVELS = ("1 low", "2 middle", "3 high", "4 no answer")
#: The models that ``purchase_model: auto`` chooses from.
CANDIDATES = ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd")


def candidate_models(study: Study) -> tuple[str, ...]:
    """Return the purchase models to compare: the study's own, or all of them."""
    wanted = study.value.purchase_model
    return CANDIDATES if wanted == "auto" else (wanted,)


def linked_family(choice: ModelComparison) -> str:
    """Return the purchase model of the link: the best by AIC that covariates can move.

    A model at its limit (one drop-out chance for all) leaves a construct nothing to move; where no
    other stands, the NBD without drop-out does.
    """
    fitted = choice.rows.dropna(subset="aic").sort_values("aic")["fitted"]
    return next((name for name in fitted if name in FAMILIES_LINKED), "nbd")


def alive_by(model: PurchaseModel) -> pd.Series | None:
    """Return P(alive) by customer; None where the model has no drop-out, so nobody has lapsed."""
    return model.probability_alive() if model.family.has_dropout else None


def regularity_of(purchases: TransactionSummary) -> PurchaseRegularity | None:
    """Return how regularly customers buy; None where too few bought three times."""
    from cx_value.base.errors import DataError
    from cx_value.value.purchase.regularity import measure_regularity

    try:
        return measure_regularity(purchases)
    except DataError:
        return None


def horizon_in_units(study: Study) -> float:
    """Return the study's horizon in the time unit of its purchase log."""
    return study.value.horizon_years * UNITS["year"] / UNITS[study.transactions.unit]


def earned_share(study: Study, purchases: TransactionSummary) -> float:
    """Return the share of spend that is kept: the study's, else from the log's costs, else all."""
    if study.value.margin is not None:
        return study.value.margin
    return 1.0 if np.isnan(purchases.margin) else purchases.margin


def discounting(study: Study, purchases: TransactionSummary) -> dict[str, float]:
    """Return the options of :func:`cx_value.value.lifetime_value`."""
    return {
        "horizon": horizon_in_units(study),
        "discount_rate_per_year": study.value.discount_rate_per_year,
        "margin": earned_share(study, purchases),
    }


def formula(study: Study, purchases: TransactionSummary) -> dict[str, float]:
    """Return the options of :func:`cx_value.value.simple_lifetime_value`."""
    return {
        "lifetime": horizon_in_units(study),
        "acquisition_cost": study.value.acquisition_cost,
        "margin": earned_share(study, purchases),
    }


def group_to_compare(study: Study, match: Match) -> str | None:
    """Return the study's group where each has respondents enough for a link of its own."""
    if study.group is None:
        return None
    sizes = match.answers[study.group].dropna().astype(str).value_counts()
    enough = len(sizes) > 1 and sizes.min() >= FEWEST_MATCHED
    return study.group if enough else None


def group_values(study: Study) -> dict[str, str]:
    """Return the values of the study's group in its data, by what they are called."""
    entry = next((entry for entry in study.profile if entry.name == study.group), None)
    labels = dict(entry)["values"] if entry else {}
    return {str(label): str(value) for value, label in labels.items()}


def thirds_of(match: Match, items: list[str], customers: pd.Index) -> pd.Series:
    """Return the level of every customer on a scale: ``1 low``, ``2 middle``, ``3 high``.

    Thirds of those who answered, by the mean of their answers; the others are ``4 no answer``.
    """
    import pandas as pd

    answers = match.answers.set_index("customer")[items].mean(axis=1).dropna()
    ranks = answers.rank(method="average", pct=True)
    levels = pd.cut(ranks, [0, 1 / 3, 2 / 3, 1], labels=LEVELS[:3]).astype(object)
    return levels.reindex(customers).fillna(LEVELS[3])


def stage_rules(study: Study) -> StageRules:
    """Return the study's rules for the stages of the lifecycle."""
    return StageRules(**study.value.stages.model_dump())
