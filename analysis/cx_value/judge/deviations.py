"""How far a study kept to the plan that it wrote down before its data were seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.study.preregistration import plan_of, read_plan

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Study

COLUMNS = ("section", "entry", "kind", "planned", "done")
KINDS = ("changed", "dropped", "added")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deviations(Result):
    """What differs between the plan and what was done; nothing planned is left out of it."""

    template = "deviations.deviations"

    frame: pd.DataFrame
    planned: int

    def table(self) -> pd.DataFrame:
        """Return ``section entry kind planned done``: ``kind`` is changed, dropped or added."""
        return self.frame.copy()

    def facts(self) -> dict[str, Any]:
        """Return how many entries were planned, kept, and changed, dropped or added."""
        counts = {kind: int((self.frame.kind == kind).sum()) for kind in KINDS}
        kept = self.planned - counts["changed"] - counts["dropped"]
        return {"planned": self.planned, "kept": kept, **counts}


def compare_with_plan(study: Study, n_used: int) -> Deviations | None:
    """Compare what a study declares, and the respondents it has, with its plan.

    Parameters
    ----------
    study : Study
    n_used : int
        Respondents analysed.

    Returns
    -------
    Deviations or None
        None where the study names no plan.

    Raises
    ------
    StudyError
        If the file that it names holds no plan.
    """
    planned = _flat(read_plan(study))
    if not planned:
        return None
    done = _flat(plan_of(study))
    reached = ("sample", "respondents")
    if reached in planned:
        done[reached] = str(n_used)
    keys = list(dict.fromkeys([*planned, *done]))
    rows = [_row(key, planned.get(key), done.get(key)) for key in keys]
    return Deviations(
        n_used=n_used, method=Phrase("deviations.method"), planned=len(planned),
        frame=tidy_frame([row for row in rows if row["kind"]], COLUMNS),
    )  # fmt: skip


def _row(key: tuple[str, str], planned: str | None, done: str | None) -> dict[str, str]:
    kind = "added" if planned is None else "dropped" if done is None else "changed"
    return {
        "section": key[0], "entry": key[1], "kind": "" if planned == done else kind,
        "planned": planned or "", "done": done or "",
    }  # fmt: skip


def _flat(plan: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    return {(section, key): value for section, held in plan.items() for key, value in held.items()}
