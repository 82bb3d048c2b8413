"""Pictures of the link from survey to value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.wording import in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.value.link.result import LinkEffects

_AXIS = {
    "en": "Change of log lifetime value per standard deviation",
    "zh": "每提高 1 个标准差，对数生命周期价值的变化",
}


def plot_chain(result: LinkEffects, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw a forest of the constructs' total effects on log value, causes on top."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    rows = result.frame[result.frame.unit == "log_per_sd"]
    place = np.arange(len(rows))[::-1]
    names = [in_language(result.label(name), lang) for name in rows["from"]]
    if result.groups:
        names = [f"{name} · {group}" for name, group in zip(names, rows.group, strict=True)]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.axvline(0.0, color=PALETTE["light"], linewidth=1)
        ax.hlines(place, rows.ci_low, rows.ci_high, color=PALETTE["primary"])
        ax.plot(rows.estimate, place, "o", color=PALETTE["primary"])
        ax.set_yticks(place, names)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlabel(_AXIS[lang])
    return ax
