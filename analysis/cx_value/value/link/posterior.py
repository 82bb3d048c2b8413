r"""What a respondent's answers say of the latent constructs, for any survey parameters.

With :math:`y = \nu + \Lambda\eta + \varepsilon` and all of it normal, :math:`\eta` given the
answers seen is normal with mean :math:`\Phi\Lambda'\Sigma^{-1}(y - \mu)` (the regression factor
score) and covariance :math:`\Phi - \Phi\Lambda'\Sigma^{-1}\Lambda\Phi`, where :math:`\Phi` is what
the structural model implies. Nothing but these two enters the purchase model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ModelError

if TYPE_CHECKING:
    from cx_value.sem.design.matrices import Implied
    from cx_value.sem.reading.result import ModelFit

#: Quadrature nodes an axis, by the number of constructs that touch value.
NODES_PER_AXIS = {1: 7, 2: 5, 3: 4}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatentPosterior:
    """Constructs given the answers, in points of their marker items.

    Attributes
    ----------
    mean : ndarray (n, q)
    root : ndarray (n, q, q)
        root root' is the covariance.
    """

    mean: np.ndarray
    root: np.ndarray


def latent_posterior(fit: ModelFit, theta: np.ndarray, names: tuple[str, ...]) -> LatentPosterior:
    """Return the constructs' distribution given each respondent's answers.

    Parameters
    ----------
    fit : ModelFit
        Survey model; rows come in the order of the data, those used only.
    theta : ndarray (k,)
        Its free parameters, in the fit's own units; the estimate or a draw.
    names : tuple of str
        Latent variables.
    """
    prepared = fit.prepared
    implied = prepared.design.implied(theta, prepared.target.sample[0])
    parts = [_of_group(fit, implied, g, names) for g in range(len(prepared.samples))]
    order = np.argsort(np.concatenate([sample.index for sample in prepared.samples]))
    return LatentPosterior(
        mean=np.concatenate([mean for mean, _ in parts])[order],
        root=np.concatenate([root for _, root in parts])[order],
    )


def latent_population(
    fit: ModelFit, theta: np.ndarray, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (q,) and root (q, q) of the constructs among people who gave no answer."""
    design = fit.prepared.design
    implied = design.implied(theta, fit.prepared.target.sample[0])
    at = [design.state.index(name) for name in names]
    centre, spread = _moments(fit, implied, 0, at)
    units = design.state_units[at]
    return centre * units, _root(spread * np.outer(units, units))


def quadrature(n_constructs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return standard normal nodes (K, q) and log weights (K,): Gauss–Hermite, all combinations.

    >>> nodes, log_weight = quadrature(1)
    >>> round(float(np.exp(log_weight) @ nodes[:, 0] ** 4), 9)  # the fourth moment is 3
    3.0
    """
    if n_constructs not in NODES_PER_AXIS:
        raise ModelError(
            f"{n_constructs} constructs touch value directly · allowed: 1 to {len(NODES_PER_AXIS)} "
            "· do: keep those nearest to buying; the others act through them"
        )
    place, weight = np.polynomial.hermite_e.hermegauss(NODES_PER_AXIS[n_constructs])
    log_weight = np.log(weight / weight.sum())
    nodes = np.array(list(product(place, repeat=n_constructs)))
    return nodes, np.array([sum(w) for w in product(log_weight, repeat=n_constructs)])


def _of_group(fit: ModelFit, implied: Implied, g: int, names: tuple[str, ...]):
    """Return means (n, q) and roots (n, q, q) of one group, all patterns of answers at once.

    What a pattern has not seen has the identity in Σ and no covariance with the constructs.
    """
    design = fit.prepared.design
    at = [design.state.index(name) for name in names]
    units = design.state_units[at]
    away, sigma, across = _regression(fit, implied, g, at)
    centre, spread = _moments(fit, implied, g, at)
    seen, member = _patterns(fit, g)
    pairs = seen[:, :, None] & seen[:, None, :]
    across = np.where(seen[:, None, :], across, 0.0)
    weight = np.linalg.solve(np.where(pairs, sigma, np.eye(len(sigma))), across.swapaxes(1, 2))
    mean = (np.nan_to_num(away)[:, None, :] @ weight[member])[:, 0] + centre
    root = _roots((spread - across @ weight) * np.outer(units, units))
    return mean * units, root[member]


def _patterns(fit: ModelFit, g: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which items each pattern of a group has seen (P, p), and the pattern of each row."""
    sample, p = fit.prepared.samples[g], len(fit.prepared.model.observed)
    member = np.zeros(sample.n, dtype=int)
    if not fit.prepared.patterns:
        return np.ones((1, p), dtype=bool), member
    found = fit.prepared.patterns[g]
    for i, rows in enumerate(found.rows):
        member[rows] = i
    return found.seen.astype(bool), member


def _regression(fit: ModelFit, implied: Implied, g: int, at: list[int]):
    """Return answers less their mean (n, p), their covariance, and that of constructs with them."""
    prepared, p = fit.prepared, len(fit.prepared.model.observed)
    units = prepared.design.units[:p]
    sigma, across = implied.sigma[g], (implied.latent[g] @ implied.loadings[g].T)[at]
    mean = prepared.samples[g].mean() / units
    if prepared.model.meanstructure:
        mean, centre = sigma[:p, p], implied.latent[g][at, -1]
        sigma = sigma - np.outer(sigma[:, p], sigma[:, p])
        across = across - np.outer(centre, implied.sigma[g][:, p])
    return prepared.samples[g].rows / units - mean, sigma[:p, :p], across[:, :p]


def _moments(fit: ModelFit, implied: Implied, g: int, at: list[int]):
    """Return mean and covariance of constructs in the population, in the fit's units."""
    latent = implied.latent[g]
    if not fit.prepared.model.meanstructure:
        return np.zeros(len(at)), latent[np.ix_(at, at)]
    centre = latent[at, -1]
    return centre, latent[np.ix_(at, at)] - np.outer(centre, centre)


def _roots(covariances: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return np.array([_root(covariance) for covariance in covariances])


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return a root, Cholesky's where there is one, for it moves smoothly with the parameters."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:  # a draw of the parameters may lie a hair outside
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))
