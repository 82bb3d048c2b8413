"""BG/NBD and MBG/NBD: drop-out at a purchase, with beta-distributed chance.

Symbols: x = frequency, t_x = recency, T = age; purchase rates are gamma(r, alpha), drop-out chances
beta(a, b). The modified model lets a customer drop out at the first purchase too.

Sources: Fader, P. S., Hardie, B. G. S., & Lee, K. L. (2005), Marketing Science 24(2), 275–284,
eq. 3, 6, 10 (BG/NBD); Batislam, E. P., Denizel, M., & Filiztekin, A. (2007), International Journal
of Research in Marketing 24(3), 201–209 (MBG/NBD). Their hypergeometric functions are rewritten by
Euler's transformation so that no large power is divided by another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit, gammaln, hyp2f1, log_expit, psi

from cx_value.value.purchase.history import PurchaseHistory

TERMS = ("r", "alpha", "a", "b")
_LARGE = 30.0
_E_FOLDS = 38.0  # exp(-38) is below the last digit of a double


def per_count(function, shift, count: np.ndarray) -> np.ndarray:
    """Evaluate ``function(shift + count)``, by a table over whole counts where shift is one number.

    With a million histories and forty different counts this saves nearly all the time.
    """
    top = int(count.max()) if len(count) else 0
    if np.ndim(shift) or top > 4 * len(count) + 64:
        return function(shift + count)
    return function(shift + np.arange(top + 1.0))[count.astype(np.int64)]


@dataclass(frozen=True, slots=True)
class BetaGeometric:
    """The two models; ``first`` is 1 where the first purchase may be the last (MBG/NBD)."""

    first: int

    def log_likelihood(self, parameters, data: PurchaseHistory):
        """Return log likelihoods (n,) and scores (n, 4) with respect to the log parameters."""
        r, alpha, a, b = parameters
        x, chances = data.frequency, data.frequency + self.first
        stay, leave, lost = self._branches(parameters, data)
        both = np.logaddexp(stay, leave)
        alive, gone = np.exp(stay - both), np.exp(leave - both)
        value = (
            per_count(gammaln, r, x) - gammaln(r) - x * np.log(alpha)
            + gammaln(a + b) - per_count(gammaln, a + b, chances)
            + per_count(gammaln, b, chances) - gammaln(b) + both
        )  # fmt: skip
        log_age, log_recency = np.log1p(data.age / alpha), np.log1p(data.recency / alpha)
        share = alive * data.age / (alpha + data.age) + gone * data.recency / (alpha + data.recency)
        all_psi = psi(a + b) - per_count(psi, a + b, chances)
        scores = (
            r * (per_count(psi, r, x) - psi(r) - alive * log_age - gone * log_recency),
            -x + (r + x) * share,
            a * all_psi + gone,
            b * (all_psi + per_count(psi, b, chances) - psi(b) - gone / lost),
        )
        return value, np.stack(np.broadcast_arrays(*scores), axis=1)

    def _branches(self, parameters, data: PurchaseHistory):
        """Return log weights of still alive, of gone at the last purchase, and b + chances - 1."""
        r, alpha, a, b = parameters
        m, chances = r + data.frequency, data.frequency + self.first
        lost = np.where(chances > 0, b + chances - 1.0, 1.0)
        stay = -m * np.log1p(data.age / alpha)
        leave = np.log(a / lost) - m * np.log1p(data.recency / alpha)
        return stay, np.where(chances > 0, leave, -np.inf), lost

    def probability_alive(self, parameters, data: PurchaseHistory) -> np.ndarray:
        """Return P(alive at T), shape (n,)."""
        stay, leave, _ = self._branches(parameters, data)
        return np.exp(stay - np.logaddexp(stay, leave))

    def purchase_rate(self, parameters, data: PurchaseHistory, time: np.ndarray) -> np.ndarray:
        """Return the expected rate at T + time of those alive at T, shape (n, n_times).

        The posterior of the drop-out chance is beta(a, b + chances), of the purchase rate
        gamma(r + x, alpha + T); the mean of rate · exp(-rate · chance · time) is a 2F1.
        """
        r, alpha, a, b = (_column(p) for p in parameters)
        x, age = data.frequency[:, None], data.age[:, None]
        rate, scaled = (r + x) / (alpha + age), time / (alpha + age)
        return rate * _mean_staying(a, b, x + self.first, r + x + 1, scaled)

    def prepare_rate(self, parameters, data: PurchaseHistory, end: float) -> Callable:
        """Return :meth:`purchase_rate` up to ``end``, interpolated where that is cheaper.

        As long as no covariate moves the parameters, customers of one frequency share a curve
        in time/(alpha + T), and a Chebyshev series of it costs a hundredth of a 2F1.
        """
        if any(np.ndim(p) for p in parameters) or len(data) == 0:
            return self.purchase_rate
        r, alpha, a, b = parameters
        counts = np.unique(data.frequency)
        longest = np.log1p(end / (alpha + data.age.min()))
        found = _staying_series(a, b, counts + self.first, r + counts + 1, longest)
        if found is None:
            return self.purchase_rate
        series, back = found

        def rate(_, rows: PurchaseHistory, time: np.ndarray) -> np.ndarray:
            scale = alpha + rows.age
            place = 2 * np.log1p(time / scale[:, None]) / longest - 1
            own = series[:, np.searchsorted(counts, rows.frequency), None]
            start = ((r + rows.frequency) / scale)[:, None]
            return start * back(np.polynomial.chebyshev.chebval(place, own, tensor=False))

        return rate

    def time_scale(self, parameters, data: PurchaseHistory) -> np.ndarray:
        """Return the time over which the purchase rate of the living falls off, shape (n,)."""
        return parameters[1] + data.age


def _mean_staying(a, b, chances, power, scaled: np.ndarray) -> np.ndarray:
    """Return the mean of (1 + p · scaled)^-power for p of beta(a, b + chances)."""
    tail = b + chances
    if np.max(a + b) > _LARGE:
        return _beta_mean(a, tail, power, scaled)
    z = scaled / (1 + scaled)
    mean = (1 - z) ** a * hyp2f1(a, a + tail - power, a + tail, z)
    if not np.isfinite(mean).all():
        mean = np.where(np.isfinite(mean), mean, _beta_mean(a, tail, power, scaled))
    return mean


def _staying_series(a, b, chances: np.ndarray, power: np.ndarray, longest: float):
    """Return Chebyshev coefficients of :func:`_mean_staying`, (n_terms, n_counts), and of what.

    In log(1 + scaled) from 0 to ``longest``: of the logarithm (then also ``np.exp``), or of the
    mean itself where that is too small to be had exactly; None where no series of 256 terms is
    exact. scipy's 2F1 is right to nine digits at its worst, hence the laxer limit.
    """
    for n in (32, 64, 128, 256):
        angle = (np.arange(n) + 0.5) * np.pi / n
        scaled = np.expm1((np.cos(angle) + 1) / 2 * longest)[None, :]
        with np.errstate(all="ignore"):
            mean = _mean_staying(a, b, chances[:, None], power[:, None], scaled)
            choices = (np.exp, np.log(mean), 1e-9), (np.positive, mean, 1e-11)
        for back, curve, error in choices:
            series = _chebyshev(curve, angle)
            if np.isfinite(series).all() and np.abs(series[-n // 8 :]).max() < error:
                return series, back
    return None


def _chebyshev(curve: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Return the coefficients of curves (n_curves, n_nodes) given at Chebyshev's nodes."""
    n = len(angle)
    with np.errstate(invalid="ignore"):
        series = 2 / n * np.cos(np.outer(np.arange(n), angle)) @ curve.T
    series[0] /= 2
    return series


def _beta_mean(a, b, power, scaled: np.ndarray) -> np.ndarray:
    """Return the mean of (1 + p · scaled)^-power for p of beta(a, b), shape (n, n_times).

    By the trapezoid rule in the logit of p, where the density falls off at both ends; scipy's 2F1
    fails for parameters in the hundreds. The value at p = 0 is taken off first, so that a density
    that piles up at 0 needs no nodes there.
    """
    mode, width = np.log((a + 1) / b), np.sqrt(2 * _E_FOLDS * (1 / (a + 1) + 1 / b))
    left, right = mode - width - _E_FOLDS / (a + 1), mode + width + _E_FOLDS / b
    less = np.zeros(np.broadcast_shapes(np.shape(left), scaled.shape))
    steps = max(240, int(np.ceil(np.max(right - left) / 0.4)))
    for share in np.linspace(0.0, 1.0, steps + 1):
        place = left + share * (right - left)
        density = np.exp(a * log_expit(place) + b * log_expit(-place) - betaln(a, b))
        less += density * np.expm1(-power * np.log1p(expit(place) * scaled))
    return 1 + less * (right - left) / steps


def _column(parameter):
    return parameter[:, None] if np.ndim(parameter) else parameter
