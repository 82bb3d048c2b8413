"""What stands where: widths of columns, floats on paper, lead-ins and lists in Word.

Widths are whole percents in the Markdown and may differ by one from rounding.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cx_value.base.wording import Text
from cx_value.publish.rendering.embedded import render_embedded
from cx_value.tables.cells import Column
from cx_value.tables.declared import TableSpec
from cx_value.tables.render import render_table
from cx_value.tables.text_width import ems

sys.path.insert(0, str(Path(__file__).parents[1]))
import printed
from rendering_sample import W, document_part, w, write_sample_report

ROUNDING = 1.0  # percent
TEXT = 453.0  # points between the margins


def shares(markdown: str) -> list[float]:
    return [float(n) for n in re.search(r"colwidths=\"\[([\d,]+)\]", markdown)[1].split(",")]


@pytest.mark.parametrize(
    ("lang", "head", "cell"),
    [("en", "Standardised", "x"), ("en", "k", "CUSCO"), ("en", "CI", "[−0.65, −0.78]"),
     ("zh", "题项数", "5"), ("zh", "x", "不支持")],
)  # fmt: skip
def test_no_column_is_narrower_than_its_words(lang, head, cell):
    wide = Column(source=("a",), header=Text("A", zh="甲"), kind="text", width=30)
    narrow = Column(source=("b",), header=Text(head, zh=head), kind="text", width=1)
    frame = pd.DataFrame({"a": ["word " * 40], "b": [cell]})
    table = TableSpec(columns=(wide, narrow))
    told = render_table(frame, table, lang, {}, caption="C", identifier="tbl-x")
    size = 9.5  # points: the type of tables with few columns
    need = 100 * size * max(ems(head), ems(cell)) / TEXT
    assert shares(told)[1] >= need - ROUNDING
    assert sum(shares(told)) == 100


@pytest.fixture
def project(tmp_path):
    return write_sample_report(tmp_path / "report", "en")


def add(project: Path, text: str) -> None:
    chapter = project / "_01_method.qmd"
    chapter.write_text(chapter.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_word_keeps_lead_ins_and_breaks_lists(project):
    add(project, "\n\nWhat was found:\n\n- 支持（H4、H7、H8）\n")
    render_embedded(project, ["docx"])
    paragraphs = list(document_part(project / "report.docx").iter(w("p")))
    said = {"".join(p.itertext(w("t"))): p for p in paragraphs}
    assert said["What was found:"].find("w:pPr/w:keepNext", W) is not None
    assert "支持（H4、\u200bH7、\u200bH8）" in said


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads the PDF back")
def test_a_matrix_of_seventeen_columns_keeps_its_numbers_apart(tmp_path):
    project = write_sample_report(tmp_path / "report", "zh")
    names = [f"f{k}" for k in range(15)]
    columns = [Column(source=("item",), header=Text("Item", zh="题项"), kind="text", width=1.2)]
    columns += [
        Column(source=(n,), header=Text(n, zh=n.upper()), kind="number", width=1) for n in names
    ]
    columns += [Column(source=("h",), header=Text("h", zh="复杂度"), kind="number", width=1)]
    rows = {"item": ["TAN1", "COM2", "EMO3"], "h": [1.03, 1.1, 2.0]}
    frame = pd.DataFrame(rows | {n: [-0.01, 0.78, -0.12] for n in names})
    shown = render_table(
        frame, TableSpec(columns=tuple(columns)), "zh", {}, caption="载荷", identifier="tbl-dense"
    )
    add(project, f"\n\n{shown}\n")
    pdf = render_embedded(project, ["pdf"])["pdf"]
    assert printed.covered(pdf) == []


TALL = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="1400" viewBox="0 0 400 1400">'
    '<rect width="400" height="1400" fill="#eee"/><text x="20" y="30">TOPMOST</text>'
    '<text x="20" y="1390">LOWEST</text></svg>'
)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads the PDF back")
def test_a_tall_picture_is_set_whole_below_its_headings(project):
    (project / "figures" / "tall.svg").write_text(TALL, encoding="utf-8")
    shutil.copyfile(project / "figures" / "path.png", project / "figures" / "tall.png")
    add(project, "\n\n# ALONE\n\n## BELOW\n\n![Tall.](figures/tall){#fig-tall width=90%}\n")
    pages = printed.pages(render_embedded(project, ["pdf"])["pdf"])
    held = [{word for _, word in words} for _, _, words in pages]
    assert any({"ALONE", "BELOW", "TOPMOST", "LOWEST", "Tall."} <= words for words in held)


def typst_source(markdown: str) -> str:
    from cx_value.publish.rendering.pandoc import pandoc_path

    theme = Path(__file__).parents[2] / "report" / "theme"
    command = [str(pandoc_path()), "--from=markdown", "--to=typst", "--wrap=none"]
    command += [f"--lua-filter={theme / name}" for name in ("report.lua", "embedded.lua")]
    return subprocess.run(
        command, input=markdown.encode(), capture_output=True, check=True
    ).stdout.decode()


def table(rows: int, name: str = "tbl-a") -> str:
    body = "| 1 | 2 |\n" * rows
    return f"| a | b |\n|---|---|\n{body}\n: Said {{#{name}}}\n\n"


NOTE = "::: {.table-note}\nThe note.\n:::\n\n"


def test_on_paper_a_table_stands_where_it_is_called_with_its_note():
    source = typst_source("# One\n\nText.\n\n" + table(3) + NOTE + "More.\n")
    start, end = source.index("#in-place["), source.index("More.")
    assert source.index("Text.") < start < source.index("#figure(")
    assert source.index("#figure(") < source.index("#table-note[") < end
    assert source.count("The note.") == 1 and "place(" not in source
    assert 'numbering: (..n) => "1")<tbl-a>' in source and "#continued" not in source


def test_a_long_table_says_where_it_goes_on():
    source = typst_source("Text.\n\n" + table(40))
    assert "#with-continued[" in source and "table.cell(colspan: 2)[#continued]" in source


def test_on_paper_a_lead_in_stays_with_what_it_announces():
    assert re.search(r"#announcing\[\s*Found:\s*\]", typst_source("Found:\n\n- x\n"))
