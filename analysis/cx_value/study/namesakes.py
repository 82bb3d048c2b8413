"""Things of several kinds that bear one name: told apart, or refused where others refer to them.

Results and labels go by names. A benchmark ``region`` beside a profile column ``region`` would be
printed by the label of whichever comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cx_value.study.findings import Finding

if TYPE_CHECKING:
    from cx_value.study.spec import Study

#: Lists that no other key refers to: field → what is put behind a name that is taken.
_FREE = {
    "models": "model", "multiple": "question", "touchpoints": "touchpoint", "kano": "feature",
    "benchmarks": "benchmark", "targets": "target", "actions": "action",
}  # fmt: skip
#: The same within a section: section, field, what is put behind.
_WITHIN = (("segments", "needs", "need"), ("comments", "themes", "theme"),
           ("evaluation", "grades", "grade"))  # fmt: skip
#: Kinds of thing that others refer to by name, as they are called in a message.
_KINDS = {"constructs": "construct", "dimensions": "dimension", "profile": "profile column"}


def tell_namesakes_apart(study: Study) -> Study:
    """Return a study in which benchmarks, models, themes and the like share no name.

    What bears the name of something else gets the word for its kind behind it; labels and columns
    stay as declared.
    """
    taken = {name for name, _, _ in _referred(study)}
    changes: dict[str, Any] = {}
    for field, kind in _FREE.items():
        if own := _renamed(getattr(study, field), kind, taken):
            changes[field] = own
    for section, field, kind in _WITHIN:
        held = getattr(study, section)
        if held is not None and (own := _renamed(getattr(held, field), kind, taken)):
            changes[section] = held.model_copy(update={field: own})
    if not changes:
        return study
    told = study.model_copy(update=changes)
    told._document = study._document
    return told


def _renamed(things: tuple, kind: str, taken: set[str]) -> tuple | None:
    """Return things under names that are free, and note these; None where all are as declared."""
    told = []
    for thing in things:
        name = thing.name
        while name in taken:
            name = f"{name}_{kind}"
        taken.add(name)
        columns = {"column": thing.column or thing.name} if kind in ("touchpoint", "need") else {}
        own = thing if name == thing.name else thing.model_copy(update={"name": name} | columns)
        told.append(own)
    return tuple(told) if any(a is not b for a, b in zip(told, things, strict=True)) else None


def _referred(study: Study) -> Iterator[tuple[str, str, Any]]:
    """Yield ``name, field, thing`` of what other keys refer to by name."""
    for field in _KINDS:
        yield from ((thing.name, field, thing) for thing in getattr(study, field))
    for construct in study.constructs:
        alone = len(construct.items) == 1
        yield from ((item.name, "items", item) for item in construct.items
                    if not (alone and item.name == construct.name))  # fmt: skip


def check_namesakes(study: Study) -> list[Finding]:
    """Return the names that two things bear, of which other keys could mean either."""
    first: dict[str, tuple[str, Any]] = {}
    found = []
    for name, field, thing in _referred(study):
        kind, other = first.setdefault(name, (field, thing))
        if kind == field or _same(kind, other, field, thing):
            continue
        words = sorted({_KINDS.get(kind, "item"), _KINDS.get(field, "item")})
        found.append(Finding(
            study.where("profile" if "profile" in (kind, field) else kind, name),
            f"{name!r} names {' and '.join(f'{_article(w)} {w}' for w in words)}",
            "one name for one thing",
            f"rename one of the two; what stands in the column {name!r} may be called anything, "
            f"with column: {name}", kind="name of two things",
        ))  # fmt: skip
    return found


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _same(kind: str, one: Any, field: str, two: Any) -> bool:
    """Return whether a profile column and an item are one column under one label."""
    return {kind, field} == {"profile", "items"} and (
        (one.column or one.name) == (two.column or two.name)
    )
