"""A log before it is read: lines chosen, amounts of price and quantity, credit notes turned."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import DataError
from cx_value.study.sources import Kept

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Transactions

#: Column of the amounts that are made here.
AMOUNT = "amount"


def prepare_log(path: Path, log: Transactions) -> tuple[object, int]:
    """Return a log as :func:`summarise_transactions` reads it, and the number of lines left out.

    Parameters
    ----------
    path
        The file.
    log
        What the study declares: ``where`` (lines kept), ``quantity`` and ``price`` (their product
        is the amount), ``invoice`` and ``credit_notes`` (returns), ``encoding``.

    Returns
    -------
    source : path or DataFrame
        The path itself where the study declares none of these.
    left_out : int
        Lines that ``where`` leaves out.

    Raises
    ------
    DataError
        Where a column is not there, or no line is left.
    """
    if not (log.where or log.price or log.credit_notes or log.encoding != "auto"):
        return path, 0
    from cx_value.study.logs import read_cells

    frame = read_cells(path, log.encoding)
    keep = np.ones(len(frame), dtype=bool)
    for column, rule in log.where.items():
        keep &= _fits(_column(frame, column, "where"), rule, log.decimal)
    if not keep.any():
        raise DataError(
            f"No line of {path.name} is kept by where: ({len(frame):,} read) · allowed: rules that "
            "some lines fit · do: look at the values of the column, or delete the rule"
        )
    chosen = frame[keep].reset_index(drop=True)
    if log.price:
        amount = _numbers(chosen, log.price, log) * _numbers(chosen, log.quantity, log)
        chosen = chosen.assign(**{amount_column(log): amount})
    if log.credit_notes and amount_column(log):
        chosen = _turned(chosen, log)
    return chosen, int((~keep).sum())


def amount_column(log: Transactions) -> str | None:
    """Return the column with the amount: declared, made here, or None of a log without money."""
    return AMOUNT if log.price else log.amount


def _column(frame: pd.DataFrame, name: str, key: str) -> pd.Series:
    if name not in frame:
        from cx_value.study.findings import list_some, suggest

        known = list(frame.columns)
        raise DataError(
            f"The log has no column {name!r}, which {key} names · allowed: {list_some(known, 12)} "
            f"· do: {suggest(name, known)}correct the name"
        )
    return frame[name]


def _numbers(frame: pd.DataFrame, name: str, log: Transactions) -> pd.Series:
    """Return the numbers of a column by the one rule for numbers; NaN where there is none."""
    return _read(_column(frame, name, "transactions"), name, log.decimal)


def _read(cells: pd.Series, name: str, decimal: str) -> pd.Series:
    """Read a column; what is no number is NaN, and counted later as lines that are dropped.

    Raises
    ------
    DataError
        Where marks leave it open what the numbers are, or they are of several currencies.
    """
    from cx_value.study.answers import REFUSALS, convert, number_reader, refusals

    if cells.dtype.kind in "fiu":
        return cells.astype(float)
    column = convert(cells, number_reader(cells, decimal=decimal))
    for reason, found in refusals(column):
        if reason != "text":
            problem, allowed, remedy = REFUSALS[reason]
            raise DataError(f"column {name} of the log holds {problem}, such as "
                            f"{found.iloc[0]!r} ({len(found):,} cells) · allowed: {allowed} · do: "
                            f"{remedy}")  # fmt: skip
    return column.numbers


def _turned(frame: pd.DataFrame, log: Transactions) -> pd.DataFrame:
    """Make the amounts of credit notes negative, whatever sign they bear in the file."""
    invoice = _column(frame, log.invoice, "invoice")
    name = amount_column(log)
    amount = _numbers(frame, name, log)
    credit = _fits(invoice, log.credit_notes)
    return frame.assign(**{name: amount.where(~credit, -amount.abs())})


def _has_ends(rule: Any) -> bool:
    return isinstance(rule, Kept) and not (rule.low is None and rule.high is None)


def _fits(cells: pd.Series, rule: Any, decimal: str = "auto") -> np.ndarray:
    """Return which cells fit a rule: values, patterns with ``*``, or :class:`Kept`."""
    import pandas as pd

    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    numbers = (
        _read(pd.Series(distinct), cells.name, decimal)
        if _has_ends(rule)
        else [np.nan] * len(distinct)
    )
    kept = [_is_kept(cell, rule, number) for cell, number in zip(distinct, numbers, strict=True)]
    return np.array(kept, dtype=bool)[codes]


def _is_kept(cell: object, rule: Any, number: float) -> bool:
    """Judge one cell, and the number that stands in it.

    >>> fees, some = Kept.model_validate({"not": ["POST", "M"]}), Kept.model_validate({"from": 1})
    >>> _is_kept("C536379", "C*", 0), _is_kept("POST", fees, 0), _is_kept("1.5", some, 1.5)
    (True, False, True)
    """
    if not isinstance(rule, Kept):
        return _is_one_of(cell, rule)
    if _is_one_of(cell, rule.but):
        return False
    above = rule.low is None or number >= rule.low
    return above and (rule.high is None or number <= rule.high)


def _is_one_of(cell: object, values: Any) -> bool:
    from cx_value.study.answers import clean

    said = clean(cell).casefold()
    listed = values if isinstance(values, list | tuple) else [values]
    return any(fnmatch.fnmatchcase(said, clean(value).casefold()) for value in listed)
