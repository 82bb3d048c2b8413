"""Fits of latent profiles, latent classes and k-means, and how well they come back."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

Method = Literal["latent_profile", "latent_class", "k_means"]
#: How stepmix calls the measurement of each method; answers may be missing in both.
_MEASUREMENT = {"latent_profile": "continuous_nan", "latent_class": "categorical_nan"}
#: Starts of a fit, and of a refit to a resample.
STARTS, RESTARTS = 8, 2
#: Gain of the mean log likelihood at which a fit, and a refit, has converged.
TOLERANCE, LOOSE = 1e-6, 1e-4
#: Standard deviation of a class, against that of all, below which it counts as a point.
POINT_BELOW = 0.10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """One solution: its likelihood, and how likely every row belongs to each class.

    Attributes
    ----------
    log_likelihood : float
        Weighted, of all rows.
    parameters : int
    membership : ndarray (n, classes)
        Posterior probabilities, the largest class first.
    means : ndarray (classes, columns)
        Mean of each column in each class, on the scale given.
    degenerate : bool
        Whether a class has shrunk to a point of some column: its likelihood means nothing.
    """

    log_likelihood: float
    parameters: int
    membership: np.ndarray
    means: np.ndarray
    degenerate: bool = False
    model: Any = None
    order: np.ndarray | None = None

    def bic(self, n: int) -> float:
        """Return −2 log L + p log n (Schwarz 1978)."""
        return -2 * self.log_likelihood + self.parameters * float(np.log(n))

    def assign(self, table: np.ndarray) -> np.ndarray:
        """Return the class of other rows, numbered as here."""
        return np.argsort(self.order)[self.model.predict(table)]


def relative_entropy(membership: np.ndarray) -> float:
    """Return 1 − Σ −p log p / (n log k): 1 where every row belongs to one class alone.

    NaN for one class (Celeux & Soromenho 1996).

    >>> relative_entropy(np.array([[1.0, 0.0], [0.0, 1.0]]))
    1.0
    """
    n, k = membership.shape
    if k == 1:
        return float("nan")
    p = membership[membership > 0]
    return float(1 + (p * np.log(p)).sum() / (n * np.log(k)))


def fit_classes(
    table: np.ndarray,
    classes: int,
    *,
    method: Method = "latent_profile",
    weights: np.ndarray | None = None,
    starts: int = STARTS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Fit:
    """Fit a number of classes by maximum likelihood (EM).

    Parameters
    ----------
    table : ndarray (n, columns)
        Scores, or for latent classes whole numbers from 0; NaN = no answer.
    classes : int
    method : {"latent_profile", "latent_class", "k_means"}
        Normal scores with a variance of their own in every class and column, independent within
        classes; or answers as categories; or k-means, whose log likelihood is NaN.
    weights : ndarray (n,), optional
        Case weights; they are scaled to a mean of 1.
    starts : int
        Random starts; the best is kept.
    tolerance : float
        Gain of the mean log likelihood at which the iterations end.

    Returns
    -------
    Fit

    Notes
    -----
    Fitted by stepmix (Morin et al. 2023); agrees
    with R poLCA to four decimals of the log likelihood on its published examples.

    Examples
    --------
    >>> table = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]] * 20)
    >>> fit_classes(table, 2).membership.round().sum(axis=0).tolist()
    [60.0, 40.0]
    """
    weights = np.ones(len(table)) if weights is None else weights / weights.mean()
    if method == "k_means":
        return _k_means(table, classes, weights, starts, seed)
    best = None
    for start in range(starts):
        fit = _fit_once(table, classes, method, weights, tolerance, 1000 * seed + start)
        better = best is None or (best.degenerate, -best.log_likelihood) > (
            fit.degenerate, -fit.log_likelihood
        )  # fmt: skip
        best = fit if better else best
    return best


def _fit_once(table, classes: int, method: Method, weights, tolerance: float, seed: int) -> Fit:
    from cx_value.evaluate.segments.profiles import Profiles, StepMix

    model = (Profiles if method == "latent_profile" else StepMix)(
        n_components=classes, measurement=_MEASUREMENT[method], n_init=1, max_iter=500,
        abs_tol=tolerance, random_state=seed % 2**32, progress_bar=0, verbose=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(table, sample_weight=weights)
        likelihood = float(model.score(table, sample_weight=weights)) * len(table)
        membership = model.predict_proba(table)
    if not np.isfinite(likelihood):  # a class shrank to a point
        likelihood, membership = -np.inf, np.nan_to_num(membership, nan=1 / classes)
    fit = _ordered(model, membership, weights, table, likelihood, int(model.n_parameters))
    point = method == "latent_profile" and _has_point(table, membership * weights[:, None])
    return replace(fit, degenerate=bool(point) or not np.isfinite(likelihood))


def _has_point(table: np.ndarray, weighted: np.ndarray) -> bool:
    """Return whether a class varies by less than a tenth of all in some column."""
    known = ~np.isnan(table)
    filled, mass = np.where(known, table, 0.0), weighted.T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        within = (weighted.T @ filled**2) / mass - ((weighted.T @ filled) / mass) ** 2
    return bool((within < POINT_BELOW**2 * np.nanvar(table, axis=0)).any())


def _k_means(table, classes: int, weights, starts: int, seed: int) -> Fit:
    """Fit k-means to the rows as they are; a column that was not answered counts as its mean."""
    from sklearn.cluster import KMeans

    class Filled(KMeans):
        def predict(self, rows, **options):
            return super().predict(np.where(np.isnan(rows), 0.0, rows), **options)

    filled = np.where(np.isnan(table), 0.0, table)
    model = Filled(n_clusters=classes, n_init=2 * starts, random_state=seed)
    chosen = model.fit(filled, sample_weight=weights).labels_
    membership = np.eye(classes)[chosen]
    return _ordered(model, membership, weights, table, float("nan"), classes * table.shape[1])


def _ordered(model, membership, weights, table, likelihood: float, parameters: int) -> Fit:
    """Put the largest class first: numbers of classes are arbitrary."""
    order = np.argsort(-(weights[:, None] * membership).sum(axis=0), kind="stable")
    membership = membership[:, order]
    weighted = membership * weights[:, None]
    known = ~np.isnan(table)
    means = (weighted.T @ np.where(known, table, 0.0)) / (weighted.T @ known)
    return Fit(
        log_likelihood=likelihood, parameters=parameters, membership=membership, means=means,
        model=model, order=order,
    )  # fmt: skip


def stability(
    table: np.ndarray, fit: Fit, *, method: Method, weights: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """Return the adjusted Rand index of the classes with those of each bootstrap sample.

    Every resample is fitted anew and all rows are assigned by it (Hubert & Arabie 1985; Dolnicar
    & Leisch 2010).
    """
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng([seed, fit.membership.shape[1]])
    reference = fit.membership.argmax(axis=1)
    found = []
    for k in range(draws):
        rows = random.integers(0, len(table), len(table))
        again = fit_classes(
            table[rows], fit.membership.shape[1], method=method, weights=weights[rows],
            starts=RESTARTS, tolerance=LOOSE, seed=seed + k,
        )  # fmt: skip
        found.append(adjusted_rand_score(reference, again.assign(table)))
    return np.array(found)
