"""Are the answers multivariate normal? Mardia's tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.wording import format_number, format_p

# The mean that the asymptotic z of the kurtosis may have under normality before it misleads.
MOST_SHIFT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultivariateNormality(Result):
    """Mardia's tests. ``skew_p`` belongs to ``skew_chisq``, ``kurtosis_p`` to ``kurtosis_z``.

    ``*_small`` are the small-sample forms (Mardia, 1974); where ``small_sample``, the verdict and
    the sentence rest on them. ``b2p_biased`` is the kurtosis with S divided by n, as they need it.
    """

    b1p: float
    skew_chisq: float
    skew_df: int
    skew_p: float
    skew_chisq_small: float
    skew_p_small: float
    b2p: float
    kurtosis_z: float
    kurtosis_p: float
    b2p_biased: float
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
                "coefficient": [self.b1p, self.b1p, self.b2p, self.b2p_biased],
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

    def sentence(self, lang: str = "en") -> str:
        table = self.table()
        s, k = (row for _, row in table[table["judged"]].iterrows())
        against = any(self.significance.passes(row["p"]) for row in (s, k))
        first = f"χ²({s['df']:.0f}) = {format_number(s['statistic'])}, p " + format_p(
            s["p"], lang=lang, relation=True
        )
        second = f"z = {format_number(k['statistic'])}, p " + format_p(
            k["p"], lang=lang, relation=True
        )
        small = "，按 Mardia (1974) 的小样本公式" if self.small_sample else ""
        b1, b2 = format_number(s["coefficient"]), format_number(k["coefficient"])
        if lang == "zh":
            verdict = (
                "数据偏离多元正态分布，需使用稳健标准误或自助法"
                if against
                else "未见偏离多元正态分布"
            )
            return (
                f"Mardia（1970）多元偏度 b₁ = {b1}（{first}），多元峰度 b₂ = {b2}（{second}），"
                f"n = {self.n_used}{small}；{verdict}。"
            )
        verdict = (
            "the answers are not multivariate normal: robust or bootstrap inference is called for"
            if against
            else "multivariate normality is not rejected"
        )
        return (
            f"Mardia's (1970) multivariate skew was b₁ = {b1}, {first}, and kurtosis b₂ = {b2}, "
            f"{second} (n = {self.n_used}"
            f"{', by the small-sample forms of Mardia (1974)' if self.small_sample else ''}); "
            f"{verdict}."
        )


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
    :math:`d_{ij} = (x_i - \bar x)' S^{-1} (x_j - \bar x)` (Mardia, 1970); the small-sample skew is
    Mardia's (1974). S divides by n − 1, as in ``psych::mardia`` and semTools, with which the
    results agree to 1e-9; with Mardia's own n, b1p is (n / (n − 1))³ and b2p (n / (n − 1))² times
    as large. The small-sample kurtosis takes Mardia's own b2p and its exact mean
    :math:`p(p + 2)(n - 1)/(n + 1)` and variance under normality (Mardia, 1974, Sankhyā B 36)
    instead of p(p + 2) and 8p(p + 2)/n, which they approach. It is judged, with the small-sample
    skew, as long as the asymptotic z has a mean beyond ±0.1 under normality: about
    n < 200 p(p + 2).

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1.0, 2, 3, 4, 7], "b": [2.0, 1, 4, 3, 3]})
    >>> round(mardia_test(data).b2p, 3)
    3.343
    """
    values = items.dropna().to_numpy(dtype=float)
    n, p = values.shape
    centred = values - values.mean(axis=0) if n else values
    cov = centred.T @ centred / max(n - 1, 1)
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
    biased = b2p * (n / (n - 1)) ** 2
    z_small = (biased - mean) / sd
    shift = (mean * ((n - 1) / n) ** 2 - p * (p + 2)) / spread
    return MultivariateNormality(
        n_used=n,
        n_dropped=len(items) - n,
        method="Mardia's multivariate skew and kurtosis",
        b1p=b1p,
        skew_chisq=n * b1p / 6,
        skew_df=df,
        skew_p=float(chi2.sf(n * b1p / 6, df)),
        skew_chisq_small=n * b1p * k / 6,
        skew_p_small=float(chi2.sf(n * b1p * k / 6, df)),
        b2p=b2p,
        kurtosis_z=float(z),
        kurtosis_p=float(2 * norm.sf(abs(z))),
        b2p_biased=biased,
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
