"""How much each driver matters for an outcome: derived from the answers, and as stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.evaluate.drivers.relative import (
    MOST_SHAPLEY,
    explained_variance,
    johnson_weights,
    shapley_shares,
    standardised_slopes,
)
from cx_value.evaluate.drivers.resampled import Moments, percentile_interval, resample_moments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FEWEST_ROWS_PER_DRIVER = 5
#: Shapley shares are resampled where all subsets of all draws are a matter of a second or two.
MOST_SHAPLEY_RESAMPLED = 12
COLUMNS = (
    "outcome", "driver", "n", "r_squared", "r_squared_low", "r_squared_high", "correlation",
    "slope", "slope_low", "slope_high", "weight", "weight_low", "weight_high", "share",
    "share_low", "share_high", "shapley", "shapley_low", "shapley_high", "above_random",
    "above_random_low", "above_random_high", "beyond_random", "sign", "opposed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriverImportance(Result):
    """Shares of the variance of every outcome that go with each driver.

    Attributes
    ----------
    frame : DataFrame
        One row an outcome and driver, the largest weight of an outcome first. ``weight`` is
        Johnson's relative weight (part of R²), ``share`` its part of R² in all, ``shapley`` the
        Shapley share of R², ``slope`` the standardised regression slope, ``sign`` the sign of the
        correlation. ``above_random`` is how far the weight is above that of a variable drawn at
        random (median of the resamples); ``beyond_random`` is whether its interval lies above zero.
        ``opposed`` marks a slope whose interval lies on the other side of zero than the
        correlation.
    """

    template = "drivers.importance"

    frame: pd.DataFrame
    draws: int
    refused: tuple[dict[str, Any], ...] = ()
    money: pd.DataFrame | None = None

    def facts(self) -> dict[str, Any]:
        """Return, an outcome at a time, what leads, what is no better than chance, and R²."""
        return {
            "outcomes": [
                _outcome_facts(name, rows)
                for name, rows in self.frame.groupby("outcome", sort=False)
            ],
            "refused": list(self.refused), "draws": self.draws, "money": self._money_facts(),
        }  # fmt: skip

    def _money_facts(self) -> list[dict[str, Any]]:
        """Return the levers whose worth has an interval above zero, the dearest three."""
        if self.money is None:
            return []
        sure = self.money[self.money.ci_low > 0].sort_values("estimate", ascending=False)
        return [
            {"driver": r.lever, "money": r.estimate, "ci": [r.ci_low, r.ci_high]}
            for r in sure.head(3).itertuples()
        ]

    def beside_money(self, money: pd.DataFrame | None) -> DriverImportance:
        """Return the same importance with what a point of each driver is worth.

        ``money`` holds ``lever estimate ci_low ci_high``, per point, customer and year; levers
        that are no drivers here are left out.
        """
        if money is None:
            return self
        known = money[money.lever.isin(self.frame.driver)]
        return replace(self, money=known.reset_index(drop=True)) if len(known) else self

    def beside_model(self, totals: pd.DataFrame) -> DriverImportance:
        """Return the same importance with the model's standardised total effects beside it.

        ``totals`` holds ``source target total total_low total_high``; a driver that does not act on
        an outcome in the model stays without.
        """
        effects = totals.rename(columns={"source": "driver", "target": "outcome"})
        columns = ["outcome", "driver", "total", "total_low", "total_high"]
        frame = self.frame.merge(effects[columns], on=["outcome", "driver"], how="left")
        return replace(self, frame=frame)

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, str] | None = None
    ) -> Axes:
        """Draw each driver's share of R² with its interval, one panel an outcome, and its worth."""
        from cx_value.evaluate.drivers.pictures import draw_importance

        return draw_importance(self.frame, labels or {}, ax, lang, self.money)


def _outcome_facts(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    beyond = rows[rows.beyond_random]
    return {
        "outcome": name, "n": int(first.n), "r_squared": first.r_squared,
        "r_squared_ci": [first.r_squared_low, first.r_squared_high], "drivers": len(rows),
        "leading": [
            {"driver": r.driver, "share": r.share, "ci": [r.share_low, r.share_high]}
            for r in beyond.head(3).itertuples()
        ],
        "chance": list(rows[~rows.beyond_random].driver),
        "opposed": list(rows[rows.opposed].driver),
        "negative": list(beyond[beyond.sign < 0].driver),
    }  # fmt: skip


def driver_importance(
    scores: pd.DataFrame,
    drivers: Sequence[str],
    outcomes: Sequence[str],
    *,
    weights: np.ndarray | None = None,
    draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> DriverImportance:
    """Share the variance explained in each outcome among the drivers.

    Parameters
    ----------
    scores : DataFrame (n, columns)
        Scores of drivers and outcomes; rows with a gap in an outcome's regression are left out.
    drivers, outcomes : sequence of str
        Columns; a driver is never its own outcome.
    weights : ndarray (n,), optional
        Sampling weights.
    draws, seed, confidence
        Of the percentile intervals.

    Returns
    -------
    DriverImportance
        Outcomes that cannot be analysed stand in ``refused`` with the reason.

    Raises
    ------
    DataError
        If there are fewer than two drivers, or no outcome can be analysed.

    Notes
    -----
    A share of R² is never negative, so its interval never holds zero; a driver is told from chance
    by the interval of the difference to the weight of a variable drawn at random (Tonidandel,
    LeBreton & Johnson 2009, Psychological Methods 14, 387–399).

    Examples
    --------
    >>> import pandas as pd
    >>> x = np.random.default_rng(1).normal(size=(200, 3))
    >>> frame = pd.DataFrame(x, columns=["a", "b", "noise"])
    >>> frame["y"] = 2 * frame.a + frame.b
    >>> found = driver_importance(frame, ["a", "b", "noise"], ["y"], draws=50)
    >>> found.table().driver.tolist(), found.table().beyond_random.tolist()
    (['a', 'b', 'noise'], [True, True, False])
    """
    if len(drivers) < 2:
        raise DataError(
            f"{len(drivers)} driver · allowed: two or more, for importance is a comparison · do: "
            "name drivers under drivers: levers: in the study file"
        )
    rows, refused = [], refused_outcomes(scores, drivers, outcomes)
    unfit = {entry["outcome"] for entry in refused}
    for outcome in [o for o in outcomes if o not in unfit]:
        columns = [d for d in drivers if d != outcome]
        values = scores[[*columns, outcome]].to_numpy(dtype=float)
        pair = resample_moments(values, weights, draws=draws, seed=seed)
        rows += _rows(outcome, columns, values, *pair, confidence)
    if not rows:
        raise DataError(
            f"no outcome can be explained: {refused} · allowed: at least "
            f"{FEWEST_ROWS_PER_DRIVER} complete answers a driver, answers that vary · do: name "
            "other drivers or outcomes"
        )
    frame = tidy_frame(rows, COLUMNS)
    return DriverImportance(
        n_used=int(frame.n.max()), n_dropped=int(len(scores) - frame.n.max()),
        method=Phrase("drivers.method", {"draws": draws}), confidence=confidence, frame=frame,
        draws=draws, refused=tuple(refused),
    )  # fmt: skip


def refused_outcomes(
    scores: pd.DataFrame, drivers: Sequence[str], outcomes: Sequence[str]
) -> list[dict[str, Any]]:
    """Return ``outcome code …`` of every outcome that cannot be regressed on the drivers."""
    found = []
    for outcome in outcomes:
        columns = [d for d in drivers if d != outcome]
        reason = _unfit(scores[[*columns, outcome]].to_numpy(dtype=float), columns)
        found += [{"outcome": outcome, **reason}] if reason else []
    return found


def _unfit(values: np.ndarray, columns: Sequence[str]) -> dict[str, Any] | None:
    """Say why an outcome cannot be regressed on its drivers; None where it can."""
    complete = values[np.isfinite(values).all(axis=1)]
    n, wanted = len(complete), FEWEST_ROWS_PER_DRIVER * len(columns)
    if n < wanted:
        return {"code": "few_rows", "n": n, "wanted": wanted}
    constant = [c for c, v in zip(columns, complete.T, strict=False) if np.ptp(v) == 0]
    if constant or np.ptp(complete[:, -1]) == 0:
        return {"code": "constant", "columns": constant}
    if np.linalg.matrix_rank(np.corrcoef(complete[:, :-1].T), tol=1e-8) < len(columns):
        return {"code": "collinear", "columns": list(columns)}
    return None


def _rows(
    outcome: str, columns: list[str], values: np.ndarray, observed: Moments, resampled: Moments,
    confidence: float,
) -> list[dict]:  # fmt: skip
    here, draws = observed.correlations, resampled.correlations
    figures = {
        "slope": (standardised_slopes(here), standardised_slopes(draws)),
        "weight": (johnson_weights(here), johnson_weights(draws)),
        "shapley": _shapley(here, draws),
        "above_random": _above_random(resampled, len(columns)),
    }
    explained = explained_variance(here), explained_variance(draws)
    whole = figures["weight"][1].sum(axis=1, keepdims=True)
    figures["share"] = figures["weight"][0] / explained[0], figures["weight"][1] / whole
    limits = {name: percentile_interval(d, confidence) for name, (_, d) in figures.items()}
    common = {"outcome": outcome, "n": int(np.isfinite(values).all(axis=1).sum()),
              "r_squared": float(explained[0])}  # fmt: skip
    common |= dict(zip(("r_squared_low", "r_squared_high"),
                       percentile_interval(explained[1], confidence), strict=True))  # fmt: skip
    rows = [
        {**common, "driver": column, "correlation": here[j, -1],
         **_figures_of(j, figures, limits), **_judged(j, here[j, -1], limits)}
        for j, column in enumerate(columns)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -row["weight"])


def _figures_of(j: int, figures: Mapping, limits: Mapping) -> dict[str, float]:
    out = {}
    for name, (estimate, _) in figures.items():
        out[name] = float(estimate[j])
        out[f"{name}_low"], out[f"{name}_high"] = (float(end[j]) for end in limits[name])
    return out


def _judged(j: int, correlation: float, limits: Mapping) -> dict[str, Any]:
    low, high = (end[j] for end in limits["slope"])
    opposed = (correlation > 0 and high < 0) or (correlation < 0 and low > 0)
    return {"beyond_random": bool(limits["above_random"][0][j] > 0),
            "sign": int(np.sign(correlation)), "opposed": bool(opposed)}  # fmt: skip


def _shapley(here: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p = here.shape[-1] - 1
    unknown = np.full((len(draws), p), np.nan)
    if p > MOST_SHAPLEY:
        return np.full(p, np.nan), unknown
    if p > MOST_SHAPLEY_RESAMPLED:
        return shapley_shares(here), unknown
    size = max(1, 2**21 // 2**p)
    parts = [shapley_shares(draws[at : at + size]) for at in range(0, len(draws), size)]
    return shapley_shares(here), np.concatenate(parts)


def _above_random(resampled: Moments, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each weight is above a random variable's: the median, and every resample."""
    weights = johnson_weights(resampled.with_noise(list(range(p + 1))))
    difference = weights[:, :p] - weights[:, p:]
    return np.nanmedian(difference, axis=0), difference
