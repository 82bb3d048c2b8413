"""A batch: isolated reports, small units refused or folded by name, restart, the roll-up page.

Numbers of a unit are those of its study run alone, notebook by notebook in kernels of their own.
"""

import io
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import StudyError
from cx_value.evaluate.tracking.league import compare_units
from cx_value.publish.batch.run import Batch, run_batch
from cx_value.publish.batch.units import find_units, unit_column, write_unit_study
from cx_value.publish.execute import execute_notebook, notebook_paths
from cx_value.study import read_study, read_survey
from small_study import write_small_study


def branch_study(folder, few=2):
    """Return the small study with three regions, the third of ``few`` respondents."""
    file = write_small_study(folder)
    data = folder / "answers.csv"
    frame = pd.read_csv(data)
    frame.loc[frame.index[:few], "region"] = 3
    frame.to_csv(data, index=False)
    text = file.read_text("utf-8")
    text = text.replace("zh: 南}}}", "zh: 南}, 3: {en: isle, zh: 岛}}}")
    file.write_text(text, "utf-8")
    return file


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    file = branch_study(folder / "small")
    batch = Batch(study_file=file, study=read_study(file), by="region", languages=("en",),
                  formats=("html",), renderer="embedded", draft=True, jobs=1,
                  out=folder / "build", stream=io.StringIO())  # fmt: skip
    return batch, run_batch(batch)


def test_every_large_unit_gets_its_report_and_the_small_one_is_refused_by_name(printed):
    batch, outcome = printed
    assert [(u.name, u.refused) for u in outcome.units] == [("1", False), ("2", False), ("3", True)]
    assert not outcome.failed, outcome.failed
    assert "3: 2 respondents, too few" in batch.stream.getvalue()
    for name in ("1", "2"):
        page = batch.folder / "units" / f"small-{name}" / "brief-en" / "brief.html"
        label = {"1": "north", "2": "south"}[name]
        assert f"three scales: {label}" in page.read_text("utf-8")


def test_the_rollup_shows_the_league_and_who_has_no_report(printed):
    batch, outcome = printed
    page = outcome.rollup[0].read_text("utf-8")
    assert "too few respondents" in page and "north" in page and "isle" in page
    league = pd.read_csv(batch.folder / "rollup" / "results" / "league.csv")
    assert len(league) == 2 and league.n.sum() == 158


def test_started_again_only_what_is_missing_is_built(printed):
    batch, _ = printed
    marks = sorted((batch.folder / "done").glob("*.json"))
    other = batch.folder / "units" / "small-2" / "brief-en" / "brief.html"
    kept = other.stat().st_mtime_ns
    (batch.folder / "units" / "small-1" / "brief-en" / "brief.html").unlink()
    batch.stream.truncate(0)
    outcome = run_batch(batch)
    told = batch.stream.getvalue()
    assert "1 of 2 are there" in told and "2 of 2  1" in told
    assert other.stat().st_mtime_ns == kept and len(outcome.told) == len(marks) == 2


def test_a_batch_that_was_killed_finishes_what_is_missing(tmp_path):
    file = branch_study(tmp_path / "small")
    command = [sys.executable, "-m", "cx_value", "batch", str(file), "--by", "region", "--draft",
               "--lang", "en", "--format", "html", "--renderer", "embedded", "--jobs", "1",
               "--out", str(tmp_path / "build")]  # fmt: skip
    done = tmp_path / "build" / "small-by-region" / "done"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        while not list(done.glob("*.json")) and run.poll() is None:
            time.sleep(0.05)
        run.kill()
    assert run.returncode != 0, "it was done before it was killed"
    first = next(done.glob("*.json"))
    kept = first.read_bytes(), first.stat().st_mtime_ns
    batch = Batch(study_file=file, study=read_study(file), by="region", languages=("en",),
                  formats=("html",), renderer="embedded", draft=True, jobs=1,
                  out=tmp_path / "build", stream=io.StringIO())  # fmt: skip
    outcome = run_batch(batch)
    told = batch.stream.getvalue()
    assert "1 of 2 are there" in told and told.count(" of 2 ") == 2, told
    assert (first.read_bytes(), first.stat().st_mtime_ns) == kept and not outcome.failed
    assert all(Path(page).exists() for unit in outcome.told for page in unit["files"])
    assert len(list(done.glob("*.json"))) == len(outcome.told) == 2 and outcome.rollup


def test_a_cluster_finds_the_same_numbers(printed, tmp_path):
    distributed = pytest.importorskip("distributed")
    batch, _ = printed
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="") as many:
        far = replace(batch, cluster=many.scheduler_address, out=tmp_path, stream=None)
        outcome = run_batch(far)
    assert not outcome.failed and len(outcome.told) == 2
    near = sorted((batch.folder / "units").glob("*/results/*.csv"))
    assert len(near) > 20
    for file in [*near, batch.folder / "rollup" / "results" / "league.csv"]:
        other = far.folder / file.relative_to(batch.folder)
        assert other.read_bytes() == file.read_bytes(), file.name


def test_numbers_are_those_of_the_unit_run_alone(printed, tmp_path):
    batch, _ = printed
    study = batch.folder / "studies" / "1" / "study.yml"
    notebook = next(p for p in notebook_paths() if p.stem == "02_reliability")
    told = {"study": str(study), "out": str(tmp_path / "small-1"), "draft": True}
    execute_notebook(notebook, tmp_path / "nb" / notebook.name, told)
    alone = tmp_path / "small-1" / "results" / "reliability.csv"
    batched = batch.folder / "units" / "small-1" / "results" / "reliability.csv"
    assert alone.read_bytes() == batched.read_bytes()


def test_small_units_are_folded_where_together_they_are_enough(tmp_path):
    file = branch_study(tmp_path / "small", few=20)
    study = read_study(file)
    column = unit_column(study, "region")
    units = find_units(study, column, minimum=80, fold=True)
    small = [u for u in units if u.folded]
    assert len(small) == 1 and "3" in small[0].members and sum(u.n for u in units) == 160
    unit = write_unit_study(file, study, small[0], column, "region", tmp_path / "u",
                            edition="brief")  # fmt: skip
    assert read_survey(read_study(unit)).n == small[0].n


def test_a_unit_that_is_none_and_units_that_are_all_small_are_refused(tmp_path):
    file = branch_study(tmp_path / "small")
    study = read_study(file)
    with pytest.raises(
        StudyError, match="--by 'branch' is no unit of this study · allowed: region"
    ):
        unit_column(study, "branch")
    batch = Batch(study_file=file, study=study.model_copy(
        update={"evaluation": study.evaluation.model_copy(update={"minimum_group": 150})}),
        by="region", languages=("en",), formats=("html",), out=tmp_path)  # fmt: skip
    with pytest.raises(StudyError, match="no region has 150 respondents"):
        run_batch(batch)


def test_only_rows_named_are_read_and_a_value_that_occurs_nowhere_is_refused(tmp_path):
    file = branch_study(tmp_path / "small")
    text = file.read_text("utf-8")
    file.write_text(text.replace("missing_codes: [-9]", "missing_codes: [-9], only: {region: 2}"))
    survey = read_survey(read_study(file))
    frame = pd.read_csv(file.parent / "answers.csv")
    assert survey.n == (frame.region == 2).sum()
    file.write_text(text.replace("missing_codes: [-9]", "missing_codes: [-9], only: {region: 9}"))
    with pytest.raises(Exception, match="no row has region = 9"):
        read_survey(read_study(file))


def test_the_adjusted_difference_is_that_of_a_regression_with_dummies():
    random = np.random.default_rng(2)
    n = 600
    mix = pd.Series(random.integers(0, 2, n))
    unit = pd.Series(np.where(random.random(n) < 0.3 + 0.4 * mix, "A", "B"))
    score = 50 + 10 * mix + random.normal(0, 5, n)
    raw = compare_units(score, unit).table().set_index("unit")
    fair = compare_units(score, unit, pd.DataFrame({"mix": mix})).table().set_index("unit")
    assert raw.verdict.to_dict() == {"A": "above", "B": "below"}
    assert fair.verdict.to_dict() == {"A": "within", "B": "within"}
    import statsmodels.api as sm

    x = sm.add_constant(np.column_stack([(unit == "A").astype(float), mix]))
    fit = sm.OLS(score, x).fit(cov_type="HC1")
    share = (unit == "A").mean()
    assert fair.difference["A"] == pytest.approx(fit.params.iloc[1] * (1 - share))
    half = 1.959964 * fit.bse.iloc[1] * (1 - share)
    assert fair.diff_high["A"] - fair.difference["A"] == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_league_with_its_funnel_is_that_of_r(weighted):
    reference = Path(__file__).parents[1] / "reference"
    data = pd.read_csv(reference / "league__answers.csv")
    theirs = pd.read_csv(reference / "league__units.csv")
    theirs = theirs[theirs.weighted == weighted].set_index("unit")
    weights = data.weight if weighted else None
    found = compare_units(data.score, data.unit, data[["age", "sex"]], weights=weights)
    ours = found.table().set_index("unit").loc[theirs.index]
    columns = ["adjusted", "difference", "diff_low", "diff_high", "p", "p_holm"]
    columns += [] if weighted else ["lower", "upper"]
    for column in columns:
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-8, err_msg=column)


def test_units_that_do_not_differ_are_seldom_told_apart(monkeypatch):
    # Holm's adjustment of statsmodels collects the garbage of the whole process every time.
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    random, alarms = np.random.default_rng(3), 0
    for _ in range(100):
        found = compare_units(
            pd.Series(random.normal(60, 15, 1000)), pd.Series(np.arange(1000) % 20)
        )
        alarms += bool((found.table().verdict != "within").any())
    # Family-wise rate .05: 100 worlds give 5, and more than 12 once in 1,000.
    assert alarms <= 12
