"""Shared parts of a study: files named by ``include:``, merged under what the study says itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cx_value.study.document import Document, Place, read_document
from cx_value.study.findings import Finding


def merge(shared: Any, own: Any) -> Any:
    """Return what is shared, with a study's own entries laid over it, key by key.

    >>> merge({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}})
    {'a': {'x': 1, 'y': 5}, 'b': 3}
    """
    if not (isinstance(shared, dict) and isinstance(own, dict)):
        return own
    both = {key: merge(shared[key], own[key]) if key in own else shared[key] for key in shared}
    return both | {key: body for key, body in own.items() if key not in shared}


def with_includes(
    document: Document, study: dict[str, Any], findings: list[Finding]
) -> dict[str, Any]:
    """Return a study with the files it includes; later files go before earlier ones.

    An included file holds any keys of a study but ``include``; paths in it are relative to the
    study file that includes it.
    """
    named = study.get("include")
    names = [named] if isinstance(named, str) else named or []
    if not isinstance(names, list):
        return study
    shared: dict[str, Any] = {}
    for name in names:
        shared = merge(shared, _included(document, str(name), findings))
    return merge(shared, study) | ({"include": [str(name) for name in names]} if names else {})


def _included(document: Document, name: str, findings: list[Finding]) -> dict[str, Any]:
    path = document.path.resolve().parent / name
    other = read_document(path)
    findings += other.findings
    if not isinstance(other.content, dict) or "include" in other.content:
        if not other.findings:
            findings.append(_not_to_include(document, name))
        return {}
    note_lines(document, {place: f"{line} of {path.name}" for place, line in other.lines.items()})
    return {str(key): body for key, body in other.content.items()}


def note_lines(document: Document, lines: dict[Place, str]) -> None:
    """Remember where entries of another file stand, unless the study file has them itself."""
    for place, spot in lines.items():
        if place:
            document.lines.setdefault(place, spot)


def _not_to_include(document: Document, name: str) -> Finding:
    return Finding(
        document.where(("include",)),
        f"{Path(name).name} is no part of a study",
        "a YAML file of keys such as constructs and models, which includes no other",
        "write the shared keys into it, or include the other file here",
        kind="wrong value",
    )
