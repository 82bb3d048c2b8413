"""Cohorts counted while the log goes by: whole customers at a time, nothing kept but the counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from cx_value.value.log.days import DAY_ZERO

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["unit", "cohort", "period", "customers"]
_WIDEST = 4000  # periods up to which a square of counts is filled


def period_codes(day: np.ndarray) -> dict[str, np.ndarray]:
    """Return the number of each day's week (from Monday), month, quarter and year.

    ``DAY_ZERO`` is a Monday and a first of January.

    >>> {unit: code.tolist() for unit, code in period_codes(np.array([6, 7, 59])).items()}
    {'W': [0, 1, 8], 'M': [0, 0, 2], 'Q': [0, 0, 0], 'Y': [0, 0, 0]}
    """
    start = np.datetime64(DAY_ZERO, "M")
    date = np.datetime64(DAY_ZERO, "D") + day.astype("timedelta64[D]")
    month = (date.astype("datetime64[M]") - start).astype(np.int64)
    return {"W": np.asarray(day, dtype=np.int64) // 7, "M": month, "Q": month // 3,
            "Y": month // 12}  # fmt: skip


def count_members(customer: np.ndarray, day: np.ndarray) -> pd.DataFrame:
    """Count who bought in which period, by the period of the first purchase.

    Parameters
    ----------
    customer, day : ndarray
        One entry a purchase day of whole customers, sorted by both.

    Returns
    -------
    DataFrame
        ``unit cohort period customers``: numbers as in :func:`period_codes`.

    Examples
    --------
    >>> found = count_members(np.array([1, 1, 2]), np.array([0, 31, 3]))
    >>> found[found.unit == "M"][["cohort", "period", "customers"]].to_numpy().tolist()
    [[0, 0, 2], [0, 1, 1]]
    """
    import pandas as pd

    new = np.ones(len(day), dtype=bool)
    new[1:] = customer[1:] != customer[:-1]
    owner, frames = np.cumsum(new) - 1, []
    for unit, code in period_codes(day).items():
        fresh = new.copy()
        fresh[1:] |= code[1:] != code[:-1]
        cohort, period = code[new][owner[fresh]], code[fresh]
        frames.append(_pairs(cohort, period).assign(unit=unit))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def _pairs(cohort: np.ndarray, period: np.ndarray) -> pd.DataFrame:
    """Count equal pairs; linear in the purchases where the periods are few."""
    import pandas as pd

    if len(cohort) == 0:
        return pd.DataFrame({name: np.empty(0, np.int64) for name in COLUMNS[1:]})
    base = int(cohort.min())
    width = int(period.max()) - base + 1
    key = (cohort - base) * width + (period - base)
    if width <= _WIDEST:
        counts = np.bincount(key)
        at = np.flatnonzero(counts)
        counts = counts[at]
    else:
        at, counts = np.unique(key, return_counts=True)
    return pd.DataFrame({"cohort": at // width + base, "period": at % width + base,
                         "customers": counts})  # fmt: skip


def add_members(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up the counts of parts that hold different customers."""
    import pandas as pd

    frames = [part for part in parts if len(part)]
    if not frames:
        return pd.DataFrame({name: np.empty(0, np.int64) for name in COLUMNS})
    together = pd.concat(frames, ignore_index=True)
    return together.groupby(COLUMNS[:3], as_index=False, sort=True)["customers"].sum()


def cohort_counts(members: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return ``cohort step active size``, periods without a purchase among them.

    ``cohort`` is the first day of its period. The same as
    :func:`cx_value.value.metrics.cohorts.count_cohorts` finds in the purchases themselves.
    """
    import pandas as pd

    own = members[members["unit"] == unit]
    size = own[own["period"] == own["cohort"]].set_index("cohort")["customers"]
    last = int(own["period"].max()) if len(own) else 0
    steps = pd.DataFrame([(c, k) for c in sorted(size.index) for k in range(1, last - c + 1)],
                         columns=["cohort", "step"], dtype="int64")  # fmt: skip
    seen = own.assign(step=own["period"] - own["cohort"]).rename(columns={"customers": "active"})
    found = steps.merge(seen[["cohort", "step", "active"]], on=["cohort", "step"], how="left")
    found["active"] = found["active"].fillna(0).astype("int64")
    found["size"] = found["cohort"].map(size)
    return found.assign(cohort=_first_days(found["cohort"].to_numpy(dtype=np.int64), unit))


def _first_days(code: np.ndarray, unit: str) -> np.ndarray:
    if unit == "W":
        start = np.datetime64(DAY_ZERO, "D") + (7 * code).astype("timedelta64[D]")
    else:
        months = code * {"M": 1, "Q": 3, "Y": 12}[unit]
        start = np.datetime64(DAY_ZERO, "M") + months.astype("timedelta64[M]")
    return start.astype("datetime64[us]")
