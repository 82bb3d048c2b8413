"""Which rows of a result its table prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import ReportError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChoice:
    """Conditions on rows; a column that the frame lacks sets none.

    Attributes
    ----------
    first : int or None
        How many rows at most.
    above : mapping of column to number
    one_of, none_of : mapping of column to list of values
    pick : str or None
        A named choice of :data:`PICKS`.
    """

    first: int | None = None
    above: Mapping[str, float] = field(default_factory=dict)
    one_of: Mapping[str, list] = field(default_factory=dict)
    none_of: Mapping[str, list] = field(default_factory=dict)
    pick: str | None = None

    @classmethod
    def read(cls, entry: Any, place: str) -> RowChoice:
        """Return the conditions of a declaration."""
        allowed = list(cls.__dataclass_fields__)
        if not isinstance(entry, Mapping) or not set(entry) <= set(allowed):
            raise ReportError(
                f"report/tables/{place}: rows: {entry!r} · allowed: {', '.join(allowed)} · "
                "do: mend the entry"
            )
        choice = cls(**entry)
        if choice.pick is not None and choice.pick not in PICKS:
            raise ReportError(
                f"report/tables/{place}: no choice of rows {choice.pick!r} · allowed: "
                f"{', '.join(PICKS)} · do: mend the entry"
            )
        return choice

    def keep(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that are printed.

        >>> import pandas as pd
        >>> frame = pd.DataFrame({"kind": ["a", "b", "c"], "n": [0, 1, 2]})
        >>> RowChoice(above={"n": 0}, none_of={"kind": ["c"]}).keep(frame)["kind"].tolist()
        ['b']
        """
        for column, limit in self.above.items():
            frame = frame[frame[column] > limit] if column in frame else frame
        for column, values in self.one_of.items():
            frame = frame[frame[column].isin(values)] if column in frame else frame
        for column, values in self.none_of.items():
            frame = frame[~frame[column].isin(values)] if column in frame else frame
        if self.pick:
            frame = PICKS[self.pick](frame)
        return frame if self.first is None else frame.head(self.first)


def mediation(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the effects of pairs that an indirect effect joins, each number once.

    A total indirect effect repeats its only route, a total effect without a direct path the total
    indirect one.
    """
    kinds = ("specific_indirect", "total_indirect", "direct", "total")
    parts, frame = [], frame.reset_index(drop=True)
    for _, pair in frame.groupby(["source", "target"], sort=False):
        count = pair["kind"].value_counts()
        routes = count.get("specific_indirect", 0)
        if routes:
            wanted = {"specific_indirect"} | ({"total_indirect"} if routes > 1 else set())
            wanted |= {"direct", "total"} if count.get("direct", 0) else set()
            parts.append(pair[pair["kind"].isin(wanted)])
    rows = [row for part in parts for kind in kinds for row in part.index[part["kind"] == kind]]
    return frame.loc[rows].reset_index(drop=True)


#: Name of a choice that takes more than a condition → the choice.
PICKS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {"mediation": mediation}
