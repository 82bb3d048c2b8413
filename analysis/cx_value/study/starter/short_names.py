"""Words and short names as a study file writes them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cx_value.base.wording import Text
from cx_value.study.starter.names import construct_of

if TYPE_CHECKING:
    from cx_value.study.starter.guess import Guess

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff ./-]*[\w\u4e00-\u9fff]|[A-Za-z]")
_RESERVED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"}


def quote(text: str) -> str:
    """Write a text so that YAML reads it back as the same text."""
    text = str.__str__(text) if isinstance(text, Text) else str(text)
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)


def phrase(text: str) -> str:
    """Write a text, in both languages where they differ."""
    zh = text.zh if isinstance(text, Text) else str(text)
    return quote(text) if zh == str(text) else f"{{en: {flow(text)}, zh: {flow(zh)}}}"


def flow(text: str) -> str:
    """Inside braces a comma ends a value, so that only simple words go without quotes."""
    quoted = quote(text)
    return quoted if re.fullmatch(r"[\w ]+", quoted) else json.dumps(str(text), ensure_ascii=False)


class ShortNames:
    """Short names for models: the column's own where it can be one, else F1, F1_1, …"""

    def __init__(self, guess: Guess):
        columns = {name for block in guess.blocks for name in block.columns}
        columns |= {*guess.profile, *(n for block in guess.singles for n in block.columns)}
        self.construct: dict[str, str] = {}
        self.column: dict[str, str] = {}
        taken = {self._safe(c) for c in columns}
        for k, block in enumerate(guess.blocks, start=1):
            known = construct_of(block.stem)
            name = (self._safe(block.stem) or (known[0] if known else f"F{k}")).upper()
            while name in taken or name in self.construct.values():
                name += "_F"
            self.construct[block.stem] = name
            for number, column in enumerate(block.columns, start=1):
                self._add(column, f"{name}_{number}")
        for k, block in enumerate(guess.singles, start=1):
            self._add(block.columns[0], f"S{k}")
        for k, column in enumerate(guess.profile, start=1):
            self._add(column, f"P{k}")

    def _add(self, column: str, fallback: str) -> None:
        name = self._safe(column) or fallback
        while name in self.column.values():
            name += "_"
        self.column[column] = name

    @staticmethod
    def _safe(name: str) -> str:
        """Return a name a model can hold, or nothing when too little of it would be left."""
        ascii_only = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        readable = name.isascii() and ascii_only and ascii_only[0].isalpha()
        return ascii_only if readable and len(ascii_only) <= 20 else ""
