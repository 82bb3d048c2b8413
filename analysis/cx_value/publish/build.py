"""From a study file to its report: a graph of files in which only what changed runs again.

``doit`` keeps the graph; here stand its tasks. Each notebook hangs on the study, its data, the
computing code and itself; each report on the results, its chapters and the printing code.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cx_value.base.errors import AnalysisError
from cx_value.notebook.store import computing_files, sha256_of
from cx_value.publish.execute import NOTEBOOKS, execute_notebook, notebook_paths

ROOT = NOTEBOOKS.parent
BUILD = ROOT / "build"
DEPENDENCIES = ".doit.json"
#: What a notebook needs the study to declare; the others need answers.
NEEDS = {
    "05_structure": lambda study: study.models,
    "12_robustness": lambda study: study.models,
    "06_value": lambda study: study.transactions,
    "06_value_link": lambda study: study.links,
    "06_metrics": lambda study: declares_metrics(study) and not study.transactions,
    "13_claims": lambda study: study.claims,
}
#: What a notebook reads from the store, and so runs after.
AFTER = {
    "08_drivers": ("02_reliability", "05_structure", "06_value_link", "07_evaluation"),
    "13_claims": ("06_value", "06_value_link"),
}


@dataclass(frozen=True, slots=True)
class Job:
    """What to build: one study, its languages and formats, by which renderer, draft or not."""

    study_file: Path
    study: Any
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    renderer: str = "auto"
    draft: bool = False
    out: Path = BUILD
    errors: list[Exception] = field(default_factory=list)

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
        return self.out / self.study.name

    def report_folder(self, lang: str) -> Path:
        return self.folder / f"report-{lang}"

    def report_files(self, lang: str) -> list[Path]:
        return [self.report_folder(lang) / f"report.{suffix}" for suffix in self.formats]


def declares_metrics(study: Any) -> bool:
    """Return whether a study declares answers or a service log that core metrics are made of."""
    asked = study.metrics.satisfaction or study.metrics.recommendation
    return bool(asked or study.service_log)


def notebooks_of(study: Any) -> list[Path]:
    """Return the notebooks that have something to say of a study."""
    return [p for p in notebook_paths() if NEEDS.get(p.stem, lambda study: study.data)(study)]


def run_notebooks(job: Job) -> None:
    """Execute every notebook whose inputs changed. Raises what the first failing cell raised."""
    _run(list(_notebook_tasks(job)), job)


def build_report(job: Job) -> list[Path]:
    """Execute the notebooks, then render every language and format; return the files.

    Raises
    ------
    AnalysisError
        What went wrong, with the notebook's cell or the chapter's line. The outputs of a failed
        build are removed: a report that is there is a report that is whole.
    """
    files = [path for lang in job.languages for path in job.report_files(lang)]
    try:
        _run([*_notebook_tasks(job), *_report_tasks(job)], job)
    except Exception:
        for path in files:
            path.unlink(missing_ok=True)
        raise
    return files


def _notebook_tasks(job: Job) -> Iterator[dict[str, Any]]:
    inputs = [job.study_file, *job.study.data_files, *computing_files()]
    notebooks = notebooks_of(job.study)
    for notebook in notebooks:
        target = job.folder / "notebooks" / notebook.name
        first = [job.folder / "notebooks" / n.name for n in notebooks
                 if n.stem in AFTER.get(notebook.stem, ())]  # fmt: skip
        parameters = {
            "study": str(job.study_file), "out": str(job.folder), "draft": job.draft,
        }  # fmt: skip
        yield {
            "name": notebook.stem,
            "actions": [(job.attempt, [execute_notebook, notebook, target, parameters])],
            "io": {"capture": False},
            "file_dep": [str(path) for path in [notebook, *inputs, *first]],
            "targets": [str(target)],
            "uptodate": [_same({"draft": job.draft})],
        }


def clear_outdated(job: Job) -> None:
    """Remove what was computed from another state of study, data or code.

    Everything runs again then, and what no notebook saves any more must not linger in a report:
    chapters ask the store what is there.
    """
    state = sha256_of(job.study_file, *computing_files()) + f" draft={job.draft}"
    for path in job.study.data_files:
        # Purchase logs can be large: whether a file is the same is told by size and time.
        state += f" {path.name} {path.stat().st_size} {path.stat().st_mtime_ns}"
    stamp = job.folder / ".inputs"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return
    for name in ("results", "figures"):
        shutil.rmtree(job.folder / name, ignore_errors=True)
    (job.folder / DEPENDENCIES).unlink(missing_ok=True)
    job.folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(state, encoding="utf-8")


def _report_tasks(job: Job) -> Iterator[dict[str, Any]]:
    from cx_value.publish.chapters.bind import write_project
    from cx_value.publish.rendering.render import render_project

    code = (ROOT / "analysis" / "cx_value").rglob("*.py")
    executed = [job.folder / "notebooks" / n.name for n in notebooks_of(job.study)]
    for lang in job.languages:

        def write_and_render(lang: str = lang) -> None:
            project = write_project(job.study, lang, job.folder, draft=job.draft)
            render_project(project, job.formats, renderer=job.renderer)

        yield {
            "name": f"report-{lang}",
            "actions": [(job.attempt, [write_and_render])],
            "io": {"capture": False},
            "file_dep": sorted(map(str, [*_sources(lang), *code, *executed, job.study_file])),
            "targets": [str(path) for path in job.report_files(lang)],
            "uptodate": [_same({"draft": job.draft, "renderer": job.renderer})],
        }


def _sources(lang: str) -> list[Path]:
    """Return what a report is written from: its language's chapters and words, tables, theme."""
    report = ROOT / "report"
    folders = [report / name for name in (lang, f"words/{lang}", "tables", "theme", "csl")]
    return [report / "references.bib", *(p for f in folders for p in f.rglob("*") if p.is_file())]


def _same(settings: dict[str, Any]):
    from doit.tools import config_changed

    return config_changed(settings)


@dataclass(slots=True)
class _Progress:
    """A doit reporter: a line when a step starts, a line with its seconds when it ends."""

    stream: Any
    options: Any = None
    started: dict[str, float] = field(default_factory=dict)

    def initialize(self, tasks, selected_tasks):
        pass

    def get_status(self, task):
        pass

    def execute_task(self, task):
        if not task.actions:
            return
        self.started[task.name] = time.monotonic()
        self._say(f"  …  {_short(task)}")

    def add_success(self, task):
        if not task.actions:
            return
        seconds = time.monotonic() - self.started.get(task.name, time.monotonic())
        self._say(f"  ✓  {_short(task)}  {seconds:.1f} s")

    def add_failure(self, task, fail):
        self._say(f"  ✗  {_short(task)}")

    def skip_uptodate(self, task):
        self._say(f"  =  {_short(task)}  unchanged")

    def skip_ignore(self, task):
        pass

    def cleanup_error(self, exception):
        self._say(f"  !  {exception.get_msg()}")

    def runtime_error(self, msg):
        self._say(f"  !  {msg}")

    def teardown_task(self, task):
        pass

    def complete_run(self):
        pass

    def _say(self, line: str) -> None:
        print(line, file=self.stream, flush=True)


def _short(task) -> str:
    return task.name.split(":")[-1]


def _run(tasks: Sequence[dict[str, Any]], job: Job) -> None:
    from doit.cmd_base import NamespaceTaskLoader
    from doit.doit_cmd import DoitMain

    clear_outdated(job)
    progress = _Progress(sys.stderr)

    class Reporter:
        def __new__(cls, outstream, options):
            return progress

    loader = NamespaceTaskLoader()
    loader.namespace = {"task_build": lambda: (task for task in tasks)}
    loader.namespace["DOIT_CONFIG"] = {
        "reporter": Reporter, "dep_file": str(job.folder / DEPENDENCIES), "backend": "json",
        "verbosity": 0, "num_process": min(2, os.cpu_count() or 1), "par_type": "thread",
        "check_file_uptodate": "md5",
    }  # fmt: skip
    if DoitMain(loader).run(["run"]):
        raise _told(job.errors)


def _told(errors: Sequence[Exception]) -> Exception:
    """Return the first error: ours as it is, anyone else's with its place in the code."""
    return errors[0] if errors else AnalysisError("the build did not run: see the lines above")
