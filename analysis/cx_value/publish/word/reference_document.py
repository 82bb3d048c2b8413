"""Writes the Word template that gives a report its look in DOCX.

Made from pandoc's own template at build time, so that no binary lies in the repository.
Fonts are named, not embedded: Word and its kin put their own in where one is missing.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

from cx_value.publish.rendering.pandoc import pandoc_path

LATIN = "Times New Roman"
LATIN_HEADING = "Arial"
CODE = "Consolas"
SONG = "宋体"
HEI = "黑体"
ACCENT = "1D4E79"
INK = "1F2A37"
FAINT = "6B7280"
# Kind of callout → colour of its edge and title, tint of its ground.
_CALLOUTS = {
    "Note": (ACCENT, "F1F5F9"),
    "Tip": ("2F6F4F", "F1F8F4"),
    "Warning": ("A15C00", "FDF6EC"),
    "Important": ("9B2C2C", "FCF2F2"),
    "Caution": ("A15C00", "FDF6EC"),
}
# Stands in the running header until the report's title is known.
TITLE_PLACEHOLDER = "REPORT-TITLE"

# Name → size (pt), bold, colour, space before and after (pt); headings use the heading fonts.
_HEADINGS = {
    "Title": (24, True, INK, 48, 6),
    "Subtitle": (14, False, FAINT, 0, 12),
    "Abstract Title": (11, True, ACCENT, 18, 4),
    "TOC Heading": (14, True, ACCENT, 18, 6),
    "Heading 1": (16, True, ACCENT, 24, 8),
    "Heading 2": (13, True, ACCENT, 16, 6),
    "Heading 3": (11.5, True, ACCENT, 12, 4),
    "Heading 4": (11, True, ACCENT, 10, 4),
}
# Name → size (pt), bold, colour, space before and after (pt), keep with next.
_PARAGRAPHS = {
    "Author": (11, False, INK, 6, 0, False),
    "Date": (10.5, False, FAINT, 0, 12, False),
    "Abstract": (10.5, False, INK, 0, 6, False),
    "Bibliography": (10, False, INK, 0, 5, False),
    "Footnote Text": (9, False, INK, 0, 2, False),
    "Table Caption": (10, False, INK, 14, 4, True),
    "Image Caption": (10, False, INK, 4, 14, False),
    "Captioned Figure": (10.5, False, INK, 12, 0, True),
    "Table Text": (9.5, False, INK, 2, 2, False),
    "Table Text Small": (8, False, INK, 1, 1, False),
    "Table Text Tiny": (7, False, INK, 1, 1, False),
    "Table Note": (9, False, INK, 4, 14, False),
    "TOC 1": (10, True, INK, 2, 0, False),
    "TOC 2": (9.5, False, INK, 0, 0, False),
    "TOC 3": (9.5, False, INK, 0, 0, False),
}

# Of the brief: size (pt; 0 keeps it), space before and after (pt).
_COMPACT = {
    "Title": (18, 0, 2), "Subtitle": (10.5, 0, 4), "Heading 1": (12, 7, 2),
    "Body Text": (9.5, 0, 3), "First Paragraph": (9.5, 0, 3), "Compact": (9.5, 0, 1),
    "Table Caption": (9, 5, 2), "Image Caption": (9, 1, 4), "Captioned Figure": (9, 3, 0),
    "Table Text": (8.5, 1, 1), "Table Text Small": (8, 0, 0), "Table Note": (8, 2, 4),
    "Bibliography": (8.5, 0, 2),
}  # fmt: skip


def write_reference_document(path: Path, lang: str, *, compact: bool = False) -> None:
    """Write the Word template for one language.

    Parameters
    ----------
    path
        File to write, by custom ``theme/reference.docx`` of a report.
    lang
        ``"en"`` or ``"zh"``: Chinese paragraphs open with an indent of two characters.
    compact
        For the brief, which has two pages: narrower margins, smaller headings, closer lines.
    """
    import docx

    document = docx.Document(io.BytesIO(_pandoc_template()))
    _set_defaults(document, lang)
    for name, (size, bold, colour, before, after) in _HEADINGS.items():
        style = _style(document, name)
        _set_font(style, LATIN_HEADING, HEI, size, bold, colour)
        _set_paragraph(style, before, after, keep=True)
    for name, (size, bold, colour, before, after, keep) in _PARAGRAPHS.items():
        style = _style(document, name)
        _set_font(style, LATIN, SONG, size, bold, colour)
        _set_paragraph(style, before, after, keep=keep)
    _set_details(document, lang)
    _add_callouts(document)
    _add_running_styles(document)
    _set_table_style(document)
    _set_page(document)
    if compact:
        _set_compact(document)
    document.core_properties.title = ""
    document.save(str(path))


def _set_compact(document: Any) -> None:
    from docx.shared import Cm, Pt

    for name, (size, before, after) in _COMPACT.items():
        style = document.styles[name]
        if size:
            style.font.size = Pt(size)
        layout = style.paragraph_format
        layout.space_before, layout.space_after = Pt(before), Pt(after)
        layout.line_spacing = 1.1
    section = document.sections[0]
    section.left_margin = section.right_margin = Cm(1.8)
    section.top_margin, section.bottom_margin = Cm(1.7), Cm(1.5)


def _pandoc_template() -> bytes:
    command = [str(pandoc_path()), "--print-default-data-file", "reference.docx"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _style(document: Any, name: str) -> Any:
    from docx.enum.style import WD_STYLE_TYPE

    if name in document.styles:
        return document.styles[name]
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    return style


def _set_font(style: Any, latin: str, chinese: str, size: float, bold: bool, colour: str) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    font = style.font
    font.name, font.size, font.bold, font.italic = latin, Pt(size), bold, False
    font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    # theme fonts win over named ones in Word: take them away
    for attribute in [a for a in fonts.attrib if a.endswith("Theme") or a.endswith("theme")]:
        del fonts.attrib[attribute]
    fonts.set(qn("w:hAnsi"), latin)
    fonts.set(qn("w:cs"), latin)
    fonts.set(qn("w:eastAsia"), chinese)


def _set_paragraph(style: Any, before: float, after: float, *, keep: bool) -> None:
    from docx.shared import Pt

    layout = style.paragraph_format
    layout.space_before, layout.space_after = Pt(before), Pt(after)
    layout.keep_with_next = keep


def _set_defaults(document: Any, lang: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    normal = document.styles["Normal"]
    _set_font(normal, LATIN, SONG, 10.5, False, INK)
    for name in ("Body Text", "First Paragraph"):
        layout = document.styles[name].paragraph_format
        layout.space_before, layout.space_after = Pt(0), Pt(6)
        layout.line_spacing = 1.5 if lang == "zh" else 1.2
        layout.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        if lang == "zh":
            indent = document.styles[name].element.get_or_add_pPr().get_or_add_ind()
            indent.set(qn("w:firstLineChars"), "200")
            indent.set(qn("w:firstLine"), "420")
    compact = document.styles["Compact"]
    compact.paragraph_format.space_before = compact.paragraph_format.space_after = Pt(2)
    indent = compact.element.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "0")
    indent.set(qn("w:firstLine"), "0")


def _set_details(document: Any, lang: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    styles = document.styles
    for name in ("Title", "Subtitle", "Author", "Date", "Abstract Title"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    captions = ["Image Caption", "Captioned Figure"]
    for name in captions + (["Table Caption"] if lang == "zh" else []):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    styles["Abstract"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    styles["Abstract"].paragraph_format.left_indent = Cm(0)
    styles["Abstract"].paragraph_format.right_indent = Cm(0)
    for level in (1, 2, 3):
        styles[f"TOC {level}"].paragraph_format.left_indent = Cm(0.75 * (level - 1))
        styles[f"TOC {level}"].paragraph_format.line_spacing = 1.1  # lists are read, not written in
    entries = styles["Bibliography"].paragraph_format
    entries.left_indent, entries.first_line_indent = Cm(0.8), Cm(-0.8)
    styles["TOC Heading"].paragraph_format.page_break_before = True
    styles["Hyperlink"].font.color.rgb = styles["Heading 1"].font.color.rgb
    for name, size in (("Verbatim Char", 9.5), ("Source Code", 9)):
        _set_font(_style(document, name), CODE, HEI, size, False, INK)
    _style(document, "Source Code").paragraph_format.space_after = Pt(8)
    if lang == "zh":  # a line of a title then holds twenty characters
        styles["Title"].font.size = Pt(22)
    styles["Section Number"].font.color.rgb = styles["Date"].font.color.rgb


def _add_callouts(document: Any) -> None:
    from docx.shared import Cm

    for kind, (colour, tint) in _CALLOUTS.items():
        for name, bold, before, after in (("Title", True, 10, 0), ("Text", False, 0, 10)):
            style = _style(document, f"{kind} {name}")
            _set_font(style, LATIN, SONG, 10.5, bold, colour if bold else INK)
            _set_paragraph(style, before, after, keep=bold)
            style.paragraph_format.left_indent = Cm(0.3)
            style.paragraph_format.line_spacing = 1.25
            _add_box(style, colour, tint)


def _add_box(style: Any, colour: str, tint: str) -> None:
    """Tint a callout and draw its left edge."""
    properties = style.element.get_or_add_pPr()
    border = _element("w:pBdr")
    border.append(_element("w:left", val="single", sz="24", space="6", color=colour))
    for element in (border, _element("w:shd", val="clear", color="auto", fill=tint)):
        # schema order: these two come before spacing, indent and alignment
        spacing = properties.find(_tag("w:spacing"))
        spacing.addprevious(element)


def _add_running_styles(document: Any) -> None:
    """Define the styles of header and footer, which pandoc's template names and does not hold."""
    for name in ("Header", "Footer"):
        style = _style(document, name)
        style.element.set(_tag("w:styleId"), name)
        _set_paragraph(style, 0, 0, keep=False)


def _set_table_style(document: Any) -> None:
    """Three lines: heavy above and below the table, thin under its header."""
    style = document.styles["Table"].element
    # the style it stands on is one every word processor knows, and none finds in the file
    plain = _element("w:style", type="table", styleId="TableNormal")
    plain.append(_element("w:name", val="Normal Table"))
    style.addprevious(plain)
    properties = style.find(_tag("w:tblPr"))
    borders = _element("w:tblBorders")
    borders.append(_element("w:top", val="single", sz="12", space="0", color="000000"))
    borders.append(_element("w:bottom", val="single", sz="12", space="0", color="000000"))
    properties.insert(1, borders)
    header = style.find(_tag("w:tblStylePr"))
    edge = header.find(".//" + _tag("w:bottom"))
    for key, value in {"val": "single", "sz": "6", "space": "0", "color": "000000"}.items():
        edge.set(_tag(f"w:{key}"), value)
    bold = _element("w:rPr")
    bold.append(_element("w:b"))
    header.insert(0, bold)


def _set_page(document: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.6), Cm(2.4)
    section.header_distance = section.footer_distance = Cm(1.3)
    section.different_first_page_header_footer = True
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    header.add_run(TITLE_PLACEHOLDER)
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (
        ("begin", None),
        (None, "PAGE"),
        ("separate", None),
        ("", "1"),
        ("end", None),
    ):
        run = footer.add_run()
        if kind == "":
            run.text = text
        elif kind is None:
            instruction = _element("w:instrText")
            instruction.text = text
            run._r.append(instruction)
        else:
            run._r.append(_element("w:fldChar", fldCharType=kind))
    for paragraph in (header, footer):
        for run in paragraph.runs:
            run.font.size = Pt(8.5)
            run.font.color.rgb = document.styles["Date"].font.color.rgb


def _tag(name: str) -> str:
    from docx.oxml.ns import qn

    return qn(name)


def _element(name: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement

    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(_tag(f"w:{key}"), value)
    return element
