"""Where the pandoc is that the report is made with."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from cx_value.base.errors import ReportError


def pandoc_path() -> Path:
    """Return the pandoc that came with the package ``pypandoc-binary``, never the system's.

    ``pypandoc.get_pandoc_path`` chooses among all that are installed, keeps the choice in a
    global while it makes it, and so may hand an old one to a second thread.

    Raises
    ------
    ReportError
        If the package is not installed or came without its program.

    Examples
    --------
    >>> pandoc_path().stem
    'pandoc'
    """
    found = find_spec("pypandoc")
    folders = found.submodule_search_locations if found else None
    name = "pandoc.exe" if sys.platform == "win32" else "pandoc"
    path = Path(next(iter(folders))) / "files" / name if folders else None
    if path is None or not path.is_file():
        raise ReportError(
            "pandoc is missing: package pypandoc-binary is not installed · do: run `make setup`."
        )
    return path
