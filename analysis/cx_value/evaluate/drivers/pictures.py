"""Pictures of drivers: shares of the variance explained, and the map of levers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.labels import place_labels
from cx_value.base.style import PALETTE, TEXT_WIDTH, figure_style, new_axes
from cx_value.base.terms import figure_word
from cx_value.base.wording import in_language

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
            _title(panel, in_language(labels.get(outcome, outcome), lang), lang)
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
    _title(ax, figure_word("money_per_point", lang), lang)


def _wrapped(name: str, lang: str) -> str:
    """Break a name into lines; one in Chinese breaks before a bracket first.

    >>> _wrapped("推荐意愿（0–10）", "zh")
    '推荐意愿\\n（0–10）'
    """
    import textwrap

    width = 15 if lang == "en" else 8
    bracketed = lang == "zh" and len(name) > width
    parts = name.replace("（", "\n（").split("\n") if bracketed else [name]
    return "\n".join(line for part in parts for line in textwrap.wrap(part, width))


def _order_of(frame: pd.DataFrame, outcome: str) -> list[str]:
    first = frame[frame.outcome == outcome].sort_values("share").driver
    return list(dict.fromkeys([*first, *frame.driver]))


def _title(ax: Axes, name: str, lang: str) -> None:
    # small enough for five panels side by side, whatever an outcome is called
    ax.set_title(_wrapped(name, lang), fontsize="small", loc="center")


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
