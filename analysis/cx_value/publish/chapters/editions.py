"""The editions of a report: one store and one set of words, arranged for different readers."""

from __future__ import annotations

from cx_value.study.spec import Study


def edition_name(edition: str) -> str:
    """Return what the folder and the files of an edition are called.

    >>> edition_name("full"), edition_name("brief")
    ('report', 'brief')
    """
    return "report" if edition == "full" else edition


def editions_of(study: Study) -> tuple[str, ...]:
    """Return the editions that a study prints: a log alone has nothing for a supplement."""
    return tuple(e for e in study.report.editions if e != "supplement" or study.data)
