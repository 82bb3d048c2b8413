"""Renders a report without Quarto: pandoc, two Lua filters and Typst, all from PyPI packages.

Takes the same project folder that Quarto would take and gives the same three files. No
system font, no LaTeX, no network; the same sources give the same bytes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cx_value.base.errors import ReportError
from cx_value.publish.rendering.fonts import chinese_font_folders
from cx_value.publish.rendering.gate import check_messages, check_sources, raise_faults, setting
from cx_value.publish.rendering.page import finish_page
from cx_value.publish.rendering.pandoc import pandoc_path
from cx_value.publish.rendering.project import check_formats, format_settings, read_metadata
from cx_value.publish.rendering.sources import SourceLine

_READER = "markdown+east_asian_line_breaks"
_META = re.compile(r"\{\{<\s*meta\s+([\w.-]+)\s*>\}\}")
_PAGE_BREAK = re.compile(r"^\s*\{\{<\s*pagebreak\s*>\}\}\s*$")
_COLUMN_WIDTHS = re.compile(r"\{[^{}]*#(tbl-[\w.-]+)[^{}]*tbl-colwidths\s*=\s*\"\[([\d.,\s]+)\]\"")
_SKIP = {"en": "Skip to the report", "zh": "跳到正文"}
# pandoc writes the warnings below for things that are not wrong here
_HARMLESS = re.compile(r"Deprecated|Use of .* is deprecated")


def render_embedded(project: Path, formats: Sequence[str]) -> dict[str, Path]:
    """Render a report's project folder to HTML, PDF or DOCX with the embedded renderer.

    Parameters
    ----------
    project
        Folder with ``_quarto.yml``, ``report.qmd`` and what they name.
    formats
        Any of ``"html"``, ``"pdf"``, ``"docx"``; only these are made.

    Returns
    -------
    dict
        Format → file, ``report.<format>`` in the project folder.

    Raises
    ------
    ReportError
        If the sources do not pass the gate, or a renderer complains. The reports of the
        formats asked for are removed then, so that no old one is taken for the new.
    """
    project = Path(project).resolve()
    formats = check_formats(formats)
    with replacing_outputs(project, formats) as folder:
        metadata = read_metadata(project)
        lines = check_sources(project, metadata)
        document = _parsed(expanded_source(lines, metadata), lines)
        # Two at a time: each pandoc takes some 100 MB, and two languages may render side by side.
        with ThreadPoolExecutor(max_workers=min(2, len(formats) or 1)) as pool:
            jobs = [
                pool.submit(_render, project, folder, form, document, metadata, lines)
                for form in formats
            ]
            for job in jobs:
                job.result()
    return {form: project / f"report.{form}" for form in formats}


@contextmanager
def replacing_outputs(project: Path, formats: Sequence[str]) -> Iterator[Path]:
    """Remove the old reports, give a folder to write new ones in, move them in when all is well."""
    for form in formats:
        (project / f"report.{form}").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="rendering-", dir=_working_place(project)) as name:
        folder = Path(name)
        yield folder
        for form in formats:
            shutil.move(folder / f"report.{form}", project / f"report.{form}")


def _working_place(project: Path) -> Path | None:
    """Return where to render: in the project, or nowhere below a folder whose name has a dot.

    Quarto takes no notice of a project under such a folder: it renders without its settings, theme
    and bibliography, and says nothing.
    """
    hidden = any(part.startswith(".") for part in project.parts)
    return None if hidden else project


def expanded_source(lines: Sequence[SourceLine], metadata: dict[str, Any]) -> str:
    """Return the report as one Markdown text: front matter cut off, shortcodes written out."""
    text = "\n".join(_without_shortcodes(line, metadata) for line in lines)
    return text[4:].split("\n---\n", 1)[1]


def _without_shortcodes(line: SourceLine, metadata: dict[str, Any]) -> str:
    if _PAGE_BREAK.match(line.text):
        return "\n::: {.page-break}\n:::\n"

    return _META.sub(lambda found: setting(metadata, found.group(1)) or "", line.text)


def column_widths(lines: Sequence[SourceLine]) -> dict[str, list[float]]:
    """Return the column widths that table captions declare, by the table's label.

    Examples
    --------
    >>> column_widths([SourceLine("a.qmd", 1, ': Fit {#tbl-fit tbl-colwidths="[30,70]"}')])
    {'tbl-fit': [30.0, 70.0]}
    """
    found = (match for line in lines for match in _COLUMN_WIDTHS.finditer(line.text))
    return {m.group(1): [float(width) for width in m.group(2).split(",")] for m in found}


def report_timestamp(metadata: dict[str, Any]) -> int:
    """Return the moment a report is dated: SOURCE_DATE_EPOCH, else its ``date``, else today.

    Examples
    --------
    >>> report_timestamp({"date": "2026-03-01"})
    1772323200
    """
    if os.environ.get("SOURCE_DATE_EPOCH", "").isdigit():
        return int(os.environ["SOURCE_DATE_EPOCH"])
    found = re.search(r"\d{4}-\d{2}-\d{2}", str(metadata.get("date", "")))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = datetime.fromisoformat(found.group(0)) if found else today
    return int(moment.replace(tzinfo=UTC).timestamp())


def _render(
    project: Path,
    folder: Path,
    form: str,
    document: bytes,
    metadata: dict[str, Any],
    lines: tuple[SourceLine, ...],
) -> None:
    settings = format_settings(metadata, form)
    output = folder / f"report.{form}"
    if form == "html":
        options = ["--template=theme/report.html", "--embed-resources", "--mathml"]
        options += ["--css=theme/report.css", "--section-divs"]
        _run_pandoc(project, "html5", output, document, settings, options, lines)
        finish_page(output, (project / "theme" / "report.js").read_text(encoding="utf-8"))
    elif form == "pdf":
        typeset = folder / "report.typ"
        options = ["--template=theme/report.typst"]
        _run_pandoc(project, "typst", typeset, document, settings, options, lines)
        _compile(project, typeset, output, report_timestamp(metadata))
    else:
        options = [f"--reference-doc={settings.get('reference-doc', 'theme/reference.docx')}"]
        _run_pandoc(project, "docx", output, document, settings, options, lines)
        finish_word(output, lines, metadata)


def finish_word(output: Path, lines: Sequence[SourceLine], metadata: dict[str, Any]) -> None:
    """Fix widths, contents and dates of a DOCX that either renderer wrote."""
    from cx_value.publish.word.document import finish_document

    finish_document(
        output,
        widths=column_widths(lines),
        timestamp=report_timestamp(metadata),
        toc_depth=int(format_settings(metadata, "docx").get("toc-depth", 2)),
        alignment="center" if str(metadata.get("lang", "en")).startswith("zh") else "left",
    )


def _parsed(source: str, lines: tuple[SourceLine, ...]) -> bytes:
    """Return the report as pandoc's document tree: read once, written in every format."""
    return _pandoc([f"--from={_READER}", "--to=json"], source.encode(), lines)


def _run_pandoc(
    project: Path,
    writer: str,
    output: Path,
    document: bytes,
    settings: dict[str, Any],
    options: list[str],
    lines: tuple[SourceLine, ...],
) -> None:
    told = output.with_name(f"{writer}.json")
    told.write_text(json.dumps(_pandoc_metadata(settings), ensure_ascii=False), encoding="utf-8")
    options = ["--from=json", f"--to={writer}", "--standalone", *options, *_switches(settings)]
    options += [f"--metadata-file={told}", f"--output={output}", "--wrap=none", "--columns=10000"]
    options += ["--lua-filter=theme/report.lua", "--lua-filter=theme/embedded.lua"]
    options += ["--citeproc", "--lua-filter=theme/references.lua"]
    _pandoc(options, document, lines, cwd=project, moment=report_timestamp(settings))


def _pandoc(
    options: Sequence[str],
    document: bytes,
    lines: tuple[SourceLine, ...],
    *,
    cwd: Path | None = None,
    moment: int = 0,
) -> bytes:
    done = subprocess.run(
        [str(pandoc_path()), *options],
        cwd=cwd,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(moment)},
        input=document,
        capture_output=True,
    )
    said = done.stderr.decode(errors="replace")
    check_messages(said, lines, also=_is_warning)
    if done.returncode:
        raise ReportError(f"pandoc ended with code {done.returncode}: {said.strip()}")
    return done.stdout


def _is_warning(message: str) -> bool:
    return message.startswith("[WARNING]") and not _HARMLESS.search(message)


def _switches(settings: dict[str, Any]) -> list[str]:
    """What pandoc takes on its command line and not as metadata."""
    switches = []
    if settings.get("number-sections") == "true":
        switches.append("--number-sections")
    if settings.get("toc") == "true":
        switches += ["--toc", f"--toc-depth={settings.get('toc-depth', 2)}"]
    return switches


def _pandoc_metadata(settings: dict[str, Any]) -> dict[str, Any]:
    lang = str(settings["lang"])[:2]
    # words "true" and "false" came as text out of the YAML file
    plain = {k: {"true": True, "false": False}.get(v, v) if isinstance(v, str) else v
             for k, v in settings.items()}  # fmt: skip
    return plain | {"skip-title": _SKIP.get(lang, _SKIP["en"])}


def _compile(project: Path, document: Path, output: Path, timestamp: int) -> None:
    import typst

    try:
        _, warnings = typst.compile_with_warnings(
            # as bytes, the document counts as lying in the root: paths stay those of the project
            document.read_bytes(),
            output=output,
            root=project,
            font_paths=chinese_font_folders(),
            ignore_system_fonts=True,
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        raise ReportError(
            f"Typst cannot set the report: {error.message} {error.diagnostic}"
        ) from error
    raise_faults(f"Typst warns: {warning.message}" for warning in warnings)
