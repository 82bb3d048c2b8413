"""Results as printed tables: pandoc pipe tables with caption, widths and note.

What Quarto renders and what the embedded renderer reads is the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import ReportError
from cx_value.base.terms import own_words
from cx_value.base.wording import Text, in_language
from cx_value.tables.cells import DASH, Column, is_missing, write_cell
from cx_value.tables.declared import TableSpec, declared_tables
from cx_value.tables.markdown import (
    caption_line,
    in_money,
    note_text,
    of_columns,
    pipe_table,
    rule_text,
    wrap_table,
)
from cx_value.tables.matrix import render_matrix
from cx_value.tables.undeclared import undeclared_table
from cx_value.tables.widths import fitted_widths

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Column", "PrintedTable", "TableSpec", "printed_table", "render_matrix", "render_table",
    "rule_text", "table_of",
]  # fmt: skip


def table_of(name: str, frame: pd.DataFrame) -> TableSpec:
    """Return how a saved frame is printed: as declared, or as its columns suggest."""
    return declared_tables().get(name) or undeclared_table(frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTable:
    """A table as words: every cell markdown already, ready for any form."""

    heads: tuple[str, ...]
    alignments: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    note: str
    lang: str

    def lines(self) -> list[str]:
        """Return the lines of the pipe table."""
        return pipe_table(self.heads, self.alignments, self.body)


def render_table(
    frame: pd.DataFrame,
    spec: TableSpec,
    lang: str,
    labels: Mapping[str, str],
    *,
    caption: str,
    identifier: str,
    cutoffs: Mapping[str, Cutoff] | None = None,
    confidence: float = 0.95,
    currency: str = "",
) -> str:
    """Print a result as a pipe table.

    Parameters
    ----------
    frame : DataFrame
        Tidy and unrounded, as :meth:`cx_value.base.results.Result.table` gives it or as read back.
    spec : TableSpec
    lang : {"en", "zh"}
    labels : mapping of construct or item code to ``Text``
    caption : str
        Markdown; printed above the table by the renderer.
    identifier : str
        ``tbl-…``, what ``@tbl-…`` refers to.
    cutoffs : mapping of name to Cutoff, optional
        Rules quoted in the note; the study's own where it overrides any.
    confidence : float
        Level named in the heading of intervals, 0 to 1.
    currency : str
        Unit named in the heading of money.

    Returns
    -------
    str
        Markdown ending in a newline.

    Raises
    ------
    ReportError
        If the frame lacks a column the table must have.
    """
    printed = printed_table(
        frame, spec, lang, labels, identifier=identifier, cutoffs=cutoffs, confidence=confidence,
        currency=currency,
    )  # fmt: skip
    lines = [*printed.lines(), "", caption_line(caption, identifier, printed.widths)]
    return wrap_table(lines, note=printed.note)


def printed_table(
    frame: pd.DataFrame,
    spec: TableSpec,
    lang: str,
    labels: Mapping[str, str],
    *,
    identifier: str,
    cutoffs: Mapping[str, Cutoff] | None = None,
    confidence: float = 0.95,
    currency: str = "",
    most: int | None = None,
) -> PrintedTable:
    """Return the cells of :func:`render_table`, of ``most`` rows at most, in no form yet."""
    rows = frame if spec.rows is None or not len(frame) else spec.rows.keep(frame)
    rows = rows if most is None else rows.head(most)
    rules = cutoffs or CUTOFFS
    columns = _shown_columns(rows, spec, identifier)
    records = rows.to_dict("records")
    body = [[write_cell(row, c, lang, labels, rules) for c in columns] for row in records]
    body = _blank_repeats(body, records, columns, spec.group) or [[DASH] * len(columns)]
    level = f"{100 * confidence:g}%"
    heads = [
        in_money(own_words(in_language(c.header, lang)), currency, lang).replace("{level}", level)
        for c in columns
    ]
    shown = {name for column in columns for name in column.source}
    widths = fitted_widths([column.width for column in columns], heads, body, lang)
    return PrintedTable(
        heads=tuple(heads), alignments=tuple(column.alignment for column in columns),
        body=tuple(map(tuple, body)), widths=tuple(widths), lang=lang,
        note="" if spec.note is None
        else note_text(of_columns(spec.note, shown), lang, rules, level),
    )  # fmt: skip


def _shown_columns(rows: pd.DataFrame, spec: TableSpec, identifier: str) -> list[Column]:
    """Return the columns to print; refuse where a needed one is not in the frame."""
    shown = []
    for column in _numbered_columns(rows, spec.columns):
        absent = [name for name in column.source if name not in rows.columns]
        if absent and not column.optional:
            raise ReportError(
                f"table {identifier}: the result has no column {absent[0]!r} · it has: "
                f"{', '.join(map(str, rows.columns))} · do: save the result this table is for, or "
                "mend its entry in report/tables"
            )
        if not (column.optional and (absent or _is_empty(rows, column.source))):
            shown.append(column)
    return shown


def _is_empty(rows: pd.DataFrame, source: Sequence[str]) -> bool:
    cells = [value for name in source for value in rows[name]]
    return bool(cells) and all(map(is_missing, cells))


def _numbered_columns(rows: pd.DataFrame, columns: Sequence[Column]) -> list[Column]:
    """Replace a column ``F#`` by one for each of F1, F2 … in the frame."""
    out = []
    for column in columns:
        if not column.source[0].endswith("#"):
            out.append(column)
            continue
        stem = column.source[0][:-1]
        numbers = [str(n)[len(stem) :] for n in rows.columns if re.fullmatch(stem + r"\d+", str(n))]
        for k in numbers:
            head = Text(column.header.replace("#", k), zh=column.header.zh.replace("#", k))
            out.append(replace(column, source=(stem + k,), header=head))
    return out


def _blank_repeats(body, records, columns: Sequence[Column], group: str | None):
    """Blank a grouping column where it repeats the row above."""
    place = next((k for k, column in enumerate(columns) if column.source[0] == group), None)
    if place is None:
        return body
    before: Any = None
    for cells, record in zip(body, records, strict=True):
        if record[group] == before:
            cells[place] = ""
        before = record[group]
    return body
