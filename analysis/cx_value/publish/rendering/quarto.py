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
from cx_value.publish.rendering.embedded import replacing_outputs, report_timestamp
from cx_value.publish.rendering.fonts import chinese_font_folders
from cx_value.publish.rendering.gate import check_messages, check_output, check_sources
from cx_value.publish.rendering.project import TARGET, check_formats, read_metadata
from cx_value.publish.rendering.sources import MAIN_FILE, SourceLine

_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")
#: The first whose Typst can place a table where it is called.
LEAST_VERSION = (1, 7)
# What a rendering leaves behind, not part of the sources.
_LEFTOVERS = shutil.ignore_patterns("rendering-*", ".quarto", "*_files", "report.html", "*.pdf")


def find_quarto() -> Path | None:
    """Return the Quarto executable that is on PATH, or None."""
    found = shutil.which("quarto")
    return Path(found) if found else None


def quarto_version(quarto: Path) -> tuple[int, ...]:
    """Return the version of a Quarto; empty where it does not tell."""
    try:
        done = subprocess.run(
            [str(quarto), "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout.strip())
    return tuple(int(part) for part in found.groups() if part) if found else ()


def usable_quarto() -> tuple[Path | None, str]:
    """Return the Quarto on PATH that can print these reports, and a word where none can."""
    quarto = find_quarto()
    if quarto is None:
        return None, "Quarto is not on PATH"
    version = quarto_version(quarto)
    if version >= LEAST_VERSION:
        return quarto, ""
    told, least = (".".join(map(str, part)) for part in (version, LEAST_VERSION))
    return None, f"Quarto {told or 'of unknown version'} is older than {least}"


def render_quarto(project: Path, formats: Sequence[str]) -> dict[str, Path]:
    """Render a report's project folder to HTML, PDF or DOCX with Quarto.

    Quarto works on a copy, so that a rendering that fails half-way leaves nothing behind. It
    ends with exit code 0 on unresolved references; its messages are therefore read, too.

    Parameters
    ----------
    project
        Folder with ``_quarto.yml``, ``report.qmd`` and what they name.
    formats
        ``"html"``, ``"pdf"`` or both; PDF is set by Typst. Word files are made by the embedded
        renderer alone, for Quarto puts tables into tables and captions into invalid paragraphs.

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
        (project / "_environment").write_text(_project_environment(), encoding="utf-8")
        metadata = read_metadata(project)
        lines = check_sources(project, metadata)
        copy = folder / "project"
        shutil.copytree(project, copy, ignore=_LEFTOVERS)
        for form in formats:
            _run(quarto, copy, form, report_timestamp(metadata), lines)
            shutil.move(_made(copy, form), folder / f"report.{form}")
            check_output(form, folder / f"report.{form}", lines)
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
        "TYPST_FONT_PATHS": _font_paths(),
        "SOURCE_DATE_EPOCH": str(timestamp),
        "NO_COLOR": "1",
    }


def _project_environment() -> str:
    """Return settings by which ``quarto render`` by hand finds the fonts, too."""
    return f"TYPST_FONT_PATHS={_font_paths()}\n"


def _made(copy: Path, form: str) -> Path:
    output = copy / f"report.{form}"
    if not output.is_file():
        raise ReportError(
            f"Quarto said nothing but did not write report.{form} · "
            "do: run `quarto render report.qmd` in the report's folder and look."
        )
    return output


def _font_paths() -> str:
    return os.pathsep.join(map(str, chinese_font_folders()))
