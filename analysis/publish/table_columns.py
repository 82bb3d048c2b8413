"""Columns that many tables share, and short ways to declare the rest."""

from __future__ import annotations

from analysis.publish.table_cells import Column, TableSpec
from analysis.wording import Text


def column(kind: str, source: str, en: str, zh: str, width: float = 1.0, **more) -> Column:
    """Declare a column; ``source`` names one or more columns of the frame, parted by spaces."""
    return Column(
        source=tuple(source.split()), header=Text(en, zh=zh), kind=kind, width=width, **more
    )


def table(*columns: Column, **more) -> TableSpec:
    """Declare a table."""
    return TableSpec(columns=columns, **more)


def first(count: int):
    """Return a filter that keeps the first rows."""
    return lambda frame: frame.head(count)


def with_operator(operator: str):
    """Return a filter for a parameter table: rows of one operator, free or fixed."""
    return lambda frame: frame[frame["op"] == operator] if "op" in frame else frame


CONSTRUCT = column("label", "construct", "Construct", "构念", 2.2)
ITEM = column("code", "item", "Item", "题项", 1.1)
COUNT = column("count", "n", "*n*", "*n*", 0.8)
P_VALUE = column("p", "p", "*p*", "*p*", 0.9)
ESTIMATE = column("number", "est", "*B*", "*B*", 0.9)
STANDARD_ERROR = column("number", "se", "*SE*", "*SE*", 0.9, decimals=3)
Z_VALUE = column("number", "z", "*z*", "*z*", 0.9)
BETA = column("coef", "std_all", "β", "β", 0.8)
MEAN = column("number", "mean", "*M*", "*M*", 0.8)
SD = column("number", "sd", "*SD*", "*SD*", 0.8)
LEVEL_EN, LEVEL_ZH = "{level} CI", "{level} 置信区间"


def fit_columns(**more) -> tuple[Column, ...]:
    """Return the columns of a model's fit, by lavaan's names."""
    return (
        column("number", "chisq", "χ²", "χ²", 1.1, **more),
        column("count", "df", "*df*", "*df*", 0.7, **more),
        column("p", "pvalue", "*p*", "*p*", 1.0, **more),
        column("coef", "cfi", "CFI", "CFI", 0.8, decimals=3, **more),
        column("coef", "tli", "TLI", "TLI", 0.8, decimals=3, **more),
        column("coef", "rmsea", "RMSEA", "RMSEA", 1.0, decimals=3, **more),
        column(
            "coef_interval",
            "rmsea_ci_lower rmsea_ci_upper",
            "90% CI",
            "90% 置信区间",
            1.7,
            decimals=3,
            **more,
        ),
        column("coef", "srmr", "SRMR", "SRMR", 0.9, decimals=3, **more),
    )
