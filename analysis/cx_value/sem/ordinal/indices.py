r"""Fit of a least-squares model: plain, scaled and robust, by lavaan's names.

With :math:`T` the plain statistic, :math:`t_1 = \mathrm{tr}(U\Gamma)` and :math:`t_2 =
\mathrm{tr}[(U\Gamma)^2]`: mean-adjusted :math:`T / (t_1/d)` (Satorra & Bentler, 1994),
mean-and-variance-adjusted :math:`T t_1/t_2` with :math:`t_1^2/t_2` degrees of freedom
(Satterthwaite), scaled-shifted :math:`a T + d - a t_1`, :math:`a = \sqrt{d/t_2}` (Asparouhov &
Muthén, 2010). CFI, TLI and RMSEA called robust follow Savalei (2021) for ordinal items and
Brosseau-Liard, Savalei & Li (2012) for continuous ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_value.sem.engine.indices import (
    CLOSE,
    RMSEA_LEVEL,
    ChiSquare,
    incremental_indices,
    noncentrality,
    rmsea_indices,
)
from cx_value.sem.ordinal.search import Moments, Sandwich

NAN = float("nan")
_ENDLESS = 1e9  # a statistic of matrices that are all but singular
_ROBUST_RMSEA = (
    "rmsea_robust",
    "rmsea_ci_lower_robust",
    "rmsea_ci_upper_robust",
    "rmsea_pvalue_robust",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """One statistic with the traces that correct it."""

    chisq: float
    df: int
    trace: float
    trace_square: float

    @property
    def factor(self) -> float:
        return float(np.sqrt(self.trace_square / self.df)) if self.df else NAN

    @property
    def shift(self) -> float:
        return self.df - self.trace / self.factor if self.df else NAN

    @property
    def mean_factor(self) -> float:
        return self.trace / self.df if self.df else NAN

    def shifted(self) -> ChiSquare:
        """Scaled-shifted statistic."""
        value = self.chisq / self.factor + self.shift if self.df else self.chisq
        return ChiSquare(chisq=value, df=self.df)


def adjusted_indices(test: Adjusted, baseline: Adjusted, n: int, n_groups: int) -> dict[str, float]:
    """Return every statistic and the indices made from the plain and the scaled one."""
    plain = ChiSquare(chisq=test.chisq, df=test.df)
    plain0 = ChiSquare(chisq=baseline.chisq, df=baseline.df)
    shifted, shifted0 = test.shifted(), baseline.shifted()
    scaled = incremental_indices(shifted, shifted0) | rmsea_indices(shifted, n, n_groups)
    return {
        "chisq": plain.chisq,
        "df": test.df,
        "pvalue": plain.p_value,
        "chisq_scaled": shifted.chisq,
        "df_scaled": test.df,
        "pvalue_scaled": shifted.p_value,
        "chisq_scaling_factor": test.factor,
        "chisq_shift_parameter": test.shift,
        **_other_adjustments(test),
        "baseline_chisq": plain0.chisq,
        "baseline_df": baseline.df,
        "baseline_pvalue": plain0.p_value,
        "baseline_chisq_scaled": shifted0.chisq,
        "baseline_df_scaled": baseline.df,
        "baseline_pvalue_scaled": shifted0.p_value,
        "baseline_chisq_scaling_factor": baseline.factor,
        **incremental_indices(plain, plain0),
        **rmsea_indices(plain, n, n_groups),
        **{f"{name}_scaled": value for name, value in scaled.items()},
    }


def _other_adjustments(test: Adjusted) -> dict[str, float]:
    from scipy.stats import chi2

    if not test.df:
        names = ("chisq_mean_adjusted", "pvalue_mean_adjusted", "chisq_mean_var_adjusted",
                 "df_mean_var_adjusted", "pvalue_mean_var_adjusted")  # fmt: skip
        return dict.fromkeys(names, NAN)
    mean = ChiSquare(chisq=test.chisq / test.mean_factor, df=test.df)
    df = test.trace**2 / test.trace_square
    both = test.chisq * df / test.trace
    return {
        "chisq_mean_adjusted": mean.chisq,
        "pvalue_mean_adjusted": mean.p_value,
        "chisq_mean_var_adjusted": both,
        "df_mean_var_adjusted": df,
        "pvalue_mean_var_adjusted": float(chi2.sf(both, df)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A statistic of Savalei's kind: ``chisq`` with expectation ``factor · df`` in a true model.

    ``reference`` is the χ²-distributed statistic for intervals, ``spread`` its unit.
    """

    chisq: float
    df: int
    factor: float
    reference: float = NAN
    spread: float = 1.0


def robust_indices(test: Corrected, baseline: Corrected, n: int, n_groups: int) -> dict[str, float]:
    """Return robust CFI, TLI and RMSEA with interval and test of close fit."""
    from scipy.stats import ncx2

    if not test.df:
        perfect = {"cfi_robust": 1.0, "tli_robust": 1.0}
        return perfect | dict.fromkeys(_ROBUST_RMSEA[:3], 0.0) | {_ROBUST_RMSEA[3]: NAN}
    if not np.isfinite(test.reference) or test.reference > _ENDLESS:
        return dict.fromkeys(("cfi_robust", "tli_robust", *_ROBUST_RMSEA), NAN)
    top = test.chisq - test.factor * test.df
    bottom = baseline.chisq - baseline.factor * baseline.df
    most = max(top, bottom, 0.0)
    out = {
        "cfi_robust": 1 - max(top, 0.0) / most if most else 1.0,
        "tli_robust": 1 - top * baseline.df / (bottom * test.df) if bottom else 1.0,
    }
    unit = n_groups / (n * test.df)
    level = (1 - RMSEA_LEVEL) / 2
    ends = [noncentrality(test.reference, test.df, q) for q in (1 - level, level)]
    low, high = (float(np.sqrt(test.spread * lam * unit)) for lam in ends)
    close = CLOSE**2 / (unit * test.spread)
    return out | {
        "rmsea_robust": float(np.sqrt(max(top, 0.0) * unit)),
        "rmsea_ci_lower_robust": low,
        "rmsea_ci_upper_robust": high,
        "rmsea_pvalue_robust": float(ncx2.sf(test.reference, test.df, close)),
    }


def corrected_continuous(test: Adjusted, baseline: Adjusted) -> tuple[Corrected, Corrected]:
    """The plain statistics with their mean corrections, for continuous variables."""
    model = Corrected(
        chisq=test.chisq,
        df=test.df,
        factor=test.mean_factor,
        reference=test.shifted().chisq,
        spread=test.factor,
    )
    none = Corrected(chisq=baseline.chisq, df=baseline.df, factor=baseline.mean_factor)
    return model, none


def corrected_ordinal(
    sample: np.ndarray, implied: np.ndarray, moments: Moments, found: Sandwich, df: int
) -> tuple[Corrected, Corrected]:
    """Normal-theory statistics on the polychoric matrices at the least-squares estimates.

    ``sample`` and ``implied`` are (groups, p, p) correlation matrices. Undefined (NaN) where either
    is not positive definite. Savalei (2021), Multivariate Behavioral Research 56, 390–407.
    """
    groups, p = sample.shape[:2]
    df0 = groups * p * (p - 1) // 2
    values = np.linalg.eigvalsh(np.concatenate([sample, implied]))
    if not df or values.min() < 1e-8:
        nothing = Corrected(chisq=NAN, df=df, factor=NAN)
        return nothing, Corrected(chisq=NAN, df=df0, factor=NAN)
    chisq = chisq0 = 0.0
    for share, s, m in zip(moments.share, sample, implied, strict=True):
        log_s = np.linalg.slogdet(s)[1]
        distance = np.linalg.slogdet(m)[1] + np.trace(np.linalg.solve(m, s)) - log_s - p
        chisq += moments.n * share * distance
        chisq0 -= moments.n * share * log_s
    factor = _normal_theory_trace(implied, moments, found) / df
    first = moments.n_first
    null = sum(
        np.trace(g[first:, first:]) / share
        for g, share in zip(moments.gamma, moments.share, strict=True)
    )
    model = Corrected(chisq=chisq, df=df, factor=factor, reference=chisq / factor, spread=factor)
    return model, Corrected(chisq=chisq0, df=df0, factor=float(null) / df0)


def _normal_theory_trace(implied: np.ndarray, moments: Moments, found: Sandwich) -> float:
    """tr(P' V P Γ): V normal-theory weight of correlations, P = I - ΔEΔ'W (residual maker)."""
    first, groups = moments.n_first, len(implied)
    size = len(moments.pairs)
    total = 0.0
    for g in range(groups):
        for h in range(groups):
            own = moments.weight[h, first:] * moments.share[h]
            maker = -found.slope[g, first:] @ found.bread @ (found.slope[h, first:].T * own)
            if g == h:
                maker = maker + np.eye(size)
            v = moments.share[g] * correlation_weight(implied[g], moments.pairs)
            spread = moments.gamma[h, first:, first:] / moments.share[h]
            total += float(((v @ maker @ spread) * maker).sum())
    return total


def correlation_weight(matrix: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """½ D'(Σ⁻¹ ⊗ Σ⁻¹)D for the off-diagonal elements ``pairs``."""
    inverse = np.linalg.inv(matrix)
    a, b = pairs.T
    return (
        inverse[np.ix_(a, a)] * inverse[np.ix_(b, b)]
        + inverse[np.ix_(a, b)] * inverse[np.ix_(b, a)]
    )
