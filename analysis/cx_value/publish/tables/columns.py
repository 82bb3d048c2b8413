"""Columns that many tables share, and short ways to declare the rest."""

from __future__ import annotations

from cx_value.base.wording import Text
from cx_value.publish.tables.cells import Column, TableSpec


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


def mediation(frame):
    """Keep the effects of pairs that an indirect effect joins, each number once.

    A total indirect effect repeats its only route, a total effect without a direct path the total
    indirect one.
    """
    kinds = ("specific_indirect", "total_indirect", "direct", "total")
    parts = []
    for _, pair in frame.groupby(["source", "target"], sort=False):
        count = pair["kind"].value_counts()
        routes = count.get("specific_indirect", 0)
        if routes:
            wanted = {"specific_indirect"} | ({"total_indirect"} if routes > 1 else set())
            wanted |= {"direct", "total"} if count.get("direct", 0) else set()
            parts.append(pair[pair["kind"].isin(wanted)])
    rows = [part[part["kind"] == kind] for part in parts for kind in kinds]
    return type(frame)(
        [record for part in rows for record in part.to_dict("records")], columns=frame.columns
    )


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
YES_NO = {"true": Text("yes", zh="是"), "false": Text("no", zh="否")}
LEVEL_EN, LEVEL_ZH = "{level} CI", "{level} 置信区间"


def fit_columns(*, with_p: bool = True) -> tuple[Column, ...]:
    """Return the columns of a model's fit, by lavaan's names."""
    ends = "rmsea_ci_lower rmsea_ci_upper"
    return (
        column("number", "chisq", "χ²", "χ²", 1.1),
        column("count", "df", "*df*", "*df*", 0.7),
        *([column("p", "pvalue", "*p*", "*p*", 1.0)] if with_p else []),
        column("coef", "cfi", "CFI", "CFI", 0.8, decimals=3),
        column("coef", "tli", "TLI", "TLI", 0.8, decimals=3),
        column("coef", "rmsea", "RMSEA", "RMSEA", 1.0, decimals=3),
        column("coef_interval", ends, "90% CI", "90% 置信区间", 1.7, decimals=3),
        column("coef", "srmr", "SRMR", "SRMR", 0.9, decimals=3),
    )
