"""Word and PowerPoint files against the schemas of Office Open XML (ECMA-376) and what they name.

Checked by openxml-audit, in pure Python: order and kind of every element and attribute, relations,
content types, identifiers, styles and numberings that are named.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from cx_value.publish.rendering.embedded import render_embedded

sys.path.insert(0, str(Path(__file__).parents[1]))
from rendering_sample import document_part, w, write_sample_report

audit = pytest.importorskip("openxml_audit")
#: ECMA-376, 17.9.18: the number 0 takes a paragraph out of all lists; it names no definition.
ALLOWED = ("Numbering definition '0' referenced but not found",)


def faults(path: Path) -> list[str]:
    found = audit.OpenXmlValidator(max_errors=200).validate(path)
    told = (f"{error.part_uri}: {error.description}" for error in found.errors)
    return [fault for fault in told if not fault.endswith(ALLOWED)]


@pytest.fixture(scope="module", params=["en", "zh"])
def report(request, tmp_path_factory) -> Path:
    project = write_sample_report(tmp_path_factory.mktemp("word") / "report", request.param)
    return render_embedded(project, ["docx"])["docx"]


def test_a_report_in_word_keeps_to_the_schema(report):
    assert faults(report) == []


def test_a_fault_is_found(report, tmp_path):
    broken = tmp_path / "broken.docx"
    with zipfile.ZipFile(report) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "word/document.xml":
                text = text.replace(b"<w:pPr><w:pStyle", b"<w:pPr><w:jc w:val='left'/><w:pStyle", 1)
            new.writestr(name, text)
    assert faults(broken)


def test_every_name_in_a_document_is_given_once_and_found(report):
    body = document_part(report)
    marks = [mark.get(w("name")) for mark in body.iter(w("bookmarkStart"))]
    assert len(marks) == len(set(marks))
    called = {link.get(w("anchor")) for link in body.iter(w("hyperlink"))} - {None}
    for code in body.iter(w("instrText")):
        words = (code.text or "").split()
        called |= {words[1]} if words[:1] in (["REF"], ["PAGEREF"]) else set()
    assert called <= set(marks)


def test_what_a_word_processor_has_to_fill_in_it_is_asked_to(report):
    # only a word processor knows on which page a heading comes to stand
    with zipfile.ZipFile(report) as archive:
        settings = etree.fromstring(archive.read("word/settings.xml"))
    assert settings.find(w("updateFields")).get(w("val")) == "true"


def test_a_deck_keeps_to_the_schema(tmp_path):
    from cx_value.publish.deck.slides import Deck

    deck = Deck("zh", "标题", "作者")
    deck.cover("副标题", "2026")
    deck.points("要点", ["一。", "二。"])
    deck.table("表", ["a", "b"], [["1", "2"]])
    deck.chart("Bars", "bar", ["x", "y"], {"one": [1.5, float("nan")], "two": [2, 3]})
    deck.chart("Line", "line", ["x", "y"], {"one": [1.5, 2]})
    deck.scatter("Map", {"A": (0.1, 60.0), "B": (0.2, 70.0)}, ("Importance", "Points"))
    deck.file.save(tmp_path / "deck.pptx")
    assert faults(tmp_path / "deck.pptx") == []
