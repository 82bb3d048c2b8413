"""Does the conclusion survive another way of looking?

The model reported is fitted again by other estimators, on other respondents, and by the other
school; a path survives where its sign and its verdict stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.estimation import (
    Estimation,
    ordered_items,
    plain_estimation,
)
from cx_value.judge.fit_report import reported_indices
from cx_value.study.latents import structural_syntax, variable_of
from cx_value.study.model_checks import MOST_CATEGORIES

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study

#: A standardised path below this in size is next to nothing (r = .10 is small; Cohen 1988); there a
#: change of sign is none that matters.
NEGLIGIBLE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness(Result):
    """The paths of the reported model under every variant.

    Attributes
    ----------
    frame : DataFrame
        One row a path and variant: ``variant source target est p clear admissible same``. ``same``
        says whether sign and verdict are those of the analysis reported.
    fits : DataFrame
        ``variant n chisq df cfi …``, ``note`` (``not_fitted``, ``improper``, ``local_optima``)
        and ``reason``, the message of a variant that could not be fitted.
    """

    template = "robustness.paths"

    frame: pd.DataFrame
    fits: pd.DataFrame
    reported: bool = True
    hypotheses: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def wide(self) -> pd.DataFrame:
        """Return one row a path: ``source target``, ``<variant>_est``/``_p``, and ``survives``."""
        rows = []
        for (source, target), part in self.frame.groupby(["source", "target"], sort=False):
            cells = {}
            for row in part.itertuples():
                cells |= {f"{row.variant}_est": row.est, f"{row.variant}_p": row.p}
            survives = bool(part.same[part.admissible.astype(bool)].all())
            rows.append({"source": source, "target": target, **cells, "survives": survives})
        return tidy_frame(rows) if rows else tidy_frame([], ["source", "target", "survives"])

    def facts(self) -> dict[str, Any]:
        """Return ``reported paths kept variants lost shaken improper failed``.

        ``shaken`` are the hypotheses one of whose paths changes its sign or verdict.

        Analyses whose solution is not admissible (``improper``) confirm nothing and contradict
        nothing; they are named, as are those that could not be fitted (``failed``).
        """
        wide, others = self.wide(), self.frame[self.frame.variant != "reported"]
        usable = others[others.admissible.astype(bool)]
        lost = usable[~usable.same.astype(bool)]
        gone = {f"{row.source} → {row.target}" for row in lost.itertuples()}
        return {
            "reported": self.reported, "paths": len(wide), "kept": int(wide.survives.sum()),
            "variants": list(dict.fromkeys(usable.variant)),
            "improper": list(dict.fromkeys(others.variant[~others.admissible.astype(bool)])),
            "failed": [v for v in self.fits.variant if v not in set(self.frame.variant)],
            "shaken": [name for name, steps in self.hypotheses.items() if gone & set(steps)],
            "lost": [{"source": source, "target": target, "variants": list(part.variant)}
                     for (source, target), part in lost.groupby(["source", "target"], sort=False)],
        }  # fmt: skip


def check_robustness(
    study: Study,
    choice: ModelChoice,
    items: pd.DataFrame,
    *,
    how: Estimation | None = None,
    attentive: pd.Index | None = None,
    bootstrap: int = 500,
) -> Robustness:
    """Fit the reported model again in every way the study and its data allow.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        From :func:`cx_value.judge.structure.choose_model`.
    items : DataFrame (n, items)
        Answers analysed.
    how : Estimation, optional
        How the reported model was fitted; by default as :func:`choose_model` does by itself.
        Every variant changes one thing in it.
    attentive : Index, optional
        Rows of respondents who look attentive; None leaves that variant out.
    bootstrap : int
        Resamples of the PLS intervals.

    Returns
    -------
    Robustness
        A variant that cannot be fitted is in ``fits`` with the reason, and counts for nothing.
    """
    if choice.reported is None:
        return _nothing_reported(choice)
    how = how or plain_estimation(study, items)
    level = cutoffs_with(study.cutoffs)["significance"]
    paths = choice.paths()[["source", "target"]]
    found, fits = [], []
    for variant, run in _variants(study, choice, items, how, attentive, bootstrap):
        told = {"variant": variant}
        try:
            rows, fit, admissible = run()
        except AnalysisError as error:
            fits.append({**told, "note": "not_fitted", "reason": str(error)})
            continue
        frame = paths.merge(rows, on=["source", "target"], how="left")
        frame.insert(0, "variant", variant)
        frame["clear"] = [bool(level.passes(p)) for p in frame.p]
        frame["admissible"] = admissible
        found.append(frame)
        fits.append({**told, "note": "", "reason": "", **fit})
    return Robustness(
        n_used=choice.fit.n_used, n_dropped=choice.fit.n_dropped, confidence=choice.confidence,
        method=Phrase("robustness.method"), frame=_compared(found), fits=tidy_frame(fits),
        reported=choice.reported is not None, hypotheses=_steps(study),
    )  # fmt: skip


def _steps(study: Study) -> dict[str, list[str]]:
    """Return the paths that every hypothesis speaks of, by the names of the model."""
    chains = {
        h.name: [variable_of(study, code) for code in (h.source, *h.through, h.target)]
        for h in study.hypotheses
    }
    return {name: [f"{a} → {b}" for a, b in pairwise(chain)] for name, chain in chains.items()}


def _nothing_reported(choice: ModelChoice) -> Robustness:
    """Return the result of a study in which no model is reported: there is nothing to compare."""
    columns = ["variant", "source", "target", "est", "p", "clear", "admissible", "same"]
    return Robustness(
        n_used=choice.n_used, n_dropped=choice.n_dropped, confidence=choice.confidence,
        method=Phrase("robustness.method"), frame=tidy_frame([], columns),
        fits=tidy_frame([], ["variant", "note"]), reported=False,
    )  # fmt: skip


def _compared(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Mark every path that has the sign and verdict it has in the reported analysis.

    A path that is unclear both times keeps its verdict; it may change its sign only next to zero.
    """
    import pandas as pd

    reported = frames[0]
    for frame in frames:
        same_sign = np.sign(frame.est) == np.sign(reported.est)
        near_zero = (frame.est.abs() < NEGLIGIBLE) & (reported.est.abs() < NEGLIGIBLE)
        unclear = ~frame.clear & ~reported.clear
        frame["same"] = (frame.clear == reported.clear) & (same_sign | (unclear & near_zero))
    return pd.concat(frames, ignore_index=True)


def _variants(
    study: Study,
    choice: ModelChoice,
    items: pd.DataFrame,
    how: Estimation,
    attentive: pd.Index | None,
    bootstrap: int,
) -> Iterator[tuple[str, Callable[[], tuple]]]:
    """Yield every other analysis that the study and its data allow, each with one thing changed."""
    fit = partial(_covariance_fit, structural_syntax(study, choice.shown), items)
    for variant, plan in other_plans(study, choice, items, how):
        yield variant, partial(fit, plan)
    rows = items.index if attentive is None else items.index.intersection(attentive)
    if len(rows) < len(items):
        yield "attentive", partial(fit, how, rows=rows)
    if choice.shown.paths:
        yield "pls", partial(_pls_fit, study, choice, items, bootstrap, how.weights)


def other_plans(
    study: Study, choice: ModelChoice, items: pd.DataFrame, how: Estimation
) -> Iterator[tuple[str, Estimation]]:
    """Yield the plan reported and those that change its estimator, rows or weights."""
    yield "reported", how
    names = list(choice.fit.implied_covariance().columns)
    gaps = bool(items[names].isna().any(axis=None))
    partial_answers = "fiml" if gaps and how.missing != "listwise" else "listwise"
    if how.estimator != "ml" and how.weights is None:
        yield "ml", how.with_changes(estimator="ml", missing=partial_answers)
    if how.estimator != "mlr":
        yield "mlr", how.with_changes(estimator="mlr", missing=partial_answers)
    ordered = ordered_items(study, items, MOST_CATEGORIES)
    if how.estimator != "wlsmv" and set(names) <= set(ordered):
        missing = "pairwise" if partial_answers == "fiml" else "listwise"
        yield "wlsmv", how.with_changes(estimator="wlsmv", missing=missing, ordered=ordered)
    if gaps and how.missing == "listwise" and how.estimator != "wlsmv":
        yield "fiml", how.with_changes(missing="fiml")
    if gaps and how.missing != "listwise":
        yield "listwise", how.with_changes(missing="listwise")
    if how.weights is not None:
        yield "unweighted", how.with_changes(weights=None)


def _covariance_fit(
    syntax: str, items: pd.DataFrame, how: Estimation, rows: pd.Index | None = None
) -> tuple[pd.DataFrame, Mapping[str, Any], bool]:
    fit = how.fit(syntax, items if rows is None else items.loc[rows])
    table = fit.standardised()
    table = table[table.op == "~"].rename(columns={"rhs": "source", "lhs": "target"})
    told = {"n": fit.n_used, **reported_indices(fit), "note": _note(fit)}
    return table[["source", "target", "est", "p"]], told, fit.admissible


def _note(fit: ModelFit) -> str:
    """Return what a reader must know of a variant, as codes parted by blanks."""
    said = {"improper": not fit.admissible,
            "local_optima": any(f.code == "local_optima" for f in fit.diagnostics)}  # fmt: skip
    return " ".join(code for code, holds in said.items() if holds)


def _pls_fit(
    study: Study,
    choice: ModelChoice,
    items: pd.DataFrame,
    bootstrap: int,
    weights: pd.Series | None,
) -> tuple[pd.DataFrame, Mapping[str, Any], bool]:
    from cx_value.judge.path_modelling import fit_path_model, named_paths

    fit = fit_path_model(
        study, choice.shown, items, consistent=True, bootstrap=bootstrap, weights=weights
    )
    paths = named_paths(study, fit)[["source", "target", "est", "p"]]
    # Corrected for attenuation, scores of weak scales give paths and R² beyond what is possible.
    proper = bool((paths.est.abs() <= 1).all() and fit.r_squared.r_squared.between(0, 1).all())
    told = {"n": fit.n_used, **({} if proper else {"note": "improper"})}
    return paths, told, proper
