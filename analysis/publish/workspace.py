"""What every notebook opens with: the study, its screened answers, and the store to fill."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.publish.store import Store, open_store

if TYPE_CHECKING:
    import pandas as pd

    from analysis.study import Survey
    from analysis.study.screening import CarelessScreening
    from analysis.study.spec import Study

DRAFT_DRAWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One study, ready for analysis.

    Attributes
    ----------
    study : Study
        What the analyst declared.
    received : Survey
        Every answer sheet that was read.
    screening : CarelessScreening
        Which of them look careless, and why.
    survey : Survey
        The answer sheets analysed: ``received`` less what the screening dropped.
    store : Store
        Where results and figures go.
    draws : int
        Bootstrap draws, the study's number or a draft's.
    """

    study: Study
    received: Survey
    screening: CarelessScreening
    survey: Survey
    store: Store
    draws: int

    @property
    def items(self) -> pd.DataFrame:
        """Answers analysed, respondents × items, high is favourable."""
        return self.survey.items

    @property
    def seed(self) -> int:
        return self.study.options.seed


def open_study(study: str | Path, out: str | Path, *, draft: bool = False) -> Workspace:
    """Read, check and screen a study, and open its results store for writing.

    Parameters
    ----------
    study : path of ``study.yml``
    out : path of ``build/<study>``
    draft : use few bootstrap draws

    Raises
    ------
    FaultsError
        With everything that is wrong with the study or its data.
    """
    from analysis.study import read_study, read_survey
    from analysis.study.screening import screen_careless

    declared = read_study(Path(study))
    received = read_survey(declared)
    screening = screen_careless(declared, received)
    draws = declared.options.bootstrap
    return Workspace(
        study=declared, received=received, screening=screening, survey=received.rows(screening.kept),
        store=open_store(out, declared, received.sha256),
        draws=min(DRAFT_DRAWS, draws) if draft else draws,
    )  # fmt: skip
