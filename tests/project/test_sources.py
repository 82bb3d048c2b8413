"""Every source that is named is in the bibliography, and every rule that is printed judges."""

import re
from pathlib import Path

import pytest
import yaml

from cx_value.base.cutoffs import CUTOFFS
from cx_value.base.places import BIBLIOGRAPHY
from cx_value.base.sources import bibliography_names
from cx_value.study import read_study

ROOT = Path(__file__).parents[2]
KEY = r"[a-z]{2,}[a-z-]*\d{4}[a-z]?"
#: "Hu & Bentler (1999)", "(Kline, 2016)", "Hair 等（2019）": a source that is no citation.
SPELLED = re.compile(
    r"[A-ZÀ-Þ][\w’'-]+(?: et al\.| 等| (?:&|and) [A-Z][\w-]+)?"
    r"\s?(?:[(（]|[,，]\s?)(?:19|20)\d\d[a-z]?[)）]"
)


def printed_texts():
    for folder in ("report/words/en", "report/words/zh", "report/en", "report/zh", "report/tables"):
        for path in sorted((ROOT / folder).iterdir()):
            yield path, path.read_text(encoding="utf-8")


def test_every_citation_in_the_words_is_in_the_bibliography():
    cited = re.compile(rf"(?<![\w.])@({KEY})|cite\(\s*[\"']({KEY})[\"']")
    for path, text in printed_texts():
        for match in cited.finditer(text):
            key = match[1] or match[2]
            assert key in bibliography_names(), f"{path.name}: {key}"


def test_no_source_is_spelled_out_where_it_should_be_cited():
    for path, text in printed_texts():
        said = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
        said = "\n".join(line for line in said.split("\n") if not line.lstrip().startswith("#"))
        assert not SPELLED.search(said), f"{path.name}: {SPELLED.search(said)[0]}"


def test_every_key_in_the_package_is_in_the_bibliography():
    known = set(bibliography_names())
    names = {re.sub(r"\d{4}[a-z]?$", "", key) for key in known}
    for path in sorted((ROOT / "analysis/cx_value").rglob("*.py")):
        for key in re.findall(rf'"({KEY})"', path.read_text(encoding="utf-8")):
            if re.sub(r"\d{4}[a-z]?$", "", key) in names:
                assert key in known, f"{path.name}: {key}"


@pytest.mark.parametrize("folder", sorted(p.parent for p in ROOT.glob("data/*/study.yml")),
                         ids=lambda path: path.name)  # fmt: skip
def test_the_sources_that_a_bundled_study_names_are_in_the_bibliography(folder):
    read_study(folder)
    for path in folder.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        for key in re.findall(rf"(?:theory|source|citation): ({KEY})", text):
            assert key in bibliography_names(), key


def test_every_rule_has_a_source_or_is_the_reports_own():
    for name, rule in CUTOFFS.items():
        assert (rule.source in bibliography_names()) != (rule.set_by == "report"), name


def test_every_entry_of_the_bibliography_is_well_formed():
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    entries = re.split(r"^(?=@)", text, flags=re.M)[1:]
    assert len(entries) == len(bibliography_names())
    for entry in entries:
        assert "title=" in entry and "year=" in entry, entry[:40]
        doi = re.search(r"doi=\{([^}]*)\}", entry)
        assert doi is None or re.fullmatch(r"10\.\d{4,9}/\S+", doi[1]), entry[:40]


def test_every_rule_that_is_printed_judges_a_result_and_has_a_name():
    from cx_value.notebook.declared import RULES

    saved = " ".join(p.read_text(encoding="utf-8") for p in (ROOT / "notebooks").glob("*.ipynb"))
    names = yaml.safe_load((ROOT / "report/words/en/terms_judge.yml").read_text(encoding="utf-8"))
    assert set(RULES) == set(CUTOFFS)
    for rule, results in RULES.items():
        assert rule in names["rule_names"], rule
        for result in results:
            assert f'\\"{result}\\"' in saved, f"{rule}: no notebook saves {result}"
