"""What the analyst declares and what arrived."""

from cx_value.study.answered import Survey
from cx_value.study.declaration import read_study
from cx_value.study.starter.write import new_study, write_study
from cx_value.study.survey import check_study, read_survey, with_codebook

__all__ = [
    "Survey",
    "check_study",
    "new_study",
    "read_study",
    "read_survey",
    "with_codebook",
    "write_study",
]
