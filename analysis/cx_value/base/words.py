"""Words are text, not Python: one template a result and language, filled with its facts.

``report/words/<lang>/<topic>.j2`` holds Jinja2 macros. A macro is called with the facts of a result
(plain data: numbers unrounded, codes, citation keys, judgements already made) and prints through
filters only; ``report/words/<lang>/terms.yml`` holds single words, plurals and the names of codes.
The contract is in CONTRIBUTING.md, "Words".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from cx_value.base.documents import read_yaml
from cx_value.base.errors import ReportError
from cx_value.base.markdown import escape_prose
from cx_value.base.places import WORDS
from cx_value.base.sources import named_source
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    in_language,
    join_words,
)

LANGUAGES = ("en", "zh")
_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_WIDE = r"\u2e80-\u9fff\uff00-\uffef\u3000-\u303f\u2018-\u201d"


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
            text = getattr(module, macro)(_Facts(_as_data(plain_facts(phrase.facts))))
        except (TemplateNotFound, AttributeError, UndefinedError, TypeError) as error:
            raise ReportError(
                f"words/{self.lang}/{topic}.j2, macro {macro!r}: {error} · do: write the macro, or "
                "give it the fact it asks for"
            ) from error
        return tidy(str(text), self.lang)

    @cached_property
    def _environment(self):
        # Kept: a template is then compiled once a book, not once a sentence.
        environment = _environment(self.lang).overlay()
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
        known = _terms(self.lang)
        known = known.get(group, {}) if group else known
        if key not in known:
            raise ReportError(f"words/{self.lang}/terms.yml has no {group + '.' if group else ''}"
                              f"{key} · do: add it in both languages")  # fmt: skip
        word = known[key]
        return str(word["many"] if isinstance(word, Mapping) else word)

    # Numbers with a word
    def plural(self, key: str, n: float) -> str:
        """Return the noun a count asks for: ``'customer' | plural(1)``."""
        word = _terms(self.lang).get(key, key)
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
            return f"{sign}{text} {_currency_zh(self.currency)}".rstrip()
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


class _Told(str):
    """A text of the facts (a study's or its data's): data, escaped where it is printed as it is."""


def _as_data(value: Any) -> Any:
    """Return facts with every text marked as data."""
    if isinstance(value, dict):
        return {_as_data(key): _as_data(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_data(inner) for inner in value]
    return _Told(value) if type(value) is str else value


def _escaped(value: Any) -> Any:
    return escape_prose(value) if isinstance(value, _Told) else value


def _joined(values: Iterable[Any], between: str = "") -> str:
    return str(between).join(str(_escaped(value)) for value in values)


#: What customers are called in our Chinese words; a study may have them called otherwise.
CUSTOMER = "客户"
_customer: ContextVar[str] = ContextVar("customer", default=CUSTOMER)


def call_customers(word: str) -> None:
    """Have our own Chinese words call customers so from now on; a study's labels stay as given.

    Parameters
    ----------
    word : {"客户", "顾客"}
    """
    _customer.set(word)


def own_words(text: str) -> str:
    """Return words of ours with the study's word for customers in them.

    >>> call_customers("顾客"); said = own_words("客户价值"); call_customers(CUSTOMER); said
    '顾客价值'
    """
    return text.replace(CUSTOMER, _customer.get())


def _environment(lang: str):
    """Return the templates of a language, read with the study's word for customers."""
    return _templates(lang, _customer.get())


@cache
def _templates(lang: str, customer: str):
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> str | None:
        path = WORDS / lang / name
        if not path.is_file():
            return None
        return kept_line_ends(path.read_text(encoding="utf-8").replace(CUSTOMER, customer))

    environment = Environment(
        loader=FunctionLoader(load), undefined=StrictUndefined, autoescape=False,
        trim_blocks=True, lstrip_blocks=True, finalize=_escaped,
        bytecode_cache=compiled_before(f"words-{lang}"),
    )  # fmt: skip
    environment.filters.update(
        join=_joined,
        num=lambda v, decimals=2: _number(v, decimals, lang),
        coef=lambda v, decimals=2: _number(v, decimals, lang, bounded=True),
        plain=lambda v: "–" if v is None else _declared_number(v, lang),
        pct=lambda v, decimals=0: "–" if v is None else format_percent(v, decimals),
        count=lambda v: "–" if v is None else f"{round(v):,}",
        pval=lambda v, relation=True: _p_value(v, lang, relation),
        ci=lambda v, decimals=2, bounded=False: _interval(v, decimals, lang, bounded),
        first_upper=lambda v: v[:1].upper() + v[1:],
        join_words=lambda v, most=None: join_words(
            [str(_escaped(x)) for x in v], lang=lang, most=most
        ),
    )  # fmt: skip
    return environment


def compiled_before(name: str):
    """Return where compiled templates are kept between runs, in a folder of this user's alone.

    Compiling takes longer than printing. What is kept is found by a template's text; where the
    machine has no safe place for temporary files, nothing is kept.
    """
    from jinja2 import FileSystemBytecodeCache

    try:
        return FileSystemBytecodeCache(pattern=f"cx-value-{name}-%s")
    except (RuntimeError, OSError):
        return None


def kept_line_ends(template: str) -> str:
    """Return a template in which a line of words that ends with a tag ends as a line of words.

    Jinja takes away the end of a line after every tag; after ``{% endfor %}`` at the end of a
    sentence's line the next line would then follow without a blank.

    >>> kept_line_ends("{% for x in f %}a{% endfor %}")
    '{% for x in f %}a{% endfor %}{{ "" }}'
    >>> kept_line_ends("{% for x in f %}")
    '{% for x in f %}'
    """
    return "\n".join(
        line + '{{ "" }}' if _TAG.sub("", line).strip() and line.endswith("%}") else line
        for line in template.split("\n")
    )


def _number(value: float | None, decimals: int, lang: str, bounded: bool = False) -> str:
    missing = math.nan if value is None else value
    return format_number(missing, decimals, bounded=bounded, lang=lang)


def _declared_number(value: float, lang: str) -> str:
    """Print a number as it was declared: no more decimals than it has, two at most."""
    decimals = next((d for d in (0, 1) if math.isclose(value, round(value, d), abs_tol=1e-9)), 2)
    return format_number(value, decimals, lang=lang)


def _p_value(value: float | None, lang: str, relation: bool) -> str:
    return "–" if value is None else format_p(value, lang=lang, relation=relation)


def _interval(ends: Sequence[float | None], decimals: int, lang: str, bounded: bool) -> str:
    low, high = (math.nan if end is None else end for end in ends)
    return format_interval(low, high, decimals, bounded=bounded, lang=lang)


def _terms(lang: str) -> dict[str, Any]:
    """Return ``terms.yml`` and every ``terms_<room>.yml`` beside it, merged by group."""
    return _read_terms(lang, _customer.get())


@cache
def _read_terms(lang: str, customer: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for path in sorted((WORDS / lang).glob("terms*.yml")):
        text = path.read_text(encoding="utf-8").replace(CUSTOMER, customer)
        for key, value in (read_yaml(text) or {}).items():
            if isinstance(value, dict) and isinstance(merged.get(key), dict):
                merged[key].update(value)
            else:
                merged[key] = value
    return merged


def named_code(code: str, group: str, lang: str) -> str:
    """Return what ``terms*.yml`` calls a code of a group; an empty text where it has no name.

    >>> named_code("true", "yes_no", "zh"), named_code("?", "yes_no", "zh")
    ('是', '')
    """
    known = _terms(lang).get(group) if group else None
    if not isinstance(known, Mapping):
        return ""
    found = known.get(code, "")
    return str(found["many"] if isinstance(found, Mapping) else found)


def bilingual(code: str, group: str) -> Text:
    """Return a word of the terms in both languages, to stand beside a study's own labels.

    >>> bilingual("overall", "whole").zh
    '总体'
    """
    return Text(named_code(code, group, "en"), zh=named_code(code, group, "zh"))


def figure_word(code: str, lang: str) -> str:
    """Return a word that stands in a figure (group ``figure`` of the terms)."""
    return named_code(code, "figure", lang)


def _currency_zh(code: str) -> str:
    return {"CNY": "元", "RMB": "元"}.get(code, code)


def tidy(text: str, lang: str) -> str:
    r"""Join the lines of a template: paragraphs and list items stay, Chinese joins with no blank.

    >>> tidy("One\n  two.\n\n\n- a\n- b\n  c", "en")
    'One two.\n\n- a\n- b c'
    >>> tidy("甲乙\n丙 丁", "zh"), tidy("共 3\n个", "zh")
    ('甲乙丙 丁', '共 3 个')
    """
    blocks: list[str] = []
    start = True
    for line in text.splitlines():
        line = line.strip()
        if not line:
            start = True
        elif start or line.startswith("- "):
            listed = line.startswith("- ") and blocks and blocks[-1].lstrip("\n").startswith("- ")
            blocks.append(("" if not blocks else "\n" if listed else "\n\n") + line)
            start = False
        else:
            blocks[-1] += _glue(blocks[-1], line, lang) + line
    joined = "".join(blocks).replace("][@", "; @")  # sources side by side stand in one bracket
    return re.sub(r"(?<=\S)  +", " ", joined)


def _glue(before: str, after: str, lang: str) -> str:
    wide = rf"[{_WIDE}]"
    if lang == "zh" and re.search(wide, before[-1]) and re.search(wide, after[0]):
        return ""
    return " "


def check_templates(languages: Iterable[str] = LANGUAGES) -> dict[str, dict[str, list[str]]]:
    """Return topic → language → the macros it holds, every template parsed."""
    found: dict[str, dict[str, list[str]]] = {}
    for lang in languages:
        for path in sorted((WORDS / lang).glob("*.j2")):
            names = re.findall(r"\{%-?\s*macro\s+(\w+)", path.read_text(encoding="utf-8"))
            _environment(lang).parse(path.read_text(encoding="utf-8"))
            found.setdefault(path.stem, {})[lang] = names
    return found
