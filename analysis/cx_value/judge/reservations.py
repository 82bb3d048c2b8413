"""What a finding rests on, where that is weak: a verdict inherits the weakest link.

One place gathers what the chapters before found wanting (scales, distinctness, the measurement
model, the structural model and its refits); every finding asks it what concerns its own constructs.
A reservation is a code with its numbers; ``report/words/<lang>/reservations.j2`` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import Cutoff, cutoffs_with

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.fit_report import FitReport
    from cx_value.judge.resampling import Resampling
    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study

#: Share of improper solutions among the refits from which intervals are reserved (own convention).
IMPROPER_SHARE = 0.05

Reservation = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservations:
    """What is weak, of the whole model and of single constructs.

    Attributes
    ----------
    of_model : tuple of mapping
        Reservations of everything that the model says.
    of_constructs : tuple of (frozenset of names, mapping)
        Reservations of findings about these constructs: of one (reliability), or of two together
        (distinctness).
    """

    of_model: tuple[Reservation, ...] = ()
    of_constructs: tuple[tuple[frozenset[str], Reservation], ...] = ()

    def about(self, *names: str) -> list[dict[str, Any]]:
        """Return what a finding about some constructs rests on.

        >>> weak = Reservations(of_constructs=((frozenset({"A"}), {"code": "reliability"}),))
        >>> weak.about("A", "B"), weak.about("B")
        ([{'code': 'reliability'}], [])
        """
        asked = set(names)
        own = [dict(told) for about, told in self.of_constructs if about <= asked]
        return [*own, *map(dict, self.of_model)]

    def codes_about(self, *names: str) -> str:
        """Return the codes of :meth:`about`, each once, parted by blanks: a cell of a table."""
        return " ".join(dict.fromkeys(told["code"] for told in self.about(*names)))


#: Nothing is known to be weak.
NONE = Reservations()


def all_told(lists: Iterable[Iterable[Reservation]]) -> list[dict[str, Any]]:
    """Return the reservations of several findings, each once, in order."""
    told: list[dict[str, Any]] = []
    for reservations in lists:
        told += [dict(r) for r in reservations if dict(r) not in told]
    return told


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
