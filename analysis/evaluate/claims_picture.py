"""Forest plot of claims: what was found beside what is claimed, on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.evaluate.claims import ClaimTests

_COLOURS = {"supported": "#2f7d4f", "contradicted": "#b03a2e", "undecided": "#7a7a7a"}
_WORDS = {
    "en": "Found, as a multiple of what is claimed (band: the claimed range)",
    "zh": "实测值与所称值之比（浅色带为所称范围）",
}


def plot_claims(tests: ClaimTests, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw each tested claim's estimate and interval over the middle of its claimed range."""
    from analysis.style import figure_style, new_axes
    from analysis.wording import in_language

    rows = tests.frame[tests.frame["verdict"] != "not_testable"].iloc[::-1]
    with figure_style(lang):
        ax = new_axes(height=0.8 + 0.36 * max(len(rows), 1)) if ax is None else ax
        for place, row in enumerate(rows.to_dict("records")):
            middle = _middle(row["claimed_low"], row["claimed_high"])
            band = [row["claimed_low"] / middle, row["claimed_high"] / middle]
            _draw_band(ax, place, band)
            found, low, high = (row[name] / middle for name in ("estimate", "ci_low", "ci_high"))
            colour = _COLOURS[row["verdict"]]
            ax.plot([low, high], [place, place], color=colour, linewidth=1.6)
            ax.plot(found, place, "o", color=colour, markersize=4.5)
        ax.axvline(1, color="#999999", linewidth=0.8, linestyle=":")
        ax.set_yticks(range(len(rows)), [in_language(label, lang) for label in rows["label"]])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlabel(_WORDS[lang])
    return ax


def _middle(low: float, high: float) -> float:
    """Return what is claimed as one number: the middle of a range, the end of an open one."""
    known = [end for end in (low, high) if not np.isnan(end)]
    middle = float(np.mean(known))
    return middle if middle else 1.0


def _draw_band(ax: Axes, place: int, band: list[float]) -> None:
    left, right = ax.get_xlim() if ax.lines else (0.0, 2.0)
    low = min(left, 0.0) if np.isnan(band[0]) else band[0]
    high = max(right, 2.0) if np.isnan(band[1]) else band[1]
    ax.barh(place, high - low, left=low, height=0.7, color="#dfe7ef", zorder=0)
