"""Pictures of the value models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.terms import named_code
from cx_value.base.wording import MINUS, format_percent, in_language
from cx_value.base.words import Phrasebook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from matplotlib.axes import Axes


def _word(key: str, lang: str) -> str:
    return Phrasebook(lang).term(key, "value_figure")


def plot_alive_map(
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
    unit: str,
    ax: Axes | None = None,
    *,
    lang: str = "en",
) -> Axes:
    """Draw P(alive) by frequency and time since the last purchase.

    ``grid`` are counts, silences and P(alive) of shape (n_silences, n_counts).
    """
    from cx_value.base.style import figure_style, new_axes

    counts, silence, alive = grid
    book = Phrasebook(lang)
    silence_word = _word("silence", lang).format(unit=book.plural(unit or "time_unit", 2))
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        picture = ax.imshow(
            alive, origin="lower", aspect="auto", vmin=0, vmax=1, cmap="viridis",
            extent=(0.5, counts[-1] + 0.5, 0, silence[-1]),
        )  # fmt: skip
        ax.set_xlabel(_word("repeat_purchases", lang))
        ax.set_ylabel(silence_word)
        ax.figure.colorbar(picture, ax=ax, label=_word("alive", lang))
    return ax


def plot_calibration(table: pd.DataFrame, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw ``actual`` and ``expected`` holdout purchases by calibration ``frequency``."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.plot(table["frequency"], table["actual"], "o-", color=PALETTE["ink"],
                label=_word("actual", lang))  # fmt: skip
        ax.plot(table["frequency"], table["expected"], "s--", color=PALETTE["primary"],
                label=_word("expected", lang))  # fmt: skip
        ticks = [*map(str, table["frequency"][:-1]), f"{table['frequency'].iloc[-1]}+"]
        ax.set_xticks(table["frequency"], ticks)
        ax.set_xlabel(_word("calibration_purchases", lang))
        ax.set_ylabel(_word("holdout_mean", lang))
        ax.legend()
    return ax


def plot_survival(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    curves: Mapping[str, Callable[[np.ndarray], np.ndarray]] | None = None,
    lang: str = "en",
) -> Axes:
    """Draw a survival curve with its band: ``time survival ci_low ci_high``.

    ``curves`` are models (by their code) that give the share left at any time.
    """
    from cx_value.base.style import PALETTE, figure_style, new_axes

    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.fill_between(
            table["time"], table["ci_low"], table["ci_high"], step="post", color=PALETTE["light"]
        )
        time = np.concatenate([[0.0], table["time"]])
        share = np.concatenate([[1.0], table["survival"]])
        ax.step(time, share, where="post", color=PALETTE["primary"], label="Kaplan–Meier")
        smooth = np.linspace(0, time[-1], 200)
        for (name, survival), line in zip((curves or {}).items(), ("--", ":", "-."), strict=False):
            label = named_code(name, "contract_model", lang)
            ax.plot(smooth, survival(smooth), line, color=PALETTE["ink"], label=label)
        if curves:
            ax.legend()
        ax.set_ylim(0, 1)
        ax.set_xlabel(_word("time", lang))
        ax.set_ylabel(_word("still_customer", lang))
    return ax


def plot_value_distribution(values: np.ndarray, ax: Axes | None = None, *, lang: str = "en"):
    """Draw how many customers have which value, the most valuable tenth set apart."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    values = np.sort(values)
    # Those who are all but lost share the first bar: on a logarithmic scale they would fill half.
    most = max(values[-1], 1e-9)
    lost = max(most / 1e5, np.quantile(values, 0.02))
    edges = np.geomspace(min(lost, most / 2), most, 41)
    limit = np.quantile(values, 0.9)
    share = format_percent(values[values >= limit].sum() / values.sum())
    best = _word("best_tenth", lang).format(share=share)
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        rest = np.clip(values[values < limit], edges[0], None)
        ax.hist(rest, bins=edges, color=PALETTE["primary"])
        ax.hist(values[values >= limit], bins=edges, color=PALETTE["accent"], label=best)
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda number, _: f"{number:,.10g}")
        ax.set_xlabel(_word("value_of_customer", lang))
        ax.set_ylabel(_word("customers", lang))
        ax.legend(loc="upper left")
        ax.margins(y=0.15)
    return ax


def plot_stage_value(table: pd.DataFrame, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw each stage's share of customers beside its share of value."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    names = [named_code(stage, "stage", lang) for stage in table["stage"]]
    words = [_word(key, lang) for key in ("share", "of_customers", "of_value")]
    at = np.arange(len(table))
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        bars = [("share", table["share"], "light", -0.2)]
        if "total" in table:
            bars.append(("value", table["total"] / table["total"].sum(), "primary", 0.2))
        for word, (_, shares, colour, shift) in zip(words[1:], bars, strict=False):
            drawn = ax.barh(at + shift, shares, height=0.38, color=PALETTE[colour], label=word)
            ax.bar_label(drawn, [format_percent(s) for s in shares], padding=3, fontsize=8)
        ax.set_yticks(at, names)
        ax.invert_yaxis()
        ax.xaxis.set_major_formatter(lambda number, _: f"{100 * number:.0f}%")
        ax.set_xlabel(words[0])
        ax.legend(loc="upper right")
        ax.margins(x=0.1)
    return ax


def plot_truth(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    confidence: float,
    ax: Axes | None = None,
    *,
    lang: str = "en",
) -> Axes:
    """Draw each estimate's ``distance`` from the truth in standard errors, loadings left out.

    ``labels`` name the constructs of column ``of``.
    """
    from scipy.stats import norm

    from cx_value.base.style import PALETTE, figure_style, new_axes

    kinds = ("loading", "chapter_loading", "chapter_path")
    rows = table[[str(kind) not in kinds for kind in table["kind"]]]
    reach = norm.ppf(0.5 + confidence / 2)
    names = [
        _quantity(row["kind"], row["of"], labels, lang) + _whose(row, labels, lang)
        for row in rows.to_dict("records")
    ]
    at = np.arange(len(rows))
    with figure_style(lang):
        ax = new_axes(height=1.0 + 0.24 * len(rows)) if ax is None else ax
        ax.axvspan(-reach, reach, color=PALETTE["fill"])
        ax.axvline(0, color=PALETTE["grey"], linewidth=0.8)
        colours = [PALETTE["primary" if held else "accent"] for held in rows["covered"]]
        ax.scatter(rows["distance"], at, c=colours, zorder=3)
        ax.set_yticks(at, names)
        ax.invert_yaxis()
        ax.set_xlabel(_word("off_truth", lang))
    return ax


def _whose(row: Mapping[str, str], labels: Mapping[str, str], lang: str) -> str:
    """Name the group, or the two whose difference it is, in brackets."""
    groups = [in_language(labels.get(row[end], row[end]), lang) for end in ("group", "less")
              if row.get(end)]  # fmt: skip
    if not groups:
        return ""
    said = f" {MINUS} ".join(groups)
    return f"（{said}）" if lang == "zh" else f" ({said})"


def _quantity(kind: str, of: str, labels: Mapping[str, str], lang: str) -> str:
    """Name what is compared with the truth: a path by its ends, all else by kind and construct."""
    name = " → ".join(in_language(labels.get(c, c), lang) for c in str(of).split(" → "))
    said = named_code(kind, "truth_kind", lang)
    return (
        name
        if kind == "path"
        else f"{said}: {name}"
        if of and lang == "en"
        else (f"{said}：{name}" if of else said)
    )
