"""The chain as a result: a table, a picture, and facts for a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cx_value.base.results import Result
from cx_value.base.wording import MINUS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

VALUE = "value"
COLUMNS = ("method", "group", "from", "to", "effect", "unit", "estimate", "std_error", "ci_low",
           "ci_high", "p", "missing_information")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkEffects(Result):
    """Effects along the chain quality → satisfaction → loyalty → value.

    The table has one row an effect. Columns ``method group from to effect unit estimate std_error
    ci_low ci_high p missing_information``. ``effect`` is ``path`` (a direct path between
    constructs), ``value`` (total effect on the log of lifetime value) or ``money``; ``unit``:
    ==================== ==================================================================
    ``points_per_point`` of the target, per point of the source's marker item ``sd_per_sd`` the
    same in latent standard deviations ``log_per_point`` mean slope of log value while a customer;
    × 100 ≈ percent ``log_per_sd`` the same per latent standard deviation ``money_per_point``
    currency units per customer and year, from raising the source by one point from now on and
    letting what follows from it follow, averaged over all customers of the log; those who have
    left gain nothing ====================
    ================================================================== ``missing_information`` is
    the fraction of missing information (plausible values only).

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

    template: ClassVar[str] = "link.effects"

    frame: pd.DataFrame
    approach: str
    sources: tuple[str, ...]
    currency: str
    share_active: float
    n_draws: int
    influence: np.ndarray
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def effect(self, source: str, unit: str, group: str = "") -> pd.Series:
        """Return the row of one construct's effect on value, by unit."""
        rows = self.frame[
            (self.frame["from"] == source) & (self.frame.unit == unit)
            & (self.frame.effect != "path") & (self.frame.group == group)
        ]  # fmt: skip
        return rows.iloc[0]

    def money(self, sources: Sequence[str | None] | None = None) -> pd.DataFrame:
        """Return the money of one more point of some constructs, or of all.

        The columns of :meth:`table`; a row of two groups' difference names them as ``group`` and
        ``less``, any other row has an empty ``less``.
        """
        rows = self.frame[self.frame.effect == "money"]
        rows = rows if sources is None else rows[rows["from"].isin(sources)]
        pair = rows["group"].astype(str).str.split(f" {MINUS} ")
        return rows.assign(group=pair.str[0], less=pair.str[1].fillna(""))

    def label(self, name: str) -> str:
        """Return what a construct is called."""
        return self.labels.get(name, name)

    def facts(self) -> dict[str, Any]:
        """Return the money of one more point of the construct before the last, by group.

        ``differences`` are those between groups that Holm's adjusted p calls significant, of
        ``compared`` in all.
        """
        source = self.sources[max(len(self.sources) - 2, 0)]
        rows = self.money([source])
        own, pairs = rows[rows["less"] == ""], rows[rows["less"] != ""]
        adjusted = _holm(pairs["p"].to_numpy(dtype=float))
        kept = pairs.assign(p=adjusted)[adjusted < 1 - self.confidence]
        return {
            "construct": source, "approach": self.approach, "level": self.confidence,
            "money": [_as_facts(row) for row in own.to_dict("records")],
            "compared": len(pairs), "differences": [_as_facts(r) for r in kept.to_dict("records")],
            "share_active": self.share_active,
        }  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the total effects on log value per latent standard deviation, with intervals."""
        from cx_value.value.link.pictures import plot_chain

        return plot_chain(self.frame, self.labels, ax, by_group=bool(self.groups), lang=lang)


def _holm(p: np.ndarray) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    return multipletests(p, method="holm")[1] if len(p) else p


def _as_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"group": row["group"], "less": row["less"], "estimate": row["estimate"],
            "low": row["ci_low"], "high": row["ci_high"], "p": row["p"]}  # fmt: skip
