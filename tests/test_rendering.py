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
import textwrap
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from analysis.errors import ReportError
from analysis.publish.embedded import render_embedded
from analysis.publish.project import FORMATS
from analysis.publish.quarto import find_quarto, render_quarto

sys.path.insert(0, str(Path(__file__).parent))
from rendering_sample import write_sample_report

LANGUAGES = ("en", "zh")
W = {"w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main"}
ROUNDING = 20  # one twentieth of a point for each column


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


def _w(name: str) -> str:
    return f"{{{W['w']}}}{name}"


def _document(path: Path, part: str = "word/document.xml") -> etree._Element:
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read(part))


def _text(element: etree._Element) -> str:
    return "".join(element.itertext(_w("t")))


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
    body = _document(folder / "report.docx")
    text = _squeezed("\n".join(_text(p) for p in body.iter(_w("p"))))
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
        assert re.search(r"Libertinus|NotoSansCJKsc|NewCM|DejaVuSansMono", row), row
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
    assert not re.findall(r"<(?:script|link|iframe)\b", html)
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


def _tables(path: Path) -> dict[str, etree._Element]:
    """Tables of a document by the label of the caption above them."""
    tables, label = {}, ""
    for element in _document(path).iter(_w("bookmarkStart"), _w("tbl")):
        if element.tag == _w("tbl"):
            tables[label] = element
        elif element.get(_w("name")).startswith("tbl-"):
            label = element.get(_w("name"))
    return tables


def _widths(table: etree._Element) -> list[int]:
    return [int(column.get(_w("w"))) for column in table.findall("w:tblGrid/w:gridCol", W)]


def test_word_tables_keep_their_widths(report):
    tables = _tables(report[0] / "report.docx")
    assert set(tables) == {"tbl-fit", "tbl-wide", "tbl-long", "tbl-sideways", "tbl-items"}
    for label, table in tables.items():
        widths = _widths(table)
        assert table.find("w:tblPr/w:tblLayout", W).get(_w("type")) == "fixed"
        total = table.find("w:tblPr/w:tblW", W)
        assert (total.get(_w("type")), int(total.get(_w("w")))) == ("dxa", sum(widths))
        room = 14004 if label == "tbl-sideways" else 9072
        assert sum(widths) <= room + ROUNDING
        for row in table.findall("w:tr", W):
            cells = row.findall("w:tc/w:tcPr/w:tcW", W)
            assert [int(cell.get(_w("w"))) for cell in cells] == widths


def test_word_tables_take_the_declared_proportions(report):
    tables = _tables(report[0] / "report.docx")
    for label, shares in (("tbl-fit", [12, 12, 18, 12, 24, 22]), ("tbl-items", [20, 80])):
        for width, share in zip(_widths(tables[label]), shares, strict=True):
            assert abs(width - 9072 * share / 100) <= ROUNDING


def test_word_header_rows_repeat_and_rows_stay_whole(report):
    for table in _tables(report[0] / "report.docx").values():
        rows = table.findall("w:tr", W)
        marked = [row.find("w:trPr/w:tblHeader", W) is not None for row in rows]
        assert marked == [True] + [False] * (len(rows) - 1)
        assert all(row.find("w:trPr/w:cantSplit", W) is not None for row in rows)


def test_word_notes_stay_with_their_table(report):
    table = _tables(report[0] / "report.docx")["tbl-fit"]
    note = table.getnext()
    assert note.find("w:pPr/w:pStyle", W).get(_w("val")) == "TableNote"
    last = table.findall("w:tr", W)[-1]
    assert all(layout.find("w:keepNext", W) is not None for layout in last.iter(_w("pPr")))


def test_word_tables_have_three_lines(report):
    styles = _document(report[0] / "report.docx", "word/styles.xml")
    style = styles.find("w:style[@w:styleId='Table']", W)
    borders = style.find("w:tblPr/w:tblBorders", W)
    assert {edge.tag: edge.get(_w("sz")) for edge in borders} == {
        _w("top"): "12",
        _w("bottom"): "12",
    }
    header = style.find("w:tblStylePr[@w:type='firstRow']//w:tcBorders/w:bottom", W)
    assert header.get(_w("sz")) == "6"
    for table in _tables(report[0] / "report.docx").values():
        assert table.find("w:tblPr/w:tblStyle", W).get(_w("val")) == "Table"
        assert table.find("w:tblPr/w:tblLook", W).get(_w("firstRow")) == "1"


def test_word_links_lead_somewhere_and_contents_are_filled(report):
    body = _document(report[0] / "report.docx")
    marks = {mark.get(_w("name")) for mark in body.iter(_w("bookmarkStart"))}
    links = {link.get(_w("anchor")) for link in body.iter(_w("hyperlink"))} - {None}
    assert {"fig-path", "tbl-fit", "eq-alpha", "sec-results", "sec-items"} <= links
    assert links <= marks
    contents = body.find(".//w:sdtContent", W)
    entries = [_text(link) for link in contents.iter(_w("hyperlink"))]
    styles = {"Heading1", "Heading2"}
    headings = [
        _text(paragraph)
        for paragraph in body.iter(_w("p"))
        if paragraph.find("w:pPr/w:pStyle", W) is not None
        and paragraph.find("w:pPr/w:pStyle", W).get(_w("val")) in styles
    ]
    assert len(headings) == 9
    assert [re.sub(r"\s", "", e) for e in entries] == [re.sub(r"\s", "", h) for h in headings]


def test_word_pages(report):
    path = report[0] / "report.docx"
    sections = list(_document(path).iter(_w("sectPr")))
    sizes = [(s.find("w:pgSz", W).get(_w("w")), s.find("w:pgSz", W).get(_w("h"))) for s in sections]
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
    styles = _document(report[0] / "report.docx", "word/styles.xml")
    fonts = {
        style.get(_w("styleId")): style.find("w:rPr/w:rFonts", W).get(_w("eastAsia"))
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
    assert not list(project.glob(".rendering-*"))


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
    assert not list(project.glob(".rendering-*"))


def test_a_failing_renderer_leaves_nothing_behind(project):
    # Typst fails on this after HTML and DOCX have been written
    (project / "theme" / "typst-template.typ").write_text("#let report(..x) = panic(42)\n")
    with pytest.raises(ReportError, match="Typst cannot set the report"):
        render_embedded(project, FORMATS)
    assert sorted(path.name for path in project.glob("report.*")) == ["report.qmd"]


# The gate ----------------------------------------------------------------------------------------

BAD = [
    ("See @fig-nothing.", "reference @fig-nothing points at nothing"),
    ("See @sec-resluts.", r"reference @sec-resluts points at nothing · allowed: sec-results"),
    ("Said before [@nobody1999].", "citation @nobody1999 is not in the bibliography"),
    ("![A](figures/none){#fig-none}", r"image file figures/none.svg does not exist"),
    ("![A](figures/none){#fig-none}", r"image file figures/none.png does not exist"),
    ("![A](https://example.org/a.png)", "is not a file of the report"),
    ("{{< include _none.qmd >}}", "included file _none.qmd does not exist"),
    ("{{< video a.mp4 >}}", "shortcode video is not known"),
    ("{{< meta no-such-key >}}", "the report has no setting no-such-key"),
    ("Well done \U0001f600.", r"U\+1F600, GRINNING FACE"),
    ("A private \ue000 sign.", r"U\+E000"),
    ("如@fig-path所示", r"reference @fig-path touches Chinese text .* write \[@fig-path\]"),
    ("## Again {#sec-results}", "label sec-results is given again"),
    ("| a | b |\n|---|---|\n| " + "x" * 90 + " | " + "y" * 60 + " |", "a table of 2 columns needs"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message[:30] for _, message in BAD])
@pytest.mark.parametrize("renderer", ["embedded", "quarto"])
def test_the_gate_names_what_and_where(project, text, message, renderer, monkeypatch, tmp_path):
    chapter = project / "_01_method.qmd"
    lines = chapter.read_text(encoding="utf-8").split("\n")
    place = len(lines) + 1 + text.startswith("|")  # a table is named by its second line
    chapter.write_text("\n".join([*lines, text, ""]), encoding="utf-8")
    _fake_quarto(tmp_path, monkeypatch)
    render = {"embedded": render_embedded, "quarto": render_quarto}[renderer]
    with pytest.raises(ReportError, match=message) as error:
        render(project, ["html"])
    # a label given twice is told of where it is met the second time, in reading order
    where = "_02_results.qmd:1" if "given again" in message else f"_01_method.qmd:{place}"
    assert f"{where}: " in str(error.value)


def test_the_gate_reports_every_fault_at_once(project):
    chapter = project / "_01_method.qmd"
    text = chapter.read_text(encoding="utf-8") + "\n@fig-one and @tbl-two [@three].\n"
    chapter.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match="3 faults found"):
        render_embedded(project, ["html"])


@pytest.mark.parametrize(
    "text",
    [
        "Mail someone@example.org or see <https://example.org/@user>.",
        "Code `@fig-none` and `{{< x >}}`.",
        "```\n@fig-none [@none] ![a](none.png)\n```",
        "An escaped \\@nobody.",
        "A comment <!-- @fig-none -->.",
        "Twice [@fornell1996, pp. 7--9; see also @tenenhaus2005].",
        "图[@fig-path]与[@tbl-fit]，@sec-results 之后。",
    ],
)
def test_the_gate_lets_pass_what_is_right(project, text):
    chapter = project / "_01_method.qmd"
    chapter.write_text(chapter.read_text(encoding="utf-8") + "\n" + text + "\n", encoding="utf-8")
    render_embedded(project, ["html"])


def test_a_missing_bibliography_is_named(project):
    (project / "references.bib").unlink()
    with pytest.raises(ReportError, match=r"_quarto.yml: file references.bib does not exist"):
        render_embedded(project, ["html"])


def test_a_formula_that_cannot_be_read_is_refused(project):
    chapter = project / "_01_method.qmd"
    text = chapter.read_text(encoding="utf-8") + "\n$\\frac{1$\n"
    chapter.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match="Could not convert TeX math"):
        render_embedded(project, ["html"])


def test_the_partials_serve_a_template_that_sets_its_own_page(project):
    # as Quarto's does: a page of another size before ours, no blank lines around the partials
    (project / "theme" / "report.typst").write_text(
        "#let horizontalrule = line(length: 50%)\n"
        "#show figure: it => if type(it.kind) != str { return it } else { it }\n"
        "${ typst-template.typ() }\n"
        '#set page(paper: "us-letter", margin: (x: 1.25in, y: 1.25in), numbering: "1")\n'
        "${ typst-show.typ() }\n$body$\n"
    )
    pdf = render_embedded(project, ["pdf"])["pdf"].read_bytes()
    sizes = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842), (842, 595)}


# Quarto ------------------------------------------------------------------------------------------


def _fake_quarto(folder: Path, monkeypatch, *, says: str = "", code: int = 0, makes: str = "made"):
    """Put an executable ``quarto`` on PATH that notes how it was called and writes a report."""
    folder = folder / "bin"
    folder.mkdir(exist_ok=True)
    script = folder / "quarto"
    script.write_text(
        textwrap.dedent(f"""\
            #!{sys.executable}
            import json, os, pathlib, shutil, sys
            note = {{"argv": sys.argv[1:], "cwd": os.getcwd(),
                    "fonts": os.environ.get("TYPST_FONT_PATHS", ""),
                    "epoch": os.environ.get("SOURCE_DATE_EPOCH", ""),
                    "sources": sorted(p.name for p in pathlib.Path().iterdir())}}
            with open({str(folder / "calls.jsonl")!r}, "a") as log:
                log.write(json.dumps(note) + "\\n")
            sys.stderr.write({says!r})
            form = {{"html": "html", "typst": "pdf", "docx": "docx"}}[sys.argv[-1]]
            made = {makes!r}
            if made.endswith(".docx"):
                shutil.copyfile(made, "report.docx")
            elif made:
                pathlib.Path("report." + form).write_text(made)
            sys.exit({code})
            """)
    )
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "calls.jsonl"


needs_scripts = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")


@needs_scripts
def test_quarto_is_called_once_per_format_on_a_copy(project, tmp_path, monkeypatch):
    import json

    calls = _fake_quarto(tmp_path, monkeypatch)
    assert find_quarto() == tmp_path / "bin" / "quarto"
    made = render_quarto(project, ["pdf", "html"])
    assert made == {"html": project / "report.html", "pdf": project / "report.pdf"}
    assert (project / "report.pdf").read_text() == "made"
    notes = [json.loads(line) for line in calls.read_text().splitlines()]
    assert [note["argv"] for note in notes] == [
        ["render", "report.qmd", "--to", "html"],
        ["render", "report.qmd", "--to", "typst"],
    ]
    assert all(Path(note["cwd"]) != project for note in notes)
    assert {"_quarto.yml", "report.qmd", "references.bib", "theme"} <= set(notes[0]["sources"])
    assert (Path(notes[0]["fonts"]) / "NotoSansCJKsc-Regular.otf").is_file()
    assert notes[0]["epoch"] == "1772323200"  # 2026-03-01, the date of the report
    assert not list(project.glob(".rendering-*"))


@needs_scripts
@pytest.mark.parametrize(
    ("fake", "message"),
    [
        ({"says": "WARNING: Unable to resolve crossref @fig-path\n"}, r"_01_method.qmd:5: WARN"),
        ({"says": "[WARNING] Citeproc: citation fornell1996 not found\n"}, r"_01_method.qmd:3: "),
        ({"says": "ERROR: it broke\n", "code": 1}, r"ended with code 1:\n(?s:.*)ERROR: it broke"),
        ({"makes": ""}, "did not write report.html"),
    ],
)
def test_quarto_passes_the_same_gate(project, tmp_path, monkeypatch, fake, message):
    (project / "report.html").write_text("old")
    _fake_quarto(tmp_path, monkeypatch, **fake)
    with pytest.raises(ReportError, match=message):
        render_quarto(project, ["html"])
    assert not (project / "report.html").exists()


@needs_scripts
def test_word_widths_are_mended_on_the_quarto_route(project, tmp_path, monkeypatch):
    made = render_embedded(project, ["docx"])["docx"]
    widthless = tmp_path / "widthless.docx"
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(widthless, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                content = re.sub(rb"<w:tcW [^>]*/>|<w:tblLayout [^>]*/>", b"", content)
                content = re.sub(rb"<w:gridCol [^>]*/>", b'<w:gridCol w:w="0"/>', content)
            target.writestr(name, content)
    _fake_quarto(tmp_path, monkeypatch, makes=str(widthless))
    render_quarto(project, ["docx"])
    table = _tables(project / "report.docx")["tbl-items"]
    assert abs(_widths(table)[1] - 0.8 * 9072) <= ROUNDING
    assert table.find("w:tblPr/w:tblLayout", W).get(_w("type")) == "fixed"


def test_without_quarto_the_quarto_route_says_so(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_quarto() is None
    with pytest.raises(ReportError, match="Quarto is not on PATH"):
        render_quarto(project, ["html"])
