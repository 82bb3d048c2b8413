"""The slide deck: every slide says something, numbers are those stored, charts can be edited."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from cx_value.publish.deck.slides import Deck


def test_charts_are_native_and_hold_their_numbers(tmp_path):
    from pptx import Presentation

    deck = Deck("en", "Title")
    deck.cover("Below", "2026")
    deck.points("Said", ["One.", "Two."])
    deck.table("Table", ["a", "b"], [["1", "2"]])
    deck.chart("Bars", "bar", ["x", "y"], {"one": [1.5, float("nan")], "two": [2, 3]})
    deck.scatter("Map", {"A": (0.1, 60.0), "B": (0.2, 70.0)}, ("Importance", "Points"))
    deck.file.save(tmp_path / "deck.pptx")
    slides = list(Presentation(tmp_path / "deck.pptx").slides)
    assert len(slides) == 5
    charts = [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]
    bars, scatter = charts
    assert [list(series.values) for series in bars.plots[0].series] == [[1.5, None], [2, 3]]
    assert list(bars.plots[0].categories) == ["x", "y"]
    assert [p.data_label.text_frame.text for p in scatter.plots[0].series[0].points][:2] == [
        "A", "B"
    ]  # fmt: skip
    assert [slide.shapes.title.text_frame.text for slide in slides[1:]] == [
        "Said", "Table", "Bars", "Map"
    ]  # fmt: skip


HOSTILE = [
    '=HYPERLINK("http://127.0.0.1/x","y")', "=1+1", "+1+cmd", "@SUM(A1)", "http://127.0.0.1/x",
    "<a:t>x</a:t>]]>", "&amp;&lt;", "a\x00\x1fb", "{=1+1}", "<script>alert(1)</script>",
]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    deck = Deck("en", HOSTILE[0], HOSTILE[9])
    deck.cover(HOSTILE[9], HOSTILE[1])
    deck.points(HOSTILE[0], HOSTILE)
    deck.table(HOSTILE[9], HOSTILE[:2], [HOSTILE[2:4], HOSTILE[4:6]])
    deck.chart(
        HOSTILE[1], "bar", HOSTILE, {text: range(10) for text in HOSTILE[:3]}, say=HOSTILE[0]
    )
    deck.chart("Line", "line", HOSTILE, {HOSTILE[1]: range(10)})
    deck.scatter("Map", {text: (0.1, 2.0) for text in HOSTILE}, (HOSTILE[1], HOSTILE[9]))
    path = tmp_path_factory.mktemp("deck") / "deck.pptx"
    deck.file.save(path)
    return path


def test_hostile_labels_stay_text_on_slides_and_in_charts(hostile):
    from pptx import Presentation

    slides = list(Presentation(hostile).slides)
    said = [p.text for shape in slides[1].shapes for p in shape.text_frame.paragraphs]
    assert [text.removeprefix("• ") for text in said if text.startswith("• ")] == [
        text.replace("\x00", "_x0000_").replace("\x1f", "_x001F_") for text in HOSTILE
    ]  # fmt: skip
    charts = [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]
    plain = [text.replace("\x00\x1f", "") for text in HOSTILE]
    assert list(charts[0].plots[0].categories) == plain
    assert [series.name for series in charts[0].plots[0].series] == HOSTILE[:3]
    with zipfile.ZipFile(hostile) as deck:
        links = [deck.read(name).decode() for name in deck.namelist() if name.endswith(".rels")]
    assert not any("External" in text for text in links)


def test_workbooks_of_charts_hold_no_formula_and_no_link(hostile):
    found = 0
    with zipfile.ZipFile(hostile) as deck:
        for name in (n for n in deck.namelist() if n.endswith(".xlsx")):
            with zipfile.ZipFile(io.BytesIO(deck.read(name))) as book:
                parts = {n: book.read(n).decode() for n in book.namelist()}
            found += 1
            assert not re.search(r"<(f|hyperlink)[ >]", parts["xl/worksheets/sheet1.xml"]), name
            assert not any("External" in text for text in parts.values())
    assert found == 3


def test_properties_name_the_study_and_nothing_of_the_machine_or_the_template(hostile):
    from pptx import Presentation

    core = Presentation(hostile).core_properties
    assert (core.title, core.author, core.last_modified_by, core.comments) == (
        HOSTILE[0], HOSTILE[9], HOSTILE[9], ""
    )  # fmt: skip
    with zipfile.ZipFile(hostile) as deck:
        names = deck.namelist()
        told = "".join(deck.read(n).decode() for n in names if n.endswith((".xml", ".rels")))
    assert not [name for name in names if "printerSettings" in name]
    for place in (str(hostile.parent), str(Path.home()) + "/", str(Path.cwd()), "Canny"):
        assert place not in told
