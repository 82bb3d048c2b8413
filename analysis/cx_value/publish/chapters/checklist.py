"""The reporting checklist: where each point that JARS asks for stands in this very report.

``report/checklist.yml`` names the points and the places that may hold them; a point is reported
where such a place was printed, or the study file says it; else it is the author's to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cx_value.base.documents import read_yaml
from cx_value.base.places import REPORT
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    from cx_value.publish.chapters.bind import Binder

FILE = "_checklist.qmd"
_LABEL = re.compile(r"\{#((?:sec|tbl|fig)-[\w.-]+)")
_HEADS = {
    "en": (
        "Part",
        "What is asked",
        "Where",
        "Reporting standards, and where this report meets them",
    ),
    "zh": ("部分", "要求", "位置", "报告规范及其在本报告中的位置"),
}
_MOST_PLACES = 2
STATES = ("reported", "elsewhere", "author", "not_applicable")
#: Points that stand on the title page, or ask what no survey without conditions can have.
_ALWAYS = {"title": ("author", "title"), "abstract": ("reported", "abstract"),
           "masking": ("not_applicable", "observational")}  # fmt: skip
#: Keys whose texts are printed where no place can be referred to.
_OF_KEYS = {"authors": "authors", "preregistered": "preregistered"}


def with_checklist(texts: Mapping[str, str], binder: Binder) -> dict[str, str]:
    """Return the chapters of an edition with the checklist filled, where it has one."""
    if FILE not in texts:
        return dict(texts)
    there = {label for text in texts.values() for label in _LABEL.findall(text)}
    rows = list(checked_points(binder, there))
    states = [row["state"] for row in rows]
    counts = {state: states.count(state) for state in STATES}
    said = binder.phrasebook.say(Phrase("checklist.counts", {"points": len(rows), **counts}))
    filled = texts[FILE].replace("<!-- checklist: counts -->", said)
    filled = filled.replace("<!-- checklist: table -->", _table(rows, binder))
    return {**texts, FILE: filled}


def checked_points(binder: Binder, there: set[str]) -> Iterator[dict[str, Any]]:
    """Yield every point with its state and place: ``part item state where``.

    ``state`` is ``reported``, ``elsewhere`` (in another edition), ``author`` or
    ``not_applicable``; ``where`` holds references to what this report printed, or words.
    """
    for part, points in read_yaml(_declared()).items():
        for item, point in points.items():
            state, where = _state(item, point, binder, there)
            yield {"part": part, "item": item, "state": state, "where": where}


def _state(item: str, point: Mapping[str, Any], binder: Binder, there: set[str]) -> tuple[str, str]:
    def term(key: str) -> str:
        return binder.phrasebook.term(key, "checklist_state")

    if item in _ALWAYS:
        state, key = _ALWAYS[item]
        return state, term(key)
    if not _applies(point, binder):
        return "not_applicable", term("not_applicable")
    key = point.get("key", "")
    written = bool(key) and bool(_value(binder.study, key))
    places = [place for place in point.get("places", ()) if place in there][:_MOST_PLACES]
    if point.get("author") and not written:
        return "author", term("author")
    if places:
        comma = "、" if binder.lang == "zh" else ", "
        return "reported", comma.join(f"[@{place}]" for place in places)
    if written and key in _OF_KEYS:
        return "reported", term(_OF_KEYS[key])
    return "elsewhere", term("elsewhere")


def _applies(point: Mapping[str, Any], binder: Binder) -> bool:
    stored, keys = point.get("when", ()), point.get("keys", ())
    return (not stored or any(map(binder.store.has, stored))) and (
        not keys or any(_value(binder.study, key) for key in keys)
    )


def _value(study: Any, key: str) -> Any:
    for name in key.split("."):
        study = getattr(study, name)
    return study


def _table(rows: list[dict[str, Any]], binder: Binder) -> str:
    *heads, caption = _HEADS[binder.lang]
    lines, last = [f"| {' | '.join(heads)} |", "|:---|:---|:---|"], ""
    for row in rows:
        part = binder.phrasebook.term(row["part"], "checklist_part") if row["part"] != last else ""
        item = binder.phrasebook.term(row["item"], "checklist_item")
        lines.append(f"| {part} | {item} | {row['where']} |")
        last = row["part"]
    return "\n".join([*lines, "", f': {caption} {{#tbl-checklist tbl-colwidths="[16,54,30]"}}'])


def _declared() -> str:
    return (REPORT / "checklist.yml").read_text(encoding="utf-8")
