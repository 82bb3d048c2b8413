"""Results as printed tables: pandoc pipe tables with caption, widths and note.

What Quarto renders and what the embedded renderer reads is the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.cutoffs import CUTOFFS, Cutoff
from analysis.errors import ReportError
from analysis.publish.table_cells import (
    DASH,
    Column,
    TableSpec,
    escape_text,
    is_missing,
    write_cell,
)
from analysis.publish.table_specs import TABLES
from analysis.wording import Text, format_number, in_language, stars

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "Column", "TableSpec", "render_matrix", "render_table", "rule_text"]

_RULES = {"left": ":---", "right": "---:", "center": ":---:"}
_SIGNS = {">=": "≥", "<=": "≤", ">": "\\>", "<": "\\<"}
_CONTINUED = Text("(continued)", zh="（续）")


def rule_text(rule: Cutoff, lang: str) -> str:
    r"""Return a rule of thumb as a note states it, with whose it is.

    >>> rule_text(CUTOFFS["ave"], "en"), rule_text(CUTOFFS["ave"], "zh")
    ('≥ .50 [@fornell1981]', '≥ 0.50 [@fornell1981]')
    """
    size = abs(rule.threshold)
    decimals = 0 if size >= 5 and float(size).is_integer() else 2 if size < 1 else 1
    number = format_number(rule.threshold, decimals, bounded=size < 1, lang=lang)
    said = f"[@{rule.source}]" if rule.source else f"({in_language(rule.said, lang)})"
    return f"{_SIGNS[rule.direction]} {number} {said}"


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
) -> str:
    """Print a result as a pipe table.

    Parameters
    ----------
    frame : DataFrame
        Tidy and unrounded, as :meth:`analysis.results.Result.table` gives it or as read back.
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

    Returns
    -------
    str
        Markdown ending in a newline.

    Raises
    ------
    ReportError
        If the frame lacks a column the table must have.
    """
    rows = frame if spec.keep is None or not len(frame) else spec.keep(frame)
    rules = cutoffs or CUTOFFS
    columns = _shown_columns(rows, spec, identifier)
    records = rows.to_dict("records")
    body = [[write_cell(row, c, lang, labels, rules) for c in columns] for row in records]
    body = _blank_repeats(body, records, columns, spec.group) or [[DASH] * len(columns)]
    level = f"{100 * confidence:g}%"
    heads = [in_language(column.header, lang).replace("{level}", level) for column in columns]
    lines = _pipe_table(heads, [column.alignment for column in columns], body)
    lines += ["", _caption(caption, identifier, [column.width for column in columns])]
    note = "" if spec.note is None else _note(spec.note, lang, rules)
    return _finish(lines, note=note, small=spec.small)


def _shown_columns(rows: pd.DataFrame, spec: TableSpec, identifier: str) -> list[Column]:
    """Return the columns to print; refuse where a needed one is not in the frame."""
    shown = []
    for column in _numbered_columns(rows, spec.columns):
        absent = [name for name in column.source if name not in rows.columns]
        if absent and not column.optional:
            raise ReportError(
                f"table {identifier}: the result has no column {absent[0]!r} · it has: "
                f"{', '.join(map(str, rows.columns))} · do: save the result this table is for, or "
                "mend its entry in analysis/publish/table_specs.py"
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


def _pipe_table(heads: Sequence[str], alignments: Sequence[str], body) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |"]
    lines.append("|" + "|".join(_RULES[a] for a in alignments) + "|")
    return lines + ["| " + " | ".join(cells) + " |" for cells in body]


def _caption(caption: str, identifier: str, widths: Sequence[float]) -> str:
    total = sum(widths)
    shares = [round(100 * width / total) for width in widths]
    shares[0] += 100 - sum(shares)
    listed = ",".join(map(str, shares))
    return f': {caption} {{#{identifier} tbl-colwidths="[{listed}]"}}'


def _note(note: Text, lang: str, cutoffs: Mapping[str, Cutoff]) -> str:
    """Return a note with the rules it names filled in."""

    def fill(match: re.Match) -> str:
        return rule_text(cutoffs[match.group(1)], lang)

    lead = "注：" if lang == "zh" else "*Note.* "
    return lead + re.sub(r"\{(\w+)\}", fill, in_language(note, lang))


def _finish(lines: list[str], *, note: str = "", small: bool = False) -> str:
    if small:
        lines = ["::: {.small}", *lines, ":::"]
    if note:
        lines += ["", "::: {.table-note}", note, ":::"]
    return "\n".join(lines) + "\n"


def render_matrix(
    frame: pd.DataFrame,
    lang: str,
    labels: Mapping[str, str],
    *,
    caption: str,
    identifier: str,
    row: str | None = None,
    column: str | None = None,
    value: str | None = None,
    p: str | None = None,
    diagonal: Mapping[str, float] | str | None = None,
    p_above: bool = False,
    decimals: int = 2,
    note: Text | None = None,
    panel: int = 9,
    cutoffs: Mapping[str, Cutoff] | None = None,
) -> str:
    """Print a square result as a lower triangle with numbered columns.

    Each row carries its number and label, the heads carry the numbers alone, so that twenty
    variables fit; more than ``panel`` columns go into further panels under the same caption.

    Parameters
    ----------
    frame : DataFrame
        Square (index or first column: codes), or long with the columns ``row column value``.
    row, column, value, p : str, optional
        Names of a long frame's columns; found by themselves where the frame has three columns.
        ``p`` adds stars.
    diagonal : mapping of code to number, or the name of a column of a square frame, optional
        Printed bold in the diagonal (√AVE, α). Columns ``alpha``, ``sqrt_ave``, ``mean`` and
        ``sd`` beside a square are used without being asked for.
    p_above : bool
        Stars by the p values that a square frame holds above its diagonal.
    decimals : int
    note : Text, optional
    panel : int
        Columns per panel.

    Raises
    ------
    ReportError
        If the frame is neither square nor long.
    """
    square, marks, own = _square(frame, row, column, value, p, identifier)
    codes = list(square)
    if p_above:
        marks = {one: {two: square[two][one] for two in codes} for one in codes}
    write = _MatrixWriter(codes, square, marks, _diagonal(own, diagonal, frame), decimals, lang)
    moments = _moments(frame, codes)
    panels = []
    for start in range(0, max(len(codes), 1), panel):
        part = codes[start : start + panel]
        shown = {} if start else moments
        body = [
            [
                f"{k + 1}. {escape_text(in_language(labels.get(code, code), lang))}",
                *(format_number(float(numbers[code]), 2, lang=lang) for numbers in shown.values()),
                *(write.cell(k, codes.index(other)) for other in part),
            ]
            for k, code in enumerate(codes)
            if k >= start
        ]
        numbered = [str(codes.index(code) + 1) for code in part]
        heads = [_VARIABLE.in_language(lang), *shown, *numbered]
        lines = _pipe_table(heads, ["left", *["right"] * (len(heads) - 1)], body)
        panels.append([*lines, "", _matrix_caption(caption, identifier, start, len(heads), lang)])
    lines = [line for k, part in enumerate(panels) for line in ([""] if k else []) + part]
    said = "" if note is None else _note(note, lang, cutoffs or CUTOFFS)
    return _finish(lines, note=said)


def _moments(frame: pd.DataFrame, codes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return means and standard deviations that stand beside a square frame, by heading."""
    heads = {"mean": "*M*", "sd": "*SD*"}
    found = [name for name in heads if name in frame.columns and name not in codes]
    return {heads[name]: dict(zip(codes, frame[name], strict=True)) for name in found}


_VARIABLE = Text("Variable", zh="变量")


def _matrix_caption(caption: str, identifier: str, start: int, count: int, lang: str) -> str:
    if start:
        caption = f"{caption}{'' if lang == 'zh' else ' '}{_CONTINUED.in_language(lang)}"
        identifier += f"-{start + 1}"
    return _caption(caption, identifier, [3.6, *[1.0] * (count - 1)])


class _MatrixWriter:
    """Writes the cells of a lower triangle."""

    def __init__(self, codes, square, marks, bold, decimals, lang):
        self.codes, self.square, self.marks, self.bold = codes, square, marks, bold
        self.decimals, self.lang = decimals, lang

    def cell(self, row: int, column: int) -> str:
        if column > row:
            return ""
        one, two = self.codes[row], self.codes[column]
        if row == column:
            value = self.bold.get(one)
            return "—" if is_missing(value) else f"**{self._number(value)}**"
        marks = "" if self.marks is None else self._stars(one, two)
        return self._number(self.square[one][two]) + marks

    def _number(self, value: float) -> str:
        number = float("nan") if is_missing(value) else float(value)
        return format_number(number, self.decimals, bounded=True, lang=self.lang)

    def _stars(self, one: str, two: str) -> str:
        return escape_text(stars(float(self.marks[one][two])))


Square = dict[str, dict[str, float]]


def _square(frame, row, column, value, p, identifier) -> tuple[Square, Square | None, dict]:
    """Return code → code → number, the same for p, and what stands in the diagonal."""
    long = _long_columns(frame, row, column, value)
    if long is not None:
        return _from_long(frame, *long, p)
    body = frame if not _codes_in_first(frame) else frame.set_index(frame.columns[0])
    codes = [str(code) for code in body.index]
    if any(code not in map(str, body.columns) for code in codes):
        raise ReportError(
            f"matrix {identifier}: neither square nor long; its columns are "
            f"{', '.join(map(str, frame.columns))} · do: name row=, column= and value="
        )
    square = {one: {two: body[two].iloc[k] for two in codes} for k, one in enumerate(codes)}
    return square, None, {code: square[code][code] for code in codes}


def _codes_in_first(frame) -> bool:
    return bool(len(frame.columns)) and not _is_number(frame[frame.columns[0]])


def _is_number(series) -> bool:
    from pandas.api.types import is_numeric_dtype

    return is_numeric_dtype(series)


def _long_columns(frame, row, column, value) -> tuple[str, str, str] | None:
    if row and column and value:
        return row, column, value
    names = list(map(str, frame.columns))
    if names[:2] == ["construct_1", "construct_2"] and len(names) > 2:
        return "construct_1", "construct_2", value or names[2]
    if len(frame.columns) == 3 and not _is_number(frame.iloc[:, 1]):
        return tuple(frame.columns)
    return None


def _from_long(frame, row, column, value, p) -> tuple[Square, Square | None, dict]:
    codes = [str(c) for c in dict.fromkeys([*frame[row], *frame[column]])]
    square: Square = {one: dict.fromkeys(codes, float("nan")) for one in codes}
    marks: Square = {one: dict.fromkeys(codes, float("nan")) for one in codes}
    for record in frame.to_dict("records"):
        one, two = str(record[row]), str(record[column])
        square[one][two] = square[two][one] = record[value]
        for code, root in ((one, "root_ave_1"), (two, "root_ave_2")):
            square[code][code] = record.get(root, square[code][code])
        if p:
            marks[one][two] = marks[two][one] = record[p]
    return square, marks if p else None, {code: square[code][code] for code in codes}


def _diagonal(own, diagonal, frame) -> Mapping[str, float]:
    """Return what is printed in the diagonal; nothing where it would be all ones."""
    if diagonal is None:
        beside = [n for n in ("alpha", "sqrt_ave", "diagonal") if n in frame.columns]
        diagonal = beside[0] if beside and "value" not in frame.columns else None
    if isinstance(diagonal, str):
        return dict(zip(own, frame[diagonal], strict=True))
    if diagonal is not None:
        return diagonal
    trivial = all(is_missing(v) or abs(float(v) - 1) < 1e-12 for v in own.values())
    return {} if trivial else own
