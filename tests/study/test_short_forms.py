"""What a study may say in short: a codebook, shared parts, columns by place, waves side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cx_value.base.errors import FaultsError
from cx_value.study import check_study, read_study, read_survey

ECSI = Path(__file__).parents[2] / "data" / "ecsi-mobile"
HEAD = "title: A study\ndata: {file: answers.csv}\nscale: {min: 1, max: 5}\n"


def answers(n: int = 60, **more) -> pd.DataFrame:
    columns = [f"Q{q}_{k}" for q in (1, 2) for k in (1, 2, 3)]
    rows = {
        c: [(r * r * (k + 1) + r // (k + 3) + k) % 5 + 1 for r in range(n)]
        for k, c in enumerate(columns)
    }
    return pd.DataFrame({"who": [f"r{r}" for r in range(n)], **rows, **more})


def study_of(folder: Path, text: str, frame: pd.DataFrame | None = None):
    (answers() if frame is None else frame).to_csv(folder / "answers.csv", index=False)
    path = folder / "study.yml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_study(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        study_of(folder, text)
    return [str(fault) for fault in caught.value.faults]


def test_the_codebook_of_ecsi_says_what_the_file_with_every_key_says():
    short, full = read_study(ECSI / "study.yml"), read_study(ECSI / "every_key.yml")
    assert len((ECSI / "study.yml").read_text(encoding="utf-8").splitlines()) < 40
    apart = {key for key, value in short.model_dump().items() if full.model_dump()[key] != value}
    assert apart == {"codebook", "drivers"}  # drivers differ in the labels of a scale
    assert short.declaring_files == [ECSI / "codebook.csv"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_codebook_brings_wording_keying_scale_and_codes(tmp_path, kind):
    frame = pd.DataFrame(
        [["a1", "A", "Trust", "信任", "Keeps its word", "言行可信", "", "1-7; 1=no|否; 7=yes|是",
          "tenenhaus2005", "Q1_1", ""],
         ["a2", "A", "", "", "Fails me", "令人失望", "-", "1–7", "tenenhaus2005", "Q1_2", "98 99"],
         ["b1", "B", "", "", "", "", "+", "", "", "Q2_1", ""],
         ["b2", "B", "", "", "", "", "反向", "0 至 10", "", "Q2_2", ""]],
        columns=["Item", "Construct", "construct_en", "构念名称", "wording", "题项内容",
                 "direction", "scale", "source", "column", "missing"],
    )  # fmt: skip
    name = f"codebook.{kind}"
    frame.to_csv(tmp_path / name, index=False) if kind == "csv" else frame.to_excel(
        tmp_path / name, index=False
    )
    study = study_of(tmp_path, f"codebook: {name}\nconstructs: {{B: {{en: Second, zh: 第二}}}}\n")
    first, second = study.constructs
    assert (first.label, first.label.zh, first.source) == ("Trust", "信任", "tenenhaus2005")
    assert (second.label, second.label.zh) == ("Second", "第二")
    a1, a2, b1, b2 = study.items
    assert a1.scale.labels == {1: "no", 7: "yes"} and a1.scale.labels[1].zh == "否"
    assert [i.reverse for i in study.items] == [False, True, False, True]
    assert a2.missing_codes == (98, 99) and a1.missing_codes is None
    assert (a2.label.zh, a2.column) == ("令人失望", "Q1_2")
    assert (b1.scale.maximum, b2.scale.minimum, b2.scale.maximum) == (5, 0, 10)


def test_faults_of_a_codebook_are_named_by_row(tmp_path):
    (tmp_path / "c.csv").write_text(
        "item,construct,direction,scale\nQ1_1,A,up,1-5\nQ1_2,A,-,five\nQ1_2,A,-,1-5\n"
    )
    told = "\n".join(faults(tmp_path, "codebook: c.csv\n"))
    assert "row 1 of c.csv" in told and "'up' is no direction" in told
    assert "row 2 of c.csv" in told and "'five' is no scale" in told and "twice" in told
    (tmp_path / "c.csv").write_text("code,factor\nQ1_1,A\n")
    assert "no column for the item" in faults(tmp_path, "codebook: c.csv\n")[0]
    assert "there is no file" in faults(tmp_path, "codebook: d.csv\n")[0]


def test_a_shared_model_is_included_and_the_studys_own_words_go_first(tmp_path):
    (tmp_path / "model.yml").write_text(
        "constructs:\n  A: {label: Shared, items: Q1_1..Q1_3}\n  B: {label: Shared, items: Q2_*}\n"
        "models: {main: [A -> B]}\n"
    )
    study = study_of(tmp_path, "include: model.yml\nconstructs: {A: {label: Own}}\n")
    assert [c.label for c in study.constructs] == ["Own", "Shared"]
    assert [len(c.items) for c in study.constructs] == [3, 3] and study.model("main")
    (tmp_path / "model.yml").write_text("models: {main: [A -> B]}\noptoins: {}\n")
    told = faults(tmp_path, "include: [model.yml]\nconstructs: {A: Q1_*, B: Q2_*}\n")
    assert told[0].startswith("study.yml: optoins (line 2 of model.yml)")
    assert "does not exist" in faults(tmp_path, "include: no.yml\nconstructs: {A: Q1_*}\n")[0]


def test_columns_are_named_by_range_pattern_or_position(tmp_path):
    study = study_of(
        tmp_path,
        "constructs: {A: Q1_1..3, B: [5, 6, 7]}\nprofile: {AGE: {column: 8}}\n",
        answers(**{"您的年龄": range(20, 80)}),
    )
    assert [i.name for i in study.items] == ["Q1_1", "Q1_2", "Q1_3", "Q2_1", "Q2_2", "Q2_3"]
    assert study.profile[0].column == "您的年龄"
    assert read_survey(study).quantities["AGE"].tolist() == list(range(20, 80))
    frame = answers().rename(columns={"Q1_1": "您是否满意？", "Q1_2": "您是否信任？"})
    study = study_of(tmp_path, 'constructs: {A: ["您是否*", Q1_3], B: "Q2_?"}\n', frame)
    assert [i.name for i in study.items][:3] == ["A_1", "A_2", "Q1_3"]
    assert study.items[0].column == "您是否满意？" == study.items[0].label
    study = study_of(tmp_path, "constructs: {A: Q1_*, B: Z9_*}\n")
    assert "Z9_*" in str(check_study(tmp_path)[0])


def test_codes_of_one_column_are_answers_in_another_and_numbers_fall_into_bins(tmp_path):
    frame = answers(age=[20, 35, 98, 99] * 15, n2=[1] * 60)
    frame.loc[0, "Q1_1"] = 98
    study = study_of(
        tmp_path,
        "constructs: {A: {items: Q1_*, missing_codes: [98]}, B: Q2_*}\n"
        "profile: {age: {bins: [30, 60], missing_codes: [99]}}\n",
        frame,
    )
    survey = read_survey(study)
    assert survey.missing_coded["Q1_1"] == 1 and survey.items["Q1_1"].isna().sum() == 1
    counts = survey.profile["age"].value_counts(sort=False).to_dict()
    assert counts == {"< 30": 15, "30–59": 15, "≥ 60": 15}
    assert survey.profile["age"].isna().sum() == 15
    assert "each above the one before" in str(
        faults(tmp_path, "constructs: {A: Q1_*}\nprofile: {age: {bins: [60, 30]}}\n")
    )


def test_expectations_are_found_by_a_pattern(tmp_path):
    frame = answers(E_Q1_1=[5] * 30 + [4] * 30, E_Q1_2=[4] * 30 + [5] * 30)
    study = study_of(tmp_path, 'constructs: {A: Q1_*, B: Q2_*}\nexpectations: "E_{item}"\n', frame)
    assert {e.name: e.expected for e in study.expectations} == {
        "Q1_1": "E_Q1_1", "Q1_2": "E_Q1_2",
    }  # fmt: skip
    assert list(read_survey(study).ratings) == ["E_Q1_1", "E_Q1_2"]


def test_waves_side_by_side_become_rows_and_who_was_absent_has_none(tmp_path):
    first, second = answers(), answers().astype(object)
    second.iloc[10:, 1:] = ""
    wide = first.rename(columns=lambda c: c if c == "who" else f"{c}_24").assign(
        **{f"{c}_25": second[c] for c in second if c != "who"}
    )
    study = study_of(tmp_path, "constructs: {A: Q1_1..3, B: Q2_1..3}\n", wide)
    text = (
        (tmp_path / "study.yml")
        .read_text()
        .replace(
            "{file: answers.csv}",
            '{file: answers.csv, id: who, waves: {2024: "{column}_24", 2025: "{column}_25"}}',
        )
    )
    (tmp_path / "study.yml").write_text(text)
    study = read_study(tmp_path)
    survey = read_survey(study)
    assert survey.wave.value_counts().to_dict() == {"2024": 60, "2025": 10}
    assert survey.items.loc[61].tolist() == survey.items.loc[1].tolist()
    assert survey.ids.loc[61] == "r0" and study.data.wave == "wave"
