"""One factor beneath one scale: the loadings that ω is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.base.formulas import composite_reliability, mcdonald_omega
from cx_value.base.words import Phrase
from cx_value.measure.answers import Answers
from cx_value.measure.resamples import FEWEST_DRAWS, percentile_interval
from cx_value.sem.engine.moments import check_rank

# Beyond this share of refits without a proper solution an interval would describe the failures.
MOST_IMPROPER = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Omega:
    """ω and composite reliability of one scale; NaN, with a note, where they cannot be had."""

    omega: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    composite_reliability: float = np.nan
    n_failed: int = 0
    n_negative: int = 0
    note: Phrase | None = None


def scale_omega(
    answers: Answers, *, confidence: float = 0.95, bootstrap: int = 1000, seed: int = 0
) -> Omega:
    """Fit one factor to a scale by maximum likelihood and compute ω from it.

    Two items cannot tell two loadings apart, so that no ω is given for them; neither is one from
    a solution with a negative residual variance or for collinear items, nor an interval for fewer
    than 20 draws. The note says so.

    Notes
    -----
    Missing answers by full-information maximum likelihood, weights by pseudo maximum likelihood.
    The interval is the bootstrap percentile one (Kelley & Pornprasertmanit, 2016, Psychol.
    Methods 21), over the refits that converged; it is withheld where more than a tenth did not
    or have a negative residual variance. Agrees with lavaan to 1e-5
    (``tests/reference/reliability.R``).
    """
    from cx_value.sem import fit_model

    if len(answers.names) < 3:
        return Omega(note=Phrase("reliability.two_items"))
    # The model's own names cannot clash with what the syntax reserves; faults are told by item.
    names = [f"item{i}" for i in range(len(answers.names))]
    data = pd.DataFrame(answers.rows, columns=names)
    try:
        check_rank(answers.covariance, answers.names, answers.n)
        fit = fit_model("factor =~ " + " + ".join(names), data, std_lv=True, **_how(answers))
    except DataError:
        return Omega(note=Phrase("reliability.collinear", {"items": list(answers.names)}))
    except (ConvergenceError, ModelError):
        return Omega(note=Phrase("reliability.no_optimum"))
    table = fit.table()
    loadings, residuals, standardised = _parts(table)
    if (residuals <= 0).any():
        worst = int(residuals.argmin())
        facts = {"item": answers.names[worst], "variance": float(residuals[worst])}
        return Omega(note=Phrase("reliability.negative_residual", facts))
    low, high, failed, negative = np.nan, np.nan, 0, 0
    if bootstrap >= FEWEST_DRAWS:
        low, high, failed, negative = _interval(fit, table, bootstrap, seed, confidence)
    return Omega(
        omega=float(mcdonald_omega(loadings, residuals)),
        ci_low=low,
        ci_high=high,
        composite_reliability=float(composite_reliability(standardised)),
        n_failed=failed,
        n_negative=negative,
        note=_interval_note(bootstrap, failed, negative),
    )


def _how(answers: Answers) -> dict:
    """Say how the factor is fitted: gaps by full information, weights by their likelihood."""
    how = {"missing": "fiml"} if answers.has_gaps else {}
    return how if answers.weights is None else how | {"weights": answers.weights}


def _interval_note(draws: int, failed: int, negative: int) -> Phrase | None:
    if 0 < draws < FEWEST_DRAWS:
        return Phrase("reliability.few_draws", {"draws": draws, "fewest": FEWEST_DRAWS})
    if not failed + negative:
        return None
    return Phrase("reliability.refits", {
        "draws": draws, "failed": failed, "negative": negative,
        "withheld": failed + negative > MOST_IMPROPER * draws,
    })  # fmt: skip


def ordinal_omega(polychoric: np.ndarray) -> float:
    """ω of one least-squares factor on polychoric correlations.

    NaN for two items and where a uniqueness is not positive.

    Source: Gadermann, Guhn & Zumbo (2012), Pract. Assess. Res. Eval. 17. Agrees with lavaan's
    unweighted least squares on the same matrix to 1e-5.
    """
    from cx_value.measure.extraction import extract_principal_axes

    if len(polychoric) < 3:
        return np.nan
    solution = extract_principal_axes(polychoric, 1)
    if solution.heywood.any() or not solution.converged:
        return np.nan
    return float(composite_reliability(solution.loadings[:, 0]))


def _parts(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    loads = table[table.op == "=~"]
    residual = table[(table.op == "~~") & (table.lhs == table.rhs)].set_index("lhs").est
    return (
        loads.est.to_numpy(),
        residual[loads.rhs].to_numpy(),
        loads.std_all.to_numpy(),
    )


def _interval(
    fit, table: pd.DataFrame, draws: int, seed: int, confidence: float
) -> tuple[float, float, int, int]:
    refits = fit.bootstrap(draws, seed=seed)
    values = refits.parameters.to_numpy()
    loads = np.flatnonzero(table.op == "=~")
    place = {name: i for i, name in enumerate(table.lhs) if table.op.iloc[i] == "~~"}
    residuals = [place[item] for item in table.rhs.iloc[loads]]
    omega = mcdonald_omega(values[:, loads], values[:, residuals])
    low, high = percentile_interval(omega, confidence)
    negative = (values[:, residuals] < 0).any(axis=1)
    failed = int((~refits.converged).sum())
    if failed + negative.sum() > MOST_IMPROPER * draws:
        low = high = np.nan
    return float(low), float(high), failed, int(negative.sum())
