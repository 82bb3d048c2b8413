"""A dialogue over what a starter guessed: each block with its answers, kept, named or left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cx_value.study.starter.guess import Block, Guess
    from cx_value.study.tables import RawTable

#: Asks a question of a code with what is to be shown, offers an answer, returns the one given.
Ask = Callable[[str, dict[str, str], str], str]
#: Answer that leaves a block or a column out.
OUT = "-"
SHOWN = 6


def ask_about(raw: RawTable, guess: Guess, ask: Ask) -> Guess:
    """Return a guess as the analyst answers it.

    For each block the question shows its items with their first answers and why they are
    together; the answer is what the block is called, or ``-`` to leave it out. Then each column
    that may describe respondents is asked for, with its values.
    """
    blocks = tuple(
        kept for block in guess.blocks if (kept := _ask_block(raw, block, ask)) is not None
    )
    profile = tuple(
        column for column in guess.profile
        if ask("profile", {"column": column, "answers": _answers(raw, column)}, "+") != OUT
    )  # fmt: skip
    left_out = {c for block in guess.blocks for c in block.columns}
    left_out -= {c for block in blocks for c in block.columns}
    left_out |= set(guess.profile) - set(profile)
    return replace(
        guess, blocks=blocks, profile=profile, unused=(*guess.unused, *sorted(left_out)),
        why_unused={**guess.why_unused, **dict.fromkeys(left_out, "left out in the dialogue")},
    )  # fmt: skip


def _ask_block(raw: RawTable, block: Block, ask: Ask) -> Block | None:
    lines = [f"  {raw.column_labels.get(c, c)} · {_answers(raw, c)}" for c in block.columns]
    shown = {
        "items": "\n".join(lines), "by": block.by, "sure": "sure" if block.sure else "unsure",
        "low": f"{block.scale[0]:g}", "high": f"{block.scale[1]:g}",
    }  # fmt: skip
    said = ask("block", shown, block.stem).strip()
    if said == OUT:
        return None
    return block if said == block.stem else replace(block, label=said)


def _answers(raw: RawTable, column: str) -> str:
    values = list(dict.fromkeys(str(cell) for cell in raw.frame[column] if str(cell).strip()))
    return ", ".join(values[:SHOWN]) + (" …" if len(values) > SHOWN else "")
