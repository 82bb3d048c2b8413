"""Measures over waves, with their intervals and control limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cx_value.base.style import PALETTE, SERIES, figure_style, new_axes
from cx_value.base.wording import in_language
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def draw_waves(
    frame: pd.DataFrame, shown: Sequence[str], labels: Mapping[str, Any], lang: str, ax: Axes | None
) -> Axes:
    """Draw each measure's means with intervals over the waves; limits as a band, first one only."""
    word = Phrasebook(lang).term
    with figure_style(lang):
        ax = ax or new_axes(height=3.0)
        waves = list(dict.fromkeys(frame.wave))
        for k, measure in enumerate(shown):
            part = frame[frame.measure == measure]
            x = [waves.index(wave) + 0.08 * (k - (len(shown) - 1) / 2) for wave in part.wave]
            if k == 0:
                ax.fill_between(x, part.lower, part.upper, step="mid", color=PALETTE["fill"],
                                label=word("limits", "tracking_axis"))  # fmt: skip
            error = [part["mean"] - part.low, part.high - part["mean"]]
            name = in_language(labels.get(measure, measure), lang)
            ax.errorbar(x, part["mean"], yerr=error, marker="o", color=SERIES[k], capsize=2,
                        linewidth=1.2, label=name)  # fmt: skip
        ax.set_xticks(range(len(waves)), [str(wave) for wave in waves])
        ax.set_xlabel(word("wave", "tracking_axis"))
        ax.set_ylabel(word("score", "tracking_axis"))
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=3, fontsize=8)
    return ax


def draw_funnel(
    frame: pd.DataFrame, centre: float, sd: float, labels: Mapping[str, Any], lang: str,
    ax: Axes | None,
) -> Axes:  # fmt: skip
    """Draw adjusted scores over n with limits at two and three errors; name who differs."""
    import numpy as np

    word = Phrasebook(lang).term
    with figure_style(lang):
        ax = ax or new_axes(height=3.4)
        x = np.linspace(max(frame.effective.min() * 0.8, 2), frame.effective.max() * 1.05, 200)
        for sigmas, style in ((2, ":"), (3, "--")):
            half = sigmas * sd / np.sqrt(x)
            name = word(f"funnel_{sigmas}", "tracking_axis")
            ax.plot(x, centre + half, style, color=PALETTE["grey"], linewidth=1, label=name)
            ax.plot(x, centre - half, style, color=PALETTE["grey"], linewidth=1)
        ax.axhline(centre, color=PALETTE["grey"], linewidth=0.8)
        for row in frame.itertuples():
            plain = row.verdict == "within"
            ax.plot(row.effective, row.adjusted, "o", markersize=4,
                    color=PALETTE["primary" if plain else "accent"])  # fmt: skip
            if not plain:
                name = in_language(labels.get(row.unit, row.unit), lang)
                ax.annotate(str(name), (row.effective, row.adjusted), xytext=(4, 3),
                            textcoords="offset points", fontsize=7)  # fmt: skip
        ax.set_xlabel(word("respondents", "tracking_axis"))
        ax.set_ylabel(word("adjusted", "tracking_axis"))
        ax.legend(fontsize=8)
    return ax
