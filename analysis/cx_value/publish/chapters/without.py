"""Chapters of a report some parts of which failed: what they lack is left out, nothing else.

Only a store that holds statements (:mod:`cx_value.notebook.untold`) is read like this; of any
other, a result that is not there is an error. Chapters ask for results as ever; what is not there
prints a mark. Then a section that lost all it was to say goes, with its heading, a paragraph or
point of a list likewise, and a sentence that points to what is gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cx_value.notebook.untold import statements

LOST, SAID = "<!-- lost -->", "<!-- said -->"
_OF_RESULTS = (
    "num", "coef", "count", "pval", "ci", "pct", "text", "say", "notes", "table",
    "matrix",
)  # fmt: skip
_HEADING = re.compile(r"(?m)^(?=#{1,6} )")
_APART = re.compile(r"<!-- /?apart -->")
_LABEL = re.compile(r"\{#((?:sec|tbl|fig)-[\w.-]+)")
_ONE = r"\[?@((?:sec|tbl|fig)-[\w.-]*\w)\]?"
_REFERENCE = re.compile(_ONE)
_IN_BRACKETS = re.compile(rf"\s*[(（]{_ONE}[)）]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z@*<\[])|(?<=[。！？])")
_POINT = re.compile(r"(?m)^(?=- )")


class Nothing:
    """What a chapter reads of a result that is not there: empty, and never more or less."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: object) -> Nothing:
        return self

    def __call__(self, *_: Any, **__: Any) -> Nothing:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return LOST

    def __lt__(self, _: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


def vocabulary_without(binder: Any) -> dict[str, Any]:
    """Return the verbs of a chapter that do without results which are not there."""
    store = binder.store
    if not statements(store):
        return {}
    verbs: dict[str, Any] = {
        name: _spared(getattr(binder, name), store.has) for name in _OF_RESULTS
    }
    verbs["figure"] = _spared(binder.figure, binder.has_figure)
    verbs["result"] = lambda name: store.read(name) if store.has(name) else Nothing()
    for name in ("label", "labels"):
        verbs[name] = _of_something(getattr(binder, name))
    verbs["tell"] = _told(binder.tell)
    return verbs


def _spared(verb: Callable[..., str], there: Callable[[str], bool]) -> Callable[..., str]:
    def printed(name: str, *told: Any, **options: Any) -> str:
        if not there(options.get("of") or name):
            return LOST
        said = verb(name, *told, **options)
        return SAID + said if said.strip() else said

    return printed


def _of_something(verb: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda code: LOST if isinstance(code, Nothing) else verb(code)


def _told(verb: Callable[..., str]) -> Callable[..., str]:
    def printed(template: str, **facts: Any) -> str:
        lacking = not facts or any(isinstance(fact, Nothing) for fact in facts.values())
        return LOST if lacking else SAID + verb(template, **facts)

    return printed


def without_lost(texts: Mapping[str, str], lang: str) -> dict[str, str]:
    """Return the chapters of an edition without what they lost.

    >>> page = f"# A\\n\\n{SAID}Yes. See @tbl-b.\\n\\n## B\\n\\nOf it: {LOST}\\n"
    >>> without_lost({"x.qmd": page}, "en")["x.qmd"].split()
    ['#', 'A', 'Yes.']
    """
    kept = {name: _sections_kept(text) for name, text in texts.items()}
    there = {label for text in kept.values() for label in _LABEL.findall(text)}
    return {
        name: "\n\n".join(_resolved(block, there, lang) for block in text.split("\n\n"))
        for name, text in kept.items()
    }


def _sections_kept(text: str) -> str:
    if LOST not in text:
        return text.replace(SAID, "")
    first, *sections = _HEADING.split(text)
    kept, deepest = [], 0
    for section in reversed(sections):
        heading, _, body = section.partition("\n")
        level = len(heading) - len(heading.lstrip("#"))
        body = _body_kept(body) if LOST in body else body
        filled = bool(_APART.sub("", body).strip())
        if filled or deepest > level:
            kept.append(f"{heading}\n{body}")
            deepest = level
        else:
            kept.append("\n".join(_APART.findall(body)) + "\n")
    whole = "".join([first.replace(LOST, ""), *reversed(kept)])
    return whole.replace(SAID, "")


def _body_kept(body: str) -> str:
    """Return a section's text without the paragraphs and points that lost all they had to say."""
    if SAID not in body:
        return "\n\n".join(["", *_APART.findall(body), ""])
    blocks = []
    for block in body.split("\n\n"):
        points = _POINT.split(block) if block.lstrip().startswith("- ") else [block]
        kept = [p for p in points if LOST not in p or SAID in p]
        marks = [] if kept else _APART.findall(block)
        blocks.append("".join(kept) or "\n".join(marks))
    return "\n\n".join(blocks).replace(LOST, "")


def _resolved(block: str, there: set[str], lang: str) -> str:
    """Return a paragraph without the sentences that point to what is not there."""
    block = _IN_BRACKETS.sub(lambda m: m[0] if m[1] in there else "", block)
    if all(label in there for label in _REFERENCE.findall(block)):
        return block
    points = []
    for point in _POINT.split(block):
        bullet = "- " if point.startswith("- ") else ""
        sentences = _SENTENCE_END.split(point.removeprefix("- "))
        kept = [s for s in sentences if all(r in there for r in _REFERENCE.findall(s))]
        said = ("" if lang == "zh" else " ").join(kept)
        points.append(bullet + said if said.strip() else "")
    return "".join(points)
