"""A model given whole in lavaan syntax, read for names and form before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator

from cx_value.base.errors import ModelError
from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.language.syntax import Syntax, UnknownLabelError, examine_syntax
from cx_value.study.spec import StructuralModel, Study


def check_syntax(study: Study, model: StructuralModel) -> Iterator[Finding]:
    """Find what the engine would refuse: malformed lines, unknown variables and labels."""
    where = study.where("models", model.name, "syntax")
    written, faults = examine_syntax(model.syntax or "")
    for fault in faults:
        yield _as_finding(where, fault)
    if all(isinstance(fault, UnknownLabelError) for fault in faults):
        yield from _unknown_variables(study, where, written)


def _as_finding(where: str, fault: ModelError) -> Finding:
    problem, allowed, remedy = str(fault).split(" · ", 2)
    kind = "unknown label" if isinstance(fault, UnknownLabelError) else "bad syntax"
    return Finding(
        where,
        problem,
        allowed.removeprefix("allowed: "),
        remedy.removeprefix("do: "),
        kind=kind,
    )


def _unknown_variables(study: Study, where: str, written: Syntax) -> Iterator[Finding]:
    latents = written.latents
    known = {*study.item_names, *latents}
    for name in written.observed:
        if name in known:
            continue
        construct = next((c for c in study.constructs if c.name == name), None)
        if construct is None:
            yield Finding(
                where,
                f"there is no item or construct {name!r}",
                list_some([*study.item_names, *sorted(latents)], 30),
                f"{suggest(name, [*study.item_names, *latents, *_names(study)])}correct the name, "
                "or declare the item",
                kind="unknown variable",
            )
            continue
        line = f"{name} =~ " + " + ".join(construct.item_names)
        single = len(construct.items) == 1
        yield Finding(
            where,
            f"the construct {name!r} is used, but no line says what measures it",
            f"the item {construct.items[0].name}" if single else f"a line such as '{line}'",
            f"write {construct.items[0].name} in its place" if single else f"add '{line}'",
            kind="unknown variable",
        )


def _names(study: Study) -> list[str]:
    return [construct.name for construct in study.constructs]
