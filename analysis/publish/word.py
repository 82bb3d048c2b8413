"""Makes a DOCX, whoever rendered it, hold its table widths, header rows, contents and dates.

pandoc and Quarto leave columns to Word's autofit unless every width is written in three
places; without them wide tables run off the page and narrow ones are stretched.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.publish.reference_document import TITLE_PLACEHOLDER
from analysis.publish.text_width import SMALL_FROM, TINY_FROM, half_widths, longest_word

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NS = {"w": _W}
_CELL_PADDING = 216  # twentieths of a point, both sides: Word's usual 0.19 cm each
_KEPT_TOGETHER = 20  # rows: a table up to this length is not broken over two pages
# style of a table's text → twentieths of a point that half a Chinese character takes in it
_TEXT_STYLES = {"TableText": 98, "TableTextSmall": 83, "TableTextTiny": 73}


def finish_document(
    path: Path,
    *,
    widths: Mapping[str, Sequence[float]],
    timestamp: int,
    toc_depth: int = 2,
    alignment: str = "left",
) -> None:
    """Rewrite a DOCX in place with fixed table widths, a filled contents list and fixed dates.

    Parameters
    ----------
    path
        The document.
    widths
        Label of a table (``tbl-fit``) → widths of its columns, in any common unit. Tables
        without an entry are measured by what stands in them.
    timestamp
        Seconds since 1970, written as the document's date so that two runs agree byte by byte.
    toc_depth
        Deepest heading level in the table of contents.
    alignment
        Where a table narrower than the text stands: ``"left"`` or ``"center"``.
    """
    from lxml import etree

    parts = _read_parts(path)
    body = etree.fromstring(parts["word/document.xml"])
    _complete_sections(body)
    for table, label, room in list(_data_tables(body)):
        _fix_table(table, _column_widths(table, widths.get(label), room), alignment)
    _fill_contents(body, toc_depth)
    parts["word/document.xml"] = etree.tostring(
        body, xml_declaration=True, encoding="UTF-8", standalone=True
    )
    _set_dates_and_title(parts, timestamp)
    _write_parts(path, parts, timestamp)


def _read_parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write_parts(path: Path, parts: Mapping[str, bytes], timestamp: int) -> None:
    # a zip archive cannot tell a time before 1980
    moment = max(datetime.fromtimestamp(timestamp, UTC), datetime(1980, 1, 1, tzinfo=UTC))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _set_dates_and_title(parts: dict[str, bytes], timestamp: int) -> None:
    core = parts.get("docProps/core.xml", b"").decode()
    moment = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    core = re.sub(r"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rf"\g<1>{moment}", core)
    parts["docProps/core.xml"] = core.encode()
    found = re.search(r"<dc:title>([^<]*)", core)
    title = (found.group(1) if found else "").encode()
    for name in parts:
        if name.startswith("word/header"):
            parts[name] = parts[name].replace(TITLE_PLACEHOLDER.encode(), title)


# Elements ------------------------------------------------------------------------------------


def _q(name: str) -> str:
    return f"{{{_W}}}{name}"


def _attribute(element: Any, name: str, default: str = "") -> str:
    return default if element is None else element.get(_q(name), default)


def _make(name: str, **attributes: str) -> Any:
    from lxml import etree

    return etree.Element(_q(name), {_q(key): value for key, value in attributes.items()})


def _text(element: Any) -> str:
    return "".join(element.itertext(_q("t")))


# Sections ------------------------------------------------------------------------------------


def _complete_sections(body: Any) -> None:
    """Give every section the running header, footer and margins of the last one."""
    sections = list(body.iter(_q("sectPr")))
    last = sections[-1]
    kept = [last.find(f"w:{name}", _NS) for name in ("pgMar",)]
    running = last.findall("w:headerReference", _NS) + last.findall("w:footerReference", _NS)
    for section in sections[:-1]:
        if section.find("w:headerReference", _NS) is None:
            for i, reference in enumerate(running):
                section.insert(i, _copy(reference))
        if section.find("w:pgMar", _NS) is None and kept[0] is not None:
            section.find("w:pgSz", _NS).addnext(_copy(kept[0]))
    # only the document's first page goes without running header
    for section in sections[1:]:
        for mark in section.findall("w:titlePg", _NS):
            section.remove(mark)
    if len(sections) > 1 and sections[0].find("w:titlePg", _NS) is None:
        sections[0].append(_make("titlePg"))


def _copy(element: Any) -> Any:
    import copy

    return copy.deepcopy(element)


def _text_width(section: Any) -> int:
    page = int(_attribute(section.find("w:pgSz", _NS), "w", "11906"))
    margins = section.find("w:pgMar", _NS)
    left, right = (int(_attribute(margins, side, "1417")) for side in ("left", "right"))
    return page - left - right


# Tables --------------------------------------------------------------------------------------


def _data_tables(body: Any) -> Iterator[tuple[Any, str, int]]:
    """Yield each table of figures or words, its label and the width there is for it.

    Tables that only hold other tables or a picture are layout, and left alone.
    """
    sections = list(body.iter(_q("sectPr")))
    label, section = "", 0
    for element in body.iter(_q("bookmarkStart"), _q("sectPr"), _q("tbl")):
        if element.tag == _q("bookmarkStart"):
            name = _attribute(element, "name")
            label = name if name.startswith("tbl-") else label
        elif element.tag == _q("sectPr"):
            section += 1
        elif (
            element.find(".//" + _q("tbl")) is None
            and element.find(".//" + _q("tblHeader")) is not None
        ):
            yield element, label, _text_width(sections[min(section, len(sections) - 1)])
            label = ""


def _holds_data(table: Any) -> bool:
    header = table.find(".//" + _q("tblHeader"))
    return header is not None and table.find(".//" + _q("tbl")) is None


def _rows(table: Any) -> list[list[tuple[Any, int]]]:
    """Cells of each row, with the number of columns each one spans."""
    return [
        [
            (cell, int(_attribute(cell.find("w:tcPr/w:gridSpan", _NS), "val", "1")))
            for cell in row.findall("w:tc", _NS)
        ]
        for row in table.findall("w:tr", _NS)
    ]


def _text_style(columns: int) -> str:
    if columns >= TINY_FROM:
        return "TableTextTiny"
    return "TableTextSmall" if columns >= SMALL_FROM else "TableText"


def _column_widths(table: Any, declared: Sequence[float] | None, room: int) -> list[int]:
    rows = _rows(table)
    columns = max(sum(span for _, span in row) for row in rows)
    if declared and len(declared) == columns:
        return [int(room * width / sum(declared)) for width in declared]
    unit = _TEXT_STYLES[_text_style(columns)]
    padding = _padding(columns)
    natural, least = [padding] * columns, [padding] * columns
    for row in rows:
        column = 0
        for cell, span in row:
            text = _text(cell)
            if span == 1:
                natural[column] = max(natural[column], padding + unit * half_widths(text))
                least[column] = max(least[column], padding + unit * longest_word(text))
            column += span
    return _shared_out(natural, least, room)


def _padding(columns: int) -> int:
    return _CELL_PADDING if columns < SMALL_FROM else _CELL_PADDING // 2


def _shared_out(natural: list[int], least: list[int], room: int) -> list[int]:
    """Give each column what its text needs; when that is too much, wrap the longest first."""
    if sum(natural) <= room:
        return natural
    if sum(least) >= room:
        return [int(room * width / sum(least)) for width in least]
    spare, wanted = room - sum(least), sum(natural) - sum(least)
    pairs = zip(natural, least, strict=True)
    return [int(low + spare * (high - low) / wanted) for high, low in pairs]


def _fix_table(table: Any, widths: list[int], alignment: str) -> None:
    properties = table.find("w:tblPr", _NS)
    for name in ("tblW", "jc", "tblLayout", "tblCellMar"):
        for old in properties.findall(f"w:{name}", _NS):
            properties.remove(old)
    # schema order: tblStyle, tblW, jc, tblLayout, tblCellMar, tblLook
    style = properties.find("w:tblStyle", _NS)
    if style is None:
        style = _make("tblStyle")
        properties.insert(0, style)
    style.set(_q("val"), "Table")
    margin = _make("tblCellMar")
    for side in ("left", "right"):
        margin.append(_make(side, w=str(_padding(len(widths)) // 2), type="dxa"))
    new = [
        _make("tblW", w=str(sum(widths)), type="dxa"),
        _make("jc", val=alignment),
        _make("tblLayout", type="fixed"),
        margin,
    ]
    for element in reversed(new):
        style.addnext(element)
    grid = table.find("w:tblGrid", _NS)
    for old in list(grid):
        grid.remove(old)
    grid.extend(_make("gridCol", w=str(width)) for width in widths)
    _fix_rows(table, widths)


def _fix_rows(table: Any, widths: list[int]) -> None:
    style = _text_style(len(widths))
    elements = table.findall("w:tr", _NS)
    for row, element in zip(_rows(table), elements, strict=True):
        properties = element.find("w:trPr", _NS)
        if properties is None:
            properties = _make("trPr")
            element.insert(0, properties)
        if properties.find("w:cantSplit", _NS) is None:
            properties.insert(0, _make("cantSplit"))
        column = 0
        for cell, span in row:
            _fix_cell(cell, sum(widths[column : column + span]), style)
            column += span
        if properties.find("w:tblHeader", _NS) is not None:
            _embolden(element)
        if len(elements) <= _KEPT_TOGETHER and element is not elements[-1]:
            _keep_with_next(element)


def _embolden(row: Any) -> None:
    # a style's bold for header rows is not followed by every word processor
    for run in row.iter(_q("r")):
        properties = run.find("w:rPr", _NS)
        if properties is None:
            properties = _make("rPr")
            run.insert(0, properties)
        if properties.find("w:b", _NS) is None:
            # schema order: style and fonts come before weight
            first = [e for e in properties if e.tag in {_q("rStyle"), _q("rFonts")}]
            properties.insert(len(first), _make("b"))


def _keep_with_next(row: Any) -> None:
    for layout in row.iter(_q("pPr")):
        if layout.find("w:keepNext", _NS) is None:
            layout.find("w:pStyle", _NS).addnext(_make("keepNext"))


def _fix_cell(cell: Any, width: int, style: str) -> None:
    properties = cell.find("w:tcPr", _NS)
    if properties is None:
        properties = _make("tcPr")
        cell.insert(0, properties)
    for old in properties.findall("w:tcW", _NS):
        properties.remove(old)
    properties.insert(0, _make("tcW", w=str(width), type="dxa"))
    for paragraph in cell.findall("w:p", _NS):
        layout = paragraph.find("w:pPr", _NS)
        if layout is None:
            layout = _make("pPr")
            paragraph.insert(0, layout)
        for old in layout.findall("w:pStyle", _NS):
            layout.remove(old)
        layout.insert(0, _make("pStyle", val=style))


# Contents ------------------------------------------------------------------------------------


def _fill_contents(body: Any, depth: int) -> None:
    """Write the headings into the table of contents, which Word leaves empty until updated."""
    field = _contents_field(body)
    headings = list(_headings(body, depth))
    if field is None or not headings:
        return
    instruction = f' TOC \\o "1-{depth}" \\h \\z \\u '
    entries = [_contents_entry(*heading) for heading in headings]
    opening = [_make("r"), _make("r"), _make("r")]
    opening[0].append(_make("fldChar", fldCharType="begin"))
    code = _make("instrText")
    code.text = instruction
    code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    opening[1].append(code)
    opening[2].append(_make("fldChar", fldCharType="separate"))
    for run in reversed(opening):
        entries[0].find("w:pPr", _NS).addnext(run)
    closing = _make("r")
    closing.append(_make("fldChar", fldCharType="end"))
    entries[-1].append(closing)
    for entry in entries:
        field.addprevious(entry)
    contents = field.getparent()
    contents.remove(field)
    contents.append(_page_break())


def _page_break() -> Any:
    paragraph, run = _make("p"), _make("r")
    run.append(_make("br", type="page"))
    paragraph.append(run)
    return paragraph


def _contents_field(body: Any) -> Any:
    for code in body.iter(_q("instrText")):
        if (code.text or "").strip().startswith("TOC "):
            paragraph = code.getparent()
            while paragraph is not None and paragraph.tag != _q("p"):
                paragraph = paragraph.getparent()
            return paragraph
    return None


def _headings(body: Any, depth: int) -> Iterator[tuple[int, str, str]]:
    """Yield level, text and bookmark of every heading, in order."""
    bookmark = ""
    for element in body.iter(_q("bookmarkStart"), _q("p")):
        if element.tag == _q("bookmarkStart"):
            bookmark = _attribute(element, "name")
            continue
        style = _attribute(element.find("w:pPr/w:pStyle", _NS), "val")
        found = re.fullmatch(r"Heading(\d)", style)
        if found and int(found.group(1)) <= depth:
            inside = element.find(".//" + _q("bookmarkStart"))
            name = _attribute(inside, "name") or bookmark
            yield int(found.group(1)), _heading_text(element), name


def _heading_text(paragraph: Any) -> str:
    pieces = []
    for piece in paragraph.iter(_q("t"), _q("tab")):
        pieces.append("  " if piece.tag == _q("tab") else piece.text or "")
    return "".join(pieces).strip()


def _contents_entry(level: int, text: str, bookmark: str) -> Any:
    paragraph = _make("p")
    layout = _make("pPr")
    layout.append(_make("pStyle", val=f"TOC{level}"))
    paragraph.append(layout)
    run, words = _make("r"), _make("t")
    words.text = text
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(words)
    link = _make("hyperlink", anchor=bookmark, history="1")
    link.append(run)
    paragraph.append(link)
    return paragraph
