"""Where customers stand: stages of the lifecycle, value by stage, and moves between them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cx_value.base.errors import DataError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.sample import suppress_small_cells
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.purchase.intervals import wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Stages of the lifecycle in order, named in the terms (group ``stage``).
STAGES = ("attract", "activate", "retain", "upgrade", "lapsed")
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
    minimum_cell : int
        Smallest stage that is shown.
    """

    template: ClassVar[str] = "stages.stages"

    stages: pd.Series
    values: pd.Series | None
    rules: StageRules
    minimum_cell: int = 1

    def table(self) -> pd.DataFrame:
        """Return ``stage customers share ci_low ci_high`` and, with values, ``mean total``.

        The totals add up to the value of all customers: CLV as the sum over the stages. A stage
        below the minimum cell is withheld (NaN), and with it the next smallest.
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
        hidden = [why != "" for why in suppress_small_cells(counts, self.minimum_cell)]
        return _without(table, np.array(hidden), table.columns[1:])

    def facts(self) -> dict[str, Any]:
        """Return the rules, and the stages with most customers and (if known) with most value."""
        table = self.table()
        largest = table.loc[table["customers"].idxmax()]
        told = {
            "customers": self.n_used, "largest": largest["stage"], "share": largest["share"],
            "richest": None, "value_share": None, "rules": asdict(self.rules),
            "grows": bool(np.isfinite(self.rules.upgrade_spend)),
            "lapses": "lapsed" in set(table["stage"]) and self.rules.lapsed_below is not None,
        }  # fmt: skip
        if self.values is not None and self.values.sum() > 0:
            richest = table.loc[table["total"].idxmax()]
            told |= {
                "richest": richest["stage"],
                "value_share": richest["total"] / self.values.sum(),
            }
        return told

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw each stage's share of customers beside its share of value."""
        from cx_value.value.pictures import plot_stage_value

        return plot_stage_value(self.table(), ax, lang=lang)


def _without(table: pd.DataFrame, hidden: np.ndarray, numbers) -> pd.DataFrame:
    """Return a table whose numbers are NaN in the hidden rows."""
    if not hidden.any():
        return table
    return table.assign(**{name: np.where(hidden, np.nan, table[name]) for name in numbers})


def assign_stages(
    summary: TransactionSummary | pd.DataFrame,
    *,
    rules: StageRules | None = None,
    probability_alive: pd.Series | None = None,
    values: pd.Series | None = None,
    minimum_cell: int = 1,
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
    minimum_cell : int
        Smallest stage that is shown (``study.report.minimum_cell``).

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
        method=Phrase("stages.method"),
        stages=pd.Series(pd.Categorical(stage, names, ordered=True), index=owner, name="stage"),
        values=_aligned(values, owner, "value"),
        rules=rules,
        minimum_cell=minimum_cell,
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


# --- moves --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageTransitions(Result):
    """How customers moved between stages from one date to another."""

    template: ClassVar[str] = "stages.moves"

    rows: pd.DataFrame
    minimum_cell: int = 1

    def table(self) -> pd.DataFrame:
        """Return ``before after customers share ci_low ci_high``; shares add up within before.

        ``before`` is ``new`` for customers won in between, ``after`` ``not seen`` for customers
        that the second date does not know. Moves of fewer customers than the minimum cell are
        withheld (NaN), with others by which they could be worked out.
        """
        hidden = _withheld(self.rows, self.minimum_cell)
        numbers = ["customers", "share", "ci_low", "ci_high"]
        return _without(self.rows, hidden, numbers)

    def matrix(self, column: str = "share") -> pd.DataFrame:
        """Return the moves as a matrix, one row a stage before."""
        wide = self.rows.pivot_table(
            index="before", columns="after", values=column, sort=False, observed=True
        )
        return wide.fillna(0)

    def facts(self) -> dict[str, Any]:
        """Return how many stayed in their stage, and the most frequent move of the others."""
        known = self.rows[self.rows["before"] != NEW]
        moved = known[known["before"] != known["after"]]
        n = int(known["customers"].sum())
        stayed = n - int(moved["customers"].sum())
        most = moved.loc[moved["customers"].idxmax()] if len(moved) else None
        return {
            "customers": n, "stayed": stayed / n if n else None,
            "most": None if most is None else
            {"before": most["before"], "after": most["after"], "customers": most["customers"]},
        }  # fmt: skip


def _withheld(rows: pd.DataFrame, minimum_cell: int) -> np.ndarray:
    """Say which moves are withheld: small ones, and those by which totals would tell them."""
    counts = rows.pivot_table(
        index="before", columns="after", values="customers", fill_value=0, sort=False
    )
    table = counts.to_numpy(dtype=float)
    hidden = (table > 0) & (table < minimum_cell)
    for _ in range(table.size if hidden.any() else 0):
        before = hidden.copy()
        for lines, marks in ((table, hidden), (table.T, hidden.T)):
            for line, mark in zip(lines, marks, strict=True):
                _withhold_with(line, mark, minimum_cell)
        if (before == hidden).all():
            break
    names = {name: i for i, name in enumerate(counts.index)}
    at = {name: i for i, name in enumerate(counts.columns)}
    return np.array([hidden[names[b], at[a]] for b, a in zip(rows["before"], rows["after"],
                                                             strict=True)], dtype=bool)  # fmt: skip


def _withhold_with(line: np.ndarray, mark: np.ndarray, minimum_cell: int) -> None:
    """Withhold the next smallest cells of a line, until its total tells none of the hidden."""
    while mark.any() and (mark.sum() < 2 or line[mark].sum() < minimum_cell):
        free = np.flatnonzero(~mark & (line > 0))
        if len(free) == 0:
            return
        mark[free[np.argmin(line[free])]] = True


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
        method=Phrase("stages.moves_method"),
        rows=counts.assign(share=counts["customers"] / base, ci_low=low, ci_high=high),
        minimum_cell=before.minimum_cell,
    )
