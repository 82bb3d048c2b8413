"""Makes numbers live: captions that count, references that follow, headings numbered by a list.

pandoc types every number as text. Word renumbers nothing of that: a table added by hand would
leave all later captions and references wrong. Here ``Table 3.`` becomes a SEQ field, a reference
to it a REF field, a heading's number a level of one multilevel list.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cx_value.publish.word.elements import NS, attribute, make, tag, text_of

_CAPTIONS = {"TableCaption", "ImageCaption"}
_NUMBERED = re.compile(r"^(\D+?)([\u00a0 ]?)((?:[A-Z\d]+-)?\d+)(\D*)$")
_SECTION = re.compile(r"^(\D*?)([A-Z0-9](?:\.?\d+)*)(\D*)$")
_APPENDIX = re.compile(r"^(?:(?:Appendix|附录)[\u00a0 ]?[A-Z]\.?|[A-Z](?:\.\d+)+)[ \u3000]+")
_FIRST_BOOKMARK = 100_000  # above any that pandoc gives
HEADINGS, ANNEXES = "2001", "2002"  # ids of the two lists


def number_by_fields(body: Any) -> None:
    """Turn typed numbers of captions, references and headings into fields and list levels."""
    bookmarks = _Bookmarks()
    for paragraph in list(body.iter(tag("p"))):
        style = attribute(paragraph.find("w:pPr/w:pStyle", NS), "val")
        if style in _CAPTIONS:
            _count_caption(paragraph, bookmarks)
        elif re.fullmatch(r"Heading[1-6]", style):
            _number_heading(paragraph, bookmarks)
    for link in list(body.iter(tag("hyperlink"))):
        if not _in_contents(link):
            _follow(link, bookmarks)


def field(instruction: str, *shown: Any) -> list[Any]:
    """Return the runs of a field: its instruction, and what it shows until it is updated."""
    code = make("instrText")
    code.text = f" {instruction} "
    code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return [_run(_mark("begin")), _run(code), _run(_mark("separate")), *shown, _run(_mark("end"))]


def words(text: str, like: Any = None) -> Any:
    """Return a run of text, dressed as another run is."""
    run, content = make("r"), make("t")
    content.text = text
    content.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    dress = None if like is None else like.find("w:rPr", NS)
    if dress is not None:
        run.append(copy.deepcopy(dress))
    run.append(content)
    return run


def reference_name(identifier: str) -> str:
    """Return the bookmark that a reference to a table, figure or section names.

    >>> reference_name("tbl-structure-paths")
    '_Ref_tbl_structure_paths'
    """
    return ("_Ref_" + re.sub(r"\W", "_", identifier))[:40]


class _Bookmarks:
    """The bookmarks set so far, each with a number of its own."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def around(self, identifier: str, runs: list[Any]) -> list[Any]:
        """Return runs between the two ends of a new bookmark."""
        name = reference_name(identifier)
        number = str(_FIRST_BOOKMARK + len(self.names))
        self.names.add(name)
        opening = make("bookmarkStart", id=number, name=name)
        return [opening, *runs, make("bookmarkEnd", id=number)]


def _count_caption(paragraph: Any, bookmarks: _Bookmarks) -> None:
    runs, found = _label(paragraph)
    if found is None:
        return
    label, gap, number, stop = found.groups()
    run = runs[-1]
    shown = _counting(label, number, run)
    counted = [words(label + gap, runs[0]), *shown]
    identifier = attribute(paragraph.find(".//w:bookmarkStart", NS), "name")
    parts = bookmarks.around(identifier, counted) if identifier else counted
    _replace(run, [*parts, *([words(stop, run)] if stop else [])])
    for rest in runs[:-1]:
        rest.getparent().remove(rest)


def _counting(label: str, number: str, run: Any) -> list[Any]:
    """Return the field that counts captions: in a row, or within the chapter as "4-1"."""
    chapter, dash, last = number.rpartition("-")
    if not dash:
        return field(f"SEQ {label} \\* ARABIC", words(number, run))
    counted = field(f"SEQ {label} \\* ARABIC \\s 1", words(last, run))
    return [*field("STYLEREF 1 \\s", words(chapter, run)), words(dash, run), *counted]


def _label(paragraph: Any) -> tuple[list[Any], re.Match[str] | None]:
    """Return the runs of a caption's "Table 3.", bold by themselves, and its parts."""
    bold = itertools.takewhile(
        lambda run: run.find("w:rPr/w:b", NS) is not None, paragraph.iter(tag("r"))
    )
    runs = list(bold)
    return runs, _NUMBERED.match("".join(map(text_of, runs)))


def _number_heading(paragraph: Any, bookmarks: _Bookmarks) -> None:
    runs = paragraph.findall("w:r", NS)
    lettered = _APPENDIX.match("".join(map(text_of, runs)))
    level = int(attribute(paragraph.find("w:pPr/w:pStyle", NS), "val")[-1]) - 1
    if runs and attribute(runs[0].find("w:rPr/w:rStyle", NS), "val") == "SectionNumber":
        paragraph.remove(runs[0])
        if len(runs) > 1 and runs[1].find("w:tab", NS) is not None:
            paragraph.remove(runs[1])
    elif lettered:
        _drop(paragraph, lettered.end())
        _in_list(paragraph, ANNEXES, level)
    else:
        _in_list(paragraph, "0", level)
    _mark_heading(paragraph, bookmarks)


def _drop(paragraph: Any, characters: int) -> None:
    """Take so many characters off the beginning of a paragraph."""
    for text in paragraph.iter(tag("t")):
        gone = min(characters, len(text.text or ""))
        text.text = (text.text or "")[gone:]
        characters -= gone
    for run in paragraph.findall("w:r", NS):
        if not text_of(run) and len(run.findall("w:t", NS)) == 1:
            paragraph.remove(run)


def _mark_heading(paragraph: Any, bookmarks: _Bookmarks) -> None:
    before = paragraph.getprevious()
    inside = paragraph.find("w:bookmarkStart", NS)
    identifier = attribute(inside if inside is not None else before, "name")
    runs = paragraph.findall("w:r", NS)
    if identifier and runs:
        opening, *_, closing = bookmarks.around(identifier, [])
        runs[0].addprevious(opening)
        runs[-1].addnext(closing)


def _in_list(paragraph: Any, number: str, level: int) -> None:
    place = make("numPr")
    place.append(make("ilvl", val=str(level)))
    place.append(make("numId", val=number))
    paragraph.find("w:pPr/w:pStyle", NS).addnext(place)


def _follow(link: Any, bookmarks: _Bookmarks) -> None:
    """Turn a link to a caption or a heading into a reference that is renumbered with it."""
    identifier = attribute(link, "anchor")
    name = reference_name(identifier)
    if name not in bookmarks.names:
        return
    runs = link.findall("w:r", NS)
    if not identifier.startswith("sec-"):
        _replace(link, field(f"REF {name} \\h", *runs))
        return
    found = _SECTION.match(text_of(link).replace("\u00a0", " "))
    if found and runs:
        before, number, after = found.groups()
        shown = field(f"REF {name} \\r \\h", words(number, runs[0]))
        ends = [words(text, runs[0]) if text else None for text in (before, after)]
        _replace(link, [e for e in (ends[0], *shown, ends[1]) if e is not None])


def _in_contents(link: Any) -> bool:
    paragraph = link.getparent()
    return attribute(paragraph.find("w:pPr/w:pStyle", NS), "val").startswith("TOC")


def _replace(element: Any, others: list[Any]) -> None:
    for other in others:
        element.addprevious(other)
    element.getparent().remove(element)


def _run(content: Any) -> Any:
    run = make("r")
    run.append(content)
    return run


def _mark(kind: str) -> Any:
    return make("fldChar", fldCharType=kind)


# The lists ------------------------------------------------------------------------------------


def add_heading_lists(parts: dict[str, bytes], annex: str) -> None:
    """Number the heading styles by a multilevel list, the appendices by one of their own.

    Parameters
    ----------
    parts
        The document's files, changed in place.
    annex
        What stands before an appendix's title: ``"Appendix %1."``.
    """
    from lxml import etree

    numbering = etree.fromstring(parts["word/numbering.xml"])
    first = numbering.find("w:num", NS)
    plain = [".".join(f"%{i}" for i in range(1, level + 2)) for level in range(3)]
    lists = {
        HEADINGS: [("decimal", text) for text in plain],
        ANNEXES: [("upperLetter", annex), *(("decimal", text) for text in plain[1:])],
    }
    for identifier, levels in lists.items():
        described = _list(identifier, levels, linked=identifier == HEADINGS)
        if first is None:
            numbering.append(described)
        else:
            first.addprevious(described)
    for identifier in lists:
        number = make("num", numId=identifier)
        number.append(make("abstractNumId", val=identifier))
        numbering.append(number)
    parts["word/numbering.xml"] = _written(numbering)
    styles = etree.fromstring(parts["word/styles.xml"])
    for level, style in _heading_styles(styles):
        _number_style(style, level, HEADINGS)
    for style in styles.iter(tag("style")):
        if attribute(style, "styleId") == "TOCHeading":  # it is a Heading 1 by descent
            _number_style(style, 0, "0")
    parts["word/styles.xml"] = _written(styles)


def _list(identifier: str, levels: list[tuple[str, str]], *, linked: bool) -> Any:
    described = make("abstractNum", abstractNumId=identifier)
    described.append(make("multiLevelType", val="multilevel"))
    for level, (kind, text) in enumerate(levels):
        one = make("lvl", ilvl=str(level))
        one.append(make("start", val="1"))
        one.append(make("numFmt", val=kind))
        if linked:
            one.append(make("pStyle", val=f"Heading{level + 1}"))
        one.append(make("suff", val="space"))
        one.append(make("lvlText", val=text))
        one.append(make("lvlJc", val="left"))
        layout = make("pPr")
        layout.append(make("ind", left="0", firstLine="0"))
        one.append(layout)
        described.append(one)
    return described


def _heading_styles(styles: Any) -> Iterator[tuple[int, Any]]:
    for style in styles.iter(tag("style")):
        found = re.fullmatch(r"Heading([1-3])", attribute(style, "styleId"))
        if found:
            yield int(found.group(1)) - 1, style


def _number_style(style: Any, level: int, identifier: str) -> None:
    layout = style.find("w:pPr", NS)
    place = make("numPr")
    place.append(make("ilvl", val=str(level)))
    place.append(make("numId", val=identifier))
    # the schema wants numPr after keepNext, keepLines, pageBreakBefore, framePr and widowControl
    earlier = {"keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl"}
    before = [child for child in layout if child.tag in {tag(name) for name in earlier}]
    layout.insert(len(before), place)


def _written(root: Any) -> bytes:
    from lxml import etree

    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


# Lists of tables and figures -------------------------------------------------------------------


def captions(body: Any) -> Mapping[str, list[tuple[str, str]]]:
    """Return label ("Table", "图") → (caption, bookmark) of every caption, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for paragraph in body.iter(tag("p")):
        if attribute(paragraph.find("w:pPr/w:pStyle", NS), "val") not in _CAPTIONS:
            continue
        _, match = _label(paragraph)
        name = attribute(paragraph.find(".//w:bookmarkStart", NS), "name")
        if match and name:
            text = text_of(paragraph).strip()
            found.setdefault(match.group(1), []).append((text, reference_name(name)))
    return found
