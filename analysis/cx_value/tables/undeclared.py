"""A table for any saved frame: heads are its columns' names made readable, kinds its contents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cx_value.base.terms import named_code
from cx_value.base.wording import Text
from cx_value.tables.cells import Column
from cx_value.tables.declared import LEVEL, TableSpec

if TYPE_CHECKING:
    import pandas as pd

#: Ends of an interval, by how their columns' names end.
_ENDS = (("ci_low", "ci_high"), ("_low", "_high"), ("ci_lower", "ci_upper"), ("low", "high"))
_P_VALUES = ("p", "pvalue", "p_value")
_SHARES = ("share", "percent", "pct", "proportion")
#: Characters of a text that take as much room as one number.
_LETTERS_A_NUMBER = 12


def undeclared_table(frame: pd.DataFrame) -> TableSpec:
    """Return how a frame without a declaration is printed.

    Two columns ``x_low x_high`` make one interval; ``<name>_zh`` is the Chinese of ``<name>``
    and no column of its own. A head found in the group ``heads`` of the terms is printed so.

    Parameters
    ----------
    frame : DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"brand_name": ["A"], "mean_gap": [-1.5], "p": [0.01]})
    >>> [(str(c.header), c.kind) for c in undeclared_table(frame).columns]
    [('Brand name', 'label'), ('Mean gap', 'number'), ('*p*', 'p')]
    """
    names = [str(name) for name in frame.columns]
    ends = _interval_ends(names)
    hidden = set(ends.values()) | {name for name in names if _translates(frame, name)}
    columns = tuple(_column(frame, name, ends) for name in names if name not in hidden)
    return TableSpec(columns=columns, undeclared=True)


def _translates(frame: pd.DataFrame, name: str) -> bool:
    """Return whether a column is the Chinese of another one; numbers have no translation."""
    from pandas.api.types import is_numeric_dtype

    return name.endswith("_zh") and name[:-3] in frame and not is_numeric_dtype(frame[name])


def tidied(name: str) -> str:
    """Return a column's name as a head.

    >>> tidied("mean_inter_item"), tidied("AVE")
    ('Mean inter item', 'AVE')
    """
    words = re.sub(r"[_\s]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def _interval_ends(names: list[str]) -> dict[str, str]:
    """Return lower → upper column of every interval."""
    found = {}
    for low, high in _ENDS:
        for name in names:
            partner = name[: -len(low)] + high
            if name.endswith(low) and partner in names:
                found.setdefault(name, partner)
    return found


def _column(frame: pd.DataFrame, name: str, ends: Mapping[str, str]) -> Column:
    if name in ends:
        return Column(source=(name, ends[name]), header=LEVEL, kind="interval", width=1.6)
    kind = _kind(frame[name], name)
    heads = {lang: named_code(name, "heads", lang) for lang in ("en", "zh")}
    head = Text(heads["en"] or tidied(name), zh=heads["zh"] or heads["en"] or tidied(name))
    width = 1.0
    if kind == "label":
        longest = max((len(str(value)) for value in frame[name]), default=1)
        width = min(max(1.0, longest / _LETTERS_A_NUMBER), 4.0)
    return Column(
        source=(name,), header=head, kind=kind, width=width, words="yes_no" if kind == "verdict"
        else "", decimals=1 if kind == "percent" or _large(frame[name], kind) else 2,
    )  # fmt: skip


def _large(values: pd.Series, kind: str) -> bool:
    """Return whether every number is of two digits or more, where one decimal tells enough."""
    return kind == "number" and bool((values.dropna().abs() >= 10).all())


def _kind(values: pd.Series, name: str) -> str:
    from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

    last = name.lower().rsplit("_", 1)[-1]
    present = values.dropna()
    if is_bool_dtype(present) and len(present):
        return "verdict"
    if not is_numeric_dtype(values):
        return "label"
    if name.lower() in _P_VALUES or last == "p":
        return "p"
    if last in _SHARES and len(present) and present.between(0, 1).all():
        return "percent"
    whole = is_integer_dtype(values) or (bool(len(present)) and bool((present % 1 == 0).all()))
    return "count" if whole else "number"
