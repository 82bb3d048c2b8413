"""Choose the renderer: Quarto where it is on PATH, the embedded one elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cx_value.base.errors import ReportError


def render_project(
    project: Path, formats: Sequence[str], *, renderer: str = "auto"
) -> dict[str, Path]:
    """Render a written report project and return format → file.

    Raises
    ------
    ReportError
        If Quarto is asked for and not found, or the gate finds something missing.
    """
    from cx_value.publish.rendering.embedded import render_embedded
    from cx_value.publish.rendering.quarto import render_quarto, usable_quarto

    if renderer == "quarto":
        require_quarto()
    quarto = usable_quarto()[0] if renderer != "embedded" else None
    if quarto is None:
        return render_embedded(project, formats)
    paged = [form for form in formats if form != "docx"]
    made = render_quarto(project, paged) if paged else {}
    word = [form for form in formats if form == "docx"]
    return made | (render_embedded(project, word) if word else {})


def renderer_of(renderer: str) -> str:
    """Return who renders, as a report names it: ``embedded``, or Quarto with its version."""
    from cx_value.publish.rendering.quarto import quarto_version, usable_quarto

    quarto = usable_quarto()[0] if renderer != "embedded" else None
    if quarto is None:
        return "embedded"
    return "Quarto " + ".".join(map(str, quarto_version(quarto)))


def passed_over(renderer: str) -> str:
    """Return why a Quarto that is there is not used; empty where it is used or not there."""
    from cx_value.publish.rendering.quarto import find_quarto, usable_quarto

    return usable_quarto()[1] if renderer == "auto" and find_quarto() else ""


def require_quarto() -> None:
    """Raise ReportError if Quarto is not on PATH or too old."""
    from cx_value.publish.rendering.quarto import usable_quarto

    quarto, why = usable_quarto()
    if quarto is None:
        raise ReportError(
            f"{why} · allowed: --renderer auto, embedded, or quarto with Quarto 1.7 or newer "
            "installed · do: install it from https://quarto.org or leave --renderer away"
        )
