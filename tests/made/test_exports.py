"""Exports of questionnaires made at random: file → starter → check, and nothing left to write.

Other constructs, numbers of items, scales, words, languages and modes of export each time; the
starter has to find the constructs, the scale, every single answer, the question with several
answers, the profile, and to keep words of single persons out. ``CX_VALUE_SLOW=1`` tries a hundred
of each kind: 95 of them must need no edit.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from cx_value.study import check_study, read_study, read_survey, write_study
from cx_value.study.tables import read_table
from made.exports import KINDS, Export, make_export

SEEDS = range(3)
#: Exports of a hundred that may take an edit: constructs that answers alone part are a guess.
MOST_EDITED = 5
#: Files of numbers alone, in which no words tell what a question asks.
NUMBERS = {"spss", "stata", "parquet", "excel"}
PRIVATE = ("柜台等候", "the wait at counter", "10.0.")


def edits(kind: str, export: Export, folder) -> list[str]:
    """Return what a starter study got wrong; each takes an edit of a line."""
    path = write_study(export.path, folder / "study")
    wrong = [str(f) for f in check_study(path) if f.severity == "error"]
    if wrong:
        return wrong
    study, raw = read_study(path), read_table(export.path)
    wrong = [] if raw.platform == export.platform else [f"platform {raw.platform}"]
    columns = [raw.frame.columns[k] for k in export.items]
    wrong += _blocks(export, study, columns)
    if {(i.scale.minimum, i.scale.maximum) for i in study.items} != {export.q.scale}:
        return [*wrong, f"scale, instead of {export.q.scale}"]
    survey = read_survey(study)
    wrong += _answers(export, study, survey, columns) + _people(kind, export, study)
    text = path.read_text(encoding="utf-8")
    return wrong + [f"words of a person: {words}" for words in PRIVATE if words in text]


def _blocks(export, study, columns) -> list[str]:
    ends = np.cumsum([len(c.items) for c in export.q.constructs])
    made = {tuple(part) for part in np.split(np.array(columns, dtype=object), ends[:-1])}
    found = {tuple(i.column or i.name for i in c.items) for c in study.constructs}
    return [] if found == made else [f"constructs of {[len(f) for f in found]} items"]


def _answers(export, study, survey, columns) -> list[str]:
    kept = survey.items.index.to_numpy() - 1
    given, wrong = export.q.answers[kept], []
    for item in study.items:
        if (name := item.column or item.name) in columns:
            right = given[:, columns.index(name)]
            if not np.array_equal(survey.items[item.name].to_numpy(), right, equal_nan=True):
                wrong.append(f"answers to {item.name}")
    if export.heard:
        counted = [sorted(chosen.sum()) for chosen in survey.multiple.values()]
        right = sorted(export.q.heard[kept].sum(axis=0))
        wrong += [] if counted == [right] else ["several answers"]
    return wrong


def _people(kind, export, study) -> list[str]:
    asked = [p.name for p in study.profile if p.name != study.metrics.recommendation]
    wrong = [] if len(asked) == (1 if kind == "excel" else 2) else [f"profile {asked}"]
    nps = export.q.nps is not None and kind not in NUMBERS
    wrong += [] if nps == (study.metrics.recommendation is not None) else ["recommendation"]
    return wrong + (["duration"] if export.seconds and study.data.duration is None else [])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_understood_without_an_edit(tmp_path, kind, seed):
    export = make_export(kind, tmp_path, 1000 + seed)
    assert edits(kind, export, tmp_path) == []


@pytest.mark.skipif(not os.environ.get("CX_VALUE_SLOW"), reason="takes minutes: CX_VALUE_SLOW=1")
@pytest.mark.parametrize("kind", KINDS)
def test_nearly_all_of_a_hundred_exports_need_no_edit(tmp_path, kind):
    wrong = {}
    for seed in range(100):
        (folder := tmp_path / str(seed)).mkdir()
        if found := edits(kind, make_export(kind, folder, 1000 + seed), folder):
            wrong[seed] = found
    assert len(wrong) <= MOST_EDITED, wrong
