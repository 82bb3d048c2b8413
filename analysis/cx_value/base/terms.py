"""Single words and the names of codes, from ``report/words/<lang>/terms*.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

from cx_value.base.documents import read_yaml
from cx_value.base.places import WORDS
from cx_value.base.wording import Text

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


def customer_word() -> str:
    """Return what customers are called at present."""
    return _customer.get()


def terms_of(lang: str) -> dict[str, Any]:
    """Return ``terms.yml`` and every ``terms_<room>.yml`` beside it, merged by group."""
    return _read_terms(lang, customer_word())


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
    known = terms_of(lang).get(group) if group else None
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
