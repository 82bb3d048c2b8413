"""What the data say of each hypothesis, by a rule stated beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.reservations import NONE, Reservations, all_told, cell_of
from cx_value.study.latents import variable_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.composites import Composites
    from cx_value.judge.resampling import Resampling
    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.effects import Effects
    from cx_value.study.spec import Hypothesis, Study

VERDICTS = ("supported", "reserved", "not_supported", "contradicted", "not_tested")
HYPOTHESIS = ("hypothesis", "own", "source", "through", "target", "path", "sign")
COLUMNS = (*HYPOTHESIS, "kind", "est", "se", "z", "p", "std_all", "std_low", "std_high", "verdict",
           "reservations")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HypothesisTests(Result):
    """One verdict a hypothesis.

    A path is **supported** when its p value is below the study's level, its interval (bootstrap
    where there is one) excludes zero, and its sign is the expected one; **contradicted** when the
    sign is the opposite one, **not supported** otherwise. An indirect effect is judged by its
    interval alone. What would be supported but rests on something weak (an unreliable scale, a
    model that does not fit, …) is **reserved**: supported, with reservation. A hypothesis whose
    path is not in the model reported is **not tested**.
    """

    template = "hypotheses.verdicts"

    frame: pd.DataFrame
    intervals: str = "delta"
    reported: bool = True

    def table(self) -> pd.DataFrame:
        """Return one row a hypothesis.

        Columns: ``hypothesis own source through target path sign kind est se z p std_all std_low
        std_high verdict reservations``; ``std_low``/``std_high`` are bootstrap limits where there
        are any, ``reservations`` codes parted by blanks.
        """
        frame = self.frame.copy()
        frame["reservations"] = [cell_of(told) for told in frame.reservations]
        return frame

    def facts(self) -> dict[str, Any]:
        """Return ``hypotheses verdicts intervals reported`` and what the findings rest on."""
        frame = self.frame
        listed = {v: list(frame.hypothesis[frame.verdict == v]) for v in VERDICTS}
        found = frame[frame.verdict.isin(["reserved", "contradicted"])]
        return {
            "hypotheses": len(frame), "reported": self.reported, "intervals": self.intervals,
            "verdicts": [{"verdict": v, "n": len(names), "names": names}
                         for v, names in listed.items() if names],
            "reservations": all_told(found.reservations),
        }  # fmt: skip


def judge_hypotheses(
    study: Study,
    choice: ModelChoice,
    found: Effects | None,
    drawn: Resampling | None = None,
    weak: Reservations = NONE,
    composites: Composites | None = None,
) -> HypothesisTests:
    """Judge every hypothesis of a study on the model reported.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        From :func:`cx_value.judge.structure.choose_model`.
    found : Effects or None
        Effects of ``choice.fit``, best with a bootstrap; None where no model is reported.
    drawn : Resampling, optional
        What the intervals of ``found`` rest on, so that the words can name it.
    weak : Reservations
        What findings about the constructs rest on.
    composites : Composites, optional
        The theory's model by PLS, where formative constructs keep covariance models from it.

    Returns
    -------
    HypothesisTests
        Verdicts are withheld (``not_tested``) where no admissible model is reported.
    """
    level = cutoffs_with(study.cutoffs)["significance"]
    effects = found.table() if found is not None else None
    booted = effects is not None and "std_boot_ci_low" in effects
    kind = drawn.kind if drawn else "bootstrap" if booted else "delta"
    by_pls = composites is not None and composites.stands_in
    reported = choice.reported is not None

    def effect(hypothesis: Hypothesis) -> pd.Series | None:
        if by_pls:
            return composites.effects_of(hypothesis)
        return _effect(study, hypothesis, effects) if reported else None

    rows = [_judge(h, effect(h), level, weak) for h in study.hypotheses]
    return HypothesisTests(
        n_used=choice.n_used, n_dropped=choice.n_dropped, confidence=choice.confidence,
        method=Phrase("hypotheses.method"), notes=found.notes if found else (),
        frame=tidy_frame(rows, COLUMNS), intervals="bootstrap" if by_pls else kind,
        reported=reported or by_pls,
    )  # fmt: skip


def _judge(
    hypothesis: Hypothesis, row: pd.Series | None, level: Cutoff, weak: Reservations
) -> dict[str, Any]:
    kind = "indirect" if hypothesis.through else "direct"
    shared = {**hypothesis_words(hypothesis), "kind": kind}
    verdict = "not_tested" if row is None else _verdict(hypothesis, row, level)
    names = (hypothesis.source, *hypothesis.through, hypothesis.target)
    told = [] if row is None else weak.about(*names)
    if verdict == "supported" and told:
        verdict = "reserved"
    return {**shared, **_numbers(row), "verdict": verdict, "reservations": told}


def _effect(study: Study, hypothesis: Hypothesis, effects: pd.DataFrame) -> pd.Series | None:
    """Return the effect a hypothesis is about; None where the model does not hold it."""
    kind = "specific_indirect" if hypothesis.through else "direct"
    names = [variable_of(study, code) for code in (hypothesis.source, hypothesis.target)]
    through = " → ".join(variable_of(study, code) for code in hypothesis.through)
    same = effects[
        (effects.source == names[0]) & (effects.target == names[1])
        & (effects.kind == kind) & (effects.through == through)
    ]  # fmt: skip
    return None if same.empty else same.iloc[0]


def _numbers(row: pd.Series | None) -> dict[str, float]:
    names = ("est", "se", "z", "p", "std_all")
    if row is None:
        return dict.fromkeys((*names, "std_low", "std_high"), float("nan"))
    low, high = _limits(row)
    return {**{name: float(row[name]) for name in names}, "std_low": low, "std_high": high}


def _limits(row: pd.Series) -> tuple[float, float]:
    booted = "std_boot_ci_low" in row.index
    low, high = ("std_boot_ci_low", "std_boot_ci_high") if booted else ("std_ci_low", "std_ci_high")
    return float(row[low]), float(row[high])


def _verdict(hypothesis: Hypothesis, row: pd.Series, level) -> str:
    low, high = _limits(row)
    excludes_zero = low > 0 or high < 0
    clear = excludes_zero and (bool(hypothesis.through) or level.passes(float(row.p)))
    if not clear:
        return "not_supported"
    return "supported" if (row.est > 0) == (hypothesis.sign == "+") else "contradicted"


def hypothesis_path(hypothesis: Hypothesis) -> str:
    """Return a hypothesis as arrows between codes: ``PERQ → CUSA → CUSL``."""
    return " → ".join([hypothesis.source, *hypothesis.through, hypothesis.target])


def hypothesis_words(hypothesis: Hypothesis) -> dict[str, Any]:
    """Return what ``hypotheses.statement`` says, the keys :data:`HYPOTHESIS`.

    ``own`` tells that the study words the hypothesis itself, under its name in the codebook.
    """
    values = (
        hypothesis.name, hypothesis.label is not None, hypothesis.source,
        " ".join(hypothesis.through), hypothesis.target, hypothesis_path(hypothesis),
        "+" if hypothesis.sign == "+" else "−",
    )  # fmt: skip
    return dict(zip(HYPOTHESIS, values, strict=True))
