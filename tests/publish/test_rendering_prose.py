"""Study-provided and stored words in prose: what stands in the study file stands in the report.

Printed text is compared whole with what was written; nothing is rounded, so there is no tolerance.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from cx_value.publish.chapters.citations import bibliography, cite_sources
from cx_value.publish.chapters.prose import escape_prose, write_prose
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


CITED = [
    ("zh", "未达 Hair et al. (2019) 的 0.50", "未达 Hair 等[@hair2019] 的 0.50"),
    ("zh", "（Horn, 1965；500 个）", "（Horn[@horn1965]；500 个）"),
    ("zh", "（高于 15%，Terwee 等，2007）", "（高于 15%，Terwee 等[@terwee2007]）"),
    ("zh", "满足 Fornell 与 Larcker (1981) 准则", "满足 Fornell 与 Larcker[@fornell1981] 准则"),
    ("zh", "（四次方；Velicer 等, 2000）", "（四次方；Velicer 等[@velicer2000]）"),
    ("zh", "（Velicer, 1976）", "[@velicer1976]"),
    ("zh", "按Hu & Bentler（1999）", "按Hu & Bentler[@hu1999]"),
    ("en", "(Horn, 1965; 500 samples)", "[@horn1965{}, 500 samples]"),
    ("en", "(fourth power; Velicer et al., 2000)", "[fourth power, @velicer2000]"),
    ("en", "Fornell and Larcker (1981) ask", "@fornell1981 ask"),
    ("en", "Mardia's (1970) skew", "Mardia's [-@mardia1970] skew"),
    ("en", "as in (Kline (2016)).", "as in [@kline2016]."),
    ("en", "Smith & Kline (2016); Browne, 1996", "Smith & Kline (2016); Browne, 1996"),
]


@pytest.mark.parametrize(("lang", "said", "cited"), CITED)
def test_every_way_of_naming_a_source_is_a_citation(lang, said, cited):
    assert cite_sources(said, bibliography(), lang) == cited


def test_an_interval_keeps_its_comma_in_chinese_parentheses():
    said = "（CFI = 0.95, 95% CI [0.90, 0.97], p < 0.001）与 [0.1, 0.2], x"
    want = r"（CFI = 0.95，95% CI \[0.90, 0.97\]，p \< 0.001）与 \[0.1, 0.2\], x"
    assert write_prose(said, "zh") == want


def test_numbers_stand_apart_from_the_words_that_join_them():
    assert (
        write_prose("介于4.99与7.99（2和4 个；3G网络）", "zh")
        == "介于 4.99 与 7.99（2 和 4 个；3G网络）"
    )
