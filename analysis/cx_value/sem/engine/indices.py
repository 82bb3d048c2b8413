"""How well the model fits: the normal-theory test and the indices built on it.

Names are lavaan's with dots as underscores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RMSEA_LEVEL = 0.90
CLOSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """A χ² statistic with its degrees of freedom."""

    chisq: float
    df: float

    @property
    def p_value(self) -> float:
        from scipy.stats import chi2

        return float(chi2.sf(self.chisq, self.df)) if self.df > 0 else float("nan")


def incremental_indices(model: ChiSquare, baseline: ChiSquare) -> dict[str, float]:
    """Return CFI, TLI and their kin (Bentler 1990; Tucker and Lewis 1973; Bollen 1989).

    >>> model, baseline = ChiSquare(chisq=85.306, df=24), ChiSquare(chisq=918.852, df=36)
    >>> round(incremental_indices(model, baseline)["cfi"], 3)
    0.931
    """
    x, d, x0, d0 = model.chisq, model.df, baseline.chisq, baseline.df
    top, bottom = max(x - d, 0.0), max(x - d, x0 - d0, 0.0)
    nnfi = _ratio(x0 / d0 - x / d, x0 / d0 - 1) if d0 and d else 1.0
    return {
        "cfi": 1 - _ratio(top, bottom) if bottom > 0 else 1.0,
        "tli": nnfi,
        "nnfi": nnfi,
        "rfi": _ratio(x0 / d0 - x / d, x0 / d0) if d0 and d else 1.0,
        "nfi": _ratio(x0 - x, x0),
        "pnfi": _ratio(d * (x0 - x), d0 * x0),
        "ifi": _ratio(x0 - x, x0 - d),
        "rni": 1 - _ratio(x - d, x0 - d0),
    }


def rmsea_indices(model: ChiSquare, n: float, n_groups: int = 1) -> dict[str, float]:
    """Return RMSEA, its 90 % interval and the test of close fit (Browne and Cudeck 1993).

    >>> round(rmsea_indices(ChiSquare(chisq=85.306, df=24), 301)["rmsea"], 3)
    0.092
    """
    from scipy.stats import ncx2

    x, d = model.chisq, model.df
    if d <= 0:
        value = 0.0 if d == 0 else float("nan")
        return {"rmsea": value, "rmsea_ci_lower": value, "rmsea_ci_upper": value,
                "rmsea_pvalue": float("nan")}  # fmt: skip
    spread = n_groups / (n * d)
    lower = noncentrality(x, d, 1 - (1 - RMSEA_LEVEL) / 2)
    upper = noncentrality(x, d, (1 - RMSEA_LEVEL) / 2)
    close = CLOSE**2 / spread
    return {
        "rmsea": float(np.sqrt(max(x - d, 0.0) * spread)),
        "rmsea_ci_lower": float(np.sqrt(lower * spread)),
        "rmsea_ci_upper": float(np.sqrt(upper * spread)),
        "rmsea_pvalue": float(ncx2.sf(x, d, close)),
    }


def noncentrality(x: float, df: float, probability: float) -> float:
    """Return λ at which a noncentral χ² lies below x with this probability; 0 if none does."""
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    if not np.isfinite(x):
        return float("nan")
    if x <= 0 or chi2.cdf(x, df) < probability:
        return 0.0
    high = max(x, 10.0)
    while ncx2.cdf(x, df, high) > probability and high < 1e12:
        high *= 2
    return float(brentq(lambda lam: ncx2.cdf(x, df, lam) - probability, 0, high, xtol=1e-12))


def scaled_indices(
    model: ChiSquare, c: float, baseline: ChiSquare, c0: float, n: float, n_groups: int
) -> dict[str, float]:
    """Return indices on the scaled statistics, and their robust versions.

    Robust CFI, TLI and RMSEA estimate the population value of the normal-theory index
    (Brosseau-Liard and Savalei 2014; Brosseau-Liard, Savalei and Li 2012).
    """
    test = ChiSquare(chisq=model.chisq / c if c else model.chisq, df=model.df)
    test0 = ChiSquare(chisq=baseline.chisq / c0, df=baseline.df)
    out = {
        "chisq_scaled": test.chisq,
        "df_scaled": test.df,
        "pvalue_scaled": test.p_value,
        "chisq_scaling_factor": c,
        "baseline_chisq_scaled": test0.chisq,
        "baseline_df_scaled": test0.df,
        "baseline_pvalue_scaled": test0.p_value,
        "baseline_chisq_scaling_factor": c0,
    }
    scaled = incremental_indices(test, test0) | _scaled_rmsea(model, c, n, n_groups)
    out |= {f"{name}_scaled": value for name, value in scaled.items()}
    return out | robust_versions(model, c, baseline, c0, n, n_groups)


def _scaled_rmsea(model: ChiSquare, c: float, n: float, n_groups: int) -> dict[str, float]:
    """Return RMSEA with c·df in the place of the degrees of freedom, as lavaan has it."""
    if model.df <= 0:
        return rmsea_indices(model, n, n_groups)
    return rmsea_indices(ChiSquare(chisq=model.chisq, df=c * model.df), n, n_groups)


def robust_versions(
    model: ChiSquare, c: float, baseline: ChiSquare, c0: float, n: float, n_groups: int
) -> dict[str, float]:
    """Return CFI, TLI, RNI and RMSEA with c·df in the place of the degrees of freedom."""
    away, away0 = model.chisq - c * model.df, baseline.chisq - c0 * baseline.df
    top, bottom = max(away, 0.0), max(away, away0, 0.0)
    tli = 1 - (away * baseline.df) / (away0 * model.df) if away0 and model.df else float("nan")
    spread = c * n_groups / (n * model.df) if model.df else float("nan")
    out = {
        "cfi_robust": 1 - _ratio(top, bottom) if bottom else 1.0,
        "tli_robust": tli,
        "nnfi_robust": tli,
        "rni_robust": 1 - _ratio(away, away0),
    }
    if model.df <= 0:
        return out
    scaled = ChiSquare(chisq=model.chisq / c, df=model.df)
    limits = [noncentrality(scaled.chisq, scaled.df, share) for share in (0.95, 0.05)]
    from scipy.stats import ncx2

    return out | {
        "rmsea_robust": float(np.sqrt(max(away, 0.0) * n_groups / (n * model.df))),
        "rmsea_ci_lower_robust": float(np.sqrt(limits[0] * spread)),
        "rmsea_ci_upper_robust": float(np.sqrt(limits[1] * spread)),
        "rmsea_pvalue_robust": float(ncx2.sf(scaled.chisq, scaled.df, CLOSE**2 / spread)),
    }


def srmr(
    sample: np.ndarray, implied: np.ndarray, means: tuple[np.ndarray, np.ndarray] | None = None
) -> float:
    """Standardised root mean square residual of one group (Bentler 1995), means included.

    >>> srmr(np.eye(2), np.array([[1.0, 0.3], [0.3, 1.0]])).round(4)
    np.float64(0.1732)
    """
    spread = np.sqrt(np.diag(sample))
    residual = (sample - implied) / np.outer(spread, spread)
    squares = residual[np.tril_indices(len(sample))] ** 2
    if means is not None:
        squares = np.concatenate([squares, ((means[0] - means[1]) / spread) ** 2])
    return np.sqrt(squares.mean())


def information_criteria(logl: float, npar: int, n: float) -> dict[str, float]:
    """AIC (Akaike 1974), BIC (Schwarz 1978) and sample-size adjusted BIC (Sclove 1987)."""
    return {
        "aic": -2 * logl + 2 * npar,
        "bic": -2 * logl + npar * np.log(n),
        "bic2": -2 * logl + npar * np.log((n + 2) / 24),
    }


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom != 0 else float("nan")
