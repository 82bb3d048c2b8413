"""The lines of a report as an author wrote them, with the place of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cx_value.base.errors import ReportError

MAIN_FILE = "report.qmd"

_INCLUDE = re.compile(r"^\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*$")
_NOT_PROSE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|(?<!\]\()<?https?://[^\s)>\]]+>?|<!--.*?-->")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of the report with every include followed, and where it stands."""

    file: str
    number: int
    text: str

    @property
    def place(self) -> str:
        """File and line, as an editor understands them: ``_02_method.qmd:14``."""
        return f"{self.file}:{self.number}"


def read_sources(project: Path) -> tuple[SourceLine, ...]:
    """Read ``report.qmd`` and every chapter it includes, line by line.

    Parameters
    ----------
    project
        Folder of the Quarto project.

    Returns
    -------
    tuple of SourceLine
        In reading order, ``include`` lines replaced by the lines they stand for.

    Raises
    ------
    ReportError
        If ``report.qmd`` or an included file does not exist, or a file includes itself.
    """
    main = project / MAIN_FILE
    if not main.is_file():
        raise ReportError(f"{main}: there is no such file · do: build the report's sources first.")
    return tuple(_lines(project, MAIN_FILE, ()))


def _lines(project: Path, name: str, parents: tuple[str, ...]) -> Iterator[SourceLine]:
    text = (project / name).read_text(encoding="utf-8")
    for number, line in enumerate(text.split("\n"), start=1):
        here = SourceLine(name, number, line)
        include = _INCLUDE.match(line)
        if include is None:
            yield here
            continue
        included = include.group(1)
        if included in (*parents, name):
            raise ReportError(f"{here.place}: {included} includes itself · do: remove the line.")
        if not (project / included).is_file():
            raise ReportError(
                f"{here.place}: included file {included} does not exist · "
                "do: write it or remove the line."
            )
        yield from _lines(project, included, (*parents, name))


def prose_lines(lines: Iterable[SourceLine]) -> Iterator[SourceLine]:
    """Yield the lines outside code blocks, inline code, comments and addresses blanked."""
    fence = ""
    for line in lines:
        opening = re.match(r"\s*(`{3,}|~{3,})", line.text)
        if fence:
            fence = "" if opening and opening.group(1).startswith(fence) else fence
        elif opening:
            fence = opening.group(1)
        else:
            yield SourceLine(line.file, line.number, _NOT_PROSE.sub(" ", line.text))
