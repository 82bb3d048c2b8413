"""How the dates of a column are written."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from cx_value.study.answers import clean

if TYPE_CHECKING:
    import pandas as pd

_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y",
         "%d.%m.%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y",
         "%B %d, %Y")  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_YEAR_FIRST = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?([ T].*)?|\d{8}")
#: Cells tried.
TRIED = 300


def date_share(given: pd.Series) -> float:
    """Return the share of cells that are dates in any writing.

    >>> import pandas as pd
    >>> date_share(pd.Series(["2026-01-05 10:00:00 +0100", "5 Jan 2026", "12"])).__round__(2)
    0.67
    """
    sample = given.drop_duplicates().head(TRIED)
    year_first = sample.str.fullmatch(_YEAR_FIRST)
    if year_first.all():
        return 1.0
    rest = sample[~year_first]
    best = max((_read_share(rest, form) for form in _formats()), default=0.0)
    return float((year_first.sum() + best * len(rest)) / len(sample))


def find_date_format(cells: pd.Series) -> tuple[str | None, bool]:
    """Return the format of dates that are not year-first, and whether two formats fit.

    >>> import pandas as pd
    >>> find_date_format(pd.Series(["01/31/26", "02/01/26"]))
    ('%m/%d/%y', False)
    >>> find_date_format(pd.Series(["2026-01-31"]))
    (None, False)
    """
    given = cells.map(clean)
    given = given[given != ""].drop_duplicates()
    if given.str.fullmatch(_YEAR_FIRST).mean() > 0.5:
        return None, False
    sample = given.head(TRIED)
    fitting = [form for form in _formats() if _read_share(sample, form) > 0.99]
    fitting = [form for form in fitting if _read_share(given, form) > 0.99]
    return (fitting[0] if fitting else None), len(fitting) > 1


def _formats() -> list[str]:
    return [day + time for day, time in itertools.product(_DAYS, _TIMES)]


def _read_share(texts: pd.Series, form: str) -> float:
    import pandas as pd

    if texts.empty:
        return 0.0
    first = pd.to_datetime(texts.head(3), format=form, errors="coerce").notna()
    if not first.any():
        return 0.0
    return float(pd.to_datetime(texts, format=form, errors="coerce").notna().mean())
