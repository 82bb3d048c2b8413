"""From a grid of cells to named columns: header rows, merged titles, names used twice."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.study.readers.no_answer import means_no_answer
from cx_value.study.readers.platforms import Platform, is_further_header, platform_of
from cx_value.study.readers.raw import Layout, RawTable, filled_cells, number_rows, refusal

if TYPE_CHECKING:
    import pandas as pd

#: Rows at the top among which a header is looked for.
MOST_HEADER_ROWS = 4
#: Rows at the top among which titles above the header are looked for.
TITLES_AMONG = 16
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?%?")


def with_header(file: Path, grid: pd.DataFrame, layout: Layout, **known: Any) -> RawTable:
    """Name the columns of a grid by its header rows and return the table below them.

    Parameters
    ----------
    grid
        All cells of the file, header included.
    layout
        What the study declares: rows to skip, rows of the header, the platform.
    known
        Further fields of the :class:`RawTable`.
    """
    grid = grid.iloc[layout.skip_rows :].reset_index(drop=True)
    if grid.empty:
        raise _no_answers(file)
    top = [[_words(cell) for cell in row] for row in grid.iloc[:TITLES_AMONG].to_numpy().tolist()]
    titles = title_rows(top) if layout.header_rows == "auto" and not layout.skip_rows else 0
    top, grid = top[titles:], grid.iloc[titles:].reset_index(drop=True)
    platform = platform_of(top[0], layout.platform)
    depth = layout.header_rows
    depth = _header_depth(top, platform) if depth == "auto" else int(depth)
    names, labels = _names_and_labels(top[:depth])
    body = grid.iloc[depth:].reset_index(drop=True)
    filled = filled_cells(body)
    keep = [k for k, name in enumerate(names) if name or filled[:, k].any()]
    rows = int(filled.any(axis=1).nonzero()[0][-1]) + 1 if filled.any() else 0
    if rows == 0:
        raise _no_answers(file)
    unique, twice = _unique([names[k] or f"column {k + 1}" for k in keep])
    body = body.iloc[:rows, keep]
    body.columns = unique
    told = (*known.pop("told", ()), *_told(platform, depth, twice))
    told += (("titles", str(titles)),) if titles else ()
    if known.get("short_rows"):
        above = layout.skip_rows + titles + depth - 1
        known["short_rows"] = _below_header(known["short_rows"], above)
    table = RawTable(
        frame=number_rows(body),
        column_labels={name: labels[k] for name, k in zip(unique, keep, strict=True) if labels[k]},
        platform=platform.name if platform else "",
        told=told,
        **known,
    )
    return table if platform is None else _with_platform(table, platform)


def _no_answers(file: Path):
    return refusal(
        file,
        "the file has a header but no answers",
        "one row per respondent",
        "export the data again",
    )


def _words(cell: Any) -> str:
    return " ".join(str(cell).split())


def title_rows(top: list[list[Any]]) -> int:
    """Count the rows above the header: a title, a date, an empty row; at most one cell filled.

    >>> title_rows([["Survey 2026", "", ""], ["", "", ""], ["id", "a", "b"], ["1", "2", "3"],
    ...              ["2", "2", "1"]])
    2
    >>> title_rows([["id", "a", "b"], ["1", "2", "3"]])
    0
    """
    filled = [sum(cell not in (None, "") for cell in row) for row in top[:TITLES_AMONG]]
    titles = next((k for k, count in enumerate(filled) if count > 1), 0)
    below = filled[titles : titles + 6]
    whole = len(below) > 2 and below[0] > 2 and min(below[1:]) > 0.5 * below[0]
    return titles if whole and below[0] >= 0.8 * max(map(len, top)) else 0


def _header_depth(top: list[list[str]], platform: Platform | None) -> int:
    """Count the header rows: the first, and those below it that hold no answers."""
    depth = 1
    while depth < min(len(top) - 1, MOST_HEADER_ROWS) and (
        _is_import_row(top[depth])
        or (is_further_header(platform, top[depth]) and _answers_nothing(platform, top[depth]))
    ):
        depth += 1
    if depth == 1 and platform is None and _titles_above(top):
        return 2
    return depth


def _answers_nothing(platform: Platform | None, row: list[str]) -> bool:
    """Return whether a row can be no respondent's: SurveyMonkey's has no number of one."""
    return platform is None or platform.must is None or not row[0]


def _is_import_row(row: list[str]) -> bool:
    """Return whether a row holds the keys an export is read back by."""
    return any(cell.startswith('{"ImportId"') for cell in row)


def _titles_above(top: list[list[str]]) -> bool:
    """Return whether the second row still names columns: words above columns of numbers."""
    if len(top) < 5:
        return False
    first, second, below = top[0], top[1], top[2:]
    words = numbers = 0
    for k, cell in enumerate(second):
        column = [row[k] for row in below if k < len(row) and row[k]]
        if len(column) < 3 or not all(_NUMBER.fullmatch(value) for value in column):
            continue
        if not cell and k < len(first) and first[k]:
            continue  # a title of one column
        numbers += 1
        words += bool(cell) and not _NUMBER.fullmatch(cell) and len(cell) > 1
    return numbers >= 2 and words >= 0.8 * numbers


def _names_and_labels(rows: list[list[str]]) -> tuple[list[str], list[str]]:
    """Return names and labels of the columns.

    Where the first row names every column once, the rows below are labels. Where it has titles
    over several columns (merged cells), a name is its title and its own words.
    """
    first = rows[0]
    rows = [row for row in rows if not _is_import_row(row)]
    if len(rows) == 1:
        return first, [""] * len(first)
    below = [" ".join(dict.fromkeys(filter(None, cells))) for cells in zip(*rows[1:], strict=True)]
    complete = all(name or not label for name, label in zip(first, below, strict=True))
    if complete and len(set(filter(None, first))) == len(list(filter(None, first))):
        return first, [label if label != name else ""
                       for name, label in zip(first, below, strict=True)]  # fmt: skip
    names, title = [], ""
    for own, label in zip(first, below, strict=True):
        title = own or title
        plain = not label or re.fullmatch("Response|Open-Ended Response", label)
        names.append(title if plain else f"{title} - {label}" if title else label)
    return names, [""] * len(names)


def _unique(names: list[str]) -> tuple[list[str], list[str]]:
    """Number names used again: ``1-1``, ``1-1 (2)``; return also which those are."""
    counts = Counter(names)
    taken, unique = set(counts), []
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        new, number = name, seen[name]
        while seen[name] > 1 and new in taken:
            new, number = f"{name} ({number})", number + 1
        taken.add(new)
        unique.append(new)
    return unique, sorted(name for name, count in counts.items() if count > 1)


def _told(platform: Platform | None, depth: int, twice: list[str]) -> list[tuple[str, str]]:
    told = [("platform", platform.name)] if platform else []
    told += [("header", str(depth))] if depth != 1 else []
    return told + ([("twice", json.dumps(twice, ensure_ascii=False))] if twice else [])


def _below_header(rows: tuple[int, ...], lines: int) -> tuple[int, ...]:
    return tuple(row - lines for row in rows if row > lines)


def _with_platform(table: RawTable, platform: Platform) -> RawTable:
    """Add what a platform means by its cells: skipped questions, letters for numbers."""
    from dataclasses import replace

    if platform.lettered:
        table = replace(table, frame=table.frame.apply(_without_letters))
    if own := platform.own_words:
        table = replace(table, frame=table.frame.map(
            lambda cell: re.sub(own, "", cell) if isinstance(cell, str) else cell))  # fmt: skip
    missing = {name: [(word, word) for word in platform.missing] for name in table.frame}
    said = {name: words for name in table.frame if (words := _question(name)) != name}
    return replace(
        table,
        column_labels={**said, **table.column_labels},
        user_missing=missing if platform.missing else {},
        value_labels=_letter_codes(table.frame) if platform.letters else {},
    )


#: How a platform writes a question into the name of its column; the group is its wording.
_WORDINGS = (
    r"\d+\s*[、.．].+?(?:—+|--|:|：)\s*(.+)",
    r"第\d+题\s*[(（](.+)[)）]",
    r"\d+\s*[、.．:：]\s*(.+?)(?:\s*[【\[](?:单选|多选|填空|量表|矩阵).*[】\]])?",
    r"[A-Za-z]\w*(?:\[\w+\])?\.\s+(.+)",
    r".+?\s*\[(.*\s.*|[^\x00-\x7f].*|[A-Z]?[a-z].*)\]",
)


def _question(name: str) -> str:
    """Return the wording of a question without its number.

    >>> _question("第2题(办事快捷)"), _question("12、使用过哪些渠道【多选题】"), _question("Q1_2")
    ('办事快捷', '使用过哪些渠道', 'Q1_2')
    """
    for form in _WORDINGS:
        if match := re.fullmatch(form, name):
            return match[1].strip()
    return name


def _letter_codes(frame: pd.DataFrame) -> dict[str, dict[float, str]]:
    """Return the numbers behind codes such as A1 … A5 (or AO01 …), column by column."""
    found = {}
    for name in frame:
        words = {str(cell).strip() for cell in frame[name].unique()} - {"", "-oth-", "N/A"}
        codes = [re.fullmatch(r"([A-Z]{1,3})(\d{1,2})", word) for word in words]
        if words and all(codes) and len({code[1] for code in codes}) == 1:
            found[name] = {float(code[2]): code[0] for code in codes}
    return found


def _without_letters(cells: pd.Series) -> pd.Series:
    """Take the letters off lettered options (A.男, B.女), where each letter has one wording."""
    words = {cell: str(cell).strip() for cell in cells.unique()}
    marked = {cell: re.fullmatch(r"([A-Z])[.、．]\s*(\S.*)", word)
              for cell, word in words.items() if word and not means_no_answer(word)}  # fmt: skip
    found = [match for match in marked.values() if match]
    letters, options = ({m[k] for m in found} for k in (1, 2))
    if not marked or not all(marked.values()) or not len(letters) == len(options) == len(marked):
        return cells
    return cells.map(lambda cell: marked[cell][2] if marked.get(cell) else cell)
