"""Sheets of answers as they are exported, column by column, header above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from made.questionnaire import AGES, GENDER, HEARD, Questionnaire


@dataclass
class Sheet:
    """Columns of an export, left to right: header cells above, answers below."""

    q: Questionnaire
    heads: list[tuple[str, ...]] = field(default_factory=list)
    cells: list[list] = field(default_factory=list)
    items: list[int] = field(default_factory=list)  # where the items stand

    def add(self, head: str | tuple[str, ...], cells) -> None:
        self.heads.append((head,) if isinstance(head, str) else head)
        self.cells.append(list(cells))

    def add_items(self, heads: list, shown: list[list]) -> None:
        for head, cells in zip(heads, shown, strict=True):
            self.items.append(len(self.heads))
            self.add(head, cells)

    def write(self, path: Path, encoding: str = "utf-8-sig", sep: str = ",") -> Path:
        depth = max(len(head) for head in self.heads)
        top = [[head[k] if k < len(head) else "" for head in self.heads] for k in range(depth)]
        rows = [*top, *(list(row) for row in zip(*self.cells, strict=True))]
        frame = pd.DataFrame(rows, dtype=object)
        if path.suffix == ".xlsx":
            frame.to_excel(path, header=False, index=False)
        else:
            frame.to_csv(path, header=False, index=False, encoding=encoding, sep=sep)
        return path


@dataclass(frozen=True)
class Export:
    """A file and what is in it."""

    path: Path
    q: Questionnaire
    items: tuple[int, ...]
    platform: str
    heard: bool = True  # a question with several answers was asked
    seconds: bool = True
    edits: int = 0  # lines that may have to be written by hand


def pick(q: Questionnaire, *choices):
    return choices[int(q.draw.integers(len(choices)))]


def shown(q: Questionnaire, *, words: bool, blank="", dress: Callable | None = None) -> list[list]:
    """Return the items as an export shows them, column by column."""
    low = q.scale[0]
    flat = []
    for k, column in enumerate(q.answers.T):
        cells: list = []
        for row, value in enumerate(column):
            if q.refused[row, k]:
                cells.append(q.unknown if words else blank)
            elif np.isnan(value):
                cells.append(blank)
            elif words and q.words:
                word = q.words[int(value) - low]
                cells.append(dress(int(value), word) if dress else word)
            else:
                cells.append(int(value))
        flat.append(cells)
    return flat


def item_texts(q: Questionnaire) -> list[tuple[int, str, str]]:
    """Return (number of the construct from 1, its name, wording) item by item."""
    return [(k, c.name, text) for k, c in enumerate(q.constructs, start=1) for text in c.items]


def several(q: Questionnaire, mark: str, end: str = "") -> list[str]:
    names = HEARD[q.lang]
    cells = [mark.join(n for n, yes in zip(names, row, strict=True) if yes) for row in q.heard]
    return [cell + end if cell else "" for cell in cells]


def ticked(q: Questionnaire, k: int, yes, no="") -> list:
    return [yes if chosen else no for chosen in q.heard[:, k]]


def remarks(q: Questionnaire, rare: float = 0.4) -> list[str]:
    return [q.remark(k) if u < rare else "" for k, u in enumerate(q.draw.random(q.n))]


def genders(q: Questionnaire, words: bool = True) -> list:
    return [GENDER[q.lang][g] if words else int(g) + 1 for g in q.gender]


def ages(q: Questionnaire, words: bool = True) -> list:
    return [AGES[q.lang][a] if words else int(a) + 1 for a in q.age]
