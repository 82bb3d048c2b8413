"""What the final outcome of a model goes with most: the manager's first question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    in_language,
    inside_sentence,
)

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.effects import Effects


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levers(Result):
    """Total effects on the final outcome of a structural model, the strongest first."""

    frame: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``outcome outcome_label source label total low high clear``, strongest first.

        ``clear`` says whether the interval excludes zero.
        """
        return self.frame.copy()

    def sentence(self, lang: str = "en") -> str:
        """Name the strongest effects, and those that may be nothing."""
        parts = []
        for _, rows in self.frame.groupby("outcome", sort=False):
            strong = [_said(row, lang) for _, row in rows[rows.clear].iterrows()]
            weak = [inside_sentence(word, lang) for word in rows.label[~rows.clear]]
            outcome = in_language(rows.outcome_label.iloc[0], lang)
            parts.append(_sentence(outcome, strong, weak, lang))
        return ("" if lang == "zh" else " ").join(parts)


_COMMA = {"en": ", ", "zh": "、"}
_STRONG = {
    "en": "{outcome} goes with, in order of total effect: {names}.",
    "zh": "对{outcome}的总效应由大到小依次为：{names}。",
}
_WEAK = {
    "en": " No clear effect was found for: {names}.",
    "zh": "未发现明确效应的有：{names}。",
}


def _sentence(outcome: str, strong: list[str], weak: list[str], lang: str) -> str:
    comma = _COMMA[lang]
    first = _STRONG[lang].format(outcome=outcome, names=comma.join(strong)) if strong else ""
    return (first + (_WEAK[lang].format(names=comma.join(weak)) if weak else "")).strip()


def _said(row: pd.Series, lang: str) -> str:
    name = inside_sentence(row.label, lang)
    beta = format_number(row.total, 2, bounded=True, lang=lang)
    return f"{name} {beta} {format_interval(row.low, row.high, 2, bounded=True, lang=lang)}"


def rank_levers(found: Effects, labels: Mapping[str, str]) -> Levers:
    """Rank what the final outcomes (those that cause nothing else) go with.

    Parameters
    ----------
    found : Effects
        Effects of the model reported, with bootstrap intervals where there are any.
    labels : mapping of variable to Text

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
            "outcome": target, "outcome_label": labels.get(target, target), "source": row.source,
            "label": labels.get(row.source, row.source), "total": row.std_all,
            "low": row[low], "high": row[high], "clear": bool(row[low] > 0 or row[high] < 0),
        }
        for target in final
        for _, row in _strongest(totals[totals.target == target]).iterrows()
    ]  # fmt: skip
    return Levers(
        n_used=found.n_used, n_dropped=found.n_dropped, confidence=found.confidence,
        notes=found.notes, frame=tidy_frame(rows),
        method=Text("standardised total effects", zh="标准化总效应"),
    )  # fmt: skip


def _strongest(totals: pd.DataFrame) -> pd.DataFrame:
    return totals.sort_values("std_all", key=abs, ascending=False)
