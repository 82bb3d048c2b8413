"""Chapters as an author writes them."""

import re
from itertools import pairwise

import pytest

from cx_value.base.places import REPORT

CHAPTERS = sorted(path for lang in ("en", "zh") for path in (REPORT / lang).glob("*.qmd"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_paragraph_that_ends_in_a_tag_keeps_its_line_end(path):
    """``trim_blocks`` eats the line end behind a tag: a table would run into the paragraph."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, (line, following) in enumerate(pairwise(lines), 1):
        alone = re.match(r"^\s*<%[^%]*%>$", line)
        if line.endswith(" %>") and not alone and following == "":
            assert line.endswith("+%>"), f"{path.name}:{number}"
