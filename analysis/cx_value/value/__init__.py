"""From transactions to what customers are worth.

==========================  ====================================================================
``summarise_transactions``  a log → one row a customer, every row of the log accounted for
``measure_regularity``      how regularly customers buy, from the times between purchases
``fit_purchase_model``      how often customers buy, and whether they still are customers
``compare_purchase_models`` several models by likelihood and holdout
``check_holdout``           expected beside actual purchases
``fit_spend_model``         how much at a purchase (Gamma–Gamma)
``lifetime_value``          customer lifetime value with intervals
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
    "TransactionSummary": "log.transactions",
    "summarise_transactions": "log.transactions",
    "PurchaseRegularity": "purchase.regularity",
    "measure_regularity": "purchase.regularity",
    "PurchaseModel": "purchase.model",
    "fit_purchase_model": "purchase.model",
    "ModelComparison": "purchase.comparison",
    "check_holdout": "purchase.comparison",
    "compare_purchase_models": "purchase.comparison",
    "SpendModel": "worth.spend",
    "fit_spend_model": "worth.spend",
    "value_by_model": "worth.rivals",
    "ObservedSpend": "worth.observed_spend",
    "describe_spend": "worth.observed_spend",
    "LifetimeValue": "worth.lifetime",
    "lifetime_value": "worth.lifetime",
    "simple_lifetime_value": "worth.simple_value",
    "ContractModel": "worth.contracts",
    "fit_contract_model": "worth.contracts",
    "SurvivalCurve": "worth.survival",
    "estimate_survival": "worth.survival",
    "StageRules": "worth.lifecycle",
    "assign_stages": "worth.lifecycle",
    "compare_stages": "worth.lifecycle",
    "customer_satisfaction": "metrics.core",
    "growth_potential": "metrics.core",
    "net_promoter_score": "metrics.core",
    "purchase_engagement": "metrics.core",
    "repeat_purchase_rate": "metrics.core",
    "service_efficiency": "metrics.core",
    "summarise_service": "metrics.service",
    "retention_by_cohort": "metrics.cohorts",
    "Match": "link.match",
    "match_answers": "link.match",
    "LinkModel": "link.model",
    "fit_link": "link.model",
    "LinkEffects": "link.result",
    "link_latent_covariates": "link.covariates",
    "link_plausible_values": "link.plausible",
    "compare_links": "link.compare",
    "naive_link": "link.compare",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Import on first use, so that the command line starts without scipy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
