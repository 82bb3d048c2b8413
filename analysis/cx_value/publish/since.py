"""The step between computing and printing that keeps the run's ledger and compares it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.base.errors import AnalysisError
from cx_value.notebook.identity import declaration_sha256, sha256_of_data
from cx_value.notebook.store import Store

if TYPE_CHECKING:
    from cx_value.judge.since.comparison import Since
    from cx_value.judge.since.ledger import Ledger
    from cx_value.study.spec import Study

STEP = "since"
#: The changes of the first page's figures.
GLANCE = "since_glance"


def earlier_ledger(build: Path, study: str) -> Ledger:
    """Return the ledger of a comparison build.

    Raises
    ------
    AnalysisError
        If there is none, or it is one of another study.
    """
    from cx_value.judge.since.ledger import read_ledger

    found = read_ledger(build)
    if found.study != study:
        raise AnalysisError(
            f"{build} was built from study {found.study!r} · allowed: an earlier build of "
            f"{study!r} · do: name that build with --compare, or leave --compare away"
        )
    return found


def keep_and_compare(
    folder: Path, study: Study, *, draft: bool, compare: Ledger | None
) -> Since | None:
    """Write the ledger of a run; with an earlier one, store and return what moved since."""
    from cx_value.judge.since.comparison import compare_ledgers
    from cx_value.notebook.ledger import keep_ledger

    for name in (f"{STEP}.csv", f"{STEP}.json", f"{GLANCE}.csv", f"{GLANCE}.json"):
        (folder / "results" / name).unlink(missing_ok=True)
    ledger = keep_ledger(study, Store(folder), draft=draft)
    ledger.write(folder)
    if compare is None:
        return None
    since = compare_ledgers(compare, ledger, confidence=study.options.confidence)
    identity = declaration_sha256(study), sha256_of_data(study), draft
    store = Store(folder, study, *identity)
    store.save_table(GLANCE, since.glance, of=since)
    return store.save(STEP, since)
