"""Missing answers: how many, where, in which patterns, and whether they are missing at random."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.privacy import suppress_small_cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Stands for the patterns of few respondents.
OTHER_PATTERNS = "other_patterns"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MissingData(Result):
    """Missing answers by item, by respondent and by pattern.

    ``answered`` (n × items, bool) says which answers are there, never what they are. Patterns of
    fewer than ``minimum_cell`` respondents are gathered, and stand in no picture.
    """

    template = "missing.items"

    answered: pd.DataFrame
    coded: dict[str, int] = field(default_factory=dict)
    cutoff: Cutoff = CUTOFFS["missing_item"]
    minimum_cell: int = 1

    def table(self) -> pd.DataFrame:
        """Return one row per item: missing answers, their share, how many held a missing code."""
        missing = (~self.answered).sum()
        return pd.DataFrame(
            {
                "item": self.answered.columns,
                "n": self.answered.sum().to_numpy(),
                "missing": missing.to_numpy(),
                "missing_share": (missing / len(self.answered)).to_numpy(),
                "missing_coded": [self.coded.get(item, 0) for item in self.answered.columns],
            }
        )

    def cases(self) -> pd.DataFrame:
        """Return how many respondents left how many items unanswered."""
        counts = (~self.answered).sum(axis=1).value_counts().sort_index()
        return pd.DataFrame(
            {
                "items_missing": counts.index,
                "respondents": counts.to_numpy(),
                "share": (counts / len(self.answered)).to_numpy(),
            }
        )

    def patterns(self) -> pd.DataFrame:
        """Return the missing-data patterns, the most frequent first.

        ``items`` names the items a pattern leaves unanswered, joined by a space; empty = complete;
        ``other_patterns`` gathers those of few respondents (``n_missing`` is NaN there).
        """
        frame = pd.DataFrame(
            [
                {"items": " ".join(map(str, self.answered.columns[~seen])),
                 "n_missing": int((~seen).sum()), "respondents": int(at.sum())}
                for seen, at in self._patterns()
            ]
        )  # fmt: skip
        frame = frame.sort_values(
            ["respondents", "n_missing", "items"], ascending=[False, True, True], ignore_index=True
        )
        hidden = self._hidden(frame["respondents"].to_numpy())
        if hidden.any():
            rest = {"items": OTHER_PATTERNS, "n_missing": np.nan,
                    "respondents": frame.loc[hidden, "respondents"].sum()}  # fmt: skip
            frame = pd.concat([frame[~hidden], pd.DataFrame([rest])], ignore_index=True)
        return frame.assign(share=frame["respondents"] / len(self.answered))

    def _patterns(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return every pattern with the rows that have it."""
        seen, inverse = np.unique(self.answered.to_numpy(), axis=0, return_inverse=True)
        return [(row, inverse.ravel() == k) for k, row in enumerate(seen)]

    def _hidden(self, counts: np.ndarray) -> np.ndarray:
        return np.array([why != "" for why in suppress_small_cells(counts, self.minimum_cell)])

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the missingness map: items across, respondents down, gaps dark."""
        from cx_value.study.pictures import draw_missing_map

        patterns = self._patterns()
        hidden = self._hidden(np.array([at.sum() for _, at in patterns]))
        rare = np.zeros(len(self.answered), dtype=bool)
        for (_, at), hide in zip(patterns, hidden, strict=True):
            rare |= at & hide
        return draw_missing_map(self.answered[~rare], ax, lang)

    def facts(self) -> dict[str, Any]:
        """Return ``answers missing respondents k complete worst worst_share over rule``."""
        table = self.table()
        worst = table.loc[table["missing_share"].idxmax()]
        over = [r.item for r in table.itertuples() if not self.cutoff.passes(r.missing_share)]
        return {
            "answers": self.answered.size, "missing": int(table["missing"].sum()),
            "share": table["missing"].sum() / max(self.answered.size, 1),
            "respondents": self.n_used, "k": len(table),
            "complete": int(self.answered.all(axis=1).sum()),
            "complete_share": float(self.answered.all(axis=1).mean()),
            "worst": worst["item"], "worst_share": worst["missing_share"], "over": over,
            "rule": self.cutoff.facts(), "minimum": self.minimum_cell,
        }  # fmt: skip


def describe_missing(
    items: pd.DataFrame,
    *,
    coded: dict[str, int] | None = None,
    cutoff: Cutoff = CUTOFFS["missing_item"],
    minimum_cell: int = 1,
) -> MissingData:
    """Count missing answers by item, by respondent and by pattern.

    Parameters
    ----------
    items : DataFrame, n × items
        NaN = no answer.
    coded : dict, optional
        Item → how many of its missing answers held a missing code (``survey.missing_coded``).
    minimum_cell : int
        Patterns of fewer respondents are gathered (``study.report.minimum_cell``).

    Examples
    --------
    >>> d = describe_missing(pd.DataFrame({"a": [1.0, np.nan, 3], "b": [2.0, 1, 3]}))
    >>> d.table()["missing"].tolist(), d.patterns()["items"].tolist()
    ([1, 0], ['', 'a'])
    """
    answered = items.notna()
    return MissingData(
        n_used=len(items),
        method=Phrase("missing.items_method"),
        answered=answered,
        coded=dict(coded or {}),
        cutoff=cutoff,
        minimum_cell=minimum_cell,
    )
