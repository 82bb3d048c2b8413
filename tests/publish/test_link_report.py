"""A study with a survey, purchases and claims, end to end: what is stored is what is printed."""

import json
import os
import re
from collections import defaultdict
from types import SimpleNamespace

import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.notebook.store import MADE, NOTEBOOK, Store
from cx_value.publish.build import AFTER, Job, build_report, notebooks_of
from cx_value.publish.depends import notebook_source
from cx_value.publish.execute import notebook_paths
from cx_value.simulate.bank_panel import simulate_panel, write_panel
from cx_value.study import check_study, read_study
from cx_value.value import (
    fit_link,
    link_latent_covariates,
    match_answers,
    summarise_transactions,
)
from cx_value.value.plan import group_to_compare
from declared_things import unprinted
from linked_world import MODEL, WORLD

STUDY = """\
name: linked
title: {en: A linked study, zh: 关联研究}
data: {file: survey.csv, id: customer}
scale: {min: 1, max: 7}
constructs:
  REL: {label: {en: Reliability, zh: 可靠性}, items: [REL1, REL2, REL3]}
  SAT: {label: {en: Satisfaction, zh: 顾客满意}, items: [SAT1, SAT2, SAT3]}
  LOY: {label: {en: Loyalty, zh: 顾客忠诚}, items: [LOY1, LOY2, LOY3]}
population: {en: customers of one bank, zh: 一家银行的客户}
profile:
  NPS: {label: NPS}
  brand: {label: {en: Bank asked about, zh: 所评银行}}
  effort: {label: {en: Ease, zh: 办事便捷度}}
brands: {column: brand, own: Harbour, rivals: [Meridian, Northgate, Summit]}
dimensions:
  WHOLE: {label: {en: All in all, zh: 总体体验}, of: [REL, SAT]}
expectations: {REL1: E_REL1, REL2: E_REL2, REL3: E_REL3}
touchpoints:
  TP_APP: {label: {en: App, zh: 手机应用}, stage: {en: everyday use, zh: 日常使用}}
  TP_ATM: {label: {en: Cash machine, zh: 自助设备}, stage: {en: everyday use, zh: 日常使用}}
kano:
  FREEZE:
    label: {en: Freezing a lost card, zh: 冻结遗失卡片}
    functional: K_FREEZE_F
    dysfunctional: K_FREEZE_D
price_sensitivity:
  too_cheap: price_too_cheap
  cheap: price_cheap
  expensive: price_dear
  too_expensive: price_too_dear
funnel: {file: funnel.csv}
benchmarks:
  market: {label: {en: Market survey, zh: 市场调查}, metric: nps, value: -8, date: 2025-06-30}
  ease_elsewhere: {label: {en: Ease elsewhere, zh: 同业便捷度}, metric: effort, value: 5}
comments:
  column: comment
  language: language
  themes:
    SPEED:
      label: {en: Speed of service, zh: 服务速度}
      words: {en: [hotline, slow, queue], zh: [客服, 排队]}
    NEVER: {label: {en: Never said, zh: 从未提到}, words: {en: [xylophone], zh: [木琴]}}
limits:
  - {en: Nobody was asked by telephone., zh: 未进行电话访问。}
models: {chain: [REL -> SAT -> LOY]}
transactions: {file: transactions.csv, cost: cost, currency: {en: CNY, zh: 元}}
service_log: {file: service.csv, minutes: minutes, complaint: complaint, target_minutes: 10}
value: {purchase_model: pareto_nbd, horizon_years: 2, satisfaction: SAT, loyalty: LOY}
metrics: {satisfaction: SAT1, satisfied_from: 6, recommendation: NPS}
claims: [satisfaction_value, share_price]
segments: {most: 3}
options: {bootstrap: 40, parallel_analysis_draws: 20, seed: 3}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("linked")
    write_panel(simulate_panel(customers=700, respondents=450, rivals=50, seed=4, **WORLD), place)
    (place / "study.yml").write_text(STUDY, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def asked():
    """Return notebook → the results that it asked the store for, as far as it was run."""
    return defaultdict(set)


@pytest.fixture(scope="module")
def built(folder, asked, tmp_path_factory):
    out = tmp_path_factory.mktemp("build")
    options = {"languages": ("en", "zh"), "formats": ("html",), "renderer": "embedded"}
    study = read_study(folder)

    def noted(method):
        def ask(store, name):
            asked[os.environ.get(NOTEBOOK)].add(name)
            return method(store, name)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        for method in ("read", "has"):
            patch.setattr(Store, method, noted(getattr(Store, method)))
        build_report(
            Job(study_file=folder / "study.yml", study=study, out=out, kernels=False, **options)
        )
    return out / "linked"


def stored(built, name):
    return pd.read_csv(built / "results" / f"{name}.csv")


def facts_of(built, name):
    return json.loads((built / "results" / f"{name}.json").read_text(encoding="utf-8"))["facts"]


def test_every_notebook_of_the_suite_has_something_to_say(folder, built):
    names = [path.stem for path in notebooks_of(read_study(folder))]
    assert {"01_sample", "05_structure", "06_value", "06_value_link", "12_robustness"} <= set(names)
    assert {p.stem for p in (built / "notebooks").glob("*.ipynb")} == set(names)


@pytest.fixture(scope="module")
def journals(built):
    """Return notebook → the files it saved."""
    return {
        path.name: set(path.read_text(encoding="utf-8").split())
        for path in (built / MADE).iterdir()
    }


def writers_of(result, journals):
    """Return the notebooks that save a result: here, or of another study."""
    sources = {path.stem: notebook_source(path) for path in notebook_paths()}
    saved = re.compile(rf"""save(_table|_matrix)?\(\s*["']{result}["']""")
    found = {n for n, files in journals.items() if f"results/{result}.json" in files}
    found |= {name for name, source in sources.items() if saved.search(source)}
    named = {name for name, source in sources.items() if f'"{result}": ' in source}
    return found or named or ({"08_drivers"} if result == "item_scores" else set())


def test_what_a_notebook_reads_is_written_by_notebooks_it_runs_after(asked, journals):
    """Named directly: a notebook in between may have nothing to say of another study."""
    assert {"experience_index", "purchase_models", "brand_metrics"} <= asked["14_brief"]
    assert {"09_segments", "13_claims", "15_reporting"} <= set(asked)
    for notebook in set(asked) - {None}:
        for result in asked[notebook]:
            writers = writers_of(result, journals)
            assert writers, result
            assert writers <= {*AFTER.get(notebook, ()), notebook}, (notebook, result)


def test_no_two_notebooks_save_one_result(journals):
    lines = [line for files in journals.values() for line in files]
    assert len(lines) > 200 and len(lines) == len(set(lines))


def test_the_link_stored_is_the_one_made_by_hand(folder, built):
    """The notebook passes on the study's horizon, discount, margin from costs, and seed."""
    purchases = summarise_transactions(
        folder / "transactions.csv", customer="customer", date="date", amount="amount", cost="cost"
    )
    survey = pd.read_csv(folder / "survey.csv")
    terms = {"horizon": 2 * 365.25 / 7, "discount_rate_per_year": 0.1, "margin": purchases.margin}
    link = fit_link(match_answers(survey, purchases), MODEL, touches=("LOY",), **terms)
    by_hand = link_latent_covariates(link, seed=3).table()
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    table = stored(built, "link")
    # Nobody is careless in this world; a sheet set aside by chance moves the third digit.
    pd.testing.assert_frame_equal(table[columns], by_hand[columns], rtol=0.15, atol=0.05)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_prints_money_metrics_and_claims_as_stored(built, lang):
    page = (built / f"report-{lang}" / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    row = stored(built, "link").query("`from` == 'SAT' and effect == 'money'").iloc[0]
    assert f"{row['estimate']:.2f}" in text
    value = facts_of(built, "lifetime_value")
    assert f"{value['total']:,.0f}" in text
    core = stored(built, "core_metrics").set_index("metric").estimate
    assert f"{core['nps']:.1f}".replace("-", "−") in text
    for share in ("csat", "repeat_purchase_rate", "complaint_rate"):
        assert f"{100 * core[share]:.1f}%" in text, share
    claims = stored(built, "claims").set_index("claim")
    assert claims.loc["share_price", "verdict"] == "not_testable"
    assert f"{claims.loc['satisfaction_value', 'estimate']:.1f}" in text
    share = len(stored(built, "value_by_loyalty"))
    assert share == 4 and stored(built, "value_by_loyalty")["customers"].sum() == value["customers"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_that_the_study_declares_vanishes(folder, built, lang):
    pages = [page for edition in ("report", "supplement")
             for page in sorted((built / f"{edition}-{lang}").glob("*.html"))]  # fmt: skip
    assert unprinted(read_study(folder), pages, lang) == []


def test_identifiers_that_do_not_match_are_no_fault_of_the_file_but_of_the_link(folder, tmp_path):
    survey = pd.read_csv(folder / "survey.csv")
    survey["customer"] = [f"X{i}" for i in range(len(survey))]
    for name in ("transactions.csv", "service.csv", "funnel.csv", "study.yml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    survey.to_csv(tmp_path / "survey.csv", index=False)
    assert not [f for f in check_study(tmp_path) if f.severity == "error"]
    purchases = summarise_transactions(
        tmp_path / "transactions.csv", customer="customer", date="date", amount="amount"
    )
    with pytest.raises(DataError, match="allowed"):
        match_answers(survey, purchases)


@pytest.mark.parametrize(("sizes", "compared"), [((120, 100), True), ((300, 99), False)])
def test_groups_are_compared_where_each_is_large_enough(sizes, compared):
    labels = [name for name, n in zip("ab", sizes, strict=True) for _ in range(n)]
    answers = pd.DataFrame({"region": pd.Categorical(labels, ["a", "b", "nobody"])})
    study, match = SimpleNamespace(group="region"), SimpleNamespace(answers=answers)
    assert group_to_compare(study, match) == ("region" if compared else None)
    assert group_to_compare(SimpleNamespace(group=None), match) is None
