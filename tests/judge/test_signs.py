"""Signs and boundaries of verdicts: each on either side of its limit, and on the limit itself."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cx_value.base.cutoffs import CUTOFFS
from cx_value.judge.claims.quantities import Estimate
from cx_value.judge.claims.verdicts import judge_claim
from cx_value.judge.hypotheses import _verdict
from cx_value.judge.levers import rank_levers
from cx_value.judge.power import judge_power
from cx_value.judge.residuals import largest_residuals
from cx_value.judge.rivals import RivalComparison
from cx_value.judge.weak_links import IMPROPER_SHARE, _of_draws, _of_fit, _of_pairs, _of_scales
from cx_value.sem import fit_model
from cx_value.study import read_study
from cx_value.study.theory import Hypothesis

CASES = [
    # est, low, high, p, sign, through, verdict
    (0.4, 0.2, 0.6, 0.001, "+", (), "supported"), (0.4, 0.2, 0.6, 0.001, "-", (), "contradicted"),
    (-0.4, -0.6, -0.2, 0.001, "-", (), "supported"),
    (-0.4, -0.6, -0.2, 0.001, "+", (), "contradicted"),
    (0.1, -0.1, 0.3, 0.001, "+", (), "not_supported"),
    (0.4, 0.2, 0.6, 0.05, "+", (), "not_supported"),
    (0.4, 0.2, 0.6, 0.0499, "+", (), "supported"),
    (0.4, 0.0, 0.6, 0.001, "+", (), "not_supported"),
    (0.4, 0.2, 0.6, 0.2, "+", ("M",), "supported"),
    (-0.4, -0.6, 0.0, 0.001, "-", ("M",), "not_supported"),
]  # fmt: skip


@pytest.mark.parametrize(("est", "low", "high", "p", "sign", "through", "verdict"), CASES)
def test_a_verdict_follows_interval_p_and_sign(est, low, high, p, sign, through, verdict):
    told = {"name": "H", "from": "A", "to": "B", "sign": sign, "through": list(through)}
    row = pd.Series({"est": est, "std_ci_low": low, "std_ci_high": high, "p": p})
    assert _verdict(Hypothesis.model_validate(told), row, CUTOFFS["significance"]) == verdict


@pytest.mark.parametrize(("share", "told"), [(IMPROPER_SHARE, False), (0.0501, True), (0, False)])
def test_improper_refits_are_told_beyond_their_share(share, told):
    found = _of_draws(SimpleNamespace(improper_share=share))
    assert found == ([{"code": "improper", "share": share}] if told else [])


@pytest.mark.parametrize(("met", "told"), [(4, False), (3, True), (0, True)])
def test_a_model_that_misses_any_rule_of_fit_is_told(met, told):
    facts = {"df": 24, "n_met": met, "criteria": [{}] * 4}
    found = _of_fit(SimpleNamespace(facts=lambda: facts))
    assert found == ([{"code": "fit", "met": met, "rules": 4}] if told else [])
    assert _of_fit(SimpleNamespace(facts=lambda: {**facts, "df": 0})) == []


def test_scales_and_pairs_are_told_on_the_wrong_side_of_their_rule_alone():
    alpha = pd.DataFrame({"construct": list("ABC"), "alpha": [0.699, 0.70, np.nan]})
    assert [set(names) for names, _ in _of_scales(alpha, CUTOFFS["alpha"])] == [{"A"}]
    htmt = pd.DataFrame({"construct_1": "A", "construct_2": list("BCD"),
                         "htmt": [0.849, 0.85, np.nan]})  # fmt: skip
    assert [set(names) for names, _ in _of_pairs(htmt, CUTOFFS["htmt"])] == [{"A", "C"}]


def test_levers_are_ranked_by_size_whatever_the_sign_and_clear_on_either_side_of_zero():
    totals = pd.DataFrame({
        "source": list("ABCD"), "target": "Y", "kind": "total", "std_all": [0.2, -0.5, 0.3, 0.01],
        "std_ci_low": [0.1, -0.7, 0.0, -0.1], "std_ci_high": [0.3, -0.3, 0.6, 0.12],
    })  # fmt: skip
    found = SimpleNamespace(table=lambda: totals, n_used=9, n_dropped=0, confidence=0.95, notes=())
    levers = rank_levers(found)
    assert list(levers.table().source) == ["B", "C", "A", "D"]
    outcome = levers.facts()["outcomes"][0]
    assert [e["source"] for e in outcome["negative"]] == ["B"]
    assert [e["source"] for e in outcome["positive"]] == ["A"]
    assert outcome["unclear"] == ["C", "D"]


def rivals(**columns):
    row = {"model": "r", "reported": False, "nested": False, "delta_bic": 3.0, "delta_cfi": -0.01,
           **columns}  # fmt: skip
    return RivalComparison(n_used=9, method="", frame=pd.DataFrame([row])).facts()["rivals"][0]


def test_the_reported_model_is_better_where_the_rival_has_more_bic_or_less_cfi():
    assert rivals()["lower_bic"] and not rivals()["lower_cfi"]
    assert not rivals(delta_bic=-3.0)["lower_bic"] and rivals(delta_cfi=0.01)["lower_cfi"]
    assert not rivals(delta_bic=np.nan)["bic_known"]
    assert rivals(delta_cfi=0.0004)["same_cfi"] and not rivals(delta_cfi=0.0005)["same_cfi"]


@pytest.mark.parametrize(("low", "high", "verdict"), [
    (3.75, 6.25, "supported"), (3.7, 6.0, "undecided"), (4.0, 6.3, "undecided"),
    (1.0, 3.74, "contradicted"), (6.26, 8.0, "contradicted"), (1.0, 3.75, "undecided"),
    (6.25, 8.0, "undecided"), (1.0, 9.0, "undecided"),
])  # fmt: skip
def test_a_claim_is_judged_by_its_whole_interval(low, high, verdict):
    found = Estimate(value=(low + high) / 2, low=low, high=high, n=99)
    assert judge_claim(found, 3.75, 6.25) == verdict


def test_power_is_that_of_the_models_own_degrees_of_freedom_and_residuals_count_by_size():
    study = read_study("data/ecsi-mobile")
    items = pd.read_csv("data/ecsi-mobile/mobi.csv")[[i.name for i in study.items]]
    fit = fit_model(study.measurement_syntax(), items)
    assert judge_power(study, 250).df == fit.indices["df"]
    found = largest_residuals(fit)
    sizes = found.table().residual.abs()
    assert (sizes.diff().dropna() <= 0).all() and (found.table().residual < 0).any()
    assert (found.table().beyond == (sizes > found.cutoff.threshold)).all()
    assert found.facts()["beyond"] == (sizes > found.cutoff.threshold).sum()
