"""What prices are accepted: van Westendorp's price sensitivity, Gabor and Granger's offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

POINTS = ("lower", "upper", "optimal", "indifference")
FEWEST = 20
_HELD = 4_000_000  # comparisons held at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceRange(Result):
    """Van Westendorp's four prices.

    The table has one row a price. ``lower``: too cheap meets not cheap; ``upper``: too expensive
    meets not expensive; ``optimal``: too cheap meets too expensive; ``indifference``: cheap meets
    expensive.

    Attributes
    ----------
    frame : DataFrame
        ``point price low high``.
    curves : DataFrame
        ``price too_cheap cheap expensive too_expensive``: shares of respondents.
    """

    template = "price.range"

    frame: pd.DataFrame
    curves: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return the prices with their intervals."""
        rows = self.frame.set_index("point")
        known = {p: {"price": rows.price[p], "ci": [rows.low[p], rows.high[p]]} for p in POINTS}
        return {**known, "n": self.n_used, "dropped": self.n_dropped, "source": "westendorp1976"}

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, str] | None = None
    ) -> Axes:
        """Draw the four curves and the accepted range."""
        from cx_value.evaluate.drivers.pictures import draw_price_curves

        return draw_price_curves(self.curves, self.frame, ax, lang)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceOffers(Result):
    """Demand, revenue and profit at the prices that were offered.

    The table has one row a price; revenue and profit are per respondent asked.

    Attributes
    ----------
    frame : DataFrame
        ``price n share low high revenue profit best_revenue best_profit``; the last two are the
        shares of resamples in which the price earns most.
    unit_cost : float
    """

    template = "price.offers"

    frame: pd.DataFrame
    unit_cost: float

    def facts(self) -> dict[str, Any]:
        """Return the price of most revenue and that of most profit."""
        revenue = self.frame.loc[self.frame.revenue.idxmax()]
        profit = self.frame.loc[self.frame.profit.idxmax()]
        return {
            "n": self.n_used, "prices": len(self.frame), "cost": self.unit_cost,
            "revenue": _best(revenue, "best_revenue"), "profit": _best(profit, "best_profit"),
            "source": "gabor1966",
        }  # fmt: skip


def _best(row: Any, sure: str) -> dict[str, float]:
    return {"price": row.price, "share": row["share"], "sure": row[sure]}


def price_range(
    too_cheap: Sequence[float], cheap: Sequence[float], expensive: Sequence[float],
    too_expensive: Sequence[float], *, weights: np.ndarray | None = None, draws: int = 1000,
    seed: int = 0, confidence: float = 0.95,
) -> PriceRange:  # fmt: skip
    """Return the prices at which van Westendorp's curves meet.

    Parameters
    ----------
    too_cheap, cheap, expensive, too_expensive : sequence of float
        The four prices that each respondent named; sheets with a gap, or whose prices do not rise,
        are left out and counted.
    weights : ndarray (n,), optional
        Case weights, by which respondents count in every curve.
    draws, seed, confidence
        Of the percentile intervals.

    Raises
    ------
    DataError
        If fewer than twenty sheets are left.

    Notes
    -----
    A curve is the share of respondents for whom a price is at least (at most) that cheap (dear);
    two curves meet where their difference changes its sign, read linearly between stated prices.

    References
    ----------
    van Westendorp (1976), Proceedings of the 29th ESOMAR Congress, 139–167.
    """
    named = np.column_stack([too_cheap, cheap, expensive, too_expensive]).astype(float)
    kept = np.isfinite(named).all(axis=1) & (np.diff(named, axis=1) >= 0).all(axis=1)
    prices = named[kept]
    if len(prices) < FEWEST:
        raise DataError(
            f"{len(prices)} of {len(named)} sheets name four prices that rise · allowed: {FEWEST} "
            "or more · do: check that the columns are in the right order"
        )
    grid = np.unique(prices)
    counts = np.vstack([np.ones(len(prices)), _drawn(len(prices), draws, seed)])
    curves = _curves(prices, grid, counts if weights is None else counts * weights[kept])
    points = {name: _meeting(*pair, grid) for name, pair in _pairs(curves).items()}
    tail = [(1 - confidence) / 2, (1 + confidence) / 2]
    rows = [(name, float(points[name][0]), *map(float, np.nanquantile(points[name][1:], tail)))
            for name in POINTS]  # fmt: skip
    shares = {name: curve[0] for name, curve in curves.items()}
    return PriceRange(
        n_used=len(prices), n_dropped=len(named) - len(prices), confidence=confidence,
        method=Phrase("price.range_method", {"draws": draws}),
        frame=tidy_frame(rows, ["point", "price", "low", "high"]),
        curves=tidy_frame(np.column_stack([grid, *shares.values()]).tolist(), ["price", *shares]),
    )  # fmt: skip


def price_offers(
    answers: Mapping[float, Sequence[float]], *, buys_from: float = 1, unit_cost: float = 0.0,
    weights: np.ndarray | None = None, draws: int = 1000, seed: int = 0, confidence: float = 0.95,
) -> PriceOffers:  # fmt: skip
    """Return demand, revenue and profit at each price offered (Gabor & Granger 1966).

    Parameters
    ----------
    answers : mapping
        Price → every respondent's answer; missing where it was not offered.
    buys_from : float
        Lowest answer that counts as a purchase.
    unit_cost : float
    weights : ndarray (n,), optional
        Case weights; the intervals of shares then rest on Kish's effective number.
    draws, seed, confidence
        Respondents are drawn with replacement.

    Raises
    ------
    DataError
        If fewer than two prices were answered by twenty respondents each.
    """
    from cx_value.value.purchase.intervals import wilson_interval

    prices = np.array(sorted(answers), dtype=float)
    given = np.column_stack([np.asarray(answers[p], dtype=float) for p in prices])
    asked = np.isfinite(given)
    if (asked.sum(axis=0) >= FEWEST).sum() < 2:
        raise DataError(
            f"fewer than two prices were answered by {FEWEST} respondents · allowed: two or more · "
            "do: check the columns under price_sensitivity: offers: in the study file"
        )
    bought = np.where(asked, given >= buys_from, 0.0)
    case = np.ones(len(given)) if weights is None else np.asarray(weights, dtype=float)
    counts = np.vstack([np.ones(len(given)), _drawn(len(given), draws, seed)]) * case
    share = (counts @ bought) / (counts @ asked)
    revenue, profit = share * prices, share * (prices - unit_cost)
    best = [np.bincount(v[1:].argmax(axis=1), minlength=len(prices)) / draws
            for v in (revenue, profit)]  # fmt: skip
    n = asked.sum(axis=0)
    effective = (case @ asked) ** 2 / (case**2 @ asked)
    limits = wilson_interval(share[0] * effective, effective, confidence)
    columns = (prices, n, share[0], *limits, revenue[0], profit[0], *best)
    names = ["price", "n", "share", "low", "high", "revenue", "profit", "best_revenue",
             "best_profit"]  # fmt: skip
    return PriceOffers(
        n_used=int(asked.any(axis=1).sum()), confidence=confidence, unit_cost=unit_cost,
        method=Phrase("price.offers_method", {"draws": draws}),
        frame=tidy_frame(np.column_stack(columns).tolist(), names).astype({"n": int}),
    )  # fmt: skip


def _drawn(n: int, draws: int, seed: int) -> np.ndarray:
    """Return how often each respondent is in every resample, (draws, n)."""
    rows = np.random.default_rng(seed).integers(0, n, (draws, n)) + n * np.arange(draws)[:, None]
    return np.bincount(rows.ravel(), minlength=draws * n).reshape(draws, n)


def _curves(prices: np.ndarray, grid: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the share of respondents for whom each price of the grid is too cheap, cheap, …."""
    size = weights.sum(axis=1, keepdims=True)
    falling = {"too_cheap": prices[:, 0], "cheap": prices[:, 1]}
    rising = {"expensive": prices[:, 2], "too_expensive": prices[:, 3]}
    down = {n: weights @ (named[:, None] >= grid) / size for n, named in falling.items()}
    return down | {n: weights @ (named[:, None] <= grid) / size for n, named in rising.items()}


def _pairs(curves: Mapping[str, np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the falling and the rising curve that meet at each point."""
    return {
        "lower": (curves["too_cheap"], 1 - curves["cheap"]),
        "upper": (1 - curves["expensive"], curves["too_expensive"]),
        "optimal": (curves["too_cheap"], curves["too_expensive"]),
        "indifference": (curves["cheap"], curves["expensive"]),
    }


def _meeting(falling: np.ndarray, rising: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return where the falling curve meets the rising one, in every resample."""
    gap = falling - rising
    first = (gap <= 0).argmax(axis=1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(gap))
    high, low = gap[rows, before], gap[rows, first]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(high > low, high / (high - low), 0.0)
    met = grid[before] + np.clip(part, 0, 1) * (grid[first] - grid[before])
    return np.where((gap <= 0).any(axis=1), met, np.nan)
