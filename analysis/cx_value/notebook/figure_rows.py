"""Figures of rows: names on the left, dots and intervals on a common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.style import PALETTE, new_axes
from cx_value.base.wording import format_number, in_language
from cx_value.diagram.shapes import wrap_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def need_columns(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Refuse a frame without rows or without one of the columns."""
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise DataError(
            f"{what}: no column {absent[0]!r} · it has: {', '.join(map(str, frame.columns))} · "
            "do: name the column by keyword"
        )
    if frame.empty:
        raise DataError(f"{what}: no row to draw · allowed: at least one row")


def label_of(code: str, labels: Mapping[str, str] | None, lang: str) -> str:
    """Return what a code is called."""
    return in_language((labels or {}).get(code, code), lang)


def axes_of_height(ax: Axes | None, height: float) -> Axes:
    """Return axes as high as their rows need, where the figure is theirs alone."""
    if ax is None:
        return new_axes(height=height)
    if len(ax.figure.axes) == 1:
        ax.figure.set_size_inches(ax.figure.get_figwidth(), height)
    return ax


def row_height(names: Sequence[str]) -> float:
    """Return the height in inches that every row takes: more where a name takes two lines.

    >>> row_height(["short"]), row_height(["as long as this " * 4])
    (0.3, 0.4)
    """
    return 0.4 if any("\n" in _two_lines(name) for name in names) else 0.3


def label_rows(ax: Axes, names: Sequence[str]) -> np.ndarray:
    """Put row names on the y axis, first on top; return the rows' heights."""
    heights = np.arange(len(names))[::-1].astype(float)
    ax.set_yticks(heights, [_two_lines(name) for name in names])
    for label in ax.get_yticklabels():
        label.set_linespacing(1.35)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return heights


def _two_lines(name: str) -> str:
    """Break a long row name in two, after an arrow where there is one."""
    limit = 22 if any(ord(character) > 0x2E7F for character in name) else 44
    if len(name) <= limit or "\n" in name:
        return name
    arrows = [k + 2 for k in range(len(name)) if name[k : k + 2] == "→ "]
    if arrows:
        middle = min(arrows, key=lambda k: abs(k - len(name) / 2))
        return name[:middle].rstrip() + "\n" + name[middle:]
    return "\n".join(wrap_label(name, width=-(-len(name) // 2)))


def draw_intervals(ax, frame, heights, colour: str, marker: str, label: str) -> None:
    """Draw dots with intervals; a dot whose interval holds zero is hollow."""
    values, lows, highs = frame.to_numpy(float).T
    ax.hlines(heights, lows, highs, color=PALETTE[colour], linewidth=1.4)
    clear = (lows > 0) | (highs < 0)
    ax.plot(values[clear], heights[clear], marker, color=PALETTE[colour])
    ax.plot(values[~clear], heights[~clear], marker, color=PALETTE[colour], mfc="white")
    ax.plot([], [], f"{marker}-", color=PALETTE[colour], label=label)


def zero_line(ax: Axes) -> None:
    """Draw zero, and make sure that it is on the picture."""
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, -0.02 * (high - low)), high)
    ax.axvline(0, color=PALETTE["ink"], linewidth=0.7, zorder=0)
    ax.grid(axis="x")


def signed_ticks(ax: Axes, lang: str) -> None:
    """Write the ticks of a coefficient as text writes them."""
    from matplotlib.ticker import FuncFormatter

    def write(value, _):
        if abs(value) < 1e-9:
            return "0"
        decimals = 1 if abs(round(value, 1) - value) < 1e-9 else 2
        return format_number(value, decimals, bounded=True, lang=lang)

    ax.xaxis.set_major_formatter(FuncFormatter(write))


def label_chain(name: str, labels: Mapping[str, str] | None, lang: str) -> str:
    """Return a chain of codes (``A → B`` or ``A -> B``) with each part labelled."""
    if labels and name in labels:
        return label_of(name, labels, lang)
    parts = name.replace("→", "->").split("->")
    return " → ".join(label_of(part.strip(), labels, lang) for part in parts)
