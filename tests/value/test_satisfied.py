"""Who counts as satisfied: limits on the item's own scale, against exact rational arithmetic."""

from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cx_value.base.formulas import reaches
from cx_value.study.spec import Construct, Item, Metrics, Profile, Scale, Value
from cx_value.value.metrics.core import customer_satisfaction, net_promoter_score
from cx_value.value.metrics.satisfied import loyal, own_respondents, satisfied

SCALES = [(1, 4), (1, 5), (1, 6), (1, 7), (0, 4), (0, 5), (0, 6), (1, 9), (1, 10), (0, 10),
          (1, 100), (-3, 3)]  # fmt: skip


def study_of(scale, k, limit=None, measure="SAT", scales=None):
    scales = scales or [scale] * k
    items = tuple(Item(name=f"S{i}", label=f"S{i}", scale=Scale(minimum=a, maximum=b))
                  for i, (a, b) in enumerate(scales))  # fmt: skip
    construct = Construct(name="SAT", label="Satisfaction", items=items)
    return SimpleNamespace(
        constructs=(construct,), items=list(items), construct=lambda name: construct,
        metrics=Metrics(satisfaction=measure, satisfied_from=limit),
        value=Value(satisfaction="SAT", loyalty="SAT"), profile=(),
    )  # fmt: skip


def survey_of(answers):
    return SimpleNamespace(items=answers)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 7])
def test_whoever_is_exactly_at_a_limit_reaches_it(scale, k):
    """Every limit of the scale in tenths; sums of answers at, one below and one above it."""
    low, high = scale
    limits = [Fraction(low) + Fraction(t, 10) for t in range(10 * (high - low) + 1)]
    sums = np.arange(k * low, k * high + 1)
    answers = pd.DataFrame([spread(total, k, low, high) for total in sums],
                           columns=[f"S{i}" for i in range(k)], dtype=float)  # fmt: skip
    for limit in limits[:: max(1, len(limits) // 120)]:
        standing = satisfied(study_of(scale, k, float(limit)), survey_of(answers))
        exact = [Fraction(int(total), k) >= limit for total in sums]
        assert (standing.reached == 1).tolist() == exact, limit
        index = 100 * (answers.to_numpy().mean(axis=1) - low) / (high - low)
        on_index = reaches(index, 100 * ((float(limit) - low) / (high - low)))
        assert on_index.tolist() == exact, limit


def spread(total, k, low, high):
    """Return k whole answers on the scale that add up to a total."""
    extra, answers = int(total) - k * low, []
    for _ in range(k):
        more = min(extra, high - low)
        answers.append(low + more)
        extra -= more
    return answers


@pytest.mark.parametrize(("scale", "share"), product(SCALES, ["satisfied", "loyal"]))
def test_without_a_limit_it_is_a_share_of_the_scale(scale, share):
    low, high = scale
    answers = pd.DataFrame({"S0": np.arange(low, high + 1, dtype=float)})
    function, part = (
        (satisfied, Fraction(3, 5)) if share == "satisfied" else (loyal, Fraction(4, 5))
    )
    standing = function(study_of(scale, 1), survey_of(answers))
    exact = [low + part * (high - low) <= a for a in range(low, high + 1)]
    assert (standing.reached == 1).tolist() == exact


def test_an_item_or_the_mean_of_what_is_answered():
    answers = pd.DataFrame(
        {"S0": [6.0, 7, np.nan], "S1": [5, np.nan, np.nan], "S2": [7, 5, np.nan]}
    )
    study = study_of((1, 7), 3, 6)
    mean = satisfied(study, survey_of(answers))
    assert mean.reached.tolist()[:2] == [1, 1] and np.isnan(mean.reached.iloc[2])
    single = satisfied(study_of((1, 7), 3, 6, measure="S1"), survey_of(answers))
    assert (single.items, single.reached.tolist()[0]) == (1, 0)
    assert single.facts() == {"measure": "S1", "k": 1, "limit": 6, "lowest": 1, "highest": 7}


def test_items_of_unlike_scales_are_brought_to_the_first_ones():
    study = study_of(None, 2, 6, scales=[(1, 7), (0, 10)])
    answers = pd.DataFrame({"S0": [6.0, 7.0], "S1": [8.4, 5.0]})
    standing = satisfied(study, survey_of(answers))
    assert standing.scores.tolist() == pytest.approx([6.02, 5.5])
    assert standing.reached.tolist() == [1, 0]


# --- weighted, of the own brand -------------------------------------------------------------------


def test_equal_weights_change_nothing_and_unequal_ones_follow_the_weighted_share():
    answers = np.r_[np.full(30, 7.0), np.full(50, 4.0)]
    plain = customer_satisfaction(answers, satisfied_from=6).table()
    same = customer_satisfaction(answers, satisfied_from=6, weights=np.full(80, 2.5)).table()
    numbers = ["estimate", "std_error", "ci_low", "ci_high", "n"]
    assert same[numbers].to_numpy() == pytest.approx(plain[numbers].to_numpy(), rel=1e-12)
    weights = np.tile([3.0, 1.0], 40)
    heavy = customer_satisfaction(answers, satisfied_from=6, weights=weights).table()
    p = 60 / 160
    assert heavy["estimate"].tolist() == pytest.approx([p, 7 * p + 4 * (1 - p)])
    # Taylor linearisation by hand: residuals w (y - p), n / (n - 1).
    residuals = weights * ((answers >= 6) - p)
    error = np.sqrt(80 / 79 * (residuals**2).sum()) / 160
    assert heavy["std_error"].iloc[0] == pytest.approx(error, rel=1e-9)


def test_weighted_nps_and_its_coverage():
    """Promoters weigh a half: the weighted score is the population's, 400 samples, 95 %."""
    random, hits = np.random.default_rng(5), 0
    answers_of = np.array([10.0, 8, 3])
    true = 100 * (0.25 - 0.40)
    for _ in range(400):
        drawn = random.choice(3, size=300, p=[0.4, 0.28, 0.32])
        weight = np.array([0.25 / 0.4, 0.35 / 0.28, 0.40 / 0.32])[drawn]
        row = net_promoter_score(answers_of[drawn], weights=weight).table().iloc[0]
        hits += row.ci_low <= true <= row.ci_high
    assert 0.923 <= hits / 400 <= 0.985


def test_answers_without_a_weight_are_dropped_and_counted():
    found = net_promoter_score([10, 0, 5, 9], weights=[1, 0, np.nan, 1])
    assert (found.n_used, found.n_dropped) == (2, 2) and found.rows.estimate.item() == 100


@pytest.mark.parametrize("own", ["Harbour", 1])
def test_the_own_brand_by_its_value_or_its_label(own):
    study = SimpleNamespace(
        brands=SimpleNamespace(column="brand", own=own),
        profile=(Profile(name="brand", label="Brand", values={"1": "Harbour", "2": "Northgate"}),),
    )
    profile = pd.DataFrame({"brand": pd.Categorical(["Harbour", "Northgate", None, "Harbour"])})
    survey = SimpleNamespace(profile=profile, items=pd.DataFrame(index=range(4)))
    assert own_respondents(study, survey).tolist() == [True, False, False, True]
    study.brands = None
    assert own_respondents(study, survey).all()
