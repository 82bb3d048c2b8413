"""The editions of a report: one store and one set of words, arranged for different readers."""

from __future__ import annotations

from collections.abc import Sequence

from cx_value.study.spec import Study


def edition_name(edition: str) -> str:
    """Return what the folder and the files of an edition are called.

    >>> edition_name("full"), edition_name("brief")
    ('report', 'brief')
    """
    return "report" if edition == "full" else edition


def editions_of(study: Study) -> tuple[str, ...]:
    """Return the editions that a study prints: a log alone makes no thesis."""
    return tuple(e for e in study.report.editions if study.data or e != "thesis")


def formats_of(edition: str, formats: Sequence[str]) -> tuple[str, ...]:
    """Return the formats an edition is printed in: slides are slides.

    >>> formats_of("deck", ("html", "pdf")), formats_of("brief", ("html", "pdf"))
    (('pptx',), ('html', 'pdf'))
    """
    return ("pptx",) if edition == "deck" else tuple(formats)
