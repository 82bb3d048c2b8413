r"""Errors of estimates from imputed data where Rubin's are too wide (Robins & Wang 2000).

Rubin's total variance is right where the model that is fitted to the completed data is as
efficient as the one the values were drawn from. Here it is less so, and part of what the draws vary
is counted twice. Robins and Wang work from influence instead: customer i moves the pooled estimate

.. math:: t_i = \bar u_i + K\,d_i

with :math:`\bar u_i` the influence on the completed-data estimates, averaged over imputations,
:math:`d_i` that on the parameters the values were drawn from, and K how those parameters move the
estimate: the covariance, over imputations, of :math:`u_i` with the drawn values' score, summed over
customers. The variance is :math:`\sum t_i t_i'`, and 1/m of what drawing the parameters adds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cx_value.value.link.likelihood import casewise

if TYPE_CHECKING:
    from cx_value.sem.engine.fit import Prepared
    from cx_value.value.link.model import Draw, LinkModel


def casewise_influence(prepared: Prepared, theta: np.ndarray) -> np.ndarray:
    """Return each row's influence on a structural model's parameters, (n_used, k).

    Inverse observed information times the row's weighted score; rows in the order of the data. The
    sum of outer products is the robust (MLR) covariance matrix.
    """
    from cx_value.sem.engine.casewise import casewise_scores
    from cx_value.sem.engine.likelihood import evaluate, hessian

    point = evaluate(prepared.design, theta[None], prepared.target)
    bread = np.linalg.pinv(hessian(prepared.design, point, prepared.target)[0], hermitian=True)
    parts, places = [], []
    for g, sample in enumerate(prepared.samples):
        for values, weights in casewise_scores(prepared, point, g):
            parts.append(values if weights is None else values * weights[:, None])
        places.append(sample.index[_row_order(prepared, g)])
    scores = np.concatenate(parts)
    out = np.empty_like(scores)
    out[np.argsort(np.argsort(np.concatenate(places)))] = scores
    return out @ bread / prepared.n


def _row_order(prepared: Prepared, g: int) -> np.ndarray:
    """Return the rows of a group in the order in which scores come: by pattern of answers."""
    if prepared.target.seen is None:
        return np.arange(prepared.samples[g].n)
    return np.concatenate(prepared.patterns[g].rows)


@dataclass(slots=True)
class Imputed:
    """Sums over completed data sets, growing one by one.

    Attributes
    ----------
    estimates, variances : list of ndarray (p,)
    active : list of float
        Share of customers drawn as still customers.
    influence : ndarray (n, p)
        Sum of customers' influences.
    score : ndarray (n, k)
        Sum of the drawn values' scores in purchase, then survey parameters.
    product : ndarray (p, k)
        Sum of influence' score.
    """

    estimates: list[np.ndarray] = field(default_factory=list)
    variances: list[np.ndarray] = field(default_factory=list)
    active: list[float] = field(default_factory=list)
    influence: np.ndarray | float = 0.0
    score: np.ndarray | float = 0.0
    product: np.ndarray | float = 0.0

    def add(self, link: LinkModel, draw: Draw, effects: np.ndarray, influence: np.ndarray) -> None:
        """Take in one completed data set."""
        score = np.concatenate([draw.score, _construct_score(link, draw.node)], axis=1)
        share = link.population_weight / link.population_weight.sum()
        self.active.append(float(share @ draw.traits.alive))
        self.estimates.append(effects)
        self.variances.append((influence**2).sum(axis=0))
        self.influence = self.influence + influence
        self.score = self.score + score
        self.product = self.product + influence.T @ score

    def sensitivity(self) -> np.ndarray:
        """Return K (p, k): how drawn parameters move the pooled estimates."""
        m = len(self.estimates)
        return (self.product - self.influence.T @ self.score / m) / (m - 1)


def _construct_score(link: LinkModel, node: np.ndarray) -> np.ndarray:
    """Return the score (n, k) of drawn constructs in the survey parameters.

    With η = mean + root z, the derivative of the normal log density at fixed η.
    """
    mean_moves, root_moves = link.histories.moves
    inverse = link.histories.inverse_root
    by_mean = np.einsum("ni,nij,knj->nk", node, inverse, mean_moves)
    relative = np.einsum("nij,knjl->knil", inverse, root_moves)
    stretched = np.einsum("ni,knil,nl->nk", node, relative, node)
    return by_mean + stretched - np.trace(relative, axis1=2, axis2=3).T


def parameter_influence(link: LinkModel) -> tuple[np.ndarray, np.ndarray]:
    """Return each customer's influence on the purchase (n, n_terms) and survey parameters (n, k).

    A customer acts on the purchase parameters by the purchases, and by answers that move the
    survey model and, with it, the purchase model.
    """
    histories = link.histories
    scores = casewise(link.family, link.theta, histories.at(link.phi), histories.nodes[1])[1]
    survey = np.zeros((len(scores), len(link.phi)))
    survey[histories.asked] = casewise_influence(link.survey.prepared, link.phi)
    purchase = scores * histories.history.weight[:, None] @ link.bread
    return purchase + survey @ link.slope.T, survey


def pooled_influence(link: LinkModel, imputed: Imputed) -> np.ndarray:
    """Return each customer's influence (n, p) on means over draws: t above."""
    by_purchase, by_survey = np.split(imputed.sensitivity(), [len(link.theta)], axis=1)
    purchase, survey = parameter_influence(link)
    through = purchase @ by_purchase.T + survey @ by_survey.T
    return imputed.influence / len(imputed.estimates) + through


def drawing_variance(link: LinkModel, imputed: Imputed) -> np.ndarray:
    """Return what drawing the parameters adds to the variance (p,), 1/m of it."""
    by_purchase, by_survey = np.split(imputed.sensitivity(), [len(link.theta)], axis=1)
    by_survey = by_survey + by_purchase @ link.slope
    own = np.einsum("pi,ij,pj->p", by_purchase, link.own_covariance, by_purchase)
    own += np.einsum("pi,ij,pj->p", by_survey, link.survey.vcov, by_survey)
    return own / len(imputed.estimates)
