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
from cx_value.publish.word.reference_document import TITLE_PLACEHOLDER
from cx_value.publish.word.tables import fix_tables, keep_leads


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
    _fill_contents(body, toc_depth)
    parts["word/document.xml"] = etree.tostring(
        body, xml_declaration=True, encoding="UTF-8", standalone=True
    )
    _set_dates_and_title(parts, timestamp)
    _set_current_layout(parts)
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
    for words in body.iter(tag("t")):
        words.text = re.sub(r"、(?=[A-Za-z0-9])", "、\u200b", words.text or "")


# Pictures ------------------------------------------------------------------------------------


def _fix_pictures(body: Any) -> None:
    """Say that pictures in a line keep no distance: where nothing is said, some assume 9 pt."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    for picture in body.iter(f"{{{drawing}}}inline"):
        for side in "TBLR":
            picture.set(f"dist{side}", "0")


# Contents ------------------------------------------------------------------------------------


def _fill_contents(body: Any, depth: int) -> None:
    """Write the headings into the table of contents, which Word leaves empty until updated."""
    field = _contents_field(body)
    headings = list(_headings(body, depth))
    if field is None or not headings:
        return
    instruction = f' TOC \\o "1-{depth}" \\h \\z \\u '
    entries = [_contents_entry(*heading) for heading in headings]
    opening = [make("r"), make("r"), make("r")]
    opening[0].append(make("fldChar", fldCharType="begin"))
    code = make("instrText")
    code.text = instruction
    code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    opening[1].append(code)
    opening[2].append(make("fldChar", fldCharType="separate"))
    for run in reversed(opening):
        entries[0].find("w:pPr", NS).addnext(run)
    closing = make("r")
    closing.append(make("fldChar", fldCharType="end"))
    entries[-1].append(closing)
    for entry in entries:
        field.addprevious(entry)
    contents = field.getparent()
    contents.remove(field)
    contents.append(_page_break())


def _page_break() -> Any:
    paragraph, run = make("p"), make("r")
    run.append(make("br", type="page"))
    paragraph.append(run)
    return paragraph


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


def _contents_entry(level: int, text: str, bookmark: str) -> Any:
    paragraph = make("p")
    layout = make("pPr")
    layout.append(make("pStyle", val=f"TOC{level}"))
    paragraph.append(layout)
    run, words = make("r"), make("t")
    words.text = text
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(words)
    link = make("hyperlink", anchor=bookmark, history="1")
    link.append(run)
    paragraph.append(link)
    return paragraph
