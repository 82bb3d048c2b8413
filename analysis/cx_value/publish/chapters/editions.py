"""The editions of a report: one store and one set of words, arranged for different readers."""

from __future__ import annotations


def edition_name(edition: str) -> str:
    """Return what the folder and the files of an edition are called.

    >>> edition_name("full"), edition_name("brief")
    ('report', 'brief')
    """
    return "report" if edition == "full" else edition
