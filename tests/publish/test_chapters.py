"""Chapters as an author writes them."""

import re
from itertools import pairwise

import pandas as pd
import pytest

from cx_value.base.places import REPORT
from cx_value.notebook.store import Store
from cx_value.publish.chapters.bind import Binder
from cx_value.study import read_study
from tables_read import cells

INDEX = pd.DataFrame({
    "figure": ["index"], "kind": "points", "value": 66.0, "low": 64.0, "high": 68.0, "n": 400,
    "grade": "good", "reservations": "", "years": float("nan"), "change": float("nan"),
    "change_low": -1.0, "change_high": 3.0, "changed": False,
})  # fmt: skip

CHAPTERS = sorted(path for lang in ("en", "zh") for path in (REPORT / lang).glob("*.qmd"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_paragraph_that_ends_in_a_tag_keeps_its_line_end(path):
    """``trim_blocks`` eats the line end behind a tag: a table would run into the paragraph."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, (line, following) in enumerate(pairwise(lines), 1):
        alone = re.match(r"^\s*<%[^%]*%>$", line)
        if line.endswith(" %>") and not alone and following == "":
            assert line.endswith("+%>"), f"{path.name}:{number}"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("chapter", ["_01_summary", "brief"])
@pytest.mark.parametrize("rival", ["B", None])
def test_the_column_of_rivals_stands_only_where_there_is_a_rival(tmp_path, lang, chapter, rival):
    table = INDEX.assign(rival=rival, gap=1.0, gap_low=-1.0, gap_high=2.0)
    told = bound_glance(tmp_path, lang, chapter, table)
    (head, row), alignments = cells(told)
    columns = 3 + bool(rival) + (chapter == "brief")  # the brief tells the base, too
    assert (len(head), len(row), len(alignments)) == (columns,) * 3
    assert any(name in told for name in ("Bank B", "乙银行")) == bool(rival)


@pytest.mark.parametrize(("lang", "wave", "report"), [
    ("en", "Since the last wave", "Since the last report"),
    ("zh", "与上一波次相比", "与上期报告相比"),
])  # fmt: skip
def test_the_change_stands_beside_its_figure_that_since_the_last_report_before_waves(
    tmp_path, lang, wave, report
):
    table = INDEX.assign(rival=None, gap=1.0, gap_low=-1.0, gap_high=2.0, change=1.25)
    told = bound_glance(tmp_path / "waves", lang, "brief", table)
    (head, row), alignments = cells(told)
    assert len(head) == len(row) == len(alignments) == 5 and head[-1] == wave and "1.2" in row[-1]
    since = pd.DataFrame({"figure": ["index"], "change": [-2.5], "change_low": [-4.0],
                          "change_high": [-1.0], "changed": [True]})  # fmt: skip
    told = bound_glance(tmp_path / "report", lang, "brief", table, since_glance=since)
    (head, row), _ = cells(told)
    assert head[-1] == report and "2.5" in row[-1] and "1.2" not in told
    none = since.assign(figure="nps")
    (_, row), _ = cells(bound_glance(tmp_path / "none", lang, "brief", table, since_glance=none))
    assert row[-1].strip() == "–"


def bound_glance(folder, lang, chapter, table, **more):
    """Return the table of the first page as a chapter binds it to these figures."""
    folder.mkdir(exist_ok=True)
    store = Store(folder)
    for name, frame in {"glance": table, **more}.items():
        store.save_table(name, frame, n_used=400)
    store.save_table("settings", pd.DataFrame({"confidence": [0.95]}), n_used=1)
    names = pd.DataFrame({"code": ["B"], "label": ["Bank B"], "label_zh": ["乙银行"]})
    store.save_table("codebook", names, n_used=1)
    text = (REPORT / lang / f"{chapter}.qmd").read_text(encoding="utf-8")
    part = re.search(r"<% set rivals.*?\{#tbl-glance [^\n]*\}", text, re.DOTALL)
    (folder / "part.qmd").write_text(part.group(), encoding="utf-8")
    study = read_study(REPORT.parent / "data" / "ecsi-mobile")
    return Binder(Store(folder), study, lang).bind(folder / "part.qmd")
