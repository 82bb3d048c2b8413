"""Figures: every glyph drawn, the same bytes each time, nothing left changed behind."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from analysis import style
from analysis.errors import ReportError


def draw(text):
    with style.figure_style("zh"):
        ax = style.new_axes(3, 2)
        ax.plot([-1, 0, 1], [2, 3, 1])
        ax.set_title(text)
    return ax.figure


def test_files_are_the_same_bytes_each_time_and_carry_no_date(tmp_path):
    first = [f.read_bytes() for f in style.save_figure_files(draw("顾客满意 −.43"), tmp_path / "a")]
    again = [f.read_bytes() for f in style.save_figure_files(draw("顾客满意 −.43"), tmp_path / "b")]
    assert first == again
    assert b"<dc:date>" not in first[0]
    assert b"matplotlib.org" not in first[0] + first[1]
    assert b"<text" not in first[0], "glyphs are outlines, no font is needed to read the file"


def test_png_has_two_hundred_dots_per_inch(tmp_path):
    from PIL import Image

    with Image.open(style.save_figure_files(draw("x"), tmp_path / "a")[1]) as picture:
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)


@pytest.mark.parametrize(
    "text", ["顾客满意度", "αβγλρχωΔ²√≥≤±×–−∞", "Zürich façade naïve", "、，。（）“”"]
)
def test_usual_characters_have_glyphs(text):
    style.check_glyphs(text)


def test_missing_glyph_is_an_error_that_names_the_text(tmp_path):
    with pytest.raises(ReportError, match=r"U\+1F9FF.*smile 🧿"):
        style.save_figure_files(draw("smile 🧿"), tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_missing_glyph_in_a_tick_label_is_found(tmp_path):
    figure = draw("fine")
    figure.axes[0].set_xticks([0], ["𒀀"])
    with pytest.raises(ReportError, match=r"U\+12000"):
        style.save_figure_files(figure, tmp_path / "a")


def test_settings_are_restored():
    before = dict(mpl.rcParams)
    with style.figure_style("en"):
        assert mpl.rcParams["font.family"][0] == style.TYPEFACE
    assert dict(mpl.rcParams) == before


def test_chinese_text_is_drawn_with_the_bundled_file():
    from matplotlib import font_manager

    with style.figure_style("zh"):
        used = font_manager.findfont(font_manager.FontProperties())
        bold = font_manager.findfont(font_manager.FontProperties(weight="bold"))
    assert (used, bold) == tuple(str(file) for file in style.font_files())


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")
