"""Metrics by brand, figures from elsewhere and conversion, by hand and by scipy and statsmodels."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cx_value.base.errors import DataError
from cx_value.evaluate.comparison import brand_metrics, conversion, conversion_of, outside_figures
from cx_value.study import check_study, read_study, read_survey
from cx_value.value.metrics.scorecard import score_metrics

STUDY = """
title: Brands
data: {file: answers.csv}
scale: {min: 1, max: 5}
constructs:
  A: {label: A, items: [x, y, z]}
profile:
  brand: {values: {a: Ours, b: Theirs, c: Other, d: Tiny}}
  rec: {label: Recommendation}
  ces: {label: Effort}
brands: {column: brand, own: a}
metrics: {satisfaction: x, satisfied_from: 4, recommendation: rec, effort: ces}
benchmarks:
  market: {label: Market, metric: csat, value: 0.95, date: 2026-01-31, source: Yearbook}
  old_one: {label: Old, metric: nps, value: 300, date: 2019-01-31}
funnel: {file: funnel.csv}
"""


@pytest.fixture
def study(tmp_path):
    random = np.random.default_rng(4)
    brand = np.repeat(list("abcd"), [200, 180, 150, 8])
    shift = np.repeat([0.0, -1.2, 0.0, 0.0], [200, 180, 150, 8])
    answers = {c: np.clip(np.round(3.6 + shift + random.normal(size=538)), 1, 5) for c in "xyz"}
    frame = pd.DataFrame({"brand": brand, **answers}).astype({c: int for c in "xyz"})
    rec = np.round(7.5 + 1.5 * shift + 2 * random.normal(size=538))
    frame["rec"] = np.clip(rec, 0, 10).astype(int)
    frame["ces"] = random.integers(1, 8, 538)
    frame.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.yml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "funnel.csv").write_text("step,visitors\nvisit,1000\nbasket,240\norder,60\n")
    return read_study(tmp_path / "study.yml")


def test_brands_are_compared_as_by_hand(study):
    survey = read_survey(study)
    found = brand_metrics(study, survey)
    table = found.table().set_index(["metric", "brand"])
    satisfied = (survey.items.x >= 4).groupby(survey.profile.brand.astype(str), observed=True)
    share, n = satisfied.mean(), satisfied.size()
    gap = share["Ours"] - share["Theirs"]
    error = np.sqrt(sum(share[b] * (1 - share[b]) / n[b] for b in ("Ours", "Theirs")))
    row = table.loc[("csat", "Theirs")]
    assert row.difference == pytest.approx(gap) and row.n == 180
    assert row.p == pytest.approx(2 * norm.sf(gap / error))
    assert row.diff_low == pytest.approx(gap - norm.ppf(0.975) * error)
    tested = found.table().dropna(subset="p")
    assert (tested.p_adjusted >= tested.p).all() and len(tested) == 6
    assert row.differs and not table.loc[("csat", "Other")].differs
    assert found.small == ("Tiny",)
    answers = pd.to_numeric(survey.profile.rec.astype(object)) if "rec" in survey.profile else (
        survey.quantities.rec)  # fmt: skip
    ours = answers[survey.profile.brand.astype(str) == "Ours"]
    wanted = 100 * ((ours >= 9).mean() - (ours <= 6).mean())
    assert table.loc[("nps", "Ours")].estimate == pytest.approx(wanted)
    assert found.sentence() and found.sentence("zh")


def test_a_brands_figures_are_those_of_the_core_metrics(study):
    survey = read_survey(study)
    by_brand = brand_metrics(study, survey).table().query("role == 'own'").set_index("metric")
    core = score_metrics(study, survey).table().set_index("metric")
    for metric in ("csat", "nps", "effort"):
        for mine, theirs in (("estimate", "estimate"), ("low", "ci_low"), ("high", "ci_high")):
            assert by_brand.loc[metric, mine] == pytest.approx(core.loc[metric, theirs])


def test_figures_from_elsewhere_are_checked(study):
    found = outside_figures(study, read_survey(study))
    rows = found.table().set_index("benchmark")
    assert rows.apart["market"] and rows.difference["market"] < 0 and rows.faults["market"] == ""
    assert rows.faults["old_one"].split() == ["no_source", "old", "out_of_range"]
    assert np.isnan(rows.own["old_one"])
    assert found.sentence() and found.sentence("zh")


def test_visitors_of_a_funnel(study):
    found = conversion_of(study)
    assert found.facts()["rate"] == 0.06 and found.facts()["worst"]["step"] == "basket"
    assert found.table().rate.tolist()[1:] == [0.24, 0.25]
    with pytest.raises(DataError, match="do not narrow"):
        conversion(["a", "b"], [10, 20], 0.95)


def test_a_study_without_brands_or_benchmarks_says_nothing():
    bare = SimpleNamespace(brands=None, benchmarks=(), funnel=None)
    assert brand_metrics(bare, None) is None and outside_figures(bare, None) is None
    assert conversion_of(bare) is None


def test_the_keys_are_checked(study):
    assert not [f for f in check_study(study.folder) if f.severity == "error"]
