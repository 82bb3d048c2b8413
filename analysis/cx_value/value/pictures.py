"""Pictures of the value models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.wording import Text, format_percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

_UNITS = {
    "day": Text("days", zh="天"),
    "week": Text("weeks", zh="周"),
    "month": Text("months", zh="月"),
    "year": Text("years", zh="年"),
    "": Text("time units", zh="时间单位"),
}


def unit_word(unit: str, lang: str) -> str:
    """Return the plural of a time unit."""
    return _UNITS[unit].in_language(lang)


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
    words = {
        "en": ("Repeat purchases", f"Silence ({unit_word(unit, 'en')})", "P(alive)"),
        "zh": ("重复购买次数", f"未购买时长（{unit_word(unit, 'zh')}）", "存活概率"),
    }[lang]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        picture = ax.imshow(
            alive, origin="lower", aspect="auto", vmin=0, vmax=1, cmap="viridis",
            extent=(0.5, counts[-1] + 0.5, 0, silence[-1]),
        )  # fmt: skip
        ax.set_xlabel(words[0])
        ax.set_ylabel(words[1])
        ax.figure.colorbar(picture, ax=ax, label=words[2])
    return ax


def plot_calibration(table: pd.DataFrame, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw ``actual`` and ``expected`` holdout purchases by calibration ``frequency``."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    words = {
        "en": (
            "Repeat purchases in the calibration period",
            "Mean in the holdout",
            "actual",
            "expected",
        ),
        "zh": ("校准期重复购买次数", "验证期平均购买次数", "实际", "预测"),
    }[lang]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.plot(table["frequency"], table["actual"], "o-", color=PALETTE["ink"], label=words[2])
        ax.plot(
            table["frequency"], table["expected"], "s--", color=PALETTE["primary"], label=words[3]
        )
        ticks = [*map(str, table["frequency"][:-1]), f"{table['frequency'].iloc[-1]}+"]
        ax.set_xticks(table["frequency"], ticks)
        ax.set_xlabel(words[0])
        ax.set_ylabel(words[1])
        ax.legend()
    return ax


def plot_survival(table: pd.DataFrame, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw a survival curve with its band: ``time survival ci_low ci_high``."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    words = {"en": ("Time", "Share still a customer"), "zh": ("时间", "仍为客户的比例")}[lang]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.fill_between(
            table["time"], table["ci_low"], table["ci_high"], step="post", color=PALETTE["light"]
        )
        time = np.concatenate([[0.0], table["time"]])
        share = np.concatenate([[1.0], table["survival"]])
        ax.step(time, share, where="post", color=PALETTE["primary"])
        ax.set_ylim(0, 1)
        ax.set_xlabel(words[0])
        ax.set_ylabel(words[1])
    return ax


def plot_value_distribution(values: np.ndarray, ax: Axes | None = None, *, lang: str = "en"):
    """Draw how many customers have which value, the most valuable tenth set apart."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    values = np.sort(values)
    # Those who are all but lost share the first bar: on a logarithmic scale they would fill half.
    edges = np.geomspace(max(values[-1] / 1e5, np.quantile(values, 0.02)), values[-1], 41)
    limit = np.quantile(values, 0.9)
    share = format_percent(values[values >= limit].sum() / values.sum())
    words = {
        "en": ("Lifetime value of a customer (log scale)", "Customers",
               f"most valuable tenth: {share} of all value"),
        "zh": ("单个客户的生命周期价值（对数刻度）", "客户数",
               f"价值最高的十分之一：占全部价值的 {share}"),
    }[lang]  # fmt: skip
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        rest = np.clip(values[values < limit], edges[0], None)
        ax.hist(rest, bins=edges, color=PALETTE["primary"])
        ax.hist(values[values >= limit], bins=edges, color=PALETTE["accent"], label=words[2])
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda number, _: f"{number:,.10g}")
        ax.set_xlabel(words[0])
        ax.set_ylabel(words[1])
        ax.legend(loc="upper left")
        ax.margins(y=0.15)
    return ax


def plot_stage_value(
    table: pd.DataFrame, stages: Mapping[str, Text], ax: Axes | None = None, *, lang: str = "en"
) -> Axes:
    """Draw each stage's share of customers beside its share of value; ``stages`` name them."""
    from cx_value.base.style import PALETTE, figure_style, new_axes

    names = [stages[stage].in_language(lang) for stage in table["stage"]]
    words = {"en": ("Share", "of customers", "of value"), "zh": ("占比", "客户", "价值")}[lang]
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
    table: pd.DataFrame, confidence: float, ax: Axes | None = None, *, lang: str = "en"
) -> Axes:
    """Draw each estimate's ``distance`` from the truth in standard errors, loadings left out."""
    from scipy.stats import norm

    from cx_value.base.style import PALETTE, figure_style, new_axes

    rows = table[[str(kind) != "loading" for kind in table["kind"]]]
    reach = norm.ppf(0.5 + confidence / 2)
    words = {"en": "Estimate less truth, in standard errors", "zh": "估计值与真值之差（标准误）"}
    at = np.arange(len(rows))
    with figure_style(lang):
        ax = new_axes(height=1.0 + 0.24 * len(rows)) if ax is None else ax
        ax.axvspan(-reach, reach, color=PALETTE["fill"])
        ax.axvline(0, color=PALETTE["grey"], linewidth=0.8)
        colours = [PALETTE["primary" if held else "accent"] for held in rows["covered"]]
        ax.scatter(rows["distance"], at, c=colours, zorder=3)
        ax.set_yticks(at, [quantity.in_language(lang) for quantity in rows["quantity"]])
        ax.invert_yaxis()
        ax.set_xlabel(words[lang])
    return ax
