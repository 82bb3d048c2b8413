"""Dynamic cutoffs in words and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.style import PALETTE, SERIES, figure_style, new_axes
from cx_value.base.wording import format_number, join_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem.power.dynamic_cutoffs import DynamicCutoffs
    from cx_value.sem.power.misspecification import Level


def draw(result: DynamicCutoffs, ax: Axes | None, lang: str, index: str) -> Axes:
    """Draw one index in all simulated samples, its cutoffs (dashed) and the model's own value."""
    kept = result.simulated[result.simulated.converged]
    bins = np.linspace(kept[index].min(), kept[index].max(), 41)
    table = result.table()
    with figure_style(lang):
        ax = ax if ax is not None else new_axes()
        for level in result.levels:
            colour = SERIES[level.number % len(SERIES)]
            name = f"水平 {level.number}" if lang == "zh" else f"Level {level.number}"
            values = kept[index][kept.level == level.number]
            ax.hist(values, bins=bins, histtype="step", color=colour, label=name)
            row = table[(table.level == level.number) & (table["index"] == index)].iloc[0]
            if level.number and not np.isnan(row.cutoff):
                ax.axvline(row.cutoff, color=colour, linestyle="--", linewidth=0.9)
        found = "本模型" if lang == "zh" else "This model"
        ax.axvline(result.observed[index], color=PALETTE["ink"], label=found)
        ax.set_xlabel(index.upper())
        ax.set_ylabel("模拟样本数" if lang == "zh" else "Simulated samples")
        ax.legend()
    return ax


def said(result: DynamicCutoffs, lang: str) -> str:
    """State cutoffs, indices and verdict."""
    table, words = result.table(), _WORDS[lang]
    levels = [
        _level_said(level, table[table.level == level.number], lang) for level in result.levels[1:]
    ]
    intro = words["intro"].format(
        source=result.source, n=result.n_used, replications=result.replications
    )
    verdict = words[result.verdict].format(
        level=result.level, most=max(result.judged, default=0), n=result.n_used
    )
    observed = words["observed"].format(values=_listed(result.observed, lang))
    return ("" if lang == "zh" else " ").join([intro, *levels, observed + verdict])


def _level_said(level: Level, rows: pd.DataFrame, lang: str) -> str:
    cutoffs = dict(zip(rows["index"], rows.cutoff, strict=True))
    there = {name: value for name, value in cutoffs.items() if not np.isnan(value)}
    none = [name.upper() for name in cutoffs if name not in there]
    words = _WORDS[lang]
    parts = [_listed(there, lang)] if there else []
    parts += [words["none"].format(names=join_words(none, lang=lang))] if none else []
    return words["level"].format(
        number=level.number, added=level.added.in_language(lang),
        cutoffs=("，" if lang == "zh" else ", ").join(parts),
    )  # fmt: skip


def _listed(values: dict[str, float], lang: str) -> str:
    words = [
        f"{name.upper()} = {format_number(value, 3, bounded=True, lang=lang)}"
        for name, value in values.items()
    ]
    return ("，" if lang == "zh" else ", ").join(words)


_WORDS = {
    "en": {
        "intro": "Cutoffs were simulated for this model after {source}, N = {n}, {replications} "
        "replications a level.",
        "level": "Level {number} (left out: {added}): {cutoffs}.",
        "none": "no cutoff for {names}",
        "observed": "The model has {values}: ",
        "below": "on every index with a cutoff the misfit is smaller than that of level {level}.",
        "beyond": "on at least one index the misfit reaches that of level {most}.",
        "undecided": "samples of {n} do not tell a right from a misspecified model.",
    },
    "zh": {
        "intro": "按 {source} 的方法为本模型模拟临界值，N = {n}，每一水平 {replications} 次重复。",
        "level": "水平 {number}（遗漏：{added}）：{cutoffs}。",
        "none": "{names} 无临界值",
        "observed": "本模型 {values}：",
        "below": "凡有临界值的指数，失拟均小于水平 {level} 的设定误差。",
        "beyond": "至少一项指数的失拟达到水平 {most} 的设定误差。",
        "undecided": "样本量 {n} 不足以区分正确与误设的模型。",
    },
}
