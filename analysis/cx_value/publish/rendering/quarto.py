"""Renders a report with Quarto where Quarto is installed; same sources, same gate, same files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cx_value.base.errors import ReportError
from cx_value.publish.rendering.embedded import finish_word, replacing_outputs, report_timestamp
from cx_value.publish.rendering.fonts import chinese_font_folder
from cx_value.publish.rendering.gate import check_messages, check_sources
from cx_value.publish.rendering.project import TARGET, check_formats, read_metadata
from cx_value.publish.rendering.sources import MAIN_FILE, SourceLine

_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")
# What a rendering leaves behind, not part of the sources.
_LEFTOVERS = shutil.ignore_patterns(".rendering-*", ".quarto", "*_files", "report.html", "*.pdf")


def find_quarto() -> Path | None:
    """Return the Quarto executable that is on PATH, or None."""
    found = shutil.which("quarto")
    return Path(found) if found else None


def render_quarto(project: Path, formats: Sequence[str]) -> dict[str, Path]:
    """Render a report's project folder to HTML, PDF or DOCX with Quarto.

    Quarto works on a copy, so that a rendering that fails half-way leaves nothing behind. It
    ends with exit code 0 on unresolved references; its messages are therefore read, too.

    Parameters
    ----------
    project
        Folder with ``_quarto.yml``, ``report.qmd`` and what they name.
    formats
        Any of ``"html"``, ``"pdf"``, ``"docx"``; only these are made. PDF is set by Typst.

    Returns
    -------
    dict
        Format → file, ``report.<format>`` in the project folder.

    Raises
    ------
    ReportError
        If Quarto is not on PATH, fails or complains, or the sources do not pass the gate.
        The reports of the formats asked for are removed then.
    """
    project = Path(project).resolve()
    formats = check_formats(formats)
    with replacing_outputs(project, formats) as folder:
        quarto = find_quarto()
        if quarto is None:
            raise ReportError("Quarto is not on PATH · do: install it, or use renderer embedded.")
        metadata = read_metadata(project)
        lines = check_sources(project, metadata)
        copy = folder / "project"
        shutil.copytree(project, copy, ignore=_LEFTOVERS)
        for form in formats:
            _run(quarto, copy, form, report_timestamp(metadata), lines)
            shutil.move(_made(copy, form), folder / f"report.{form}")
        if "docx" in formats:
            finish_word(folder / "report.docx", lines, metadata)
    return {form: project / f"report.{form}" for form in formats}


def _run(
    quarto: Path, copy: Path, form: str, timestamp: int, lines: tuple[SourceLine, ...]
) -> None:
    done = subprocess.run(
        [str(quarto), "render", MAIN_FILE, "--to", TARGET[form]],
        cwd=copy,
        env=os.environ | _environment(timestamp),
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    said = _COLOUR_CODE.sub("", (done.stdout + b"\n" + done.stderr).decode(errors="replace"))
    check_messages(said, lines)
    if done.returncode:
        last = "\n".join(said.strip().splitlines()[-15:])
        raise ReportError(
            f"quarto render --to {TARGET[form]} ended with code {done.returncode}:\n{last}"
        )


def _environment(timestamp: int) -> dict[str, Any]:
    """Settings that Quarto hands on to Typst and pandoc: fonts, date, no colours."""
    return {
        "TYPST_FONT_PATHS": str(chinese_font_folder()),
        "SOURCE_DATE_EPOCH": str(timestamp),
        "NO_COLOR": "1",
    }


def _made(copy: Path, form: str) -> Path:
    output = copy / f"report.{form}"
    if not output.is_file():
        raise ReportError(
            f"Quarto said nothing but did not write report.{form} · "
            "do: run `quarto render report.qmd` in the report's folder and look."
        )
    return output
