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

from cx_value.publish.word.elements import NS, attribute, make, tag
from cx_value.publish.word.fields import (
    add_heading_lists,
    captions,
    field,
    number_by_fields,
    reference_name,
    words,
)
from cx_value.publish.word.reference_document import TITLE_PLACEHOLDER
from cx_value.publish.word.tables import fix_tables, keep_leads

_LISTS_ZH = {"表": "表目录", "图": "图目录"}


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
    fix_tables(body, widths, alignment)
    keep_leads(body)
    _let_lists_break(body)
    _fix_pictures(body)
    _fill_contents(body, toc_depth, alignment == "center")
    number_by_fields(body)
    add_heading_lists(parts, "附录 %1" if alignment == "center" else "Appendix %1.")
    parts["word/document.xml"] = etree.tostring(
        body, xml_declaration=True, encoding="UTF-8", standalone=True
    )
    _set_dates_and_title(parts, timestamp)
    _set_current_layout(parts)
    _update_fields_on_opening(parts)
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


def _set_current_layout(parts: dict[str, bytes]) -> None:
    """Ask for the layout rules of Word 2013 on; pandoc says nothing and gets those of 2007."""
    settings = parts.get("word/settings.xml", b"")
    if b"compatibilityMode" not in settings and b"<w:rsids" in settings:
        mode = (
            b'<w:compat><w:compatSetting w:name="compatibilityMode" '
            b'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        )
        parts["word/settings.xml"] = settings.replace(b"<w:rsids", mode + b"<w:rsids", 1)


def _update_fields_on_opening(parts: dict[str, bytes]) -> None:
    """Ask the word processor to fill in page numbers, which only it knows."""
    settings = parts.get("word/settings.xml", b"")
    if b"<w:updateFields" not in settings:
        mark = b'<w:updateFields w:val="true"/>'
        parts["word/settings.xml"] = settings.replace(b"<w:compat>", mark + b"<w:compat>", 1)


# Sections ------------------------------------------------------------------------------------


def _complete_sections(body: Any) -> None:
    """Give every section the running header, footer and margins of the last one."""
    sections = list(body.iter(tag("sectPr")))
    last = sections[-1]
    kept = [last.find(f"w:{name}", NS) for name in ("pgMar",)]
    running = last.findall("w:headerReference", NS) + last.findall("w:footerReference", NS)
    for section in sections[:-1]:
        if section.find("w:headerReference", NS) is None:
            for i, reference in enumerate(running):
                section.insert(i, _copy(reference))
        if section.find("w:pgMar", NS) is None and kept[0] is not None:
            section.find("w:pgSz", NS).addnext(_copy(kept[0]))
    # only the document's first page goes without running header
    for section in sections[1:]:
        for mark in section.findall("w:titlePg", NS):
            section.remove(mark)
    if len(sections) > 1 and sections[0].find("w:titlePg", NS) is None:
        sections[0].append(make("titlePg"))


def _copy(element: Any) -> Any:
    import copy

    return copy.deepcopy(element)


# Words ---------------------------------------------------------------------------------------


def _let_lists_break(body: Any) -> None:
    """Let a line end after 、 in "H4、H7、H8": word processors take such a list for one word."""
    for text in body.iter(tag("t")):
        text.text = re.sub(r"、(?=[A-Za-z0-9])", "、\u200b", text.text or "")


# Pictures ------------------------------------------------------------------------------------


def _fix_pictures(body: Any) -> None:
    """Say that pictures in a line keep no distance: where nothing is said, some assume 9 pt."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    for picture in body.iter(f"{{{drawing}}}inline"):
        for side in "TBLR":
            picture.set(f"dist{side}", "0")


# Contents ------------------------------------------------------------------------------------


def _fill_contents(body: Any, depth: int, chinese: bool) -> None:
    """Write headings, tables and figures into contents, which Word leaves empty until updated."""
    field_paragraph = _contents_field(body)
    headings = list(_headings(body, depth))
    if field_paragraph is None or not headings:
        return
    width = _text_width(body)
    entries = [
        _contents_entry(f"TOC{level}", text, reference_name(bookmark), width)
        for level, text, bookmark in headings
    ]
    made = _contents(f'TOC \\o "1-{depth}" \\h \\z \\u', entries)
    for label, listed in captions(body).items():
        made.append(_contents_title(_LISTS_ZH[label] if chinese else f"{label}s"))
        entries = [_contents_entry("TOC2", text, name, width) for text, name in listed]
        made += _contents(f'TOC \\h \\z \\c "{label}"', entries)
    for paragraph in made:
        field_paragraph.addprevious(paragraph)
    field_paragraph.getparent().remove(field_paragraph)
    _begin_page(body)


def _contents(instruction: str, entries: list[Any]) -> list[Any]:
    """Return the paragraphs of one contents list, the field's ends in the first and the last."""
    *opening, closing = field(instruction)
    for run in reversed(opening):
        entries[0].find("w:pPr", NS).addnext(run)
    entries[-1].append(closing)
    return entries


def _contents_title(title: str) -> Any:
    paragraph, layout = make("p"), make("pPr")
    layout.append(make("pStyle", val="TOCHeading"))
    layout.append(make("pageBreakBefore", val="0"))
    paragraph.append(layout)
    paragraph.append(words(title))
    return paragraph


def _text_width(body: Any) -> int:
    """Return the width between the margins, in twentieths of a point."""
    section = list(body.iter(tag("sectPr")))[-1]
    size, margins = section.find("w:pgSz", NS), section.find("w:pgMar", NS)
    sides = (int(attribute(margins, side, "1440")) for side in ("left", "right"))
    return int(attribute(size, "w", "11906")) - sum(sides)


def _begin_page(body: Any) -> None:
    """Let the first heading begin a page: a break of its own may fall on a page of its own."""
    for paragraph in body.iter(tag("p")):
        layout = paragraph.find("w:pPr", NS)
        if attribute(paragraph.find("w:pPr/w:pStyle", NS), "val") == "Heading1":
            layout.find("w:pStyle", NS).addnext(make("pageBreakBefore"))
            return


def _contents_field(body: Any) -> Any:
    for code in body.iter(tag("instrText")):
        if (code.text or "").strip().startswith("TOC "):
            paragraph = code.getparent()
            while paragraph is not None and paragraph.tag != tag("p"):
                paragraph = paragraph.getparent()
            return paragraph
    return None


def _headings(body: Any, depth: int) -> Iterator[tuple[int, str, str]]:
    """Yield level, text and bookmark of every heading, in order."""
    bookmark = ""
    for element in body.iter(tag("bookmarkStart"), tag("p")):
        if element.tag == tag("bookmarkStart"):
            bookmark = attribute(element, "name")
            continue
        style = attribute(element.find("w:pPr/w:pStyle", NS), "val")
        found = re.fullmatch(r"Heading(\d)", style)
        if found and int(found.group(1)) <= depth:
            inside = element.find(".//" + tag("bookmarkStart"))
            name = attribute(inside, "name") or bookmark
            yield int(found.group(1)), _heading_text(element), name


def _heading_text(paragraph: Any) -> str:
    pieces = []
    for piece in paragraph.iter(tag("t"), tag("tab")):
        pieces.append("  " if piece.tag == tag("tab") else piece.text or "")
    return "".join(pieces).strip()


def _contents_entry(style: str, text: str, bookmark: str, width: int) -> Any:
    paragraph, layout = make("p"), make("pPr")
    layout.append(make("pStyle", val=style))
    stops = make("tabs")
    stops.append(make("tab", val="right", leader="dot", pos=str(width)))
    layout.append(stops)
    paragraph.append(layout)
    link, gap = make("hyperlink", anchor=bookmark, history="1"), make("r")
    gap.append(make("tab"))
    for run in (words(text), gap, *field(f"PAGEREF {bookmark} \\h", words(""))):
        link.append(run)
    paragraph.append(link)
    return paragraph
