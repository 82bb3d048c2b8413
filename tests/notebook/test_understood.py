"""What a check says: how columns are understood, in both languages, and what the report holds."""

import re
from pathlib import Path

import pandas as pd
import pytest

from cx_value.base.terms import named_code
from cx_value.notebook.understood import examine_whole, say_check

STUDY_ROOM = Path(__file__).parents[2] / "analysis/cx_value/study"
LOG = {"title": "T", "transactions": {"file": "log.csv"}}


def kinds() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in STUDY_ROOM.rglob("*.py"))
    return set(re.findall(r'kind="([a-z][a-z ]+)"', text))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_finding_has_its_words(lang):
    assert len(kinds()) > 30
    assert sorted(kind for kind in kinds() if not named_code(kind, "finding", lang)) == []


def write_log(tmp_path, amounts, mark=","):
    rows = [f"c{k % 7}{mark}2025-0{1 + k % 9}-1{k % 9}{mark}{amount}"
            for k, amount in enumerate(amounts)]  # fmt: skip
    text = "\n".join([mark.join(("customer", "date", "amount")), *rows])
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    (tmp_path / "study.yml").write_text("title: T\ntransactions: {file: log.csv}\n")
    return examine_whole(tmp_path / "study.yml")


def test_the_log_is_read_and_its_first_values_shown(tmp_path):
    checked = write_log(tmp_path, ['"1,234.50"', "¥12.00", "7.5", "1", "2", "3"])
    assert checked.faults == []
    (amount,) = [column for column in checked.columns if column.role == "amount"]
    assert amount.shown == ("1,234.50 → 1234.5", "¥12.00 → 12", "7.5", "1", "2")
    assert checked.holds == ("value",)
    chinese = "\n".join(say_check(checked, "zh"))
    assert "金额 · 1,234.50 → 1234.5" in chinese and "报告将包括：基于交易的客户价值" in chinese


def test_numbers_left_open_are_a_fault_with_what_to_declare(tmp_path):
    checked = write_log(tmp_path, ["1,752", "2,012", "3,400"] * 4, mark=";")
    assert [finding.kind for finding in checked.faults] == ["log not read"]
    assert "decimal" in str(checked.faults[0])


def test_a_log_of_which_half_is_unread_is_a_fault(tmp_path):
    checked = write_log(tmp_path, ["12.5", "about 12"] * 10)
    (fault,) = checked.faults
    assert fault.kind == "log lines not read" and "10 amount unparseable" in fault.problem


def test_faults_in_chinese_say_what_they_mean_and_ask_for(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 9] * 20, "b": [1, 2, 3] * 20, "c": [3, 1, 2] * 20})
    frame.to_csv(tmp_path / "d.csv", index=False)
    text = "title: T\ndata: {file: d.csv}\nscale: {min: 1, max: 5}\n"
    text += "constructs: {F: {items: [a, b, c]}}"
    (tmp_path / "study.yml").write_text(text)
    said = say_check(examine_whole(tmp_path / "study.yml"), "zh")
    assert any("作答超出量表范围" in line and "constructs.F.items.a" in line for line in said)


@pytest.mark.parametrize(("amounts", "told"), [(["9.90"] * 20, True), (["9.90", "8"] * 9, False)])
def test_one_price_for_all_is_told_beforehand(tmp_path, amounts, told):
    checked = write_log(tmp_path, amounts)
    found = [finding for finding in checked.findings if finding.kind == "one price"]
    assert bool(found) == told and checked.faults == []
    assert ("金额都相同" in "".join(say_check(checked, "zh"))) == told
