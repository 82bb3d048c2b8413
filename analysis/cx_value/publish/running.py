"""Steps run in their order by ``doit``, and what is told of them meanwhile."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import Any

from cx_value.base.errors import AnalysisError
from cx_value.publish.progress import WORKERS, Progress, progress_for
from cx_value.publish.state import States


class _Reporter:
    """Tells a :class:`Progress` what doit does; the build step itself says when it ends."""

    def __init__(self, progress: Progress):
        self.progress = progress

    def execute_task(self, task):
        if task.actions:
            self.progress.start(_short(task))

    def add_success(self, task):
        if task.actions:
            self.progress.end(_short(task), "done")

    def add_failure(self, task, fail):
        self.progress.end(_short(task), "failed")

    def skip_uptodate(self, task):
        self.progress.end(_short(task), "unchanged")

    def runtime_error(self, msg):
        print(f"  !  {msg}", file=sys.stderr)

    def cleanup_error(self, exception):
        print(f"  !  {exception.get_msg()}", file=sys.stderr)

    def nothing(self, *_):
        """Take notice of nothing else."""

    initialize = get_status = skip_ignore = teardown_task = complete_run = nothing


def _short(task) -> str:
    return task.name.split(":")[-1]


def run_steps(
    tasks: Sequence[dict[str, Any]],
    states: States,
    errors: Sequence[Exception],
    *,
    progress: Progress | None = None,
    threads: bool = True,
) -> None:
    """Run the steps that are out of date, side by side with ``threads``.

    Raises
    ------
    Exception
        The first of ``errors``, which the steps fill: ours as it is, anyone else's with its place
        in the code.
    """
    from doit.cmd_base import NamespaceTaskLoader
    from doit.doit_cmd import DoitMain

    progress = progress or progress_for(sys.stderr)
    loader = NamespaceTaskLoader()
    loader.namespace = {"task_build": lambda: (task for task in tasks)}
    loader.namespace["DOIT_CONFIG"] = {
        "reporter": _Reporter(progress),
        "dep_file": str(states.folder / ".doit.json"), "backend": "json", "verbosity": 0,
        "num_process": min(WORKERS, os.cpu_count() or 1) if threads else 0,
        "par_type": "thread",
    }  # fmt: skip
    with progress:
        progress.begin(len(tasks), {task["name"]: states.seconds(task["name"]) for task in tasks})
        said = io.StringIO()
        with redirect_stderr(said):
            failed = DoitMain(loader).run(["run"])
    if not (failed and errors):  # else doit tells its own trouble with the same full disk
        sys.stderr.write(said.getvalue())
    if failed:
        raise (errors or [AnalysisError("the build did not run: see the lines above")])[0]
