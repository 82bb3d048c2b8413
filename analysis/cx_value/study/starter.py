"""Writing a commented starter study from a data file."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.errors import StudyError

if TYPE_CHECKING:
    from cx_value.study.guess import Block, Guess
from cx_value.base.wording import Text
from cx_value.study.names import construct_of
from cx_value.study.tables import RawTable, read_table

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff ./-]*[\w\u4e00-\u9fff]|[A-Za-z]")
_RESERVED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"}


def new_study(datafile: str | Path) -> str:
    """Write a starter study for a data file: valid as it stands, every guess commented.

    Scales, missing codes, item blocks, weight, respondent number and profile are guessed from
    names, values and the labels in the file. Constructs are blocks of columns with one name and a
    running number (``qual_1 qual_2 …``). A structural model is proposed in comments only: what
    causes what is the analyst's to say; without one the report ends at the measurement model.

    Parameters
    ----------
    datafile
        CSV, XLSX, SPSS ``.sav`` or Stata ``.dta``; the study is meant to lie beside it.

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

    raw = read_table(file)
    guess = guess_columns(raw)
    if not guess.blocks:
        raise StudyError(
            f"{file.name}: none of the {raw.frame.shape[1]} columns look like rating items · "
            "allowed: two or more columns of whole numbers (3 to 11 different ones), best named "
            "by construct and number such as SAT1 SAT2 · do: rename the columns, or write the "
            "study by hand after data/ecsi-mobile/study.yml"
        )
    names = _Names(guess)
    parts = [
        _head(file, raw, guess),
        _scale(guess),
        _constructs(raw, guess, names),
        _singles(raw, guess, names),
        _profile(raw, guess, names),
        _models(guess, names),
        _TAIL,
    ]
    return "\n".join(part for part in parts if part)


def write_study(datafile: str | Path, target: str | Path | None = None) -> Path:
    """Write :func:`new_study` to a file.

    Parameters
    ----------
    datafile
        As for :func:`new_study`.
    target
        Default: ``study.yml`` beside the data file. A path ending in ``.yml`` is the file itself,
        naming the data where they are. Any other path is the folder of the study: it is made, and
        the data file is copied into it, so that the folder holds all of the study.

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
        text, copy = new_study(file), path.parent / file.name
    else:
        text, copy = new_study(file), None
    _refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if copy is not None and copy.resolve() != file.resolve():
        _refuse_existing(copy)
        shutil.copyfile(file, copy)
    elif path.parent.resolve() != file.parent.resolve():
        relative = Path(os.path.relpath(file.resolve(), path.parent.resolve())).as_posix()
        text = text.replace(f"file: {_quote(file.name)}", f"file: {_quote(relative)}", 1)
    path.write_text(text, encoding="utf-8")
    return path


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise StudyError(
            f"{path} exists already · allowed: a new file · do: name another place, or delete it"
        )


def _quote(text: str) -> str:
    """Write a text so that YAML reads it back as the same text."""
    text = str.__str__(text) if isinstance(text, Text) else str(text)
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)


def _phrase(text: str) -> str:
    zh = text.zh if isinstance(text, Text) else str(text)
    return _quote(text) if zh == str(text) else f"{{en: {_flow(text)}, zh: {_flow(zh)}}}"


def _flow(text: str) -> str:
    """Inside braces a comma ends a value, so that only simple words go without quotes."""
    quoted = _quote(text)
    return quoted if re.fullmatch(r"[\w ]+", quoted) else json.dumps(str(text), ensure_ascii=False)


class _Names:
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


def _head(file: Path, raw: RawTable, guess: Guess) -> str:
    rows, columns = raw.frame.shape
    slug = re.sub(r"[^a-z0-9\u4e00-\u9fff]+", "-", file.stem.casefold()).strip("-") or "study"
    codes = ", ".join(
        f"{c:g}" if not isinstance(c, str) else _quote(c) for c in guess.missing_codes
    )
    roles = "\n".join(
        f"  {role}: {_quote(guess.roles[role]) if role in guess.roles else 'null'}{' ' * 4}# {said}"
        for role, said in _ROLES.items()
    )
    unused = ", ".join(guess.unused)
    left_out = f"\n# Not used, because they look like neither items nor profile: {unused}\n"
    return f"""\
# Starter study for {file.name} ({raw.format}, {rows} rows, {columns} columns).
# Everything below was guessed from the column names, the answers and the labels in the file: read
# it once, line by line. data/ecsi-mobile/study.yml shows every key there is.
{left_out if unused else ""}
name: {_quote(slug)}
title:
  en: {_quote("Customer evaluation: " + file.stem)}
  zh: {_quote("顾客评价研究：" + file.stem)}

data:
  file: {_quote(file.name)}
  missing_codes: [{codes}]    # answers that mean "no answer"
{roles}
"""


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
    points = ", ".join(f"{k:g}: {_flow(v)}" for k, v in block.labels.items())
    labels = f", labels: {{{points}}}" if points else ""
    return f"{{min: {low:g}, max: {high:g}{labels}}}"


def _usual(guess: Guess) -> str:
    scales = [_write_scale(block) for block in guess.blocks for _ in block.columns]
    return max(scales, key=scales.count)


def _constructs(raw: RawTable, guess: Guess, names: _Names) -> str:
    head = (
        "# One construct per block of columns. Do the items belong together? Is a high answer\n"
        "# favourable everywhere? If not, write the item as {label: …, reverse: true}.\n"
        "constructs:"
    )
    return "\n".join([head, *(_construct(raw, guess, names, block) for block in guess.blocks), ""])


def _construct(raw: RawTable, guess: Guess, names: _Names, block: Block) -> str:
    known = construct_of(block.stem)
    label = known[1] if known else Text(block.stem[:1].upper() + block.stem[1:])
    lines = [f"  {names.construct[block.stem]}:", f"    label: {_phrase(label)}"]
    if (scale := _write_scale(block)) != _usual(guess):
        lines.append(f"    scale: {scale}")
    lines.append("    items:")
    lines += [f"      {_item(raw, names, column)}" for column in block.columns]
    return "\n".join(lines)


def _item(raw: RawTable, names: _Names, column: str) -> str:
    name, label = names.column[column], raw.column_labels.get(column, column)
    if name == column:
        return f"{_quote(name)}: {_quote(label)}"
    return f"{_quote(name)}: {{label: {_flow(label)}, column: {_flow(column)}}}"


def _singles(raw: RawTable, guess: Guess, names: _Names) -> str:
    if not guess.singles:
        return ""
    lines = [
        "  # Single questions on the same scale. Uncomment those that stand for a construct alone."
    ]
    for block in guess.singles:
        column = block.columns[0]
        name = names.column[column].upper()
        lines.append(f"  # {name}:")
        lines.append(f"  #   label: {_quote(raw.column_labels.get(column, column))}")
        if (scale := _write_scale(block)) != _usual(guess):
            lines.append(f"  #   scale: {scale}")
        lines += ["  #   items:", f"  #     {_item(raw, names, column)}"]
    return "\n".join([*lines, ""])


def _profile(raw: RawTable, guess: Guess, names: _Names) -> str:
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
        other = "" if name == column else f", column: {_flow(column)}"
        points = raw.value_labels.get(column, {})
        values = ", ".join(f"{k:g}: {_flow(v)}" for k, v in points.items())
        values = f", values: {{{values}}}" if values else ""
        lines.append(f"  {_quote(name)}: {{label: {_flow(label)}{other}{values}}}")
    return "\n".join(
        [*lines, "group: null    # the profile column across whose groups invariance is judged", ""]
    )


def _models(guess: Guess, names: _Names) -> str:
    chain = _chain(guess, names)
    return f"""\
# What causes what is yours to say. Without a model the report ends at the measurement model.
# models:
#   main:
#     paths:
#       - {chain}
# hypotheses:
#   H1: {{path: {" -> ".join(chain.split(" -> ")[:2])}, sign: "+"}}
"""


def _chain(guess: Guess, names: _Names) -> str:
    """Propose quality → value → satisfaction → loyalty where the names say so."""
    order = ("image", "quality", "value", "satisfaction", "loyalty")
    known = {k[0]: names.construct[b.stem] for b in guess.blocks if (k := construct_of(b.stem))}
    steps = [known[key] for key in order if key in known]
    if len(steps) < 2:
        steps = [*names.construct.values(), "ANOTHER"][:2]
    return " -> ".join(steps)


_TAIL = """\
screening: {action: flag, flags_needed: 2}    # flag careless answer sheets, or drop them
options: {bootstrap: 1000, confidence: 0.95, seed: 20260101}
report:
  languages: [en, zh]
  formats: [html, pdf, docx]
  minimum_cell: 5    # smaller counts are withheld, so that nobody can be recognised
"""
