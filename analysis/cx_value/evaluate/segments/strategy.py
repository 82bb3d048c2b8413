"""What follows for each segment: rules, each with the number that triggered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.segments.profile import ALL, EVERYBODY, SegmentProfile

if TYPE_CHECKING:
    from cx_value.study.segments import Segments

RULES = ("service", "driver", "lifecycle", "value", "pricing")
#: What the most frequent stage of a segment asks for.
LIFECYCLE = {
    "attract": "second_purchase", "activate": "habit", "retain": "cross_sell",
    "upgrade": "partner", "lapsed": "win_back",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strategies(Result):
    """One row a segment and rule, with the number that triggered the verdict.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`triggers`.
    reservations : tuple of dict
        Unreliable scales that a rule rests on.
    """

    template = "segments.strategies"

    rows: pd.DataFrame
    reservations: tuple[dict, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row a segment and a column a rule; None where a rule says nothing."""
        wide = self.rows.pivot_table(
            index="segment", columns="rule", values="verdict", aggfunc="first"
        )
        order = list(dict.fromkeys(self.rows.segment))
        wide = wide.reindex(index=order, columns=list(RULES))
        return wide.reset_index().rename_axis(columns=None)

    def triggers(self) -> pd.DataFrame:
        """Return ``segment rule verdict measure estimate low high relation limit``.

        Shares and predicted loss are in per cent here.
        """
        return self.rows.copy()

    def facts(self) -> dict[str, Any]:
        """Return the segments, and which share a service model or a pricing verdict."""
        service = self.rows[self.rows.rule == "service"]
        pricing = self.rows[self.rows.rule == "pricing"]
        return {
            "segments": int(self.rows.segment.nunique()), "rules": len(self.rows),
            "service": _shared(service), "pricing": _shared(pricing),
            "reservations": list(self.reservations),
        }  # fmt: skip


def _shared(rows: pd.DataFrame) -> list[dict[str, Any]]:
    found = rows.groupby("verdict", sort=False).segment.agg(list)
    return [{"verdict": verdict, "segments": names} for verdict, names in found.items()]


def choose_strategies(
    profile: SegmentProfile,
    rules: Segments,
    drawn_map: pd.DataFrame | None,
    weak: Mapping[str, float] | None = None,
) -> Strategies:
    """Apply the rules to every segment; a rule whose numbers are not known does not speak.

    Parameters
    ----------
    profile : SegmentProfile
    rules : Segments
        Thresholds ``good_from`` and ``loyal_from``, and the measures of value and price fairness.
    drawn_map : DataFrame, optional
        Importance–performance map of all customers: ``lever importance importance_cross
        performance_cross``.
    weak : mapping, optional
        Scales below the conventional α, with it; those that a rule rests on are told.

    Notes
    -----
    service
        Satisfaction below ``good_from``: responsive. Else loss predicted above that of all
        customers, value not clearly below: predictive. Else loyalty from ``loyal_from`` on:
        co-creating. Else personalised.
    driver
        Of the levers that matter (importance at or above the cross-hair) the one furthest below
        the cross-hair of performance in this segment; none below: keep the most important.
    lifecycle
        By the most frequent stage.
    value
        Loss predicted above all customers': save, or where value per customer is clearly below
        all, serve at low cost. Else value clearly above: cherish. Else: serve.
    pricing
        Perceived value and price fairness all clearly from ``good_from`` on: room; one clearly
        below: none; else: hold.
    """
    whole = profile.rows.segment.isin([ALL, EVERYBODY])
    wholes = {row["kind"]: row for row in profile.rows[whole].to_dict("records")}
    rows = []
    for row in profile.rows[~whole].to_dict("records"):
        overall = wholes.get(row["kind"], {})
        scores = profile.scores[profile.scores.segment == row["segment"]].set_index("measure")
        found = [
            _service(row, scores, overall, profile, rules), _lever(scores, drawn_map),
            _lifecycle(row), _value(row, overall), _pricing(scores, rules),
        ]  # fmt: skip
        rows += [{"segment": row["segment"], "rule": rule, **verdict}
                 for rule, verdict in zip(RULES, found, strict=True) if verdict]  # fmt: skip
    told = [{"code": "reliability", "construct": name, "value": alpha}
            for name, alpha in (weak or {}).items()
            if name in {row["measure"] for row in rows}]  # fmt: skip
    return Strategies(
        n_used=profile.n_used, method=Phrase("segments.strategies_method"),
        confidence=profile.confidence, rows=pd.DataFrame(rows), reservations=tuple(told),
    )  # fmt: skip


def _trigger(verdict: str, measure: str, number: dict, relation: str, limit: float,
             percent: bool = False) -> dict[str, Any]:  # fmt: skip
    """Return a verdict with the number that triggered it."""
    scale = 100.0 if percent else 1.0
    bounds = {key: scale * float(number.get(key, np.nan)) for key in ("low", "high")}
    return {"verdict": verdict, "measure": measure, "estimate": scale * float(number["value"]),
            **bounds, "relation": relation, "limit": scale * limit}  # fmt: skip


def _score(scores: pd.DataFrame, measure: str | None) -> dict[str, float] | None:
    if measure is None or measure not in scores.index or np.isnan(scores.loc[measure, "mean"]):
        return None
    row = scores.loc[measure]
    return {"value": row["mean"], "low": row.low, "high": row.high}


def _measure(row: dict, name: str) -> dict[str, float] | None:
    if not np.isfinite(row.get(name, np.nan)):
        return None
    return {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}


def _service(row, scores, overall, profile: SegmentProfile, rules) -> dict | None:
    """Return the stage of the service model."""
    satisfied = _score(scores, profile.satisfaction)
    if satisfied and satisfied["value"] < rules.good_from:
        name = profile.satisfaction
        return _trigger("responsive", name, satisfied, "below", rules.good_from)
    churn, all_churn = _measure(row, "churn"), overall.get("churn", np.nan)
    worthy = not row.get("value_high", np.nan) < overall.get("value", np.nan)
    if churn and churn["low"] > all_churn and worthy:
        return _trigger("predictive", "churn", churn, "above", all_churn, percent=True)
    loyal = _score(scores, profile.loyalty)
    if loyal is None:
        return _personal(row, overall, churn) if churn else None
    if loyal["value"] >= rules.loyal_from:
        return _trigger("co_creating", profile.loyalty, loyal, "from", rules.loyal_from)
    return _trigger("personalised", profile.loyalty, loyal, "below", rules.loyal_from)


def _personal(row: dict, overall: dict, churn: dict) -> dict:
    """Return the personalised service of a segment without loyalty, by what ruled out the rest."""
    limit, value = overall["churn"], _measure(row, "value")
    if churn["low"] > limit and value:  # more will leave, but too little leaves with them
        return _trigger("personalised", "value", value, "below", overall["value"])
    relation = "below" if churn["high"] < limit else "near"
    return _trigger("personalised", "churn", churn, relation, limit, percent=True)


def _lever(scores: pd.DataFrame, drawn_map: pd.DataFrame | None) -> dict | None:
    """Return the important lever furthest below the cross-hair of performance."""
    if drawn_map is None:
        return None
    inside = drawn_map[drawn_map.lever.isin(scores.index)]
    inside = inside[inside.importance >= inside.importance_cross]
    if not len(inside):
        return None
    cross = float(inside.performance_cross.iloc[0])
    means = scores.loc[inside.lever, "mean"]
    if means.min() < cross:
        weakest = str(means.idxmin())
        return _trigger(weakest, weakest, _score(scores, weakest), "below", cross)
    first = str(inside.loc[inside.importance.idxmax(), "lever"])
    return _trigger(first, first, _score(scores, first), "from", cross)


def _lifecycle(row: dict) -> dict | None:
    stage = row.get("stage")
    if stage not in LIFECYCLE:
        return None
    number = {"value": row["stage_share"]}
    return _trigger(LIFECYCLE[stage], stage, number, "most", np.nan, percent=True)


def _value(row: dict, overall: dict) -> dict | None:
    """Return what value and predicted loss ask for."""
    value, churn = _measure(row, "value"), _measure(row, "churn")
    if value is None or not np.isfinite(overall.get("value", np.nan)):
        return None
    rich = value["low"] > overall["value"]
    leaving = bool(churn and churn["low"] > overall["churn"])
    if leaving:
        verdict = "frugal" if value["high"] < overall["value"] else "save"
        return _trigger(verdict, "churn", churn, "above", overall["churn"], percent=True)
    if rich:
        return _trigger("cherish", "value", value, "above", overall["value"])
    relation = "below" if value["high"] < overall["value"] else "near"
    return _trigger("serve", "value", value, relation, overall["value"])


def _pricing(scores: pd.DataFrame, rules: Segments) -> dict | None:
    """Return whether value and fairness leave room for a higher price; the lowest score decides."""
    asked = [(name, _score(scores, name)) for name in (rules.perceived_value, rules.price_fairness)]
    known = sorted(((n, s) for n, s in asked if s), key=lambda pair: pair[1]["value"])
    if not known:
        return None
    name, lowest = known[0]
    if lowest["high"] < rules.good_from:
        return _trigger("no_room", name, lowest, "below", rules.good_from)
    if lowest["low"] >= rules.good_from:
        return _trigger("room", name, lowest, "from", rules.good_from)
    return _trigger("hold", name, lowest, "near", rules.good_from)
