"""Refitting a model in resampled data, all replicates as one batch.

A replicate's moments are weighted sums over the rows drawn, so all covariance matrices come from
one product of draw counts with row products; no resampled data are made. Every search starts at
the full-sample solution; those that fail are tried again from their own starting points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import DataError, ModelError
from analysis.results import Result
from analysis.sem.likelihood import Target, complete_target, value_at
from analysis.sem.matrices import Design
from analysis.sem.moments import Sample, augmented, central_moments
from analysis.sem.optimise import Optimum, minimise
from analysis.sem.solution import places, raw_values, standardised_values
from analysis.sem.starts import starting_points
from analysis.wording import Text, format_percent

if TYPE_CHECKING:
    from analysis.sem.result import ModelFit

CHUNK = 100
STEPS = 60
RETRIES = 1
RETRY_STEPS = 60
KINDS = ("percentile", "bc", "bca", "normal")
RULES = ("normal", "linear")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bootstrap(Result):
    """Every refit of a model.

    Attributes
    ----------
    parameters, standardised : DataFrame (draws, rows)
        Unstandardised and standardised solution of every draw, columns as the rows of
        ``fit.table()`` (``:=`` effects last); NaN where the refit failed.
    theta : ndarray (draws, k)
        Free parameters in the fit's internal units.
    converged : ndarray (draws,) of bool
        Which refits reached an optimum.
    value, iterations : ndarray (draws,)
        Discrepancy reached, and steps taken.
    rows : ndarray (draws, n)
        The rows drawn, as positions among the rows used, in the order of the data.
    """

    parameters: pd.DataFrame
    standardised: pd.DataFrame
    theta: np.ndarray
    converged: np.ndarray
    value: np.ndarray
    iterations: np.ndarray
    rows: np.ndarray
    fit: ModelFit

    @property
    def failed_share(self) -> float:
        """Share of refits that reached no optimum; the intervals rest on the others."""
        return float(1 - self.converged.mean())

    def table(
        self, kind: str = "percentile", *, rule: str = "normal", of: str = "est"
    ) -> pd.DataFrame:
        """Return intervals: ``lhs op rhs group label est se ci_low ci_high failed_share``.

        Parameters
        ----------
        kind : {"percentile", "bc", "bca", "normal"}
            Percentile, bias-corrected, bias-corrected and accelerated (Efron 1987), or normal.
        rule : {"normal", "linear"}
            How a quantile is read between two draws: on the normal scale (Davison and Hinkley
            1997, eq. 5.8; R's boot and lavaan) or linearly (numpy).
        of : {"est", "std_all"}
            Unstandardised or standardised solution.
        """
        frame = self.fit.table()
        draws = self.parameters if of == "est" else self.standardised
        out = frame[["lhs", "op", "rhs", "group", "label"]].copy()
        out["est"] = frame[of]
        low, high = self.intervals(draws.to_numpy(), frame[of].to_numpy(), kind, rule=rule, of=of)
        kept = draws.to_numpy()[self.converged]
        out["se"] = kept.std(axis=0, ddof=1)
        out["ci_low"], out["ci_high"] = low, high
        out["failed_share"] = self.failed_share
        return out

    def intervals(
        self,
        draws: np.ndarray,
        estimate: np.ndarray,
        kind: str = "percentile",
        *,
        rule: str = "normal",
        of: str | None = None,
        jackknife: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return limits for any quantity computed from the draws, ``(draws, m)``.

        BCa needs its ``jackknife`` values ``(n, m)`` unless the quantity is in the table.
        """
        from analysis.sem.intervals import bootstrap_interval

        if kind == "bca" and jackknife is None:
            jackknife = jackknife_values(self.fit)[of or "est"]
        return bootstrap_interval(
            draws[self.converged], estimate, kind, rule=rule, level=self.confidence,
            jackknife=jackknife,
        )  # fmt: skip

    @property
    def improper(self) -> np.ndarray:
        """Which refits converged to a negative variance or a standardised estimate beyond ±1."""
        names = [name.split(" ") for name in self.parameters.columns]
        variances = [len(n) > 2 and n[1] == "~~" and n[0] == n[2] for n in names]
        effects = [len(n) > 2 and n[1] in ("=~", "~") for n in names]
        negative = (self.parameters.loc[:, variances] < 0).any(axis=1)
        beyond = (self.standardised.loc[:, effects].abs() > 1 + 1e-6).any(axis=1)
        return (negative | beyond).to_numpy() & self.converged

    def sentence(self, lang: str = "en") -> str:
        """Tell how many refits the intervals rest on, and how many of these are improper."""
        kept, improper = int(self.converged.sum()), int(self.improper.sum())
        more = _IMPROPER[lang].format(n=improper, share=format_percent(improper / max(kept, 1), 1))
        return _REFITS[lang].format(
            all=len(self.converged), kept=kept, share=format_percent(self.failed_share, 1),
            more=more if improper else "",
        )  # fmt: skip


_REFITS = {
    "en": "Of {all} bootstrap refits {kept} converged ({share} failed){more}; intervals rest on "
    "all that converged.",
    "zh": "自助法抽样 {all} 次，{kept} 次收敛（失败 {share}）{more}；区间基于全部收敛的重抽样。",
}
_IMPROPER = {
    "en": "; {n} of these ({share}) hold a negative variance or a standardised estimate beyond ±1",
    "zh": "，其中 {n} 次（{share}）为不当解（方差为负或标准化估计超出 ±1）",
}


def bootstrap_model(
    fit: ModelFit, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
) -> Bootstrap:
    """Refit a model in samples drawn with replacement (within groups).

    Parameters
    ----------
    fit : ModelFit
        The fitted model.
    n : int
        Number of draws, where ``rows`` is not given.
    seed : int
        Seed of numpy's default generator; required where ``rows`` is not given.
    rows : ndarray (draws, n_used) of int, optional
        Rows to draw, as positions among the rows used in the order of the data.

    Raises
    ------
    DataError
        If ``rows`` does not fit the data, or neither ``seed`` nor ``rows`` is given.
    """
    rows = _drawn(fit, n, seed) if rows is None else _checked(fit, rows)
    parts = [
        _refit(fit, _replicates(fit, rows[at : at + CHUNK])) for at in range(0, len(rows), CHUNK)
    ]
    theta, value, converged, iterations, raw, std = (
        np.concatenate([part[i] for part in parts]) for i in range(6)
    )
    names = [_column(row) for row in fit.frame.itertuples()]
    lost = int((~converged).sum())
    result = Bootstrap(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=Text("Nonparametric bootstrap", zh="非参数自助法"),
        confidence=fit.confidence,
        notes=_notes(lost, len(rows)),
        parameters=pd.DataFrame(raw, columns=names),
        standardised=pd.DataFrame(std, columns=names),
        theta=theta, converged=converged, value=value, iterations=iterations, rows=rows, fit=fit,
    )  # fmt: skip
    return result


def jackknife_values(fit: ModelFit) -> dict[str, np.ndarray]:
    """Return the solutions with each row left out in turn, for the acceleration of BCa."""
    n = fit.n_used
    counts = np.ones((n, n)) - np.eye(n)
    parts = [_refit(fit, _from_counts(fit, counts[at : at + CHUNK])) for at in range(0, n, CHUNK)]
    converged = np.concatenate([part[2] for part in parts])
    raw, std = (np.concatenate([part[i] for part in parts])[converged] for i in (4, 5))
    return {"est": raw, "std_all": std}


def bollen_stine(
    fit: ModelFit, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
) -> pd.DataFrame:
    """Return χ² of refits in data rotated so that the model holds exactly.

    The share of converged draws with ``chisq`` at least that of the fit is the Bollen–Stine p value
    (Bollen and Stine 1992, eq. 19): Z = (Y − ȳ) S^(-1/2) Σ^(1/2).

    Parameters
    ----------
    fit : ModelFit
        A maximum-likelihood fit to complete data.
    n, seed, rows
        As for :func:`bootstrap_model`.

    Returns
    -------
    DataFrame
        ``chisq converged``, one row a draw; ``attrs["p"]`` holds the p value.
    """
    if fit.prepared.target.seen is not None or fit.prepared.samples[0].weights is not None:
        raise ModelError(
            "Bollen–Stine with missing answers or weights · allowed: complete, unweighted data · "
            "do: use the scaled test of estimator='mlr'"
        )
    rows = _drawn(fit, n, seed) if rows is None else _checked(fit, rows)
    rotated = replace(fit, prepared=replace(fit.prepared, samples=_rotated(fit)))
    values, reached = [], []
    for at in range(0, len(rows), CHUNK):
        target = _replicates(rotated, rows[at : at + CHUNK])
        found = _refit(rotated, target)
        saturated = value_at(target.sample[..., None, :, :], target)[0]
        values.append(2 * fit.n_used * (found[1] - saturated))
        reached.append(found[2])
    out = pd.DataFrame({"chisq": np.concatenate(values), "converged": np.concatenate(reached)})
    out.attrs["p"] = float((out.chisq[out.converged] >= fit.indices["chisq"]).mean())
    return out


def _rotated(fit: ModelFit) -> tuple[Sample, ...]:
    """Return the groups' rows with the implied means and covariances."""
    prepared, p = fit.prepared, len(fit.prepared.model.observed)
    implied = prepared.design.implied(fit.solution.theta, prepared.target.sample[0])
    units, out = np.outer(prepared.design.units[:p], prepared.design.units[:p]), []
    for g, sample in enumerate(prepared.samples):
        # The symmetric roots depend on units, so the rotation is made in the data's own.
        have = central_moments(prepared.target.sample[0, g], p) * units
        want = central_moments(implied.sigma[g], p) * units
        turned = (sample.rows - sample.mean()) @ _power(have, -0.5) @ _power(want, 0.5)
        if prepared.model.meanstructure:
            turned = turned + implied.sigma[g][:p, p] * prepared.design.units[:p]
        out.append(replace(sample, rows=turned))
    return tuple(out)


def _power(matrix: np.ndarray, power: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**power) @ vectors.T


def _refit(fit: ModelFit, target: Target) -> tuple:
    """Fit a chunk of replicates and read their solutions."""
    design = fit.prepared.design
    start = np.broadcast_to(fit.solution.theta, (len(target.moments), len(fit.solution.theta)))
    optimum = _retried(
        design, target, minimise(design, target, start, max_iterations=STEPS, near=True)
    )
    with np.errstate(all="ignore"):
        implied = design.implied(optimum.theta, target.sample)
        at = places(design)
        raw, std = raw_values(design, implied, at), standardised_values(design, implied, at)
    raw[~optimum.converged] = std[~optimum.converged] = np.nan
    return optimum.theta, optimum.value, optimum.converged, optimum.iterations, raw, std


def _retried(design: Design, target: Target, first: Optimum) -> Optimum:
    """Search again from other starting points where a replicate failed."""
    failed = np.flatnonzero(~first.converged)
    if not len(failed):
        return first
    starts = np.concatenate([starting_points(design, target.sample[r], RETRIES) for r in failed])
    again = minimise(
        design, target.take(np.repeat(failed, RETRIES)), starts, max_iterations=RETRY_STEPS
    )
    reached = np.where(np.isfinite(again.value), again.value, np.inf).reshape(-1, RETRIES)
    value = np.where(again.converged.reshape(-1, RETRIES), reached, np.inf)
    before = np.where(np.isfinite(first.value[failed]), first.value[failed], np.inf)
    # An optimum above a point some search has seen is not the optimum.
    found = value.min(axis=1) <= np.minimum(reached.min(axis=1), before) + 1e-9
    pick = np.arange(len(failed)) * RETRIES + value.argmin(axis=1)
    for name in ("theta", "value", "converged", "iterations"):
        getattr(first, name)[failed[found]] = getattr(again, name)[pick[found]]
    return first


def _replicates(fit: ModelFit, rows: np.ndarray) -> Target:
    n = fit.n_used
    shifted = rows + n * np.arange(len(rows))[:, None]
    counts = np.bincount(shifted.ravel(), minlength=n * len(rows)).reshape(len(rows), n)
    return _from_counts(fit, counts.astype(float))


def _from_counts(fit: ModelFit, counts: np.ndarray) -> Target:
    """Return the moments of replicates from how often each used row was drawn."""
    prepared = fit.prepared
    if prepared.target.seen is not None:
        return _pattern_moments(fit, counts)
    design, means = prepared.design, prepared.model.meanstructure
    moments, totals = [], []
    for sample, positions in zip(prepared.samples, _order(prepared.samples), strict=True):
        times = _weighted(counts[:, positions], sample)
        mean, covariance, total = _count_moments(sample.rows, times, design)
        moments.append(augmented(mean, covariance) if means else covariance)
        totals.append(total)
    weights = np.stack(totals, axis=1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    return complete_target(np.stack(moments, axis=1), weights)


def _weighted(times: np.ndarray, sample: Sample) -> np.ndarray:
    return times if sample.weights is None else times * sample.weights


def _pattern_moments(fit: ModelFit, counts: np.ndarray) -> Target:
    """Return moments by missing pattern; fixed predictors (always seen) from the rows drawn."""
    prepared, target = fit.prepared, fit.prepared.target
    design, replicates = prepared.design, len(counts)
    shape = (replicates, *target.moments.shape[1:])
    moments = np.broadcast_to(target.moments, shape).copy()
    weights = np.zeros((replicates, *target.weights.shape[1:]))
    sample_moments = np.broadcast_to(target.sample, (replicates, *target.sample.shape[1:])).copy()
    fixed = [prepared.model.observed.index(name) for name in prepared.model.exogenous]
    for g, (sample, order) in enumerate(
        zip(prepared.samples, _order(prepared.samples), strict=True)
    ):
        times = _weighted(counts[:, order], sample)
        filled = np.nan_to_num(sample.rows) / design.units[:-1]
        z = np.column_stack([filled, np.ones(len(filled))])
        for i, rows in enumerate(prepared.patterns[g].rows):
            products = (z[rows, :, None] * z[rows, None, :]).reshape(len(rows), -1)
            total = times[:, rows].sum(axis=1)
            drawn = total > 0
            summed = (times[:, rows] @ products).reshape(replicates, *shape[-2:])
            moments[drawn, g, i] = summed[drawn] / total[drawn, None, None]
            weights[:, g, i] = total
        if fixed:
            at = [*fixed, -1]
            inner = np.einsum("rn,ni,nj->rij", times, z[:, at], z[:, at])
            inner /= times.sum(axis=1)[:, None, None]
            sample_moments[np.ix_(range(replicates), [g], at, at)] = inner[:, None]
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    return Target(moments, weights, sample_moments, target.seen)


def _count_moments(rows: np.ndarray, times: np.ndarray, design: Design) -> tuple:
    """Mean ``(R, p)`` and covariance ``(R, p, p)`` in fit units, and rows drawn ``(R,)``."""
    p = rows.shape[1]
    centre = rows.mean(axis=0)
    centred = (rows - centre) / design.units[:p]
    i, j = np.tril_indices(p)
    total = times.sum(axis=1)
    first = times @ centred / total[:, None]
    second = times @ (centred[:, i] * centred[:, j]) / total[:, None]
    covariance = np.empty((len(times), p, p))
    covariance[:, i, j] = covariance[:, j, i] = second - first[:, i] * first[:, j]
    return first + centre / design.units[:p], covariance, total


def _order(samples: tuple[Sample, ...]) -> list[np.ndarray]:
    """Return each group's positions among all used rows, in the order of the data."""
    used = np.sort(np.concatenate([sample.index for sample in samples]))
    return [np.searchsorted(used, sample.index) for sample in samples]


def _drawn(fit: ModelFit, n: int, seed: int | None) -> np.ndarray:
    if seed is None:
        raise DataError(
            "No seed for the bootstrap · allowed: an integer · do: pass seed=… so that the draws "
            "can be repeated"
        )
    if n < 2:
        raise DataError(f"{n} bootstrap draws · allowed: at least 2 · do: ask for 1000 or more")
    random = np.random.default_rng(seed)
    rows = np.empty((n, fit.n_used), dtype=np.int32)
    for positions in _order(fit.prepared.samples):
        rows[:, positions] = random.choice(positions, size=(n, len(positions)))
    return rows


def _checked(fit: ModelFit, rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows)
    fits = rows.ndim == 2 and rows.shape[1] == fit.n_used and rows.dtype.kind in "iu"
    if not fits or rows.min() < 0 or rows.max() >= fit.n_used:
        raise DataError(
            f"rows has shape {rows.shape} and type {rows.dtype} · allowed: whole numbers from 0 to "
            f"{fit.n_used - 1}, draws × {fit.n_used} · do: draw positions of the rows used"
        )
    return rows


def _notes(lost: int, n: int) -> tuple[Text, ...]:
    if not lost:
        return ()
    return (
        Text(
            f"{lost} of {n} bootstrap refits reached no optimum and are left out of the intervals.",
            zh=f"{n} 次自助重抽样中有 {lost} 次未收敛，未计入区间。",
        ),
    )


def _column(row) -> str:
    name = f"{row.lhs} {row.op} {row.rhs}".strip()
    return f"{name} [{row.group}]" if row.group else name
