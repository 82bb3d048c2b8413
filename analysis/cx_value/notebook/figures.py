"""Figures that belong to no single result: rival models, paths with intervals, hypotheses.

Each takes tidy frames and explicit keywords. ``ax`` may be left out; a figure as wide as the text
is made then. A figure that holds no other axes gets the height its rows need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.style import PALETTE, figure_style
from cx_value.base.terms import figure_word
from cx_value.base.wording import format_interval, format_number
from cx_value.notebook.figure_rows import (
    axes_of_height,
    draw_intervals,
    label_chain,
    label_of,
    label_rows,
    need_columns,
    row_height,
    signed_ticks,
    zero_line,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.sem.effects import Effects
    from cx_value.sem.resampling.bootstrap import Bootstrap

RIDGE = 0.72
_VERDICT_LOOK = {
    "supported": ("primary", "o"), "reserved": ("primary", "d"), "not_supported": ("grey", "s"),
    "contradicted": ("accent", "D"), "not_tested": ("grey", "x"),
}  # fmt: skip


def plot_path_forest(
    paths: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    *,
    lang: str = "en",
    estimate: str = "std_all",
    low: str = "ci_low",
    high: str = "ci_high",
    bootstrap: pd.DataFrame | None = None,
    confidence: float = 0.95,
    axis_label: str = "standardised",
    ax: Axes | None = None,
) -> Axes:
    """Draw path coefficients with their intervals, one row a path.

    Parameters
    ----------
    paths : DataFrame
        Columns ``lhs`` (outcome), ``rhs`` (cause), and those named by ``estimate``, ``low`` and
        ``high``; with a column ``op``, only rows ``~`` are drawn.
    labels : mapping of name to ``Text``
    bootstrap : DataFrame, optional
        The same columns with bootstrap intervals, drawn below the others; paths are matched by
        ``lhs`` and ``rhs``.
    confidence : float
        Level of the intervals, 0 to 1, for the legend.
    axis_label : str
        Names the estimate, a word of the figures; by default the standardised coefficient.

    Raises
    ------
    DataError
        If a column is missing or there is no path.
    """
    need_columns(paths, ["lhs", "rhs", estimate, low, high], "path forest")
    rows = paths[paths["op"] == "~"] if "op" in paths else paths
    need_columns(rows, ["lhs"], "path forest")
    with figure_style(lang):
        arrow = [f"{label_of(c, labels, lang)} → {label_of(o, labels, lang)}"
                 for c, o in zip(rows["rhs"], rows["lhs"], strict=True)]  # fmt: skip
        room = row_height(arrow) * len(rows) * (1 if bootstrap is None else 1.25)
        ax = axes_of_height(ax, 0.9 + room)
        heights = label_rows(ax, arrow)
        level = f"{100 * confidence:g}%"
        first = figure_word("interval", lang).format(level=level)
        if bootstrap is None:
            draw_intervals(ax, rows[[estimate, low, high]], heights, "primary", "o", first)
        else:
            _draw_both(ax, rows, bootstrap, (estimate, low, high), heights, level, lang)
        zero_line(ax)
        ax.set_xlabel(figure_word(axis_label, lang))
        signed_ticks(ax, lang)
    return ax


def _draw_both(ax, rows, bootstrap, columns, heights, level: str, lang: str) -> None:
    drawn = rows[["lhs", "rhs"]].merge(bootstrap, on=["lhs", "rhs"], how="left")
    looks = (("wald_interval", rows, 0.15, "primary", "o"),
             ("bootstrap_interval", drawn, -0.15, "accent", "s"))  # fmt: skip
    for word, frame, shift, colour, marker in looks:
        name = figure_word(word, lang).format(level=level)
        draw_intervals(ax, frame[list(columns)], heights + shift, colour, marker, name)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderpad=0, handlelength=1.2)


def plot_indirect_effects(
    draws: Mapping[str, np.ndarray],
    effects: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    *,
    lang: str = "en",
    name: str = "effect",
    estimate: str = "est",
    low: str = "ci_low",
    high: str = "ci_high",
    confidence: float = 0.95,
    axis_label: str = "indirect",
    ax: Axes | None = None,
) -> Axes:
    """Draw the bootstrap distribution of each indirect effect with estimate and interval.

    Parameters
    ----------
    draws : mapping of effect name to draws, (draws,); NaN (refits that failed) are left out.
    effects : DataFrame
        One row an effect: its name, estimate and interval, in the columns named by keywords.
    labels : mapping of effect or construct name to ``Text``; in a name like ``A -> B -> C`` every
        part is labelled.

    Raises
    ------
    DataError
        If an effect has no draws.
    """
    need_columns(effects, [name, estimate, low, high], "indirect effects")
    without = [str(n) for n in effects[name] if not np.isfinite(draws.get(n, [])).any()]
    if without:
        raise DataError(
            f"indirect effects: no bootstrap draws of {', '.join(without)} · "
            f"draws are there for: {', '.join(map(str, draws)) or 'none'}"
        )
    with figure_style(lang):
        ax = axes_of_height(ax, 0.7 + len(effects) * min(0.62, max(7.6 / len(effects), 0.36)))
        names = [label_chain(str(n), labels, lang) for n in effects[name]]
        heights = label_rows(ax, names)
        _draw_ridges(ax, [draws[n] for n in effects[name]], heights)
        ax.set_ylim(-0.35, len(names) - 0.05)
        for row, base in zip(effects.to_dict("records"), heights, strict=True):
            ends = (row[low], row[high])
            clear = ends[0] > 0 or ends[1] < 0
            ax.hlines(base - 0.1, *ends, color=PALETTE["ink"], linewidth=1.4)
            face = PALETTE["ink"] if clear else "white"
            ax.plot(row[estimate], base - 0.1, "o", color=PALETTE["ink"], mfc=face)
        zero_line(ax)
        level = figure_word("interval", lang).format(level=f"{100 * confidence:g}%")
        comma = "，" if lang == "zh" else ", "
        ax.set_xlabel(figure_word(axis_label, lang) + comma + level)
        signed_ticks(ax, lang)
    return ax


def indirect_effect_draws(
    found: Effects, bootstrap: Bootstrap
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Return the draws of every specific indirect effect, standardised, and its table row.

    Parameters
    ----------
    found : Effects
        With the bootstrap's intervals (``effects(fit, bootstrap=bootstrap)``).
    bootstrap : Bootstrap

    Returns
    -------
    dict of effect name to ndarray (draws,), DataFrame ``effect est ci_low ci_high``
        Ready for :func:`plot_indirect_effects`. An effect is the product of the paths along its
        route (Alwin and Hauser, 1975).
    """
    values = bootstrap.standardised.to_numpy(float)
    table = found.table().assign(effect="")
    draws: dict[str, np.ndarray] = {}
    for k, effect in enumerate(found.effects):
        if effect.kind == "specific_indirect":
            name = f"{effect.source} → {effect.through} → {effect.target}"
            table.loc[table.index[k], "effect"] = name
            draws[name] = values[:, list(effect.routes[0])].prod(axis=1)
    rows = table[table["effect"] != ""]
    columns = {"std_all": "est", "std_boot_ci_low": "ci_low", "std_boot_ci_high": "ci_high"}
    return draws, rows[["effect", *columns]].rename(columns=columns).reset_index(drop=True)


def _draw_ridges(ax: Axes, draws: Sequence[np.ndarray], bases: np.ndarray) -> None:
    """Draw the density of each effect's draws, standing on its row, all of one height."""
    import seaborn as sns

    kept = [np.asarray(values, float)[np.isfinite(values)] for values in draws]
    rows = np.repeat(np.asarray(bases) + RIDGE / 2, [len(values) for values in kept])
    upper = np.ones(len(rows), bool)  # one half of a split violin is a ridge
    sns.violinplot(
        x=np.concatenate(kept), y=rows, hue=upper, hue_order=[False, True], split=True,
        palette=[PALETTE["sky"]] * 2, alpha=0.55, saturation=1, orient="h", native_scale=True,
        inner=None, density_norm="width", width=RIDGE, cut=0, linewidth=0, legend=False, ax=ax,
    )  # fmt: skip


def plot_hypotheses(
    hypotheses: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    *,
    lang: str = "en",
    name: str = "hypothesis",
    path: str = "path",
    estimate: str = "std_all",
    low: str = "std_low",
    high: str = "std_high",
    verdict: str = "verdict",
    confidence: float = 0.95,
    axis_label: str = "standardised",
    ax: Axes | None = None,
) -> Axes:
    """Show all hypotheses at a glance: path, coefficient with interval, verdict.

    Parameters
    ----------
    hypotheses : DataFrame
        One row a hypothesis, as :func:`cx_value.judge.hypotheses.judge_hypotheses` gives it;
        ``path`` joins codes by arrows, ``verdict`` is ``supported``, ``reserved``,
        ``not_supported``, ``contradicted`` or ``not_tested``.
    labels : mapping of construct name to ``Text``

    Raises
    ------
    DataError
        If a column is missing, there is no hypothesis, or a verdict is none of these.
    """
    columns = [name, path, estimate, low, high, verdict]
    need_columns(hypotheses, columns, "hypotheses")
    unknown = sorted(set(hypotheses[verdict].astype(str)) - set(_VERDICT_LOOK))
    if unknown:
        raise DataError(
            f"hypotheses: unknown verdict {unknown[0]!r} · allowed: {', '.join(_VERDICT_LOOK)}"
        )
    with figure_style(lang):
        rows = hypotheses.to_dict("records")
        names = [f"{row[name]}  {label_chain(row[path], labels, lang)}" for row in rows]
        ax = axes_of_height(ax, 0.9 + row_height(names) * len(rows))
        heights = label_rows(ax, names)
        for row, height in zip(rows, heights, strict=True):
            _draw_hypothesis(ax, row, height, (estimate, low, high, verdict))
        _write_results(ax, rows, heights, (estimate, low, high, verdict), lang)
        zero_line(ax)
        level = figure_word("interval", lang).format(level=f"{100 * confidence:g}%")
        comma = "，" if lang == "zh" else ", "
        ax.set_xlabel(figure_word(axis_label, lang) + comma + level)
        signed_ticks(ax, lang)
    return ax


def _draw_hypothesis(ax: Axes, row: Mapping, height: float, columns: Sequence[str]) -> None:
    estimate, low, high = (float(row[column]) for column in columns[:3])
    colour, marker = _VERDICT_LOOK[str(row[columns[3]])]
    ax.hlines(height, low, high, color=PALETTE[colour], linewidth=1.4)
    if np.isfinite(estimate):
        ax.plot(estimate, height, marker, color=PALETTE[colour])


def _write_results(ax: Axes, rows, heights, columns: Sequence[str], lang: str) -> None:
    """Write numbers and verdicts in two columns right of the picture."""
    look = {"xycoords": ax.get_yaxis_transform(), "va": "center", "fontsize": 8}
    look["textcoords"] = "offset points"
    numbers = []
    for row, height in zip(rows, heights, strict=True):
        estimate, low, high = (float(row[column]) for column in columns[:3])
        number = format_number(estimate, 2, bounded=True, lang=lang)
        interval = format_interval(low, high, 2, bounded=True, lang=lang)
        at = {"xy": (1, height), "xytext": (8, 0)}
        said = f"{number} {interval}" if np.isfinite(estimate) else "–"
        numbers.append(ax.annotate(said, **at, **look))
    widest = max(text.get_window_extent().width for text in numbers) * 72 / ax.figure.dpi
    for row, height in zip(rows, heights, strict=True):
        verdict = str(row[columns[3]])
        colour, _ = _VERDICT_LOOK[verdict]
        at = {"xy": (1, height), "xytext": (18 + widest, 0), "color": PALETTE[colour]}
        ax.annotate(figure_word(verdict, lang), **at, **look)
