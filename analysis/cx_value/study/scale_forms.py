"""The study's answer scale: given to what has none of its own, and sound before it is."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from cx_value.study.document import Document
from cx_value.study.entries import Scale
from cx_value.study.explain import explain_error
from cx_value.study.findings import Finding

#: Stands for a scale that cannot be read: no answer is off it.
ANY = {"min": -1_000_000, "max": 1_000_000}


def sound_scale(document: Document, scale: Any, findings: list[Finding]) -> Any:
    """Return the study's scale; one that is none is told, and the rest is checked without it.

    So that one wrong number does not make every item, and every answer, a fault.
    """
    if scale is None:
        return None
    try:
        Scale.model_validate(scale)
    except ValidationError as error:
        for detail in error.errors():
            told = {**detail, "loc": ("scale", *detail["loc"])}
            findings.append(explain_error(document, {"scale": scale}, told))
        return ANY
    return scale


def write_out_scales(study: dict[str, Any], scale: Any) -> None:
    """Give the study's scale to touchpoints and stated importance."""
    with_scale(study.get("touchpoints", []), scale)
    if isinstance(study.get("drivers"), dict) and scale is not None:
        study["drivers"] = {"importance_scale": scale, **study["drivers"]}


def with_scale(items: list[dict], scale: Any) -> list[dict]:
    """Give items a label, and the scale where they have none of their own."""
    for item in items:
        item.setdefault("label", item["name"])
        if scale is not None:
            item.setdefault("scale", scale)
    return items
