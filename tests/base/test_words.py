"""Every template says its sample facts in both languages: the same numbers, all of them facts."""

import re

import pytest
import yaml

from cx_value.base.documents import read_yaml
from cx_value.base.places import WORDS
from cx_value.base.words import LANGUAGES, Phrase, Phrasebook, check_templates

SAMPLES = {
    p.stem: read_yaml(p.read_text(encoding="utf-8")) or {}
    for p in sorted((WORDS / "samples").glob("*.yml"))
}
CASES = [
    pytest.param(topic, macro, facts, id=f"{topic}.{macro}-{i}")
    for topic, macros in SAMPLES.items()
    for macro, cases in macros.items()
    for i, facts in enumerate(cases)
]
NAMES = {letter: f"Label {letter}" for letter in "ABCDEFGH"}
NUMBER = re.compile(r"[\u2212-]?(?:\d[\d,]*\.?\d*|\.\d+)%?")
#: Digits that state no fact: names of statistics and hypotheses, years of sources, named scales.
SPELLED = re.compile(
    r"R²|χ²|HTMT2|H\d+\w?|95\s?%|\(\d{4}[a-z]?\)|, \d{4}\)|[（，]\d{4}）|80/20|0–100|0–10|1–10"
)
SENTENCE_END = re.compile(r"(?<=[.。！!])\s*(?=[A-Z\n\u4e00-\u9fff-])")
LONGEST = {"en": 60, "zh": 120}


def say(topic, macro, facts, lang):
    book = Phrasebook(lang, names=NAMES, citing="names", currency="CNY")
    return book.say(Phrase(f"{topic}.{macro}", facts))


def numbers_of(facts):
    if isinstance(facts, bool) or facts is None:
        return
    if isinstance(facts, int | float):
        yield float(facts)
    elif isinstance(facts, dict):
        for value in facts.values():
            yield from numbers_of(value)
    elif isinstance(facts, list):
        yield float(len(facts))
        for value in facts:
            yield from numbers_of(value)
    elif isinstance(facts, str):
        yield from (float(n) for n in re.findall(r"\d+(?:\.\d+)?", facts))


def printed_numbers(text):
    plain = SPELLED.sub("", text.replace("\\", ""))
    found = [n.replace(",", "").replace("\u2212", "-").rstrip(".") for n in NUMBER.findall(plain)]
    return [re.sub(r"^(-?)0(?=\.)", r"\1", n) for n in found]


def is_fact(text, facts):
    percent = text.endswith("%")
    bare = text.rstrip("%").lstrip("-")
    half = 0.5000001 * 10 ** -len(bare.partition(".")[2])
    scales = (100,) if percent else (1, 100)
    near = any(abs(abs(fact) * scale - float(bare)) <= half for fact in facts for scale in scales)
    return near or text in {".001", ".999", "1%", "99%"}  # what is below or beyond


def size_of(sentence, lang):
    return len(sentence.split() if lang == "en" else re.findall(r"[\u4e00-\u9fff]", sentence))


def test_every_macro_is_there_in_both_languages_with_samples():
    topics = check_templates()
    for topic, languages in topics.items():
        assert set(languages) == set(LANGUAGES), topic
        assert sorted(languages["en"]) == sorted(languages["zh"]), topic
        public = {name for name in languages["en"] if not name.startswith("_")}
        missing = public - set(SAMPLES.get(topic, {}))
        assert not missing, f"samples/{topic}.yml lacks {sorted(missing)}"
    assert set(SAMPLES) <= set(topics)


def term_paths(value, path=()):
    for key, entry in value.items():
        if isinstance(entry, dict) and set(entry) != {"one", "many"}:
            yield from term_paths(entry, (*path, key))
        else:
            yield (*path, key)


@pytest.mark.parametrize("name", sorted(p.name for p in (WORDS / "en").glob("terms*.yml")))
def test_terms_are_the_same_in_both_languages(name):
    en, zh = (
        yaml.safe_load((WORDS / lang / name).read_text(encoding="utf-8")) for lang in LANGUAGES
    )
    assert sorted(term_paths(en)) == sorted(term_paths(zh))


@pytest.mark.parametrize(("topic", "macro", "facts"), CASES)
def test_a_template_says_its_facts_alike_in_both_languages(topic, macro, facts):
    said = {lang: say(topic, macro, facts, lang) for lang in LANGUAGES}
    known = list(numbers_of(facts))
    for lang, text in said.items():
        assert "None" not in text and "nan" not in text.split(), text
        assert "  " not in text, text
        assert not re.search(r"\s[，。；：、！？）]|\s[,;:!?](?=\s|$)|\s\.(?=\s|$)", text), text
        for number in printed_numbers(text):
            assert is_fact(number, known), f"{number} in {text!r} is no fact"
        for sentence in SENTENCE_END.split(text):
            assert size_of(sentence, lang) <= LONGEST[lang], sentence
    numbers = {lang: sorted(printed_numbers(text)) for lang, text in said.items()}
    assert numbers["en"] == numbers["zh"], said


@pytest.mark.parametrize(("topic", "macro", "facts"), CASES)
def test_reservations_are_always_said(topic, macro, facts):
    if not isinstance(facts, dict) or not facts.get("reservations"):
        return
    bare = {**facts, "reservations": []}
    for lang in LANGUAGES:
        assert len(say(topic, macro, facts, lang)) > len(say(topic, macro, bare, lang))


HOSTILE = "<script>alert(1)</script> *b* {{< x >}} @key"


def test_a_text_of_the_facts_is_data_however_a_template_prints_it():
    """A name of a hypothesis, an expert or a wave is words of a study, not of ours."""
    facts = {"reported": True, "hypotheses": 2, "reservations": [],
             "verdicts": [{"verdict": "supported", "n": 2, "names": [HOSTILE, "H2"]}]}  # fmt: skip
    for lang in ("en", "zh"):
        said = Phrasebook(lang).say(Phrase("hypotheses.verdicts", facts))
        assert r"\<script\>" in said and "<script>" not in said and r"\*b\*" in said
        assert not re.search(r"(?<!\\)@key|(?<!\\)\{\{", said)
