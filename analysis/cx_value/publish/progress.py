"""What a run tells of its progress: a live line on a terminal, plain lines in a pipe, nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TextIO

#: Steps that run beside each other.
WORKERS = 2


@dataclass(slots=True)
class Progress:
    """Counts steps: which run, how many are done, how long the rest took last time.

    Parameters
    ----------
    total : int
        Steps of this run.
    seconds : mapping of str to float
        How long a step took last; 0 where that is not known.
    """

    total: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, total: int, seconds: Mapping[str, float]) -> None:
        """Take what is to be done."""
        self.total, self.seconds = total, seconds

    def start(self, name: str) -> None:
        """Note that a step began."""
        with self._lock:
            self.running[name] = time.monotonic()
        self.tell("start", name, 0.0)

    def end(self, name: str, mark: str) -> None:
        """Note that a step ended: ``done``, ``unchanged`` or ``failed``."""
        with self._lock:
            took = time.monotonic() - self.running.pop(name, time.monotonic())
            self.finished.add(name)
        self.tell(mark, name, took)

    def left(self) -> float | None:
        """Return the seconds left, by how long the steps took last; None where that is not known.

        >>> progress = Progress(seconds={"a": 4.0, "b": 6.0})
        >>> progress.left(), Progress(seconds={"a": 4.0, "b": 0.0}).left()
        (5.0, None)
        """
        waiting = {n: s for n, s in self.seconds.items() if n not in self.finished}
        if not waiting or not all(waiting.values()):
            return None
        now = time.monotonic()
        rest = {n: max(s - (now - self.running.get(n, now)), 0.0) for n, s in waiting.items()}
        return max(sum(rest.values()) / WORKERS, max(rest.values()) if len(rest) == 1 else 0.0)

    def tell(self, mark: str, name: str, took: float) -> None:
        """Say that something happened; nothing where nobody wants to know."""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        pass


@dataclass(slots=True)
class PlainProgress(Progress):
    """A line when a step starts, a line with its seconds when it ends."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def tell(self, mark: str, name: str, took: float) -> None:
        line = {
            "start": f"  …  {name}", "done": f"  ✓  {name}  {took:.1f} s",
            "failed": f"  ✗  {name}", "unchanged": f"  =  {name}  unchanged",
        }[mark]  # fmt: skip
        print(line, file=self.stream, flush=True)


@dataclass(slots=True)
class LiveProgress(Progress):
    """One line on a terminal that is written over: k of n, what runs now, the time that is left."""

    console: Any = None
    _bar: Any = None
    _task: Any = None

    def __enter__(self) -> Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = (
            SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"), TextColumn("{task.description}"),
        )  # fmt: skip
        progress = self

        class Timed(Bar):
            def get_renderables(self):
                for task in self.tasks:
                    task.fields["left"] = progress.time_left()
                return super().get_renderables()

        self._bar = Timed(*columns, console=self.console, transient=True)
        self._task = self._bar.add_task("", total=None, left="")
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    def begin(self, total: int, seconds: Mapping[str, float]) -> None:
        Progress.begin(self, total, seconds)
        self._bar.update(self._task, total=total)

    def tell(self, mark: str, name: str, took: float) -> None:
        told = {"done": f"  ✓  {name}  {took:.1f} s", "failed": f"  ✗  {name}"}.get(mark)
        if told:
            self._bar.console.print(told, highlight=False)
        running = ", ".join(self.running) or name
        self._bar.update(self._task, completed=len(self.finished), description=running)

    def time_left(self) -> str:
        """Return the time left as it is shown.

        >>> LiveProgress(seconds={"a": 150.0}).time_left(), LiveProgress().time_left()
        ('2 min 30 s left', '')
        """
        left = self.left()
        if left is None:
            return ""
        minutes, seconds = divmod(round(left), 60)
        return f"{minutes} min {seconds:02d} s left" if minutes else f"{seconds} s left"


def progress_for(stream: TextIO, *, quiet: bool = False) -> Progress:
    """Return the progress that fits where it is told: live on a terminal, plain lines elsewhere."""
    from rich.console import Console

    if quiet:
        return Progress()
    console = Console(file=stream)
    live = console.is_terminal and not console.is_dumb_terminal
    return LiveProgress(console=console) if live else PlainProgress(stream=stream)
