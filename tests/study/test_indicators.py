"""The indicator system of a study file: shorthand, named faults, and what is read for it."""

# ruff: noqa: E501  (one fault a line: the tables below read as tables)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.study import check_study, read_study, read_survey
from cx_value.study.experts import read_experts

STUDY = """
title: A small study
data: {file: answers.csv}
scale: {min: 1, max: 5}
constructs:
  QUAL: {label: Quality, items: [Q1, Q2, Q3]}
  PRICE: {label: Price, items: [P1, P2, P3]}
  LOY: {label: Loyalty, items: [L1, L2, L3]}
profile:
  brand: {values: {a: Ours, b: Theirs}}
brands: {column: brand, own: a, rivals: [b]}
dimensions:
  OFFER: [QUAL, PRICE]
experts: {file: experts.csv}
evaluation:
  grades: {good: 60, poor: 0}
expectations:
  Q1: E1
touchpoints:
  SHOP: {label: Shop}
"""
EXPERTS = "expert,row,column,judgement\nE1,QUAL,PRICE,1/3\nE2,QUAL,PRICE,2\n"


def write(folder: Path, study: str = STUDY, experts: str = EXPERTS, **columns) -> Path:
    random = np.random.default_rng(3)
    names = ["Q1", "Q2", "Q3", "P1", "P2", "P3", "L1", "L2", "L3", "E1", "SHOP"]
    answers = pd.DataFrame(random.integers(1, 6, (240, len(names))), columns=names)
    answers["brand"] = np.where(np.arange(240) % 3, "a", "b")
    answers.assign(**columns).to_csv(folder / "answers.csv", index=False)
    (folder / "experts.csv").write_text(experts, encoding="utf-8")
    (folder / "study.yml").write_text(study, encoding="utf-8")
    return folder


def swap(old: str, new: str) -> str:
    assert old in STUDY
    return STUDY.replace(old, new)


def test_a_sound_system_is_read_without_a_word(tmp_path):
    assert check_study(write(tmp_path)) == []
    study = read_study(tmp_path)
    assert study.dimensions[0].of == ("QUAL", "PRICE")
    assert [(g.name, g.minimum) for g in study.evaluation.grades] == [("good", 60), ("poor", 0)]
    assert read_experts(study)["judgement"].tolist() == [pytest.approx(1 / 3), 2.0]
    assert list(read_survey(study).ratings) == ["E1", "SHOP"]


FAULTS = [
    (swap("column: brand", "column: brnad"), "unknown name", ["brands.column", "did you mean 'brand'?"]),
    (swap("own: a", "own: c"), "unknown name", ["'c' is not a brand"]),
    (swap("rivals: [b]", "rivals: [a]"), "wrong value", ["rivals without the own brand"]),
    (swap("[QUAL, PRICE]", "[QUAL, PRICES]"), "unknown name", ["dimensions.OFFER", "'PRICE'"]),
    (swap("  OFFER: [QUAL, PRICE]", "  OFFER: [QUAL, PRICE]\n  MORE: [QUAL]"), "two dimensions",
     ["'QUAL' belongs to OFFER and to MORE"]),
    (swap("  OFFER: [QUAL, PRICE]", "  OFFER: [QUAL, MORE]\n  MORE: [OFFER]"), "loop",
     ["OFFER → MORE → OFFER"]),
    (swap("OFFER:", "QUAL:"), "wrong name", ["'QUAL' is the name of a dimension and"]),
    (swap("{good: 60, poor: 0}", "{good: 60, poor: 70}"), "wrong value", ["cuts falling"]),
    (swap("{good: 60, poor: 0}", "{good: 60, poor: 10}"), "wrong value", ["the last from 0"]),
    (swap("Q1: E1", "Q9: E1"), "unknown name", ["'Q9' is not an item"]),
    (swap("  Q1: E1", "  Q1: {expectd: E1}"), "unknown key", ["did you mean 'expected'?"]),
    (swap("SHOP: {label: Shop}", "SHOP: {lable: Shop}"), "unknown key", ["did you mean 'label'?"]),
    (swap("evaluation:", "evaluation:\n  groups: [brands]"), "unknown name", ["evaluation.groups"]),
    (swap("evaluation:", "evaluation:\n  combine: product"), "wrong value", ["geometric or linear"]),
    (swap("experts.csv", "expert.csv"), "missing file", ["experts.file", "expert.csv is no file"]),
]  # fmt: skip


@pytest.mark.parametrize(("study", "kind", "words"), FAULTS, ids=[str(f[2]) for f in FAULTS])
def test_faults_are_named_with_their_place(tmp_path, study, kind, words):
    found = [f for f in check_study(write(tmp_path, study)) if f.kind == kind]
    assert found, [str(f) for f in check_study(tmp_path)]
    assert all(word.strip("'") in str(found[0]) for word in words), str(found[0])


CAUTIONS = [
    ({"study": swap("Q1: E1", "Q1: E_Q1")}, ["'E_Q1'", "the report does without it"]),
    ({"study": swap("SHOP: {label: Shop}", "BANK: {label: Bank}")}, ["'BANK'"]),
    ({"SHOP": 3}, ["SHOP"]),
    ({"experts": EXPERTS.replace("PRICE,2", "COST,2")}, ["COST", "left out"]),
    ({"experts": EXPERTS.replace("PRICE,2", "PRICE,none")}, ["no judgement in row 2"]),
    ({"experts": EXPERTS.replace("PRICE,2", "PRICE,12")}, ["beyond 1/9 to 9 in row 2"]),
]


@pytest.mark.parametrize(("changed", "words"), CAUTIONS, ids=[str(c[1]) for c in CAUTIONS])
def test_what_is_missing_is_told_and_the_study_stands(tmp_path, changed, words):
    found = check_study(write(tmp_path, **changed))
    assert found and all(f.severity == "warning" for f in found), [str(f) for f in found]
    assert all(any(word in str(f) for f in found) for word in words)
    assert read_survey(read_study(tmp_path)).n == 240


def test_expectations_share_the_keying_of_their_item(tmp_path):
    study = swap("items: [Q1, Q2, Q3]", "items: {Q1: {reverse: true}, Q2: , Q3: }")
    survey = read_survey(read_study(write(tmp_path, study)))
    raw = pd.read_csv(tmp_path / "answers.csv")
    assert (survey.ratings["E1"].to_numpy() == 6 - raw["E1"]).all()
    assert (survey.ratings["SHOP"].to_numpy() == raw["SHOP"]).all()
