"""Verdicts: which model is reported, which hypotheses hold, what matters most.

The estimates are the engine's (tested against lavaan in test_sem_*.py); here the rules are tested,
on data simulated so that the right verdict is known.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import AnalysisError
from cx_value.base.wording import Text
from cx_value.judge.agreement import compare_programs
from cx_value.judge.hypotheses import judge_hypotheses
from cx_value.judge.levers import rank_levers
from cx_value.judge.power import judge_power
from cx_value.judge.rivals import compare_rivals
from cx_value.judge.robustness import check_robustness
from cx_value.judge.structure import choose_model, summarise_effects
from cx_value.sem import fit_model
from cx_value.sem.effects import effects
from cx_value.study import read_study

MODELS = """
  theory: {role: main, label: {en: theory, zh: 理论模型}, paths: [A -> B, A -> C, B -> C]}
  rival: {role: rival, label: rival, paths: [A -> B -> C]}
"""
HYPOTHESES = """
  H1: {path: A -> B, sign: "+"}
  H2: {path: B -> C, sign: "+"}
  H3: {path: A -> C, sign: "+"}
  H4: {path: A -> B -> C, sign: "-"}
"""


def write_study(folder, answers, *, models=MODELS, hypotheses=HYPOTHESES):
    answers.to_csv(folder / "answers.csv", index=False)
    constructs = "\n".join(
        f"  {c}: {{label: {{en: Construct {c}, zh: 构念{c}}}, items: [{c}1, {c}2, {c}3]}}"
        for c in "ABC"
    )
    (folder / "study.yml").write_text(
        f"name: simulated\ntitle: Simulated\ndata: {{file: answers.csv}}\n"
        f"scale: {{min: -50, max: 50}}\nconstructs:\n{constructs}\n"
        f"models:{models}hypotheses:{hypotheses}",
        encoding="utf-8",
    )
    return read_study(folder / "study.yml")


def simulate(n=500, *, a_to_b=0.6, b_to_c=0.6, a_to_c=0.0, seed=7):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = a_to_b * a + rng.normal(scale=0.8, size=n)
    c = b_to_c * b + a_to_c * a + rng.normal(scale=0.8, size=n)
    latent = {"A": a, "B": b, "C": c}
    return pd.DataFrame(
        {f"{k}{i}": v + rng.normal(scale=0.6, size=n) for k, v in latent.items() for i in (1, 2, 3)}
    )


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    answers = simulate()
    study = write_study(tmp_path_factory.mktemp("study"), answers)
    choice = choose_model(study, answers)
    found = effects(choice.fit, bootstrap=choice.fit.bootstrap(200, seed=1))
    return study, answers, choice, found, judge_hypotheses(study, choice, found)


def test_theory_that_fits_is_reported(judged):
    _, _, choice, _, _ = judged
    assert choice.reported == "theory" and choice.shown.role == "main"
    assert "未能" not in choice.sentence("zh")
    assert choice.table().set_index("model").reported.to_dict() == {"theory": True, "rival": False}


def test_verdicts_follow_sign_p_and_bootstrap_interval(judged):
    verdicts = judged[-1].table().set_index("hypothesis").verdict
    assert verdicts.to_dict() == {
        "H1": "supported", "H2": "supported", "H3": "not_supported", "H4": "contradicted",
    }  # fmt: skip


def test_indirect_effect_is_judged_by_its_bootstrap_interval(judged):
    _, _, _, found, verdicts = judged
    row = verdicts.table().set_index("hypothesis").loc["H4"]
    effect = found.table().query("kind == 'specific_indirect'").iloc[0]
    assert row.std_low == effect.std_boot_ci_low and row.std_high == effect.std_boot_ci_high


def numbers(text):
    return [float(t.replace("−", "-")) for t in re.findall(r"−?\d*\.\d+", text)]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_readings_print_the_numbers_of_the_table(judged, lang):
    for row in judged[-1].table().itertuples():
        printed = numbers(row.reading.in_language(lang))
        assert printed[:3] == [round(v, 2) for v in (row.std_all, row.std_low, row.std_high)]


def test_counts_of_the_sentence_add_up(judged):
    sentence = judged[-1].sentence("en")
    assert "2 found support (H1, H2)" in sentence and "1 did not (H3)" in sentence
    assert "1 met an effect of the opposite sign (H4)" in sentence


def test_rival_is_nested_and_not_worse_where_the_direct_path_is_nothing(judged):
    rivals = compare_rivals(judged[2]).table().set_index("model")
    row = rivals.loc["rival"]
    assert row.nested and row.delta_df == 1 and row.delta_chisq >= 0
    assert row.delta_p > 0.05 and row.delta_bic < 0


def test_levers_are_ranked_by_total_effect(judged):
    labels = {c: Text(f"Construct {c}", zh=f"构念{c}") for c in "ABC"}
    table = rank_levers(judged[3], labels).table()
    assert list(table.source) == ["B", "A"] and set(table.outcome) == {"C"}
    assert "构念B" in rank_levers(judged[3], labels).sentence("zh")


def test_effect_summary_adds_direct_and_indirect(judged):
    summary = summarise_effects(judged[3]).set_index(["source", "target"])
    row = summary.loc[("A", "C")]
    assert row.direct + row.indirect == pytest.approx(row.total)
    assert np.isnan(summary.loc[("A", "B")].indirect)


def test_agreement_covers_every_model(judged):
    study, answers, choice, _, _ = judged
    table = compare_programs(study, choice, fit_model(study.measurement_syntax(), answers)).table()
    assert list(table.model) == ["measurement", "theory", "rival"] and table.agrees.all()


def test_power_is_that_of_the_measurement_model(judged):
    row = judge_power(judged[0], 500).table().iloc[0]
    assert row.df == 24 and row.power > 0.9 and row.n_needed > 100


FALLBACK = """
  theory: {role: main, label: theory, paths: [A -> C, B -> C, A -> B]}
  smaller: {role: fallback, label: {en: smaller, zh: 小模型}, paths: [A -> C]}
"""


def collinear_answers():
    """Return answers in which A and B are one and the same latent variable."""
    rng = np.random.default_rng(3)
    a = rng.normal(size=150)
    latent = {"A": a, "B": a + rng.normal(scale=0.01, size=150), "C": a + rng.normal(size=150)}
    return pd.DataFrame(
        {f"{k}{i}": v + rng.normal(scale=0.9, size=150)
         for k, v in latent.items() for i in (1, 2, 3)}
    )  # fmt: skip


def test_a_model_the_data_cannot_carry_gives_way_to_the_fallback(tmp_path):
    answers = collinear_answers()
    study = write_study(tmp_path, answers, models=FALLBACK)
    choice = choose_model(study, answers)
    assert not choice.attempts["theory"].admissible
    assert choice.reported == "smaller" and choice.fit is choice.attempts["smaller"].fit
    assert choice.findings().query("model == 'theory'").severe.any()
    found = effects(choice.fit, bootstrap=choice.fit.bootstrap(50, seed=1))
    verdicts = judge_hypotheses(study, choice, found).table().set_index("hypothesis").verdict
    assert verdicts["H1"] == verdicts["H2"] == verdicts["H4"] == "not_tested"
    assert verdicts["H3"] == "supported"


def test_without_a_fallback_nothing_is_concluded(tmp_path):
    answers = collinear_answers()
    only = "\n  theory: {role: main, label: theory, paths: [A -> C, B -> C, A -> B]}\n"
    study = write_study(tmp_path, answers, models=only)
    choice = choose_model(study, answers)
    assert choice.reported is None and "no structural conclusion" in choice.sentence("en")
    verdicts = judge_hypotheses(study, choice, effects(choice.fit))
    assert set(verdicts.table().verdict) == {"not_tested"}


def test_models_that_cannot_be_fitted_at_all_are_refused(tmp_path):
    answers = simulate(n=60)
    study = write_study(tmp_path, answers)
    with pytest.raises(AnalysisError):
        choose_model(study, answers.assign(A1=1.0))


@pytest.fixture(scope="module")
def robust(tmp_path_factory):
    """Whole-number answers with some missing, and a few respondents to leave out."""
    answers = simulate(n=400).mul(1.5).round().clip(-3, 3)
    answers.loc[5:20, "A1"] = np.nan
    study = write_study(tmp_path_factory.mktemp("robust"), answers)
    choice = choose_model(study, answers)
    attentive = answers.index[10:]
    return check_robustness(study, choice, answers, attentive=attentive, bootstrap=100)


def test_every_variant_that_the_data_allow_is_fitted(robust):
    variants = ["reported", "mlr", "wlsmv", "fiml", "attentive", "pls"]
    assert list(robust.fits.variant) == variants and (robust.fits.note == "").all()
    rows = robust.fits.set_index("variant").n
    assert rows["fiml"] == 400 and rows["reported"] == 384 and rows["attentive"] == 379


def test_estimates_of_variants_are_those_of_the_engine(robust):
    wide = robust.wide().set_index(["source", "target"])
    assert wide.mlr_est.to_numpy() == pytest.approx(wide.reported_est.to_numpy(), abs=1e-6)
    assert not np.allclose(wide.mlr_p, wide.reported_p, rtol=1e-6, atol=0)
    assert wide.pls_est.to_numpy() == pytest.approx(wide.reported_est.to_numpy(), abs=0.15)


def test_clear_paths_survive_and_the_sentence_counts_them(robust):
    wide = robust.wide().set_index(["source", "target"])
    assert wide.survives["A", "B"] and wide.survives["B", "C"]
    assert f"{int(wide.survives.sum())} of 3 paths" in robust.sentence("en")


def test_a_path_that_changes_its_verdict_does_not_survive(robust):
    frame = robust.table()
    changed = (frame.variant == "fiml") & (frame.source == "A") & (frame.target == "B")
    frame.loc[changed, "same"] = False
    altered = replace(robust, frame=frame)
    assert not altered.wide().set_index(["source", "target"]).survives["A", "B"]
    assert "Not so: A → B (all partial answers (FIML))" in altered.sentence("en")
