"""Writing a commented starter study from a data file."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cx_value.study.guess import Block, Guess

    Asked = Callable[["RawTable", Guess], Guess]
from cx_value.base.wording import Text
from cx_value.study.log_starter import new_log_study
from cx_value.study.names import construct_of, stem_of
from cx_value.study.schema import write_schema
from cx_value.study.tables import RawTable, read_table
from cx_value.study.yaml_words import ShortNames, flow, phrase, quote

#: File beside a study by which an editor completes and explains its keys.
SCHEMA = "study.schema.json"


def new_study(
    datafile: str | Path, without: frozenset[str] = frozenset(), *, encoding: str = "auto",
    ask: Asked | None = None,
) -> str:  # fmt: skip
    """Write a starter study for a survey or a purchase log: valid as it stands, guesses commented.

    Scales, missing codes, item blocks, weight, respondent number and profile are guessed from
    names, values and the labels in the file. Constructs are blocks of columns with one name and a
    running number (``qual_1 qual_2 …``). A structural model is proposed in comments only: what
    causes what is the analyst's to say; without one the report ends at the measurement model.

    Parameters
    ----------
    datafile
        Any kind that :func:`cx_value.study.tables.read_table` reads; the study is meant to lie
        beside it.
    without
        Columns that shall be no items.
    encoding
        Of a text file; any name Python knows.
    ask
        Shown the table and the guess, returns the guess as the analyst would have it.

    Returns
    -------
    str
        The text of ``study.yml``.

    Raises
    ------
    FaultsError
        When the file cannot be read.
    StudyError
        When nothing in it looks like a rating scale.
    """
    file = Path(datafile)
    from cx_value.study.guess import guess_columns

    raw = read_table(file, encoding=encoding)
    if not raw.platform and (text := new_log_study(file, raw.frame)):
        return text
    guess = guess_columns(raw, without)
    if not guess.blocks:
        raise StudyError(
            f"{file.name}: none of the {raw.frame.shape[1]} columns look like rating items · "
            "allowed: two or more columns of whole numbers (3 to 11 different ones), best named "
            "by construct and number such as SAT1 SAT2; or a purchase log with the customer, the "
            "date and the amount of every line · do: rename the columns, or write the "
            "study by hand after data/ecsi-mobile/every_key.yml"
        )
    guess = ask(raw, guess) if ask else guess
    names = ShortNames(guess)
    parts = [
        _head(file, raw, guess, encoding),
        _scale(guess),
        _constructs(raw, guess, names),
        _singles(raw, guess, names),
        _profile(raw, guess, names),
        _multiple(raw, guess),
        _models(guess, names),
        _TAIL,
    ]
    return "\n".join(part for part in parts if part)


def write_study(
    datafile: str | Path, target: str | Path | None = None, lang: str = "en", *,
    encoding: str = "auto", ask: Asked | None = None,
) -> Path:  # fmt: skip
    """Write :func:`new_study` to a file.

    Parameters
    ----------
    datafile
        As for :func:`new_study`.
    target
        Default: ``study.yml`` beside the data file. A path ending in ``.yml`` is the file itself,
        naming the data where they are. Any other path is the folder of the study: it is made, and
        the data file is copied into it, so that the folder holds all of the study.
    lang
        Language in which an editor explains the keys, by the JSON Schema written beside.
    encoding, ask
        As for :func:`new_study`.

    Returns
    -------
    Path
        Of the study file.

    Raises
    ------
    StudyError
        When the study file, or another data file of the same name, is there already.
    """
    file = Path(datafile)
    path = Path(target) if target else file.parent / "study.yml"
    if path.suffix.lower() not in (".yml", ".yaml"):
        path = path / "study.yml"
        copy = path.parent / file.name
    else:
        copy = None
    text = _checked_study(file, encoding, ask)
    _refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if copy is not None and copy.resolve() != file.resolve():
        _refuse_existing(copy)
        shutil.copyfile(file, copy)
    elif path.parent.resolve() != file.parent.resolve():
        relative = Path(os.path.relpath(file.resolve(), path.parent.resolve())).as_posix()
        text = text.replace(f"file: {quote(file.name)}", f"file: {quote(relative)}", 1)
    path.write_text(text, encoding="utf-8")
    write_schema(path.with_name(SCHEMA), lang)
    return path


def _checked_study(file: Path, encoding: str, ask: Asked | None) -> str:
    """Write a starter study that passes its own check: items that do not are left out."""
    if ask is not None:  # what the analyst said is left as it is
        return new_study(file, encoding=encoding, ask=ask)
    from cx_value.study.survey import check_study

    without: set[str] = set()
    for _ in range(5):
        text = new_study(file, frozenset(without), encoding=encoding)
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder) / "study.yml"
            data = f"file: {quote(file.resolve().as_posix())}"
            trial.write_text(text.replace(f"file: {quote(file.name)}", data, 1), encoding="utf-8")
            faults = [f.where for f in check_study(trial) if f.severity == "error"]
            faulty = _faulty_columns(trial, faults)
        if not faulty - without:
            break
        without |= faulty
    return text


def _faulty_columns(path: Path, places: list[str]) -> set[str]:
    """Return the columns of the items that faults name."""
    from cx_value.study.answered import column_of
    from cx_value.study.declaration import examine_study

    study, _ = examine_study(path)
    if study is None:
        return set()
    return {
        column_of(item)
        for construct in study.constructs
        for item in construct.items
        if any(f".{construct.name}.items.{item.name} " in f"{place} " for place in places)
    }


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise StudyError(
            f"{path} exists already · allowed: a new file · do: name another place, or delete it"
        )


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
    for column in guess.several:
        label = raw.column_labels.get(column, column)
        lines.append(f"  M{len(lines) + 1}: {{label: {flow(label)}, column: {flow(column)}}}")
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
