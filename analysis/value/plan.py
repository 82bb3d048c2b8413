"""What a study declares about value, as the arguments of the functions that compute it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.value.lifecycle import StageRules
from analysis.value.transactions import UNITS

if TYPE_CHECKING:
    from analysis.study.spec import Study
    from analysis.value.transactions import TransactionSummary

#: The models that ``purchase_model: auto`` chooses from.
CANDIDATES = ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd")


def candidate_models(study: Study) -> tuple[str, ...]:
    """Return the purchase models to compare: the study's own, or all of them."""
    wanted = study.value.purchase_model
    return CANDIDATES if wanted == "auto" else (wanted,)


def horizon_in_units(study: Study) -> float:
    """Return the study's horizon in the time unit of its purchase log."""
    return study.value.horizon_years * UNITS["year"] / UNITS[study.transactions.unit]


def earned_share(study: Study, purchases: TransactionSummary) -> float:
    """Return the share of spend that is kept: the study's, else from the log's costs, else all."""
    if study.value.margin is not None:
        return study.value.margin
    customers = purchases.customers
    if "cost" not in customers:
        return 1.0
    return float(1 - customers["cost"].sum() / customers["spend"].sum())


def discounting(study: Study, purchases: TransactionSummary) -> dict[str, float]:
    """Return the options of :func:`analysis.value.lifetime_value`."""
    return {
        "horizon": horizon_in_units(study),
        "discount_rate_per_year": study.value.discount_rate_per_year,
        "margin": earned_share(study, purchases),
    }


def formula(study: Study, purchases: TransactionSummary) -> dict[str, float]:
    """Return the options of :func:`analysis.value.simple_lifetime_value`."""
    return {
        "lifetime": horizon_in_units(study),
        "acquisition_cost": study.value.acquisition_cost,
        "margin": earned_share(study, purchases),
    }


def stage_rules(study: Study) -> StageRules:
    """Return the study's rules for the stages of the lifecycle."""
    return StageRules(**study.value.stages.model_dump())
