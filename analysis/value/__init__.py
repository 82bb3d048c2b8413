"""From transactions to what customers are worth.

==========================  ====================================================================
``summarise_transactions``  a log → one row a customer, every row of the log accounted for
``measure_regularity``      how regularly customers buy, from the times between purchases
``fit_purchase_model``      how often customers buy, and whether they still are customers
``compare_purchase_models`` several models by likelihood and holdout
``likelihood_ratio_test``   nested purchase models
``check_holdout``           expected beside actual purchases
``fit_spend_model``         how much at a purchase (Gamma–Gamma)
``lifetime_value``          customer lifetime value with intervals
``draw_lifetime_values``    plausible values of it, for use in other models
``simple_lifetime_value``   (order value × frequency × lifetime) − acquisition cost
``fit_contract_model``      contract lifetimes: sBG, Weibull
``estimate_survival``       Kaplan–Meier
``assign_stages``           lifecycle stages and their value; ``compare_stages`` for moves
``match_answers``           survey and log brought together; do answerers buy differently?
``fit_link``                survey and purchase model in one, constructs integrated out
``link_latent_covariates``  the chain from satisfaction to value, read off the purchase model
``link_plausible_values``   the same from a structural model with value as outcome
``compare_links``           whether the two agree; ``naive_link``: what a regression would say
``summarise_service``       complaints, first-contact resolution and times of a service log
``metrics``, ``cohorts``    CSAT, NPS, repeat rate, retention and the other core metrics
==========================  ====================================================================
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "TransactionSummary": "transactions",
    "summarise_transactions": "transactions",
    "PurchaseRegularity": "regularity",
    "measure_regularity": "regularity",
    "PurchaseModel": "purchase",
    "fit_purchase_model": "purchase",
    "ModelComparison": "comparison",
    "check_holdout": "comparison",
    "compare_purchase_models": "comparison",
    "likelihood_ratio_test": "comparison",
    "SpendModel": "spend",
    "fit_spend_model": "spend",
    "LifetimeValue": "lifetime",
    "lifetime_value": "lifetime",
    "draw_lifetime_values": "draws",
    "simple_lifetime_value": "simple_value",
    "ContractModel": "contracts",
    "fit_contract_model": "contracts",
    "SurvivalCurve": "survival",
    "estimate_survival": "survival",
    "StageRules": "lifecycle",
    "assign_stages": "lifecycle",
    "compare_stages": "lifecycle",
    "customer_satisfaction": "metrics",
    "growth_potential": "metrics",
    "net_promoter_score": "metrics",
    "purchase_engagement": "metrics",
    "rate_of": "metrics",
    "repeat_purchase_rate": "metrics",
    "service_efficiency": "metrics",
    "summarise_service": "service",
    "retention_by_cohort": "cohorts",
    "Match": "link_match",
    "match_answers": "link_match",
    "LinkModel": "link_model",
    "fit_link": "link_model",
    "LinkEffects": "link_result",
    "link_latent_covariates": "link_covariates",
    "link_plausible_values": "link_plausible",
    "compare_links": "link_compare",
    "naive_link": "link_compare",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Import on first use, so that the command line starts without scipy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
