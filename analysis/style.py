"""How every figure looks: one typeface for both languages, few colours, files that never change.

All figures are made for a text column 6.3 inches wide (A4 with 25 mm margins), so type is the same
size in the report as here. The typeface comes as files of the package ``mpl-font`` (Noto Sans CJK
SC, SIL Open Font License): no font needs to be installed on the machine.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import ReportError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_WIDTH = 6.3
TYPEFACE = "Report Sans"
FAMILY = [TYPEFACE, "DejaVu Sans"]
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
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.03,
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

    # A name of our own: a font installed under the usual name must not stand in for the files
    # that were checked, or two machines would draw two pictures.
    for file, weight in zip(font_files(), (400, 700), strict=True):
        entry = FontEntry(fname=str(file), name=TYPEFACE, weight=weight, size="scalable")
        fontManager.ttflist.append(entry)


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
    ...     mpl.rcParams["font.family"][0]
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
    analysis.errors.ReportError: no glyph for U+1F9FF in the figure text 'fine ...
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
        # Dates and version numbers in a file would change its bytes and say nothing of the data.
        figure.savefig(files[0], metadata={"Date": None, "Creator": None})
        figure.savefig(files[1], metadata={"Software": None})
    return files
