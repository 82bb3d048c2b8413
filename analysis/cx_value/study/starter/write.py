"""Writing a commented starter study from a data file."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.errors import StudyError
from cx_value.study.schema import write_schema
from cx_value.study.starter.contracts import new_contract_study
from cx_value.study.starter.log import new_log_study
from cx_value.study.starter.sections import SCHEMA, sections
from cx_value.study.starter.short_names import quote
from cx_value.study.tables import RawTable, read_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from cx_value.study.starter.guess import Guess

    Asked = Callable[[RawTable, Guess], Guess]


def new_study(
    datafile: str | Path, without: frozenset[str] = frozenset(), *, encoding: str = "auto",
    ask: Asked | None = None, lang: str = "en",
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
    lang
        Language of the comments.

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
    from cx_value.study.starter.guess import guess_columns

    raw = read_table(file, encoding=encoding)
    if not raw.platform:
        text = new_contract_study(file, raw.frame, lang)
        text = text or new_log_study(file, raw.frame, lang, encoding)
        if text:
            _refuse_titles(file, raw)
            return text
    guess = guess_columns(raw, without)
    if not guess.blocks:
        raise StudyError(
            f"{file.name}: none of the {raw.frame.shape[1]} columns look like rating items · "
            "allowed: two or more columns of whole numbers (3 to 11 different ones), best named "
            "by construct and number such as SAT1 SAT2; or a purchase log with the customer, the "
            "date and the amount of every line; or contracts with start and end · do: rename the "
            "columns, or write the study by hand after data/ecsi-mobile/every_key.yml"
        )
    guess = ask(raw, guess) if ask else guess
    return "\n".join(sections(file, raw, guess, encoding, lang))


def _refuse_titles(file: Path, raw: RawTable) -> None:
    """A log may be larger than memory, so that its text is read from the first line on."""
    if ("titles" in dict(raw.told)) and file.suffix.lower() != ".xlsx":
        raise StudyError(
            f"{file.name}: lines stand above the header of a log · allowed: the header in the "
            "first line · do: delete the lines above it, or save the log as .xlsx"
        )


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
        Language of the comments, and of the JSON Schema by which an editor explains the keys.
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
    text = _checked_study(file, encoding, ask, lang)
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


def _checked_study(file: Path, encoding: str, ask: Asked | None, lang: str) -> str:
    """Write a starter study that passes its own check: items that do not are left out."""
    if ask is not None:  # what the analyst said is left as it is
        return new_study(file, encoding=encoding, ask=ask, lang=lang)
    from cx_value.study.survey import check_study

    without: set[str] = set()
    for _ in range(5):
        text = new_study(file, frozenset(without), encoding=encoding, lang=lang)
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
