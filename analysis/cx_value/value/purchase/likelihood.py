"""Maximum likelihood on the link scale, with covariates, a Hessian, and a watch on the boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from cx_value.value.purchase.families import Family
from cx_value.value.purchase.history import PurchaseHistory

_THIN_ABOVE = 20_000  # unique histories beyond which a thinned set gives the start
_CENTRAL_BELOW = 60_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """Where the likelihood is highest.

    Attributes
    ----------
    theta : ndarray of shape (n_terms,)
        Parameters on the link scale, then the covariates' coefficients.
    hessian : ndarray of shape (n_terms, n_terms)
        Of minus the log likelihood.
    log_likelihood : float
    decrement : float
        Newton decrement: how much log likelihood a further step could gain.
    """

    theta: np.ndarray
    hessian: np.ndarray
    log_likelihood: float
    decrement: float

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors on the link scale; only for a sound optimum."""
        return np.sqrt(np.diag(np.linalg.inv(self.hessian)))

    @property
    def is_sound(self) -> bool:
        """Return whether the surface curves downwards everywhere and no gain is left."""
        if not (np.isfinite(self.hessian).all() and np.isfinite(self.log_likelihood)):
            return False
        scale = np.sqrt(np.abs(np.diag(self.hessian)))
        if (scale == 0).any():
            return False
        smallest = np.linalg.eigvalsh(self.hessian / np.outer(scale, scale))[0]
        return bool(smallest > 1e-9 and self.decrement < 1e-4)


def from_link(theta: np.ndarray, links: tuple[str, ...]) -> tuple[float, ...]:
    """Return parameters on their own scale.

    >>> from_link(np.array([0.0, 0.0]), ("log", "logit"))
    (1.0, 0.5)
    """
    pairs = zip(theta, links, strict=True)
    return tuple(float(expit(t) if link == "logit" else np.exp(min(t, 700.0))) for t, link in pairs)


def to_link(parameters, links: tuple[str, ...]) -> np.ndarray:
    """Return parameters on the link scale."""
    pairs = zip(parameters, links, strict=True)
    return np.array([logit(p) if link == "logit" else np.log(p) for p, link in pairs])


def parameters_by_row(family: Family, theta: np.ndarray, data: PurchaseHistory) -> tuple:
    """Return each parameter as a number, or as one value a row where covariates move it."""
    n_terms, width = len(family.terms), data.covariates.shape[1]
    links = dict(enumerate(family.links))
    moved = {}
    for i, (place, sign) in enumerate(_moved_terms(family) if width else ()):
        gamma = theta[n_terms + i * width : n_terms + (i + 1) * width]
        moved[place] = sign * (data.covariates @ gamma)
    own = (theta[i] + moved.get(i, 0.0) for i in range(n_terms))
    return tuple(
        expit(t) if links[i] == "logit" else np.exp(np.clip(t, -700, 700))
        for i, t in enumerate(own)
    )


def _moved_terms(family: Family) -> list[tuple[int, int]]:
    return [term for term in (family.purchase_term, family.dropout_term) if term is not None]


def casewise_scores(family: Family, theta: np.ndarray, data: PurchaseHistory) -> np.ndarray:
    """Return each history's slope of the log likelihood on the link scale, (n_unique, n_terms)."""
    scores = family.log_likelihood(parameters_by_row(family, theta, data), data)[1]
    moved = _moved_terms(family) if data.covariates.shape[1] else ()
    by_covariate = [sign * data.covariates * scores[:, [place]] for place, sign in moved]
    return np.concatenate([scores, *by_covariate], axis=1)


def total_likelihood(family: Family, data: PurchaseHistory) -> Callable:
    """Return theta → log likelihood of all customers and its gradient."""

    def evaluate(theta: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(all="ignore"):
            value, scores = family.log_likelihood(parameters_by_row(family, theta, data), data)
            gradient = [data.weight @ scores]
            if data.covariates.shape[1]:
                gradient += [
                    sign * (data.covariates.T @ (data.weight * scores[:, place]))
                    for place, sign in _moved_terms(family)
                ]
        return float(data.weight @ value), np.concatenate(gradient)

    return evaluate


def maximise(family: Family, data: PurchaseHistory) -> Optimum:
    """Find the optimum from several starts, the bulk of the work on a thinned set if it is large.

    Thinning takes every k-th history in sorted order, a systematic sample over frequency and
    recency; only its optimum is used, as a start.
    """
    n_gamma = len(_moved_terms(family)) * data.covariates.shape[1]
    middle = np.concatenate([to_link(family.start(data), family.links), np.zeros(n_gamma)])
    shifts = (0.0, 1.0, -1.0) if len(family.terms) > 2 else (0.0, 1.0)
    starts = [middle + shift * (np.arange(len(middle)) >= 2) for shift in shifts]
    inverse = None
    if len(data) > _THIN_ABOVE:
        thinned = data.rows(slice(None, None, len(data) // (_THIN_ABOVE // 4)))
        small = maximise_function(total_likelihood(family, thinned), starts, thinned.n_customers)
        inverse = _inverse(small.hessian / thinned.n_customers)
        starts = [small.theta]
    return maximise_function(
        total_likelihood(family, data), starts, data.n_customers,
        central=len(data) < _CENTRAL_BELOW, inverse=inverse,
    )  # fmt: skip


def _inverse(mean_hessian: np.ndarray) -> np.ndarray | None:
    """Return the inverse of the mean Hessian if it is positive definite."""
    if not np.isfinite(mean_hessian).all() or np.linalg.eigvalsh(mean_hessian)[0] <= 1e-8:
        return None
    inverse = np.linalg.inv(mean_hessian)
    return (inverse + inverse.T) / 2


def maximise_function(
    evaluate: Callable,
    starts: list[np.ndarray],
    n: float,
    *,
    central: bool = True,
    inverse: np.ndarray | None = None,
) -> Optimum:
    """Maximise a log likelihood of ``n`` customers: BFGS from each start, then Newton.

    Parameters
    ----------
    evaluate : callable
        theta → log likelihood and gradient.
    central : bool
        Whether the Hessian is a central difference of the gradient; a one-sided one is half the
        work and, for very many customers, exact to four digits.
    inverse : ndarray, optional
        First guess of the inverse mean Hessian.
    """
    from scipy.optimize import minimize

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        if np.abs(theta).max() > 40:
            return 1e10, np.zeros_like(theta)
        with np.errstate(all="ignore"):
            value, gradient = evaluate(theta)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return 1e10, np.zeros_like(theta)
        return -value / n, -gradient / n

    options = {"gtol": 1e-7, "maxiter": 300}
    if inverse is not None:
        options["hess_inv0"] = inverse
    runs = [minimize(objective, s, jac=True, method="BFGS", options=options) for s in starts]
    with np.errstate(all="ignore"):
        return _polish(evaluate, min(runs, key=lambda run: run.fun).x, central)


def _hessian(evaluate: Callable, theta: np.ndarray, central: bool) -> np.ndarray:
    """Difference the gradient; returns the Hessian of minus the log likelihood."""
    step = 1e-4
    base = None if central else evaluate(theta)[1]
    columns = []
    for direction in np.eye(len(theta)) * step:
        ahead = evaluate(theta + direction)[1]
        back = evaluate(theta - direction)[1] if central else base
        columns.append((back - ahead) / (2 * step if central else step))
    hessian = np.array(columns)
    return (hessian + hessian.T) / 2


def _polish(evaluate: Callable, theta: np.ndarray, central: bool) -> Optimum:
    """Take Newton steps until none would gain anything, and keep the last Hessian."""
    value, gradient = evaluate(theta)
    for _ in range(6):
        hessian = _hessian(evaluate, theta, central)
        step, decrement = _newton_step(hessian, gradient)
        if not 1e-10 < decrement < 10:
            break
        ahead, slope = evaluate(theta + step)
        if not ahead > value:
            break
        theta, value, gradient = theta + step, ahead, slope
        # Newton's error is squared by a step: from here on the Hessian no longer changes.
        if decrement < 1e-6:
            decrement = decrement**2
            break
    return Optimum(theta=theta, hessian=hessian, log_likelihood=value, decrement=abs(decrement))


def _newton_step(hessian: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the step and half its slope: the gain it promises, infinite where there is none."""
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all()):
        return np.zeros_like(gradient), np.inf
    step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
    return step, float(gradient @ step) / 2
