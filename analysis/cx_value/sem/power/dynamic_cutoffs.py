"""Cutoffs of fit indices simulated for the model at hand.

Fixed cutoffs were found for one model with loadings near .75; what counts as a bad CFI depends on
the loadings, the number of items and the sample. Dynamic cutoffs (McNeish and Wolf 2023) ask: which
values would this very model give if it were right, and which if a path of known size were missing?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import format_percent
from cx_value.base.words import Phrase
from cx_value.sem.design.matrices import Design, build_design
from cx_value.sem.design.parameters import Options, build_model
from cx_value.sem.engine.likelihood import complete_target, value_at
from cx_value.sem.engine.optimise import Optimum, minimise
from cx_value.sem.engine.starts import starting_points
from cx_value.sem.power.misspecification import (
    Level,
    misspecified_populations,
    standardised_population,
)
from cx_value.study.language.syntax import parse_syntax

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem.reading.result import ModelFit

INDICES = ("cfi", "rmsea", "srmr")
LOW_IS_BAD = {"cfi": True, "rmsea": False, "srmr": False}
ERRORS = (0.05, 0.10)
CHUNK = 250
STEPS = 60
SOURCES = {True: "mcneish2023a", False: "mcneish2023b"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DynamicCutoffs(Result):
    """Cutoffs for CFI, RMSEA and SRMR at each level of misspecification.

    The table has one row a level and index. Columns ``level added index cutoff error value
    passes``: ``added`` is what the population holds and the model omits, ``error`` the share of
    wrong decisions on either side (.05 or .10; NaN where the distributions overlap too much for
    any cutoff, and then ``cutoff`` is NaN and ``passes`` None). At level 0 the cutoff is what the
    right model keeps in 95 of 100 samples.

    Attributes
    ----------
    levels : tuple of Level
        What is wrong in the population at each level; level 0 is the fitted model itself.
    simulated : DataFrame
        ``level replication cfi rmsea srmr chisq converged`` of every refit.
    observed : dict of str to float
        The indices of the fitted model.
    source : str
        Whose rule it is, as a key of the bibliography.
    replications : int
        Samples drawn at each level.
    """

    template = "dynamic_cutoffs.cutoffs"

    frame: pd.DataFrame
    levels: tuple[Level, ...]
    simulated: pd.DataFrame
    observed: dict[str, float]
    source: str
    replications: int

    def reached(self, index: str) -> int | None:
        """Return the smallest level (1, 2, …) whose cutoff an index keeps, or None."""
        rows = self.frame[(self.frame["index"] == index) & (self.frame.level > 0)]
        kept = rows.level[[passed is True for passed in rows.passes]]
        return int(kept.min()) if len(kept) else None

    @property
    def judged(self) -> tuple[int, ...]:
        """Levels, from 1 on, at which at least one index has a cutoff."""
        rows = self.frame[(self.frame.level > 0) & self.frame.cutoff.notna()]
        return tuple(int(level) for level in rows.level.unique())

    @property
    def level(self) -> int | None:
        """The smallest level whose every cutoff is kept; None if there is none such."""
        for level in self.judged:
            passes = self.frame.passes[self.frame.level == level]
            if all(passes[passes.notna()]):
                return level
        return None

    @property
    def verdict(self) -> str:
        """``"below"`` (misfit smaller than :attr:`level`), ``"beyond"`` (at least the largest level
        judged) or ``"undecided"`` (samples of this size tell right from wrong at no level).
        """
        if not self.judged:
            return "undecided"
        return "beyond" if self.level is None else "below"

    def plot(self, ax: Axes | None = None, *, lang: str = "en", index: str = "cfi") -> Axes:
        """Draw the simulated distributions of an index and the fitted model's value."""
        from cx_value.sem.power.pictures import draw_index

        return draw_index(self.simulated, self.frame, index, self.observed[index], ax, lang)

    def facts(self) -> dict[str, Any]:
        """Return the cutoffs, the indices against them and the verdict."""
        return {
            "source": self.source, "n": self.n_used, "replications": self.replications,
            "levels": [self._level_facts(level) for level in self.levels[1:]],
            "observed": [{"index": i, "value": v} for i, v in self.observed.items()],
            "verdict": self.verdict, "level": self.level, "most": max(self.judged, default=0),
        }  # fmt: skip

    def _level_facts(self, level: Level) -> dict[str, Any]:
        rows = self.frame[self.frame.level == level.number]
        known = rows[rows.cutoff.notna()]
        cutoffs = known[["index", "cutoff"]].rename(columns={"cutoff": "value"})
        return {"number": level.number, "added": level.added, "cutoffs": cutoffs,
                "without": list(rows["index"][rows.cutoff.isna()])}  # fmt: skip


def simulate_cutoffs(
    fit: ModelFit,
    *,
    replications: int = 500,
    seed: int = 20_230_101,
    n: int | None = None,
    most: int | None = None,
) -> DynamicCutoffs:
    """Simulate cutoffs of fit indices for a fitted factor model.

    Parameters
    ----------
    fit : ModelFit
        A confirmatory factor analysis of numeric items: one group, ML family.
    replications : int
        Samples at each level.
    seed : int
        Seed of the draws; all levels use the same, so that they differ in the population only.
    n : int, optional
        Respondents; those of the fit by default.
    most : int, optional
        The largest level of misspecification that is simulated; by default all there are, which
        of several factors is one less than factors.

    Returns
    -------
    DynamicCutoffs

    Raises
    ------
    ModelError
        If the model is not a factor model, is saturated, has an inadmissible solution, or too few
        items that a misspecification can be added to.
    ConvergenceError
        If fewer than half the refits at some level reach an optimum.

    Notes
    -----
    Samples are normal with n respondents: their covariance matrices are drawn directly (Wishart,
    n − 1 degrees of freedom) and all refits run as one batch. A cutoff is the value beyond which
    95 % of the misspecified samples lie, given that 95 % of the right ones lie before it; failing
    that with 90 %, else there is none. Missing answers are not simulated; judged are the plain ML
    indices, as those of the samples are.

    Source: McNeish and Wolf (2023a, Psychological Methods 28, 61–88) for several factors; (2023b,
    Behavior Research Methods 55, 1157–1174) for one. Refits agree with lavaan's on the same
    covariance matrices to 1e-6.

    Examples
    --------
    >>> from cx_value.sem import fit_model
    >>> random = np.random.default_rng(5)
    >>> f = random.normal(size=300)
    >>> items = pd.DataFrame({f"q{i}": f + random.normal(size=300) for i in range(1, 7)})
    >>> fit = fit_model("f =~ q1 + q2 + q3 + q4 + q5 + q6", items)
    >>> found = simulate_cutoffs(fit, replications=100)
    >>> found.verdict, found.level
    ('below', 1)
    """
    _check(fit, replications, n)
    n = n or fit.n_used
    loadings, latent, noise = standardised_population(fit)
    levels = misspecified_populations(loadings, latent, noise)[: None if most is None else most + 1]
    design = covariance_design(fit)
    draws = wishart_draws(replications, n, len(loadings), seed)
    simulated = []
    for level in levels:
        root = np.linalg.cholesky(level.covariance)
        indices = refit_indices(design, root @ draws @ root.T, n)
        simulated.append(indices.assign(level=level.number, replication=range(replications)))
    frame = pd.concat(simulated, ignore_index=True)
    _check_share(frame)
    values = {name: fit.indices[name] for name in INDICES}
    return DynamicCutoffs(
        n_used=n, confidence=0.95,
        method=Phrase("estimators.named", {"method": "dynamic_cutoffs"}),
        notes=_notes(frame, fit), frame=_judged(frame, levels, values), levels=levels,
        simulated=frame, observed=values, source=SOURCES[latent.shape[0] > 1],
        replications=replications,
    )  # fmt: skip


def wishart_draws(replications: int, n: int, p: int, seed: int) -> np.ndarray:
    """Return covariance matrices (divisor n) of n standard normal rows, ``(replications, p, p)``.

    Bartlett's decomposition: S = TT'/n with χ²(n − 1 − i) on the squared diagonal of T and standard
    normals below it.

    >>> wishart_draws(4000, 50, 2, seed=1).mean(axis=0).round(2)
    array([[ 0.98, -0.  ],
           [-0.  ,  0.98]])
    """
    random = np.random.default_rng(seed)
    root = np.tril(random.normal(size=(replications, p, p)), -1)
    diagonal = np.sqrt(random.chisquare(n - 1 - np.arange(p), size=(replications, p)))
    root[:, np.arange(p), np.arange(p)] = diagonal
    return root @ np.swapaxes(root, 1, 2) / n


def refit_indices(design: Design, covariances: np.ndarray, n: int) -> pd.DataFrame:
    """Refit a factor model to covariance matrices and return its fit indices.

    Parameters
    ----------
    design : Design
        From :func:`covariance_design`.
    covariances : ndarray (R, p, p)
        Divisor n, variables as ``fit.prepared.model.observed``, in units of their implied standard
        deviations (correlation metric).
    n : int
        Respondents each stands for.

    Returns
    -------
    DataFrame
        ``cfi rmsea srmr chisq converged``; NaN where no optimum was reached.
    """
    chunks = [covariances[at : at + CHUNK] for at in range(0, len(covariances), CHUNK)]
    parts = [_refit(design, chunk, n) for chunk in chunks]
    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)


def cutoff_between(
    right: np.ndarray, wrong: np.ndarray, *, low_is_bad: bool
) -> tuple[float, float]:
    """Return the value that tells misspecified samples from right ones, and its error rate.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> right, wrong = random.normal(0.02, 0.01, 500), random.normal(0.08, 0.01, 500)
    >>> [round(float(v), 3) for v in cutoff_between(right, wrong, low_is_bad=False)]
    [0.062, 0.05]
    """
    for error in ERRORS:
        tail = 1 - error if low_is_bad else error
        bad, good = np.quantile(wrong, tail), np.quantile(right, 1 - tail)
        if (good > bad) if low_is_bad else (good < bad):
            return float(bad), error
    return np.nan, np.nan


def covariance_design(fit: ModelFit) -> Design:
    """Lay the fitted model out for covariance matrices in correlation metric, without means."""
    request = fit.prepared.request
    options = Options(equal=request.equal, partial=request.partial, std_lv=request.std_lv,
                      orthogonal=request.orthogonal)  # fmt: skip
    model = build_model(parse_syntax(request.syntax), options)
    implied = fit.implied_covariance().loc[list(model.observed), list(model.observed)]
    return build_design(model, np.sqrt(np.diag(implied)))


def _refit(design: Design, covariances: np.ndarray, n: int) -> dict[str, np.ndarray]:
    target = complete_target(covariances[:, None], np.ones((len(covariances), 1)))
    average = complete_target(covariances.mean(axis=0)[None, None], np.ones((1, 1)))
    starts = starting_points(design, average.sample[0], 3)
    centre = minimise(design, average.take(np.zeros(3, dtype=int)), starts)
    best = centre.theta[np.argmin(np.where(centre.converged, centre.value, np.inf))]
    found = minimise(design, target, best, max_iterations=STEPS, near=True)
    failed = np.flatnonzero(~found.converged)
    if len(failed):
        own = np.concatenate([starting_points(design, covariances[r][None], 1) for r in failed])
        again = minimise(design, target.take(failed), own, max_iterations=STEPS)
        for name in ("theta", "value", "converged"):
            getattr(found, name)[failed] = getattr(again, name)
    return _indices(design, target, found, n)


def _indices(design: Design, target, found: Optimum, n: int) -> dict[str, np.ndarray]:
    """Return CFI, RMSEA, SRMR and χ² of every refit at once."""
    sample = target.sample[:, 0]
    p = sample.shape[-1]
    variances = np.diagonal(sample, axis1=1, axis2=2)
    saturated = value_at(target.sample[..., None, :, :], target)[0]
    independent = 0.5 * (np.log(variances).sum(axis=1) + p)
    df0 = p * (p - 1) // 2
    df = p * (p + 1) // 2 - design.n_parameters
    chisq = np.maximum(2 * n * (found.value - saturated), 0)
    baseline = 2 * n * (independent - saturated)
    away, away0 = np.maximum(chisq - df, 0), np.maximum(baseline - df0, 0)
    worst = np.maximum(away, away0)
    cfi = 1 - np.divide(away, worst, out=np.zeros_like(away), where=worst > 0)
    implied = design.implied(found.theta, target.sample).sigma[:, 0]
    scale = np.sqrt(variances[:, :, None] * variances[:, None, :])
    squares = ((sample - implied) / scale)[:, *np.tril_indices(p)] ** 2
    out = {"cfi": cfi, "rmsea": np.sqrt(away / (n * df)), "srmr": np.sqrt(squares.mean(axis=1)),
           "chisq": chisq}  # fmt: skip
    out = {name: np.where(found.converged, value, np.nan) for name, value in out.items()}
    return out | {"converged": found.converged}


def _judged(
    simulated: pd.DataFrame, levels: Sequence[Level], values: dict[str, float]
) -> pd.DataFrame:
    kept = simulated[simulated.converged]
    rows = []
    for level in levels:
        added = Phrase("dynamic_cutoffs.added", level.added).bilingual()
        for name in INDICES:
            low = LOW_IS_BAD[name]
            right = kept[name][kept.level == 0].to_numpy()
            if level.number == 0:
                cutoff, error = float(np.quantile(right, 0.05 if low else 0.95)), 0.05
            else:
                wrong = kept[name][kept.level == level.number].to_numpy()
                cutoff, error = cutoff_between(right, wrong, low_is_bad=low)
            better = values[name] >= cutoff if low else values[name] <= cutoff
            rows.append(
                {"level": level.number, "added": added, "index": name, "cutoff": cutoff,
                 "error": error, "value": values[name],
                 "passes": None if np.isnan(cutoff) else bool(better)}
            )  # fmt: skip
    frame = tidy_frame(rows)
    frame["passes"] = pd.Series([row["passes"] for row in rows], dtype=object)
    return frame


def _check(fit: ModelFit, replications: int, n: int | None) -> None:
    if replications < 20 or (n is not None and n <= len(fit.prepared.model.observed)):
        raise DataError(
            f"replications = {replications}, n = {n} · allowed: 20 or more replications, more "
            "respondents than items · do: use 500 replications"
        )
    request = fit.prepared.request
    if len(fit.group_labels) > 1 or request.estimator not in ("ml", "mlr", "mlm"):
        raise ModelError(
            f"Dynamic cutoffs for {len(fit.group_labels)} group(s) by '{request.estimator}' · "
            "allowed: one group, ml, mlr or mlm · do: fit the measurement model to one group"
        )
    if fit.indices["df"] <= 0:
        raise ModelError(
            "The model is saturated (df = 0): it fits whatever is missing · allowed: df > 0 · do: "
            "judge the model that holds more items"
        )


def _check_share(simulated: pd.DataFrame) -> None:
    share = simulated.groupby("level").converged.mean()
    if (share < 0.5).any():
        raise ConvergenceError(
            f"Only {format_percent(share.min())} of the refits at level {share.idxmin()} reached "
            "an optimum · allowed: at least half · do: use a larger sample or a simpler model"
        )


def _notes(simulated: pd.DataFrame, fit: ModelFit) -> tuple[Phrase, ...]:
    lost, all_ = int((~simulated.converged).sum()), len(simulated)
    notes = []
    if lost:
        notes.append(
            Phrase("dynamic_cutoffs.failed", {"failed": lost, "refits": all_, "share": lost / all_})
        )
    if fit.prepared.target.seen is not None:
        notes.append(Phrase("dynamic_cutoffs.complete"))
    return tuple(notes)
