"""Targets and actions: errors against statsmodels, the planted effect, and what cannot be told."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from cx_value.evaluate.tracking.goals import (
    difference_in_differences,
    follow_actions,
    follow_targets,
)
from cx_value.study import check_study, read_study, read_survey
from cx_value.study.goal_checks import check_goals

PANEL = Path(__file__).parents[2] / "data" / "bank-panel"


def world(units=40, each=15, effect=4.0, seed=3):
    random = np.random.default_rng(seed)
    n = units * each
    unit = pd.Series(np.repeat(np.arange(units), each))
    reached, after = unit < units / 2, pd.Series(random.random(n) < 0.5)
    score = 60 + random.normal(0, 3, units)[unit] + 2 * after + effect * (reached & after)
    return pd.Series(score + random.normal(0, 8, n)), after, reached, unit


@pytest.mark.parametrize("clustered", [True, False])
def test_effect_and_errors_equal_statsmodels(clustered):
    score, after, reached, unit = world()
    weights = pd.Series(np.random.default_rng(1).uniform(0.5, 2, len(score)))
    score.iloc[:7] = np.nan
    found = difference_in_differences(score, after, reached, weights, unit if clustered else None)
    kept = score.notna()
    r, t = reached[kept].astype(float), after[kept].astype(float)
    x = np.column_stack([np.ones(kept.sum()), r, t, r * t])
    how = {"cov_type": "HC1"} if not clustered else {
        "cov_type": "cluster", "cov_kwds": {"groups": unit[kept].to_numpy()}}  # fmt: skip
    fit = sm.WLS(score[kept].to_numpy(), x, weights=weights[kept].to_numpy()).fit(use_t=True, **how)
    low, high = fit.conf_int()[-1]
    assert found["difference"] == pytest.approx(fit.params[-1], abs=1e-9)
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-8)
    assert found["errors"] == ("units" if clustered else "respondents")


def test_too_few_units_no_controls_and_an_empty_side_are_told():
    score, after, reached, unit = world(units=6)
    ones = pd.Series(1.0, score.index)
    assert difference_in_differences(score, after, reached, ones, unit)["errors"] == "respondents"
    alone = difference_in_differences(score, after, reached | True, ones)
    assert alone["errors"] == "none"
    assert alone["difference"] == pytest.approx(score[after].mean() - score[~after].mean())
    empty = difference_in_differences(score, after & False, reached, ones)
    assert empty["errors"] == "empty" and np.isnan(empty["difference"])


def test_the_planted_action_is_found_within_its_interval():
    study = read_study(PANEL)
    row = follow_actions(study, read_survey(study)).table().iloc[0]
    told = json.loads((PANEL / "truth.json").read_text("utf-8"))
    slopes = [told["items"]["points_per_latent_sd"][f"RES{k}"] for k in (1, 2, 3)]
    points = np.mean(slopes) * told["parameters"]["programme_effect"] / 6 * 100
    assert row.low < points < row.high


def test_a_target_is_judged_by_the_last_wave():
    study = read_study(PANEL)
    row = follow_targets(study, read_survey(study)).table().iloc[0]
    error = (row.high - row.low) / 2 / norm.ppf(0.975)
    assert row.probability == pytest.approx(norm.cdf((row["mean"] - row.value) / error))
    assert row.wave == "4"


def test_unknown_metrics_and_levers_are_named(tmp_path):
    text = (PANEL / "study.yml").read_text("utf-8")
    for file in PANEL.iterdir():
        if file.suffix != ".yml":
            (tmp_path / file.name).symlink_to(file)
    wrong = text.replace("lever: RES", "lever: REZ").replace("metric: SAT", "metric: SATT")
    (tmp_path / "study.yml").write_text(wrong, "utf-8")
    problems = [f.problem for f in check_study(tmp_path) if f.severity == "error"]
    assert "'REZ' is not declared" in problems and "'SATT' is not declared" in problems


def test_a_target_may_be_one_of_the_core_metrics_on_its_own_scale():
    study = read_study(PANEL / "study.yml")
    survey = read_survey(study)
    found = follow_targets(study, survey).table().set_index("target").loc["T_NPS"]
    rows = (survey.profile.brand.astype(str) == "Harbour") & (survey.wave == survey.wave.max())
    answers, w = survey.quantities.NPS[rows], survey.weights[rows]
    score = 100.0 * ((answers >= 9).astype(float) - (answers <= 6))
    mean = np.average(score, weights=w)
    error = np.sqrt((w**2 * (score - mean) ** 2).sum()) / w.sum()
    assert found["mean"] == pytest.approx(mean)
    half = 1.959964 * error
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half), abs=1e-4)
    assert found.probability == pytest.approx(norm.cdf((mean + 5) / error))
    target = study.targets[1]
    for metric, value in (("csat", -5), ("nsp", 5)):
        wrong = study.model_copy(
            update={"targets": (target.model_copy(update={"metric": metric, "value": value}),)}
        )
        (finding,) = [f for f in check_goals(wrong) if "T_NPS" in f.where]
        told = "csat cannot reach -5" if metric == "csat" else "'nsp' is not declared"
        assert told in finding.problem
