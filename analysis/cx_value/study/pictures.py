"""The figures of the sample chapter, drawn from frames; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.style import PALETTE, TEXT_WIDTH, diverging_colours, figure_style, new_axes
from cx_value.base.wording import in_language
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def _word(key: str, lang: str) -> str:
    return Phrasebook(lang).term(key, "sample_figure")


def draw_answers(table: pd.DataFrame, names: Mapping[str, str], ax: Axes | None, lang: str) -> Axes:
    """Draw one stacked bar per item, its middle category centred on zero."""
    items = list(dict.fromkeys(table["item"]))
    with figure_style(lang):
        ax = ax or new_axes(TEXT_WIDTH, 0.9 + 0.24 * len(items))
        for row, item in enumerate(items):
            _draw_answer_bar(ax, row, table[table["item"] == item])
        labels = [f"{in_language(names[i], lang)}  {i}" for i in items]
        ax.set_yticks(range(len(items)), labels)
        ax.use_sticky_edges = False
        ax.margins(x=0.02)
        ax.set_ylim(len(items) - 0.4, -0.6)
        ax.axvline(0, color=PALETTE["ink"], linewidth=0.7)
        ax.set_xlabel(_word("share", lang))
        ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
        ax.grid(axis="x")
        _draw_answer_key(ax, table)
    return ax


def _draw_answer_bar(ax: Axes, row: int, part: pd.DataFrame) -> None:
    shares = 100 * part["share"].to_numpy()
    answers = part["answer"].to_numpy()
    middle = (answers.min() + answers.max()) / 2
    left = -(shares[answers < middle].sum() + shares[answers == middle].sum() / 2)
    for share, colour in zip(shares, diverging_colours(len(shares)), strict=True):
        ax.barh(row, share, left=left, color=colour, height=0.75, edgecolor="white", linewidth=0.3)
        left += share


def _draw_answer_key(ax: Axes, table: pd.DataFrame) -> None:
    """Name the colours once, by the scale most items share."""
    from matplotlib.patches import Patch

    scales = table.groupby("item")["answer"].agg(tuple)
    points = scales.value_counts().index[0]
    handles = [
        Patch(color=colour, label=f"{point:g}")
        for point, colour in zip(points, diverging_colours(len(points)), strict=True)
    ]
    ax.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(points), 11),
        handlelength=1, columnspacing=1,
    )  # fmt: skip


def draw_missing_map(answered: pd.DataFrame, ax: Axes | None, lang: str) -> Axes:
    """Draw the gaps: items across, respondents down, most incomplete first."""
    missing = ~answered.to_numpy()
    order = np.argsort(-missing.sum(axis=1), kind="stable")
    with figure_style(lang):
        ax = ax or new_axes(TEXT_WIDTH, 3.2)
        from matplotlib.colors import ListedColormap

        colours = ListedColormap([PALETTE["fill"], PALETTE["accent"]])
        if len(missing):
            ax.imshow(missing[order], aspect="auto", interpolation="nearest", cmap=colours,
                      vmin=0, vmax=1)  # fmt: skip
        ax.set_xticks(range(missing.shape[1]), answered.columns, rotation=90)
        ax.set_xlabel(_word("items", lang))
        ax.set_ylabel(_word("respondents", lang))
        if not missing.any():
            ax.text(0.5, 0.5, _word("nothing_missing", lang), transform=ax.transAxes, ha="center")
    return ax


def draw_screening(table: pd.DataFrame, ax: Axes | None, lang: str) -> Axes:
    """Draw distance against spread (``irv mahalanobis found``); who tripped a rule stands out."""
    import seaborn as sns

    looks = {"kept": ("grey", "o"), "one": ("caution", "s"), "careless": ("bad", "D")}
    names = {k: f"{_word(k, lang)} ({int((table['found'] == k).sum())})" for k in looks}
    with figure_style(lang):
        ax = ax or new_axes(TEXT_WIDTH, 3.2)
        sns.scatterplot(
            x=table["irv"], y=table["mahalanobis"], hue=table["found"].map(names),
            style=table["found"].map(names), hue_order=list(names.values()),
            style_order=list(names.values()),
            palette={names[k]: PALETTE[colour] for k, (colour, _) in looks.items()},
            markers={names[k]: marker for k, (_, marker) in looks.items()},
            s=12, alpha=0.8, linewidth=0, ax=ax,
        )  # fmt: skip
        ax.set_xlabel(_word("irv", lang))
        ax.set_ylabel(_word("distance", lang))
        ax.legend(loc="best", title=None)
    return ax


def draw_flow(table: pd.DataFrame, ax: Axes | None, lang: str) -> Axes:
    """Draw the flow diagram: a box per step that lost someone, what left beside the arrow."""
    say = Phrasebook(lang).term
    ends = table.index.isin([0, len(table) - 1])
    table = table[ends | (table["removed"] > 0)]
    count = len(table)
    middle = 2.8 if (table["removed"] > 0).any() else 5
    with figure_style(lang):
        ax = ax or new_axes(TEXT_WIDTH, 0.72 * count)
        ax.set(xlim=(0, 10), ylim=(-count + 0.4, 0.6))
        ax.axis("off")
        for k, row in enumerate(table.itertuples()):
            _box(ax, middle, -k, f"{say(row.step, 'step')}\nn = {row.count:,}", PALETTE["primary"])
            if k:
                _arrow(ax, (middle, -k + 0.68), (middle, -k + 0.33))
            if row.removed:
                _arrow(ax, (middle, -k + 0.5), (5.3, -k + 0.5))
                why = f"{say(row.reason, 'left_out')}\nn = {row.removed:,}"
                _box(ax, 5.5, -k + 0.5, why, PALETTE["grey"], align="left")
    return ax


def _box(ax: Axes, x: float, y: float, text: str, colour: str, align: str = "center") -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour}
    ax.text(x, y, text, ha=align, va="center", bbox=box, fontsize=8, linespacing=1.5)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": PALETTE["ink"], "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops=style)
