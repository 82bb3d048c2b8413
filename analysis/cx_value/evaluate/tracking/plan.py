"""What a study's waves are put through."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import pandas as pd

from cx_value.base.errors import DataError
from cx_value.evaluate.tracking.waves import Waves, track_waves
from cx_value.study.waves import asked_in_every

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

WHOLE = "WHOLE"


def wave_scores(study: Study, survey: Survey) -> pd.DataFrame:
    """Return 0–100 scores, the mean of all constructs first: respondents of the own brand.

    A construct's score is the mean of its items on their scale, for those who answered all; items
    that were not asked in every wave are left out, and so is a construct without any other.
    """
    frame = construct_scores(study, survey, lacking=lacking_items(study, survey))
    frame.insert(0, WHOLE, frame.mean(axis=1, skipna=False))
    if study.brands is None:
        return frame
    return frame[survey.profile[study.brands.column].astype(str) == study.brands.own]


def lacking_items(study: Study, survey: Survey) -> tuple[str, ...]:
    """Return the items that were not asked in every wave with enough respondents."""
    if survey.wave is None:
        return ()
    counts = survey.wave.value_counts()
    large = survey.wave[survey.wave.isin(counts.index[counts >= study.evaluation.minimum_group])]
    return asked_in_every(survey.items.loc[large.index], large)[1]


def construct_scores(
    study: Study, survey: Survey, *, skipna: bool = False, lacking: Collection[str] = ()
) -> pd.DataFrame:
    """Return the mean of each construct's items, 0 to 100 on their scale."""
    columns = {}
    for construct in study.constructs:
        items = [
            (survey.items[item.name] - item.scale.minimum)
            / (item.scale.maximum - item.scale.minimum) * 100
            for item in construct.items if item.name not in lacking
        ]  # fmt: skip
        if not items:
            continue
        columns[construct.name] = pd.concat(items, axis=1).mean(axis=1, skipna=skipna)
    return pd.DataFrame(columns)


def mean_of_constructs(study: Study, survey: Survey) -> pd.Series:
    """Return each respondent's mean over the constructs, of what he or she answered."""
    return construct_scores(study, survey, skipna=True).mean(axis=1)


def follow_waves(study: Study, survey: Survey, *, draws: int) -> Waves | None:
    """Return the study's measures over its waves; None where it has fewer than two."""
    if survey is None or survey.wave is None:
        return None
    scores = wave_scores(study, survey)
    weights = None if survey.weights is None else survey.weights.reindex(scores.index)
    return track_waves(
        scores, survey.wave.reindex(scores.index), weights=weights, draws=draws,
        minimum=study.evaluation.minimum_group, seed=study.options.seed,
        confidence=study.options.confidence,
    )  # fmt: skip


def refuse_too_few_waves(study: Study, survey: Survey, waves: Waves | None) -> None:
    """Say that nothing can be followed, where a wave is declared and only one is large enough.

    Raises
    ------
    DataError
        With how many respondents each wave has.
    """
    if waves is not None:
        return
    minimum = study.evaluation.minimum_group
    scores = wave_scores(study, survey)
    counts = survey.wave.reindex(scores.index).value_counts()
    large = int((counts >= minimum).sum())
    raise DataError(
        f"{large} of {len(counts)} waves {'has' if large == 1 else 'have'} {minimum} respondents "
        "or more, and changes need two · allowed: two waves that large "
        "(evaluation.minimum_group) · do: ask another wave, or correct data.wave"
    )
