"""The drivers of a study in one call: importance and map, or the statement of why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result
from cx_value.evaluate.drivers.importance import (
    DriverImportance,
    driver_importance,
    refused_outcomes,
)
from cx_value.evaluate.drivers.levers import (
    lever_scores,
    levers_of,
    outcomes_of,
    own_customers,
    stated_importance,
)
from cx_value.evaluate.drivers.map import ImportanceMap, map_importance_performance

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoDrivers(Result):
    """Why drivers are not compared: what is missing, and what would help."""

    template = "drivers.too_few"

    missing: dict[str, Any] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return what was there, one row a lever or outcome."""
        from cx_value.base.results import tidy_frame

        rows = [(kind, name) for kind in ("levers", "outcomes") for name in self.missing[kind]]
        return tidy_frame(rows, ["kind", "name"])

    def facts(self) -> dict[str, Any]:
        """Return the levers and outcomes that are known, and the refusal where there was one."""
        return self.missing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NotComparable(NoDrivers):
    """Levers and outcomes are known, but the answers do not allow a comparison."""

    template = "drivers.refused"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drivers:
    """What is compared, and what was found.

    Attributes
    ----------
    levers, outcomes : tuple of str
    scores : DataFrame
        Scores 0 to 100 of the respondents compared, one's own brand's customers.
    survey : Survey
        Those respondents.
    importance : DriverImportance or None
    map : ImportanceMap or None
        Both None where ``refused`` says why.
    refused : NoDrivers or None
    """

    levers: tuple[str, ...]
    outcomes: tuple[str, ...]
    scores: pd.DataFrame
    survey: Survey
    importance: DriverImportance | None = None
    map: ImportanceMap | None = None
    refused: NoDrivers | None = None


def compare_drivers(study: Study, survey: Survey, *, draws: int, seed: int) -> Drivers:
    """Compare the levers of a study for each of its outcomes, among its own brand's customers.

    Parameters
    ----------
    study : Study
    survey : Survey
        The answers analysed.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Drivers
        With ``refused`` in place of numbers where the study or its answers do not allow any.
    """
    own = own_customers(study, survey)
    levers, outcomes = levers_of(study), outcomes_of(study)
    scores = lever_scores(study, own)
    known = {"levers": levers, "outcomes": outcomes, "scores": scores, "survey": own}
    common = {"n_used": own.n, "method": "", "missing": {"levers": levers, "outcomes": outcomes}}
    if len(levers) < 2 or not outcomes:
        return Drivers(**known, refused=NoDrivers(**common))
    how = {
        "weights": None if own.weights is None else own.weights.fillna(0).to_numpy(),
        "draws": draws, "seed": seed, "confidence": study.options.confidence,
    }  # fmt: skip
    refusals = refused_outcomes(scores, levers, outcomes)
    if len(refusals) == len(outcomes):
        common["missing"] = common["missing"] | refusals[0]
        return Drivers(**known, refused=NotComparable(**common))
    found = driver_importance(scores, levers, outcomes, **how)
    first = found.frame.outcome.iloc[0]
    inside = [lever for lever in levers if lever != first]
    drawn = map_importance_performance(
        scores, inside, first, stated=stated_importance(study, own), **how
    )
    return Drivers(**known, importance=found, map=drawn)
