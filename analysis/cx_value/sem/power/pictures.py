"""Picture of dynamic cutoffs: an index in all simulated samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.style import PALETTE, SERIES, figure_style, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_index(
    simulated: pd.DataFrame,
    cutoffs: pd.DataFrame,
    index: str,
    observed: float,
    ax: Axes | None,
    lang: str,
) -> Axes:
    """Draw one index in all simulated samples, its cutoffs (dashed) and the model's own value.

    Parameters
    ----------
    simulated : DataFrame
        ``level converged`` and the index of every refit.
    cutoffs : DataFrame
        ``level index cutoff``.
    """
    kept = simulated[simulated.converged]
    bins = np.linspace(kept[index].min(), kept[index].max(), 41)
    with figure_style(lang):
        ax = ax if ax is not None else new_axes()
        for level in cutoffs.level.unique():
            colour = SERIES[level % len(SERIES)]
            name = f"水平 {level}" if lang == "zh" else f"Level {level}"
            values = kept[index][kept.level == level]
            ax.hist(values, bins=bins, histtype="step", color=colour, label=name)
            row = cutoffs[(cutoffs.level == level) & (cutoffs["index"] == index)].iloc[0]
            if level and not np.isnan(row.cutoff):
                ax.axvline(row.cutoff, color=colour, linestyle="--", linewidth=0.9)
        found = "本模型" if lang == "zh" else "This model"
        ax.axvline(observed, color=PALETTE["ink"], label=found)
        ax.set_xlabel(index.upper())
        ax.set_ylabel("模拟样本数" if lang == "zh" else "Simulated samples")
        ax.legend()
    return ax
