"""The sections of a starter study for a survey, as they are written."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.wording import Text
from cx_value.study.starter.names import construct_in, construct_of, stem_of
from cx_value.study.starter.remarks import Remarks
from cx_value.study.starter.short_names import ShortNames, flow, phrase, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cx_value.study.starter.guess import Block, Guess
    from cx_value.study.tables import RawTable

#: File beside a study by which an editor completes and explains its keys.
SCHEMA = "study.schema.json"


def sections(file: Path, raw: RawTable, guess: Guess, encoding: str, lang: str = "en") -> list[str]:
    """Return the sections of a study file, those without content left out."""
    names, say = ShortNames(guess), Remarks(lang)
    parts = [
        _head(file, raw, guess, encoding, say),
        f"{say('scale')}\nscale: {_usual(guess)}\n",
        _constructs(raw, guess, names, say),
        _singles(raw, guess, names, say),
        _profile(raw, guess, names, say),
        _multiple(raw, guess, say),
        _models(raw, guess, names, say),
        _metrics(guess, names, say),
        _TAIL.format(screening=say("screening"), minimum_cell=say("minimum_cell")),
    ]
    return [part for part in parts if part]


def _head(file: Path, raw: RawTable, guess: Guess, encoding: str, say: Remarks) -> str:
    letters = "" if encoding == "auto" else f"\n  encoding: {encoding}"
    rows, columns = raw.frame.shape
    slug = re.sub(r"[^a-z0-9\u4e00-\u9fff]+", "-", file.stem.casefold()).strip("-") or "study"
    roles = "\n".join(
        f"  {role}: {quote(own) if (own := guess.roles.get(role)) else 'null'}    # {say(role)}"
        for role in _ROLES
    )
    made = say("made", platform=raw.platform) if raw.platform else ""
    head = say("head", file=_one_line(file.name), format=raw.format, made=made, rows=rows,
               columns=columns)  # fmt: skip
    return f"""\
# yaml-language-server: $schema={SCHEMA}
{head}
{_left_out(guess, say)}
name: {quote(slug)}
title:
  en: {quote("Customer evaluation: " + file.stem)}
  zh: {quote("顾客评价研究：" + file.stem)}

data:
  file: {quote(file.name)}{letters}
  missing_codes: [{_codes(guess.missing_codes)}]    # {say("missing_codes")}
{roles}
"""


def _codes(codes: Iterable[float | str]) -> str:
    return ", ".join(f"{c:g}" if not isinstance(c, str) else quote(c) for c in codes)


def _left_out(guess: Guess, say: Remarks) -> str:
    """Name the columns that are not used, and why."""
    if not guess.unused:
        return ""
    lines = ["", say("unused")]
    for name in guess.unused:
        why = say.reason(guess.why_unused.get(name, "neither"))
        lines.append(f"#   {_one_line(name)}: {why}")
    return "\n".join([*lines, ""])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]


_ROLES = ("id", "weight", "wave", "duration")


def _write_scale(block: Block) -> str:
    low, high = block.scale
    points = ", ".join(f"{k:g}: {flow(v)}" for k, v in block.labels.items())
    labels = f", labels: {{{points}}}" if points else ""
    return f"{{min: {low:g}, max: {high:g}{labels}}}"


def _usual(guess: Guess) -> str:
    scales = [_write_scale(block) for block in guess.blocks for _ in block.columns]
    return max(scales, key=scales.count)


def _constructs(raw: RawTable, guess: Guess, names: ShortNames, say: Remarks) -> str:
    blocks = (_construct(raw, guess, names, block, say) for block in guess.blocks)
    return "\n".join([say("constructs"), "constructs:", *blocks, ""])


def _construct(raw: RawTable, guess: Guess, names: ShortNames, block: Block, say: Remarks) -> str:
    known = construct_of(block.stem)
    label = block.label or (known[1] if known else _own_label(raw, guess, block))
    head = f"  {names.construct[block.stem]}:"
    lines = [f"{head}    # {_sureness(block, say)}", f"    label: {phrase(label)}"]
    if (scale := _write_scale(block)) != _usual(guess):
        lines.append(f"    scale: {scale}")
    if block.codes:
        lines.append(f"    missing_codes: [{_codes(block.codes)}]    # {say('beside')}")
    lines.append("    items:")
    lines += [
        f"      {_item(raw, names, column, say('reversed') if column in block.reverse else '')}"
        for column in block.columns
    ]
    return "\n".join(lines)


def _own_label(raw: RawTable, guess: Guess, block: Block) -> Text:
    """Return what a block is headed by; where others are headed alike, its number."""
    heads = [_common_words(raw, other) for other in guess.blocks]
    at = guess.blocks.index(block)
    if heads.count(heads[at]) == 1:
        return Text(heads[at])
    number = at + 1
    return Text(Remarks("en")("construct", number=number),
                zh=Remarks("zh")("construct", number=number))  # fmt: skip


def _common_words(raw: RawTable, block: Block) -> str:
    """Return what the items of a block are headed by in the file, else the block's stem."""
    heads = {stem_of(raw.column_labels.get(column, "")) for column in block.columns}
    (head,) = heads if len(heads) == 1 else (None,)
    words = re.sub(r"^\d+\s*[、.．:]\s*", "", head or block.stem)
    return words[:1].upper() + words[1:]


def _sureness(block: Block, say: Remarks) -> str:
    """Say whether a block is sure, and by what it was made."""
    scale = say.by("wider" if block.wider else "seen" if block.observed else "labels")
    sure = "sure" if block.sure else "UNSURE"
    return say("sureness", sure=sure, by=say.by(block.by), scale=scale)


def _item(raw: RawTable, names: ShortNames, column: str, doubt: str = "") -> str:
    """Return the line of an item; one that runs against the others is turned, with the doubt."""
    name, label = names.column[column], raw.column_labels.get(column, column)
    turned = ", reverse: true" if doubt else ""
    note = f"    # {doubt}" if doubt else ""
    if name == column and not doubt:
        return f"{quote(name)}: {quote(label)}"
    other = "" if name == column else f", column: {flow(column)}"
    return f"{quote(name)}: {{label: {flow(label)}{other}{turned}}}{note}"


def _singles(raw: RawTable, guess: Guess, names: ShortNames, say: Remarks) -> str:
    if not guess.singles:
        return ""
    lines = [f"  {say('singles')}"]
    for block in guess.singles:
        column = block.columns[0]
        name = names.column[column].upper()
        lines.append(f"  # {name}:")
        lines.append(f"  #   label: {quote(raw.column_labels.get(column, column))}")
        if (scale := _write_scale(block)) != _usual(guess):
            lines.append(f"  #   scale: {scale}")
        lines += ["  #   items:", f"  #     {_item(raw, names, column)}"]
    return "\n".join([*lines, ""])


def _profile(raw: RawTable, guess: Guess, names: ShortNames, say: Remarks) -> str:
    head = say("profile")
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
        if column in guess.own_codes:
            values += f", missing_codes: [{_codes(guess.own_codes[column])}]"
        lines.append(f"  {quote(name)}: {{label: {flow(label)}{other}{values}}}")
    return "\n".join([*lines, f"group: null    # {say('group')}", ""])


def _multiple(raw: RawTable, guess: Guess, say: Remarks) -> str:
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
    return "\n".join([say("multiple"), "multiple:", *lines, ""])


def _option(raw: RawTable, column: str, stem: str) -> str:
    """Return what an answer with a column of its own is called."""
    label = raw.column_labels.get(column)
    return label or column.removeprefix(stem).strip(" -–—:：[]()（）") or column


def _models(raw: RawTable, guess: Guess, names: ShortNames, say: Remarks) -> str:
    known = _known_steps(raw, guess, names)
    steps = known if len(known) > 1 else [*names.construct.values(), "ANOTHER"][:2]
    pair = " -> ".join(steps[:2])
    lines = ["models:", "  main:", "    paths:", f"      - {' -> '.join(steps)}",
             "hypotheses:", f'  H1: {{path: {pair}, sign: "+"}}']  # fmt: skip
    if len(known) < 3:
        lines = [f"# {line}" for line in lines]
        return "\n".join([f"# {say('model')}", *lines, ""])
    lines[-1:] = [f'  H{k}: {{path: {a} -> {b}, sign: "+"}}'
                  for k, (a, b) in enumerate(itertools.pairwise(steps), start=1)]  # fmt: skip
    return "\n".join([say("model_unsure"), f"# {say('model')}", *lines, ""])


def _metrics(guess: Guess, names: ShortNames, say: Remarks) -> str:
    if not guess.recommendation:
        return ""
    return f"""\
{say("recommendation")}
metrics: {{recommendation: {quote(names.column[guess.recommendation])}}}
"""


def _known_steps(raw: RawTable, guess: Guess, names: ShortNames) -> list[str]:
    """Return the constructs whose names or headings tell their place in the usual chain.

    Several headings that speak of one construct are a way of asking ("how satisfied are you with
    …") and tell none.
    """
    told: dict[str, list[str]] = {}
    for block in guess.blocks:
        known = construct_of(block.stem)
        key = known[0] if known else construct_in(_common_words(raw, block))
        told.setdefault(key or "", []).append(names.construct[block.stem])
    order = ("image", "quality", "value", "satisfaction", "loyalty")
    return [told[key][0] for key in order if len(told.get(key, [])) == 1]


_TAIL = """\
screening: {{action: flag, flags_needed: 2}}    # {screening}
options: {{bootstrap: 1000, confidence: 0.95, seed: 20260101}}
report:
  languages: [en, zh]
  formats: [html, pdf, docx]
  minimum_cell: 5    # {minimum_cell}
"""
