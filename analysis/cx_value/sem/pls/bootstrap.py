"""Bootstrap of a PLS model: every resample fitted at once, from its correlations."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.sem.pls.algorithm import PlsBatch, fit_batch
from cx_value.sem.pls.model import PathModel
from cx_value.sem.pls.moments import ItemData, draw_rows, resampled_correlations
from cx_value.sem.pls.quality import heterotrait_monotrait_ratio

_AT_ONCE = 2000  # resamples fitted together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsDraws:
    """Every resample's estimates: one row per draw, NaN in all columns where it failed.

    ``paths``, ``indirect``, ``total`` have columns (source, target); ``weights`` and ``loadings``
    one column per item; ``r_squared`` one per endogenous construct; ``htmt`` (first, second).
    ``converged`` (draws,) tells which to trust, ``improper`` which of these left the range of
    correlations, loadings or R²; ``seed`` is None when rows were given.
    """

    paths: pd.DataFrame
    indirect: pd.DataFrame
    total: pd.DataFrame
    weights: pd.DataFrame
    loadings: pd.DataFrame
    r_squared: pd.DataFrame
    htmt: pd.DataFrame
    converged: np.ndarray
    improper: np.ndarray
    seed: int | None

    @property
    def n_draws(self) -> int:
        return len(self.converged)

    @property
    def n_failed(self) -> int:
        return int((~self.converged).sum())

    def failed_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of the share of failed resamples: Wilson (1927)."""
        from scipy.stats import norm

        z, n, share = norm.ppf((1 + confidence) / 2), self.n_draws, self.n_failed / self.n_draws
        centre, half = (
            share + z * z / (2 * n),
            z * np.sqrt(share * (1 - share) / n + (z / n) ** 2 / 4),
        )
        low, high = ((centre + side * half) / (1 + z * z / n) for side in (-1, 1))
        return max(0.0, float(low)), min(1.0, float(high))


def bootstrap_pls(
    items: ItemData,
    model: PathModel,
    start: np.ndarray,
    *,
    n_draws: int,
    seed: int | None,
    rows: np.ndarray | None = None,
    before: Callable[[np.ndarray], np.ndarray] | None = None,
) -> PlsDraws:
    """Refit the model on resampled rows.

    Parameters
    ----------
    items : ItemData
        Answers, NaN where missing, and weights.
    start : array (p,)
        Weights of the full sample, where every refit starts.
    rows : array (draws, n), optional
        Row numbers of each resample; drawn with ``seed`` when left out.
    before : callable, optional
        Turns a resample's correlations of the items into those of the model's indicators.

    Raises
    ------
    ConvergenceError
        If fewer than half the resamples could be fitted.
    """
    n = items.n_rows
    chosen = draw_rows(n, n_draws, seed) if rows is None else _check_rows(rows, n)
    parts = [
        _one_part(items, chosen[first : first + _AT_ONCE], model, start, before)
        for first in range(0, len(chosen), _AT_ONCE)
    ]
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    converged, improper = columns.pop("converged"), columns.pop("improper")
    if converged.mean() < 0.5:
        raise ConvergenceError(
            f"{int((~converged).sum())} of {len(converged)} resamples could not be fitted "
            "· allowed: at most half · do: look for items that hardly vary or blocks of mode B "
            "with "
            "collinear items."
        )
    for values in columns.values():
        values[~converged] = np.nan
    labels = _labels(model)
    frames = {key: pd.DataFrame(columns[key], columns=labels[key]) for key in columns}
    return PlsDraws(
        **frames, converged=converged, improper=improper & converged,
        seed=seed if rows is None else None,
    )  # fmt: skip


def _check_rows(rows: np.ndarray, n_rows: int) -> np.ndarray:
    chosen = np.asarray(rows)
    if chosen.ndim != 2 or chosen.min() < 0 or chosen.max() >= n_rows:
        raise DataError(
            f"rows has shape {chosen.shape} with values {chosen.min()} to {chosen.max()} · "
            f"allowed: (draws, rows) with values 0 to {n_rows - 1} · do: count used rows from zero."
        )
    return chosen


def _labels(model: PathModel) -> dict[str, pd.Index]:
    def named(pairs: list[tuple[int, int]], levels: tuple[str, str]) -> pd.MultiIndex:
        names = [(model.constructs[a], model.constructs[b]) for a, b in pairs]
        first, second = zip(*names, strict=True) if names else ((), ())
        return pd.MultiIndex.from_arrays([first, second], names=levels)

    ends = ("source", "target")
    upper = list(zip(*np.triu_indices(len(model.constructs), 1), strict=True))
    return {
        "paths": named(model.arrows, ends),
        "indirect": named(model.detours, ends),
        "total": named(model.effects, ends),
        "weights": pd.Index(model.items),
        "loadings": pd.Index(model.items),
        "r_squared": pd.Index([model.constructs[t] for t in model.endogenous]),
        "htmt": named(upper, ("first", "second")),
    }


def _one_part(
    items: ItemData,
    rows: np.ndarray,
    model: PathModel,
    start: np.ndarray,
    before: Callable[[np.ndarray], np.ndarray] | None,
) -> dict[str, np.ndarray]:
    correlations = resampled_correlations(
        items.raw, rows, items.weights, pairwise=items.pairs is not None
    )
    if before is not None:
        correlations = before(correlations)
    return batch_columns(fit_batch(correlations, model, start=start), correlations, model)


def batch_columns(
    batch: PlsBatch, correlations: np.ndarray, model: PathModel
) -> dict[str, np.ndarray]:
    """Lay a batch out in the columns of :class:`PlsDraws`."""
    total = batch.total_effects
    indirect = total - batch.paths
    htmt = heterotrait_monotrait_ratio(correlations, model)
    upper = np.triu_indices(len(model.constructs), 1)
    return {
        "paths": _pick(batch.paths, model.arrows),
        "indirect": _pick(indirect, model.detours),
        "total": _pick(total, model.effects),
        "weights": batch.weights.copy(),
        "loadings": batch.loadings.copy(),
        "r_squared": batch.r_squared[:, model.endogenous],
        "htmt": htmt[:, upper[0], upper[1]],
        "converged": batch.converged,
        "improper": _improper(batch, model),
    }


def _improper(batch: PlsBatch, model: PathModel) -> np.ndarray:
    """Mark solutions with a correlation, a loading or R² outside its range (PLSc)."""
    upper = np.triu_indices(len(model.constructs), 1)
    r_squared = batch.r_squared[:, model.endogenous]
    beyond = (np.abs(batch.correlations[:, upper[0], upper[1]]) >= 1).any(axis=1)
    beyond |= (np.abs(batch.loadings) > 1 + 1e-9).any(axis=1)
    return beyond | ((r_squared < 0) | (r_squared > 1)).any(axis=1)


def _pick(matrices: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    return matrices[:, rows, columns]


def summarise_draws(
    estimates: np.ndarray, draws: pd.DataFrame | None, confidence: float
) -> pd.DataFrame:
    """Standard error, t, p and percentile interval of each estimate; NaN without draws.

    ``p`` is twice the smaller share of draws on one side of zero, (count + 1) / (draws + 1), so it
    agrees with the interval and is never exactly zero: Davison & Hinkley (1997), section 4.4.
    Quantiles are of type 7 (linear interpolation).
    """
    frame = pd.DataFrame({"est": np.asarray(estimates, dtype=float)})
    if draws is None or frame.empty:
        return frame.assign(se=np.nan, t=np.nan, p=np.nan, ci_low=np.nan, ci_high=np.nan)
    kept = draws.dropna(how="all").to_numpy()
    kept = np.where(np.isfinite(kept), kept, np.nan)
    tail = (1.0 - confidence) / 2.0
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a ratio undefined in every draw
        error = np.nanstd(kept, axis=0, ddof=1)
        low, high = np.nanquantile(kept, [tail, 1.0 - tail], axis=0)
    fewest = np.minimum((kept <= 0).sum(axis=0), (kept >= 0).sum(axis=0))
    varies = error > 1e-12  # a single item's loading is 1 in every draw
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(varies, frame["est"] / error, np.nan)
    p = np.where(
        varies, np.minimum(1.0, 2.0 * (fewest + 1) / (np.isfinite(kept).sum(axis=0) + 1)), np.nan
    )
    return frame.assign(se=error, t=t, p=p, ci_low=low, ci_high=high)
