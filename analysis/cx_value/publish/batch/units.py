"""The units of a batch: who they are, which are too small, and the study file of each."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import StudyError
from cx_value.base.wording import Text

if TYPE_CHECKING:
    from cx_value.study.spec import Study

#: What a unit's own file leaves out: logs that name no unit, what rests on them, and the grouping.
_OF_THE_WHOLE = ("transactions", "service_log", "claims", "funnel", "experts", "margins")
_PATHS = (("data", "file"), ("codebook",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit: its name in the data, its respondents, and how it is treated.

    Attributes
    ----------
    name : str
    members : tuple of str
        Values of the column: one, or those of the small units folded into this one.
    n : int
    folded : bool
    refused : bool
        Too few respondents for a report of its own.
    """

    name: str
    members: tuple[str, ...]
    n: int
    folded: bool = False
    refused: bool = False

    @property
    def folder(self) -> str:
        """Name of the unit's folder: letters, digits and ``-``; unlike units stay unlike."""
        plain = re.sub(r"[^\w]+", "-", self.name).strip("-_")[:60] or "unit"
        same = plain == self.name
        return plain if same else f"{plain}-{abs(hash_of(self.name)):04x}"


def hash_of(name: str) -> int:
    """Return a small number that tells names apart, the same on every machine."""
    import zlib

    return zlib.crc32(name.encode()) & 0xFFFF


def unit_column(study: Study, by: str) -> str:
    """Return the column of the data file that holds the units.

    Parameters
    ----------
    by : str
        ``brand``, ``wave`` or the name of a profile column.

    Raises
    ------
    StudyError
        If the study has no such column; the nearest names are given.
    """
    if by == "brand" and study.brands:
        by = study.brands.column
    if by == "wave" and study.data and study.data.wave:
        return study.data.wave
    for entry in study.profile:
        if entry.name == by:
            return entry.column or entry.name
    known = [entry.name for entry in study.profile]
    known += ["wave"] if study.data and study.data.wave else []
    near = difflib.get_close_matches(by, known, n=3) or known
    raise StudyError(
        f"--by {by!r} is no unit of this study · allowed: {', '.join(near) or 'no column declared'}"
        " · do: name a profile column, brand or wave, or declare the column under profile:"
    )


def unit_labels(study: Study, column: str) -> dict[str, Text]:
    """Return what the study calls the values of a column."""
    own = (entry for entry in study.profile if (entry.column or entry.name) == column)
    return {value: label for entry in own for value, label in entry.values.items()}


def find_units(study: Study, column: str, *, minimum: int, fold: bool) -> list[Unit]:
    """Return the units of a study in the order of their names, the small ones folded or refused.

    Parameters
    ----------
    minimum : int
        Fewest respondents of a unit with a report of its own.
    fold : bool
        Put the small ones together, where together they are large enough.
    """
    from cx_value.study.survey import read_answers

    cells = read_answers(study).frame[column].map(_plain_cell)
    counts = cells[cells != ""].value_counts()
    counts = {name: int(counts[name]) for name in sorted(counts.index, key=_natural)}
    large = [Unit(name=v, members=(v,), n=n) for v, n in counts.items() if n >= minimum]
    small = {v: n for v, n in counts.items() if n < minimum}
    if fold and sum(small.values()) >= minimum:
        together = "+".join(small) if len(small) < 4 else f"{len(small)} small units"
        return [*large, Unit(name=together, members=tuple(small), n=sum(small.values()),
                             folded=True)]  # fmt: skip
    return [*large, *(Unit(name=v, members=(v,), n=n, refused=True) for v, n in small.items())]


def _plain_cell(cell: Any) -> str:
    from cx_value.study.only import plain_cell

    return plain_cell(cell)


def _natural(name: str) -> list[Any]:
    """Sort ``B2`` before ``B10``."""
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.split(r"(\d+)", name)]


def write_unit_study(
    study_file: Path, study: Study, unit: Unit, column: str, by: str, folder: Path, *, edition: str
) -> Path:
    """Write the study file of one unit into a folder and return it.

    It is the study's own, of the unit's respondents alone: another name, the unit in the title,
    without the logs and the experts that belong to the whole. A brief one leaves the models to the
    whole study, and names the levers and outcomes that follow from them.
    """
    import yaml

    content = _content(study_file)
    for key in _OF_THE_WHOLE:
        content.pop(key, None)
    if content.get("value"):
        content["value"] = {k: v for k, v in content["value"].items() if k != "truth"}
    _leave_out_grouping(content, study, column, by)
    if edition == "brief":
        _leave_models_to_the_whole(content, study)
    content["name"] = f"{study.name[:30].rstrip(' .')}-{unit.folder}"
    label = unit_labels(study, column).get(unit.name, Text(unit.name))
    content["title"] = _titled(content.get("title", content["name"]), label)
    content["data"] = {**content["data"], "only": {column: list(unit.members)}}
    content["report"] = {**(content.get("report") or {}), "editions": [edition]}
    _point_at_files(content, study_file.parent, folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "study.yml"
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8", newline="\n")
    return file


def _leave_out_grouping(content: dict[str, Any], study: Study, column: str, by: str) -> None:
    """Take out what would compare the unit with itself."""
    own = {entry.name for entry in study.profile if (entry.column or entry.name) == column}
    if study.brands and study.brands.column in own:
        content.pop("brands", None)
    if by == "wave":
        content["data"].pop("wave", None)
    if content.get("group") in own:
        content.pop("group")
    content["profile"] = {k: v for k, v in content.get("profile", {}).items() if k not in own}
    groups = (content.get("evaluation") or {}).get("groups")
    if groups:
        content["evaluation"]["groups"] = [g for g in groups if g not in own]


def _leave_models_to_the_whole(content: dict[str, Any], study: Study) -> None:
    from cx_value.evaluate.drivers.levers import levers_of, outcomes_of

    for key in ("models", "hypotheses", "moderations"):
        content.pop(key, None)
    known = {e.name for c in study.constructs for e in (c, *c.items)}
    outcomes = [name for name in outcomes_of(study) if name in known]
    drivers = {"levers": list(levers_of(study)), "outcomes": outcomes}
    content["drivers"] = {**drivers, **(content.get("drivers") or {})}


def _content(study_file: Path) -> dict[str, Any]:
    from cx_value.study.document import read_document
    from cx_value.study.merging import with_includes

    document = read_document(study_file)
    content = with_includes(document, {str(k): v for k, v in document.content.items()}, [])
    content.pop("include", None)
    return content


def _titled(title: Any, unit: Text) -> dict[str, str]:
    words = title if isinstance(title, dict) else {"en": str(title), "zh": str(title)}
    first = next(iter(words.values()))
    return {
        "en": f"{words.get('en', first)}: {unit}",
        "zh": f"{words.get('zh', first)}：{unit.zh}",
    }


def _point_at_files(content: dict[str, Any], old: Path, new: Path) -> None:
    """Write paths that are relative to the study's folder as they are seen from the unit's."""
    for *above, last in _PATHS:
        holder = content
        for key in above:
            holder = holder.get(key) or {}
        if holder.get(last):
            path = Path(os.path.relpath((old / str(holder[last])).resolve(), new.resolve()))
            holder[last] = path.as_posix()
