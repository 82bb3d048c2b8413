"""Forest plot of claims: what was found beside what is claimed, on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLOURS = {"supported": "#2f7d4f", "contradicted": "#b03a2e", "undecided": "#6b6b6b"}
_MARKERS = {"supported": "o", "contradicted": "X", "undecided": "D"}
_WORDS = {
    "en": "Found ÷ claimed (band: the claimed range)",
    "zh": "实测值 ÷ 所称值（浅色带为所称范围）",
}
_NUMBERS = ["claimed_low", "claimed_high", "estimate", "ci_low", "ci_high"]


def plot_claims(claims: pd.DataFrame, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw each tested claim's estimate and interval over the middle of its claimed range.

    ``claims`` is ``ClaimTests.frame``: ``verdict label`` and the claimed and the found numbers.
    """
    from cx_value.base.style import figure_style, new_axes
    from cx_value.base.wording import in_language

    rows = claims[claims["verdict"] != "not_testable"].iloc[::-1]
    numbers = rows[_NUMBERS].to_numpy(dtype=float)
    numbers = numbers / np.array([[_middle(*row[:2])] for row in numbers]).reshape(-1, 1)
    left = min(0.0, np.nanmin(numbers, initial=0.0))
    right = 1.05 * max(2.0, np.nanmax(numbers, initial=0.0))
    with figure_style(lang):
        ax = new_axes(height=0.8 + 0.36 * max(len(rows), 1)) if ax is None else ax
        for place, (verdict, row) in enumerate(zip(rows["verdict"], numbers, strict=True)):
            low, high = np.where(np.isnan(row[:2]), (left, right), row[:2])
            ax.barh(place, high - low, left=low, height=0.7, color="#dfe7ef", zorder=0)
            ax.plot(row[3:], [place, place], color=_COLOURS[verdict], linewidth=1.6)
            ax.plot(row[2], place, _MARKERS[verdict], color=_COLOURS[verdict], markersize=4.5)
        ax.axvline(1, color="#999999", linewidth=0.8, linestyle=":")
        ax.set_yticks(range(len(rows)), [in_language(label, lang) for label in rows["label"]])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(left, right)
        ax.set_xlabel(_WORDS[lang])
    return ax


def _middle(low: float, high: float) -> float:
    """Return what is claimed as one number: the middle of a range, the end of an open one."""
    middle = float(np.nanmean([low, high]))
    return middle if middle else 1.0
