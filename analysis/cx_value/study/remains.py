"""What is left of a faulty study file, so that its models and data are checked in the same pass."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cx_value.study import spec
from cx_value.study.declaration import declare
from cx_value.study.document import read_document
from cx_value.study.findings import Finding
from cx_value.study.indicator_checks import check_indicators
from cx_value.study.model_checks import check_models

#: More faults than this in one file, and only they are told.
MOST_FAULTS = 60


def examine_remains(path: str | Path) -> tuple[spec.Study | None, list[Finding]]:
    """Return a faulty study without its faulty entries, and what its models hold against them.

    So that faults of the models and the data are told together with those of the file. None where
    too little is left to go on with.
    """
    file = Path(path)
    document = read_document(file / "study.yml" if file.is_dir() else file)
    declared = declare(document, []) if document.content is not None else None
    study = _without_faults(declared) if declared else None
    if study is None:
        return None, []
    study._document = document
    return study, [*check_models(study), *check_indicators(study)]


def _without_faults(declared: dict[str, Any]) -> spec.Study | None:
    """Drop one faulty entry after another until the rest is valid."""
    rest = copy.deepcopy(declared)
    for _ in range(MOST_FAULTS):
        try:
            return spec.Study.model_validate(rest)
        except ValidationError as error:
            if not _drop_entry(rest, error.errors()[0]["loc"]):
                return None
    return None


def _drop_entry(rest: Any, place: tuple) -> bool:
    """Delete the entry that a fault names, as deep as it can be found; False where it must stay."""
    trail, here = [], rest
    for part in place:
        try:
            below = here[part]
        except (KeyError, IndexError, TypeError):
            break
        trail.append((here, part))
        here = below
    # Without one of its constructs a study's models would be blamed for what they rightly name.
    if not trail or (place[0] == "constructs" and len(trail) <= 2):
        return False
    holder, part = trail[-1]
    del holder[part]
    return True
