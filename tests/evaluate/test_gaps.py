"""Gaps and the journey against R's paired t test, hand calculations and bank-panel's truth.

R: tests/reference/evaluation__gaps.csv, with missing answers, 1e-10.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from cx_value.evaluate.gaps import analyse_gaps, paired_gap
from cx_value.evaluate.journey import map_journey
from cx_value.evaluate.setting import ModelBasis, prepare_evaluation, weigh_constructs
from cx_value.study import read_study, read_survey

REFERENCE = Path(__file__).parents[1] / "reference"
NOTHING = ModelBasis(constructs={}, items={}, left_out=(), target="")
STUDY = """
title: A small study
data: {file: answers.csv}
scale: {min: 1, max: 7}
constructs:
  QUAL: {items: [p1, p2]}
  CARE: {items: [p3, x1]}
  SAT: {items: [s1, s2]}
value: {satisfaction: SAT}
models: {main: [QUAL -> SAT, CARE -> SAT]}
evaluation: {minimum_group: 20}
expectations:
  p1: {expected: e1, desired: d1, adequate: a1}
  p2: e2
  p3: e3
touchpoints:
  SHOP: {stage: before}
  PHONE: {stage: after}
  RARE: {}
  GONE: {}
"""


@pytest.fixture
def setting(tmp_path):
    answers = pd.read_csv(REFERENCE / "evaluation__gap_answers.csv")
    random = np.random.default_rng(3)
    n = len(answers)
    for name in ("x1", "s1", "s2"):
        answers[name] = np.clip(answers["p1"] + random.integers(-1, 2, n), 1, 7)
    answers["d1"], answers["a1"] = (
        np.minimum(answers["e1"] + 1, 7),
        np.maximum(answers["e1"] - 3, 1),
    )
    answers["SHOP"] = np.where(np.arange(n) % 2, 6, 7)
    answers["PHONE"] = np.where(np.arange(n) % 3 == 0, np.nan, 2 + np.arange(n) % 2)
    answers["RARE"] = np.where(np.arange(n) < 10, 5 - np.arange(n) % 2, np.nan)
    answers.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.yml").write_text(STUDY, encoding="utf-8")
    study = read_study(tmp_path)
    return prepare_evaluation(study, read_survey(study), draws=300)


@pytest.fixture
def found(setting):
    return analyse_gaps(setting, weigh_constructs(setting, NOTHING))


def test_items_as_r_with_missing_answers(found):
    wanted = pd.read_csv(REFERENCE / "evaluation__gaps.csv")
    wanted = wanted.rename(columns={"d_z": "d"})
    for name in ("n", "gap", "t", "df", "p", "low", "high", "d", "p_holm"):
        assert found.items[name].to_numpy() == pytest.approx(wanted[name].to_numpy(), rel=1e-9)
    assert found.items["verdict"].tolist() == ["short", "unclear", "ahead"]


def test_holm_is_statsmodels(found):
    assert found.items["p_holm"].to_numpy() == pytest.approx(
        multipletests(found.items["p"], method="holm")[1]
    )


def test_dimensions_are_the_means_of_their_items_in_points(found):
    scaled = found.items.set_index("item")["gap"] / 6 * 100
    gaps = found.dimensions.set_index("node")["gap"]
    assert gaps["QUAL"] == pytest.approx(scaled[["p1", "p2"]].mean())
    assert gaps["CARE"] == pytest.approx(scaled["p3"])
    scores = found.servqual.set_index("score")["gap"]
    assert scores["unweighted"] == pytest.approx(gaps.mean())
    assert scores["weighted"] == pytest.approx(gaps.mean())  # no experts: equal weights


def test_reliability_of_a_difference_score(setting, found):
    items, ratings = setting.survey.items, setting.survey.ratings
    both = items[["p1", "p2"]].notna().to_numpy() & ratings[["e1", "e2"]].notna().to_numpy()
    p, e = items[["p1", "p2"]].where(both), ratings[["e1", "e2"]].where(both)

    def alpha(x):
        cov = x.cov().to_numpy()
        return 2 * (1 - np.trace(cov) / cov.sum())

    r = p.mean(axis=1).corr(e.mean(axis=1))
    wanted = (alpha(p) + alpha(e) - 2 * r) / (2 - 2 * r)
    assert found.dimensions.set_index("node").loc["QUAL", "reliability"] == pytest.approx(wanted)


def test_zone_of_tolerance_by_hand(setting, found):
    items, ratings = setting.survey.items, setting.survey.ratings
    row = found.zone.iloc[0]
    a, d, p = ratings["a1"], ratings["d1"], items["p1"]
    assert row["position"] == pytest.approx((p.mean() - a.mean()) / (d.mean() - a.mean()))
    assert row["within"] == pytest.approx(((p >= a) & (p <= d)).mean())
    assert row[["below", "within", "above"]].sum() == pytest.approx(1)


def changed(tmp_path, text, **columns):
    """Return the setting of the study with columns changed and a line of its file replaced."""
    answers = pd.read_csv(tmp_path / "answers.csv").assign(**columns)
    answers.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.yml").write_text(STUDY.replace("file: answers.csv", text), encoding="utf-8")
    study = read_study(tmp_path)
    return prepare_evaluation(study, read_survey(study), draws=300)


def test_the_zone_is_that_of_the_weighted_respondents(tmp_path, setting):
    n = setting.survey.n
    w = 1.0 + np.arange(n) % 4
    other = changed(tmp_path, "file: answers.csv, weight: w", w=w)
    row = analyse_gaps(other, weigh_constructs(other, NOTHING)).zone.iloc[0]
    held = np.column_stack([other.survey.ratings[k] for k in ("a1", "d1")])
    p = other.survey.items["p1"].to_numpy()
    kept = np.isfinite(p) & np.isfinite(held).all(axis=1)
    assert row["perceived"] == pytest.approx(np.average(p[kept], weights=w[kept]))
    assert row["below"] == pytest.approx(np.average((p < held[:, 0])[kept], weights=w[kept]))


def test_the_verdict_on_a_dimension_goes_by_the_sign_of_its_gap(tmp_path, setting):
    random, n = np.random.default_rng(4), setting.survey.n
    few, many = (random.integers(low, low + 3, (3, n)) for low in (1, 5))
    other = changed(tmp_path, "file: answers.csv", p1=few[0], p2=few[1], e1=many[0], e2=many[1],
                    p3=many[2], e3=few[2])  # fmt: skip
    nodes = analyse_gaps(other, weigh_constructs(other, NOTHING)).dimensions.set_index("node")
    assert nodes.verdict.to_dict() == {"QUAL": "short", "CARE": "ahead"}
    assert nodes.gap["QUAL"] < 0 < nodes.gap["CARE"]


def test_a_contact_that_is_no_worse_than_the_others_for_sure_is_no_pain(tmp_path, setting):
    n = setting.survey.n
    other = changed(tmp_path, "file: answers.csv", SHOP=3 + np.arange(n) % 3,
                    PHONE=3 + (np.arange(n) + 1) % 3)  # fmt: skip
    frame = map_journey(other).frame
    assert (frame.against_low < 0).all() and frame.pain.tolist() == ["no"] * len(frame)


def test_disconfirmation_is_least_squares(setting, found):
    items, ratings = setting.survey.items, setting.survey.ratings
    points = lambda x: (x - 1) / 6 * 100  # noqa: E731
    p = pd.DataFrame({k: points(items[f"p{k}"]) for k in (1, 2, 3)})
    e = pd.DataFrame({k: points(ratings[f"e{k}"]) for k in (1, 2, 3)})
    both = p.notna() & e.notna()
    x = np.column_stack([np.ones(len(p)), p.where(both).mean(axis=1), e.where(both).mean(axis=1)])
    y = points(items[["s1", "s2"]]).mean(axis=1).to_numpy()
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    d = found.disconfirmation
    assert (d["perceived"], d["expected"]) == pytest.approx((slopes[1], slopes[2]))
    assert d["perceived_low"] < d["perceived"] < d["perceived_high"]


def test_equal_weights_and_repeated_rows_give_the_same_gap():
    p, e = np.array([3.0, 4, 5, 3]), np.array([5.0, 5, 5, 6])
    weighted = paired_gap(p, e, np.array([1.0, 2, 1, 1]), 0.95)
    repeated = paired_gap(np.repeat(p, [1, 2, 1, 1]), np.repeat(e, [1, 2, 1, 1]), np.ones(5), 0.95)
    assert weighted["gap"] == pytest.approx(repeated["gap"])


def test_journey_by_hand(setting):
    found = map_journey(setting)
    table = found.table().set_index("touchpoint")
    shop = setting.survey.ratings["SHOP"]
    assert table.loc["SHOP", "score"] == pytest.approx(((shop - 1) / 6 * 100).mean())
    assert table.loc["PHONE", "share"] == pytest.approx(2 / 3)
    assert table["pain"].to_dict() == {"SHOP": "no", "PHONE": "yes"}
    assert table.loc["PHONE", "poor_of_all"] == pytest.approx(2 / 3)
    sat = setting.scores.constructs["SAT"]
    slope = np.polyfit(((shop - 1) / 6 * 100), sat, 1)[0]
    assert table.loc["SHOP", "slope"] == pytest.approx(10 * slope)
    assert found.small == ({"touchpoint": "RARE", "n": 10},)
    assert found.missing == ("GONE",)
    assert "PHONE" in found.sentence("en") and "PHONE" in found.sentence("zh")


def test_a_missing_expectation_is_told_and_the_rest_stands(tmp_path, setting):
    study = setting.study
    absent = study.expectations[1].model_copy(update={"expected": "nowhere"})
    changed = study.model_copy(
        update={"expectations": (study.expectations[0], absent, study.expectations[2])}
    )
    other = prepare_evaluation(changed, setting.survey, draws=20)
    found = analyse_gaps(other, weigh_constructs(other, NOTHING))
    assert found.missing == ("nowhere",) and len(found.items) == 2
    none = study.model_copy(update={"expectations": ()})
    bare = prepare_evaluation(none, setting.survey, draws=20)
    assert analyse_gaps(bare, weigh_constructs(bare, NOTHING)) is None


def test_the_path_model_finds_the_causes_that_answers_were_made_from(tmp_path):
    from cx_value.evaluate.disconfirmation import model_disconfirmation

    random, n, k = np.random.default_rng(5), 900, 4
    latent = random.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], n)
    names = [f"Q{j}" for j in range(k)]
    frame = {}
    for name in names:
        shared = 0.3 * random.normal(size=n)
        for item in (f"{name}1", f"{name}2"):
            frame[item] = 4 + 0.8 * latent[:, 0] + shared + 0.4 * random.normal(size=n)
            frame[f"E_{item}"] = 4 + 0.8 * latent[:, 1] + shared + 0.4 * random.normal(size=n)
    target = 0.6 * latent[:, 0] - 0.4 * latent[:, 1] + 0.4 * random.normal(size=n)
    for j in (1, 2, 3):
        frame[f"SAT{j}"] = 4 + 0.8 * target + 0.3 * random.normal(size=n)
    data = pd.DataFrame(frame).clip(-3, 11)
    data.to_csv(tmp_path / "a.csv", index=False)
    items = {f"{name}{i}": name for name in names for i in (1, 2)}
    text = "title: T\ndata: {file: a.csv}\nscale: {min: -3, max: 11}\nconstructs:\n"
    for name in [*names, "SAT"]:
        own = [i for i, c in items.items() if c == name] or ["SAT1", "SAT2", "SAT3"]
        text += f"  {name}: {{label: {name}, items: [{', '.join(own)}]}}\n"
    text += "expectations: {" + ", ".join(f"{i}: E_{i}" for i in items) + "}\n"
    (tmp_path / "study.yml").write_text(text + "value: {satisfaction: SAT}\n", encoding="utf-8")
    study = read_study(tmp_path / "study.yml")
    found = model_disconfirmation(prepare_evaluation(study, read_survey(study), draws=20))
    by = found.table().set_index("path")
    for path, truth in (("perceived", 0.6), ("expected", -0.4), ("sum", 0.2)):
        assert by.loc[path, "est_low"] < truth < by.loc[path, "est_high"]
    facts = found.facts()
    assert facts["expectation_acts"] and not facts["gap_is_enough"] and found.n_used == n
    without = study.model_copy(
        update={"value": study.value.model_copy(update={"satisfaction": None})}
    )
    assert model_disconfirmation(prepare_evaluation(without, read_survey(study), draws=20)) is None
