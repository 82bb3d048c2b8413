"""From a study file to its report: a graph of files in which only what changed runs again.

``doit`` runs the steps in their order; whether one is out of date is told by hashes of what it
hangs on (:mod:`cx_value.publish.depends`), kept in ``build/<study>/.state.json``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.places import REPORT, build_folder
from cx_value.notebook.cache import Cache
from cx_value.notebook.identity import declaration_sha256, texts_sha256
from cx_value.notebook.plots import can_be_redrawn
from cx_value.notebook.store import MADE
from cx_value.notebook.workspace import claim_folder
from cx_value.publish import relabel
from cx_value.publish.chapters.editions import edition_name, editions_of, formats_of
from cx_value.publish.depends import code_of_notebooks, printing_code, state_of
from cx_value.publish.execute import NotebookError, execute_notebook, notebook_paths, run_cells
from cx_value.publish.progress import Progress
from cx_value.publish.running import run_steps
from cx_value.publish.since import STEP, keep_and_compare
from cx_value.publish.spared import forget_fault, tell
from cx_value.publish.state import States, locked

if TYPE_CHECKING:
    from cx_value.judge.since.comparison import Since
    from cx_value.judge.since.ledger import Ledger

#: What a notebook needs the study to declare; the others need answers.
NEEDS = {
    "05_structure": lambda study: study.models,
    "12_robustness": lambda study: study.models,
    "06_value": lambda study: study.transactions,
    "06_value_link": lambda study: study.links,
    "06_contracts": lambda study: study.contracts,
    "06_metrics": lambda study: declares_metrics(study) and not study.transactions,
    "13_claims": lambda study: study.claims,
    "10_voice": lambda study: study.data and study.comments,
    "11_tracking": lambda study: study.data and study.data.wave,
    "14_brief": lambda study: {"brief", "full", "deck"} & set(study.report.editions),
    "15_reporting": lambda study: (
        study.data and {"full", "supplement", "thesis"} & set(study.report.editions)
    ),
    "09_segments": lambda study: (
        study.transactions or (study.data and study.segments.method != "none")
    ),
}
#: What no page of the brief edition reads; the measurement model only what a structure rests on.
NOT_IN_BRIEF = ("03_factors", "04_measurement", "12_robustness", "13_claims", "15_reporting")
#: What a notebook reads from the store, and so runs after.
AFTER = {
    "05_structure": ("02_reliability", "04_measurement"),
    "08_drivers": (
        "02_reliability", "05_structure", "06_value", "06_value_link", "07_evaluation",
    ),
    "09_segments": ("02_reliability", "06_value", "08_drivers"),
    "11_tracking": ("07_evaluation",),
    "13_claims": ("06_value", "06_value_link"),
    "14_brief": ("06_metrics", "06_value", "06_value_link", "07_evaluation", "08_drivers",
                 "09_segments", "11_tracking"),
    "15_reporting": (
        "01_sample", "02_reliability", "03_factors", "04_measurement", "05_structure",
        "07_evaluation", "08_drivers", "12_robustness",
    ),
}  # fmt: skip
#: Notebooks whose results hold words of the study: sources of hypotheses, the author's statements.
READ_TEXTS = ("15_reporting",)
#: What takes longest, in the order that ends soonest; the others follow in reading order.
LONGEST = (
    "04_measurement", "02_reliability", "05_structure", "06_value_link", "07_evaluation",
    "12_robustness",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """What to build: one study, its languages and formats, by which renderer, draft or not.

    ``compare`` is the ledger of an earlier build. Without ``kernels`` the cells run in this
    process, and of the figures only ``figures`` (``lang/name``) are drawn.
    """

    study_file: Path
    study: Any
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    renderer: str = "auto"
    draft: bool = False
    out: Path | None = None
    progress: Progress | None = None
    compare: Ledger | None = None
    kernels: bool = True
    figures: frozenset[str] | None = None
    errors: list[Exception] = field(default_factory=list)
    since: list[Since] = field(default_factory=list)

    def attempt(self, action, *arguments) -> bool:
        """Run a step for doit, which wants a verdict: keep what it raises for the analyst."""
        try:
            action(*arguments)
        except Exception as error:
            self.errors.append(error)
            return False
        return True

    @property
    def folder(self) -> Path:
        return (self.out or build_folder(self.study_file)) / self.study.name

    @property
    def editions(self) -> tuple[str, ...]:
        return editions_of(self.study)

    def report_folder(self, lang: str, edition: str = "full") -> Path:
        return self.folder / f"{edition_name(edition)}-{lang}"

    def report_files(self, lang: str, edition: str = "full") -> list[Path]:
        name = edition_name(edition)
        formats = formats_of(edition, self.formats)
        return [self.report_folder(lang, edition) / f"{name}.{suffix}" for suffix in formats]


def declares_metrics(study: Any) -> bool:
    """Return whether a study declares answers or a service log that core metrics are made of."""
    asked = study.metrics.satisfaction or study.metrics.recommendation
    return bool(asked or study.service_log)


def notebooks_of(study: Any) -> list[Path]:
    """Return the notebooks that have something to say of a study, in an edition it prints."""
    left_out = NOT_IN_BRIEF if set(study.report.editions) == {"brief"} else ()
    return [
        p for p in notebook_paths()
        if NEEDS.get(p.stem, lambda study: study.data)(study)
        and not (p.stem in left_out and not (p.stem == "04_measurement" and study.models))
    ]  # fmt: skip


def run_notebooks(job: Job) -> None:
    """Execute every notebook whose inputs changed. Raises what the first failing cell raised."""
    with _opened(job) as states:
        _run([*_notebook_tasks(job, states), *_between_tasks(job, states)], job, states)


def build_report(job: Job) -> list[Path]:
    """Execute the notebooks, then render every language and format; return the files.

    Raises
    ------
    AnalysisError
        What went wrong, with the notebook's cell or the chapter's line. The outputs of a failed
        build are removed: a report that is there is a report that is whole.
    """
    pairs = [(lang, edition) for lang in job.languages for edition in job.editions]
    files = [path for pair in pairs for path in job.report_files(*pair)]
    with _opened(job) as states:
        try:
            tasks = [*_notebook_tasks(job, states), *_between_tasks(job, states)]
            tasks += _report_tasks(job, states)
            _run(tasks, job, states)
        except Exception:
            for path in files:
                path.unlink(missing_ok=True)
            raise
    return files


@contextmanager
def _opened(job: Job) -> Iterator[States]:
    """Take a study's build folder: its own, for this run alone, cleared of what nobody saves."""
    claim_folder(job.folder, job.study_file, job.study.name)
    with locked(job.folder):
        states = States.read(job.folder)
        _clear_orphans(job)
        yield states


def _clear_orphans(job: Job) -> None:
    """Remove results and figures that no notebook of this study saves.

    Chapters ask the store what is there: what an earlier state of the study left must not linger.
    """
    kept = {path for notebook in notebooks_of(job.study) for path in _made_by(job, notebook.stem)}
    for folder in ("results", "figures"):
        for path in (job.folder / folder).rglob("*.*"):
            if path not in kept:
                path.unlink()


def _notebook_tasks(job: Job, states: States) -> Iterator[dict[str, Any]]:
    declared = declaration_sha256(job.study)
    notebooks = notebooks_of(job.study)
    codes = code_of_notebooks(notebooks, Cache(job.folder / ".cache"))
    for notebook in sorted(notebooks, key=_turn):
        name, target = notebook.stem, job.folder / "notebooks" / notebook.name
        first = [n.stem for n in notebooks if n.stem in AFTER.get(name, ())]
        inputs = [notebook, *job.study.data_files, *codes[notebook]]

        def state(name=name, inputs=inputs, first=first) -> str:
            read = [p for one in first for p in _made_by(job, one) if p.parent.name == "results"]
            drawn = () if job.figures is None else sorted(job.figures)
            spared = _redrawn(job, name) and name not in READ_TEXTS
            texts = () if spared else (texts_sha256(job.study),)
            return state_of([*inputs, *read], declared, f"draft={job.draft}", *drawn, *texts)

        run = partial(_run_notebook, job, notebook, target)
        yield {
            "name": name,
            "actions": [(_remembered, [job, states, name, state, run])],
            "io": {"capture": False},
            "task_dep": [f"build:{one}" for one in first],
            "uptodate": [lambda n=name, s=state, t=target: _unchanged(states, n, s(), t)],
        }


def _between_tasks(job: Job, states: States) -> Iterator[dict[str, Any]]:
    """Return the steps between computing and printing: labels renewed, the ledger kept.

    Both always run: of themselves they tell that there is nothing to do.
    """
    notebooks = [f"build:{notebook.stem}" for notebook in notebooks_of(job.study)]
    steps = {relabel.STEP: partial(_renew_names, job, states), STEP: partial(_keep_ledger, job)}
    for name, step in steps.items():
        yield {
            "name": name,
            "actions": [(job.attempt, [step])],
            "io": {"capture": False},
            "task_dep": [*notebooks, *([] if name == relabel.STEP else [f"build:{relabel.STEP}"])],
            "uptodate": [False],
        }  # fmt: skip


def _renew_names(job: Job, states: States) -> None:
    made = relabel.renew_names(job.folder, job.study_file, job.study, draft=job.draft)
    states.renew(made)


def _keep_ledger(job: Job) -> None:
    since = keep_and_compare(job.folder, job.study, draft=job.draft, compare=job.compare)
    if since is not None:
        job.since.append(since)


def _turn(notebook: Path) -> int:
    """Return when a notebook has its turn: those that take long first, so that none comes last."""
    return LONGEST.index(notebook.stem) if notebook.stem in LONGEST else len(LONGEST)


def _run_notebook(job: Job, notebook: Path, target: Path) -> list[Path]:
    """Execute a notebook for a job, what it saved before gone; return the files it made.

    What another notebook saves by now stays: the two may run side by side.
    """
    others = [path.stem for path in notebooks_of(job.study) if path.stem != notebook.stem]
    kept = {path for other in others for path in _made_by(job, other)}
    for path in [*_made_by(job, notebook.stem), job.folder / MADE / notebook.stem]:
        if path not in kept:
            path.unlink(missing_ok=True)
    forget_fault(job.folder, notebook.stem)
    parameters = {
        "study": _relative(job.study_file, target.parent),
        "out": _relative(job.folder, target.parent), "draft": job.draft,
    }  # fmt: skip
    try:
        if job.kernels:
            execute_notebook(notebook, target, parameters)
        else:
            run_cells(notebook, target, parameters, drawn=job.figures)
    except NotebookError as error:
        tell(job.folder, job.study, notebook.stem, error, draft=job.draft)
    return [target, *_made_by(job, notebook.stem)]


def _made_by(job: Job, notebook: str) -> list[Path]:
    """Return the results and figures that a notebook saved when it was last built."""
    journal = job.folder / MADE / notebook
    if not journal.exists():
        return []
    lines = dict.fromkeys(journal.read_text(encoding="utf-8").splitlines())
    return [job.folder / line for line in lines if (job.folder / line).exists()]


def _redrawn(job: Job, notebook: str) -> bool:
    """Tell whether every figure of a notebook can be drawn again without it."""
    figures = {path.stem for path in _made_by(job, notebook) if path.suffix == ".svg"}
    return all(can_be_redrawn(job.folder, name) for name in figures)


def _relative(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; absolute only where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return str(path)


def _remembered(job: Job, states: States, name: str, state, run) -> bool:
    """Run a step for doit, which wants a verdict; keep its state, or what it raised."""
    states.forget(name)
    made: list[Path] = []
    started = time.monotonic()
    if not job.attempt(lambda: made.extend(run())):
        return False
    states.remember(name, state(), made, time.monotonic() - started)
    return True


def _unchanged(states: States, name: str, state: str, *needed: Path) -> bool:
    return all(path.exists() for path in needed) and states.holds(name, state)


def _report_tasks(job: Job, states: States) -> Iterator[dict[str, Any]]:
    from cx_value.publish.rendering.render import renderer_of

    renderer = renderer_of(job.renderer)
    names = [notebook.stem for notebook in notebooks_of(job.study)]
    for lang, edition in [(lang, edition) for lang in job.languages for edition in job.editions]:
        sources = [*_sources(lang), *printing_code(), job.study_file]
        sources += job.study.declaring_files

        def state(sources=sources) -> str:
            stored = sorted(
                p for f in ("results", "figures") for p in (job.folder / f).rglob("*.*")
            )
            return state_of([*sources, *stored], job.draft, renderer)

        name = f"{edition_name(edition)}-{lang}"
        files = job.report_files(lang, edition)
        run = partial(_print, job, states, lang, edition)
        yield {
            "name": name,
            "actions": [(_remembered, [job, states, name, state, run])],
            "io": {"capture": False},
            "task_dep": [f"build:{one}" for one in (*names, STEP)],
            "uptodate": [lambda n=name, s=state, f=files: _unchanged(states, n, s(), *f)],
        }


def _print(job: Job, states: States, lang: str, edition: str) -> list[Path]:
    """Write an edition and render it, unless every word and figure of it is as it was rendered."""
    files = job.report_files(lang, edition)
    if edition == "deck":
        from cx_value.publish.deck.deck import write_deck

        return [write_deck(job.study, lang, job.folder, files[0], draft=job.draft)]
    from cx_value.publish.chapters.project import printed_files, write_project
    from cx_value.publish.rendering.render import render_project, renderer_of

    renderer = renderer_of(job.renderer)
    project = write_project(
        job.study, lang, job.folder, draft=job.draft, renderer=renderer, edition=edition
    )
    old = printed_files(project, edition)
    written = sorted(p for p in project.rglob("*") if p.is_file() and p not in old)
    state, pages = state_of([*written, *printing_code()], *job.formats), f"{project.name} pages"
    if states.holds(pages, state):
        return files
    for path in old:
        path.unlink()
    made = render_project(project, job.formats, renderer=job.renderer)
    for path, file in zip(made.values(), files, strict=True):
        os.replace(path, file)
    states.remember(pages, state, files)
    return files


def _sources(lang: str) -> list[Path]:
    """Return what a report is written from: its language's chapters and words, tables, theme."""
    folders = [REPORT / name for name in (lang, f"words/{lang}", "tables", "theme", "csl")]
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [REPORT / "references.bib", REPORT / "pictures.yml", *sorted(files)]


def _run(tasks: Sequence[dict[str, Any]], job: Job, states: States) -> None:
    run_steps(tasks, states, job.errors, progress=job.progress, threads=job.kernels)
