"""Every table of the report: which columns of a result it prints, under which headings.

The key is the name the chapters use (``<< table("reliability", …) >>``); the columns are those of
the result's ``table()``. To print another column, add a line to the table's entry.
"""

from __future__ import annotations

from cx_value.publish.tables.cells import TableSpec
from cx_value.publish.tables.specs_measure import FACTORS, MEASUREMENT, RELIABILITY
from cx_value.publish.tables.specs_sample import DECLARED, SAMPLE
from cx_value.publish.tables.specs_structure import STRUCTURE
from cx_value.publish.tables.specs_value import VALUE

#: Table name → how it is printed.
TABLES: dict[str, TableSpec] = {
    **DECLARED,
    **SAMPLE,
    **RELIABILITY,
    **FACTORS,
    **MEASUREMENT,
    **STRUCTURE,
    **VALUE,
}
