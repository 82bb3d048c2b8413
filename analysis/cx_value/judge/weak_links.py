"""Where the ground of findings is weak: scales, distinctness, both models and the refits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.judge.reservations import Reservation, Reservations

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.fit_report import FitReport
    from cx_value.judge.resampling import Resampling
    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study

#: Share of improper solutions among the refits from which intervals are reserved (own convention).
IMPROPER_SHARE = 0.05


def gather_reservations(
    study: Study,
    choice: ModelChoice,
    *,
    reliability: pd.DataFrame | None = None,
    htmt: pd.DataFrame | None = None,
    measurement: ModelFit | None = None,
    judged: FitReport | None = None,
    drawn: Resampling | None = None,
) -> Reservations:
    """Gather what the findings of a structural model rest on, where it is weak.

    Parameters
    ----------
    study : Study
        Its rules decide what is weak.
    choice : ModelChoice
    reliability : DataFrame, optional
        ``construct alpha`` of every scale.
    htmt : DataFrame, optional
        ``construct_1 construct_2 htmt`` of every pair.
    measurement : ModelFit, optional
        The measurement model; a solution that is not admissible concerns every finding.
    judged : FitReport, optional
        Fit of the model reported.
    drawn : Resampling, optional
        The refits its intervals rest on.

    Notes
    -----
    Rules: α and HTMT as the study has them; every fit index that misses its rule; more than 5 % of
    improper refits (a convention of this project).
    """
    rules = cutoffs_with(study.cutoffs)
    of_model = [
        *([{"code": "measurement"}] if measurement is not None and not measurement.admissible
          else []),
        *_of_choice(choice), *_of_fit(judged), *_of_draws(drawn),
    ]  # fmt: skip
    of_constructs = [*_of_scales(reliability, rules["alpha"]), *_of_pairs(htmt, rules["htmt"])]
    return Reservations(of_model=tuple(of_model), of_constructs=tuple(of_constructs))


def _of_choice(choice: ModelChoice) -> list[Reservation]:
    if choice.reported is None:
        return [{"code": "inadmissible"}]
    return [{"code": "fallback"}] if choice.shown.role == "fallback" else []


def _of_fit(judged: FitReport | None) -> list[Reservation]:
    facts = judged.facts() if judged is not None else {}
    if not facts.get("df") or facts["n_met"] == len(facts["criteria"]):
        return []
    return [{"code": "fit", "met": facts["n_met"], "rules": len(facts["criteria"])}]


def _of_draws(drawn: Resampling | None) -> list[Reservation]:
    share = drawn.improper_share if drawn is not None else 0.0
    return [{"code": "improper", "share": share}] if share > IMPROPER_SHARE else []


def _of_scales(
    reliability: pd.DataFrame | None, rule: Cutoff
) -> Iterable[tuple[frozenset[str], Reservation]]:
    if reliability is None:
        return
    for row in reliability.itertuples():
        if rule.passes(float(row.alpha)) is False:
            told = {"code": "reliability", "construct": row.construct, "value": float(row.alpha)}
            yield frozenset({row.construct}), told


def _of_pairs(
    htmt: pd.DataFrame | None, rule: Cutoff
) -> Iterable[tuple[frozenset[str], Reservation]]:
    if htmt is None:
        return
    for row in htmt.itertuples():
        if rule.passes(float(row.htmt)) is False:
            pair = (row.construct_1, row.construct_2)
            told = {"code": "distinctness", "construct": pair[0], "other": pair[1],
                    "value": float(row.htmt)}  # fmt: skip
            yield frozenset(pair), told
