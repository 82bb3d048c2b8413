"""What several notebooks of a study need is computed once: a cache on disk, keyed on what goes in.

The key is a hash of the function, of everything it is given (answers by value, declarations by
content) and of the code of the rooms it stands on; a change of any of them is another key, so that
nothing stale is ever read. The functions themselves know nothing of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cx_value.base.wording import Text

PACKAGE = Path(__file__).resolve().parents[1]
ROOMS = ("base", "study", "sem", "measure", "judge")
#: So many results are kept; the ones that were read longest ago go first.
MOST_KEPT = 40
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Cache:
    """Results of pure functions in a folder.

    The folder holds fits, and with them the answers they were fitted to: it belongs beside the
    data, not among what is handed on.
    """

    folder: Path

    def once(self, compute: Callable[..., Answer], *args: Any, **options: Any) -> Answer:
        """Return ``compute(*args, **options)``, read back where it is known.

        A second notebook that asks for the same while it is being computed waits for it. What
        cannot be read back, or written, is computed as if there were no cache.
        """
        name = f"{compute.__module__}.{compute.__qualname__}"
        owner = getattr(compute, "__self__", None)
        key = digest_of(name, code_of_rooms(), owner, args, options)
        file = self.folder / f"{key}.pickle"
        with _alone(file.with_suffix(".lock")):
            known, answer = _read(file)
            if not known:
                answer = compute(*args, **options)
                _write(file, answer)
                self._forget_oldest()
        return answer

    def _forget_oldest(self) -> None:
        kept = sorted(self.folder.glob("*.pickle"), key=_read_last, reverse=True)
        for file in kept[MOST_KEPT:]:
            for other in (file, file.with_suffix(".lock")):
                other.unlink(missing_ok=True)


def _read_last(file: Path) -> float:
    """Return when a file was read last; one that another notebook forgot was, long ago."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def digest_of(*values: Any) -> str:
    """Return the SHA-256 of values by content: frames, arrays, declarations, plain data.

    >>> digest_of({"a": 1, "b": [2.0]}) == digest_of({"b": [2.0], "a": 1})
    True
    >>> digest_of(1) == digest_of(1.0), digest_of("1") == digest_of(1)
    (False, False)
    """
    digest = hashlib.sha256()
    for piece in _pieces(values):
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    """Yield the parts of a value as bytes, each with its type before it."""
    yield type(value).__qualname__.encode()
    if isinstance(value, Text):
        yield from (str(value).encode(), value.zh.encode())
    elif value is None or isinstance(value, str | int | float | bool | complex | Path):
        yield repr(value).encode()
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            yield from _pieces(key)
            yield from _pieces(value[key])
    elif isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        for entry in ordered:
            yield from _pieces(entry)
    elif is_dataclass(value):
        for field in fields(value):
            yield field.name.encode()
            yield from _pieces(getattr(value, field.name))
    elif hasattr(value, "model_dump"):
        yield from _pieces(value.model_dump())
    else:
        yield from _table_pieces(value)


def _table_pieces(value: Any) -> Iterator[bytes]:
    """Yield the parts of a frame, a column or an array; anything else as it is pickled."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        yield from _pieces([str(name) for name in value.columns])
        yield from _pieces([str(kind) for kind in value.dtypes])
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        yield pd.util.hash_pandas_object(value).to_numpy().tobytes()
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield f"{value.dtype} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    else:
        yield pickle.dumps(value)


@cache
def code_of_rooms() -> str:
    """Return the SHA-256 of the code that a cached number can stand on."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            digest.update(str(path.relative_to(PACKAGE)).encode() + path.read_bytes())
    return digest.hexdigest()


def _read(file: Path) -> tuple[bool, Any]:
    try:
        answer = pickle.loads(file.read_bytes())
        os.utime(file)
    except Exception:
        # Absent, cut short, or of another Python: it is computed again.
        return False, None
    return True, answer


def _write(file: Path, answer: Any) -> None:
    part = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(pickle.dumps(answer, protocol=5))
        part.replace(file)
    except (OSError, pickle.PicklingError, TypeError, AttributeError):
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock between processes where the system has one, and do without where it has none."""
    try:
        import fcntl

        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = lock.open("w")
    except (ImportError, OSError):
        yield
        return
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
