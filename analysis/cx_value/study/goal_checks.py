"""What is wrong with the targets and actions of a study, and what it can say nothing of."""

from __future__ import annotations

from collections.abc import Iterator

from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.goals import WHOLE
from cx_value.study.spec import Study


def check_goals(study: Study) -> Iterator[Finding]:
    """Yield what is wrong with the targets and actions of a study."""
    constructs = [c.name for c in study.constructs]
    asked = {"csat": study.metrics.satisfaction, "nps": study.metrics.recommendation,
             "effort": study.metrics.effort}  # fmt: skip
    metrics = [WHOLE, *constructs, *(name for name, answers in asked.items() if answers)]
    columns = [p.name for p in study.profile]
    for entry in study.targets:
        if entry.metric not in metrics:
            yield _unknown(study, ("targets", entry.name, "metric"), entry.metric, metrics[1:])
        elif entry.value < 0 and entry.metric != "nps":
            yield Finding(
                study.where("targets", entry.name, "value"),
                f"{entry.metric} cannot reach {entry.value:g}", "0 to 100; below 0 only nps",
                "correct the value", kind="off the scale",
            )  # fmt: skip
    for entry in study.actions:
        place = ("actions", entry.name)
        if entry.lever not in constructs:
            yield _unknown(study, (*place, "lever"), entry.lever, constructs)
        asked = [*entry.where, *([entry.unit] if entry.unit else [])]
        for column in asked:
            if column not in columns:
                yield _unknown(study, (*place, "where"), column, columns)
    if (study.targets or study.actions) and not (study.data and study.data.wave):
        yield Finding(
            study.where("targets" if study.targets else "actions"),
            "targets and actions are followed over waves, and no column holds them",
            "data.wave: the column with the survey wave",
            "declare data.wave, or leave targets and actions out", kind="no waves",
        )  # fmt: skip


#: Sections that speak of answers: without them nothing of what they declare could be printed.
OF_ANSWERS = ("profile", "multiple", "group", "margins", "brands", "expectations", "touchpoints",
              "experts", "dimensions", "kano", "price_sensitivity", "comments", "benchmarks",
              "hypotheses", "moderations")  # fmt: skip


def check_without_answers(study: Study) -> Iterator[Finding]:
    """Yield the sections that a study without ``data:`` declares for nothing."""
    if study.data is not None:
        return
    for name in OF_ANSWERS:
        if getattr(study, name):
            yield Finding(
                study.where(name),
                f"{name} speaks of answers, and the study declares none",
                "a study with data.file", f"declare data.file, or delete {name}",
                kind="no answers",
            )  # fmt: skip


def _unknown(study: Study, place: tuple[str, ...], name: str, known: list[str]) -> Finding:
    return Finding(
        study.where(*place), f"{name!r} is not declared", list_some(known, 12),
        f"{suggest(name, known)}correct the name", kind="unknown name",
    )  # fmt: skip
