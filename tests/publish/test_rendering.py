"""The embedded renderer, the Quarto route and the gate both stand behind.

Compared with what was written into the sample report (tests/rendering), not with numbers, so
there is no tolerance; widths in Word are whole twentieths of a point and may differ by rounding.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from cx_value.base.errors import ReportError
from cx_value.publish.rendering.embedded import render_embedded
from cx_value.publish.rendering.project import FORMATS

sys.path.insert(0, str(Path(__file__).parents[1]))
from rendering_sample import (
    ROUNDING,
    W,
    column_widths,
    document_part,
    tables_by_label,
    w,
    write_sample_report,
)

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module", params=LANGUAGES)
def report(request, tmp_path_factory):
    """Project folder and language of a sample report, rendered to every format."""
    folder = tmp_path_factory.mktemp(f"report-{request.param}")
    write_sample_report(folder, request.param)
    render_embedded(folder, FORMATS)
    return folder, request.param


@pytest.fixture
def project(tmp_path):
    return write_sample_report(tmp_path / "report", "en")


def _text(element: etree._Element) -> str:
    return "".join(element.itertext(w("t")))


def _html(folder: Path) -> tuple[str, str]:
    """HTML as written, and as read: without tags, white space collapsed."""
    html = (folder / "report.html").read_text(encoding="utf-8")
    body = re.sub(r"<style.*?</style>", "", html, flags=re.S)
    return html, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


# What stands in the report ---------------------------------------------------------------------

NUMBERED = {
    "en": [
        "Section 2 reports the results, Figure 1, Table 1 sum them up, Equation 1 defines",
        "Appendix A.1 lists the items (5)",
        "Figure 1. Path model with standardised coefficients.",
        "Table 1. Fit of the measurement model",
        "Table 4. A table on a page turned sideways",
        "refers to Section 1.1 and Section 1.2.",
        "Table 5. Items",
        "See Appendix A.",
        "The sample has 250 answers.",
    ],
    "zh": [
        "结果见第 2 节，图表如图 1与表 1所示，信度系数由式 1定义，题项列于附录 A.1。",
        "图 1 标准化路径系数。",
        "表 1 测量模型的拟合指标",
        "表 4 横向页面上的表",
        "并引用第 1.1 节、第 1.2 节。",
        "表 5 题项",
        "参见附录 A。",
        "样本共 250 份有效问卷。",
    ],
}


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u3000", " "))


def test_html_numbers_captions_and_references(report):
    folder, lang = report
    text = _squeezed(_html(folder)[1])
    assert [phrase for phrase in NUMBERED[lang] if phrase not in text] == []


def test_word_numbers_captions_and_references(report):
    folder, lang = report
    body = document_part(folder / "report.docx")
    text = _squeezed("\n".join(_text(p) for p in body.iter(w("p"))))
    assert [phrase for phrase in NUMBERED[lang] if phrase not in text] == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads the PDF back")
def test_pdf_numbers_captions_and_references(report):
    folder, lang = report
    told = subprocess.run(
        ["pdftotext", "-layout", folder / "report.pdf", "-"], capture_output=True, check=True
    )
    text = re.sub(r"\s+", "", told.stdout.decode())
    # Typst sets its own gap between number and caption
    wanted = [re.sub(r"\s+", "", phrase) for phrase in NUMBERED[lang]]
    assert [phrase for phrase in wanted if phrase not in text] == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads the PDF back")
def test_pdf_keeps_within_the_margins(report):
    folder, _ = report
    told = subprocess.run(
        ["pdftotext", "-bbox", folder / "report.pdf", "-"], capture_output=True, check=True
    )
    pages = re.findall(r'<page width="([\d.]+)".*?>(.*?)</page>', told.stdout.decode(), re.S)
    assert len(pages) >= 7
    # half a Chinese full stop hangs over the edge, as it should
    margin = 2.5 / 2.54 * 72 - 6
    for width, words in pages:
        edges = re.findall(r'xMin="([\d.-]+)".*?xMax="([\d.]+)"', words)
        assert min(float(left) for left, _ in edges) >= margin
        assert max(float(right) for _, right in edges) <= float(width) - margin


@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="poppler reads the PDF back")
def test_pdf_embeds_only_fonts_that_come_with_packages(report):
    folder, _ = report
    told = subprocess.run(["pdffonts", folder / "report.pdf"], capture_output=True, check=True)
    rows = told.stdout.decode().splitlines()[2:]
    assert rows
    for row in rows:
        assert re.search(r"Libertinus|NotoS(ansCJKsc|erifSC)|NewCM|DejaVuSansMono", row), row
        assert " yes " in row, row


def test_citations_follow_the_style_of_the_language(report):
    folder, lang = report
    html, text = _html(folder)
    if lang == "en":
        assert "(Fornell et al., 1996; Tenenhaus et al., 2005)" in text
        assert "Fornell, C., Johnson, M. D., Anderson, E. W., Cha, J., &amp; Bryant, B. E." in text
    else:
        assert re.search(r"<sup>.*?\[.*?1.*?,.*?2.*?\].*?</sup>", html)
        # a work in Chinese keeps the Chinese words
        assert "温忠麟, 张雷, 侯杰泰, 等. 中介效应检验程序及其应用[J]." in text
        assert "NUNNALLY J C, BERNSTEIN I H. Psychometric Theory[M]. 3rd ed." in text
        assert "[1]" in text and "FORNELL C, JOHNSON M D, ANDERSON E W, et al. The" in text


# HTML ------------------------------------------------------------------------------------------


def test_html_is_one_file_that_asks_nothing_of_the_network(report):
    html, _ = _html(report[0])
    assert not re.findall(r'(?:src|data)="(?!data:)[^"]*"', html)
    assert re.findall(r"<(?:script|link|iframe)\b[^>]*>", html) == ["<script>"]
    assert not re.findall(r"@import|url\((?!data:|#)", html)


def test_html_holds_picture_formula_and_working_links(report):
    html, _ = _html(report[0])
    assert "<svg" in html or "data:image/svg+xml" in html
    assert "<math" in html and "\\frac" not in re.sub(
        r"<annotation.*?</annotation>", "", html, flags=re.S
    )
    targets = set(re.findall(r'\bid="([^"]+)"', html))
    links = set(re.findall(r'href="#([^"]+)"', html))
    assert {"fig-path", "tbl-fit", "eq-alpha", "sec-results", "sec-items"} <= links
    assert links <= targets


# Word ------------------------------------------------------------------------------------------


def test_word_tables_keep_their_widths(report):
    tables = tables_by_label(report[0] / "report.docx")
    assert set(tables) == {"tbl-fit", "tbl-wide", "tbl-long", "tbl-sideways", "tbl-items"}
    for label, table in tables.items():
        widths = column_widths(table)
        assert table.find("w:tblPr/w:tblLayout", W).get(w("type")) == "fixed"
        total = table.find("w:tblPr/w:tblW", W)
        assert (total.get(w("type")), int(total.get(w("w")))) == ("dxa", sum(widths))
        room = 14004 if label == "tbl-sideways" else 9072
        assert sum(widths) <= room + ROUNDING
        for row in table.findall("w:tr", W):
            cells = row.findall("w:tc/w:tcPr/w:tcW", W)
            assert [int(cell.get(w("w"))) for cell in cells] == widths


def test_word_tables_take_the_declared_proportions(report):
    tables = tables_by_label(report[0] / "report.docx")
    for label, shares in (("tbl-fit", [12, 12, 18, 12, 24, 22]), ("tbl-items", [20, 80])):
        for width, share in zip(column_widths(tables[label]), shares, strict=True):
            assert abs(width - 9072 * share / 100) <= ROUNDING


def test_word_header_rows_repeat_and_rows_stay_whole(report):
    for table in tables_by_label(report[0] / "report.docx").values():
        rows = table.findall("w:tr", W)
        marked = [row.find("w:trPr/w:tblHeader", W) is not None for row in rows]
        assert marked == [True] + [False] * (len(rows) - 1)
        assert all(row.find("w:trPr/w:cantSplit", W) is not None for row in rows)


def test_word_notes_stay_with_their_table(report):
    table = tables_by_label(report[0] / "report.docx")["tbl-fit"]
    note = table.getnext()
    assert note.find("w:pPr/w:pStyle", W).get(w("val")) == "TableNote"
    last = table.findall("w:tr", W)[-1]
    assert all(layout.find("w:keepNext", W) is not None for layout in last.iter(w("pPr")))


def test_word_tables_have_three_lines(report):
    styles = document_part(report[0] / "report.docx", "word/styles.xml")
    style = styles.find("w:style[@w:styleId='Table']", W)
    borders = style.find("w:tblPr/w:tblBorders", W)
    assert {edge.tag: edge.get(w("sz")) for edge in borders} == {
        w("top"): "12",
        w("bottom"): "12",
    }
    header = style.find("w:tblStylePr[@w:type='firstRow']//w:tcBorders/w:bottom", W)
    assert header.get(w("sz")) == "6"
    for table in tables_by_label(report[0] / "report.docx").values():
        assert table.find("w:tblPr/w:tblStyle", W).get(w("val")) == "Table"
        assert table.find("w:tblPr/w:tblLook", W).get(w("firstRow")) == "1"


def test_word_links_lead_somewhere_and_contents_are_filled(report):
    body = document_part(report[0] / "report.docx")
    marks = {mark.get(w("name")) for mark in body.iter(w("bookmarkStart"))}
    links = {link.get(w("anchor")) for link in body.iter(w("hyperlink"))} - {None}
    assert {"eq-alpha", "_Ref_sec_results", "_Ref_tbl_fit"} <= links
    assert links <= marks
    contents = body.find(".//w:sdtContent", W)
    entries = [
        _text(p).strip()
        for p in contents.iter(w("p"))
        if (
            p.find("w:pPr/w:pStyle", W).get(w("val"))
            if p.find("w:pPr/w:pStyle", W) is not None
            else ""
        )
        == "TOC1"
    ]
    styles = {"Heading1"}
    headings = [
        _text(paragraph)
        for paragraph in body.iter(w("p"))
        if paragraph.find("w:pPr/w:pStyle", W) is not None
        and paragraph.find("w:pPr/w:pStyle", W).get(w("val")) in styles
    ]
    assert len(headings) == len(entries) > 1
    for entry, heading in zip(entries, headings, strict=True):
        assert re.sub(r"\s", "", entry).endswith(re.sub(r"\s", "", heading))


def instructions(body) -> list[str]:
    return [code.text.strip() for code in body.iter(w("instrText"))]


def test_word_numbers_are_fields(report):
    folder, lang = report
    body = document_part(folder / "report.docx")
    codes = instructions(body)
    table, figure = ("Table", "Figure") if lang == "en" else ("表", "图")
    captions = [code for code in codes if code.startswith("SEQ")]
    assert captions.count(f"SEQ {table} \\* ARABIC") == 5
    assert captions.count(f"SEQ {figure} \\* ARABIC") == 1
    assert "REF _Ref_tbl_fit \\h" in codes and "REF _Ref_sec_results \\r \\h" in codes
    assert [code for code in codes if code.startswith("TOC")] == [
        'TOC \\o "1-1" \\h \\z \\u',
        f'TOC \\h \\z \\c "{figure}"',
        f'TOC \\h \\z \\c "{table}"',
    ]
    marks = {mark.get(w("name")) for mark in body.iter(w("bookmarkStart"))}
    named = {code.split()[1] for code in codes if code.startswith(("REF", "PAGEREF"))}
    assert named <= marks and all(len(name) <= 40 for name in named)
    kinds = [mark.get(w("fldCharType")) for mark in body.iter(w("fldChar"))]
    assert kinds.count("begin") == kinds.count("separate") == kinds.count("end") == len(codes)


def test_word_headings_are_numbered_by_a_list(report):
    folder, _ = report
    with zipfile.ZipFile(folder / "report.docx") as archive:
        styles = etree.fromstring(archive.read("word/styles.xml"))
        settings = archive.read("word/settings.xml").decode()
    levels = {
        style.get(w("styleId")): style.find("w:pPr/w:numPr/w:ilvl", W).get(w("val"))
        for style in styles.iter(w("style"))
        if style.find("w:pPr/w:numPr", W) is not None
    }
    assert levels.items() >= {"Heading1": "0", "Heading2": "1", "Heading3": "2"}.items()
    body = document_part(folder / "report.docx")
    headings = [
        p for p in body.iter(w("p")) if p.find("w:pPr/w:pStyle[@w:val='Heading1']", W) is not None
    ]
    assert not any(re.match(r"\d|Appendix|附录", _text(p)) for p in headings)
    assert "updateFields" in settings


def test_word_pages(report):
    path = report[0] / "report.docx"
    sections = list(document_part(path).iter(w("sectPr")))
    sizes = [(s.find("w:pgSz", W).get(w("w")), s.find("w:pgSz", W).get(w("h"))) for s in sections]
    assert sizes == [("11906", "16838"), ("16838", "11906"), ("11906", "16838")]
    assert all(section.find("w:footerReference", W) is not None for section in sections)
    with zipfile.ZipFile(path) as archive:
        footers = [archive.read(n) for n in archive.namelist() if n.startswith("word/footer")]
        headers = [archive.read(n) for n in archive.namelist() if n.startswith("word/header")]
        assert [name for name in archive.namelist() if name.endswith(".png")]
    assert any(b"PAGE" in footer for footer in footers)
    title = {"en": "Customer experience", "zh": "客户体验"}[report[1]]
    assert any(title.encode() in header for header in headers)


def test_word_names_chinese_fonts(report):
    styles = document_part(report[0] / "report.docx", "word/styles.xml")
    fonts = {
        style.get(w("styleId")): style.find("w:rPr/w:rFonts", W).get(w("eastAsia"))
        for style in styles.findall("w:style", W)
        if style.find("w:rPr/w:rFonts", W) is not None
    }
    assert fonts["Normal"] == "宋体" and fonts["Heading1"] == "黑体"


# Running it ------------------------------------------------------------------------------------


def test_two_renderings_give_the_same_bytes(report):
    folder, _ = report
    first = {form: (folder / f"report.{form}").read_bytes() for form in FORMATS}
    made = render_embedded(folder, FORMATS)
    assert {form: path.read_bytes() for form, path in made.items()} == first


def test_only_the_formats_asked_for_are_made(project):
    assert render_embedded(project, ["docx"]) == {"docx": project / "report.docx"}
    assert not (project / "report.html").exists() and not (project / "report.pdf").exists()
    assert not list(project.glob("rendering-*"))


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
def test_a_pandoc_of_the_system_is_never_used(project, tmp_path, monkeypatch):
    other = tmp_path / "pandoc"
    other.write_text("#!/bin/sh\necho 'pandoc 99.0'\nexit 9\n")
    other.chmod(other.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert set(render_embedded(project, FORMATS)) == set(FORMATS)


def test_an_unknown_format_is_refused(project):
    with pytest.raises(ReportError, match=r"Format odt is not known · allowed: html, pdf, docx"):
        render_embedded(project, ["odt"])


def test_a_failure_removes_the_old_reports(project):
    for form in FORMATS:
        (project / f"report.{form}").write_text("old")
    (project / "_02_results.qmd").write_text("# Results {#sec-results}\n\nSee @fig-none.\n")
    with pytest.raises(ReportError):
        render_embedded(project, ["html", "pdf"])
    assert sorted(path.name for path in project.glob("report.*")) == ["report.docx", "report.qmd"]
    assert not list(project.glob("rendering-*"))


def test_a_failing_renderer_leaves_nothing_behind(project):
    # Typst fails on this after HTML and DOCX have been written
    (project / "theme" / "typst-template.typ").write_text("#let report(..x) = panic(42)\n")
    with pytest.raises(ReportError, match="Typst cannot set the report"):
        render_embedded(project, FORMATS)
    assert sorted(path.name for path in project.glob("report.*")) == ["report.qmd"]
