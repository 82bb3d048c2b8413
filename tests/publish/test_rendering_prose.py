"""Study-provided and stored words in prose: what stands in the study file stands in the report.

Printed text is compared whole with what was written; nothing is rounded, so there is no tolerance.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from cx_value.base.markdown import escape_prose
from cx_value.publish.chapters.bind import own_prose
from cx_value.publish.rendering.gate import bracket_references
from cx_value.publish.rendering.pandoc import pandoc_path

NASTY = [
    "Service *quality* | <b>$x$ [a](b)",
    "服务*质量*_好_|竖线<尖$元$ `码` ^上^ ~~删~~",
    "@foo and {{< y >}} << x >> <% if %>",
    "3. [^1] \\alpha",
    "- not a list",
    "(a) nor this",
    "(iii) nor this",
    ": a definition",
    "# no heading",
    "R&amp;D &#65; &",
    "a--b ... c---d",
    "CUSA ~ IMAG, [.65, .77], a_b_c < 5 > 3",
    "![x](y.png)",
    ":::: {.small}",
]


def printed(markdown: str) -> str:
    """Return what pandoc prints for one paragraph; anything but a paragraph fails."""
    command = [str(pandoc_path()), "--from=markdown+east_asian_line_breaks", "--to=json"]
    done = subprocess.run(command, input=markdown.encode(), capture_output=True, check=True)
    blocks = json.loads(done.stdout)["blocks"]
    assert [block["t"] for block in blocks] == ["Para"], blocks
    words = {"Space": " ", "SoftBreak": " "}
    assert {inline["t"] for inline in blocks[0]["c"]} <= {"Str", *words}, blocks
    return "".join(inline.get("c") or words[inline["t"]] for inline in blocks[0]["c"])


@pytest.mark.parametrize("text", NASTY)
def test_prose_survives_pandoc_as_it_was_written(text):
    assert printed(escape_prose(text)) == text


@pytest.mark.parametrize("text", NASTY)
def test_escaped_prose_holds_no_shortcode_and_no_reference(text):
    escaped = escape_prose(text)
    assert "{{<" not in escaped
    assert bracket_references(escaped + "和") == escaped + "和"
    assert bracket_references(escape_prose("如@fig-x和")) == escape_prose("如@fig-x和")


@pytest.mark.parametrize("text", NASTY)
def test_a_study_cites_by_key_and_nothing_else_of_it_is_markdown(text):
    assert printed(own_prose(text)) == text
    assert own_prose(f"{text} [@hu1999]").endswith(" [@hu1999]")
    assert own_prose("by @hu1999, not @nobody2000") == "by @hu1999, not \\@nobody2000"
