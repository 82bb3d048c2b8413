"""A report as an ordinary Quarto project: its theme put in place, its settings read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from cx_value.base.errors import ReportError
from cx_value.base.places import REPORT as REPORT_FOLDER
from cx_value.publish.rendering.sources import MAIN_FILE

CONFIGURATION = "_quarto.yml"
FORMATS = ("html", "pdf", "docx")
# our names of the formats → Quarto's and pandoc's
TARGET = {"html": "html", "pdf": "typst", "docx": "docx"}
# Settings that Quarto understands and pandoc needs under another name, or not at all.
_PANDOC_LANGUAGE = {"zh": "zh-Hans"}


def install_theme(project: Path, lang: str, *, compact: bool = False) -> None:
    """Put theme, citation styles, settings and Word template into a report's folder.

    Parameters
    ----------
    project
        Folder of the Quarto project; made if it does not exist. Files of the same names are
        written over, everything else is left alone.
    lang
        ``"en"`` or ``"zh"``.
    compact
        Whether the Word template is that of the brief.

    Raises
    ------
    ReportError
        If there is no theme for the language.
    """
    from cx_value.publish.word.reference_document import write_reference_document

    settings = REPORT_FOLDER / "theme" / f"_quarto-{lang}.yml"
    if not settings.is_file():
        raise ReportError(f"Language {lang!r} has no report theme · allowed: en, zh.")
    for name in ("theme", "csl"):
        shutil.copytree(
            REPORT_FOLDER / name,
            project / name,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("_quarto-*.yml", "*.md"),
        )
    shutil.copyfile(settings, project / CONFIGURATION)
    write_reference_document(project / "theme" / "reference.docx", lang, compact=compact)


def read_metadata(project: Path) -> dict[str, Any]:
    """Read the settings of a report: ``_quarto.yml`` overlaid by the front matter.

    Raises
    ------
    ReportError
        If a file is missing or is not YAML.
    """
    settings = _read_yaml(project / CONFIGURATION, _text(project / CONFIGURATION))
    return _overlaid(settings, _read_yaml(project / MAIN_FILE, front_matter(project)))


def front_matter(project: Path) -> str:
    """Return the YAML between the two ``---`` lines that open ``report.qmd``."""
    text = _text(project / MAIN_FILE)
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise ReportError(
            f"{MAIN_FILE}:1: the front matter is missing · do: open the file with a block "
            "between two lines `---` that gives title, author and date."
        )
    return text[4:].split("\n---\n", 1)[0]


def format_settings(metadata: dict[str, Any], form: str) -> dict[str, Any]:
    """Return the settings that hold for one format, as pandoc takes them.

    Parameters
    ----------
    metadata
        Result of `read_metadata`.
    form
        ``"html"``, ``"pdf"`` or ``"docx"``.

    Examples
    --------
    >>> told = {"lang": "zh", "toc": True, "format": {"docx": {"toc": False}}}
    >>> format_settings(told, "docx")
    {'lang': 'zh-Hans', 'toc': False}
    """
    own = (metadata.get("format") or {}).get(TARGET[form]) or {}
    settings = {k: v for k, v in metadata.items() if k not in {"format", "project", "filters"}}
    settings = _overlaid(settings, own if isinstance(own, dict) else {})
    lang = str(settings.get("lang", "en"))
    return settings | {"lang": _PANDOC_LANGUAGE.get(lang, lang)}


def check_formats(formats: Any) -> tuple[str, ...]:
    """Return the formats asked for, each once, in the project's order; refuse others."""
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ReportError(
            f"Format {', '.join(unknown)} is not known · allowed: {', '.join(FORMATS)}."
        )
    return tuple(form for form in FORMATS if form in set(formats))


def _text(path: Path) -> str:
    if not path.is_file():
        raise ReportError(f"{path}: there is no such file · do: build the report's sources first.")
    return path.read_text(encoding="utf-8")


def _read_yaml(path: Path, text: str) -> dict[str, Any]:
    import yaml

    try:
        # dates stay text: a date in a report reads as its author wrote it
        return yaml.load(text, Loader=yaml.BaseLoader) or {}
    except yaml.YAMLError as error:
        raise ReportError(f"{path.name}: this is not YAML · {error}") from error


def _overlaid(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _overlaid(merged[key], value) if both else value
    return merged
