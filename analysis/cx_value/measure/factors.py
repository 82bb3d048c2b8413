"""Which items go together, when nobody says beforehand? Exploratory factor analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ConvergenceError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.measure.answers import Answers, available_answers
from cx_value.measure.extraction import (
    Extraction,
    degrees_of_freedom,
    extract_maximum_likelihood,
    extract_principal_axes,
)
from cx_value.measure.retention import (
    Adequacy,
    Retention,
    factor_adequacy,
    factor_retention,
)
from cx_value.measure.rotation import arrange_factors, rotate_loadings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Adequacy",
    "FactorSolution",
    "Retention",
    "factor_adequacy",
    "factor_retention",
    "fit_factors",
]
METHODS = {"ml": extract_maximum_likelihood, "paf": extract_principal_axes}
CORRELATIONS = ("pearson", "polychoric")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorSolution(Result):
    """An exploratory factor solution.

    Attributes
    ----------
    loadings : DataFrame (p, m)
        Pattern loadings, items in rows, ``F1`` … in descending order of variance.
    factor_correlations : DataFrame (m, m)
    variance : DataFrame
        ``factor ss_loadings share cumulative_share``.
    fit : mapping of str to float
        ``chisq df p rmsea rmsea_ci_low rmsea_ci_high tli rmsr discrepancy`` (interval: 90 %).
    residuals : DataFrame (p, p)
        Observed less reproduced correlations, zero on the diagonal.
    items : DataFrame
        See :meth:`table`.
    options : mapping of str to str
        ``method rotation correlation`` as asked for.
    """

    template = "factors.solution"

    loadings: pd.DataFrame
    factor_correlations: pd.DataFrame
    variance: pd.DataFrame
    fit: Mapping[str, float]
    residuals: pd.DataFrame
    items: pd.DataFrame
    options: Mapping[str, str]
    cutoffs: Mapping[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row an item: ``item F1 … Fm communality uniqueness complexity factor primary
        cross primary_passes cross_passes difference_passes communality_passes heywood``.

        ``factor`` is where the item loads highest, ``primary`` that loading, ``cross`` the
        largest other in absolute value (Howard, 2016, asks for .40, .30 and a difference of .20);
        ``complexity`` is Hofmann's (1978) index.
        """
        return self.items.copy()

    def facts(self) -> dict[str, Any]:
        """Return extraction, variance, fit, and the items that do not sit clearly."""
        m = len(self.variance)
        between = self.factor_correlations.to_numpy()[np.tril_indices(m, -1)]
        related = np.abs(between).max(initial=0) > 0
        tested = self.fit["df"] > 0 and not np.isnan(self.fit["chisq"])
        rules = {"primary": "loading_primary", "cross": "loading_cross",
                 "difference": "loading_difference", "communality": "communality"}  # fmt: skip
        return {
            "factors": m, "n": self.n_used, **self.options, "level": self.confidence,
            "share": self.variance.cumulative_share.iloc[-1],
            "related": [between.min(), between.max()] if related else None,
            "fit": dict(self.fit) if tested else None,
            "weak": {name: self._failing(name) for name in rules},
            "rules": {name: self.cutoffs[rule].facts() for name, rule in rules.items()},
            "heywood": list(self.items["item"][self.items.heywood]),
        }  # fmt: skip

    def _failing(self, name: str) -> list[str]:
        return list(self.items["item"][self.items[f"{name}_passes"] == False])  # noqa: E712

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the pattern as a heat map, items in rows."""
        from cx_value.measure.pictures import draw_loadings

        return draw_loadings(self.loadings, ax, lang)


def fit_factors(
    items: pd.DataFrame,
    n_factors: int,
    columns: Sequence[str] | None = None,
    *,
    method: str = "ml",
    rotation: str = "oblimin",
    correlation: str = "pearson",
    weights: pd.Series | None = None,
    cutoffs: Mapping[str, float] | None = None,
) -> FactorSolution:
    """Explore how the items group into a given number of factors.

    Parameters
    ----------
    items : DataFrame (n, ·)
        Every answer is used: full-information moments where some are missing, polychoric
        correlations pairwise.
    n_factors : int
        See :func:`factor_retention`.
    columns : sequence of str, optional
    method : {"ml", "paf"}
        Maximum likelihood, or iterated principal axes.
    rotation : {"oblimin", "promax", "varimax", "none"}
    correlation : {"pearson", "polychoric"}
        Polychoric for rating scales of few categories; χ² is then not given.
    weights : Series, optional
        Case weights; χ² then counts the effective number of rows (Kish, 1965).
    cutoffs : mapping of str to float, optional

    Raises
    ------
    ModelError
        Too many factors, or an unknown option.
    ConvergenceError
        Extraction or rotation reached no stationary point.
    DataError
        As :func:`factor_adequacy`.

    Notes
    -----
    χ² = (n − 1 − (2p + 5)/6 − 2m/3)·F with F = log|Σ| − log|R| + tr(RΣ⁻¹) − p (Bartlett, 1951;
    Lawley & Maxwell, 1971); RMSEA = √(χ²/(df·n) − 1/(n − 1)) with its noncentral interval over
    df·(n − 1), and TLI with one multiplier for both models, as psych has them; with gaps the
    correlations are those of full-information maximum likelihood, and the test is approximate.
    Agrees with factanal, psych 2.2.9 and GPArotation at their optimum to 1e-6
    (``tests/reference/factors.R``).

    Examples
    --------
    >>> draw = np.random.default_rng(3).normal(size=(200, 8))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, i // 4] + draw[:, 2 + i % 6] for i in range(7)})
    >>> fit_factors(answers[["q0", "q1", "q2", "q3"]], 1).loadings.shape
    (4, 1)
    """
    if method not in METHODS or correlation not in CORRELATIONS:
        raise ModelError(
            f"method '{method}', correlation '{correlation}' · allowed: {', '.join(METHODS)}; "
            f"{', '.join(CORRELATIONS)} · do: choose one of each"
        )
    answers = available_answers(
        items, columns or list(items.columns), weights=weights, invertible=True
    )
    matrix = answers.correlation if correlation == "pearson" else _polychoric(answers)
    drawn = METHODS[method](matrix, n_factors)
    if not drawn.converged:
        raise ConvergenceError(
            f"Extraction of {n_factors} factors by {method} reached no stationary point · allowed: "
            "a converged solution · do: ask for fewer factors or use the other method"
        )
    pattern, phi = arrange_factors(*rotate_loadings(drawn.loadings, rotation))
    options = {"method": method, "rotation": rotation, "correlation": correlation}
    return _solution(answers, matrix, drawn, pattern, phi, options, cutoffs_with(cutoffs))


def _polychoric(answers: Answers) -> np.ndarray:
    from cx_value.sem.polychoric.matrix import polychoric_matrix

    frame = answers.frame()
    return polychoric_matrix(frame, weights=answers.weights, smooth=True).to_numpy()


def _solution(
    answers: Answers, matrix, drawn: Extraction, pattern, phi, options, cutoffs
) -> FactorSolution:
    names, factors = list(answers.names), [f"F{j + 1}" for j in range(pattern.shape[1])]
    residual = matrix - pattern @ phi @ pattern.T
    np.fill_diagonal(residual, 0)
    fitted = options["correlation"] == "pearson"
    return FactorSolution(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Phrase("factors.method", options),
        confidence=0.90,
        notes=answers.notes(),
        loadings=pd.DataFrame(pattern, index=names, columns=factors),
        factor_correlations=pd.DataFrame(phi, index=factors, columns=factors),
        variance=variance_accounted_for(pattern, phi),
        fit=factor_fit(matrix, drawn, answers.n_effective, fitted=fitted),
        residuals=pd.DataFrame(residual, index=names, columns=names),
        items=_item_frame(names, pattern, drawn, cutoffs),
        options=options,
        cutoffs=cutoffs,
    )


def variance_accounted_for(pattern: np.ndarray, phi: np.ndarray) -> pd.DataFrame:
    """Sum of squared loadings of each factor, diag(ΦΛᵀΛ), and its share of all variance."""
    sums = np.diag(phi @ pattern.T @ pattern)
    share = sums / len(pattern)
    return pd.DataFrame(
        {
            "factor": [f"F{j + 1}" for j in range(len(sums))],
            "ss_loadings": sums,
            "share": share,
            "cumulative_share": np.cumsum(share),
        }
    )


def factor_fit(
    correlation: np.ndarray, drawn: Extraction, n: float, *, fitted: bool = True
) -> dict[str, float]:
    """χ², RMSEA with 90 % interval, TLI and RMSR.

    The tests are NaN where ``fitted`` is False or Σ is singular.
    """
    from scipy.stats import chi2

    p, m = drawn.loadings.shape
    df = degrees_of_freedom(p, m)
    lower = np.tril_indices(p, -1)
    residual = (correlation - drawn.loadings @ drawn.loadings.T)[lower]
    discrepancy = drawn.discrepancy if fitted else np.nan
    multiplier = n - 1 - (2 * p + 5) / 6 - 2 * m / 3
    chisq = discrepancy * multiplier
    null_ratio = -np.linalg.slogdet(correlation)[1] * multiplier / degrees_of_freedom(p, 0)
    low, high = _noncentral_limits(chisq, df)
    has_test = df > 0 and not np.isnan(chisq)
    return {
        "chisq": chisq,
        "df": df,
        "p": float(chi2.sf(chisq, df)) if has_test else np.nan,
        "rmsea": np.sqrt(max(chisq / (df * n) - 1 / (n - 1), 0)) if has_test else np.nan,
        "rmsea_ci_low": np.sqrt(low / (df * (n - 1))) if has_test else np.nan,
        "rmsea_ci_high": np.sqrt(high / (df * (n - 1))) if has_test else np.nan,
        "tli": (null_ratio - chisq / df) / (null_ratio - 1) if has_test else np.nan,
        "rmsr": float(np.sqrt((residual**2).mean())),
        "discrepancy": discrepancy,
    }


def _noncentral_limits(chisq: float, df: int, confidence: float = 0.90) -> tuple[float, float]:
    """Limits of the noncentrality of χ² (Browne & Cudeck, 1992)."""
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    if df <= 0 or np.isnan(chisq):
        return np.nan, np.nan
    limits = []
    for target in (0.5 + confidence / 2, 0.5 - confidence / 2):
        if chi2.cdf(chisq, df) <= target:
            limits.append(0.0)
            continue
        top = chisq + 10 * np.sqrt(2 * chisq) + 50
        limits.append(brentq(lambda v, t=target: ncx2.cdf(chisq, df, v) - t, 1e-10, top))
    return limits[0], limits[1]


def _item_frame(
    names: list[str], pattern: np.ndarray, drawn: Extraction, cutoffs: Mapping[str, Cutoff]
) -> pd.DataFrame:
    size = np.abs(pattern)
    first = size.argmax(axis=1)
    primary = pattern[np.arange(len(names)), first]
    rest = np.where(np.eye(pattern.shape[1], dtype=bool)[first], 0, size).max(axis=1)
    communality = 1 - drawn.uniqueness
    frame = pd.DataFrame(pattern, columns=[f"F{j + 1}" for j in range(pattern.shape[1])])
    frame.insert(0, "item", names)
    return frame.assign(
        communality=communality,
        uniqueness=drawn.uniqueness,
        complexity=(pattern**2).sum(axis=1) ** 2 / (pattern**4).sum(axis=1),
        factor=[f"F{j + 1}" for j in first],
        primary=primary,
        cross=rest,
        primary_passes=[cutoffs["loading_primary"].passes(v) for v in np.abs(primary)],
        cross_passes=[cutoffs["loading_cross"].passes(v) for v in rest],
        difference_passes=[cutoffs["loading_difference"].passes(v) for v in np.abs(primary) - rest],
        communality_passes=[cutoffs["communality"].passes(v) for v in communality],
        heywood=drawn.heywood,
    )
