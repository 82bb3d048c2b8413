"""What every result carries, and the three verbs it answers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Base of every frozen result.

    Attributes
    ----------
    n_used, n_dropped : int
        Rows that entered the computation, and rows that could not.
    method : str
        The statistic and its variant, in the field's words (a ``Text`` where it is printed).
    confidence : float
        Level of every interval in the table, 0 to 1.
    notes : tuple of Text
        What a reader must know to trust the number, in both languages.
    """

    n_used: int
    n_dropped: int = 0
    method: str
    confidence: float = 0.95
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return the result as a tidy, unrounded frame."""
        raise NotImplementedError

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the result; only results that have a picture define this."""
        raise NotImplementedError(f"{type(self).__name__} has no picture")

    def sentence(self, lang: str = "en") -> str:
        """State the result in APA prose, every number taken from :meth:`table`."""
        raise NotImplementedError(f"{type(self).__name__} has no sentence")

    def _repr_html_(self) -> str:
        return self.table().to_html(index=False)
