"""Where customers stand: stages of the lifecycle, value by stage, and moves between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.wording import Text, format_number, format_percent, join_words
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.purchase.intervals import wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

STAGES: dict[str, Text] = {
    "attract": Text("attract", zh="吸引期"),
    "activate": Text("activate", zh="激活期"),
    "retain": Text("retain", zh="维持期"),
    "upgrade": Text("upgrade", zh="升级期"),
    "lapsed": Text("lapsed", zh="已流失"),
}
NEW, UNSEEN = "new", "not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRules:
    """What puts a customer into a stage; a study may set every number.

    Attributes
    ----------
    retain_from : int
        Repeat purchases from which a customer counts as retained; fewer, but one, is activated;
        none, attracted.
    upgrade_spend : float or None
        Mean repeat spend from which a retained customer counts as upgraded. None takes
        ``upgrade_quantile`` of the repeat buyers at hand; fix it when waves are compared.
    upgrade_quantile : float
    lapsed_below : float or None
        P(alive) below which a customer counts as lapsed whatever was bought; None never does.
    """

    retain_from: int = 3
    upgrade_spend: float | None = None
    upgrade_quantile: float = 0.75
    lapsed_below: float | None = 0.5

    def __post_init__(self) -> None:
        good = (
            self.retain_from >= 2
            and (self.upgrade_spend is None or self.upgrade_spend > 0)
            and 0 < self.upgrade_quantile < 1
            and (self.lapsed_below is None or 0 <= self.lapsed_below <= 1)
        )
        if not good:
            raise ModelError(
                f"Stage rules are {self} · allowed: retain_from 2 or more, upgrade_spend above 0, "
                "upgrade_quantile and lapsed_below between 0 and 1 · do: mend them"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LifecycleStages(Result):
    """Each customer's stage, and the value of each stage.

    Attributes
    ----------
    stages : pandas.Series
        Stage by customer, an ordered categorical.
    values : pandas.Series or None
        Value by customer, summed by stage.
    rules : StageRules
        As used, ``upgrade_spend`` filled in.
    """

    stages: pd.Series
    values: pd.Series | None
    rules: StageRules

    def table(self) -> pd.DataFrame:
        """Return ``stage customers share ci_low ci_high`` and, with values, ``mean total``.

        The totals add up to the value of all customers: CLV as the sum over the stages.
        """
        import pandas as pd

        names, n = self.stages.cat.categories, len(self.stages)
        counts = self.stages.value_counts().reindex(names).to_numpy()
        low, high = wilson_interval(counts, n, self.confidence)
        table = pd.DataFrame(
            {"stage": list(names), "customers": counts, "share": counts / n,
             "ci_low": low, "ci_high": high}
        )  # fmt: skip
        if self.values is not None:
            sets = self.values.groupby(self.stages.to_numpy(), observed=False)
            table["mean"] = sets.mean().reindex(names).to_numpy()
            table["total"] = sets.sum().reindex(names, fill_value=0.0).to_numpy()
        return table

    def sentence(self, lang: str = "en") -> str:
        """State the shares and, with values, what each stage is worth."""
        parts = []
        for row in self.table().query("customers > 0").itertuples():
            name = STAGES[row.stage].in_language(lang)
            worth = "" if self.values is None else format_number(row.total, 0, lang=lang)
            share = format_percent(row.share, 1)
            if lang == "zh":
                parts.append(f"{name}{share}" + (f"（价值 {worth}）" if worth else ""))
            else:
                parts.append(f"{name} {share}" + (f" (value {worth})" if worth else ""))
        if lang == "zh":
            return f"{self.n_used:,} 名客户按生命周期阶段：{join_words(parts, lang='zh')}。"
        return f"Of {self.n_used:,} customers by lifecycle stage: {join_words(parts)}."

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw each stage's share of customers beside its share of value."""
        from cx_value.value.pictures import plot_stage_value

        return plot_stage_value(self.table(), STAGES, ax, lang=lang)


def assign_stages(
    summary: TransactionSummary | pd.DataFrame,
    *,
    rules: StageRules | None = None,
    probability_alive: pd.Series | None = None,
    values: pd.Series | None = None,
) -> LifecycleStages:
    """Put each customer into a stage: attract, activate, retain, upgrade, or lapsed.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        ``customer frequency monetary``.
    rules : StageRules, optional
    probability_alive : pandas.Series, optional
        By customer, from a purchase model. Without it nobody counts as lapsed.
    values : pandas.Series, optional
        By customer, for instance ``lifetime_value``; summed by stage.

    Raises
    ------
    DataError
        If a column is missing, or a customer has no P(alive) or value.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"customer": list("abcd"), "frequency": [0, 1, 4, 6],
    ...                      "monetary": [None, 5.0, 6.0, 90.0]})
    >>> assign_stages(seen, rules=StageRules(upgrade_spend=50)).stages.tolist()
    ['attract', 'activate', 'retain', 'upgrade']
    """
    import pandas as pd

    rules = rules or StageRules()
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    missing = [name for name in ("customer", "frequency", "monetary") if name not in frame]
    if missing:
        raise DataError(
            f"The customer summary lacks {', '.join(missing)} · allowed: customer, frequency and "
            "monetary · do: use summarise_transactions"
        )
    owner = pd.Index(frame["customer"])
    x, z = frame["frequency"].to_numpy(), frame["monetary"].to_numpy(dtype=float)
    rules = _with_threshold(rules, z[x > 0])
    alive = _aligned(probability_alive, owner, "P(alive)")
    lapsed = np.zeros(len(frame), dtype=bool)
    if alive is not None and rules.lapsed_below is not None:
        lapsed = alive.to_numpy() < rules.lapsed_below
    retained = x >= rules.retain_from
    stage = np.select(
        [lapsed, x == 0, ~retained, z >= rules.upgrade_spend],
        ["lapsed", "attract", "activate", "upgrade"],
        "retain",
    )
    names = [s for s in STAGES if s != "lapsed" or alive is not None]
    return LifecycleStages(
        n_used=len(frame),
        method=Text("lifecycle stages by rule", zh="按规则划分的生命周期阶段"),
        notes=(_rules_note(rules),),
        stages=pd.Series(pd.Categorical(stage, names, ordered=True), index=owner, name="stage"),
        values=_aligned(values, owner, "value"),
        rules=rules,
    )


def _with_threshold(rules: StageRules, spends: np.ndarray) -> StageRules:
    from dataclasses import replace

    if rules.upgrade_spend is not None:
        return rules
    known = spends[np.isfinite(spends)]
    limit = float(np.quantile(known, rules.upgrade_quantile)) if len(known) else np.inf
    return replace(rules, upgrade_spend=max(limit, np.finfo(float).tiny))


def _aligned(series: pd.Series | None, owner: pd.Index, what: str) -> pd.Series | None:
    """Return a series in the customers' order, refusing gaps."""
    if series is None:
        return None
    missing = owner.difference(series.dropna().index)
    if len(missing) or series.index.has_duplicates:
        raise DataError(
            f"{len(missing)} customers have no {what}, or some have two · allowed: one {what} a "
            "customer, indexed by customer · do: take it from a model of the same summary"
        )
    return series.reindex(owner)


def _rules_note(rules: StageRules) -> Text:
    spend = format_number(rules.upgrade_spend, 2)
    en = (
        f"retained from {rules.retain_from} repeat purchases, upgraded from a mean spend of {spend}"
    )
    zh = f"重复购买 {rules.retain_from} 次起为维持期，平均消费达 {spend} 为升级期"
    if rules.lapsed_below is not None:
        en += f", lapsed below a P(alive) of {rules.lapsed_below}"
        zh += f"，存活概率低于 {rules.lapsed_below} 为已流失"
    return Text(f"Rules: {en}.", zh=f"规则：{zh}。")


# --- moves --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageTransitions(Result):
    """How customers moved between stages from one date to another."""

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``before after customers share ci_low ci_high``; shares add up within before.

        ``before`` is ``new`` for customers won in between, ``after`` ``not seen`` for customers
        that the second date does not know.
        """
        return self.rows

    def matrix(self, column: str = "share") -> pd.DataFrame:
        """Return the moves as a matrix, one row a stage before."""
        wide = self.rows.pivot_table(
            index="before", columns="after", values=column, sort=False, observed=True
        )
        return wide.fillna(0)

    def sentence(self, lang: str = "en") -> str:
        """State the share that stayed in its stage, by stage before."""
        rows = self.rows[self.rows["before"] != NEW]
        stay = rows[rows["before"] == rows["after"]].set_index("before")["share"]
        gap = "" if lang == "zh" else " "
        parts = [
            f"{STAGES[stage].in_language(lang)}{gap}{format_percent(stay.get(stage, 0.0))}"
            for stage in rows["before"].unique()
        ]
        n = int(rows["customers"].sum())
        if lang == "zh":
            return f"{n:,} 名客户中，留在原阶段的比例：{join_words(parts, lang='zh')}。"
        return f"Of {n:,} customers the share that stayed in its stage was {join_words(parts)}."


def compare_stages(before: LifecycleStages, after: LifecycleStages) -> StageTransitions:
    """Count the moves of customers between stages at two dates.

    Raises
    ------
    ModelError
        If the two were made by different rules, for moves would then be moves of the rules.
    """
    import pandas as pd

    if before.rules != after.rules:
        raise ModelError(
            f"Stages were set by different rules ({before.rules}; {after.rules}) · allowed: the "
            "same rules at both dates · do: pass rules=first.rules to the second assign_stages"
        )
    joined = pd.concat(
        {"before": before.stages.astype(object), "after": after.stages.astype(object)}, axis=1
    )
    joined = joined.fillna({"before": NEW, "after": UNSEEN})
    counts = joined.groupby(["before", "after"]).size().rename("customers").reset_index()
    order = {name: i for i, name in enumerate([*STAGES, NEW, UNSEEN])}
    counts = counts.sort_values(["before", "after"], key=lambda c: c.map(order), ignore_index=True)
    base = counts.groupby("before")["customers"].transform("sum")
    low, high = wilson_interval(counts["customers"].to_numpy(), base.to_numpy(), before.confidence)
    return StageTransitions(
        n_used=len(joined),
        method=Text("stage transitions", zh="阶段转移"),
        rows=counts.assign(share=counts["customers"] / base, ci_low=low, ci_high=high),
    )
