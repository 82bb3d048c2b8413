"""What a finding rests on, where that is weak: a verdict inherits the weakest link.

:mod:`cx_value.judge.weak_links` gathers what the chapters before found wanting; every finding asks
what concerns its own constructs.
A reservation is a code with its numbers; ``report/words/<lang>/reservations.j2`` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Reservation = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservations:
    """What is weak, of the whole model and of single constructs.

    Attributes
    ----------
    of_model : tuple of mapping
        Reservations of everything that the model says.
    of_constructs : tuple of (frozenset of names, mapping)
        Reservations of findings about these constructs: of one (reliability), or of two together
        (distinctness).
    """

    of_model: tuple[Reservation, ...] = ()
    of_constructs: tuple[tuple[frozenset[str], Reservation], ...] = ()

    def about(self, *names: str) -> list[dict[str, Any]]:
        """Return what a finding about some constructs rests on.

        >>> weak = Reservations(of_constructs=((frozenset({"A"}), {"code": "reliability"}),))
        >>> weak.about("A", "B"), weak.about("B")
        ([{'code': 'reliability'}], [])
        """
        asked = set(names)
        own = [dict(told) for about, told in self.of_constructs if about <= asked]
        return [*own, *map(dict, self.of_model)]

    def codes_about(self, *names: str) -> str:
        """Return :meth:`about` as a cell of a table: codes, each once, parted by blanks.

        What concerns the whole model is one code, ``model``: it is the same in every row, and the
        sentence over the table has it in full.
        """
        return cell_of(self.about(*names))


#: Codes that speak of single constructs; all others speak of the model as a whole.
OF_CONSTRUCTS = ("reliability", "distinctness")


def cell_of(told: Iterable[Reservation]) -> str:
    """Return reservations as a cell of a table; see :meth:`Reservations.codes_about`.

    >>> cell_of([{"code": "reliability"}, {"code": "fit"}, {"code": "improper"}])
    'reliability model'
    """
    codes = (r["code"] if r["code"] in OF_CONSTRUCTS else "model" for r in told)
    return " ".join(dict.fromkeys(codes))


#: Nothing is known to be weak.
NONE = Reservations()


def all_told(lists: Iterable[Iterable[Reservation]]) -> list[dict[str, Any]]:
    """Return the reservations of several findings, each once, in order."""
    told: list[dict[str, Any]] = []
    for reservations in lists:
        told += [dict(r) for r in reservations if dict(r) not in told]
    return told
