"""The purchase models side by side: parameters, likelihood, and which simpler model each nests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.base.terms import named_code
from cx_value.value.purchase import bg_nbd, limits, pareto_nbd
from cx_value.value.purchase.history import PurchaseHistory

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_E_FOLDS = 38.0
_BLOCK = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """One model of purchases.

    Attributes
    ----------
    terms, links : tuple of str
        Parameters in the literature's order, and the scale (``log`` or ``logit``) on which they
        are estimated and on which their interval is symmetric.
    log_likelihood : callable
        ``(parameters, data)`` → log likelihoods (n,) and scores (n, n_terms) on the link scale.
    limit : str or None
        Model with one parameter less that is reached at the boundary.
    purchase_term, dropout_term : (int, int) or None
        Position and sign with which a covariate moves a term on the link scale.
    """

    name: str
    terms: tuple[str, ...]
    links: tuple[str, ...]
    log_likelihood: Callable
    probability_alive: Callable
    start: Callable[[PurchaseHistory], tuple[float, ...]]
    purchase_rate: Callable | None = None
    prepare_rate: Callable | None = None
    time_scale: Callable | None = None
    limit: str | None = None
    limit_means: str = ""
    purchase_term: tuple[int, int] | None = None
    dropout_term: tuple[int, int] | None = None

    @property
    def title(self) -> str:
        """What the model is called, in English, for messages."""
        return named_code(self.name, "purchase_model", "en")

    @property
    def has_dropout(self) -> bool:
        """Whether customers can leave in this model."""
        return self.probability_alive is not _everyone_alive

    def expected_transactions(
        self, parameters, data: PurchaseHistory, horizon: float, discount_rate: float = 0.0
    ) -> np.ndarray:
        """Return each history's expected purchases in the next ``horizon``, discounted.

        Parameters
        ----------
        horizon : float
            In the data's time unit; may be infinite if there is a discount rate.
        discount_rate : float
            Continuous rate per time unit.
        """
        alive = self.probability_alive(parameters, data)
        data, place = _without_recency(parameters, data)
        end = min(horizon, _E_FOLDS / discount_rate) if discount_rate > 0 else horizon
        rate = self.purchase_rate
        if self.prepare_rate is not None:
            rate = self.prepare_rate(parameters, data, end)
        blocks = [
            self._integrate(
                rate, *_rows(parameters, data, slice(i, i + _BLOCK)), end, discount_rate
            )
            for i in range(0, len(data), _BLOCK)
        ]
        return alive * np.concatenate(blocks)[place]

    def _integrate(self, rate, parameters, data, end: float, discount_rate: float) -> np.ndarray:
        """Integrate rate · discount over log time, where both are smooth."""
        scale = np.broadcast_to(self.time_scale(parameters, data), len(data))
        scale = np.minimum(scale, end)[:, None]
        span = np.log1p(end / scale)
        time = scale * np.expm1(span * _NODES)
        flow = rate(parameters, data, time) * np.exp(-discount_rate * time)
        return (flow * (scale + time) * _WEIGHTS).sum(axis=1) * span[:, 0]


def _without_recency(parameters, data: PurchaseHistory):
    """Collapse histories that differ in recency only: it tells who is alive, not what they buy.

    Returns the data and the row of each history among them; all rows where a covariate differs.
    """
    if any(np.ndim(p) for p in parameters):
        return data, slice(None)
    pairs = data.frequency + 1j * data.age
    _, first, place = np.unique(pairs, return_index=True, return_inverse=True)
    return data.rows(first), place


def _rows(parameters, data: PurchaseHistory, which: slice):
    return tuple(p[which] if np.ndim(p) else p for p in parameters), data.rows(which)


def _mean_rate(data: PurchaseHistory) -> float:
    return float(data.weight @ data.frequency / (data.weight @ data.age))


def _mean_age(data: PurchaseHistory) -> float:
    return float(data.weight @ data.age / data.weight.sum())


def _everyone_alive(parameters, data: PurchaseHistory) -> np.ndarray:
    return np.ones(len(data))


def _rate_scale(parameters, data: PurchaseHistory) -> np.ndarray:
    return parameters[1] + data.age


def _plain_scale(parameters, data: PurchaseHistory) -> np.ndarray:
    return np.maximum(data.age, 1.0)


def _leaving_scale(parameters, data: PurchaseHistory) -> np.ndarray:
    return np.broadcast_to(1.0 / np.asarray(parameters[2], dtype=float), len(data))


def _rate_start(data: PurchaseHistory, r: float = 0.5) -> tuple[float, float]:
    return r, r / (2 * _mean_rate(data))


def _beta_geometric(name: str, first: int, limit: str) -> Family:
    model = bg_nbd.BetaGeometric(first)
    return Family(
        name=name, terms=bg_nbd.TERMS, links=("log",) * 4,
        log_likelihood=model.log_likelihood, probability_alive=model.probability_alive,
        purchase_rate=model.purchase_rate, prepare_rate=model.prepare_rate,
        time_scale=model.time_scale, start=lambda data: (*_rate_start(data), 0.6, 2.0),
        limit=limit, limit_means="same_chance", purchase_term=(1, -1), dropout_term=(2, 1),
    )  # fmt: skip


def _geometric(name: str, first: int) -> Family:
    model = limits.Geometric(first)
    return Family(
        name=name, terms=("r", "alpha", "p"), links=("log", "log", "logit"),
        log_likelihood=model.log_likelihood, probability_alive=model.probability_alive,
        purchase_rate=model.purchase_rate, time_scale=_rate_scale,
        start=lambda data: (*_rate_start(data), 0.1),
        limit="nbd", limit_means="no_dropout", purchase_term=(1, -1), dropout_term=(2, 1),
    )  # fmt: skip


_ALL = (
    _beta_geometric("bg_nbd", 0, "geometric_nbd"),
    _beta_geometric("mbg_nbd", 1, "geometric_mnbd"),
    Family(
        name="pareto_nbd", terms=pareto_nbd.TERMS, links=("log",) * 4,
        log_likelihood=pareto_nbd.log_likelihood, probability_alive=pareto_nbd.probability_alive,
        purchase_rate=pareto_nbd.purchase_rate, time_scale=pareto_nbd.time_scale,
        start=lambda data: (*_rate_start(data), 0.6, _mean_age(data) / 3),
        limit="exponential_nbd", limit_means="same_chance",
        purchase_term=(1, -1), dropout_term=(3, -1),
    ),
    _geometric("geometric_nbd", 0),
    _geometric(
        "geometric_mnbd",
        1,
    ),
    Family(
        name="exponential_nbd",
        terms=("r", "alpha", "mu"), links=("log",) * 3,
        log_likelihood=limits.exponential_log_likelihood,
        probability_alive=limits.exponential_probability_alive,
        purchase_rate=limits.exponential_purchase_rate, time_scale=_leaving_scale,
        start=lambda data: (*_rate_start(data), 0.3 / _mean_age(data)),
        limit="nbd", limit_means="no_dropout", purchase_term=(1, -1), dropout_term=(2, 1),
    ),
    Family(
        name="nbd", terms=("r", "alpha"), links=("log", "log"),
        log_likelihood=pareto_nbd.nbd_log_likelihood, probability_alive=_everyone_alive,
        purchase_rate=pareto_nbd.nbd_purchase_rate, time_scale=_rate_scale,
        start=lambda data: (0.5, 0.5 / _mean_rate(data)),
        limit="poisson", limit_means="same_rate", purchase_term=(1, -1),
    ),
    Family(
        name="poisson", terms=("rate",), links=("log",),
        log_likelihood=limits.poisson_log_likelihood, probability_alive=_everyone_alive,
        purchase_rate=limits.poisson_purchase_rate, time_scale=_plain_scale,
        start=lambda data: (_mean_rate(data),), purchase_term=(0, 1),
    ),
)  # fmt: skip
FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}


def family_named(name: str) -> Family:
    """Return the model of that name.

    Raises
    ------
    ModelError
        If there is none; the message lists them.
    """
    if name not in FAMILIES:
        raise ModelError(
            f"No purchase model is named {name!r} · allowed: {', '.join(FAMILIES)} · do: choose one"
        )
    return FAMILIES[name]
