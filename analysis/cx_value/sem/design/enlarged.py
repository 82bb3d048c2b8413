"""A model with more parameters set free: what score tests and modification indices look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cx_value.sem.design.matrices import Design, place_of
from cx_value.sem.design.parameters import Model, Parameter


def absent_parameters(model: Model) -> list[Parameter]:
    """Return absent parameters that could be freed one at a time."""
    pairs = [(f, "=~", x) for f in model.latents for x in _indicators(model)]
    own = [name for name in model.observed if name not in model.exogenous]
    for names in (own, list(model.latents)):
        pairs += [(a, "~~", b) for i, a in enumerate(names) for b in names[i + 1 :]]
    active = list(dict.fromkeys(
        n for p in model.parameters if p.op == "~" for n in (p.lhs, p.rhs)
    ))  # fmt: skip
    pairs += [(a, "~", b) for a in active for b in active if a != b and a not in model.exogenous]
    candidates = []
    for g in range(model.n_groups):
        rows = [p for p in model.parameters if p.group == g]
        taken = {p.key for p in rows} | {(p.rhs, p.op, p.lhs) for p in rows if p.op == "~~"}
        # A fixed covariance of zero is absent all the same.
        open_ = {
            p.key
            for p in rows
            if p.op == "~~" and p.index < 0 and p.value == 0.0 and p.lhs != p.rhs
        }
        for key in pairs:
            if key in taken and key not in open_:
                continue
            candidates.append(Parameter(*key, g, 0))
    return candidates


def _indicators(model: Model) -> list[str]:
    """Return observed indicators."""
    names = (p.rhs for p in model.parameters if p.op == "=~" and p.rhs in model.observed)
    return list(dict.fromkeys(names))


def enlarged_model(model: Model, candidates: Sequence[Parameter]) -> Model:
    """Return the model with the candidates as free parameters of their own, numbered last."""
    first = model.n_free
    added = [replace(c, index=first + i) for i, c in enumerate(candidates)]
    keys = {(c.key, c.group) for c in candidates}
    kept = [p for p in model.parameters if (p.key, p.group) not in keys]
    return replace(model, parameters=(*kept, *added), definitions=())


def shared_parameters(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Return free parameters of later groups that are those of the first."""
    first = {p.index for p in parameters if p.group == 0 and p.index >= 0}
    return [p for p in parameters if p.group > 0 and p.index in first and not p.label]


def carried_solution(old: Design, theta: np.ndarray, design: Design, n_added: int) -> np.ndarray:
    """Return a solution of the old design among the parameters of the enlarged one, added ones 0.

    Both have their usual parameters ``(k,)`` only, in whatever units.
    """
    numbered = (old.offset + old.combine @ theta) * old.scale
    numbered = np.concatenate([numbered, np.zeros(n_added)]) / design.scale
    return np.linalg.lstsq(design.combine, numbered - design.offset, rcond=None)[0]


def released_design(design: Design, shared: Sequence[Parameter]) -> Design:
    """Return the design with a free departure added to each shared parameter in its group."""
    slots = {tuple(slot): t for t, slot in enumerate(design.slots)}
    extra = np.zeros((*design.mapping.shape[:2], len(shared)))
    numbered = design.mapping @ np.linalg.pinv(design.combine)
    for column, p in enumerate(shared):
        t = slots[place_of(p, design.observed, design.state)]
        extra[p.group, t, column] = numbered[p.group, t, p.index]
    return replace(design, mapping=np.concatenate([design.mapping, extra], axis=2))
