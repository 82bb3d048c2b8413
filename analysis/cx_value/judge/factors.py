"""How many factors a study extracts, by the rule it declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cx_value.measure.retention import Retention
    from cx_value.study.spec import Study


def factors_wanted(study: Study, retention: Retention) -> int:
    """Return the number of factors that ``options.factors`` asks for.

    ``parallel`` takes parallel analysis of common factors, because common factors are extracted
    (Horn, 1965; Humphreys & Ilgen, 1969), ``map`` the minimum average partial (Velicer, 1976),
    ``declared`` the number of multi-item constructs; a number stands for itself. At least one, and
    by a rule no more than the items can tell apart: ((p − m)² − p − m) / 2 degrees of freedom.
    """
    rule = study.options.factors
    numbers = {
        "parallel": retention.suggested["parallel_factors"],
        "map": retention.suggested["map_squared"],
        "declared": len(study.scales),
    }
    if rule not in numbers:
        return max(1, int(rule))
    items = sum(len(own) for own in study.scales.values())
    told_apart = [m for m in range(1, items) if (items - m) ** 2 >= items + m]
    return max(1, min(int(numbers[rule]), max(told_apart, default=1)))
