"""What a check found: faults that stop a study, and warnings that do not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cx_value.base.errors import Fault, FaultsError


@dataclass(frozen=True, slots=True)
class Finding(Fault):
    """One thing a check found, with its weight.

    ``severity`` is ``"error"`` (nothing is computed until it is mended) or ``"warning"`` (the
    study runs; the report says so). ``kind`` is a stable short name of the rule that was broken.
    """

    severity: Literal["error", "warning"] = "error"
    kind: str = ""


def raise_errors(findings: Iterable[Finding]) -> None:
    """Raise one :class:`~cx_value.base.errors.FaultsError` with all errors, if there are any."""
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise FaultsError(errors)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like a given one, or None when nothing is near.

    >>> nearest("constucts", ["title", "constructs"])
    'constructs'
    """
    lower = {str(candidate).casefold(): str(candidate) for candidate in known}
    matches = difflib.get_close_matches(str(name).casefold(), lower, n=1, cutoff=0.6)
    return lower[matches[0]] if matches else None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for a mistyped name, or an empty string."""
    match = nearest(name, known)
    return f"did you mean {match!r}? " if match else ""


def list_some(values: Sequence[object], limit: int = 8) -> str:
    """Write the first few of many values, and how many more there are.

    >>> list_some([1, 2, 3], limit=2)
    '1, 2 and 1 more'
    """
    shown = ", ".join(str(value) for value in values[:limit])
    rest = len(values) - limit
    return shown if rest <= 0 else f"{shown} and {rest} more"


def list_rows(rows: Sequence[int], limit: int = 8) -> str:
    """Name data rows (the first row below the header is row 1).

    >>> list_rows([4]), list_rows([4, 7])
    ('row 4', 'rows 4, 7')
    """
    noun = "row" if len(rows) == 1 else "rows"
    return f"{noun} {list_some([int(row) for row in rows], limit)}"
