"""The importance–performance map: where to concentrate, and how sure that is.

Martilla & James (1977), Journal of Marketing 41(1), 77–79.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.evaluate.drivers.relative import johnson_weights
from cx_value.evaluate.drivers.resampled import percentile_interval, resample_moments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Quadrants by 2 · (important) + (performs well).
QUADRANTS = ("low_priority", "overkill", "concentrate", "keep_up")
RULES = ("mean", "median")
KINDS = ("derived", "stated", "experts")
#: A lever whose quadrant holds in fewer resamples, by any rule, is drawn hollow.
STEADY = 0.80
COLUMNS = (
    "importance_kind", "lever", "importance", "importance_low", "importance_high", "performance",
    "performance_low", "performance_high", "quadrant", "kept", "quadrant_median", "kept_median",
    "steady", "importance_cross", "performance_cross",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportanceMap(Result):
    """Every lever's importance, performance and quadrant, with the share of resamples that agree.

    Attributes
    ----------
    frame : DataFrame
        One row a kind of importance and lever. ``importance`` is the share of R² (derived), the
        mean rating (stated) or the weight that experts give (experts, resampled over experts),
        ``performance`` the mean score, 0 to 100; ``quadrant`` by cross-hairs at the means,
        ``quadrant_median`` by those at the medians; ``kept`` and ``kept_median`` the share of
        resamples in which the lever, cross-hairs drawn anew, falls into the same quadrant;
        ``steady`` whether both reach 0.80.
    outcome : str
        What the derived importance is about.
    """

    template = "drivers.map"

    frame: pd.DataFrame
    outcome: str
    draws: int

    def of(self, kind: str) -> pd.DataFrame:
        """Return the rows of one kind of importance."""
        return self.frame[self.frame.importance_kind == kind]

    def facts(self) -> dict[str, Any]:
        """Return the levers of each quadrant, which are steady, and where two maps part."""
        rows = self.of("derived")
        stated = self.of("stated")
        return {
            "outcome": self.outcome, "levers": len(rows), "draws": self.draws,
            "steady_from": STEADY,
            "quadrants": {q: list(rows[rows.quadrant == q].lever) for q in QUADRANTS},
            "steady": int(rows.steady.sum()),
            "unsteady": [
                {"lever": r.lever, "kept": min(r.kept, r.kept_median)}
                for r in rows[~rows.steady].itertuples()
            ],
            "stated": len(stated) > 0,
            "parted": _parted(rows, stated), "experts": len(self.of("experts")) > 0,
            "experts_parted": _parted(rows, self.of("experts")), "source": "martilla1977",
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, str] | None = None,
        kind: str = "derived",
    ) -> Axes:  # fmt: skip
        """Draw the map: error bars, cross-hairs at the means, unsteady levers hollow."""
        from cx_value.evaluate.drivers.pictures import draw_importance_map

        return draw_importance_map(self.of(kind), labels or {}, ax, lang)


def _parted(derived: pd.DataFrame, stated: pd.DataFrame) -> list[str]:
    """Return the levers that the two kinds of importance put into different quadrants."""
    if not len(stated):
        return []
    other = dict(zip(stated.lever, stated.quadrant, strict=True))
    return [r.lever for r in derived.itertuples() if other.get(r.lever, r.quadrant) != r.quadrant]


def map_importance_performance(
    scores: pd.DataFrame,
    levers: Sequence[str],
    outcome: str,
    *,
    stated: pd.DataFrame | None = None,
    experts: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> ImportanceMap:
    """Place every lever by its importance for an outcome and its performance.

    Parameters
    ----------
    scores : DataFrame (n, columns)
        Scores 0 to 100 of the levers and the outcome.
    levers : sequence of str
        What management can act on; neither outcomes nor mediators (two or more).
    outcome : str
    stated : DataFrame (n, levers), optional
        How important each respondent says a lever is.
    experts : ndarray (1 + draws, levers), optional
        Weights by experts; the rows after the first by resampled experts.
    weights, draws, seed, confidence
        As in :func:`cx_value.evaluate.drivers.importance.driver_importance`.

    Raises
    ------
    DataError
        If there are fewer than two levers, or the outcome cannot be explained by them.

    Examples
    --------
    >>> import pandas as pd
    >>> x = 50 + 10 * np.random.default_rng(1).normal(size=(300, 2))
    >>> frame = pd.DataFrame(x, columns=["a", "b"]).assign(a=lambda f: f.a - 20)
    >>> frame["y"] = 2 * frame.a + frame.b
    >>> found = map_importance_performance(frame, ["a", "b"], "y", draws=50)
    >>> found.table()[["lever", "quadrant", "kept"]].to_numpy().tolist()
    [['a', 'concentrate', 1.0], ['b', 'overkill', 1.0]]
    """
    if len(levers) < 2:
        raise DataError(
            f"{len(levers)} lever · allowed: two or more, for quadrants compare them · do: name "
            "levers under drivers: levers: in the study file"
        )
    values = scores[[*levers, outcome]].to_numpy(dtype=float)
    p = len(levers)
    pair = resample_moments(values, weights, draws=draws, seed=seed)
    performance = tuple(moments.means[..., :p] for moments in pair)
    shares = tuple(_shares(moments.correlations) for moments in pair)
    if not np.isfinite(shares[0]).all():
        raise DataError(
            f"the importance for {outcome} cannot be derived · allowed: levers that vary and do "
            "not repeat each other · do: leave out one of those that say the same"
        )
    rows = _map_rows("derived", levers, shares, performance, confidence)
    if stated is not None:
        asked = stated[list(levers)].to_numpy(dtype=float)
        given = resample_moments(asked, weights, draws=draws, seed=seed)
        means = tuple(moments.means for moments in given)
        rows += _map_rows("stated", levers, means, performance, confidence)
    if experts is not None:
        shares = experts / experts.sum(axis=1, keepdims=True)
        rows += _map_rows("experts", levers, (shares[0], shares[1:]), performance, confidence)
    n = int(np.isfinite(values).all(axis=1).sum())
    return ImportanceMap(
        n_used=n, n_dropped=len(values) - n, confidence=confidence,
        method=Phrase("drivers.map_method", {"draws": draws}), frame=tidy_frame(rows, COLUMNS),
        outcome=outcome, draws=draws,
    )  # fmt: skip


def quadrants(importance: np.ndarray, performance: np.ndarray, rule: str = "mean") -> np.ndarray:
    """Return the quadrant (position in QUADRANTS) of every lever, by cross-hairs of its own map.

    Parameters
    ----------
    importance, performance : ndarray (..., levers)
    rule : {"mean", "median"}
        Where the cross-hairs stand; a lever on a cross-hair counts as above it.
    """
    centre = {"mean": np.mean, "median": np.median}[rule]
    important = importance >= centre(importance, axis=-1, keepdims=True)
    well = performance >= centre(performance, axis=-1, keepdims=True)
    return 2 * important + well


def _shares(correlations: np.ndarray) -> np.ndarray:
    weights = johnson_weights(correlations)
    return weights / weights.sum(axis=-1, keepdims=True)


def _map_rows(
    kind: str, levers: Sequence[str], importance: tuple[np.ndarray, np.ndarray],
    performance: tuple[np.ndarray, np.ndarray], confidence: float,
) -> list[dict]:  # fmt: skip
    ends = {"importance": percentile_interval(importance[1], confidence),
            "performance": percentile_interval(performance[1], confidence)}  # fmt: skip
    found = {rule: quadrants(importance[0], performance[0], rule) for rule in RULES}
    usable = np.isfinite(importance[1]).all(axis=1) & np.isfinite(performance[1]).all(axis=1)
    again = {rule: quadrants(importance[1][usable], performance[1][usable], rule) for rule in RULES}
    kept = {rule: (again[rule] == found[rule]).mean(axis=0) for rule in RULES}
    cross = {"importance_cross": float(importance[0].mean()),
             "performance_cross": float(performance[0].mean())}  # fmt: skip
    return [
        {
            "importance_kind": kind, "lever": lever, "importance": float(importance[0][j]),
            "importance_low": float(ends["importance"][0][j]),
            "importance_high": float(ends["importance"][1][j]),
            "performance": float(performance[0][j]),
            "performance_low": float(ends["performance"][0][j]),
            "performance_high": float(ends["performance"][1][j]),
            "quadrant": QUADRANTS[found["mean"][j]], "kept": float(kept["mean"][j]),
            "quadrant_median": QUADRANTS[found["median"][j]],
            "kept_median": float(kept["median"][j]),
            "steady": bool(min(kept[rule][j] for rule in RULES) >= STEADY), **cross,
        }
        for j, lever in enumerate(levers)
    ]  # fmt: skip
