"""Pictures of the value models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.wording import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.value.comparison import HoldoutCalibration
    from analysis.value.lifetime import LifetimeValue
    from analysis.value.purchase import PurchaseModel
    from analysis.value.survival import SurvivalCurve

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


def plot_alive_map(model: PurchaseModel, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw P(alive) by frequency and time since the last purchase, for the oldest customers."""
    from analysis.style import figure_style, new_axes

    counts, silence, alive = alive_grid(model)
    words = {
        "en": ("Repeat purchases", f"Silence ({unit_word(model.unit, 'en')})", "P(alive)"),
        "zh": ("重复购买次数", f"未购买时长({unit_word(model.unit, 'zh')})", "存活概率"),
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


def alive_grid(model: PurchaseModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts, silences and P(alive) of shape (n_silences, n_counts)."""
    import pandas as pd

    age = float(model.history.age.max())
    top = max(3, int(np.quantile(model.history.frequency, 0.99)))
    counts, silence = np.arange(1, top + 1), np.linspace(0.0, age * 0.98, 60)
    grid = pd.DataFrame(
        [(x, age - gap, age) for gap in silence for x in counts],
        columns=["frequency", "recency", "age"],
    ).assign(**dict(zip(model.covariates, model.history.centre, strict=True)))
    alive = model.probability_alive(grid).to_numpy()
    return counts, silence, alive.reshape(len(silence), len(counts))


def plot_calibration(
    calibration: HoldoutCalibration, ax: Axes | None = None, *, lang: str = "en"
) -> Axes:
    """Draw actual and expected holdout purchases by calibration frequency."""
    from analysis.style import PALETTE, figure_style, new_axes

    table = calibration.table()
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


def plot_survival(curve: SurvivalCurve, ax: Axes | None = None, *, lang: str = "en") -> Axes:
    """Draw a survival curve with its band."""
    from analysis.style import PALETTE, figure_style, new_axes

    table = curve.table()
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


def plot_value_distribution(value: LifetimeValue, ax: Axes | None = None, *, lang: str = "en"):
    """Draw what share of the value the most valuable customers hold (concentration curve)."""
    from analysis.style import PALETTE, figure_style, new_axes

    values = np.sort(value.table()["lifetime_value"].to_numpy())[::-1]
    share = np.concatenate([[0.0], np.cumsum(values) / values.sum()])
    words = {
        "en": ("Share of customers, most valuable first", "Share of value"),
        "zh": ("客户占比(价值由高到低)", "价值占比"),
    }[lang]
    with figure_style(lang):
        ax = new_axes() if ax is None else ax
        ax.plot(np.linspace(0, 1, len(share)), share, color=PALETTE["primary"])
        ax.plot([0, 1], [0, 1], color=PALETTE["light"])
        ax.set_xlabel(words[0])
        ax.set_ylabel(words[1])
    return ax
