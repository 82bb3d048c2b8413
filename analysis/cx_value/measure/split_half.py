"""How well do two halves of a scale agree? One split, and all of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from cx_value.base.formulas import spearman_brown

MOST_SPLITS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitHalf:
    """Split-half reliability of one scale.

    Attributes
    ----------
    odd_even : float
        Odd against even items in their order, stepped up to the whole length (Spearman–Brown;
        Horst's correction where one half has an item more).
    guttman : float
        The same split by Guttman's coefficient 4·cov(A, B)/σ²_total, one of those below.
    minimum, mean, maximum : float
        Guttman's coefficient over the splits; the maximum is Guttman's λ4. For an even number of
        items the mean over all splits is α itself (Cronbach, 1951).
    n_splits : int
    exhaustive : bool
        Whether every split was taken, or a random sample of them.
    """

    odd_even: float
    guttman: float
    minimum: float
    mean: float
    maximum: float
    n_splits: int
    exhaustive: bool


def split_half(covariance: np.ndarray, *, seed: int = 0) -> SplitHalf:
    """Split a scale into halves as equal as can be, in every way or in 10,000 ways.

    Parameters
    ----------
    covariance : ndarray (k, k)
        Covariance matrix of the items.
    seed : int
        For the sample of splits, used only where there are more than 10,000 (k ≥ 17).

    Notes
    -----
    With signs s = +1 for one half and −1 for the other, 4·cov(A, B) = 1ᵀS1 − sᵀSs, so all splits
    are one product. Source: Guttman (1945), Psychometrika 10. Agrees with ``psych::splitHalf``
    (covar = TRUE) to 1e-12 for even k; for odd k, where psych 2.2.9 leaves splits out, with their
    enumeration in ``tests/reference/reliability.R``.

    Examples
    --------
    >>> round(split_half(np.array([[1, 0.5], [0.5, 1]])).odd_even, 4)
    0.6667
    """
    k = len(covariance)
    signs, exhaustive = _signs(k, seed)
    total = covariance.sum()
    coefficients = 1 - ((signs @ covariance) * signs).sum(axis=1) / total
    alternate = np.where(np.arange(k) % 2, -1.0, 1.0)
    return SplitHalf(
        odd_even=_odd_even(covariance),
        guttman=float(1 - alternate @ covariance @ alternate / total),
        minimum=float(coefficients.min()),
        mean=float(coefficients.mean()),
        maximum=float(coefficients.max()),
        n_splits=len(signs),
        exhaustive=exhaustive,
    )


def _signs(k: int, seed: int) -> tuple[np.ndarray, bool]:
    half = k // 2
    count = comb(k, half) // (2 if k % 2 == 0 else 1)
    if count > MOST_SPLITS:
        places = np.random.default_rng(seed).random((MOST_SPLITS, k)).argsort(axis=1)[:, :half]
        return _placed(places, k), False
    chosen = combinations(range(k), half)
    # An even number of items meets every split twice, once from either half.
    kept = [c for c in chosen if k % 2 or c[0] == 0]
    return _placed(np.array(kept), k), True


def _placed(places: np.ndarray, k: int) -> np.ndarray:
    signs = np.full((len(places), k), -1.0)
    np.put_along_axis(signs, places, 1.0, axis=1)
    return signs


def _odd_even(covariance: np.ndarray) -> float:
    k = len(covariance)
    odd, even = np.arange(0, k, 2), np.arange(1, k, 2)
    between = covariance[np.ix_(odd, even)].sum()
    within = covariance[np.ix_(odd, odd)].sum() * covariance[np.ix_(even, even)].sum()
    return spearman_brown(float(between / np.sqrt(within)), len(odd) / k)
