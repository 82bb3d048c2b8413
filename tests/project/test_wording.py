"""Our own words keep to one term for a thing, and hold no code outside the appendix.

Scanned are the words themselves (templates, terms, chapters, tables), which every printed report
is made of; what a study brings (labels, wordings) stays as it was given.
"""

import re
from pathlib import Path

import pytest
import yaml

from cx_value.base.terms import CUSTOMER, call_customers, named_code
from cx_value.base.words import Phrasebook
from cx_value.study import read_study

ROOT = Path(__file__).parents[2]
BUNDLED = sorted(path.parent for path in ROOT.glob("data/*/study.yml"))
#: What the glossary has another word for.
REFUSED = {
    "en": ("answer sheet", "shopper", "found support", "both schools", "other school",
           "hurried reader", "who came back", "item–rest"),
    "zh": ("答卷人", "某人", "可信吗", "两派", "值多少钱", "价值几何", "解合理", "解不合理",
           "因素分析", "取样适切", "供快速阅读", "流传的论断", "成立吗", "日志", "杠杆",
           "平均方差萃取", "谁回来", "自助解"),
}  # fmt: skip


def comments_out(text):
    return re.sub(r"\{#.*?#\}|<#.*?#>|^#.*$", "", text, flags=re.S | re.M)


def table_words(lang):
    for path in sorted((ROOT / "report/tables").glob("*.yml")):
        for name, table in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            heads = [c.get("head") for c in table.get("columns", []) if isinstance(c, dict)]
            for said in (table.get("note"), *heads):
                yield f"{path.name}, {name}", said[lang] if isinstance(said, dict) else said or ""


def sources(lang):
    for path in sorted((ROOT / "report/words" / lang).glob("*")):
        if path.stem != "terms_check" and path.stem != "terms_command":
            yield path.name, comments_out(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "report" / lang).glob("*.qmd")):
        yield path.name, comments_out(path.read_text(encoding="utf-8"))
    yield from table_words(lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_term_for_a_thing(lang):
    found = [(place, word) for place, text in sources(lang) for word in REFUSED[lang]
             if word in text.lower()]  # fmt: skip
    assert found == []


def test_our_chinese_says_one_word_for_customers():
    usual = re.compile(r"(?<!美国)(?<!欧洲)顾客(?!满意度指数)")
    for place, text in sources("zh"):
        if place == "terms_sample.yml":  # names of constructs that `new` writes into a study file
            text = re.sub(r"^usual_constructs:.*?(?=^\S|\Z)", "", text, flags=re.S | re.M)
        assert not usual.search(text), place


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_prose_holds_no_code(lang):
    for place, text in sources(lang):
        if place.startswith("_14_appendix"):
            continue
        said = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<<.*?>>|<%.*?%>", "", text, flags=re.S)
        assert "`" not in said, place
        assert not re.search(r"=~|\s~~?\s", said), place


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_label_is_lower_cased(lang):
    for place, text in sources(lang):
        changed = re.findall(
            r"\|\s*labels?\b[^}]*\|\s*(?:lower|capitalize|title|first_upper)", text
        )
        assert not changed, place


@pytest.mark.parametrize("folder", BUNDLED, ids=lambda path: path.name)
def test_a_bundled_study_says_one_word_for_customers(folder):
    study = read_study(folder)
    text = (folder / "study.yml").read_text(encoding="utf-8")
    for path in folder.glob("codebook.csv"):
        text += path.read_text(encoding="utf-8")
    other = "顾客" if study.report.customer == CUSTOMER else CUSTOMER
    assert not re.search(rf"{other}(?!满意度指数|服务)", text)
    assert not any(other in claim.label.zh for claim in study.claims)


def test_a_studys_word_for_customers_is_in_every_word_of_ours_and_in_no_label():
    try:
        call_customers("顾客")
        book = Phrasebook("zh", names={"A": "客户服务"})
        assert book.label("A") == "客户服务" and book.term("customer") == "顾客"
        assert named_code("customer", "", "zh") == ""
    finally:
        call_customers(CUSTOMER)
    assert Phrasebook("zh").term("customer") == CUSTOMER
