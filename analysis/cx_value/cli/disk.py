"""What a disk refuses, in words: full, not writable, a file where a folder should be."""

from __future__ import annotations

import errno

from cx_value.base.errors import ReportError

#: Kind of error → what is wrong and what to do.
_TOLD = {
    errno.ENOSPC: ("there is no room left on the disk", "make room, or give another --out"),
    errno.EDQUOT: ("the quota of the disk is used up", "make room, or give another --out"),
    errno.EFBIG: ("a file would grow beyond what is allowed here",
                  "raise the limit on the size of files, or give another --out"),
    errno.EROFS: ("the disk can be read only", "give another --out"),
    errno.EACCES: ("nothing may be written there", "give another --out, or mend the permissions"),
    errno.EPERM: ("nothing may be written there", "give another --out, or mend the permissions"),
    errno.ENOTDIR: ("a file stands where a folder should be", "give another --out"),
    errno.EEXIST: ("a file stands where a folder should be", "give another --out"),
    errno.ENAMETOOLONG: ("the path is too long", "give a shorter --out or name:"),
    errno.EIO: ("the disk fails", "give another --out, on a sound disk"),
}  # fmt: skip


def refusal_of(error: OSError) -> ReportError | None:
    """Return an error of ours for what the disk refuses; None for any other fault.

    Examples
    --------
    >>> print(refusal_of(OSError(errno.ENOSPC, "No space left on device", "out/a.csv")))
    out/a.csv: there is no room left on the disk · allowed: a folder that can be written · do: \
make room, or give another --out
    >>> refusal_of(FileNotFoundError(errno.ENOENT, "gone")) is None
    True
    """
    if error.errno not in _TOLD:
        return None
    problem, remedy = _TOLD[error.errno]
    where = f"{error.filename}: " if error.filename else ""
    return ReportError(f"{where}{problem} · allowed: a folder that can be written · do: {remedy}")
