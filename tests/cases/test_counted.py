"""Numbers of every file a study names, however they are written: read right, or refused by name.

Right is what was meant before it was written; each case is one way of writing it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, FaultsError
from cx_value.notebook.understood import examine_whole
from cx_value.study import check_study, read_study, read_survey
from cx_value.study.experts import read_experts
from cx_value.study.logs import read_contracts, read_service_log
from cx_value.study.numbers import decide_format
from cx_value.study.visitors import read_visitors
from cx_value.value.log.dates import days_of
from cx_value.value.log.prepared import prepare_log
from cx_value.value.metrics.satisfied import answers_to
from made.plain import write_study

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
POINTS = {0: "not at all likely", 10: "certainly"}


@pytest.mark.parametrize("values", [{}, POINTS, {k: f"point {k}" for k in range(11)}])
@pytest.mark.parametrize("write", [
    str, lambda x: str(x).translate(WIDE), lambda x: str(x).translate(ARABIC), "{}分".format,
    "{},0".format, "{}.0".format, " {} ".format, lambda x: f"{x} - {POINTS.get(x, 'likely')}",
    lambda x: POINTS.get(x, str(x)),
])  # fmt: skip
def test_likelihood_to_recommend_is_counted_whatever_its_points_are_called(tmp_path, write, values):
    meant = np.array([9] * 28 + [10] * 20 + [2] * 2 + [0] + [7] * 9)
    path = write_study(tmp_path, {"nps": [write(x) for x in meant.tolist()]},
                       profile={"nps": {"values": values}},
                       metrics={"recommendation": "nps"})  # fmt: skip
    study = read_study(path)
    if write(10) == "certainly" and values != POINTS:  # words that nothing explains
        found = [f for f in check_study(path) if f.kind == "text in a number"]
        assert len(found) == 1 and "certainly" in str(found[0])
        return
    assert answers_to(study, read_survey(study), "nps").tolist() == meant.tolist()


@pytest.mark.parametrize(("cell", "right"), [
    ("5,-", 5), ("1'200.—", 1200), ("1 200.--", 1200), ("€ 5,–", 5), ("-5.-", -5), ("5-", -5),
    ("5.00-", -5), ("—5", -5), ("(5.-)", -5),
])  # fmt: skip
def test_dashes_for_no_cents_are_no_sign(cell, right):
    assert decide_format([cell]).read(cell) == right


COLUMNS = [
    ("customer;{};x\na;1.200;\nb;15;\nc;800;\n", [1200, 15, 800]),
    ('customer,{},x\na,"1,200",\nb,15,\n', [1200, 15]),
    ("customer;{};x\na;12,5;\nb;1.200,5;\n", [12.5, 1200.5]),
    ("customer;{};x\na;1.200;\nb;2.500;\n", None),
    ("customer;{};x\na;1,5万;\nb;3千;\n", None),
]


@pytest.mark.parametrize(("text", "right"), COLUMNS)
@pytest.mark.parametrize("section", ["service_log", "contracts"])
def test_minutes_and_fees_are_read_as_written(tmp_path, section, text, right):
    key = "minutes" if section == "service_log" else "fee"
    log = {"file": "log.csv", key: key}
    if section == "service_log":
        log |= {"target_minutes": 15, "date": "x"}
    else:
        log |= {"start": "x", "end": "customer"}
    path = write_study(tmp_path, files={"log.csv": text.format(key)}, **{section: log})
    read = read_service_log if section == "service_log" else read_contracts
    if right is None:
        with pytest.raises(FaultsError):
            read(read_study(path))
        told = examine_whole(path).findings
        assert any(f.severity == "error" and key in f.where for f in told)
    else:
        assert read(read_study(path))[key].tolist() == right


@pytest.mark.parametrize(("text", "right"), [
    ("step;visitors\nvisit;12.000\nbuy;120\n", [12000, 120]),
    ('step,visitors\nvisit,"12,000"\nbuy,"1,200"\n', [12000, 1200]),
    ("step,visitors\nvisit,１２００\nbuy,３００\n", [1200, 300]),
    ("step;visitors\nvisit;12.000\nbuy;1.200\n", None),
    ("step,visitors\nvisit,1.200\nbuy,0.300\n", None),
    ("step,visitors\nvisit,1.2万\nbuy,300\n", None),
    ("step,visitors\nvisit,300\nbuy,1200\n", None),
    ("step,n\nvisit,300\n", None),
])  # fmt: skip
def test_visitors_are_whole_numbers_or_a_fault(tmp_path, text, right):
    path = write_study(tmp_path, files={"funnel.csv": text}, funnel={"file": "funnel.csv"})
    faults = [f for f in check_study(path) if f.severity == "error"]
    assert bool(faults) == (right is None)
    if right:
        assert read_visitors(read_study(path)).tolist() == right


@pytest.mark.parametrize(
    "cell", ["1/3", "1／3", "1:3", "1：3", " 1 / 3 ", "0.3333", "0,3333", "０.3333"]
)
def test_judgements_of_experts_are_read_in_every_form(tmp_path, cell):
    text = f'criterion_set,expert,row,column,judgement\ntop,E,Q,S,"{cell}"\n'
    path = write_study(tmp_path, files={"experts.csv": text}, experts={"file": "experts.csv"},
                       dimensions={"A": {"of": ["Q", "S"]}})  # fmt: skip
    assert read_experts(read_study(path)).judgement.tolist() == pytest.approx([1 / 3], abs=1e-4)


@pytest.mark.parametrize(("text", "kept"), [
    ('customer,date,amount\na,2024-05-01,"1,234.50"\na,2024-06-01,5\n', 1),
    ("customer;date;amount\na;2024-05-01;1.234,50\na;2024-06-01;5,0\nb;2024-06-01;¥20\n", 2),
    ("customer;date;amount\na;2024-05-01;1.234\nb;2024-06-01;2.000\n", None),
])  # fmt: skip
def test_a_rule_of_lowest_amounts_reads_amounts(tmp_path, text, kept):
    path = write_study(tmp_path, files={"log.csv": text}, transactions={
        "file": "log.csv", "where": {"amount": {"from": 10}}})  # fmt: skip
    log = read_study(path).transactions
    if kept is None:
        with pytest.raises(DataError, match="amount of the log holds a mark before three digits"):
            prepare_log(tmp_path / "log.csv", log)
    else:
        assert len(prepare_log(tmp_path / "log.csv", log)[0]) == kept


def test_days_of_contracts_are_those_of_purchases():
    cells = ["2024/5/1", "2024.5.1", "2024年5月1日", "20240501", "2024-05-01T23:30:00Z",
             "2024-05-01 23:30", "２０２４－０５－０１"]  # fmt: skip
    assert set(days_of(pd.Series(cells))) == {pd.Timestamp("2024-05-01")}
    assert days_of(pd.Series(["113年5月1日", "soon", "", "2024-02-30"])).isna().all()


def test_sheets_that_are_all_alike_are_refused_before_anything_runs(tmp_path):
    path = write_study(tmp_path, dict.fromkeys(("q1", "q2", "q3", "s1", "s2", "s3"), 4))
    assert any(f.kind == "constant items" and f.severity == "error" for f in check_study(path))
