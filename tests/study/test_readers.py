"""Data files come in as they are: encodings, delimiters, workbooks, labels, damaged files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cx_value.base.errors import FaultsError
from cx_value.study import read_study, read_survey, with_codebook, write_study
from cx_value.study.tables import find_delimiter, read_table

REFERENCE = Path(__file__).parents[1] / "reference"
TABLE = pd.DataFrame(
    {"编号": ["a1", "a2", "a3"], "服务质量1": [5, 4, None], "意见": ["很好，满意", 'says "so"', ""]}
)


def cells(frame: pd.DataFrame) -> list[list[str]]:
    return [[str(c) for c in row] for row in frame.to_numpy().tolist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_in_any_encoding_and_delimiter_reads_the_same(tmp_path, encoding, delimiter, newline):
    file = tmp_path / "answers.csv"
    text = (
        TABLE.astype(object).fillna("").to_csv(index=False, sep=delimiter, lineterminator=newline)
    )
    file.write_bytes(text.encode(encoding))
    table = read_table(file)
    assert list(table.frame.columns) == list(TABLE.columns)
    assert cells(table.frame) == [
        ["a1", "5.0", "很好，满意"], ["a2", "4.0", 'says "so"'], ["a3", "", ""]]  # fmt: skip
    assert table.frame.index.tolist() == [1, 2, 3]
    assert table.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_encoding_asked_for_is_not_second_guessed(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes("满意,b\n1,2\n".encode("gb18030"))
    assert "GB18030" in read_table(file).format
    assert list(read_table(file, encoding="gb18030").frame.columns) == ["满意", "b"]
    with pytest.raises(FaultsError, match=r"not utf-8 text.*set data\.encoding: auto"):
        read_table(file, encoding="utf-8")


def test_delimiter_is_sought_outside_quotes():
    assert find_delimiter('"a, b, c";"d"\n') == ";"


def test_a_text_file_with_line_breaks_and_blank_rows_keeps_its_row_numbers(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('q1,text\n1,"two\nlines"\n\n3,x\n\n\n', encoding="utf-8")
    frame = read_table(file).frame
    assert frame["q1"].tolist() == ["1", "", "3"] and frame.index.tolist() == [1, 2, 3]
    assert frame["text"].iloc[0] == "two\nlines"


def test_short_rows_are_numbered_not_silently_filled(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a,b,c\n1,2,3\n1,2\n1,2,3\n", encoding="utf-8")
    assert read_table(file).short_rows == (2,)


def test_excel_reads_a_sheet_by_name_or_number_and_trims_what_is_empty(tmp_path):
    file = tmp_path / "a.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"x": [1]}).to_excel(book, sheet_name="说明", index=False)
        TABLE.assign(blank="").to_excel(book, sheet_name="数据", index=False)
    by_name, by_number = read_table(file, sheet="数据"), read_table(file, sheet=1)
    assert cells(by_name.frame) == cells(by_number.frame)
    assert cells(by_name.frame)[0][:3] == ["a1", "5", "很好，满意"]
    with pytest.raises(FaultsError, match=r"no sheet 'Daten'.*说明, 数据"):
        read_table(file, sheet="Daten")
    with pytest.raises(FaultsError, match="no sheet 2"):
        read_table(file, sheet=2)


def labelled() -> pd.DataFrame:
    draw = np.random.default_rng(3).integers(1, 6, (220, 4)).astype(float)
    frame = pd.DataFrame(draw, columns=["q1", "q2", "q3", "gender"])
    frame["gender"] = 1.0 + (frame["gender"] > 3)
    frame.loc[0, "q1"], frame.loc[1, "q1"], frame.loc[2, "q1"] = 9, 8, np.nan
    return frame


LABELS = {
    "column_labels": {"q1": "第一题", "gender": "性别"},
    "variable_value_labels": {"q1": {1: "差", 5: "好", 9: "不适用"}, "gender": {1: "男", 2: "女"}},
}
STUDY = """\
title: labelled
data: {file: FILE}
scale: {min: 1, max: 5}
constructs:
  A: {items: {q1: q1, q2: second, q3: third}}
profile: {gender: {}}
"""


def survey_of(folder: Path, file: str):
    (folder / "study.yml").write_text(STUDY.replace("FILE", file), encoding="utf-8")
    return read_survey(read_study(folder))


def test_spss_user_missing_ranges_labels_and_value_labels(tmp_path):
    pyreadstat.write_sav(labelled(), str(tmp_path / "a.sav"), **LABELS,
                         missing_ranges={"q1": [{"lo": 8, "hi": 9}]})  # fmt: skip
    survey = survey_of(tmp_path, "a.sav")
    assert survey.items["q1"].iloc[:3].isna().all() and survey.items["q1"].notna().sum() == 217
    assert survey.missing_coded["q1"] == 2 and survey.format == "SPSS"
    assert survey.labels["q1"] == "第一题"  # the study gives none, so the file's codebook does
    assert survey.labels["q2"] == "second"  # the study's word goes before the file's
    assert set(survey.profile["gender"].cat.categories) == {"男", "女"}
    expected = labelled()["gender"].map({1.0: "男", 2.0: "女"})
    assert survey.profile["gender"].tolist() == expected.tolist()


def test_the_codebook_of_the_file_fills_what_the_study_leaves_open(tmp_path):
    pyreadstat.write_sav(
        labelled(), str(tmp_path / "a.sav"), **LABELS, missing_ranges={"q1": [8, 9]}
    )
    survey = survey_of(tmp_path, "a.sav")
    study = with_codebook(read_study(tmp_path), survey)
    first, second = study.items[:2]
    assert (first.label, second.label) == ("第一题", "second")
    assert first.scale.labels == {1: "差", 5: "好"} and second.scale.labels == {}
    assert study.profile[0].label == "性别" and study.where("title").endswith("title (line 1)")
    ecsi = read_study(Path(__file__).parents[2] / "data" / "ecsi-mobile")
    assert with_codebook(ecsi, read_survey(ecsi)) == ecsi


def test_stata_labels_are_read(tmp_path):
    frame = labelled()
    frame.loc[:1, "q1"] = np.nan
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"), **LABELS)
    survey = survey_of(tmp_path, "a.dta")
    assert survey.items["q1"].isna().sum() == 3 and survey.format == "Stata"
    assert survey.labels["gender"] == "性别"
    assert survey.profile["gender"].cat.categories.tolist() == ["男", "女"]


def test_stata_tagged_missing_values_are_counted_as_coded(tmp_path):
    frame = labelled()
    frame["q1"] = frame["q1"].astype(object)
    frame.loc[:1, "q1"] = ["a", "b"]
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"), missing_user_values={"q1": ["a", "b"]})
    survey = survey_of(tmp_path, "a.dta")
    assert survey.missing_coded["q1"] == 2 and survey.items["q1"].isna().sum() == 3


DAMAGED = [
    ("a.csv", b"", "the file is empty"),
    ("a.csv", b"\xef\xbb\xbf", "the file is empty"),
    ("a.csv", b"a,b\n", "a header but no answers"),
    ("a.csv", b"a,b\n1,2,3\n", "line 2 has 3 cells, the header has 2"),
    ("a.csv", b'a,b\n"1,2\n', "not a table"),
    ("a.csv", b"\xff\x01\x81\xff", "neither UTF-8 nor Chinese text"),
    ("a.xlsx", b"not a workbook", "the workbook cannot be opened"),
    ("a.sav", b"not spss", "the file cannot be read"),
    ("a.dta", b"not stata", "the file cannot be read"),
    ("a.xls", b"old", "save it as .xlsx"),
    ("a.parquet", b"x", "the file cannot be read"),
    ("a.sas7bdat", b"not sas", "the file cannot be read"),
    ("a.ods", b"x", "'.ods' cannot be read"),
    ("a.csv", "性别,q".encode("utf-16")[:-1], "are not utf-16 text"),
    ("a.xlsx", b"\xd0\xcf\x11\xe0locked", "locked by a password"),
    ("a.csv", b'a,b,c\n1,"2,3\n4,5,6\n7,8",9\n', "a quotation mark in row 1"),
]


@pytest.mark.parametrize(("name", "content", "words"), DAMAGED)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FaultsError) as raised:
        read_table(tmp_path / name)
    assert words in str(raised.value)
    fault = raised.value.faults[0]
    assert fault.where == name and fault.allowed and fault.remedy


def test_a_missing_file_names_those_beside_it(tmp_path):
    (tmp_path / "survey_2025.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(FaultsError, match=r"did you mean 'survey_2025\.csv'\?"):
        read_table(tmp_path / "survey_2026.csv")


LANGUAGES = {
    "cp949": "성별,연령,키오스크를 이용하기 쉽다,직원이 친절하다\n남,30대,5,4\n",
    "shift_jis": "性別,年齢,サービスは使いやすいです,スタッフは親切でした\n男,30,5,4\n",
    "euc_jp": "性別,年齢,サービスは使いやすいです,スタッフは親切でした\n男,30,5,4\n",
    "big5": "性別,年齡,服務品質很好,員工態度親切\n男,30,5,4\n",
    "cp1252": "Geschlecht,Ort,Qualität,Größe\nmännlich,Köln,5,4\nweiblich,Düren,3,2\n",
    "cp1251": "пол,возраст,качество,обслуживание\nмуж,30,5,4\n",
}


@pytest.mark.parametrize("encoding", LANGUAGES)
def test_letters_of_other_languages_are_never_read_as_chinese(tmp_path, encoding):
    """Refused by name with what to declare; declared, read as written."""
    file = tmp_path / "a.csv"
    file.write_bytes(LANGUAGES[encoding].encode(encoding))
    with pytest.raises(FaultsError, match=rf"fit .*{encoding}|declare data.encoding"):
        read_table(file)
    columns = list(read_table(file, encoding=encoding).frame.columns)
    assert ",".join(columns) == LANGUAGES[encoding].split("\n")[0]


CHINESE = ["性别,年龄\n男,30\n", "q1,q2\n很好,不错\n", "编号,意见\n1,“服务态度好，办事效率高。”\n",
           "满意,b\n1,2\n", "第1题(服务热情),第2题(环境整洁)\n非常同意,比较同意\n"]  # fmt: skip


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_without_a_mark_is_read_and_told(tmp_path, text):
    file = tmp_path / "a.csv"
    file.write_bytes(text.encode("gb18030"))
    table = read_table(file)
    assert ",".join(table.frame.columns) == text.split("\n")[0]
    assert ("encoding", "GB18030") in table.told


def workbook(tmp_path, rows, merged=()):
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for span in merged:
        book.active.merge_cells(span)
    book.save(tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


def test_titles_over_several_columns_name_them(tmp_path):
    rows = [
        ["编号", "质量", None, None, "满意", None],
        [None, "热情", "准确", "及时", "总体", "期望"],
    ]
    rows += [[k, 4, 5, 3, 4, 4 - k % 2] for k in range(6)]
    table = read_table(workbook(tmp_path, rows, ["A1:A2", "B1:D1", "E1:F1"]))
    assert list(table.frame.columns) == [
        *["编号", "质量 - 热情", "质量 - 准确", "质量 - 及时"],
        *["满意 - 总体", "满意 - 期望"],
    ]
    assert len(table.frame) == 6 and ("header", "2") in table.told


def test_a_second_row_of_words_over_numbers_is_labels(tmp_path):
    rows = [["q1", "q2", "q3"], ["Staff are friendly", "Staff know", "Fast"], *[[3, 4, 5]] * 5]
    table = read_table(workbook(tmp_path, rows))
    assert table.column_labels["q1"] == "Staff are friendly" and len(table.frame) == 5
    from cx_value.study.tables import Layout

    assert len(read_table(tmp_path / "a.xlsx", layout=Layout(header_rows=1)).frame) == 6


def test_names_used_twice_are_numbered_by_position(tmp_path):
    table = read_table(workbook(tmp_path, [["1-1", "1-2", "1-1", "1-1"], [1, 2, 3, 4]]))
    assert list(table.frame.columns) == ["1-1", "1-2", "1-1 (2)", "1-1 (3)"]
    assert [code for code, _ in table.told] == ["twice"]


def test_a_workbook_is_refused_for_cells_far_away_and_for_bloat(tmp_path):
    import zipfile

    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"], book.active["A900000"] = "q1", 3, 4
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(FaultsError, match="far from the table, in row 900000"):
        read_table(tmp_path / "far.xlsx")
    file = workbook(tmp_path, [["q1"], [1]])
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/blank.bin", b"0" * 60_000_000)
    with pytest.raises(FaultsError, match="unfolds to"):
        read_table(file)


def test_labels_that_mean_no_answer_are_no_points_of_a_scale(tmp_path):
    frame = pd.DataFrame({"q": [1.0, 5, 8, 9], "g": [1.0, 2, 1, 2]})
    labels = {"q": {1: "很差", 5: "很好", 8: "不知道", 9: "（拒答）"}, "g": {1: "男", 2: "女"}}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_value_labels=labels)
    table = read_table(tmp_path / "a.sav")
    assert table.value_labels["q"] == {1.0: "很差", 5.0: "很好"}
    assert table.user_missing == {"q": [(8.0, 8.0), (9.0, 9.0)]}
    assert ("no answer", "8 不知道, 9 （拒答）") in table.told


@pytest.mark.parametrize("kind", ["sav", "dta", "xpt", "parquet", "csv", "xlsx"])
def test_every_kind_of_file_brings_the_same_answers(tmp_path, kind):
    frame = pd.DataFrame({"Q1": [1.0, 5.0, None], "G": ["a", "b", "c"]})
    file = tmp_path / f"a.{kind}"
    write = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta,
             "xpt": pyreadstat.write_xport, "parquet": lambda f, p: f.to_parquet(p),
             "csv": lambda f, p: f.to_csv(p, index=False),
             "xlsx": lambda f, p: f.to_excel(p, index=False)}[kind]  # fmt: skip
    write(frame, file)
    from cx_value.study.answers import clean

    read = read_table(file).frame
    assert [clean(cell) for cell in read["G"]] == ["a", "b", "c"]
    assert [clean(cell).removesuffix(".0") for cell in read["Q1"]] == ["1", "5", ""]


def test_a_file_of_sas_itself_is_read():
    table = read_table(REFERENCE / "readers__iris.sas7bdat")
    assert table.format == "SAS" and table.frame.shape == (150, 5)
    assert list(table.frame.iloc[0]) == [5.1, 3.5, 1.4, 0.2, "setosa"]


def test_a_survey_of_sas_starts_without_an_edit(tmp_path):
    path = write_study(REFERENCE / "readers__survey.sas7bdat", tmp_path / "study")
    study, given = read_study(path), pd.read_csv(REFERENCE / "readers__survey.csv")
    survey = read_survey(study)
    assert [len(c.items) for c in study.constructs] == [4, 4, 4] and study.models
    assert np.array_equal(survey.items.to_numpy(), given.iloc[:, :12].to_numpy(), equal_nan=True)
    assert study.data.weight == "WEIGHT" and [p.name for p in study.profile] == ["REGION"]
    assert study.constructs[0].items[0].label == "Staff answer quickly"
