"""Figures: every glyph drawn, the same bytes each time, nothing left changed behind."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from cx_value.base import style
from cx_value.base.errors import ReportError


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


def test_a_narrow_figure_is_saved_at_text_width_and_a_wide_one_whole(tmp_path):
    from PIL import Image

    with style.figure_style("en"):
        narrow, wide = style.new_axes(3, 2).figure, style.new_axes(9, 2).figure
    sizes = []
    for name, figure in (("narrow", narrow), ("wide", wide)):
        with Image.open(style.save_figure_files(figure, tmp_path / name)[1]) as picture:
            sizes.append(picture.width / 200)
    assert sizes[0] == pytest.approx(style.TEXT_WIDTH, abs=0.02)
    assert sizes[1] == pytest.approx(9, abs=0.2)


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
        assert mpl.rcParams["font.family"] == style.FAMILY
    assert dict(mpl.rcParams) == before


def test_chinese_text_is_drawn_with_the_bundled_file():
    from matplotlib import font_manager

    with style.figure_style("zh"):
        look = {"family": style.TYPEFACE}
        used = font_manager.findfont(font_manager.FontProperties(**look))
        bold = font_manager.findfont(font_manager.FontProperties(weight="bold", **look))
    assert (used, bold) == tuple(str(file) for file in style.font_files())


def width_of(text):
    with style.figure_style("en"):
        artist = plt.figure().text(0, 0, text)
        return artist.get_window_extent().width


def test_a_minus_is_as_wide_as_a_digit():
    assert width_of("−−−−") == pytest.approx(width_of("0000"), rel=0.15)


def test_lines_of_a_text_stand_apart():
    with style.figure_style("en"):
        figure = plt.figure(dpi=72)
        one = figure.text(0, 0, "gÄ", fontsize=10).get_window_extent().height
        two = figure.text(0, 0, "gÄ\ngÄ", fontsize=10).get_window_extent().height
    assert one >= 10
    assert two - one >= 10


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")
