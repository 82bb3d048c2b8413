"""Verdicts: which model is reported, which hypotheses hold, what matters most.

The estimates are the engine's (tested against lavaan in test_sem_*.py); here the rules are tested,
on data simulated so that the right verdict is known.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cx_value.base.words import Phrasebook
from cx_value.judge.agreement import compare_programs
from cx_value.judge.fit_report import judge_fit
from cx_value.judge.hypotheses import judge_hypotheses
from cx_value.judge.levers import rank_levers
from cx_value.judge.path_modelling import fit_path_model, named_paths
from cx_value.judge.power import judge_power
from cx_value.judge.reservations import Reservations
from cx_value.judge.rivals import compare_rivals
from cx_value.judge.robustness import _compared, check_robustness
from cx_value.judge.structure import choose_model, summarise_effects
from cx_value.judge.weak_links import gather_reservations
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


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_sentence_names_every_hypothesis_under_its_verdict(judged, lang):
    facts, said = judged[-1].facts(), judged[-1].sentence(lang)
    verdicts = judged[-1].table().set_index("hypothesis").verdict
    told = {name: v["verdict"] for v in facts["verdicts"] for name in v["names"]}
    assert told == verdicts.to_dict()
    for v in facts["verdicts"]:
        assert v["n"] == len(v["names"])
        names = (", " if lang == "en" else "、").join(v["names"])
        assert Phrasebook(lang).term(v["verdict"], "hypothesis_verdict") in said and names in said


WEAK = Reservations(
    of_model=({"code": "fit", "met": 2, "rules": 4},),
    of_constructs=((frozenset("A"), {"code": "reliability", "construct": "A", "value": 0.44}),
                   (frozenset("BC"), {"code": "distinctness", "construct": "B", "other": "C",
                                      "value": 0.96})),
)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_verdict_inherits_what_its_constructs_rest_on(judged, lang):
    study, _, choice, found, _ = judged
    tests = judge_hypotheses(study, choice, found, weak=WEAK)
    rows = tests.table().set_index("hypothesis")
    assert rows.verdict.to_dict() == {
        "H1": "reserved", "H2": "reserved", "H3": "not_supported", "H4": "contradicted",
    }  # fmt: skip
    assert rows.reservations.to_dict() == {
        "H1": "reliability model", "H2": "distinctness model", "H3": "reliability model",
        "H4": "reliability distinctness model",
    }  # fmt: skip
    said = tests.sentence(lang)
    assert all(part in said.replace("0.44", ".44") for part in (".44", "0.96", "2", "4"))
    assert not any(v["verdict"] == "supported" for v in tests.facts()["verdicts"])
    levers = rank_levers(found, WEAK)
    assert "0.96" in levers.sentence(lang)
    assert set(levers.table().reservations) == {"distinctness model", "reliability model"}
    summary = summarise_effects(found, WEAK).set_index(["source", "target"])
    assert summary.reservations["B", "C"] == "distinctness model"


def test_reservations_are_gathered_by_the_studys_own_rules(judged):
    study, _, choice, _, _ = judged
    alphas = pd.DataFrame({"construct": ["A", "B"], "alpha": [0.69, 0.70]})
    pairs = pd.DataFrame({"construct_1": ["A", "A"], "construct_2": ["B", "C"],
                          "htmt": [0.85, 0.849]})  # fmt: skip
    weak = gather_reservations(study, choice, reliability=alphas, htmt=pairs)
    assert weak.codes_about("A", "B") == "reliability distinctness"
    assert weak.codes_about("A", "C") == "reliability" and weak.codes_about("B", "C") == ""
    lenient = study.model_copy(update={"cutoffs": {"alpha": 0.6, "htmt": 0.9}})
    none = gather_reservations(lenient, choice, reliability=alphas, htmt=pairs)
    assert none.codes_about("A", "B") == ""
    judged_fit = judge_fit("theory", choice.fit, study)
    met = judged_fit.facts()
    told = gather_reservations(study, choice, judged=judged_fit).about("A")
    assert bool(told) == (met["n_met"] < len(met["criteria"]))


@pytest.mark.parametrize(("improper", "told"), [(0.05, False), (0.051, True), (0.5, True)])
def test_improper_refits_beyond_a_twentieth_are_a_reservation(judged, improper, told):
    drawn = SimpleNamespace(improper_share=improper)
    weak = gather_reservations(judged[0], judged[2], drawn=drawn)
    assert ("improper" in [r["code"] for r in weak.about("A")]) == told


def test_rival_is_nested_and_not_worse_where_the_direct_path_is_nothing(judged):
    rivals = compare_rivals(judged[2]).table().set_index("model")
    row = rivals.loc["rival"]
    assert row.nested and row.delta_df == 1 and row.delta_chisq >= 0
    assert row.delta_p > 0.05 and row.delta_bic < 0


def test_a_rival_with_more_paths_has_the_lower_chi_square(tmp_path):
    answers = simulate(a_to_c=0.5)
    study = write_study(tmp_path, answers)
    choice = choose_model(study, answers)
    smaller = compare_rivals(choice).table().set_index("model").loc["rival"]
    rival, theory = choice.attempts["rival"].fit, choice.attempts["theory"].fit
    wanted = rival.indices["chisq"] - theory.indices["chisq"]
    assert smaller.delta_chisq == pytest.approx(wanted) and wanted > 10 and smaller.delta_p < 0.001
    turned = replace(choice, reported="rival")
    larger = compare_rivals(turned).table().set_index("model").loc["theory"]
    assert larger.delta_chisq == pytest.approx(-wanted) and larger.delta_df == -1


def test_levers_are_ranked_by_total_effect(judged):
    levers = rank_levers(judged[3])
    table = levers.table()
    assert list(table.source) == ["B", "A"] and set(table.outcome) == {"C"}
    (facts,) = levers.facts()["outcomes"]
    assert [e["source"] for e in facts["positive"]] == ["B", "A"] and not facts["negative"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_clear_negative_lever_is_told_as_one(tmp_path, lang):
    answers = simulate(b_to_c=-0.6)
    choice = choose_model(write_study(tmp_path, answers), answers)
    levers = rank_levers(effects(choice.fit, bootstrap=choice.fit.bootstrap(100, seed=1)))
    (facts,) = levers.facts()["outcomes"]
    assert {e["source"] for e in facts["negative"]} == {"A", "B"} and not facts["positive"]
    assert all(e["total"] < 0 and e["ci"][1] < 0 for e in facts["negative"])
    assert {"en": "goes with less", "zh": "负相关"}[lang] in levers.sentence(lang)


@pytest.mark.parametrize(("low", "high", "clear"), [
    (0.01, 0.4, True), (-0.4, -0.01, True), (-0.1, 0.4, False), (-0.4, 0.1, False),
    (0.0, 0.4, False), (-0.4, 0.0, False),
])  # fmt: skip
def test_a_lever_is_clear_on_either_side_of_zero(low, high, clear):
    frame = pd.DataFrame([{"kind": "total", "source": "A", "target": "B", "std_all": 0.1,
                           "std_ci_low": low, "std_ci_high": high}])  # fmt: skip
    found = SimpleNamespace(table=lambda: frame, n_used=9, n_dropped=0, confidence=0.95, notes=())
    assert rank_levers(found).table().clear.tolist() == [clear]


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
    verdicts = judge_hypotheses(study, choice, None)
    assert set(verdicts.table().verdict) == {"not_tested"}
    assert "no structural model" in verdicts.sentence("en")
    robust = check_robustness(study, choice, answers)
    assert not robust.facts()["reported"] and robust.table().empty and robust.wide().empty
    assert "没有可报告的结构模型" in robust.sentence("zh")
    weak = gather_reservations(study, choice)
    assert weak.about("A") == [{"code": "inadmissible"}]


def test_models_that_cannot_be_fitted_at_all_become_a_statement(tmp_path):
    answers = simulate(n=60).assign(A1=1.0)
    study = write_study(tmp_path, answers)
    choice = choose_model(study, answers)
    assert choice.reported is None and choice.fit is None
    assert "did not converge" in choice.sentence("en")
    assert set(choice.findings().code) == {"not_converged"} and choice.findings().severe.all()
    assert set(judge_hypotheses(study, choice, None).table().verdict) == {"not_tested"}
    assert check_robustness(study, choice, answers).facts()["reported"] is False


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """Whole-number answers with some missing, and a few respondents to leave out."""
    answers = simulate(n=400).mul(1.5).round().clip(-3, 3)
    answers.loc[5:20, "A1"] = np.nan
    study = write_study(tmp_path_factory.mktemp("robust"), answers)
    choice = choose_model(study, answers)
    attentive = answers.index[10:]
    robust = check_robustness(study, choice, answers, attentive=attentive, bootstrap=100)
    path_model = fit_path_model(study, choice.shown, answers, consistent=True, bootstrap=100)
    return robust, named_paths(study, path_model)


@pytest.fixture(scope="module")
def robust(examined):
    return examined[0]


def test_every_path_of_pls_is_that_of_the_path_model(examined):
    robust, paths = examined
    wide = robust.wide().set_index(["source", "target"])
    paths = paths.set_index(["source", "target"])
    assert len(wide) == len(paths) == paths.est.nunique() == 3 and paths.p.nunique() == 2
    for column in ("est", "p"):
        wanted = paths[column].reindex(wide.index)
        assert wide[f"pls_{column}"].to_numpy() == pytest.approx(wanted.to_numpy(), abs=1e-12)


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
    assert robust.facts()["kept"] == wide.survives.sum() and robust.facts()["paths"] == 3
    lost = {f"{source} → {target}" for source, target in wide.index[~wide.survives]}
    steps = robust.hypotheses.items()
    assert robust.facts()["shaken"] == [name for name, own in steps if lost & set(own)]


def test_a_path_that_changes_its_verdict_does_not_survive(robust):
    frame = robust.table()
    changed = (frame.variant == "fiml") & (frame.source == "A") & (frame.target == "B")
    frame.loc[changed, "same"] = False
    altered = replace(robust, frame=frame)
    assert not altered.wide().set_index(["source", "target"]).survives["A", "B"]
    assert altered.facts()["lost"] == [{"source": "A", "target": "B", "variants": ["fiml"]}]
    assert "A → B changes in: partial answers used (FIML)" in altered.sentence("en")
    assert altered.facts()["shaken"] == [
        name for name, steps in robust.hypotheses.items() if "A → B" in steps
    ] != []  # fmt: skip


def path_frame(est, clear):
    return pd.DataFrame({"source": ["A"], "target": ["B"], "est": [est], "clear": [clear]})


@pytest.mark.parametrize(("reported", "other", "same"), [
    ((0.5, True), (0.4, True), True),
    ((0.5, True), (-0.5, True), False),          # clear both times, the sign flipped
    ((-0.5, True), (0.5, True), False),
    ((0.5, True), (0.5, False), False),          # the verdict changed
    ((0.5, False), (0.5, True), False),
    ((1.88, False), (-4.11, False), False),      # unclear, but never next to nothing
    ((-0.72, False), (1.88, False), False),
    ((0.09, False), (-0.09, False), True),       # next to nothing: neither sign was a finding
    ((0.10, False), (-0.01, False), False),      # the bound itself is not below
    ((-0.01, False), (0.10, False), False),
])  # fmt: skip
def test_a_path_keeps_its_sign_and_its_verdict_or_is_counted(reported, other, same):
    frames = _compared([path_frame(*reported), path_frame(*other)])
    assert frames.same.tolist() == [True, same]


def test_an_analysis_without_an_admissible_solution_confirms_nothing(robust):
    frame = robust.table()
    pls = frame.variant == "pls"
    frame.loc[pls, "admissible"], frame.loc[pls, "same"] = False, False
    facts = replace(robust, frame=frame).facts()
    assert facts["improper"] == ["pls"] and "pls" not in facts["variants"] and not facts["lost"]
    frame.loc[frame.variant != "reported", "admissible"] = False
    assert "robustness was not examined" in replace(robust, frame=frame).sentence("en")
