"""The answers of a study as its analysis opens them: read, screened, weighted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cx_value.study.answered import FlowStep, Survey
from cx_value.study.flat import set_flat_items_aside
from cx_value.study.raking import poststratify
from cx_value.study.screening import screen_careless
from cx_value.study.spec import Study
from cx_value.study.survey import read_survey, with_codebook


def screened_answers(study: Study, data_sha256: str) -> dict[str, Any]:
    """Return the fields of a workspace that hold answers, and the study less its flat items.

    The hash of the files is asked for so that a cache keeps the answers of other files apart.
    """
    waves = read_survey(study)
    study, waves, flat = set_flat_items_aside(with_codebook(study, waves), waves)
    received = latest_wave(waves)
    screening = screen_careless(study, received)
    survey, raking = poststratify(study, received.rows(screening.kept))
    return {
        "study": study, "waves": waves, "received": received, "screening": screening,
        "survey": survey, "raking": raking, "flat": flat,
    }  # fmt: skip


def latest_wave(survey: Survey) -> Survey:
    """Return the latest wave where the same respondents answered in several, else the survey.

    Sheets of one person are not independent; earlier ones serve the test–retest only. The step is
    counted in ``flow``.
    """
    if survey.wave is None or survey.ids is None or not survey.ids.dropna().duplicated().any():
        return survey
    keep = survey.items.index[survey.wave == sorted(survey.wave.dropna().unique())[-1]]
    step = FlowStep(
        name="latest_wave", count=len(keep), removed=survey.n - len(keep), reason="earlier_wave",
    )  # fmt: skip
    return replace(survey.rows(keep), flow=(*survey.flow, step))
