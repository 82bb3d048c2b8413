"""Rules of thumb as data: threshold, direction, and whose rule it is.

No bare .70 stands anywhere else. A study may override any value (``cutoffs:`` in ``study.yml``);
the source then reads "set in the study file".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cx_value.base.sources import named_source
from cx_value.base.terms import named_code

_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Cutoff:
    """One rule: ``value direction threshold`` passes.

    ``source`` is the key of the entry in ``report/references.bib``; a rule without one was set by
    ``report`` or by the ``study`` (``set_by``).
    """

    name: str
    threshold: float
    direction: str
    source: str = ""
    set_by: str = ""

    def passes(self, value: float) -> bool | None:
        """Return whether a value keeps the rule; None where there is no value to judge."""
        if value is None or math.isnan(value):
            return None
        return bool(_COMPARE[self.direction](value, self.threshold))

    def facts(self) -> dict[str, float | str]:
        """Return what a sentence says of the rule: ``threshold source set_by``.

        ``source`` is a key of the bibliography; where there is none, ``set_by`` is ``study`` or
        ``report``.

        >>> CUTOFFS["alpha"].facts()
        {'threshold': 0.7, 'source': 'nunnally1994', 'set_by': ''}
        """
        return {"threshold": self.threshold, "source": self.source, "set_by": self.set_by}

    @property
    def origin(self) -> str:
        """Return whose rule it is: a key of the bibliography, ``study`` or ``report``."""
        return self.source or self.set_by

    @property
    def source_name(self) -> str:
        """Return whose rule it is in English words, for a message.

        >>> CUTOFFS["cfi"].source_name, CUTOFFS["latent_correlation"].source_name
        ('Hu & Bentler (1999)', 'rule of this report')
        """
        return named_source(self.source) if self.source else named_code(self.set_by, "set_by", "en")


_RULES = (
    ("alpha", 0.70, ">=", "nunnally1994"),
    ("omega", 0.70, ">=", "nunnally1994"),
    ("reliability_redundant", 0.95, "<=", "hair2019"),
    ("composite_reliability", 0.70, ">=", "hair2010"),
    ("ave", 0.50, ">=", "fornell1981"),
    ("item_rest", 0.30, ">=", "nunnally1994"),
    ("kmo", 0.60, ">=", "tabachnick2019"),
    ("communality", 0.40, ">=", "costello2005"),
    ("loading_primary", 0.40, ">=", "howard2016"),
    ("loading_cross", 0.30, "<", "howard2016"),
    ("loading_difference", 0.20, ">=", "howard2016"),
    ("loading_standardised", 0.50, ">=", "hair2010"),
    ("cfi", 0.95, ">=", "hu1999"),
    ("tli", 0.95, ">=", "hu1999"),
    ("rmsea", 0.06, "<=", "hu1999"),
    ("srmr", 0.08, "<=", "hu1999"),
    ("htmt", 0.85, "<", "henseler2015"),
    ("htmt_upper", 1.0, "<", "henseler2015"),
    ("residual_correlation", 0.10, "<=", "kline2016"),
    ("harman", 0.50, "<", "podsakoff1986"),
    ("vif_full_collinearity", 3.3, "<=", "kock2015"),
    ("vif_formative", 5.0, "<", "hair2019"),
    ("redundancy", 0.70, ">=", "hair2019"),
    ("skew", 2.0, "<=", "west1995"),
    ("kurtosis", 7.0, "<=", "west1995"),
    ("floor_ceiling", 0.15, "<=", ""),
    ("missing_item", 0.05, "<=", "schafer1999"),
    ("sample_size", 200, ">=", "kline2016"),
    ("cases_per_parameter", 10, ">=", "kline2016"),
    ("power", 0.80, ">=", "cohen1988"),
    ("negligible_effect", 0.10, "<", "cohen1988"),
    ("latent_correlation", 0.95, "<=", ""),
    ("invariance_cfi", -0.01, ">=", "cheung2002"),
    ("invariance_rmsea", 0.015, "<=", "chen2007"),
    ("smd", 0.10, "<=", "austin2009"),
    ("consistency_ratio", 0.10, "<=", "saaty1980"),
    ("significance", 0.05, "<", "fisher1925"),
)
CUTOFFS: Mapping[str, Cutoff] = {
    rule[0]: Cutoff(*rule, set_by="" if rule[3] else "report") for rule in _RULES
}


def cutoffs_with(overrides: Mapping[str, float] | None = None) -> dict[str, Cutoff]:
    """Return the rules with a study's own thresholds put in.

    Raises
    ------
    KeyError
        If an override names no rule; :func:`cx_value.study.read_study` reports it as a fault first.
    """
    rules = dict(CUTOFFS)
    for name, threshold in (overrides or {}).items():
        rules[name] = replace(rules[name], threshold=float(threshold), source="", set_by="study")
    return rules
