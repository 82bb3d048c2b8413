"""Faults in Chinese: every kind has its words, and names, rows and values are taken over."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cx_value.notebook.finding_words import say_in_chinese
from cx_value.notebook.understood import examine_whole, say_check

ROOT = Path(__file__).parents[2]
STUDY = """
title: 研究
data: {file: answers.csv, missing_codes: [-99]}
scale: {min: 1, max: 5}
constructs:
  QUAL: {label: 质量, items: [q1, q2, q3]}
  SAT: {label: 满意, items: [s1, s2, s3]}
models: {main: [QUAL -> SAT]}
hypotheses: {H1: QUAL -> SAT}
"""


def faulty(folder, old="title", new="title", cell=None):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.integers(1, 6, (240, 6)),
                         columns=["q1", "q2", "q3", "s1", "s2", "s3"]).astype(object)  # fmt: skip
    if cell is not None:
        frame.loc[3, "q2"] = cell
    frame.to_csv(folder / "answers.csv", index=False)
    assert old in STUDY
    (folder / "study.yml").write_text(STUDY.replace(old, new), encoding="utf-8")
    return examine_whole(folder / "study.yml")


@pytest.mark.parametrize(
    ("old", "new", "cell", "words"),
    [
        ("q1, q2", "q1, q9", None, ["没有该列", "“q9”", "现有列：q1、q2"]),
        ("title:", "tilte:", None, ["没有该键", "“tilte”", "是否为“title”"]),
        ("title", "title", 9, ["超出量表范围", "第 4 行", "允许 1 至 5"]),
        ("title", "title", "good", ["需要数字", "“good”", "第 4 行"]),
        ("QUAL -> SAT]", "QUAL -> SAD]", None, ["没有该构念", "“SAD”"]),
    ],
)
def test_a_fault_is_told_in_chinese_with_its_names_rows_and_values(tmp_path, old, new, cell, words):
    checked = faulty(tmp_path, old, new, cell)
    said = "\n".join(say_check(checked, "zh"))
    assert all(word in said for word in words), said
    for finding in checked.faults:
        line = say_in_chinese(finding)
        # No English sentence is left: only names and codes.
        assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", line), line


def test_every_kind_of_finding_has_chinese_words():
    text = (ROOT / "report/words/zh/terms_check.yml").read_text(encoding="utf-8")
    known = set(yaml.safe_load(text)["finding"])
    written = set()
    for folder in ("study", "notebook"):
        for path in (ROOT / "analysis/cx_value" / folder).rglob("*.py"):
            if "Finding(" in (code := path.read_text(encoding="utf-8")):
                written |= set(re.findall(r'kind="([^"{]+)"', code))
    assert written <= known


TEN = """\
name: ten
title: Ten faults
data: {file: collinear.csv, wieght: W}
scale: {min: 7, max: 1}
constructs:
  A:
    items: {A1: one, A2: two, A33: three}
  B: {items: {B1: one, B2: two, B3: three}}
models:
  main: {paths: [A -> B, B -> D, A => B]}
hypotheses: {H1: {path: A -> B, sign: plus}, H2: A -> ZZ}
options: {estimator: MLRR, bootstrap: -5, seed: abc}
report: {languages: [en, fr]}
"""
#: Line of the fault → what has to stand in its Chinese message.
TEN_TOLD = {3: "weight", 4: "min 小于 max", 7: "A33", 10: "“D”", 11: "+、-", 12: "ml、mlr、wlsmv",
            13: "en、zh"}  # fmt: skip


def test_ten_faults_are_told_at_once_with_their_lines(tmp_path):
    data = Path(__file__).parents[1] / "cases" / "data" / "collinear.csv"
    (tmp_path / "collinear.csv").write_bytes(data.read_bytes())
    (tmp_path / "study.yml").write_text(TEN, encoding="utf-8")
    faults = examine_whole(tmp_path / "study.yml").faults
    assert len(faults) == 11 and not any("has no item" in str(f) for f in faults)
    told = "\n".join(say_in_chinese(fault) for fault in faults)
    for line, words in TEN_TOLD.items():
        lines = [text for text in told.splitlines() if f"第 {line} 行" in text]
        assert any(words in text for text in lines), (line, lines)
    assert (
        "不小于 20 的数" in told and "整数" in told and not re.search("（[^）]*允许：[；）]", told)
    )
