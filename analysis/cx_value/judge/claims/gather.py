"""What a study has to test claims with: scores, customers, a purchase model, the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.errors import StudyError
from cx_value.judge.claims.evidence import Estimate, Evidence
from cx_value.study.identifiers import alike
from cx_value.study.numbered import numbers_of
from cx_value.value.metrics.satisfied import (
    index_of,
    loyal,
    measured_by,
    own_respondents,
    satisfied,
)

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Study
    from cx_value.value.link.match import Match
    from cx_value.value.log.transactions import TransactionSummary
    from cx_value.value.purchase.model import PurchaseModel


def gather_evidence(
    study: Study,
    survey: Survey | None = None,
    *,
    purchases: TransactionSummary | None = None,
    purchase: PurchaseModel | None = None,
    link: Estimate | None = None,
    match: Match | None = None,
    service: pd.DataFrame | None = None,
    **more,
) -> Evidence:
    """Collect what a study has to test claims with; whatever it lacks stays out.

    Parameters
    ----------
    study : Study
        ``value`` names satisfaction and loyalty, ``metrics`` recommendation and who is satisfied.
    survey : Survey, optional
        The questionnaires kept; those of the own brand's customers count.
    purchases, purchase : optional
        Customer summary and purchase model.
    link : Estimate, optional
        See :func:`effect_in`.
    match : Match, optional
        Its weights, where those who answered buy unlike the rest, take the place of the survey's.
    service : pandas.DataFrame, optional
        One row a service case.
    **more
        Other fields of :class:`~cx_value.judge.claims.evidence.Evidence`, such as
        ``retention_cost``.
    """
    options = {
        "purchase": purchase, "link": link, "confidence": study.options.confidence,
        "discount_rate_per_year": study.value.discount_rate_per_year,
        "horizon_years": study.value.horizon_years,
        "acquisition_cost": study.value.acquisition_cost,
        "retention_cost": study.value.retention_cost_per_year,
    }  # fmt: skip
    if purchases is not None:
        options |= {"customers": purchases.customers, "unit": purchases.unit}
    if survey is not None:
        scores = _with_match(_scores(study, survey), match)
        options["scores"] = _with_complaints(study, scores, service, purchases)
        options |= _scale(study) | {"standings": _standings(study, survey)}
    return Evidence(**options | more)


def effect_in(link: pd.DataFrame, source: str | None, n: int) -> Estimate | None:
    """Return what one answer point of a construct does to the log of value, over all customers.

    ``link`` is the table of :class:`~cx_value.value.link.result.LinkEffects`. None where it is by
    group only, or does not hold the construct.
    """
    pooled = link["group"].isna() | (link["group"].astype(str) == "")
    rows = link[(link["from"] == source) & (link["unit"] == "log_per_point") & pooled]
    rows = rows[rows["effect"] != "path"]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return Estimate(value=float(row["estimate"]), low=float(row["ci_low"]),
                    high=float(row["ci_high"]), n=n)  # fmt: skip


def _scale(study: Study) -> dict:
    """Return the scale of the item that marks satisfaction in the link."""
    if not study.value.satisfaction:
        return {}
    scale = study.construct(study.value.satisfaction).items[0].scale
    return {"scale": (scale.minimum, scale.maximum)}


def _standings(study: Study, survey: Survey) -> dict:
    found = {"satisfied": satisfied(study, survey), "loyal": loyal(study, survey)}
    return {role: standing for role, standing in found.items() if standing is not None}


def _scores(study: Study, survey: Survey) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    measures = {
        "satisfaction": study.value.satisfaction or study.metrics.satisfaction,
        "loyalty": study.value.loyalty,
    }
    for role, name in measures.items():
        if name:
            columns[role] = index_of(survey.items, measured_by(study, name))
    for role, standing in _standings(study, survey).items():
        columns[role] = standing.reached
    if study.metrics.recommendation:
        columns["recommendation"] = _numbers(survey, study.metrics.recommendation)
    if survey.ids is not None:
        columns["customer"] = survey.ids.astype(str)
    if survey.weights is not None:
        columns["weight"] = survey.weights
    return pd.DataFrame(columns, index=survey.items.index)[own_respondents(study, survey)]


def _numbers(survey: Survey, name: str) -> pd.Series:
    if name in survey.items:
        return survey.items[name]
    try:
        return numbers_of(survey, name)
    except KeyError:
        raise StudyError(f"{name!r} is no column of the survey · allowed: an item or a profile "
                         "column · do: correct metrics.recommendation") from None  # fmt: skip


def _with_match(scores: pd.DataFrame, match: Match | None) -> pd.DataFrame:
    """Put the match's weights of answering in place of the survey's, for those in the log."""
    if match is None or not match.differs or "customer" not in scores:
        return scores
    asked, bought, _ = alike(scores["customer"], match.customers["customer"])
    found = asked.map(match.customers.set_index(bought)["answer_weight"])
    return scores.assign(weight=found.fillna(scores.get("weight", 1.0)))


def _with_complaints(study: Study, scores: pd.DataFrame, service, purchases) -> pd.DataFrame:
    """Say who complained: customers of the purchase log without a complaint did not."""
    log = study.service_log
    if service is None or log is None or not log.complaint or "customer" not in scores:
        return scores
    import pandas as pd

    bought = [] if purchases is None else [purchases.customers["customer"]]
    known = pd.concat([service[log.customer], *bought], ignore_index=True)
    asked, known, _ = alike(scores["customer"], known)
    served, own = known[: len(service)], known[len(service) :]
    complained = service.groupby(served.to_numpy())[log.complaint].max()
    complained = complained.reindex(complained.index.union(own)).fillna(0.0)
    return scores.assign(complained=asked.map(complained))
