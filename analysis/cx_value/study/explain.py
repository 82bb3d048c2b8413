"""What pydantic has against a study file, in the words of someone who writes one."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from cx_value.study import spec
from cx_value.study.document import Document, Place
from cx_value.study.findings import Finding, suggest
from cx_value.study.indicators import Grade

#: Entries that bear a name in the file: the key stands for it.
NAMED = {
    "constructs": spec.Construct,
    "profile": spec.Profile,
    "multiple": spec.Multiple,
    "models": spec.StructuralModel,
    "hypotheses": spec.Hypothesis,
    "moderations": spec.Moderation,
    "claims": spec.Claim,
    "dimensions": spec.Dimension,
    "expectations": spec.Expectation,
    "touchpoints": spec.Touchpoint,
    "kano": spec.KanoPair,
    "benchmarks": spec.Benchmark,
    "targets": spec.Target,
    "actions": spec.Action,
}

_KINDS = {
    "int_": "a whole number",
    "float_": "a number",
    "bool_": "true or false",
    "string_": "text",
    "tuple_": "a list",
    "dict_": "key: value pairs",
    "model_": "key: value pairs",
    "path_": "the path of a file",
}


_REMEDIES = {
    ("options", "bootstrap"): "write 1000 or more for a report, 20 to try things out: every "
    "interval rests on these draws",
}


def explain_error(document: Document, declared: dict, detail: dict) -> Finding:
    """Say a validation error in the words of someone who writes a study file."""
    loc = tuple(part for part in detail["loc"] if not _names_a_type(part))
    place = _written_at(document, _place(declared, loc))
    where, key = document.where(place), str(place[-1]) if place else ""
    if detail["type"] == "extra_forbidden":
        return _unknown_key(where, key, _keys_allowed(loc[:-1]))
    if detail["type"] == "missing":
        return Finding(
            where,
            f"the key {key!r} is missing",
            f"the key {key} with a value",
            "add it; data/ecsi-mobile/every_key.yml shows every key",
            kind="missing key",
        )
    allowed = _allowed(detail)
    return Finding(
        where,
        f"{_show(detail['input'])} is not possible here",
        allowed,
        _REMEDIES.get(loc, f"write {allowed}"),
        kind="wrong value",
    )


def _names_a_type(part: str | int) -> bool:
    """Pydantic puts the member of a union into the location; a study file knows nothing of it."""
    types = ("float", "str", "int", "[key]")
    return part in types or (
        isinstance(part, str) and part.startswith(("literal[", "constrained-"))
    )


def _written_at(document: Document, place: Place) -> Place:
    """Return where an inherited scale is written: at the item, its construct, or for all."""
    if place[:1] != ("constructs",) or "scale" not in place[4:5] or place[:5] in document.lines:
        return place
    inner = (*place[:2], "scale")
    return (*(inner if inner in document.lines else ("scale",)), *place[5:])


def _unknown_key(where: str, key: str, allowed: list[str]) -> Finding:
    return Finding(
        where,
        f"unknown key {key!r}",
        ", ".join(allowed),
        f"{suggest(key, allowed)}use one of these names, or delete the line",
        kind="unknown key",
    )


def _allowed(detail: dict) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "literal_error":
        return re.sub(r"'", "", str(context["expected"]))
    bounds = {
        "greater_than": ("gt", "a number above"),
        "greater_than_equal": ("ge", "a number not below"),
        "less_than": ("lt", "a number below"),
        "less_than_equal": ("le", "a number not above"),
    }
    if kind in bounds:
        key, words = bounds[kind]
        return f"{words} {context[key]:g}"
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    return next((words for stem, words in _KINDS.items() if kind.startswith(stem)), detail["msg"])


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _place(declared: Any, loc: Place) -> Place:
    """Translate positions in the full form into the names a study file uses."""
    place: list[str | int] = []
    here = declared
    for part in loc:
        here = here[part] if _has(here, part) else None
        named = isinstance(part, int) and isinstance(here, dict) and "name" in here
        place.append(here["name"] if named else part)
    return tuple(str(part) if isinstance(part, float) else part for part in place)


def _has(here: Any, part: str | int) -> bool:
    if isinstance(here, dict):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and part < len(here)


def _keys_allowed(loc: Place) -> list[str]:
    """Return the keys a study file may have at a place."""
    model: type[BaseModel] | None = spec.Study
    for part in loc:
        if isinstance(part, str) and model is not None:
            model = _submodel(model, part)
    if model is None:
        return []
    keys = {f.alias or n for n, f in model.model_fields.items()} - {"folder"}
    extra = {spec.Study: {"scale"}, spec.Construct: {"scale", "missing_codes"},
             spec.Hypothesis: {"path"}, spec.Claim: {"number"}}  # fmt: skip
    hidden = {"name"} if model in (*NAMED.values(), spec.Item, Grade) else set()
    return sorted((keys | extra.get(model, set())) - hidden)


def _submodel(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    field = next((f for n, f in model.model_fields.items() if key in (n, f.alias)), None)
    if field is None:
        return None
    found = re.search(r"cx_value\.study\.(\w+)\.(\w+)", repr(field.annotation))
    return getattr(import_module(f"cx_value.study.{found[1]}"), found[2]) if found else None
