"""The Jinja2 environment that words are read in: filters, marked texts, lines joined."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from cx_value.base.markdown import escape_prose
from cx_value.base.places import WORDS
from cx_value.base.terms import CUSTOMER, customer_word
from cx_value.base.wording import (
    format_interval,
    format_number,
    format_p,
    format_percent,
    format_probability,
    join_words,
)

_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}")
_AFTER_WIDE_MARK = re.compile(r"([，。；：、）](?:\*\*)?) +(?=\S)")
_WIDE = r"\u2e80-\u9fff\uff00-\uffef\u3000-\u303f\u2018-\u201d"


class Told(str):
    """A text of the facts (a study's or its data's): data, escaped where it is printed as it is."""


def as_data(value: Any) -> Any:
    """Return facts with every text marked as data."""
    if isinstance(value, dict):
        return {as_data(key): as_data(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_data(inner) for inner in value]
    return Told(value) if type(value) is str else value


def escaped(value: Any) -> Any:
    return escape_prose(value) if isinstance(value, Told) else value


def _joined(values: Iterable[Any], between: str = "") -> str:
    return str(between).join(str(escaped(value)) for value in values)


def templates_of(lang: str):
    """Return the templates of a language, read with the study's word for customers."""
    return _templates(lang, customer_word())


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
        trim_blocks=True, lstrip_blocks=True, finalize=escaped,
        bytecode_cache=compiled_before(f"words-{lang}"),
    )  # fmt: skip
    environment.filters.update(
        join=_joined,
        num=lambda v, decimals=2: _number(v, decimals, lang),
        coef=lambda v, decimals=2: _number(v, decimals, lang, bounded=True),
        plain=lambda v: "–" if v is None else _declared_number(v, lang),
        pct=lambda v, decimals=0: "–" if v is None else format_percent(v, decimals),
        chance=lambda v, decimals=0: "–" if v is None else format_probability(v, decimals),
        count=lambda v: "–" if v is None else f"{round(v):,}",
        pval=lambda v, relation=True: _p_value(v, lang, relation),
        ci=lambda v, decimals=2, bounded=False: _interval(v, decimals, lang, bounded),
        first_upper=lambda v: v[:1].upper() + v[1:],
        join_words=lambda v, most=None: join_words(
            [str(escaped(x)) for x in v], lang=lang, most=most
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


def tidy(text: str, lang: str) -> str:
    r"""Join the lines of a template: paragraphs and list items stay, Chinese joins with no blank.

    >>> tidy("One\n  two.\n\n\n- a\n- b\n  c", "en")
    'One two.\n\n- a\n- b c'
    >>> tidy("甲乙\n丙 丁", "zh"), tidy("共 3\n个", "zh"), tidy("甲，\n3 个", "zh")
    ('甲乙丙 丁', '共 3 个', '甲，3 个')
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
    if lang == "zh":
        joined = _AFTER_WIDE_MARK.sub(r"\1", joined)
    return re.sub(r"(?<=\S)  +", " ", joined)


def _glue(before: str, after: str, lang: str) -> str:
    wide = rf"[{_WIDE}]"
    if lang == "zh" and re.search(wide, before[-1]) and re.search(wide, after[0]):
        return ""
    return " "
