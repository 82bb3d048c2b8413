"""Weights that the answers themselves give: entropy, CRITIC, variation, principal components.

Every function takes :class:`~cx_value.evaluate.resamples.Moments` of indicators that point the same
way on a common scale, and returns weights (1 + draws, k) that sum to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from cx_value.evaluate.resamples import Moments, draw_resamples, moments_of


def entropy_weights(moments: Moments) -> np.ndarray:
    r"""Return :math:`w_j \propto 1 - E_j`, :math:`E_j = -\sum_i p_{ij} \ln p_{ij} / \ln n`.

    Shannon (1948); Hwang & Yoon (1981, ch. 3). :math:`p_{ij}` is respondent i's share of the sum
    of indicator j. A constant indicator has entropy 1 and weighs 0.
    """
    return normalise_weights(np.maximum(1.0 - moments.entropy, 0.0))


def critic_weights(moments: Moments) -> np.ndarray:
    r"""Return :math:`w_j \propto \sigma_j \sum_i (1 - r_{ij})` (Diakoulaki et al. 1995, eq. 4).

    The correlations of a constant indicator are not defined; it weighs 0 and the others are not
    touched by it.
    """
    varies = (moments.sd > 1e-12).astype(float)
    conflict = ((1.0 - moments.correlation) * varies[:, None, :]).sum(axis=-1)
    return normalise_weights(moments.sd * conflict)


def variation_weights(moments: Moments) -> np.ndarray:
    r"""Return :math:`w_j \propto \sigma_j / \bar{x}_j`, the coefficient of variation."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return normalise_weights(np.where(moments.mean > 0, moments.sd / moments.mean, 0.0))


def component_weights(moments: Moments) -> np.ndarray:
    """Return the absolute loadings on the first principal component, normalised."""
    _, vectors = np.linalg.eigh(moments.correlation)
    first = np.abs(vectors[..., -1]) * (moments.sd > 1e-12)
    return normalise_weights(first)


def equal_weights(moments: Moments) -> np.ndarray:
    """Return the same weight for every indicator."""
    return np.full(moments.mean.shape, 1.0 / moments.mean.shape[1])


OBJECTIVE: MappingProxyType[str, Callable[[Moments], np.ndarray]] = MappingProxyType(
    {
        "equal": equal_weights, "entropy": entropy_weights, "critic": critic_weights,
        "variation": variation_weights, "components": component_weights,
    }
)  # fmt: skip


def weigh_columns(values: np.ndarray, method: str) -> np.ndarray:
    """Return the weights of the columns of one complete matrix, for a look or a check.

    Examples
    --------
    >>> scores = np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 1.0], [4.0, 2.0, 2.0]])
    >>> weigh_columns(scores, "entropy").round(3).tolist()
    [0.621, 0.0, 0.379]
    """
    axis = draw_resamples(len(values), 0, seed=0)
    return OBJECTIVE[method](moments_of(axis, np.asarray(values, dtype=float)))[0]


def first_component_share(moments: Moments) -> float:
    """Return the share of the indicators' variance that the first component holds."""
    values = np.linalg.eigvalsh(moments.correlation[0])
    return float(values[-1] / values.sum())


def first_component_signs(moments: Moments) -> bool:
    """Tell whether all indicators point the same way on the first component."""
    first = np.linalg.eigh(moments.correlation[0])[1][:, -1]
    held = first[np.abs(first) > 1e-9]
    return bool((held > 0).all() or (held < 0).all())


def combine_weights(
    experts: np.ndarray, objective: np.ndarray, *, rule: str = "geometric", share: float = 0.5
) -> np.ndarray:
    r"""Return subjective and objective weights in one.

    ``geometric`` :math:`w \propto w_s^{\lambda} w_o^{1 - \lambda}`, ``linear``
    :math:`w = \lambda w_s + (1 - \lambda) w_o`, λ the experts' share.

    Examples
    --------
    >>> w = combine_weights(np.array([0.8, 0.2]), np.array([0.2, 0.8]))
    >>> w.tolist()
    [0.5, 0.5]
    """
    if rule == "linear":
        return share * experts + (1 - share) * objective
    return normalise_weights(experts**share * objective ** (1 - share))


def normalise_weights(raw: np.ndarray) -> np.ndarray:
    """Return rows that sum to 1; a row of zeros weighs all the same."""
    total = raw.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, raw / total, 1.0 / raw.shape[-1])
