"""Formative and second-order constructs of a study file: what models, hypotheses and words say.

Redundancy against seminr 0.2.1 (tests/reference/pls_two_stage.py) to 1e-8; the estimates behind it
are tested in tests/sem/test_pls_two_stage.py.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ModelError
from cx_value.judge.composites import describe_composites
from cx_value.judge.estimation import plan_estimation
from cx_value.judge.hypotheses import judge_hypotheses
from cx_value.judge.structure import choose_model
from cx_value.study import read_study, read_survey
from cx_value.study.declaration import examine_study
from cx_value.study.latents import structural_syntax
from cx_value.study.model_checks import count_degrees_of_freedom

REFERENCE = Path(__file__).parents[1] / "reference"
STUDY = """\
name: reputation
title: {en: Corporate reputation, zh: 企业声誉}
data: {file: answers.csv, missing_codes: [-99]}
scale: {min: 1, max: 7}
constructs:
  QUAL: {label: {en: Quality, zh: 质量},
         items: qual_1..qual_8, formative: true, overall: qual_global}
  PERF: {label: {en: Performance, zh: 业绩},
         items: perf_1..perf_5, formative: true, overall: perf_global}
  CSOR: {label: {en: Responsibility, zh: 责任},
         items: csor_1..csor_5, formative: true, overall: csor_global}
  ATTR: {label: {en: Attractiveness, zh: 吸引力},
         items: attr_1..attr_3, formative: true, overall: attr_global}
  COMP: {label: {en: Competence, zh: 能力}, items: comp_1..comp_3}
  LIKE: {label: {en: Likeability, zh: 好感}, items: like_1..like_3}
  CUSL: {label: {en: Loyalty, zh: 忠诚}, items: cusl_1..cusl_3}
  WHOLE: {label: {en: Overall, zh: 总体},
          items: [qual_global, perf_global, csor_global, attr_global]}
dimensions:
  REPUTATION: {label: {en: Reputation, zh: 声誉}, of: [QUAL, PERF, CSOR, ATTR]}
models:
  theory: {role: main, paths: ["QUAL, PERF, CSOR, ATTR -> COMP, LIKE", "COMP, LIKE -> CUSL"]}
  whole: {role: rival, paths: ["REPUTATION -> COMP, LIKE", "COMP, LIKE -> CUSL"]}
hypotheses:
  H1: {path: QUAL -> COMP}
  H2: {path: COMP -> CUSL}
  H3: {path: QUAL -> LIKE -> CUSL}
options: {bootstrap: 200}
"""


def written(folder: Path, text: str = STUDY) -> Path:
    answers = (REFERENCE / "pls__corp_rep_data.csv").read_text(encoding="utf-8")
    (folder / "answers.csv").write_text(answers, encoding="utf-8")
    (folder / "study.yml").write_text(text, encoding="utf-8")
    return folder / "study.yml"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    study = read_study(written(tmp_path_factory.mktemp("reputation")))
    survey = read_survey(study)
    choice = choose_model(study, survey.items, plan_estimation(study, survey))
    return study, choice, describe_composites(study, choice, survey, draws=200)


def test_covariance_models_refuse_a_formative_construct_with_a_word(found):
    _, choice, composites = found
    assert choice.reported is None
    said = choice.sentence()
    assert "ATTR, CSOR, PERF and QUAL" in said and "partial least squares" in said
    assert [code for code, _, _ in choice.attempts["theory"].findings()] == ["formative"]
    with pytest.raises(ModelError, match="ATTR, CSOR, PERF, QUAL of model theory is formative"):
        structural_syntax(found[0], found[0].model("main"))
    assert composites.stands_in and composites.formative == ["ATTR", "CSOR", "PERF", "QUAL"]


def test_formative_constructs_are_no_scales(found):
    study, _, composites = found
    assert list(study.scales) == ["COMP", "LIKE", "CUSL", "WHOLE"]
    assert "QUAL =~" not in study.measurement_syntax()
    modes = composites.fit.reliability.set_index("construct")["mode"]
    assert modes.to_dict() == dict.fromkeys(["QUAL", "PERF", "CSOR", "ATTR"], "B") | dict.fromkeys(
        ["COMP", "LIKE", "CUSL"], "A"
    )


def test_indicators_are_kept_by_weight_or_by_loading(found):
    table = found[2].table()
    assert len(table) == 21
    clear = (table.ci_low > 0) | (table.ci_high < 0)
    loads, low = table.loading.abs() >= 0.5, table.vif < 5
    expected = np.select([~low, clear, loads], ["collinear", "clear", "by_loading"], "weak")
    assert table.state.tolist() == expected.tolist()
    assert {"clear", "by_loading"} <= set(table.state)


def test_redundancy_agrees_with_seminr(found):
    theirs = pd.read_csv(REFERENCE / "pls_two_stage__redundancy.csv").set_index("construct").path
    ours = {b["construct"]: b["redundancy"] for b in found[2].blocks}
    # seminr's rows are complete in every item of a larger model; these in the block's own.
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=0.01), name


def test_hypotheses_are_judged_by_pls_where_the_theory_is_formative(found):
    study, choice, composites = found
    verdicts = judge_hypotheses(study, choice, None, composites=composites)
    table = verdicts.table().set_index("hypothesis")
    paths = composites.fit.paths
    assert table.std_all["H1"] == pytest.approx(paths.loc["QUAL", "COMP"])
    assert table.std_all["H3"] == pytest.approx(
        paths.loc["QUAL", "LIKE"] * paths.loc["LIKE", "CUSL"]
    )
    drawn = composites.fit.draws.paths
    product = drawn[("QUAL", "LIKE")] * drawn[("LIKE", "CUSL")]
    assert table.std_low["H3"] == pytest.approx(product.quantile(0.025))
    assert table.verdict["H1"] == "supported" and verdicts.reported


def test_without_formative_constructs_nothing_stands_in(tmp_path):
    reflective = STUDY.replace(", formative: true", "").replace("role: main", "role: fallback")
    study = read_study(written(tmp_path, reflective.replace("role: rival", "role: main")))
    survey = read_survey(study)
    choice = choose_model(study, survey.items, plan_estimation(study, survey))
    syntax = structural_syntax(study, study.model("main"))
    assert "REPUTATION =~ QUAL + PERF + CSOR + ATTR" in syntax
    main = choice.attempts["whole"].fit
    assert main.indices["df"] == count_degrees_of_freedom(study, study.model("main"))
    composites = describe_composites(study, choice, survey, draws=50)
    assert not composites.stands_in and composites.blocks[0]["order"] == 2
    assert composites.table().indicator.tolist() == ["QUAL", "PERF", "CSOR", "ATTR"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("overall: qual_global", "overall: qual_whole"), "'qual_whole' is not an item"),
        (
            ("of: [QUAL, PERF, CSOR, ATTR]}", "of: [PART, ATTR]}\n  PART: [QUAL, PERF, CSOR]"),
            "REPUTATION is a construct of second order and holds dimensions",
        ),
        (("REPUTATION -> COMP", "REPUTATON -> COMP"), "there is no construct 'REPUTATON'"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, change, said):
    _, findings = examine_study(written(tmp_path, STUDY.replace(*change)))
    assert any(said in str(finding.problem) for finding in findings), findings
