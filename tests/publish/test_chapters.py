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
    "grade": "good", "reservations": "", "years": float("nan"),
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
    store = Store(tmp_path)
    store.save_table("glance", table, n_used=400)
    store.save_table("settings", pd.DataFrame({"confidence": [0.95]}), n_used=1)
    names = pd.DataFrame({"code": ["B"], "label": ["Bank B"], "label_zh": ["乙银行"]})
    store.save_table("codebook", names, n_used=1)
    text = (REPORT / lang / f"{chapter}.qmd").read_text(encoding="utf-8")
    part = re.search(r"<% set rivals.*?\{#tbl-glance [^\n]*\}", text, re.DOTALL)
    (tmp_path / "part.qmd").write_text(part.group(), encoding="utf-8")
    study = read_study(REPORT.parent / "data" / "ecsi-mobile")
    told = Binder(Store(tmp_path), study, lang).bind(tmp_path / "part.qmd")
    (head, row), alignments = cells(told)
    columns = 4 if rival else 3
    assert (len(head), len(row), len(alignments)) == (columns,) * 3
    assert any(name in told for name in ("Bank B", "乙银行")) == bool(rival)
