"""Are the answers multivariate normal? Mardia's tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase

# The mean that the asymptotic z of the kurtosis may have under normality before it misleads.
MOST_SHIFT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultivariateNormality(Result):
    """Mardia's tests. ``skew_p`` belongs to ``skew_chisq``, ``kurtosis_p`` to ``kurtosis_z``.

    S divides by n throughout, as Mardia's does. ``*_small`` are the small-sample forms (Mardia,
    1974); where ``small_sample``, the verdict and the sentence rest on them.
    """

    template = "normality.mardia"

    b1p: float
    skew_chisq: float
    skew_df: int
    skew_p: float
    skew_chisq_small: float
    skew_p_small: float
    b2p: float
    kurtosis_z: float
    kurtosis_p: float
    kurtosis_z_small: float
    kurtosis_p_small: float
    small_sample: bool
    significance: Cutoff

    def table(self) -> pd.DataFrame:
        """Return one row per test: ``test coefficient statistic df p judged``.

        ``judged`` marks the two rows the verdict rests on.
        """
        small = self.small_sample
        return pd.DataFrame(
            {
                "test": ["skew", "skew_small_sample", "kurtosis", "kurtosis_small_sample"],
                "coefficient": [self.b1p, self.b1p, self.b2p, self.b2p],
                "statistic": [
                    self.skew_chisq,
                    self.skew_chisq_small,
                    self.kurtosis_z,
                    self.kurtosis_z_small,
                ],
                "df": [self.skew_df, self.skew_df, np.nan, np.nan],
                "p": [self.skew_p, self.skew_p_small, self.kurtosis_p, self.kurtosis_p_small],
                "judged": [not small, small, not small, small],
            }
        )

    def facts(self) -> dict[str, Any]:
        """Return ``n skew kurtosis small_sample rejected``, the tests as judged."""
        table = self.table()
        skew, kurtosis = table[table["judged"]].to_dict("records")
        return {
            "n": self.n_used, "skew": skew, "kurtosis": kurtosis, "small_sample": self.small_sample,
            "rejected": any(self.significance.passes(row["p"]) for row in (skew, kurtosis)),
        }  # fmt: skip


def mardia_test(
    items: pd.DataFrame, *, significance: Cutoff | None = None
) -> MultivariateNormality:
    r"""Test multivariate normality by skew and kurtosis, on complete rows.

    Raises
    ------
    DataError
        If there are not more complete rows than items, or items repeat one another.

    Notes
    -----
    :math:`b_{1p} = n^{-2} \sum_{ij} d_{ij}^3`, :math:`b_{2p} = n^{-1} \sum_i d_{ii}^2` with
    :math:`d_{ij} = (x_i - \bar x)' S^{-1} (x_j - \bar x)` and S divided by n (Mardia, 1970), as
    his own formulas in R give to 1e-9. ``psych::mardia`` and semTools divide by n − 1: their b1p is
    ((n − 1) / n)³ and their b2p ((n − 1) / n)² times this one. The small-sample skew is Mardia's
    (1974), whose factor k belongs to this divisor; the small-sample kurtosis takes the exact mean
    :math:`p(p + 2)(n - 1)/(n + 1)` and variance under normality (Mardia, 1974, Sankhyā B 36)
    instead of p(p + 2) and 8p(p + 2)/n, which they approach. They are judged as long as the
    asymptotic z has a mean beyond ±0.1 under normality: about n < 50 p(p + 2).

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1.0, 2, 3, 4, 7], "b": [2.0, 1, 4, 3, 3]})
    >>> round(mardia_test(data).b2p, 3)
    5.224
    """
    values = items.dropna().to_numpy(dtype=float)
    n, p = values.shape
    centred = values - values.mean(axis=0) if n else values
    cov = centred.T @ centred / max(n, 1)
    if n <= p or np.linalg.cond(cov) > 1e12:
        raise DataError(
            f"{n} complete rows of {p} items have a singular covariance matrix · allowed: more "
            "rows than items, no item that repeats others · do: leave out redundant items"
        )
    whitened = np.linalg.solve(np.linalg.cholesky(cov), centred.T).T
    b1p = _sum_of_cubes(whitened) / n**2
    b2p = float((np.einsum("ij,ij->i", whitened, whitened) ** 2).mean())
    from scipy.stats import chi2, norm

    df = p * (p + 1) * (p + 2) // 6
    k = (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
    spread = np.sqrt(8 * p * (p + 2) / n)
    z = (b2p - p * (p + 2)) / spread
    mean, sd = kurtosis_moments(n, p)
    z_small = (b2p - mean) / sd
    shift = (mean - p * (p + 2)) / spread
    return MultivariateNormality(
        n_used=n,
        n_dropped=len(items) - n,
        method=Phrase("normality.method"),
        b1p=b1p,
        skew_chisq=n * b1p / 6,
        skew_df=df,
        skew_p=float(chi2.sf(n * b1p / 6, df)),
        skew_chisq_small=n * b1p * k / 6,
        skew_p_small=float(chi2.sf(n * b1p * k / 6, df)),
        b2p=b2p,
        kurtosis_z=float(z),
        kurtosis_p=float(2 * norm.sf(abs(z))),
        kurtosis_z_small=float(z_small),
        kurtosis_p_small=float(2 * norm.sf(abs(z_small))),
        small_sample=bool(abs(shift) > MOST_SHIFT),
        significance=significance or cutoffs_with()["significance"],
    )


def kurtosis_moments(n: int, p: int) -> tuple[float, float]:
    """Return mean and standard deviation of Mardia's b2p (S divided by n) under normality.

    NaN for the spread where n is at most p + 1. Source: Mardia (1974), Sankhyā B 36.

    >>> [round(v, 3) for v in kurtosis_moments(50, 4)]
    [23.059, 1.587]
    """
    mean = p * (p + 2) * (n - 1) / (n + 1)
    top = 8 * p * (p + 2) * (n - 3) * (n - p - 1) * (n - p + 1)
    variance = top / ((n + 1) ** 2 * (n + 3) * (n + 5))
    return mean, float(np.sqrt(variance)) if variance > 0 else np.nan


def _sum_of_cubes(whitened: np.ndarray) -> float:
    """Sum the cubes of all inner products as the squared norm of the third-moment tensor.

    The tensor has p³ entries whatever n is, where the inner products would be n².
    """
    p = whitened.shape[1]
    total = 0.0
    for j in range(p):
        slab = (whitened * whitened[:, [j]]).T @ whitened
        total += float(np.sum(slab**2))
    return total
