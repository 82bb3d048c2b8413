"""What is held equal at each level of measurement invariance.

Metric items: loadings, then intercepts, then residual variances (Meredith 1993). Ordinal items:
thresholds first, because loadings and intercepts of the latent responses have no scale and no
location before the thresholds are equal (Wu and Estabrook 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.words import Phrase

if TYPE_CHECKING:
    from cx_value.sem.reading.result import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level: what ``equal`` holds, what ``partial`` always frees, which rows may be freed."""

    name: str
    equal: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()


METRIC_ITEMS = (
    Level(name="metric", equal=("loadings",), ops=("=~",)),
    Level(name="scalar", equal=("loadings", "intercepts"), ops=("~1",)),
    Level(name="strict", equal=("loadings", "intercepts", "residuals"), ops=("~~",)),
)


def levels_of(configural: ModelFit) -> tuple[tuple[Level, ...], tuple[Phrase, ...]]:
    """Return the levels above the configural fit, and what to tell about them.

    Equal thresholds are a restriction only for items with four categories or more; with a binary
    item loadings, thresholds and intercepts can only be held equal together.
    """
    ordinal = getattr(configural.prepared, "ordinal", None)
    if ordinal is None or not ordinal.ordered:
        return METRIC_ITEMS, ()
    steps = [p.lhs for p in ordinal.thresholds if p.group == 0]
    fewest, most = (f(steps.count(name) for name in ordinal.ordered) for f in (min, max))
    free = tuple(f"{name}~1" for name in ordinal.ordered)
    scalar = ("thresholds", "loadings", "intercepts")
    levels = [
        Level(name="thresholds", equal=("thresholds", "means"), partial=free, ops=("|",)),
        Level(name="metric", equal=("thresholds", "loadings", "means"), partial=free, ops=("=~",)),
        Level(name="scalar", equal=scalar, ops=("~1",)),
    ]
    if ordinal.parameterization == "theta":
        levels.append(Level(name="strict", equal=(*scalar, "residuals"), ops=("~~",)))
    if fewest == 1:
        return tuple(levels[2:]), (_BINARY,)
    return (tuple(levels), ()) if most > 2 else (tuple(levels[1:]), (_THREE,))


_BINARY = Phrase("groups.binary_items", {"source": "wu2016"})
_THREE = Phrase("groups.three_categories", {"source": "wu2016"})
