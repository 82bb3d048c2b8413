"""The documentation: no link leads nowhere, every block of code runs, both languages hold the same.

Commands of the blocks are run on files made here; ``cx-value report`` builds for minutes and is run
by tests/publish: here its study must be one that the block before it has made and checked.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from cx_value.cli import app, study_file
from cx_value.study import check_study
from cx_value.study.schema import json_schema, keys_of, kinds
from platform_files import FILES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LANGUAGES = ("en", "zh")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def made():
    spec = importlib.util.spec_from_file_location("pages", DOCS / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = made()


def blocks(page, kind):
    return [
        body for found, body in BLOCK.findall(page.read_text(encoding="utf-8")) if found == kind
    ]


#: File that the page of a platform names → what writes it.
EXPORTS = {"qualtrics.csv": "qualtrics_numbers", "问卷星.xlsx": "wjx", "腾讯问卷.csv": "tencent",
           **{f"{name}.{end}": name for name, end in (
               ("surveymonkey", "xlsx"), ("limesurvey", "csv"), ("google_forms", "csv"),
               ("microsoft_forms", "xlsx"), ("spss", "sav"), ("stata", "dta"))},
           "titles.xlsx": "merged_titles"}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FILES["qualtrics_numbers"](tmp_path).rename(tmp_path / "survey.csv")
    log = {"CustomerID": ["a", "a", "b"] * 9, "InvoiceDate": ["2026-01-05"] * 27,
           "Quantity": ["2"] * 27, "UnitPrice": ["1.50"] * 27}  # fmt: skip
    pd.DataFrame(log).to_csv(tmp_path / "orders.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_every_command_of_a_page_runs(page, folder):
    runner = CliRunner()
    for line in "\n".join(blocks(page, "sh")).splitlines():
        if not line:
            continue
        verb, *words = shlex.split(line)
        assert verb == "cx-value", line
        if words[0] == "report":
            assert [
                str(f) for f in check_study(study_file(Path(words[1]))) if f.severity == "error"
            ] == []
            continue
        if words[0] == "new" and words[1] in EXPORTS:
            FILES[EXPORTS[words[1]]](folder).rename(folder / words[1])
        told = runner.invoke(app, words)
        assert told.exit_code == 0, f"{line}\n{told.output}\n{told.exception}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_every_piece_of_a_study_fits_the_schema(page):
    jsonschema = pytest.importorskip("jsonschema")
    judge = jsonschema.Draft202012Validator(json_schema())
    for block in blocks(page, "yaml"):
        faults = [e.message for e in judge.iter_errors(yaml.safe_load(block))]
        assert faults == [], f"{block}\n{faults}"


def test_the_model_of_the_tutorial_is_accepted(folder):
    runner = CliRunner()
    for line in blocks(DOCS / "en" / "tutorial.md", "sh")[:2]:
        assert runner.invoke(app, shlex.split(line)[1:]).exit_code == 0
    (model,) = blocks(DOCS / "en" / "tutorial.md", "yaml")
    path = folder / "my-study" / "study.yml"
    begin, rest = path.read_text(encoding="utf-8").split("models:", 1)
    path.write_text(begin + model + rest[rest.index("\nscreening:") :], encoding="utf-8")
    assert [str(f) for f in check_study(path) if f.severity == "error"] == []


def test_no_kind_of_block_goes_untested():
    kinds_found = {kind for page in PAGES for kind, _ in BLOCK.findall(
        page.read_text(encoding="utf-8"))}  # fmt: skip
    assert kinds_found <= {"sh", "yaml"}


def test_both_languages_have_the_same_pages_and_the_same_code():
    pages = {lang: {p.relative_to(DOCS / lang) for p in (DOCS / lang).rglob("*.md")}
             for lang in LANGUAGES}  # fmt: skip
    assert pages["en"] == pages["zh"]
    for name in pages["en"]:
        counts = [[kind for kind, _ in BLOCK.findall((DOCS / lang / name).read_text("utf-8"))]
                  for lang in LANGUAGES]  # fmt: skip
        assert counts[0] == counts[1], name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_no_link_leads_nowhere(page):
    known = (
        {str(p.relative_to(DOCS)) for p in PAGES}
        | set(MADE.MADE)
        | {str(p.relative_to(DOCS)) for p in (DOCS / "pictures").glob("*.png")}
    )
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            path = (page.parent / target).resolve().relative_to(DOCS)
            assert str(path) in known, target


def test_pictures_are_small_and_the_readme_shows_what_is_there():
    pictures = sorted((DOCS / "pictures").glob("*.png"))
    assert pictures and all(p.stat().st_size < 200_000 for p in pictures)
    for readme in ("README.md", "README.zh.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#]+)", text)
        assert all((ROOT / link).exists() for link in links if "://" not in link)
        assert len(text.splitlines()) < 90


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_reference_holds_every_key_and_the_notes_their_sources(lang):
    page = MADE.reference(lang)
    for model in kinds():
        for key in keys_of(model):
            assert f"| `{key.name}` | {key.said[lang].replace('|', chr(92) + '|')}" in page
    notes = MADE.methods(lang)
    for path in re.findall(r"tests/[\w/]+\.(?:R|py)", notes):
        assert (ROOT / path).is_file(), path
    assert "{" not in notes and "read_study" in MADE.api(lang)


#: Templates that say no method of their own: frames of the report, words about other results.
NO_METHOD = {"abstract", "brief", "declarations", "discussion", "drawing", "pictures",
             "reservations", "truth", "untold"}  # fmt: skip


def test_every_method_that_a_report_prints_has_its_note():
    notes = yaml.safe_load((DOCS / "methods.yml").read_text(encoding="utf-8"))
    covered = [template for note in notes for template in note["words"]]
    printed = {path.stem for path in (ROOT / "report" / "words" / "en").glob("*.j2")}
    assert len(covered) == len(set(covered))
    assert set(covered) <= printed
    assert len(printed - NO_METHOD - set(covered)) <= 2, printed - NO_METHOD - set(covered)
    assert all(note["formula"] and note["agrees"] and note["reviewers"] for note in notes)


def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    command = ["-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    run = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    for lang in LANGUAGES:
        assert (tmp_path / lang / "reference" / "index.html").is_file()
