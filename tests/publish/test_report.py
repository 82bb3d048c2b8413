"""From a study file to its report, end to end, on a small study."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import printed
from cx_value.base.errors import AnalysisError
from cx_value.publish.build import Job, build_report, notebooks_of, run_notebooks
from cx_value.publish.execute import NotebookError, execute_notebook, notebook_paths
from cx_value.publish.rendering.embedded import render_embedded
from cx_value.study import read_study
from small_study import write_small_study

ROOT = Path(__file__).parents[2]
FORMATS = ("html", "pdf", "docx")
LANGUAGES = ("en", "zh")
SURVEY_NOTEBOOKS = {
    f"{name}.ipynb"
    for name in ("01_sample", "02_reliability", "03_factors", "04_measurement", "05_structure",
                 "12_robustness")
}  # fmt: skip


def job(study_file, out, **changes):
    options = {"languages": LANGUAGES, "formats": FORMATS, "renderer": "embedded", **changes}
    return Job(study_file=study_file, study=read_study(study_file), out=out, **options)


def digests(folder, pattern):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob(pattern))
    }


@pytest.fixture(scope="module")
def study_file(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("study") / "small")


@pytest.fixture(scope="module")
def built(study_file, tmp_path_factory):
    out = tmp_path_factory.mktemp("build")
    build_report(job(study_file, out))
    untold = [path.read_text(encoding="utf-8") for path in out.rglob("untold_*.json")]
    assert not untold, untold
    return out


def notebooks_run(study_file):
    """Return the names of the notebooks that have something to say of the small study."""
    return {path.name for path in notebooks_of(read_study(study_file))}


def test_every_language_and_format_is_there(built, study_file):
    for lang in LANGUAGES:
        for suffix in FORMATS:
            assert (built / "small" / f"report-{lang}" / f"report.{suffix}").stat().st_size > 10_000
    run = {path.name for path in (built / "small" / "notebooks").glob("*.ipynb")}
    assert run == notebooks_run(study_file) >= SURVEY_NOTEBOOKS


def test_the_command_line_does_the_same_and_the_bytes_are_the_same(built, study_file, tmp_path):
    command = [sys.executable, "-m", "cx_value", "report", str(study_file.parent),
               "--lang", "en", "--format", "html,pdf",
               "--out", str(tmp_path), "--renderer", "embedded"]  # fmt: skip
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "report.pdf" in run.stdout and re.search(r"✓ +02_reliability +\d", run.stderr)
    for pattern in ("results/*", "report-en/*.html", "report-en/*.pdf"):
        before, after = digests(built / "small", pattern), digests(tmp_path / "small", pattern)
        assert before and before == after, pattern


def test_nothing_runs_again_when_nothing_changed(built, study_file, capsys):
    before = digests(built, "report.*")
    build_report(job(study_file, built))
    told = capsys.readouterr().err
    begun = [line.split()[1] for line in told.splitlines() if "…" in line]
    assert set(begun) <= {"names", "since"}  # both look, on every run, whether they have work
    assert told.count("unchanged") == len(notebooks_run(study_file)) + 4
    assert digests(built, "report.*") == before


def test_every_stored_result_says_where_it_comes_from(built):
    files = sorted((built / "small" / "results").glob("*.json"))
    assert len(files) > 30
    for path in files:
        meta = json.loads(path.read_text(encoding="utf-8"))
        assert {"n_used", "method", "seed", "data_sha256", "code_sha256", "table"} <= set(meta)
        assert len(meta["data_sha256"]) == len(meta["code_sha256"]) == 64 and meta["seed"] == 11
        assert (path.parent / meta["table"]).exists()


def shown_in(executed):
    """Return how many figures and how many tables (or notes of one) an executed notebook shows."""
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    outputs = [o.get("data", {}) for c in cells for o in c.get("outputs", [])]
    figures = sum("image/png" in data for data in outputs)
    tables = sum(
        "cx-value-table" in "".join(data.get("text/html", ""))
        or "".join(data.get("text/plain", "")).startswith("results/")
        for data in outputs
    )
    return figures, tables


def test_an_executed_notebook_shows_every_figure_and_table_it_saves(built):
    for journal in sorted((built / "small" / ".made").iterdir()):
        saved = journal.read_text(encoding="utf-8").split()
        wanted = (
            sum(line.startswith("figures/en/") and line.endswith(".png") for line in saved),
            sum(line.endswith(".csv") for line in saved),
        )
        executed = built / "small" / "notebooks" / f"{journal.name}.ipynb"
        assert shown_in(executed) == wanted, journal.name


def test_an_executed_notebook_holds_no_path_of_this_machine(built, study_file):
    for path in (built / "small" / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        for folder in (ROOT, built, study_file.parent, Path.home()):
            assert str(folder) not in text, path.name


def test_a_saved_frame_without_a_declaration_has_its_heads_in_both_languages(built):
    from cx_value.base.terms import named_code
    from cx_value.notebook.store import Store
    from cx_value.tables.declared import declared_tables
    from cx_value.tables.undeclared import undeclared_table

    store = Store(built / "small")
    names = set(store.read("codebook").table.code) | {"F1", "F2", "F3"}  # codes of the study
    for path in sorted(store.results.glob("*.csv")):
        if path.stem not in declared_tables():
            columns = undeclared_table(store.read(path.stem).table).columns
            heads = {c.source[0] for c in columns if c.kind != "interval"} - names
            heads = {h for h in heads if h[:2] not in ("m_", "p_")}  # one a grade of the study
            bare = [h for h in heads for lang in LANGUAGES if not named_code(h, "heads", lang)]
            assert not bare, (path.stem, bare)


def text_of(path):
    html = path.read_text(encoding="utf-8")
    html = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_prints_no_impossible_p_and_leaves_nothing_unresolved(built, lang):
    text = text_of(built / "small" / f"report-{lang}" / "report.html")
    assert not re.search(r"p\s*=\s*0?\.000\b", text)
    for trace in ("<<", ">>", "<%", r"\{\{", r"\?@", r"\bnan\b", r"\bNone\b(?! of)", r"\bNaN\b"):
        assert not re.search(trace, text), trace


def test_reports_in_both_languages_state_the_same_numbers(built):
    def numbers(lang):
        found = re.findall(r"\d*\.\d{2,3}", text_of(built / "small" / f"report-{lang}/report.html"))
        return sorted(number.lstrip("0") for number in found)

    english, chinese = numbers("en"), numbers("zh")
    shared = len(set(english) & set(chinese))
    assert shared / len(set(english) | set(chinese)) > 0.98


def test_missing_answers_reach_the_report(built):
    text = text_of(built / "small" / "report-en" / "report.html")
    assert "Little" in text and "156" in text  # rows that answered every item


@pytest.mark.parametrize(("lang", "table"), [("en", "Table"), ("zh", "表")])
def test_a_thesis_counts_its_tables_by_chapter(built, study_file, lang, table):
    from cx_value.publish.chapters.project import write_project

    project = write_project(read_study(study_file), lang, built / "small", edition="thesis")
    page = text_of(render_embedded(project, ["html"])["html"])
    found = re.findall(rf"{table}\s(\d+)-(\d+)", page)
    assert ("3", "1") in found and len({chapter for chapter, _ in found}) >= 4
    assert re.search(rf"{table}\sA-1", page)


def test_a_deck_has_slides_with_charts(built, study_file, tmp_path):
    from pptx import Presentation

    from cx_value.publish.deck.deck import write_deck

    path = write_deck(read_study(study_file), "en", built / "small", tmp_path / "deck.pptx")
    slides = list(Presentation(path).slides)
    texts = [s.text_frame.text for slide in slides for s in slide.shapes if s.has_text_frame]
    assert len(slides) >= 3 and any(texts)
    assert not re.search(r"\[@|\*\*|<<|None|nan", " ".join(texts))


def test_an_unknown_result_stops_the_build_with_chapter_and_line(built, study_file, monkeypatch,
                                                                 tmp_path):  # fmt: skip
    from cx_value.base.errors import ReportError
    from cx_value.publish.chapters import project as chapters

    report = tmp_path / "report"
    shutil.copytree(ROOT / "report", report)
    chapter = report / "en" / "_13_limits.qmd"
    chapter.write_text("# Limits\n\n<< num('fitt', 'cfi') >>\n", encoding="utf-8")
    monkeypatch.setattr(chapters, "REPORT", report)
    folder = shutil.copytree(built / "small", tmp_path / "small")  # a fault takes the report away
    with pytest.raises(ReportError, match=r"en/_13_limits\.qmd, line 3: no result 'fitt'"):
        chapters.write_project(read_study(study_file), "en", folder)


def code_cell(source, **metadata):
    return {"cell_type": "code", "id": f"c{len(source)}", "metadata": metadata, "source": source,
            "outputs": [], "execution_count": None}  # fmt: skip


def failing_notebook(folder, name="09_fails"):
    cells = [
        code_cell("study = out = draft = None", tags=["parameters"]),
        code_cell("from cx_value.base.errors import DataError\nraise DataError('no such item')"),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / f"{name}.ipynb"
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_an_error_in_a_notebook_is_shown_as_its_cell_and_message(tmp_path):
    notebook = failing_notebook(tmp_path)
    with pytest.raises(NotebookError) as caught:
        execute_notebook(notebook, tmp_path / "out.ipynb", {"study": "s", "out": "o"})
    told = str(caught.value)
    assert "09_fails.ipynb, cell" in told and "raise DataError('no such item')" in told
    assert told.endswith("DataError: no such item")


def test_a_failed_build_leaves_no_report_that_looks_finished(built, study_file, monkeypatch,
                                                             tmp_path):  # fmt: skip
    from cx_value.publish import build

    out = tmp_path / "build"
    shutil.copytree(built, out)
    monkeypatch.setattr(build, "notebook_paths", lambda: [failing_notebook(tmp_path, "01_sample")])
    with pytest.raises(NotebookError):
        build_report(job(study_file, out))
    for suffix in FORMATS:
        assert not list(out.glob(f"small/report-*/report.{suffix}"))


def test_notebooks_side_by_side_each_run_in_their_own_folder(tmp_path, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.chdir(tmp_path)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    source = (
        "import os, pathlib, time\ntime.sleep(0.3)\npathlib.Path('here').write_text(os.getcwd())"
    )
    cells = [code_cell("study = None", tags=["parameters"]), code_cell(source)]
    notebook = tmp_path / "09_where.ipynb"
    document = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(document), encoding="utf-8")
    targets = [tmp_path / name / "x.ipynb" for name in "abcd"]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda target: execute_notebook(notebook, target, {}), targets))
    assert all((target.parent / "here").exists() for target in targets)
    assert Path.cwd() == tmp_path and not (tmp_path / "here").exists()


def test_an_unknown_notebook_parameter_is_refused(tmp_path):
    with pytest.raises(AnalysisError, match="unknown notebook parameter 'studdy'"):
        execute_notebook(notebook_paths()[0], tmp_path / "x.ipynb", {"studdy": "s"})


def test_run_makes_results_without_a_report(study_file, tmp_path, monkeypatch):
    from cx_value.publish import build

    monkeypatch.setattr(build, "notebook_paths", lambda: notebook_paths()[:1])
    run_notebooks(job(study_file, tmp_path, draft=True))
    assert (tmp_path / "small" / "results" / "sample_flow.csv").exists()
    assert not list(tmp_path.rglob("report.*"))


def test_results_of_an_earlier_study_file_do_not_linger(tmp_path, monkeypatch):
    from cx_value.publish import build

    monkeypatch.setattr(build, "notebook_paths", lambda: notebook_paths()[:1])
    file = write_small_study(tmp_path / "small", n=60)
    results = tmp_path / "small" / "results"
    run_notebooks(job(file, tmp_path, draft=True))
    kept = digests(results, "*")
    (results / "invariance.json").write_text("{}", encoding="utf-8")
    run_notebooks(job(file, tmp_path, draft=True))
    assert digests(results, "*") == kept  # what no notebook saved is gone, the rest untouched
    (results / "sample_flow.csv").write_text("changed by hand", encoding="utf-8")
    run_notebooks(job(file, tmp_path, draft=True))
    assert digests(results, "*") == kept  # what is not as it was made is made again


def test_a_title_is_printed_only_and_an_answer_is_computed_with(tmp_path, monkeypatch, capsys):
    from cx_value.publish import build

    monkeypatch.setattr(build, "notebook_paths", lambda: notebook_paths()[:1])
    file = write_small_study(tmp_path / "small", n=60)
    run_notebooks(job(file, tmp_path, draft=True))
    file.write_text(
        file.read_text(encoding="utf-8").replace("study: three", "study, three"), "utf-8"
    )
    capsys.readouterr()
    run_notebooks(job(file, tmp_path, draft=True))
    assert "unchanged" in capsys.readouterr().err
    answers = file.parent / "answers.csv"
    changed = answers.read_text(encoding="utf-8").replace("4", "5", 1)
    answers.write_text(changed, encoding="utf-8")
    run_notebooks(job(file, tmp_path, draft=True))
    assert "unchanged" not in capsys.readouterr().err


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cx_value", *map(str, arguments)], capture_output=True, text=True
    )


def test_check_lists_every_fault_at_once_and_exits_with_one(tmp_path):
    study = write_small_study(tmp_path / "small")
    text = study.read_text(encoding="utf-8").replace("qual_3]", "qual_33]")
    text = text.replace("sat_2, ", "sat_22, ").replace("SAT -> LOY]", "SAT -> LOYAL]")
    study.write_text(text.replace("seed: 11", "seeds: 11, confidence: 3"), encoding="utf-8")
    for verb in ("check", "report"):
        run = command(verb, tmp_path / "small")
        told = run.stdout + run.stderr
        assert run.returncode == 1 and "Traceback" not in told and "01_sample" not in told
        # A column, a construct, a key and a value at fault, all in one pass.
        for word in ("qual_33", "sat_22", "LOYAL", "seeds", "confidence"):
            assert word in told, word
    assert command("check", ROOT / "data" / "ecsi-mobile").returncode == 0


def test_a_wrong_format_is_a_usage_error(study_file):
    run = command("report", study_file, "--format", "html,odt")
    assert run.returncode == 2 and "odt" in run.stderr


def test_a_study_that_is_not_there_is_told_in_one_line(tmp_path):
    run = command("report", tmp_path / "nothing")
    assert run.returncode == 1 and "Traceback" not in run.stderr and "nothing" in run.stderr


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_sentence_is_printed_twice_in_an_edition(built, study_file, lang):
    from cx_value.publish.chapters.project import write_project

    study = read_study(study_file)
    for edition in ("full", "brief", "thesis"):
        folder = built / "small" / f"report-{lang}"
        if edition != "full":
            folder = write_project(study, lang, built / "small", edition=edition)
        found = printed.repeated(folder, least=40 if lang == "en" else 15)
        assert found == {}, edition


POPPLER = shutil.which("pdftotext")
needs_poppler = pytest.mark.skipif(POPPLER is None, reason="poppler reads the PDF back")


@needs_poppler
@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_paper_tables_and_figures_ascend_and_stand_where_they_are_called(built, lang):
    pdf = built / "small" / f"report-{lang}" / "report.pdf"
    for word in {"en": ("Table", "Figure"), "zh": ("表", "图")}[lang]:
        captions = printed.captions(pdf, word)
        assert [number for number, _ in captions] == list(range(1, len(captions) + 1)) != []
        first = printed.called(pdf, word)
        for number, page in captions:
            assert first.get(number, page) <= page + 1, f"{word} {number}"


@needs_poppler
@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_paper_no_word_is_cut_and_none_stands_on_another(built, lang):
    pdf = built / "small" / f"report-{lang}" / "report.pdf"
    assert printed.cut(pdf, margin=24) == [] and printed.covered(pdf) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_figure_shows_is_told_to_those_who_do_not_see_it(built, lang):
    folder = built / "small" / f"report-{lang}"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.qmd"))
    found = re.findall(r'!\[([^\]]*)\]\(figures/(\w+)\)\{[^}]*fig-alt="([^"]*)"', text)
    told = {name: alt for caption, name, alt in found if alt.strip(".。") != caption}
    assert "conceptual_model" in told and len(told) >= 3
    assert all(re.search(r"\d|→", alt) for alt in told.values())
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img[^>]*alt="[^"]{10,}"', html)) == len(found)
