"""What every result carries, and the three verbs it answers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cx_value.base.wording import Text
from cx_value.base.words import Phrase

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
    notes : tuple of Phrase
        What a reader must know to trust the number.

    A result says itself by facts: ``template`` names the macro (``"topic.macro"``) of
    ``report/words/<lang>/`` that turns ``facts()`` into words.
    """

    template: ClassVar[str] = ""

    n_used: int
    n_dropped: int = 0
    method: str
    confidence: float = 0.95
    notes: tuple[Phrase, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return the result as a tidy, unrounded frame: a copy of ``frame`` where it has one."""
        return self.frame.copy()

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the result; only results that have a picture define this."""
        raise NotImplementedError(f"{type(self).__name__} has no picture")

    def facts(self) -> dict[str, Any]:
        """Return what a sentence may say: numbers, counts, codes, citation keys, judgements."""
        raise NotImplementedError(f"{type(self).__name__} states no facts")

    def phrase(self) -> Phrase:
        """Return the facts with the template that says them."""
        if not self.template:
            raise NotImplementedError(f"{type(self).__name__} has no sentence")
        return Phrase(self.template, self.facts())

    def sentence(self, lang: str = "en") -> str:
        """State the result in APA prose, codes as they are; the store knows the names."""
        return self.phrase().in_language(lang)

    def _repr_html_(self) -> str:
        return self.table().to_html(index=False)


def tidy_frame(
    rows: Iterable[Mapping[str, Any] | Sequence[Any]], columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Build a frame from rows without losing the second language of a :class:`Text`.

    pandas turns a column of strings into its own string type, which would drop the Chinese; a
    column that holds a ``Text`` is kept as objects.

    >>> tidy_frame([{"item": "x1", "label": Text("Price", zh="价格")}]).label[0].zh
    '价格'
    """
    import pandas as pd

    rows = list(rows)
    frame = pd.DataFrame(rows, columns=columns)
    for position, column in enumerate(frame.columns):
        key = column if rows and isinstance(rows[0], Mapping) else position
        values = [row.get(key) if isinstance(row, Mapping) else row[key] for row in rows]
        if any(isinstance(value, Text) for value in values):
            frame[column] = pd.Series(values, index=frame.index, dtype=object)
    return frame
