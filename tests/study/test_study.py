"""The study file and the answers: what is refused, in which words, and that nothing gets lost."""

# ruff: noqa: E501  (one fault a line: the tables below read as tables)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_value.base.errors import DataError, FaultsError, StudyError
from cx_value.study import check_study, read_study, read_survey
from cx_value.study.model_checks import count_degrees_of_freedom, model_edges
from cx_value.study.spec import Study

ECSI = Path(__file__).parents[2] / "data" / "ecsi-mobile"

STUDY = """\
title: A small study
data: {file: answers.csv, missing_codes: [-99]}
scale: {min: 1, max: 5}
constructs:
  QUAL:
    label: Quality
    items: {q1: first, q2: second, q3: third}
  SAT:
    label: Satisfaction
    items: {s1: first, s2: second, s3: third}
models:
  main: {paths: [QUAL -> SAT]}
hypotheses:
  H1: {path: QUAL -> SAT, sign: "+"}
"""
ITEMS = ["q1", "q2", "q3", "s1", "s2", "s3"]


def answers(n: int = 240, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(draw.integers(1, 6, (n, 6)), columns=ITEMS).astype(object)


def write(folder: Path, study: str = STUDY, frame: pd.DataFrame | None = None) -> Path:
    (answers() if frame is None else frame).to_csv(folder / "answers.csv", index=False)
    path = folder / "study.yml"
    path.write_text(study, encoding="utf-8")
    return path


def swap(old: str, new: str) -> str:
    assert old in STUDY
    return STUDY.replace(old, new)


# change to the study file, kind, words that must all stand in the one message of that kind
STUDY_FAULTS = [
    (swap("constructs:", "constucts:"), "unknown key", ["constucts", "did you mean 'constructs'?"]),
    (swap("label: Quality", "labl: Quality"), "unknown key", ["constructs.QUAL.labl (line 6)", "label"]),
    (swap("title: A small study\n", ""), "missing key", ["title"]),
    (swap("max: 5", "max: five"), "wrong value", ["'five'", "a number"]),
    (swap("scale: {min: 1, max: 5}\n", ""), "missing key", ["study.yml: scale: the key 'scale'"]),
    (swap("max: 5", "max: 1"), "wrong value", ["min below max"]),
    (STUDY + "options: {bootstrap: -1}\n", "wrong value", ["options.bootstrap", "not below 20"]),
    (STUDY + "options: {bootstrap: 0}\n", "wrong value", ["options.bootstrap", "0 is not", "1000 or more for a report"]),
    (STUDY + "options: {bootstrap: 19}\n", "wrong value", ["options.bootstrap", "not below 20"]),
    (STUDY + "options: {rotation: quartimax}\n", "wrong value", ["'quartimax'", "oblimin, promax or varimax"]),
    (STUDY + "options: {estimator: wlms}\n", "wrong value", ["'wlms'", "auto, ml, mlr or wlsmv"]),
    ("title: A log\ntransactions: {file: answers.csv, customer: q1, date: q2, amount: q3, currency: EUR, unit: week}\nreport: {editions: [brief, thesis]}\n", "wrong value", ["report.editions", "no answers", "brief, full"]),
    (STUDY + "options: {estimator: wlsmv, missing: fiml}\n", "wrong value", ["options.missing", "fiml with estimator wlsmv"]),
    (swap("max: 5", "max: 100") + "options: {estimator: wlsmv}\n", "wrong value", ["options.estimator", "more than 10"]),
    (STUDY + "cutoffs: {cfii: 0.9}\n", "unknown key", ["cfii", "did you mean 'cfi'?"]),
    (STUDY + "title: again\n", "duplicate key", ["title", "line 1", "line 15"]),
    (STUDY + "a: [1\n", "bad yaml", ["line 16"]),
    (STUDY + "\tb: 1\n", "bad yaml", ["line 15"]),
    ("- just\n- a list\n", "wrong value", ["keys such as title"]),
    ("", "wrong value", ["keys such as title"]),
    (swap("q1: first", "q1: first, s1: again"), "item in two constructs", ["'s1'", "QUAL and SAT"]),
    (swap("items: {q1: first, q2: second, q3: third}", "items: {}"), "no item", ["QUAL"]),
    (swap("  SAT:", "  q1:"), "wrong name", ["'q1'", "construct and of an item"]),
    (swap("  QUAL:", "  质量:"), "wrong name", ["质量", "letters A–Z"]),
    (swap("[QUAL -> SAT]", "[QUAL -> SATT]"), "unknown construct", ["SATT", "did you mean 'SAT'?"]),
    (swap("[QUAL -> SAT]", "[QUAL -> SAT, SAT -> QUAL]"), "cycle", ["QUAL -> SAT -> QUAL"]),
    (swap("[QUAL -> SAT]", "[QUAL => SAT]"), "wrong value", ["'QUAL => SAT' is not a path", "line 12"]),
    (swap("[QUAL -> SAT]", "[QUAL -> SAT, QUAL -> SAT]"), "twice", ["QUAL -> SAT is declared 2 times"]),
    (swap("{paths: [QUAL -> SAT]}", "{}"), "empty model", ["the model is empty"]),
    (swap("main: {", "main: {role: rival, "), "no main model", ["no model has the role main"]),
    (swap("H1: {path: QUAL -> SAT", "H1: {path: SAT -> QUAL"), "hypothesis without a path",
     ["hypotheses.H1 (line 14)", "SAT -> QUAL"]),
    (swap("H1: {path: QUAL -> SAT", "H1: {path: QUAL -> VALUE"), "unknown construct", ["VALUE"]),
    (swap('sign: "+"', "sign: positive"), "wrong value", ["'positive'", "+ or -"]),
    (STUDY + "group: gender\n", "unknown group", ["'gender'"]),
    (swap("-99", "3"), "missing code on the scale", ["the missing code 3"]),
    (swap("answers.csv", "answer.csv"), "missing file", ["answer.csv", "did you mean 'answers.csv'?"]),
    (swap("answers.csv", "answers.pdf"), "missing file", ["answers.pdf"]),
    (swap("q2: second", "q22: second"), "missing column", ["'q22'", "did you mean 'q2'?", "line 7"]),
    (swap("QUAL:\n    label: Quality\n    items: {q1: first, q2: second, q3: third}",
          "QUAL: {items: {q1: a, q2: b}}").replace("  SAT:\n    label: Satisfaction\n    items: {s1: first, s2: second, s3: third}\n", "")
     .split("models:")[0], "two items", ["no other construct beside it"]),
]  # fmt: skip


@pytest.mark.parametrize(("study", "kind", "words"), STUDY_FAULTS)
def test_each_fault_of_a_study_file_is_named_once_with_place_and_remedy(
    tmp_path, study, kind, words
):
    findings = check_study(write(tmp_path, study))
    errors = [f for f in findings if f.severity == "error"]
    hits = [f for f in errors if f.kind == kind and all(word in str(f) for word in words)]
    assert len(hits) == 1, "\n".join(str(f) for f in findings)
    assert hits[0].allowed and hits[0].remedy
    with pytest.raises(FaultsError):
        read_survey(read_study(tmp_path))


def with_cells(column: str, cells: dict[int, object]) -> pd.DataFrame:
    frame = answers()
    for row, cell in cells.items():
        frame.loc[row - 1, column] = cell  # data rows count from 1
    return frame


def with_ids(repeat: bool) -> pd.DataFrame:
    frame = answers().assign(id=[f"r{k}" for k in range(240)])
    if repeat:
        frame.loc[4, "id"] = "r1"
    return frame


def weighted(cells: dict[int, object]) -> pd.DataFrame:
    frame = answers().assign(w=1.0)
    frame["w"] = frame["w"].astype(object)
    for row, cell in cells.items():
        frame.loc[row - 1, "w"] = cell
    return frame


DATA_FAULTS = [
    (STUDY, with_cells("q1", {3: "often", 17: "?"}), "text in a number column",
     ["rows 3, 17", "'often', '?'", "constructs.QUAL.items.q1 (line 7)"]),
    (STUDY, with_cells("q1", {2: 9, 5: 0}), "answer off the scale",
     ["2 answers off the scale in rows 2, 5: 0, 9", "1 to 5"]),
    (STUDY, with_cells("q1", {2: "inf"}), "text in a number column", ["row 2", "'inf'"]),
    (STUDY, answers().assign(q2=""), "all missing", ["item q2 has no answer at all (240 rows)"]),
    (STUDY, answers().assign(q2=-99), "all missing", ["q2"]),
    (STUDY, answers().drop(columns="s3"), "missing column",
     ["'s3'", "its 5 columns: q1, q2, q3, s1, s2"]),
    (STUDY, answers(6), "too few rows", ["6 respondents for 6 items", "more than 6"]),
    (swap("missing_codes", "id: id, missing_codes"), with_ids(True), "duplicate respondent",
     ["1 respondent occurs more than once: rows 2, 5"]),
    (swap("missing_codes", "weight: w, missing_codes"), weighted({7: "x"}), "bad weight",
     ["no weight in row 7: 'x'"]),
    (swap("missing_codes", "weight: w, missing_codes"), weighted({7: -1}), "bad weight", ["row 7"]),
    (swap("missing_codes", "weight: w, missing_codes"), weighted({7: ""}), "bad weight",
     ["respondents without a weight: row 7"]),
    (swap("missing_codes", "weight: w, missing_codes"), answers().assign(w=0), "bad weight",
     ["all weights are 0"]),
    (swap("missing_codes", "duration: w, missing_codes"), weighted({7: "long"}), "bad duration",
     ["row 7", "'long'"]),
]  # fmt: skip


@pytest.mark.parametrize(("study", "frame", "kind", "words"), DATA_FAULTS)
def test_each_fault_of_the_data_is_named_with_its_rows(tmp_path, study, frame, kind, words):
    path = write(tmp_path, study, frame)
    errors = [f for f in check_study(path) if f.severity == "error"]
    assert [f.kind for f in errors] == [kind], "\n".join(str(f) for f in errors)
    assert all(word in str(errors[0]) for word in words), str(errors[0])
    with pytest.raises(FaultsError) as raised:
        read_survey(read_study(path))
    assert raised.value.faults == tuple(errors)
    assert isinstance(raised.value, StudyError) and isinstance(raised.value, DataError)


WARNINGS = [
    (STUDY, answers().assign(q4=2), "item in no construct", ["q4"]),
    (STUDY, pd.concat([answers(), answers().iloc[:1]]), "identical rows", ["rows 1, 241"]),
    (STUDY, with_cells("q1", {9: 2.5}), "answer between points", ["row 9"]),
    (STUDY, answers(60), "too few rows", ["60 respondents", "200 or more", "Kline (2016)"]),
    (swap("SAT:\n    label: Satisfaction\n    items: {s1: first, s2: second, s3: third}",
          "SAT: {items: {s1: a}}"), None, "one item", ["SAT has one item"]),
    (swap(", s3: third", ""), None, "two items", ["SAT has two items"]),
]  # fmt: skip


@pytest.mark.parametrize(("study", "frame", "kind", "words"), WARNINGS)
def test_a_warning_is_told_but_does_not_stop(tmp_path, study, frame, kind, words):
    path = write(tmp_path, study, frame)
    hits = [f for f in check_study(path) if f.kind == kind]
    assert len(hits) == 1 and hits[0].severity == "warning"
    assert all(word in str(hits[0]) for word in words), str(hits[0])
    assert read_survey(read_study(path)).n > 0


def test_all_faults_come_at_once_errors_first(tmp_path):
    study = swap("-99", "-99, x: 1").replace("label: Quality", "lable: Quality")
    with pytest.raises(FaultsError) as raised:
        read_study(write(tmp_path, study.replace("max: 5", "max: no")))
    text = str(raised.value)
    for word in ("lable", "max", "did you mean 'label'?"):
        assert word in text
    findings = check_study(tmp_path)
    severities = [f.severity for f in findings]
    assert severities == sorted(severities, key=lambda s: s != "error")


def test_faults_of_study_and_data_are_reported_together(tmp_path):
    path = write(tmp_path, swap("H1: {path: QUAL -> SAT", "H1: {path: SAT -> QUAL"),
                 with_cells("q1", {1: "x"}))  # fmt: skip
    kinds = {f.kind for f in check_study(path) if f.severity == "error"}
    assert kinds == {"hypothesis without a path", "text in a number column"}


def test_a_missing_study_file_says_how_to_make_one(tmp_path):
    with pytest.raises(FaultsError, match="cx_value new"):
        read_study(tmp_path / "nothing.yml")


UNDER = """\
title: t
data: {file: answers.csv}
scale: {min: 1, max: 5}
constructs:
  A: {items: {q1: a, q2: b}}
  B: {items: {q3: a, s1: b}}
models:
  main: {paths: [A -> B]}
"""


def test_degrees_of_freedom_are_counted_as_lavaan_counts_them(tmp_path):
    """Two factors of two items: 10 moments, 9 parameters. One factor of two: -1."""
    study = read_study(write(tmp_path, UNDER))
    assert count_degrees_of_freedom(study, study.models[0]) == 1
    observed = UNDER.replace("B: {items: {q3: a, s1: b}}", "B: {items: {q3: a}}")
    study = read_study_quietly(write(tmp_path, observed))
    # A =~ q1 + q2; q3 ~ A: 6 moments; 1 loading, 2 residuals, 2 variances, 1 path.
    assert count_degrees_of_freedom(study, study.models[0]) == 0
    assert "not identified" not in [f.kind for f in check_study(tmp_path)]


def test_a_model_with_more_parameters_than_moments_is_refused(tmp_path, monkeypatch):
    from cx_value.study import model_checks

    monkeypatch.setattr(model_checks, "count_degrees_of_freedom", lambda *_: -2)
    kinds = [f.kind for f in check_study(write(tmp_path)) if f.severity == "error"]
    assert kinds == ["not identified"]


def read_study_quietly(path: Path) -> Study:
    from cx_value.study.declaration import examine_study

    return examine_study(path)[0]


def test_ecsi_study_is_clean_and_holds_the_published_model():
    study = read_study(ECSI)
    survey = read_survey(study)
    assert [f.kind for f in check_study(ECSI)] == ["two items", "one item"]
    assert survey.n == survey.n_received == 250 and survey.items.shape == (250, 24)
    assert survey.sha256 == "8411783cfe766e06d056363066a8c769059c4d82fb9c4f348bf658dd1eba8dff"
    assert survey.sha256 in (ECSI / "SOURCES.md").read_text(encoding="utf-8")
    raw = pd.read_csv(ECSI / "mobi.csv")
    assert (survey.items.to_numpy() == raw[study.item_names].to_numpy()).all()
    edges = model_edges(study, study.model("main"))
    assert len(edges) == 12 and ("CUSCO", "CUSL") in edges
    # 24 items: 300 moments; lavaan counts 59 free parameters.
    assert count_degrees_of_freedom(study, study.model("main")) == 241


def test_ecsi_study_file_writes_out_every_key_with_its_default():
    raw = yaml.safe_load((ECSI / "every_key.yml").read_text(encoding="utf-8"))
    study = read_study(ECSI / "every_key.yml")
    for section in ("screening", "options", "report", "data"):
        model = type(getattr(study, section))
        assert set(raw[section]) == set(model.model_fields), section
        for key, field in model.model_fields.items():
            if not field.is_required() and key not in ("licence", "citation", "customer"):
                declared = getattr(study, section).model_dump()[key]
                assert (
                    declared
                    == model.model_validate(
                        {"file": "x"} if section == "data" else {}
                    ).model_dump()[key]
                ), (section, key)
    top = set(Study.model_fields) - {"folder"} | {"scale"}
    assert set(raw) == top


def test_all_labels_and_hypotheses_speak_both_languages():
    study = read_study(ECSI)
    phrases = [study.title, *(c.label for c in study.constructs), *(i.label for i in study.items)]
    phrases += [m.label for m in study.models] + [h.label for h in study.hypotheses if h.label]
    assert all(phrase.zh != str(phrase) for phrase in phrases)


def test_a_path_alone_is_enough_for_a_hypothesis_or_a_model(tmp_path):
    study = swap("main: {paths: [QUAL -> SAT]}", "main: [QUAL -> SAT]").replace(
        'H1: {path: QUAL -> SAT, sign: "+"}', "H1: QUAL -> SAT"
    )
    assert (
        read_study(write(tmp_path, study)).model_dump() == read_study(write(tmp_path)).model_dump()
    )


def test_paths_relative_to_the_study_file_not_to_the_working_folder(tmp_path, monkeypatch):
    folder = tmp_path / "studies"
    folder.mkdir()
    write(folder)
    monkeypatch.chdir(tmp_path)
    assert read_survey(read_study("studies/study.yml")).n == 240
    assert read_study("studies").name == "studies"


def test_shorthand_paths_and_chains_expand():
    study = read_study(ECSI)
    main = [(p.source, p.target) for p in study.model("main").paths]
    assert main[:3] == [("IMAG", "CUEX"), ("IMAG", "CUSA"), ("IMAG", "CUSL")]
    rival = [(p.source, p.target) for p in study.model("rival").paths]
    assert rival[:3] == [("CUEX", "PERQ"), ("PERQ", "PERV"), ("PERV", "CUSA")]
    mediated = study.hypotheses[-1]
    assert (mediated.source, mediated.through, mediated.target) == (
        "PERQ",
        ("PERV", "CUSA"),
        "CUSL",
    )


def test_lavaan_syntax_given_whole_is_read_for_its_regressions(tmp_path):
    study = swap("{paths: [QUAL -> SAT]}",
                 '{syntax: "QUAL =~ q1 + q2 + q3\\nSAT =~ s1+s2+s3\\nSAT ~ b*QUAL # why\\n'
                 'q1 ~~ q2\\ni := b*b\\nq1 ~ 1"}')  # fmt: skip
    study = read_study(write(tmp_path, study))
    assert model_edges(study, study.model("main")) == {("QUAL", "SAT")}


WHOLE = "QUAL =~ q1 + q2 + q3\\nSAT =~ s1 + s2 + s3\\nSAT ~ a*QUAL"
SYNTAX_FAULTS = [
    (WHOLE.replace("q3", "q33"), "unknown variable", ["'q33'", "did you mean 'q3'?", "line 12"]),
    (WHOLE.replace("*QUAL", "*QUALL"), "unknown variable", ["'QUALL'", "did you mean 'QUAL'?"]),
    (WHOLE.replace("SAT =~ s1 + s2 + s3\\n", ""), "unknown variable",
     ["'SAT' is used, but no line says", "add 'SAT =~ s1 + s2 + s3'"]),
    (WHOLE.replace("q1 + q2", "q1 ++ q2"), "bad syntax", ["'' in the line 'QUAL =~ q1 ++ q2 + q3'"]),
    (WHOLE.replace("SAT ~ a*", "SAT = a*"), "bad syntax", ["= a*QUAL"]),
    (WHOLE.replace("a*QUAL", "a**QUAL"), "bad syntax", ["a**QUAL"]),
    (WHOLE.replace("a*QUAL", ""), "bad syntax", ["nothing on one side of ~"]),
    (WHOLE.replace("QUAL =~ q1", "QUAL <~ q1"), "bad syntax", ["a formative block (<~)"]),
    (WHOLE + "\\ni := a*bb", "unknown label", ["'bb'", "labels no parameter"]),
]  # fmt: skip


@pytest.mark.parametrize(("syntax", "kind", "words"), SYNTAX_FAULTS)
def test_faults_of_lavaan_syntax_are_named_before_anything_is_fitted(tmp_path, syntax, kind, words):
    from cx_value.base.errors import ModelError
    from cx_value.study.language.syntax import parse_syntax

    study = swap("{paths: [QUAL -> SAT]}", f'{{syntax: "{syntax}"}}').split("hypotheses")[0]
    hits = [f for f in check_study(write(tmp_path, study)) if f.severity == "error"]
    assert [f.kind for f in hits] == [kind], "\n".join(map(str, hits))
    assert all(word in str(hits[0]) for word in words) and hits[0].allowed and hits[0].remedy
    if kind != "unknown variable":  # the engine agrees
        with pytest.raises(ModelError):
            parse_syntax(syntax.replace("\\n", "\n"))


@pytest.mark.parametrize(
    "more",
    [
        "# a comment with = and ++\\nq1 ~~ q2; q1 ~ 1; q2 ~ 0*1",
        "f =~ NA*q1 + 1*q1 + start(0.5)*s1 + c(u, v)*s2\\nf ~~ 1*f + 0*SAT",
        "b := a*2 + sqrt(a)\\nd := b + a\\na == 0.5",
        "q1 | t1 + t2",
        "s1 ~ 1e+1*q1 +\\n -0.5*q2\\n + 'lab'*q3",
        "q1 ～～ q2",
    ],
)
def test_lavaan_syntax_that_the_engine_reads_is_not_faulted(tmp_path, more):
    from cx_value.study.language.syntax import parse_syntax

    syntax = f"{WHOLE}\\n{more}"
    parse_syntax(syntax.replace("\\n", "\n"))
    study = swap("{paths: [QUAL -> SAT]}", f'{{syntax: "{syntax}"}}')
    findings = check_study(write(tmp_path, study))
    assert [f for f in findings if f.severity == "error"] == []


def test_items_that_are_copies_are_named(tmp_path):
    frame = answers()
    frame.loc[3, "q2"] = None
    frame["s3"] = frame["q2"]
    errors = [f for f in check_study(write(tmp_path, frame=frame)) if f.severity == "error"]
    assert [f.kind for f in errors] == ["identical items"]
    assert "q2 and s3 hold the same answer in every row" in str(errors[0])
    assert "constructs.SAT.items.s3" in errors[0].where
    frame.loc[9, "s3"] = 1 if frame.loc[9, "q2"] != 1 else 2
    assert "identical items" not in [f.kind for f in check_study(write(tmp_path, frame=frame))]


def test_reverse_keyed_items_are_recoded_and_missing_codes_counted(tmp_path):
    study = swap("q1: first", "q1: {label: first, reverse: true}")
    survey = read_survey(
        read_study(write(tmp_path, study, with_cells("q1", {1: 2, 2: -99, 3: ""})))
    )
    assert survey.items["q1"].iloc[0] == 4
    assert survey.items["q1"].iloc[[1, 2]].isna().all()
    assert survey.missing_coded == {"q1": 1, **dict.fromkeys(ITEMS[1:], 0)}
    assert survey.items.index[0] == 1 and survey.items.index.name == "row"


def test_answers_in_words_become_the_numbers_of_the_scale(tmp_path):
    study = swap("{min: 1, max: 5}",
                 "{min: 1, max: 5, labels: {1: {en: never, zh: 从不}, 5: {en: always, zh: 总是}}}")  # fmt: skip
    frame = with_cells("q1", {1: "Always", 2: "从不", 3: " ４ ", 4: "3,0", 5: "N/A"})
    items = read_survey(read_study(write(tmp_path, study, frame))).items["q1"]
    assert items.iloc[:4].tolist() == [5, 1, 4, 3] and np.isnan(items.iloc[4])


def test_a_missing_code_on_one_items_scale_is_an_answer_there(tmp_path):
    study = swap("[-99]", "[9]").replace(
        "q1: first", "q1: {label: first, scale: {min: 1, max: 10}}"
    )
    frame = with_cells("q1", {1: 9})
    frame.loc[0, "q2"] = 9
    path = write(tmp_path, study, frame)
    survey = read_survey(read_study(path))
    assert survey.items.loc[1, "q1"] == 9 and np.isnan(survey.items.loc[1, "q2"])
    assert "missing code on the scale" in [f.kind for f in check_study(path)]


def test_waves_may_repeat_a_respondent_but_only_once_each(tmp_path):
    study = swap("missing_codes", "id: id, wave: wave, missing_codes")
    frame = with_ids(True).assign(wave=1)
    frame["wave"] = frame["wave"].astype(object)
    frame.loc[4, "wave"] = 2
    survey = read_survey(read_study(write(tmp_path, study, frame)))
    assert survey.wave.tolist()[4] == "2"
    frame.loc[4, "wave"] = 1
    with pytest.raises(FaultsError, match="more than once"):
        read_survey(read_study(write(tmp_path, study, frame)))


def test_profile_is_labelled_in_the_order_declared_and_amounts_stay_numbers(tmp_path):
    study = STUDY + (
        "profile:\n  sex: {label: {en: Sex, zh: 性别}, values: {2: {en: man, zh: 男}, 1: {en: woman, zh: 女}}}\n"
        "  age: {label: Age}\n"
    )
    frame = answers().assign(sex=[1, 2] * 120, age=range(18, 258))
    frame["sex"] = frame["sex"].astype(object)
    frame.loc[0, "sex"] = -99
    survey = read_survey(read_study(write(tmp_path, study, frame)))
    assert list(survey.profile["sex"].cat.categories) == ["man", "woman"]
    assert survey.profile["sex"].tolist()[1] == "man" and survey.profile["sex"].isna().iloc[0]
    assert [text.zh for text in survey.profile_labels["sex"]] == ["男", "女"]
    assert survey.quantities["age"].iloc[0] == 18 and list(survey.profile) == ["sex"]


CELL = st.one_of(
    st.integers(-100, 100), st.floats(allow_nan=True), st.text(max_size=6),
    st.sampled_from(["", "NA", "３", "1,5", "从不", '"', "=1+1", "\n", "1e400", "0x1", "1_0"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=0, max_size=12))
def test_dirty_files_are_either_read_with_every_row_counted_or_refused_in_words(
    tmp_path_factory, cells
):
    folder = tmp_path_factory.mktemp("dirty")
    frame = pd.concat([answers(20), pd.DataFrame(cells, columns=ITEMS, dtype=object)])
    frame.to_csv(folder / "answers.csv", index=False)
    (folder / "study.yml").write_text(STUDY, encoding="utf-8")
    findings = check_study(folder)
    assert all(f.problem and f.allowed and f.remedy and f.where for f in findings)
    if any(f.severity == "error" for f in findings):
        with pytest.raises(FaultsError):
            read_survey(read_study(folder))
        return
    survey = read_survey(read_study(folder))
    assert survey.n_received == survey.n + sum(step.removed for step in survey.flow)
    assert survey.flow[-1].count == survey.n and survey.items.index.is_unique
    inside = pd.Series(survey.items.to_numpy().ravel()).dropna()
    assert inside.between(1, 5).all() and np.isfinite(inside).all()


@settings(max_examples=80, deadline=None)
@given(text=st.text(max_size=200))
def test_no_study_file_crashes_the_check(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "study.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    findings = check_study(path)
    assert findings and all(str(f) for f in findings)


LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({})
)
KEYS = ["title", "data", "constructs", "models", "hypotheses", "profile", "scale", "options",
        "screening", "report", "cutoffs", "group", "name", "authors"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(KEYS),
        st.one_of(
            LEAF, st.lists(LEAF, max_size=2), st.dictionaries(st.text(max_size=4), LEAF, max_size=2)
        ),
        max_size=3,
    )
)
def test_no_wrong_type_anywhere_crashes_the_check(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("types")
    content = {**yaml.safe_load(STUDY), **changes}
    path = write(folder, yaml.safe_dump(content, allow_unicode=True))
    assert all(str(f) for f in check_study(path))


SAME_MODEL = [
    "{m}SAT ~ QUAL",
    "{m}SAT ~\\n QUAL",
    "{m}SAT ~ QUAL # QUAL ~ SAT",
    "{m}SAT ~ QUAL ! SAT ~ q1 + s1",
    "{m}SAT ～ QUAL",
    "{m}SAT ~ b＊QUAL；q1 ~~ q2",
    "{m}SAT ~ b*QUAL + start(0.2)*QUAL; q1 ~ 1",
    "{m}SAT ~ 1*QUAL +\\n  0",
    "{m}　SAT　~　NA*QUAL",
    "{m}SAT ~ 1e-1*QUAL",
    "{m}'SAT' ~ \\\"QUAL\\\"",
]


@pytest.mark.parametrize("written", SAME_MODEL)
def test_a_model_is_read_alike_however_it_is_written(tmp_path, written):
    """The study's check and the engine read one text by one reader."""
    from cx_value.study.language.syntax import parse_syntax

    measured = "QUAL =~ q1 + q2 + q3\\nSAT =~ s1 + s2 +\\n s3\\n"
    text = swap("{paths: [QUAL -> SAT]}", '{syntax: "' + written.format(m=measured) + '"}')
    study = read_study(write(tmp_path, text))
    model = study.model("main")
    assert model_edges(study, model) == {("QUAL", "SAT")}
    assert parse_syntax(model.syntax).regressions == [("QUAL", "SAT")]
    assert [f for f in check_study(tmp_path) if f.severity == "error"] == []


@pytest.mark.parametrize(
    "expression",
    ["a/0", "a/(2-2)", "log(-1)", "log(0)", "sqrt(-2)", "10^999", "9" * 400, "2^(0.5)^-10000/0",
     "(" * 150 + "a" + ")" * 150, "-" * 250 + "a", "+".join(["a"] * 300), "(0-1)^0.5"],
)  # fmt: skip
def test_definitions_without_a_value_are_named_before_anything_is_fitted(tmp_path, expression):
    text = swap("{paths: [QUAL -> SAT]}", f'{{syntax: "{WHOLE}\\nd := {expression}"}}')
    hits = [f for f in check_study(write(tmp_path, text)) if f.severity == "error"]
    assert [f.kind for f in hits] == ["bad syntax"]
    assert "The expression" in hits[0].problem and len(str(hits[0])) < 400
