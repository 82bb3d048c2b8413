"""Files as people bring them: each is read right, or refused by name with what to do.

Every file stands for its kind: exports of survey platforms, numbers as countries write them,
encodings, files that are damaged or hostile.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cx_value.base.errors import AnalysisError
from cx_value.notebook.understood import examine_whole
from cx_value.study import check_study, read_study, read_survey, write_study
from cx_value.study.tables import read_table
from cx_value.value.log.preview import preview_log

DATA = Path(__file__).parent / "data"


def started(tmp_path, name):
    """Write a starter study for a file and return it; its own check has to pass."""
    shutil.copy(DATA / name, tmp_path / name)
    path = write_study(tmp_path / name)
    assert [str(f) for f in check_study(path) if f.severity == "error"] == []
    return read_study(path), path.read_text(encoding="utf-8")


STARTED = {
    # file: sizes of the constructs, scale, id, duration, never used
    "wjx_plain.csv": ([3, 3, 3], (1, 5), "序号", "所用时间", ["来源", "提交答卷时间"]),
    "wjx_codes.csv": ([3, 3, 3], (1, 5), "序号", "所用时间", ["来源"]),
    "wjx_text.xlsx": (None, (1, 5), "序号", "所用时间", ["来自IP", "您的建议"]),
    "wjx_skip.xlsx": (None, (1, 5), "序号", "所用时间", ["来自IP", "您的建议"]),
    "qualtrics_text.xlsx": ([3, 3, 3], (1, 5), "ResponseId", "Duration (in seconds)",
                            ["IPAddress", "StartDate", "RecordedDate"]),
    "qualtrics_numeric.xlsx": ([3, 3, 3], (1, 5), "ResponseId", "Duration (in seconds)",
                               ["IPAddress", "StartDate"]),
    "english_text_one_header.xlsx": ([3, 3, 3], (1, 5), "ResponseId", "Duration (in seconds)",
                                     ["IPAddress"]),
    "question_text_header.xlsx": ([3, 3, 3], (1, 5), "Response ID", "Duration (in seconds)",
                                  ["IP Address"]),
    "zh_labels_nomissing.sav": ([3, 3, 2], (1, 5), "问卷编号", None, []),
    "collinear.csv": ([3, 3, 3, 3], (1, 7), None, None, []),
    "reverse_item.csv": ([3, 3], (1, 5), None, None, []),
    "duplicate_headers.xlsx": (None, (1, 7), None, None, []),
    "free_text_profile.csv": ([3], (1, 5), None, None, []),
}  # fmt: skip


@pytest.mark.parametrize("name", STARTED)
def test_a_survey_starts_by_itself(tmp_path, name):
    sizes, scale, identifier, duration, unused = STARTED[name]
    study, text = started(tmp_path, name)
    items = study.items
    assert {(i.scale.minimum, i.scale.maximum) for i in items} == {scale}
    assert sizes is None or [len(c.items) for c in study.constructs] == sizes
    assert (study.data.id, study.data.duration) == (identifier, duration)
    left_out = text.split("name:")[0]
    profile = " ".join(f"{p.name} {p.column}" for p in study.profile)
    for column in unused:
        assert column in left_out and column not in profile
    survey = read_survey(study)
    assert survey.items.notna().any().all()
    assert "UNSURE" in text or "# sure" in text


def test_rating_items_are_found_before_numbered_columns(tmp_path):
    study, _ = started(tmp_path, "ten_point_with_99.csv")
    names = [item.name for item in study.items]
    assert {"SATIS", "CONFIRM", "IDEAL", "OVERALLQ"} <= set(names)
    assert study.data.missing_codes == (99,)


def test_a_reversed_item_is_told_by_its_sign(tmp_path):
    study, text = started(tmp_path, "reverse_item.csv")
    assert [item.name for item in study.items if item.reverse] == ["SAT3"]
    assert "UNSURE: its answers run against the others" in text


def test_words_of_single_persons_are_nowhere(tmp_path):
    study, text = started(tmp_path, "free_text_profile.csv")
    survey = read_survey(study)
    assert "Kleindorf" not in text
    (chosen,) = survey.multiple.values()
    assert set(chosen) == {"place", "price", "Other answers"}
    assert chosen["Other answers"].sum() == 2


def test_no_answer_by_label_is_missing_not_eight(tmp_path):
    study, _ = started(tmp_path, "zh_labels_nomissing.sav")
    survey = read_survey(study)
    assert survey.items.max().max() == 5 and sum(survey.missing_coded.values()) > 0


def test_thousands_in_answers_are_thousands():
    survey = read_survey(read_study(DATA / "thousands_answers.study.yml"))
    assert survey.durations.between(300, 2500).all()
    assert 40_000 < survey.quantities["income"].mean() < 60_000


LOGS = {
    "thousands.csv": (("customer", "date", "amount"), {}, 1103.92),
    "eu_orders.csv": (("Kunde", "Datum", "Betrag"), {"date_format": "%d.%m.%Y"}, 1702.18),
    "zh_orders.xlsx": (("会员号", "下单时间", "订单金额"), {}, 1587.0),
    "decimal_comma.csv": (("customer", "date", "amount"), {}, 16.0),
    "gb18030_log.csv": (("customer", "date", "amount"), {}, 15.92),
    "constant_price.csv": (("customer", "date", "amount"), {}, 9.9),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_read_as_it_is_written(name):
    (customer, date, amount), options, second = LOGS[name]
    seen = preview_log(DATA / name, customer=customer, date=date, amount=amount, **options)
    assert sum(seen.unread.values()) == 0
    assert seen.understood["amount"][1] == pytest.approx(second)


def test_decimal_commas_make_the_same_customers_as_points():
    from cx_value.value import summarise_transactions

    columns = {"customer": "customer", "date": "date", "amount": "amount", "end": "2024-12-31"}
    comma, point = (
        summarise_transactions(DATA / f"decimal_{mark}.csv", **columns).table()
        for mark in ("comma", "point")
    )
    numbers = ["frequency", "recency", "age", "monetary"]
    assert len(comma) == len(point)
    assert comma[numbers].to_numpy() == pytest.approx(
        point[numbers].to_numpy(), abs=0.01, nan_ok=True
    )


REFUSED = {
    "korean_cp949.csv": "fit cp949",
    "latin1.csv": "fit cp1252",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_survey_is_refused_by_name(tmp_path, name):
    shutil.copy(DATA / name, tmp_path / name)
    with pytest.raises(AnalysisError, match=REFUSED[name]):
        write_study(tmp_path / name)
    assert not (tmp_path / "study.yml").exists()


def test_orders_become_a_log_and_no_survey(tmp_path):
    shutil.copy(DATA / "zh_orders.xlsx", tmp_path / "zh_orders.xlsx")
    write_study(tmp_path / "zh_orders.xlsx")
    written = (tmp_path / "study.yml").read_text(encoding="utf-8")
    assert "transactions:" in written and "constructs:" not in written


def test_a_declared_encoding_reads_the_letters():
    table = read_table(DATA / "korean_cp949.csv", encoding="cp949")
    assert list(table.frame.columns)[:2] == ["성별", "나이"]


def test_a_bomb_of_aliases_is_refused():
    (fault,) = examine_whole(DATA / "alias_bomb.study.yml").faults
    assert fault.kind == "bad yaml" and "entries" in fault.problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("name", ["wjx_plain.csv", "wjx_codes.csv"])
def test_an_export_starts_alike_in_every_encoding(tmp_path, name, encoding):
    """The kind, not the file: letters in four encodings give one study."""
    text = (DATA / name).read_text(encoding="utf-8-sig")
    (tmp_path / name).write_bytes(text.encode(encoding))
    study = read_study(write_study(tmp_path / name))
    first = read_table(DATA / name).frame
    assert [len(c.items) for c in study.constructs] == [3, 3, 3]
    survey = read_survey(study)
    item = study.items[0]
    answered = [float(x) for x in first[item.column] if float(x) > 0]
    assert survey.items[item.name].dropna().tolist() == answered
