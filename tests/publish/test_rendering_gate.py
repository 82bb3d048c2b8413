"""The gate before both renderers, and the Quarto route behind a stand-in for Quarto.

Messages are compared with the faults written into the sample report (tests/rendering). Widths in
Word are whole twentieths of a point and may differ by rounding.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from cx_value.base.errors import ReportError
from cx_value.publish.rendering.embedded import render_embedded
from cx_value.publish.rendering.quarto import find_quarto, render_quarto
from cx_value.publish.rendering.render import (
    passed_over,
    render_project,
    renderer_of,
    require_quarto,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
from rendering_sample import write_sample_report


@pytest.fixture
def project(tmp_path):
    return write_sample_report(tmp_path / "report", "en")


# The gate ----------------------------------------------------------------------------------------

BAD = [
    ("See @fig-nothing.", "reference @fig-nothing points at nothing"),
    ("See @sec-resluts.", r"reference @sec-resluts points at nothing · allowed: sec-results"),
    ("Said before [@nobody1999].", "citation @nobody1999 is not in the bibliography"),
    ("![A](figures/none){#fig-none}", r"image file figures/none.svg does not exist"),
    ("![A](figures/none){#fig-none}", r"image file figures/none.png does not exist"),
    ("![A](https://example.org/a.png)", "is not a file of the report"),
    ("![A](file:///etc/passwd)", "is not a file of the report"),
    ("![A](/etc/hosts.png)", "is not a file of the report"),
    ("![A](../../secret.png)", "is not a file of the report"),
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
        "Told twice: \\{\\#sec-x .y\\} and \\{\\#sec-x\\}.",
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


def _fake_quarto(
    folder: Path,
    monkeypatch,
    *,
    says: str = "",
    code: int = 0,
    makes: str = "made",
    version: str = "1.8.25",
):
    """Put an executable ``quarto`` on PATH that notes how it was called and writes a report."""
    folder = folder / "bin"
    folder.mkdir(exist_ok=True)
    script = folder / "quarto"
    script.write_text(
        textwrap.dedent(f"""\
            #!{sys.executable}
            import json, os, pathlib, shutil, sys
            if sys.argv[1:] == ["--version"]:
                print({version!r})
                sys.exit(0)
            # As Quarto does: a project under a folder with a dot is none, and nothing is said.
            ignored = any(part.startswith(".") for part in pathlib.Path.cwd().parts)
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
                figures = "<img>" * 20 * (not ignored)
                made += " [@fornell1996]" * ignored
                pathlib.Path("report." + form).write_text(made + figures)
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
    assert (project / "report.pdf").read_text().startswith("made")
    notes = [json.loads(line) for line in calls.read_text().splitlines()]
    assert [note["argv"] for note in notes] == [
        ["render", "report.qmd", "--to", "html"],
        ["render", "report.qmd", "--to", "typst"],
    ]
    assert all(Path(note["cwd"]) != project for note in notes)
    assert {"_quarto.yml", "report.qmd", "references.bib", "theme"} <= set(notes[0]["sources"])
    folders = map(Path, notes[0]["fonts"].split(os.pathsep))
    assert any((folder / "NotoSansCJKsc-Regular.otf").is_file() for folder in folders)
    assert notes[0]["epoch"] == "1772323200"  # 2026-03-01, the date of the report
    assert not list(project.glob("rendering-*"))


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
def test_a_project_under_a_folder_with_a_dot_is_rendered_elsewhere(tmp_path, monkeypatch):
    project = write_sample_report(tmp_path / ".hidden" / "report", "en")
    _fake_quarto(tmp_path, monkeypatch)
    made = render_quarto(project, ["html"])["html"]
    assert made == project / "report.html" and "[@" not in made.read_text()


@needs_scripts
@pytest.mark.parametrize(
    ("makes", "message"),
    [
        ("<p>As [@fornell1996] says</p>", "citations stand in the text as they are written"),
        ('<link href="report_files/a.css">', "it points to files beside it that are not kept"),
    ],
)
def test_what_quarto_made_without_the_settings_is_refused(project, tmp_path, monkeypatch, makes,
                                                          message):  # fmt: skip
    _fake_quarto(tmp_path, monkeypatch, makes=makes)
    with pytest.raises(ReportError, match=message):
        render_quarto(project, ["html"])
    assert not (project / "report.html").exists()


@needs_scripts
@pytest.mark.parametrize(("version", "used"), [("1.6.42", False), ("1.7.0", True), ("99.9", True)])
def test_an_old_quarto_is_passed_over_with_a_word(project, tmp_path, monkeypatch, version, used):
    calls = _fake_quarto(tmp_path, monkeypatch, version=version)
    assert renderer_of("auto") == (f"Quarto {version}" if used else "embedded")
    assert ("is older than 1.7" in passed_over("auto")) is not used
    render_project(project, ["html"])
    assert calls.exists() is used
    if not used:
        with pytest.raises(ReportError, match=f"Quarto {version} is older than 1.7"):
            require_quarto()


@needs_scripts
def test_word_is_made_by_the_embedded_renderer_whoever_makes_the_rest(
    project, tmp_path, monkeypatch
):
    calls = _fake_quarto(tmp_path, monkeypatch)
    made = render_project(project, ["html", "docx"])
    assert calls.read_text().count('"--to"') == 1 and zipfile.is_zipfile(made["docx"])


@pytest.mark.skipif(find_quarto() is None, reason="no Quarto on PATH")
def test_a_real_quarto_prints_the_sample_report(project):
    made = render_quarto(project, ["html", "pdf"])
    assert all(path.stat().st_size > 10_000 for path in made.values())


def test_without_quarto_the_quarto_route_says_so(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_quarto() is None
    with pytest.raises(ReportError, match="Quarto is not on PATH"):
        render_quarto(project, ["html"])


@pytest.mark.parametrize("label", ["{ {x}}", "@key", "{#sec-no}", "50 % [x](y)", "a } b"])
def test_what_describes_a_figure_is_no_label_and_no_reference(label):
    from cx_value.publish.rendering import gate
    from cx_value.publish.rendering.sources import SourceLine

    text = f'![C](figures/a){{#fig-a fig-alt="C. {label} 45.9." width=76%}}'
    lines = (SourceLine("a.qmd", 1, text), SourceLine("a.qmd", 2, "See @fig-a."))
    assert list(gate._wrong_labels(lines)) == []
    assert list(gate._missing_citations(lines, frozenset())) == []
