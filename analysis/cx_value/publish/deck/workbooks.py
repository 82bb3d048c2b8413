"""Data of native charts: their workbooks hold the labels as text, never as formulas or links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.xlsx import CategoryWorkbookWriter, XyWorkbookWriter
from xlsxwriter import Workbook

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def printable(text: str) -> str:
    r"""Return a text without the characters that XML cannot hold.

    >>> printable("a\x00b")
    'ab'
    """
    return _CONTROLS.sub("", text)


@contextmanager
def _open_as_text(_: Any, file: Any) -> Iterator[tuple[Any, Any]]:
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, plain) as workbook:
        yield workbook, workbook.add_worksheet()


class _CategoryText(CategoryWorkbookWriter):
    _open_worksheet = _open_as_text


class _PointText(XyWorkbookWriter):
    _open_worksheet = _open_as_text


class CategoryData(CategoryChartData):
    """Series over categories."""

    _workbook_writer = property(_CategoryText)


class PointData(XyChartData):
    """Points of two coordinates."""

    _workbook_writer = property(_PointText)
