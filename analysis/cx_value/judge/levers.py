"""What the final outcome of a model goes with most: the manager's first question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.reservations import NONE, Reservations, all_told

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.effects import Effects


COLUMNS = ("outcome", "source", "total", "low", "high", "clear")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levers(Result):
    """Total effects on the final outcome of a structural model, the strongest first."""

    template = "levers.levers"

    frame: pd.DataFrame
    weak: Reservations = NONE

    def table(self) -> pd.DataFrame:
        """Return ``outcome source total low high clear reservations``, strongest first.

        ``clear`` says whether the interval excludes zero.
        """
        codes = [self.weak.codes_about(r.source, r.outcome) for r in self.frame.itertuples()]
        return self.frame.assign(reservations=codes)

    def facts(self) -> dict[str, Any]:
        """Return an entry an outcome: ``outcome positive negative unclear``, and reservations."""
        rows = self.frame.to_dict("records")
        outcomes = list(dict.fromkeys(row["outcome"] for row in rows))
        told = [_outcome_facts(o, [r for r in rows if r["outcome"] == o]) for o in outcomes]
        weak = all_told(self.weak.about(r["source"], r["outcome"]) for r in rows if r["clear"])
        return {"outcomes": told, "reservations": weak}


def _outcome_facts(outcome: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Split what an outcome goes with by the sign of a clear effect."""
    clear = [row for row in rows if row["clear"]]
    return {
        "outcome": outcome, "positive": [_effect(r) for r in clear if r["total"] > 0],
        "negative": [_effect(r) for r in clear if r["total"] < 0],
        "unclear": [r["source"] for r in rows if not r["clear"]],
    }  # fmt: skip


def _effect(row: dict[str, Any]) -> dict[str, Any]:
    return {"source": row["source"], "total": row["total"], "ci": [row["low"], row["high"]]}


def rank_levers(found: Effects, weak: Reservations = NONE) -> Levers:
    """Rank what the final outcomes (those that cause nothing else) go with.

    Parameters
    ----------
    found : Effects
        Effects of the model reported, with bootstrap intervals where there are any.
    weak : Reservations
        What the effects rest on.

    Returns
    -------
    Levers
    """
    effects = found.table()
    totals = effects[effects.kind == "total"]
    final = [t for t in dict.fromkeys(totals.target) if t not in set(totals.source)]
    booted = "std_boot_ci_low" in totals
    low, high = ("std_boot_ci_low", "std_boot_ci_high") if booted else ("std_ci_low", "std_ci_high")
    rows = [
        {
            "outcome": target, "source": row.source, "total": row.std_all,
            "low": row[low], "high": row[high], "clear": bool(row[low] > 0 or row[high] < 0),
        }
        for target in final
        for _, row in _strongest(totals[totals.target == target]).iterrows()
    ]  # fmt: skip
    return Levers(
        n_used=found.n_used, n_dropped=found.n_dropped, confidence=found.confidence,
        notes=found.notes, frame=tidy_frame(rows, COLUMNS), weak=weak,
        method=Phrase("levers.method"),
    )  # fmt: skip


def _strongest(totals: pd.DataFrame) -> pd.DataFrame:
    return totals.sort_values("std_all", key=abs, ascending=False)
