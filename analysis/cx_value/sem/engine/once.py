"""What is the same for every model of a sample is computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from cx_value.sem.engine.fit import Prepared

Answer = TypeVar("Answer")


def once_per_sample(compute: Callable[[Prepared], Answer]) -> Callable[[Prepared], Answer]:
    """Keep the last answer of a function that depends on the sample and the estimator alone.

    Models of one sample share their target, so that refits with other equalities find the answer
    of the first. The last sample is kept, no more.
    """
    last: dict[str, tuple[Prepared, Answer]] = {}

    @wraps(compute)
    def kept(prepared: Prepared) -> Answer:
        known = last.get("answer")
        if known is None or not _same_sample(known[0], prepared):
            known = last["answer"] = (prepared, compute(prepared))
        return known[1]

    return kept


def _same_sample(known: Prepared, prepared: Prepared) -> bool:
    return (
        known.target is prepared.target
        and known.request.estimator == prepared.request.estimator
        and known.model.observed == prepared.model.observed
        and known.model.exogenous == prepared.model.exogenous
        and known.model.meanstructure == prepared.model.meanstructure
    )
