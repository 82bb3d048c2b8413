"""What can go wrong, by whose hands it can be mended.

Every message says what is wrong (name, value, count), what is allowed, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class AnalysisError(Exception):
    """Base of every error this project raises on purpose."""


class StudyError(AnalysisError):
    """The study file is wrong: mend ``study.yml``."""


class DataError(AnalysisError):
    """The data do not fit the study: mend the data file or what the study says of it."""


class ModelError(AnalysisError):
    """The model cannot be written or identified as declared: mend the model."""


class ConvergenceError(AnalysisError):
    """The model was fitted but no trustworthy optimum was reached."""


class ReportError(AnalysisError):
    """The report asks for something that is not there: a result, a reference, a glyph."""


class AnalysisWarning(UserWarning):
    """A result stands but needs a word of caution."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a study: where, what, what is allowed, what to do."""

    where: str
    problem: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem} · allowed: {self.allowed} · do: {self.remedy}"


class FaultsError(StudyError, DataError):
    """All faults of a study, collected and raised at once.

    Raised as one error so that an analyst mends a file in one pass.
    ``faults`` holds them in the order in which they were met.
    """

    def __init__(self, faults: Iterable[Fault]):
        self.faults = tuple(faults)
        count = len(self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__(f"{count} {noun} found.\n" + "\n".join(f"  - {f}" for f in self.faults))
