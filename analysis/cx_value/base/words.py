"""Words are text, not Python: one template a result and language, filled with its facts.

``report/words/<lang>/<topic>.j2`` holds Jinja2 macros. A macro is called with the facts of a result
(plain data: numbers unrounded, codes, citation keys, judgements already made) and prints through
filters only; ``report/words/<lang>/terms.yml`` holds single words, plurals and the names of codes.
The contract is in CONTRIBUTING.md, "Words".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cx_value.base.errors import ReportError
from cx_value.base.markdown import escape_prose
from cx_value.base.places import WORDS
from cx_value.base.sources import named_source
from cx_value.base.templates import as_data, templates_of, tidy
from cx_value.base.terms import bilingual, figure_word, named_code, terms_of
from cx_value.base.wording import (
    Text,
    currency_name,
    format_number,
    in_language,
    join_words,
)

__all__ = [
    "LANGUAGES", "Phrase", "Phrasebook", "bilingual", "check_templates", "figure_word",
    "named_code", "plain_facts",
]  # fmt: skip
LANGUAGES = ("en", "zh")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something to be said: which macro says it (``"topic.macro"``), and the facts it is told.

    >>> Phrase("reliability.method").template
    'reliability.method'
    """

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the phrase as the store keeps it."""
        return {"words": self.template, "facts": plain_facts(self.facts)}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Phrase:
        """Return a stored phrase."""
        return cls(stored["words"], stored["facts"])

    def __str__(self) -> str:
        """Return the English words, for a notebook's reader and for messages."""
        return Phrasebook("en").say(self)

    def in_language(self, lang: str) -> str:
        """Return the words in a language, with no study's names at hand."""
        return Phrasebook(lang).say(self)

    def bilingual(self) -> Text:
        """Return the words in both languages as plain text, for a cell of a table."""
        en, zh = (_ESCAPE.sub(r"\1", self.in_language(lang)) for lang in LANGUAGES)
        return Text(en, zh=zh)


def plain_facts(value: Any) -> Any:
    """Return facts as JSON has them: no numpy, no NaN (None), frames as lists of rows.

    >>> import numpy as np
    >>> plain_facts({"r": np.float64("nan"), "n": np.int64(3), "codes": ("A", "B")})
    {'r': None, 'n': 3, 'codes': ['A', 'B']}
    """
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [plain_facts(row) for row in value.to_dict("records")]
    if isinstance(value, Phrase):
        return value.plain()
    if isinstance(value, Mapping):
        return {str(key): plain_facts(entry) for key, entry in value.items()}
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_facts(entry) for entry in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return str(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Phrasebook:
    """Says phrases in one language, with one study's names and one way of citing.

    Parameters
    ----------
    lang : {"en", "zh"}
    names : mapping of str to str or Text
        What a code (construct, item, group, answer) is called; a code without a name is printed.
    citing : {"names", "keys"}
        ``names`` prints "Hair et al. (2019)", for a notebook; ``keys`` prints ``@hair2019``, for
        the report, whose reference list follows.
    currency : str
        Code or sign printed with money.
    """

    lang: str = "en"
    names: Mapping[str, str] = field(default_factory=dict)
    citing: str = "names"
    currency: str = ""

    def say(self, phrase: Phrase) -> str:
        """Return the words of a phrase, as markdown.

        Raises
        ------
        ReportError
            If the template, the macro or a fact it asks for is not there.
        """
        topic, _, macro = phrase.template.partition(".")
        from jinja2 import TemplateNotFound, UndefinedError

        try:
            module = self._environment.get_template(f"{topic}.j2").module
            text = getattr(module, macro)(_Facts(as_data(plain_facts(phrase.facts))))
        except (TemplateNotFound, AttributeError, UndefinedError, TypeError) as error:
            raise ReportError(
                f"words/{self.lang}/{topic}.j2, macro {macro!r}: {error} · do: write the macro, or "
                "give it the fact it asks for"
            ) from error
        return tidy(str(text), self.lang)

    @cached_property
    def _environment(self):
        # Kept: a template is then compiled once a book, not once a sentence.
        environment = templates_of(self.lang).overlay()
        environment.globals = {**environment.globals, "cite": self.cite, "term": self.term,
                               "reserve": self.reserve, "sep": self.separate,
                               "lang": self.lang, "say": self._say_stored,
                               "customer": self.term("customer")}  # fmt: skip
        environment.filters = {**environment.filters, "label": self.label, "labels": self.labels,
                               "money": self.money, "plural": self.plural,
                               "unit": self.unit, "term": self.term}  # fmt: skip
        return environment

    def _say_stored(self, stored: Mapping[str, Any]) -> str:
        return self.say(Phrase.read(stored))

    # Names
    def label(self, code: str | Mapping[str, str]) -> str:
        """Return what a code is called, as it was given, escaped; words in two languages as such.

        >>> Phrasebook("zh").label({"en": "Own words", "zh": "自拟表述"})
        '自拟表述'
        """
        if isinstance(code, Mapping):
            return escape_prose(code[self.lang])
        return escape_prose(in_language(self.names.get(code, code), self.lang))

    def labels(self, codes: Iterable[str | Mapping[str, str]], most: int | None = None) -> str:
        """Return several names joined by the language's comma and conjunction."""
        return join_words([self.label(code) for code in codes], lang=self.lang, most=most)

    def separate(self, loop: Any) -> str:
        """Return what stands after this entry of a loop: comma, conjunction, or nothing."""
        if loop.last:
            return ""
        zh = self.lang == "zh"
        return ("和" if zh else " and ") if loop.revindex0 == 1 else ("、" if zh else ", ")

    def term(self, key: str, group: str = "") -> str:
        """Return a single word of ``terms.yml``: ``term("below", "verdict")``."""
        known = terms_of(self.lang)
        known = known.get(group, {}) if group else known
        if key not in known:
            raise ReportError(f"words/{self.lang}/terms.yml has no {group + '.' if group else ''}"
                              f"{key} · do: add it in both languages")  # fmt: skip
        word = known[key]
        return str(word["many"] if isinstance(word, Mapping) else word)

    # Numbers with a word
    def plural(self, key: str, n: float) -> str:
        """Return the noun a count asks for: ``'customer' | plural(1)``."""
        word = terms_of(self.lang).get(key, key)
        if isinstance(word, Mapping):
            return str(word["one"] if n == 1 else word["many"])
        return str(word)

    def unit(self, value: float, key: str, decimals: int = 0) -> str:
        """Print a number with its unit: "52 weeks", "52 周"."""
        text = format_number(value, decimals, lang=self.lang)
        return f"{text} {self.plural(key, value)}"

    def money(self, value: float, decimals: int = 0) -> str:
        """Print money with the study's currency where the language puts it."""
        if value is None:
            return "–"
        text = f"{abs(value):,.{decimals}f}"
        sign = "\u2212" if value < 0 and float(f"{value:.{decimals}f}") != 0 else ""
        if self.lang == "zh":
            return f"{sign}{text} {currency_name(self.currency, self.lang)}".rstrip()
        return f"{sign}{self.currency} {text}".strip()

    # Sources and reservations
    def cite(self, key: str, form: str = "text") -> str:
        """Print a source: in running text, or in brackets (``form="paren"``)."""
        if not key:
            return ""
        if self.citing == "names":
            return named_source(key, self.lang, parenthesised=form == "paren")
        if form == "paren":
            return f"[@{key}]" if self.lang == "zh" else f" [@{key}]".lstrip()
        if self.lang == "zh":
            return f"{named_source(key, 'zh', year=False)}[@{key}]"
        return f"@{key}"

    def reserve(self, facts: Mapping[str, Any]) -> str:
        """Print what a finding rests on, where that is weak; nothing where it is not.

        Facts carry ``reservations``, a list of codes or of mappings with ``code``; each has a
        macro of its name in ``reservations.j2``.
        """
        found = facts.get("reservations") or []
        if not found:
            return ""
        from markupsafe import Markup

        told = [entry if isinstance(entry, Mapping) else {"code": entry} for entry in found]
        said = [self.say(Phrase(f"reservations.{entry['code']}", entry)) for entry in told]
        joined = ("；" if self.lang == "zh" else "; ").join(said)
        return Markup(f"（{joined}）" if self.lang == "zh" else f" ({joined})")


class _Facts(dict):
    """Facts under names: ``f.alpha`` and ``f["alpha"]`` alike; a missing one is undefined."""


def check_templates(languages: Iterable[str] = LANGUAGES) -> dict[str, dict[str, list[str]]]:
    """Return topic → language → the macros it holds, every template parsed."""
    found: dict[str, dict[str, list[str]]] = {}
    for lang in languages:
        for path in sorted((WORDS / lang).glob("*.j2")):
            names = re.findall(r"\{%-?\s*macro\s+(\w+)", path.read_text(encoding="utf-8"))
            templates_of(lang).parse(path.read_text(encoding="utf-8"))
            found.setdefault(path.stem, {})[lang] = names
    return found
