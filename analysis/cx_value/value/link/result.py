"""The chain as a result: a table, a picture, and a sentence a manager can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import (
    MINUS,
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    in_language,
    inside_sentence,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VALUE = "value"
COLUMNS = ("method", "group", "from", "to", "effect", "unit", "estimate", "std_error", "ci_low",
           "ci_high", "p", "missing_information")  # fmt: skip
#: What a row's unit is called.
UNITS_SAID = {
    "points_per_point": Text("points per point", zh="每 1 分的分值变化"),
    "sd_per_sd": Text("standard deviations per standard deviation", zh="每 1 个标准差的标准差变化"),
    "log_per_point": Text("log value per point", zh="每 1 分的对数价值变化"),
    "log_per_sd": Text("log value per standard deviation", zh="每 1 个标准差的对数价值变化"),
    "money_per_point": Text("money per point, customer and year", zh="每 1 分、每位客户每年的金额"),
}
METHODS = {
    "latent_covariates": Text(
        "purchase model with latent covariates", zh="以潜变量为协变量的购买模型"
    ),
    "plausible_values": Text(
        "structural model with plausible values of lifetime value",
        zh="含客户生命周期价值似真值的结构模型",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkEffects(Result):
    """Effects along the chain quality → satisfaction → loyalty → value.

    Attributes
    ----------
    frame : pandas.DataFrame
        See :meth:`table`.
    approach : {"latent_covariates", "plausible_values"}
    sources : tuple of str
        Constructs, causes first.
    currency : str
        Label of money.
    share_active : float
        Share of customers who are still customers, as the purchase model sees them.
    n_draws : int
        Draws or completed data sets.
    influence : ndarray (n_customers, n_rows)
        How far each customer moves each row's estimate.
    groups : tuple of str
    """

    frame: pd.DataFrame
    approach: str
    sources: tuple[str, ...]
    currency: str
    share_active: float
    n_draws: int
    influence: np.ndarray
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row an effect.

        Columns ``method group from to effect unit estimate std_error ci_low ci_high p
        missing_information``. ``effect`` is ``path`` (a direct path between constructs),
        ``value`` (total effect on the log of lifetime value) or ``money``; ``unit``:

        ====================  ==================================================================
        ``points_per_point``  of the target, per point of the source's marker item
        ``sd_per_sd``         the same in latent standard deviations
        ``log_per_point``     mean slope of log value while a customer; × 100 ≈ percent
        ``log_per_sd``        the same per latent standard deviation
        ``money_per_point``   currency units per customer and year, from raising the source by one
                              point from now on and letting what follows from it follow, averaged
                              over all customers of the log; those who have left gain nothing
        ====================  ==================================================================

        ``missing_information`` is the fraction of missing information (plausible values only);
        ``group_label`` names the group where there are groups.
        """
        return self._with_group_labels(self.frame) if self.groups else self.frame.copy()

    def effect(self, source: str, unit: str, group: str = "") -> pd.Series:
        """Return the row of one construct's effect on value, by unit."""
        rows = self.frame[
            (self.frame["from"] == source) & (self.frame.unit == unit)
            & (self.frame.effect != "path") & (self.frame.group == group)
        ]  # fmt: skip
        return rows.iloc[0]

    def money(self, sources: Sequence[str | None]) -> pd.DataFrame:
        """Return what one more point of some constructs is worth, groups by their labels."""
        rows = self.frame[(self.frame.effect == "money") & self.frame["from"].isin(sources)]
        return self._with_group_labels(rows)

    def _with_group_labels(self, rows: pd.DataFrame) -> pd.DataFrame:
        records = rows.to_dict("records")
        return tidy_frame([r | {"group_label": self._group_label(r["group"])} for r in records])

    def _group_label(self, group: str) -> Text:
        """Return what a group, or the difference of two, is called."""
        parts = [self.label(name) for name in str(group).split(f" {MINUS} ")]
        words = {lang: [in_language(part, lang) for part in parts] for lang in ("en", "zh")}
        joint = f" {MINUS} "
        return Text(joint.join(words["en"]), zh=joint.join(words["zh"]))

    def label(self, name: str) -> str:
        """Return what a construct is called."""
        return self.labels.get(name, name)

    def sentence(self, lang: str = "en", source: str | None = None) -> str:
        """State what one more point of a construct is worth, and the chain behind it.

        Parameters
        ----------
        lang : {"en", "zh"}
        source : str, optional
            The construct; by default the one before last (satisfaction, where loyalty is last).
        """
        source = source or self.sources[max(len(self.sources) - 2, 0)]
        groups = self.groups or ("",)
        parts = [self._said(source, lang, group, how=group == groups[0]) for group in groups]
        parts.append(self._compared(source, lang) if self.groups else self._chain(lang))
        return ("" if lang == "zh" else " ").join(part for part in parts if part)

    def _said(self, source: str, lang: str, group: str, *, how: bool) -> str:
        """State what one more point is worth; ``how`` adds by which route, once a paragraph."""
        route = _ROUTES[lang].format(
            method=in_language(METHODS[self.approach], lang), level=format_percent(self.confidence)
        )
        money = self.effect(source, "money_per_point", group)
        growth = self.effect(source, "log_per_point", group)
        percent = [float(np.expm1(growth[c])) for c in ("estimate", "ci_low", "ci_high")]
        shown = [format_percent(value, 1).replace("-", MINUS) for value in percent]
        return _SENTENCES[lang].format(
            where=_where(self.label(group), lang),
            name=inside_sentence(self.label(source), lang),
            currency=_currency(self.currency, lang),
            money=format_number(money.estimate, 2, lang=lang),
            money_ci=format_interval(money.ci_low, money.ci_high, 2, lang=lang),
            percent=shown[0],
            percent_ci=f"[{shown[1]}, {shown[2]}]",
            p=format_p(growth.p, lang=lang, relation=True),
            route=route if how else "",
        )

    def _compared(self, source: str, lang: str) -> str:
        """State how groups differ in what one more point is worth."""
        rows = self.frame[
            (self.frame["from"] == source)
            & (self.frame.unit == "money_per_point")
            & ~self.frame.group.isin(self.groups)
        ]
        parts = []
        for row in rows.to_dict("records"):
            value = format_number(row["estimate"], 2, lang=lang)
            limits = format_interval(row["ci_low"], row["ci_high"], 2, lang=lang)
            p = format_p(row["p"], lang=lang, relation=True)
            names = f" {MINUS} ".join(
                in_language(self.label(name), lang) for name in row["group"].split(f" {MINUS} ")
            )
            parts.append(f"{names}: {value} {limits}, p {p}")
        opening, stop, between = _DIFFERENCES[lang]
        return opening + between.join(parts) + stop if parts else ""

    def _chain(self, lang: str) -> str:
        """State the standardised links into and out of the constructs that touch value."""
        rows = self.frame[self.frame.unit.isin(["sd_per_sd", "log_per_sd"])]
        last = self.sources[-1]
        rows = rows[((rows.effect == "path") & (rows.to == last))
                    | ((rows.effect == "value") & (rows["from"] == last))]  # fmt: skip
        links = []
        for row in rows.to_dict("records"):
            to = _VALUE_SAID if row["to"] == VALUE else self.label(row["to"])
            links.append(
                f"{in_language(self.label(row['from']), lang)} → {in_language(to, lang)} "
                f"{format_number(row['estimate'], 2, lang=lang)} "
                f"{format_interval(row['ci_low'], row['ci_high'], 2, lang=lang)}"
            )
        opening, stop, comma = _CHAIN[lang]
        return opening + comma.join(links) + stop

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the total effects on log value per latent standard deviation, with intervals."""
        from cx_value.value.link.pictures import plot_chain

        return plot_chain(self.frame, self.labels, ax, by_group=bool(self.groups), lang=lang)


def _where(group: str, lang: str) -> str:
    if not group:
        return ""
    said = in_language(group, lang)
    return f"{said}：" if lang == "zh" else f"{said[:1].upper()}{said[1:]}: "


_VALUE_SAID = Text("log value", zh="对数价值")
_CHAIN = {
    "en": ("Per standard deviation: ", ".", ", "),
    "zh": ("按标准差计：", "。", "，"),
}
_DIFFERENCES = {
    "en": ("Differences in that worth: ", ".", "; "),
    "zh": ("该价值的组间差异：", "。", "；"),
}


def _currency(name: str, lang: str) -> str:
    """Return the currency as it stands before the sum in English, after it in Chinese."""
    word = in_language(name, lang)
    return (f" {word}" if lang == "zh" else f"{word} ") if word else ""


_SENTENCES = {
    "en": "{where}One more point of {name} is worth {currency}{money} {money_ci} per customer and "
    "year; the lifetime value of somebody who is a customer changes by {percent} {percent_ci}, "
    "p {p}{route}.",
    "zh": "{where}{name}每提高 1 分，每位客户每年价值增加 {money} {money_ci}{currency}；"
    "在册客户的生命周期价值变化 {percent} {percent_ci}，p {p}{route}。",
}
_ROUTES = {
    "en": " ({method}; {level} CI in brackets)",
    "zh": "（{method}；方括号内为 {level} 置信区间）",
}
