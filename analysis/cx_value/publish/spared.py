"""A notebook that failed: a statement stands in its place, and the report appears without it."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import replace
from pathlib import Path

from cx_value.notebook.identity import declaration_sha256, sha256_of_data
from cx_value.notebook.store import Store
from cx_value.notebook.untold import FAULTS, PREFIX, Untold
from cx_value.publish.execute import NotebookError
from cx_value.study.spec import Study

#: What no page can do without: the names of everything. Who saves it cannot be spared before.
NEEDED = "codebook"
_REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def tell(folder: Path, study: Study, notebook: str, error: NotebookError, *, draft: bool) -> None:
    """Save a statement that a part of the analysis failed, and why.

    An error that is none of ours is a fault of the program: its traceback goes to
    ``faults/<notebook>.txt`` of the build folder, its words (which may hold answers) nowhere else.

    Raises
    ------
    NotebookError
        The error itself, where the data could not be read at all.
    OSError
        Where the disk refused to write: no statement could be kept either.
    """
    if refused := refused_by_disk(error.message):
        raise refused from error
    store = Store(folder, study, declaration_sha256(study), sha256_of_data(study), draft)
    if notebook == _first_of(study) and not store.has(NEEDED):
        raise error
    statement = Untold.of(notebook, error.message.replace(f"{study.folder}{os.sep}", ""))
    if statement.fault:
        path = folder / FAULTS / f"{notebook}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{error}\n\n{error.trace}\n", encoding="utf-8")
    # Told to the store, not to the environment: in other threads kernels are being started.
    replace(store, notebook=notebook).save(f"{PREFIX}{notebook}", statement)


def refused_by_disk(message: str) -> OSError | None:
    """Return the error of a full or unwritable disk that a notebook met, from its message.

    >>> refused_by_disk("OSError: [Errno 28] No space left on device: '/a/b.csv'").filename
    '/a/b.csv'
    >>> refused_by_disk("DataError: 28 rows are lost") is None
    True
    """
    found = re.match(r"\w+: \[Errno (\d+)\] ([^:]*)(?:: '(.*)')?", message)
    if not found or int(found[1]) not in _REFUSED:
        return None
    return OSError(int(found[1]), found[2], found[3])


def forget_fault(folder: Path, notebook: str) -> None:
    """Remove the traceback that an earlier run of a notebook left."""
    (folder / FAULTS / f"{notebook}.txt").unlink(missing_ok=True)


def _first_of(study: Study) -> str:
    """Return the notebook that reads the data first and names everything."""
    if study.data:
        return "01_sample"
    return "06_value" if study.transactions else "06_contracts"
