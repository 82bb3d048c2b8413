"""Questions to a model fitted by least squares: nested tests, residuals, modification indices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.sem.ordinal.model import OrdinalDesign, build_ordinal_design
from cx_value.sem.ordinal.search import Moments, implied_moments, moment_jacobian
from cx_value.sem.reading.inference import group_position

if TYPE_CHECKING:
    from cx_value.sem.ordinal.fit import OrdinalFit

RESIDUALS = ("raw", "correlation", "normalised", "standardised")


def difference_test(restricted: OrdinalFit, general: OrdinalFit) -> dict[str, float]:
    """Test whether a restricted model fits worse than the general one it is nested in.

    Parameters
    ----------
    restricted, general : OrdinalFit
        Fitted to the same variables and rows with the same estimator.

    Returns
    -------
    dict
        ``chisq df pvalue`` of the scaled-shifted difference, ``chisq_plain`` before correction.

    Raises
    ------
    ModelError
        Different data or estimators, or no more degrees of freedom than the general model.

    Notes
    -----
    The plain difference is a mixture of χ²; its mean and variance come from the directions of the
    general model's parameters that the restriction closes, read off the two Jacobians. Satorra
    (2000), in *Innovations in Multivariate Statistical Analysis*, 233–247; Asparouhov & Muthén
    (2006), Mplus Web Notes 10. Agrees with lavaan's ``lavTestLRT()`` to 1e-6.
    """
    from scipy.stats import chi2

    df = restricted.indices["df"] - general.indices["df"]
    _check_nested(restricted, general, df)
    closed = _closed_directions(restricted, general)
    bread = general.sandwich.bread
    middle = bread @ closed.T
    absorbed = middle @ np.linalg.pinv(closed @ middle) @ middle.T
    crossed = _meat(general) @ absorbed
    trace, trace_square = float(np.trace(crossed)), float((crossed * crossed.T).sum())
    plain = restricted.indices["chisq"] - general.indices["chisq"]
    factor = np.sqrt(df / trace_square)
    statistic = plain * factor + df - factor * trace
    return {
        "chisq": float(statistic),
        "df": int(df),
        "pvalue": float(chi2.sf(max(statistic, 0.0), df)),
        "chisq_plain": float(plain),
    }


def _check_nested(restricted: OrdinalFit, general: OrdinalFit, df: float) -> None:
    pair = restricted.prepared, general.prepared
    same = (
        pair[0].n == pair[1].n
        and pair[0].model.observed == pair[1].model.observed
        and pair[0].moments.observed.shape == pair[1].moments.observed.shape
        and np.allclose(pair[0].moments.weight, pair[1].moments.weight, rtol=1e-6)
    )
    if not same:
        raise ModelError(
            "The two models were fitted to different rows, variables or weights · allowed: the "
            "same data and estimator · do: refit both on the same data"
        )
    if df <= 0:
        raise ModelError(
            f"The restricted model has {restricted.indices['df']} degrees of freedom, the general "
            f"{general.indices['df']} · allowed: more in the restricted model · do: swap them"
        )


def _closed_directions(restricted: OrdinalFit, general: OrdinalFit) -> np.ndarray:
    """Rows spanning what the general parameters can do and the restricted ones cannot."""
    wide, narrow = (
        fit.sandwich.slope.reshape(-1, fit.sandwich.slope.shape[-1])
        for fit in (general, restricted)
    )
    reach = np.linalg.lstsq(wide, narrow, rcond=None)[0]
    vectors, sizes, _ = np.linalg.svd(reach)
    rank = int((sizes > 1e-8 * sizes[0]).sum())
    return vectors[:, rank:].T


def _meat(fit: OrdinalFit) -> np.ndarray:
    moments, slope = fit.prepared.moments, fit.sandwich.slope
    weighted = (moments.weight * moments.share[:, None])[:, :, None] * slope
    gamma = moments.gamma / moments.share[:, None, None]
    return sum(d.T @ g @ d for d, g in zip(weighted, gamma, strict=True))


# Residuals --------------------------------------------------------------------------------------


def residual_matrix(fit: OrdinalFit, kind: str, group: str | None) -> pd.DataFrame:
    """Return sample less implied (co)variances of the responses, (p, p).

    ``raw`` and ``correlation`` are the same for ordinal items; ``normalised`` divides by the
    standard error of the sample's correlation, ``standardised`` by that of the residual (Maydeu-
    Olivares, 2017). Agrees with lavaan's ``lavResiduals()``.
    """
    if kind not in RESIDUALS:
        raise ModelError(
            f"kind is '{kind}' · allowed: {', '.join(RESIDUALS)} · do: choose one of them"
        )
    prepared, g = fit.prepared, group_position(fit, group)
    moments = prepared.moments
    away = moments.observed - implied_moments(prepared.design, fit.solution.theta, moments)
    away = away[g]
    p = len(prepared.model.observed)
    units = prepared.design.units[:p]
    if kind in ("normalised", "standardised"):
        error = np.sqrt(np.maximum(_residual_variance(fit, kind, g), 0.0) / moments.n)
        away = np.divide(away, error, out=np.zeros_like(away), where=error > 1e-8)
        units = np.ones(p)
    elif kind == "correlation":
        units = units / np.sqrt(np.diag(prepared.sample.covariance[g]))
    matrix = np.zeros((p, p))
    a, b = moments.pairs.T
    matrix[a, b] = matrix[b, a] = away[moments.n_first :]
    own = moments.continuous
    matrix[own, own] = away[moments.n_first - len(own) : moments.n_first]
    names = list(prepared.model.observed)
    return pd.DataFrame(matrix * np.outer(units, units), index=names, columns=names)


def _residual_variance(fit: OrdinalFit, kind: str, g: int) -> np.ndarray:
    """Diagonal of Γ, or of (I - ΔEΔ'W) Γ (I - ΔEΔ'W)', for the moments of one group."""
    moments, found = fit.prepared.moments, fit.sandwich
    own = moments.gamma[g] / moments.share[g]
    if kind == "normalised":
        return np.diag(own)
    variance = np.diag(own).copy()
    weight = moments.weight * moments.share[:, None]
    for h, slope in enumerate(found.slope):
        pull = found.slope[g] @ found.bread @ (slope.T * weight[h])
        spread = moments.gamma[h] / moments.share[h]
        variance += np.einsum("ij,jk,ik->i", pull, spread, pull)
        if h == g:
            variance -= 2.0 * np.einsum("ij,ji->i", pull, spread)
    return variance


# Modification indices ---------------------------------------------------------------------------


def modification_indices(fit: OrdinalFit, minimum: float = 0.0, kinds=None) -> pd.DataFrame:
    """Return what freeing each absent loading, covariance or path would do, largest first.

    ``lhs op rhs group mi p epc epc_std`` as for maximum likelihood, with the information of least
    squares (Sörbom, 1989). Agrees with lavaan's ``modificationIndices()`` to 1e-5.
    """
    from scipy.stats import chi2

    from cx_value.sem.reading import modification

    prepared = fit.prepared
    kinds = modification.KINDS if kinds is None else kinds
    candidates = [c for c in modification._candidates(prepared.model) if c.op in kinds]
    columns = ["lhs", "op", "rhs", "group", "mi", "p", "epc", "epc_std"]
    if not candidates:
        return pd.DataFrame(columns=columns)
    enlarged = modification._enlarged(prepared.model, candidates)
    spread = prepared.design.units[: len(prepared.model.observed)]
    design = build_ordinal_design(replace(prepared.ordinal, model=enlarged), spread)
    theta, added = _enlarged_solution(fit, design, len(candidates))
    statistic, change = _score(design, theta, prepared.moments, added)
    epc, epc_std = modification._changes(design, theta, fit, change)
    frame = pd.DataFrame(
        [(c.lhs, c.op, c.rhs, fit.group_labels[c.group]) for c in candidates], columns=columns[:4]
    ).assign(mi=statistic, p=chi2.sf(statistic, 1), epc=epc, epc_std=epc_std)
    frame = frame[np.isfinite(frame["mi"]) & (frame["mi"] >= minimum)]
    return frame.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def _enlarged_solution(
    fit: OrdinalFit, design: OrdinalDesign, n_added: int
) -> tuple[np.ndarray, np.ndarray]:
    """The solution among the enlarged parameters, and where the added ones stand."""
    old = fit.prepared.design
    usual = fit.solution.theta[: old.n_usual]
    numbered = (old.offset + old.combine @ usual) * old.scale
    numbered = np.concatenate([numbered, np.zeros(n_added)]) / design.scale
    reduced = np.linalg.lstsq(design.combine, numbered - design.offset, rcond=None)[0]
    theta = np.concatenate([reduced, fit.solution.theta[old.n_usual :]])
    return theta, np.arange(design.n_usual - n_added, design.n_usual)


def _score(
    design: OrdinalDesign, theta: np.ndarray, moments: Moments, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the statistic and expected change of each added parameter on its own."""
    gradient, _, left = score_parts(design, theta, moments, added)
    return moments.n * gradient[added] ** 2 / left, gradient[added] / left


def score_parts(
    design: OrdinalDesign, theta: np.ndarray, moments: Moments, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradient, each added one's regression on the others, and what these leave of it.

    (k,), (added, kept) and (added,), the last as information of one observation.
    """
    slope = moment_jacobian(design, theta, moments)
    weight = moments.weight * moments.share[:, None]
    away = moments.observed - implied_moments(design, theta, moments)
    # lavaan multiplies the discrepancy, not the information, by (n - 1) / n in every group.
    less = 1.0 - 1.0 / (moments.n * moments.share[:, None])
    gradient = np.einsum("gqk,gq->k", slope, weight * less * away)
    information = np.einsum("gqk,gq,gql->kl", slope, weight, slope, optimize=True)
    kept = np.setdiff1d(np.arange(len(theta)), added)
    across = information[np.ix_(added, kept)]
    within = np.linalg.pinv(information[np.ix_(kept, kept)], hermitian=True)
    own = np.diag(information)[added]
    left = own - np.einsum("ij,jk,ik->i", across, within, across)
    left = np.where(left > 1e-9 * np.abs(own), left, np.nan)
    return gradient, across @ within, left
