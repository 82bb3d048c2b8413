"""Moderations declared in a study: read, tested, told.

Products, paths and slopes of the engine are tested against semTools in test_interaction.py; here
it is tested that what a study declares reaches them, by a call of the engine made by hand.
"""

import re

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import StudyError
from cx_value.judge.estimation import plan_estimation
from cx_value.judge.moderations import probe_moderations
from cx_value.judge.structure import choose_model
from cx_value.sem import fit_interaction
from cx_value.study import read_study, read_survey

STUDY = """\
name: moderated
title: Moderated
population: simulated customers
data: {file: answers.csv}
scale: {min: -9, max: 9}
constructs:
  SAT: {label: Satisfaction, items: [s1, s2, s3]}
  TRU: {label: Trust, items: [t1, t2, t3, t4]}
  LOY: {label: Loyalty, items: [l1, l2, l3]}
models:
  main: {paths: ["SAT, TRU -> LOY"]}
moderations:
  M1: {path: SAT -> LOY, by: TRU}
"""


def write_study(folder, text=STUDY, n=400):
    rng = np.random.default_rng(8)
    s, t, e = rng.normal(size=(3, n))
    latent = {"s": s, "t": t, "l": 0.5 * s + 0.2 * t + 0.3 * s * t + 0.6 * e}
    items = {
        f"{name}{i}": values + 0.5 * rng.normal(size=n)
        for name, values in latent.items()
        for i in range(1, 5 if name == "t" else 4)
    }
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(items).round(3).to_csv(folder / "answers.csv", index=False)
    (folder / "study.yml").write_text(text, encoding="utf-8")
    return folder / "study.yml"


def probed(path):
    study = read_study(path)
    survey = read_survey(study)
    how = plan_estimation(study, survey)
    answers = survey.items.join(survey.quantities)
    return probe_moderations(study, choose_model(study, survey.items, how), answers, how), survey


def test_a_declared_moderation_is_the_engines(tmp_path):
    ours, survey = probed(write_study(tmp_path))
    syntax = "SAT =~ s1 + s2 + s3\nTRU =~ t1 + t2 + t3 + t4\nLOY =~ l1 + l2 + l3\nLOY ~ SAT + TRU"
    pairs = [("s1", "t1"), ("s2", "t2"), ("s3", "t3")]
    theirs = fit_interaction(
        syntax, survey.items, outcome="LOY", predictor="SAT", moderator="TRU", pairs=pairs
    )
    product, row = theirs.table().iloc[2], ours.table().iloc[0]
    for name, other in (("est", "est"), ("se", "se"), ("p", "p"), ("low", "ci_low")):
        assert row[name] == pytest.approx(product[other], abs=1e-9)
    assert row.low < 0.3 * 0.5 / 0.5 < row.high and row.significant and row.admissible
    slopes = ours.slopes()
    np.testing.assert_allclose(slopes.est, theirs.table().query("kind == 'simple_slope'").est)
    assert list(slopes.moderator_sd) == [-1, 0, 1]
    for lang in ("en", "zh"):
        said = ours.sentence(lang)
        shown = [float(v) for v in re.findall(r"b = (-?\d*\.\d{3})", said)]
        assert shown[0] == pytest.approx(row.est, abs=5e-4)
    assert "TRU strengthened the effect of SAT on LOY" in ours.sentence("en")


def test_a_number_of_the_profile_moderates_as_an_observed_variable(tmp_path):
    path = write_study(
        tmp_path,
        STUDY.replace("by: TRU", "by: age").replace("SAT, TRU -> LOY", "SAT -> LOY")
        + "profile: {age: {}}\n",
    )
    answers = pd.read_csv(tmp_path / "answers.csv")
    age = 40 + 12 * answers[["t1", "t2", "t3", "t4"]].mean(axis=1).round(2)
    answers.assign(age=age).to_csv(tmp_path / "answers.csv", index=False)
    ours, survey = probed(path)
    assert dict(ours.refused) == {}
    row = ours.table().iloc[0]
    standardised = (age - age.mean()) / age.std()
    frame = survey.items.assign(z=standardised.to_numpy())
    syntax = "SAT =~ s1 + s2 + s3\nLOY =~ l1 + l2 + l3\nage =~ 1*z\nz ~~ 0*z\nLOY ~ SAT + age"
    theirs = fit_interaction(
        syntax, frame, outcome="LOY", predictor="SAT", moderator="age",
        pairs=[("s1", "z"), ("s2", "z"), ("s3", "z")],
    )  # fmt: skip
    assert row.est == pytest.approx(theirs.table().iloc[2].est, abs=1e-6)
    assert row.significant and row.low < 0.3 < row.high


def test_a_moderation_of_no_path_is_told_and_the_rest_stands(tmp_path):
    more = STUDY + "  M2: {path: LOY -> SAT, by: TRU}\n"
    ours, _ = probed(write_study(tmp_path, more))
    assert list(ours.table().name) == ["M1"] and dict(ours.refused) == {"M2": "not_in_model"}
    assert "was not tested" in ours.sentence("en") and "未作检验" in ours.sentence("zh")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{path: SAT -> LOY, by: TRUST}", "TRUST"),
        ("{path: SAT -> LOY, by: SAT}", "named twice"),
        ("{path: SAT -> TRU -> LOY, by: SAT}", "SAT -> TRU -> LOY"),
        ("{path: SAT -> LOY}", "by"),
    ],
)
def test_what_cannot_be_a_moderation_is_refused_with_its_place(tmp_path, line, message):
    text = STUDY.replace("{path: SAT -> LOY, by: TRU}", line)
    with pytest.raises(StudyError, match=message):
        read_study(write_study(tmp_path, text))
