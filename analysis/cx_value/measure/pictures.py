"""Figures of measurement: intervals of reliability, scree, loadings, HTMT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff
from cx_value.base.style import PALETTE, diverging_colours, figure_style, new_axes
from cx_value.base.wording import format_number, format_percent
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _word(key: str, lang: str) -> str:
    return Phrasebook(lang).term(key, "measure_figure")


def draw_reliability(
    scales: pd.DataFrame, labels: Sequence[str], cutoff: Cutoff, ax: Axes | None, lang: str
) -> Axes:
    """Draw α and ω with their intervals, one construct a line, and the cutoff."""
    with figure_style(lang):
        ax = ax or new_axes(height=0.42 * len(scales) + 1.0)
        place = np.arange(len(scales))[::-1]
        ax.axvline(cutoff.threshold, color=PALETTE["grey"], linestyle="--", linewidth=0.9)
        for name, sign, shift, colour, marker in (
            ("alpha", "Cronbach's α", 0.13, PALETTE["primary"], "o"),
            ("omega", "McDonald's ω", -0.13, PALETTE["accent"], "s"),
        ):
            value = scales[name].to_numpy()
            low, high = scales[f"{name}_ci_low"].to_numpy(), scales[f"{name}_ci_high"].to_numpy()
            ax.hlines(place + shift, low, high, color=colour)
            ax.plot(value, place + shift, marker, color=colour, label=sign)
        ax.set_yticks(place, labels)
        ax.set_ylim(-0.6, len(scales) - 0.4)
        ax.set_xlabel(_word("reliability", lang))
        _legend_above(ax)
    return ax


def draw_scree(frame: pd.DataFrame, quantile: float, ax: Axes | None, lang: str) -> Axes:
    """Draw observed eigenvalues against random ones, components and common factors."""
    share = format_percent(quantile)
    with figure_style(lang):
        ax = ax or new_axes(height=3.2)
        for prefix, name, colour in (
            ("", "components", PALETTE["primary"]),
            ("common_", "common", PALETTE["accent"]),
        ):
            label = _word(name, lang)
            random = _word("random", lang).format(name=label, share=share)
            ax.plot(frame.number, frame[f"{prefix}eigenvalue"], "o-", color=colour, label=label)
            ax.plot(
                frame.number, frame[f"{prefix}random_quantile"], "--", color=colour, label=random
            )
        ax.axhline(0, color=PALETTE["light"], linewidth=0.7)
        ax.set_xlabel(_word("number", lang))
        ax.set_ylabel(_word("eigenvalue", lang))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
    return ax


def draw_loadings(loadings: pd.DataFrame, ax: Axes | None, lang: str) -> Axes:
    """Draw a loading pattern as a heat map with its numbers."""
    height = 0.2 * len(loadings) + 0.8
    return _heat_map(
        loadings.to_numpy(), list(loadings.columns), list(loadings.index), ax, lang, height
    )


def draw_loading_intervals(
    loadings: pd.DataFrame,
    labels: Mapping[str, str],
    cutoff: Cutoff,
    ax: Axes | None,
    lang: str,
) -> Axes:
    """Draw standardised loadings with intervals, grouped by construct."""
    with figure_style(lang):
        ax = ax or new_axes(height=0.19 * len(loadings) + 0.9)
        place = np.arange(len(loadings))[::-1]
        ax.axvline(cutoff.threshold, color=PALETTE["grey"], linestyle="--", linewidth=0.9)
        good = (loadings.passes == True).to_numpy()  # noqa: E712
        colours = np.where(good, PALETTE["primary"], PALETTE["accent"])
        ax.hlines(place, loadings.ci_low, loadings.ci_high, color=colours)
        ax.scatter(loadings.loading, place, color=colours, s=20, zorder=3)
        ax.set_yticks(place, loadings["item"])
        ax.set_ylim(-0.7, len(loadings) - 0.3)
        ax.set_xlabel(_word("loading", lang))
        for name, rows in loadings.groupby("construct", sort=False):
            top = place[rows.index[0]] + 0.5
            ax.axhline(top, color=PALETTE["light"], linewidth=0.7)
            ax.annotate(
                labels[name], (1.01, place[rows.index].mean()), va="center", fontsize=8,
                xycoords=("axes fraction", "data"), annotation_clip=False,
            )  # fmt: skip
    return ax


def draw_htmt(
    matrix: pd.DataFrame, labels: Sequence[str], cutoff: Cutoff, ax: Axes | None, lang: str
) -> Axes:
    """Draw HTMT below the diagonal, deeper as it grows, outlined at or above the cutoff."""
    from matplotlib.patches import Rectangle

    values = np.where(np.tri(len(matrix), k=-1, dtype=bool), matrix.to_numpy(), np.nan)[1:, :-1]
    side = 0.5 * len(matrix) + 0.8
    ax = _heat_map(values, labels[:-1], labels[1:], ax, lang, side, lowest=0.0)
    for i, j in zip(*np.nonzero(np.abs(values) >= cutoff.threshold), strict=True):
        ax.add_patch(
            Rectangle((j - 0.47, i - 0.47), 0.94, 0.94, fill=False, edgecolor=PALETTE["bad"],
                      linewidth=1.6)
        )  # fmt: skip
    return ax


def _heat_map(
    values: np.ndarray,
    columns: Sequence[str],
    rows: Sequence[str],
    ax: Axes | None,
    lang: str,
    height: float,
    lowest: float = -1.0,
) -> Axes:
    from matplotlib.colors import LinearSegmentedColormap

    colours = diverging_colours(11)
    if lowest >= 0:
        colours = colours[5:]
    with figure_style(lang):
        ax = ax or new_axes(height=height)
        tints = LinearSegmentedColormap.from_list("loadings", colours)
        ax.imshow(values, cmap=tints, vmin=lowest, vmax=1.0, aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                dark = abs(value) > 0.75
                ax.text(
                    j, i, format_number(value, bounded=abs(value) < 1, lang=lang), ha="center",
                    va="center", fontsize=8, color="white" if dark else PALETTE["ink"],
                )  # fmt: skip
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return ax


def _legend_above(ax: Axes) -> None:
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
