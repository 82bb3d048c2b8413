"""The two steps of EM for normal profiles with missing answers, as products of matrices.

The same sums as stepmix takes, without its checks of the data in every iteration.
"""

from __future__ import annotations

import numpy as np
from stepmix.emission.gaussian import GaussianDiagNan
from stepmix.stepmix import StepMix


def log_densities(table: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Return log f(x | class) ``(n, classes)`` of what is known of every row.

    >>> log_densities(np.array([[0.0, np.nan]]), np.zeros((1, 2)), np.ones((1, 2))).round(3)
    array([[-0.919]])
    """
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    out = known @ np.log(2 * np.pi * variances).T
    for k, (mean, variance) in enumerate(zip(means, variances, strict=True)):
        out[:, k] += ((filled - mean) * known) ** 2 @ (1 / variance)
    return -0.5 * out


def class_moments(table: np.ndarray, membership: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances ``(classes, columns)`` of what is known, weighted by membership.

    >>> class_moments(np.array([[1.0], [3.0], [np.nan]]), np.ones((3, 1)))
    (array([[2.]]), array([[1.]]))
    """
    known = ~np.isnan(table)
    filled, mass = np.where(known, table, 0.0), membership.T @ known
    means = (membership.T @ filled) / mass
    spread = [own @ ((filled - mean) * known) ** 2
              for own, mean in zip(membership.T, means, strict=True)]  # fmt: skip
    return means, np.array(spread) / mass


class Profiles(StepMix):
    """Latent profiles: stepmix with the two steps above."""

    def _e_step(self, X, Y=None, sample_weight=None, log_emission_pm=None):
        joint = log_densities(X, **_moments_of(self._mm)) + np.log(self.weights_)
        top = joint.max(axis=1, keepdims=True)
        likelihood = top + np.log(np.exp(joint - top).sum(axis=1, keepdims=True))
        return np.average(likelihood[:, 0], weights=sample_weight), joint - likelihood

    def _m_step(self, X, resp, Y=None, sample_weight=None, freeze_measurement=False):
        weighted = resp * sample_weight[:, None]
        shares = weighted.sum(axis=0) / sample_weight.sum()
        self.weights_ = np.clip(shares, 1e-15, 1 - 1e-15)
        means, variances = class_moments(X, weighted)
        self._mm.parameters |= {"means": means, "covariances": variances}


def _moments_of(emission: GaussianDiagNan) -> dict[str, np.ndarray]:
    told = emission.parameters
    return {"means": told["means"], "variances": told["covariances"]}
