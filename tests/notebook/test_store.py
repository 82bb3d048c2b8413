"""The store of results: what a record says of itself, what it keeps, and whom it refuses."""

import json
import os
from dataclasses import dataclass

import pandas as pd
import pytest

from cx_value.base.errors import ReportError, StudyError
from cx_value.base.results import Result
from cx_value.notebook.identity import content_of
from cx_value.notebook.store import MADE, NOTEBOOK, Store, refuse_others
from cx_value.notebook.workspace import claim_folder, find_study, open_study
from cx_value.study import read_study
from small_study import write_small_study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found(Result):
    def table(self):
        return pd.DataFrame({"item": ["a"], "estimate": [1.0], "ci_low": [0.5], "ci_high": [1.5]})


FOUND = Found(n_used=12, method="by hand", confidence=0.8)


@pytest.fixture(scope="module")
def study_file(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("work") / "data" / "small", n=60)


def test_a_side_table_keeps_rows_and_level_of_the_result_it_belongs_to(tmp_path):
    store = Store(tmp_path)
    store.save("found", FOUND)
    store.save_table("beside", FOUND.table(), of=FOUND)
    store.save_table("alone", FOUND.table(), n_used=3)
    assert [store.read(n).confidence for n in ("found", "beside", "alone")] == [0.8, 0.8, 0.95]
    assert [store.read(n).meta["n_used"] for n in ("beside", "alone")] == [12, 3]


def test_texts_that_a_spreadsheet_would_run_are_stored_as_texts(tmp_path):
    texts = ["=1+1", "+8", "-", "@cmd", "'=x", "ordinary", "-2.5", None, "\t=1"]
    Store(tmp_path).save_table("hostile", pd.DataFrame({"x": texts}), n_used=1)
    lines = (tmp_path / "results" / "hostile.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert not [line for line in lines if line.lstrip('"').startswith(("=", "@", "\t", "-,"))]
    back = Store(tmp_path).read("hostile").table["x"].tolist()
    assert back[:7] == texts[:7] and pd.isna(back[7])


def test_a_notebook_opens_its_study_from_any_folder(study_file, monkeypatch):
    work = study_file.parents[2]
    nested = work / "notebooks" / "deep"
    nested.mkdir(parents=True, exist_ok=True)
    for folder in (work, work / "notebooks", nested, work / "data"):
        monkeypatch.chdir(folder)
        assert find_study("../data/small/study.yml") == study_file.resolve()
    monkeypatch.chdir(nested)
    opened = open_study("../data/small", draft=True)
    assert opened.store.folder == work / "build" / "small"
    with pytest.raises(StudyError, match=r"no study 'nowhere/study\.yml' · looked in"):
        find_study("nowhere/study.yml")


def test_a_build_folder_holds_one_study(study_file, tmp_path):
    other = write_small_study(tmp_path / "data" / "other", n=60)
    out = tmp_path / "build" / "small"
    open_study(other, out)
    open_study(other, out)
    with pytest.raises(StudyError, match=r"holds the results of .*other.*another name:"):
        open_study(study_file, out)
    other.unlink()
    open_study(study_file, out)  # who is gone holds nothing


def test_notebooks_that_start_together_never_meet_a_mark_half_written(study_file, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    out = tmp_path / "build" / "small"
    claim_folder(out, study_file, "small")
    mark = out / ".study"
    before = mark.stat().st_ino, mark.stat().st_mtime_ns
    claim_folder(out, study_file, "small")
    assert (mark.stat().st_ino, mark.stat().st_mtime_ns) == before  # what is right is not rewritten
    mark.write_text("", encoding="utf-8")  # cut short by a crash: nobody's
    with ThreadPoolExecutor(8) as pool:
        claims = [pool.submit(claim_folder, out, study_file, "small") for _ in range(200)]
    assert not [claim for claim in claims if claim.exception()]
    assert [path.name for path in out.iterdir()] == [".study"]


def test_a_notebook_writes_into_no_folder_that_was_never_built(study_file, tmp_path):
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match="is no build folder of small"):
        open_study(study_file, tmp_path / "somebody")
    assert [p.name for p in (tmp_path / "somebody").iterdir()] == ["thesis.txt"]


def test_printing_refuses_what_belongs_to_something_else(study_file, tmp_path):
    work = open_study(study_file, tmp_path / "small", draft=True)
    work.store.save("found", FOUND)
    study = read_study(study_file)
    refuse_others(work.store, study, draft=True)
    with pytest.raises(ReportError, match="'found' belongs to a draft"):
        refuse_others(work.store, study, draft=False)
    path = work.store.results / "found.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    for key, told in (("study", "another study"), ("data_sha256", "other data"),
                      ("declaration_sha256", "another state of the study file")):  # fmt: skip
        path.write_text(json.dumps({**meta, key: "x"}), encoding="utf-8")
        with pytest.raises(ReportError, match=told):
            refuse_others(work.store, study, draft=True)


def test_a_file_changed_within_its_size_and_time_is_a_changed_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1")
    before, status = content_of(path), path.stat()
    path.write_text("2")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content_of(path) != before


def test_what_a_built_notebook_saves_is_written_down(tmp_path, monkeypatch):
    Store(tmp_path).save("by_hand", FOUND)
    assert not (tmp_path / MADE).exists()
    monkeypatch.setenv(NOTEBOOK, "01_sample")
    Store(tmp_path).save("found", FOUND)
    lines = (tmp_path / MADE / "01_sample").read_text(encoding="utf-8").split()
    assert lines == ["results/found.csv", "results/found.json"]
    Store(tmp_path, notebook="02_reliability").save("told", FOUND)  # whoever the environment names
    lines = (tmp_path / MADE / "02_reliability").read_text(encoding="utf-8").split()
    assert lines == ["results/told.csv", "results/told.json"]


def test_a_record_that_is_found_is_whole(tmp_path):
    """Whoever asks while it is written anew reads the old one or the new one, never half of it."""
    from threading import Thread

    store, done = Store(tmp_path), []
    store.save("found", FOUND)
    meta = json.loads((tmp_path / "results" / "found.json").read_text(encoding="utf-8"))

    def write():
        for _ in range(30):
            store.save("found", FOUND)
        done.append(True)

    writer = Thread(target=write)
    writer.start()
    while not done:
        assert json.loads((tmp_path / "results" / "found.json").read_text("utf-8")) == meta
    writer.join()
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["found.csv", "found.json"]
