"""How every figure looks: one typeface for both languages, few colours, files that never change.

All figures are made for a text column 6.3 inches wide (A4 with 25 mm margins), so type is the same
size in the report as here. The typeface comes as files of the package ``mpl-font`` (Noto Sans CJK
SC, SIL Open Font License): no font needs to be installed on the machine.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.errors import ReportError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_WIDTH = 6.3
TYPEFACE = "Report Sans"
FAMILY = ["Report Minus", TYPEFACE, "DejaVu Sans"]
# Named by what they say, not by hue. Hues are those of Okabe and Ito (2008), which stay apart
# for the common kinds of colour blindness and in greyscale print.
PALETTE = {
    "ink": "#222222",
    "grey": "#767676",
    "light": "#D9D9D9",
    "fill": "#F2F5F8",
    "primary": "#0072B2",
    "accent": "#D55E00",
    "good": "#009E73",
    "caution": "#E69F00",
    "bad": "#D55E00",
    "violet": "#AA4499",
    "sky": "#56B4E9",
}
SERIES = tuple(PALETTE[name] for name in ("primary", "accent", "good", "caution", "violet", "sky"))

_RC = {
    "font.family": FAMILY,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "figure.titlesize": 10,
    "mathtext.fontset": "dejavusans",
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": PALETTE["ink"],
    "axes.labelcolor": PALETTE["ink"],
    "axes.linewidth": 0.7,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "text.color": PALETTE["ink"],
    "xtick.color": PALETTE["ink"],
    "ytick.color": PALETTE["ink"],
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "grid.color": PALETTE["light"],
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "patch.linewidth": 0.7,
    "legend.frameon": False,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.max_open_warning": 0,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    # Glyphs as outlines: the picture is the same where no font is installed. A fixed salt keeps
    # the names inside an SVG, and so its bytes, the same from run to run.
    "svg.fonttype": "path",
    "svg.hashsalt": "cx-value-report",
    "pdf.fonttype": 42,
}


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """Return the font files of the typeface: regular, then bold.

    The package is found, not imported: importing it would change matplotlib's settings.

    Raises
    ------
    ReportError
        If ``mpl-font`` is not installed or a file is gone.
    """
    spec = find_spec("mpl_font")
    folder = Path(spec.origin).parent / "fonts" / "noto" if spec and spec.origin else Path()
    files = tuple(folder / f"NotoSansCJKsc-{weight}.otf" for weight in ("Regular", "Bold"))
    if not all(file.is_file() for file in files):
        raise ReportError(
            "the typeface Noto Sans CJK SC is not there · it comes with mpl-font 1.1.0 · "
            "do: pip install mpl-font==1.1.0"
        )
    return files


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    from matplotlib.font_manager import FontEntry, fontManager

    # Names of our own: a font installed under the usual name must not stand in for the files
    # that were checked, or two machines would draw two pictures.
    for file, weight in zip(font_files(), (400, 700), strict=True):
        entry = FontEntry(fname=str(file), name=TYPEFACE, weight=weight, size="scalable")
        minus = FontEntry(
            fname=str(_minus_file(weight)), name=FAMILY[0], weight=weight, size="scalable"
        )
        fontManager.ttflist.extend([entry, minus])


def _minus_file(weight: int) -> Path:
    """Return a font of one glyph, made once in matplotlib's cache: a minus as wide as a digit.

    The Chinese typeface has a minus sign as wide as a Chinese character, which tears −.43 apart.
    """
    import matplotlib as mpl
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    file = Path(mpl.get_cachedir()) / f"report-minus-2-{weight}.ttf"
    if file.is_file():
        return file
    half = {400: 32, 700: 52}[weight]
    pen = TTGlyphPen(None)
    corners = [(45, 320 - half), (45, 320 + half), (510, 320 + half), (510, 320 - half)]
    pen.moveTo(corners[0])
    for corner in corners[1:]:
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "minus"])
    builder.setupCharacterMap({0x2212: "minus"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "minus": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (555, 0), "minus": (555, 45)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable(
        {"familyName": FAMILY[0], "styleName": "Bold" if half > 40 else "Regular"}
    )
    # matplotlib takes the line height from the first font, so this one has the typeface's.
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1160, usWinDescent=320)
    builder.setupPost()
    # Two processes may come here at once: each writes its own file, the last name wins.
    draft = file.with_suffix(f".{os.getpid()}")
    builder.save(draft)
    draft.replace(file)
    return file


@contextmanager
def figure_style(lang: str = "en") -> Iterator[None]:
    """Draw in the report's style within this context.

    Parameters
    ----------
    lang : {"en", "zh"}
        Language of the words in the figure. Both share one typeface; Chinese lines stand a
        little farther apart.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> with figure_style("zh"):
    ...     mpl.rcParams["font.family"][1]
    'Report Sans'
    """
    import matplotlib as mpl

    _register_fonts()
    with mpl.rc_context({**_RC, "axes.titlepad": 8 if lang == "zh" else 6}):
        _set_series_colours(mpl)
        yield


def _set_series_colours(mpl) -> None:
    from cycler import cycler

    mpl.rcParams["axes.prop_cycle"] = cycler(color=SERIES)


def new_axes(width: float = TEXT_WIDTH, height: float = 3.6) -> Axes:
    """Return the axes of a new figure, sized in inches, in the report's style.

    The figure belongs to pyplot, so that a notebook shows it; use within :func:`figure_style`.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(width, height))
    return axes


def diverging_colours(count: int) -> list[str]:
    """Return ``count`` colours from accent through light grey to primary (worst to best answer).

    >>> diverging_colours(3)
    ['#d55e00', '#e7e8e8', '#0072b2']
    """
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    ends = [PALETTE["accent"], "#E8E8E8", PALETTE["primary"]]
    scale = LinearSegmentedColormap.from_list("diverging", ends)
    return [to_hex(scale(k / max(count - 1, 1))) for k in range(count)]


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """Return the code points that the typeface or its fallback can draw."""
    from matplotlib import font_manager

    files = [str(font_files()[0]), font_manager.findfont("DejaVu Sans")]
    return frozenset(code for file in files for code in font_manager.get_font(file).get_charmap())


def check_glyphs(text: str) -> None:
    """Refuse a text that the typeface cannot draw.

    Raises
    ------
    ReportError
        Naming the characters and the text.

    Examples
    --------
    >>> check_glyphs("顾客满意 α = .83")
    >>> check_glyphs("fine \\U0001F9FF")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    cx_value.base.errors.ReportError: no glyph for U+1F9FF in the figure text 'fine ...
    """
    drawn = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", text)
    missing = sorted({c for c in drawn if ord(c) not in _glyphs() and not c.isspace()})
    if missing:
        codes = ", ".join(f"U+{ord(c):04X}" for c in missing)
        raise ReportError(
            f"no glyph for {codes} in the figure text {text!r} · allowed: what "
            "Noto Sans CJK SC can draw (Latin, Greek, Chinese) · do: reword the label in study.yml"
        )


def _check_figure_glyphs(figure: Figure) -> None:
    from matplotlib.text import Text as Artist

    for artist in figure.findobj(Artist):
        if artist.get_visible():
            check_glyphs(artist.get_text())


def save_figure_files(figure: Figure, stem: Path | str) -> tuple[Path, Path]:
    """Write ``stem.svg`` and ``stem.png`` (200 dpi), the same bytes on every run.

    White margins are cut, but a narrow figure keeps the full width of the text: set to that width
    in the report, every figure has type of the same size.

    Parameters
    ----------
    figure : matplotlib Figure
    stem : path without extension; its folder is made.

    Returns
    -------
    tuple of Path
        The SVG and the PNG file.

    Raises
    ------
    ReportError
        If a text needs a glyph that the typeface lacks; no file is left behind.
    """
    files = tuple(Path(f"{stem}.{extension}") for extension in ("svg", "png"))
    files[0].parent.mkdir(parents=True, exist_ok=True)
    with figure_style(), warnings.catch_warnings():
        # matplotlib only warns, and does not say in which text; the check below does.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.draw_without_rendering()
        _check_figure_glyphs(figure)
        frame = _frame(figure)
        _keep_layout(figure)
        # Dates and version numbers in a file would change its bytes and say nothing of the data.
        figure.savefig(files[0], bbox_inches=frame, metadata={"Date": None, "Creator": None})
        figure.savefig(files[1], bbox_inches=frame, metadata={"Software": None})
    return files


def _keep_layout(figure: Figure) -> None:
    """Let a figure stand as it is laid out: each file would be laid out, and so drawn, anew."""
    import matplotlib as mpl

    with mpl.rc_context({"figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)


def _frame(figure: Figure):
    """Return what is saved of a figure, in inches: all that is drawn, at least a text width."""
    from matplotlib.transforms import Bbox

    drawn = figure.get_tightbbox().padded(0.03)
    aside = max(TEXT_WIDTH - drawn.width, 0) / 2
    # Whole dots: matplotlib would round each edge for itself, and the width would be off by one.
    edges = [drawn.x0 - aside, drawn.y0, drawn.x1 + aside, drawn.y1]
    return Bbox.from_extents(*(round(200 * edge) / 200 for edge in edges))
