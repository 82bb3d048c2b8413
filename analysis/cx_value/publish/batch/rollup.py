"""The roll-up of a batch: all units on one page, from the answers of all of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cx_value.base.results import tidy_frame
from cx_value.publish.batch.units import Unit, unit_labels

if TYPE_CHECKING:
    from cx_value.evaluate.tracking.league import League
    from cx_value.notebook.workspace import Workspace
    from cx_value.publish.batch.wanted import Batch, Outcome

EDITION = "rollup"


def print_rollup(batch: Batch, outcome: Outcome, column: str) -> list[Path]:
    """Write the roll-up's results and print it in every language and format; return the files."""
    from cx_value.publish.chapters.project import write_project
    from cx_value.publish.rendering.render import render_project, renderer_of

    folder = batch.folder / EDITION
    _fill_store(batch, outcome, column, folder)
    files: list[Path] = []
    for lang in batch.languages:
        project = write_project(
            batch.study, lang, folder, draft=batch.draft, renderer=renderer_of(batch.renderer),
            edition=EDITION,
        )  # fmt: skip
        made = render_project(project, batch.formats, renderer=batch.renderer)
        files += [path.replace(path.with_stem(EDITION)) for path in made.values()]
    return files


def _fill_store(batch: Batch, outcome: Outcome, column: str, folder: Path) -> None:
    from cx_value.notebook import declared
    from cx_value.notebook.names import names_of
    from cx_value.notebook.workspace import open_study

    work = open_study(batch.study_file, folder, draft=batch.draft)
    store = replace(work.store, screen=None)
    names = names_of(work.study, work.received) | unit_labels(batch.study, column)
    store.declare("codebook", tidy_frame(names.items(), ["code", "label"]))
    store.declare("settings", declared.settings_table(work.study, draws=work.draws))
    store.declare("data_files", declared.data_file_table(work.study))
    store.save_table("units", units_table(outcome), n_used=sum(u.n for u in outcome.units))
    league = league_of(work, [u for u in outcome.units if not u.refused], column)
    store.save("league", league)
    store.save_figure("funnel", partial(league.plot, labels=names))


def units_table(outcome: Outcome) -> pd.DataFrame:
    """Return ``unit n status members`` of every unit: printed, folded, refused or failed."""
    failed = {told["unit"]: told["error"] for told in outcome.failed}
    rows = [
        {"unit": unit.name, "n": unit.n, "status": _status(unit, failed),
         "members": ", ".join(unit.members) if unit.folded else "",
         "reason": failed.get(unit.name, "")}
        for unit in outcome.units
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _status(unit: Unit, failed: dict[str, str]) -> str:
    if unit.name in failed:
        return "failed"
    return "refused" if unit.refused else "folded" if unit.folded else "printed"


def league_of(work: Workspace, units: list[Unit], column: str) -> League:
    """Return the league of the units that got a report: the mean of all constructs of each."""
    from cx_value.evaluate.tracking.league import compare_units
    from cx_value.evaluate.tracking.plan import mean_of_constructs
    from cx_value.study.only import plain_cell
    from cx_value.study.survey import read_answers

    survey = work.survey
    cells = read_answers(work.study).frame[column].map(plain_cell).reindex(survey.items.index)
    own = {value: unit.name for unit in units for value in unit.members}
    profile = survey.profile[[
        e.name for e in work.study.profile
        if (e.column or e.name) != column and e.name in survey.profile
        and 2 <= survey.profile[e.name].nunique() <= 12
    ]]  # fmt: skip
    return compare_units(
        mean_of_constructs(work.study, survey), cells.map(own), profile,
        weights=survey.weights, confidence=work.study.options.confidence,
    )  # fmt: skip
