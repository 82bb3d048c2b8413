"""A printed table as HTML, for a notebook: three lines, the note under it."""

from __future__ import annotations

import html
import re

from cx_value.base.sources import named_source
from cx_value.tables.render import PrintedTable

_RULE = "1.5px solid currentColor"
_MARKS = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(.+?)\*"), r"<em>\1</em>"),
    (re.compile(r"~(.+?)~"), r"<sub>\1</sub>"),
    (re.compile(r"\^(.+?)\^"), r"<sup>\1</sup>"),
)
_ESCAPED = re.compile(r"\\(.)")
_CITED = re.compile(r"\[(@[^\]]+)\]")
_AT = re.compile(r"@([a-z][\w-]*\d{4}[a-z]?)")


def html_table(printed: PrintedTable, *, more: str = "") -> str:
    """Return a table as the report prints it, sources by name.

    Parameters
    ----------
    printed : PrintedTable
    more : str
        What is said of rows that are not shown.
    """
    head = _row("th", printed.heads, printed)
    body = "\n".join(_row("td", cells, printed) for cells in printed.body)
    notes = [inline_html(printed.note, printed.lang)] if printed.note else []
    notes += [html.escape(f"… {more}")] if more else []
    below = "".join(f'<p style="font-size:smaller;margin:.3em 0">{note}</p>' for note in notes)
    return (
        f'<div class="cx-value-table"><table style="border-collapse:collapse;'
        f'border-top:{_RULE};border-bottom:{_RULE}">\n'
        f'<thead style="border-bottom:1px solid currentColor">{head}</thead>\n'
        f"<tbody>\n{body}\n</tbody></table>{below}</div>"
    )


def inline_html(text: str, lang: str) -> str:
    r"""Return a line of markdown as HTML: emphasis, sub- and superscript, escapes, citations.

    >>> inline_html(r"*p* \< .001 [@hu1999]", "en")
    '<em>p</em> &lt; .001 (Hu &amp; Bentler, 1999)'
    """
    held: list[str] = []

    def hold(match: re.Match) -> str:
        held.append(match[1])
        return f"\x00{len(held) - 1}\x00"

    text = _ESCAPED.sub(hold, text)
    text = _CITED.sub(lambda m: _bracketed(m[1], lang), text)
    text = _AT.sub(lambda m: named_source(m[1], lang), text)
    text = html.escape(text, quote=False)
    for pattern, made in _MARKS:
        text = pattern.sub(made, text)
    return re.sub("\x00(\\d+)\x00", lambda m: html.escape(held[int(m[1])], quote=False), text)


def _bracketed(keys: str, lang: str) -> str:
    names = [named_source(k, lang, parenthesised=True).strip("()（）") for k in _AT.findall(keys)]
    return f"（{'；'.join(names)}）" if lang == "zh" else f"({'; '.join(names)})"


def _row(tag: str, cells, printed: PrintedTable) -> str:
    lang = printed.lang
    made = (
        f'<{tag} style="text-align:{side};padding:.2em .7em">{inline_html(cell, lang)}</{tag}>'
        for cell, side in zip(cells, printed.alignments, strict=True)
    )
    return f"<tr>{''.join(made)}</tr>"
