"""Quotation marks that are never closed, and would swallow the lines that follow.

A field may hold a line end where it stands in quotation marks. A stray mark looks like the begin of
such a field, and everything up to the next stray mark would be taken for its text: hundreds of
purchases lost without a word. What gives it away is that the lines swallowed are whole lines.
"""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 22


def opener(path: Path):
    """Return what opens a file, packed or not."""
    return gzip.open if path.suffix.lower() == ".gz" else open


def without_stray_quotes(path: Path, delimiter: str, width: int, folder: str) -> tuple[Path, int]:
    """Return the path, or that of a copy without the lines that hold a stray quotation mark.

    Parameters
    ----------
    path : Path
        A log in UTF-8.
    delimiter : str
    width : int
        Number of fields of the header.
    folder : str
        Where the copy may be written.

    Returns
    -------
    Path
    int
        Lines set aside.

    Examples
    --------
    >>> folder = tempfile.mkdtemp()
    >>> log = Path(folder, "log.csv")
    >>> _ = log.write_text('who,day\\n"a,2026-01-01\\nb,2026-01-02\\n"c,2026-01-03\\n')
    >>> mended, lines = without_stray_quotes(log, ",", 2, folder)
    >>> mended.read_text().split(), lines
    (['who,day', 'b,2026-01-02'], 2)
    """
    if not _has_quotes(path):
        return path, 0
    stray = set(_stray_lines(path, delimiter, width))
    if not stray:
        return path, 0
    with (
        opener(path)(path, "rb") as file,
        tempfile.NamedTemporaryFile("wb", dir=folder, suffix=".csv", delete=False) as copy,
    ):
        copy.writelines(line for number, line in enumerate(file) if number not in stray)
    return Path(copy.name), len(stray)


def _has_quotes(path: Path) -> bool:
    with opener(path)(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            if b'"' in chunk:
                return True
    return False


def _stray_lines(path: Path, delimiter: str, width: int) -> Iterator[int]:
    """Yield the numbers of the lines whose quotation mark opens or closes no text of its own.

    A field over several lines is taken for one as far as none of the lines after its first has
    the fields of a whole line.
    """
    mark = re.escape(delimiter.encode())
    closed = re.compile(rb"(?:^|(?<=" + mark + rb'))"(?:[^"]|"")*"(?=' + mark + rb"|\s*$)")
    opened = re.compile(rb"(?:^|" + mark + rb')"')
    start, whole = None, False
    with opener(path)(path, "rb") as file:
        for number, line in enumerate(file):
            full = line.count(delimiter.encode()) == width - 1
            if start is None:
                if line.count(b'"') % 2 and opened.search(closed.sub(b"", line)):
                    start, whole = number, False
                continue
            whole |= full
            if line.count(b'"') % 2:
                if whole:
                    yield from (start, number)
                start = None
    if start is not None:
        yield start
