"""The figures of the first page, from the store, with what each is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("figure", "kind", "value", "low", "high", "n", "grade", "rival", "gap", "gap_low",
           "gap_high", "change", "change_low", "change_high", "changed", "reservations",
           "years")  # fmt: skip
#: Results that figures are gathered from.
GATHERED = ("experience_index", "rival_gaps", "core_metrics", "brand_metrics", "link",
            "value_tiers", "wave_changes")  # fmt: skip
#: Fewer respondents than this are a small base (own convention: with fewer, the interval of a
#: share may reach ten points to either side).
SMALL_BASE = 100
#: Core metrics that the first page shows, in its order, and how they print.
METRICS = {"csat": "percent", "nps": "number", "repeat_purchase_rate": "percent",
           "churn_rate": "percent"}  # fmt: skip
#: Figures that rest on the purchase model.
OF_MONEY = ("churn_rate", "money_per_point", "predicted_churn", "value_at_risk")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glance(Result):
    """The figures of the first page.

    Columns of the table: ``figure kind value low high n grade rival gap gap_low gap_high
    change change_low change_high changed reservations years``; the change is that since the last
    wave.
    """

    frame: pd.DataFrame

    template = "brief.figures"

    def facts(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": self.frame.to_dict("records")}


def gather_glance(
    stored: Mapping[str, pd.DataFrame],
    *,
    satisfaction: str | None = None,
    of_money: Sequence[str] = (),
    churn_years: float | None = None,
    linked: int | None = None,
    confidence: float = 0.95,
) -> Glance:
    """Gather the figures of the first page from what other notebooks stored.

    Parameters
    ----------
    stored : mapping of str to DataFrame
        Any of :data:`GATHERED`; what is not there has no row.
    satisfaction : str, optional
        The construct whose marginal value is shown (``value.satisfaction``).
    of_money : sequence of str
        Codes of what money and churn by the purchase model rest on that is weak.
    churn_years : float, optional
        How far ahead loss is predicted (``segments.churn_years``).
    linked : int, optional
        How many the link from answers to value rests on.
    """
    rows = [*_index(stored), *_metrics(stored), *_money(stored, satisfaction, linked),
            *_loss(stored, churn_years)]  # fmt: skip
    rows = [
        {**row, **_change(row, stored), "reservations": _reserved(row, of_money)} for row in rows
    ]
    n = max((int(row["n"]) for row in rows if row["n"] == row["n"]), default=0)
    filled = [[row.get(column) for column in COLUMNS] for row in rows]
    return Glance(
        n_used=n, method=Phrase("brief.method"), confidence=confidence,
        frame=tidy_frame(filled, COLUMNS),
    )  # fmt: skip


def _change(row: Mapping[str, Any], stored: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return how a figure changed between the last two waves; nothing where none was compared."""
    found = stored.get("wave_changes")
    found = found[found.measure == row.get("node", row["figure"])] if found is not None else ()
    if not len(found):
        return {}
    own, unit = found.iloc[0], 100 if row["kind"] == "percent" else 1
    return {"change": own.difference / unit, "change_low": own.low / unit,
            "change_high": own.high / unit, "changed": bool(own.clear)}  # fmt: skip


def _reserved(row: Mapping[str, Any], of_money: Sequence[str]) -> str:
    """Return what a figure rests on that is weak: codes, parted by blanks."""
    own = row.get("reservations")
    codes = own.split() if isinstance(own, str) else []
    codes += ["base"] if row["n"] < SMALL_BASE else []
    codes += of_money if row["figure"] in OF_MONEY else []
    return " ".join(dict.fromkeys(codes))


def _index(stored: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    table = stored.get("experience_index")
    if table is None or not (table["level"] == "overall").any():
        return
    whole = table[table["level"] == "overall"].iloc[0]
    row = {"figure": "index", "node": whole["node"], "kind": "points", "value": whole["index"],
           "low": whole["low"], "high": whole["high"], "n": whole["n"], "grade": whole["grade"],
           "reservations": whole.get("reservations")}  # fmt: skip
    gaps = stored.get("rival_gaps")
    if gaps is not None and (gaps["node"] == whole["node"]).any():
        gap = gaps[gaps["node"] == whole["node"]].iloc[0]
        row |= {"rival": gap["rival"], "gap": gap["gap"], "gap_low": gap["low"],
                "gap_high": gap["high"]}  # fmt: skip
    yield row


def _metrics(stored: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    table = stored.get("core_metrics")
    if table is None:
        return
    known = table.drop_duplicates("metric").set_index("metric")
    for name, kind in METRICS.items():
        if name in known.index:
            row = known.loc[name]
            yield {"figure": name, "kind": kind, "value": row["estimate"], "low": row["ci_low"],
                   "high": row["ci_high"], "n": row["n"],
                   **_best_rival(stored.get("brand_metrics"), name)}  # fmt: skip


def _best_rival(by_brand: pd.DataFrame | None, metric: str) -> dict[str, Any]:
    """Return the rival with the highest estimate, and how far the own brand is from it."""
    if by_brand is None:
        return {}
    rivals = by_brand[(by_brand["metric"] == metric) & (by_brand["role"] == "rival")]
    if not len(rivals):
        return {}
    best = rivals.loc[rivals["estimate"].idxmax()]
    return {"rival": best["brand"], "gap": best["difference"], "gap_low": best["diff_low"],
            "gap_high": best["diff_high"]}  # fmt: skip


def _money(
    stored: Mapping[str, pd.DataFrame], satisfaction: str | None, linked: int | None
) -> Iterator[dict[str, Any]]:
    """What one more point of satisfaction goes with, a customer and year."""
    link = stored.get("link")
    if link is None or not satisfaction:
        return
    found = link[(link["unit"] == "money_per_point") & (link["from"] == satisfaction)]
    if len(found):
        row = found.iloc[0]
        yield {"figure": "money_per_point", "kind": "money", "value": row["estimate"],
               "low": row["ci_low"], "high": row["ci_high"],
               "n": linked or float("nan")}  # fmt: skip


def _loss(stored: Mapping[str, pd.DataFrame], years: float | None) -> Iterator[dict[str, Any]]:
    """Whom the purchase model expects to lose, and the value at risk with them."""
    tiers = stored.get("value_tiers")
    if tiers is None:
        return
    row = tiers.set_index("tier").loc["tier_all"]
    for figure, name, kind in (("predicted_churn", "churn", "percent"),
                               ("value_at_risk", "at_risk", "money")):  # fmt: skip
        if row[name] == row[name]:
            yield {"figure": figure, "kind": kind, "value": row[name], "low": row[f"{name}_low"],
                   "high": row[f"{name}_high"], "n": row["customers"], "years": years}  # fmt: skip
