"""What moved since an earlier report: the cause named, chance not taken for change, others refused.

Ledgers are made from a store that the test fills, so that data, declaration, code and packages can
be changed one at a time.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import AnalysisError
from cx_value.judge.since.comparison import compare_ledgers
from cx_value.judge.since.ledger import read_ledger
from cx_value.notebook.identity import declaration_sha256, sha256_of_data
from cx_value.notebook.ledger import keep_ledger
from cx_value.notebook.store import Store
from cx_value.study import read_study
from small_study import write_small_study

ALPHA = {"QUAL": 0.80, "SAT": 0.82, "LOY": 0.84}


def ledger(study_file, folder, shift=0.0, half=0.03, verdict="supported"):
    study = read_study(study_file)
    store = Store(folder, study, declaration_sha256(study), sha256_of_data(study), False)
    found = pd.Series({c: a + shift * (c == "SAT") for c, a in ALPHA.items()}, name="alpha")
    rows = found.rename_axis("construct").reset_index()
    rows = rows.assign(alpha_ci_low=rows.alpha - half, alpha_ci_high=rows.alpha + half)
    store.save_table("reliability", rows, n_used=160)
    told = pd.DataFrame({"hypothesis": ["H1"], "verdict": [verdict]})
    store.save_table("hypotheses", told, n_used=160)
    return keep_ledger(study, store, draft=False)


@pytest.fixture
def study_file(tmp_path):
    return write_small_study(tmp_path / "small")


def changed_answer(study_file):
    data = study_file.parent / "answers.csv"
    frame = pd.read_csv(data)
    frame.loc[0, "sat_1"] = 8 - frame.loc[0, "sat_1"]
    frame.to_csv(data, index=False)


def test_nothing_changed_is_nothing_moved(study_file, tmp_path):
    one = ledger(study_file, tmp_path / "a")
    other = ledger(study_file, tmp_path / "b")
    found = compare_ledgers(one, other)
    assert found.moved == 0 and found.causes == () and found.drifted == ()
    assert found.compared == 4


def test_one_changed_answer_names_the_data(study_file, tmp_path):
    before = ledger(study_file, tmp_path / "a")
    changed_answer(study_file)
    found = compare_ledgers(before, ledger(study_file, tmp_path / "b", shift=0.30))
    assert found.causes == ("data",)
    row = found.table().iloc[0]
    assert (row["result"], row.part, row.why) == ("reliability", "SAT", "data")
    assert len(found.table()) == 1 and row.difference == pytest.approx(0.30)
    # Two intervals of ±.03: the difference's half width is .03·√2.
    assert (row.low, row.high) == pytest.approx((0.30 - 0.03 * 2**0.5, 0.30 + 0.03 * 2**0.5))


def test_sampling_error_is_no_move_when_the_data_are_others(study_file, tmp_path):
    before = ledger(study_file, tmp_path / "a")
    changed_answer(study_file)
    assert compare_ledgers(before, ledger(study_file, tmp_path / "b", shift=0.04)).moved == 0


def test_with_the_same_data_every_change_counts(study_file, tmp_path):
    before = ledger(study_file, tmp_path / "a")
    text = study_file.read_text("utf-8").replace("seed: 11", "seed: 12")
    study_file.write_text(text, "utf-8")
    found = compare_ledgers(before, ledger(study_file, tmp_path / "b", shift=0.001))
    assert found.causes == ("options",) and found.table().part.tolist() == ["SAT"]
    assert np.isnan(found.table().p_adjusted.astype(float)).all()


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [("Service quality", "Quality of service", "question"),
     ("[QUAL -> SAT, ", "[QUAL -> SAT, QUAL -> LOY, ", "model"),
     ("missing_codes: [-9]", "missing_codes: [-9, -8]", "data"),
     ("options:", "evaluation: {expert_share: 0.4}\noptions:", "weights")],
)  # fmt: skip
def test_the_changed_part_of_the_study_file_is_named(study_file, tmp_path, old, new, cause):
    before = ledger(study_file, tmp_path / "a")
    study_file.write_text(study_file.read_text("utf-8").replace(old, new, 1), "utf-8")
    assert compare_ledgers(before, ledger(study_file, tmp_path / "b")).causes == (cause,)


def test_code_packages_and_unexplained_drift_are_told(study_file, tmp_path):
    one, other = ledger(study_file, tmp_path / "a"), ledger(study_file, tmp_path / "b", shift=0.01)
    drifted = compare_ledgers(one, other)
    assert drifted.causes == () and drifted.drifted == ("reliability",) and drifted.moved == 1
    older = dataclasses.replace(one, packages={**one.packages, "pandas": "0.1"})
    found = compare_ledgers(older, other)
    assert found.causes == ("package",) and found.packages[0]["before"] == "0.1"
    figures = [{**figure, "code": "other"} for figure in one.figures]
    assert compare_ledgers(dataclasses.replace(one, figures=figures), other).causes == ("code",)


def test_a_verdict_that_turned_is_told(study_file, tmp_path):
    before = ledger(study_file, tmp_path / "a")
    changed_answer(study_file)
    found = compare_ledgers(before, ledger(study_file, tmp_path / "b", verdict="not_supported"))
    assert found.verdicts == [
        {"hypothesis": "H1", "before": "supported", "after": "not_supported", "why": ["data"]}
    ]
    assert "H1" in found.sentence("zh") and found.moved == 1


def test_another_study_and_a_folder_without_a_ledger_are_refused(study_file, tmp_path):
    one = ledger(study_file, tmp_path / "a")
    with pytest.raises(
        AnalysisError, match=r"study 'other' · allowed: an earlier build of 'small'"
    ):
        compare_ledgers(dataclasses.replace(one, study="other"), one)
    with pytest.raises(AnalysisError, match="holds 0 ledgers"):
        read_ledger(tmp_path / "a")
    file = one.write(tmp_path / "a")
    assert read_ledger(tmp_path / "a") == read_ledger(file) == read_ledger(tmp_path)
    file.write_text(json.dumps({"format": 99}), "utf-8")
    with pytest.raises(AnalysisError, match="format 99"):
        read_ledger(tmp_path / "a")


def test_a_key_that_a_later_version_adds_is_no_change_of_the_study():
    from cx_value.notebook.ledger import _declared
    from cx_value.study import read_study

    study = read_study(Path(__file__).parents[2] / "data" / "ecsi-mobile")
    told = _declared(study, draft=True)
    dumped = study.model_dump(exclude_defaults=True)
    assert "benchmarks" not in dumped, "a key at its default stands for one that is added"
    assert _declared(study.model_copy(update={"benchmarks": ()}), draft=True) == told
    other = study.model_copy(update={"group": "anything"})
    assert {k for k in told if _declared(other, draft=True)[k] != told[k]} == {"options"}
