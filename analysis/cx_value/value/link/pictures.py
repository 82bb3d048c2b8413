"""Pictures of the link from survey to value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.wording import in_language
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes


def plot_chain(
    frame: pd.DataFrame,
    labels: Mapping[str, str],
    ax: Axes | None = None,
    *,
    by_group: bool = False,
    lang: str = "en",
) -> Axes:
    """Draw a forest of the constructs' total effects on log value, causes on top.

    ``frame`` has ``unit from group estimate ci_low ci_high``; ``labels`` name the constructs.
    """
    from cx_value.base.style import PALETTE, figure_style, new_axes

    rows = frame[frame.unit == "log_per_sd"]
    place = np.arange(len(rows))[::-1]
    names = [in_language(labels.get(name, name), lang) for name in rows["from"]]
    if by_group:
        names = [f"{name} · {group}" for name, group in zip(names, rows.group, strict=True)]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.axvline(0.0, color=PALETTE["light"], linewidth=1)
        ax.hlines(place, rows.ci_low, rows.ci_high, color=PALETTE["primary"])
        ax.plot(rows.estimate, place, "o", color=PALETTE["primary"])
        ax.set_yticks(place, names)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlabel(Phrasebook(lang).term("log_value_change", "value_figure"))
    return ax
