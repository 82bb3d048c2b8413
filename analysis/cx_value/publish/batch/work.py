"""One unit's report, built in a process of its own: on this machine or on a Dask worker."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from cx_value.base.errors import AnalysisError

#: What a worker process has read before it is asked for its first report.
PRELOADED = ("cx_value.publish.batch.warm",)
#: A worker outlives a batch that is killed until its one report is done: so long it is waited for.
LONGEST_WAIT_SECONDS = 600
#: Steps of a build stand in process-wide settings: one at a time in a process.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is told: paths and words, no objects of a study.

    ``state`` stands for everything the report is made of; ``mark`` is the file that keeps it once
    the report is there.
    """

    unit: str
    study_file: str
    out: str
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    renderer: str
    draft: bool
    brief: bool
    state: str
    mark: str


def done_before(task: Task) -> dict[str, Any] | None:
    """Return what an earlier run told of a unit, where its report is there and still right."""
    try:
        told = json.loads(Path(task.mark).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = told.get("state") == task.state and all(Path(f).exists() for f in told["files"])
    return told if whole else None


def build_unit(task: dict[str, Any]) -> dict[str, Any]:
    """Build one unit's report; return ``unit files seconds error``, never raise.

    Parameters
    ----------
    task : dict
        Fields of :class:`Task`.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")
    asked, started = Task(**task), time.monotonic()
    told: dict[str, Any] = {"unit": asked.unit, "files": [], "error": ""}
    with _ONE_AT_A_TIME:
        try:
            told["files"] = _built_or_awaited(asked)
        except Exception as error:
            told["error"] = str(error) if isinstance(error, AnalysisError) else repr(error)
    told["seconds"] = round(time.monotonic() - started, 1)
    told |= _used()
    if not told["error"]:
        _keep(Path(asked.mark), {**told, "state": asked.state})
    return told


def _built_or_awaited(task: Task) -> list[str]:
    """Build a report; where the worker of a killed run is still at it, take what it makes."""
    from cx_value.publish.state import FolderHeldError

    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        if kept := done_before(task):
            return kept["files"]
        try:
            return [str(path) for path in _build(task)]
        except FolderHeldError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _used() -> dict[str, float]:
    """Return the CPU seconds of this process and its children, and its largest memory in MB."""
    try:
        import resource
    except ImportError:  # pragma: no cover  (Windows)
        return {}
    own, other = (resource.getrusage(k) for k in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(u.ru_utime + u.ru_stime for u in (own, other))
    unit = 1024 if sys.platform != "darwin" else 1024**2
    return {"cpu": round(cpu, 1), "memory": round(max(own.ru_maxrss, other.ru_maxrss) / unit)}


def _build(task: Task) -> list[Path]:
    from cx_value.publish.build import Job, build_report
    from cx_value.publish.progress import Progress
    from cx_value.study import read_study

    file = Path(task.study_file)
    return build_report(
        Job(
            study_file=file, study=read_study(file), languages=tuple(task.languages),
            formats=tuple(task.formats), renderer=task.renderer, draft=task.draft,
            out=Path(task.out), progress=Progress(), kernels=False,
            figures=figures_shown(task.languages) if task.brief else None,
        )
    )  # fmt: skip


def figures_shown(languages: Sequence[str]) -> frozenset[str]:
    """Return ``lang/name`` of every figure that the brief edition can show.

    >>> "en/driver_map" in figures_shown(["en"])
    True
    """
    from cx_value.base.places import REPORT

    pages = {lang: (REPORT / lang / "brief.qmd").read_text(encoding="utf-8") for lang in languages}
    asked = re.compile(r"""\bfigure\(\s*["'](\w+)""")
    return frozenset(
        f"{lang}/{name}" for lang, page in pages.items() for name in asked.findall(page)
    )


def _keep(mark: Path, told: dict[str, Any]) -> None:
    mark.parent.mkdir(parents=True, exist_ok=True)
    part = mark.with_suffix(".part")
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(mark)


def work_here(tasks: Sequence[Task], jobs: int) -> Iterator[dict[str, Any]]:
    """Yield what was built, as it is done, by processes of this machine; each builds one report.

    A process ends with its report, so that memory does not grow with the number of units.
    """
    import multiprocessing

    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["MPLBACKEND"] = "Agg"
    way = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(way)
    if way == "forkserver":
        context.set_forkserver_preload([*PRELOADED])
    with context.Pool(min(jobs, len(tasks)), maxtasksperchild=1) as pool:
        yield from pool.imap_unordered(build_unit, [asdict(task) for task in tasks])


def work_on_cluster(tasks: Sequence[Task], address: str) -> Iterator[dict[str, Any]]:
    """Yield what was built, as it is done, by the workers of a Dask cluster.

    Workers see the same folders as this machine (a shared file system).
    """
    from distributed import Client, as_completed

    with Client(address) if address != "local" else Client(threads_per_worker=1) as client:
        waiting = client.map(build_unit, [asdict(task) for task in tasks], pure=False)
        for future in as_completed(waiting):
            yield future.result()
