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
    from cx_value.publish.rendering.quarto import find_quarto, render_quarto

    if renderer == "quarto":
        require_quarto()
    quarto = find_quarto() if renderer != "embedded" else None
    return render_quarto(project, formats) if quarto else render_embedded(project, formats)


def renderer_of(renderer: str) -> str:
    """Return who renders, as a report names it: ``embedded``, or Quarto with where it is."""
    from cx_value.publish.rendering.quarto import find_quarto

    quarto = find_quarto() if renderer != "embedded" else None
    return f"quarto {quarto}" if quarto else "embedded"


def require_quarto() -> None:
    """Raise ReportError if Quarto is not on PATH."""
    from cx_value.publish.rendering.quarto import find_quarto

    if find_quarto() is None:
        raise ReportError(
            "Quarto is not on PATH · allowed: --renderer auto, embedded, or quarto with Quarto "
            "installed · do: install it from https://quarto.org or leave --renderer away"
        )
