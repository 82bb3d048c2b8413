"""The sections of a starter study for a survey, as they are written."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.wording import Text
from cx_value.study.starter.names import construct_of, stem_of
from cx_value.study.starter.short_names import ShortNames, flow, phrase, quote

if TYPE_CHECKING:
    from cx_value.study.starter.guess import Block, Guess
    from cx_value.study.tables import RawTable

#: File beside a study by which an editor completes and explains its keys.
SCHEMA = "study.schema.json"


def sections(file: Path, raw: RawTable, guess: Guess, encoding: str) -> list[str]:
    """Return the sections of a study file, those without content left out."""
    names = ShortNames(guess)
    parts = [
        _head(file, raw, guess, encoding),
        _scale(guess),
        _constructs(raw, guess, names),
        _singles(raw, guess, names),
        _profile(raw, guess, names),
        _multiple(raw, guess),
        _models(guess, names),
        _metrics(guess, names),
        _TAIL,
    ]
    return [part for part in parts if part]


def _head(file: Path, raw: RawTable, guess: Guess, encoding: str) -> str:
    letters = "" if encoding == "auto" else f"\n  encoding: {encoding}"
    rows, columns = raw.frame.shape
    slug = re.sub(r"[^a-z0-9\u4e00-\u9fff]+", "-", file.stem.casefold()).strip("-") or "study"
    codes = ", ".join(f"{c:g}" if not isinstance(c, str) else quote(c) for c in guess.missing_codes)
    roles = "\n".join(
        f"  {role}: {quote(guess.roles[role]) if role in guess.roles else 'null'}{' ' * 4}# {said}"
        for role, said in _ROLES.items()
    )
    made = f", export of {raw.platform}" if raw.platform else ""
    return f"""\
# yaml-language-server: $schema={SCHEMA}
# Starter study for {_one_line(file.name)} ({raw.format}{made}, {rows} rows, {columns} columns).
# Everything below was guessed from the answers, the labels and the names in the file: read it
# once, above all what is marked UNSURE. Every key: data/ecsi-mobile/every_key.yml.
{_left_out(guess)}
name: {quote(slug)}
title:
  en: {quote("Customer evaluation: " + file.stem)}
  zh: {quote("顾客评价研究：" + file.stem)}

data:
  file: {quote(file.name)}{letters}
  missing_codes: [{codes}]    # answers that mean "no answer"
{roles}
"""


def _left_out(guess: Guess) -> str:
    """Name the columns that are not used, and why."""
    if not guess.unused:
        return ""
    lines = ["", "# Not used:"]
    for name in guess.unused:
        why = guess.why_unused.get(name, "looks like neither an item nor a characteristic")
        lines.append(f"#   {_one_line(name)}: {why}")
    return "\n".join([*lines, ""])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]


_ROLES = {
    "id": "column that names a respondent; never printed",
    "weight": "column with the sampling weight",
    "wave": "column with the survey wave",
    "duration": "column with the seconds an interview took",
}


def _scale(guess: Guess) -> str:
    return f"""\
# Lowest and highest answer, for every construct that has no scale of its own.
scale: {_usual(guess)}
"""


def _write_scale(block: Block) -> str:
    low, high = block.scale
    points = ", ".join(f"{k:g}: {flow(v)}" for k, v in block.labels.items())
    labels = f", labels: {{{points}}}" if points else ""
    return f"{{min: {low:g}, max: {high:g}{labels}}}"


def _usual(guess: Guess) -> str:
    scales = [_write_scale(block) for block in guess.blocks for _ in block.columns]
    return max(scales, key=scales.count)


def _constructs(raw: RawTable, guess: Guess, names: ShortNames) -> str:
    head = (
        "# One construct per block of columns. Do the items belong together? Is a high answer\n"
        "# favourable everywhere? If not, write the item as {label: …, reverse: true}.\n"
        "constructs:"
    )
    return "\n".join([head, *(_construct(raw, guess, names, block) for block in guess.blocks), ""])


def _construct(raw: RawTable, guess: Guess, names: ShortNames, block: Block) -> str:
    known = construct_of(block.stem)
    label = known[1] if known else Text(_common_words(raw, block))
    label = block.label or label
    head = f"  {names.construct[block.stem]}:"
    lines = [f"{head}    # {_sureness(block)}", f"    label: {phrase(label)}"]
    if (scale := _write_scale(block)) != _usual(guess):
        lines.append(f"    scale: {scale}")
    lines.append("    items:")
    lines += [
        f"      {_item(raw, names, column, reverse=column in block.reverse)}"
        for column in block.columns
    ]
    return "\n".join(lines)


def _common_words(raw: RawTable, block: Block) -> str:
    """Return what the items of a block are headed by in the file, else the block's stem."""
    heads = {stem_of(raw.column_labels.get(column, "")) for column in block.columns}
    (head,) = heads if len(heads) == 1 else (None,)
    words = re.sub(r"^\d+\s*[、.．:]\s*", "", head or block.stem)
    return words[:1].upper() + words[1:]


def _sureness(block: Block) -> str:
    """Say whether a block is sure, and by what it was made."""
    scale = "the range of the answers seen" if block.observed else "labels of the answers"
    word = "sure" if block.sure else "UNSURE"
    return f"{word}: items by {block.by}, scale by {scale}"


def _item(raw: RawTable, names: ShortNames, column: str, reverse: bool = False) -> str:
    name, label = names.column[column], raw.column_labels.get(column, column)
    turned = ", reverse: true" if reverse else ""
    note = "    # UNSURE: its answers run against the others" if reverse else ""
    if name == column and not reverse:
        return f"{quote(name)}: {quote(label)}"
    other = "" if name == column else f", column: {flow(column)}"
    return f"{quote(name)}: {{label: {flow(label)}{other}{turned}}}{note}"


def _singles(raw: RawTable, guess: Guess, names: ShortNames) -> str:
    if not guess.singles:
        return ""
    lines = [
        "  # Single questions on the same scale. Uncomment those that stand for a construct alone."
    ]
    for block in guess.singles:
        column = block.columns[0]
        name = names.column[column].upper()
        lines.append(f"  # {name}:")
        lines.append(f"  #   label: {quote(raw.column_labels.get(column, column))}")
        if (scale := _write_scale(block)) != _usual(guess):
            lines.append(f"  #   scale: {scale}")
        lines += ["  #   items:", f"  #     {_item(raw, names, column)}"]
    return "\n".join([*lines, ""])


def _profile(raw: RawTable, guess: Guess, names: ShortNames) -> str:
    head = (
        "# Columns that describe respondents; values gives codes their names, e.g.\n"
        "#   gender: {label: {en: Gender, zh: 性别}, values: {1: {en: male, zh: 男}}}"
    )
    if not guess.profile:
        return f"{head}\nprofile: {{}}\n"
    lines = [head, "profile:"]
    for column in guess.profile:
        label = raw.column_labels.get(column, column)
        name = names.column[column]
        other = "" if name == column else f", column: {flow(column)}"
        points = raw.value_labels.get(column, {})
        values = ", ".join(f"{k:g}: {flow(v)}" for k, v in points.items())
        values = f", values: {{{values}}}" if values else ""
        lines.append(f"  {quote(name)}: {{label: {flow(label)}{other}{values}}}")
    return "\n".join(
        [*lines, "group: null    # the profile column across whose groups invariance is judged", ""]
    )


def _multiple(raw: RawTable, guess: Guess) -> str:
    """Write the questions of which several answers may be chosen."""
    lines = []
    for column, mark in guess.several.items():
        label = raw.column_labels.get(column, column)
        parted = ', separator: ","' if mark == "," else ""
        lines.append(
            f"  M{len(lines) + 1}: {{label: {flow(label)}, column: {flow(column)}{parted}}}"
        )
    for stem, members in guess.ticked.items():
        options = ", ".join(f"{flow(m)}: {flow(_option(raw, m, stem))}" for m in members)
        lines.append(f"  M{len(lines) + 1}: {{label: {flow(stem)}, columns: {{{options}}}}}")
    if not lines:
        return ""
    return "\n".join(
        ["# Questions of which several answers may be chosen.", "multiple:", *lines, ""]
    )


def _option(raw: RawTable, column: str, stem: str) -> str:
    """Return what an answer with a column of its own is called."""
    label = raw.column_labels.get(column)
    return label or column.removeprefix(stem).strip(" -–—:：[]()（）") or column


def _models(guess: Guess, names: ShortNames) -> str:
    steps = _steps(guess, names)
    head = "# What causes what is yours to say. Without a model the report ends at the measurement "
    pair = " -> ".join(steps[:2])
    lines = ["models:", "  main:", "    paths:", f"      - {' -> '.join(steps)}",
             "hypotheses:", f'  H1: {{path: {pair}, sign: "+"}}']  # fmt: skip
    if len(_known_steps(guess, names)) < 3:
        lines = [f"# {line}" for line in lines]
        return "\n".join([f"{head}model.", *lines, ""])
    said = "# UNSURE: the usual chain of these constructs. " + head.removeprefix("# ")
    lines[-1:] = [f'  H{k}: {{path: {a} -> {b}, sign: "+"}}'
                  for k, (a, b) in enumerate(itertools.pairwise(steps), start=1)]  # fmt: skip
    return "\n".join([f"{said}model.", *lines, ""])


def _metrics(guess: Guess, names: ShortNames) -> str:
    if not guess.recommendation:
        return ""
    return f"""\
# The column that the Net Promoter Score is made of, answered from 0 to 10.
metrics: {{recommendation: {quote(names.column[guess.recommendation])}}}
"""


def _known_steps(guess: Guess, names: ShortNames) -> list[str]:
    """Return the constructs whose names tell their place in the usual chain."""
    order = ("image", "quality", "value", "satisfaction", "loyalty")
    known = {k[0]: names.construct[b.stem] for b in guess.blocks if (k := construct_of(b.stem))}
    return [known[key] for key in order if key in known]


def _steps(guess: Guess, names: ShortNames) -> list[str]:
    """Propose quality → value → satisfaction → loyalty where the names say so."""
    steps = _known_steps(guess, names)
    return steps if len(steps) > 1 else [*names.construct.values(), "ANOTHER"][:2]


_TAIL = """\
screening: {action: flag, flags_needed: 2}    # flag careless answer sheets, or drop them
options: {bootstrap: 1000, confidence: 0.95, seed: 20260101}
report:
  languages: [en, zh]
  formats: [html, pdf, docx]
  minimum_cell: 5    # smaller counts are withheld, so that nobody can be recognised
"""
