"""The page of an editor of words: every template with its sample facts, English beside Chinese."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cx_value.base.documents import read_yaml
from cx_value.base.errors import ReportError
from cx_value.base.places import WORDS
from cx_value.base.words import LANGUAGES, Phrase, Phrasebook, check_templates

_STYLE = """
body { font: 16px/1.5 Georgia, "Noto Serif CJK SC", "Songti SC", serif; margin: 2em auto;
       max-width: 76em; padding: 0 1em; color: #1a1a1a }
h2 { border-bottom: 1px solid #999; margin-top: 2em }
h3 { font: 600 1em/1.4 ui-monospace, monospace; margin: 1.5em 0 .3em }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
td { vertical-align: top; padding: .5em 1em .5em 0; border-top: 1px solid #ddd;
     white-space: pre-line; overflow-wrap: anywhere }
.fault { color: #a00000 } .facts { font: 12px/1.4 ui-monospace, monospace; color: #555 }
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One macro with one set of facts: its words in each language, and what is at fault."""

    topic: str
    macro: str
    facts: Any
    words: dict[str, str]
    faults: tuple[str, ...]


def say_samples() -> list[Said]:
    """Return every macro with every set of its sample facts, said in both languages."""

    found = []
    for topic, languages in check_templates().items():
        path = WORDS / "samples" / f"{topic}.yml"
        samples = read_yaml(path.read_text(encoding="utf-8")) if path.exists() else {}
        for macro in dict.fromkeys(
            name for names in languages.values() for name in names if name[0] != "_"
        ):
            cases = (samples or {}).get(macro)
            if cases is None:
                told = f"words/samples/{topic}.yml has no facts for {macro}"
                found.append(Said(topic, macro, {}, {}, (told,)))
            found += [_said(topic, macro, facts) for facts in cases or ()]
    return found


def _said(topic: str, macro: str, facts: Any) -> Said:
    words, faults = {}, []
    for lang in LANGUAGES:
        book = Phrasebook(lang, names=_Letters(), currency="CNY")
        try:
            words[lang] = book.say(Phrase(f"{topic}.{macro}", facts or {}))
        except ReportError as error:
            faults.append(str(error))
    return Said(topic, macro, facts, words, tuple(faults))


class _Letters(dict):
    """Names for the codes of samples: ``A`` is called "Label A"."""

    def get(self, code: str, default: str = "") -> str:
        return f"Label {code}" if re.fullmatch("[A-H]", str(code)) else default


def write_words_page(path: Path) -> list[str]:
    """Write the page and return what is at fault in the templates.

    Parameters
    ----------
    path : Path
        An HTML file.
    """
    said = say_samples()
    body = "\n".join(_sections(said))
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Words</title>'
        f"<style>{_STYLE}</style></head><body><h1>Words · 词句</h1>\n{body}\n</body></html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return [fault for one in said for fault in one.faults]


def _sections(said: list[Said]) -> Iterator[str]:
    topic = macro = ""
    for one in said:
        if one.topic != topic:
            topic = one.topic
            yield f"<h2>{html.escape(topic)}</h2>"
        if (one.topic, one.macro) != (topic, macro):
            macro = one.macro
            yield f"<h3>{html.escape(macro)}</h3>"
        cells = "".join(
            f'<td lang="{lang}">{html.escape(one.words.get(lang, ""))}</td>' for lang in LANGUAGES
        )
        faults = "".join(f'<p class="fault">{html.escape(fault)}</p>' for fault in one.faults)
        facts = html.escape(str(one.facts))
        yield f'<table><tr>{cells}</tr></table><div class="facts">{facts}</div>{faults}'
