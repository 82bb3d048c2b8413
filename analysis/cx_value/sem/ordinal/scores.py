r"""Each respondent's position on the latent variables, given ordinal answers.

The score is the mode of the posterior (empirical Bayes modal, expected a posteriori's neighbour):
the normal prior of the model times the probability of every answer given
:math:`\eta`, :math:`\Phi[(\tau_k - \lambda'\eta)/s] - \Phi[(\tau_{k-1} - \lambda'\eta)/s]`. Muthén
(1998–2004), Mplus Technical Appendix 11.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import log_ndtr, ndtr

from cx_value.base.errors import ConvergenceError, ModelError
from cx_value.sem.design.matrices import THETA
from cx_value.sem.reading.result import ModelFit

METHODS = ("regression", "ebm", "bartlett", "ml")
_LEAST = 1e-290
_FLAT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One group's answers and what the model says of them, in the fit's units.

    ``rows`` (n, p) are values of continuous variables; ``low`` and ``high`` (n, p) the thresholds
    around an ordinal answer; ``seen`` (n, p); ``loadings`` (p, m), ``intercept`` and ``spread``
    (p,), prior ``mean`` (m,) and ``precision`` (m, m).
    """

    rows: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seen: np.ndarray
    is_ordinal: np.ndarray
    loadings: np.ndarray
    intercept: np.ndarray
    spread: np.ndarray
    mean: np.ndarray
    precision: np.ndarray


def factor_scores(fit: ModelFit, method: str = "regression") -> pd.DataFrame:
    """Return factor scores ``(rows used, latent variables)``, indexed by row of the data.

    Parameters
    ----------
    fit : ModelFit
    method : {"regression", "ebm", "bartlett", "ml"}
        The first two are the posterior mode, which is the regression score where all answers are
        continuous; the others leave the prior out: the mode of the likelihood, which is Bartlett's
        score there. It lies at infinity, and the score is NaN, where all of a factor's answers
        stand at one end of their scales. Missing answers are left out of a row's score.

    Raises
    ------
    ModelError
        The model has residual covariances or paths between observed variables, or a residual
        variance that is not positive.

    Notes
    -----
    Agrees with lavaan's ``lavPredict(method = "EBM")`` and ``"ML"`` up to where its search stops
    (1e-3) in one group with delta; elsewhere lavaan 0.6-14 mixes scaled thresholds with unscaled
    responses.
    """
    if method not in METHODS:
        raise ModelError(f"method is '{method}' · allowed: {', '.join(METHODS)} · do: choose one")
    _check(fit)
    prepared = fit.prepared
    latents = list(prepared.model.latents)
    units = prepared.design.state_units[[prepared.design.state.index(n) for n in latents]]
    modes = _likelihood_modes if method in ("bartlett", "ml") else _modes
    parts = [
        pd.DataFrame(modes(_group(fit, g)) * units, index=sample.index, columns=latents)
        for g, sample in enumerate(prepared.samples)
    ]
    return pd.concat(parts).sort_index()


def _check(fit: ModelFit) -> None:
    prepared = fit.prepared
    design = prepared.design
    noise = design.implied(fit.solution.theta).blocks[THETA][:, : len(prepared.model.observed)]
    noise = noise[:, :, : noise.shape[1]]
    off = noise - np.einsum("gii->gi", noise)[:, :, None] * np.eye(noise.shape[1])
    inside = [name for name in prepared.model.observed if name in design.state]
    if inside or np.abs(off).max() > 1e-12:
        raise ModelError(
            f"Scores with {'paths to or from ' + inside[0] if inside else 'residual covariances'} "
            "· allowed: indicators that are independent given the latent variables · do: fit the "
            "measurement model alone for scores"
        )
    if (np.einsum("gii->gi", noise) <= 0).any():
        raise ModelError(
            "Scores with a residual variance that is not positive · allowed: positive residual "
            "variances · do: mend the model first (see warnings)"
        )


def _group(fit: ModelFit, g: int) -> _Group:
    prepared, design = fit.prepared, fit.prepared.design
    implied = design.implied(fit.solution.theta)
    sample, p = prepared.samples[g], len(prepared.model.observed)
    at = [design.state.index(name) for name in prepared.model.latents]
    latent = implied.latent[g]
    means = prepared.model.meanstructure
    mean = latent[at, -1] if means else np.zeros(len(at))
    centre = sample.rows - (0.0 if means else prepared.sample.mean[g])
    low, high = _edges(fit, g)
    return _Group(
        rows=centre / design.units[:p],
        low=low,
        high=high,
        seen=~np.isnan(sample.rows),
        is_ordinal=prepared.sample.is_ordinal,
        loadings=implied.loadings[g][:p, at],
        intercept=implied.loadings[g][:p, -1] if means else np.zeros(p),
        spread=np.sqrt(np.diag(implied.blocks[THETA][g])[:p]),
        mean=mean,
        precision=np.linalg.inv(latent[np.ix_(at, at)] - np.outer(mean, mean)),
    )


def _edges(fit: ModelFit, g: int) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds below and above every ordinal answer; 0 elsewhere."""
    prepared, design = fit.prepared, fit.prepared.design
    moments, rows = prepared.moments, prepared.samples[g].rows
    cuts = design.thresholds(fit.solution.theta)[g]
    items = moments.location[moments.is_threshold]
    low, high = np.zeros(rows.shape), np.zeros(rows.shape)
    for j in design.ordinal:
        answered = ~np.isnan(rows[:, j])
        codes = np.unique(rows[answered, j], return_inverse=True)[1]
        edges = np.concatenate([[-np.inf], cuts[items == j], [np.inf]])
        low[answered, j], high[answered, j] = edges[codes], edges[codes + 1]
    return low, high


def _modes(group: _Group) -> np.ndarray:
    """Maximise every row's posterior together by Newton steps, halved where it would fall."""
    eta = np.tile(group.mean, (len(group.rows), 1))
    value, slope, bend = _posterior(group, eta)
    for _ in range(100):
        step = np.linalg.solve(bend, slope[..., None])[..., 0]
        if np.abs(step).max() < 1e-11:
            return eta
        for _ in range(30):
            trial = _posterior(group, eta + step)
            worse = ~(trial[0] >= value - 1e-12)
            if not worse.any():
                break
            step[worse] *= 0.5
        eta = eta + step
        value, slope, bend = trial
    if np.abs(slope).max() < 1e-6:
        return eta
    raise ConvergenceError(
        "Scores of some rows reached no mode · allowed: answers the model finds possible · do: "
        "look for extreme loadings (see warnings)"
    )


def _likelihood_modes(group: _Group) -> np.ndarray:
    """Maximise every row's likelihood; NaN for a factor whose answers set no end to it.

    A prior a million times wider than the model's keeps each step finite; where the answers say
    less about a factor than this, its mode is the prior's doing.
    """
    wide = replace(group, precision=group.precision * _FLAT)
    eta = _modes(wide)
    bend = _posterior(wide, eta)[2]
    own = np.diagonal(bend, axis1=1, axis2=2)
    endless = own < 100 * np.diag(wide.precision)
    return np.where(endless, np.nan, eta)


def _posterior(group: _Group, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log posterior (n,), its gradient (n, m), and minus its Hessian (n, m, m)."""
    centre = (group.intercept + eta @ group.loadings.T) / group.spread
    log_p, first, second = _ordinal_terms(group, centre)
    z = np.nan_to_num(group.rows / group.spread) - centre
    normal = ~group.is_ordinal
    log_p[:, normal] = -0.5 * z[:, normal] ** 2
    first[:, normal], second[:, normal] = z[:, normal], 1.0
    log_p, first, second = (np.where(group.seen, part, 0.0) for part in (log_p, first, second))
    direction = group.loadings / group.spread[:, None]
    away = eta - group.mean
    pull = away @ group.precision
    value = log_p.sum(axis=1) - 0.5 * (away * pull).sum(axis=1)
    slope = first @ direction - pull
    bend = np.einsum("np,pi,pj->nij", second, direction, direction, optimize=True)
    return value, slope, bend + group.precision


def _ordinal_terms(group: _Group, centre: np.ndarray) -> tuple[np.ndarray, ...]:
    """log P of each answer, its derivative by the response's mean, and minus the second."""
    upper, lower = group.high / group.spread - centre, group.low / group.spread - centre
    # In the upper tail the difference is taken on the other side, where it keeps its digits.
    flip = lower > 0
    a, b = np.where(flip, -upper, lower), np.where(flip, -lower, upper)
    log_p = log_ndtr(b) + np.log1p(-np.minimum(np.exp(log_ndtr(a) - log_ndtr(b)), 1 - 1e-16))
    probability = np.maximum(ndtr(b) - ndtr(a), _LEAST)
    density = [np.exp(-0.5 * edge**2) / np.sqrt(2 * np.pi) for edge in (lower, upper)]
    moment = [
        np.where(np.isfinite(e), e, 0.0) * d for e, d in zip((lower, upper), density, strict=True)
    ]
    first = (density[0] - density[1]) / probability
    second = first**2 - (moment[0] - moment[1]) / probability
    return log_p, first, np.maximum(second, 1e-10)
