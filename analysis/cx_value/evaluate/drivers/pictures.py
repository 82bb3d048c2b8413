"""Pictures of drivers: shares of the variance explained, and the map of levers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.style import PALETTE, TEXT_WIDTH, figure_style, new_axes
from cx_value.base.wording import in_language
from cx_value.base.words import figure_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CORNERS = {(1, 0): "concentrate", (1, 1): "keep", (0, 0): "low_priority", (0, 1): "overkill"}


def draw_importance(
    frame: pd.DataFrame, labels: Mapping[str, str], ax: Axes | None, lang: str,
    money: pd.DataFrame | None = None,
) -> Axes:  # fmt: skip
    """Draw each driver's share of R² with its interval, one panel an outcome, and its worth."""
    outcomes = list(dict.fromkeys(frame.outcome))
    order = _order_of(frame, outcomes[0])
    named = [in_language(labels.get(d, d), lang) for d in order]
    with figure_style(lang):
        count = len(outcomes) + (money is not None)
        axes = _panels(count, 0.28 * len(order) + 1.0) if ax is None else [ax]
        if money is not None and ax is None:
            _draw_money(axes[-1], money.set_index("lever").reindex(order), lang)
        for panel, outcome in zip(axes, outcomes, strict=False):
            _draw_shares(panel, frame[frame.outcome == outcome].set_index("driver"), order)
            panel.set_title(_wrapped(in_language(labels.get(outcome, outcome), lang), lang))
        axes[0].set_yticks(np.arange(len(order)), named)
        axes[0].figure.supxlabel(figure_word("share_explained", lang), fontsize="medium")
    return axes[0]


def _draw_money(ax: Axes, rows: pd.DataFrame, lang: str) -> None:
    """Draw what a point of each driver is worth; hollow where the interval holds zero."""
    place = np.arange(len(rows))
    ax.axvline(0, color=PALETTE["grey"], linewidth=0.8)
    ax.hlines(place, rows.ci_low, rows.ci_high, color=PALETTE["grey"])
    sure = (rows.ci_low > 0).to_numpy()
    for chosen, face in ((sure, PALETTE["accent"]), (~sure, "white")):
        ax.plot(rows.estimate[chosen], place[chosen], "o", color=PALETTE["accent"],
                markerfacecolor=face)  # fmt: skip
    ax.set_title(_wrapped(figure_word("money_per_point", lang), lang))


def _wrapped(name: str, lang: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(name, 18 if lang == "en" else 10))


def _order_of(frame: pd.DataFrame, outcome: str) -> list[str]:
    first = frame[frame.outcome == outcome].sort_values("share").driver
    return list(dict.fromkeys([*first, *frame.driver]))


def _panels(count: int, height: float) -> list[Axes]:
    import matplotlib.pyplot as plt

    size = (TEXT_WIDTH, height)
    return list(plt.subplots(1, count, figsize=size, sharey=True, squeeze=False)[1][0])


def _draw_shares(ax: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    place = np.arange(len(order))
    rows = rows.reindex(order)
    ax.hlines(place, 100 * rows.share_low, 100 * rows.share_high, color=PALETTE["grey"])
    for beyond, face in ((True, PALETTE["primary"]), (False, "white")):
        some = (rows.beyond_random == beyond).to_numpy()
        ax.plot(100 * rows.share[some], place[some], "o", color=PALETTE["primary"],
                markerfacecolor=face)  # fmt: skip
    ax.set_xlim(left=0)


def draw_importance_map(
    rows: pd.DataFrame, labels: Mapping[str, str], ax: Axes | None, lang: str
) -> Axes:
    """Draw importance against performance: error bars, cross-hairs, unsteady levers hollow."""
    kind = rows.importance_kind.iloc[0]
    scale = 1 if kind == "stated" else 100
    with figure_style(lang):
        ax = new_axes(height=4.4) if ax is None else ax
        x, y = scale * rows.importance.to_numpy(), rows.performance.to_numpy()
        ax.hlines(y, scale * rows.importance_low, scale * rows.importance_high,
                  color=PALETTE["light"], linewidth=1.2)  # fmt: skip
        ax.vlines(x, rows.performance_low, rows.performance_high, color=PALETTE["light"],
                  linewidth=1.2)  # fmt: skip
        ax.axvline(scale * rows.importance_cross.iloc[0], color=PALETTE["grey"], linestyle="--",
                   linewidth=0.9)  # fmt: skip
        ax.axhline(rows.performance_cross.iloc[0], color=PALETTE["grey"], linestyle="--",
                   linewidth=0.9)  # fmt: skip
        steady = rows.steady.to_numpy()
        ax.plot(x[steady], y[steady], "o", color=PALETTE["primary"])
        ax.plot(x[~steady], y[~steady], "o", color=PALETTE["primary"], markerfacecolor="white")
        ax.margins(0.12)
        ax.set(xlabel=figure_word(f"importance_{kind}", lang),
               ylabel=figure_word("performance", lang))  # fmt: skip
        corners = _name_corners(ax, lang)
        place_labels(ax, x, y, [in_language(labels.get(v, v), lang) for v in rows.lever], corners)
    return ax


def _name_corners(ax: Axes, lang: str) -> list:
    return [
        ax.text(0.99 if right else 0.01, 0.985 if top else 0.015, figure_word(word, lang),
                transform=ax.transAxes, ha="right" if right else "left",
                va="top" if top else "bottom", color=PALETTE["grey"], fontsize="small")
        for (right, top), word in _CORNERS.items()
    ]  # fmt: skip


def draw_penalty_reward(
    rows: pd.DataFrame, labels: Mapping[str, str], ax: Axes | None, lang: str
) -> Axes:
    """Draw what a low and a high score of every lever go with, with intervals."""
    rows = rows.iloc[::-1]
    place = np.arange(len(rows))
    with figure_style(lang):
        ax = new_axes(height=0.36 * len(rows) + 1.0) if ax is None else ax
        ax.axvline(0, color=PALETTE["grey"], linewidth=0.8)
        for name, colour, marker in (("penalty", "accent", "s"), ("reward", "primary", "o")):
            ax.hlines(place, rows[f"{name}_low"], rows[f"{name}_high"], color=PALETTE[colour])
            ax.plot(rows[name], place, marker, color=PALETTE[colour],
                    label=figure_word(name, lang))  # fmt: skip
        ax.set_yticks(place, [in_language(labels.get(v, v), lang) for v in rows.lever])
        ax.set_xlabel(figure_word("effect_points", lang))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return ax


def draw_price_curves(
    curves: pd.DataFrame, points: pd.DataFrame, ax: Axes | None, lang: str
) -> Axes:
    """Draw van Westendorp's curves and shade the accepted range of prices."""
    price = points.set_index("point").price
    styles = {"too_cheap": ("primary", "-"), "cheap": ("primary", "--"),
              "expensive": ("accent", "--"), "too_expensive": ("accent", "-")}  # fmt: skip
    with figure_style(lang):
        ax = new_axes(height=3.6) if ax is None else ax
        ax.axvspan(price["lower"], price["upper"], color=PALETTE["fill"], zorder=0)
        for name, (colour, line) in styles.items():
            ax.plot(curves.price, 100 * curves[name], line, color=PALETTE[colour],
                    label=figure_word(name, lang))  # fmt: skip
        ax.axvline(price["optimal"], color=PALETTE["grey"], linestyle=":", linewidth=1)
        ax.set(xlabel=figure_word("price", lang), ylabel=figure_word("willing", lang))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False)
    return ax


#: Where a label may stand beside its point, in points: the nearest places first.
_PLACES = [
    (reach * dx, reach * dy, ha, va)
    for reach in (5, 9, 14, 20, 28)
    for dx, dy, ha, va in (
        (1, 0.6, "left", "bottom"), (-1, 0.6, "right", "bottom"), (1, -0.6, "left", "top"),
        (-1, -0.6, "right", "top"), (0, 1.2, "center", "bottom"), (0, -1.2, "center", "top"),
    )
]  # fmt: skip


def place_labels(
    ax: Axes, x: Sequence[float], y: Sequence[float], names: Sequence[str], taken: Sequence = ()
) -> None:
    """Write a name beside every point where it meets no other name, point or edge.

    The nearest free place is taken; where none is free, the one that overlaps least. A name that
    stands away from its point is tied to it by a thin line.
    """
    figure = ax.figure
    from matplotlib.transforms import Bbox

    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    inside = ax.get_window_extent(renderer)
    spots = ax.transData.transform(np.column_stack([x, y]))
    points = [Bbox.from_bounds(px - 4, py - 4, 8, 8) for px, py in spots]
    boxes = [*points, *(word.get_window_extent(renderer) for word in taken)]
    for k in np.argsort(-np.asarray(y, dtype=float)):
        best = None
        for place in _PLACES:
            note = _note(ax, names[k], x[k], y[k], *place)
            box = note.get_window_extent(renderer).padded(1)
            cost = sum(_overlap(box, other) for other in boxes if other is not points[k])
            cost += 3 * (box.width * box.height - _overlap(box, inside))
            if best is None or cost < best[0] - 1e-9:
                if best:
                    best[1].remove()
                best = (cost, note, box)
            else:
                note.remove()
            if best[0] <= 0:
                break
        boxes.append(best[2])


def _note(ax: Axes, name: str, x: float, y: float, dx: float, dy: float, ha: str, va: str):
    from matplotlib.patheffects import withStroke

    tie = {"arrowstyle": "-", "color": PALETTE["grey"], "linewidth": 0.5} if abs(dx) > 10 else None
    return ax.annotate(
        name, (x, y), xytext=(dx, dy), textcoords="offset points", ha=ha, va=va, fontsize="small",
        arrowprops=tie, path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )  # fmt: skip


def _overlap(one, other) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0.0
