"""Which levers and outcomes a study has, and the scores 0 to 100 they are compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.study.entries import Scale
from cx_value.study.model_checks import model_edges
from cx_value.study.numbered import numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cx_value.study import Survey
    from cx_value.study.spec import Item, Study

#: A construct is scored where at least this share of its items was answered.
ANSWERED = 0.5


def levers_of(study: Study) -> tuple[str, ...]:
    """Return the levers: declared, or the constructs that the main model explains by nothing.

    Outcomes are never among them, nor what lies between levers and outcomes.

    Examples
    --------
    >>> from cx_value.study import read_study
    >>> levers_of(read_study("data/bank-panel"))
    ('TAN', 'REL', 'RES', 'ASS', 'EMP', 'PRI', 'PRQ', 'COM', 'TEC', 'IMG', 'CSR')
    """
    if study.drivers.levers:
        return study.drivers.levers
    explained = {target for _, target in _edges(study)}
    excluded = explained | set(outcomes_of(study))
    return tuple(c.name for c in study.constructs if c.name not in excluded)


def outcomes_of(study: Study) -> tuple[str, ...]:
    """Return the outcomes: declared, those of value and metrics, or the end of the main model.

    A recommendation that is an item of an outcome's construct is not counted twice.
    """
    if study.drivers.outcomes:
        return study.drivers.outcomes
    named = [study.value.satisfaction, study.value.loyalty, study.metrics.recommendation]
    kept = [name for name in dict.fromkeys(named) if name]
    inside = {i for c in study.constructs if c.name in kept for i in c.item_names}
    if kept := [name for name in kept if name not in inside]:
        return tuple(kept)
    edges = _edges(study)
    causes = {source for source, _ in edges}
    return tuple(c.name for c in study.constructs
                 if c.name in {target for _, target in edges} - causes)  # fmt: skip


def _edges(study: Study) -> set[tuple[str, str]]:
    main = study.model("main") or next(iter(study.models), None)
    return model_edges(study, main) if main else set()


def lever_scores(study: Study, survey: Survey) -> pd.DataFrame:
    """Return scores of every construct and item, and outcomes beside them as they were answered.

    Parameters
    ----------
    study : Study
    survey : Survey
        The answers analysed.

    Returns
    -------
    DataFrame (n, constructs + items + other outcomes)
        Constructs and items from 0 to 100 by the ends of their scales, high is favourable; a
        construct is the mean of its answered items where at least half were answered.
    """
    import pandas as pd

    items = pd.DataFrame({i.name: _percent_of_scale(survey.items[i.name], i) for i in study.items})
    columns = {}
    for construct in study.constructs:
        own = items[construct.item_names]
        enough = own.notna().mean(axis=1) >= ANSWERED
        score = own.mean(axis=1).where(enough)
        columns[construct.name] = score if construct.direction == "+" else 100 - score
    frame = pd.DataFrame(columns).join(items.drop(columns=list(columns), errors="ignore"))
    for name in outcomes_of(study):
        if name not in frame:
            frame[name] = numbers_of(survey, name)
    return frame


def stated_importance(
    study: Study, survey: Survey, *, of: Sequence[str] | None = None
) -> pd.DataFrame | None:
    """Return what respondents say of importance, 0 to 100.

    By default of the levers, and None unless all of them were asked; with ``of`` of those among
    them that were asked, None where none was.
    """
    names = {lever: f"importance.{lever}" for lever in of or levers_of(study)}
    ratings = survey.ratings
    asked = {} if ratings is None else {k: n for k, n in names.items() if n in ratings}
    if not asked or (of is None and len(asked) < len(names)):
        return None
    scale = study.drivers.importance_scale or Scale()
    answers = ratings[list(asked.values())].set_axis(list(asked), axis=1)
    return 100 * (answers - scale.minimum) / (scale.maximum - scale.minimum)


def _percent_of_scale(answers: pd.Series, item: Item) -> pd.Series:
    low, high = item.scale.minimum, item.scale.maximum
    return 100 * (answers - low) / (high - low)
