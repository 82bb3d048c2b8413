"""Nothing declared vanishes: every claim and metric of a study file is printed, or told as lacking.

Studies of answers alone and of purchases alone, each through its notebooks and chapters.
"""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from cx_value.notebook.store import Store
from cx_value.publish.build import notebooks_of
from cx_value.publish.chapters.bind import REPORT, Binder
from cx_value.study import check_study, read_study
from cx_value.study.claims import BUNDLED
from declared_things import unprinted
from small_study import write_small_study

ROOT = Path(__file__).parents[2]
ASKED = """
value: {satisfaction: SAT, loyalty: LOY}
metrics: {satisfaction: SAT, satisfied_from: 5, recommendation: NPS}
claims: bundled
"""


def run_notebook(path, study, out):
    """Run a notebook's cells in this process, with parameters put in."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= {"study": str(study), "out": str(out), "draft": True}


def printed(study, out, chapters):
    """Return language → chapters bound to what the notebooks stored."""
    declared = read_study(study)
    wanted = [n for n in notebooks_of(declared) if n.stem in {"01_sample", *chapters.values()}]
    for notebook in wanted:
        run_notebook(notebook, study, out)
    store = Store(out, declared)
    return declared, {
        lang: "".join(Binder(store, declared, lang).bind(REPORT / lang / name)
                      for name in chapters)
        for lang in ("en", "zh")
    }  # fmt: skip


@pytest.fixture(scope="module")
def answers_alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    study = write_small_study(folder)
    answers = pd.read_csv(folder / "answers.csv")
    answers.assign(NPS=answers.index % 11).to_csv(folder / "answers.csv", index=False)
    text = study.read_text(encoding="utf-8").replace("profile:\n", "profile:\n  NPS: {}\n")
    study.write_text(text + ASKED, encoding="utf-8")
    chapters = {"_08_metrics.qmd": "06_metrics", "_10_claims.qmd": "13_claims"}
    return printed(study, folder / "out", chapters)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_study_of_answers_alone_prints_every_claim_and_both_metrics(answers_alone, lang):
    study, pages = answers_alone
    for claim in study.claims:
        assert claim.label.in_language(lang) in pages[lang], claim.name
    named = {"en": "Net Promoter Score", "zh": "净推荐值（NPS）"}[lang]
    assert "CSAT" in pages[lang] and pages[lang].count(named) >= 2
    lacking = {"en": "the study lacks", "zh": "本研究缺少"}[lang]
    # Answers alone can tell whether the satisfied are loyal, and whether they recommend.
    assert pages[lang].count(lacking) == len(BUNDLED) - 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_phrase_of_a_claim_vanishes(answers_alone, tmp_path, lang):
    study, pages = answers_alone
    page = tmp_path / "page.html"
    page.write_text(pages[lang], encoding="utf-8")
    assert not [p for p in unprinted(study, [page], lang) if p.startswith("claims.")]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_purchases_alone_are_enough_for_a_claim_about_them(tmp_path, lang):
    """The audit: 67.8 % for the best fifth of CDNOW; the report had no chapter on claims."""
    folder = tmp_path / "cdnow"
    shutil.copytree(ROOT / "data" / "cdnow", folder)
    study = folder / "study.yml"
    text = study.read_text(encoding="utf-8")
    asked = text.replace("claims: [top_fifth, retention_profit]", "claims: bundled")
    study.write_text(asked, encoding="utf-8")
    out = tmp_path / "build" / "cdnow"
    codes = pd.DataFrame(columns=["code", "label", "label_zh"])
    Store(out, read_study(study)).declare("codebook", codes)
    declared, pages = printed(study, out, {"_10_claims.qmd": "13_claims"})
    assert "67.78" in pages[lang]
    assert all(c.label.in_language(lang) in pages[lang] for c in declared.claims)


@pytest.mark.parametrize("name", ["bank-panel", "ecsi-mobile", "cdnow"])
def test_every_declaration_has_its_notebook(name):
    study = read_study(ROOT / "data" / name)
    ran = {n.stem for n in notebooks_of(study)}
    assert ("13_claims" in ran) == bool(study.claims)
    metrics = study.metrics.satisfaction or study.metrics.recommendation or study.service_log
    assert not metrics or ran & {"06_value", "06_metrics"}
    assert not study.models or {"05_structure", "12_robustness"} <= ran


SECTIONS = {
    "profile": {"age": {}}, "benchmarks": {"m": {"label": "M", "metric": "nps", "value": 3}},
    "kano": {"A": {"label": "A", "functional": "f", "dysfunctional": "d"}},
    "price_sensitivity": {"too_cheap": "a", "cheap": "b", "expensive": "c", "too_expensive": "d"},
    "comments": {"column": "said", "themes": {"T": {"label": "T", "words": {"en": ["t"]}}}},
    "experts": {"file": "experts.csv"},
}  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
def test_what_only_answers_can_tell_is_refused_without_answers(tmp_path, section):
    shutil.copytree(ROOT / "data" / "cdnow", tmp_path / "cdnow")
    path = tmp_path / "cdnow" / "study.yml"
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps({section: SECTIONS[section]})[1:-1] + "\n")
    faults = [f for f in check_study(path) if f.severity == "error"]
    assert any(f.kind == "no answers" and section in f.problem for f in faults)
