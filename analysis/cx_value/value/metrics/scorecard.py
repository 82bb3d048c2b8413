"""The core metrics of customer experience that answers, purchases and service log give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.metrics.core import (
    Metric,
    as_metric,
    customer_effort,
    customer_satisfaction,
    growth_potential,
    net_promoter_score,
    purchase_engagement,
    repeat_purchase_rate,
)
from cx_value.value.metrics.satisfied import answers_to, own_respondents, satisfied
from cx_value.value.metrics.service import summarise_service
from cx_value.value.purchase.likelihood import parameters_by_row

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Study
    from cx_value.value.log.transactions import TransactionSummary
    from cx_value.value.purchase.model import PurchaseModel

_STEP = 1e-4  # of the link scale, for central differences
#: What a metric is counted in: a name of the terms, by metric; all others are shares.
UNITS = {"csat_mean": "points", "effort": "points", "nps": "nps_points",
         "service_time_median": "minutes", "growth_potential": "ratio"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scorecard(Result):
    """Core metrics, each with its interval and where it comes from."""

    template = "metrics.scorecard"

    rows: pd.DataFrame
    definition: dict[str, Any] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return ``metric source unit estimate std_error ci_low ci_high n``."""
        return self.rows

    def facts(self) -> dict[str, Any]:
        """Return ``metrics sources`` and how the answers were taken: ``satisfied nps own``."""
        return {
            "metrics": len(self.rows), "sources": list(dict.fromkeys(self.rows["source"])),
            "nps": bool((self.rows["metric"] == "nps").any()), "rule": "reichheld2003",
            "satisfied": None, "own": None, "weighted": False, **self.definition,
        }  # fmt: skip


def score_metrics(
    study: Study,
    survey: Survey | None = None,
    *,
    purchases: TransactionSummary | None = None,
    model: PurchaseModel | None = None,
    service: pd.DataFrame | None = None,
) -> Scorecard:
    """Compute every core metric that the data at hand allow.

    Parameters
    ----------
    study : Study
        ``metrics`` names the answers; ``service_log`` the columns of the service log.
    survey : Survey, optional
    purchases, model : TransactionSummary, PurchaseModel, optional
        Of the same customers. The churn rate is the mean of 1 − P(alive), its error that of the
        fitted parameters (delta method, interval on the logit scale).
    service : pandas.DataFrame, optional
        One row a service case.

    Returns
    -------
    Scorecard

    Examples
    --------
    >>> import pandas as pd
    >>> from cx_value.study import read_study
    >>> seen = pd.DataFrame({"frequency": [0, 2, 1, 0], "age": [9.0, 9.0, 8.0, 8.0]})
    >>> score = score_metrics(read_study("data/cdnow"), purchases=seen)
    >>> score.table().metric.tolist()
    ['repeat_purchase_rate', 'engagement']
    """
    import pandas as pd

    found = [
        *_from("answers", _of_answers(study, survey) if survey is not None else ()),
        *_from("purchases", _of_purchases(purchases) if purchases is not None else ()),
        *_from("model", _of_model(model) if model is not None else ()),
        *_from("service", _of_service(study, service) if service is not None else ()),
    ]
    for row in found:
        if row["metric"] == "engagement":
            row["unit"] = f"per_{getattr(purchases, 'unit', 'time')}"
    columns = ["metric", "source", "unit", "estimate", "std_error", "ci_low", "ci_high", "n"]
    return Scorecard(
        n_used=int(max((row["n"] for row in found), default=0)),
        method=Phrase("metrics.scorecard_method"),
        rows=pd.DataFrame(found, columns=columns),
        definition=_definition(study, survey) if survey is not None else {},
    )


def _from(source: str, metrics: Iterable[Metric]) -> Iterator[dict]:
    for metric in metrics:
        for row in metric.table().to_dict("records"):
            unit = UNITS.get(row["metric"], "share")
            yield row | {"source": source, "unit": unit}


def _definition(study: Study, survey: Survey) -> dict[str, Any]:
    """Return how the answers were taken: who is satisfied, whose customers, weighted or not."""
    brands = getattr(study, "brands", None)
    standing = satisfied(study, survey) if study.metrics.satisfaction else None
    return {
        "satisfied": standing and standing.facts(), "own": brands and str(brands.own),
        "weighted": survey.weights is not None,
    }  # fmt: skip


def _of_answers(study: Study, survey: Survey) -> Iterator[Metric]:
    """Satisfaction, recommendation and effort of the own brand's respondents, weighted."""
    rows = own_respondents(study, survey)
    confidence = study.options.confidence
    options = {"weights": None if survey.weights is None else survey.weights[rows],
               "confidence": confidence}  # fmt: skip
    if study.metrics.satisfaction:
        standing = satisfied(study, survey)
        yield customer_satisfaction(standing.scores[rows], satisfied_from=standing.limit, **options)
    if study.metrics.recommendation:
        asked = answers_to(study, survey, study.metrics.recommendation)
        yield net_promoter_score(asked[rows], **options)
    if study.metrics.effort:
        yield customer_effort(answers_to(study, survey, study.metrics.effort)[rows], **options)


def _of_purchases(purchases: TransactionSummary | pd.DataFrame) -> Iterator[Metric]:
    yield repeat_purchase_rate(purchases)
    yield purchase_engagement(purchases)


def _of_model(model: PurchaseModel) -> Iterator[Metric]:
    """Churn and growth as the fitted model sees them."""
    if model.family.has_dropout:  # else no one is known to have left: not a churn of 0
        yield _churn(model)
    # As much time ahead as was observed: the mean age of all customers.
    span = float(np.average(model.history.age, weights=model.history.weight))
    past = model.history.frequency[model.history.position]
    yield growth_potential(model.expected_transactions(span), past)


def _churn(model: PurchaseModel) -> Metric:
    """Return the expected share of customers who are lost already."""
    share = _lost_share(model, model.theta)
    steps = np.eye(len(model.theta)) * _STEP
    slope = np.array(
        [(_lost_share(model, model.theta + h) - _lost_share(model, model.theta - h)) for h in steps]
    ) / (2 * _STEP)
    error = float(np.sqrt(slope @ model.covariance @ slope))
    half = norm.ppf(0.5 + model.confidence / 2) * error / max(share * (1 - share), 1e-12)
    low, high = expit(logit(share) + np.array([-half, half]))
    row = {"metric": "churn_rate", "group": "", "estimate": share, "std_error": error,
           "ci_low": float(low), "ci_high": float(high), "n": model.n_used}  # fmt: skip
    return as_metric([row], "churn_rate", model.confidence)


def _lost_share(model: PurchaseModel, theta: np.ndarray) -> float:
    parameters = parameters_by_row(model.family, theta, model.history)
    alive = model.family.probability_alive(parameters, model.history)
    return float(np.average(1 - alive, weights=model.history.weight))


def _of_service(study: Study, service: pd.DataFrame) -> Iterator[Metric]:
    log = study.service_log
    asked = [log.first_contact, log.complaint, log.target_minutes and log.minutes]
    if any(asked):
        yield summarise_service(
            service, customer=log.customer, first_contact=log.first_contact,
            complaint=log.complaint, minutes=log.minutes if log.target_minutes else None,
            target_minutes=log.target_minutes, confidence=study.options.confidence,
        )  # fmt: skip
