"""The step between computing and printing that gives figures and codebook the labels of today.

A label changes no number, so no notebook runs for it: its figures are drawn again from their kept
plots, and the tables that say what things are called are written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.notebook.identity import texts_sha256

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.notebook.workspace import Workspace
    from cx_value.study.spec import Study

STEP = "names"
_KEPT = ".texts"


def renew_names(folder: Path, study_file: Path, study: Study, *, draft: bool) -> list[Path]:
    """Draw and write again what carries a label that changed; return the files."""
    kept, now = folder / _KEPT, texts_sha256(study)
    if kept.exists() and kept.read_text(encoding="utf-8") == now:
        return []
    made = _renewed(folder, study_file, draft=draft) if kept.exists() else []
    kept.write_text(now, encoding="utf-8")
    return made


def _renewed(folder: Path, study_file: Path, *, draft: bool) -> list[Path]:
    from cx_value.notebook.names import names_of
    from cx_value.notebook.plots import relabelled_plots
    from cx_value.notebook.workspace import open_study

    work = open_study(study_file, folder, draft=draft)
    names = names_of(work.study, work.received)
    store = replace(work.store, screen=None)
    made = [
        store.write_rows(name, table())
        for name, table in declared_tables(work).items()
        if store.has(name)
    ]
    for name, plot in relabelled_plots(folder, names):
        made += store.draw(name, plot)
    return made


def declared_tables(work: Workspace) -> Mapping[str, Callable[[], pd.DataFrame]]:
    """Return the tables of a store that hold words of the study file, each as it is made."""
    from cx_value.notebook import declared

    study, received = work.study, work.received
    return {
        "codebook": lambda: declared.codebook_table(study, received),
        "items": lambda: declared.item_table(study, received),
        "constructs": lambda: declared.construct_table(study),
        "hypotheses_declared": lambda: declared.hypothesis_table(study),
    }
