"""Fixes the tables of a DOCX: widths, header rows, type, and what stays together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cx_value.publish.word.elements import NS, attribute, make, tag, text_of
from cx_value.tables.text_width import DENSE_FROM, SMALL_FROM, TINY_FROM, ems, unbreakable
from cx_value.tables.widths import at_least

_CELL_PADDING = 216  # twentieths of a point, both sides: Word's usual 0.19 cm each
_KEPT_TOGETHER = 20  # rows: a table up to this length is not broken over two pages
# style of a table's text → its size in twentieths of a point
_TEXT_STYLES = {"TableText": 190, "TableTextSmall": 160, "TableTextTiny": 140}


def fix_tables(body: Any, widths: Mapping[str, Sequence[float]], alignment: str) -> None:
    """Write the width of every table, column and cell, and let header rows repeat.

    Parameters
    ----------
    body
        Root element of ``word/document.xml``.
    widths
        Label of a table → widths of its columns, in any common unit. Tables without an entry
        are measured by what stands in them.
    alignment
        Where a table narrower than the text stands: ``"left"`` or ``"center"``.
    """
    for table, label, room in list(_data_tables(body)):
        columns, style = _layout(table, widths.get(label), room)
        _fix_table(table, columns, style, alignment)
    for note in body.iter(tag("p")):
        if attribute(note.find("w:pPr/w:pStyle", NS), "val") == "TableNote":
            _tie_to_what_is_above(note)


def keep_leads(body: Any) -> None:
    """Keep a paragraph that ends in a colon on the page of what it announces."""
    for paragraph in body.iter(tag("p")):
        if text_of(paragraph).rstrip().endswith((":", "：")):
            _keep_with_next(paragraph)


def _tie_to_what_is_above(note: Any) -> None:
    above = note.getprevious()
    while above is not None and above.tag not in {tag("p"), tag("tbl")}:
        above = above.getprevious()
    if above is None:
        return
    rows = above.findall("w:tr", NS) if above.tag == tag("tbl") else []
    # LibreOffice takes a kept last row for a kept table: a long one would then lose its rows.
    if len(rows) <= _KEPT_TOGETHER:
        _keep_with_next(rows[-1] if rows else above)


def text_width(section: Any) -> int:
    """Return the width between the margins of a section, in twentieths of a point."""
    page = int(attribute(section.find("w:pgSz", NS), "w", "11906"))
    margins = section.find("w:pgMar", NS)
    left, right = (int(attribute(margins, side, "1417")) for side in ("left", "right"))
    return page - left - right


def _data_tables(body: Any) -> Iterator[tuple[Any, str, int]]:
    """Yield each table of figures or words, its label and the width there is for it.

    Tables that only hold other tables or a picture are layout, and left alone.
    """
    sections = list(body.iter(tag("sectPr")))
    label, section = "", 0
    for element in body.iter(tag("bookmarkStart"), tag("sectPr"), tag("tbl")):
        if element.tag == tag("bookmarkStart"):
            name = attribute(element, "name")
            label = name if name.startswith("tbl-") else label
        elif element.tag == tag("sectPr"):
            section += 1
        elif (
            element.find(".//" + tag("tbl")) is None
            and element.find(".//" + tag("tblHeader")) is not None
        ):
            yield element, label, text_width(sections[min(section, len(sections) - 1)])
            label = ""


def _holds_data(table: Any) -> bool:
    header = table.find(".//" + tag("tblHeader"))
    return header is not None and table.find(".//" + tag("tbl")) is None


def _rows(table: Any) -> list[list[tuple[Any, int]]]:
    """Cells of each row, with the number of columns each one spans."""
    return [
        [
            (cell, int(attribute(cell.find("w:tcPr/w:gridSpan", NS), "val", "1")))
            for cell in row.findall("w:tc", NS)
        ]
        for row in table.findall("w:tr", NS)
    ]


def _measured(rows: list[list[tuple[Any, int]]], style: str) -> tuple[list[int], list[int]]:
    """Width each column takes unwrapped, and the least it can take, in one style of type."""
    columns = max(sum(span for _, span in row) for row in rows)
    size, padding = _TEXT_STYLES[style], _padding(columns)
    natural, least = [padding] * columns, [padding] * columns
    for row in rows:
        column = 0
        for cell, span in row:
            text = text_of(cell)
            if span == 1:
                natural[column] = max(natural[column], padding + round(size * ems(text)))
                least[column] = max(least[column], padding + round(size * unbreakable(text)))
            column += span
    return natural, least


def _layout(table: Any, declared: Sequence[float] | None, room: int) -> tuple[list[int], str]:
    """Choose the width of every column and the style of the type in them."""
    rows = _rows(table)
    columns = max(sum(span for _, span in row) for row in rows)
    style = "TableText"
    if columns >= SMALL_FROM:
        # the largest type in which nothing needs to wrap, else by the number of columns
        fitting = (s for s in _TEXT_STYLES if sum(_measured(rows, s)[0]) <= room)
        fallback = "TableTextTiny" if columns >= TINY_FROM else "TableTextSmall"
        style = next(fitting, fallback)
    if declared and len(declared) == columns:
        _, least = _measured(rows, style)
        return [int(width) for width in at_least(declared, least, room)], style
    return _shared_out(*_measured(rows, style), room), style


def _padding(columns: int) -> int:
    share = 1 if columns < SMALL_FROM else 2 if columns < DENSE_FROM else 3
    return _CELL_PADDING // share


def _shared_out(natural: list[int], least: list[int], room: int) -> list[int]:
    """Give each column what its text needs; when that is too much, wrap the longest first."""
    if sum(natural) <= room:
        return natural
    if sum(least) >= room:
        return [int(room * width / sum(least)) for width in least]
    spare, wanted = room - sum(least), sum(natural) - sum(least)
    pairs = zip(natural, least, strict=True)
    return [int(low + spare * (high - low) / wanted) for high, low in pairs]


def _fix_table(table: Any, widths: list[int], text_style: str, alignment: str) -> None:
    properties = table.find("w:tblPr", NS)
    for name in ("tblW", "jc", "tblLayout", "tblCellMar"):
        for old in properties.findall(f"w:{name}", NS):
            properties.remove(old)
    # schema order: tblStyle, tblW, jc, tblLayout, tblCellMar, tblLook
    style = properties.find("w:tblStyle", NS)
    if style is None:
        style = make("tblStyle")
        properties.insert(0, style)
    style.set(tag("val"), "Table")
    margin = make("tblCellMar")
    for side in ("left", "right"):
        margin.append(make(side, w=str(_padding(len(widths)) // 2), type="dxa"))
    new = [
        make("tblW", w=str(sum(widths)), type="dxa"),
        make("jc", val=alignment),
        make("tblLayout", type="fixed"),
        margin,
    ]
    for element in reversed(new):
        style.addnext(element)
    grid = table.find("w:tblGrid", NS)
    for old in list(grid):
        grid.remove(old)
    grid.extend(make("gridCol", w=str(width)) for width in widths)
    _fix_rows(table, widths, text_style)


def _fix_rows(table: Any, widths: list[int], style: str) -> None:
    elements = table.findall("w:tr", NS)
    for row, element in zip(_rows(table), elements, strict=True):
        properties = element.find("w:trPr", NS)
        if properties is None:
            properties = make("trPr")
            element.insert(0, properties)
        if properties.find("w:cantSplit", NS) is None:
            properties.insert(0, make("cantSplit"))
        column = 0
        for cell, span in row:
            _fix_cell(cell, sum(widths[column : column + span]), style)
            column += span
        if properties.find("w:tblHeader", NS) is not None:
            _embolden(element)
        if len(elements) <= _KEPT_TOGETHER and element is not elements[-1]:
            _keep_with_next(element)


def _embolden(row: Any) -> None:
    # a style's bold for header rows is not followed by every word processor
    for run in row.iter(tag("r")):
        properties = run.find("w:rPr", NS)
        if properties is None:
            properties = make("rPr")
            run.insert(0, properties)
        if properties.find("w:b", NS) is None:
            # schema order: style and fonts come before weight
            first = [e for e in properties if e.tag in {tag("rStyle"), tag("rFonts")}]
            properties.insert(len(first), make("b"))


def _keep_with_next(rows_or_paragraph: Any) -> None:
    for layout in rows_or_paragraph.iter(tag("pPr")):
        style = layout.find("w:pStyle", NS)
        if style is not None and layout.find("w:keepNext", NS) is None:
            style.addnext(make("keepNext"))


def _fix_cell(cell: Any, width: int, style: str) -> None:
    properties = cell.find("w:tcPr", NS)
    if properties is None:
        properties = make("tcPr")
        cell.insert(0, properties)
    for old in properties.findall("w:tcW", NS):
        properties.remove(old)
    properties.insert(0, make("tcW", w=str(width), type="dxa"))
    for paragraph in cell.findall("w:p", NS):
        layout = paragraph.find("w:pPr", NS)
        if layout is None:
            layout = make("pPr")
            paragraph.insert(0, layout)
        for old in layout.findall("w:pStyle", NS):
            layout.remove(old)
        layout.insert(0, make("pStyle", val=style))
