"""Segments side by side: how far each stands from all on what they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.style import PALETTE, SERIES, figure_style, new_axes
from cx_value.base.wording import in_language
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MARKS = "osD^vPX<>hpd"


def draw_segments(
    means: pd.DataFrame, labels: Mapping[str, Any], lang: str, ax: Axes | None
) -> Axes:
    """Draw a row a score and a mark a segment, in standard deviations from the mean of all."""
    with figure_style(lang):
        ax = ax or new_axes(height=1.2 + 0.27 * means.shape[1])
        places = np.arange(means.shape[1])[::-1]
        for k, (segment, row) in enumerate(means.iterrows()):
            name = in_language(labels.get(segment, segment), lang)
            ax.plot(row, places, MARKS[k % len(MARKS)], markersize=6.5,
                    color=SERIES[k % len(SERIES)], label=name)  # fmt: skip
        ax.hlines(places, means.min(), means.max(), color=PALETTE["light"], zorder=0)
        ax.axvline(0, color=PALETTE["ink"], linewidth=0.8)
        ax.set_yticks(places, [in_language(labels.get(c, c), lang) for c in means])
        ax.set_xlabel(Phrasebook(lang).term("deviation", "segments_axis"))
        ax.set_ylim(-0.6, means.shape[1] - 0.4)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=min(4, len(means)))
    return ax
