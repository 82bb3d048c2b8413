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
