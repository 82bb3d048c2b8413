"""What was built from what: the memory of a build folder, and its lock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from cx_value.base.errors import AnalysisError
from cx_value.notebook.identity import content_of

STATES = ".state.json"


@dataclass(slots=True)
class States:
    """Of every step: the hash of what it hung on, and of the files it made.

    A file that somebody changed after it was made (a notebook run by hand, a spreadsheet that saved
    itself) makes its step out of date.
    """

    folder: Path
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def read(cls, folder: Path) -> States:
        """Return what is remembered of a build folder; nothing where it is unreadable."""
        try:
            return cls(folder, json.loads((folder / STATES).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return cls(folder)

    def holds(self, name: str, state: str) -> bool:
        """Tell whether a step was made from this state and its files are as it made them."""
        step = self.steps.get(name)
        if step is None or step.get("state") != state:
            return False
        files = {self.folder / path: content for path, content in step["made"].items()}
        return all(path.exists() and content_of(path) == told for path, told in files.items())

    def remember(self, name: str, state: str, made: Sequence[Path], seconds: float = 0.0) -> None:
        """Keep a step's state and what it made."""
        files = {p.relative_to(self.folder).as_posix(): content_of(p) for p in made}
        self._write(name, {"state": state, "made": files, "seconds": round(seconds, 1)})

    def renew(self, changed: Sequence[Path]) -> None:
        """Take files that another step wrote anew for what their own steps made."""
        contents = {p.relative_to(self.folder).as_posix(): content_of(p) for p in changed}
        for name, step in list(self.steps.items()):
            made = {path: contents.get(path, told) for path, told in step["made"].items()}
            if made != step["made"]:
                self._write(name, {**step, "made": made})

    def forget(self, name: str) -> None:
        """Let a step be out of date until it is done; how long it took last is kept."""
        self._write(name, {"seconds": self.seconds(name), "made": {}})

    def seconds(self, name: str) -> float:
        """Return how long a step took last; 0 where it never ran."""
        return float(self.steps.get(name, {}).get("seconds", 0.0))

    def _write(self, name: str, step: dict[str, Any]) -> None:
        with self._lock:
            self.steps[name] = step
            text = json.dumps(self.steps, indent=1, sort_keys=True)
            part = self.folder / f"{STATES}.part"
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(self.folder / STATES)


class FolderHeldError(AnalysisError):
    """Another run is writing to the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a build folder for one run; the lock goes with the process that holds it.

    Raises
    ------
    FolderHeldError
        If another run holds it.
    """
    with (folder / ".lock").open("a+b") as file:
        if not _try_lock(file):
            raise FolderHeldError(
                f"another run is writing to {folder} · allowed: one at a time · do: wait until it "
                "is done, or name another folder with --out"
            )
        try:
            yield
        finally:
            _unlock(file)


def _try_lock(file) -> bool:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        file.seek(0)
        with suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl

    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _unlock(file) -> None:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_UN)
