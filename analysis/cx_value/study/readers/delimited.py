"""CSV and its relatives: delimiter, quotes, rows of too few or too many cells."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from cx_value.base.errors import Fault, FaultsError
from cx_value.study.readers.encodings import decode
from cx_value.study.readers.header import with_header
from cx_value.study.readers.raw import EMPTY, Layout, RawTable, fault, refusal

ENDINGS = (".csv", ".tsv", ".txt", ".tab")


def read_delimited(file: Path, content: bytes, encoding: str, layout: Layout) -> RawTable:
    """Read a text file with one line a row."""
    import pandas as pd

    text, name, guessed = decode(file, content, encoding)
    # One kind of line end for both readers below, also where a cell holds an old Mac's.
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    if not text.strip("\ufeff \n\t"):
        raise refusal(file, *EMPTY)
    whole, text = text, _without_titles(text)
    delimiter = find_delimiter(text)
    try:
        short = _short_rows(file, text, delimiter)
        grid = pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=str, keep_default_na=False,
            na_filter=False, skip_blank_lines=False, low_memory=False,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise FaultsError([_ragged(file, str(error))]) from error
    shown = {"\t": "tab"}.get(delimiter, delimiter)
    told = ((("encoding", "GB18030"),) if guessed else ())  # fmt: skip
    if above := whole.count("\n") - text.count("\n"):
        told = (*told, ("titles", str(above)))
    return with_header(
        file,
        grid.astype(object),
        layout,
        format=f"CSV ({name}, {shown})",
        decimal={",": ".", ";": ","}.get(delimiter),
        short_rows=short,
        told=told,
    )


def find_delimiter(text: str) -> str:
    """Return the delimiter that cuts the header line into most pieces, outside quotes."""
    header = text.lstrip("\n").split("\n", 1)[0]
    bare = "".join(header.split('"')[::2])
    return max(",;\t|", key=bare.count)


def _without_titles(text: str) -> str:
    """Return a text without what Excel or its author wrote above the table.

    That is ``sep=;``, or lines that hold no delimiter where all below them hold as many.

    >>> _without_titles("Survey of May\\n\\nid;a;b\\n1;2;3\\n2;2;2\\n3;1;2")
    'id;a;b\\n1;2;3\\n2;2;2\\n3;1;2'
    """
    if told := re.match(r"sep=.\n", text):
        return text[told.end() :]
    lines = text.split("\n", 12)[:12]
    for mark in ",;\t|":
        counts = [line.count(mark) for line in lines]
        titles = next((k for k, count in enumerate(counts) if count), 0)
        body = counts[titles : titles + 4]
        if titles and len(body) == 4 and len(set(body)) == 1 and body[0] > 1:
            return "\n".join(text.split("\n", titles)[titles:])
    return text


def _short_rows(file: Path, text: str, delimiter: str) -> tuple[int, ...]:
    """Number the rows with fewer cells than the header: pandas fills them up silently."""
    counts = []
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        counts.append(len(row))
        swallowed = next((cell for cell in row if "\n" in cell and delimiter in cell), None)
        if swallowed is not None and _holds_rows(swallowed, delimiter, counts[0]):
            raise refusal(
                file,
                f"a quotation mark in row {len(counts) - 1} opens a cell of "
                f"{swallowed.count(chr(10)) + 1} lines that look like rows",
                "quotation marks in pairs, or written twice inside a quoted cell",
                "delete the stray quotation mark, or export the data again",
            )
    return tuple(k for k, count in enumerate(counts) if 1 < count < counts[0])


def _holds_rows(cell: str, delimiter: str, columns: int) -> bool:
    """Return whether lines inside a cell are cut like rows of the table."""
    inside = cell.split("\n")[1:-1]
    return columns > 2 and any(line.count(delimiter) >= columns - 1 for line in inside)


def _ragged(file: Path, message: str) -> Fault:
    counts = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if not counts:
        return fault(file, f"the file is not a table: {message.strip()}",
                     "as many cells in every line as in the header",
                     "look for a quotation mark that is not closed")  # fmt: skip
    wanted, line, seen = counts.groups()
    return fault(
        file,
        f"line {line} has {seen} cells, the header has {wanted}",
        "as many cells in every line as in the header",
        f"put quotation marks around a text that holds the delimiter, in line {line} or above it",
    )
