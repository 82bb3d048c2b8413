"""The slide deck: every slide says something, numbers are those stored, charts can be edited."""

from __future__ import annotations

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
