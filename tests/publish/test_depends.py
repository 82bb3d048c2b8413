"""What hangs on what: a notebook on the code it imports, a step on what its files hold."""

import os
import sys
import time

import pytest

from cx_value.base.errors import AnalysisError
from cx_value.notebook.identity import PACKAGE
from cx_value.notebook.store import MADE
from cx_value.publish.depends import notebook_code, printing_code
from cx_value.publish.execute import notebook_paths
from cx_value.publish.state import States, locked

NOTEBOOKS = {path.stem: path for path in notebook_paths()}


def code_of(name):
    return notebook_code(NOTEBOOKS[name])


def rooms(files):
    return {path.relative_to(PACKAGE).parts[0] for path in files}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_notebook_hangs_on_what_prints(name):
    assert not rooms(code_of(name)) & {"tables", "publish", "simulate"}
    assert {"base", "study", "notebook"} <= rooms(code_of(name))


def test_a_notebook_hangs_on_the_rooms_it_imports_and_on_no_other():
    assert "value" not in rooms(code_of("02_reliability")) | rooms(code_of("05_structure"))
    assert "measure" not in rooms(code_of("12_robustness")) and "value" in rooms(
        code_of("06_value")
    )
    for name, file in {"02_reliability": "measure/reliability.py", "05_structure": "sem/effects.py",
                       "06_value_link": "value/link/model.py",
                       "01_sample": "study/screening.py"}.items():  # fmt: skip
        assert PACKAGE / file in code_of(name), (name, file)


def test_names_that_a_room_fetches_when_asked_are_followed():
    assert PACKAGE / "value/worth/lifetime.py" in code_of("06_value")
    assert PACKAGE / "value/worth/contracts.py" not in code_of("06_value")


def test_what_prints_is_all_that_a_report_loads_to_print():
    assert {"publish", "tables", "base"} <= rooms(printing_code())


def test_a_step_is_out_of_date_when_its_state_or_a_file_it_made_changed(tmp_path):
    made = tmp_path / "results" / "a.csv"
    made.parent.mkdir()
    made.write_text("1")
    States(tmp_path).remember("02", "state", [made], seconds=3.21)
    states = States.read(tmp_path)
    assert states.holds("02", "state") and not states.holds("02", "other")
    assert states.seconds("02") == 3.2
    made.write_text("2")
    assert not states.holds("02", "state")
    states.forget("02")
    assert not States.read(tmp_path).holds("02", "state") and states.seconds("02") == 3.2
    (tmp_path / ".state.json").write_text("{", encoding="utf-8")
    assert not States.read(tmp_path).holds("02", "state")


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    told = pytest.raises(AnalysisError, match="another run is writing to")
    with locked(tmp_path), told, locked(tmp_path):
        raise AssertionError("both ran")
    with locked(tmp_path):
        pass


def test_a_notebook_that_runs_again_keeps_what_another_saves_by_now(tmp_path, monkeypatch):
    """Purchases alone had the names of everything from 06_value; with answers 01_sample tells."""
    from types import SimpleNamespace

    from cx_value.publish import build

    folder = tmp_path / "study"
    names = {path.stem: path for path in notebook_paths()}
    mine, both = folder / "results" / "stages.csv", folder / "results" / "codebook.csv"
    (folder / "results").mkdir(parents=True)
    (folder / MADE).mkdir()
    for path in (mine, both):
        path.touch()
    (folder / MADE / "06_value").write_text("results/codebook.csv\nresults/stages.csv\n")
    (folder / MADE / "01_sample").write_text("results/codebook.csv\n")
    monkeypatch.setattr(build, "notebooks_of", lambda study: list(names.values()))
    monkeypatch.setattr(build, "run_cells", lambda *told, **options: None)
    job = SimpleNamespace(folder=folder, study=None, study_file=folder, draft=True, kernels=False,
                          figures=None)  # fmt: skip
    build._run_notebook(job, names["06_value"], folder / "notebooks" / "06_value.ipynb")
    assert both.exists() and not mine.exists()


def test_an_edition_is_rendered_again_only_where_its_words_or_documents_changed(
    tmp_path, monkeypatch
):
    from types import SimpleNamespace

    from cx_value.publish import build
    from cx_value.publish.chapters import project as chapters
    from cx_value.publish.rendering import render

    folder, words, rendered = tmp_path / "report-en", ["one"], []
    states, page = States(tmp_path), folder / "report.html"
    job = SimpleNamespace(
        study=None, folder=tmp_path, draft=True, renderer="auto", formats=("html",),
        report_files=lambda lang, edition: [page],
    )  # fmt: skip

    def write(*told, **options):
        chapters._clear(folder, "full")
        (folder / "report.qmd").write_text(words[0])
        return folder

    def renders(*told, **options):
        rendered.append(words[0])
        (folder / "made.html").write_text(words[0])
        return {"html": folder / "made.html"}

    monkeypatch.setattr(chapters, "write_project", write)
    monkeypatch.setattr(render, "render_project", renders)

    def count() -> int:
        assert build._print(job, states, "en", "full") == [page] and page.exists()
        return len(rendered)

    assert [count(), count()] == [1, 1]
    words[0] = "two"
    assert [count(), count()] == [2, 2]
    page.write_text("by hand")
    assert [count(), count()] == [3, 3] and page.read_text() == "two"
    job.formats = ("html", "pdf")
    assert count() == 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux")
def test_a_kernel_ends_with_the_build_that_started_it(tmp_path):
    """Also where the build was killed: nobody is left to shut its kernels down."""
    from cx_value.publish.warm_kernels import _Forked, _Nursery

    nursery = _Nursery()
    asked = ["-f", str(tmp_path / "kernel.json"), "--IPKernelApp.log_level=CRITICAL"]
    kernel = _Forked(nursery.fork(asked, str(tmp_path), dict(os.environ)))
    try:
        waited = time.monotonic() + 60
        while not (tmp_path / "kernel.json").exists() and time.monotonic() < waited:
            time.sleep(0.05)
        assert kernel.poll() is None
        nursery._process.kill()
        nursery._process.wait()
        while kernel.poll() is None and time.monotonic() < waited:
            time.sleep(0.05)
        assert kernel.poll() is not None
    finally:
        kernel.kill()
