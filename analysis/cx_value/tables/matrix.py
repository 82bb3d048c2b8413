"""Square results as lower triangles: correlations, Fornell–Larcker, HTMT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import ReportError
from cx_value.base.terms import named_code
from cx_value.base.wording import Text, format_number, in_language, stars
from cx_value.tables.cells import escape_text, is_missing
from cx_value.tables.markdown import caption_line, note_text, pipe_table, wrap_table
from cx_value.tables.widths import fitted_widths

if TYPE_CHECKING:
    import pandas as pd

Square = dict[str, dict[str, float]]


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
    panel: int = 18,
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
    names = [
        f"{k}. {escape_text(in_language(labels.get(code, code), lang))}"
        for k, code in enumerate(codes, 1)
    ]
    lines: list[str] = []
    for start in range(0, max(len(codes), 1), panel):
        beside = {} if start else _moments(frame, codes, lang)
        heads, body = write.panel(names, beside, start, panel)
        alignments = ["left", *["right"] * (len(heads) - 1)]
        widths = fitted_widths([3.6, *[1.0] * (len(heads) - 1)], heads, body, lang)
        end = min(start + panel, len(codes))
        told = _matrix_caption(caption, identifier, (start, end), widths, lang)
        lines += [*([""] if start else []), *pipe_table(heads, alignments, body), "", told]
    said = "" if note is None else note_text(note, lang, cutoffs or CUTOFFS)
    return wrap_table(lines, note=said)


def _moments(frame: pd.DataFrame, codes: Sequence[str], lang: str) -> dict[str, list[str]]:
    """Return means and standard deviations that stand beside a square frame, by heading."""
    heads = {"mean": "*M*", "sd": "*SD*"}
    found = [name for name in heads if name in frame.columns and name not in codes]
    return {
        heads[name]: [format_number(float(v), 2, lang=lang) for v in frame[name]] for name in found
    }


def _matrix_caption(
    caption: str, identifier: str, shown: tuple[int, int], widths: Sequence[float], lang: str
) -> str:
    start, end = shown
    if start:  # a table of its own number names its columns
        columns = named_code("columns", "matrix", lang)
        caption += columns.format(first=start + 1, last=end)
        identifier += f"-{start + 1}"
    return caption_line(caption, identifier, widths)


class _MatrixWriter:
    """Writes the cells of a lower triangle."""

    def __init__(self, codes, square, marks, bold, decimals, lang):
        self.codes, self.square, self.marks, self.bold = codes, square, marks, bold
        self.decimals, self.lang = decimals, lang

    def panel(self, names: Sequence[str], beside: Mapping[str, list[str]], start: int, width: int):
        """Return headings and rows of the columns from ``start`` on."""
        columns = range(start, min(start + width, len(self.codes)))
        heads = [
            named_code("variable", "matrix", self.lang),
            *beside,
            *(str(k + 1) for k in columns),
        ]
        body = [
            [names[k], *(numbers[k] for numbers in beside.values()),
             *(self.cell(k, other) for other in columns)]
            for k in range(start, len(self.codes))
        ]  # fmt: skip
        return heads, body

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
