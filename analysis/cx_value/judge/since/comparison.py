"""Two ledgers held against each other: what moved beyond tolerance, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.since.ledger import ALWAYS, CAUSES, SOURCES, Ledger

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "result",
    "part",
    "before",
    "after",
    "difference",
    "low",
    "high",
    "p",
    "p_adjusted",
    "why",
)
#: With the same data a figure may differ by rounding in the last digits, and by nothing else.
SAME = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Since(Result):
    """What moved since an earlier report.

    Columns of the table: ``result part before after difference low high p p_adjusted why``. ``low
    high`` is the interval of the change where the data are other ones; ``why`` holds the causes
    that apply to the figure, parted by blanks.

    Attributes
    ----------
    frame : DataFrame
        Figures that moved; see :meth:`table`.
    verdicts : list of dict
        ``hypothesis before after why`` of every verdict that turned.
    compared, only_before, only_after : int
        Figures in both reports, and in one alone.
    causes : tuple of str
        What differs between the two runs, of :data:`~cx_value.judge.since.ledger.CAUSES`.
    packages : list of dict
        ``package before after``.
    drifted : tuple of str
        Results that differ although nothing they are made of does.
    glance : DataFrame
        ``figure change change_low change_high changed``: the figures of the first page that are in
        both reports, moved or not.
    """

    frame: pd.DataFrame
    verdicts: list[dict[str, Any]]
    compared: int
    only_before: int
    only_after: int
    causes: tuple[str, ...]
    packages: list[dict[str, str]]
    drifted: tuple[str, ...] = ()
    glance: pd.DataFrame

    template = "since.since"

    @property
    def moved(self) -> int:
        """Number of figures and verdicts that moved."""
        return len(self.frame) + len(self.verdicts)

    def facts(self) -> dict[str, Any]:
        """Return counts, causes and the verdicts that turned."""
        return {
            "compared": self.compared, "moved": len(self.frame), "verdicts": self.verdicts,
            "causes": list(self.causes), "packages": self.packages, "drifted": len(self.drifted),
            "only_before": self.only_before, "only_after": self.only_after,
            "data": "data" in self.causes,
        }  # fmt: skip


def compare_ledgers(before: Ledger, after: Ledger, *, confidence: float = 0.95) -> Since:
    r"""Tell which figures moved beyond tolerance since an earlier report.

    Parameters
    ----------
    before, after : Ledger
    confidence : float
        Level of the tolerance where the data are other ones.

    Raises
    ------
    AnalysisError
        If the two are ledgers of different studies.

    Notes
    -----
    Where a figure's data are other ones it has moved if
    :math:`|b-a|/\sqrt{se_a^2+se_b^2}` is larger than chance allows, p adjusted over all figures by
    Holm (1979); standard errors from the stored intervals. Respondents who are in both reports make
    this rule cautious. Where the data are the same, any change beyond the sixth digit counts. A
    figure without an interval is compared by the second rule only.
    """
    from statsmodels.stats.multitest import multipletests

    _refuse_others(before, after)
    changed = _changed(before, after)
    old, new = ({(f["result"], f["part"]): f for f in one.figures} for one in (before, after))
    both = [key for key in new if key in old]
    rows = [_compared(key, old[key], new[key], changed, before, after) for key in both]
    tested = [row for row in rows if row["p"] is not None]
    if tested:
        adjusted = multipletests([row["p"] for row in tested], method="holm")[1]
        for row, p in zip(tested, adjusted, strict=True):
            row["p_adjusted"], row["moved"] = float(p), bool(p < 1 - confidence)
    return _since(rows, before, after, changed, old, new, confidence)


def _since(rows, before, after, changed, old, new, confidence: float) -> Since:
    moved = [row for row in rows if row["moved"]]
    numbers = [row for row in moved if not isinstance(row["after"], str)]
    turned = [
        {"hypothesis": row["part"], "before": row["before"], "after": row["after"],
         "why": row["why"].split()}
        for row in moved if isinstance(row["after"], str)
    ]  # fmt: skip
    frame = tidy_frame([[row.get(column) for column in COLUMNS] for row in numbers], COLUMNS)
    return Since(
        n_used=len(rows), method=Phrase("since.method"), confidence=confidence, frame=frame,
        verdicts=turned, compared=len(rows), only_before=len(old.keys() - new.keys()),
        only_after=len(new.keys() - old.keys()),
        causes=tuple(c for c in CAUSES if c in _whole(changed, rows)),
        packages=_packages(before, after), drifted=_drifted(before, after, rows, changed),
        glance=_glance(rows),
    )  # fmt: skip


def _glance(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return the figures of the first page: the whole stands first among the indices."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["result"] not in ("experience_index", "core_metrics"):
            continue
        name = "index" if row["result"] == "experience_index" else row["part"]
        found.setdefault(name, row)
    kept = [[name, *(row.get(k) for k in ("difference", "low", "high")), row["moved"]]
            for name, row in found.items() if not isinstance(row["after"], str)]  # fmt: skip
    return tidy_frame(kept, ["figure", "change", "change_low", "change_high", "changed"])


def _refuse_others(before: Ledger, after: Ledger) -> None:
    if before.study != after.study:
        raise AnalysisError(
            f"the comparison build is one of study {before.study!r} · allowed: an earlier build of "
            f"{after.study!r} · do: name that build with --compare, or leave --compare away"
        )


def _changed(before: Ledger, after: Ledger) -> dict[str, set[str]]:
    """Return ``files``: kinds of data that differ, and ``declared``: parts of the study file."""
    return {
        "files": _differing(before.data, after.data),
        "declared": _differing(before.declared, after.declared),
        "packages": {told["package"] for told in _packages(before, after)},
    }  # fmt: skip


def _differing(one, other) -> set[str]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


def _packages(before: Ledger, after: Ledger) -> list[dict[str, str]]:
    old, new = before.packages, after.packages
    both = sorted(key for key in old if key in new and old[key] != new[key])
    return [{"package": key, "before": old[key], "after": new[key]} for key in both]


def _compared(key, old, new, changed, before: Ledger, after: Ledger) -> dict[str, Any]:
    causes = _causes(old, new, changed)
    row = {"result": key[0], "part": key[1], "before": old["value"], "after": new["value"],
           "why": " ".join(causes), "p": None}  # fmt: skip
    if isinstance(new["value"], str) or isinstance(old["value"], str):
        return {**row, "moved": old["value"] != new["value"]}
    change = new["value"] - old["value"]
    error = float(np.hypot(_error(old), _error(new)))
    row |= {"difference": change}
    if "data" not in causes:
        return {**row, "moved": abs(change) > SAME * max(1.0, abs(old["value"]))}
    if not error > 0:
        return {**row, "moved": False}
    return row | _tested(change, error, new["confidence"] or 0.95) | {"moved": False}


def _tested(change: float, error: float, confidence: float) -> dict[str, float]:
    from scipy.stats import norm

    half = norm.ppf((1 + confidence) / 2) * error
    p = float(2 * norm.sf(abs(change) / error))
    return {"low": change - half, "high": change + half, "p": p}


def _error(figure: dict[str, Any]) -> float:
    """Return a figure's standard error as its interval implies it; NaN without an interval."""
    from scipy.stats import norm

    low, high = figure["low"], figure["high"]
    if low is None or high is None:
        return float("nan")
    return (high - low) / 2 / norm.ppf((1 + (figure["confidence"] or 0.95)) / 2)


def _causes(old, new, changed) -> list[str]:
    source = next(s for s in SOURCES if s.result == new["result"])
    found = set(changed["declared"])
    if changed["files"] & set(source.files):
        found.add("data")
    if old["code"] != new["code"]:
        found.add("code")
    if changed["packages"] & {"Python", *new["packages"]}:
        found.add("package")
    return [c for c in CAUSES if c in found and c in (*ALWAYS, *source.also)]


def _whole(changed, rows: Iterable[dict[str, Any]]) -> set[str]:
    """Return every cause that differs between the two runs."""
    found = set(changed["declared"]) | {c for row in rows for c in row["why"].split()}
    return found | ({"data"} if changed["files"] else set())


def _drifted(before: Ledger, after: Ledger, rows, changed) -> tuple[str, ...]:
    """Return results whose tables differ although data, study, code and packages are the same."""
    if _whole(changed, rows):
        return ()
    shared = before.contents.keys() & after.contents.keys()
    return tuple(sorted(k for k in shared if before.contents[k] != after.contents[k]))
