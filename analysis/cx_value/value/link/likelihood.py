r"""The purchase model with latent constructs as covariates: its likelihood, marginal over them.

A respondent contributes
:math:`\log\int p(\text{history}\mid\eta)\,p(\eta\mid\text{answers})\,d\eta`, a customer who was
not asked or did not answer the same with the constructs' distribution in the population. The
integral is Gauss–Hermite quadrature about each one's own mean.

Ignoring the spread (putting scores in as if they were the constructs) is regression calibration
(Carroll et al. 2006, ch. 4), exact for a linear outcome (Skrondal & Laake 2001); purchases are not
linear in the constructs, so the spread is integrated out instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from cx_value.value.link.posterior import latent_population, latent_posterior, quadrature
from cx_value.value.purchase.families import Family
from cx_value.value.purchase.history import PurchaseHistory
from cx_value.value.purchase.likelihood import parameters_by_row

if TYPE_CHECKING:
    from cx_value.sem.reading.result import ModelFit

_STEP = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentHistories:
    """Customers' purchase histories, and what the survey says of each one's constructs.

    Attributes
    ----------
    history : PurchaseHistory
        One row a customer; ``weight`` is the case weight.
    survey : ModelFit
        Survey model.
    touches : tuple of str
        Constructs that move purchases.
    asked : ndarray (n_respondents,)
        Row among the customers of each row of the survey fit, in its order.
    group : ndarray (n,)
        Group of each customer, as a number; all 0 without groups.
    n_groups : int
    """

    history: PurchaseHistory
    survey: ModelFit
    touches: tuple[str, ...]
    asked: np.ndarray
    group: np.ndarray
    n_groups: int

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Quadrature nodes (K, q) and log weights (K,)."""
        return quadrature(len(self.touches))

    @cached_property
    def repeated(self) -> PurchaseHistory:
        """Every history K times in a row."""
        return self.history.rows(np.repeat(np.arange(len(self.history)), len(self.nodes[1])))

    def known(self, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean (n, q) and root (n, q, q) of everybody's constructs given the answers."""
        n, known = len(self.history), latent_posterior(self.survey, phi, self.touches)
        mean, root = (np.empty((n, *a.shape[1:])) for a in (known.mean, known.root))
        if len(self.asked) < n:
            mean[:], root[:] = latent_population(self.survey, phi, self.touches)
        mean[self.asked], root[self.asked] = known.mean, known.root
        return mean, root

    def constructs(self, phi: np.ndarray) -> np.ndarray:
        """Return the constructs at every node (n, K, q) for survey parameters ``phi``."""
        mean, root = self.known(phi)
        return mean[:, None, :] + np.einsum("nij,kj->nki", root, self.nodes[0])

    @cached_property
    def inverse_root(self) -> np.ndarray:
        """Inverse roots (n, q, q) at the survey's estimates."""
        return np.linalg.pinv(self.known(self.survey.solution.theta)[1])

    @cached_property
    def moves(self) -> tuple[np.ndarray, np.ndarray]:
        """How mean (k, n, q) and root (k, n, q, q) move with each survey parameter."""
        phi = self.survey.solution.theta
        mean, root = self.known(phi)
        moved = [self.known(phi + step) for step in np.eye(len(phi)) * _STEP]
        return tuple(
            np.array([(found[i] - here) / _STEP for found in moved])
            for i, here in enumerate((mean, root))
        )

    def covariates(self, constructs: np.ndarray) -> np.ndarray:
        """Return covariates ``(..., c)`` of constructs ``(n, ..., q)``; groups have their own."""
        if self.n_groups == 1:
            return constructs
        shape = (len(self.group), *[1] * (constructs.ndim - 2), self.n_groups)
        member = np.eye(self.n_groups)[self.group].reshape(shape)
        member = np.broadcast_to(member, (*constructs.shape[:-1], self.n_groups))
        slopes = (member[..., None] * constructs[..., None, :]).reshape(*constructs.shape[:-1], -1)
        return np.concatenate([member[..., 1:], slopes], axis=-1)

    def at(self, phi: np.ndarray) -> PurchaseHistory:
        """Return the histories at every node, (n K) rows, with their covariates."""
        return self.placed(self.constructs(phi))

    def placed(self, constructs: np.ndarray) -> PurchaseHistory:
        """Return the same for constructs (n, K, q)."""
        covariates = self.covariates(constructs)
        return replace(self.repeated, covariates=covariates.reshape(len(self.repeated), -1))

    def expected(self, phi: np.ndarray) -> np.ndarray:
        """Return each one's expected constructs given the answers, (n, q)."""
        return np.einsum("nkq,k->nq", self.constructs(phi), np.exp(self.nodes[1]))

    def plugged_in(self, phi: np.ndarray) -> PurchaseHistory:
        """Return the histories with the expected constructs as covariates."""
        return replace(self.history, covariates=self.covariates(self.expected(phi)))


def moved_terms(family: Family) -> list[tuple[int, int]]:
    """Return position and sign of the terms that covariates move: purchase rate, drop-out."""
    return [term for term in (family.purchase_term, family.dropout_term) if term is not None]


def node_shares(
    family: Family, theta: np.ndarray, data: PurchaseHistory, log_weight: np.ndarray
) -> np.ndarray:
    """Return each node's posterior probability given history and answers, (n, K)."""
    joint = _joint(family, theta, data, log_weight)[0]
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def casewise(
    family: Family, theta: np.ndarray, data: PurchaseHistory, log_weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return marginal log likelihoods (n,) and their scores (n, n_terms) on the link scale."""
    joint, scores = _joint(family, theta, data, log_weight)
    total = logsumexp(joint, axis=1)
    share = np.exp(joint - total[:, None])
    columns = [scores]
    for place, sign in moved_terms(family):
        columns.append(sign * scores[:, place, None] * data.covariates)
    own = np.concatenate(columns, axis=1).reshape(*share.shape, -1)
    return total, np.einsum("nk,nkt->nt", share, own)


def _joint(family, theta, data: PurchaseHistory, log_weight):
    with np.errstate(all="ignore"):
        value, scores = family.log_likelihood(parameters_by_row(family, theta, data), data)
    return value.reshape(-1, len(log_weight)) + log_weight, scores


def marginal_likelihood(family: Family, histories: LatentHistories, phi: np.ndarray):
    """Return theta → weighted log likelihood and gradient, at survey parameters ``phi``."""
    data, log_weight = histories.at(phi), histories.nodes[1]
    weight = histories.history.weight

    def evaluate(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, scores = casewise(family, theta, data, log_weight)
        return float(weight @ value), weight @ scores

    return evaluate


def sandwich(
    family: Family, histories: LatentHistories, theta: np.ndarray, phi: np.ndarray,
    hessian: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return H⁻¹ (Σ w² s s') H⁻¹: errors that hold under weights too (White 1982)."""
    scores = casewise(family, theta, histories.at(phi), histories.nodes[1])[1]
    weighted = scores * histories.history.weight[:, None]
    bread = np.linalg.inv(hessian)
    return bread @ (weighted.T @ weighted) @ bread


def survey_slope(
    family: Family, histories: LatentHistories, theta: np.ndarray, phi: np.ndarray,
    hessian: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return dθ/dφ (n_terms, k): how the purchase parameters move with those of the survey model.

    By the implicit function theorem, H⁻¹ ∂(gradient)/∂φ; the survey model moves nothing but the
    nodes, so the gradient is differenced by node. With it the covariance of θ is V_θ + S V_φ S'
    (Murphy & Topel 1985, eq. 15): the cross term is 0, for given the answers the score of the
    purchases has mean 0.
    """
    nodes, log_weight = histories.nodes
    here, (mean, root) = histories.constructs(phi), histories.moves
    base = casewise(family, theta, histories.placed(here), log_weight)[1]
    total = np.zeros((len(theta), len(phi)))
    for k, node in enumerate(nodes):
        moved = mean + root @ node  # (k_survey, n, q)
        for t in range(here.shape[2]):
            shifted = here.copy()
            shifted[:, k, t] += _STEP
            ahead = casewise(family, theta, histories.placed(shifted), log_weight)[1]
            change = (ahead - base) / _STEP * histories.history.weight[:, None]
            total += change.T @ moved[:, :, t].T
    return np.linalg.solve(hessian, total)
