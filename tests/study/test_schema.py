"""Every key of a study file is described in both languages, and used by a study that is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.study import check_study, write_study
from cx_value.study.document import read_document
from cx_value.study.schema import json_schema

DATA = Path(__file__).parents[2] / "data"
OTHER = Path(__file__).with_name("every_other_key.yml")


def test_the_study_of_every_other_key_is_read(tmp_path):
    draw = np.random.default_rng(3)
    columns = ["q1", "b1", "a2x", "a3", "b2", "b3", "e1", "e2", "e3", "t1", "t2", "k1", "k2"]
    columns += ["c1", "c2", "c3"]
    answers = pd.DataFrame(draw.integers(1, 6, (120, len(columns))), columns=columns)
    prices = {f"p{k}": draw.integers(1, 9, 120) + 5 * k for k in range(1, 5)}
    offers = {o: draw.integers(0, 2, 120) for o in ("o1", "o2")}
    offers["heard"] = ["shop;web", "web", ""] * 40
    offers["shop"] = ["a", "b"] * 60
    answers.assign(years=draw.integers(18, 80, 120), **prices, **offers).to_csv(
        tmp_path / "answers.csv", index=False
    )
    (tmp_path / "funnel.csv").write_text("step,visitors\nvisit,100\nbuy,10\n")
    (tmp_path / "log.csv").write_text("customer,date,amount,code\n1,2026-01-02,5.00,1\n")
    (tmp_path / "contracts.csv").write_text("customer,start,end,fee\n1,02/01/2026,,5\n")
    (tmp_path / "cases.csv").write_text("customer,date\n1,2026-01-02\n")
    (tmp_path / "study.yml").write_bytes(OTHER.read_bytes())
    assert [str(f) for f in check_study(tmp_path) if f.severity == "error"] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_bundled_studies_fit_the_schema_and_a_wrong_key_does_not(lang):
    jsonschema = pytest.importorskip("jsonschema")
    judge = jsonschema.Draft202012Validator(json_schema(lang))
    for path in (*sorted(DATA.glob("*/*.yml")), OTHER):
        plain = json.loads(json.dumps(read_document(path).content, default=str))
        assert [f"{list(e.path)} {e.message}" for e in judge.iter_errors(plain)] == [], path
    assert not judge.is_valid({"optoins": {}}) and not judge.is_valid({"options": {"sed": 1}})


def test_a_starter_names_its_schema(tmp_path):
    (tmp_path / "m.csv").write_bytes((DATA / "ecsi-mobile" / "mobi.csv").read_bytes())
    path = write_study(tmp_path / "m.csv", lang="zh")
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=study.schema.json\n"
    )
    told = json.loads((tmp_path / "study.schema.json").read_text(encoding="utf-8"))
    assert told["$defs"]["Options"]["properties"]["seed"]["description"].startswith("随机种子")
