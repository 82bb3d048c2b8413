"""A plan written beforehand comes back as it was, and nothing in it vanishes."""

import shutil

import pytest
import yaml
from typer.testing import CliRunner

from cx_value.base.errors import StudyError
from cx_value.cli import app
from cx_value.judge.deviations import compare_with_plan
from cx_value.notebook.preregister import stub_of, write_stub
from cx_value.study.author_texts import Preregistration
from cx_value.study.declaration import read_study
from cx_value.study.preregistration import plan_of

STUDY = read_study("data/bank-panel")


def registered(folder, **changed):
    """Return the study as it stands after its plan was written and something changed."""
    planned = STUDY.model_copy(update={"preregistration": Preregistration(sample_size=1500)})
    file = write_stub(planned, "en", folder)
    now = {"preregistration": Preregistration(file=file.name, sample_size=1500)}
    return planned.model_copy(update={**now, "folder": folder, **changed})


def test_a_plan_that_was_kept_has_no_deviation(tmp_path):
    found = compare_with_plan(registered(tmp_path), 1500)
    entries = sum(map(len, plan_of(registered(tmp_path)).values()))
    assert found.facts() == {
        "planned": entries, "kept": entries, "changed": 0, "dropped": 0, "added": 0
    }  # fmt: skip
    assert len(found.table()) == 0


def test_what_was_changed_dropped_or_added_is_told(tmp_path):
    turned = STUDY.hypotheses[0].model_copy(update={"sign": "-"})
    later = STUDY.hypotheses[0].model_copy(update={"name": "H99"})
    study = registered(
        tmp_path, hypotheses=(turned, *STUDY.hypotheses[2:], later), cutoffs={"cfi": 0.9}
    )
    rows = {(r.entry, r.kind): (r.planned, r.done)
            for r in compare_with_plan(study, 1539).table().itertuples()}  # fmt: skip
    assert rows == {
        ("H1", "changed"): ("EMP -> EMO (+)", "EMP -> EMO (-)"),
        ("H2", "dropped"): ("TEC -> EMO (+)", ""), ("H99", "added"): ("", "EMP -> EMO (+)"),
        ("cfi", "added"): ("", "0.9"), ("respondents", "changed"): ("1500", "1539"),
    }  # fmt: skip


def test_no_plan_no_claim_and_a_file_without_a_plan_is_refused(tmp_path):
    assert compare_with_plan(STUDY, 1539) is None
    study = registered(tmp_path)
    (tmp_path / "preregistration-en.md").write_text("# Plan\n", encoding="utf-8")
    with pytest.raises(StudyError, match="holds no plan"):
        compare_with_plan(study, 1539)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_stub_names_every_hypothesis_and_marks_what_is_to_be_written(lang):
    stub = stub_of(STUDY, lang)
    head = yaml.safe_load(stub.split("---\n")[1])["plan"]
    assert head == plan_of(STUDY)
    words = stub.split("---\n")[2]
    assert all(f"**{h.name}" in words for h in STUDY.hypotheses)
    assert words.count("to be written" if lang == "en" else "请填写") == 3


def test_the_command_reads_no_data(tmp_path):
    shutil.copy("data/ecsi-mobile/study.yml", tmp_path)
    shutil.copy("data/ecsi-mobile/codebook.csv", tmp_path)
    ran = CliRunner().invoke(app, ["preregister", str(tmp_path), "--lang", "zh"])
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "preregistration-zh.md").read_text(encoding="utf-8").startswith("---\n")
