"""What full information does not reach, from several imputed data sets: PLS and regressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.pooling import Pooled, pool_estimates
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.study.imputation import impute_answers

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: Resamples behind the errors of PLS in one imputed data set.
RESAMPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imputed(Result):
    """Paths of PLS and slopes of regressions, pooled over imputed data sets."""

    template = "imputed.pooled"

    frame: pd.DataFrame
    imputations: int
    gaps: float

    def table(self) -> pd.DataFrame:
        """Return one row an estimate.

        Columns: ``analysis source target available std_all se df std_low std_high p
        missing_information same``; ``available`` is the estimate from the answers there are,
        ``same`` whether significance and sign are the same by it. All standardised.
        """
        return self.frame.copy()

    def facts(self) -> dict[str, Any]:
        """Return how far pooled estimates lie from those of the answers there are."""
        frame = self.frame
        change = (frame.std_all - frame.available).abs()
        top = frame.loc[change.idxmax()]
        return {
            "estimates": len(frame), "imputations": self.imputations, "gaps": self.gaps,
            "changed": frame.loc[~frame.same, ["source", "target"]].to_dict("records"),
            "largest": {"source": top.source, "target": top.target, "before": top.available,
                        "after": top.std_all},
            "missing_information": float(frame.missing_information.max()),
            "sources": {"rules": "rubin1987", "df": "barnard1999", "draws": "honaker2010"},
        }  # fmt: skip


def pool_imputed(
    study: Study, choice: ModelChoice | None, survey: Survey, *, imputations: int | None = None
) -> Imputed | None:
    """Pool the paths of PLS and the regressions of outcomes on levers by Rubin's rules.

    Parameters
    ----------
    study : Study
        ``options.imputations`` says how many data sets are made; 0 for none.
    choice : ModelChoice or None
        PLS is fitted to the paths of the model shown.
    survey : Survey
    imputations : int, optional
        In place of the study's number.

    Returns
    -------
    Imputed or None
        None where none are asked for, no answer is missing, or nothing can be fitted.
    """
    m = study.options.imputations if imputations is None else imputations
    gaps = float(survey.items.isna().to_numpy().mean())
    if not m or not gaps:
        return None
    try:
        frames = impute_answers(survey.items, m, seed=study.options.seed, weights=survey.weights)
        there = survey.rows(frames[0].index)
        filled = [replace(there, items=frame) for frame in frames]
        rows = [*_pls_rows(study, choice, there, filled), *_slope_rows(study, there, filled)]
    except AnalysisError:
        return None
    if not rows:
        return None
    return Imputed(
        n_used=there.n, n_dropped=survey.n - there.n, method=Phrase("imputed.method"),
        confidence=study.options.confidence, frame=tidy_frame(rows), imputations=m, gaps=gaps,
    )  # fmt: skip


def _pls_rows(
    study: Study, choice: ModelChoice | None, there: Survey, filled: list[Survey]
) -> Iterator[dict[str, Any]]:
    from cx_value.judge.path_modelling import fit_path_model, named_paths

    if choice is None or not choice.attempts or not choice.shown.paths:
        return
    found = [
        named_paths(study, fit_path_model(study, choice.shown, survey.items, consistent=False,
                                          bootstrap=RESAMPLES, weights=survey.weights))
        for survey in (there, *filled)
    ]  # fmt: skip
    first, *others = found
    pooled = pool_estimates(
        np.array([f.est for f in others]), np.array([f.se for f in others]) ** 2,
        df_complete=there.n - 1, confidence=study.options.confidence,
    )  # fmt: skip
    names = list(zip(first.source, first.target, strict=True))
    yield from _rows(study, "pls", names, first.est.to_numpy(), first.p.to_numpy(), pooled)


def _slope_rows(study: Study, there: Survey, filled: list[Survey]) -> Iterator[dict[str, Any]]:
    from cx_value.evaluate.drivers.levers import lever_scores, levers_of, outcomes_of

    levers = levers_of(study)
    scores = [lever_scores(study, survey) for survey in (there, *filled)]
    for outcome in outcomes_of(study):
        inside = [lever for lever in levers if lever != outcome and lever in scores[0]]
        if outcome not in scores[0] or len(inside) < 2:
            continue
        first, *others = [_slopes(s, inside, outcome, there.weights) for s in scores]
        pooled = pool_estimates(
            np.array([est for est, _, _ in others]), np.array([var for _, var, _ in others]),
            df_complete=there.n - len(inside) - 1, confidence=study.options.confidence,
        )  # fmt: skip
        names = [(lever, outcome) for lever in inside]
        yield from _rows(study, "regression", names, first[0], first[2], pooled)


def _slopes(
    scores: pd.DataFrame, levers: list[str], outcome: str, weights: pd.Series | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return standardised slopes, their robust variances and p values, of the complete rows."""
    import statsmodels.api as sm

    rows = scores[[*levers, outcome]].dropna()
    case = np.ones(len(rows)) if weights is None else weights.reindex(rows.index).fillna(0)
    share = np.asarray(case, float) / np.sum(case)
    values = rows.to_numpy(float) - share @ rows.to_numpy(float)
    z = values / np.sqrt(share @ values**2)
    fit = sm.WLS(z[:, -1], sm.add_constant(z[:, :-1]), weights=share).fit(cov_type="HC1")
    return fit.params[1:], fit.bse[1:] ** 2, fit.pvalues[1:]


def _rows(
    study: Study,
    analysis: str,
    names: list[tuple[str, str]],
    before: np.ndarray,
    p_before: np.ndarray,
    pooled: Pooled,
) -> Iterator[dict[str, Any]]:
    level = cutoffs_with(study.cutoffs)["significance"]
    for j, (source, target) in enumerate(names):
        clear = [bool(level.passes(float(p))) for p in (p_before[j], pooled.p[j])]
        same = clear[0] == clear[1] and (not clear[0] or before[j] * pooled.estimate[j] > 0)
        yield {
            "analysis": analysis, "source": source, "target": target, "available": before[j],
            "std_all": pooled.estimate[j], "se": pooled.error[j], "df": pooled.df[j],
            "std_low": pooled.low[j], "std_high": pooled.high[j], "p": pooled.p[j],
            "missing_information": pooled.missing_information[j], "same": same,
        }  # fmt: skip
