"""The segments of a study, in one call a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.drivers.levers import lever_scores, outcomes_of
from cx_value.evaluate.segments.classes import Classes, search_classes
from cx_value.evaluate.segments.profile import (
    ALL,
    EVERYBODY,
    SegmentProfile,
    cross_segments,
    describe,
    score_segments,
    value_segments,
    value_tiers,
)
from cx_value.evaluate.segments.rfm import RfmGroups, group_by_rfm
from cx_value.evaluate.segments.worth import ValueTiers, judge_worth
from cx_value.study.customers import own_customers

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study
    from cx_value.value.log.transactions import TransactionSummary
    from cx_value.value.worth.lifecycle import LifecycleStages

#: Draws of every customer's future, and resamples of the classes; fewer in a draft.
DRAWS, RESAMPLES = 200, 30
THIRDS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoSegments(Result):
    """Why the answers were not parted into segments."""

    template = "segments.refused"

    reason: str

    def table(self) -> pd.DataFrame:
        """Return one row: ``n reason``."""
        return pd.DataFrame([self.facts()])

    def facts(self) -> dict[str, Any]:
        """Return how many answered, and the reason."""
        return {"n": self.n_used, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worth:
    """What a purchase log says of every customer."""

    tiers: ValueTiers
    rfm: RfmGroups
    stages: LifecycleStages


def segment_basis(study: Study, survey: Survey) -> pd.DataFrame:
    """Return what the segments rest on: needs and constructs, 0 to 100, one's own customers.

    A construct of one item is no score that could be normal, and is left out unless named.

    >>> from cx_value.study import read_study, read_survey
    >>> study = read_study("data/ecsi-mobile")
    >>> segment_basis(study, read_survey(study)).columns.tolist()
    ['IMAG', 'CUEX', 'PERQ', 'PERV']
    """
    asked, own = study.segments, own_customers(study, survey)
    needs = {
        need.name: 100 * (own.ratings[need.name] - need.scale.minimum)
        / (need.scale.maximum - need.scale.minimum)
        for need in asked.needs if own.ratings is not None and need.name in own.ratings
    }  # fmt: skip
    outcomes = outcomes_of(study)
    several = [c.name for c in study.constructs if len(c.items) > 1 and c.name not in outcomes]
    default = [] if needs else several
    chosen = list(asked.by) or default
    frame = pd.DataFrame(needs, index=own.items.index)
    return frame.join(lever_scores(study, own)[chosen]) if chosen else frame


def find_segments(study: Study, survey: Survey | None, *, draft: bool = False):
    """Return the segments of the respondents, :class:`NoSegments` with the reason, or None."""
    if survey is None or study.segments.method == "none":
        return None
    basis = segment_basis(study, survey)
    try:
        return search_classes(
            basis, method=study.segments.method, weights=survey.weights,
            number=study.segments.number, most=study.segments.most,
            minimum=study.evaluation.minimum_group, draws=RESAMPLES // 3 if draft else RESAMPLES,
            seed=study.options.seed, confidence=study.options.confidence,
        )  # fmt: skip
    except DataError as error:
        few = len(basis.dropna(how="all")) < 100
        reason = "few" if few else "flat" if "vary" in str(error) else "scores"
        return NoSegments(n_used=len(basis), method=Phrase("segments.refused_method"),
                          reason=reason)  # fmt: skip


def worth_of(
    study: Study, purchases: TransactionSummary, models: pd.DataFrame, survey: Survey | None,
    *, draft: bool = False,
) -> Worth:  # fmt: skip
    """Return tiers, RFM and stages of the customers of a log.

    Parameters
    ----------
    study : Study
    purchases : TransactionSummary
    models : DataFrame
        The comparison of purchase models as it was stored; its ``chosen`` row names the model.
    survey : Survey or None
        Its respondents' draws are kept.
    """
    from cx_value.value import assign_stages, describe_spend, fit_purchase_model, lifetime_value
    from cx_value.value.log.transactions import UNITS
    from cx_value.value.plan import alive_by, discounting, stage_rules
    from cx_value.value.worth.draws import draw_futures

    chosen = models[models.chosen].iloc[0]
    purchase = fit_purchase_model(purchases, str(chosen["model"]))
    spend, counting = describe_spend(purchases), discounting(study, purchases)
    value = lifetime_value(purchase, spend, **counting).by_customer
    years = study.segments.churn_years
    tiers = judge_worth(
        value, draw_futures(purchase, spend, **counting, seed=study.options.seed,
                            n_draws=DRAWS // 4 if draft else DRAWS),
        high=study.segments.high_value_share, middle=study.segments.middle_value_share,
        time=years * UNITS["year"] / UNITS[study.transactions.unit], years=years,
        loss_known=purchase.family.has_dropout, watch=_asked(survey, value.index),
        confidence=study.options.confidence, reservations=_missed(models),
    )  # fmt: skip
    return Worth(
        tiers=tiers,
        rfm=group_by_rfm(
            purchases, value, tiers.customers.churn, minimum=study.report.minimum_cell
        ),
        stages=assign_stages(purchases, rules=stage_rules(study),
                             probability_alive=alive_by(purchase)),
    )  # fmt: skip


def _missed(models: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the reservation of a model whose forecast of the holdout missed by a tenth."""
    from cx_value.value.purchase.comparison import FORECAST_BOUND

    row = models[models.chosen].iloc[0]
    if not row.get("holdout_actual", 0) > 0:
        return []
    error = float(row["holdout_expected"] / row["holdout_actual"] - 1)
    return [{"code": "forecast", "error": error}] if abs(error) > FORECAST_BOUND else []


def _asked(survey: Survey | None, customers: pd.Index) -> pd.Index:
    """Return the customers who answered."""
    if survey is None or survey.ids is None:
        return customers[:0]
    return customers[customers.astype(str).isin(set(survey.ids.dropna().astype(str)))]


def _measures(study: Study) -> tuple[str | None, str | None]:
    """Return what satisfaction and loyalty are measured by."""
    measured = {*(c.name for c in study.constructs), *study.item_names}
    ends = [name for name in outcomes_of(study) if name in measured]
    satisfied = study.value.satisfaction or (ends[0] if ends else None)
    loyal = study.value.loyalty or (ends[-1] if len(ends) > 1 else None)
    return satisfied, loyal


def profile_of(
    study: Study, survey: Survey | None, classes: Classes | None, worth: Worth | None
) -> SegmentProfile | None:
    """Return what the segments and the tiers are like; None where there are neither."""
    found = classes if isinstance(classes, Classes) and classes.number > 1 else None
    if found is None and worth is None:
        return None
    level = study.options.confidence
    satisfied, loyal = _measures(study) if survey is not None else (None, None)
    scores, parts = _scores(study, survey, found, worth, level), []
    if found is not None:
        parts.append(_of_classes(survey, found, worth, study.options.seed))
    if worth is not None:
        tiers = value_tiers(worth.tiers, worth.stages.stages)
        parts.append(tiers.assign(kind="tier", share=tiers.customers / tiers.customers.sum()))
        parts.append(_whole(worth))
    rows = pd.concat(parts, ignore_index=True)
    basis = found.by if found is not None else tuple(scores.measure.unique())
    return SegmentProfile(
        n_used=found.n_used if found is not None else worth.tiers.n_used,
        method=Phrase("segments.profile_method"), confidence=level,
        rows=_complete(rows, scores, basis, satisfied, loyal, study.report.minimum_cell),
        scores=scores, satisfaction=satisfied, loyalty=loyal,
        years=worth.tiers.years if worth else None,
    )  # fmt: skip


def _scores(study: Study, survey: Survey | None, found, worth: Worth | None, level: float):
    """Return the mean scores of classes and tiers: what they rest on, constructs and items."""
    columns = ["segment", "measure", "n", "mean", "low", "high", "difference", "clear"]
    if survey is None:
        return pd.DataFrame(columns=columns)
    own = own_customers(study, survey)
    scores = lever_scores(study, own)
    basis = segment_basis(study, survey)
    scores = basis.join(scores.drop(columns=[c for c in basis if c in scores]))
    scores = scores[[c for c in scores if c in basis or _is_measured(study, c)]]
    parts = []
    if found is not None:
        parts.append(score_segments(scores, found.segment, own.weights, confidence=level))
    if worth is not None and own.ids is not None:
        tier = worth.tiers.customers.tier
        known = own.ids.astype(str).map(dict(zip(tier.index.astype(str), tier, strict=True)))
        if known.notna().any():
            table = score_segments(scores, known, own.weights, confidence=level)
            parts.append(table if found is None else table[table.segment != ALL])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _is_measured(study: Study, name: str) -> bool:
    return name in study.item_names or any(c.name == name for c in study.constructs)


def _of_classes(survey: Survey, found: Classes, worth: Worth | None, seed: int) -> pd.DataFrame:
    """Return size and, where the respondents are in the log, worth of every class."""
    weight = pd.Series(1.0, found.segment.index)
    if survey.weights is not None:
        weight = survey.weights.reindex(found.segment.index).fillna(0)
    n = found.segment.value_counts()
    share = weight.groupby(found.segment).sum() / weight.sum()
    names = [*found.membership.columns, ALL]
    frame = pd.DataFrame({"segment": names, "kind": "class",
                          "n": [n.get(name, found.n_used) for name in names],
                          "share": [share.get(name, 1.0) for name in names]})  # fmt: skip
    if worth is None or survey.ids is None or not len(worth.tiers.watched):
        return frame
    ids = survey.ids.reindex(found.segment.index).dropna().astype(str)
    place = dict(zip(worth.tiers.watched.astype(str), worth.tiers.watched, strict=True))
    linked = ids[ids.isin(place)].drop_duplicates()
    customers = pd.Index(linked.map(place))
    by = pd.Series(found.segment.loc[linked.index].to_numpy(), customers)
    weights = pd.Series(weight.loc[linked.index].to_numpy(), customers)
    worths = value_segments(worth.tiers, by, worth.stages.stages, weights, seed=seed)
    return frame.merge(worths, on="segment", how="left")


def _whole(worth: Worth) -> pd.DataFrame:
    """Return the row of all customers of a log."""
    row = worth.tiers.rows.set_index("tier").loc["tier_all"]
    n = row.customers
    return pd.DataFrame([{
        "segment": EVERYBODY, "kind": "tier", "customers": n, "share": 1.0, "value": row["mean"],
        "value_low": row.value_low / n, "value_high": row.value_high / n, "churn": row.churn,
        "churn_low": row.churn_low, "churn_high": row.churn_high, "at_risk": row.at_risk / n,
        "high_share": float((worth.tiers.customers.tier == "tier_high").mean()),
    }])  # fmt: skip


def _complete(rows, scores, basis, satisfied, loyal, minimum: int) -> pd.DataFrame:
    """Add to every row what it is high and low on and its two outcomes; hide small bases."""
    known = {name: table.set_index("measure") for name, table in scores.groupby("segment")}
    told = []
    for name in rows.segment:
        table = known.get(name)
        whole = name in (ALL, EVERYBODY)
        highest, lowest = ("", "") if whole else describe(scores, name, basis)
        means = {
            key: table.loc[measure, "mean"]
            if table is not None and measure in table.index and table.loc[measure, "n"] >= minimum
            else np.nan
            for key, measure in (("satisfaction", satisfied), ("loyalty", loyal))
        }
        told.append({"highest": highest, "lowest": lowest, **means})
    columns = ["segment", "kind", "n", "share", "highest", "lowest", "satisfaction", "loyalty",
               "customers", "value", "value_low", "value_high", "high_share", "stage",
               "stage_share", "churn", "churn_low", "churn_high", "at_risk"]  # fmt: skip
    return rows.join(pd.DataFrame(told)).reindex(columns=columns)


def cross_of(
    study: Study, survey: Survey | None, classes: Classes | None, worth: Worth | None
) -> pd.DataFrame | None:
    """Return the counts of segment × tier × loyalty × stage; None without segments."""
    if not isinstance(classes, Classes) or classes.number < 2:
        return None
    own = own_customers(study, survey)
    _, loyal = _measures(study)
    columns = {"segment": classes.segment}
    if loyal:
        score = lever_scores(study, own)[loyal].dropna()
        ranks = score.rank(method="average", pct=True)
        columns["loyalty"] = pd.cut(ranks, [0, 1 / 3, 2 / 3, 1], labels=THIRDS).astype(object)
    if worth is not None and own.ids is not None:
        ids = own.ids.astype(str)
        tables = {"tier": worth.tiers.customers.tier, "stage": worth.stages.stages}
        for name, table in tables.items():
            columns[name] = ids.map(dict(zip(table.index.astype(str), table, strict=True)))
    frame = pd.DataFrame(columns).dropna()
    if frame.empty or frame.shape[1] < 2:
        return None
    return cross_segments({c: frame[c] for c in frame}, minimum=study.report.minimum_cell)
