"""Figures of the evaluation: indices over grades, weights by method, gaps, the journey."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.style import PALETTE, SERIES, figure_style, new_axes
from cx_value.base.wording import format_number, format_percent, in_language
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.study.indicators import Grade

_INDENT = {"overall": 0, "dimension": 1, "construct": 2, "outcome": 0}


def _word(key: str, lang: str) -> str:
    return Phrasebook(lang).term(key, "evaluation_axis")


def draw_indices(
    table: pd.DataFrame, grades: Sequence[Grade], labels: Mapping[str, Any], lang: str,
    ax: Axes | None,
) -> Axes:  # fmt: skip
    """Draw each node's index with its interval over bands of grades; dimensions stand out."""
    with figure_style(lang):
        ax = ax or new_axes(height=0.27 * len(table) + 1.1)
        place = np.arange(len(table))[::-1]
        left = max(0.0, np.floor((table["low"].min() - 6) / 5) * 5)
        right = min(100.0, np.ceil((table["high"].max() + 6) / 5) * 5)
        _bands(ax, grades, labels, lang, left, right)
        for y, row in zip(
            place, table.rename(columns={"index": "value"}).itertuples(), strict=True
        ):
            strong = row.level in ("overall", "dimension")
            colour = PALETTE["accent"] if row.level == "outcome" else PALETTE["primary"]
            ax.hlines(y, row.low, row.high, color=colour, linewidth=2.2 if strong else 1.3)
            ax.plot(
                row.value, y, "D" if strong else "o", color=colour, markersize=6 if strong else 4.5
            )
            ax.annotate(
                format_number(row.value, 1, lang=lang), (right, y), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=8,
            )  # fmt: skip
        names = [
            "   " * _INDENT[row.level] + str(in_language(labels.get(row.node, row.node), lang))
            for row in table.itertuples()
        ]
        ax.set_yticks(place, names)
        for tick, row in zip(ax.get_yticklabels(), table.itertuples(), strict=True):
            tick.set_fontweight("bold" if row.level in ("overall", "dimension") else "normal")
        ax.set_xlim(left, right)
        ax.set_ylim(-0.6, len(table) - 0.4)
        ax.set_xlabel(_word("index", lang))
    return ax


def _bands(
    ax: Axes, grades: Sequence[Grade], labels: Mapping[str, Any], lang: str, left: float,
    right: float,
) -> None:  # fmt: skip
    """Shade every other grade and write its name above."""
    top = 100.0
    for k, grade in enumerate(grades):
        low, high = max(grade.minimum, left), min(top, right)
        top = grade.minimum
        if high <= low:
            continue
        if k % 2 == 0:
            ax.axvspan(low, high, color=PALETTE["fill"], zorder=0)
        if low > left:
            ax.axvline(low, color=PALETTE["light"], linewidth=0.8, zorder=0)
        name = str(in_language(labels.get(grade.name, grade.name), lang))
        ax.annotate(
            name, ((low + high) / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", fontsize=8, color=PALETTE["grey"],
        )  # fmt: skip


#: A mark and a colour a method of weighting; the first is the one the rows are ordered by.
_METHOD_LOOKS = tuple(zip("oDs^vPXd<>", SERIES + SERIES, strict=False))


def draw_weights(wide: pd.DataFrame, labels: Mapping[str, Any], lang: str, ax: Axes | None) -> Axes:
    """Draw a row an indicator and a mark a method; the line spans what the methods give.

    Rows are ordered by the first method; equal weights are the dotted line.
    """
    methods = [m for m in wide.columns if m not in ("indicator", "equal")]
    rows = wide.sort_values(methods[0])
    shares, place = 100 * rows[methods], np.arange(len(rows))
    with figure_style(lang):
        ax = ax or new_axes(height=0.27 * len(rows) + 1.5)
        ax.axvline(100 / len(rows), color=PALETTE["grey"], linestyle=":", linewidth=0.9)
        ax.hlines(place, shares.min(axis=1), shares.max(axis=1), color=PALETTE["light"])
        for k, method in enumerate(methods):
            mark, colour = _METHOD_LOOKS[k % len(_METHOD_LOOKS)]
            ax.plot(shares[method], place, mark, color=colour, linestyle="none",
                    markersize=6.5 if k == 0 else 4.5, zorder=4 if k == 0 else 3,
                    label=Phrasebook(lang).term(method, "weight_method_cell"),
                    markerfacecolor=colour if k < len(SERIES) else "white")  # fmt: skip
        names = [in_language(labels.get(code, code), lang) for code in rows["indicator"]]
        ax.set_yticks(place, names)
        ax.set_xlim(left=0)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlabel(_word("weight", lang))
        ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=4, columnspacing=1.2)
    return ax


def draw_dumbbells(
    frame: pd.DataFrame, labels: Mapping[str, Any], lang: str, ax: Axes | None
) -> Axes:
    """Draw expectation and perception of each dimension, the widest gap on top."""
    frame = frame.sort_values("gap", ascending=False)
    with figure_style(lang):
        ax = ax or new_axes(height=0.42 * len(frame) + 1.2)
        place = np.arange(len(frame))
        colours = {"short": PALETTE["bad"], "ahead": PALETTE["good"], "unclear": PALETTE["grey"]}
        for y, row in zip(place, frame.itertuples(), strict=True):
            colour = colours[row.verdict]
            ax.plot([row.expected, row.perceived], [y, y], color=colour, linewidth=2.5, zorder=1)
            ax.annotate(
                format_number(row.gap, 1, lang=lang), ((row.expected + row.perceived) / 2, y),
                xytext=(0, 5), textcoords="offset points", ha="center", fontsize=8, color=colour,
            )  # fmt: skip
        ax.scatter(frame["expected"], place, s=42, facecolor="white", zorder=2,
                   edgecolor=PALETTE["primary"], label=_word("expected", lang))  # fmt: skip
        ax.scatter(frame["perceived"], place, s=42, color=PALETTE["primary"], zorder=2,
                   label=_word("perceived", lang))  # fmt: skip
        names = [str(in_language(labels.get(n, n), lang)) for n in frame["node"]]
        ax.set_yticks(place, names)
        ax.set_ylim(-0.6, len(frame) - 0.3)
        ax.margins(x=0.12)
        ax.set_xlabel(_word("gap", lang))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax


def draw_journey(
    frame: pd.DataFrame, labels: Mapping[str, Any], lang: str, ax: Axes | None
) -> Axes:
    """Draw the rating of every touchpoint in order; the larger the more users, marked where low."""
    with figure_style(lang):
        ax = ax or new_axes(height=3.4)
        at = np.arange(len(frame))
        ax.plot(at, frame["score"], color=PALETTE["light"], linewidth=2, zorder=1)
        colours = [PALETTE["bad"] if p == "yes" else PALETTE["primary"] for p in frame["pain"]]
        ax.vlines(at, frame["low"], frame["high"], color=colours, linewidth=1.4, zorder=2)
        ax.scatter(at, frame["score"], s=40 + 320 * frame["share"], color=colours, zorder=3)
        for x, row in zip(at, frame.itertuples(), strict=True):
            share = format_percent(row.share)
            ax.annotate(
                f"{format_number(row.score, 1, lang=lang)}\n{share}", (x, row.high),
                xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8,
            )  # fmt: skip
        names = [str(in_language(labels.get(n, n), lang)) for n in frame["touchpoint"]]
        ax.set_xticks(at, names)
        low, high = frame["low"].min(), frame["high"].max()
        reach = max(high - low, 4.0)
        ax.set_ylim(low - 0.25 * reach, high + 0.75 * reach)
        ax.set_xlim(-0.6, len(frame) - 0.4)
        ax.set_ylabel(_word("journey", lang))
        _stages(ax, frame, lang)
    return ax


def _stages(ax: Axes, frame: pd.DataFrame, lang: str) -> None:
    """Shade every other stage and write its name on top."""
    stages = [str(in_language(s, lang)) if s is not None else "" for s in frame["stage"]]
    runs = [(name, len(list(own))) for name, own in itertools.groupby(stages)]
    start = -0.5
    for k, (name, size) in enumerate(runs):
        if k % 2 == 0:
            ax.axvspan(start, start + size, color=PALETTE["fill"], zorder=0)
        ax.annotate(
            name, (start + size / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", fontsize=8, color=PALETTE["grey"],
        )  # fmt: skip
        start += size
