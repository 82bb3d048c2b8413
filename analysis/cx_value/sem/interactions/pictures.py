"""Pictures of an interaction: lines at moderator values, and the slope along the moderator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.style import PALETTE, figure_style, new_axes
from cx_value.base.wording import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH_SD = 3.0


def draw_slopes(
    lines: pd.DataFrame, names: tuple[str, str, str], ax: Axes | None, lang: str
) -> Axes:
    """Draw the outcome over the predictor at each moderator value, all in standard deviations.

    Parameters
    ----------
    lines : DataFrame
        ``moderator_sd level slope`` of each line, in standard deviations.
    names : tuple of str
        Outcome, predictor and moderator.
    """
    outcome, predictor, moderator = names
    with figure_style(lang):
        ax = ax if ax is not None else new_axes()
        x = np.array([-2.0, 2.0])
        for line in lines.itertuples():
            ax.plot(x, line.level + line.slope * x, label=_named(moderator, line.moderator_sd))
        ax.set_xlabel(f"{predictor} ({_unit(lang)})")
        ax.set_ylabel(f"{outcome} ({_unit(lang)})")
        ax.legend()
    return ax


def draw_region(
    band: pd.DataFrame,
    ends: tuple[float, float],
    names: tuple[str, str, str],
    ax: Axes | None,
    lang: str,
) -> Axes:
    """Draw the slope along the moderator with its band; where it differs from zero is shaded.

    Parameters
    ----------
    band : DataFrame
        ``moderator_sd slope low high``.
    ends : tuple of float
        Ends of the Johnson–Neyman region, in standard deviations of the moderator.
    names : tuple of str
        Outcome, predictor and moderator.
    """
    outcome, predictor, moderator = names
    w, low, high = (band[name].to_numpy() for name in ("moderator_sd", "low", "high"))
    with figure_style(lang):
        ax = ax if ax is not None else new_axes()
        ax.axhline(0, color=PALETTE["grey"], linewidth=0.7)
        ax.fill_between(w, low, high, color=PALETTE["light"], linewidth=0)
        shown = (low > 0) | (high < 0)
        ax.fill_between(w, low, high, where=shown, color=PALETTE["sky"], alpha=0.5, linewidth=0)
        ax.plot(w, band["slope"], color=PALETTE["primary"])
        for end in (end for end in ends if abs(end) <= REACH_SD):
            ax.axvline(end, color=PALETTE["accent"], linestyle="--", linewidth=0.9)
        ax.set_xlabel(f"{moderator} ({_unit(lang)})")
        zh = f"{predictor} 对 {outcome} 的斜率"
        ax.set_ylabel(zh if lang == "zh" else f"Slope of {outcome} on {predictor}")
        ax.set_xlim(-REACH_SD, REACH_SD)
    return ax


def _unit(lang: str) -> str:
    return "标准差" if lang == "zh" else "SD"


def _named(moderator: str, sd: float) -> str:
    sign = "+" if sd > 5e-3 else MINUS if sd < -5e-3 else ""
    return f"{moderator} {sign}{abs(sd):.2g} SD"
