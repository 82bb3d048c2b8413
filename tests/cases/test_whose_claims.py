"""Claims count the own brand's customers, weighted, and those alone who answered what they are of.

Right is a ratio of two weighted shares by hand, over scales, gaps, brands and weights.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from cx_value.judge.claims import check_claims, gather_evidence
from cx_value.study import check_study, read_study, read_survey
from cx_value.value.metrics.scorecard import score_metrics
from made.plain import write_study


def draw(scale, n=240):
    low, high = scale
    random = np.random.default_rng(5)
    raw = random.normal(size=(n, 1)) + 0.7 * random.normal(size=(n, 6))
    answers = np.clip(np.round((low + high) / 2 + (high - low) / 4 * raw), low, high)
    frame = pd.DataFrame(answers, columns=["q1", "q2", "q3", "s1", "s2", "s3"])
    frame = frame.mask(random.random(frame.shape) < 0.1)
    frame["nps"] = np.clip(np.round(6 + 1.5 * raw[:, 3] + 2.5 * random.normal(size=n)), 0, 10)
    frame["brand"] = random.choice(["Own", "Rival"], n)
    frame["w"] = random.uniform(0.2, 3, n).round(2)
    return frame


def by_hand(frame, satisfaction, scale, weighted):
    low, high = scale
    score = frame[satisfaction].mean(axis=1)
    known = score.notna()
    weight = frame["w"] if weighted else pd.Series(1.0, frame.index)
    rates = []
    for satisfied in (True, False):
        rows = known & ((score * 1000).round() >= (low + 0.6 * (high - low)) * 1000) == satisfied
        rows &= known
        rates.append(np.average(frame.loc[rows, "nps"] >= 9, weights=weight[rows]))
    return rates[0] / rates[1], int(known.sum())


@pytest.mark.parametrize("scale", [(1, 5), (1, 7), (0, 10), (1, 10), (-3, 3)])
@pytest.mark.parametrize("measure", ["s1", "S"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_promoters_among_the_satisfied(tmp_path, scale, measure, weighted, own):
    frame = draw(scale)
    data = {"file": "a.csv"} | ({"weight": "w"} if weighted else {})
    more = {"brands": {"column": "brand", "own": "Own"}} if own else {}
    path = write_study(
        tmp_path, data=data, scale={"min": scale[0], "max": scale[1]},
        profile={"nps": {}, "brand": {}},
        metrics={"satisfaction": measure, "recommendation": "nps"},
        value={"satisfaction": "S", "loyalty": "Q"}, claims=["satisfied_recommend"], **more,
    )  # fmt: skip
    frame.to_csv(tmp_path / "a.csv", index=False)
    study = read_study(path)
    survey = read_survey(study)
    found = check_claims(study.claims, gather_evidence(study, survey)).table().iloc[0]
    rows = frame[frame.brand == "Own"] if own else frame
    right, n = by_hand(rows, [measure] if measure != "S" else ["s1", "s2", "s3"], scale, weighted)
    assert (found.estimate, found.n) == (pytest.approx(right, rel=1e-12), n)
    weight = rows["w"] if weighted else np.ones(len(rows))
    nps = 100 * np.average((rows.nps >= 9).astype(int) - (rows.nps <= 6), weights=weight)
    told = score_metrics(study, survey=survey).table().set_index("metric")
    assert told.loc["nps", "estimate"] == pytest.approx(nps, rel=1e-12)


@pytest.mark.parametrize("off", [99, 11, -1])
def test_a_recommendation_off_its_scale_is_a_fault(tmp_path, off):
    path = write_study(tmp_path, {"nps": [off] + [9] * 59}, profile={"nps": {}},
                       metrics={"recommendation": "nps"})  # fmt: skip
    assert "answer off the scale" in {f.kind for f in check_study(path)}
    told = yaml.safe_load(path.read_text()) | {"profile": {"nps": {"missing_codes": [off]}}}
    path.write_text(yaml.safe_dump(told))
    study = read_study(path)
    assert gather_evidence(study, read_survey(study)).scores["recommendation"].sum() == 9 * 59


def test_an_item_of_five_points_is_no_likelihood_to_recommend(tmp_path):
    path = write_study(tmp_path, metrics={"recommendation": "s1"})
    assert any("asked from 1 to 5" in f.problem for f in check_study(path))
