"""What a service log says: complaints, first-contact resolution, time to resolve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError
from cx_value.value.metrics.core import Metric, as_metric, service_efficiency, share_row
from cx_value.value.purchase.intervals import wilson_interval

if TYPE_CHECKING:
    import pandas as pd


def summarise_service(
    cases: pd.DataFrame,
    *,
    customer: str,
    minutes: str | None = None,
    first_contact: str | None = None,
    complaint: str | None = None,
    channel: str | None = None,
    target_minutes: float | None = None,
    base_customers: int | None = None,
    confidence: float = 0.95,
) -> Metric:
    """Summarise a service log, in all and by channel.

    Parameters
    ----------
    cases : pandas.DataFrame
        One row a service case.
    customer : str
        Column of the customer; cases of one customer are not taken as independent.
    minutes : str, optional
        Column of the minutes to resolve; missing ones count as unresolved.
    first_contact, complaint : str, optional
        Columns of yes or no (1/0, true/false, yes/no, 是/否); rows without an answer are left out.
    channel : str, optional
        Column to part by, beside the whole.
    target_minutes : float, optional
        Needed with ``minutes``.
    base_customers : int, optional
        Customers in all, served or not. With it, the share of customers who complained at least
        once is told too (group ``customers``).

    Returns
    -------
    Metric
        ``complaint_rate first_contact_rate service_within_target service_time_median``; ``group``
        is "" for all, else the channel.

    Raises
    ------
    DataError
        If a column is missing, an answer is neither yes nor no, or there is no case.

    Notes
    -----
    A share of cases is a ratio of two sums over customers; its standard error is that of a ratio
    estimate (Cochran 1977, Sampling Techniques, eq. 2.39). The interval is Wilson's with the
    number of cases divided by the design effect, where that is above 1 (Korn, E. L., & Graubard,
    B. I., 1998, Survey Methodology 24, 193–201, who do so with Clopper and Pearson's).

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"who": [1, 1, 2, 3], "grumble": [1, 0, 0, 1]})
    >>> found = summarise_service(log, customer="who", complaint="grumble", base_customers=10)
    >>> found.table()[["group", "estimate"]].values.tolist()
    [['', 0.5], ['customers', 0.2]]
    """
    import pandas as pd

    named = [c for c in (customer, minutes, first_contact, complaint, channel) if c is not None]
    _check(cases, named, minutes, target_minutes)
    known = cases[cases[customer].notna()]
    rows = []
    for group, own in _groups(known, channel):
        for metric, column in (
            ("complaint_rate", complaint),
            ("first_contact_rate", first_contact),
        ):
            if column is not None:
                rows += _share_of_cases(metric, own, customer, column, confidence, group)
        if minutes is not None:
            times = pd.to_numeric(own[minutes], errors="coerce")
            told = service_efficiency(times, target=target_minutes, confidence=confidence).table()
            rows += told.assign(group=group).to_dict("records")
    if complaint is not None and base_customers is not None:
        rows.append(_complaining(known, customer, complaint, base_customers, confidence))
    return as_metric(
        rows,
        "service",
        confidence,
        n_used=len(known),
        n_dropped=len(cases) - len(known),
    )


def _check(cases: pd.DataFrame, named: list[str], minutes, target_minutes) -> None:
    missing = [name for name in named if name not in cases]
    if missing or len(cases) == 0:
        raise DataError(
            f"The service log lacks {', '.join(missing) or 'rows'} · allowed: one row a case, "
            f"columns of {list(cases.columns)} · do: name the columns as the log has them"
        )
    if minutes is not None and not (target_minutes is not None and target_minutes > 0):
        raise DataError(
            f"target_minutes is {target_minutes} · allowed: above 0 · do: give the time within "
            "which a case should be resolved"
        )


def _groups(cases: pd.DataFrame, channel: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "", cases
    if channel is not None:
        for name, own in cases.groupby(channel, sort=True):
            yield str(name), own


_YES, _NO = ("1", "1.0", "true", "yes", "y", "是"), ("0", "0.0", "false", "no", "n", "否")


def read_yes_no(column: pd.Series) -> pd.Series:
    """Return 1, 0 or NaN for yes, no and no answer, refusing anything else."""
    words = column.dropna().astype(str).str.strip().str.lower()
    words = words[words != ""]
    odd = words[~words.isin([*_YES, *_NO])]
    if len(odd):
        raise DataError(
            f"{len(odd)} answers in {column.name!r} are neither yes nor no, such as "
            f"{odd.iloc[0]!r} · allowed: 1/0, true/false, yes/no, 是/否 · do: recode them"
        )
    return words.isin(_YES).astype(float).reindex(column.index)


def _share_of_cases(metric: str, cases, customer: str, column: str, confidence: float, group: str):
    """Return one row: a share of cases, with the error that repeated customers leave."""
    answer = read_yes_no(cases[column]).dropna()
    if len(answer) == 0:
        return []
    by_customer = answer.groupby(cases.loc[answer.index, customer]).agg(["sum", "count"])
    yes, n = (by_customer[name].to_numpy(dtype=float) for name in ("sum", "count"))
    share, m = yes.sum() / n.sum(), len(n)
    residual = yes - share * n
    error = float(np.sqrt(residual @ residual / (m * max(m - 1, 1))) / n.mean())
    plain = share * (1 - share) / n.sum()
    effect = max(1.0, error**2 / plain) if plain > 0 else n.sum() / m
    size = n.sum() / effect
    low, high = wilson_interval(share * size, size, confidence)
    return [
        {
            "metric": metric, "group": group, "estimate": share, "std_error": error,
            "ci_low": float(low), "ci_high": float(high), "n": int(n.sum()),
        }
    ]  # fmt: skip


def _complaining(cases, customer: str, complaint: str, base: int, confidence: float) -> dict:
    """Return the share of all customers who complained at least once."""
    ever = read_yes_no(cases[complaint]).groupby(cases[customer]).max()
    if len(ever) > base:
        raise DataError(
            f"{len(ever)} customers have a case, but base_customers is {base} · allowed: at least "
            "as many customers as the log has · do: count all customers, served or not"
        )
    return share_row("complaint_rate", int((ever > 0).sum()), base, confidence, "customers")
