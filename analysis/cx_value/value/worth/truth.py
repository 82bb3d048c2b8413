"""Estimates beside the truth of a simulated study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, format_percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.sem.reading.result import ModelFit
    from cx_value.value.link.result import LinkEffects
    from cx_value.value.worth.lifetime import LifetimeValue

_KINDS = {
    "loading": Text("loading", zh="因子载荷"),
    "path": Text("path", zh="路径系数"),
    "value": Text("value", zh="价值"),
    "link": Text("link", zh="关联"),
}
_VALUE = Text("mean lifetime value", zh="人均生命周期价值")
_LINKS = {
    "loyalty_sd": Text(
        "log value per standard deviation of {}", zh="{}每 1 个标准差的对数价值变化"
    ),
    "satisfaction_point": Text(
        "money per point of {}, customer and year", zh="{}每 1 分、每名客户每年的金额"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TruthCheck(Result):
    """What was estimated beside what is true.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`table`.
    """

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``kind quantity truth estimate std_error ci_low ci_high covered``."""
        return self.rows

    def sentence(self, lang: str = "en") -> str:
        """Say how many intervals hold the truth."""
        n, held = len(self.rows), int(self.rows["covered"].sum())
        level = format_percent(self.confidence)
        if lang == "zh":
            return f"模拟数据的真值已知：{n} 个量中有 {held} 个的 {level} 区间包含真值。"
        return (
            f"The data are simulated, so the truth is known: {held} of {n} {level} intervals "
            "hold it."
        )

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw each estimate's distance from the truth in standard errors."""
        from cx_value.value.pictures import plot_truth

        table = self.table().assign(distance=distance)
        return plot_truth(table, self.confidence, ax, lang=lang)


def check_truth(
    source: str | Path,
    *,
    structure: ModelFit | None = None,
    value: LifetimeValue | None = None,
    link: LinkEffects | None = None,
    labels: dict[str, str] | None = None,
    satisfaction: str = "SAT",
    loyalty: str = "LOY",
) -> TruthCheck:
    """Set estimates beside the truth a simulation stored.

    Parameters
    ----------
    source : path
        JSON as ``data/bank-panel/truth.json``: ``structure.pooled_paths`` and
        ``items.standardised_loading`` (standardised), ``money.all``.
    structure : ModelFit, optional
        Its standardised loadings and paths are compared.
    value : LifetimeValue, optional
        The mean is compared with ``expected_value``.
    link : LinkEffects, optional
        From the survey to value: loyalty's effect on log value, satisfaction's in money.
    labels : dict, optional
        What constructs are called.
    satisfaction, loyalty : str
        The constructs at the ends of the link.

    Returns
    -------
    TruthCheck

    Raises
    ------
    DataError
        If the file is no such JSON.
    """
    truth, labels = _read(Path(source)), labels or {}
    found = [
        *(_structure(truth, structure, labels) if structure is not None else ()),
        *(_value(truth, value) if value is not None else ()),
        *(_link(truth, link, labels, satisfaction, loyalty) if link is not None else ()),
    ]
    names = ["kind", "quantity", "truth", "estimate", "std_error", "ci_low", "ci_high"]
    rows = tidy_frame([dict(zip(names, row, strict=True)) for row in found], names)
    rows["covered"] = (rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])
    results = [r for r in (structure, value, link) if r is not None]
    return TruthCheck(
        n_used=max((r.n_used for r in results), default=0),
        method=Text("truth beside estimate", zh="真值与估计值对照"),
        confidence=results[0].confidence if results else 0.95,
        rows=rows,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        truth["structure"]["pooled_paths"], truth["items"]["standardised_loading"]
        truth["money"]["all"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name} cannot be read as the truth of a simulation ({error}) · allowed: JSON as "
            "data/bank-panel/truth.json · do: mend the file or leave value.truth out"
        ) from error
    return truth


def _structure(truth: dict, fit: ModelFit, labels: dict[str, str]) -> Iterator[tuple]:
    known = {("=~", item): true for item, true in truth["items"]["standardised_loading"].items()}
    for target, causes in truth["structure"]["pooled_paths"].items():
        known |= {("~", target, cause): true for cause, true in causes.items()}
    for row in fit.standardised().itertuples():
        key = ("=~", row.rhs) if row.op == "=~" else (row.op, row.lhs, row.rhs)
        if key not in known:
            continue
        kind, name = "loading", Text(str(row.rhs))
        if row.op == "~":
            kind, name = "path", _arrow(labels.get(row.rhs, row.rhs), labels.get(row.lhs, row.lhs))
        yield _KINDS[kind], name, known[key], row.est, row.se, row.ci_low, row.ci_high


def _arrow(cause: str, target: str) -> Text:
    one, two = (w if isinstance(w, Text) else Text(w) for w in (cause, target))
    return Text(f"{one} → {two}", zh=f"{one.zh} → {two.zh}")


def _value(truth: dict, value: LifetimeValue) -> Iterator[tuple]:
    numbers = (value.total, value.total_std_error, value.total_low, value.total_high)
    means = [number / value.n_used for number in numbers]
    yield _KINDS["value"], _VALUE, truth["money"]["all"]["expected_value"], *means


def _link(truth, link: LinkEffects, labels, satisfaction: str, loyalty: str) -> Iterator[tuple]:
    money = truth["money"]["all"]
    wanted = (
        ("loyalty_sd", loyalty, "log_per_sd", money["log_value_while_customer_per_loyalty_sd"]),
        ("loyalty_sd", satisfaction, "log_per_sd", 
         money["log_value_while_customer_per_satisfaction_sd"]),
        ("satisfaction_point", satisfaction, "money_per_point",
         money["value_per_satisfaction_point_from_now_on_per_year"]),
    )  # fmt: skip
    for phrase, construct, unit, true in wanted:
        row, name = link.effect(construct, unit), labels.get(construct, Text(construct))
        words = _LINKS[phrase]
        said = Text(words.format(name), zh=words.zh.format(getattr(name, "zh", name)))
        yield _KINDS["link"], said, true, row.estimate, row.std_error, row.ci_low, row.ci_high


def distance(rows: pd.DataFrame) -> np.ndarray:
    """Return how many standard errors each estimate lies above the truth."""
    return ((rows["estimate"] - rows["truth"]) / rows["std_error"]).to_numpy(dtype=float)
