"""A part that fails never takes the report with it: a statement stands in its place, counted."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from cx_value.base.places import NOTEBOOKS
from cx_value.notebook.identity import declaration_sha256, sha256_of_data
from cx_value.notebook.store import MADE, Store
from cx_value.notebook.untold import Untold, statements
from cx_value.publish import build, spared
from cx_value.publish.build import Job, build_report
from cx_value.publish.chapters.project import write_project
from cx_value.publish.execute import NotebookError, notebook_paths
from cx_value.publish.rendering.embedded import read_metadata
from cx_value.publish.rendering.gate import check_sources
from cx_value.study import read_study
from small_study import write_small_study

LANGUAGES = ("en", "zh")
SAID = {"en": "is not reported in full", "zh": "未能完整报告"}


def job(file, out, **options):
    return Job(
        study_file=file, study=read_study(file), languages=LANGUAGES, formats=("html",),
        renderer="embedded", draft=True, out=out, kernels=False, **options,
    )  # fmt: skip


def page(folder, lang):
    text = (folder / "small" / f"report-{lang}" / "report.html").read_text(encoding="utf-8")
    return re.sub(r"<(style|script|svg)\b.*?</\1>", "", text, flags=re.S)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a study and its build, in which nothing failed."""
    file = write_small_study(tmp_path_factory.mktemp("whole"))
    out = tmp_path_factory.mktemp("out")
    build_report(job(file, out))
    assert not statements(Store(out / "small"))
    return file, out


def hopeless(folder: Path) -> Path:
    """Write a study in which items repeat one another and a scale is answered alike."""
    file = write_small_study(folder)
    answers = pd.read_csv(folder / "answers.csv")
    answers["qual_2"] = answers["qual_3"] = answers["qual_1"]
    answers.loc[0, "qual_2"], answers.loc[1, "qual_3"] = 7, 1
    loyal = ["loy_1", "loy_2", "loy_3"]
    answers[loyal] = 5
    for row, name in enumerate(loyal):
        answers.loc[row + 4, name] = 6
    answers.to_csv(folder / "answers.csv", index=False)
    return file


def test_a_study_in_which_all_is_inadmissible_is_printed(tmp_path):
    file = hopeless(tmp_path / "study")
    build_report(job(file, tmp_path))
    told = statements(Store(tmp_path / "small"))
    assert "untold_04_measurement" in told and "untold_05_structure" in told
    for lang in LANGUAGES:
        assert page(tmp_path, lang).count(SAID[lang]) == len(told)


def failing(name: str, folder: Path, source: str) -> Path:
    """Return a notebook whose third code cell fails."""
    document = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    cells[2]["source"] = [source]
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_faults_of_the_program_and_of_the_data_become_statements(whole, tmp_path, monkeypatch,
                                                                 capsys):  # fmt: skip
    from cx_value.cli import _tell_statements

    file, built = whole
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    broken = {
        "03_factors": "{}['Jane Roe']",
        "05_structure": "from cx_value.base.errors import ModelError\n"
        "raise ModelError('no path · allowed: a path · do: draw one')",
    }
    paths = [
        failing(p.stem, tmp_path, broken[p.stem]) if p.stem in broken else p
        for p in notebook_paths()
    ]
    monkeypatch.setattr(build, "notebook_paths", lambda: paths)
    build_report(job(file, tmp_path))
    for lang in LANGUAGES:
        printed = page(tmp_path, lang)
        assert printed.count(SAID[lang]) == 2
        assert "KeyError" in printed and "Jane Roe" not in printed
        assert "no path" in printed and "draw one" in printed
    traceback = (tmp_path / "small" / "faults" / "03_factors.txt").read_text(encoding="utf-8")
    assert "Traceback" in traceback and "Jane Roe" in traceback
    assert not (tmp_path / "small" / "faults" / "05_structure.txt").exists()
    _tell_statements(tmp_path / "small")
    assert "2 part(s)" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [0, 0.4])
def test_chapters_stand_without_any_one_notebook(whole, tmp_path, kept):
    file, built = whole
    study = read_study(file)
    identity = declaration_sha256(study), sha256_of_data(study), True
    for journal in sorted((built / "small" / MADE).iterdir()):
        lines = list(dict.fromkeys(journal.read_text(encoding="utf-8").splitlines()))
        least = 12 if journal.name == "01_sample" else 0
        lost = lines[max(least, int(kept * len(lines))) :]
        folder = tmp_path / journal.name
        for part in ("results", "figures"):
            shutil.copytree(built / "small" / part, folder / part)
        for line in lost:
            (folder / line).unlink(missing_ok=True)
        statement = Untold.of(journal.name, "DataError: bad · allowed: good · do: mend it")
        Store(folder, study, *identity).save(f"untold_{journal.name}", statement)
        for lang in LANGUAGES:
            for edition in ("full", "brief", "thesis") if kept else ("full",):
                project = write_project(study, lang, folder, draft=True, edition=edition)
                texts = [path.read_text(encoding="utf-8") for path in project.glob("*.qmd")]
                assert sum(SAID[lang] in text for text in texts) == 1, (journal.name, edition)
                check_sources(project, read_metadata(project))


def test_data_that_cannot_be_read_stop_the_report(whole, tmp_path, monkeypatch):
    file, _ = whole
    source = "from cx_value.base.errors import DataError\nraise DataError('no such file')"
    paths = [failing("01_sample", tmp_path, source), *notebook_paths()[1:2]]
    monkeypatch.setattr(build, "notebook_paths", lambda: paths)
    with pytest.raises(NotebookError):
        build_report(job(file, tmp_path / "out"))
    assert not list((tmp_path / "out").rglob("report.html"))


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO"])
def test_a_disk_that_refuses_is_no_fault_of_a_part(tmp_path, code):
    """Else the report would appear without the part, and say that the program is at fault."""
    number = getattr(errno, code)
    message = f"OSError: [Errno {number}] {os.strerror(number)}: 'results/items.csv'"
    error = NotebookError("02_reliability", 3, "store.save()", message, "")
    study = read_study(write_small_study(tmp_path))
    with pytest.raises(OSError, match="items") as met:
        spared.tell(tmp_path / "out", study, "02_reliability", error, draft=True)
    assert met.value.errno == number and not (tmp_path / "out").exists()
