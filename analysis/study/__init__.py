"""What the analyst declares and what arrived."""

from analysis.study.declaration import read_study
from analysis.study.survey import Survey, check_study, read_survey

__all__ = ["Survey", "check_study", "read_study", "read_survey"]
