"""A batch from its study to its last page: units, their reports, the roll-up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cx_value.base.errors import StudyError
from cx_value.base.places import NOTEBOOKS, REPORT
from cx_value.base.terms import named_code
from cx_value.notebook.identity import PACKAGE, sha256_of_data, texts_sha256
from cx_value.publish.batch.units import Unit, find_units, unit_column, write_unit_study
from cx_value.publish.batch.wanted import Batch, Outcome
from cx_value.publish.batch.work import Task, done_before, work_here, work_on_cluster
from cx_value.publish.depends import state_of


def run_batch(batch: Batch) -> Outcome:
    """Print one report a unit, then the roll-up page; what an earlier run finished stays.

    Raises
    ------
    StudyError
        If the study has no such units, or none is large enough.
    """
    from cx_value.publish.batch.rollup import print_rollup

    column = unit_column(batch.study, batch.by)
    units = find_units(batch.study, column, minimum=batch.minimum, fold=batch.fold)
    if all(unit.refused for unit in units):
        raise StudyError(
            f"no {batch.by} has {batch.minimum} respondents or more · allowed: units of "
            f"evaluation.minimum_group ({batch.study.evaluation.minimum_group}) or more, and more "
            f"respondents than items ({len(batch.study.items)}) · do: --fold, or another --by"
        )
    outcome = Outcome(units)
    tasks = _tasks(batch, units, column)
    before = {task.unit: done_before(task) for task in tasks}
    outcome.told = [told for told in before.values() if told]
    waiting = [task for task in tasks if not before[task.unit]]
    _report_all(batch, outcome, waiting, len(tasks))
    outcome.rollup = print_rollup(batch, outcome, column)
    return outcome


def _report_all(batch: Batch, outcome: Outcome, waiting: Sequence[Task], total: int) -> None:
    clock = Clock(total, len(outcome.told), 1 if batch.cluster else batch.jobs)
    for unit in outcome.units:
        if unit.refused:
            _tell(batch, "refused", unit=unit.name, n=unit.n, minimum=batch.minimum)
    if outcome.told:
        _tell(batch, "kept", done=len(outcome.told), total=total)
    for told in _work(batch, waiting) if waiting else ():
        outcome.told.append(told)
        left = clock.after_one()
        line = "unit_failed" if told["error"] else "unit_done"
        _tell(batch, line, done=clock.done, total=total, left=left, **told)


def _work(batch: Batch, waiting: Sequence[Task]) -> Iterator[dict[str, Any]]:
    if batch.cluster:
        return work_on_cluster(waiting, batch.cluster)
    return work_here(waiting, batch.jobs)


def _tell(batch: Batch, key: str, **told: Any) -> None:
    if batch.stream is not None:
        line = named_code(key, "batch", batch.lang).format(**told)
        print(f"  {line}", file=batch.stream, flush=True)


@dataclass(slots=True)
class Clock:
    """How many are done, and how long the rest will take at the pace so far."""

    total: int
    done: int
    jobs: int
    started: float = field(default_factory=time.monotonic)
    fresh: int = 0

    def after_one(self) -> str:
        """Count one more; return the time left, as minutes and seconds."""
        self.done += 1
        self.fresh += 1
        pace = (time.monotonic() - self.started) / self.fresh
        minutes, seconds = divmod(round(pace * (self.total - self.done)), 60)
        return f"{minutes}:{seconds:02d}"


def _tasks(batch: Batch, units: Sequence[Unit], column: str) -> list[Task]:
    whole = _state(batch)
    tasks = []
    for unit in units:
        if unit.refused:
            continue
        file = write_unit_study(
            batch.study_file, batch.study, unit, column, batch.by,
            batch.folder / "studies" / unit.folder, edition=batch.edition,
        )  # fmt: skip
        tasks.append(
            Task(
                unit=unit.name, study_file=str(file), out=str(batch.folder / "units"),
                languages=batch.languages, formats=batch.formats, renderer=batch.renderer,
                draft=batch.draft, brief=batch.edition == "brief", state=state_of([file], whole),
                mark=str(batch.folder / "done" / f"{unit.folder}.json"),
            )
        )  # fmt: skip
    return tasks


def _state(batch: Batch) -> str:
    """Return the hash of what every report of the batch is made of, its own file apart."""
    code = sorted(PACKAGE.rglob("*.py"))
    texts = sorted(p for folder in (REPORT, NOTEBOOKS) for p in folder.rglob("*") if p.is_file())
    asked = (batch.languages, batch.formats, batch.edition, batch.renderer, batch.draft)
    return state_of([*code, *texts], texts_sha256(batch.study), sha256_of_data(batch.study), *asked)
