"""Finishes the HTML page that pandoc wrote: one tree of headings, heads that name their columns."""

from __future__ import annotations

import re
from pathlib import Path

_HEADING = re.compile(r"(</?h)([1-5])(\b[^>]*>)")
_SCRIPT = "REPORT-SCRIPT"


def finish_page(path: Path, script: str) -> None:
    """Rewrite a page in place.

    Parameters
    ----------
    path : Path
        The page.
    script : str
        What stands in its one script element.
    """
    page = path.read_text(encoding="utf-8")
    front, body = page.split("</header>", 1)
    body = _HEADING.sub(lambda m: f"{m[1]}{int(m[2]) + 1}{m[3]}", body)
    body = re.sub(r"<thead>.*?</thead>", lambda m: _with_scopes(m[0]), body, flags=re.S)
    # what may be wider than a phone scrolls by itself, and can be reached by the keyboard
    body = re.sub(r'<pre\b|<div class="equation"', r'\g<0> tabindex="0"', body)
    path.write_text(front + "</header>" + body.replace(_SCRIPT, script), encoding="utf-8")


def _with_scopes(head: str) -> str:
    """Say of every head that it names a column; a head without words is an ordinary cell.

    >>> _with_scopes("<tr><th></th><th>n</th></tr>")
    '<tr><td></td><th scope="col">n</th></tr>'
    """
    head = re.sub(r"<th\b([^>]*)>\s*</th>", r"<td\1></td>", head)
    return re.sub(r"<th\b", '<th scope="col"', head)
