"""What to do first: one row a lever, joining what every other part of the evaluation found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "rank", "lever", "index", "index_low", "index_high", "grade", "grade_probability", "rival",
    "gap", "gap_low", "gap_high", "outcome", "effect", "effect_low", "effect_high",
    "effect_source", "money", "money_low", "money_high", "quadrant", "kept", "beyond_random",
    "doubts", "sureness", "step",
)  # fmt: skip
#: Next steps in the order in which they stand in the table.
STEPS = ("improve", "catch_up", "probe", "protect", "hold", "watch")
SURENESS = ("high", "medium", "low")
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priorities(Result):
    """Every lever with its next step by rule.

    Attributes
    ----------
    frame : DataFrame
        One row a lever, first things first. ``step`` follows from a rule (:func:`next_step`):
        ``improve`` a lever that matters, performs below the others and keeps its quadrant;
        ``catch_up`` where a rival is clearly better; ``probe`` where the map is not steady, or
        only the effect says that it matters; ``protect`` what matters, with an effect clear of
        zero, and performs well; ``hold`` what else performs well; ``watch`` the rest.
        ``sureness`` is high, medium or low: every code in ``doubts`` (``quadrant effect money
        importance``, and the reservations of the scale) takes a step away. Money is per point,
        customer, year.
    outcome : str
        The outcome of the effects: loyalty, where the study names it.
    """

    template = "priorities.summary"

    frame: pd.DataFrame
    outcome: str

    def facts(self) -> dict[str, Any]:
        """Return the levers to be acted on, first things first, and how many there are."""
        first = self.frame[self.frame.step.isin(STEPS[:3])].head(MOST_NAMED)
        return {
            "outcome": self.outcome, "levers": len(self.frame),
            "first": [_lever_facts(row) for row in first.to_dict("records")],
            "protect": list(self.frame[self.frame.step == "protect"].lever),
        }  # fmt: skip


def _lever_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: row[key] for key in ("lever", "step", "index", "sureness")}
    known["effect"], known["effect_ci"] = row["effect"], [row["effect_low"], row["effect_high"]]
    known["grade"] = row["grade"] or ""
    behind = row["gap_high"] < 0 if np.isfinite(row["gap"]) else False
    known["behind"] = {"rival": row["rival"], "gap": -row["gap"]} if behind else {}
    has_money = np.isfinite(row["money"])
    known["money"] = [row["money"], row["money_low"], row["money_high"]] if has_money else []
    known["doubts"] = row["doubts"].split()
    return known


def prioritise(
    drawn: pd.DataFrame,
    importance: pd.DataFrame,
    *,
    outcome: str,
    n_used: int,
    index: pd.DataFrame | None = None,
    gaps: pd.DataFrame | None = None,
    money: pd.DataFrame | None = None,
    reservations: Mapping[str, str] | None = None,
    of_model: Sequence[str] = (),
    of_money: Sequence[str] = (),
    confidence: float = 0.95,
) -> Priorities:
    """Join what is known of every lever and name its next step.

    Parameters
    ----------
    drawn : DataFrame
        The importance–performance map: ``lever performance performance_low performance_high
        quadrant kept kept_median steady``, one row a lever.
    importance : DataFrame
        ``outcome driver slope slope_low slope_high beyond_random`` and, beside a model,
        ``total total_low total_high``.
    outcome : str
        The outcome whose effects are printed.
    index : DataFrame, optional
        ``node index low high grade probability reservations``; without it the index is the score
        of the map.
    gaps : DataFrame, optional
        ``node rival gap low high``: own index less the best rival's.
    money : DataFrame, optional
        ``lever estimate ci_low ci_high``: money per point, customer and year.
    reservations : mapping, optional
        Lever → codes of what its score rests on that is weak, where ``index`` has none.
    of_model, of_money : sequence of str
        Codes of what every effect of the model, and every sum of money, rests on.

    Returns
    -------
    Priorities
    """
    tables = {
        "index": _by(index, "node"), "gaps": _by(gaps, "node"), "money": _by(money, "lever"),
        "effects": _by(importance[importance.outcome == outcome], "driver"),
    }  # fmt: skip
    beyond = importance.groupby("driver").beyond_random.any()
    rows = [
        _row(place, tables, bool(beyond.get(place["lever"], False)), outcome, reservations or {})
        for place in drawn.to_dict("records")
    ]
    rows = _with_steps(rows)
    rows = [_with_doubts(row, of_model, of_money) for row in rows]
    rows.sort(key=_order)
    ranked = [{**row, "rank": rank} for rank, row in enumerate(rows, 1)]
    return Priorities(
        n_used=n_used, method=Phrase("priorities.method"), confidence=confidence, outcome=outcome,
        frame=tidy_frame([[row[c] for c in COLUMNS] for row in ranked], COLUMNS),
    )  # fmt: skip


def next_step(row: Mapping[str, Any]) -> str:
    """Return the next step of a lever, by the first rule that applies.

    1. Explains no outcome beyond chance → ``watch``.
    2. Important and below the other levers: ``improve`` where the map says so and its quadrant is
       steady, else ``probe``.
    3. The best rival's lead has an interval above zero → ``catch_up``.
    4. Important, above the others and with an effect clear of zero → ``protect``; above the others
       otherwise → ``hold``; the rest → ``watch``.

    Important is what the map calls so, and what has a ``large_effect`` on the outcome: clear of
    zero and above the mean of the levers. The map speaks of another outcome where satisfaction
    comes before loyalty, and a lever that works on loyalty alone would be overlooked.

    Examples
    --------
    >>> lever = {"beyond_random": True, "quadrant": "keep_up", "steady": True, "gap_high": -1,
    ...          "effect_low": 0.1, "effect_high": 0.3, "large_effect": False}
    >>> next_step(lever), next_step(lever | {"gap_high": 1, "effect_low": -0.1})
    ('catch_up', 'hold')
    >>> next_step(lever | {"quadrant": "low_priority", "gap_high": 1, "large_effect": True})
    'probe'
    """
    if not row["beyond_random"]:
        return "watch"
    matters = row["quadrant"] in ("concentrate", "keep_up") or row["large_effect"]
    below = row["quadrant"] in ("concentrate", "low_priority")
    if matters and below:
        return "improve" if row["quadrant"] == "concentrate" and row["steady"] else "probe"
    if row["gap_high"] < 0:
        return "catch_up"
    if below:
        return "watch"
    return "protect" if matters and _is_clear(row) else "hold"


def _with_steps(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with their next steps, and a doubt where only the effect decides them."""
    effects = [row["effect"] for row in rows if np.isfinite(row["effect"])]
    typical, found = float(np.mean(effects)) if effects else 0.0, []
    for row in rows:
        large = bool(row["effect_low"] > 0 and row["effect"] > typical)
        step = next_step({**row, "large_effect": large})
        alone = step != next_step({**row, "large_effect": False})
        doubts = [*row["doubts"], *(["importance"] if alone else [])]
        found.append({**row, "doubts": doubts, "step": step})
    return found


def _is_clear(row: Mapping[str, Any]) -> bool:
    """Return whether the interval of the effect leaves zero out."""
    return bool(row["effect_low"] > 0 or row["effect_high"] < 0)


def _by(frame: pd.DataFrame | None, key: str) -> dict[str, dict[str, Any]]:
    return {} if frame is None else {row[key]: row for row in frame.to_dict("records")}


def _row(
    place: Mapping[str, Any], tables: Mapping[str, dict], beyond: bool, outcome: str,
    reservations: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    lever, unknown = place["lever"], float("nan")
    index, gap = tables["index"].get(lever, {}), tables["gaps"].get(lever, {})
    money = tables["money"].get(lever, {})
    row = {
        "lever": lever, "outcome": outcome, "beyond_random": beyond,
        "index": index.get("index", place["performance"]),
        "index_low": index.get("low", place["performance_low"]),
        "index_high": index.get("high", place["performance_high"]),
        "grade": index.get("grade", ""), "grade_probability": index.get("probability", unknown),
        "rival": gap.get("rival", ""), "gap": gap.get("gap", unknown),
        "gap_low": gap.get("low", unknown), "gap_high": gap.get("high", unknown),
        "money": money.get("estimate", unknown), "money_low": money.get("ci_low", unknown),
        "money_high": money.get("ci_high", unknown), "quadrant": place["quadrant"],
        "kept": min(place["kept"], place["kept_median"]), "steady": bool(place["steady"]),
        **_effect(tables["effects"].get(lever, {})),
    }  # fmt: skip
    weak = index.get("reservations") or reservations.get(lever, "")
    doubts = [*_doubts(row), *(weak.split() if isinstance(weak, str) else ())]
    return {**row, "doubts": doubts}


def _with_doubts(
    row: Mapping[str, Any], of_model: Sequence[str], of_money: Sequence[str]
) -> dict[str, Any]:
    """Return the row with all its doubts, and how sure it leaves the step."""
    doubts = [*row["doubts"], *(of_model if row["effect_source"] == "total" else ())]
    doubts += of_money if np.isfinite(row["money"]) else ()
    doubts = list(dict.fromkeys(doubts))
    return {**row, "doubts": " ".join(doubts), "sureness": SURENESS[min(len(doubts), 2)]}


def _effect(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's total effect, or the regression slope where the model has none."""
    if np.isfinite(found.get("total", np.nan)):
        names, source = ("total", "total_low", "total_high"), "total"
    else:
        names, source = ("slope", "slope_low", "slope_high"), "slope"
    values = [found.get(name, np.nan) for name in names]
    kept = dict(zip(("effect", "effect_low", "effect_high"), values, strict=True))
    return {**kept, "effect_source": source}


def _doubts(row: Mapping[str, Any]) -> list[str]:
    """Return what keeps the row from being sure: its quadrant, its effect, its money."""
    found = [] if row["steady"] else ["quadrant"]
    if not _is_clear(row):
        found.append("effect")
    if np.isfinite(row["money"]) and not (row["money_low"] > 0 or row["money_high"] < 0):
        found.append("money")
    return found


def _order(row: Mapping[str, Any]) -> tuple:
    """Return what rows are sorted by: the step, then money, then the effect, largest first."""
    money = row["money"] if np.isfinite(row["money"]) else -np.inf
    effect = row["effect"] if np.isfinite(row["effect"]) else -np.inf
    return (STEPS.index(row["step"]), -money, -effect)
