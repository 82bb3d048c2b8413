"""Pictures of an interaction: lines at moderator values, and the slope along the moderator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.style import PALETTE, figure_style, new_axes
from cx_value.base.wording import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem.interactions.simple_slopes import Interaction

REACH_SD = 3.0


def draw_slopes(result: Interaction, ax: Axes | None, lang: str) -> Axes:
    """Draw the outcome over the predictor at each moderator value, all in standard deviations."""
    table = result.table()
    across = table["std"][1]
    with figure_style(lang):
        ax = ax if ax is not None else new_axes()
        x = np.array([-2.0, 2.0])
        for _, row in table[table.kind == "simple_slope"].iterrows():
            w = row["moderator_sd"]
            ax.plot(x, across * w + row["std"] * x, label=_named(result.moderator, w))
        ax.set_xlabel(f"{result.predictor} ({_unit(lang)})")
        ax.set_ylabel(f"{result.outcome} ({_unit(lang)})")
        ax.legend()
    return ax


def draw_region(result: Interaction, ax: Axes | None, lang: str) -> Axes:
    """Draw the slope along the moderator with its band; where it differs from zero is shaded."""
    from scipy.stats import norm

    spread = result.spread[result.moderator]
    w = np.linspace(-REACH_SD, REACH_SD, 241)
    slope, se = result.slope(w * spread)
    reach = norm.ppf(0.5 + result.confidence / 2)
    low, high = slope - reach * se, slope + reach * se
    with figure_style(lang):
        ax = ax if ax is not None else new_axes()
        ax.axhline(0, color=PALETTE["grey"], linewidth=0.7)
        ax.fill_between(w, low, high, color=PALETTE["light"], linewidth=0)
        shown = (low > 0) | (high < 0)
        ax.fill_between(w, low, high, where=shown, color=PALETTE["sky"], alpha=0.5, linewidth=0)
        ax.plot(w, slope, color=PALETTE["primary"])
        ends = (result.johnson_neyman.low_sd, result.johnson_neyman.high_sd)
        for end in (end for end in ends if abs(end) <= REACH_SD):
            ax.axvline(end, color=PALETTE["accent"], linestyle="--", linewidth=0.9)
        ax.set_xlabel(f"{result.moderator} ({_unit(lang)})")
        ax.set_ylabel(_slope_label(result, lang))
        ax.set_xlim(-REACH_SD, REACH_SD)
    return ax


def _unit(lang: str) -> str:
    return "标准差" if lang == "zh" else "SD"


def _named(moderator: str, sd: float) -> str:
    sign = "+" if sd > 5e-3 else MINUS if sd < -5e-3 else ""
    return f"{moderator} {sign}{abs(sd):.2g} SD"


def _slope_label(result: Interaction, lang: str) -> str:
    if lang == "zh":
        return f"{result.predictor} 对 {result.outcome} 的斜率"
    return f"Slope of {result.outcome} on {result.predictor}"
