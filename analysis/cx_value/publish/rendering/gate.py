"""What a report must satisfy before and after it is rendered, whichever renderer is used.

Quarto ends with exit code 0 on an unresolved reference, and no renderer complains of a
character that no font can draw; this gate does, naming file and line. All faults found in
the sources are raised at once, so that an author mends them in one pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cx_value.base.errors import ReportError
from cx_value.publish.rendering.fonts import uncovered_characters
from cx_value.publish.rendering.pipe_tables import overfull_tables
from cx_value.publish.rendering.sources import SourceLine, prose_lines, read_sources

IMAGE_SUFFIXES = (".svg", ".png")

_KIND = "(?:fig|tbl|sec|eq)"
_CHINESE = "\u3400-\u9fff\uf900-\ufaff"
# What stands in quotes (a figure's description) may hold braces of its own.
_LABEL = re.compile(
    rf"(?<!\\)\{{[^{{}}]*(?<!\\)#({_KIND}-[\w.:-]+)(?:\"(?:\\.|[^\"\\])*\"|[^{{}}\"])*\}}"
)
# The description of a figure is read out as it stands: no key in it is a reference.
_DESCRIPTION = re.compile(r'fig-alt="(?:\\.|[^"\\])*"')
_KEY = re.compile(r"(?<![\w\\@/])@\{?([^\W_][\w:.#$%&\-+?<>~/]*)")
_BARE_REFERENCE = re.compile(
    rf"(?<=[{_CHINESE}])@({_KIND}-[A-Za-z0-9_-]*[A-Za-z0-9])"
    rf"|(?<![\[\\])@({_KIND}-[A-Za-z0-9_-]*[A-Za-z0-9])(?=[{_CHINESE}])"
)
_IMAGE = re.compile(r"!\[[^\]]*(?:\[[^\]]*\][^\]]*)*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_SHORTCODE = re.compile(r"\{\{<\s*(\S+)\s*(.*?)\s*>\}\}")
_BIBLIOGRAPHY_ENTRY = re.compile(
    r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*([^,\s]+)", re.IGNORECASE | re.MULTILINE
)
_SHORTCODES = {"include", "meta", "pagebreak"}
# What either renderer says of something it could not resolve, though it may exit with 0.
_COMPLAINTS = (
    re.compile(r"Unable to resolve crossref @?(?P<key>[\w:.-]+)", re.IGNORECASE),
    re.compile(r"citation (?P<key>[^\s]+) not found", re.IGNORECASE),
    re.compile(r"Could not (?:fetch|find|load) (?:resource|file|image)s? '?(?P<key>[^\s':]+)"),
    re.compile(r"Could not convert TeX math (?P<key>.+?)(?:, rendering|$)"),
    re.compile(r"(?P<key>[\w:.-]+) already (?:defined|exists)"),
)


def check_sources(project: Path, metadata: dict[str, Any]) -> tuple[SourceLine, ...]:
    """Refuse sources that would give a report with a hole in it.

    Looks for references to labels that are not there, labels given twice, citation keys
    missing from the bibliography, missing image files, shortcodes that are not part of the
    report's dialect, references glued to Chinese text (pandoc would print them as they
    stand), tables too wide for their page and characters that no font of the report can draw.

    Parameters
    ----------
    project
        Folder of the Quarto project.
    metadata
        Metadata of the project and of ``report.qmd``, ``bibliography`` and ``csl`` among it.

    Returns
    -------
    tuple of SourceLine
        The lines that were read, for the renderer.

    Raises
    ------
    ReportError
        Naming every fault with its file and line.
    """
    lines = read_sources(project)
    prose = tuple(prose_lines(lines))
    faults = [
        *_missing_files(project, metadata),
        *_wrong_labels(prose),
        *_missing_citations(prose, bibliography_keys(project, metadata)),
        *_missing_images(project, prose),
        *_unknown_shortcodes(prose, metadata),
        *overfull_tables(prose),
        *_missing_glyphs(lines + tuple(_bibliography_lines(project, metadata))),
    ]
    raise_faults(faults)
    return lines


def raise_faults(faults: Iterable[str]) -> None:
    """Raise one ReportError that lists every fault; do nothing when there is none."""
    faults = list(dict.fromkeys(faults))
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        listing = "\n".join(f"  - {fault}" for fault in faults)
        raise ReportError(f"The report cannot be rendered, {count} found.\n{listing}")


def _clean_key(key: str) -> str:
    return key.rstrip(":.#$%&-+?<>~/")


def _keys(line: SourceLine) -> Iterator[str]:
    for match in _KEY.finditer(_DESCRIPTION.sub("", line.text)):
        yield _clean_key(match.group(1))


def _is_label(key: str) -> bool:
    return re.match(rf"{_KIND}-", key) is not None


def _wrong_labels(prose: tuple[SourceLine, ...]) -> Iterator[str]:
    places: dict[str, str] = {}
    for line in prose:
        for label in _LABEL.findall(line.text):
            if label in places:
                yield (
                    f"{line.place}: label {label} is given again, first at {places[label]} · "
                    "do: rename one of the two."
                )
            places.setdefault(label, line.place)
    for line in prose:
        glued = {next(filter(None, found)) for found in _BARE_REFERENCE.findall(line.text)}
        for label in sorted(glued):
            yield (
                f"{line.place}: reference @{label} touches Chinese text and would be printed as "
                f"it stands · do: write [@{label}]."
            )
        for key in _keys(line):
            if _is_label(key) and key not in places and not any(key.startswith(g) for g in glued):
                yield (
                    f"{line.place}: reference @{key} points at nothing · "
                    f"allowed: {_nearest(key, places)} · do: mend the reference or add the label."
                )


def _nearest(key: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(key, list(known), n=3, cutoff=0.5)
    return ", ".join(close) if close else "a label that exists"


def bracket_references(text: str) -> str:
    """Put brackets around references that touch Chinese text, as pandoc needs them.

    Examples
    --------
    >>> bracket_references("如@fig-path所示，@tbl-fit 列出拟合指标（@sec-model）")
    '如[@fig-path]所示，@tbl-fit 列出拟合指标（@sec-model）'
    """
    return _BARE_REFERENCE.sub(lambda found: f"[{found.group(0)}]", text)


def bibliography_keys(project: Path, metadata: dict[str, Any]) -> frozenset[str]:
    """Return the citation keys of the project's BibTeX files."""
    texts = (path.read_text(encoding="utf-8") for path in _bibliography_files(project, metadata))
    return frozenset(key for text in texts for key in _BIBLIOGRAPHY_ENTRY.findall(text))


def _bibliography_files(project: Path, metadata: dict[str, Any]) -> list[Path]:
    named = metadata.get("bibliography") or []
    named = [named] if isinstance(named, str) else named
    return [project / name for name in named if (project / name).is_file()]


def _bibliography_lines(project: Path, metadata: dict[str, Any]) -> Iterator[SourceLine]:
    for path in _bibliography_files(project, metadata):
        for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            yield SourceLine(path.name, number, text)


def _missing_files(project: Path, metadata: dict[str, Any]) -> Iterator[str]:
    named = metadata.get("bibliography") or []
    for name in ([named] if isinstance(named, str) else [*named]) + [metadata.get("csl")]:
        if name and not (project / name).is_file():
            yield f"_quarto.yml: file {name} does not exist · do: put it there or mend the name."


def _missing_citations(prose: tuple[SourceLine, ...], known: frozenset[str]) -> Iterator[str]:
    for line in prose:
        for key in _keys(line):
            if not _is_label(key) and key not in known:
                yield (
                    f"{line.place}: citation @{key} is not in the bibliography · "
                    f"allowed: {_nearest(key, known)} · do: add the entry or mend the key."
                )


def _missing_images(project: Path, prose: tuple[SourceLine, ...]) -> Iterator[str]:
    for line in prose:
        for name in _IMAGE.findall(line.text):
            # Nothing is fetched, and nothing embedded that lies outside the report's folder.
            outside = Path(name).is_absolute() or ".." in Path(name).parts
            if outside or re.match(r"\w+:|//|\\\\", name):
                yield f"{line.place}: image {name} is not a file of the report · do: save it."
                continue
            # a name without suffix stands for the SVG (screen, paper) and the PNG (Word)
            suffixes = [""] if Path(name).suffix.lower() in IMAGE_SUFFIXES else IMAGE_SUFFIXES
            for suffix in suffixes:
                if not (project / (name + suffix)).is_file():
                    yield (
                        f"{line.place}: image file {name + suffix} does not exist · "
                        "do: draw the figure or mend the name."
                    )


def setting(metadata: dict[str, Any], name: str) -> str | None:
    """Return a setting of the report by its dotted name, None where there is none.

    Examples
    --------
    >>> setting({"sample": {"size": "250"}}, "sample.size")
    '250'
    """
    entry: Any = metadata
    for key in name.split("."):
        entry = entry.get(key) if isinstance(entry, dict) else None
    return entry if isinstance(entry, str) else None


def _unknown_shortcodes(prose: tuple[SourceLine, ...], metadata: dict[str, Any]) -> Iterator[str]:
    for line in prose:
        for name, argument in _SHORTCODE.findall(line.text):
            if name not in _SHORTCODES:
                yield (
                    f"{line.place}: shortcode {name} is not known · "
                    f"allowed: {', '.join(sorted(_SHORTCODES))} · do: write it another way."
                )
            elif name == "meta" and setting(metadata, argument) is None:
                yield (
                    f"{line.place}: the report has no setting {argument} · "
                    "do: give it in the front matter or mend the name."
                )
            elif name == "include":
                yield f"{line.place}: include must stand alone on its line · do: give it a line."


def _missing_glyphs(lines: tuple[SourceLine, ...]) -> Iterator[str]:
    used = {c for line in lines for c in line.text}
    missing = uncovered_characters({c for c in used if unicodedata.category(c)[0] != "C"})
    # category C holds unassigned and private characters too: nothing draws those
    missing |= {c for c in used if unicodedata.category(c) in {"Cn", "Co", "Cs"}}
    missing |= {"\ufffd"} & used
    for line in lines if missing else ():
        for character in sorted(missing & set(line.text)):
            name = unicodedata.name(character, "unnamed character")
            yield (
                f"{line.place}: no font of the report draws {character!r} "
                f"(U+{ord(character):04X}, {name}) · do: write it another way."
            )


def check_messages(
    messages: str, lines: tuple[SourceLine, ...], *, also: Callable[[str], bool] = lambda _: False
) -> None:
    """Refuse a rendering whose log tells of something left unresolved.

    Parameters
    ----------
    messages
        What the renderer wrote on its error stream.
    lines
        Sources, to name the place that a message is about.
    also
        Further messages that count as faults, one line of the log at a time.

    Raises
    ------
    ReportError
        Naming each complaint and the file and line it is about, where one can be told.

    Examples
    --------
    >>> line = SourceLine("_01_method.qmd", 3, "See @fig-none.")
    >>> try:
    ...     check_messages("WARNING: Unable to resolve crossref @fig-none", (line,))
    ... except ReportError as error:
    ...     print(error)
    The report cannot be rendered, 1 fault found.
      - _01_method.qmd:3: WARNING: Unable to resolve crossref @fig-none
    """
    faults = []
    for message in messages.splitlines():
        found = next(filter(None, (complaint.search(message) for complaint in _COMPLAINTS)), None)
        if found or also(message):
            place = _place_of(found.group("key") if found else "", lines)
            faults.append(f"{place}{message.strip()}")
    raise_faults(faults)


_RAW_CITATION = re.compile(r"\[-?@[a-z][\w-]*\d{4}")
_OUTSIDE = re.compile(r"""(?:src|href)=["'](?:\./)?report_files/""")
_NOT_READ = re.compile(r"<(style|script|code|pre)\b.*?</\1>", re.DOTALL)


def check_output(form: str, report: Path, lines: tuple[SourceLine, ...]) -> None:
    """Look at what came out: a renderer that took no notice of the project says nothing of it.

    Raises
    ------
    ReportError
        If an HTML report holds raw citations, points to files that are not kept, or lacks figures.
    """
    if form != "html":
        return
    text = report.read_text(encoding="utf-8", errors="replace")
    figures = sum(len(_IMAGE.findall(line.text)) for line in prose_lines(lines))
    shown = len(re.findall(r"<(?:img|svg|embed|object)\b", text))
    faults = []
    if _RAW_CITATION.search(_NOT_READ.sub(" ", text)):
        faults.append("citations stand in the text as they are written in the source")
    if _OUTSIDE.search(text):
        faults.append("it points to files beside it that are not kept")
    if shown < figures:
        faults.append(f"it shows {shown} of {figures} figures")
    if faults:
        raise ReportError(
            f"{report.name} came out without the project's settings: {'; '.join(faults)} · "
            "do: use --renderer embedded, and look at the folder's _quarto.yml"
        )


def _place_of(key: str, lines: tuple[SourceLine, ...]) -> str:
    key = key.strip("'\"@ ")
    hit = next((line for line in lines if key and key in line.text), None)
    return f"{hit.place}: " if hit else ""
