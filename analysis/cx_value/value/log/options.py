"""Options of the customer summary: what may be asked for."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np

from cx_value.base.errors import DataError

Unit = Literal["day", "week", "month", "year"]
UNITS: dict[str, float] = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


def check_options(
    unit: str, zero_amounts: str, duplicates: str, returns: str, time_zone: str
) -> None:
    """Refuse a choice that does not exist."""
    for name, value, allowed in (
        ("unit", unit, tuple(UNITS)),
        ("zero_amounts", zero_amounts, ("keep", "drop")),
        ("duplicates", duplicates, ("keep", "drop")),
        ("returns", returns, ("net", "drop")),
    ):
        if value not in allowed:
            raise DataError(f"{name} is {value!r} · allowed: {', '.join(allowed)} · do: choose one")
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise DataError(
            f"time_zone is {time_zone!r} · allowed: a name such as 'Asia/Shanghai' · do: mend it"
        ) from error


def wanted_columns(customer, date, amount, cost, margin, currency) -> dict[str, str]:
    """Return the columns wanted by role."""
    if cost is not None and margin is not None:
        raise DataError(
            f"cost={cost!r} and margin={margin!r} are both named · allowed: one of them, for "
            "either gives the other · do: leave one out"
        )
    named = {
        "customer": customer, "date": date, "amount": amount, "cost": cost, "margin": margin,
        "currency": currency,
    }  # fmt: skip
    return {role: name for role, name in named.items() if name is not None}


def checked_rates(rates, currency: str | None) -> dict[str, float] | None:
    """Return rates by upper-case code, refusing what is no rate."""
    if rates is None:
        return None
    if currency is None:
        raise DataError(
            "rates are given but no currency column · allowed: both, or neither · do: name the "
            "column of currency codes"
        )
    found = {str(code).strip().upper(): float(rate) for code, rate in rates.items()}
    wrong = [code for code, rate in found.items() if not (np.isfinite(rate) and rate > 0)]
    if wrong or not found:
        raise DataError(
            f"The rate of {', '.join(wrong) or 'no currency'} is not positive · allowed: what one "
            "unit is worth, above 0 · do: mend rates"
        )
    return found


def as_date(value: object, name: str) -> dt.date | None:
    """Return a date, refusing what is none."""
    import pandas as pd

    if value is None:
        return None
    stamp = pd.to_datetime(value, errors="coerce")
    if pd.isna(stamp):
        raise DataError(f"{name} is {value!r} · allowed: a date such as '2026-06-30' · do: mend it")
    return stamp.date()
