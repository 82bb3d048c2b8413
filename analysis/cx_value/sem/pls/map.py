"""Importance–performance map: which construct to improve first.

Ringle & Sarstedt (2016), Industrial Management & Data Systems 116, 1865–1886.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.wording import join_words
from cx_value.base.words import Phrase
from cx_value.sem.pls.model import PathModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Scale = tuple[float, float] | Mapping[str, tuple[float, float]]
SOURCE = "ringle2016"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportancePerformance(Result):
    """Importance and performance of every construct (and item) that acts on a target.

    Attributes
    ----------
    target : str
    constructs : DataFrame
        ``construct importance performance``: by how many points the target's score (0–100) rises
        with one point more of the construct; the construct's mean score (0–100).
    items : DataFrame
        ``construct item importance performance``.
    target_performance : float
    """

    template = "pls.importance"

    target: str
    constructs: pd.DataFrame
    items: pd.DataFrame
    target_performance: float

    def table(self) -> pd.DataFrame:
        """One row per construct, most important first."""
        return self.constructs.copy()

    def facts(self) -> dict[str, Any]:
        """Return the most important construct, and the one with most to gain."""
        table = self.table()
        above = table[table["importance"] >= table["importance"].mean()]
        return {
            "target": self.target, "performance": self.target_performance,
            "first": table.iloc[0].to_dict(),
            "weakest": above.loc[above["performance"].idxmin()].to_dict(), "source": SOURCE,
        }  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Scatter importance against performance, with the means as cross-hairs."""
        from cx_value.sem.pls.pictures import draw_map

        return draw_map(self.table(), self.target, ax, lang)


def map_importance(
    values: np.ndarray,
    model: PathModel,
    weights: np.ndarray,
    total_effects: np.ndarray,
    target: str,
    *,
    scale: Scale | None = None,
    case: np.ndarray | None = None,
) -> ImportancePerformance:
    """Map every construct that acts on ``target``. See ``PlsResult.importance_performance``.

    Parameters
    ----------
    values : array (n, p)
    weights : array (p,)
        Standardised outer weights.
    total_effects : array (J, J)
        Standardised, [source, target].
    case : array (n,), optional
        Case weights, by which means and deviations are weighted.
    """
    index = _target_index(model, total_effects, target)
    low, high = _ranges(values, model, scale)
    points = (values - low) / (high - low) * 100.0
    raw_weights = _unstandardised_weights(_moments(points, case)[1], model, weights)
    scores = points @ (raw_weights[:, None] * model.mask)
    performance, spread = _moments(scores, case)
    importance = total_effects[:, index] * spread[index] / spread
    acting = np.flatnonzero(total_effects[:, index])
    constructs = pd.DataFrame(
        {
            "construct": [model.constructs[j] for j in acting],
            "importance": importance[acting],
            "performance": performance[acting],
        }
    ).sort_values("importance", ascending=False, ignore_index=True)
    return ImportancePerformance(
        n_used=len(values),
        method=Phrase("estimators.named", {"method": "importance_performance"}),
        notes=_notes(model, weights, scale),
        target=target,
        constructs=constructs,
        items=_item_frame(
            model, acting, importance[model.owner] * raw_weights, _moments(points, case)[0]
        ),
        target_performance=float(performance[index]),
    )


def _moments(values: np.ndarray, case: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return means and deviations (divisor n − 1), weighted where there are case weights."""
    if case is None:
        return values.mean(axis=0), values.std(axis=0, ddof=1)
    share, n = case / case.sum(), len(case)
    mean = share @ values
    return mean, np.sqrt(share @ (values - mean) ** 2 * n / (n - 1))


def _item_frame(
    model: PathModel, acting: np.ndarray, importance: np.ndarray, performance: np.ndarray
) -> pd.DataFrame:
    inside = np.flatnonzero(np.isin(model.owner, acting))
    return pd.DataFrame(
        {
            "construct": [model.constructs[model.owner[i]] for i in inside],
            "item": [model.items[i] for i in inside],
            "importance": importance[inside],
            "performance": performance[inside],
        }
    )


def _target_index(model: PathModel, total_effects: np.ndarray, target: str) -> int:
    reached = [c for j, c in enumerate(model.constructs) if total_effects[:, j].any()]
    if target not in reached:
        raise ModelError(
            f"target={target!r} is no construct that others act on · allowed: {join_words(reached)}"
            " · do: choose one of them."
        )
    return model.constructs.index(target)


def _ranges(
    values: np.ndarray, model: PathModel, scale: Scale | None
) -> tuple[np.ndarray, np.ndarray]:
    if scale is None:
        return values.min(axis=0), values.max(axis=0)
    pairs = [scale[item] if isinstance(scale, Mapping) else scale for item in model.items]
    low, high = np.array(pairs, dtype=float).T
    outside = ((values < low) | (values > high)).any(axis=0) | (low >= high)
    if outside.any():
        j = int(outside.argmax())
        raise DataError(
            f"{model.items[j]} runs from {values[:, j].min():g} to {values[:, j].max():g}, outside "
            f"its scale {low[j]:g} to {high[j]:g} · allowed: answers within the scale · do: "
            "correct "
            "the scale."
        )
    return low, high


def _unstandardised_weights(
    deviations: np.ndarray, model: PathModel, weights: np.ndarray
) -> np.ndarray:
    """Weights of the 0–100 items, summing to 1 in each construct."""
    raw = weights / deviations
    return raw / (raw @ model.mask)[model.owner]


def _notes(model: PathModel, weights: np.ndarray, scale: Scale | None) -> tuple[Phrase, ...]:
    notes = []
    if scale is None:
        notes.append(Phrase("pls.observed_range"))
    if negative := [item for item, w in zip(model.items, weights, strict=True) if w < 0]:
        notes.append(Phrase("pls.negative_weights", {"item_names": negative}))
    return tuple(notes)
