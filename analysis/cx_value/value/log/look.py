"""A first look at a log: what its columns as a whole say about how single cells are to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cx_value.value.log.amounts import find_shapes, settle_format
from cx_value.value.log.cleaning import Reading, currency_code, plain_id, settle_currency

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERS = ("amount", "cost", "margin", "quantity")


@dataclass(frozen=True, slots=True)
class IdLengths:
    """Lengths of the customer numbers that are digits alone, and whether one begins with 0."""

    shortest: int = 10**6
    longest: int = 0
    leading_zero: bool = False

    def __or__(self, other: IdLengths) -> IdLengths:
        return IdLengths(
            min(self.shortest, other.shortest),
            max(self.longest, other.longest),
            self.leading_zero or other.leading_zero,
        )

    @property
    def uneven(self) -> bool:
        """True where 4 and 00004 may be one customer: zeros lead, and not to one length."""
        return self.leading_zero and self.shortest < self.longest


@dataclass(frozen=True, slots=True)
class Look:
    """What one part of a log shows.

    Attributes
    ----------
    ids : IdLengths
    shapes : mapping of str to set of str
        By column of numbers, how they are written (:func:`find_shapes`).
    currencies : mapping of str to int
        Rows of each currency.
    file_decimal : str or None
        "." where the cells of the file are parted by commas.
    """

    ids: IdLengths = IdLengths()
    shapes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    currencies: Mapping[str, int] = field(default_factory=dict)
    file_decimal: str | None = None


def look_at(connection, file_decimal: str | None) -> Look:
    """Look at the relation ``raw``."""
    kinds = {row[0]: row[1] for row in connection.execute("DESCRIBE raw").fetchall()}
    texts = [name for name in _NUMBERS if kinds.get(name) == "VARCHAR"]
    return Look(
        ids=_id_lengths(connection) if kinds["customer"] == "VARCHAR" else IdLengths(),
        shapes={name: find_shapes(connection, name, file_decimal) for name in texts},
        currencies=_count_currencies(connection) if "currency" in kinds else {},
        file_decimal=file_decimal,
    )


def _id_lengths(connection) -> IdLengths:
    found = connection.execute(
        f"""SELECT min(length(id)), max(length(id)), bool_or(id LIKE '0%' AND length(id) > 1)
        FROM (SELECT {plain_id("customer")} AS id FROM raw) WHERE regexp_full_match(id, '[0-9]+')"""
    ).fetchall()[0]
    return IdLengths(*found) if found[0] is not None else IdLengths()


def _count_currencies(connection) -> dict[str, int]:
    found = connection.execute(
        f"SELECT {currency_code()} AS code, count(*) FROM raw WHERE code IS NOT NULL GROUP BY code"
    )
    return dict(found.fetchall())


def settle_reading(reading: Reading, looks: Iterable[Look]) -> tuple[Reading, str]:
    """Complete how a log is read by what all its parts show; return it with the currency.

    Raises
    ------
    DataError
        If there are several currencies and no rates, or one without a rate.
    """
    looks = list(looks)
    ids, counts = IdLengths(), Counter()
    for look in looks:
        ids |= look.ids
        counts.update(look.currencies)
    file_decimal = looks[0].file_decimal if len({x.file_decimal for x in looks}) == 1 else None
    formats = {}
    for name in {name for look in looks for name in look.shapes}:
        shapes = frozenset().union(*(look.shapes.get(name, ()) for look in looks))
        formats[name] = settle_format(name, shapes, reading.decimal, file_decimal)
    currency = settle_currency(counts, reading.rates) if counts else ""
    return replace(reading, strip_zeros=ids.uneven, formats=formats), currency
