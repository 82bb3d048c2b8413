"""What everything that a report may name is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.terms import bilingual
from cx_value.base.wording import Text
from cx_value.evaluate.tracking.plan import WHOLE
from cx_value.study.indicators import OVERALL, OVERALL_LABEL, WAVE, WAVE_LABEL

if TYPE_CHECKING:
    from cx_value.study import Survey
    from cx_value.study.spec import Study


def names_of(study: Study, survey: Survey | None) -> dict[str, Text]:
    """Return code → label: the study's, and where it gives none, those of the data file.

    A single item bears its construct's name, for it is the construct in every model; groups go by
    their English labels.
    """
    things = [*study.profile, *study.multiple, *study.models, *study.dimensions, *study.touchpoints]
    things += [*study.kano, *study.benchmarks, *study.segments.needs]
    things += [*study.targets, *study.actions]
    things += [h for h in study.hypotheses if h.label]
    things += [*study.evaluation.grades, *(study.comments.themes if study.comments else ())]
    named = {OVERALL: OVERALL_LABEL, WAVE: WAVE_LABEL} | {
        thing.name: thing.label for thing in things
    }
    steps = study.funnel.labels if study.funnel else {}
    single = {c.items[0].name: c.label for c in study.constructs if len(c.items) == 1}
    constructs = {c.name: c.label for c in study.constructs}
    answered = survey.profile_labels.values() if survey else ()
    answers = {str.__str__(label): label for labels in answered for label in labels}
    whole = {WHOLE: bilingual("constructs", "whole")} if study.data and study.data.wave else {}
    own = survey.labels if survey else {}
    return {**segment_names(), **whole, **steps, **answers, **named, **own, **single, **constructs}


def segment_names() -> dict[str, Text]:
    """Return what segments by number and tiers of value are called."""
    word = bilingual("segment", "segment_name")
    numbered = {f"segment_{k}": Text(f"{word} {k}", zh=f"{word.zh}{k}") for k in range(1, 13)}
    others = ("segment_all", "tier_all", "tier_high", "tier_middle", "tier_low")
    return numbered | {name: bilingual(name, "segment_name") for name in others}
