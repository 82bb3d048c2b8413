"""How surely this sample would have shown a path of a given size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study

#: Standardised path that a study should be able to show: between small and medium.
EFFECT = 0.20
SOURCE = "satorra1985"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathPower(Result):
    """Power of every path's test at a standardised effect worth finding.

    The table has one row a path: ``source target effect power n_needed enough``. ``n_needed`` are
    the respondents at which the power reaches the wanted one.
    """

    template = "path_power.paths"

    frame: pd.DataFrame
    effect: float
    wanted: Cutoff

    def facts(self) -> dict[str, Any]:
        """Return how many paths have enough power, and the one that has least."""
        weakest = self.frame.loc[self.frame.power.idxmin()]
        return {
            "n": self.n_used, "paths": len(self.frame), "enough": int(self.frame.enough.sum()),
            "effect": self.effect, "wanted": self.wanted.threshold,
            "wanted_source": self.wanted.source, "alpha": 1 - self.confidence, "source": SOURCE,
            "weakest": {"source": weakest.source, "target": weakest.target,
                        "power": weakest.power, "n_needed": weakest.n_needed},
        }  # fmt: skip


def judge_path_power(study: Study, choice: ModelChoice) -> PathPower | None:
    """Return the power of the test of every path of the model reported.

    The fitted model with the path at the effect is the population (Satorra and Saris, 1985).

    Returns
    -------
    PathPower or None
        None where no admissible model is reported, or none whose power is defined: ordinal items,
        ``==`` constraints, an effect that leaves no possible population.
    """
    if choice.reported is None:
        return None
    fit, wanted = choice.fit, cutoffs_with(study.cutoffs)["power"]
    table = fit.table()
    rows = []
    for path in table[(table.op == "~") & (table.se > 0)].itertuples():
        try:
            rows.append(_row(fit, path, wanted))
        except AnalysisError:
            continue
    if not rows:
        return None
    return PathPower(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=fit.confidence, effect=EFFECT,
        frame=pd.DataFrame(rows), wanted=wanted,
        method=Phrase("estimators.named", {"method": "path_power"}),
    )  # fmt: skip


def _row(fit: ModelFit, path: Any, wanted: Cutoff) -> dict[str, Any]:
    from cx_value.sem.power.power import noncentral_power, path_noncentrality, power_sample_size

    size = math.copysign(EFFECT, path.std_all)
    each = path_noncentrality(fit, f"{path.lhs} ~ {path.rhs}", value=size * path.est / path.std_all)
    alpha = 1 - fit.confidence
    power = noncentral_power(each, fit.n_used, alpha)
    needed = power_sample_size(each, wanted.threshold, alpha)
    return {
        "source": path.rhs, "target": path.lhs, "effect": size, "power": power,
        "n_needed": needed if needed < math.inf else math.nan,
        "enough": bool(wanted.passes(power)),
    }  # fmt: skip
