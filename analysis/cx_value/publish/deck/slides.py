"""Draws single slides: a title that says something, and text, a table or a native chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from cx_value.base.style import SERIES

LATIN, CHINESE = "Arial", "微软雅黑"
WIDE, HIGH = 13.333, 7.5  # inches, 16:9
_BODY = (0.7, 1.55, WIDE - 1.4, HIGH - 2.35)


class Deck:
    """A presentation in the making.

    Parameters
    ----------
    lang : {"en", "zh"}
    title : str
        Stands in the foot of every slide and in the document's properties.
    authors : str
        Stand in the document's properties.
    """

    def __init__(self, lang: str, title: str, authors: str = "") -> None:
        from pptx import Presentation
        from pptx.util import Inches

        self.file = Presentation()
        self.file.slide_width, self.file.slide_height = Inches(WIDE), Inches(HIGH)
        self.lang, self.title = lang, title
        self._describe(authors)

    def _describe(self, authors: str) -> None:
        """Write the document's properties, and take out what the template brings of its own."""
        core, part = self.file.core_properties, self.file.part
        core.title, core.language, core.author = self.title[:255], self.lang, authors[:255]
        core.last_modified_by, core.comments = authors[:255], ""
        core.created = core.modified = datetime.combine(date.today(), time())
        for key, link in list(part.rels.items()):
            if link.reltype.endswith("/printerSettings"):
                part.rels.pop(key)

    def cover(self, subtitle: str, line: str) -> None:
        """Add the first slide."""
        slide = self._slide("")
        self._write(slide, (0.9, 2.4, WIDE - 1.8, 1.6), [self.title], size=36, bold=True)
        below = [text for text in (subtitle, line) if text]
        self._write(slide, (0.9, 4.1, WIDE - 1.8, 1.5), below, size=18, colour="5B6472")

    def points(self, title: str, points: Sequence[str]) -> None:
        """Add a slide of sentences."""
        slide = self._slide(title)
        size = 20 if sum(map(len, points)) < (260 if self.lang == "zh" else 700) else 15
        self._write(slide, _BODY, points, size=size, bullets=True)

    def table(self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a slide with one table."""
        from pptx.util import Inches

        slide = self._slide(title)
        left, top, width, _ = _BODY
        shape = slide.shapes.add_table(
            len(rows) + 1, len(heads), Inches(left), Inches(top), Inches(width),
            Inches(0.4 * (len(rows) + 1)),
        )  # fmt: skip
        for column, head in enumerate(heads):
            self._cell(shape.table.cell(0, column), head, bold=True)
        for number, row in enumerate(rows, 1):
            for column, text in enumerate(row):
                self._cell(shape.table.cell(number, column), text)

    def chart(
        self, title: str, kind: str, names: Sequence[str], series: Mapping[str, Sequence[Any]],
        *, say: str = "", decimals: int = 1, percent: bool = False,
    ) -> None:  # fmt: skip
        """Add a slide with a native chart of categories: ``bar``, ``column`` or ``line``."""
        from pptx.enum.chart import XL_CHART_TYPE as KINDS

        from cx_value.publish.deck.workbooks import CategoryData, printable

        data = CategoryData(number_format="0%" if percent else f"0.{'0' * decimals}")
        data.categories = [printable(name) for name in names]
        for name, values in series.items():
            data.add_series(printable(name), [None if v != v else float(v) for v in values])
        kinds = {"bar": KINDS.BAR_CLUSTERED, "column": KINDS.COLUMN_CLUSTERED,
                 "line": KINDS.LINE_MARKERS}  # fmt: skip
        chart = self._chart(title, kinds[kind], data, say)
        plot = chart.plots[0]
        plot.has_data_labels = kind != "line"
        chart.has_title = False
        chart.has_legend = len(series) > 1
        self._axis(chart.value_axis, "" if len(series) > 1 else next(iter(series)))
        chart.value_axis.tick_labels.number_format = data.number_format if percent else "0"
        chart.value_axis.tick_labels.number_format_is_linked = False
        _name_every_category(chart)
        if kind == "bar":
            chart.category_axis.reverse_order = True
        if kind != "line":
            chart.value_axis.minimum_scale = 0  # a bar that begins elsewhere exaggerates
            plot.gap_width = 60
            self._size(plot.data_labels.font, 11)

    def scatter(
        self, title: str, points: Mapping[str, tuple[float, float]], axes: tuple[str, str],
        *, say: str = "",
    ) -> None:  # fmt: skip
        """Add a slide with a native scatter chart; every point bears its name."""
        from pptx.enum.chart import XL_CHART_TYPE as KINDS
        from pptx.enum.chart import XL_LABEL_POSITION as PLACES

        from cx_value.publish.deck.workbooks import PointData, printable

        data = PointData(number_format="0.00")
        series = data.add_series(printable(self.title))
        for x, y in points.values():
            series.add_data_point(float(x), float(y))
        chart = self._chart(title, KINDS.XY_SCATTER, data, say)
        chart.has_legend = chart.has_title = False
        drawn = chart.plots[0].series[0]
        drawn.format.line.fill.background()
        for number, name in enumerate(points):
            label = drawn.points[number].data_label
            label.has_text_frame = True
            label.text_frame.text = name
            label.position = PLACES.RIGHT
            self._dress(label.text_frame, 11)
        for axis, name in zip((chart.category_axis, chart.value_axis), axes, strict=True):
            self._axis(axis, name)

    # parts of a slide
    def _slide(self, title: str) -> Any:
        slide = self.file.slides.add_slide(self.file.slide_layouts[5 if title else 6])
        if title:
            from pptx.enum.text import PP_ALIGN
            from pptx.util import Inches

            box = slide.shapes.title
            box.left, box.top = Inches(0.7), Inches(0.45)
            box.width, box.height = Inches(WIDE - 1.4), Inches(0.95)
            box.text_frame.text = title
            box.text_frame.word_wrap = True
            box.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
            self._dress(box.text_frame, 26, bold=True, colour="1D4E79")
            self._write(slide, (0.7, HIGH - 0.5, WIDE - 1.4, 0.35), [self.title], size=9,
                        colour="5B6472")  # fmt: skip
        return slide

    def _chart(self, title: str, kind: Any, data: Any, say: str) -> Any:
        from pptx.dml.color import RGBColor
        from pptx.util import Inches

        slide = self._slide(title)
        left, top, width, height = _BODY
        if say:
            self._write(slide, (left, top, width, 0.8), [say], size=14)
            top, height = top + 0.85, height - 0.85
        frame = slide.shapes.add_chart(
            kind, Inches(left), Inches(top), Inches(width), Inches(height), data
        )
        chart = frame.chart
        _number_axes(chart)
        self._size(chart.font, 12)
        for series, colour in zip(chart.plots[0].series, SERIES, strict=False):
            fill = series.format.fill
            fill.solid()
            fill.fore_color.rgb = RGBColor.from_string(colour.lstrip("#").upper())
        return chart

    def _axis(self, axis: Any, name: str) -> None:
        from pptx.dml.color import RGBColor

        if axis.has_major_gridlines:
            axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("D9D9D9")
        axis.has_title = bool(name)
        if name:
            axis.axis_title.text_frame.text = name
            self._dress(axis.axis_title.text_frame, 12)

    def _write(
        self, slide: Any, place: tuple[float, float, float, float], lines: Sequence[str],
        *, size: float, bold: bool = False, colour: str = "1F2A37", bullets: bool = False,
    ) -> None:  # fmt: skip
        from pptx.util import Inches, Pt

        frame = slide.shapes.add_textbox(*(Inches(value) for value in place)).text_frame
        frame.word_wrap = True
        for number, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if not number else frame.add_paragraph()
            paragraph.text = f"• {line}" if bullets else line
            paragraph.space_after = Pt(8 if bullets else 2)
        self._dress(frame, size, bold=bold, colour=colour)

    def _cell(self, cell: Any, text: str, *, bold: bool = False) -> None:
        from pptx.dml.color import RGBColor

        cell.text_frame.text = text
        cell.fill.solid()
        cell.fill.fore_color.rgb = RGBColor.from_string("1D4E79" if bold else "F6F8FA")
        self._dress(cell.text_frame, 13, bold=bold, colour="FFFFFF" if bold else "1F2A37")

    def _dress(self, frame: Any, size: float, *, bold: bool = False, colour: str = "1F2A37"):
        from pptx.dml.color import RGBColor

        for run in (run for paragraph in frame.paragraphs for run in paragraph.runs):
            self._size(run.font, size)
            run.font.bold = bold
            run.font.color.rgb = RGBColor.from_string(colour)
            run._r.get_or_add_rPr().set("lang", "zh-CN" if self.lang == "zh" else "en-GB")

    def _size(self, font: Any, size: float) -> None:
        from pptx.util import Pt

        font.size = Pt(size)
        font.name = CHINESE if self.lang == "zh" else LATIN


def _number_axes(chart: Any) -> None:
    """Number the axes from 0 on, as the schema wants them: the library's numbers are negative."""
    for element in chart._chartSpace.iter():
        if str(element.tag).endswith(("}axId", "}crossAx")):
            element.set("val", str(int(element.get("val")) & 0x7FFFFFFF))


def _name_every_category(chart: Any) -> None:
    """Ask for the name of each category: where they stand close, programs print every second."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    skip = parse_xml(f'<c:tickLblSkip {nsdecls("c")} val="1"/>')
    axis = chart.category_axis._element
    for later in ("c:tickMarkSkip", "c:noMultiLvlLbl"):  # the schema wants it before these
        found = axis.find(later, axis.nsmap)
        if found is not None:
            found.addprevious(skip)
            return
    axis.append(skip)
