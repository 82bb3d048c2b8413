"""Texts of a study and its data are data: in the page, on paper, in Word, in the result files.

The study carries labels, hypotheses, limits and comments made to break out of every dialect that a
report passes through: HTML, Typst, Word, spreadsheets, templates, shortcodes, raw blocks.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cx_value.base.errors import AnalysisError
from cx_value.notebook.understood import examine_whole
from cx_value.publish.build import Job, build_report
from cx_value.study import read_study

DATA = Path(__file__).parent / "data"
SECRET = "root:x:0:0"
#: Answers of single persons, and customer numbers: nowhere in anything that is handed on.
PERSONS = ["I am the mayor of Kleindorf", "P7700123"]
CITY = '=HYPERLINK("http://127.0.0.1:9/x")<script>alert(4)</script>{{< include /etc/passwd >}}'


def declared():
    """Return the hostile study file as a mapping, its date a date."""
    text = (DATA / "hostile_text.study.yml").read_text(encoding="utf-8")
    study = yaml.safe_load(text)
    study["date"] = "2026-01-31"
    study["name"] = "hostile"
    study["data"] |= {"file": "two_scales.csv", "id": "who"}
    study["profile"] |= {"city": {"label": "City"}, "told": {"label": "Own words"}}
    study["report"] = {"languages": ["en"], "formats": ["html", "pdf", "docx"]}
    return study


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder, out = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("out")
    answers = pd.read_csv(DATA / "two_scales.csv")
    answers["who"] = [f"P77{k:05d}" for k in range(len(answers))]
    answers.loc[123, "who"] = PERSONS[1]
    answers["city"] = ["a", CITY] * (len(answers) // 2)
    answers["told"] = ["fine"] * (len(answers) - 1) + [PERSONS[0]]
    answers.loc[3:4, "gender"] = 3  # a cell of two
    answers.to_csv(folder / "two_scales.csv", index=False)
    (folder / "study.yml").write_text(
        yaml.safe_dump(declared(), allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    options = {"languages": ("en",), "formats": ("html", "pdf", "docx"), "renderer": "embedded"}
    study = read_study(folder)
    build_report(Job(study_file=folder / "study.yml", study=study, out=out, draft=True, **options))
    return out / "hostile"


class Page(HTMLParser):
    """What a browser would run, fetch or follow."""

    def __init__(self):
        super().__init__()
        self.scripts, self.inside, self.handlers, self.addresses = [], False, [], []

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        for name, value in attrs:
            if name.startswith("on"):
                self.handlers.append((tag, name, value))
            if name in ("src", "href", "data", "action"):
                self.addresses.append((tag, value or ""))

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)


def test_the_page_runs_fetches_and_embeds_nothing_of_the_study(built):
    text = (built / "report-en" / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert not [code for code in page.scripts if "alert" in code]
    assert page.handlers == []
    fetched = [a for tag, a in page.addresses if tag != "a" and not a.startswith(("data:", "#"))]
    assert fetched == []
    assert not [a for _, a in page.addresses if "127.0.0.1" in a or a.startswith("javascript")]
    assert SECRET not in text and not re.search(r"<title>[^<]*</title>\s*<script>x", text)
    assert "alert(1)" in text  # it stands there, as words


def test_templates_shortcodes_and_raw_blocks_stay_words(built):
    text = (built / "report-en" / "report.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", "", re.sub(r"<(style|script|svg)\b.*?</\1>", " ", text, flags=re.S))
    for said in ("{{ 7*7 }}", "{{&lt; include /etc/passwd &gt;}}", "&lt;&lt; 7*7 &gt;&gt;",
                 "{#sec-x .y}", "#panic(1)"):  # fmt: skip
        assert said in words, said
    assert "<b>raw</b>" not in text


def test_word_holds_no_secret_no_field_and_no_link_of_the_study(built):
    with zipfile.ZipFile(built / "report-en" / "report.docx") as word:
        parts = {name: word.read(name).decode("utf-8", "replace") for name in word.namelist()
                 if name.endswith((".xml", ".rels"))}  # fmt: skip
    assert SECRET not in "".join(parts.values())
    outside = re.findall(r'Target="([^"]*)"[^>]*TargetMode="External"', "".join(parts.values()))
    assert not [t for t in outside if "127.0.0.1" in t or t.startswith(("file", "javascript"))]
    fields = re.findall(r"<w:instrText[^>]*>([^<]*)", parts["word/document.xml"])
    assert not [f for f in fields if re.match(r"\s*(DDE|INCLUDE|cmd)", f)]


def test_result_files_hold_no_formula(built):
    for path in (built / "results").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [c for c in cells if re.match(r"[=@\t\r]|[+-](?![\d.])", c)], path.name


def said_on_paper(path):
    """Return text and metadata of a PDF; "" where poppler is not there to read it."""
    if shutil.which("pdftotext") is None:
        return ""
    calls = (["pdftotext", path, "-"], ["pdfinfo", path])
    return "".join(
        subprocess.run(c, capture_output=True, check=True).stdout.decode() for c in calls
    )


def test_paper_holds_no_secret(built):
    assert SECRET not in said_on_paper(built / "report-en" / "report.pdf")


def everything(built):
    """Return the texts of all that is handed on: pages, results, notebooks, documents' insides."""
    texts = {}
    for path in sorted(built.rglob("*")):
        if ".cache" in path.parts or not path.is_file():
            continue
        if path.suffix in (".html", ".csv", ".json", ".ipynb", ".qmd", ".svg", ".yml"):
            texts[path.relative_to(built)] = path.read_text(encoding="utf-8", errors="replace")
        elif path.suffix == ".docx":
            with zipfile.ZipFile(path) as word:
                for name in word.namelist():
                    texts[path.relative_to(built) / name] = word.read(name).decode(
                        "utf-8", "replace"
                    )
        elif path.suffix == ".pdf":
            texts[path.relative_to(built)] = said_on_paper(path)
        elif path.suffix == ".png":
            texts[path.relative_to(built)] = path.read_bytes().decode("latin-1")
    return texts


def test_no_person_and_no_path_of_this_machine_is_handed_on(built):
    texts = everything(built)
    assert {path.suffix for path in texts} >= {".html", ".csv", ".json", ".ipynb", ".pdf", ".png"}
    for path, text in texts.items():
        for person in PERSONS:
            assert person not in text, (path, person)
        assert not re.search(r"P77\d{5}", text), path
        for place in (str(built.parent), str(DATA.parents[2]), str(Path.home()) + "/"):
            assert place not in text, (path, place)


COUNTS = {"n", "customers", "respondents", "users", "comments", "active", "n_with", "mentions"}


def test_no_count_of_few_people_stands_in_a_result(built):
    for path in (built / "results").glob("*.csv"):
        frame = pd.read_csv(path)
        for column in COUNTS & set(frame.columns):
            few = frame[pd.to_numeric(frame[column], errors="coerce").between(1, 4)]
            assert few.empty, f"{path.name}: {column}\n{few}"


# --- files made to hang or to mislead -------------------------------------------------------

REFUSED = {
    "alias_bomb.study.yml": "aliases unfold it to more than",
    "undefined_effects.study.yml": "has no value whatever the estimates are",
    "hostile_text.study.yml": "a date in words",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_study_that_cannot_be_is_refused_in_words(tmp_path, name):
    shutil.copy(DATA / name, tmp_path / "study.yml")
    shutil.copy(DATA / "two_scales.csv", tmp_path / "d.csv")
    faults = examine_whole(tmp_path / "study.yml").faults
    assert any(REFUSED[name] in str(fault) for fault in faults)


def test_a_workbook_that_unfolds_is_refused_without_unfolding(tmp_path):
    shutil.copy(DATA / "unfolding.xlsx", tmp_path / "d.xlsx")
    (tmp_path / "study.yml").write_text(
        "title: T\ndata: {file: d.xlsx}\nscale: {min: 1, max: 5}\n"
        "constructs: {A: {items: [a1, a2]}}\n",
        encoding="utf-8",
    )
    faults = [str(fault) for fault in examine_whole(tmp_path / "study.yml").faults]
    assert any("unfolds to 147,043,465" in fault for fault in faults), faults


@pytest.mark.parametrize("field", ["title", "subtitle", "population", "collection"])
@pytest.mark.parametrize("text", ["\x00", "a\x07b"])
def test_signs_that_no_renderer_takes_are_refused_or_dropped(tmp_path, field, text):
    study = {"title": "T", "data": {"file": "d.csv"}, "scale": {"min": 1, "max": 5},
             "constructs": {"A": {"items": ["a1", "a2", "a3"]}}}  # fmt: skip
    shutil.copy(DATA / "two_scales.csv", tmp_path / "d.csv")
    study[field] = text
    (tmp_path / "study.yml").write_text(yaml.safe_dump(study), encoding="utf-8")
    try:
        read = read_study(tmp_path)
    except AnalysisError:
        return
    assert not re.search(r"[\x00-\x08]", str(getattr(read, field)))
