"""Estimates beside the truth of a simulated study."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.wording import MINUS
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.sem.reading.result import ModelFit
    from cx_value.value.link.result import LinkEffects
    from cx_value.value.worth.lifetime import LifetimeValue


_LOADINGS = ("loading", "chapter_loading")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TruthCheck(Result):
    """What was estimated beside what is true.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`table`.
    labels : mapping of str to str
        What constructs are called, for the picture.
    left_out : mapping
        ``crossed`` and ``method_factor``: what the truth holds and no fitted model has.
    """

    template: ClassVar[str] = "truth.summary"

    rows: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, Any] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return ``kind of group less truth estimate std_error ci_low ci_high covered shown``.

        ``kind`` is ``loading path chapter_loading chapter_path value log_per_sd
        money_per_point``; ``of`` the item, the path or the construct it is of; ``group`` and
        ``less`` the group, or the two whose difference it is. ``shown`` is false for loadings that
        are held: they are counted in the sentence.
        """
        held = self.rows["kind"].isin(_LOADINGS) & self.rows["covered"]
        return self.rows.assign(shown=~held)

    def facts(self) -> dict[str, Any]:
        """Return how many intervals hold the truth and how many should, in all and by ``kinds``.

        ``missed`` are the loadings that no interval of either model holds, ``left_out`` what the
        data hold and the fitted model leaves out: items with a second loading, a method factor.
        """
        counts = self.rows.groupby("kind", sort=False)["covered"].agg(["size", "sum"])
        kinds = [{"kind": kind, "n": int(row["size"]), "held": int(row["sum"])}
                 for kind, row in counts.iterrows()]  # fmt: skip
        missed = self.rows[self.rows["kind"].isin(_LOADINGS) & ~self.rows["covered"]]
        return {"quantities": len(self.rows), "held": int(self.rows["covered"].sum()),
                "level": self.confidence, "expected": len(self.rows) * self.confidence,
                "kinds": kinds, "missed": list(dict.fromkeys(missed["of"])),
                "crossed": list(self.left_out.get("crossed", ())),
                "method_factor": bool(self.left_out.get("method_factor", False))}  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw each estimate's distance from the truth in standard errors."""
        from cx_value.value.pictures import plot_truth

        table = self.table().assign(distance=distance)
        return plot_truth(table, self.labels, self.confidence, ax, lang=lang)


def check_truth(
    source: str | Path,
    *,
    structure: ModelFit | None = None,
    chapter: ModelFit | None = None,
    value: LifetimeValue | None = None,
    link: LinkEffects | None = None,
    groups: LinkEffects | None = None,
    group_values: Mapping[str, str] | None = None,
    labels: dict[str, str] | None = None,
    satisfaction: str = "SAT",
    loyalty: str = "LOY",
) -> TruthCheck:
    """Set estimates beside the truth a simulation stored.

    Parameters
    ----------
    source : path
        JSON as ``data/bank-panel/truth.json``: ``structure.pooled_paths`` and
        ``items.standardised_loading`` (standardised), ``money.all``.
    structure : ModelFit, optional
        Its standardised loadings and paths are compared.
    chapter : ModelFit, optional
        The same of the model that the chapters report, on all respondents.
    value : LifetimeValue, optional
        The mean is compared with ``expected_value``, that of all such customers; its interval
        therefore takes the customers as a sample.
    link : LinkEffects, optional
        From the survey to value: loyalty's effect on log value, satisfaction's in money.
    groups : LinkEffects, optional
        The link by group, compared with ``money.industry`` and ``structure.paths``.
    group_values : mapping of str to str, optional
        What the truth calls each group, by its label.
    labels : dict, optional
        What constructs are called.
    satisfaction, loyalty : str
        The constructs at the ends of the link.

    Returns
    -------
    TruthCheck

    Raises
    ------
    DataError
        If the file is no such JSON.
    """
    import pandas as pd

    truth = _read(Path(source))
    found = [
        *(_structure(truth, structure) if structure is not None else ()),
        *(_structure(truth, chapter, "chapter_") if chapter is not None else ()),
        *(_value(truth, value) if value is not None else ()),
        *(_link(truth, link, satisfaction, loyalty) if link is not None else ()),
    ]
    names = ["kind", "of", "truth", "estimate", "std_error", "ci_low", "ci_high"]
    rows = pd.DataFrame(found, columns=names).assign(group="", less="")
    if groups is not None:
        own = _groups(truth, groups, group_values or {}, satisfaction, loyalty)
        rows = pd.concat([rows, pd.DataFrame(own, columns=[*names, "group", "less"])],
                         ignore_index=True)  # fmt: skip
    rows["covered"] = (rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])
    results = [r for r in (structure, value, link) if r is not None]
    return TruthCheck(
        n_used=max((r.n_used for r in results), default=0),
        method=Phrase("truth.method"),
        confidence=results[0].confidence if results else 0.95,
        rows=rows,
        labels=labels or {},
        left_out=_left_out(truth),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        truth["structure"]["pooled_paths"], truth["items"]["standardised_loading"]
        truth["money"]["all"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name} cannot be read as the truth of a simulation ({error}) · allowed: JSON as "
            "data/bank-panel/truth.json · do: mend the file or leave value.truth out"
        ) from error
    return truth


def _left_out(truth: dict[str, Any]) -> dict[str, Any]:
    parameters = truth.get("parameters", {})
    return {"crossed": sorted(parameters.get("cross_loadings", {})),
            "method_factor": bool(parameters.get("method_loading", 0))}  # fmt: skip


def _structure(truth: dict, fit: ModelFit, whose: str = "") -> Iterator[tuple]:
    known = {("=~", item): true for item, true in truth["items"]["standardised_loading"].items()}
    for target, causes in truth["structure"]["pooled_paths"].items():
        known |= {("~", target, cause): true for cause, true in causes.items()}
    for row in fit.standardised().itertuples():
        key = ("=~", row.rhs) if row.op == "=~" else (row.op, row.lhs, row.rhs)
        if key not in known:
            continue
        kind, of = "loading", str(row.rhs)
        if row.op == "~":
            kind, of = "path", f"{row.rhs} → {row.lhs}"
        yield whose + kind, of, known[key], row.est, row.se, row.ci_low, row.ci_high


def _value(truth: dict, value: LifetimeValue) -> Iterator[tuple]:
    yield ("value", "", truth["money"]["all"]["expected_value"], value.total / value.n_used,
           value.mean_std_error, value.mean_low, value.mean_high)  # fmt: skip


def _link(truth, link: LinkEffects, satisfaction: str, loyalty: str) -> Iterator[tuple]:
    for construct, unit, name in _named(satisfaction, loyalty):
        row, true = link.effect(construct, unit), truth["money"]["all"][name]
        yield unit, construct, true, row.estimate, row.std_error, row.ci_low, row.ci_high


def _named(satisfaction: str, loyalty: str) -> tuple[tuple[str, str, str], ...]:
    """Return construct, unit and what the truth calls the effect."""
    return (
        (loyalty, "log_per_sd", "log_value_while_customer_per_loyalty_sd"),
        (satisfaction, "log_per_sd", "log_value_while_customer_per_satisfaction_sd"),
        (satisfaction, "money_per_point", "value_per_satisfaction_point_from_now_on_per_year"),
    )


def _groups(
    truth: dict, links: LinkEffects, values: Mapping[str, str], satisfaction: str, loyalty: str
) -> Iterator[tuple]:
    """Return the effects on value by group, their differences, and the path between the two."""
    frame, called = links.table(), {label: values.get(label, label) for label in links.groups}
    money, paths = truth["money"].get("industry", {}), truth["structure"].get("paths", {})
    if not set(called.values()) <= set(money):
        return
    pair = frame["group"].astype(str).str.split(f" {MINUS} ")
    frame = frame.assign(group=pair.str[0], less=pair.str[1].fillna(""))
    for construct, unit, name in _named(satisfaction, loyalty):
        rows = frame[(frame["from"] == construct) & (frame.unit == unit) & (frame.effect != "path")]
        for row in rows.itertuples():
            less = money[called[row.less]][name] if row.less else 0.0
            yield (unit, construct, money[called[row.group]][name] - less, row.estimate,
                   row.std_error, row.ci_low, row.ci_high, row.group, row.less)  # fmt: skip
    rows = frame[(frame["from"] == satisfaction) & (frame.to == loyalty)
                 & (frame.unit == "sd_per_sd") & (frame.less == "")]  # fmt: skip
    for row in rows.itertuples():
        true = paths[called[row.group]][loyalty][satisfaction]
        yield ("path", f"{satisfaction} → {loyalty}", true, row.estimate, row.std_error,
               row.ci_low, row.ci_high, row.group, "")  # fmt: skip


def distance(rows: pd.DataFrame) -> np.ndarray:
    """Return how many standard errors each estimate lies above the truth."""
    return ((rows["estimate"] - rows["truth"]) / rows["std_error"]).to_numpy(dtype=float)
