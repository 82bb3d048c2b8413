"""A study of purchases: what it may declare, what is told of a faulty one, and its report."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cx_value.base.errors import DataError
from cx_value.notebook.workspace import CLUSTER, open_study
from cx_value.publish.build import Job, build_report, notebooks_of
from cx_value.study import check_study, read_study
from cx_value.study.logs import header_of, read_log
from cx_value.value.metrics.scorecard import score_metrics
from cx_value.value.metrics.service import summarise_service

ROOT = Path(__file__).parents[2]
CDNOW = ROOT / "data" / "cdnow"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The 1/10 sample of CDNOW as a study of its own."""
    folder = tmp_path_factory.mktemp("cdnow") / "sample"
    folder.mkdir()
    log = pd.read_csv(CDNOW / "transactions.csv", dtype={"customer": str})
    chosen = pd.read_csv(CDNOW / "sample.csv", dtype=str)["customer"]
    log[log["customer"].isin(chosen)].to_csv(folder / "transactions.csv", index=False)
    study = yaml.safe_load((CDNOW / "study.yml").read_text(encoding="utf-8"))
    study |= {"name": "sample", "value": {"purchase_model": "bg_nbd", "horizon_years": 1}}
    (folder / "study.yml").write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(sample, tmp_path_factory):
    out = tmp_path_factory.mktemp("build")
    study = read_study(sample)
    options = {"languages": ("en", "zh"), "formats": ("html",), "renderer": "embedded",
               "kernels": False}  # fmt: skip
    build_report(Job(study_file=sample / "study.yml", study=study, out=out, **options))
    return out / "sample"


def changed(sample, tmp_path, **sections):
    """Write a copy of the study with some sections changed, beside the same log."""
    study = yaml.safe_load((sample / "study.yml").read_text(encoding="utf-8"))
    for name, section in sections.items():
        study[name] = {**study.get(name, {}), **section}
    (tmp_path / "transactions.csv").write_bytes((sample / "transactions.csv").read_bytes())
    (tmp_path / "study.yml").write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("sections", "kind", "words"),
    [
        ({"transactions": {"file": "gone.csv"}}, "missing file", ["gone.csv is no file"]),
        ({"transactions": {"customer": "custmer"}}, "missing column", ["custmer", "'customer'"]),
        ({"transactions": {"unit": "fortnight"}}, "wrong value", ["fortnight", "day", "week"]),
        ({"transactions": {"end": "soon"}}, "wrong value", ["soon"]),
        ({"value": {"margin": 1.5}}, "wrong value", ["1.5", "not above 1"]),
        ({"value": {"horizont": 3}}, "unknown key", ["horizont", "horizon_years"]),
        ({"value": {"loyalty": "LOY"}}, "unknown name", ["LOY", "declares no answers"]),
        ({"value": {"stages": {"retain_from": 1}}}, "wrong value", ["retain_from", "not below 2"]),
    ],
)
def test_a_fault_in_what_is_declared_of_purchases_is_told_with_its_place(
    sample, tmp_path, sections, kind, words
):
    findings = check_study(changed(sample, tmp_path, **sections))
    hits = [f for f in findings if f.kind == kind and all(word in str(f) for word in words)]
    assert len(hits) == 1, "\n".join(map(str, findings))
    assert next(iter(sections)) in hits[0].where


def test_a_study_needs_answers_or_purchases(tmp_path):
    (tmp_path / "study.yml").write_text("title: Nothing\n", encoding="utf-8")
    missing = [f for f in check_study(tmp_path) if f.kind == "missing key"]
    assert {key for f in missing for key in ("data", "constructs") if key in str(f)} == {
        "data",
        "constructs",
    }


def test_purchases_alone_need_one_notebook_and_one_for_their_claims(sample):
    study = read_study(sample)
    assert [path.stem for path in notebooks_of(study)] == [
        "06_value",
        "09_segments",
        "13_claims",
        "14_brief",
    ]
    assert [path.name for path in study.data_files] == ["transactions.csv"]
    assert not study.links


def test_the_summary_is_the_same_on_a_cluster(sample, tmp_path, monkeypatch):
    """What ``--cluster`` hands to the notebooks; DuckDB's numbers to the last digit."""
    work = open_study(sample / "study.yml", tmp_path)
    alone = work.purchases().customers
    monkeypatch.setenv(CLUSTER, "threads")
    pd.testing.assert_frame_equal(work.purchases().customers, alone, check_exact=True)
    monkeypatch.setenv(CLUSTER, "nowhere")
    with pytest.raises(DataError, match="nowhere"):
        work.purchases()


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "gb18030")])
def test_a_log_is_read_whatever_its_delimiter_and_encoding(tmp_path, delimiter, encoding):
    lines = [["客户", "date"], ["甲", "2026-01-01"], ["乙", "2026-02-01"]]
    text = "\n".join(delimiter.join(line) for line in lines)
    (tmp_path / "log.csv").write_bytes(text.encode(encoding))
    assert header_of(tmp_path / "log.csv") == lines[0]
    assert read_log(tmp_path / "log.csv").to_numpy().tolist() == lines[1:]


def test_cohorts_leave_out_what_the_account_counts_as_unreadable(tmp_path, sample):
    """A line too long, an amount in words, a return, a date off the calendar or after the end."""
    lines = ["customer,date,amount", "a,1997-01-02,10", 'a,1997-04-02,"1,200.50"', "b,1997-01-05,5",
             "b,1997-05-01,x", "b,1997-05-02,-2", "c,1997-13-40,5", "c,1997-02-01,5,6,7",
             "b,1999-01-01,5"]  # fmt: skip
    folder = changed(sample, tmp_path)
    (folder / "transactions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    purchases = open_study(folder / "study.yml", tmp_path / "out").purchases(keep_days=True)
    days = purchases.days
    assert len(days) == purchases.log.set_index("step")["rows"]["purchases"]
    assert days["customer"].tolist() == ["a", "a", "b"]
    assert days["date"].dt.strftime("%m-%d").tolist() == ["01-02", "04-02", "01-05"]


def test_the_stored_model_is_the_published_one(built):
    """Fader, Hardie and Lee (2005), table 2, on the calibration period."""
    rows = pd.read_csv(built / "results" / "purchase_models.csv")
    assert rows["log_likelihood"].round(2).tolist() == [-9582.43]
    model = pd.read_csv(built / "results" / "purchase_model.csv").set_index("term")["estimate"]
    assert set(model.index) == {"r", "alpha", "a", "b"}


def test_every_row_of_the_log_is_accounted_for(built, sample):
    log = pd.read_csv(built / "results" / "purchase_log.csv").set_index("step")["rows"]
    assert log["rows_read"] == sum(1 for _ in (sample / "transactions.csv").open()) - 1
    told = log.drop(["rows_read", "duplicate"])
    assert told.sum() == log["rows_read"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_prints_the_stored_value_and_nothing_about_a_survey(built, lang):
    page = (built / f"report-{lang}" / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", " ", page)
    value = json.loads((built / "results" / "lifetime_value.json").read_text(encoding="utf-8"))
    total = f"{value['facts']['total']:,.0f}"
    assert total in text
    for word in {"en": ("respondent", "questionnaire"), "zh": ("受访者", "问卷")}[lang]:
        assert word not in text
    assert "nan" not in text.lower().split()


def test_service_metrics_allow_for_several_cases_of_a_customer():
    """The scorecard's rows are those of the service log's own summary, clustered by customer."""
    study = read_study(ROOT / "data" / "bank-panel")
    cases = read_log(ROOT / "data" / "bank-panel" / "service.csv")
    score = score_metrics(study, service=cases).table()
    own = summarise_service(
        cases, customer="customer", minutes="minutes", first_contact="first_contact",
        complaint="complaint", target_minutes=15,
    ).table()  # fmt: skip
    columns = ["metric", "estimate", "std_error", "ci_low", "ci_high", "n"]
    pd.testing.assert_frame_equal(score[columns], own[columns])
    assert score["metric"].tolist() == ["complaint_rate", "first_contact_rate",
                                        "service_within_target", "service_time_median"]  # fmt: skip
