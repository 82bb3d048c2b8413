"""Careless responding against R (tests/reference/screening.R) and planted carelessness.

Tolerance 1e-9 relative where all is answered, 1e-7 where moments come from the EM algorithm.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.study import read_study, read_survey
from cx_value.study.careless import careless_indices, longest_run
from cx_value.study.screening import screen_careless

REFERENCE = Path(__file__).parents[1] / "reference"
ECSI = Path(__file__).parents[2] / "data" / "ecsi-mobile"

STUDY = """\
title: t
data: {{file: a.csv, duration: seconds}}
scale: {{min: 1, max: 5}}
constructs:
  A: {{items: {{a1: a, a2: b, a3: {{label: c, reverse: true}}, a4: d, a5: e}}}}
  B: {{items: {{b1: a, b2: b, b3: c, b4: d, b5: e}}}}
screening: {{{screening}}}
"""
ITEMS = [f"{block}{k}" for block in "ab" for k in range(1, 6)]


@pytest.mark.parametrize(
    ("case", "file", "rtol"),
    [("mobi", ECSI / "mobi.csv", 1e-9), ("bfi", REFERENCE / "sample__bfi_data.csv", 1e-7)],
)
def test_indices_agree_with_r_for_every_respondent(case, file, rtol):
    expected = pd.read_csv(REFERENCE / f"screening__{case}.csv")
    ours = careless_indices(pd.read_csv(file).astype(float))
    for name in expected.columns.drop("row"):
        np.testing.assert_allclose(ours[name], expected[name], rtol=rtol, atol=1e-12, err_msg=name)


def planted(n: int = 300) -> pd.DataFrame:
    draw = np.random.default_rng(4)
    trait = draw.normal(size=(n, 2)).repeat(5, axis=1)
    raw = np.clip(np.round(3 + trait + 0.5 * draw.normal(size=(n, 10))), 1, 5)
    frame = pd.DataFrame(raw, columns=ITEMS)
    frame["a3"] = 6 - frame["a3"]
    frame["seconds"] = 80.0
    frame.loc[0, ITEMS] = 4  # a straight line, also over the reversed item
    frame.loc[0, "seconds"] = 9
    frame.loc[1, ITEMS] = [1, 5, 1, 1, 5, 5, 1, 5, 1, 5]  # at random
    frame.loc[2, ITEMS[:6]] = np.nan  # too incomplete
    frame.loc[3, "seconds"] = 5  # fast, but otherwise in order
    return frame


def screened(folder: Path, frame: pd.DataFrame, screening: str = "action: drop"):
    frame.to_csv(folder / "a.csv", index=False)
    (folder / "study.yml").write_text(STUDY.format(screening=screening), encoding="utf-8")
    study = read_study(folder)
    survey = read_survey(study)
    return survey, screen_careless(study, survey)


def test_planted_carelessness_is_found_for_its_reason(tmp_path):
    _, result = screened(tmp_path, planted())
    log = result.table().set_index("row")
    assert {"long_string", "irv", "duration"} <= set(log.loc[1, "reasons"].split())
    assert "mahalanobis" in log.loc[2, "reasons"]
    assert log.loc[3, "reasons"].endswith("incomplete")
    assert log.loc[4, "reasons"] == "duration"
    assert log["careless"].to_dict()[1] and not log.loc[4, "careless"]
    assert result.set_aside[[1, 2, 3, 4]].tolist() == [True, False, True, False]
    assert 1 not in result.kept and 2 in result.kept


def test_consensus_and_action_decide_who_leaves(tmp_path):
    _, dropped = screened(tmp_path, planted(), "action: drop, flags_needed: 1")
    assert not {1, 2, 3, 4} & set(dropped.kept)
    survey, flagged = screened(tmp_path, planted(), "action: flag, flags_needed: 1")
    assert {1, 2, 4} <= set(flagged.kept) and 3 not in flagged.kept
    assert not {1, 2, 3, 4} & set(flagged.attentive)
    assert survey.rows(flagged.kept).n == len(flagged.kept)
    assert flagged.flow()[-1].count == len(flagged.kept)
    removed = sum(step.removed for step in dropped.flow())
    assert survey.n - removed == dropped.flow()[-1].count == len(dropped.kept)


def test_the_log_holds_rows_and_reasons_but_no_answer(tmp_path):
    survey, result = screened(tmp_path, planted())
    columns = {*result.table().columns, *result.indices.columns}
    assert not columns & set(survey.items.columns)


def test_runs_are_counted_on_answers_as_given(tmp_path):
    """A straight line over a reverse-keyed item is one run, though recoding breaks it."""
    survey, result = screened(tmp_path, planted())
    assert survey.items.loc[1, "a3"] == 2 and result.indices.loc[1, "long_string"] == 10


def test_short_questionnaires_need_a_run_of_six(tmp_path):
    frame = planted()
    frame.loc[10, ITEMS] = [2, 2, 2, 2, 2, 4, 5, 3, 4, 5]
    _, result = screened(tmp_path, frame, "long_string_share: 0.3")
    assert result.indices.loc[11, "long_string"] == 5 and not result.flags.loc[11, "long_string"]


def test_without_durations_the_rule_is_not_applied(tmp_path):
    frame = planted().drop(columns="seconds")
    frame.to_csv(tmp_path / "a.csv", index=False)
    text = STUDY.format(screening="action: flag").replace(", duration: seconds", "")
    (tmp_path / "study.yml").write_text(text, encoding="utf-8")
    study = read_study(tmp_path)
    result = screen_careless(study, read_survey(study))
    assert list(result.flags) == ["long_string", "irv", "mahalanobis"]
    summary = result.summary().set_index("rule")
    assert not summary.loc["duration", "applied"] and summary.loc["mahalanobis", "applied"]
    assert summary["flagged"].isna().to_dict() == {
        "long_string": False, "irv": False, "mahalanobis": False, "duration": True
    }  # fmt: skip
    told = result.facts()["rules"]["rule"].tolist()
    assert told == ["long_string", "irv", "mahalanobis"]
    assert "too fast" not in result.sentence() and "作答过快" not in result.sentence("zh")


def test_a_run_that_cannot_occur_is_not_said_to_have_been_looked_for(tmp_path):
    frame = planted()[[*ITEMS[:5], "seconds"]]
    lines = STUDY.format(screening="action: flag").splitlines()
    text = "\n".join(line for line in lines if "b1" not in line)
    frame.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "study.yml").write_text(text, encoding="utf-8")
    study = read_study(tmp_path)
    result = screen_careless(study, read_survey(study))
    assert "long_string" not in result.flags and "irv" in result.flags
    assert "runs" not in result.sentence()
    assert result.summary().set_index("rule")["flagged"].isna()["long_string"]


def test_every_threshold_stands_with_its_direction(tmp_path):
    _, result = screened(
        tmp_path, planted(), "irv_minimum: 0.3, seconds_per_item: 1, long_string_share: 0.7"
    )
    summary = result.summary().set_index("rule")
    assert summary["threshold"].to_dict() == {"long_string": 0.7, "irv": 0.3,
                                              "mahalanobis": 0.001, "duration": 1.0}  # fmt: skip
    assert summary["direction"].tolist() == [">=", "<=", "<", "<"]


def test_items_left_blank_do_not_make_a_respondent_slower(tmp_path):
    """57 s for 33 items is 1.7 s an item, however many of them were answered."""
    frame = planted()
    frame.loc[5, ["seconds", *ITEMS[:4]]] = [15, *[np.nan] * 4]
    _, result = screened(tmp_path, frame)
    assert result.indices.loc[6, "seconds_per_item"] == 1.5
    assert result.flags.loc[6, "duration"]


def test_sheets_that_are_the_same_in_every_column_are_counted(tmp_path):
    frame = planted().assign(seconds=80 + np.arange(300) / 1000)
    _, none = screened(tmp_path, frame)
    assert none.n_identical == 0 and "identical" not in none.sentence()
    frame.loc[[20, 21]] = frame.loc[[10]].to_numpy()
    survey, result = screened(tmp_path, frame)
    assert survey.identical_rows == (11, 21, 22)
    assert result.n_identical == 3
    assert "3 rows are identical to another in every column." in result.sentence()
    assert "3 份问卷的各列与其他问卷完全相同。" in result.sentence("zh")
    later = survey.rows(survey.items.index[15:])
    assert screen_careless(read_study(tmp_path), later).n_identical == 2


def test_redundant_items_leave_the_distance_out_and_say_so():
    draw = np.random.default_rng(1).integers(1, 6, (50, 3)).astype(float)
    notes: list = []
    out = careless_indices(pd.DataFrame(np.c_[draw, draw[:, 0]]), None, notes)
    assert out["mahalanobis"].isna().all() and [n.template for n in notes] == [
        "screening.no_distance"
    ]


def test_missing_answers_end_a_run_and_rows_without_answers_are_nan():
    x = np.array([[2.0, 2, np.nan, 2, 2, 2], [np.nan] * 6])
    assert longest_run(x).tolist() == [3, 0]


def test_sentence_gives_the_counts_of_the_tables():
    study = read_study(ECSI)
    result = screen_careless(study, read_survey(study))
    summary, log = result.summary().set_index("rule"), result.table()
    assert log.loc[log["careless"], "row"].tolist() == [137]  # answered 9 throughout
    for lang in ("en", "zh"):
        text = result.sentence(lang)
        for count in summary.loc[summary["applied"], "flagged"]:
            assert str(count) in text
        assert "0.4%" in text and "Curran" in text and "2018" in text
