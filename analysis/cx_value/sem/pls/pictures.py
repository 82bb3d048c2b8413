"""Pictures of PLS results: paths with intervals, prediction errors, the importance map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.labels import place_labels
from cx_value.base.style import PALETTE, TEXT_WIDTH, figure_style, new_axes
from cx_value.base.terms import figure_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_paths(table: pd.DataFrame, ax: Axes | None, lang: str) -> Axes:
    """Draw every path coefficient, with its interval where there is one."""
    rows = table.iloc[::-1]
    place = np.arange(len(rows))
    with figure_style(lang):
        ax = new_axes(TEXT_WIDTH, 0.8 + 0.26 * len(rows)) if ax is None else ax
        if rows["ci_low"].notna().all():
            ax.hlines(place, rows["ci_low"], rows["ci_high"], color=PALETTE["grey"], linewidth=1.2)
        ax.plot(rows["est"], place, "o", color=PALETTE["primary"], markersize=5)
        ax.axvline(0, color=PALETTE["light"], zorder=0)
        labels = [f"{a} → {b}" for a, b in zip(rows["rhs"], rows["lhs"], strict=True)]
        ax.set_yticks(place, labels)
        ax.set_xlabel(figure_word("path_coefficient", lang))
    return ax


def draw_prediction(table: pd.DataFrame, ax: Axes | None, lang: str) -> Axes:
    """Draw each item's RMSE of the model beside that of the linear benchmark."""
    rows = table.iloc[::-1]
    place = np.arange(len(rows))
    words = [figure_word(code, lang) for code in ("pls_model", "linear_benchmark")]
    with figure_style(lang):
        ax = new_axes(TEXT_WIDTH, 0.9 + 0.22 * len(rows)) if ax is None else ax
        ax.hlines(place, rows["rmse_pls"], rows["rmse_lm"], color=PALETTE["light"], linewidth=2)
        ax.plot(rows["rmse_pls"], place, "o", color=PALETTE["primary"], label=words[0])
        ax.plot(rows["rmse_lm"], place, "D", color=PALETTE["accent"], label=words[1], markersize=4)
        ax.set_yticks(place, rows["item"])
        ax.set_xlabel("RMSE")
        ax.legend(frameon=False)
    return ax


def draw_map(table: pd.DataFrame, target: str, ax: Axes | None, lang: str) -> Axes:
    """Scatter importance against performance, with the means as cross-hairs."""
    words = [figure_word(code, lang) for code in ("importance_for", "performance_score")]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.axvline(table["importance"].mean(), color=PALETTE["light"], zorder=0)
        ax.axhline(table["performance"].mean(), color=PALETTE["light"], zorder=0)
        ax.plot(table["importance"], table["performance"], "o", color=PALETTE["primary"])
        ax.margins(0.15)
        ax.set(xlabel=words[0].format(target), ylabel=words[1])
        place_labels(ax, table["importance"], table["performance"], list(table["construct"]))
    return ax
