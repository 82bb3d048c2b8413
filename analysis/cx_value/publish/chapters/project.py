"""Writes the Quarto project of one edition and language: chapters bound, theme, figures."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cx_value.base.places import REPORT
from cx_value.base.terms import call_customers
from cx_value.notebook.store import Store, refuse_others
from cx_value.notebook.untold import statements
from cx_value.publish.chapters.bind import Binder
from cx_value.publish.chapters.checklist import FILE as CHECKLIST
from cx_value.publish.chapters.checklist import with_checklist
from cx_value.publish.chapters.editions import edition_name, editions_of
from cx_value.publish.chapters.supplement import (
    in_reading_order,
    numbered,
    only_apart,
    referred,
    without_apart,
)
from cx_value.publish.chapters.without import without_lost
from cx_value.publish.rendering.gate import bracket_references
from cx_value.publish.rendering.project import install_theme
from cx_value.publish.rendering.sources import MAIN_FILE
from cx_value.study.spec import Study

_INCLUDE = re.compile(r"\{\{< include (\S+) >\}\}")


def write_project(
    study: Study,
    lang: str,
    folder: Path,
    *,
    draft: bool = False,
    renderer: str = "",
    edition: str = "full",
) -> Path:
    """Write the Quarto project of one language into ``build/<study>/<edition>-<lang>``.

    Parameters
    ----------
    study : Study
    lang : {"en", "zh"}
    folder : Path
        ``build/<study>``, holding ``results/`` and ``figures/``.
    draft : bool
        Marks the title page.
    renderer : str
        Who prints, for the table of how the report came about.
    edition : {"full", "brief", "supplement", "thesis"}
        ``full`` is written from ``report.qmd`` into ``report-<lang>``.

    Returns
    -------
    Path
        The project's folder, ready for ``quarto render`` or the embedded renderer.

    Raises
    ------
    ReportError
        If a result belongs to another study, other data or a draft; or a chapter asks for a
        result, column, table or figure that is not there, naming the
        chapter and its line.
    """
    project = folder / f"{edition_name(edition)}-{lang}"
    _clear(project, edition)
    store = Store(folder)
    call_customers(study.report.customer)
    refuse_others(store, study, draft=draft)
    binder = Binder(store, study, lang, draft, renderer, edition)
    texts = _chapters(binder, edition_name(edition))
    if statements(store):
        texts = without_lost(texts, lang)
    texts = with_checklist(texts, binder)
    if edition in ("full", "supplement") and "supplement" in editions_of(study):
        texts = _divided(texts, binder, edition)
    for name, text in texts.items():
        (project / name).write_text(bracket_references(text), encoding="utf-8", newline="\n")
    install_theme(project, lang, compact=edition == "brief")
    _copy(REPORT / "references.bib", project / "references.bib")
    _copy(folder / "figures" / lang, project / "figures")
    return project


def _chapters(binder: Binder, main: str) -> dict[str, str]:
    """Return file → text of the chapters that this study's report includes, bound."""
    texts: dict[str, str] = {}
    names = [MAIN_FILE]
    for name in names:
        source = f"{main}.qmd" if name == MAIN_FILE else name
        texts[name] = binder.bind(REPORT / binder.lang / source)
        names += _INCLUDE.findall(texts[name])
    return texts


def _divided(texts: dict[str, str], binder: Binder, edition: str) -> dict[str, str]:
    """Return the chapters of the full edition or of its supplement, each naming the other's."""
    parts = {"full": without_apart, "supplement": only_apart}
    names = [name for name in texts if name != MAIN_FILE]
    divided = {
        which: {MAIN_FILE: texts[MAIN_FILE]} | {name: cut(texts[name]) for name in names}
        for which, cut in parts.items()
    }
    numbers = {
        which: numbered(in_reading_order(chapters[MAIN_FILE], chapters, _INCLUDE))
        for which, chapters in divided.items()
    }
    other = "supplement" if edition == "full" else "full"
    where = "supplement" if edition == "full" else "report"
    own = dict.fromkeys(divided[edition], numbers[edition])
    # A section that both have says its part in the report: the checklist points there.
    own[CHECKLIST] = {k: n for k, n in numbers[edition].items() if k not in numbers[other]}
    return {
        name: referred(text, own[name], numbers[other], where, binder.lang)
        for name, text in divided[edition].items()
    }


def printed_files(project: Path, edition: str) -> list[Path]:
    """Return the documents that were rendered from a project."""
    name = edition_name(edition)
    return [p for form in ("html", "pdf", "docx") if (p := project / f"{name}.{form}").exists()]


def _clear(project: Path, edition: str) -> None:
    """Empty a project folder but for its documents: a chapter that was renamed must not linger."""
    project.mkdir(parents=True, exist_ok=True)
    kept = printed_files(project, edition)
    for path in project.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path not in kept:
            path.unlink()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)
